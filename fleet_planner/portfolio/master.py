"""A thin interface to HiGHS: the mix over a growing set of columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.portfolio.problem import Problem

    Array = NDArray[np.float64]

OPTIMAL = "optimal"
TIME_LIMIT = "time limit"
OTHER = "other"


@dataclass(frozen=True)
class Solution:
    """What the solver says: values of the columns, prices of the rows (empty for integer solves), status."""

    columns: Array
    slack: Array
    group_duals: Array
    row_duals: Array
    status: str


class Master:
    """The restricted problem: group rows first, then the problem's rows, each with a slack column.

    Slacks carry a price while feasibility is sought, and are fixed at nought after that.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.columns: NDArray[np.int64] = np.zeros(0, np.int64)
        self._scale = np.array(
            [max(abs(r.bound), float(np.abs(r.coefficients).max(initial=0.0)), 1.0) for r in problem.rows]
        )
        self.model = highspy.Highs()
        self.model.setOptionValue("output_flag", False)
        self._rows()

    def _rows(self) -> None:
        inf = highspy.kHighsInf
        for count in self.problem.count:
            self.model.addRow(0.0 - inf, float(count), 0, np.zeros(0, np.int32), np.zeros(0))
        groups = self.problem.count.size
        for k, row in enumerate(self.problem.rows):
            scaled = row.bound / self._scale[k]
            low, high = (scaled, inf) if row.sign > 0.0 else (-inf, scaled)
            self.model.addRow(low, high, 0, np.zeros(0, np.int32), np.zeros(0))
        for k, row in enumerate(self.problem.rows):
            index = np.array([groups + k], dtype=np.int32)
            self.model.addCol(1.0, 0.0, inf, 1, index, np.array([row.sign]))

    def set_bound(self, k: int, bound: float) -> None:
        """Move the right-hand side of a row; the basis stays."""
        scaled, inf = bound / self._scale[k], highspy.kHighsInf
        at = self.problem.count.size + k
        low, high = (scaled, inf) if self.problem.rows[k].sign > 0.0 else (-inf, scaled)
        self.model.changeRowBounds(at, low, high)

    def price_slack(self, price: Array, *, allowed: bool) -> None:
        """Set what missing a row costs, by row, in the row's own units; fix the slacks at nought unless allowed."""
        for k in range(len(self.problem.rows)):
            self.model.changeColCost(k, float(price[k] * self._scale[k]))
            self.model.changeColBounds(k, 0.0, highspy.kHighsInf if allowed else 0.0)

    def price_columns(self, *, free: bool) -> None:
        """Give the columns their cost, or none while only feasibility counts."""
        cost = self.problem.cost.ravel()
        for place, column in enumerate(self.columns.tolist()):
            self.model.changeColCost(len(self.problem.rows) + place, 0.0 if free else float(cost[column]))

    def add(self, columns: NDArray[np.int64], *, free: bool) -> None:
        """Add columns by their flat index in (G, O, T)."""
        new = np.setdiff1d(columns, self.columns)
        if new.size == 0:
            return
        groups = self.problem.count.size
        group = new // (self.problem.shape[1] * self.problem.shape[2])
        values = [row.coefficients.ravel()[new] / self._scale[k] for k, row in enumerate(self.problem.rows)]
        table = np.column_stack([np.ones(new.size), *values]) if values else np.ones((new.size, 1))
        index = np.column_stack([group, *(np.full(new.size, groups + k) for k in range(len(values)))])
        keep = table != 0.0
        starts = np.concatenate([[0], np.cumsum(keep.sum(axis=1))[:-1]]).astype(np.int32)
        cost = np.zeros(new.size) if free else self.problem.cost.ravel()[new]
        self.model.addCols(
            new.size,
            cost,
            np.zeros(new.size),
            np.full(new.size, highspy.kHighsInf),
            int(keep.sum()),
            starts,
            index[keep].astype(np.int32),
            table[keep],
        )
        self.columns = np.concatenate([self.columns, new])

    def solve(self) -> Solution:
        """Solve the linear relaxation over the columns that are there."""
        self.model.run()
        found = self.model.getSolution()
        status = self.model.getModelStatus()
        groups, rows = self.problem.count.size, len(self.problem.rows)
        duals = np.asarray(found.row_dual, dtype=np.float64)
        values = np.asarray(found.col_value, dtype=np.float64)
        return Solution(
            values[rows:],
            values[:rows] * self._scale,
            duals[:groups],
            duals[groups:] / self._scale,
            OPTIMAL if status == highspy.HighsModelStatus.kOptimal else OTHER,
        )

    def solve_whole(self, seconds: float, gap: float) -> Solution:
        """Solve over whole vehicles; the linear model is as before afterwards."""
        rows = len(self.problem.rows)
        places = np.arange(rows, rows + self.columns.size, dtype=np.int32)
        kinds: Any = np.full(places.size, highspy.HighsVarType.kInteger)
        self.model.changeColsIntegrality(places.size, places, kinds)
        self.model.setOptionValue("time_limit", float(self.model.getRunTime() + seconds))
        self.model.setOptionValue("mip_rel_gap", float(gap))
        self.model.run()
        found = self.model.getSolution()
        status = self.model.getModelStatus()
        values = np.asarray(found.col_value, dtype=np.float64)
        back: Any = np.full(places.size, highspy.HighsVarType.kContinuous)
        self.model.changeColsIntegrality(places.size, places, back)
        self.model.setOptionValue("time_limit", highspy.kHighsInf)
        told = {
            highspy.HighsModelStatus.kOptimal: OPTIMAL,
            highspy.HighsModelStatus.kTimeLimit: TIME_LIMIT,
        }.get(status, OTHER)
        none = np.zeros(0)
        if values.size == 0:
            return Solution(none, none, none, none, told)
        return Solution(values[rows:], values[:rows] * self._scale, none, none, told)

    def dense(self, values: Array) -> Array:
        """Return the values of the columns as a mix, shape (G, O, T)."""
        out = np.zeros(self.problem.cost.size)
        out[self.columns] = values
        return out.reshape(self.problem.shape)
