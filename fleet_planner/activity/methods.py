"""How vehicle-km come onto links and hours: one function per `traffic.method` of the plan.

A method takes a `TrafficSetting` and returns a `Placed`, whose vehicle-km are already those of the fleet, stream by
stream. To add a method, write it in a module of its own, put it into `METHODS` and its name into
`plan.models.TrafficSection.method`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.access import bans
from fleet_planner.activity.assigned_traffic import spread_assigned
from fleet_planner.activity.counts.calibration import calibrate, link_groups
from fleet_planner.activity.counts.count_fit import count_fit, fit_findings, kept_out
from fleet_planner.activity.counts.count_table import read_counts
from fleet_planner.activity.given import read_flows, with_flows
from fleet_planner.activity.parts import light_enough, weight_findings
from fleet_planner.activity.profiles import BUS_CLASS, FALLBACK_CLASS, StreamProfile, class_groups
from fleet_planner.activity.setting import Placed, TrafficSetting
from fleet_planner.activity.spread import Spread
from fleet_planner.activity.timetables.buses import BUS_STREAM, place_buses
from fleet_planner.errors import InputError
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


Float = NDArray[np.float64]


def place(setting: TrafficSetting) -> Placed:
    """Put the vehicle-km on links and hours by the plan's method.

    Raises
    ------
    InputError
        A stream with vehicle-km has nowhere to drive, or the method's inputs are wrong.
    """
    placed = METHODS[setting.traffic.method](setting)
    for s, (name, total) in enumerate(setting.totals.items()):
        if total > 0.0 and not placed.spread.km[s].any():
            raise InputError(
                f"stream {name} has nowhere to drive",
                "Its access rules, or roads barred to heavy vehicles, close every road at every hour.",
                column="activity.access",
            )
    if setting.traffic.counts.file and placed.fit is None:
        return _compared(setting, placed)
    return placed


def _compared(setting: TrafficSetting, placed: Placed) -> Placed:
    """Add the fit to the plan's counts to what a method made without them."""
    counts = read_counts(setting)
    fit = count_fit(counts, counts.matched, None, counts.modelled(placed.spread), {})
    findings = fit_findings(fit, setting.traffic.counts.tolerance_m)
    return replace(placed, findings=(*placed.findings, *findings), fit=fit)


def allocated(setting: TrafficSetting) -> Placed:
    """Spread by length x lanes x traffic per lane of the road class, and by the profiles' hours.

    Access rules close link-hours; what a stream would have driven there moves to those that stay open, in
    proportion. Urban buses follow the timetable where there is one.
    """
    spread, findings = default_spread(setting)
    everything = sum(setting.totals.values()) or 1.0
    others = {s: km for s, km in setting.totals.items() if s != BUS_STREAM}
    shares = Finding("activity.shares", "assumption", {}, len(others), sum(others.values()) / everything)
    return Placed(spread, (*findings, shares))


def default_spread(setting: TrafficSetting) -> tuple[Spread, list[Finding]]:
    """Return the spread by road class and profile, closed to the totals: the start of every method."""
    links = setting.network.links
    weight = np.array([link_weight(links, p) for p in setting.profiles])
    row = np.repeat(np.arange(len(setting.profiles), dtype=np.int32)[:, None], links.height, axis=1)
    spread = Spread(weight, row, np.array([p.hourly for p in setting.profiles]))
    streams = list(setting.totals)
    limited = weight_findings(links, setting.totals, setting.parts)
    closed, findings = bans(setting.network, setting.profiles, setting.activity.access, setting.days, setting.base)
    total_bus = setting.totals.get(BUS_STREAM, 0.0)
    given = (setting.feeds, setting.days, setting.buses, setting.activity.bus_deadhead_share)
    spread, found = place_buses(spread, streams, total_bus, *given)
    for s, of_stream in enumerate(closed):
        if of_stream:
            spread = spread.without(s, of_stream)
            if streams[s] == BUS_STREAM and setting.feeds and total_bus > 0.0 and not spread.km[s].any():
                raise InputError(
                    "the access rules close every road of the buses' timetable",
                    "Loosen activity.access.",
                    column="activity.access",
                )
    return spread.closed_to(setting.total_km), [*limited, *findings, *found]


def link_weight(links: pl.DataFrame, profile: StreamProfile) -> Float:
    """Return length x lanes x relative traffic of the class; zero off the main network and where barred."""
    fallback = profile.intensity[FALLBACK_CLASS]
    relative = links["road_class"].replace_strict(profile.intensity, default=fallback, return_dtype=pl.Float64)
    weight = links["length_km"] * links["lanes"] * relative * links["in_main"].cast(pl.Float64)
    if profile.heavy:
        weight = weight * links["hgv_allowed"].cast(pl.Float64)
    if profile.over_t >= 0.0:
        weight = weight * pl.Series(light_enough(links, profile.over_t, heavy=profile.heavy)).cast(pl.Float64)
    if profile.traffic_class != BUS_CLASS:
        weight = weight * (~links["bus_only"]).cast(pl.Float64)
    return weight.to_numpy().astype(np.float64)


def counted(setting: TrafficSetting) -> Placed:
    """Spread as `allocated` or `assigned` does, then scale roads and hours to counts; every stream keeps its total."""
    begin = assigned(setting) if setting.traffic.counts.start == "assigned" else Placed(*_default(setting))
    first, findings = begin.spread, begin.findings
    counts = read_counts(setting)
    section = setting.traffic.counts
    out = kept_out(counts, section.holdout_share, section.seed)
    groups = link_groups(setting.network, section.area_km)
    hour_group = class_groups(setting.network.links["road_class"])
    done = calibrate(first, setting.total_km, counts, counts.matched & ~out, groups, hour_group, section.seed)
    fit = count_fit(counts, out, counts.modelled(first), counts.modelled(done.spread), done.level)
    return Placed(done.spread, (*findings, *fit_findings(fit, section.tolerance_m)), begin.speed_kmh, fit)


def _default(setting: TrafficSetting) -> tuple[Spread, tuple[Finding, ...]]:
    spread, findings = default_spread(setting)
    return spread, tuple(findings)


def assigned(setting: TrafficSetting) -> Placed:
    """Put the streams on the routes and at the speeds of the assignment; buses with a timetable stay on it."""
    if setting.assigned is None:
        raise InputError("there is no assignment", "Name zones in network.zones.", column="traffic.method")
    spread, findings = default_spread(setting)
    traffic = setting.assigned
    placed = spread_assigned(spread, setting.profiles, setting.total_km, traffic)
    return Placed(placed, (*findings, *traffic.findings), traffic.speed_kmh)


def given(setting: TrafficSetting) -> Placed:
    """Put the streams where the plan's flows have them, at its speeds; every stream keeps its total."""
    flows = read_flows(setting)
    first, findings = default_spread(setting)
    spread, speed_kmh, found = with_flows(first, flows, setting)
    return Placed(spread, (*findings, *found), speed_kmh)


METHODS: Mapping[str, Callable[[TrafficSetting], Placed]] = {
    "allocated": allocated,
    "counts": counted,
    "assigned": assigned,
    "given": given,
}
