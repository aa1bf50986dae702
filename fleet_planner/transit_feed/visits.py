"""The stops of trips in driving order, with the times that can be true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.transit_feed.shapes import stop_places
from fleet_planner.transit_feed.tables import ROW, filled, need, numbers, seconds, told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_planner.findings import Finding

NAME = "stop_times.txt"
LARGEST_SEQUENCE = 2**53
DAY_S = 86_400
HALF_DAY_S = DAY_S // 2
TIMES = ("arrival_s", "departure_s")


@dataclass(frozen=True)
class Visits:
    """Stops of trips.

    Parameters
    ----------
    table
        ``trip_id, stop_id, lon, lat, arrival_s, departure_s``, by trip and driving order; times do not fall within a
        trip and are null where the feed gives none that can be true.
    findings
        Rows left out and times taken away, with the first of each.
    """

    table: pl.DataFrame
    findings: tuple[Finding, ...]


def read_visits(running: pl.DataFrame, tables: Mapping[str, pl.DataFrame], path: Path) -> Visits:
    """Return the stops of the trips.

    Rules, each counted: a row that repeats the sequence number of its trip is left out, so is a row whose stop has no
    place; times that fall by more than half a day begin a new day (24:10 written as 00:10); of times that fall, the
    fewest are taken away that make the others rise.

    Raises
    ------
    InputError
        A cell is malformed, or one that has to be filled is empty.
    """
    raw = need(tables, NAME, ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"), path)
    filled(raw, NAME, ("trip_id",), path)
    raw = raw.join(running, on="trip_id", how="semi", maintain_order="left")
    filled(raw, NAME, ("stop_sequence", "stop_id"), path)
    text = raw.select(ROW, "arrival_time", "departure_time", "stop_id", pl.col("stop_sequence").alias("sequence"))
    raw = numbers(raw, NAME, "stop_sequence", path, 0, LARGEST_SEQUENCE, whole=True)
    raw = seconds(raw, NAME, "arrival_time", path, "arrival_s")
    raw = seconds(raw, NAME, "departure_time", path, "departure_s")
    findings: list[Finding] = []

    def without(frame: pl.DataFrame, wrong: pl.Expr, code: str, column: str, shown: str) -> pl.DataFrame:
        rows = frame.filter(wrong)
        findings.extend(told(code, NAME, column, rows, text, shown))
        return frame.filter(~wrong)

    twice = ~pl.struct("trip_id", "stop_sequence").is_first_distinct()
    raw = without(raw, twice, "transit.stop_time_twice", "stop_sequence", "sequence")
    raw = raw.sort("trip_id", "stop_sequence", maintain_order=True)
    raw = raw.join(stop_places(tables, path), on="stop_id", how="left", maintain_order="left")
    raw = without(raw, pl.col("lon").is_null(), "transit.stop_unplaced", "stop_id", "stop_id")
    raw = raw.with_columns(
        arrival_s=pl.coalesce("arrival_s", "departure_s"), departure_s=pl.coalesce("departure_s", "arrival_s")
    )
    raw = _unwrapped(raw, text, findings)
    raw = _rising(raw, text, findings)
    return Visits(raw.select("trip_id", "stop_id", "lon", "lat", *TIMES), tuple(findings))


def _unwrapped(raw: pl.DataFrame, text: pl.DataFrame, findings: list[Finding]) -> pl.DataFrame:
    """Add a day to the times after one that falls by more than half a day and is not followed by the old ones."""
    before = pl.col("departure_s").forward_fill().shift(1).over("trip_id")
    fell = (pl.col("arrival_s") - before < -HALF_DAY_S).fill_null(value=False)
    rose = (pl.col("arrival_s") - before > HALF_DAY_S).fill_null(value=False)
    marked = raw.with_columns(fell=fell, turns=(fell.cast(pl.Int64) + rose.cast(pl.Int64)))
    once = (pl.col("turns").sum().over("trip_id") == 1) & (pl.col("fell").any().over("trip_id"))
    findings += told("transit.midnight_wrapped", NAME, "arrival_time", marked.filter(pl.col("fell") & once), text)
    later = pl.when(once).then(pl.col("fell").cast(pl.Int64).cum_sum().over("trip_id")).otherwise(0) * DAY_S
    return marked.with_columns(pl.col("arrival_s") + later, pl.col("departure_s") + later)


def _rising(raw: pl.DataFrame, text: pl.DataFrame, findings: list[Finding]) -> pl.DataFrame:
    """Take away the fewest times that make those left rise; a departure before its arrival counts as the arrival."""
    turned = pl.col("departure_s") < pl.col("arrival_s")
    findings += told("transit.departs_early", NAME, "departure_time", raw.filter(turned), text)
    raw = raw.with_columns(departure_s=pl.max_horizontal("arrival_s", "departure_s"))
    before = pl.col("departure_s").cum_max().forward_fill().shift(1).over("trip_id")
    bad = raw.filter((pl.col("arrival_s") < before).any().over("trip_id"))
    if bad.is_empty():
        return raw
    wrong: list[int] = []
    for (_, *_), trip in bad.drop_nulls(list(TIMES)).group_by("trip_id", maintain_order=True):
        keep = set(_longest_rise(list(trip.select(TIMES).iter_rows())))
        wrong += [row for k, row in enumerate(trip[ROW].to_list()) if k not in keep]
    falls = pl.col(ROW).is_in(wrong)
    findings += told("transit.times_back", NAME, "arrival_time", raw.filter(falls), text)
    return raw.with_columns(pl.when(~falls).then(pl.col(name)).alias(name) for name in TIMES)


def _longest_rise(times: list[tuple[int, int]]) -> list[int]:
    """Return the places of the most times that do not fall: each arrives no earlier than the one before departs.

    Of rises that are equally long the one that takes the least time is the trip; of those, the first.
    """
    length, start, came = [1] * len(times), [departure for _, departure in times], [-1] * len(times)
    for place, (arrival, _) in enumerate(times):
        for before in range(place):
            longer = (length[before] + 1, start[before])
            if times[before][1] <= arrival and longer > (length[place], start[place]):
                length[place], start[place], came[place] = *longer, before
    out: list[int] = []
    place = min(range(len(times)), key=lambda k: (-length[k], times[k][0] - start[k]), default=-1)
    while place >= 0:
        out.append(place)
        place = came[place]
    return out[::-1]


def with_all_times(visits: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Give stops between two with a time theirs by the way along the line; return how many were filled.

    Parameters
    ----------
    visits
        ``trip_id, m`` and `TIMES`, sorted by trip and driving order; ``m`` does not fall. Stops before the first and
        after the last with a time are left out.
    """
    known = pl.when(pl.col("arrival_s").is_not_null())
    marked = visits.with_columns(
        m0=known.then("m").forward_fill().over("trip_id"),
        t0=pl.col("departure_s").forward_fill().over("trip_id"),
        m1=known.then("m").backward_fill().over("trip_id"),
        t1=pl.col("arrival_s").backward_fill().over("trip_id"),
    ).filter(pl.col("t0").is_not_null() & pl.col("t1").is_not_null())
    way = pl.col("m1") - pl.col("m0")
    part = pl.when(way > 0.0).then((pl.col("m") - pl.col("m0")) / way).otherwise(0.0)
    between = pl.col("t0") + part * (pl.col("t1") - pl.col("t0"))
    empty = int(marked["arrival_s"].null_count())
    filled_in = [pl.coalesce(pl.col(name).cast(pl.Float64), between).alias(name) for name in TIMES]
    return marked.with_columns(filled_in).select(visits.columns), empty
