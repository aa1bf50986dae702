"""Read a timetable feed (GTFS): trips of one day, their shapes and when they are where."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

BUS_TYPES = ("3", "11", *(str(n) for n in range(700, 717)))
"""GTFS route types of buses and trolleybuses, with the extended ones."""

Float = NDArray[np.float64]
Int = NDArray[np.int64]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Feed:
    """Bus trips of one service day.

    Parameters
    ----------
    day
        The service day.
    trips
        ``trip_id, route_id, shape`` (index), ``start_s, end_s`` (seconds after midnight, may pass 24 h).
    coordinates, offsets
        Shapes as longitude, latitude; shape ``i`` is ``coordinates[offsets[i]:offsets[i + 1]]``.
    findings
        What was chosen or replaced.
    """

    day: date
    trips: pl.DataFrame
    coordinates: Float
    offsets: Int
    findings: tuple[Finding, ...] = ()


def read_feed(path: Path, day: date | None = None) -> Feed:
    """Read the buses of a GTFS zip file or folder on one day (default: the day with most trips).

    Raises
    ------
    InputError
        The feed or one of its tables is missing or malformed, or no bus runs on the day.
    """
    tables = _tables(path)
    trips = _need(tables, "trips.txt", ("trip_id", "route_id", "service_id"), path)
    routes = _need(tables, "routes.txt", ("route_id", "route_type"), path)
    all_trips = trips.height
    buses = trips.join(routes.filter(pl.col("route_type").is_in(BUS_TYPES)), on="route_id", how="semi")
    findings = []
    if buses.height < all_trips:
        findings.append(Finding("transit.other_modes", "info", {}, all_trips - buses.height))
    chosen, services = _service_day(tables, buses, day, path)
    running = buses.filter(pl.col("service_id").is_in(services))
    if running.is_empty():
        raise InputError(
            "no bus runs on this day", "Set activity.gtfs_date to a day of service.", path, value=str(chosen)
        )
    times = _stop_times(tables, path).join(running.select("trip_id"), on="trip_id", how="semi")
    spans = times.group_by("trip_id").agg(
        pl.col("departure_s").min().alias("start_s"), pl.col("arrival_s").max().alias("end_s")
    )
    running = _expand_frequencies(running.join(spans, on="trip_id", how="inner"), tables, path)
    coordinates, offsets, indexed, straight = _shapes(running, times, tables, path)
    if straight:
        findings.append(Finding("transit.no_shape", "assumption", {}, straight))
    values: dict[str, str | int | float] = {"date": str(chosen), "trips": running.height, "all": all_trips}
    findings.append(Finding("transit.service_day", "info", values))
    return Feed(chosen, indexed, coordinates, offsets, tuple(findings))


def _tables(path: Path) -> Mapping[str, pl.DataFrame]:
    """Read all text tables of a feed, each cell as text."""
    if path.is_dir():
        raw = {p.name: p.read_bytes() for p in sorted(path.glob("*.txt"))}
    elif path.is_file():
        try:
            with zipfile.ZipFile(path) as archive:
                raw = {Path(n).name: archive.read(n) for n in archive.namelist() if n.endswith(".txt")}
        except (zipfile.BadZipFile, OSError) as error:
            raise InputError(f"this is not a readable zip file: {error}", "Download the feed again.", path) from error
    else:
        raise InputError("there is no such timetable feed", "Check activity.gtfs in the plan.", path)
    out = {}
    for name, data in raw.items():
        try:
            frame = pl.read_csv(
                io.BytesIO(data.removeprefix(b"\xef\xbb\xbf")), infer_schema=False, truncate_ragged_lines=True
            )
        except pl.exceptions.NoDataError:
            continue
        except pl.exceptions.PolarsError as error:
            first = str(error).splitlines()[0]
            raise InputError(f"{name} is not a table: {first}", "Mend the feed.", path) from error
        out[name] = frame.rename({c: c.strip() for c in frame.columns}).with_columns(pl.all().str.strip_chars())
    return out


def _need(tables: Mapping[str, pl.DataFrame], name: str, columns: tuple[str, ...], path: Path) -> pl.DataFrame:
    if name not in tables:
        raise InputError(f"the feed has no {name}", "Use a complete GTFS feed.", path)
    for column in columns:
        if column not in tables[name].columns:
            raise InputError(f"{name} lacks a column", "Use a complete GTFS feed.", path, column=column)
    return tables[name]


def _date(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def _service_day(
    tables: Mapping[str, pl.DataFrame], trips: pl.DataFrame, day: date | None, path: Path
) -> tuple[date, list[str]]:
    """Return the service day and the services that run on it."""
    per_service = dict(trips.group_by("service_id").len().iter_rows())
    calendar = tables.get("calendar.txt")
    exceptions = tables.get("calendar_dates.txt")
    if calendar is None and exceptions is None:
        raise InputError("the feed has neither calendar.txt nor calendar_dates.txt", "Use a complete feed.", path)
    try:
        regular = [] if calendar is None else list(calendar.iter_rows(named=True))
        spans = [(r["service_id"], _date(r["start_date"]), _date(r["end_date"]), r) for r in regular]
        special = [] if exceptions is None else list(exceptions.iter_rows(named=True))
        changes = [(_date(r["date"]), r["service_id"], r["exception_type"]) for r in special]
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"a date of the calendar is malformed: {error}", "Dates are YYYYMMDD.", path) from error
    changed: dict[date, list[tuple[str, str]]] = {}
    for when, service, kind in changes:
        changed.setdefault(when, []).append((service, kind))

    def running(when: date) -> set[str]:
        on = {s for s, first, last, r in spans if first <= when <= last and r[WEEKDAYS[when.weekday()]] == "1"}
        for service, kind in changed.get(when, []):
            on = on | {service} if kind == "1" else on - {service}
        return on

    if day is not None:
        return day, sorted(running(day))
    candidates = set(changed)
    for _, first, last, _ in spans:
        # a fortnight of each span shows all its weekdays
        candidates |= {first + timedelta(days=n) for n in range(min((last - first).days + 1, 14))}
    if not candidates:
        raise InputError("the feed's calendar is empty", "Use a feed with days of service.", path)
    best = max(sorted(candidates), key=lambda when: sum(per_service.get(s, 0) for s in running(when)))
    return best, sorted(running(best))


def _seconds(column: str) -> pl.Expr:
    parts = pl.col(column).str.split_exact(":", 2)
    return (
        parts.struct.field("field_0").cast(pl.Int64, strict=False) * 3600
        + parts.struct.field("field_1").cast(pl.Int64, strict=False) * 60
        + parts.struct.field("field_2").cast(pl.Int64, strict=False)
    )


def _stop_times(tables: Mapping[str, pl.DataFrame], path: Path) -> pl.DataFrame:
    columns = ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence")
    raw = _need(tables, "stop_times.txt", columns, path).with_row_index("line")
    times = raw.select(
        "line",
        "trip_id",
        "stop_id",
        pl.col("stop_sequence").cast(pl.Int64, strict=False),
        _seconds("arrival_time").alias("arrival_s"),
        _seconds("departure_time").alias("departure_s"),
        "arrival_time",
    )
    wrong = times.filter(
        pl.col("arrival_s").is_null() & pl.col("arrival_time").is_not_null() & (pl.col("arrival_time") != "")
    )
    if wrong.height:
        row = wrong.row(0, named=True)
        raise InputError(
            "a time of stop_times.txt is malformed",
            "Times are HH:MM:SS.",
            path,
            row["line"] + 2,
            "arrival_time",
            row["arrival_time"],
        )
    return times.with_columns(
        pl.coalesce("arrival_s", "departure_s").alias("arrival_s"),
        pl.coalesce("departure_s", "arrival_s").alias("departure_s"),
    ).sort("trip_id", "stop_sequence")


def _expand_frequencies(trips: pl.DataFrame, tables: Mapping[str, pl.DataFrame], path: Path) -> pl.DataFrame:
    """Repeat the trips that ``frequencies.txt`` repeats."""
    table = tables.get("frequencies.txt")
    if table is None or table.is_empty():
        return trips
    _need(tables, "frequencies.txt", ("trip_id", "start_time", "end_time", "headway_secs"), path)
    runs = table.select(
        "trip_id",
        _seconds("start_time").alias("from_s"),
        _seconds("end_time").alias("to_s"),
        pl.col("headway_secs").cast(pl.Int64, strict=False).alias("headway_s"),
    ).filter(pl.col("headway_s") > 0)
    starts = (
        runs.with_columns(first=pl.int_ranges("from_s", "to_s", "headway_s", dtype=pl.Int64))
        .explode("first")
        .drop_nulls("first")
    )
    repeated = trips.join(starts.select("trip_id", "first"), on="trip_id", how="inner").with_columns(
        end_s=pl.col("first") + pl.col("end_s") - pl.col("start_s"), start_s=pl.col("first")
    )
    single = trips.join(runs, on="trip_id", how="anti")
    return pl.concat([single, repeated.select(single.columns)])


def _shapes(
    trips: pl.DataFrame, times: pl.DataFrame, tables: Mapping[str, pl.DataFrame], path: Path
) -> tuple[Float, Int, pl.DataFrame, int]:
    """Return shapes in compact form and the trips with the index of theirs."""
    lines: list[Float] = []
    index: dict[str, int] = {}
    points = tables.get("shapes.txt")
    if points is not None and "shape_id" in trips.columns:
        used = points.join(trips.select("shape_id").unique(), on="shape_id", how="semi").with_columns(
            pl.col("shape_pt_sequence").cast(pl.Int64),
            pl.col("shape_pt_lon", "shape_pt_lat").cast(pl.Float64),
        )
        for shape_key, group in used.sort("shape_id", "shape_pt_sequence").group_by("shape_id", maintain_order=True):
            index[f"shape {shape_key[0]}"] = len(lines)
            lines.append(group.select("shape_pt_lon", "shape_pt_lat").to_numpy())
    shape_id = trips["shape_id"].to_list() if "shape_id" in trips.columns else [None] * trips.height
    stops = _need(tables, "stops.txt", ("stop_id", "stop_lat", "stop_lon"), path).select(
        "stop_id",
        pl.col("stop_lon").cast(pl.Float64, strict=False),
        pl.col("stop_lat").cast(pl.Float64, strict=False),
    )
    placed = times.join(stops, on="stop_id", how="left", maintain_order="left").drop_nulls(["stop_lon", "stop_lat"])
    by_trip = placed.partition_by("trip_id", as_dict=True, maintain_order=True)
    shape: list[int] = []
    straight = 0
    for trip, own in zip(trips["trip_id"].to_list(), shape_id, strict=True):
        key = f"shape {own}"
        if key not in index:
            straight += 1
            key = f"trip {trip}"
            if key not in index:
                index[key] = len(lines)
                stops_of = by_trip.get((trip,))
                lines.append(
                    np.zeros((0, 2)) if stops_of is None else stops_of.select("stop_lon", "stop_lat").to_numpy()
                )
        shape.append(index[key])
    offsets = np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.int64)
    coordinates = np.concatenate(lines) if lines else np.zeros((0, 2))
    picked = trips.select("trip_id", "route_id", "start_s", "end_s").with_columns(
        shape=pl.Series(shape, dtype=pl.Int64)
    )
    return np.ascontiguousarray(coordinates, dtype=np.float64), offsets, picked, straight
