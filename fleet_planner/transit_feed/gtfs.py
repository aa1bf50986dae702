"""Read a timetable feed (GTFS): bus trips of one day, their lines, and when they are where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.transit_feed.frequencies import expand_frequencies
from fleet_planner.transit_feed.service import service_day
from fleet_planner.transit_feed.shapes import metres_along, stop_names, stops_along, trip_shapes
from fleet_planner.transit_feed.tables import need, read_tables, refuse, told
from fleet_planner.transit_feed.visits import read_visits, with_all_times
from fleet_planner.units import M_PER_KM

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date
    from pathlib import Path

BUS_TYPES = ("3", "11", *(str(n) for n in range(700, 717)))
"""GTFS route types of buses and trolleybuses, with the extended ones."""
DAY_S = 86_400
SPARSE_M = 150.0

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
TRIP_COLUMNS = (
    *("trip_id", "route_id", "shape", "timing", "start_s", "end_s"),
    *("route", "block_id", "first_lon", "first_lat", "last_lon", "last_lat", "first_stop", "last_stop"),
)


class NoServiceError(InputError):
    """No bus runs on the day that was asked for."""


@dataclass(frozen=True)
class Feed:
    """Bus trips of one service day.

    Parameters
    ----------
    day
        The service day.
    trips
        ``trip_id, route_id, shape`` (index), ``timing`` (index), ``start_s, end_s`` (seconds after midnight of
        the service day, may pass 24 h), ``distance_km`` (length of the shape), ``route`` (its name), ``block_id`` (null
        where the feed tells none), ``first_lon, first_lat, last_lon, last_lat, first_stop, last_stop`` (where the
        first and the last stop are, and their ids).
    coordinates, offsets
        Shapes as longitude, latitude; shape ``i`` is ``coordinates[offsets[i]:offsets[i + 1]]``.
    along_m
        Metres from the start of its shape to each point.
    timing_m, timing_arrival_s, timing_departure_s, timing_offsets
        Stops: metres along the shape, seconds after the trip's start; timing ``i`` is
        ``timing_m[timing_offsets[i]:timing_offsets[i + 1]]``. Neither metres nor seconds fall.
    stops_only
        Which shapes are no more than straight lines between distant points (the stops of trips without a shape, or
        shapes whose points are more than `SPARSE_M` apart in the mean), shape (shapes,).
    findings
        What was chosen, counted or replaced.
    stops
        ``stop_id, name, station`` (the stop itself where it belongs to none) of all stops.
    """

    day: date
    trips: pl.DataFrame
    coordinates: Float
    offsets: Int
    along_m: Float
    timing_m: Float
    timing_arrival_s: Float
    timing_departure_s: Float
    timing_offsets: Int
    stops_only: Bool
    findings: tuple[Finding, ...] = ()
    stops: pl.DataFrame = field(default_factory=pl.DataFrame)


def read_feed(path: Path, day: date | None = None) -> Feed:
    """Read the buses of a GTFS zip file or folder on one day (default: the busiest ordinary day).

    Raises
    ------
    InputError
        The feed or one of its tables is missing or malformed, or no bus runs on the day.
    """
    return _feed(read_tables(path), path, day, range(7))


def read_feeds(path: Path, weekdays: Mapping[str, Collection[int]], day: date | None = None) -> dict[str, Feed]:
    """Read the buses of one ordinary day of each kind, such as ``{"saturday": [5]}`` (Monday is 0).

    ``day`` is taken for the kind that its weekday belongs to. A kind without any service is left out.

    Raises
    ------
    InputError
        The feed is missing or malformed, or no bus runs on any of the days.
    """
    tables = read_tables(path)
    out = {}
    for kind, allowed in weekdays.items():
        own = day if day is not None and day.weekday() in allowed else None
        try:
            out[kind] = _feed(tables, path, own, allowed)
        except NoServiceError:
            continue
    if not out:
        raise NoServiceError("no bus runs on any day", "Use a feed with days of service.", path)
    return out


def _feed(tables: Mapping[str, pl.DataFrame], path: Path, day: date | None, weekdays: Collection[int]) -> Feed:
    trips, all_trips, findings = _bus_trips(tables, path)
    chosen, services, about_calendar = service_day(tables, trips, day, path, weekdays)
    running = trips.filter(pl.col("service_id").is_in(services))
    if running.is_empty():
        raise NoServiceError(
            "no bus runs on this day", "Set activity.gtfs_date to a day of service.", path, value=str(chosen)
        )
    visited = read_visits(running, tables, path)
    visits = visited.table
    kept = running.join(_spans(visits), on="trip_id", how="inner", maintain_order="left")
    if kept.is_empty():
        raise InputError(
            "no bus trip of this day has two stops with a time and a place", "Use a complete GTFS feed.", path
        )
    untimed = running.join(kept, on="trip_id", how="anti", maintain_order="left")
    visits = visits.join(kept, on="trip_id", how="semi", maintain_order="left")
    coordinates, offsets, shape, known = trip_shapes(kept, visits, tables, path)
    along_m = metres_along(coordinates, offsets)
    kept = kept.with_columns(shape=shape, has_shape=known).with_row_index("timing")
    kept = kept.with_columns(pl.col("timing").cast(pl.Int64))
    timed = visits.join(kept.select("trip_id", "shape", "timing", "start_s"), on="trip_id", maintain_order="left")
    timed = timed.sort("timing", maintain_order=True)
    timed = timed.with_columns(m=stops_along(timed, coordinates, offsets, along_m))
    timed, between = with_all_times(timed)
    counts = timed.group_by("timing", maintain_order=True).len()["len"].to_numpy()
    kept = kept.join(_ends(timed), on="trip_id", how="left", maintain_order="left")
    expanded = expand_frequencies(kept, tables, path)
    if expanded.is_empty():
        raise InputError("the trips of this day are repeated zero times", "Mend frequencies.txt.", path)
    length_km = _line_ends(along_m, offsets) / M_PER_KM
    picked = expanded.select(TRIP_COLUMNS).with_columns(distance_km=length_km[expanded["shape"].to_numpy()])
    findings = [
        *_findings(chosen, picked, all_trips),
        *findings,
        *about_calendar,
        *visited.findings,
        *told("transit.untimed", "trips.txt", "trip_id", untimed),
        *_shape_findings(kept),
    ]
    if between:
        findings.append(Finding("transit.times_between", "assumption", {}, between))
    stops_only = np.zeros(len(offsets) - 1, dtype=np.bool_)
    stops_only[kept.filter(~pl.col("has_shape"))["shape"].to_numpy()] = True
    sparse = ~stops_only & (_line_ends(along_m, offsets) > SPARSE_M * (np.diff(offsets) - 1))
    if trips_of := int(sparse[expanded["shape"].to_numpy()].sum()):
        findings.append(Finding("transit.sparse_shape", "assumption", {"metres": f"{SPARSE_M:g}"}, trips_of))
    return Feed(
        chosen,
        picked,
        coordinates,
        offsets,
        along_m,
        timed["m"].to_numpy().astype(np.float64),
        _since_start(timed, "arrival_s"),
        _since_start(timed, "departure_s"),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        stops_only | sparse,
        tuple(findings),
        stop_names(tables, path),
    )


def _bus_trips(tables: Mapping[str, pl.DataFrame], path: Path) -> tuple[pl.DataFrame, int, list[Finding]]:
    """Return the trips on bus routes, the number of all trips, and what was left out."""
    trips = need(tables, "trips.txt", ("trip_id", "route_id", "service_id"), path)
    routes = need(tables, "routes.txt", ("route_id", "route_type"), path)
    refuse(trips, "trips.txt", "trip_id", path, pl.col("trip_id").is_first_distinct(), "Name each trip once.")
    lost = trips.join(routes, on="route_id", how="anti", maintain_order="left")
    routes = routes.unique("route_id", keep="first", maintain_order=True)
    names = [pl.col(c) for c in ("route_short_name", "route_long_name", "route_id") if c in routes.columns]
    buses = routes.filter(pl.col("route_type").is_in(BUS_TYPES)).select("route_id", route=pl.coalesce(names))
    block = pl.col("block_id") if "block_id" in trips.columns else pl.lit(None, dtype=pl.String)
    of_buses = trips.join(buses, on="route_id", how="inner", maintain_order="left").with_columns(block_id=block)
    findings = told("transit.route_unknown", "trips.txt", "route_id", lost)
    if others := trips.height - lost.height - of_buses.height:
        findings.append(Finding("transit.other_modes", "info", {}, others))
    return of_buses, trips.height, findings


def _spans(visits: pl.DataFrame) -> pl.DataFrame:
    """Return ``trip_id, start_s, end_s`` of the trips with two stops that have a time and a place."""
    timed = visits.drop_nulls(["arrival_s", "departure_s"])
    spans = timed.group_by("trip_id", maintain_order=True).agg(
        pl.len(), pl.col("departure_s").first().alias("start_s"), pl.col("arrival_s").last().alias("end_s")
    )
    return spans.filter(pl.col("len") > 1).drop("len")


def _ends(timed: pl.DataFrame) -> pl.DataFrame:
    """Return where each trip begins and ends."""
    places = [(e, c) for e in ("first", "last") for c in ("lon", "lat", "stop_id")]
    return timed.group_by("trip_id", maintain_order=True).agg(
        getattr(pl.col(c), e)().alias(f"{e}_{c.removesuffix('_id')}") for e, c in places
    )


def _since_start(timed: pl.DataFrame, column: str) -> Float:
    return (timed[column] - timed["start_s"]).clip(lower_bound=0).to_numpy().astype(np.float64)


def _line_ends(along_m: Float, offsets: Int) -> Float:
    """Return the length of each line in metres."""
    return np.asarray(along_m[offsets[1:] - 1])


def _findings(day: date, trips: pl.DataFrame, all_trips: int) -> list[Finding]:
    values: dict[str, str | int | float] = {"date": str(day), "trips": trips.height, "all": all_trips}
    out = [Finding("transit.service_day", "info", values)]
    late = int((trips["end_s"] >= DAY_S).sum())
    if late:
        out.append(Finding("transit.after_midnight", "info", {}, late))
    return out


def _shape_findings(kept: pl.DataFrame) -> list[Finding]:
    """Count the trips that are routed between their stops, and those of them that name a shape nobody knows."""
    without = kept.filter(~pl.col("has_shape"))
    if without.is_empty():
        return []
    out = [Finding("transit.no_shape", "assumption", {}, without.height)]
    if "shape_id" in without.columns:
        out += told("transit.shape_unknown", "trips.txt", "shape_id", without.filter(pl.col("shape_id").is_not_null()))
    return out
