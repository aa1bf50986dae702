"""Siting models against all sets of sites of small instances, and what holds for any instance."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fleet_planner.chargers import check
from fleet_planner.chargers.distances import Reach, of_matrix
from fleet_planner.chargers.models.branching import branched
from fleet_planner.chargers.models.covering import maximal_covering, set_covering
from fleet_planner.chargers.models.dominance import without_dominated
from fleet_planner.chargers.models.median import p_centre, p_median
from fleet_planner.chargers.models.nearest import HEURISTIC, Effort
from fleet_planner.chargers.models.radius import Nearest, multipliers, radius_form
from fleet_planner.chargers.solver import solve
from fleet_planner.highs import OPTIMAL
from fleet_planner.kernels import siting
from fleet_planner.kernels.set_cover import fewest

QUICK = Effort(seconds=20.0, rounds=5, steps=60)
START_ONLY = Effort(seconds=0.0, rounds=5, steps=60)
FAR = 20.0
Float = NDArray[np.float64]
Bool = NDArray[np.bool_]


@st.composite
def instances(draw: st.DrawFn) -> tuple[Float, Float, Bool, int, float]:
    """Distances (sites, demand), weights, locked sites, number of sites, cut-off; many ties."""
    sites, demand = draw(st.integers(1, 7)), draw(st.integers(1, 9))
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    km = rng.integers(0, 12, (sites, demand)).astype(np.float64)
    if draw(st.booleans()):
        km += rng.random((sites, demand))
    weight = rng.integers(0, 9, demand).astype(np.float64)
    locked = rng.random(sites) < draw(st.sampled_from([0.0, 0.3]))
    p = draw(st.integers(max(1, int(locked.sum())), sites))
    return km, weight, locked, p, draw(st.sampled_from([2.0, 5.0, 8.0]))


def sets(locked: Bool, p: int) -> list[Bool]:
    """All sets of ``p`` sites with the locked ones."""
    free = np.flatnonzero(~locked)
    out = []
    for chosen in combinations(free.tolist(), p - int(locked.sum())):
        one = locked.copy()
        one[list(chosen)] = True
        out.append(one)
    return out


def paid(km: Float, weight: Float, is_open: Bool, far: float) -> float:
    return float((weight * np.minimum(km[is_open].min(axis=0, initial=np.inf), far)).sum())


@settings(max_examples=60, deadline=None)
@given(instances())
def test_maximal_covering_is_the_best_of_all_sets(case: tuple[Float, Float, Bool, int, float]) -> None:
    km, weight, locked, p, cut = case
    found = maximal_covering(of_matrix(km, cut), weight, p, locked, QUICK)
    best = max(float(weight[(km[s] <= cut).any(axis=0)].sum()) for s in sets(locked, p))
    assert found.status == OPTIMAL
    assert found.objective == pytest.approx(best)
    assert found.bound == pytest.approx(best)
    assert found.is_open.sum() == p
    assert found.is_open[locked].all()
    assert check.covered_weight(of_matrix(km, cut), weight, found.is_open) == pytest.approx(found.objective)


@settings(max_examples=60, deadline=None)
@given(instances())
def test_p_median_is_the_best_of_all_sets(case: tuple[Float, Float, Bool, int, float]) -> None:
    km, weight, locked, p, cut = case
    reach = of_matrix(km, cut)
    near = np.where(km <= cut, km, np.inf)
    found = p_median(reach, weight, p, FAR, locked, QUICK)
    best = min(paid(near, weight, s, FAR) for s in sets(locked, p))
    assert found.status == OPTIMAL
    assert found.objective == pytest.approx(best)
    assert found.is_open.sum() == p
    assert found.is_open[locked].all()
    assert check.weighted_km(reach, weight, found.is_open, FAR) == pytest.approx(best)


@settings(max_examples=40, deadline=None)
@given(instances())
def test_bounds_of_the_start_hold(case: tuple[Float, Float, Bool, int, float]) -> None:
    km, weight, locked, p, cut = case
    near = np.where(km <= cut, km, np.inf)
    best = min(paid(near, weight, s, FAR) for s in sets(locked, p))
    found = p_median(of_matrix(km, cut), weight, p, FAR, locked, START_ONLY)
    assert found.bound <= best + 1e-6 * (1.0 + best)
    assert found.objective >= best - 1e-9
    assert found.objective == pytest.approx(paid(near, weight, found.is_open, FAR))
    assert found.status in {OPTIMAL, HEURISTIC}
    covered = max(float(weight[(km[s] <= cut).any(axis=0)].sum()) for s in sets(locked, p))
    cover = maximal_covering(of_matrix(km, cut), weight, p, locked, START_ONLY)
    assert cover.objective <= covered + 1e-9 <= cover.bound + 1e-6 * (1.0 + covered)


@settings(max_examples=40, deadline=None)
@given(instances(), st.booleans())
def test_set_covering_is_the_cheapest_of_all_sets(case: tuple[Float, Float, Bool, int, float], priced: bool) -> None:
    km, _, locked, _, cut = case
    within = km <= cut
    known = within.any(axis=0)
    price = np.random.default_rng(7).integers(1, 9, len(km)) / 2.0 if priced else None
    cost = np.ones(len(km)) if price is None else price
    found = set_covering(of_matrix(km, cut), price, locked, QUICK)
    best = min(
        float(cost[s].sum())
        for p in range(int(locked.sum()), len(km) + 1)
        for s in sets(locked, p)
        if within[s].any(axis=0)[known].all()
    )
    assert found.status == OPTIMAL
    assert found.objective == pytest.approx(best)
    assert within[found.is_open].any(axis=0)[known].all()


@settings(max_examples=60, deadline=None)
@given(instances(), st.integers(0, 99))
def test_a_covering_without_dominated_sites_and_demand_costs_the_same(
    case: tuple[Float, Float, Bool, int, float], seed: int
) -> None:
    km, _, _, _, cut = case
    within = km <= cut
    cost = np.random.default_rng(seed).integers(1, 4, len(km)).astype(np.float64)
    column, row = np.nonzero(within)
    rows_left, columns_left = without_dominated(row, column, cost, km.shape[1])
    assert not columns_left[~within.any(axis=1)].any()
    known = within.any(axis=0)

    def least(sites: Bool, demand: Bool) -> float:
        return min(
            float(cost[s].sum())
            for p in range(len(km) + 1)
            for s in sets(np.zeros(len(km), dtype=np.bool_), p)
            if not (s & ~sites).any() and within[s].any(axis=0)[demand].all()
        )

    assert least(columns_left, rows_left & known) == least(np.ones(len(km), dtype=np.bool_), known)
    # what is left holds nothing more that goes
    kept = np.ix_(columns_left, rows_left)
    again = without_dominated(*np.nonzero(within[kept])[::-1], cost[columns_left], int(rows_left.sum()))
    assert again[1].all()


@settings(max_examples=40, deadline=None)
@given(instances(), st.integers(0, 9))
def test_the_search_for_fewer_sites_covers_all_with_no_more(
    case: tuple[Float, Float, Bool, int, float], seed: int
) -> None:
    km, _, locked, _, cut = case
    reach = of_matrix(km, cut)
    known = (km <= cut).any(axis=0)
    start, site, _ = siting.by_demand(reach.first, reach.demand, reach.km, reach.demands)
    greedy = siting.cover_greedy(locked, np.ones(len(km)), reach.first, reach.demand, start, site)
    found = fewest(greedy, locked, reach.first, reach.demand, start, site, 200, seed)
    assert (km <= cut)[found].any(axis=0)[known].all()
    assert found[locked].all()
    assert found.sum() <= greedy.sum()


@settings(max_examples=40, deadline=None)
@given(instances())
def test_p_centre_is_the_best_of_all_sets(case: tuple[Float, Float, Bool, int, float]) -> None:
    km, _, locked, p, _ = case
    found = p_centre(of_matrix(km), p, locked, QUICK)
    best = min(float(km[s].min(axis=0).max()) for s in sets(locked, p))
    assert found.status == OPTIMAL
    assert found.objective == pytest.approx(best)
    assert found.is_open.sum() == p
    assert check.longest_km(of_matrix(km), found.is_open) <= found.objective + 1e-12


def test_p_centre_says_when_too_few_sites_reach_all_demand() -> None:
    km = np.array([[1.0, 9.0, 9.0], [9.0, 1.0, 9.0], [9.0, 9.0, 1.0]])
    found = p_centre(of_matrix(km, 2.0), 2, None, QUICK)
    assert found.objective == np.inf
    assert p_centre(of_matrix(km, 2.0), 3, None, QUICK).objective == 1.0


@settings(max_examples=30, deadline=None)
@given(instances())
def test_more_sites_or_candidates_are_never_worse(case: tuple[Float, Float, Bool, int, float]) -> None:
    km, weight, _, p, cut = case
    none = np.zeros(len(km), dtype=np.bool_)
    now = maximal_covering(of_matrix(km, cut), weight, p, none, QUICK).objective
    if p < len(km):
        assert maximal_covering(of_matrix(km, cut), weight, p + 1, none, QUICK).objective >= now - 1e-9
        assert maximal_covering(of_matrix(km[:-1], cut), weight, p, none[:-1], QUICK).objective <= now + 1e-9
    scaled = maximal_covering(of_matrix(km, cut), 3.0 * weight, p, none, QUICK).objective
    assert scaled == pytest.approx(3.0 * now)


def test_start_repeats_and_locked_sites_stay() -> None:
    rng = np.random.default_rng(5)
    points, places = rng.random((300, 2)) * 10.0, rng.random((80, 2)) * 10.0
    km = np.linalg.norm(places[:, None] - points[None], axis=2)
    weight = rng.random(300)
    locked = np.zeros(80, dtype=np.bool_)
    locked[:3] = True
    reach = of_matrix(km, 3.0)
    first = p_median(reach, weight, 9, 6.0, locked, START_ONLY)
    again = p_median(reach, weight, 9, 6.0, locked, START_ONLY)
    assert (first.is_open == again.is_open).all()
    assert first.is_open[:3].all()
    exact = p_median(reach, weight, 9, 6.0, locked, replace(QUICK, steps=600))
    assert exact.status == OPTIMAL
    assert first.bound <= exact.objective <= first.objective <= 1.01 * exact.objective


def test_interchange_finds_what_greedy_misses() -> None:
    """Greedy takes the middle site first and needs a swap: two outer sites cover all four points."""
    covers = np.array([[0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]], dtype=np.float64)
    weight = np.array([3.0, 4.0, 4.0, 3.0])
    found = maximal_covering(of_matrix(1.0 - covers, 0.5), weight, 2, None, START_ONLY)
    assert found.start == found.objective == 14.0
    assert found.is_open.tolist() == [False, True, True]


@settings(max_examples=60, deadline=None)
@given(instances(), st.floats(0.0, 1.0))
def test_branch_and_bound_is_the_best_of_all_sets_from_any_multipliers(
    case: tuple[Float, Float, Bool, int, float], part: float
) -> None:
    km, weight, locked, p, cut = case
    near = np.where(km <= cut, km, np.inf)
    whole = bool((km == np.round(km)).all())
    problem = Nearest(of_matrix(km, cut), weight, np.full(weight.size, FAR), locked, whole)
    choices = sets(locked, p)
    known, best = choices[-1], min(paid(near, weight, s, FAR) for s in choices)
    start = (known, paid(near, weight, known, FAR), 0.0)
    free = (np.ones(len(km), dtype=np.bool_), locked)
    found = branched(problem, p, start, free, part * weight * FAR, 20.0)
    assert found.upper == pytest.approx(best)
    assert found.bound == pytest.approx(best)
    assert paid(near, weight, found.is_open, FAR) == pytest.approx(best)
    assert found.is_open.sum() == p
    assert found.is_open[locked].all()
    none = branched(problem, p, start, free, part * weight * FAR, 0.0)
    assert (none.upper, none.bound, none.nodes) == (start[1], 0.0, 0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.booleans())
def test_branch_and_bound_from_a_bad_start_misses_no_better_set(seed: int, p: int, whole: bool) -> None:
    """Thirteen sites on a plane and all their sets: sites that a node rules out are in none that is better."""
    rng = np.random.default_rng(seed)
    km = np.linalg.norm(rng.random((13, 2))[:, None] - rng.random((40, 2))[None], axis=2) * 20.0
    km = np.round(km) if whole else km
    weight = rng.integers(1, 4, 40).astype(np.float64)
    none = np.zeros(13, dtype=np.bool_)
    choices = sets(none, p)
    costs = [paid(km, weight, s, FAR) for s in choices]
    bad = int(np.argmax(costs))
    problem = Nearest(of_matrix(km), weight, np.full(40, FAR), none, whole)
    found = branched(problem, p, (choices[bad], costs[bad], 0.0), (~none, none), 0.2 * weight * FAR, 20.0)
    assert found.upper == pytest.approx(min(costs))
    assert paid(km, weight, found.is_open, FAR) == pytest.approx(min(costs))
    assert p_median(of_matrix(km), weight, p, FAR, None, QUICK).objective == pytest.approx(min(costs))


def test_branch_and_bound_cut_short_has_a_true_bound() -> None:
    rng = np.random.default_rng(8)
    km = np.linalg.norm(rng.random((60, 2))[:, None] - rng.random((200, 2))[None], axis=2)
    exact = p_median(of_matrix(km), np.ones(200), 8, 9.0, None, QUICK)
    assert exact.status == OPTIMAL
    problem = Nearest(of_matrix(km), np.ones(200), np.full(200, 9.0), np.zeros(60, dtype=np.bool_))
    known = np.zeros(60, dtype=np.bool_)
    known[:8] = True
    start = (known, float(km[known].min(axis=0).sum()), 0.0)
    cut = branched(problem, 8, start, (np.ones(60, dtype=np.bool_), ~known & known), 0.0 * np.ones(200), 1e-6)
    assert cut.nodes > 0
    assert 0.0 < cut.bound <= exact.objective <= cut.upper < start[1]


@settings(max_examples=40, deadline=None)
@given(instances())
def test_duals_of_the_relaxation_bound_all_sets(case: tuple[Float, Float, Bool, int, float]) -> None:
    km, weight, locked, p, cut = case
    problem = Nearest(of_matrix(np.where(km <= cut, 0.0, 1.0), 0.5), weight, np.ones(weight.size), locked)
    least = min(float(weight[(km[s] > cut).all(axis=0)].sum()) for s in sets(locked, p))
    known = sets(locked, p)[0]
    v = multipliers(problem, p, known, 20.0)
    assert v is not None
    bound, saving = siting.bound_at(v, p, locked, weight, problem.reach.first, problem.reach.demand, problem.reach.km)
    assert bound <= least + 1e-6 * (1.0 + least)
    assert (saving >= 0.0).all()
    form = radius_form(problem, p, np.ones(len(km), dtype=np.bool_), locked, known)
    assert bound == pytest.approx(solve(form.programme, relax=True).bound, rel=1e-5, abs=1e-5)


def test_the_bound_is_close_where_sites_nearly_cover_all() -> None:
    """Spread evenly, 12 discs nearly cover a square: the start and the bounds stay close, the relaxation's closest."""
    rng = np.random.default_rng(1)
    sites, places = rng.random((300, 2)) * 20.0, rng.random((2000, 2)) * 20.0
    km = np.linalg.norm(sites[:, None] - places[None], axis=2)
    weight = rng.integers(1, 101, 2000).astype(np.float64)
    reach = of_matrix(km, 3.0)
    quick = maximal_covering(reach, weight, 12, None, START_ONLY)
    exact = maximal_covering(reach, weight, 12, None, Effort(seconds=1.0))
    assert quick.gap < 0.05
    assert exact.gap < 0.03
    assert exact.bound < quick.bound


def test_nothing_in_reach_is_no_error() -> None:
    reach = of_matrix(np.full((3, 4), 9.0), 5.0)
    weight = np.ones(4)
    assert maximal_covering(reach, weight, 2, None, QUICK).objective == 0.0
    assert p_median(reach, weight, 2, FAR, None, QUICK).objective == 4.0 * FAR
    assert set_covering(reach, None, None, QUICK).objective == 0.0
    assert p_centre(reach, 2, None, QUICK).objective == 0.0


def test_sparse_form_keeps_pairs() -> None:
    km = np.array([[1.0, 5.0], [2.0, 3.0]])
    reach = of_matrix(km, 3.0)
    assert isinstance(reach, Reach)
    assert reach.site.tolist() == [0, 1, 1]
    assert reach.demand.tolist() == [0, 0, 1]
    assert reach.keep(reach.km > 1.5).km.tolist() == [2.0, 3.0]
