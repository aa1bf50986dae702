"""Which services of a feed run on which day, and which day stands for the feed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.transit_feed.tables import need, refuse, told

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from fleet_planner.findings import Finding

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LONGEST_SPAN_DAYS = 400
"""A calendar row is looked at for this long: a year shows all its weekdays and holidays."""
ORDINARY_SHARE = 0.02
"""A set of services that runs on fewer of the days is special (holiday, change of timetable)."""
SHORT_FEED_DAYS = 14

Spans = list[tuple[str, date, date, tuple[bool, ...]]]
Changes = dict[date, list[tuple[str, bool]]]


def service_day(
    tables: Mapping[str, pl.DataFrame],
    trips: pl.DataFrame,
    day: date | None,
    path: Path,
    weekdays: Collection[int] = range(7),
) -> tuple[date, list[str], list[Finding]]:
    """Return the service day, the services that run on it (none where none run on such weekdays), and findings.

    ``weekdays`` (Monday is 0) are those that a day may be chosen from.

    Without a given day it is the first of the busiest ordinary days: the set of services with most trips
    among those that run on at least 2 % of the feed's days (and on two days, if the feed covers more than
    two weeks). So a day on which an old and a new timetable overlap is not taken for a busy one.

    Raises
    ------
    InputError
        No calendar, or a malformed one.
    """
    if "calendar.txt" not in tables and "calendar_dates.txt" not in tables:
        raise InputError("the feed has neither calendar.txt nor calendar_dates.txt", "Use a complete feed.", path)
    spans, findings = _spans(tables, path)
    changes = _changes(tables, path)
    if not trips.is_empty():
        known = {*(s for s, *_ in spans), *(s for rows in changes.values() for s, _ in rows)}
        unknown = trips.filter(~pl.col("service_id").is_in(sorted(known)).fill_null(value=False))
        findings += told("transit.service_unknown", "trips.txt", "service_id", unknown)
    if day is not None:
        return day, sorted(_running(day, spans, changes)), findings
    candidates = set(changes)
    for _, first, last, _ in spans:
        candidates |= {first + timedelta(days=n) for n in range(min((last - first).days + 1, LONGEST_SPAN_DAYS))}
    sets: dict[frozenset[str], list[date]] = {}
    for when in sorted(candidates):
        if running := _running(when, spans, changes):
            sets.setdefault(running, []).append(when)
    if not sets:
        raise InputError("the feed's calendar is empty", "Use a feed with days of service.", path)
    if not (sets := _on_weekdays(sets, weekdays)):
        return min(candidates), [], findings
    days = sum(len(d) for d in sets.values())
    least = max(2 if days > SHORT_FEED_DAYS else 1, ORDINARY_SHARE * days)
    ordinary = {s: d for s, d in sets.items() if len(d) >= least} or sets
    per_service: dict[str, int] = dict(trips.group_by("service_id").len().iter_rows())
    best = max(ordinary, key=lambda s: sum(per_service.get(name, 0) for name in s))
    return ordinary[best][0], sorted(best), findings


def _on_weekdays(sets: dict[frozenset[str], list[date]], weekdays: Collection[int]) -> dict[frozenset[str], list[date]]:
    kept = {s: [d for d in dates if d.weekday() in weekdays] for s, dates in sets.items()}
    return {s: dates for s, dates in kept.items() if dates}


def _running(when: date, spans: Spans, changes: Changes) -> frozenset[str]:
    on = {s for s, first, last, week in spans if first <= when <= last and week[when.weekday()]}
    for service, added in changes.get(when, []):
        if added:
            on.add(service)
        else:
            on.discard(service)
    return frozenset(on)


def _dates(frame: pl.DataFrame, name: str, column: str, path: Path) -> pl.DataFrame:
    found = pl.col(column).str.to_date("%Y%m%d", strict=False)
    refuse(frame, name, column, path, found.is_not_null(), "Dates are YYYYMMDD.")
    return frame.with_columns(found)


def _spans(tables: Mapping[str, pl.DataFrame], path: Path) -> tuple[Spans, list[Finding]]:
    name = "calendar.txt"
    if name not in tables:
        return [], []
    frame = need(tables, name, ("service_id", "start_date", "end_date", *WEEKDAYS), path)
    for column in WEEKDAYS:
        refuse(frame, name, column, path, pl.col(column).is_in(["0", "1"]), "Give 0 or 1.")
    for column in ("start_date", "end_date"):
        frame = _dates(frame, name, column, path)
    frame = frame.drop_nulls(["service_id", "start_date", "end_date"])
    turned = pl.col("end_date") < pl.col("start_date")
    findings = told("transit.calendar_turned", name, "end_date", frame.filter(turned))
    frame = frame.filter(~turned)
    week = [tuple(cell == "1" for cell in row) for row in frame.select(WEEKDAYS).iter_rows()]
    rows = frame.select("service_id", "start_date", "end_date").iter_rows()
    return [(service, first, last, on) for (service, first, last), on in zip(rows, week, strict=True)], findings


def _changes(tables: Mapping[str, pl.DataFrame], path: Path) -> Changes:
    name = "calendar_dates.txt"
    if name not in tables:
        return {}
    frame = need(tables, name, ("service_id", "date", "exception_type"), path)
    refuse(frame, name, "exception_type", path, pl.col("exception_type").is_in(["1", "2"]), "Give 1 or 2.")
    frame = _dates(frame, name, "date", path).drop_nulls(["service_id", "date", "exception_type"])
    out: Changes = {}
    for service, when, kind in frame.select("service_id", "date", "exception_type").iter_rows():
        out.setdefault(when, []).append((service, kind == "1"))
    return out
