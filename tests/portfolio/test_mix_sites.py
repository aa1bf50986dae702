"""Depots, chargers and grid in the mix: brute force, monotone in capacity, names of what is missing, proved bounds."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from fleet_planner.portfolio import Problem, solve
from fleet_planner.portfolio.coefficients import Aimed, problem_of
from fleet_planner.portfolio.figures import Figures, in_force
from fleet_planner.portfolio.sites import Draw, SiteRows, Sites, site_rows

RATE = 0.05


def drawn(seed: int, groups: int, options: int, years: int, size: int) -> Figures:
    """Return figures at random: option 0 is electric and brings most, the others are cheaper and bring less."""
    generator = np.random.default_rng(seed)
    shape = (groups, options)
    effect = np.where(np.arange(options) == 0, 1.0, generator.uniform(0.2, 0.6, options))
    return Figures(
        count=generator.integers(1, size + 1, groups).astype(np.float64),
        able=np.ones(shape, bool),
        first=np.zeros(groups, np.int64),
        only_first=np.zeros(shape, bool),
        alive=np.ones((groups, years)),
        capital=generator.integers(50, 100, shape).astype(np.float64),
        capital_per_year=generator.integers(5, 20, shape).astype(np.float64)
        * np.where(np.arange(options) == 0, 3.0, 1),
        running_per_year=np.zeros(shape),
        life=np.full(options, 20.0),
        avoided={"NOx": generator.integers(2, 6, groups)[:, None] * effect[None, :]},
    )


def at_sites(seed: int, count: int, *, headroom: float = 4.0, bays: float = 3.0) -> Sites:
    generator = np.random.default_rng([seed, 9])
    some = np.ones(count)
    return Sites(
        names=tuple(f"s{k}" for k in range(count)),
        bays=bays * some,
        chargers=0.0 * some,
        chargers_per_year=1.0 * some,
        charger_usd=generator.integers(5, 20, count).astype(np.float64),
        headroom_kw=headroom * some,
        upgrade_kw=10.0 * some,
        connection_usd=generator.integers(20, 60, count).astype(np.float64),
        energised=np.ones(count, np.int64),
        charger_life=20.0 * some,
        connection_life=30.0 * some,
        upkeep_share=0.0,
    )


def made(
    figures: Figures, sites: Sites, cut: float, budget: float | None = None, kw: float = 3.0
) -> tuple[Problem, SiteRows]:
    groups, options = figures.able.shape
    years = figures.alive.shape[1]
    electric = np.arange(options) == 0
    share = np.eye(len(sites.names))[np.arange(groups) % len(sites.names)]
    draw = Draw(share, electric, np.full((groups, options), kw), np.full((groups, options), 0.5))
    discount = (1.0 + RATE) ** -np.arange(1.0, years + 1.0)
    rows = site_rows(sites, draw, figures, in_force(figures), discount, RATE)
    most = float((figures.avoided["NOx"].max(axis=1) * figures.count).sum())
    aim = Aimed("nox", "NOx", years - 1, np.floor(cut * most), np.ones(groups, bool))
    return problem_of(figures, (aim,), discount, budget=budget, sites=rows), rows


def brute_force(problem: Problem) -> float:
    """Return the least cost over all whole vehicles and builds that keep every row; infinite where none does."""
    groups, options, years = problem.shape
    places = [(o, t) for o in range(options) for t in range(years)]
    ways = []
    for g in range(groups):
        amounts = itertools.product(range(int(problem.count[g]) + 1), repeat=len(places))
        ways.append([a for a in amounts if sum(a) <= problem.count[g]])
    x_all = np.array([np.concatenate(c) for c in itertools.product(*ways)], dtype=np.float64)
    built_all = np.array(list(itertools.product(*(range(int(m) + 1) for m in problem.builds.most))), dtype=np.float64)
    left = np.asarray(problem.matrix @ x_all.T)
    right = problem.of_builds @ built_all.T
    cost_x, cost_b = x_all @ problem.cost.ravel(), built_all @ problem.builds.cost
    sign = np.array([r.sign for r in problem.rows])
    bound = np.array([r.bound for r in problem.rows])
    best = np.inf
    for k in np.argsort(cost_b).tolist():
        if cost_b[k] >= best:
            break
        kept = (sign[:, None] * (left + right[:, [k]] - bound[:, None]) >= -1e-9).all(axis=0)
        if kept.any():
            best = min(best, float(cost_x[kept].min()) + float(cost_b[k]))
    return best


@pytest.mark.parametrize("seed", range(14))
def test_it_equals_brute_force_with_sites(seed: int) -> None:
    generator = np.random.default_rng(seed)
    figures = drawn(seed, groups=2, options=2, years=2, size=3)
    sites = at_sites(seed, 1 + seed % 2, headroom=float(generator.choice([0.0, 3.0, 6.0])))
    problem, _ = made(figures, sites, float(generator.uniform(0.3, 0.95)))
    least = brute_force(problem)
    mix = solve(problem, gap=0.0)
    if np.isinf(least):
        assert mix.status == "infeasible"
        assert max(mix.shortfalls.values()) > 0.0
        return
    assert mix.status == "met"
    assert mix.cost == pytest.approx(least, abs=1e-6)
    assert mix.bound <= least + 1e-6
    assert max(problem.shortfalls(mix.x, mix.built).values()) <= 1e-6
    assert (mix.built == np.round(mix.built)).all()
    assert (mix.built <= problem.builds.most).all()


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_holds_for_any_prices_and_any_part(seed: int) -> None:
    problem, _ = made(drawn(seed, 2, 2, 2, 2), at_sites(seed, 1), 0.6)
    least = brute_force(problem)
    if np.isinf(least):
        pytest.skip("no mix keeps the rows")
    generator = np.random.default_rng(seed)
    for _ in range(50):
        assert problem.bound(generator.uniform(-30.0, 30.0, len(problem.rows))) <= least + 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_more_capacity_is_never_dearer(seed: int) -> None:
    figures = drawn(seed, groups=6, options=3, years=4, size=8)
    sites = at_sites(seed, 3, headroom=2.0, bays=4.0)
    costs = []
    for more in (1.0, 2.0, 4.0):
        wider = replace(
            sites,
            bays=sites.bays * more,
            chargers_per_year=sites.chargers_per_year * more,
            headroom_kw=sites.headroom_kw * more,
        )
        mix = solve(made(figures, wider, 0.6)[0], gap=0.0)
        costs.append(mix.cost if mix.status == "met" else np.inf)
    assert costs[1] <= costs[0] + 1e-6
    assert costs[2] <= costs[1] + 1e-6
    assert np.isfinite(costs[2])


@pytest.mark.parametrize("seed", range(8))
def test_branching_lifts_the_bound_over_the_relaxation_and_never_over_the_mix(seed: int) -> None:
    figures = drawn(seed, groups=12, options=3, years=5, size=30)
    sites = replace(at_sites(seed, 4, headroom=5.0, bays=40.0), chargers_per_year=np.full(4, 9.0))
    problem, _ = made(figures, replace(sites, upgrade_kw=np.full(4, 90.0)), 0.55)
    mix = solve(problem, gap=1e-5)
    assert mix.status == "met"
    loose = solve(problem, gap=1.0)
    assert loose.bound <= mix.bound + 1e-6
    assert mix.bound <= mix.cost + 1e-6
    assert mix.gap < 0.02


def test_a_site_without_grid_is_named_with_what_is_missing() -> None:
    """Ten electric buses of 3 kW are needed; the site gives 12 kW and no connection: four buses, 18 kW short."""
    figures = replace(
        drawn(0, 1, 1, 3, 1), count=np.array([10.0]), avoided={"NOx": np.ones((1, 1))}, capital=np.full((1, 1), 10.0)
    )
    sites = replace(at_sites(0, 1, headroom=12.0, bays=np.inf), upgrade_kw=np.zeros(1), chargers=np.full(1, 99.0))
    problem, told = made(figures, sites, 1.0)
    assert [r.name for r in problem.rows] == ["nox", "grid s0 0", "grid s0 1", "grid s0 2"]
    assert [t[1] for t in told.told] == ["grid"] * 3
    mix = solve(problem)
    assert mix.status == "infeasible"
    missed = {k: v for k, v in mix.shortfalls.items() if v > 0.0}
    assert missed
    assert mix.conflict == ("nox", "grid s0 2")
    served = mix.x.sum()
    assert missed.get("nox", 0.0) == pytest.approx(10.0 - served)
    assert missed.get("grid s0 2", 0.0) == pytest.approx(max(3.0 * served - 12.0, 0.0))


def test_a_connection_is_used_from_its_year_on_and_once() -> None:
    """No headroom, a connection for everybody from the third year on: nobody is electric before it."""
    figures = replace(drawn(1, 2, 1, 4, 5), count=np.array([5.0, 4.0]))
    sites = replace(
        at_sites(1, 1, headroom=0.0, bays=np.inf),
        energised=np.array([2]),
        upgrade_kw=np.full(1, 500.0),
        chargers_per_year=np.full(1, 99.0),
    )
    problem, rows = made(figures, sites, 0.9)
    mix = solve(problem)
    assert mix.status == "met"
    assert mix.x[:, :, :2].sum() == 0.0
    assert mix.x[:, :, 2:].sum() > 0.0
    assert mix.built[~rows.is_charger].sum() == 1.0
    # half a charger a vehicle, whole ones are built
    assert mix.built[rows.is_charger].sum() == np.ceil(0.5 * mix.x.sum())
    late, _ = made(figures, replace(sites, delay=2), 0.9)
    assert solve(late).status == "infeasible"


def test_what_is_built_counts_in_the_budget() -> None:
    figures = replace(drawn(2, 1, 1, 2, 1), count=np.array([2.0]), capital=np.full((1, 1), 50.0))
    sites = replace(
        at_sites(2, 1, headroom=99.0, bays=np.inf), charger_usd=np.full(1, 30.0), chargers_per_year=np.full(1, 9.0)
    )
    # two vehicles and one charger cost 130 at once; over two years 80 in the dearer one
    assert solve(made(figures, sites, 1.0, budget=130.0)[0]).status == "met"
    assert solve(made(figures, sites, 1.0, budget=80.0)[0]).status == "met"
    assert solve(made(figures, sites, 1.0, budget=79.0)[0]).status == "infeasible"


def test_a_mix_that_cannot_do_all_builds_nothing_for_nothing() -> None:
    """Missing least comes first, then cost: with no target that chargers could help, none is built."""
    figures = replace(drawn(3, 1, 2, 3, 1), count=np.array([4.0]))
    sites = replace(at_sites(3, 1, headroom=0.0), upgrade_kw=np.zeros(1), chargers_per_year=np.full(1, 9.0))
    problem, rows = made(figures, sites, 1.0)
    mix = solve(problem)
    assert mix.status == "infeasible"
    assert mix.shortfalls["nox"] > 0.0 or max(mix.shortfalls.values()) > 0.0
    electric = mix.x[:, 0].sum()
    assert mix.built[rows.is_charger].sum() == np.ceil(0.5 * electric)
    assert mix.bound <= mix.cost + 1e-9


def test_a_group_at_two_sites_takes_up_its_share_at_each() -> None:
    """Half of ten vehicles of 3 kW are at either site: both need 15 kW, and one that has 12 stops at eight vehicles."""
    figures = replace(drawn(4, 1, 1, 2, 1), count=np.array([10.0]), avoided={"NOx": np.ones((1, 1))})
    sites = replace(
        at_sites(4, 2, bays=np.inf),
        headroom_kw=np.array([12.0, 99.0]),
        upgrade_kw=np.zeros(2),
        chargers=np.full(2, 9.0),
    )
    draw = Draw(np.array([[0.5, 0.5]]), np.array([True]), np.full((1, 1), 3.0), np.full((1, 1), 0.5))
    rows = site_rows(sites, draw, figures, in_force(figures), np.ones(2), RATE)
    for needed, status in ((8.0, "met"), (9.0, "infeasible")):
        aim = Aimed("nox", "NOx", 1, needed, np.ones(1, bool))
        assert solve(problem_of(figures, (aim,), np.ones(2), sites=rows)).status == status


def greedy(problem: Problem) -> float | None:
    """Return the cost of building everything and treating by cost per tonne as long as every limit is kept."""
    built = problem.builds.most.copy()
    for row in problem.rows:
        if row.hard:  # one connection: the first
            for k, _ in row.builds[1:]:
                built[k] = 0.0
    x = np.zeros(problem.shape)
    brings = np.asarray(problem.matrix[0].todense()).reshape(problem.shape)
    limits = [r for r in problem.rows if r.sign < 0.0 and not r.hard]
    order = np.argsort(np.where(brings > 0.0, problem.cost / np.maximum(brings, 1e-9), np.inf), axis=None)
    for flat in order.tolist():
        place = np.unravel_index(flat, problem.shape)
        while x[place[0]].sum() < problem.count[place[0]] and problem.rows[0].brings(x) < problem.rows[0].bound:
            x[place] += 1.0
            if any(r.brings(x, built) > r.bound + 1e-9 for r in limits):
                x[place] -= 1.0
                break
    return problem.cost_of(x, built) if problem.rows[0].brings(x) >= problem.rows[0].bound else None


def test_it_is_never_worse_than_greedy_with_sites() -> None:
    compared = 0
    for seed in range(25):
        figures = drawn(seed, groups=5, options=3, years=3, size=8)
        problem, _ = made(figures, at_sites(seed, 2, headroom=6.0, bays=8.0), 0.5)
        simple = greedy(problem)
        if simple is not None:
            mix = solve(problem, gap=1e-6)
            assert mix.status == "met"
            assert mix.cost <= simple + 1e-6
            compared += 1
    assert compared > 10
