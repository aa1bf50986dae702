"""A thin interface to HiGHS: the mix over a growing set of columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from scipy import sparse

from fleet_planner.highs import OPTIMAL, OTHER, WORD, run, silent_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.portfolio.problem import Problem

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Solution:
    """What the solver says: values of columns and builds, prices of the rows (empty for integer solves), status."""

    columns: Array
    built: Array
    slack: Array
    group_duals: Array
    row_duals: Array
    status: str


class Master:
    """The restricted problem: group rows first, then the problem's rows; a slack for each of these, builds, columns.

    Slacks carry a price while feasibility is sought, and are fixed at nought after that.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.columns: NDArray[np.int64] = np.zeros(0, np.int64)
        matrix = abs(problem.matrix)
        largest = matrix.max(axis=1).toarray().ravel() if matrix.nnz else np.zeros(len(problem.rows))
        self._scale = np.maximum(np.maximum(np.abs([r.bound for r in problem.rows]), largest), 1.0)
        self._matrix = sparse.diags(1.0 / self._scale).dot(problem.matrix).tocsc() if problem.rows else None
        self.model = silent_model()
        self._rows()

    def _rows(self) -> None:
        inf, rows = highspy.kHighsInf, self.problem.rows
        for count in self.problem.count:
            self.model.addRow(0.0 - inf, float(count), 0, np.zeros(0, np.int32), np.zeros(0))
        groups = self.problem.count.size
        for k, row in enumerate(rows):
            scaled = row.bound / self._scale[k]
            low, high = (scaled, inf) if row.sign > 0.0 else (-inf, scaled)
            self.model.addRow(low, high, 0, np.zeros(0, np.int32), np.zeros(0))
        for k, row in enumerate(rows):
            index = np.array([groups + k], dtype=np.int32)
            self.model.addCol(1.0, 0.0, 0.0 if row.hard else inf, 1, index, np.array([row.sign]))
        builds = self.problem.builds
        for k, (cost, most) in enumerate(zip(builds.cost.tolist(), builds.most.tolist(), strict=True)):
            in_rows = np.flatnonzero(self.problem.of_builds[:, k])
            values = self.problem.of_builds[in_rows, k] / self._scale[in_rows]
            self.model.addCol(cost, 0.0, most, in_rows.size, (groups + in_rows).astype(np.int32), values)

    @property
    def _first(self) -> int:
        """Place of the first column of the mix."""
        return len(self.problem.rows) + self.problem.builds.cost.size

    def set_bound(self, k: int, bound: float) -> None:
        """Move the right-hand side of a row; the basis stays."""
        scaled, inf = bound / self._scale[k], highspy.kHighsInf
        at = self.problem.count.size + k
        low, high = (scaled, inf) if self.problem.rows[k].sign > 0.0 else (-inf, scaled)
        self.model.changeRowBounds(at, low, high)

    def set_box(self, low: Array, high: Array) -> None:
        """Set the fewest and the most of each build."""
        for k in range(low.size):
            self.model.changeColBounds(len(self.problem.rows) + k, float(low[k]), float(high[k]))

    def price_slack(self, price: Array, *, allowed: bool) -> None:
        """Set what missing a row costs, by row, in the row's own units; fix the slacks at nought unless allowed."""
        for k, row in enumerate(self.problem.rows):
            self.model.changeColCost(k, float(price[k] * self._scale[k]))
            self.model.changeColBounds(k, 0.0, highspy.kHighsInf if allowed and not row.hard else 0.0)

    def price_columns(self, *, free: bool) -> None:
        """Give the columns and builds their cost, or none while only feasibility counts."""
        cost = np.concatenate([self.problem.builds.cost, self.problem.cost.ravel()[self.columns]])
        for place, value in enumerate(cost.tolist()):
            self.model.changeColCost(len(self.problem.rows) + place, 0.0 if free else value)

    def add(self, columns: NDArray[np.int64], *, free: bool) -> None:
        """Add columns by their flat index in (G, O, T)."""
        new = np.setdiff1d(columns, self.columns)
        if new.size == 0:
            return
        groups = self.problem.count.size
        width = self.problem.shape[1] * self.problem.shape[2]
        if self._matrix is None:
            within, index, values = np.zeros(new.size + 1, np.int64), np.zeros(0, np.int64), np.zeros(0)
        else:
            part = self._matrix[:, new]
            within, index, values = part.indptr, part.indices, part.data
        # the row of its group comes first in each column
        starts = within[:-1] + np.arange(new.size)
        own = np.zeros(values.size + new.size, np.bool_)
        own[starts] = True
        places, entries = np.empty(own.size, np.int32), np.ones(own.size)
        places[own], places[~own], entries[~own] = new // width, groups + index, values
        cost = np.zeros(new.size) if free else self.problem.cost.ravel()[new]
        self.model.addCols(
            new.size,
            cost,
            np.zeros(new.size),
            np.full(new.size, highspy.kHighsInf),
            own.size,
            starts.astype(np.int32),
            places,
            entries,
        )
        self.columns = np.concatenate([self.columns, new])

    def solve(self) -> Solution:
        """Solve the linear relaxation over the columns that are there."""
        run(self.model)
        found = self.model.getSolution()
        status = self.model.getModelStatus()
        groups, rows, first = self.problem.count.size, len(self.problem.rows), self._first
        duals = np.asarray(found.row_dual, dtype=np.float64)
        values = np.asarray(found.col_value, dtype=np.float64)
        return Solution(
            values[first:],
            values[rows:first],
            values[:rows] * self._scale,
            duals[:groups],
            duals[groups:] / self._scale,
            OPTIMAL if status == highspy.HighsModelStatus.kOptimal else OTHER,
        )

    def start_from(self, x: Array, built: Array) -> None:
        """Offer a mix and what it builds to the next integer solve; its columns have to be there."""
        found = highspy.HighsSolution()
        found.col_value = [0.0] * len(self.problem.rows) + built.tolist() + x.ravel()[self.columns].tolist()
        self.model.setSolution(found)

    def solve_whole(self, seconds: float, gap: float, only: NDArray[np.bool_] | None = None) -> Solution:
        """Solve over whole vehicles and builds; the linear model is as before afterwards.

        With ``only`` the other columns of the mix stay at nought, shape (columns,).
        """
        rows, first = len(self.problem.rows), self._first
        left_out = np.flatnonzero(~only).astype(np.int32) + first if only is not None else np.zeros(0, np.int32)
        self._cap(left_out, 0.0)
        places = np.arange(rows, first + self.columns.size, dtype=np.int32)
        kinds: Any = np.full(places.size, highspy.HighsVarType.kInteger)
        self.model.changeColsIntegrality(places.size, places, kinds)
        self.model.setOptionValue("mip_rel_gap", float(gap))
        run(self.model, seconds)
        found = self.model.getSolution()
        status = self.model.getModelStatus()
        values = np.asarray(found.col_value, dtype=np.float64)
        back: Any = np.full(places.size, highspy.HighsVarType.kContinuous)
        self.model.changeColsIntegrality(places.size, places, back)
        self._cap(left_out, highspy.kHighsInf)
        told = WORD.get(status, OTHER)
        none = np.zeros(0)
        if values.size == 0:
            return Solution(none, none, none, none, none, told)
        return Solution(values[first:], values[rows:first], values[:rows] * self._scale, none, none, told)

    def _cap(self, places: NDArray[np.int32], most: float) -> None:
        """Set the most of some columns of the model."""
        if places.size:
            self.model.changeColsBounds(places.size, places, np.zeros(places.size), np.full(places.size, most))

    def dense(self, values: Array) -> Array:
        """Return the values of the columns as a mix, shape (G, O, T)."""
        out = np.zeros(self.problem.cost.size)
        out[self.columns] = values
        return out.reshape(self.problem.shape)
