"""Read a timetable feed (GTFS): bus trips of one day, their lines, and when they are where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.transit_feed.service import service_day
from fleet_planner.transit_feed.shapes import metres_along, stop_places, stops_along, trip_shapes
from fleet_planner.transit_feed.tables import ROW, filled, need, numbers, read_tables, refuse, seconds
from fleet_planner.units import M_PER_KM

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date
    from pathlib import Path

BUS_TYPES = ("3", "11", *(str(n) for n in range(700, 717)))
"""GTFS route types of buses and trolleybuses, with the extended ones."""
DAY_S = 86_400
LARGEST_SEQUENCE = 2**53

Float = NDArray[np.float64]
Int = NDArray[np.int64]


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
        the service day, may pass 24 h), ``distance_km`` (length of the shape).
    coordinates, offsets
        Shapes as longitude, latitude; shape ``i`` is ``coordinates[offsets[i]:offsets[i + 1]]``.
    along_m
        Metres from the start of its shape to each point.
    timing_m, timing_arrival_s, timing_departure_s, timing_offsets
        Stops with a time: metres along the shape, seconds after the trip's start; timing ``i`` is
        ``timing_m[timing_offsets[i]:timing_offsets[i + 1]]``. Neither metres nor seconds fall.
    findings
        What was chosen, counted or replaced.
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
    findings: tuple[Finding, ...] = ()


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
    trips, all_trips = _bus_trips(tables, path)
    chosen, services = service_day(tables, trips, day, path, weekdays)
    running = trips.filter(pl.col("service_id").is_in(services))
    if running.is_empty():
        raise NoServiceError(
            "no bus runs on this day", "Set activity.gtfs_date to a day of service.", path, value=str(chosen)
        )
    visits, times_back = _visits(running, tables, path)
    kept = running.join(_spans(visits), on="trip_id", how="inner", maintain_order="left")
    if kept.is_empty():
        raise InputError(
            "no bus trip of this day has two stops with a time and a place", "Use a complete GTFS feed.", path
        )
    visits = visits.join(kept, on="trip_id", how="semi", maintain_order="left")
    coordinates, offsets, shape, straight = trip_shapes(kept, visits, tables, path)
    along_m = metres_along(coordinates, offsets)
    kept = kept.with_columns(shape=shape).with_row_index("timing").with_columns(pl.col("timing").cast(pl.Int64))
    timed = visits.drop_nulls(["arrival_s", "departure_s"])
    timed = timed.join(kept.select("trip_id", "shape", "timing", "start_s"), on="trip_id", maintain_order="left")
    timed = timed.sort("timing", maintain_order=True)
    counts = timed.group_by("timing", maintain_order=True).len()["len"].to_numpy()
    expanded = _expand_frequencies(kept, tables, path)
    if expanded.is_empty():
        raise InputError("the trips of this day are repeated zero times", "Mend frequencies.txt.", path)
    length_km = _line_ends(along_m, offsets) / M_PER_KM
    picked = expanded.select("trip_id", "route_id", "shape", "timing", "start_s", "end_s").with_columns(
        distance_km=length_km[expanded["shape"].to_numpy()]
    )
    findings = _findings(chosen, picked, all_trips, all_trips - trips.height, straight)
    findings += _counted(running.height - kept.height, times_back)
    return Feed(
        chosen,
        picked,
        coordinates,
        offsets,
        along_m,
        stops_along(timed, coordinates, offsets, along_m),
        _since_start(timed, "arrival_s"),
        _since_start(timed, "departure_s"),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        tuple(findings),
    )


def _bus_trips(tables: Mapping[str, pl.DataFrame], path: Path) -> tuple[pl.DataFrame, int]:
    """Return the trips on bus routes and the number of all trips."""
    trips = need(tables, "trips.txt", ("trip_id", "route_id", "service_id"), path)
    routes = need(tables, "routes.txt", ("route_id", "route_type"), path)
    refuse(trips, "trips.txt", "trip_id", path, pl.col("trip_id").is_first_distinct(), "Name each trip once.")
    buses = routes.filter(pl.col("route_type").is_in(BUS_TYPES))
    return trips.join(buses, on="route_id", how="semi", maintain_order="left"), trips.height


def _visits(running: pl.DataFrame, tables: Mapping[str, pl.DataFrame], path: Path) -> tuple[pl.DataFrame, int]:
    """Return the stops of the trips in driving order, and how many trips have times that run backwards.

    Columns ``trip_id, stop_id, lon, lat, arrival_s, departure_s``; times are null where the feed gives none,
    and are held at the latest one so far where they run backwards.
    """
    name = "stop_times.txt"
    raw = need(tables, name, ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"), path)
    filled(raw, name, ("trip_id",), path)
    raw = raw.join(running, on="trip_id", how="semi", maintain_order="left")
    filled(raw, name, ("stop_sequence", "stop_id"), path)
    raw = numbers(raw, name, "stop_sequence", path, 0, LARGEST_SEQUENCE, whole=True)
    raw = seconds(raw, name, "arrival_time", path, "arrival_s")
    raw = seconds(raw, name, "departure_time", path, "departure_s")
    visits = (
        raw.with_columns(
            arrival_s=pl.coalesce("arrival_s", "departure_s"), departure_s=pl.coalesce("departure_s", "arrival_s")
        )
        .sort("trip_id", "stop_sequence", maintain_order=True)
        .join(stop_places(tables, path), on="stop_id", how="inner", maintain_order="left")
        .select("trip_id", "stop_id", "lon", "lat", "arrival_s", "departure_s")
    )
    latest = pl.max_horizontal("arrival_s", "departure_s").cum_max().over("trip_id")
    before = latest.shift(1).over("trip_id").forward_fill().over("trip_id")
    held = visits.with_columns(before=before).with_columns(
        arrival_now=pl.when(pl.col("arrival_s").is_not_null()).then(pl.max_horizontal("arrival_s", "before"))
    )
    held = held.with_columns(
        departure_now=pl.when(pl.col("departure_s").is_not_null()).then(pl.max_horizontal("departure_s", "arrival_now"))
    )
    moved = (pl.col("arrival_now") != pl.col("arrival_s")) | (pl.col("departure_now") != pl.col("departure_s"))
    back = held.filter(moved)["trip_id"].n_unique()
    return held.with_columns(arrival_s="arrival_now", departure_s="departure_now").select(visits.columns), back


def _spans(visits: pl.DataFrame) -> pl.DataFrame:
    """Return ``trip_id, start_s, end_s`` of the trips with two stops that have a time and a place."""
    timed = visits.drop_nulls(["arrival_s", "departure_s"])
    spans = timed.group_by("trip_id", maintain_order=True).agg(
        pl.len(), pl.col("departure_s").first().alias("start_s"), pl.col("arrival_s").last().alias("end_s")
    )
    return spans.filter(pl.col("len") > 1).drop("len")


def _since_start(timed: pl.DataFrame, column: str) -> Float:
    return (timed[column] - timed["start_s"]).clip(lower_bound=0).to_numpy().astype(np.float64)


def _line_ends(along_m: Float, offsets: Int) -> Float:
    """Return the length of each line in metres."""
    return np.asarray(along_m[offsets[1:] - 1])


def _expand_frequencies(trips: pl.DataFrame, tables: Mapping[str, pl.DataFrame], path: Path) -> pl.DataFrame:
    """Repeat the trips that ``frequencies.txt`` repeats, from its start time until before its end time."""
    name = "frequencies.txt"
    if name not in tables or tables[name].is_empty():
        return trips
    table = need(tables, name, ("trip_id", "start_time", "end_time", "headway_secs"), path)
    table = seconds(table, name, "start_time", path, "from_s")
    table = seconds(table, name, "end_time", path, "to_s")
    table = numbers(table, name, "headway_secs", path, 1, 7 * DAY_S, whole=True)
    for column in ("start_time", "end_time", "headway_secs"):
        if table[column].null_count():
            row = table.filter(pl.col(column).is_null())[ROW][0]
            raise InputError("this cell of the feed is empty", "Give a value.", path / name, row, column)
    starts = table.with_columns(first=pl.int_ranges("from_s", "to_s", "headway_secs", dtype=pl.Int64))
    starts = starts.select("trip_id", "first").explode("first").drop_nulls("first")
    repeated = trips.join(starts, on="trip_id", how="inner", maintain_order="left").with_columns(
        end_s=pl.col("first") + pl.col("end_s") - pl.col("start_s"), start_s=pl.col("first")
    )
    single = trips.join(table, on="trip_id", how="anti", maintain_order="left")
    return pl.concat([single, repeated.select(single.columns)])


def _findings(day: date, trips: pl.DataFrame, all_trips: int, others: int, straight: int) -> list[Finding]:
    values: dict[str, str | int | float] = {"date": str(day), "trips": trips.height, "all": all_trips}
    out = [Finding("transit.service_day", "info", values)]
    if others:
        out.append(Finding("transit.other_modes", "info", {}, others))
    if straight:
        out.append(Finding("transit.no_shape", "assumption", {}, straight))
    late = int((trips["end_s"] >= DAY_S).sum())
    if late:
        out.append(Finding("transit.after_midnight", "info", {}, late))
    return out


def _counted(left_out: int, times_back: int) -> list[Finding]:
    out = []
    if left_out:
        out.append(Finding("transit.untimed", "warning", {}, left_out))
    if times_back:
        out.append(Finding("transit.times_back", "warning", {}, times_back))
    return out
