"""The GeoPackage of electric buses: routes, depots and terminals drawn, blocks and findings as tables.

Each room of ``buses`` adds columns to the layers by the key of their rows, and may draw layers of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.network import links_geometry
from fleet_planner.outputs.buses.bus_emission_part import route_cuts
from fleet_planner.outputs.buses.bus_energy_part import route_use
from fleet_planner.outputs.buses.bus_feasibility_map import made_feasible, station_feasibility
from fleet_planner.outputs.buses.bus_tables import blocks_table, depots_frame, routes_frame, stations_frame
from fleet_planner.outputs.buses.buses_charging import place_columns
from fleet_planner.outputs.layers import geopackage_tables, styles
from fleet_planner.outputs.layers.geopackage import write_layer
from fleet_planner.outputs.layers.layer import LONGEST_STYLE, Layer, Style, plain_style
from fleet_planner.outputs.layers.roads import round_breaks
from fleet_planner.pipeline.buses.route_emissions import feasible_by_route
from fleet_planner.pipeline.buses.simulate import Simulated
from fleet_planner.tables import finding_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.buses.model import ServiceDay
    from fleet_planner.network import Network

Columns = Callable[[Simulated], pl.DataFrame | None]


def _emitted(done: Simulated) -> pl.DataFrame | None:
    """Return what routes emit today and what electric buses cut, tonnes a year."""
    return route_cuts(done) if done.route_emissions.height else None


def _flooded(done: Simulated) -> pl.DataFrame | None:
    """Return which places lie in a flood zone; nothing where the plan names none."""
    if not done.plan.buses.flood_zones:
        return None
    places = next(iter(done.days.values())).places
    return places.select("place", in_flood_zone=pl.col("place").is_in(list(done.flooded)))


def _feasible(done: Simulated) -> pl.DataFrame | None:
    """Return the share of each route's km in feasible blocks."""
    shares = feasible_by_route(done.days, done.feasibility.blocks)
    return shares.filter(kind_of_day=next(iter(done.days))).select("route", "feasible_share")


ROUTE_COLUMNS: tuple[Columns, ...] = (_feasible, made_feasible, _emitted, route_use)
"""Each returns a frame with ``route`` and columns of its own, or nothing."""
DEPOT_COLUMNS: tuple[Columns, ...] = (place_columns, _flooded)
"""Each returns a frame with ``place`` and columns of its own, or nothing."""
STATION_COLUMNS: tuple[Columns, ...] = (place_columns, station_feasibility, _flooded)
"""As `DEPOT_COLUMNS`."""
ROUTE_STYLES = ("feasible_share", "nox_cut_t_per_year", "nox_t_per_year", "kwh_per_km", "km")
"""Columns that routes may be coloured by, each a style of the layer; it opens in the first that is there."""
SHARE_BREAKS = [0.1, 0.25, 0.5, 0.75, 0.99]
DEPOT_COLOUR, DEPOT_MM = "#cc79a7", 4.0
STATION_COLOUR, STATION_MM = "#0072b2", 3.0


def write_bus_geopackage(done: Simulated, path: Path) -> bool:
    """Write the layers of the first kind of day; nothing where no place has coordinates. Return whether it was written.

    Raises
    ------
    OSError, RuntimeError, sqlite3.Error
        The file system or GDAL refuses; the caller turns it into a message.
    """
    day = next(iter(done.days.values()))
    layers = [layer for layer in (_routes(done, day), *_points(done, day)) if layer is not None]
    if not layers:
        return False
    for layer in layers:
        write_layer(path, layer)
    about = {
        "TITLE": f"{done.plan.city.name}: electric buses",
        "ABSTRACT": f"Routes, depots, terminals and blocks of a {day.kind} ({day.day or 'own table of trips'}).",
        "ATTRIBUTION": "Places and trips: the plan's own timetable."
        if done.network is None
        else done.network.attribution,
        "LICENSE": "Road network: Open Database License (ODbL) 1.0 where it comes from OpenStreetMap; name the source.",
        "SCENARIOS": "",
    }
    geopackage_tables.finish(path, layers, {"blocks": blocks_table(done), "findings": _findings(done)}, about)
    return True


def _findings(done: Simulated) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "kind": [f.kind for f in done.findings],
            "code": [f.code for f in done.findings],
            "text": [finding_text(f) for f in done.findings],
            "text_zh": [finding_text(f, "zh") for f in done.findings],
        }
    )


def _with(frame: pl.DataFrame, key: str, more: tuple[Columns, ...], done: Simulated) -> pl.DataFrame:
    """Return a layer's frame with the columns of the rooms."""
    for make in more:
        if (own := make(done)) is not None:
            frame = frame.join(own, on=key, how="left", maintain_order="left")
    return frame


def _routes(done: Simulated, day: ServiceDay) -> Layer | None:
    """Return the routes on the roads they use, or as straight lines where no road is known."""
    import shapely

    lines = route_lines(done.network, day)
    frame = _with(routes_frame(day).filter(pl.col("route").is_in(list(lines))), "route", ROUTE_COLUMNS, done)
    if frame.is_empty():
        return None
    titles = geopackage_tables.aliases("routes", frame.columns, {})
    first, *others = (_coloured(frame, c, titles) for c in ROUTE_STYLES if c in frame.columns)
    wkb = shapely.to_wkb(np.array([lines[r] for r in frame["route"]], dtype=object))
    return Layer("routes", frame, wkb, "MultiLineString", first, {}, tuple(others))


def _coloured(frame: pl.DataFrame, column: str, titles: Mapping[str, str]) -> Style:
    """Return the style of routes by a column."""
    values = frame[column].fill_null(0.0).to_numpy()
    share = column.endswith("_share")
    breaks, top = (SHARE_BREAKS, 1.0) if share else (round_breaks(values), float(values.max(initial=0.0)))
    return Style(
        titles.get(column, column)[:LONGEST_STYLE],
        styles.graduated_qml(column, breaks, top, titles, polygons=False, width=styles.ROUTE_MM),
        styles.graduated_sld("routes", column, breaks, top, polygons=False),
        geopackage_tables.aliases("routes", [column], {}, "zh").get(column, ""),
    )


def route_lines(network: Network | None, day: ServiceDay) -> dict[str, Any]:
    """Return the lines of each route: its roads, or straight lines where no road is known."""
    return _straight(day) if network is None else _on_links(network, day)


def _on_links(network: Network, day: ServiceDay) -> dict[str, Any]:
    """Return the roads of each route."""
    import shapely

    geometry = links_geometry(network)
    used = day.movements.filter((pl.col("kind") == "trip") & (pl.col("way") >= 0)).select("route", "way").unique()
    out = {}
    for (route,), part in used.sort("route", "way").group_by("route", maintain_order=True):
        links = np.unique(np.concatenate([_links(day, way) for way in part["way"].to_list()]))
        if links.size:
            out[str(route)] = shapely.multilinestrings(list(geometry[links]))
    return out


def _links(day: ServiceDay, way: int) -> NDArray[np.int64]:
    own = day.ways.link[day.ways.first[way] : day.ways.first[way + 1]]
    return own[own >= 0]


def _straight(day: ServiceDay) -> dict[str, Any]:
    """Return straight lines between the ends of each route's trips."""
    import shapely

    ends = ("from_lon", "from_lat", "to_lon", "to_lat")
    used = day.movements.filter(pl.col("kind") == "trip").drop_nulls(ends).select("route", *ends).unique()
    out = {}
    for (route,), part in used.sort("route", *ends).group_by("route", maintain_order=True):
        out[str(route)] = shapely.multilinestrings(part.select(ends).to_numpy().reshape(-1, 2, 2))
    return out


def _points(done: Simulated, day: ServiceDay) -> list[Layer]:
    """Return depots and terminals."""
    drawn = (
        ("bus_depots", _with(depots_frame(day), "place", DEPOT_COLUMNS, done), DEPOT_COLOUR, DEPOT_MM),
        ("bus_stations", _with(stations_frame(day), "place", STATION_COLUMNS, done), STATION_COLOUR, STATION_MM),
    )
    return [made for each in drawn if (made := _point_layer(day, *each)) is not None]


def _point_layer(day: ServiceDay, name: str, frame: pl.DataFrame, colour: str, size_mm: float) -> Layer | None:
    import shapely

    at = day.places.drop_nulls(["lon", "lat"]).select("place", "lon", "lat")
    frame = frame.join(at, on="place", how="inner", maintain_order="left")
    if frame.is_empty():
        return None
    own = frame.drop("lon", "lat")
    titles = geopackage_tables.aliases(name, own.columns, {})
    marker = plain_style(name, styles.point_qml(colour, size_mm, titles), styles.point_sld(name, colour, size_mm))
    wkb = shapely.to_wkb(shapely.points(frame["lon"].to_numpy(), frame["lat"].to_numpy()))
    return Layer(name, own, wkb, "Point", marker, {})
