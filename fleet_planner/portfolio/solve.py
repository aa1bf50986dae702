"""Solve a portfolio: column generation for the relaxation, whole vehicles from its columns, a gap proved in numpy.

The relaxation starts with no column and adds those that pay at the prices of the last solve, until none does; problems
of millions of columns therefore never stand in the solver whole. Whole vehicles come from the columns that it used, as
an integer programme of a few thousand columns. The lower bound is recomputed from the prices over all columns
(`Problem.bound`), the cost and every constraint from the whole vehicles; the solver's word is not needed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.portfolio.master import OPTIMAL, TIME_LIMIT, Master

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.portfolio.problem import Problem

    Array = NDArray[np.float64]

ROUNDS = 400
A_GROUP = 3
"""Columns that a round adds for each group at most."""

PAYS = 1e-9
"""A column pays when its reduced cost is below minus this share of the largest cost."""

FEASIBLE = 1e-7
NEAR = 0.02
"""Columns this close to paying, as a share of the cost range, are offered to the integer solve too."""

ALL_OFFERED = 10_000
"""Problems of so few columns are offered to the integer solve whole: their mix is the best one."""

MET, INFEASIBLE, STOPPED = "met", "infeasible", "time limit"


@dataclass(frozen=True)
class Mix:
    """A solved portfolio.

    Parameters
    ----------
    status
        ``met``; ``time limit`` where the integer solve ended early (its gap is proved all the same); ``infeasible``
        where no mix keeps all constraints: then the mix is the one that misses least.
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

    @property
    def gap(self) -> float:
        """Cost above the bound as a share of the cost's size; 0 where both are nought."""
        size = max(abs(self.cost), abs(self.bound))
        return (self.cost - self.bound) / size if size > 0.0 else 0.0


def solve(problem: Problem, *, seconds: float = 60.0, gap: float = 1e-4, master: Master | None = None) -> Mix:
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
    """
    begin = time.perf_counter()
    master = Master(problem) if master is None else master
    master.problem = problem
    least = _least_misses(problem, master)
    if least is not None:
        x = _whole_least(problem, master, least, seconds)
        prices = {r.name: 0.0 for r in problem.rows}
        cost = problem.total(x, problem.cost)
        spent = time.perf_counter() - begin
        return Mix(INFEASIBLE, x, cost, cost, prices, problem.shortfalls(x), least, master.columns.size, spent)
    relaxed, duals, bound = _relaxation(problem, master)
    x, status = _whole(problem, master, relaxed, duals, (seconds, gap))
    cost = problem.total(x, problem.cost)
    prices = {r.name: float(abs(duals[k])) for k, r in enumerate(problem.rows)}
    spent = time.perf_counter() - begin
    return Mix(status, x, cost, bound, prices, _told(problem, x), relaxed, master.columns.size, spent)


def _told(problem: Problem, x: Array) -> dict[str, float]:
    """Return the shortfalls of a mix, those within rounding as nought."""
    size = {r.name: max(abs(r.bound), 1.0) for r in problem.rows}
    return {
        name: (0.0 if miss <= FEASIBLE * size[name] * 10.0 else miss) for name, miss in problem.shortfalls(x).items()
    }


def _least_misses(problem: Problem, master: Master) -> Array | None:
    """Find columns that keep all rows; return the relaxation that misses least where none do.

    The sum of the misses, each as a share of its bound, is minimised.
    """
    share = np.array([1.0 / max(abs(r.bound), 1e-9) for r in problem.rows])
    master.price_slack(share, allowed=True)
    master.price_columns(free=True)
    found = None
    for _ in range(ROUNDS):
        found = master.solve()
        missed = float((found.slack * share).sum())
        if missed <= FEASIBLE:
            break
        reduced = replace(problem, cost=np.zeros_like(problem.cost)).reduced_cost(found.row_duals)
        if not _added(problem, master, reduced, found.group_duals, free=True):
            break
    master.price_columns(free=False)
    if found is not None and float((found.slack * share).sum()) > FEASIBLE * 10.0:
        return master.dense(found.columns)
    master.price_slack(share, allowed=False)
    return None


def _relaxation(problem: Problem, master: Master) -> tuple[Array, Array, float]:
    """Solve the linear relaxation; return values, prices of the rows, and the best bound of any round."""
    best, duals, values = -np.inf, np.zeros(len(problem.rows)), np.zeros(0)
    for _ in range(ROUNDS):
        found = master.solve()
        if found.status != OPTIMAL:
            break
        values, duals = found.columns, found.row_duals
        best = max(best, problem.bound(duals))
        if not _added(problem, master, problem.reduced_cost(duals), found.group_duals, free=False):
            break
        values = np.concatenate([values, np.zeros(master.columns.size - values.size)])
    return master.dense(values), duals, best


def _added(problem: Problem, master: Master, reduced: Array, group_duals: Array, *, free: bool) -> bool:
    """Add the columns that pay most in each group; return whether there were any."""
    groups = problem.count.size
    flat = reduced.reshape(groups, -1) - group_duals[:, None]
    size = PAYS if free else PAYS * max(float(np.abs(problem.cost).max(initial=0.0)), 1.0)
    width = flat.shape[1]
    many = min(A_GROUP, width)
    place = np.argpartition(flat, many - 1, axis=1)[:, :many]
    value = np.take_along_axis(flat, place, axis=1)
    index = (np.arange(groups)[:, None] * width + place)[value < -size]
    before = master.columns.size
    master.add(index.astype(np.int64), free=free)
    return master.columns.size > before


def _whole(
    problem: Problem, master: Master, relaxed: Array, duals: Array, limits: tuple[float, float]
) -> tuple[Array, str]:
    """Return whole vehicles: the integer programme over the columns used, and those that nearly pay."""
    reduced = problem.reduced_cost(duals)
    best = np.minimum(reduced.reshape(problem.count.size, -1).min(axis=1), 0.0)[:, None, None]
    near = reduced - best <= NEAR * max(float(np.abs(problem.cost).max(initial=0.0)), 1.0)
    order = np.flatnonzero(near.ravel())
    if int(problem.able.sum()) <= ALL_OFFERED:
        master.add(np.flatnonzero(problem.able.ravel()), free=False)
    elif order.size > 0:
        by_cost = order[np.argsort((reduced - best).ravel()[order])][: 6 * problem.count.size]
        master.add(by_cost.astype(np.int64), free=False)
    found = master.solve_whole(*limits)
    if found.columns.size == master.columns.size and found.status in {OPTIMAL, TIME_LIMIT}:
        x = np.round(master.dense(found.columns))
        if max(_told(problem, x).values(), default=0.0) == 0.0:
            return x, MET if found.status == OPTIMAL else STOPPED
    # no whole mix found in time: round the relaxation up where it helps
    return np.floor(relaxed), STOPPED


def _whole_least(problem: Problem, master: Master, least: Array, seconds: float) -> Array:
    """Return whole vehicles that miss the rows least."""
    share = np.array([1.0 / max(abs(r.bound), 1e-9) for r in problem.rows])
    master.price_slack(share, allowed=True)
    master.price_columns(free=True)
    found = master.solve_whole(seconds, 1e-4)
    master.price_columns(free=False)
    if found.columns.size != master.columns.size:
        return np.floor(least)
    return np.round(master.dense(found.columns))
