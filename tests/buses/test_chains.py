"""Fewest buses: against a listing of all pairs, with the proof and the least empty time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from fleet_planner.buses.service import chains
from fleet_planner.buses.service.chains import chain_trips, is_cover


def no_cost(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.zeros(np.broadcast(first, second).size)


@st.composite
def days(draw: st.DrawFn) -> tuple[np.ndarray, ...]:
    places = draw(st.integers(1, 5))
    trips = draw(st.integers(1, 30))
    seed = draw(st.integers(0, 2**31))
    rng = np.random.default_rng(seed)
    start_s = rng.integers(0, 200, trips).astype(float)
    end_s = start_s + rng.integers(0, 40, trips)
    ready_s = rng.integers(0, 60, (places, places)).astype(float)
    ready_s[rng.random((places, places)) < 0.2] = np.inf
    return start_s, end_s, rng.integers(0, places, trips), rng.integers(0, places, trips), ready_s


@settings(max_examples=60, deadline=None)
@given(days(), st.booleans())
def test_as_few_buses_as_a_matching_of_all_pairs_and_a_cover_proves_it(
    day: tuple[np.ndarray, ...], large: bool
) -> None:
    start_s, end_s, origin, target, ready_s = day
    limit = chains.LARGEST_ASSIGNED
    chains.LARGEST_ASSIGNED = 0 if large else limit
    try:
        found = chain_trips(*day, no_cost)
    finally:
        chains.LARGEST_ASSIGNED = limit
    after = end_s[:, None] + np.maximum(ready_s, 1.0)[np.ix_(target, origin)] <= start_s[None, :]
    pairs = int((maximum_bipartite_matching(csr_array(after.astype(int))) >= 0).sum())
    assert found.count == found.bound == start_s.size - pairs
    assert sorted(set(found.chain.tolist())) == list(range(found.count))
    for chain in range(found.count):
        own = np.flatnonzero(found.chain == chain)
        own = own[np.lexsort((end_s[own], start_s[own]))]
        assert after[own[:-1], own[1:]].all()


def test_a_cover_that_misses_a_pair_is_none():
    start_s, end_s, place = np.array([0.0, 20.0]), np.array([10.0, 30.0]), np.zeros(2, dtype=np.int64)
    ready_s = np.array([[5.0]])
    nothing, first = np.zeros(2, dtype=bool), np.array([True, False])
    assert not is_cover(start_s, end_s, place, place, ready_s, nothing, nothing)
    assert is_cover(start_s, end_s, place, place, ready_s, first, nothing)
    assert is_cover(start_s, end_s, place, place, ready_s, nothing, first[::-1])


def test_of_chainings_with_as_few_buses_the_least_empty_is_taken():
    # two buses end at A and B at 10, trips start at A and B at 100: each stays where it is, whatever the order
    start_s, end_s = np.array([0.0, 0.0, 100.0, 100.0]), np.array([10.0, 10.0, 110.0, 110.0])
    origin, target = np.array([0, 1, 1, 0]), np.array([0, 1, 0, 1])
    ready_s = np.array([[5.0, 50.0], [50.0, 5.0]])
    drive_s = np.array([[0.0, 45.0], [45.0, 0.0]])
    found = chain_trips(start_s, end_s, origin, target, ready_s, lambda a, b: drive_s[target[a], origin[b]])
    assert (found.count, found.least_empty) == (2, True)
    assert found.chain[0] == found.chain[3]
    assert found.chain[1] == found.chain[2]


def test_trips_of_no_length_make_no_ring():
    zero = np.zeros(3)
    found = chain_trips(zero, zero, np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64), np.zeros((1, 1)), no_cost)
    assert found.count == 3


@pytest.mark.parametrize("trips", [1, 2, 50])
def test_a_shuttle_needs_the_buses_that_its_round_takes(trips: int) -> None:
    # 20 min each way, departures at both ends every 10 min, 5 min of layover: a bus is back on its departure after 60 min
    start_s = np.repeat(np.arange(trips) * 600.0, 2)
    origin = np.tile([0, 1], trips)
    far = np.array([[np.inf, np.inf], [np.inf, np.inf]])
    np.fill_diagonal(far, 300.0)
    found = chain_trips(start_s, start_s + 1200.0, origin, 1 - origin, far, no_cost)
    assert found.count == min(2 * trips, 6)
