"""Feeds that are broken: what is kept, what is left out, and which cell is named."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.tables import finding_text
from fleet_planner.transit_feed import Feed, read_feed
from fleet_planner.transit_feed.visits import _longest_rise
from tests.transit_feed.test_feed import DEFAULT, TIMES, write

FOUR = (
    "stop_id,stop_lat,stop_lon\na,0,0\nb,0,0.005\nc,0,0.015\nd,0,0.02\n",
    "t,{}:00,{}:00,a,1\nt,{}:00,{}:00,b,2\nt,{}:00,{}:00,c,3\nt,{}:00,{}:00,d,4\n",
)


def found(feed: Feed, code: str) -> Finding:
    finding = next(f for f in feed.findings if f.code == f"transit.{code}")
    for language in ("en", "zh"):
        assert "{" not in finding_text(finding, language)
    return finding


def cell(feed: Feed, code: str) -> tuple[object, ...]:
    finding = found(feed, code)
    return (finding.count, *(finding.values[k] for k in ("file", "row", "column", "value")))


def at(folder: Path, *times: str) -> Feed:
    rows = FOUR[1].format(*(t for time in times for t in (time, time)))
    return read_feed(write(folder, stops=FOUR[0], stop_times=TIMES + rows))


def test_one_slip_of_the_pen_does_not_hold_the_trip_up(tmp_path: Path) -> None:
    """18:10 for 08:10: that time goes, the later ones stay, and the way fills it in (a quarter of 40 minutes)."""
    feed = at(tmp_path, "08:00", "18:10", "08:30", "08:40")
    assert cell(feed, "times_back") == (1, "stop_times.txt", 3, "arrival_time", "18:10:00")
    np.testing.assert_allclose(feed.timing_arrival_s, [0, 600, 1800, 2400], atol=1e-3)
    assert found(feed, "times_between").count == 1


def test_midnight_written_as_nought(tmp_path: Path) -> None:
    feed = at(tmp_path, "23:40", "23:50", "00:10", "00:20")
    assert cell(feed, "midnight_wrapped") == (1, "stop_times.txt", 4, "arrival_time", "00:10:00")
    assert feed.timing_arrival_s.tolist() == [0, 600, 1800, 2400]
    assert feed.trips["end_s"][0] == 86_400 + 1200


def test_stop_of_no_known_place_is_left_out(tmp_path: Path) -> None:
    rows = "t,08:00:00,08:00:00,a,1\nt,08:10:00,08:10:00,nowhere,2\nt,08:20:00,08:20:00,c,3\n"
    feed = read_feed(write(tmp_path, stop_times=TIMES + rows))
    assert cell(feed, "stop_unplaced") == (1, "stop_times.txt", 3, "stop_id", "nowhere")
    assert feed.timing_arrival_s.tolist() == [0, 1200]


def test_repeated_sequence_number_is_left_out(tmp_path: Path) -> None:
    rows = "t,08:00:00,08:00:00,a,1\nt,08:10:00,08:10:00,b,2\nt,08:50:00,08:50:00,b,2\nt,08:20:00,08:20:00,c,3\n"
    feed = read_feed(write(tmp_path, stop_times=TIMES + rows))
    assert cell(feed, "stop_time_twice") == (1, "stop_times.txt", 4, "stop_sequence", "2")
    assert feed.timing_arrival_s.tolist() == [0, 600, 1200]


def test_departure_before_arrival(tmp_path: Path) -> None:
    rows = "t,08:00:00,08:00:00,a,1\nt,08:10:00,08:05:00,b,2\nt,08:20:00,08:20:00,c,3\n"
    feed = read_feed(write(tmp_path, stop_times=TIMES + rows))
    assert cell(feed, "departs_early") == (1, "stop_times.txt", 3, "departure_time", "08:05:00")
    assert feed.timing_departure_s.tolist() == [0, 600, 1200]


def test_trips_of_unknown_routes_and_services(tmp_path: Path) -> None:
    trips = "route_id,service_id,trip_id,shape_id\nr,wk,t,s\nlost,wk,u,s\nr,never,v,s\n"
    feed = read_feed(write(tmp_path, trips=trips))
    assert cell(feed, "route_unknown") == (1, "trips.txt", 3, "route_id", "lost")
    assert cell(feed, "service_unknown") == (1, "trips.txt", 4, "service_id", "never")
    assert feed.trips.height == 1


def test_shape_that_the_feed_does_not_have(tmp_path: Path) -> None:
    trips = "route_id,service_id,trip_id,shape_id\nr,wk,t,none\nr,wk,u,none\n"
    times = "".join(f"{t},08:00:00,08:00:00,a,1\n{t},08:20:00,08:20:00,c,2\n" for t in "tu")
    feed = read_feed(write(tmp_path, trips=trips, stop_times=TIMES + times))
    assert cell(feed, "shape_unknown") == (2, "trips.txt", 2, "shape_id", "none")
    assert feed.stops_only.tolist() == [True]  # one line for both
    assert feed.trips["shape"].to_list() == [0, 0]


def test_shape_of_few_points_far_apart_is_routed_between_them(tmp_path: Path) -> None:
    """Three points in 2.2 km are no street; a point every 111 m is."""
    feed = read_feed(write(tmp_path))
    assert found(feed, "sparse_shape").count == 1
    assert feed.stops_only.tolist() == [True]
    rows = "".join(f"s,0,{0.001 * k},{k}\n" for k in range(21))
    fine = read_feed(write(tmp_path, shapes="shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n" + rows))
    assert fine.stops_only.tolist() == [False]
    assert fine.trips["distance_km"][0] == pytest.approx(feed.trips["distance_km"][0])


def test_service_that_ends_before_it_starts(tmp_path: Path) -> None:
    calendar = DEFAULT["calendar"] + "old,1,1,1,1,1,1,1,20240601,20240101\n"
    feed = read_feed(write(tmp_path, calendar=calendar))
    assert cell(feed, "calendar_turned") == (1, "calendar.txt", 3, "end_date", "2024-01-01")


def test_repetition_that_ends_before_it_starts_is_refused(tmp_path: Path) -> None:
    table = "trip_id,start_time,end_time,headway_secs\nt,09:00:00,07:00:00,600\n"
    with pytest.raises(InputError) as error:
        read_feed(write(tmp_path, frequencies=table))
    for part in ("frequencies.txt", "row 2", "end_time", "07:00:00"):
        assert part in str(error.value)


def test_repetition_given_twice_counts_once(tmp_path: Path) -> None:
    row = "t,06:00:00,07:00:00,600\n"
    feed = read_feed(write(tmp_path, frequencies="trip_id,start_time,end_time,headway_secs\n" + row + row))
    assert feed.trips.height == 6


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=9))
def test_longest_rise_equals_all_subsets(raw: list[tuple[int, int]]) -> None:
    times = [(a, a + wait) for a, wait in raw]
    best = 0
    for code in range(1 << len(times)):
        part = [times[i] for i in range(len(times)) if code >> i & 1]
        if all(after[0] >= before[1] for before, after in itertools.pairwise(part)):
            best = max(best, len(part))
    got = _longest_rise(times)
    assert len(got) == best
    spans = [
        part[-1][0] - part[0][1]
        for part in (
            [times[i] for i in range(len(times)) if code >> i & 1]
            for code in range(1 << len(times))
            if code.bit_count() == best
        )
        if all(after[0] >= before[1] for before, after in itertools.pairwise(part))
    ]
    assert times[got[-1]][0] - times[got[0]][1] == min(spans)
    assert got == sorted(got)
    kept = [times[i] for i in got]
    assert all(after[0] >= before[1] for before, after in itertools.pairwise(kept))


def test_shuffled_rows_make_the_same_feed(tmp_path: Path) -> None:
    rows = DEFAULT["stop_times"].removeprefix(TIMES).splitlines(keepends=True)
    random.Random(3).shuffle(rows)  # noqa: S311 - no secret
    one, other = read_feed(write(tmp_path)), read_feed(write(tmp_path, stop_times=TIMES + "".join(rows)))
    np.testing.assert_array_equal(one.timing_m, other.timing_m)
    np.testing.assert_array_equal(one.timing_arrival_s, other.timing_arrival_s)
