"""What an assignment found, and how the fleet's vehicle-km follow it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.activity.profiles import whole_stream
from fleet_planner.activity.spread import Spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from fleet_planner.activity.profiles import StreamProfile
    from fleet_planner.findings import Finding

Float = NDArray[np.float64]
Int = NDArray[np.int64]
STEPS = 2**16
"""A link's part of each period is rounded to this many steps, so that links that are alike share a row of hours."""


@dataclass(frozen=True)
class AssignedPeriod:
    """A part of the day that was assigned once.

    Parameters
    ----------
    hours
        Its places on the hour axis.
    relative_gap
        Distance from equilibrium.
    iterations
        How many were made.
    reached
        Whether the gap is within the plan's target.
    """

    hours: tuple[int, ...]
    relative_gap: float
    iterations: int
    reached: bool


@dataclass(frozen=True)
class AssignedTraffic:
    """Where trips between zones drive, and how fast.

    Parameters
    ----------
    group_of
        Place of each stream's group in ``pattern``, by name; streams that are placed in another way are not in it.
    pattern
        Shares of the links in a group's vehicle-km of a period, shape (groups, periods, links); each adds up to 1,
        or to 0 where every road is closed to the group.
    period
        Period of each place on the hour axis, shape (H,).
    speed_kmh
        Shape (links, H).
    periods
        How each was solved.
    groups
        A row per group: ``group, traffic_class, streams, pce, trips_per_day, inside_share, mean_trip_km,
        assigned_km_per_day, registry_km_per_day, ratio``.
    congested
        The links that cost most time: ``link_id, name, road_class, flow_pc_h, capacity_pc_h, volume_capacity, hour,
        speed_kmh, quiet_kmh, delay_h_per_day``.
    zones, zones_tied
        Zones, and how many of them have a road in reach.
    target_gap
        Of the plan.
    findings
        What was assumed, left out and found.
    """

    group_of: Mapping[str, int]
    pattern: Float
    period: Int
    speed_kmh: Float
    periods: tuple[AssignedPeriod, ...]
    groups: pl.DataFrame
    congested: pl.DataFrame
    zones: int
    zones_tied: int
    target_gap: float
    findings: tuple[Finding, ...] = field(default=())


def _group(traffic: AssignedTraffic, name: str) -> int | None:
    """Return the group of a stream; of a part that came to be after the assignment, that of another of its stream."""
    if name in traffic.group_of:
        return traffic.group_of[name]
    alike = (g for other, g in traffic.group_of.items() if whole_stream(other) == whole_stream(name))
    return next(alike, None)


def spread_assigned(
    first: Spread, profiles: Sequence[StreamProfile], total_km: Float, traffic: AssignedTraffic
) -> Spread:
    """Put the streams of the assignment on its routes; the others stay where ``first`` has them.

    A stream's vehicle-km of an hour are those of its profile; hours at which every road is closed to it give theirs
    to the others, in proportion.

    Parameters
    ----------
    first
        Closed to the totals.
    profiles
        Of the streams.
    total_km
        Vehicle-km of each, shape (streams,).
    """
    km, row = first.km.copy(), first.row.copy()
    shares, rows = [first.share], first.share.shape[0]
    periods = traffic.pattern.shape[1]
    open_periods = traffic.pattern.sum(axis=2) > 0.0
    for s, profile in enumerate(profiles):
        g = _group(traffic, profile.stream)
        if g is None:
            continue
        hourly = np.where(open_periods[g][traffic.period], profile.hourly, 0.0)
        mass = np.bincount(traffic.period, weights=hourly, minlength=periods)
        by_period = traffic.pattern[g] * (mass / mass.sum())[:, None]
        of_link = by_period.sum(axis=0)
        km[s] = of_link * (total_km[s] / of_link.sum())
        used = np.flatnonzero(of_link > 0.0)
        steps = np.rint(by_period[:, used] / of_link[used] * STEPS).astype(np.int64)
        alike, which = np.unique(steps, axis=1, return_inverse=True)
        part = alike.T / alike.sum(axis=0)[:, None]
        within = np.divide(hourly, mass[traffic.period], out=np.zeros_like(hourly), where=mass[traffic.period] > 0.0)
        shares.append(part[:, traffic.period] * within)
        row[s] = 0
        row[s, used] = rows + which.ravel().astype(np.int32)
        rows += part.shape[0]
    return Spread(km, row, np.ascontiguousarray(np.concatenate(shares)))
