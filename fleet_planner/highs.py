"""HiGHS in one place: models that say nothing, programmes solved, searches that end where a second run ends too."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

from fleet_planner.searches import searches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Float = NDArray[np.float64]
    Bool = NDArray[np.bool_]

STDOUT = 1
OPTIMAL, INFEASIBLE, TIME_LIMIT, OTHER = "optimal", "infeasible", "time limit", "other"
WORD = {
    highspy.HighsModelStatus.kOptimal: OPTIMAL,
    highspy.HighsModelStatus.kTimeLimit: TIME_LIMIT,
    highspy.HighsModelStatus.kInterrupt: TIME_LIMIT,
    highspy.HighsModelStatus.kInfeasible: INFEASIBLE,
    highspy.HighsModelStatus.kUnboundedOrInfeasible: INFEASIBLE,
}
LATEST, LATE_S = 2.0, 30.0
"""A search without stopping points is ended by HiGHS's own clock after so many times its limit and so many seconds."""


def silent_model() -> Any:
    """Return an empty model of HiGHS without output; it writes a notice when it is made, before options can be set."""
    with _nowhere(STDOUT):
        model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    return model


def run(model: Any, seconds: float = np.inf) -> None:
    """Solve a model, with as many threads as every other one: HiGHS refuses another number once it has begun.

    Parameters
    ----------
    model
        Of `silent_model`.
    seconds
        After which it ends at its next stopping point.

    Raises
    ------
    RuntimeError
        HiGHS refuses the model or an option.
    """
    if not np.isfinite(seconds):
        _run(model)
        return
    log, begin = searches(), time.perf_counter()

    def ask(event: Any) -> None:
        if log.over(begin, seconds):
            event.interrupt()

    hooks = (model.cbMipInterrupt, model.cbSimplexInterrupt, model.cbIpmInterrupt)
    for hook in hooks:
        hook.subscribe(ask)
    if log.known is None:
        model.setOptionValue("time_limit", float(model.getRunTime() + LATEST * seconds + LATE_S))
    try:
        _run(model)
    finally:
        for hook in hooks:
            hook.unsubscribe(ask)
        model.setOptionValue("time_limit", highspy.kHighsInf)
    log.late += model.getModelStatus() == highspy.HighsModelStatus.kTimeLimit


def _run(model: Any) -> None:
    if model.run() == highspy.HighsStatus.kError:
        raise RuntimeError(f"HiGHS gave up: {model.getModelStatus()}")


@dataclass(frozen=True)
class Lines:
    """Minimise ``cost @ x`` where ``row_low <= A x <= row_high``, ``low <= x <= high``, some of ``x`` whole.

    Parameters
    ----------
    cost, low, high
        Shape (columns,).
    matrix
        ``A``, sparse of any form of scipy's, shape (rows, columns).
    row_low, row_high
        Shape (rows,).
    whole
        Which columns are integer, shape (columns,); none: no column is.
    """

    cost: Float
    low: Float
    high: Float
    matrix: Any
    row_low: Float
    row_high: Float
    whole: Bool | None = None


@dataclass(frozen=True)
class Solved:
    """What HiGHS says.

    Parameters
    ----------
    status
        `OPTIMAL`, `INFEASIBLE`, `TIME_LIMIT` or `OTHER`.
    values
        Of the columns, shape (columns,); empty where it has no feasible point.
    duals
        Of the rows of a linear programme, shape (rows,).
    value
        Cost that it says the values have.
    bound
        Proved by the search; the value itself of a linear programme.
    """

    status: str
    values: Float
    duals: Float
    value: float
    bound: float


def solve_lines(
    lines: Lines,
    *,
    seconds: float = np.inf,
    gap: float = 0.0,
    start: Float | None = None,
    options: dict[str, Any] | None = None,
) -> Solved:
    """Solve a linear or integer programme.

    Parameters
    ----------
    lines
        The programme.
    seconds, gap
        Time and relative gap at which it ends.
    start
        A feasible point that an integer programme begins with, shape (columns,); none or empty: without.
    options
        More options of HiGHS.
    """
    model = silent_model()
    for key, value in {"mip_rel_gap": float(gap), **(options or {})}.items():
        model.setOptionValue(key, value)
    mixed = lines.whole is not None and bool(lines.whole.any())
    model.passModel(_lp(lines, mixed=mixed))
    if start is not None and start.size and mixed:
        known = highspy.HighsSolution()
        known.col_value = start.tolist()
        model.setSolution(known)
    run(model, seconds)
    info, found = model.getInfo(), model.getSolution()
    has = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    value = float(info.objective_function_value)
    return Solved(
        WORD.get(model.getModelStatus(), OTHER),
        np.asarray(found.col_value, dtype=np.float64) if has else np.zeros(0),
        np.zeros(0) if mixed else np.asarray(found.row_dual, dtype=np.float64),
        value,
        float(info.mip_dual_bound) if mixed else value,
    )


def _lp(lines: Lines, *, mixed: bool) -> Any:
    matrix = lines.matrix.tocsc()
    out: Any = highspy.HighsLp()
    out.num_col_, out.num_row_ = lines.cost.size, lines.row_low.size
    out.col_cost_, out.col_lower_, out.col_upper_ = lines.cost, lines.low, lines.high
    out.row_lower_, out.row_upper_ = lines.row_low, lines.row_high
    out.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    out.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    out.a_matrix_.index_ = matrix.indices.astype(np.int32)
    out.a_matrix_.value_ = matrix.data
    if mixed:
        assert lines.whole is not None
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        out.integrality_ = [kinds[int(w)] for w in lines.whole.tolist()]
    return out


@contextmanager
def _nowhere(descriptor: int) -> Iterator[None]:
    """Send what is written to a descriptor of the process to nowhere."""
    try:
        kept = os.dup(descriptor)
    except OSError:  # closed: nothing is written there
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), descriptor)
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)
