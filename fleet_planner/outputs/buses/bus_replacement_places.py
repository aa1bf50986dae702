"""The replacement on the map: routes by year, depots with power and load, stations on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.outputs.buses.bus_geopackage import route_lines
from fleet_planner.outputs.layers import geopackage_tables, styles
from fleet_planner.outputs.layers.geopackage import write_layer
from fleet_planner.outputs.layers.layer import LONGEST_STYLE, Layer, Style, plain_style
from fleet_planner.outputs.layers.roads import round_breaks
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.buses.model import ServiceDay
    from fleet_planner.pipeline.buses.replace import Replacement
    from fleet_planner.pipeline.prepare import Prepared

ROUTES, DEPOTS, STATIONS = "replacement_routes", "replacement_depots", "replacement_stations"
SHOWN = "wait_years"
DEPOT_COLOUR, STATION_COLOUR = "#cc79a7", "#0072b2"


def routes_frame(found: Replacement) -> pl.DataFrame:
    """Return a row per route, ``tables/columns/replacement_routes.csv``."""
    first, span = int(found.problem.figures.years[0]), found.problem.years
    year = pl.col("zero_emission_from")
    by_route = (
        found.blocks.filter(pl.col("route") != "")
        .group_by("route")
        .agg(
            pl.len().cast(pl.Int64).alias("blocks"),
            pl.col("km").sum(),
            year.min().alias("first_zero_emission"),
            pl.when(year.null_count() == 0).then(year.max()).alias("zero_emission_from"),
            year.null_count().cast(pl.Int64).alias("never_blocks"),
            (pl.col("ways") == "").sum().cast(pl.Int64).alias("not_by_battery"),
            pl.col("powertrain").unique().sort().str.join("|").alias("powertrains"),
        )
        .sort("route")
    )
    wait = pl.coalesce(pl.col("zero_emission_from") - first, pl.lit(span)).cast(pl.Int64)
    return by_route.with_columns(wait.alias(SHOWN)).select(s.column for s in columns(ROUTES))


def depots_frame(found: Replacement) -> pl.DataFrame:
    """Return a row per depot, ``tables/columns/replacement_depots.csv``."""
    table = found.facilities.sort("year")
    year = pl.col("year")
    by_depot = table.group_by("depot_id", maintain_order=True).agg(
        year.filter(pl.col("opens")).min().alias("power_from"),
        year.filter(pl.col("hydrogen_opens")).min().alias("hydrogen_from"),
        (pl.col("battery_buses") + pl.col("hydrogen_buses")).last().alias("zero_emission_buses"),
        pl.col("chargers").last(),
        pl.col("peak_kw").max(),
        pl.col("electricity_mwh").last(),
    )
    blocks = found.blocks.group_by("depot_id").agg(pl.len().cast(pl.Int64).alias("blocks"))
    joined = by_depot.join(blocks, on="depot_id", how="left").with_columns(pl.col("blocks").fill_null(0))
    return joined.sort("depot_id").select(s.column for s in columns(DEPOTS))


def write_replacement_places(ready: Prepared, found: Replacement, day: ServiceDay, path: Path) -> None:
    """Write the layers of a replacement of the timetable's blocks; no file where no place has coordinates."""
    places = day.places.drop_nulls(["lon", "lat"]).unique("place", keep="first")
    at = {p: (float(x), float(y)) for p, x, y in places.select("place", "lon", "lat").iter_rows()}
    network = ready.network if (day.ways.link >= 0).any() else None
    made = (
        _routes(routes_frame(found), route_lines(network, day)),
        _points(DEPOTS, depots_frame(found), "depot_id", at, (DEPOT_COLOUR, 4.0)),
        _points(STATIONS, found.stations, "station", at, (STATION_COLOUR, 3.0)),
    )
    layers = [layer for layer in made if layer is not None]
    if not layers:
        return
    for layer in layers:
        write_layer(path, layer)
    about = {
        "TITLE": f"{ready.plan.city.name}: replacement of buses",
        "ABSTRACT": "Routes by the year from which they are zero-emission; depots and stations by year.",
        "ATTRIBUTION": ready.network.attribution,
        "LICENSE": "Road network: Open Database License (ODbL) 1.0 where it comes from OpenStreetMap; name the source.",
        "SCENARIOS": "",
    }
    geopackage_tables.finish(path, layers, {}, about)


def _routes(frame: pl.DataFrame, lines: dict[str, Any]) -> Layer | None:
    import shapely

    frame = frame.filter(pl.col("route").is_in(list(lines)))
    if frame.is_empty():
        return None
    values = frame[SHOWN].to_numpy().astype(np.float64)
    breaks, top = round_breaks(values), float(values.max(initial=0.0))
    titles = geopackage_tables.aliases(ROUTES, frame.columns, {})
    style = Style(
        titles.get(SHOWN, SHOWN)[:LONGEST_STYLE],
        styles.graduated_qml(SHOWN, breaks, top, titles, polygons=False, width=styles.ROUTE_MM),
        styles.graduated_sld(ROUTES, SHOWN, breaks, top, polygons=False),
        geopackage_tables.aliases(ROUTES, [SHOWN], {}, "zh").get(SHOWN, ""),
    )
    wkb = shapely.to_wkb(np.array([lines[r] for r in frame["route"]], dtype=object))
    return Layer(ROUTES, frame, wkb, "MultiLineString", style, {})


def _points(
    name: str, frame: pl.DataFrame, key: str, at: dict[str, tuple[float, float]], look: tuple[str, float]
) -> Layer | None:
    import shapely

    own = frame.filter(pl.col(key).is_in(list(at)))
    if own.is_empty():
        return None
    titles = geopackage_tables.aliases(name, own.columns, {})
    style = plain_style(name, styles.point_qml(*look, titles), styles.point_sld(name, *look))
    where = np.array([at[p] for p in own[key]])
    return Layer(name, own, shapely.to_wkb(shapely.points(where[:, 0], where[:, 1])), "Point", style, {})
