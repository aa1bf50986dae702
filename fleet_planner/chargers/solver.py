"""A thin way to HiGHS for sparse integer programmes with a start."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

from fleet_planner.highs import run, silent_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]

OPTIMAL = "optimal"
TIME_LIMIT = "time limit"
INFEASIBLE = "infeasible"
OTHER = "other"
MISMATCH = 1e-6
WORD = {
    highspy.HighsModelStatus.kOptimal: OPTIMAL,
    highspy.HighsModelStatus.kTimeLimit: TIME_LIMIT,
    highspy.HighsModelStatus.kInfeasible: INFEASIBLE,
    highspy.HighsModelStatus.kUnboundedOrInfeasible: INFEASIBLE,
}


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

    rows, columns = programme.low.size, programme.cost.size
    matrix = coo_matrix((programme.value, (programme.row, programme.column)), shape=(rows, columns)).tocsc()
    model: Any = silent_model()
    for key, value in {
        "time_limit": float(min(seconds, highspy.kHighsInf)),
        "mip_rel_gap": float(gap),
        "mip_abs_gap": 1e-9,
        **({"solver": "ipx", "run_crossover": "off"} if inner else {}),
    }.items():
        model.setOptionValue(key, value)
    lp: Any = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns, rows
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = programme.cost, programme.lower, programme.upper
    lp.row_lower_, lp.row_upper_ = programme.low, programme.high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    lp.a_matrix_.index_ = matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = matrix.data
    mixed = not relax and bool(programme.whole.any())
    if mixed:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(w)] for w in programme.whole.tolist()]
    model.passModel(lp)
    if start is not None and mixed:
        given: Any = highspy.HighsSolution()
        given.col_value = start.tolist()
        model.setSolution(given)
    run(model)
    info, told = model.getInfo(), model.getModelStatus()
    answer = model.getSolution()
    has = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = np.asarray(answer.col_value, dtype=np.float64) if has else None
    if mixed:
        bound = float(info.mip_dual_bound)
    else:
        bound = float(info.objective_function_value) if told == highspy.HighsModelStatus.kOptimal else -np.inf
    duals = np.asarray(answer.row_dual, dtype=np.float64) if not mixed and has else np.zeros(0)
    return Found(values, bound, WORD.get(told, OTHER), duals), float(info.objective_function_value)
