"""The ways of a bus without passengers: from and to its depot, and from one trip to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.timetables.legs import drive_s, ways_between
from fleet_planner.buses.service.ways import no_ways, way_km, ways_of
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from fleet_planner.activity.timetables.paths import Roads
    from fleet_planner.buses.model import Ways
    from fleet_planner.buses.service.drives import Drives
    from fleet_planner.network.model import Network
    from fleet_planner.plan.buses import BusesPlan

Int = NDArray[np.int64]
MINUTE_S = 60.0
OF_PLACE = ("place", "lon", "lat")


def empty_legs(
    trips: pl.DataFrame, blocks: pl.DataFrame, places: pl.DataFrame, section: BusesPlan, drives: Drives
) -> pl.DataFrame:
    """Return the ways without passengers of all blocks.

    Parameters
    ----------
    trips
        By block and departure.
    blocks
        ``block_id, depot_id``.
    places, section, drives
        See `service_day`.

    Returns
    -------
    ``block_id, kind, from_place, to_place``, their coordinates, ``free_s`` (from when the bus may drive, null: as late
    as it can) and ``due_s`` (until when it must, null: as early as it can).
    """
    at = places.select(home_place="place", home_lon="lon", home_lat="lat")
    rows = trips.join(blocks.select("block_id", home_place="depot_id"), on="block_id", maintain_order="left")
    rows = rows.join(at, on="home_place", how="left", maintain_order="left")
    before = {f"last_{c}": pl.col(f"to_{c}").shift(1).over("block_id") for c in OF_PLACE}
    rows = rows.with_columns(last_s=pl.col("end_s").shift(1).over("block_id"), **before)
    rows = rows.with_columns(first=pl.col("last_s").is_null())
    home, goal, was = (_numbers(rows[f"{c}_place"], drives) for c in ("home", "from", "last"))
    by_depot_s = drives.time_s[was, home] + drives.time_s[home, goal]
    gap_s = (rows["start_s"] - rows["last_s"]).fill_null(0.0).to_numpy()
    away = pl.Series((gap_s > section.longest_layover_min * MINUTE_S) & (by_depot_s <= gap_s))
    rows = rows.with_columns(away=~rows["first"] & away)
    final = rows.filter(pl.col("block_id").is_last_distinct())
    outs, backs = rows.filter(pl.col("first") | pl.col("away")), rows.filter("away")
    elsewhere = pl.col("last_place") != pl.col("from_place")
    between = rows.filter(~pl.col("first") & ~pl.col("away") & elsewhere)
    legs = pl.concat(
        [
            _leg(outs, "pull_out", "home", "from", None, "start_s"),
            _leg(backs, "pull_in", "last", "home", "last_s", None),
            _leg(final, "pull_in", "to", "home", "end_s", None),
            _leg(between, "dead_head", "last", "from", "last_s", "start_s"),
        ]
    )
    return legs.filter(pl.col("from_place") != pl.col("to_place"))


def _leg(rows: pl.DataFrame, kind: str, origin: str, target: str, free: str | None, due: str | None) -> pl.DataFrame:
    """Return legs of a kind from the places named by one prefix to those named by another."""
    return rows.select(
        "block_id",
        kind=pl.lit(kind),
        free_s=pl.col(free) if free else pl.lit(None, dtype=pl.Float64),
        due_s=pl.col(due) if due else pl.lit(None, dtype=pl.Float64),
        **{f"from_{c}": pl.col(f"{origin}_{c}") for c in OF_PLACE},
        **{f"to_{c}": pl.col(f"{target}_{c}") for c in OF_PLACE},
    )


def _numbers(names: pl.Series, drives: Drives) -> Int:
    """Return the places' numbers; 0 where there is none."""
    return names.replace_strict(drives.number, default=0, return_dtype=pl.Int64).to_numpy()


def driven(
    legs: pl.DataFrame, section: BusesPlan, drives: Drives, network: Network | None, roads: Roads | None
) -> tuple[pl.DataFrame, Ways, list[Finding]]:
    """Give legs their time, km and way; a leg for which the timetable leaves too little time takes what it leaves.

    Returns
    -------
    Movements (without ``sequence``), their ways (numbered from 0), and what was assumed.
    """
    pair = (_numbers(legs["from_place"], drives), _numbers(legs["to_place"], drives))
    seconds, km = drives.time_s[pair], drives.km[pair]
    unknown = ~np.isfinite(seconds)  # no coordinates
    seconds, km = (np.where(unknown, 0.0, x) for x in (seconds, km))
    way = np.full(legs.height, -1, dtype=np.int64)
    ways = no_ways()
    if network is not None and roads is not None and legs.height:
        paths, line = ways_between(roads, legs.with_columns(pl.col("^(from|to)_(lon|lat)$").fill_null(0.0)))
        ways = ways_of(paths, np.arange(paths.first.size - 1))
        placed = legs.select(pl.all_horizontal(pl.col("^(from|to)_(lon|lat)$").is_not_null())).to_series().to_numpy()
        way = np.where(placed, line, -1)
        seconds = np.where(placed, (drive_s(network, paths) * section.dead_head_pace)[line], seconds)
        km = np.where(placed, way_km(ways)[line], km)
    legs = legs.with_columns(seconds=pl.Series(seconds), km=pl.Series(km), way=pl.Series(way))
    start = pl.coalesce("free_s", pl.col("due_s") - pl.col("seconds"))
    legs = legs.with_columns(start_s=start, end_s=pl.min_horizontal(start + pl.col("seconds"), "due_s"))
    hurried = legs.filter(pl.col("end_s") - pl.col("start_s") < pl.col("seconds") - MINUTE_S)
    findings = []
    if hurried.height:
        findings.append(Finding("buses.hurried", "warning", {"block": str(hurried["block_id"][0])}, hurried.height))
    if unknown.any():
        block = str(legs.filter(pl.Series(unknown))["block_id"][0])
        findings.append(Finding("buses.unknown_way", "warning", {"block": block}, int(unknown.sum())))
    empty = {"trip_id": "", "route_id": "", "route": ""}
    legs = legs.with_columns(
        **{c: pl.lit(v) for c, v in empty.items()}, stops=pl.lit(0, dtype=pl.Int64), load=pl.lit(0.0)
    )
    columns = (
        *("block_id", "kind", "trip_id", "route_id", "route", "start_s", "end_s", "km", "stops", "load"),
        *("from_place", "to_place", "from_lon", "from_lat", "to_lon", "to_lat", "way"),
    )
    return legs.select(columns), ways, findings
