"""A thin way to HiGHS for sparse integer programmes with a start."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.highs import OPTIMAL, OTHER, Lines, solve_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]

MISMATCH = 1e-6


@dataclass(frozen=True)
class Programme:
    """Minimise ``cost @ x`` where ``low <= A x <= high``, ``lower <= x <= upper`` and some of ``x`` are whole.

    Parameters
    ----------
    cost, lower, upper
        Shape (columns,).
    whole
        Which columns are integer, shape (columns,).
    row, column, value
        Entries of ``A`` in any order, shape (entries,); entries of one cell add up.
    low, high
        Shape (rows,).
    """

    cost: Float
    lower: Float
    upper: Float
    whole: Bool
    row: Int
    column: Int
    value: Float
    low: Float
    high: Float


@dataclass(frozen=True)
class Found:
    """What the solver says: values (none where it found nothing), bound on the cost, status, row duals of an LP."""

    values: Float | None
    bound: float
    status: str
    duals: Float


def solve(
    programme: Programme,
    seconds: float = np.inf,
    gap: float = 0.0,
    start: Float | None = None,
    *,
    relax: bool = False,
    inner: bool = False,
) -> Found:
    """Solve a programme.

    Parameters
    ----------
    programme
        Sparse.
    seconds
        Time limit.
    gap
        Relative gap at which the search ends.
    start
        A feasible solution, shape (columns,).
    relax
        Leave out that columns are whole.
    inner
        Solve what is relaxed by the interior-point method without a vertex: much faster on large covering programmes,
        whose duals are then right to about 1e-6.

    Notes
    -----
    HiGHS 1.16 may carry a start through presolve to a cheaper one than it is, and then proves the wrong optimum. Where
    the cost of what comes back is not what it says, the programme is solved again without the start.
    """
    begin = time.perf_counter()
    found, said = _run(programme, seconds, gap, start, relax=relax, inner=inner)
    if start is None or relax or found.values is None:
        return found
    true = float(programme.cost @ found.values)
    if abs(true - said) <= MISMATCH * max(1.0, abs(true)):
        return found
    left = max(seconds - (time.perf_counter() - begin), 1.0)
    again, _ = _run(programme, left, gap, None, relax=False)
    known = float(programme.cost @ start)
    if again.values is None or float(programme.cost @ again.values) > known + MISMATCH * max(1.0, abs(known)):
        return replace(again, values=start, status=again.status if again.status != OPTIMAL else OTHER)
    return again


def _run(
    programme: Programme, seconds: float, gap: float, start: Float | None, *, relax: bool, inner: bool = False
) -> tuple[Found, float]:
    """Return what HiGHS finds, and the objective that it says."""
    from scipy.sparse import coo_matrix

    shape = programme.low.size, programme.cost.size
    matrix = coo_matrix((programme.value, (programme.row, programme.column)), shape=shape)
    whole = None if relax else programme.whole
    lines = Lines(programme.cost, programme.lower, programme.upper, matrix, programme.low, programme.high, whole)
    options = {"mip_abs_gap": 1e-9, **({"solver": "ipx", "run_crossover": "off"} if inner else {})}
    found = solve_lines(lines, seconds=seconds, gap=gap, start=start, options=options)
    mixed = whole is not None and bool(whole.any())
    bound = found.bound if mixed or found.status == OPTIMAL else -np.inf
    values = found.values if found.values.size or not programme.cost.size else None
    return Found(values, bound, found.status, found.duals if values is not None else np.zeros(0)), found.value
