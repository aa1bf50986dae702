"""The relaxation of a portfolio by column generation.

It starts with no column and adds, for each group, those that pay at the prices of the last solve, until none does;
problems of millions of columns therefore never stand in the solver whole. Bounds come from the prices over all columns
by weak duality (`Problem.bound`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.highs import OPTIMAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.portfolio.master import Master, Solution
    from fleet_planner.portfolio.problem import Problem

    Array = NDArray[np.float64]
    Box = tuple[Array, Array]

ROUNDS = 400
A_GROUP = 3
"""Columns that a round adds for each group at most."""

PAYS = 1e-9
"""A column pays when its reduced cost is below minus this share of the largest cost."""

FEASIBLE = 1e-7
NOTHING = 1e-6
"""Share of the largest price, each times the size of its row, below which a row has no part in a conflict."""


@dataclass(frozen=True)
class Relaxed:
    """A solved relaxation: values (G, O, T) and builds (K,), prices of the rows, the best bound of any round."""

    x: Array
    built: Array
    duals: Array
    bound: float


@dataclass(frozen=True)
class Misses:
    """Values that miss the rows least, and whether the bound proves that no mix keeps them.

    ``conflict`` has the places of the rows that the proof rests on: no mix keeps these together.
    """

    x: Array
    built: Array
    proved: bool
    conflict: tuple[int, ...] = ()


def least_misses(problem: Problem, master: Master, box: Box | None = None) -> Misses | None:
    """Find columns that keep all rows; return the values that miss least where none do.

    The sum of the misses, each as a share of its size, is minimised.
    """
    share = 1.0 / problem.sizes
    master.price_slack(share, allowed=True)
    master.price_columns(free=True)
    found, missed = None, 0.0
    for _ in range(ROUNDS):
        found = master.solve()
        missed = float((found.slack * share).sum())
        if missed <= FEASIBLE:
            break
        if not _added(problem, master, found, free=True):
            break
    master.price_columns(free=False)
    if found is not None and missed > FEASIBLE * 10.0:
        proved = problem.bound(found.row_duals, box, free=True) > 0.0
        weight = np.abs(found.row_duals) * problem.sizes
        rests_on = np.flatnonzero(weight > NOTHING * weight.max(initial=0.0))
        return Misses(master.dense(found.columns), found.built, proved, tuple(rests_on.tolist()))
    master.price_slack(share, allowed=False)
    return None


def relaxation(problem: Problem, master: Master, box: Box | None = None) -> Relaxed:
    """Solve the linear relaxation; the columns that are there have to keep the rows."""
    best, duals, values = -np.inf, np.zeros(len(problem.rows)), np.zeros(0)
    built = np.zeros(problem.builds.cost.size)
    for _ in range(ROUNDS):
        found = master.solve()
        if found.status != OPTIMAL:
            break
        values, built, duals = found.columns, found.built, found.row_duals
        best = max(best, problem.bound(duals, box))
        if not _added(problem, master, found, free=False):
            break
        values = np.concatenate([values, np.zeros(master.columns.size - values.size)])
    return Relaxed(master.dense(values), built, duals, best)


def _added(problem: Problem, master: Master, found: Solution, *, free: bool) -> bool:
    """Add the columns that pay most in each group; return whether there were any."""
    groups = problem.count.size
    reduced = problem.reduced_cost(found.row_duals, free=free)
    flat = reduced.reshape(groups, -1) - found.group_duals[:, None]
    size = PAYS if free else PAYS * max(float(np.abs(problem.cost).max(initial=0.0)), 1.0)
    width = flat.shape[1]
    many = min(A_GROUP, width)
    place = np.argpartition(flat, many - 1, axis=1)[:, :many]
    value = np.take_along_axis(flat, place, axis=1)
    index = (np.arange(groups)[:, None] * width + place)[value < -size]
    before = master.columns.size
    master.add(index.astype(np.int64), free=free)
    return master.columns.size > before
