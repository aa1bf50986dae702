"""The least-cost mix against brute force, the hull curve, greedy choices; gaps, conflicts, fronts, regrets."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.economics.abatement import abatement_curve
from fleet_planner.portfolio import Problem, Row, solve
from fleet_planner.portfolio.coefficients import Aimed, problem_of
from fleet_planner.portfolio.figures import Figures, in_force
from fleet_planner.portfolio.front import front, most, regrets, robust


def random_problem(
    seed: int, groups: int = 3, options: int = 2, years: int = 2, pollutants: int = 2, cut: float = 0.5, size: int = 3
) -> Problem:
    generator = np.random.default_rng(seed)
    shape = (groups, options, years)
    count = generator.integers(1, size + 1, groups).astype(np.float64)
    cost = generator.integers(-3, 20, shape).astype(np.float64)
    able = generator.random(shape) < 0.85
    rows = []
    for p in range(pollutants):
        brings = generator.integers(0, 6, shape).astype(np.float64)
        reach = (np.where(able, brings, 0.0).reshape(groups, -1).max(axis=1) * count).sum()
        rows.append(Row(f"t{p}", "at_least", np.floor(cut * reach), brings))
    return Problem(count, able, np.where(able, cost, 0.0), tuple(rows))


def brute_force(problem: Problem) -> float:
    """Return the least cost over all whole mixes that keep every row; infinite where none does."""
    groups, options, years = problem.shape
    places = [[(o, t) for o in range(options) for t in range(years) if problem.able[g, o, t]] for g in range(groups)]
    ways = []
    for g in range(groups):
        own = []
        for amounts in itertools.product(range(int(problem.count[g]) + 1), repeat=len(places[g])):
            if sum(amounts) <= problem.count[g]:
                cost = sum(a * problem.cost[(g, *p)] for a, p in zip(amounts, places[g], strict=True))
                brings = [
                    sum(a * r.coefficients[(g, *p)] for a, p in zip(amounts, places[g], strict=True))
                    for r in problem.rows
                ]
                own.append((cost, brings))
        ways.append(own)
    best = np.inf
    for chosen in itertools.product(*ways):
        total = np.sum([c[1] for c in chosen], axis=0)
        if all(total[k] >= r.bound for k, r in enumerate(problem.rows)):
            best = min(best, sum(c[0] for c in chosen))
    return float(best)


@pytest.mark.parametrize("seed", range(12))
def test_it_equals_brute_force(seed: int) -> None:
    problem = random_problem(seed, size=2)
    mix = solve(problem, gap=0.0)
    least = brute_force(problem)
    if np.isinf(least):
        assert mix.status == "infeasible"
        return
    assert mix.status == "met"
    assert mix.cost == pytest.approx(least, abs=1e-6)
    assert mix.bound <= least + 1e-6
    assert max(mix.shortfalls.values()) == 0.0
    assert (mix.x == np.round(mix.x)).all()
    assert (mix.x.sum(axis=(1, 2)) <= problem.count).all()
    assert mix.x[~problem.able].sum() == 0.0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_bound_holds_for_any_prices(seed: int) -> None:
    """Weak duality needs no solver: every sign-feasible price vector bounds the best mix from below."""
    problem = random_problem(seed)
    least = brute_force(replace(problem, count=np.minimum(problem.count, 2.0)))
    if np.isinf(least):
        return
    small = replace(problem, count=np.minimum(problem.count, 2.0))
    prices = np.random.default_rng(seed).uniform(-5.0, 5.0, len(problem.rows))
    assert small.bound(prices) <= least + 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_one_pollutant_relaxed_is_the_hull_curve(seed: int) -> None:
    problem = random_problem(seed, groups=6, options=3, years=1, pollutants=1, size=9)
    problem = replace(problem, cost=np.where(problem.able, np.abs(problem.cost) + 1.0, 0.0))
    row = problem.rows[0]
    rows = [
        (g, f"o{o}", row.coefficients[g, o, 0] * problem.count[g], problem.cost[g, o, 0] * problem.count[g])
        for g, o in itertools.product(range(6), range(3))
        if problem.able[g, o, 0]
    ]
    curve = abatement_curve(
        pl.DataFrame(rows, schema=["group", "option", "avoided_per_year", "cost_usd_per_year"], orient="row")
    )
    left, cost = row.bound, 0.0
    for avoided, per_unit in curve.select("avoided_per_year", "usd_per_unit").iter_rows():
        taken = min(avoided, max(left, 0.0))
        left, cost = left - taken, cost + taken * per_unit
    mix = solve(problem)
    assert mix.bound == pytest.approx(cost, rel=1e-6, abs=1e-6)
    assert problem.total(mix.relaxed, problem.cost) == pytest.approx(cost, rel=1e-6, abs=1e-6)


def greedy(problem: Problem) -> float | None:
    """Return the cost of taking columns by their cost per share of the targets, until all are met."""
    left = np.array([r.bound for r in problem.rows])
    free = problem.count.copy()
    cost = 0.0
    share = sum(r.coefficients / max(r.bound, 1.0) for r in problem.rows)
    order = np.argsort(np.where(problem.able & (share > 0), problem.cost / np.maximum(share, 1e-9), np.inf), axis=None)
    for flat in order.tolist():
        place = np.unravel_index(flat, problem.shape)
        if not problem.able[place] or share[place] <= 0.0:
            continue
        while free[place[0]] > 0 and (left > 0).any():
            free[place[0]] -= 1
            cost += problem.cost[place]
            left = left - np.array([r.coefficients[place] for r in problem.rows])
    return cost if (left <= 0).all() else None


@pytest.mark.parametrize("start", range(0, 100, 25))
def test_it_is_never_worse_than_greedy(start: int) -> None:
    for seed in range(start, start + 25):
        problem = random_problem(seed, groups=8, options=3, years=3, size=12)
        simple = greedy(problem)
        mix = solve(problem)
        if simple is not None:
            assert mix.status == "met"
            assert mix.cost <= simple + 1e-6


def test_a_budget_below_need_names_the_targets_and_the_smallest_relaxation() -> None:
    """Ten vehicles that avoid 1 t each cannot avoid 12 t: the mix takes all ten and misses by 2 t."""
    shape = (1, 1, 1)
    problem = Problem(
        np.array([10.0]), np.ones(shape, bool), np.ones(shape), (Row("NOx 2030", "at_least", 12.0, np.ones(shape)),)
    )
    mix = solve(problem)
    assert mix.status == "infeasible"
    assert mix.x.sum() == 10.0
    assert mix.shortfalls == {"NOx 2030": 2.0}
    money = Row("budget", "at_most", 4.0, np.ones(shape))
    both = solve(replace(problem, rows=(replace(problem.rows[0], bound=8.0), money)))
    assert both.status == "infeasible"
    assert sum(both.shortfalls.values()) > 0.0


def test_the_price_of_a_target_is_what_a_unit_more_costs() -> None:
    problem = random_problem(3, groups=40, options=4, years=3, size=200, cut=0.4)
    mix = solve(problem)
    row = problem.rows[0]
    more = solve(replace(problem, rows=(replace(row, bound=row.bound + 50.0), *problem.rows[1:])))
    assert more.bound - mix.bound == pytest.approx(50.0 * mix.prices["t0"], rel=0.3, abs=1.0)


FIGURES = Figures(
    count=np.array([100.0, 50.0]),
    able=np.array([[True, True], [True, False]]),
    first=np.array([0, 2]),
    only_first=np.array([[False, False], [True, False]]),
    alive=np.array([[0.9, 0.8, 0.7, 0.6], [0.0, 0.0, 1.0, 0.9]]),
    capital=np.array([[1000.0, 0.0], [800.0, 0.0]]),
    capital_per_year=np.array([[120.0, 0.0], [100.0, 0.0]]),
    running_per_year=np.array([[-20.0, 30.0], [-10.0, 0.0]]),
    life=np.array([2.0, 4.0]),
    avoided={"NOx": np.array([[0.5, 0.2], [0.4, 0.0]])},
)


def test_coefficients_by_hand() -> None:
    acts = in_force(FIGURES)
    assert acts[0].tolist() == [
        [True, True, False, False],
        [False, True, True, False],
        [False, False, True, True],
        [False, False, False, True],
    ]
    aim = Aimed("nox", "NOx", 3, 10.0, np.array([True, True]))
    problem = problem_of(FIGURES, (aim,), np.array([1.0, 0.9, 0.8, 0.7]), budget=5e4, supply={(0,): ("supply a", 30.0)})
    # option 0 taken in the second year acts in years two and three on what is alive then
    assert problem.cost[0, 0, 1] == pytest.approx(100.0 * (0.9 * 0.8 + 0.8 * 0.7))
    target = problem.rows[0].coefficients
    assert target[0, 0, 1] == 0.0  # worn out by the fourth year
    assert target[0, 0, 2] == pytest.approx(0.5 * 0.6)
    assert target[0, 1, 0] == pytest.approx(0.2 * 0.6)
    # vehicles yet to be sold: a replacement is bought with them, in their year
    assert problem.able[1, 0].tolist() == [False, False, True, False]
    names = [r.name for r in problem.rows]
    budget = problem.rows[names.index("budget 2")].coefficients
    assert budget[0, 0, 2] == pytest.approx(1000.0 * 0.7)
    assert budget[0, 0, 1] == 0.0
    supply = problem.rows[names.index("supply a 1")].coefficients
    assert supply[0, 0, 1] == pytest.approx(0.8)
    assert supply[0, 1, 1] == 0.0


def test_benefit_within_a_budget_treats_only_what_pays() -> None:
    worth = np.array([[300.0, 0.0], [50.0, 0.0]])
    problem = problem_of(FIGURES, (), np.ones(4), budget=20_000.0, benefit=worth)
    mix = solve(problem)
    assert mix.status == "met"
    assert mix.cost < 0.0
    assert mix.x[1].sum() == 0.0  # costs 90 a year, is worth 50
    assert mix.x[0, 0].sum() > 0.0


def test_a_front_gets_dearer_and_its_gaps_are_proved() -> None:
    problem = random_problem(5, groups=20, options=3, years=2, size=60, cut=0.2)
    problem = replace(problem, cost=np.where(problem.able, np.abs(problem.cost) + 1.0, 0.0))
    points = front(problem, "t0", 6, seconds=20.0, gap=1e-4)
    assert points[0].asked == 0.0
    assert len(points) >= 4
    costs = [p.mix.bound for p in points]
    assert all(b >= a - 1e-6 for a, b in itertools.pairwise(costs))
    assert all(-1e-9 <= p.mix.gap < 0.05 for p in points)
    assert points[-1].asked <= most(problem, "t0") + 1e-9


def test_a_probability_costs_more_and_is_counted_on_other_draws() -> None:
    problem = random_problem(6, groups=30, options=3, years=2, size=80, cut=0.5)
    problem = replace(problem, cost=np.where(problem.able, np.abs(problem.cost) + 1.0, 0.0))

    def drawn(x: np.ndarray, series: int) -> np.ndarray:
        generator = np.random.default_rng([7, series])
        factor = generator.triangular(0.7, 1.0, 1.2, size=(500, 3))
        return factor @ np.stack([(x * r.coefficients).sum(axis=(0, 2)) for r in problem.rows], axis=1)

    plain = solve(problem)
    sure = robust(problem, drawn, 0.9, seconds=20.0, gap=1e-4)
    assert sure.mix.cost > plain.cost
    assert sure.probability >= 0.85
    assert (drawn(plain.x, 1)[:, 0] >= problem.rows[0].bound).mean() < sure.probability


def test_no_mix_beats_the_one_made_for_the_future_it_is_judged_in() -> None:
    problem = random_problem(8, groups=15, options=3, years=2, size=40)
    dear = replace(problem, cost=problem.cost * np.array([1.0, 3.0, 0.5])[None, :, None])
    mixes = [solve(p, gap=0.0).x for p in (problem, dear)]
    found = regrets((problem, dear), mixes, penalty=1e6)
    assert found.regret.min() == pytest.approx(0.0, abs=1e-6)
    assert np.diag(found.regret) == pytest.approx([0.0, 0.0], abs=1e-6)
    assert found.worst.shape == (2,)
    assert (found.regret >= -1e-9).all()
