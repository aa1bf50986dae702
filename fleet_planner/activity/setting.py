"""What methods of traffic are given, and what they return."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.activity.parts import AccessParts
from fleet_planner.tiles import Tiles

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

    from fleet_planner.activity.assigned_traffic import AssignedTraffic
    from fleet_planner.activity.days import DayType
    from fleet_planner.activity.profiles import StreamProfile
    from fleet_planner.activity.spread import Spread
    from fleet_planner.activity.timetables.transit import BusKm
    from fleet_planner.findings import Finding
    from fleet_planner.network.model import Network
    from fleet_planner.plan.models import ActivitySection
    from fleet_planner.plan.traffic import TrafficSection
    from fleet_planner.transit_feed.gtfs import Feed

Float = NDArray[np.float64]


@dataclass(frozen=True)
class TrafficSetting:
    """What every method may use.

    Parameters
    ----------
    network
        The roads.
    totals
        Vehicle-km of the average day by stream, sorted by name: what every method has to close to.
    profiles
        Of the streams, in that order.
    days
        Types of day; the hour axis is 24 times as long.
    activity, traffic
        Sections of the plan.
    base
        Folder of the plan, which its paths are relative to.
    feeds
        Bus timetable by kind of day; empty without one.
    assigned
        The assignment, for methods that begin with it.
    buses
        The timetable on the links by kind of day; empty without one.
    parts
        How streams fall into parts of unequal access; ``totals`` and ``profiles`` are of the parts.
    tiles
        How many links are worked on at a time.
    """

    network: Network
    totals: Mapping[str, float]
    profiles: tuple[StreamProfile, ...]
    days: tuple[DayType, ...]
    activity: ActivitySection
    traffic: TrafficSection
    base: Path
    feeds: Mapping[str, Feed]
    assigned: AssignedTraffic | None = None
    buses: Mapping[str, BusKm] = field(default_factory=dict)
    parts: AccessParts = field(default_factory=AccessParts)
    tiles: Tiles = field(default_factory=Tiles)

    @property
    def total_km(self) -> Float:
        """The totals, shape (streams,)."""
        return np.array(list(self.totals.values()), dtype=np.float64)


@dataclass(frozen=True)
class CountFit:
    """The fit to counts.

    Parameters
    ----------
    table
        ``tables/columns/count_fit.csv``.
    counts
        Every count of the file: ``tables/columns/counts_matched.csv``.
    calibrated
        Whether the run was calibrated to them.
    level
        Counted over modelled traffic, common to all places, by kind of vehicles; empty if not calibrated.
    """

    table: pl.DataFrame
    counts: pl.DataFrame
    calibrated: bool
    level: dict[str, float]


@dataclass(frozen=True)
class Placed:
    """What a method returns.

    Parameters
    ----------
    spread
        Vehicle-km; each stream adds up to its total.
    findings
        What was assumed and counted.
    speed_kmh
        Speeds that the method knows, shape (links, H), NaN where it does not; nothing if it knows none.
    fit
        To the plan's counts; nothing without.
    """

    spread: Spread
    findings: tuple[Finding, ...] = ()
    speed_kmh: Float | None = None
    fit: CountFit | None = None
