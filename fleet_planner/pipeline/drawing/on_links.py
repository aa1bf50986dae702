"""Bands of the emissions of every link, by draws of what each stream emits on each group of roads.

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
from fleet_planner.pipeline.drawing.states import in_groups, of_base_year
from fleet_planner.scenarios.operation.traffic import stream_of
from fleet_planner.uncertainty.roads import road_group_of
from fleet_planner.uncertainty.sampling import quantile

if TYPE_CHECKING:
    from fleet_planner.pipeline.drawing.states import Driving, Ground
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.uncertainty.design import Drawer
    from fleet_planner.uncertainty.terms import Terms

Array = NDArray[np.float64]
MOST = 256
"""So many of the draws are carried to the links."""
WALK = 1024
"""Multipliers that the links walk through, a power of two."""


def drawn_links(ready: Prepared, ground: Ground, drawer: Drawer) -> dict[str, dict[str, Array]]:
    """Return the ends of the bands of the emissions by link, of every scenario of the base year.

    Returns
    -------
    By scenario and pollutant of the map, shape (links, 2), in the units of the inventory, average day.
    """
    names = [p for p in ready.plan.outputs.map_pollutants if p in POLLUTANTS]
    few, walk = drawer.first(MOST), wobble(ground, ready.plan.uncertainty.seed)
    known = {state.key: state.terms for state in ground.states}
    return {
        key[0]: _of_state(ready, driving, known[key], few.on_roads(known[key], names), walk, names)
        for key, driving, _ in of_base_year(ready)
        if key in known
    }


def _of_state(
    ready: Prepared, driving: Driving, terms: Terms, multiplier: Array, walk: Array, names: list[str]
) -> dict[str, Array]:
    links, computed, level = ready.network.links, ready.computed, ready.plan.uncertainty.level
    ends = (0.5 - level / 2.0, 0.5 + level / 2.0)
    group = road_group_of(links)
    activity = computed.activity if driving.activity is None else driving.activity
    vehicles, context = driving.vehicles, computed.setting.context
    if driving.grouped:
        vehicles, activity, context = in_groups(driving, context)
    name_of = stream_of if driving.grouped else whole_stream
    whole = [terms.streams.index(name_of(part)) for part in activity.streams]
    bands = activity.tiles.empty((len(names), links.height, 2))
    given = (vehicles, driving.multipliers, links, activity, driving.factors, context, names)
    for part, emitted in stream_links_by_tile(*given):
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
