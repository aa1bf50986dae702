"""Shares of causes add up to the difference, whatever the order."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fleet_planner.pipeline.differences.shapley import lmdi, log_mean, shapley

SIZE = st.floats(0.01, 1e6)


def games(n: int) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float64, (1 << n, 3), elements=st.floats(-1e6, 1e6))


@given(games(4))
def test_efficiency(values: np.ndarray) -> None:
    parts, whole = shapley(values), values[-1] - values[0]
    assert np.abs(parts.sum(axis=0) - whole).max() <= 1e-12 * max(np.abs(whole).max(), np.abs(parts).max(), 1e-300)


@given(games(3))
def test_every_order_on_average(values: np.ndarray) -> None:
    mean = np.zeros((3, 3))
    for order in permutations(range(3)):
        mask = 0
        for i in order:
            mean[i] += (values[mask | 1 << i] - values[mask]) / 6.0
            mask |= 1 << i
    assert shapley(values) == pytest.approx(mean, rel=1e-9, abs=1e-6)


@given(arrays(np.float64, (8,), elements=st.floats(-1e3, 1e3)))
def test_symmetry_and_null_player(values: np.ndarray) -> None:
    # cause 3 changes nothing; causes 0 and 1 do the same
    game = np.zeros(16)
    for mask in range(16):
        game[mask] = values[(mask & 1) + (mask >> 1 & 1) + 4 * (mask >> 2 & 1)]
    parts = shapley(game)
    assert parts[0] == pytest.approx(parts[1], rel=1e-9, abs=1e-9)
    assert parts[3] == pytest.approx(0.0, abs=1e-9)


def test_the_glove_game() -> None:
    # two left gloves and one right one: 1/6, 1/6, 4/6 (Shapley 1953 and every textbook since)
    game = np.array([float(bool(m & 4) and bool(m & 3)) for m in range(8)])
    assert shapley(game) == pytest.approx([1.0 / 6.0, 1.0 / 6.0, 4.0 / 6.0])


def test_rows_that_are_no_game_are_refused() -> None:
    with pytest.raises(ValueError, match="3 rows"):
        shapley(np.zeros(3))


@given(arrays(np.float64, (4, 5), elements=SIZE), arrays(np.float64, (4, 5), elements=SIZE))
def test_lmdi_adds_up_and_turns_round(first: np.ndarray, second: np.ndarray) -> None:
    parts, back = lmdi(first, second, 0), lmdi(second, first, 0)
    change = second.prod(axis=0) - first.prod(axis=0)
    scale = np.maximum(np.abs(change), np.abs(parts).max(axis=0))
    assert (np.abs(parts.sum(axis=0) - change) <= 1e-12 * scale).all()
    whole = np.maximum(first.prod(axis=0), second.prod(axis=0))
    assert (np.abs(parts + back) <= 1e-9 * whole).all()


def test_lmdi_where_something_appears() -> None:
    parts = lmdi(np.array([[2.0], [0.0]]), np.array([[3.0], [5.0]]), 1)
    assert parts[:, 0] == pytest.approx([0.0, 15.0])


def test_log_mean_of_equals_and_of_nothing() -> None:
    assert log_mean(np.array([2.0, 0.0, 1.0]), np.array([2.0, 3.0, np.e])) == pytest.approx([2.0, 0.0, np.e - 1.0])
