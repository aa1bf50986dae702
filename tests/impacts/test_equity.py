"""Concentration index, curve and fifths by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.impacts.equity.shares import concentration_index, curve, in_fifths, ranked


def test_two_halves_by_hand() -> None:
    # the poor half breathes 3, the rich half 1: 2 x (0.75 x 0.25 + 0.25 x 0.75) - 1 = -0.25
    by = ranked(np.array([10.0, 10.0]), np.array([1.0, 2.0]))
    exposure = np.array([30.0, 10.0])
    assert concentration_index(by, exposure) == pytest.approx(-0.25)
    people, share = curve(by, exposure)
    assert people.tolist() == [0.0, 0.5, 1.0]
    assert share.tolist() == [0.0, 0.75, 1.0]
    assert in_fifths(by, exposure).tolist() == pytest.approx([12.0, 12.0, 8.0, 4.0, 4.0])


def test_places_of_equal_standing_are_one_group() -> None:
    apart = ranked(np.array([5.0, 5.0, 10.0]), np.array([1.0, 1.0, 2.0]))
    assert apart.people.tolist() == [10.0, 10.0]
    assert apart.sums(np.array([30.0, 0.0, 10.0])).tolist() == [30.0, 10.0]


def test_no_burden_has_no_index() -> None:
    assert concentration_index(ranked(np.ones(2), np.arange(2.0)), np.zeros(2)) is None


places = st.lists(st.tuples(st.floats(1.0, 1e4), st.floats(-5.0, 5.0), st.floats(0.01, 50.0)), min_size=1, max_size=30)


@given(places)
def test_index_is_bounded_even_burdens_are_even_and_fifths_add_up(
    given_places: list[tuple[float, float, float]],
) -> None:
    people, standing, burden = (np.array(v) for v in zip(*given_places, strict=True))
    by = ranked(people, standing)
    exposure = by.sums(people * burden)
    index = concentration_index(by, exposure)
    assert index is not None
    assert -1.0 <= index <= 1.0
    assert concentration_index(by, by.sums(people * 7.0)) == pytest.approx(0.0, abs=1e-9)
    assert in_fifths(by, exposure).sum() == pytest.approx(exposure.sum())
    turned = ranked(people, -standing)
    assert concentration_index(turned, turned.sums(people * burden)) == pytest.approx(-index, abs=1e-9)
    shares = curve(by, exposure)
    area = float(np.trapezoid(shares[1], shares[0]))
    assert 1.0 - 2.0 * area == pytest.approx(index, abs=1e-9)  # twice the area between curve and diagonal
