"""The build-out against all plans of small instances, and what holds for any instance."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.chargers.building.assemble import Assembled, assemble
from fleet_planner.chargers.building.audit import audit
from fleet_planner.chargers.building.problem import Build, binding_hours, families_of
from fleet_planner.chargers.building.programme import layout_of, programme_of
from fleet_planner.chargers.building.solve import (
    feasible,
    most_served,
    plan_cost,
    solve_build,
    trade_off,
    under_another_grid,
    year_by_year,
)
from fleet_planner.chargers.building.start import columns_of, start_of, total_cost
from fleet_planner.chargers.candidates import Sites
from fleet_planner.chargers.demand import Demand
from fleet_planner.chargers.distances import of_matrix
from fleet_planner.chargers.solver import solve
from fleet_planner.highs import INFEASIBLE, OPTIMAL
from fleet_planner.plan.chargers import ChargersSection, ChargerType
from fleet_planner.tables import columns

RATE = 0.05
SECTION = ChargersSection(
    types=[],
    type=[
        ChargerType(name="slow", kw=50.0, connectors=["ccs", "gb_t"], usd=40_000.0, usd_per_year=800.0, queue=True),
        ChargerType(name="fast", kw=150.0, connectors=["ccs"], usd=90_000.0, usd_per_year=1_800.0, queue=True),
        ChargerType(name="yard", kw=80.0, connectors=["ccs"], usd=60_000.0, queue=False),
    ],
    room=2,
    site_usd=50_000.0,
    connection_usd=20_000.0,
    connection_usd_per_km=100_000.0,
    connection_usd_per_kw=100.0,
    unserved_usd_per_kwh=0.8,
    headroom_kw={"low": 90.0, "central": 200.0, "high": 500.0},
)


def sites_of(rows: list[dict[str, object]]) -> Sites:
    """Sites with the columns that are not named empty."""
    kinds = {"text": pl.String, "number": pl.Float64, "integer": pl.Int64}
    schema = {c.column: kinds[c.type] for c in columns("charging_sites")}
    usual: dict[str, object] = {"lon": 0.0, "lat": 0.0, "existing_kw": 0.0, "existing_chargers": 0, "locked": "no"}
    return Sites(pl.DataFrame([usual | {"site_id": f"s{k}"} | row for k, row in enumerate(rows)], schema=schema))


def demand_of(
    kwh: np.ndarray,
    kinds: list[str] | None = None,
    connectors: list[str] | None = None,
    years: tuple[int, ...] = (2030,),
) -> Demand:
    """Demand by (J, T, 24) kWh."""
    n = len(kwh)
    return Demand(
        tuple(f"d{j}" for j in range(n)),
        np.zeros((n, 2)),
        tuple(kinds or ["destination"] * n),
        ("",) * n,
        tuple(connectors or ["ccs"] * n),
        tuple(f"z{j % 2}" for j in range(n)),
        np.zeros(n, dtype=np.bool_),
        np.zeros(n),
        np.full(n, 50.0),
        years,
        kwh,
    )


def built(section: ChargersSection, sites: Sites, demand: Demand, km: np.ndarray, level: str = "central") -> Assembled:
    return assemble(section, sites, demand, of_matrix(km, 5.0), "US", RATE, level)


@st.composite
def instances(draw: st.DrawFn) -> Build:
    """Two sites, up to four places, up to two years; headroom, budgets, leads and present chargers at random."""
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    demand, years = draw(st.integers(1, 4)), draw(st.sampled_from([(2030,), (2030, 2034)]))
    day = rng.random((demand, 1, 24)) * rng.integers(5, 60, (demand, 1, 1))
    kwh = np.concatenate([day * (1.0 + 0.7 * t) for t in range(len(years))], axis=1)
    kinds = rng.choice(["depot", "destination"], demand, p=[0.3, 0.7]).tolist()
    connectors = rng.choice(["ccs", "gb_t", "any"], demand, p=[0.6, 0.2, 0.2]).tolist()
    rows: list[dict[str, object]] = [
        {
            "headroom_central_kw": float(rng.choice([60.0, 160.0, 400.0])),
            "feeder": "f" if draw(st.booleans()) else None,
            "existing_chargers": int(rng.choice([0, 0, 1])),
            "existing_kw": 60.0,
            "lead_years": float(rng.choice([0.0, 0.0, 3.0])),
        }
        for _ in range(2)
    ]
    km = rng.random((2, demand)) * 6.0
    section = SECTION.model_copy(
        update={
            "grid_limit": draw(st.sampled_from(["installed", "hourly"])),
            "budget_usd": {"2030": 250_000.0} if draw(st.booleans()) else {},
            "peak_usd_per_kw_year": draw(st.sampled_from([0.0, 40.0])),
            "types": [],
        }
    )
    return built(section, sites_of(rows), demand_of(kwh, kinds, connectors, years), km).build


def every_plan(build: Build) -> float:
    """The least cost over all numbers of chargers, the demand dealt out by a linear programme for each."""
    layout = layout_of(build)
    programme = programme_of(build, layout)
    sites, options, _, years, _ = build.shape
    choices = []
    for s in range(sites):
        ranges = [range(min(int(build.most[s, k]), int(build.room[s])) + 1) for k in range(options)]
        choices.append([c for c in product(*ranges) if sum(c) <= build.room[s]])
    single = list(product(*choices))
    best = np.inf
    for path in product(single, repeat=years):
        count = np.array(path).transpose(1, 2, 0)
        if years > 1 and (np.diff(count, axis=2) < 0).any():
            continue
        opened = (count.sum(axis=1) > 0) | build.opened[:, None]
        plan = start_of(build)
        values = columns_of(build, layout, replace(plan, count=count, is_open=opened))
        lower, upper = programme.lower.copy(), programme.upper.copy()
        whole = programme.whole
        if (values[whole] > upper[whole]).any() or (values[whole] < lower[whole]).any():
            continue
        lower[whole] = upper[whole] = values[whole]
        found = solve(replace(programme, lower=lower, upper=upper), relax=True)
        if found.status == OPTIMAL:
            best = min(best, found.bound)
    return best


@settings(max_examples=5, deadline=None)
@given(instances())
def test_one_year_is_the_best_of_all_plans(build: Build) -> None:
    build = build.only(0)
    found = solve_build(build, 20.0, 0.0)
    assert found.plan is not None
    assert found.status == OPTIMAL
    assert found.cost == pytest.approx(every_plan(build), rel=1e-5, abs=1e-3)


@settings(max_examples=12, deadline=None)
@given(instances())
def test_plans_keep_all_limits_and_cost_what_they_say(build: Build) -> None:
    for found in (solve_build(build, 20.0, 0.0), solve_build(build, 0.0, 0.0), year_by_year(build, 20.0, 0.0)):
        assert found.plan is not None
        told = audit(build, found.plan)
        assert told.broken == ()
        assert told.cost == pytest.approx(found.cost, rel=1e-6, abs=1e-2)
        assert plan_cost(build, found.plan) == pytest.approx(found.cost, rel=1e-6, abs=1e-2)


@settings(max_examples=12, deadline=None)
@given(instances())
def test_foresight_is_never_dearer_and_bounds_hold(build: Build) -> None:
    ahead, step, start = solve_build(build, 20.0, 0.0), year_by_year(build, 20.0, 0.0), solve_build(build, 0.0, 0.0)
    tolerance = 1e-5 * abs(step.cost) + 1e-2
    assert ahead.cost <= step.cost + tolerance
    assert ahead.cost <= start.cost + tolerance
    assert start.bound <= ahead.cost + tolerance
    layout = layout_of(build)
    # the greedy start knows no hours of a feeder that several sites share: it holds once its demand is dealt out anew
    assert start.plan is not None
    assert feasible(programme_of(build, layout), columns_of(build, layout, start.plan), 1e-5)
    if not (build.hourly and build.feeder_kw.size):
        assert feasible(programme_of(build, layout), columns_of(build, layout, start_of(build)), 1e-5)


@settings(max_examples=8, deadline=None)
@given(instances())
def test_more_budget_headroom_or_room_is_never_worse(build: Build) -> None:
    now = solve_build(build, 20.0, 0.0).cost
    tolerance = 1e-5 * abs(now) + 1e-2
    assert solve_build(replace(build, budget=build.budget * 2.0), 20.0, 0.0).cost <= now + tolerance
    freer = replace(build, headroom=build.headroom * 2.0, feeder_kw=build.feeder_kw * 2.0)
    assert solve_build(freer, 20.0, 0.0).cost <= now + tolerance
    assert solve_build(replace(build, room=build.room + 1), 20.0, 0.0).cost <= now + tolerance
    none = replace(build, most=np.zeros_like(build.most))
    assert solve_build(none, 20.0, 0.0).cost >= now - tolerance


def test_scaled_prices_scale_the_cost() -> None:
    kwh = np.full((3, 1, 24), 8.0)
    km = np.array([[1.0, 2.0, 9.0], [3.0, 1.0, 1.0]])
    build = built(SECTION, sites_of([{}, {}]), demand_of(kwh), km).build
    now = solve_build(build, 20.0, 0.0)
    double = replace(
        build,
        open_per_year=2.0 * build.open_per_year,
        per_year=2.0 * build.per_year,
        detour_usd=2.0 * build.detour_usd,
        unserved_usd=2.0 * build.unserved_usd,
    )
    assert solve_build(double, 20.0, 0.0).cost == pytest.approx(2.0 * now.cost, rel=1e-6)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000))
def test_another_candidate_is_never_worse(seed: int) -> None:
    rng = np.random.default_rng(seed)
    demand = demand_of(rng.random((3, 1, 24)) * 12.0)
    km = rng.random((2, 3)) * 6.0
    one, two = (built(SECTION, sites_of([{}] * n), demand, km[:n]).build for n in (1, 2))
    before, after = solve_build(one, 20.0, 0.0).cost, solve_build(two, 20.0, 0.0).cost
    assert after <= before + 1e-5 * abs(before) + 1e-2


def test_more_demand_of_the_same_plan_scales_what_goes_by_energy() -> None:
    """Sites, connections, chargers and upkeep stay; detour, energy, the highest hour and what is missing double."""
    section = SECTION.model_copy(update={"energy_usd_per_kwh": 0.2, "peak_usd_per_kw_year": 30.0})
    kwh = np.full((3, 1, 24), 6.0)
    km = np.array([[1.0, 2.0, 9.0], [3.0, 1.0, 9.0]])
    build, double = (built(section, sites_of([{}, {}]), demand_of(f * kwh), km).build for f in (1.0, 2.0))
    plan = solve_build(build, 20.0, 0.0).plan
    assert plan is not None
    lines, more = audit(build, plan).lines, audit(double, plan).lines
    assert more[:4] == pytest.approx(lines[:4])
    assert more[4:] == pytest.approx(2.0 * lines[4:])
    assert (lines > 0.0).all()


def test_a_charger_of_another_standard_is_never_assigned() -> None:
    kwh = np.full((2, 1, 24), 8.0)
    km = np.array([[1.0, 1.0]])
    demand = demand_of(kwh, connectors=["ccs", "chademo"])
    found = built(SECTION, sites_of([{"connectors": "ccs"}]), demand, km)
    assert found.reason == ("", "no_such_charger")
    plan = solve_build(found.build, 20.0, 0.0).plan
    assert plan is not None
    assert found.build.reach.demand.tolist() == [0]
    assert plan.unserved[:, 0].tolist() == [0.0, 1.0]
    other = built(SECTION, sites_of([{"connectors": "gb_t"}]), demand, km)
    assert other.reason == ("wrong_connector", "no_such_charger")


def test_reasons_name_what_is_in_the_way() -> None:
    kwh = np.full((3, 1, 24), 8.0)
    km = np.array([[1.0, 9.0, 1.0]])
    demand = demand_of(kwh, kinds=["destination", "destination", "depot"])
    tight = built(SECTION, sites_of([{"headroom_central_kw": 60.0}]), demand, km)
    assert tight.reason == ("", "too_far", "no_headroom")
    late = built(SECTION, sites_of([{"lead_years": 2.0}]), demand, km)
    assert late.reason[0] == "not_connected_yet"
    asked = replace(tight.build, least=np.ones(1))
    assert solve_build(asked, 10.0, 0.0).status == INFEASIBLE
    assert most_served(asked)[0] <= 1.0 / 3.0 + 1e-9


def test_lead_time_delays_service() -> None:
    kwh = np.full((1, 2, 24), 10.0)
    late = built(SECTION, sites_of([{"lead_years": 4.0}]), demand_of(kwh, years=(2030, 2034)), np.array([[1.0]]))
    plan = solve_build(late.build, 20.0, 0.0).plan
    assert plan is not None
    assert plan.unserved[0, 0] == 1.0
    assert plan.unserved[0, 1] == pytest.approx(0.0, abs=1e-6)
    assert plan.count[:, :, 0].sum() == 0


def test_the_least_of_each_zone_is_kept() -> None:
    kwh = np.full((2, 1, 24), 6.0)
    kwh[1] = 0.4  # too little to pay for a site of its own
    km = np.array([[1.0, 9.0], [9.0, 1.0]])
    section = SECTION.model_copy(update={"unserved_usd_per_kwh": 0.8})
    free = built(section, sites_of([{}, {}]), demand_of(kwh), km).build
    plan = solve_build(free, 20.0, 0.0).plan
    assert plan is not None
    assert plan.unserved[:, 0].tolist() == pytest.approx([0.0, 1.0], abs=1e-6)
    fair = replace(free, least_by_zone=0.5)
    plan = solve_build(fair, 20.0, 0.0).plan
    assert plan is not None
    assert plan.unserved[1, 0] <= 0.5 + 1e-6
    assert audit(fair, plan).broken == ()


def test_the_audit_finds_what_is_wrong() -> None:
    kwh = np.full((1, 1, 24), 30.0)
    build = built(SECTION, sites_of([{"headroom_central_kw": 100.0}]), demand_of(kwh), np.array([[1.0]])).build
    plan = solve_build(build, 20.0, 0.0).plan
    assert plan is not None
    assert audit(build, plan).broken == ()
    more = plan.count.copy()
    more[0, 0, 0] = 3
    assert any("room" in line for line in audit(build, replace(plan, count=more)).broken)
    assert any("headroom" in line for line in audit(build, replace(plan, count=more)).broken)
    none = replace(plan, count=0 * plan.count)
    assert any("chargers give" in line for line in audit(build, none).broken)
    shut = replace(plan, is_open=~plan.is_open)
    assert any("closed" in line for line in audit(build, shut).broken)
    cut = replace(plan, share=0.5 * plan.share)
    assert any("add up" in line for line in audit(build, cut).broken)


def test_a_plan_under_a_weaker_grid_serves_less_and_costs_more() -> None:
    kwh = np.full((2, 1, 24), 40.0)
    km = np.array([[1.0, 2.0], [2.0, 1.0]])
    rows: list[dict[str, object]] = [{"headroom_low_kw": 30.0, "headroom_central_kw": 320.0}] * 2
    central = built(SECTION, sites_of(rows), demand_of(kwh), km).build
    low = built(SECTION, sites_of(rows), demand_of(kwh), km, "low").build
    plan = solve_build(central, 20.0, 0.0)
    assert plan.plan is not None
    same = under_another_grid(plan.plan, central, central)
    assert same.cost == pytest.approx(plan.cost, rel=1e-6)
    weak = under_another_grid(plan.plan, central, low)
    assert weak.plan is not None
    assert weak.cost > plan.cost
    assert (weak.plan.unserved * low.per_day).sum() > (plan.plan.unserved * low.per_day).sum()


def test_the_curve_of_cost_rises_with_coverage() -> None:
    rng = np.random.default_rng(4)
    kwh = rng.random((6, 1, 24)) * 10.0
    km = rng.random((3, 6)) * 5.0
    build = built(SECTION, sites_of([{}, {}, {}]), demand_of(kwh), km).build
    points = trade_off(build, [0.2, 0.5, 0.8], 20.0, 0.0)
    assert [share for share, _ in points] == [0.8, 0.5, 0.2]
    costs = [found.cost for _, found in points if found.plan is not None]
    assert len(costs) >= 2
    assert costs == sorted(costs, reverse=True)
    for share, found in points:
        if found.plan is not None:
            served = 1.0 - (found.plan.unserved * build.per_day).sum() / build.per_day.sum()
            assert served >= share - 1e-6


def test_hours_that_never_bind_are_left_out() -> None:
    kwh = np.zeros((2, 1, 24))
    kwh[0, 0, 7], kwh[0, 0, 8], kwh[1, 0, 8], kwh[1, 0, 20] = 5.0, 4.0, 3.0, 3.0
    assert binding_hours(kwh).tolist() == [7, 8]


def test_families_are_unions_of_what_serves_groups() -> None:
    serves = np.array([[True, True, False], [False, True, False], [False, False, True]])
    inside, option_in = families_of(serves)
    assert {tuple(row) for row in option_in.tolist()} == {
        (False, True, False),
        (True, True, False),
        (False, False, True),
        (False, True, True),
        (True, True, True),
    }
    for family, groups in zip(option_in, inside, strict=True):
        assert groups.tolist() == [bool((own <= family).all()) for own in serves]


def test_start_cost_is_told_right() -> None:
    kwh = np.full((2, 2, 24), 9.0)
    build = built(SECTION, sites_of([{}, {}]), demand_of(kwh, years=(2030, 2032)), np.ones((2, 2))).build
    plan = start_of(build)
    assert total_cost(build, plan) == pytest.approx(plan_cost(build, plan), rel=1e-9)


@pytest.mark.parametrize(
    ("site", "kwh", "km", "connector"),
    [
        ({}, 5.0, 1.0, "mcs"),
        ({}, 5.0, 50.0, "ccs"),
        ({}, 0.0, 1.0, "ccs"),
        ({"headroom_central_kw": 0.0}, 5.0, 1.0, "ccs"),
        ({"locked": "yes"}, 5.0, 1.0, "ccs"),
        ({"max_chargers": 0, "existing_kw": 50.0, "existing_chargers": 2}, 5.0, 1.0, "ccs"),
        ({"max_chargers": 200, "headroom_central_kw": 9000.0}, 900.0, 1.0, "ccs"),
    ],
)
def test_odd_cases_have_a_plan_that_keeps_all_limits(
    site: dict[str, object], kwh: float, km: float, connector: str
) -> None:
    demand = demand_of(np.full((2, 1, 24), kwh), connectors=[connector] * 2)
    build = built(SECTION, sites_of([site]), demand, np.full((1, 2), km)).build
    for seconds in (0.0, 10.0):
        found = solve_build(build, seconds, 0.0)
        assert found.plan is not None
        assert audit(build, found.plan).broken == ()
        assert found.bound <= found.cost + 1e-6 * abs(found.cost)
