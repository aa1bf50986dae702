"""Areas and the links in them as layers that open drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.network import links_geometry
from fleet_planner.outputs.layers import geopackage_tables
from fleet_planner.outputs.layers.area_layer import area_layer
from fleet_planner.outputs.layers.colourings import by_scenario, coloured
from fleet_planner.outputs.layers.frames import day_column, scale_of, specs
from fleet_planner.outputs.layers.geopackage import write_layer
from fleet_planner.outputs.layers.layer import Layer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.pipeline.clipping.of_run import Areas
    from fleet_planner.pipeline.clipping.shares import AreaShares
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.tables import PollutantSpec


def write_areas(ready: Prepared, areas: Areas, path: Path) -> None:
    """Write the layers ``areas`` and ``area_links``.

    Raises
    ------
    OSError, RuntimeError, sqlite3.Error
        The file system or GDAL refuses.
    """
    import shapely

    english = {state.name: state.title_en for state, _ in ready.computed.states}
    chinese = {state.name: state.title_zh or state.title_en for state, _ in ready.computed.states}
    shown = _shown(ready)
    inventories = {state.name: inventory for state, inventory in ready.computed.states}
    length = ready.network.links["length_km"].to_numpy()
    drawn = area_layer(areas, length, inventories, ready.nonroad, shown, (english, chinese))
    links, lines = _links(ready, areas.shares, areas.shapes)
    cut = Layer("area_links", links, shapely.to_wkb(lines), "MultiLineString", None, english)
    layers = [drawn, cut.with_styles(coloured(cut, by_scenario(shown, chinese, day_column)))]
    layers = [layer for layer in layers if layer.frame.height]
    for layer in layers:
        write_layer(path, layer)
    city = ready.plan.city
    about = {
        "TITLE": f"{city.name} {city.year}: emissions of areas",
        "ABSTRACT": "Emissions of road traffic within areas; average day of the base year.",
        "ATTRIBUTION": ready.network.attribution,
        "LICENSE": "Road network: Open Database License (ODbL) 1.0 where it comes from OpenStreetMap; name the source.",
        "SCENARIOS": "; ".join(f"{name}: {title}" for name, title in english.items()),
    }
    geopackage_tables.finish(path, layers, {}, about, chinese)


def _shown(ready: Prepared) -> list[PollutantSpec]:
    have = ready.computed.states[0][1].pollutants
    return [specs()[p] for p in ready.plan.outputs.map_pollutants if p in have]


def _links(
    ready: Prepared, shares: AreaShares, shapes: NDArray[np.object_]
) -> tuple[pl.DataFrame, NDArray[np.object_]]:
    """Return one row per area and link in it, and the part of the link that lies there."""
    import shapely

    links, km = ready.network.links, ready.computed.activity.km.sum(axis=0)
    geometry = links_geometry(ready.network)
    frames, lines = [], []
    for row, shape in enumerate(shapes):
        inside = np.flatnonzero(shares.share[row] > 0.0)
        part = shares.share[row, inside]
        own = geometry[inside]
        cut = part < 1.0
        own[cut] = shapely.intersection(own[cut], shape)
        lines += [shapely.multilinestrings(_lines(g)) for g in own]
        columns = {}
        for spec in _shown(ready):
            for state, inventory in ready.computed.states:
                link = inventory.link[inside, inventory.pollutants.index(spec.pollutant)]
                columns[day_column(spec, state.name)] = link * part / scale_of(spec)
        kept = links[inside.tolist()].select("link_id", "name", "road_class", "length_km")
        frames.append(
            kept.with_columns(
                pl.lit(shares.names[row]).alias("area"),
                pl.col("length_km") * pl.Series(part),
                share_inside=pl.Series(part),
                vkt_per_day=pl.Series(km[inside] * part),
                **{name: pl.Series(values) for name, values in columns.items()},
            )
        )
    return pl.concat(frames), np.array(lines, dtype=object)


def _lines(shape: object) -> list[object]:
    """Return the lines of a geometry; a link that only touches an area has points too."""
    import shapely

    return [g for g in shapely.get_parts(shape) if g.geom_type == "LineString"]
