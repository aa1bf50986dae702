"""The build-out solved: with foresight, year by year, under another grid, along the curve of cost and coverage."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.chargers.building.programme import Layout, cost_of, layout_of, programme_of
from fleet_planner.chargers.building.start import Plan, columns_of, start_for_share, start_from, start_of
from fleet_planner.chargers.solver import Programme, solve
from fleet_planner.highs import INFEASIBLE, OPTIMAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.chargers.building.problem import Build

    Float = NDArray[np.float64]

START_ONLY = "start only"
WITHIN = "within gap"
PROVED = 1e-6
ROUND = 0.5


@dataclass(frozen=True)
class Built:
    """A plan with its proof.

    Parameters
    ----------
    plan
        None where the least service cannot be reached.
    cost, bound, start
        Discounted, US$ 2024.
    status, seconds
        Of the search.
    """

    plan: Plan | None
    cost: float
    bound: float
    start: float
    status: str
    seconds: float

    @property
    def gap(self) -> float:
        """Share of the cost that is not proved."""
        return 0.0 if self.cost <= self.bound else (self.cost - self.bound) / max(abs(self.cost), 1e-9)


def solve_build(build: Build, seconds: float, gap: float, known: Sequence[Plan] = ()) -> Built:
    """Return the build-out at the least cost.

    Parameters
    ----------
    build
        What is computed from.
    seconds
        Time limit of the solver; 0: the start and the bound of the relaxation.
    gap
        Relative gap at which the solver stops.
    known
        Plans to start from beside the own start.
    """
    begin = time.perf_counter()
    layout = layout_of(build)
    programme = programme_of(build, layout)
    starts = [start_of(build), *known]
    given, cost = _best_start(build, layout, programme, starts)
    told = cost if given is not None else np.inf
    if seconds <= 0.0:
        relaxed = solve(programme, relax=True)
        plan = None if given is None else _plan(build, layout, given)
        status = INFEASIBLE if relaxed.status == INFEASIBLE else START_ONLY
        return Built(plan, told, relaxed.bound, told, status, time.perf_counter() - begin)
    found = solve(programme, seconds, gap, given)
    best, bound, status = given, found.bound, found.status
    if found.values is not None:
        value = float(programme.cost @ found.values)
        if given is None or value < cost:
            best, cost = found.values, value
    if best is None:
        return Built(None, np.inf, bound, told, status, time.perf_counter() - begin)
    best = _polished(programme, layout, best)
    cost = float(programme.cost @ best)
    closed = cost - bound <= max(PROVED * abs(cost), gap * abs(cost))
    status = (OPTIMAL if cost - bound <= PROVED * abs(cost) else WITHIN) if closed else status
    return Built(_plan(build, layout, best), cost, min(bound, cost), told, status, time.perf_counter() - begin)


def _best_start(
    build: Build, layout: Layout, programme: Programme, plans: Sequence[Plan]
) -> tuple[Float | None, float]:
    """Return the cheapest of the plans that keep all rows, its demand dealt out anew at the least cost."""
    best, least = None, np.inf
    for plan in plans:
        values = _polished(programme, layout, columns_of(build, layout, plan))
        if not feasible(programme, values):
            continue
        cost = float(programme.cost @ values)
        if cost < least:
            best, least = values, cost
    return best, least


def feasible(programme: Programme, values: Float, tolerance: float = 1e-6) -> bool:
    """Return whether values keep the rows and limits of a programme, relative to the size of each row."""
    activity = np.zeros(programme.low.size)
    size = np.ones(programme.low.size)
    product = programme.value * values[programme.column]
    np.add.at(activity, programme.row, product)
    np.add.at(size, programme.row, np.abs(product))
    room = tolerance * size
    rows = bool(((activity >= programme.low - room) & (activity <= programme.high + room)).all())
    limits = bool(((values >= programme.lower - tolerance) & (values <= programme.upper + tolerance)).all())
    return rows and limits


def _polished(programme: Programme, layout: Layout, values: Float) -> Float:
    """Return the values with all whole columns kept and the demand dealt out at the least cost."""
    lower, upper = programme.lower.copy(), programme.upper.copy()
    whole = programme.whole
    lower[whole] = upper[whole] = np.rint(values[whole])
    found = solve(replace(programme, lower=lower, upper=upper), relax=True)
    if found.values is None or found.status != OPTIMAL:
        return values
    out = found.values.copy()
    out[whole] = np.rint(values[whole])
    out[layout.share] = np.clip(out[layout.share], 0.0, 1.0)
    out[layout.unserved] = np.clip(out[layout.unserved], 0.0, 1.0)
    return out


def _plan(build: Build, layout: Layout, values: Float) -> Plan:
    return Plan(
        values[layout.open] > ROUND,
        layout.count(values, (build.shape[0], build.shape[1])),
        np.clip(values[layout.share], 0.0, 1.0),
        np.clip(values[layout.unserved], 0.0, 1.0),
    )


def year_by_year(build: Build, seconds: float, gap: float) -> Built:
    """Return the plan of one who sees no year but the present: each year solved alone, what is built stays.

    Its cost is told over all years, so that the difference to the plan with foresight is what looking ahead saves.
    """
    begin = time.perf_counter()
    years = build.shape[3]
    parts: list[Plan] = []
    count = np.zeros(build.most.shape, dtype=np.int64)
    is_open = build.opened.copy()
    status = OPTIMAL
    for t in range(years):
        # what stands is neither paid again nor taken away: it is the floor of the year
        year = build.only(t)
        found = _one_year(year, count, is_open, seconds / years, gap)
        if found.plan is None:
            return replace(found, seconds=time.perf_counter() - begin)
        status = found.status if found.status != OPTIMAL else status
        parts.append(found.plan)
        count, is_open = found.plan.count[:, :, 0], found.plan.is_open[:, 0]
    plan = Plan(
        *(
            np.concatenate([getattr(p, name) for p in parts], axis=-1)
            for name in ("is_open", "count", "share", "unserved")
        )
    )
    cost = plan_cost(build, plan)
    return Built(plan, cost, -np.inf, cost, status, time.perf_counter() - begin)


def _one_year(year: Build, count: np.ndarray, is_open: np.ndarray, seconds: float, gap: float) -> Built:
    grown = start_from(year, count, is_open)
    # money spent before is not this year's
    spent = float((count * year.price).sum() + year.open_usd[is_open & ~year.opened].sum())
    year = replace(year, budget=year.budget + spent)
    layout = layout_of(year)
    programme = programme_of(year, layout)
    asked = (year.per_day > 0.0).astype(np.float64)
    floor = Plan(is_open[:, None], count[:, :, None], np.zeros((year.reach.km.size, 1)), asked)
    lower = programme.lower.copy()
    built = columns_of(year, layout, floor)
    lower[programme.whole] = np.maximum(lower[programme.whole], built[programme.whole])
    fixed = replace(programme, lower=lower, upper=np.maximum(programme.upper, lower))
    start, _ = _best_start(year, layout, fixed, [grown, floor])
    found = solve(fixed, max(seconds, 0.1), gap, start)
    values = found.values if found.values is not None else start
    if values is None:
        return Built(None, np.inf, found.bound, np.inf, found.status, 0.0)
    best = _polished(fixed, layout, values)
    cost = float(fixed.cost @ best)
    return Built(_plan(year, layout, best), cost, found.bound, cost, found.status, 0.0)


def plan_cost(build: Build, plan: Plan) -> float:
    """Return the discounted cost of a plan."""
    layout = layout_of(build)
    return float(cost_of(build, layout) @ columns_of(build, layout, plan))


def under_another_grid(plan: Plan, decided: Build, happens: Build) -> Built:
    """Return a plan's sites and chargers where the grid turns out otherwise: chargers share what power there is.

    Parameters
    ----------
    plan
        Made for ``decided``.
    decided
        What was expected.
    happens
        The same with other headroom.
    """
    begin = time.perf_counter()
    # what is built draws from the grid only what it gives: energy of the hour is limited, installed power is not
    real = replace(
        decided,
        hourly=True,
        headroom=happens.headroom,
        feeder_kw=happens.feeder_kw,
        least=np.zeros_like(decided.least),
        least_by_zone=0.0,
        least_by_group=0.0,
        budget=np.full(decided.budget.size, np.inf),
    )
    layout = layout_of(real)
    programme = programme_of(real, layout)
    values = columns_of(real, layout, replace(plan, share=0.0 * plan.share, unserved=np.ones_like(plan.unserved)))
    dealt = _polished(programme, layout, values)
    cost = float(programme.cost @ dealt)
    return Built(_plan(real, layout, dealt), cost, -np.inf, cost, OPTIMAL, time.perf_counter() - begin)


def most_served(build: Build, part: Float | None = None) -> Float:
    """Return the greatest share of each year's energy that can be served at any cost, a bound from the relaxation.

    Parameters
    ----------
    build
        What is computed from.
    part
        Share of each demand's energy that counts, shape (J,), such as that of a group; none: all of it.
    """
    per_day = build.per_day if part is None else build.per_day * part[:, None]
    free = replace(
        build,
        per_day=per_day,
        least=np.zeros_like(build.least),
        least_by_zone=0.0,
        least_by_group=0.0,
        unserved_usd=1.0,
        energy_usd=0.0,
        peak_usd=0.0,
        detour_usd=np.zeros_like(build.detour_usd),
        open_per_year=np.zeros_like(build.open_per_year),
        per_year=np.zeros_like(build.per_year),
    )
    layout = layout_of(free)
    found = solve(programme_of(free, layout), relax=True)
    if found.values is None:
        return np.zeros(build.weight.size)
    missed = (found.values[layout.unserved] * per_day).sum(axis=0)
    return np.asarray(1.0 - missed / np.maximum(per_day.sum(axis=0), 1e-12))


def trade_off(
    build: Build, shares: Sequence[float], seconds: float, gap: float, known: Plan | None = None
) -> list[tuple[float, Built]]:
    """Return the least cost of serving at least each share of every year's energy, from the largest share down.

    Energy that is not served costs nothing here: the curve shows what coverage costs.
    """
    out: list[tuple[float, Built]] = []
    for share in sorted(shares, reverse=True):
        asked = replace(build, least=np.full(build.least.size, share), unserved_usd=0.0)
        guesses = [start_for_share(build, share), *([known] if known is not None else [])]
        found = solve_build(asked, seconds, gap, guesses)
        known = found.plan if found.plan is not None else known
        out.append((share, found))
    return out
