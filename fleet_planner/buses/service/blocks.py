"""Which trips one bus makes: the blocks that a feed tells, mended, and chains of the trips that have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.timetables.legs import FASTEST_KMH, LEEWAY_S, crow_m
from fleet_planner.buses.service.chains import Chains, chain_trips
from fleet_planner.findings import Finding
from fleet_planner.units import M_PER_KM, S_PER_H

if TYPE_CHECKING:
    from fleet_planner.buses.service.drives import Drives
    from fleet_planner.plan.buses import BusesPlan

Float = NDArray[np.float64]
Int = NDArray[np.int64]
MINUTE_S = 60.0
CHAINED = "chain"
ORDER = ("block_id", "start_s", "end_s", "trip_id")


def with_blocks(
    trips: pl.DataFrame, section: BusesPlan, drives: Drives, depots: list[str]
) -> tuple[pl.DataFrame, list[Finding]]:
    """Give each trip the block of one bus.

    Parameters
    ----------
    trips
        `Timetable.trips`.
    section
        Rules.
    drives
        Empty ways between all places.
    depots
        Places that are depots.
    """
    if section.blocks == "minimum":
        trips = trips.with_columns(block_id=pl.lit(None, dtype=pl.String))
    told = trips.filter(pl.col("block_id").is_not_null())
    told, findings = _one_bus_each(told)
    findings += _fewest(told, section, drives, depots)
    rest = trips.filter(pl.col("block_id").is_null())
    if rest.height:
        rest, chained = _chained(rest, section, drives, depots, set(told["block_id"].to_list()))
        findings += chained
    return pl.concat([told, rest]).sort(ORDER), findings


def _one_bus_each(told: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Give trips of a block that its bus cannot make to further buses, each to the first that can."""
    told = told.sort(ORDER)
    broken = told.filter(_broken(told))
    if broken.is_empty():
        return told, []
    blocks = broken["block_id"].unique().to_list()
    wrong = told["block_id"].is_in(blocks)
    mended = [_split(part) for _, part in told.filter(wrong).group_by("block_id", maintain_order=True)]
    moved = sum(int((part["block_id"] != part["was"]).sum()) for part in mended)
    first = next(part.filter(pl.col("block_id") != pl.col("was")) for part in mended if part["block_id"].n_unique() > 1)
    values: dict[str, str | int | float] = {
        "blocks": len(mended),
        "more": sum(part["block_id"].n_unique() - 1 for part in mended),
        "block": str(first["was"][0]),
        "trip": str(first["trip_id"][0]),
    }
    whole = pl.concat([told.filter(~wrong), *(part.drop("was") for part in mended)])
    return whole, [Finding("buses.blocks_overlap", "warning", values, moved)]


def _broken(ordered: pl.DataFrame) -> pl.Series:
    """Return which trips one bus cannot make after the one before them in their block."""
    gap_s = pl.col("start_s") - pl.col("end_s").shift(1).over("block_id")
    before = ordered.select(
        *(pl.col(f"to_{c}").shift(1).over("block_id").alias(f"from_{c}") for c in ("lon", "lat")),
        *(pl.col(f"from_{c}").alias(f"to_{c}") for c in ("lon", "lat")),
    )
    least_s = pl.Series(_least_s(before.cast(pl.Float64)))
    gap = ordered.select(gap_s)["start_s"]
    return ((gap < 0.0) | (gap < least_s)).fill_null(value=False)


def _split(block: pl.DataFrame) -> pl.DataFrame:
    """Give the trips of a block to as many buses as needed; column ``was`` keeps its id."""
    ends: list[tuple[float, float | None, float | None]] = []
    bus = []
    columns = ("start_s", "end_s", "from_lon", "from_lat", "to_lon", "to_lat")
    for start, end, from_lon, from_lat, to_lon, to_lat in block.select(columns).iter_rows():
        able = (k for k, last in enumerate(ends) if _can_follow(last, start, from_lon, from_lat))
        k = next(able, len(ends))
        ends[k : k + 1] = [(end, to_lon, to_lat)]
        bus.append(k)
    number = pl.Series(bus)
    own = pl.col("block_id")
    named = pl.when(number > 0).then(own + " (" + (number + 1).cast(pl.String) + ")").otherwise(own)
    return block.with_columns(block_id=named, was=own)


def _can_follow(
    last: tuple[float, float | None, float | None], start_s: float, lon: float | None, lat: float | None
) -> bool:
    """Return whether a bus that is free at a time and place can begin a trip elsewhere."""
    step = pl.DataFrame({"from_lon": last[1], "from_lat": last[2], "to_lon": lon, "to_lat": lat}).cast(pl.Float64)
    return start_s >= last[0] and start_s - last[0] >= float(_least_s(step)[0])


def _least_s(steps: pl.DataFrame) -> Float:
    """Return the least time from place to place, 0 where one is not known."""
    return np.asarray(np.nan_to_num(crow_m(steps)) / M_PER_KM / FASTEST_KMH * S_PER_H - LEEWAY_S)


def _chained(
    rest: pl.DataFrame, section: BusesPlan, drives: Drives, depots: list[str], taken: set[str]
) -> tuple[pl.DataFrame, list[Finding]]:
    """Chain trips without a block into the fewest buses, group by group of trips that may share one."""
    parts, buses, bound, least = [], 0, 0, True
    for part in _groups(rest, section):
        chains = _chains_of(part, section, drives, depots)
        names = [_free_name(buses + k + 1, taken) for k in range(chains.count)]
        parts.append(part.with_columns(block_id=pl.Series([names[k] for k in chains.chain])))
        buses, bound, least = buses + chains.count, bound + chains.bound, least and chains.least_empty
    values: dict[str, str | int | float] = {
        "buses": buses,
        "bound": bound,
        "layover": f"{section.least_layover_min:g}",
        "km": f"{section.longest_dead_head_km:g}",
        "pace": f"{section.dead_head_pace:g}",
    }
    code = "buses.chained" if least else "buses.chained_large"
    return pl.concat(parts), [Finding(code, "assumption", values, rest.height)]


def _groups(trips: pl.DataFrame, section: BusesPlan) -> list[pl.DataFrame]:
    """Return the trips that may share a bus with each other."""
    keys = ["bus_type", "depot_id", *([] if section.interline else ["route_id"])]
    return [part for _, part in trips.sort(keys).group_by(keys, maintain_order=True)]


def _fewest(told: pl.DataFrame, section: BusesPlan, drives: Drives, depots: list[str]) -> list[Finding]:
    """Say how many buses the trips of told blocks would need at least, chained by the rules of the plan."""
    if told.is_empty():
        return []
    bound = sum(_chains_of(part, section, drives, depots, arranged=False).bound for part in _groups(told, section))
    values: dict[str, str | int | float] = {"fewest": bound, "layover": f"{section.least_layover_min:g}"}
    return [Finding("buses.blocks_told", "info", values, told["block_id"].n_unique())]


def _free_name(number: int, taken: set[str]) -> str:
    name = f"{CHAINED} {number:04d}"
    while name in taken:
        name += "'"
    return name


def _chains_of(
    part: pl.DataFrame, section: BusesPlan, drives: Drives, depots: list[str], *, arranged: bool = True
) -> Chains:
    """Chain the trips of a group."""
    used = sorted({*part["from_place"].to_list(), *part["to_place"].to_list()})
    number = {place: k for k, place in enumerate(used)}
    own = np.array([drives.number[p] for p in used])
    time_s, km = drives.time_s[np.ix_(own, own)], drives.km[np.ix_(own, own)]
    home = np.array([drives.number[d] for d in depots], dtype=np.int64)
    back_s, leave_s = drives.time_s[np.ix_(own, home)], drives.time_s[np.ix_(home, own)]
    layover_s, longest_s = section.least_layover_min * MINUTE_S, section.longest_layover_min * MINUTE_S
    direct_s = np.where(km <= section.longest_dead_head_km, time_s + layover_s, np.inf)
    by_depot_s = np.full_like(time_s, np.inf)
    for k in range(home.size):
        np.minimum(by_depot_s, back_s[:, k, None] + leave_s[None, k], out=by_depot_s)
    ready_s = np.minimum(direct_s, np.maximum(by_depot_s + layover_s, longest_s))
    start_s, end_s = (part[c].to_numpy().astype(np.float64) for c in ("start_s", "end_s"))
    origin, target = (
        np.array([number[p] for p in part[f"{e}_place"].to_list()], dtype=np.int64) for e in ("from", "to")
    )
    saved_in, saved_out = (_known(m.min(axis=axis, initial=np.inf)) for m, axis in ((back_s, 1), (leave_s, 0)))

    def cost(first: Int, second: Int) -> Float:
        p, q = target[first], origin[second]
        stays = start_s[second] - end_s[first] <= longest_s
        return np.where(stays, _known(time_s[p, q]) - saved_in[p] - saved_out[q], 0.0)

    return chain_trips(start_s, end_s, origin, target, ready_s, cost if arranged else None)


def _known(seconds: Float) -> Float:
    """Return times with 0 where no way is known."""
    return np.where(np.isfinite(seconds), seconds, 0.0)
