"""Solve a portfolio: column generation for the relaxation, whole vehicles from its columns, a gap proved in numpy.

The relaxation starts with no column and adds those that pay at the prices of the last solve, until none does; problems
of millions of columns therefore never stand in the solver whole. Whole vehicles come from the columns that it used, as
an integer programme of a few thousand columns. The lower bound is recomputed from the prices over all columns
(`Problem.bound`), the cost and every constraint from the whole vehicles; the solver's word is not needed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.highs import OPTIMAL, TIME_LIMIT
from fleet_planner.portfolio.branch import branched
from fleet_planner.portfolio.master import Master
from fleet_planner.portfolio.relaxation import FEASIBLE, Misses, least_misses, relaxation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.portfolio.problem import Problem
    from fleet_planner.portfolio.relaxation import Relaxed

    Array = NDArray[np.float64]

NEAR = 0.02
"""Columns this close to paying, as a share of the cost range, are offered to the integer solve too."""

ALL_OFFERED = 10_000
"""Problems of so few columns are offered to the integer solve whole: their mix is the best one."""

START_SHARE = 0.25
"""Share of the seconds that the search for a start may take."""

EASED = 1e-3
"""Share of its size by which a row that is missed may be missed more, where that makes the mix cheaper."""

MET, INFEASIBLE, STOPPED = "met", "infeasible", "time limit"


@dataclass(frozen=True)
class Mix:
    """A solved portfolio.

    Parameters
    ----------
    status
        ``met``; ``time limit`` where the integer solve ended early (its gap is proved all the same); ``infeasible``
        where no mix keeps all constraints: then the mix is the cheapest of those that miss least.
    x
        Base-year vehicles by group, option and year, whole numbers, shape (G, O, T).
    cost, bound
        Cost of the mix and a lower bound of any mix's, both recomputed in numpy.
    prices
        Shadow price of each row: what one unit more of a target costs, or one unit less of a budget saves.
    shortfalls
        By how much each row is missed; all 0 where it is ``met``.
    relaxed
        The relaxation's values, shape (G, O, T).
    columns
        How many columns the solver saw.
    seconds
        Spent.
    built
        Chargers and connections, whole numbers, shape (K,).
    conflict
        Rows that cannot be kept together, where it is ``infeasible`` and the relaxation shows it.
    """

    status: str
    x: Array
    cost: float
    bound: float
    prices: Mapping[str, float]
    shortfalls: Mapping[str, float]
    relaxed: Array
    columns: int
    seconds: float
    built: Array = field(default_factory=lambda: np.zeros(0))
    conflict: tuple[str, ...] = ()

    @property
    def gap(self) -> float:
        """Cost above the bound as a share of the cost's size; 0 where both are nought."""
        size = max(abs(self.cost), abs(self.bound))
        return (self.cost - self.bound) / size if size > 0.0 else 0.0


def solve(
    problem: Problem, *, seconds: float = 60.0, gap: float = 1e-4, master: Master | None = None, settle: bool = True
) -> Mix:
    """Find the cheapest mix.

    Parameters
    ----------
    problem
        Vehicles, costs, constraints.
    seconds
        For the integer solve.
    gap
        At which it may stop.
    master
        Kept from an earlier solve of the same columns with other bounds: its columns are a start.
    settle
        Whether the cheapest of the mixes that miss least is sought where no mix keeps the rows; else the relaxation's,
        rounded down, is returned at once.
    """
    begin = time.perf_counter()
    master = Master(problem) if master is None else master
    master.problem = problem
    misses = least_misses(problem, master)
    if misses is not None and not settle:
        return replace(_rounded_misses(problem, master, misses), seconds=time.perf_counter() - begin)
    if misses is not None:
        mix = _missing_least(problem, master, misses, seconds, gap)
        return replace(mix, seconds=time.perf_counter() - begin)
    return replace(_solved(problem, master, seconds, gap, known=None), seconds=time.perf_counter() - begin)


def _rounded_misses(problem: Problem, master: Master, misses: Misses) -> Mix:
    """Return the relaxation that misses least, rounded down, and what it builds rounded up."""
    x, built = np.floor(misses.x), _rounded_up(problem, misses.built)
    cost, none = problem.cost_of(x, built), {r.name: 0.0 for r in problem.rows}
    names = tuple(problem.rows[k].name for k in misses.conflict)
    told = _told(problem, x, built)
    return Mix(INFEASIBLE, x, cost, cost, none, told, misses.x, master.columns.size, 0.0, built, names)


def _missing_least(problem: Problem, master: Master, misses: Misses, seconds: float, gap: float) -> Mix:
    """Return the cheapest of the mixes that miss the rows by no more than the one that misses least.

    Its bound is that of such mixes, and so are its prices.
    """
    x, built = _whole_least(problem, master, misses, seconds)
    short = problem.shortfalls(x, built)
    # without a proof, and with columns left out, another mix may do it
    status = INFEASIBLE if misses.proved or int(problem.able.sum()) <= ALL_OFFERED else STOPPED
    given = [
        r.bound - r.sign * (short[r.name] + EASED * size) if short[r.name] > FEASIBLE * size else r.bound
        for r, size in zip(problem.rows, problem.sizes.tolist(), strict=True)
    ]
    eased = problem.with_bounds(np.array(given))
    for k, bound in enumerate(given):
        master.set_bound(k, bound)
    if least_misses(eased, master) is None:
        mix = _solved(eased, master, seconds, gap, known=(x, built))
        found = replace(mix, status=status, shortfalls=_told(problem, mix.x, mix.built))
    else:
        cost = problem.cost_of(x, built)
        none = {r.name: 0.0 for r in problem.rows}
        told = _told(problem, x, built)
        found = Mix(status, x, cost, cost, none, told, misses.x, master.columns.size, 0.0, built)
    for k, row in enumerate(problem.rows):
        master.set_bound(k, row.bound)
    master.problem = problem
    return replace(found, conflict=tuple(problem.rows[k].name for k in misses.conflict))


def _solved(problem: Problem, master: Master, seconds: float, gap: float, *, known: tuple[Array, Array] | None) -> Mix:
    """Return the cheapest mix of a problem whose rows can be kept by the columns that are there.

    Fractions of vehicles may keep rows that whole ones cannot: then the mix that misses least is returned, unless the
    rows were eased before for a mix that is ``known`` to keep them, from which the integer solve starts.
    """
    begin = time.perf_counter()
    relaxed = relaxation(problem, master)
    whole = _whole(problem, master, relaxed, (seconds, gap), known)
    if whole is None and known is None:
        return _missing_least(problem, master, Misses(relaxed.x, relaxed.built, proved=False), seconds, gap)
    x, built, status = whole or (*(known or (np.floor(relaxed.x), _rounded_up(problem, relaxed.built))), STOPPED)
    cost, bound = problem.cost_of(x, built), relaxed.bound
    if built.size and cost - bound > gap * max(abs(cost), abs(bound)):
        bound = branched(problem, master, relaxed, cost, seconds=seconds, gap=gap)
    prices = {r.name: float(abs(d)) for d, r in zip(relaxed.duals.tolist(), problem.rows, strict=True)}
    spent = time.perf_counter() - begin
    short = _told(problem, x, built)
    if cost - bound <= gap * max(abs(cost), abs(bound)) and not any(short.values()):
        status = MET  # the bound says so, also where the solver would have gone on
    return Mix(status, x, cost, bound, prices, short, relaxed.x, master.columns.size, spent, built)


def _told(problem: Problem, x: Array, built: Array) -> dict[str, float]:
    """Return the shortfalls of a mix, those within rounding as nought."""
    size = {r.name: max(abs(r.bound), 1.0) for r in problem.rows}
    return {
        name: (0.0 if miss <= FEASIBLE * size[name] * 10.0 else miss)
        for name, miss in problem.shortfalls(x, built).items()
    }


def _whole(
    problem: Problem,
    master: Master,
    relaxed: Relaxed,
    limits: tuple[float, float],
    known: tuple[Array, Array] | None,
) -> tuple[Array, Array, str] | None:
    """Return whole vehicles and builds: the integer programme over the columns used, and those that nearly pay.

    None where no whole mix of the columns keeps the rows.
    """
    reduced = problem.reduced_cost(relaxed.duals)
    best = np.minimum(reduced.reshape(problem.count.size, -1).min(axis=1), 0.0)[:, None, None]
    near = reduced - best <= NEAR * max(float(np.abs(problem.cost).max(initial=0.0)), 1.0)
    order = np.flatnonzero(near.ravel())
    if int(problem.able.sum()) <= ALL_OFFERED:
        master.add(np.flatnonzero(problem.able.ravel()), free=False)
    elif order.size > 0:
        by_cost = order[np.argsort((reduced - best).ravel()[order])][: 6 * problem.count.size]
        master.add(by_cost.astype(np.int64), free=False)
    if problem.builds.cost.size:
        known = _near(problem, master, relaxed, limits) or known
    if known is not None:
        master.start_from(*known)
    found = master.solve_whole(*limits)
    if found.columns.size == master.columns.size and found.status in {OPTIMAL, TIME_LIMIT}:
        x, built = np.round(master.dense(found.columns)), np.round(found.built)
        if max(_told(problem, x, built).values(), default=0.0) == 0.0:
            return x, built, MET if found.status == OPTIMAL else STOPPED
    if known is not None:
        return *known, STOPPED
    if found.status != TIME_LIMIT:
        return None
    # none found in time: round the relaxation down, and what is built up
    return np.floor(relaxed.x), _rounded_up(problem, relaxed.built), STOPPED


def _near(
    problem: Problem, master: Master, relaxed: Relaxed, limits: tuple[float, float]
) -> tuple[Array, Array] | None:
    """Return a whole mix of the columns that the relaxation uses: soon found, and a start for a better one."""
    used = relaxed.x.ravel()[master.columns] > FEASIBLE
    found = master.solve_whole(limits[0] * START_SHARE, limits[1], used)
    if found.columns.size != master.columns.size:
        return None
    x, built = np.round(master.dense(found.columns)), np.round(found.built)
    return (x, built) if max(_told(problem, x, built).values(), default=0.0) == 0.0 else None


def _rounded_up(problem: Problem, built: Array) -> Array:
    """Return builds rounded up, the earliest first, as far as the hard rows let them."""
    out = np.floor(built)
    hard = [k for k, r in enumerate(problem.rows) if r.hard]
    bounds = np.array([problem.rows[k].bound for k in hard])
    for k in np.flatnonzero(built > out + FEASIBLE).tolist():
        more = out.copy()
        more[k] += 1.0
        if (problem.of_builds[hard] @ more <= bounds + FEASIBLE).all():
            out = more
    return out


def _whole_least(problem: Problem, master: Master, least: Misses, seconds: float) -> tuple[Array, Array]:
    """Return whole vehicles and builds that miss the rows least."""
    master.price_slack(1.0 / problem.sizes, allowed=True)
    master.price_columns(free=True)
    found = master.solve_whole(seconds * START_SHARE, 1e-4)
    master.price_columns(free=False)
    if found.columns.size != master.columns.size:
        return np.floor(least.x), _rounded_up(problem, least.built)
    return np.round(master.dense(found.columns)), np.round(found.built)
