"""Links of like days: what is usual, what falls into groups, and how much nearer rebuilt hours come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.activity.model import Activity
from fleet_planner.pipeline.telling.hour_groups import MOST_GROUPS, NEAR, days_of, grouped, hour_groups, unusual
from fleet_planner.pipeline.telling.hours_rebuilt import _shares_of, rebuilt_errors

DAY = np.zeros(24)
DAY[6:22] = 1 / 16
NIGHT = np.zeros(24)
NIGHT[22:] = 0.5
EVEN = np.full(24, 1 / 24)
EARLY = np.zeros(24)
EARLY[4:8] = 0.25


def activity(km: np.ndarray, row: np.ndarray, streams: tuple[str, ...] = ("car", "urban_bus")) -> Activity:
    links = km.shape[1]
    share = np.stack([EVEN, DAY, NIGHT, EARLY])
    speed, mode = np.full((links, 24), 40.0), np.zeros((links, 24), dtype=np.int8)
    return Activity(streams, km.astype(float), row.astype(np.int32), share, speed, mode)


def bus_city() -> Activity:
    """Ten links of two classes; cars alike on all, buses by day on most, one link with a night bus, two early."""
    km = np.full((2, 10), 10.0)
    row = np.zeros((2, 10))
    row[1] = 1
    row[1, 4], row[1, [2, 7]] = 2, 3
    return activity(km, row)


def test_links_that_are_spread_like_most_of_their_class_are_usual() -> None:
    classes = np.repeat([0, 1], 5)
    assert np.flatnonzero(unusual(bus_city(), classes, 2)).tolist() == [2, 4, 7]
    groups = hour_groups(bus_city(), classes, 2)
    assert groups.of_link[[0, 1, 3]].tolist() == [0, 0, 0]
    assert groups.of_link[[5, 6, 8, 9]].tolist() == [1, 1, 1, 1]
    assert len({int(groups.of_link[k]) for k in (2, 4, 7)}) == 3  # of two classes, and of two kinds of day
    assert groups.of_class[groups.of_link].tolist() == classes.tolist()


def test_where_no_day_has_half_of_the_driving_none_is_usual() -> None:
    km, row = np.full((1, 3), 10.0), np.array([[1, 2, 3]])
    assert unusual(activity(km, row, ("urban_bus",)), np.zeros(3, dtype=np.int64), 1).all()
    km[0, 0] = 20.0
    assert unusual(activity(km, row, ("urban_bus",)), np.zeros(3, dtype=np.int64), 1).tolist() == [False, True, True]


def test_a_bus_weighs_more_than_a_car_in_the_shape_of_the_day() -> None:
    """20 km of buses by night count as much as 400 of cars: half of the day lies in two hours."""
    city = activity(np.array([[400.0], [20.0]]), np.array([[0], [2]]))
    day = days_of(city, np.array([0]))[0]
    assert day.sum() == pytest.approx(1.0)
    assert day[22:].sum() == pytest.approx(0.5 + 0.5 * 2 / 24)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12))
def test_like_days_come_together_and_others_do_not(seed: int, kinds: int) -> None:
    generator = np.random.default_rng(seed)
    shapes = generator.dirichlet(np.ones(24), kinds)
    kind = np.append(np.arange(kinds), generator.integers(0, kinds, 60))
    group = grouped(shapes[kind])
    assert group.max() < MOST_GROUPS
    for k in range(kinds):
        assert len(set(group[kind == k].tolist())) == 1
    apart = np.abs(shapes[:, None] - shapes[None]).sum(axis=2)
    if kinds > 1 and apart[~np.eye(kinds, dtype=bool)].min() > 2 * NEAR:
        assert len(set(group.tolist())) == kinds


def test_rebuilt_hours_of_a_city_with_buses_are_exact_where_one_share_a_class_is_far_off() -> None:
    city, classes = bus_city(), np.repeat([0, 1], 5)
    emitted = (np.array([1.0, 30.0])[:, None, None] * city.vkt).sum(axis=0)
    groups = hour_groups(city, classes, 2)
    day = emitted.sum(axis=1)
    own = _shares_of(
        [(slice(0, 4), emitted[None, :4]), (slice(4, 10), emitted[None, 4:])], groups, [np.zeros((groups.count, 24))]
    )[0]
    one_a_class = np.stack([emitted[classes == c].sum(axis=0) / day[classes == c].sum() for c in range(2)])
    assert rebuilt_errors(emitted, day, own[groups.of_link]) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)
    assert rebuilt_errors(emitted, day, one_a_class[classes])[1] > 50.0


def test_a_group_without_emissions_keeps_the_hours_of_its_class() -> None:
    city, classes = bus_city(), np.repeat([0, 1], 5)
    groups = hour_groups(city, classes, 2)
    otherwise = np.tile(DAY, (groups.count, 1))
    own = _shares_of([(slice(0, 10), np.zeros((1, 10, 24)))], groups, [otherwise])[0]
    np.testing.assert_array_equal(own, otherwise)
