"""Trips of a timetable feed (GTFS) with their roads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.timetables.paths import follow_lines
from fleet_planner.buses.service.timetable import PLACE_SCHEMA, TRIP_SCHEMA, Timetable, terminals
from fleet_planner.buses.service.ways import no_ways, way_km, ways_of
from fleet_planner.findings import Finding
from fleet_planner.units import S_PER_H

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.activity.timetables.paths import Paths, Roads
    from fleet_planner.plan.buses import BusesPlan
    from fleet_planner.transit_feed import Feed

MINUTE_S = 60


def of_feed(kind: str, feed: Feed, section: BusesPlan, roads: Roads | None) -> Timetable:
    """Return the trips of a day of a feed.

    The km of a trip are those of its way over the roads; without roads those of its shape.
    """
    shape = feed.trips["shape"].to_numpy()
    used, own = np.unique(shape, return_inverse=True)
    ways = no_ways() if roads is None else ways_of(_paths(roads, feed, used), np.arange(used.size))
    km = feed.trips["distance_km"].to_numpy() if roads is None else way_km(ways)[own]
    stop_count = np.diff(feed.timing_offsets)[feed.trips["timing"].to_numpy()]
    trips = feed.trips.with_columns(
        km=pl.Series(km, dtype=pl.Float64),
        way=pl.Series(np.full(own.size, -1) if roads is None else own, dtype=pl.Int64),
        stops=pl.Series(stop_count, dtype=pl.Int64),
        kind=pl.lit("trip"),
        load=pl.lit(None, dtype=pl.Float64),
        depot_id=pl.lit(None, dtype=pl.String),
        bus_type=bus_types(section.bus_type_by_route, section.bus_type),
        trip_id=_distinct_ids(),
        **{
            f"{new}_{c}": pl.col(f"{old}_{c}")
            for new, old in (("from", "first"), ("to", "last"))
            for c in ("lon", "lat")
        },
    )
    trips, places = _with_places(trips, feed, section.terminal_m)
    trips = trips.select(pl.col(c).cast(t) for c, t in TRIP_SCHEMA.items())
    return Timetable(kind, feed.day, trips, places, ways, (*feed.findings, *_still(trips)))


def bus_types(by_route: Mapping[str, str], default: str) -> pl.Expr:
    """Return the type of bus of each trip, by the id of its route, by its name, else the default."""
    if not by_route:
        return pl.lit(default)
    named = [pl.col(c).replace_strict(by_route, default=None, return_dtype=pl.String) for c in ("route_id", "route")]
    return pl.coalesce(*named, pl.lit(default))


def _paths(roads: Roads, feed: Feed, used: NDArray[np.int64]) -> Paths:
    """Follow the lines that trips use."""
    counts = np.diff(feed.offsets)[used]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    point = np.arange(offsets[-1]) + np.repeat(feed.offsets[used] - offsets[:-1], counts)
    return follow_lines(roads, feed.coordinates[point], offsets, feed.along_m[point], feed.stops_only[used])


def _distinct_ids() -> pl.Expr:
    """Return ids of trips; of those that a feed repeats at headways the departure is added."""
    minutes = pl.col("start_s") // MINUTE_S
    clock = pl.format(" {}:{}", (minutes // MINUTE_S).cast(pl.Int64), (minutes % MINUTE_S).cast(pl.Int64))
    return pl.when(pl.len().over("trip_id") > 1).then(pl.col("trip_id") + clock).otherwise("trip_id")


def _with_places(trips: pl.DataFrame, feed: Feed, reach_m: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the trips with the terminals where they begin and end, and the terminals."""
    ends = pl.concat(trips.select(stop=f"{e}_stop", lon=f"{e}_lon", lat=f"{e}_lat") for e in ("first", "last"))
    ends = ends.group_by("stop").agg(pl.col("lon", "lat").first(), uses=pl.len())
    place_of = terminals(ends, reach_m)
    names = feed.stops.select(pl.col("stop_id").alias("place"), "name")
    places = (
        ends.join(place_of.select("place").unique(), left_on="stop", right_on="place", how="semi")
        .select(place="stop", lon="lon", lat="lat")
        .join(names, on="place", how="left")
        .with_columns(pl.col("name").fill_null(pl.col("place")), is_depot=pl.lit(value=False))
        .select(pl.col(c).cast(t) for c, t in PLACE_SCHEMA.items())
        .sort("place")
    )
    for new, old in (("from", "first"), ("to", "last")):
        named = place_of.rename({"stop": f"{old}_stop", "place": f"{new}_place"})
        trips = trips.join(named, on=f"{old}_stop", how="left", maintain_order="left")
    return trips, places


def _still(trips: pl.DataFrame) -> list[Finding]:
    """Count the trips of no length or no time, and name the first."""
    still = trips.filter((pl.col("km") <= 0.0) | (pl.col("end_s") <= pl.col("start_s")))
    if still.is_empty():
        return []
    hour = f"{still['start_s'][0] / S_PER_H:.2f}"
    return [Finding("buses.still_trip", "warning", {"trip": str(still["trip_id"][0]), "hour": hour}, still.height)]
