"""Where the day of an electric vehicle is charged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from fleet_planner.chargers.working_day import (
    BASE,
    STOP,
    WAY,
    Chains,
    DayRules,
    by_hour,
    charged,
    day_classes,
    laid_out,
    sessions,
)


def chain_of(legs: list[float], most: list[float], battery: float, night: float) -> Chains:
    """One day: legs an hour long, stops of an hour, so that the power is the energy."""
    n = len(legs)
    leave = np.asarray(6.0 + 2.0 * np.arange(n), dtype=np.float64)
    return Chains(
        np.array([0, n]),
        np.array(legs),
        leave,
        np.asarray(leave + 1.0, dtype=np.float64),
        np.ones(n),
        np.array([*most, night]),
        np.array([battery]),
    )


@pytest.mark.parametrize(
    ("legs", "most", "battery", "night", "base", "stops", "way"),
    [
        # within the battery: all at base, though every stop could give
        ([20.0, 20.0, 20.0], [50.0, 50.0], 80.0, 80.0, 60.0, [0.0, 0.0], [0.0, 0.0, 0.0]),
        # ten more than the battery: the first stop gives them
        ([30.0, 30.0, 30.0], [50.0, 50.0], 80.0, 80.0, 80.0, [10.0, 0.0], [0.0, 0.0, 0.0]),
        # nobody charges at stops: what lacks is charged on the last leg
        ([30.0, 30.0, 30.0], [0.0, 0.0], 80.0, 80.0, 80.0, [0.0, 0.0], [0.0, 0.0, 10.0]),
        # a weak charger at base, which is all used; the rest at the stops
        ([20.0, 20.0, 20.0], [50.0, 50.0], 80.0, 15.0, 15.0, None, [0.0, 0.0, 0.0]),
        # no base at all and no stops: all on the way
        ([20.0, 20.0, 20.0], [0.0, 0.0], 80.0, 0.0, 0.0, [0.0, 0.0], [20.0, 20.0, 20.0]),
        # the first leg is longer than the battery: no stop can help
        ([100.0, 20.0], [50.0], 80.0, 80.0, 80.0, [20.0], [20.0, 0.0]),
    ],
)
def test_small_days(
    legs: list[float],
    most: list[float],
    battery: float,
    night: float,
    base: float,
    stops: list[float] | None,
    way: list[float],
) -> None:
    done = charged(chain_of(legs, most, battery, night))
    assert done.base_kwh[0] == pytest.approx(base, abs=1e-9)
    if stops is not None:
        assert done.stop_kwh[:-1] == pytest.approx(stops, abs=1e-9)
    assert done.way_kwh == pytest.approx(way, abs=1e-9)
    assert done.stop_kwh.sum() + done.way_kwh.sum() + done.base_kwh.sum() == pytest.approx(sum(legs))


def least(legs: list[float], most: list[float], battery: float, night: float) -> tuple[float, float]:
    """Return the least energy on the way, and at stops among the days with that, by a linear programme."""
    n = len(legs)
    # unknowns: taken at n - 1 stops, on the way of n legs, state in the morning, night
    size = 2 * n + 1
    start, over_night = 2 * n - 1, 2 * n
    rows, limits = [], []
    for i in range(n):
        soc = np.zeros(size)  # on arrival at stop i
        soc[: min(i, n - 1)] = 1.0
        soc[n - 1 : n + i] = 1.0
        soc[start] = 1.0
        drawn = sum(legs[: i + 1])
        rows.append(-soc)
        limits.append(-drawn)
        if i < n - 1:
            after = soc.copy()
            after[i] = 1.0
            rows.append(after)
            limits.append(battery + drawn)
    closed = np.zeros(size)
    closed[: 2 * n - 1] = 1.0
    closed[over_night] = 1.0
    bounds = [(0.0, m) for m in most] + [(0.0, None)] * n + [(0.0, battery), (0.0, night)]
    order = np.zeros(size)
    order[n - 1 : 2 * n - 1] = 1000.0
    order[: n - 1] = 1.0
    answer = linprog(order, np.array(rows), np.array(limits), closed[None, :], [sum(legs)], bounds)
    assert answer.status == 0
    return float(answer.x[n - 1 : 2 * n - 1].sum()), float(answer.x[: n - 1].sum())


energies = st.floats(0.0, 60.0).map(lambda v: round(v, 1))


@given(
    st.lists(st.tuples(energies.map(lambda v: v + 0.5), energies), min_size=2, max_size=6),
    st.floats(20.0, 120.0).map(lambda v: round(v, 1)),
    st.floats(0.0, 150.0).map(lambda v: round(v, 1)),
)
@settings(max_examples=150, deadline=None)
def test_the_way_then_the_stops_give_as_little_as_can_be(
    stops: list[tuple[float, float]], battery: float, night: float
) -> None:
    legs = [e for e, _ in stops]
    most = [m for _, m in stops[:-1]]
    chains = chain_of(legs, most, battery, night)
    done = charged(chains)
    assert (done.stop_kwh >= 0.0).all()
    assert (done.way_kwh >= 0.0).all()
    assert -1e-9 <= done.base_kwh[0] <= min(night, battery) + 1e-9
    assert (done.stop_kwh[:-1] <= np.array(most) + 1e-9).all()
    assert done.stop_kwh.sum() + done.way_kwh.sum() + done.base_kwh[0] == pytest.approx(sum(legs), abs=1e-6)
    way, at_stops = least(legs, most, battery, night)
    assert done.way_kwh.sum() == pytest.approx(way, abs=1e-5)
    assert done.stop_kwh.sum() == pytest.approx(at_stops, abs=1e-5)
    hours = by_hour(chains, done, np.zeros(1, dtype=np.int64), np.array([2.0]), 1)
    assert hours.sum(axis=2)[0] == pytest.approx(
        2.0 * np.array([done.base_kwh.sum(), done.stop_kwh.sum(), done.way_kwh.sum()]), abs=1e-9
    )


def test_energy_is_taken_when_the_vehicle_stands() -> None:
    # leaves at 6, back at 11; 10 kWh are lacking on the last leg, which runs empty after two thirds of it
    chains = chain_of([30.0, 30.0, 30.0], [0.0, 0.0], 80.0, 80.0)
    hours = by_hour(chains, charged(chains), np.zeros(1, dtype=np.int64), np.ones(1), 1)[0]
    assert hours[WAY].nonzero()[0].tolist() == [10]
    assert hours[BASE].nonzero()[0].tolist() == [11]  # the night of the test is an hour long
    stop = chain_of([30.0, 30.0, 30.0], [50.0, 50.0], 80.0, 80.0)
    done = charged(stop)
    taken = by_hour(stop, done, np.zeros(1, dtype=np.int64), np.ones(1), 1)[0]
    assert taken[STOP].nonzero()[0].tolist() == [7]
    assert sessions(stop, done, np.zeros(1, dtype=np.int64), np.ones(1), 1)[0].tolist() == [1.0, 1.0, 0.0]


@given(st.floats(0.05, 1.2), st.integers(1, 60))
def test_classes_of_days_keep_the_mean(spread: float, classes: int) -> None:
    found = day_classes(spread, classes)
    assert found.mean() == pytest.approx(1.0, rel=1e-9)
    assert (np.diff(found) > 0.0).all()


def test_a_day_is_laid_out_within_its_hours() -> None:
    one = np.ones(2)
    rules = DayRules(
        km=np.array([64.0, 640.0]),
        kwh_per_km=0.3 * one,
        trip_km=8.0 * one,
        speed_kmh=40.0 * one,
        start_h=7.0 * one,
        base_h=12.0 * one,
        base_kw=7.0 * one,
        stop_kw=50.0 * one,
        least_stop_h=0.5 * one,
        battery_kwh=60.0 * one,
    )
    chains = laid_out(rules)
    assert np.diff(chains.first).tolist() == [8, 80]
    # 1.6 hours of driving, 10.4 of standing at seven stops, back after twelve hours
    assert chains.stop_h[:8] == pytest.approx([10.4 / 7.0] * 7 + [12.0])
    assert chains.arrive_h[7] == pytest.approx(19.0)
    assert chains.leg_kwh[:8].sum() == pytest.approx(64.0 * 0.3)
    # the long day drives for sixteen hours: no time to charge at stops, eight hours at base
    assert chains.stop_kw[8:-1].max() == 0.0
    assert chains.stop_h[-1] == pytest.approx(8.0)
    done = charged(chains)
    assert done.base_kwh == pytest.approx([19.2, 56.0])  # 8 h x 7 kW
    assert done.way_kwh[8:].sum() == pytest.approx(640.0 * 0.3 - 56.0)
