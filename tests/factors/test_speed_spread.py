"""The spread of speeds about the mean: an operator that keeps means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from fleet_planner.factors.in_use.speed_spread import (
    SpreadOperator,
    load_speed_spread,
    spread_curves,
    spread_operator,
)
from fleet_planner.factors.published.hot_table import load_hot_table

GRID = np.unique(np.concatenate([np.arange(3.0, 20.0, 0.25), np.arange(20.0, 140.5, 2.0)]))


def _operator() -> SpreadOperator:
    return spread_operator(GRID, load_speed_spread().at(GRID))


def test_rows_sum_to_one_and_weights_are_not_negative():
    operator = _operator()
    assert np.allclose(operator.matrix.sum(axis=1), 1.0, atol=1e-12)
    assert (operator.matrix >= 0.0).all()
    assert np.allclose(operator.matrix @ GRID, GRID, atol=1e-10)


def test_it_works_on_the_grid_of_the_factors():
    grid = load_hot_table().grid_kmh
    operator = spread_operator(grid, load_speed_spread().at(grid))
    assert np.allclose(operator.matrix @ grid, grid, atol=1e-9)
    inside = (grid > 8.0) & (grid < 100.0)
    assert (operator.kept[inside] > 0.95).all()


@given(st.lists(st.floats(-5.0, 5.0), min_size=2, max_size=2), st.floats(0.0, 0.8))
@settings(max_examples=40, deadline=None)
def test_straight_lines_stay(line: list[float], cv: float):
    operator = spread_operator(GRID, np.full(GRID.size, cv))
    curve = (line[0] + line[1] * GRID)[None, :]
    assert np.allclose(spread_curves(curve, operator), curve, atol=1e-9)


@given(st.floats(0.0, 0.8), st.floats(0.2, 3.0), st.floats(5.0, 120.0))
@settings(max_examples=40, deadline=None)
def test_convex_curves_never_fall(cv: float, power: float, bottom: float):
    operator = spread_operator(GRID, np.full(GRID.size, cv))
    curves = np.stack([GRID**-power, (GRID - bottom) ** 2, np.abs(GRID - bottom)])
    assert (spread_curves(curves, operator) >= curves - 1e-9 * np.abs(curves).max(axis=1, keepdims=True)).all()


def test_the_mean_of_a_curve_is_that_of_the_lognormal():
    # E[1/v] of a lognormal with mean 40 and cv 0.3 is (1 + cv^2) / mean; the tails of the parts fall short a little
    operator = spread_operator(GRID, np.full(GRID.size, 0.3), parts=401)
    at = int(np.searchsorted(GRID, 40.0))
    assert GRID[at] == pytest.approx(40.0)
    found = spread_curves((1.0 / GRID)[None, :], operator)[0, at]
    assert found == pytest.approx((1.0 + 0.09) / 40.0, rel=5e-3)
    sigma = np.sqrt(np.log1p(0.09))
    density = stats.lognorm(s=sigma, scale=40.0 * np.exp(-0.5 * sigma**2))
    square = integrate.quad(lambda v: v * v * density.pdf(v), 3.0, 140.0)[0]
    assert spread_curves((GRID**2)[None, :], operator)[0, at] == pytest.approx(square, rel=1e-2)


def test_no_spread_changes_nothing():
    operator = spread_operator(GRID, np.zeros(GRID.size))
    assert np.allclose(operator.matrix, np.eye(GRID.size))


def test_measured_spread_is_widest_in_congestion():
    days, minutes = load_speed_spread("days"), load_speed_spread("five_minutes")
    assert 0.25 < days.at(np.array([35.0]))[0] < 0.5
    assert days.at(np.array([110.0]))[0] < 0.03
    assert (minutes.cv >= days.cv).all()
