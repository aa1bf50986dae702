"""Bands of ratios whose denominator may pass nought: an end is a number that draws reach, or open."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.uncertainty.ratios import open_band, ratio_draws

NUMBERS = st.floats(-1e6, 1e6)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=60)
LEVELS = st.sampled_from([0.5, 0.9, 0.95])


@given(pairs=PAIRS, level=LEVELS)
def test_ends_are_finite_and_hold_the_median_or_are_open(pairs: list[tuple[float, float]], level: float) -> None:
    above, below = np.array(pairs).T
    draws = ratio_draws(above, below, 1e-9)
    found = open_band(draws, level)
    assert found.without == np.mean(below <= 1e-9)
    known = [x for x in (found.low, found.median, found.high) if x is not None]
    assert np.isfinite(known).all()
    assert known == sorted(known)
    assert (found.median is None) == (found.without >= 0.5)
    if found.low is None or found.high is None:
        assert found.without > 0.5 - level / 2.0 - 1e-12


@given(pairs=PAIRS, level=LEVELS)
def test_a_denominator_above_nought_gives_the_usual_quantiles(pairs: list[tuple[float, float]], level: float) -> None:
    above, below = np.array(pairs).T
    below = np.abs(below) + 1.0
    found = open_band(ratio_draws(above, below), level)
    ends = np.quantile(above / below, [0.5 - level / 2.0, 0.5, 0.5 + level / 2.0])
    np.testing.assert_allclose([found.low, found.median, found.high], ends)


def test_a_tenth_without_a_reduction_leaves_the_upper_end_open() -> None:
    """By hand: 100 draws that cost 10 each; 90 avoid 1, 2, ... 90 t, ten avoid nothing."""
    below = np.array([*range(1, 91), *[0.0] * 5, *[-3.0] * 5], dtype=np.float64)
    found = open_band(ratio_draws(np.full(100, 10.0), below), 0.9)
    assert (found.low, found.high, found.without) == (10.0 / 86.0, None, 0.1)
    saving = open_band(ratio_draws(np.full(100, -10.0), below), 0.9)
    assert (saving.low, saving.high) == (None, None)
