"""Models with capacity and of flows, against all sets of sites of small instances."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from fleet_planner.chargers.distances import of_matrix
from fleet_planner.chargers.models.capacitated import solve_capacitated
from fleet_planner.chargers.models.nearest import Effort
from fleet_planner.chargers.models.radius import Nearest
from fleet_planner.chargers.models.refuelling import corridors_of, flow_refuelling, served
from fleet_planner.highs import OPTIMAL

QUICK = Effort(seconds=20.0)
START_ONLY = Effort(seconds=0.0)


def dealt(km: np.ndarray, weight: np.ndarray, far: float, capacity: np.ndarray, chosen: list[int]) -> float:
    """The least cost of dealing demand to the chosen sites, by a linear programme of its own."""
    n = weight.size
    cost = np.concatenate([weight * np.minimum(km[i], far) for i in chosen] + [weight * far])
    total = np.tile(np.eye(n), len(chosen) + 1)
    limits = np.zeros((len(chosen), n * (len(chosen) + 1)))
    for k, i in enumerate(chosen):
        limits[k, k * n : (k + 1) * n] = np.where(km[i] < far, weight, 0.0)
    bounds = [(0.0, 1.0 if km[i, j] < far else 0.0) for i in chosen for j in range(n)] + [(0.0, 1.0)] * n
    found = linprog(cost, A_ub=limits, b_ub=capacity[chosen], A_eq=total, b_eq=np.ones(n), bounds=bounds)
    return float(found.fun)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 6), st.integers(1, 7), st.integers(0, 10_000), st.booleans())
def test_capacity_is_the_best_of_all_sets(sites: int, demand: int, seed: int, covers: bool) -> None:
    rng = np.random.default_rng(seed)
    km = rng.integers(0, 10, (sites, demand)).astype(np.float64)
    far = 6.0
    if covers:
        km, far = (km > 5.0).astype(np.float64), 1.0
    weight = rng.integers(1, 9, demand).astype(np.float64)
    capacity = rng.integers(1, 20, sites).astype(np.float64)
    locked = np.zeros(sites, dtype=np.bool_)
    locked[0] = rng.random() < 0.3
    p = int(rng.integers(1, sites + 1))
    problem = Nearest(of_matrix(km, far), weight, np.full(demand, far), locked)
    best = min(
        dealt(km, weight, far, capacity, list(c)) for c in combinations(range(sites), p) if not locked[0] or 0 in c
    )
    found = solve_capacitated(problem, capacity, p, QUICK)
    assert found.answer.status == OPTIMAL
    assert found.answer.objective == pytest.approx(best, abs=1e-6)
    assert found.answer.is_open.sum() == p
    load = np.zeros(sites)
    np.add.at(load, problem.reach.site, found.share * weight[problem.reach.demand])
    assert (load <= capacity * found.answer.is_open + 1e-6).all()
    start = solve_capacitated(problem, capacity, p, START_ONLY).answer
    assert start.bound - 1e-6 <= best <= start.objective + 1e-6


def test_capacity_without_limits_is_plain() -> None:
    rng = np.random.default_rng(1)
    km = rng.random((8, 20)) * 10.0
    weight = rng.random(20)
    problem = Nearest(of_matrix(km, 6.0), weight, np.full(20, 6.0), np.zeros(8, dtype=np.bool_))
    free = solve_capacitated(problem, np.full(8, 1e9), 3, QUICK).answer.objective
    best = min(float((weight * np.minimum(km[list(c)].min(axis=0), 6.0)).sum()) for c in combinations(range(8), 3))
    assert free == pytest.approx(best)
    tight = solve_capacitated(problem, np.full(8, 2.0), 3, QUICK).answer.objective
    assert tight >= free - 1e-9


def drives(length: float, stops: list[float], range_km: float) -> bool:
    """A vehicle that leaves full drives there and back from stop to stop."""
    line = sorted([*stops, *(2.0 * length - s for s in stops)])
    at = 0.0
    for stop in [*line, 2.0 * length]:
        if stop - at > range_km + 1e-9:
            return False
        at = stop
    return True


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 10_000))
def test_flows_are_the_best_of_all_sets(sites: int, flows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    length = rng.integers(20, 200, flows).astype(np.float64)
    at = rng.random((flows, sites)) * length[:, None]
    at[rng.random((flows, sites)) < 0.4] = np.nan
    weight = rng.integers(1, 50, flows).astype(np.float64)
    range_km = 110.0
    p = int(rng.integers(1, sites + 1))
    corridors = corridors_of(length, at, weight, range_km)

    def value(chosen: tuple[int, ...]) -> float:
        ok = [drives(length[q], [at[q, i] for i in chosen if np.isfinite(at[q, i])], range_km) for q in range(flows)]
        is_open = np.isin(np.arange(sites), chosen)
        assert served(corridors, is_open).tolist() == ok
        return float(weight[ok].sum())

    best = max(value(c) for c in combinations(range(sites), p))
    found = flow_refuelling(corridors, p, None, QUICK)
    assert found.status == OPTIMAL
    assert found.objective == best
    assert found.is_open.sum() == p
    start = flow_refuelling(corridors, p, None, START_ONLY)
    assert start.objective <= best <= start.bound + 1e-6


def test_a_range_longer_than_the_round_trip_needs_no_site() -> None:
    corridors = corridors_of(np.array([50.0]), np.array([[np.nan]]), np.array([7.0]), 100.0)
    assert flow_refuelling(corridors, 1, None, QUICK).objective == 7.0
    short = corridors_of(np.array([50.0]), np.array([[np.nan]]), np.array([7.0]), 99.0)
    assert flow_refuelling(short, 1, None, QUICK).objective == 0.0
