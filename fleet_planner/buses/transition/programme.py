"""The replacement as an integer programme: columns, rows, costs; solved with whole buses and a proved bound.

Rules that a plan may fail (shares of purchases, the target, overdue buses, budget, supply) have slacks. They are fixed
at nought first; where no plan keeps all rules, the least sum of misses is found, then the best plan at that sum, and
each rule is tried without in turn, to say which of them conflict.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.transition.account import payments, straight_line_left
from fleet_planner.buses.transition.columns import Programme
from fleet_planner.buses.transition.model import (
    ELECTRIC,
    EXISTING,
    HYDROGEN,
    POWERTRAINS,
    STATION,
    ZERO_EMISSION,
    Decision,
)
from fleet_planner.highs import INFEASIBLE, OPTIMAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.buses.transition.columns import Found
    from fleet_planner.buses.transition.model import Float, Int, Problem

NEARLY = 1e-6
HALF = 0.5
INF = float("inf")
SOFT = ("purchase_share", "target", "overdue", "budget", "supply")
"""Rules that a plan may miss."""

MET, CONFLICT, STOPPED = "met", "conflict", "time limit"


@dataclass(frozen=True)
class Places:
    """Indices of the columns in the shapes of `Decision`, and of the slacks by rule."""

    bought: Int
    retired: Int
    served: Int
    chargers: Int
    powered: Int
    hydrogen: Int
    stations: Int
    slack: Mapping[str, Int]


@dataclass(frozen=True)
class Solved:
    """A solved replacement.

    Parameters
    ----------
    status
        ``met``; ``conflict`` where no plan keeps all rules: the plan is then one that misses least; ``time limit``.
    decision
        Whole numbers.
    objective, bound
        Of the plan, and the proved lower bound of any that misses no more: US$ of the base year, or weighted emissions.
    misses
        By rule, in buses (of the budget in standard buses), all 0 where the rules are met.
    conflicts
        Rules of which each, left out alone, lets all others be kept: those of `SOFT`, ``life`` and ``power``.
    seconds
        Spent.
    """

    status: str
    decision: Decision
    objective: float
    bound: float
    misses: Mapping[str, float]
    conflicts: tuple[str, ...]
    seconds: float

    @property
    def gap(self) -> float:
        """Objective above the bound as a share of its size."""
        size = max(abs(self.objective), abs(self.bound))
        return max(self.objective - self.bound, 0.0) / size if size > 0.0 else 0.0


def columns_of(problem: Problem, programme: Programme) -> Places:
    """Add the columns of a problem."""
    pools, cohorts, needs = problem.pools, problem.cohorts, problem.needs
    figures, rules = problem.figures, problem.rules
    years, lots, depots = figures.years, len(pools.bus_type), len(pools.depots)
    size = 2.0 * most_buses(problem)
    bought = programme.add(np.where(rules.buyable[None], size, 0.0) * np.ones((lots, 1, 1)))
    free = years[None, :] >= cohorts.free_year[:, None]
    retired = programme.add(np.where(free, cohorts.count[:, None], 0.0))
    can = needs.buses > 0.0
    served = programme.add((can * needs.blocks[:, None])[:, :, None] * np.ones(years.size))
    chargers = programme.add(np.full((depots, years.size), size))
    ready = (years[None, :] >= figures.ready[:, None]) & ~figures.powered[:, None]
    powered = programme.add(ready.astype(np.float64))
    lead = years[None, :] >= years[0] + figures.lead[:, None]
    hydrogen = programme.add(lead.astype(np.float64))
    stands = (years >= figures.station_ready).astype(np.float64)
    stations = programme.add(np.tile(stands, (needs.stations.shape[1], 1)))
    slack = {
        "purchase_share": programme.add(np.full(years.size, size), whole=False),
        "target": programme.add(np.full(1, size), whole=False),
        "overdue": programme.add(np.full(cohorts.count.size, size), whole=False),
        "budget": programme.add(np.full(years.size, INF), whole=False),
        "supply": programme.add(np.full((len(POWERTRAINS), years.size), size), whole=False),
    }
    return Places(bought, retired, served, chargers, powered, hydrogen, stations, slack)


def most_buses(problem: Problem) -> float:
    """Return more buses than a plan ever has: those of today and those that all blocks take at most."""
    needs = problem.needs
    asked = (needs.blocks[:, None] * needs.buses).max(axis=1, initial=0.0)
    return float(problem.cohorts.count.sum() + asked.sum() + 1.0)


def rows_of(problem: Problem, programme: Programme, at: Places) -> None:
    """Add the rows of a problem."""
    _fleet_rows(problem, programme, at)
    _depot_rows(problem, programme, at)
    _rule_rows(problem, programme, at)


def _stock_parts(
    problem: Problem, at: Places, pool: int, powertrain: int, t: int
) -> tuple[list[tuple[Int, float]], float]:
    """Return columns of the buses of a pool and powertrain that run in a year, and those of today among them."""
    first = max(0, t - problem.figures.bus_life + 1)
    parts: list[tuple[Int, float]] = [(at.bought[pool, powertrain, first : t + 1], 1.0)]
    own = np.flatnonzero((problem.cohorts.pool == pool) & (problem.cohorts.powertrain == powertrain))
    if own.size:
        parts.append((at.retired[own, : t + 1], -1.0))
    return parts, float(problem.cohorts.count[own].sum())


def _fleet_rows(problem: Problem, programme: Programme, at: Places) -> None:
    cohorts, needs, rules = problem.cohorts, problem.needs, problem.rules
    years = problem.figures.years
    for g in range(cohorts.count.size):
        count = float(cohorts.count[g])
        programme.row(-INF, count, (at.retired[g], 1.0))
        by = int(np.searchsorted(years, cohorts.due_year[g], side="right"))
        if by > 0 and cohorts.due_year[g] <= years[-1]:
            programme.row(count, INF, (at.retired[g, :by], 1.0), (at.slack["overdue"][g : g + 1], 1.0))
    for c in range(needs.pool.size):
        for t in range(years.size):
            blocks = float(needs.blocks[c])
            programme.row(blocks, blocks, (at.served[c, :, t], 1.0))
    for t in range(years.size):
        every: list[tuple[Int, Float | float]] = []
        today = 0.0
        for pool in range(len(problem.pools.bus_type)):
            own = np.flatnonzero(needs.pool == pool)
            fleet: list[tuple[Int, Float | float]] = []
            had = 0.0
            for p in range(len(POWERTRAINS)):
                parts, count = _stock_parts(problem, at, pool, p, t)
                fleet += parts
                had += count
                programme.row(-INF, count, (at.served[own, p, t], needs.buses[own, p]), *((i, -v) for i, v in parts))
            used = at.served[own, :, t]
            programme.row(
                -had - float(rules.spare_short[pool]),
                INF,
                *fleet,
                (used, -(1.0 + rules.spare_min) * needs.buses[own]),
            )
            every += fleet
            if np.isfinite(rules.spare_max):
                every.append((used, -(1.0 + rules.spare_max) * needs.buses[own]))
            today += had
        if np.isfinite(rules.spare_max):
            programme.row(-INF, rules.spare_excess - today, *every)


def _depot_rows(problem: Problem, programme: Programme, at: Places) -> None:
    pools, needs, figures = problem.pools, problem.needs, problem.figures
    most = float(
        problem.cohorts.count.sum() + (needs.blocks[:, None] * needs.buses).max(axis=1, initial=0.0).sum() + 1.0
    )
    for d in range(len(pools.depots)):
        own = np.flatnonzero(pools.depot == d)
        blocks = np.flatnonzero(np.isin(needs.pool, own))
        for t in range(problem.years):
            first = max(0, t - figures.bus_life + 1)
            bought = at.bought[own, :, first : t + 1]
            battery: list[tuple[Int, Float | float]] = [(bought[:, ELECTRIC], 1.0)]
            hydrogen: list[tuple[Int, Float | float]] = [(bought[:, HYDROGEN], 1.0)]
            if not figures.powered[d]:
                programme.row(-INF, 0.0, *battery, (at.powered[d, : t + 1], -most))
            programme.row(-INF, 0.0, *hydrogen, (at.hydrogen[d, : t + 1], -most))
            programme.row(-INF, 0.0, *battery, (at.chargers[d, : t + 1], -figures.buses_per_charger))
            if np.isfinite(figures.grid_cap_kw[d]):
                peak = np.repeat(needs.peak_kw[blocks, None], len(ELECTRIC), axis=1)
                drawn = at.served[blocks][:, ELECTRIC, t]
                programme.row(-INF, float(figures.grid_cap_kw[d]), (drawn, peak))
        programme.row(-INF, 1.0, (at.powered[d], 1.0))
        programme.row(-INF, 1.0, (at.hydrogen[d], 1.0))
    for k in range(needs.stations.shape[1]):
        programme.row(-INF, 1.0, (at.stations[k], 1.0))
        for c in np.flatnonzero(needs.stations[:, k]).tolist():
            for t in range(problem.years):
                programme.row(
                    -INF,
                    0.0,
                    (at.served[c, STATION, t : t + 1], 1.0),
                    (at.stations[k, : t + 1], -float(needs.blocks[c])),
                )


def _rule_rows(problem: Problem, programme: Programme, at: Places) -> None:
    rules = problem.rules
    standard = standard_bus(problem)
    for t in range(problem.years):
        counted = np.flatnonzero(rules.counts[:, t])
        if rules.share[t] > 0.0 and counted.size:
            bought = at.bought[counted, :, t]
            clean = np.isin(np.arange(len(POWERTRAINS)), ZERO_EMISSION).astype(np.float64)
            asked = np.broadcast_to(clean - rules.share[t], bought.shape)
            slack = at.slack["purchase_share"][t : t + 1]
            # the number asked for is rounded to the nearest whole bus, halves up
            programme.row(-HALF + NEARLY, INF, (bought, asked), (slack, 1.0))
        if np.isfinite(rules.budget[t]):
            # in standard buses, so that the row is of the size of the others
            paid = [(i, v / standard) for i, v in capital(problem, at, t)]
            programme.row(-INF, rules.budget[t] / standard, *paid, (at.slack["budget"][t : t + 1], -1.0))
        for p in range(len(POWERTRAINS)):
            if np.isfinite(rules.supply[p, t]):
                slack = at.slack["supply"][p, t : t + 1]
                programme.row(-INF, float(rules.supply[p, t]), (at.bought[:, p, t], 1.0), (slack, -1.0))
    if rules.target_share > 0.0:
        parts: list[tuple[Int, Float | float]] = []
        constant = 0.0
        for pool in range(len(problem.pools.bus_type)):
            for p in range(len(POWERTRAINS)):
                own, count = _stock_parts(problem, at, pool, p, problem.years - 1)
                weight = (1.0 if p in ZERO_EMISSION else 0.0) - rules.target_share
                parts += [(i, v * weight) for i, v in own]
                constant += count * weight
        programme.row(-constant, INF, *parts, (at.slack["target"], 1.0))


def standard_bus(problem: Problem) -> float:
    """Return the mean price of a bus, US$ 2024: the unit in which money is missed."""
    return float(problem.figures.price[:, :EXISTING].mean())


def capital(problem: Problem, at: Places, t: int) -> list[tuple[Int, Float]]:
    """Return the columns that cost capital in a year, and how much."""
    figures = problem.figures
    buys = at.bought[:, :EXISTING]
    parts = [(buys[:, :, t], figures.price[:, :EXISTING, t])]
    renewals = [a for a in range(figures.battery_life, figures.bus_life, figures.battery_life) if a <= t]
    parts += [(buys[:, :, t - age], figures.pack[:, :EXISTING, t]) for age in renewals]
    parts.append((at.chargers[:, t], np.full(at.chargers.shape[0], figures.charger)))
    parts.append((at.stations[:, t], figures.station))
    for d in range(at.powered.shape[0]):
        shares = np.array([payments(int(figures.lead[d]), s, problem.years)[t] for s in range(problem.years)])
        parts.append((at.powered[d], figures.site[d] * shares))
        parts.append((at.hydrogen[d], figures.hydrogen_site[d] * shares))
    return parts


def cost_vector(problem: Problem, programme: Programme, at: Places) -> Float:
    """Return the discounted cost of each column; equal to `account.discounted` of any decision."""
    figures, needs, years = problem.figures, problem.needs, problem.years
    worth = figures.discount
    cost = np.zeros(programme.columns)
    for t in range(years):
        for index, money in capital(problem, at, t):
            np.add.at(cost, index.ravel(), (money * worth[t]).ravel())
    left = np.array([straight_line_left(figures.charger_life, t, years) for t in range(years)]) * worth[-1]
    upkeep = figures.charger * figures.charger_upkeep_share * np.cumsum(worth[::-1])[::-1]
    cost[at.chargers] += upkeep - figures.charger * left
    cost[at.powered] -= figures.site[:, None] * left
    cost[at.hydrogen] -= figures.hydrogen_site[:, None] * left
    cost[at.stations] -= figures.station[:, None] * left
    ages = years - np.arange(years)
    kept = np.where(ages < figures.bus_life, figures.residual_share[ages], 0.0)
    cost[at.bought[:, :EXISTING]] -= figures.price[:, :EXISTING] * kept * worth[-1]
    run = figures.energy + (needs.km[:, None] * figures.upkeep[needs.pool])[:, :, None]
    more = np.maximum(needs.buses - 1.0, 0.0) * needs.extra_cost[:, None]
    run = run + more[:, :, None]
    run[:, ELECTRIC] += needs.peak_kw[:, None, None] * figures.demand_per_kw
    cost[at.served] += run * worth
    cost[at.retired] += problem.cohorts.loss * worth
    return cost


def harm_vector(problem: Problem, programme: Programme, at: Places) -> Float:
    """Return the weighted emissions of each column, without discount; equal to the sum of `account.harm`."""
    needs = problem.needs
    out = np.zeros(programme.columns)
    per_block = problem.figures.harm[needs.pool] * (needs.km * needs.weight)[:, None]
    out[at.served] += per_block[:, :, None]
    return out


def solve(problem: Problem, *, objective: str = "cost", seconds: float = 60.0, gap: float = 2e-3) -> Solved:
    """Find the best replacement that keeps all rules, or that misses them least.

    Parameters
    ----------
    problem
        The fleet, its service, figures and rules.
    objective
        ``cost`` (discounted) or ``emissions`` (weighted and summed over the years, so that early cuts count most; of
        the plans within the gap of the least, the cheapest).
    seconds, gap
        At which each integer solve stops.
    """
    begin = time.perf_counter()
    programme = Programme()
    at = columns_of(problem, programme)
    rows_of(problem, programme, at)
    aim = cost_vector(problem, programme, at) if objective == "cost" else harm_vector(problem, programme, at)
    soft = np.concatenate([np.ravel(at.slack[name]) for name in SOFT])
    none = (soft, np.zeros(soft.size))
    found = programme.solve(aim, seconds, gap, fixed=none)
    conflicts: tuple[str, ...] = ()
    fixed = none
    clash = found.status == INFEASIBLE
    if clash:
        conflicts = (*conflicting(programme, at, seconds), *standing_in_the_way(problem, seconds))
        fixed = (soft, _least_misses(programme, soft, seconds))
        found = programme.solve(aim, seconds, gap, fixed=fixed)
    if found.values.size == 0:
        # no whole plan in time: the one that misses least is always there, the rules are soft
        least = _miss_cost(programme, soft)
        found_any = programme.solve(least, seconds * 5.0, 0.5)
        values, bound = found_any.values, float("-inf")
    else:
        values, bound = found.values, found.bound
    if objective == "emissions" and found.values.size:
        values = _cheapest(problem, programme, at, aim, found, fixed, seconds, gap)
    if values.size == 0:
        raise RuntimeError("the solver found no plan although every rule may be missed")
    decision = _decision(values, at)
    misses = {name: float(values[np.ravel(at.slack[name])].sum()) for name in SOFT}
    status = CONFLICT if clash else MET if found.status == OPTIMAL else STOPPED
    return Solved(status, decision, float(aim @ values), bound, misses, conflicts, time.perf_counter() - begin)


def _miss_cost(programme: Programme, soft: Int) -> Float:
    cost = np.zeros(programme.columns)
    cost[soft] = 1.0
    return cost


def _least_misses(programme: Programme, soft: Int, seconds: float) -> Float:
    """Return by how much each soft rule is missed where their sum is least, as upper bounds of the slacks."""
    found = programme.solve(_miss_cost(programme, soft), seconds, 1e-3)
    if found.values.size == 0:
        return np.full(soft.size, INF)
    return np.asarray(np.where(found.values[soft] > NEARLY, found.values[soft] * (1.0 + NEARLY) + NEARLY, 0.0))


def conflicting(programme: Programme, at: Places, seconds: float) -> tuple[str, ...]:
    """Return the rules of which each, left out alone, lets all others be kept."""
    soft = np.concatenate([np.ravel(at.slack[name]) for name in SOFT])
    out = []
    for name in SOFT:
        others = np.setdiff1d(soft, np.ravel(at.slack[name]))
        free = np.zeros(programme.columns)
        alone = programme.solve(free, seconds, 1e-2, fixed=(others, np.zeros(others.size)))
        if alone.status == OPTIMAL:
            out.append(name)
    return tuple(out)


def standing_in_the_way(problem: Problem, seconds: float) -> tuple[str, ...]:
    """Return ``life`` and ``power`` where buses that might go at once, or depots with power at once, keep all rules."""
    cohorts, figures = problem.cohorts, problem.figures
    first = int(figures.years[0])
    depots = figures.ready.size
    freed = {
        "life": replace(problem, cohorts=replace(cohorts, free_year=np.full(cohorts.count.size, first))),
        "power": replace(
            problem,
            figures=replace(
                figures, ready=np.full(depots, first), lead=np.zeros(depots, dtype=np.int64), station_ready=first
            ),
        ),
    }
    out = []
    for name, other in freed.items():
        programme = Programme()
        at = columns_of(other, programme)
        rows_of(other, programme, at)
        soft = np.concatenate([np.ravel(at.slack[rule]) for rule in SOFT])
        alone = programme.solve(np.zeros(programme.columns), seconds, 1e-2, fixed=(soft, np.zeros(soft.size)))
        if alone.status == OPTIMAL:
            out.append(name)
    return tuple(out)


def _cheapest(
    problem: Problem,
    programme: Programme,
    at: Places,
    aim: Float,
    found: Found,
    fixed: tuple[Int, Float],
    seconds: float,
    gap: float,
) -> Float:
    """Return the cheapest plan whose weighted emissions are within the gap of the least."""
    least = float(aim @ found.values)
    some = np.flatnonzero(aim)
    size = max(abs(least), 1e-9)
    programme.row(-INF, (least + gap * abs(least)) / size, (some, aim[some] / size))
    cheap = programme.solve(cost_vector(problem, programme, at), seconds, gap, fixed=fixed, start=found.values)
    return cheap.values if cheap.values.size else found.values


def _decision(values: Float, at: Places) -> Decision:
    def whole(place: Int) -> Int:
        return np.asarray(np.round(values[place]), dtype=np.int64)

    return Decision(
        bought=whole(at.bought),
        retired=whole(at.retired),
        served=whole(at.served),
        chargers=whole(at.chargers),
        powered=whole(at.powered),
        hydrogen=whole(at.hydrogen),
        stations=whole(at.stations),
    )
