"""Areas as a layer: roads, traffic and emissions of every scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.outputs.layers.colourings import by_scenario, coloured
from fleet_planner.outputs.layers.frames import day_column, scale_of
from fleet_planner.outputs.layers.layer import Layer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from fleet_planner.inventory.model import Inventory
    from fleet_planner.nonroad import NonRoad
    from fleet_planner.pipeline.clipping.of_run import Areas
    from fleet_planner.tables import PollutantSpec

NAME = "areas"


def area_layer(
    cut: Areas,
    length_km: NDArray[np.float64],
    inventories: Mapping[str, Inventory],
    nonroad: NonRoad | None,
    shown: Sequence[PollutantSpec],
    titles: tuple[Mapping[str, str], Mapping[str, str]],
) -> Layer:
    """Return the layer, a row per area, coloured by pollutant and scenario (``areas`` of the dictionary).

    Parameters
    ----------
    cut
        Areas of a computed city.
    length_km
        Of each link.
    inventories
        By scenario, the baseline first.
    nonroad
        Machines beside the roads, if the city has any.
    shown
        Pollutants of the map.
    titles
        Of the scenarios by name, English and Chinese.
    """
    import shapely

    columns = {}
    for spec in shown:
        machines = _machines(cut, nonroad, spec)
        for scenario, inventory in inventories.items():
            link = inventory.link[:, inventory.pollutants.index(spec.pollutant)]
            columns[day_column(spec, scenario)] = (cut.shares.share @ link + machines) / scale_of(spec)
    frame = pl.DataFrame(
        {
            "area": list(cut.shares.names),
            "length_km": cut.shares.share @ length_km,
            "vkt_per_day": cut.found.km_per_day,
            **columns,
        }
    )[: len(cut.shapes)]
    many = np.array([shapely.multipolygons(shapely.get_parts(s)) for s in shapely.force_2d(cut.shapes)], dtype=object)
    layer = Layer(NAME, frame, shapely.to_wkb(many), "MultiPolygon", None, titles[0])
    return layer.with_styles(coloured(layer, by_scenario(shown, titles[1], day_column)))


def _machines(cut: Areas, nonroad: NonRoad | None, spec: PollutantSpec) -> NDArray[np.float64]:
    """Return what machines emit in each area on the average day."""
    if nonroad is None or spec.pollutant not in nonroad.pollutants:
        return np.zeros(len(cut.shares.names))
    of_all: NDArray[np.float64] = cut.shares.machines @ nonroad.per_day[:, nonroad.pollutants.index(spec.pollutant)]
    return of_all
