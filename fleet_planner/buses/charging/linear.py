"""A sparse linear programme for HiGHS, and its bound recomputed from the prices in numpy."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_matrix

from fleet_planner.highs import INFEASIBLE, OPTIMAL, Lines, solve_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]

STOPPED = "stopped"


@dataclass
class Programme:
    """Columns with finite bounds, rows with bounds, and cells; grown block by block."""

    cost: list[Float] = field(default_factory=list)
    lower: list[Float] = field(default_factory=list)
    upper: list[Float] = field(default_factory=list)
    row_lower: list[Float] = field(default_factory=list)
    row_upper: list[Float] = field(default_factory=list)
    cells: list[tuple[Int, Int, Float]] = field(default_factory=list)
    whole: list[Int] = field(default_factory=list)
    columns: int = 0
    rows: int = 0

    def add_columns(self, cost: Float, upper: Float, lower: Float | None = None, *, whole: bool = False) -> Int:
        """Add columns from 0 (or ``lower``) to ``upper`` and return their indices."""
        index = np.arange(self.columns, self.columns + cost.size)
        self.cost.append(cost.astype(np.float64))
        self.upper.append(np.broadcast_to(np.asarray(upper, dtype=np.float64), cost.shape))
        self.lower.append(np.zeros(cost.size) if lower is None else np.broadcast_to(lower, cost.shape))
        self.columns += cost.size
        if whole:
            self.whole.append(index)
        return index

    def add_rows(self, lower: Float, upper: Float) -> Int:
        """Add rows and return their indices."""
        index = np.arange(self.rows, self.rows + lower.size)
        self.row_lower.append(np.asarray(lower, dtype=np.float64))
        self.row_upper.append(np.asarray(upper, dtype=np.float64))
        self.rows += lower.size
        return index

    def put(self, rows: Int, columns: Int, values: Float | float) -> None:
        """Add cells; equal places add up."""
        rows, columns, spread = np.broadcast_arrays(rows, columns, values)
        self.cells.append((rows.ravel(), columns.ravel(), spread.ravel().astype(np.float64)))

    def arrays(self) -> tuple[Float, Float, Float, csr_matrix, Float, Float]:
        """Return cost, bounds of columns, matrix and bounds of rows."""
        parts = [np.concatenate([c[k] for c in self.cells]) for k in range(3)]
        matrix = coo_matrix((parts[2], (parts[0], parts[1])), shape=(self.rows, self.columns)).tocsr()
        joined = [np.concatenate(p) for p in (self.cost, self.lower, self.upper, self.row_lower, self.row_upper)]
        return joined[0], joined[1], joined[2], matrix, joined[3], joined[4]


@dataclass(frozen=True)
class Answer:
    """What was found: ``status``, values of the columns (empty where there are none), value, bound, seconds."""

    status: str
    values: Float
    value: float
    bound: float
    seconds: float


def solve(
    programme: Programme,
    *,
    seconds: float = 60.0,
    gap: float = 1e-6,
    relax: bool = False,
    held: Mapping[int, tuple[float, float]] | None = None,
    start: Float | None = None,
) -> Answer:
    """Minimise; the bound of a linear programme is recomputed from its prices, that of an integer one is HiGHS's.

    Parameters
    ----------
    programme
        With finite bounds on all columns.
    seconds
        After which an integer solve ends with what it has.
    gap
        At which an integer solve may end.
    relax
        Whether whole numbers may be broken.
    held
        Other bounds of some columns.
    start
        A feasible point that an integer solve begins with; none or empty: without.
    """
    begin = time.perf_counter()
    cost, lower, upper, matrix, row_lower, row_upper = programme.arrays()
    for column, (low, high) in (held or {}).items():
        lower[column], upper[column] = low, high
    whole = np.zeros(cost.size, dtype=np.bool_)
    for columns in [] if relax else programme.whole:
        whole[columns] = True
    lines = Lines(cost, lower, upper, matrix, row_lower, row_upper, whole)
    found = solve_lines(lines, seconds=seconds, gap=gap, start=start)
    spent = time.perf_counter() - begin
    told = found.status if found.status in {OPTIMAL, INFEASIBLE} else STOPPED
    least = found.bound if whole.any() else -np.inf
    if told == INFEASIBLE or not found.values.size:
        return Answer(told, np.zeros(0), np.inf, np.inf if told == INFEASIBLE else least, spent)
    if not whole.any():
        least = bound(cost, lower, upper, matrix, row_lower, row_upper, found.duals)
    return Answer(told, found.values, float(cost @ found.values), least, spent)


def bound(
    cost: Float, lower: Float, upper: Float, matrix: csr_matrix, row_lower: Float, row_upper: Float, duals: Float
) -> float:
    """Return the least value that any point within the bounds can have, by weak duality.

    For any prices y of the rows, cost·x >= Σ y·(row bound on the side of y's sign) + Σ min(r·lower, r·upper) with
    r = cost - yA. A price whose row has no bound on its side counts as 0, so the result is a bound whatever the solver
    returned.
    """
    side = np.where(duals > 0.0, row_lower, row_upper)
    y = np.where(np.isfinite(side), duals, 0.0)
    reduced = cost - matrix.T @ y
    rows = float((y * np.where(np.isfinite(side), side, 0.0)).sum())
    return rows + float(np.minimum(reduced * lower, reduced * upper).sum())
