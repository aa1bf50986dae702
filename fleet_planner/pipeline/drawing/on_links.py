"""Bands of the emissions of every link of the baseline, by draws of what each stream emits on each group of roads.

A link has, beside the errors of its city, one of its own: how much of the traffic of a group of roads is on it. It is
drawn apart for every link and is no part of the city's totals, in which such errors cancel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from fleet_planner.activity.profiles import whole_stream
from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.inventory.carried import stream_links_by_tile
from fleet_planner.kernels.draws import link_bands
from fleet_planner.uncertainty.roads import road_group_of
from fleet_planner.uncertainty.sampling import quantile

if TYPE_CHECKING:
    from fleet_planner.pipeline.drawing.states import Ground
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.uncertainty.design import Drawer

Array = NDArray[np.float64]
MOST = 256
"""So many of the draws are carried to the links."""
WALK = 1024
"""Multipliers that the links walk through, a power of two."""


def drawn_links(ready: Prepared, ground: Ground, drawer: Drawer) -> dict[str, Array]:
    """Return the ends of the bands of the baseline's emissions by link, of the pollutants of the map.

    Returns
    -------
    By pollutant, shape (links, 2), in the units of the inventory, average day.
    """
    names = [p for p in ready.plan.outputs.map_pollutants if p in POLLUTANTS]
    links, computed = ready.network.links, ready.computed
    (state, _), terms = computed.states[0], ground.states[0].terms
    multiplier = drawer.first(MOST).on_roads(terms, names)
    section = ready.plan.uncertainty
    ends = (0.5 - section.level / 2.0, 0.5 + section.level / 2.0)
    group, walk = road_group_of(links), wobble(ground, section.seed)
    activity = computed.activity
    whole = [terms.streams.index(whole_stream(part)) for part in activity.streams]
    bands = activity.tiles.empty((len(names), links.height, 2))
    given = (links, activity, computed.factors, computed.setting.context, names)
    for part, emitted in stream_links_by_tile(state.vehicles, state.multipliers, *given):
        by_stream = np.zeros((emitted.shape[1], len(terms.streams), len(names)))
        for stream, of_part in zip(whole, emitted, strict=True):
            by_stream[:, stream] += of_part
        drawn = link_bands(by_stream, part.start, group[part], multiplier, walk, *ends)
        bands[:, part] = drawn.transpose(1, 0, 2)
    return dict(zip(names, bands, strict=True))


def wobble(ground: Ground, seed: int) -> Array:
    """Return multipliers of single links, mean 1, in a shuffled order."""
    values = quantile(ground.spreads.make("links", ""), ndtri((np.arange(WALK) + 0.5) / WALK))
    return np.random.default_rng(seed).permutation(values / values.mean())
