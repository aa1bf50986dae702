"""Spread the fleet's vehicle-km over links and hours, and give the hours their speeds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.days import day_types
from fleet_planner.activity.methods import place
from fleet_planner.activity.model import Activity
from fleet_planner.activity.parts import access_parts
from fleet_planner.activity.profiles import driving_modes, stream_profile, whole_stream
from fleet_planner.activity.setting import TrafficSetting
from fleet_planner.activity.speeds import hour_speeds
from fleet_planner.activity.timetables.bus_speeds import bus_speeds, speed_findings
from fleet_planner.activity.timetables.buses import BUS_STREAM
from fleet_planner.activity.timetables.transit import bus_km
from fleet_planner.findings import Finding
from fleet_planner.plan.traffic import TrafficSection
from fleet_planner.progress import Progress, silent
from fleet_planner.tiles import Tiles
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.activity.assigned_traffic import AssignedTraffic
    from fleet_planner.activity.parts import AccessParts
    from fleet_planner.activity.profiles import StreamProfile
    from fleet_planner.activity.setting import Placed
    from fleet_planner.activity.speeds import Speeds
    from fleet_planner.activity.timetables.transit import BusKm
    from fleet_planner.network.model import Network
    from fleet_planner.plan.models import ActivitySection
    from fleet_planner.transit_feed.gtfs import Feed

    Float = NDArray[np.float64]


def vkt_by_stream(vehicles: pl.DataFrame) -> dict[str, float]:
    """Return the vehicle-km per average day inside the city of each stream, sorted by name.

    Sums are formed by numpy in the order of the rows: a parallel group-by adds in an order that changes
    from run to run, and results must repeat bit for bit.
    """
    km = pl.col("km_per_year") * pl.col("share_inside") * pl.col("count") / DAYS_PER_YEAR
    rows = vehicles.select("stream", km=km)
    parts = rows.partition_by("stream", as_dict=True, maintain_order=True)
    return {str(stream): float(np.sum(part["km"].to_numpy())) for (stream,), part in sorted(parts.items())}


def build_activity(
    network: Network,
    vehicles: pl.DataFrame,
    section: ActivitySection,
    base: Path,
    feeds: Mapping[str, Feed] | None = None,
    progress: Progress = silent,
    traffic: TrafficSection | None = None,
    assigned: AssignedTraffic | None = None,
    buses: Mapping[str, BusKm] | None = None,
    parts: AccessParts | None = None,
    tiles: Tiles | None = None,
) -> Activity:
    """Put each stream's vehicle-km on links and hours by the plan's method.

    Sums of a stream over links and hours equal `vkt_by_stream`, whatever the method.

    Parameters
    ----------
    network, vehicles
        The roads and the fleet.
    section, traffic
        Of the plan; ``traffic`` by its defaults where it is not given.
    base
        Folder of the plan.
    feeds
        Bus timetable by kind of day (``average``, or ``weekday``, ``saturday``, ``sunday``).
    progress
        Is told what is done.
    assigned
        The assignment (see `assign_traffic`), for methods that begin with it.
    buses
        The timetable on the links by kind of day (see `bus_km`), where that is done already.
    parts
        How streams fall into parts of unequal access; by default as these vehicles need it.
    tiles
        How many links are worked on at a time.

    Raises
    ------
    InputError
        A stream has no open link-hour, or an input file is wrong.
    PlanError
        An access rule names a stream or road class that is not known.
    """
    progress("spreading traffic over links and hours", 0.35)
    traffic = traffic or TrafficSection()
    setting = traffic_setting(network, vehicles, section, traffic, base, feeds or {}, buses, parts)
    setting = replace(setting, assigned=assigned, tiles=tiles or Tiles())
    totals, days, profiles = setting.totals, setting.days, setting.profiles
    placed = place(setting)
    speeds = hour_speeds(setting, placed)
    own_kmh, about_buses = _own_speeds(setting, placed, speeds)
    return Activity(
        tuple(totals),
        placed.spread.km,
        placed.spread.row,
        placed.spread.share,
        speeds.mean_kmh,
        driving_modes(network.links, section.peak_hours, days),
        (*placed.findings, *speeds.findings, *about_buses, *_stood_in(profiles, totals)),
        days,
        traffic.method,
        speeds,
        placed.fit,
        assigned,
        own_kmh,
        setting.parts,
        setting.tiles,
    )


def _own_speeds(setting: TrafficSetting, placed: Placed, speeds: Speeds) -> tuple[dict[str, Float], list[Finding]]:
    """Return the speeds of streams that do not drive with the traffic: of urban buses those of their timetable."""
    if not setting.buses or setting.totals.get(BUS_STREAM, 0.0) <= 0.0:
        return {}, []
    own_kmh = bus_speeds(setting.buses, setting.days, speeds.mean_kmh)
    km = placed.spread.hours_of(list(setting.totals).index(BUS_STREAM))
    used = setting.activity.bus_speeds == "timetable"
    findings = speed_findings(own_kmh, speeds.mean_kmh, km, setting.buses, used=used)
    return ({BUS_STREAM: own_kmh} if used and findings else {}), findings


def scaled_activity(activity: Activity, before: pl.DataFrame, now: pl.DataFrame) -> Activity | None:
    """Return the activity of a fleet that drives where and when another does: each stream's vehicle-km are scaled.

    Nothing where a part of a stream drives now that did not before: it has no roads and hours yet.

    Parameters
    ----------
    activity
        Of the fleet ``before``.
    before, now
        Vehicles; those of ``now`` have no other streams.
    """
    had, has = (vkt_by_stream(activity.parts.named(vehicles)) for vehicles in (before, now))
    if activity.parts.any and any(km > 0.0 and had.get(part, 0.0) <= 0.0 for part, km in has.items()):
        return None
    ratio = np.array([has.get(s, 0.0) / had[s] if had[s] else 0.0 for s in activity.streams])
    return replace(activity, km=activity.km * ratio[:, None])


def traffic_setting(
    network: Network,
    vehicles: pl.DataFrame,
    section: ActivitySection,
    traffic: TrafficSection,
    base: Path,
    feeds: Mapping[str, Feed],
    buses: Mapping[str, BusKm] | None = None,
    parts: AccessParts | None = None,
) -> TrafficSetting:
    """Return what every method may use of a fleet; arguments as of `build_activity`."""
    parts = parts or access_parts(network.links, vehicles, section.access)
    totals = vkt_by_stream(parts.named(vehicles))
    days = day_types(traffic)
    if buses is None:
        buses = {kind: bus_km(network, feed) for kind, feed in feeds.items()}
    profiles = []
    for name in totals:
        over_t, meets = parts.bound(name)
        profiles.append(replace(stream_profile(name, days), over_t=over_t, meets=meets))
    return TrafficSetting(
        network, totals, tuple(profiles), days, section, traffic, base, feeds, buses=buses, parts=parts
    )


def _stood_in(profiles: tuple[StreamProfile, ...], totals: Mapping[str, float]) -> list[Finding]:
    """Name the streams that drive by the profile of another."""
    everything = sum(totals.values()) or 1.0
    return [
        Finding(
            "activity.unknown_stream",
            "assumption",
            {"stream": whole_stream(p.stream), "used": p.base},
            share=totals[p.stream] / everything,
        )
        for p in profiles
        if p.base
    ]
