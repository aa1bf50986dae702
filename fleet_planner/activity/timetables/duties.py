"""What buses do without passengers: ways between the trips of a block, from and to depots, and rests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.timetables.legs import FASTEST_KMH, LEEWAY_S, crow_m, drive_s, ways_between
from fleet_planner.kernels import matching
from fleet_planner.units import M_PER_KM, S_PER_H

if TYPE_CHECKING:
    from fleet_planner.activity.timetables.paths import Paths, Roads
    from fleet_planner.network.model import Network

Float = NDArray[np.float64]
LONGEST_REST_S = 7200
"""A bus that stands longer between two trips of its block has gone back to the depot."""
BETWEEN, DEPOT = "between", "depot"
LEG = ("kind", "from_lon", "from_lat", "to_lon", "to_lat", "from_s", "to_s", "from_trip", "to_trip")


@dataclass(frozen=True)
class Duties:
    """Ways without passengers and rests on a service day, as its blocks tell them.

    Parameters
    ----------
    km
        Vehicle-km without passengers by link and hour, shape (links, 24).
    covered_share
        Share of the timetable's km that trips of blocks make.
    between_km, depot_km
        Between the trips of a block, and from and to depots, in the network's area.
    rest_h
        Time at terminals between the trips of a block.
    running_h
        Time of all trips, of blocks or not.
    covered_h
        Time of the trips of blocks.
    blocks
        Number of blocks.
    impossible
        Pairs of trips that one bus cannot make one after the other, and the first block that has one.
    depots
        Whether depots were known.
    """

    km: Float
    covered_share: float = 0.0
    between_km: float = 0.0
    depot_km: float = 0.0
    rest_h: float = 0.0
    running_h: float = 0.0
    covered_h: float = 0.0
    blocks: int = 0
    impossible: tuple[int, str] = (0, "")
    depots: bool = False

    def empty_km(self, revenue_km: float, share: float) -> float:
        """Return the km without passengers on the map.

        Trips without a block make ``share`` of their own. Those of blocks make what the blocks tell; without depots the
        ways from and to them are not known, and the plan's share is the least that is driven.
        """
        covered = revenue_km * self.covered_share
        driven = self.between_km + self.depot_km
        told = driven if self.depots else max(driven, share * covered)
        return told + share * (revenue_km - covered)

    def layover_h(self, share: float) -> float:
        """Return the hours at terminals: those that blocks tell, and ``share`` of the time of the other trips."""
        return self.rest_h + share * (self.running_h - self.covered_h)


def duties(network: Network, roads: Roads, trips: pl.DataFrame, depots: Float) -> Duties:
    """Return what the blocks of a service day tell.

    A block is one bus: between two of its trips it drives the quickest way from the last stop of the one to the first
    of the next and rests for what is left of the time. Where more than two hours lie between them, and at both ends of
    the block, it drives to the depot that is nearest to where it leaves and enters service.

    Parameters
    ----------
    network, roads
        To drive on.
    trips
        Of a `Feed`.
    depots
        Longitude and latitude, shape (depots, 2); none if they are not known.
    """
    hours = (trips["end_s"] - trips["start_s"]) / S_PER_H
    running_h = float(hours.sum())
    blocked = trips.filter(pl.col("block_id").is_not_null()).sort("block_id", "start_s", "end_s", "trip_id")
    empty = np.zeros((network.links.height, 24))
    if blocked.is_empty():
        return Duties(empty, running_h=running_h)
    legs, impossible = _legs(blocked, depots)
    paths, line = ways_between(roads, legs)
    driven_s = drive_s(network, paths)[line]
    leaves = legs["to_trip"].to_numpy() & ~legs["from_trip"].to_numpy()
    start_s = np.where(leaves, legs["to_s"].to_numpy() - driven_s, legs["from_s"].to_numpy())
    km = _by_hour(network, paths, line, start_s, driven_s)
    inside_km = paths.line_km(~paths.outside)[line]
    between = legs["kind"].to_numpy() == BETWEEN
    gap_s = (legs["to_s"] - legs["from_s"]).to_numpy().astype(np.float64)
    distance = float(trips["distance_km"].sum())
    covered = float(blocked["distance_km"].sum()) / distance if distance > 0.0 else 0.0
    return Duties(
        km,
        1.0 if blocked.height == trips.height else covered,
        float(inside_km[between].sum()),
        float(inside_km[~between].sum()),
        float(np.maximum(gap_s - driven_s, 0.0)[between].sum()) / S_PER_H,
        running_h,
        float(((blocked["end_s"] - blocked["start_s"]) / S_PER_H).sum()),
        blocked["block_id"].n_unique(),
        impossible,
        len(depots) > 0,
    )


def _legs(blocked: pl.DataFrame, depots: Float) -> tuple[pl.DataFrame, tuple[int, str]]:
    """Return the ways without passengers and what cannot be.

    Columns `LEG`: kind, places, the end of the trip before and the start of the one after (the same where there is but
    one of them), and whether they are there. The second value counts the pairs of trips of a block that overlap or lie
    too far apart for one bus, with the first such block.
    """
    pairs = blocked.with_columns(
        *(pl.col(f"last_{c}").shift(1).over("block_id").alias(f"from_{c}") for c in ("lon", "lat")),
        *(pl.col(f"first_{c}").alias(f"to_{c}") for c in ("lon", "lat")),
        from_s=pl.col("end_s").shift(1).over("block_id"),
        to_s=pl.col("start_s"),
    )
    gap_s = pl.col("to_s") - pl.col("from_s")
    pairs = pairs.with_columns(crow_m=pl.Series(crow_m(pairs), dtype=pl.Float64), gap_s=gap_s)
    least_s = pl.col("crow_m") / M_PER_KM / FASTEST_KMH * S_PER_H - LEEWAY_S
    pairs = pairs.with_columns(
        broken=((pl.col("gap_s") < 0) | (pl.col("gap_s") < least_s)).fill_null(value=False),
        starts=pl.col("gap_s").is_null() | (pl.col("gap_s") > LONGEST_REST_S),
    )
    broken = pairs.filter("broken")
    direct = pairs.filter(~pl.col("starts") & ~pl.col("broken"))
    yes = pl.lit(value=True)
    legs = [direct.with_columns(kind=pl.lit(BETWEEN), from_trip=yes, to_trip=yes).select(LEG)]
    if len(depots):
        turns = _with_homes(pairs, depots)
        legs += [_depot_leg(turns, out=True), _depot_leg(turns, out=False)]
    return pl.concat(legs), (broken.height, str(broken["block_id"][0]) if broken.height else "")


def _depot_leg(turns: pl.DataFrame, *, out: bool) -> pl.DataFrame:
    """Return the ways from the depot to the first trip of each turn (``out``), or back from its last trip."""
    origin, target, time = ("home", "first", "start_s") if out else ("last", "home", "end_s")
    return turns.select(
        kind=pl.lit(DEPOT),
        from_lon=f"{origin}_lon",
        from_lat=f"{origin}_lat",
        to_lon=f"{target}_lon",
        to_lat=f"{target}_lat",
        from_s=time,
        to_s=time,
        from_trip=pl.lit(value=not out),
        to_trip=pl.lit(value=out),
    )


def _with_homes(pairs: pl.DataFrame, depots: Float) -> pl.DataFrame:
    """Return the turns of the blocks, from leaving a depot to coming back, with the depot that is nearest to the ends.

    Columns ``first_lon, first_lat, start_s, last_lon, last_lat, end_s, home_lon, home_lat``.
    """
    turns = pairs.group_by(pl.col("starts").cum_sum(), maintain_order=True).agg(
        pl.col("first_lon", "first_lat", "start_s").first(), pl.col("last_lon", "last_lat", "end_s").last()
    )
    narrow = np.array([np.cos(np.radians(depots[:, 1].mean())), 1.0])
    at = depots * narrow
    first, last = (turns.select(f"{e}_lon", f"{e}_lat").to_numpy() * narrow for e in ("first", "last"))
    way = np.hypot(*(first[:, None] - at).T) + np.hypot(*(last[:, None] - at).T)
    home = depots[way.argmin(axis=0)]
    return turns.with_columns(home_lon=pl.Series(home[:, 0]), home_lat=pl.Series(home[:, 1]))


def _by_hour(network: Network, paths: Paths, line: NDArray[np.int64], start_s: Float, drive_s: Float) -> Float:
    """Return the km of ways by link and hour, shape (links, 24)."""
    n = len(line)
    length_m = paths.line_span_m(np.ones(paths.link.size, dtype=np.bool_))[line]
    zero = np.zeros(n)
    timing_m, times = (np.column_stack([zero, x]).ravel() for x in (length_m, drive_s))
    km, _, _, _ = matching.service_by_hour(
        network.links.height,
        *(paths.link, paths.middle_m, paths.span_m, paths.km, paths.first),
        *(line.astype(np.int64), np.arange(n), start_s),
        *(timing_m, times, times, np.arange(0, 2 * n + 1, 2), np.full(2 * n, -1.0)),
    )
    return np.asarray(km)
