"""The chargers of a plan: demand and candidates on the roads, the build-out, models beside it, tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.chargers.building import tables
from fleet_planner.chargers.building.assemble import Assembled, assemble
from fleet_planner.chargers.building.audit import Audit, audit
from fleet_planner.chargers.building.capacity import capacity_table
from fleet_planner.chargers.building.options import usual_connector
from fleet_planner.chargers.building.people import groups_table, zones_table
from fleet_planner.chargers.building.solve import Built, solve_build, year_by_year
from fleet_planner.chargers.demand import Demand, joined, read_demand, with_connector
from fleet_planner.chargers.diagnostics import CAPACITATED, Busiest, catchments, diagnose, models_table
from fleet_planner.chargers.distances import Reach, road_reach_by_kind
from fleet_planner.chargers.gather import depot_sites, flooded_depots, gather_sites
from fleet_planner.chargers.groups import Groups, read_groups
from fleet_planner.chargers.models.nearest import Effort
from fleet_planner.errors import PlanError
from fleet_planner.findings import Finding
from fleet_planner.network import Network, load_network
from fleet_planner.pipeline.computing.places import HomePlaces, read_home_places
from fleet_planner.pipeline.siting.bus_years import bus_demand
from fleet_planner.pipeline.siting.corridors import corridor_model
from fleet_planner.pipeline.siting.fleet_demand import fleet_demand
from fleet_planner.pipeline.siting.out_of_reach import out_of_reach
from fleet_planner.pipeline.siting.variants import curve_of, regret_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_planner.chargers.candidates import Sites
    from fleet_planner.plan.chargers import ChargersSection
    from fleet_planner.plan.models import Plan
    from fleet_planner.progress import Progress

BUILD_OUT = "build_out"
STEP_TIME = 0.3
"""Share of the time limit for the plan year by year."""
UNSERVED = {
    "too_far": "chargers.unserved_too_far",
    "no_such_charger": "chargers.unserved_no_such_charger",
    "wrong_connector": "chargers.unserved_wrong_connector",
    "no_headroom": "chargers.unserved_no_headroom",
    "not_connected_yet": "chargers.unserved_not_connected_yet",
    "limits_or_cost": "chargers.unserved_limits_or_cost",
}
"""Findings by the reason why nobody serves a demand."""
NAMED = 5
"""Places that a finding names."""


@dataclass(frozen=True)
class Siting:
    """What the command hands over.

    Parameters
    ----------
    network, sites, demand, reach
        What was planned on.
    assembled, built, audit
        The build-out, its plan and proof, the same computed anew.
    tables
        By name of ``tables/columns``.
    findings
        What rests on defaults, what no site can serve.
    flooded
        Demand of depots and bases that lies in a flood area.
    """

    network: Network
    sites: Sites
    demand: Demand
    reach: Reach
    assembled: Assembled
    built: Built
    audit: Audit
    tables: dict[str, pl.DataFrame]
    findings: tuple[Finding, ...]
    flooded: frozenset[str] = frozenset()


def site_chargers(plan: Plan, base: Path, progress: Progress) -> Siting:
    """Site the chargers of a plan.

    Parameters
    ----------
    plan
        With ``[chargers]``.
    base
        Folder of the plan.
    progress
        Told what is under way.

    Raises
    ------
    UserError
        The section or a file has to be mended, or the least service cannot be reached.
    """
    section = plan.chargers
    if not (section.demand or section.scenario or section.chains or section.bus_years):
        raise PlanError(
            "the plan names no demand of chargers",
            "Set chargers.demand to a table, or chargers.scenario, chains or bus_years.",
        )
    places = read_home_places(plan.places, base)
    progress("reading the roads", 0.1)
    network = load_network(plan.network, base, plan.city.country, progress)
    demand, asked = _demand(plan, base, places, network)
    groups = read_groups(base / section.groups, demand) if section.groups else Groups.none(demand.size)
    sites, found = gather_sites(section, base, depot_sites(demand) if section.depot_sites else None)
    flooded, wet = flooded_depots(demand, section, base)
    progress("distances by road", 0.3)
    cut_off = np.array([_cut_off(section, kind) for kind in demand.kind])
    reach = road_reach_by_kind(network, sites.lonlat, demand.lonlat, demand.trucks.tolist(), cut_off)
    progress("siting chargers", 0.4)
    rate = plan.economics.discount_rate
    known = {
        level: assemble(section, sites, demand, reach, plan.city.country, rate, level, groups)
        for level in ("low", "central", "high")
    }
    assembled = known[section.headroom]
    # who looks at one year at a time finds a plan that the one with foresight can only better
    step = year_by_year(assembled.build, STEP_TIME * section.seconds, section.gap)
    start = [step.plan] if step.plan is not None else []
    built = solve_build(assembled.build, section.seconds, section.gap, start)
    if built.plan is None:
        raise out_of_reach(assembled, demand, groups)
    checked = audit(assembled.build, built.plan)
    if checked.broken:
        raise AssertionError("; ".join(checked.broken[:NAMED]))
    told = tables.Told(assembled, built.plan, checked, sites, demand)
    progress("models beside the plan", 0.6)
    beside = _beside(section, base, network, told, reach)
    out = {
        **asked,
        "chargers": tables.chargers_table(told),
        "charger_sites": tables.sites_table(told),
        "catchments": pl.concat([tables.catchments_table(told, BUILD_OUT), beside["catchments"]]),
        "charger_grid": tables.grid_table(told),
        "charger_costs": tables.costs_table(told),
        "charger_unserved": tables.unserved_table(told),
        "charger_zones": zones_table(told, groups),
        "siting_models": pl.concat([_own_row(told, built), beside["siting_models"]], how="vertical_relaxed"),
    }
    if any(demand.place):
        levels = {level: one.build for level, one in known.items()}
        out["site_capacity"] = capacity_table(told, levels, section.last_years)
    if groups.names:
        out["charger_groups"] = groups_table(told, groups)
    if "charger_flows" in beside:
        out["charger_flows"] = beside["charger_flows"]
    missed: list[Finding] = []
    if section.regret:
        progress("under other headroom", 0.7)
        out["charger_regret"], missed = regret_of(section, known, built, step)
    if section.curve_points:
        progress("cost against coverage", 0.85)
        out["charger_curve"] = curve_of(section, assembled, built)
    findings = (
        *network.findings,
        *demand.findings,
        *found,
        *groups.findings,
        *wet,
        *assembled.findings,
        *missed,
        *_unserved(out["charger_unserved"], demand),
        *([Finding("chargers.own_prices", "assumption", _prices(section))]),
    )
    return Siting(network, sites, demand, reach, assembled, built, checked, out, findings, flooded)


def _demand(plan: Plan, base: Path, places: HomePlaces, network: Network) -> tuple[Demand, dict[str, pl.DataFrame]]:
    """Return the demand of the table, of the fleet and of the buses, whichever the plan names; tables of the second."""
    section, spots = plan.chargers, _spots(places)
    years, parts, asked = list(section.years), list[Demand](), {}
    if section.demand:
        parts.append(read_demand(base / section.demand, years, plan.city.year, spots))
        years = list(parts[0].years)
    if section.scenario or section.chains:
        wanted = plan.model_copy(update={"chargers": section.model_copy(update={"years": years})})
        fleet = fleet_demand(wanted, base, places, spots, network)
        parts.append(fleet.demand)
        years, asked = list(fleet.demand.years), fleet.tables
    if section.bus_years:
        parts.append(bus_demand(plan, base, spots, years))
    return with_connector(reduce(joined, parts), usual_connector(section, plan.city.country)), asked


def _cut_off(section: ChargersSection, kind: str) -> float:
    own: Mapping[str, float] = {str(k): v for k, v in section.cut_off_by_kind.items()}
    return own.get(kind, section.cut_off_km)


def _prices(section: ChargersSection) -> dict[str, str | int | float]:
    return {"unserved": section.unserved_usd_per_kwh, "detour": section.detour_usd_per_km}


def _beside(
    section: ChargersSection, base: Path, network: Network, told: tables.Told, reach: Reach
) -> dict[str, pl.DataFrame]:
    """Return the models beside the plan, of as many sites as the plan opens, and their catchments."""
    sites, demand = told.sites, told.demand
    opened = int(told.plan.is_open[:, -1].sum())
    locked = sites.locked | told.assembled.build.opened
    p = section.sites if section.sites is not None else max(opened, 1)
    p = min(max(p, int(locked.sum())), sites.size)
    weight = demand.per_day[:, -1]
    far_km = section.far_factor * max(section.cut_off_km, *section.cut_off_by_kind.values(), 0.0)
    effort = Effort(section.seconds)
    found = diagnose(section.diagnostics, reach, weight, _busiest(told), p, locked, far_km, effort)
    plain = [one for one in found if one.model not in CAPACITATED]
    none = tables.frame("siting_models", []), tables.frame("catchments", [])
    models = models_table(found, reach, weight) if found else none[0]
    caught = catchments(plain, reach, weight, (sites.ids, demand.ids), demand.years[-1]) if plain else none[1]
    out = {"siting_models": models, "catchments": caught}
    if section.flows:
        row, flows = corridor_model(section, base, network, sites, p, locked, effort)
        out["siting_models"] = pl.concat([models, row], how="vertical_relaxed")
        out["charger_flows"] = flows
    return out


def _busiest(told: tables.Told) -> Busiest:
    """Return the busiest hour of the last year, and what a site can give with the most chargers that fit."""
    build, hourly = told.assembled.build, told.demand.kwh[:, -1]
    hour = int(hourly.sum(axis=0).argmax())
    options = np.arange(build.shape[1])
    new = build.table[options[None, :], build.most].max(axis=1, initial=0.0)
    return Busiest(hourly[:, hour], new + build.own.max(axis=1, initial=0.0))


def _own_row(told: tables.Told, built: Built) -> pl.DataFrame:
    """Return the build-out as a row of ``siting_models``."""
    reach, demand = told.assembled.build.reach, told.demand
    energy = told.plan.share[:, -1] * demand.per_day[reach.demand, -1]
    whole = max(float(demand.per_day[:, -1].sum()), 1e-12)
    used = energy > 0.0
    row: dict[str, object] = {
        "model": BUILD_OUT,
        "sites": int(told.plan.is_open[:, -1].sum()),
        "objective": built.cost,
        "unit": "US$ 2024",
        "bound": built.bound,
        "gap_pct": 100.0 * built.gap,
        "start": built.start if np.isfinite(built.start) else None,
        "checked": told.audit.cost,
        "covered_pct": min(100.0 * float(energy.sum()) / whole, 100.0),
        "mean_km": float((energy * reach.km).sum() / energy.sum()) if used.any() else None,
        "longest_km": float(reach.km[used].max(initial=0.0)) if used.any() else None,
        "status": built.status,
    }
    return tables.frame("siting_models", [row])


def _spots(places: HomePlaces) -> dict[str, tuple[float, float]]:
    """Return a point of each zone and depot of the plan; depots go before zones of the same name."""
    import shapely

    out: dict[str, tuple[float, float]] = {}
    for kind in (places.zones, places.depots):
        if kind is None:
            continue
        points = shapely.point_on_surface(kind.geometry)
        out |= {n: (float(p.x), float(p.y)) for n, p in zip(kind.names, points, strict=True)}
    return out


def _unserved(table: pl.DataFrame, demand: Demand) -> list[Finding]:
    """Return what nobody serves in the last year by reason."""
    last = table.filter(pl.col("year") == demand.years[-1])
    whole = max(float(demand.per_day[:, -1].sum()), 1e-12)
    out = []
    for (reason,), rows in last.group_by("reason", maintain_order=True):
        largest = rows.sort("kwh_per_day", descending=True)
        names = ", ".join(largest["demand_id"].head(NAMED).to_list())
        share = float(rows["kwh_per_day"].sum()) / whole
        out.append(Finding(UNSERVED[str(reason)], "warning", {"names": names}, rows.height, share))
    return out
