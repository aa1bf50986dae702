"""Stops keep their order along a line; km fall into the hour of passing."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.kernels import matching


def place(stops: list[tuple[float, float]], line: list[tuple[float, float]]) -> np.ndarray:
    points = np.array(line, dtype=float)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    ends = np.array([0, len(stops)]), np.array([0]), points, np.array([0, len(line)]), along
    return matching.project_in_order(np.array(stops, dtype=float), *ends)


def test_street_driven_both_ways_keeps_the_order_of_stops() -> None:
    out_and_back = [(0.0, 0.0), (100.0, 0.0), (0.0, 0.0)]
    np.testing.assert_allclose(place([(20, 1), (90, 1), (60, -1), (10, -1)], out_and_back), [20, 90, 140, 190])


def test_loop_ends_where_it_began() -> None:
    square = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0), (0.0, 0.0)]
    np.testing.assert_allclose(place([(0, 0), (100, 50), (0, 50), (0, 0)], square), [0, 150, 350, 400])


def test_line_of_one_point_places_all_at_its_start() -> None:
    assert place([(5, 5), (6, 6)], [(0.0, 0.0)]).tolist() == [0.0, 0.0]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_placing_of_two_stops_is_the_best_of_all(seed: int, points: int) -> None:
    rng = np.random.default_rng(seed)
    line, at = rng.uniform(0, 100, (points, 2)), rng.uniform(0, 100, (2, 2))
    length = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(length)])

    def cost(choice: tuple[int, ...]) -> tuple[float, list[float]]:
        total, placed, least = 0.0, [], (-1, 0.0)
        for stop, j in zip(at, choice, strict=True):
            edge = line[j + 1] - line[j]
            t = float(np.clip((stop - line[j]) @ edge / (edge @ edge), 0, 1))
            t = max(t, least[1]) if j == least[0] else t
            least = (j, t)
            total += float(((line[j] + t * edge - stop) ** 2).sum())
            placed.append(float(along[j] + t * length[j]))
        return total, placed

    want = min(cost(c) for c in combinations_with_replacement(range(points - 1), 2))[1]
    np.testing.assert_allclose(place(at.tolist(), line.tolist()), want, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 12))
def test_stops_never_go_back_and_stay_on_the_line(seed: int, stops: int, points: int) -> None:
    rng = np.random.default_rng(seed)
    line = rng.uniform(0, 100, (points, 2))
    got = place(rng.uniform(0, 100, (stops, 2)).tolist(), line.tolist())
    assert np.all(np.diff(got) >= -1e-9)
    assert got.min() >= 0.0
    assert got.max() <= np.hypot(*np.diff(line, axis=0).T).sum() + 1e-9


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_service_by_hour_equals_interpolation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, links, stops, trips = 40, 5, 6, 4
    link, km = rng.integers(-1, links, n), rng.uniform(0, 1, n)
    m = np.sort(rng.uniform(0, 1000, n))
    at = np.sort(rng.uniform(0, 1000, stops))
    times = np.sort(rng.uniform(0, 20_000, 2 * stops))
    times -= times[0]
    arrival, departure = times[::2].copy(), times[1::2].copy()
    start = rng.uniform(0, 100_000, trips)
    zeros, whole = np.zeros(trips, dtype=np.int64), np.array([0, n])
    timing = np.array([0, stops])
    pace = np.append(np.diff(departure) / np.diff(at), -1.0)
    span_m = rng.uniform(0, 50, n)
    got, timed, seconds, stopped = matching.service_by_hour(
        links, link, m, span_m, km, whole, zeros, zeros, start, at, arrival, departure, timing, pace
    )
    want = np.zeros((links, 24))
    for s0 in start:
        for i in range(n):
            if link[i] < 0:
                continue
            k = np.searchsorted(at, m[i], side="right") - 1
            if k < 0:
                t = departure[0]
            elif k == stops - 1:
                t = arrival[-1]
            else:
                t = np.interp(m[i], at[k : k + 2], [departure[k], arrival[k + 1]])
            want[link[i], int((s0 + t) // 3600) % 24] += km[i]
    np.testing.assert_allclose(got, want, atol=1e-12)
    assert got.sum() == pytest.approx(trips * km[link >= 0].sum())
    between = (m > at[0]) & (m < at[-1]) & (link >= 0)
    assert timed.sum() == pytest.approx(trips * km[between].sum())
    after = np.searchsorted(at, m[between], side="right") - 1
    assert seconds.sum() == pytest.approx(trips * (span_m[between] * pace[after]).sum())
    nearest = link[np.clip(np.searchsorted((m[1:] + m[:-1]) / 2.0, at), 0, n - 1)]
    assert stopped.sum() == trips * np.count_nonzero(nearest >= 0)


def paces(m: list[float], arrival: list[float], departure: list[float], section_m: float) -> list[float]:
    arrays = [np.array(x, dtype=float) for x in (m, arrival, departure)]
    return list(matching.section_paces(*arrays, np.array([0, len(m)]), section_m, 300.0))


def test_times_in_whole_minutes_make_even_speeds_over_a_section() -> None:
    """Four stops 300 m apart, passed within one minute, then two: 900 m in 180 s."""
    m, times = [0.0, 300.0, 600.0, 900.0], [0.0, 60.0, 60.0, 180.0]
    assert paces(m, times, times, 800.0) == pytest.approx([0.2, 0.2, 0.2, -1.0])
    assert paces(m, times, times, 500.0) == pytest.approx([0.2, 0.2, 0.2, -1.0])  # the rest joins the one before
    assert paces(m, times, times, 0.0) == pytest.approx([0.2, -1.0, 0.4, -1.0])  # no time, no speed


def test_a_long_call_is_a_rest() -> None:
    """Ten minutes at a stop: five count. The wait at the last stop does not."""
    assert paces([0.0, 1000.0, 2000.0], [0.0, 100.0, 900.0], [0.0, 700.0, 999.0], 500.0) == pytest.approx(
        [0.4, 0.2, -1.0]
    )


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 12))
def test_sections_keep_the_time_of_the_whole_trip(seed: int, stops: int) -> None:
    rng = np.random.default_rng(seed)
    m = np.cumsum(rng.uniform(10, 400, stops))
    times = np.cumsum(rng.integers(0, 3, stops) * 60.0)
    pace = np.array(paces(m.tolist(), times.tolist(), times.tolist(), rng.uniform(0, 900)))
    assert float((np.diff(m) * np.maximum(pace[:-1], 0.0)).sum()) == pytest.approx(times[-1] - times[0])
