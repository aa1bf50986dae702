"""The buses of a timetable on the map and in the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.outputs.numbers import share, significant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.pipeline.telling.results import Results

MOST_ROUTES = 12
SHOWN = ("route", "trips", "routed_trips", "timetable_km", "outside_km", "matched_share", "speed_kmh", "stops_per_km")


def bus_layer(results: Results) -> pl.DataFrame | None:
    """Return a row per link that buses use on the timetable's first kind of day; nothing without a timetable."""
    if results.bus_links.is_empty():
        return None
    kind = results.bus_links["kind_of_day"][0]
    day = results.bus_links.filter(pl.col("kind_of_day") == kind)
    told = pl.col("speed_kmh").is_not_null()
    km, hours = pl.col("bus_km").filter(told).sum(), (pl.col("bus_km") / pl.col("speed_kmh")).filter(told).sum()
    stops = (pl.col("bus_km") * pl.col("stops_per_km")).sum()
    by_link = day.group_by("link_id", maintain_order=True).agg(
        bus_km_per_day=pl.col("bus_km").sum(),
        empty_km_per_day=pl.col("empty_km").sum(),
        speed_kmh=pl.when(hours > 0.0).then(km / hours),
        stops_per_km=pl.when(pl.col("bus_km").sum() > 0.0).then(stops / pl.col("bus_km").sum()),
    )
    roads = results.network.links.select("link_id", "name", "road_class", "length_km")
    return roads.join(by_link, on="link_id", how="inner", maintain_order="left").with_columns(kind_of_day=pl.lit(kind))


def bus_data(results: Results) -> dict[str, Any] | None:
    """Return the routes of the first kind of day that match worst, and how many there are."""
    if results.bus_routes.is_empty():
        return None
    kind = results.bus_routes["kind_of_day"][0]
    routes = results.bus_routes.filter(pl.col("kind_of_day") == kind)
    return {"kind": kind, "routes": routes.height, "worst": routes.head(MOST_ROUTES).select(SHOWN).to_dicts()}


def bus_rows(buses: Mapping[str, Any] | None) -> list[list[str]]:
    """Return the rows of the table of routes."""
    return [
        [
            row["route"],
            f"{row['trips']:,}",
            f"{row['routed_trips']:,}",
            significant(row["timetable_km"]),
            significant(row["outside_km"]),
            "" if row["matched_share"] is None else share(row["matched_share"]),
            "" if row["speed_kmh"] is None else f"{row['speed_kmh']:.1f}",
            "" if row["stops_per_km"] is None else f"{row['stops_per_km']:.1f}",
        ]
        for row in (buses["worst"] if buses else [])
    ]


def bus_note(buses: Mapping[str, Any] | None, t: Mapping[str, str]) -> str:
    """Return the sentence above the table of routes."""
    if not buses:
        return ""
    return t["buses_note"].format(day=t[f"day_{buses['kind']}"], shown=len(buses["worst"]), routes=buses["routes"])
