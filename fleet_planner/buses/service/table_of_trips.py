"""Trips of a table of the user's, in place of a timetable feed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.buses.service.from_feed import bus_types
from fleet_planner.buses.service.timetable import PLACE_SCHEMA, TRIP_SCHEMA, Timetable
from fleet_planner.buses.service.ways import no_ways
from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.units import S_PER_H

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_planner.plan.buses import BusesPlan

TABLE = "bus_trips"
KEY = "buses.trips"
DAY_S = 86_400
HALF_DAY_S = DAY_S // 2
UNIT_KM = {"km": 1.0, "m": 1e-3, "mile": 1.609344}
SATURDAY = 6
CLOCK = r"^(\d{1,3}):([0-5]\d)(?::([0-5]\d))?$"
DATED = r"^(\d{4}-\d{2}-\d{2})[T ](\d{1,2}:[0-5]\d(?::[0-5]\d)?)$"


@dataclass(frozen=True)
class Form:
    """A published form of tables of trips, recognised by its header.

    Parameters
    ----------
    columns
        Our column by the form's.
    unit
        Of distances.
    words
        Our type of bus by the form's.
    more
        Columns that the form may have.
    """

    columns: Mapping[str, str]
    unit: str
    words: Mapping[str, str]
    more: Mapping[str, str] = field(default_factory=dict)


SIMBA = Form(
    {
        "rotation_id": "block_id",
        "line": "route",
        "departure_name": "from_place",
        "departure_time": "start",
        "arrival_name": "to_place",
        "arrival_time": "end",
        "distance": "distance",
        "vehicle_type": "bus_type",
    },
    "m",
    {"SB": "standard", "AB": "articulated"},
    {"level_of_loading": "load"},
)
"""Trips of SimBA (Reiner Lemoine Institut), as its examples have them."""


def read_trips(path: Path, section: BusesPlan) -> dict[str, Timetable]:
    """Read the trips of each kind of day of a table.

    A trip that ends more than half a day before it starts ends on the next day; one that ends less before it is left
    out; both are counted.

    Raises
    ------
    InputError
        The table is missing or malformed; it names file, row and column.
    """
    cells = read_cells(path, KEY)
    form = SIMBA if set(SIMBA.columns) <= set(cells.columns) else Form({}, section.trips_distance, {})
    more = {theirs: ours for theirs, ours in form.more.items() if theirs in cells.columns}
    cells = _renamed(
        cells, {**form.columns, **more, **{theirs: ours for ours, theirs in section.trips_columns.items()}}, path
    )
    words = {**form.words, **section.bus_type_words}
    if "bus_type" in cells.columns and words:
        cells = cells.with_columns(pl.col("bus_type").replace(words))
    table = typed(cells, TABLE, path)
    table, findings = _timed(table, path)
    if table.is_empty():
        raise InputError("the table has no trip that can run", "Mend the times.", file=path)
    table = _completed(table, section, UNIT_KM[form.unit])
    places = _places(table)
    trips = table.select("kind_of_day", *(pl.col(c).cast(t) for c, t in TRIP_SCHEMA.items()))
    out: dict[str, Timetable] = {}
    for kind in section.days:
        own = trips.filter(kind_of_day=kind).drop("kind_of_day")
        if own.height:
            ends = pl.concat([own["from_place"], own["to_place"]]).unique()
            there = places.filter(pl.col("place").is_in(ends.to_list()))
            out[kind] = Timetable(kind, None, own, there, no_ways(), tuple(findings))
    if not out:
        raise InputError("no trip runs on the kinds of day of buses.days", "Name other kinds of day.", file=path)
    return out


def _renamed(cells: pl.DataFrame, names: Mapping[str, str], path: Path) -> pl.DataFrame:
    """Give columns our names.

    Raises
    ------
    InputError
        The map names a column that the table lacks.
    """
    for theirs, ours in names.items():
        if theirs not in cells.columns:
            remedy = f"Set buses.trips_columns.{ours} to one of {', '.join(cells.columns)}."
            raise InputError("the table lacks a column that the plan names", remedy, path, 1, theirs)
    taken = [c for c in names.values() if c in cells.columns and c not in names]
    return cells.drop(taken).rename(dict(names))


def _timed(table: pl.DataFrame, path: Path) -> tuple[pl.DataFrame, list[Finding]]:
    """Add ``start_s, end_s`` and the kind of day; leave out what ends before it starts."""
    for column in ("start", "end"):
        right = table[column].str.contains(CLOCK) | table[column].str.contains(DATED)
        remedy = "Write HH:MM, HH:MM:SS or YYYY-MM-DD HH:MM:SS."
        refuse(table, ~right, column, path, "this is no time", remedy)
        day = pl.col(column).str.extract(DATED, 1).str.to_date("%Y-%m-%d", strict=False)
        clock = pl.coalesce(pl.col(column).str.extract(DATED, 2), column).str.extract_groups(CLOCK)
        hour, minute, second = (clock.struct.field(k).cast(pl.Float64).fill_null(0.0) for k in "123")
        table = table.with_columns(
            day.alias(f"{column}_day"), (hour * S_PER_H + minute * 60.0 + second).alias(f"{column}_s")
        )
        dated = pl.col(column).str.contains(DATED)
        refuse(table, dated & pl.col(f"{column}_day").is_null(), column, path, "there is no such date", remedy)
    block = pl.coalesce("block_id", pl.format("row {}", "row"))
    service = pl.col("start_day").min().over(block)
    days = {c: (pl.col(f"{c}_day") - service).dt.total_days().fill_null(0) * DAY_S for c in ("start", "end")}
    table = table.with_columns(pl.col(f"{c}_s") + days[c] for c in days).with_columns(service=service)
    before = pl.col("start_s") - pl.col("end_s")
    wrapped, turned = table.filter(before > HALF_DAY_S), table.filter((before > 0) & (before <= HALF_DAY_S))
    findings = [*_told("buses.next_day", wrapped, path), *_told("buses.ends_early", turned, path)]
    table = table.with_columns(end_s=pl.when(before > HALF_DAY_S).then(pl.col("end_s") + DAY_S).otherwise("end_s"))
    table = table.filter(pl.col("end_s") >= pl.col("start_s"))
    weekday = pl.col("service").dt.weekday()
    dated_kind = (
        pl.when(weekday == SATURDAY)
        .then(pl.lit("saturday"))
        .when(weekday > SATURDAY)
        .then(pl.lit("sunday"))
        .otherwise(pl.lit("weekday"))
    )
    return table.with_columns(kind_of_day=pl.coalesce("kind_of_day", dated_kind)), findings


def _told(code: str, rows: pl.DataFrame, path: Path) -> list[Finding]:
    """Return a warning that counts rows and names file and row of the first; nothing where there are none."""
    if rows.is_empty():
        return []
    return [Finding(code, "warning", {"file": path.name, "row": int(rows["row"][0])}, rows.height)]


def _completed(table: pl.DataFrame, section: BusesPlan, unit_km: float) -> pl.DataFrame:
    """Fill what a table may leave out."""
    route = pl.col("route").fill_null("")
    table = table.with_columns(
        route=route,
        route_id=route,
        kind=pl.col("kind").fill_null("trip"),
        km=pl.col("distance") * unit_km,
        trip_id=pl.coalesce("trip_id", pl.format("row {}", "row")),
        way=pl.lit(-1, dtype=pl.Int64),
    )
    usual = (pl.col("km") * section.stops_per_km).round().cast(pl.Int64).clip(lower_bound=2)
    with_passengers = pl.when(pl.col("kind") == "trip")
    return table.with_columns(
        bus_type=pl.coalesce("bus_type", bus_types(section.bus_type_by_route, section.bus_type)),
        stops=with_passengers.then(pl.coalesce("stops", usual)).otherwise(0),
        load=with_passengers.then("load").otherwise(0.0),
    )


def _places(table: pl.DataFrame) -> pl.DataFrame:
    """Return the ends of trips, with the first coordinates that the table tells of each."""
    ends = pl.concat(table.select(place=f"{e}_place", lon=f"{e}_lon", lat=f"{e}_lat") for e in ("from", "to"))
    told = pl.col("lon").is_not_null() & pl.col("lat").is_not_null()
    at = ends.group_by("place").agg(pl.col(c).filter(told).first() for c in ("lon", "lat"))
    at = at.with_columns(name=pl.col("place"), is_depot=pl.lit(value=False)).sort("place")
    return at.select(pl.col(c).cast(t) for c, t in PLACE_SCHEMA.items())
