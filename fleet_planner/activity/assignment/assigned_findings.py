"""What an assignment assumed, left out and came to, and where traffic is slowest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.assignment.demand import TRUCKS
from fleet_planner.activity.speeds import LEAST_KMH
from fleet_planner.findings import Finding, Kind
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fleet_planner.activity.assigned_traffic import AssignedPeriod
    from fleet_planner.activity.assignment.demand import Demand
    from fleet_planner.activity.assignment.roads import Roads, ZoneGraph
    from fleet_planner.network.model import Network
    from fleet_planner.network.zones import Zones
    from fleet_planner.plan.assignment import AssignmentSection

Float = NDArray[np.float64]
CONGESTED_LINKS = 10
ALIKE = (0.5, 2.0)
"""Assigned over registered vehicle-km: outside this, one of the two is wrong."""

FLOOR = 1.0 + 1e-9


@dataclass(frozen=True)
class Outcome:
    """Traffic by link and hour.

    Parameters
    ----------
    roads
        The links.
    flow
        Passenger cars an hour, shape (links, H).
    speed_kmh
        Shape (links, H).
    km
        Vehicle-km of the day without those that a timetable places, shape (links, H).
    """

    roads: Roads
    flow: Float
    speed_kmh: Float
    km: Float


def network_findings(network: Network, roads: Roads, zones: Zones, graphs: Sequence[ZoneGraph]) -> list[Finding]:
    """Return what of the roads and zones has no part in the assignment."""
    out = []
    links = roads.tail.size
    if roads.turns[0].size:
        values: dict[str, str | int | float] = {"junctions": np.unique(roads.head[roads.turns[0]]).size}
        out.append(Finding("activity.turns", "info", values, roads.turns[0].size))
    no_capacity = network.links["in_main"].to_numpy() & ~roads.usable
    if no_capacity.any():
        out.append(Finding("activity.no_capacity", "warning", {}, int(no_capacity.sum())))
    used = np.any([g.allowed[:, :links].any(axis=0) for g in graphs], axis=0)
    left = roads.usable & ~used
    if left.any():
        km = float(roads.length_km[left].sum())
        share = km / float(roads.length_km[roads.usable].sum())
        out.append(Finding("activity.one_way_ends", "info", {"km": f"{km:,.1f}"}, int(left.sum()), share))
    off = ~np.any([g.tied.any(axis=0) for g in graphs], axis=0)
    if off.any():
        named = ", ".join(np.array(zones.ids)[off][:5])
        share = float(zones.population[off].sum() / zones.population.sum())
        out.append(Finding("activity.zones_off", "warning", {"zones": named}, int(off.sum()), share))
    return out


def demand_findings(
    zones: Zones,
    given: Mapping[str, Float],
    section: AssignmentSection,
    table: pl.DataFrame,
    demand: Iterable[Demand],
) -> list[Finding]:
    """Return how the trips came about."""
    out = list(_unique(f for d in demand for f in d.findings))
    by_gravity = any(f.code == "activity.gravity" for f in out)
    if by_gravity:
        if zones.jobs is None:
            out.append(Finding("activity.no_jobs", "assumption"))
        if zones.freight is None and by_truck(table):
            out.append(Finding("activity.no_freight_sites", "assumption"))
        out.append(Finding("activity.no_through_traffic", "assumption"))
    if idle := sorted(set(given) - set(table["traffic_class"]) - ({"truck"} if by_truck(table) else set())):
        out.append(Finding("activity.trips_class_unused", "warning", {"classes": ", ".join(idle)}))
    named = {str(k) for k in section.trips_per_day} | set(given) | (set(TRUCKS) if "truck" in given else set())
    own = table.filter(~pl.col("traffic_class").is_in(list(named)))
    if own.height:
        trips = float(own["trips_per_day"].sum())
        values: dict[str, str | int | float] = {
            "classes": ", ".join(own["traffic_class"].unique(maintain_order=True)),
            "trips": f"{trips:,.0f}",
            "per_head": f"{trips / zones.population.sum():.2f}",
        }
        out.append(Finding("activity.trips_from_registry", "assumption", values))
    return out


def by_truck(table: pl.DataFrame) -> bool:
    """Return whether trucks of some kind were assigned."""
    return bool(table["traffic_class"].is_in(list(TRUCKS)).any())


def outcome_findings(
    section: AssignmentSection, periods: Sequence[AssignedPeriod], table: pl.DataFrame, outcome: Outcome
) -> list[Finding]:
    """Return how good the equilibrium is and what the speeds rest on."""
    worst = max(p.relative_gap for p in periods)
    values: dict[str, str | int | float] = {
        "periods": len(periods),
        "gap": f"{worst:.1e}",
        "target": f"{section.target_gap:.1e}",
        "iterations": ", ".join(str(p.iterations) for p in periods),
    }
    out = [Finding("activity.assigned", "assumption", values)]
    if missed := [p for p in periods if not p.reached]:
        hours = ", ".join(str(h) for p in missed for h in p.hours)
        out.append(Finding("activity.gap_missed", "warning", values | {"hours": hours}, len(missed)))
    for row in table.iter_rows(named=True):
        kind: Kind = "info" if ALIKE[0] <= row["ratio"] <= ALIKE[1] else "warning"
        numbers: dict[str, str | int | float] = {
            "class": row["group"],
            "ratio": f"{row['ratio']:.2f}",
            "trips": f"{row['trips_per_day']:,.0f}",
            "km": f"{row['mean_trip_km']:.1f}",
        }
        out.append(Finding("activity.assigned_ratio", kind, numbers))
    out.append(Finding("activity.assigned_speeds", "assumption"))
    total = float(outcome.km.sum())
    over = outcome.flow > outcome.roads.capacity[:, None]
    if total > 0.0 and over.any():
        share = float(outcome.km[over].sum()) / total
        out.append(Finding("activity.over_capacity", "info", {}, int(over.sum()), share))
    floor = np.minimum(LEAST_KMH, outcome.roads.quiet_kmh)[:, None]
    slow = (outcome.speed_kmh <= floor * FLOOR) & (outcome.km > 0.0) & (outcome.roads.quiet_kmh[:, None] > floor)
    if total > 0.0 and slow.any():
        share = float(outcome.km[slow].sum()) / total
        out.append(Finding("activity.speeds_floored", "warning", {"speed": f"{LEAST_KMH:g}"}, share=share))
    return out


def congested_links(network: Network, outcome: Outcome) -> pl.DataFrame:
    """Return the links that cost most time, worst first (see `AssignedTraffic`)."""
    quiet = outcome.roads.quiet_kmh[:, None]
    delay = (outcome.km * (1.0 / outcome.speed_kmh - 1.0 / quiet)).sum(axis=1)
    order = np.lexsort((np.arange(delay.size), -delay))[:CONGESTED_LINKS]
    order = order[delay[order] > 0.0]
    hour = outcome.speed_kmh[order].argmin(axis=1)
    flow = outcome.flow[order, hour]
    capacity = outcome.roads.capacity[order]
    return pl.DataFrame(
        {
            "link_id": order,
            "name": network.links["name"].gather(order.tolist()),
            "road_class": network.links["road_class"].gather(order.tolist()),
            "flow_pc_h": flow,
            "capacity_pc_h": capacity,
            "volume_capacity": flow / capacity,
            "hour": hour % HOURS_PER_DAY,
            "speed_kmh": outcome.speed_kmh[order, hour],
            "quiet_kmh": outcome.roads.quiet_kmh[order],
            "delay_h_per_day": delay[order],
        }
    )


def _unique(findings: Iterable[Finding]) -> list[Finding]:
    """Return each finding once, in order; periods that share a demand tell the same."""
    seen = set()
    out = []
    for one in findings:
        key = (one.code, tuple(one.values.items()), one.count, one.share)
        if key not in seen:
            seen.add(key)
            out.append(one)
    return out
