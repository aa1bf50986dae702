"""The gravity model keeps the zones' sums and the wanted mean trip."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fleet_planner.activity.assignment.gravity import deterrence, distribute, fitted, mean_length_km, with_inside

Float = NDArray[np.float64]


def city(seed: int) -> tuple[Float, Float, Float, Float]:
    """Return what zones make and attract, times in minutes and lengths between them."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12))
    xy = rng.uniform(0.0, 20.0, (n, 2))
    km = np.hypot(*(xy[:, None, :] - xy[None, :, :]).T).T
    length = with_inside(km + 0.1 * (1 - np.eye(n)))
    return rng.uniform(1.0, 100.0, n), rng.uniform(1.0, 100.0, n), length * 2.0, length


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(-2.0, 0.0), st.floats(0.0, 0.3))
def test_rows_and_columns_add_up(seed: int, alpha: float, beta: float) -> None:
    made, drawn, time, _ = city(seed)
    found = distribute(made, drawn, time, alpha, beta)
    assert found.error < 1e-4
    np.testing.assert_allclose(found.trips.sum(axis=1), made, rtol=1e-4)
    np.testing.assert_allclose(found.trips.sum(axis=0), drawn * made.sum() / drawn.sum(), rtol=1e-4)
    assert np.all(found.trips >= 0.0)


def test_trips_are_those_of_a_case_by_hand() -> None:
    # two zones of 100 alike: T = 50 f(near) : f(far) in each row, by symmetry without balancing
    made = np.array([100.0, 100.0])
    time = np.array([[1.0, 11.0], [11.0, 1.0]])
    found = distribute(made, made, time, 0.0, 0.1)
    far = np.exp(-1.0) / (1.0 + np.exp(-1.0)) * 100.0
    np.testing.assert_allclose(found.trips, [[100.0 - far, far], [far, 100.0 - far]], rtol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 0.9))
def test_beta_is_fitted_to_the_mean_trip(seed: int, place: float) -> None:
    made, drawn, time, length = city(seed)
    longest = mean_length_km(distribute(made, drawn, time, 0.0, 0.0).trips, length)
    shortest = mean_length_km(distribute(made, drawn, time, 0.0, 5.0).trips, length)
    wanted = shortest + place * (longest - shortest)
    found = fitted(made, drawn, time, 0.0, length, wanted)
    assert mean_length_km(found.trips, length) == pytest.approx(wanted, abs=0.01)


def test_a_mean_trip_that_cannot_be_gives_the_nearest() -> None:
    made, drawn, time, length = city(4)
    far = fitted(made, drawn, time, 0.0, length, 1e3)
    assert far.beta == 0.0
    near = fitted(made, drawn, time, 0.0, length, 1e-3)
    assert near.beta == 5.0


def test_zones_that_no_road_joins_have_no_trips() -> None:
    time = np.array([[1.0, np.inf, 3.0], [np.inf, 1.0, np.inf], [3.0, np.inf, 1.0]])
    found = distribute(np.array([10.0, 20.0, 30.0]), np.array([10.0, 20.0, 30.0]), time, -1.0, 0.1)
    assert found.trips[0, 1] == found.trips[1, 2] == 0.0
    assert found.trips[1, 1] == pytest.approx(20.0)


def test_sums_that_cannot_be_kept_are_told() -> None:
    time = np.array([[1.0, np.inf], [np.inf, 1.0]])
    assert distribute(np.array([10.0, 30.0]), np.array([30.0, 10.0]), time, 0.0, 0.1).error > 0.5


def test_very_far_zones_do_not_underflow() -> None:
    assert deterrence(np.array([1e5, 1e5 + 10.0]), 0.0, 0.1).tolist() == pytest.approx([1.0, np.exp(-1.0)])


def test_inside_a_zone_takes_half_of_the_way_to_the_next() -> None:
    between = np.array([[0.0, 4.0, 9.0], [4.0, 0.0, 6.0], [np.inf, np.inf, 0.0]])
    assert np.diag(with_inside(between)).tolist() == [2.0, 2.0, 2.0]
