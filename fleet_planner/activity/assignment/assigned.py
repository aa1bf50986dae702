"""Traffic by assignment: trips between zones, routes in equilibrium, speeds of every hour.

The registry keeps the totals: the assigned flows say where a stream drives; how much it drives, and how much of that
in each hour, is the registry's and the daily profile's (see `spread_assigned`). Each period (the mean peak and
off-peak hour by default) is assigned once. The flows of an hour are its period's, scaled by the profile of the class,
and the speed of the hour follows from the BPR function at that hour's flow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.access import bans
from fleet_planner.activity.assigned_traffic import AssignedPeriod, AssignedTraffic
from fleet_planner.activity.assignment.assigned_findings import (
    Outcome,
    congested_links,
    demand_findings,
    network_findings,
    outcome_findings,
)
from fleet_planner.activity.assignment.connectors import local_km
from fleet_planner.activity.assignment.demand import Demand, group_demand, no_demand
from fleet_planner.activity.assignment.equilibrium import UserClass, assign, bpr_time_factor, skim
from fleet_planner.activity.assignment.groups import Group, class_figure, periods_of, stream_groups
from fleet_planner.activity.assignment.roads import Roads, ZoneGraph, roads_of, zone_graph
from fleet_planner.activity.methods import default_spread, link_weight
from fleet_planner.activity.profiles import BUS_CLASS
from fleet_planner.activity.speeds import LEAST_KMH
from fleet_planner.activity.timetables.buses import BUS_STREAM
from fleet_planner.errors import InputError
from fleet_planner.progress import Progress, silent
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.activity.setting import TrafficSetting
    from fleet_planner.network.zones import Zones
    from fleet_planner.plan.assignment import AssignmentSection

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
NO_KM = 1e-300


@dataclass(frozen=True)
class _City:
    """What all periods share.

    ``day_share`` is the part of all days that each place on the hour axis is of, shape (H,); ``ready`` keeps graphs and
    demand of periods in which the same links are open.
    """

    roads: Roads
    zones: Zones
    groups: list[Group]
    street_weight: Float
    given: Mapping[str, Float]
    section: AssignmentSection
    day_share: Float
    ready: dict[bytes, tuple[ZoneGraph, list[Demand]]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Period:
    """A period: vehicle-km of its mean hour, shape (groups, links), and what it took."""

    km: Float
    share: Float
    demand: list[Demand]
    zone_graph: ZoneGraph
    outcome: AssignedPeriod


def assign_traffic(
    setting: TrafficSetting, zones: Zones, given: Mapping[str, Float], progress: Progress = silent
) -> AssignedTraffic:
    """Assign the traffic of a fleet.

    Parameters
    ----------
    setting
        Roads, fleet and plan; visiting vehicles are streams of their own. Buses that follow a timetable are not
        assigned, and take away capacity.
    zones
        Where trips begin and end.
    given
        Trips of the day by class, of shape (zones, zones); classes without come from the gravity model.
    progress
        Is told what is done.

    Raises
    ------
    InputError
        No zone or no trip of a class is near the roads, or nobody drives in the city.
    """
    section, network = setting.traffic.assignment, setting.network
    closed, _ = bans(network, setting.profiles, setting.activity.access, setting.days, setting.base)
    pce = {str(k): v for k, v in section.pce.items()}
    on_feed = BUS_STREAM if setting.feeds and BUS_STREAM in setting.totals else None
    groups = stream_groups(setting.profiles, setting.total_km, closed, pce, on_feed)
    if not groups:
        raise InputError("no vehicle drives inside the city", "Check the registry.", column="km_per_year")
    roads = roads_of(network, zones, section)
    day_share = np.repeat([day.share for day in setting.days], HOURS_PER_DAY)
    city = _City(roads, zones, groups, _street_weight(setting, roads, groups), given, section, day_share)
    buses = np.zeros((roads.tail.size, day_share.size))
    if on_feed:
        km = default_spread(setting)[0].hours_of(list(setting.totals).index(on_feed))
        buses = km / (roads.length_km[:, None] * day_share) * (pce.get(BUS_CLASS) or class_figure(BUS_CLASS, "pce"))
    hours = periods_of(section.periods, setting.activity.peak_hours, setting.days, groups)
    period = np.zeros(day_share.size, dtype=np.int64)
    done = []
    for number, own in enumerate(hours):
        progress(f"assigning traffic: period {number + 1} of {len(hours)}", 0.3 + 0.05 * number / len(hours))
        period[list(own)] = number
        mean_buses = buses[:, list(own)] @ day_share[list(own)] / day_share[list(own)].sum()
        done.append(_assign_period(city, own, mean_buses))
    flow = _hourly_flow(city, done, period) + buses
    speed = np.maximum(_bpr_speed(roads, flow), np.minimum(LEAST_KMH, roads.quiet_kmh)[:, None])
    pattern = np.ascontiguousarray(
        [[p.km[g] / max(float(p.km[g].sum()), NO_KM) for p in done] for g in range(len(groups))]
    )
    names = tuple(setting.totals)
    table = _group_table(city, names, done, period)
    outcome = Outcome(roads, flow, speed, _placed_km(groups, pattern, period))
    tied = np.any([p.zone_graph.tied.any(axis=0) for p in done], axis=0)
    return AssignedTraffic(
        group_of={names[s]: g for g, group in enumerate(groups) for s in group.streams},
        pattern=pattern,
        period=period,
        speed_kmh=np.ascontiguousarray(speed),
        periods=tuple(p.outcome for p in done),
        groups=table,
        congested=congested_links(network, outcome),
        zones=len(zones.ids),
        zones_tied=int(tied.sum()),
        target_gap=section.target_gap,
        findings=(
            *zones.findings,
            *network_findings(network, roads, zones, [p.zone_graph for p in done]),
            *demand_findings(zones, given, section, table, [d for p in done for d in p.demand]),
            *outcome_findings(section, [p.outcome for p in done], table, outcome),
        ),
    )


def _street_weight(setting: TrafficSetting, roads: Roads, groups: list[Group]) -> Float:
    """Return length x lanes x traffic of the class of streets, for driving inside a zone, shape (groups, links)."""
    weights = [link_weight(setting.network.links, setting.profiles[g.streams[0]]) for g in groups]
    return np.array([np.where(roads.street & roads.usable, w, 0.0) for w in weights])


def _open_links(city: _City, hour: int) -> list[Bool]:
    """Return the links that each group may use at an hour."""
    out = []
    for group in city.groups:
        own = city.roads.usable & (city.roads.hgv if group.heavy else True)
        if group.over_t >= 0.0:
            own &= (city.roads.limit_goods_t if group.heavy else city.roads.limit_t) > group.over_t
        if group.traffic_class != BUS_CLASS:
            own &= ~city.roads.bus_only
        out.append(own if group.closed is None else own & ~group.closed[:, hour])
    return out


def _kind(group: Group) -> str:
    """Return which kind of vehicles a group is to turn restrictions."""
    if group.traffic_class == BUS_CLASS:
        return "bus"
    return "truck" if group.heavy else "light"


def _prepared(city: _City, hour: int) -> tuple[ZoneGraph, list[Demand]]:
    """Return the graph and the trips of the day of each group, were its access all day what it is at an hour."""
    links = _open_links(city, hour)
    key = b"".join(np.packbits(own).tobytes() for own in links)
    if key not in city.ready:
        graph = zone_graph(city.roads, city.zones, links, city.section, [_kind(g) for g in city.groups])
        skims = {}
        demand = []
        for g, group in enumerate(city.groups):
            if not links[g].any():
                demand.append(no_demand(len(city.zones.ids)))
                continue
            own = graph.allowed[g].tobytes()
            if own not in skims:
                skims[own] = skim(graph.graph, graph.allowed[g])
            share = {"class": _share(city.groups, group, (group.traffic_class,)), "truck": _share(city.groups, group)}
            demand.append(
                group_demand(
                    group,
                    share,
                    city.zones,
                    graph.tied[g],
                    graph.access_km[g],
                    skims[own],
                    city.given,
                    city.section,
                )
            )
        city.ready[key] = (graph, demand)
    return city.ready[key]


def _share(groups: list[Group], group: Group, classes: tuple[str, ...] = ("single_unit", "combination")) -> float:
    """Return a group's share of the vehicle-km of some classes."""
    return group.km / max(sum(g.km for g in groups if g.traffic_class in classes), NO_KM)


def _assign_period(city: _City, hours: tuple[int, ...], buses: Float) -> _Period:
    """Assign the mean hour of a period; ``buses`` in passenger cars an hour."""
    graph, demand = _prepared(city, hours[0])
    roads, links = city.roads, city.roads.tail.size
    share = np.array([_rate(city, g, hours) for g in city.groups])
    streets = city.street_weight * np.array(_open_links(city, hours[0]))
    local = np.array([local_km(d.zone_km * share[g], streets[g], roads.zone_link) for g, d in enumerate(demand)])
    pce = np.array([g.pce for g in city.groups])
    fixed = np.zeros(graph.graph.tail.size)
    fixed[:links] = buses + pce @ (local / np.maximum(roads.length_km, NO_KM))
    classes = [
        UserClass(group.name, group.pce, graph.allowed[g], demand[g].trips * share[g])
        for g, group in enumerate(city.groups)
    ]
    found = assign(
        graph.graph,
        classes,
        fixed,
        target_gap=city.section.target_gap,
        max_iterations=city.section.max_iterations,
    )
    reached = found.relative_gap <= city.section.target_gap
    outcome = AssignedPeriod(hours, found.relative_gap, found.iterations, reached)
    return _Period(found.flow[:, :links] * roads.length_km + local, share, demand, graph, outcome)


def _rate(city: _City, group: Group, hours: tuple[int, ...]) -> float:
    """Return the part of the average day's traffic in the mean hour of some."""
    return float(group.hourly[list(hours)].sum() / city.day_share[list(hours)].sum())


def _scales(city: _City, done: list[_Period], period: Int) -> Float:
    """Return the flow of each hour over that of its period's mean hour, shape (groups, H)."""
    mean: Float = np.array([p.share for p in done])[period].T
    hourly: Float = np.array([g.hourly for g in city.groups]) / city.day_share
    return np.divide(hourly, mean, out=np.zeros_like(hourly), where=mean > 0.0)


def _hourly_flow(city: _City, done: list[_Period], period: Int) -> Float:
    """Return the assigned and local traffic in passenger cars an hour, shape (links, H)."""
    scale = _scales(city, done, period)
    length = np.maximum(city.roads.length_km, NO_KM)
    out = np.zeros((length.size, period.size))
    for g, group in enumerate(city.groups):
        per_period = np.array([p.km[g] for p in done]) / length * group.pce
        out += per_period[period].T * scale[g]
    return out


def _bpr_speed(roads: Roads, flow: Float) -> Float:
    """Return the speed of every hour, shape (links, H)."""
    capacity, alpha, beta = (a[:, None] for a in (roads.capacity, roads.alpha, roads.beta))
    slower: Float = bpr_time_factor(flow, capacity, alpha, beta)
    return roads.quiet_kmh[:, None] / slower


def _placed_km(groups: list[Group], pattern: Float, period: Int) -> Float:
    """Return the registry's vehicle-km where the assignment puts them, all groups, shape (links, H)."""
    out = np.zeros((pattern.shape[2], period.size))
    for g, group in enumerate(groups):
        out += pattern[g][period].T * (group.hourly * group.km)
    return out


def _group_table(city: _City, streams: tuple[str, ...], done: list[_Period], period: Int) -> pl.DataFrame:
    """Return what was assigned of each group beside what the registry has."""
    scale = _scales(city, done, period) * city.day_share
    rows = []
    for g, group in enumerate(city.groups):
        trips = np.array([float(p.demand[g].trips.sum()) for p in done])
        mean_km = np.array([p.demand[g].mean_km for p in done])
        inside = np.array([float(np.trace(p.demand[g].trips)) for p in done])
        km = np.array([float(p.km[g].sum()) for p in done])
        day = float((km[period] * scale[g]).sum())
        rows.append(
            {
                "group": group.name,
                "traffic_class": group.traffic_class,
                "streams": ", ".join(streams[s] for s in group.streams),
                "pce": group.pce,
                "trips_per_day": float((trips[period] * group.hourly).sum()),
                "inside_share": float((inside[period] * group.hourly).sum() / (trips[period] * group.hourly).sum()),
                "mean_trip_km": float((mean_km[period] * group.hourly).sum()),
                "assigned_km_per_day": day,
                "registry_km_per_day": group.km,
                "ratio": day / group.km,
            }
        )
    return pl.DataFrame(rows)
