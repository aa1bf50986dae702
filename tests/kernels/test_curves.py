"""Curves over the whole domain: finite, never negative, without jumps, whatever the speed is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.factors.published.hot_table import HotTable, load_hot_table
from fleet_planner.kernels import curves

STEP_KMH = 0.1
STEEPEST_STEP = 0.1
"""Within 0.1 km/h published curves move by at most 0.086 of their own height (NOx of Euro VI buses at 5 km/h)."""


def steepest_step(ef: np.ndarray) -> np.ndarray:
    """Largest change between neighbours along the last axis as a share of the curve's own height; 1 at a pole."""
    height = np.abs(ef).max(axis=-1)
    return np.abs(np.diff(ef, axis=-1)).max(axis=-1) / np.where(height > 0.0, height, 1.0)


@pytest.fixture(scope="module")
def hot() -> HotTable:
    return load_hot_table()


HOT = load_hot_table()


@settings(max_examples=40, deadline=None)
@given(
    speed=st.floats(allow_nan=True, allow_infinity=True) | st.floats(0.01, 160.0),
    rule=st.sampled_from([curves.CLAMP, curves.CONSTANT_G_PER_H]),
)
def test_every_row_is_finite_and_not_negative_at_any_speed(speed: float, rule: int) -> None:
    held = speed if not 0.0 < speed < 0.01 else 0.01  # grams per hour over next to nothing has no bound
    n = HOT.keys.height
    got = curves.evaluate_mended(
        HOT.coefficients, HOT.bridges, HOT.bridge_offsets, np.arange(n), np.full(n, held), rule
    )
    assert np.isfinite(got).all()
    assert got.min() >= 0.0


def test_no_number_counts_as_the_lowest_speed(hot: HotTable) -> None:
    n = hot.keys.height
    row = np.arange(n)
    got = [
        curves.evaluate_mended(hot.coefficients, hot.bridges, hot.bridge_offsets, row, v, curves.CLAMP)
        for v in (np.full(n, np.nan), hot.coefficients[:, curves.V_MIN].copy())
    ]
    np.testing.assert_array_equal(*got)


def test_every_bridge_joins_its_curve_at_both_ends(hot: HotTable) -> None:
    row = np.repeat(np.arange(hot.keys.height), np.diff(hot.bridge_offsets))
    assert row.size >= 252
    for end in (0, 1):
        at = hot.bridges[:, end]
        sides = [
            curves.evaluate_mended(hot.coefficients, hot.bridges, hot.bridge_offsets, row, at + d, curves.CLAMP)
            for d in (-1e-6, 1e-6)
        ]
        np.testing.assert_allclose(sides[0], sides[1], rtol=1e-5)


def test_no_curve_jumps(hot: HotTable) -> None:
    """Between speeds 0.1 km/h apart no factor moves by more than a tenth of its curve's height, poles included."""
    _, first = np.unique(hot.coefficients, axis=0, return_index=True)
    speed = np.arange(1.0, 150.0, STEP_KMH)
    for rows in np.array_split(first, 8):
        ef = np.array(
            [
                curves.evaluate_mended(
                    hot.coefficients, hot.bridges, hot.bridge_offsets, np.full(speed.size, r), speed, curves.CLAMP
                )
                for r in rows
            ]
        )
        step = steepest_step(ef)
        assert step.max() < STEEPEST_STEP, rows[np.argmax(step)]


def test_a_pole_would_be_seen_as_a_jump(hot: HotTable) -> None:
    """The same measure on the formula as published finds the poles: it can fail."""
    speed = np.arange(5.0, 80.0, STEP_KMH)
    rows = np.flatnonzero(np.diff(hot.bridge_offsets))[:20]
    ef = np.array([curves.evaluate_raw(hot.coefficients, np.full(speed.size, r), speed) for r in rows])
    assert steepest_step(ef).max() > 5.0 * STEEPEST_STEP
