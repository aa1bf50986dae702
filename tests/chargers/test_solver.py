"""The thin way to HiGHS: relaxations, starts, and a start that the solver tells wrongly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fleet_planner.chargers import solver
from fleet_planner.chargers.solver import Found, Programme, solve
from fleet_planner.highs import INFEASIBLE, OPTIMAL

KNAPSACK = Programme(
    cost=-np.array([10.0, 6.0, 4.0]),
    lower=np.zeros(3),
    upper=np.ones(3),
    whole=np.ones(3, dtype=np.bool_),
    row=np.zeros(3, dtype=np.int64),
    column=np.arange(3),
    value=np.array([5.0, 4.0, 3.0]),
    low=np.array([-np.inf]),
    high=np.array([7.5]),
)


def test_whole_and_relaxed() -> None:
    whole = solve(KNAPSACK)
    assert whole.status == OPTIMAL
    assert whole.bound == pytest.approx(-10.0)
    relaxed = solve(KNAPSACK, relax=True)
    assert relaxed.bound == pytest.approx(-10.0 - 2.5 * 6.0 / 4.0)


def test_infeasible_is_told() -> None:
    none = solve(replace(KNAPSACK, low=np.array([20.0]), high=np.array([np.inf])))
    assert none.status == INFEASIBLE
    assert none.values is None


def test_a_wrong_objective_with_a_start_is_solved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes back with a start claims 1 less than it costs: the programme is solved without the start."""
    starts: list[bool] = []
    true = solver._run

    def wrong(
        programme: Programme, seconds: float, gap: float, start: np.ndarray | None, *, relax: bool, inner: bool = False
    ) -> tuple[Found, float]:
        starts.append(start is not None)
        found, said = true(programme, seconds, gap, start, relax=relax, inner=inner)
        if start is not None:
            return Found(start, said - 1.0, OPTIMAL, found.duals), said - 1.0
        return found, said

    monkeypatch.setattr(solver, "_run", wrong)
    found = solve(KNAPSACK, start=np.array([0.0, 1.0, 0.0]))
    assert starts == [True, False]
    assert found.status == OPTIMAL
    assert found.values is not None
    assert KNAPSACK.cost @ found.values == pytest.approx(-10.0)
    assert found.bound == pytest.approx(-10.0)
