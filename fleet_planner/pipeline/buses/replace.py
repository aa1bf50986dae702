"""The replacement of a city's buses: fleet, service, figures and rules read, the plan found, its tables made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.buses.transition import tables
from fleet_planner.buses.transition.account import account, discounted
from fleet_planner.buses.transition.assign import new_vehicles, oldest_first, vehicle_plan
from fleet_planner.buses.transition.check import HARD, breaches
from fleet_planner.buses.transition.emissions import POLLUTANTS, emissions_by_year
from fleet_planner.buses.transition.figures import batteries_of, figures_of, rules_of
from fleet_planner.buses.transition.forms import Filed, blanks, forms
from fleet_planner.buses.transition.model import POWERTRAINS, Problem
from fleet_planner.buses.transition.needs import WAYS, needs_of, resolved
from fleet_planner.buses.transition.packaged import Packaged
from fleet_planner.buses.transition.programme import CONFLICT, NEARLY, SOFT, solve
from fleet_planner.buses.transition.strategies import Strategy, compared, strategies_table
from fleet_planner.buses.transition.today import cohorts_of, one_row_each, tied_to_pools, with_life
from fleet_planner.errors import InputError, PlanError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.pipeline.buses.buses_today import buses_of_today, engine_of, newest, values_of
from fleet_planner.units import KG_PER_T

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fleet_planner.buses.transition.model import Decision, Float, Int
    from fleet_planner.buses.transition.programme import Solved
    from fleet_planner.pipeline.buses.feasibility import BusFeasibility
    from fleet_planner.pipeline.prepare import Prepared

BLOCKS = "bus_block_needs"
FUNDED = "bus_funding"


@dataclass(frozen=True)
class Replacement:
    """A solved replacement and its tables.

    Parameters
    ----------
    problem, decision, solved
        What was solved; ``decision`` has the oldest buses go first.
    cost, gap
        Present value of the decision, and how far its objective is above the proved bound.
    vehicles, new
        Today's buses with the year in which each goes; those bought.
    blocks
        With the year from which each is zero-emission.
    purchases, fleet, compliance, rules, costs, facilities, stations, emissions, workforce
        See ``tables/columns/bus_*.csv``.
    rule_names
        Rules on purchases.
    strategies
        The free choice of charging beside pure ones, where asked; else empty.
    forms
        Tables that agencies file, by name.
    findings
        What was assumed.
    """

    problem: Problem
    decision: Decision
    solved: Solved
    cost: float
    gap: float
    vehicles: pl.DataFrame
    new: pl.DataFrame
    blocks: pl.DataFrame
    purchases: pl.DataFrame
    fleet: pl.DataFrame
    compliance: pl.DataFrame
    rules: pl.DataFrame
    costs: pl.DataFrame
    facilities: pl.DataFrame
    stations: pl.DataFrame
    emissions: pl.DataFrame
    workforce: pl.DataFrame
    rule_names: tuple[str, ...]
    strategies: pl.DataFrame
    forms: Mapping[str, pl.DataFrame]
    findings: tuple[Finding, ...]

    @property
    def blanks(self) -> int:
        """Cells of the forms that the agency has to fill."""
        return blanks(self.forms)


@dataclass(frozen=True)
class Posed:
    """A replacement before it is solved.

    Parameters
    ----------
    problem
        What is solved.
    vehicles, blocks
        Today's buses with their cohort, blocks with their need.
    stations
        Ids of the charging stations on the way.
    new_per_km
        What a new conventional bus emits per km, by pool.
    rule_names
        Rules on purchases.
    packaged
        Figures that were looked up.
    findings
        What was assumed.
    """

    problem: Problem
    vehicles: pl.DataFrame
    blocks: pl.DataFrame
    stations: tuple[str, ...]
    new_per_km: Mapping[str, Float]
    rule_names: tuple[str, ...]
    packaged: Packaged
    findings: tuple[Finding, ...]


def posed(ready: Prepared, driven: BusFeasibility | None = None) -> Posed:
    """Return the replacement of a plan's buses as a problem.

    Parameters
    ----------
    ready
        The city, with the baseline's inventory.
    driven
        The timetable as electric buses drive it; none: the blocks are those of the table that the plan names.

    Raises
    ------
    UserError
        The plan names no blocks, no bus drives them, a name is unknown, or a table is wrong.
    """
    plan, section = ready.plan, ready.plan.buses.transition
    packaged = Packaged(plan.economics, plan.city.country)
    years = years_of(ready)
    batteries = batteries_of(section, packaged)
    given = driven.needs if driven is not None else read_blocks(ready.base, section.blocks)
    needed, findings = resolved(given, section, batteries)
    values = values_of(ready, int(years[0]))
    service = {(d, b): n for d, b, n in needed.group_by("depot_id", "bus_type").len().iter_rows()}
    tied, pools, told = tied_to_pools(one_row_each(buses_of_today(ready, values)), service)
    findings += told
    findings += _unknown_depots([d.depot_id for d in section.depot], pools.depots)
    tied = with_life(tied, section, plan.city.year, years, _funded(ready.base, section.funded))
    pool_of = {(pools.depots[int(d)], b): k for k, (d, b) in enumerate(zip(pools.depot, pools.bus_type, strict=True))}
    driver = ready.priced.outlook.classes["bus"].driver_per_h
    numbered, needs, stations = needs_of(needed, pool_of, section, driver, batteries.efficiency)
    electric = set(tied.filter(pl.col("powertrain") == "battery")["depot_id"])
    figures = figures_of(
        section,
        packaged,
        ready.priced.outlook.prices,
        pools,
        needs,
        engine_of(ready, tied, pools.bus_type, years),
        stations,
        years,
        rate=plan.economics.discount_rate,
        lead_years=plan.economics.charging.upgrade_lead_years,
        powered=[d in electric for d in pools.depots],
        harm_per_kwh=ready.priced.grid.of_differences * values.get("CO2", 0.0) * KG_PER_T,
        packs=None if driven is None else _packs(driven),
        points=None if driven is None else _points(driven),
    )
    conventional = figures.price[:, POWERTRAINS.index("conventional"), 0]
    vehicles, cohorts = cohorts_of(tied, conventional, years, section.minimum_life_years)
    lots = len(pools.bus_type)
    in_use = np.bincount(needs.pool, weights=needs.blocks, minlength=lots).astype(np.float64)
    fleet = np.bincount(cohorts.pool, weights=cohorts.count, minlength=lots).astype(np.float64)
    rules, told, names = rules_of(section, plan.city.country, section.streams, pools, in_use, fleet, years)
    return Posed(
        problem=Problem(pools, cohorts, needs, figures, rules),
        vehicles=vehicles,
        blocks=numbered,
        stations=stations,
        new_per_km={column: newest(tied, pools.bus_type, column) for column, _ in POLLUTANTS.values()},
        rule_names=tuple(names),
        packaged=packaged,
        findings=(*findings, *told),
    )


def _packs(driven: BusFeasibility) -> dict[tuple[str, str], float]:
    """Return the batteries of the simulation by powertrain and size of bus: the usual one and the largest on offer."""
    figures = next(iter(driven.days.values())).figures
    out: dict[tuple[str, str], float] = {}
    for size, kwh in figures.kwh.items():
        out["battery", size] = out["battery_station", size] = kwh
        out["battery_large", size] = max((*figures.larger_kwh.get(size, ()), kwh))
    return out


def _points(driven: BusFeasibility) -> dict[str, int]:
    """Return the chargers of the stations that the simulation chose."""
    added = driven.sites.filter(pl.col("added"))
    return dict(added.group_by("site_id").agg(pl.col("chargers").max()).iter_rows())


def years_of(ready: Prepared) -> Int:
    """Return the years of the plan.

    Raises
    ------
    PlanError
        They do not follow the base year.
    """
    section, base_year = ready.plan.buses.transition, ready.plan.city.year
    first = section.from_year if section.from_year is not None else base_year + 1
    if section.to_year < first or first <= base_year:
        raise PlanError(
            f"the years {first} to {section.to_year} do not follow the base year, {base_year}",
            "Set buses.transition.from_year and to_year after city.year.",
            column="buses.transition.to_year",
            value=section.to_year,
        )
    return np.arange(first, section.to_year + 1)


def replacement_of(ready: Prepared, driven: BusFeasibility | None = None) -> Replacement:
    """Find the replacement of a plan's buses; see `posed`.

    Raises
    ------
    UserError
        The plan names no blocks, no bus drives them, a name is unknown, or a table is wrong.
    """
    section = ready.plan.buses.transition
    given = posed(ready, driven)
    problem = given.problem
    solved = solve(problem, objective=section.objective, seconds=section.time_limit_s, gap=section.gap)
    strategies: tuple[Strategy, ...] = ()
    if section.compare_charging:
        solved, strategies = compared(
            problem, solved, seconds=section.time_limit_s, gap=section.gap, dirtiest=section.order == "dirtiest"
        )
    decision = oldest_first(problem, solved.decision, dirtiest=section.order == "dirtiest")
    if broken := [b for b in breaches(problem, decision) if b.rule in HARD]:
        raise AssertionError(f"a plan breaks a rule that it may not: {broken[0]}")
    block_table = tables.block_table(problem, decision, given.blocks)
    if (beyond := tables.check_batteries(block_table)).height:
        raise AssertionError(f"block {beyond['block_id'][0]} has a bus whose battery does not last")
    cost = discounted(problem, account(problem, decision))
    objective = cost if section.objective == "cost" else solved.objective
    size = max(abs(objective), abs(solved.bound))
    hours = {staff: given.packaged.figure("training_hours", staff) for staff in tables.STAFF}
    filed = _filed(ready, given, decision, block_table, hours)
    filled = forms(filed)
    findings = [*given.findings, Finding("buses.transition_blanks", "info", {}, blanks(filled))]
    if unchecked := given.packaged.unchecked:
        listed = {"items": ", ".join(unchecked)}
        findings.append(Finding("buses.transition_unchecked", "assumption", listed, len(unchecked)))
    return Replacement(
        problem=problem,
        decision=decision,
        solved=solved,
        cost=cost,
        gap=max(objective - solved.bound, 0.0) / size if size > 0.0 else 0.0,
        vehicles=filed.vehicles,
        new=filed.new,
        blocks=block_table,
        purchases=filed.purchases,
        fleet=filed.fleet,
        compliance=filed.compliance,
        rules=tables.rules_checked(problem, decision, (*HARD, *SOFT)),
        costs=filed.costs,
        facilities=filed.facilities,
        stations=filed.stations,
        emissions=emissions_by_year(problem, decision, given.vehicles, given.new_per_km, ready.priced.grid.average_in),
        workforce=filed.workforce,
        rule_names=given.rule_names,
        strategies=strategies_table(strategies),
        forms=filled,
        findings=tuple(findings) + _status_findings(solved),
    )


def _filed(
    ready: Prepared, given: Posed, decision: Decision, blocks: pl.DataFrame, hours: Mapping[str, float]
) -> Filed:
    """Return the tables that the forms are filled from."""
    section, problem = ready.plan.buses.transition, given.problem
    figures, depots = problem.figures, problem.pools.depots
    budget = zip(figures.years, problem.rules.budget, strict=True)
    per_bus = {str(k): v for k, v in section.workforce_per_bus.items()}
    return Filed(
        agency=ready.plan.city.name,
        vehicles=vehicle_plan(problem, decision, given.vehicles),
        new=new_vehicles(problem, decision),
        blocks=blocks,
        purchases=tables.purchases(problem, decision),
        fleet=tables.fleet_by_year(problem, decision),
        facilities=tables.facilities(problem, decision),
        stations=tables.stations_by_year(problem, decision, given.stations),
        workforce=tables.workforce(problem, decision, per_bus, hours),
        costs=tables.costs(problem, decision),
        compliance=tables.compliance(problem, decision, given.rule_names),
        depots={d.depot_id: {"name": d.name, "address": d.address, "utility": d.utility} for d in section.depot},
        rules=_rule_status(given.findings, given.rule_names),
        lead={d: int(figures.lead[k]) for k, d in enumerate(depots)},
        missed=_missed(tables.rules_checked(problem, decision, ())),
        budget={int(y): float(b) for y, b in budget if np.isfinite(b)},
    )


def _rule_status(findings: Sequence[Finding], names: Sequence[str]) -> list[tuple[str, str]]:
    status = {str(f.values["rule"]): str(f.values["status"]) for f in findings if f.code == "buses.transition_rule"}
    return [(name, status.get(name, "of the plan")) for name in names]


def _missed(checked: pl.DataFrame) -> list[str]:
    rows = checked.filter(pl.col("verdict") == "missed").select("rule", "year", "gap").iter_rows()
    return [f"{rule} {year}: {gap:.4g}" for rule, year, gap in rows]


def read_blocks(base: Path, name: str) -> pl.DataFrame:
    """Read a table of blocks and what they need.

    Raises
    ------
    UserError
        The plan names none, or a cell is wrong.
    """
    if not name:
        raise PlanError(
            "the plan has no blocks to be run",
            "Name a timetable in [buses], or a table in buses.transition.blocks.",
            column="buses.transition.blocks",
        )
    path = base / name
    table = typed(read_cells(path, "buses.transition.blocks"), BLOCKS, path)
    twice = table["block_id"].is_duplicated()
    refuse(table, twice, "block_id", path, "a block stands twice", "Give each block one row.")
    listed = table["ways"].fill_null("").str.split("|").to_list()
    for row, words in zip(table["row"].to_list(), listed, strict=True):
        for word in words:
            if word and word not in WAYS:
                raise InputError("this way is not known", use_one_of(word, WAYS), path, row, "ways", word)
    return table.drop("row")


def _funded(base: Path, name: str) -> Mapping[str, int]:
    if not name:
        return {}
    path = base / name
    table = typed(read_cells(path, "buses.transition.funded"), FUNDED, path)
    return dict(table.select("vehicle_id", "funded_until").iter_rows())


def _unknown_depots(given: Sequence[str], depots: Sequence[str]) -> list[Finding]:
    unknown = sorted(set(given) - set(depots))
    if not unknown:
        return []
    return [Finding("buses.transition_depot_unused", "warning", {"depots": ", ".join(unknown)}, len(unknown))]


def _status_findings(solved: Solved) -> tuple[Finding, ...]:
    if solved.status != CONFLICT:
        return ()
    missed = ", ".join(name for name, miss in solved.misses.items() if miss > NEARLY)
    if not solved.conflicts:
        return (Finding("buses.transition_conflict_many", "warning", {"missed": missed}),)
    values = {"rules": ", ".join(solved.conflicts), "missed": missed}
    return (Finding("buses.transition_conflict", "warning", values, len(solved.conflicts)),)
