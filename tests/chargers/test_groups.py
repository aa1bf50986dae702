"""Service by group of people: the table, the constraint against all plans of small instances, what is told."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from fleet_planner.chargers.building.assemble import assemble
from fleet_planner.chargers.building.audit import audit
from fleet_planner.chargers.building.people import given as what_is_given
from fleet_planner.chargers.building.people import groups_table, zones_table
from fleet_planner.chargers.building.problem import Build
from fleet_planner.chargers.building.solve import most_served, solve_build
from fleet_planner.chargers.building.tables import Told
from fleet_planner.chargers.candidates import Sites
from fleet_planner.chargers.demand import Demand
from fleet_planner.chargers.distances import of_matrix
from fleet_planner.chargers.groups import Groups, read_groups
from fleet_planner.errors import InputError
from fleet_planner.highs import INFEASIBLE, OPTIMAL
from fleet_planner.plan.chargers import ChargersSection, ChargerType
from fleet_planner.tables import columns

SECTION = ChargersSection(
    types=[],
    type=[ChargerType(name="yard", kw=40.0, connectors=["ccs"], usd=60_000.0, queue=False)],
    room=2,
    site_usd=40_000.0,
    connection_usd=20_000.0,
    connection_usd_per_km=0.0,
    connection_usd_per_kw=100.0,
    unserved_usd_per_kwh=0.35,
    headroom_kw={"low": 90.0, "central": 200.0, "high": 500.0},
)


def sites_of(count: int) -> Sites:
    kinds = {"text": pl.String, "number": pl.Float64, "integer": pl.Int64}
    schema = {c.column: kinds[c.type] for c in columns("charging_sites")}
    usual: dict[str, object] = {"lon": 0.0, "lat": 0.0, "existing_kw": 0.0, "existing_chargers": 0, "locked": "no"}
    return Sites(pl.DataFrame([usual | {"site_id": f"s{k}"} for k in range(count)], schema=schema))


def demand_of(kwh_per_h: np.ndarray, zones: list[str]) -> Demand:
    n = len(kwh_per_h)
    words = ("",) * n
    kwh = np.repeat(kwh_per_h[:, None, None], 24, axis=2)
    return Demand(
        tuple(f"d{j}" for j in range(n)), np.zeros((n, 2)), ("depot",) * n, words, ("ccs",) * n, tuple(zones),
        np.zeros(n, dtype=np.bool_), np.zeros(n), np.full(n, 50.0), (2030,), kwh,
    )  # fmt: skip


def dearest_need_not_serve(build: Build) -> float:
    """The least cost over all numbers of chargers, demand dealt out by another solver from the numbers alone."""
    sites, demand = build.most.shape[0], build.kwh.shape[0]
    pair_site, pair_demand = build.reach.site, build.reach.demand
    pairs, best = pair_site.size, np.inf
    year = 365.25 if abs(build.per_year_kwh[0, 0] / build.per_day[0, 0] - 365.25) < 0.1 else 365.0
    energy = build.per_day[:, 0] * year
    for count in product(range(3), repeat=sites):
        cost = sum(build.open_per_year[s] * (n > 0) + n * build.per_year[0] for s, n in enumerate(count))
        c = np.concatenate([energy[pair_demand] * build.detour_usd, energy * build.unserved_usd])
        equal = np.zeros((demand, pairs + demand))
        equal[pair_demand, np.arange(pairs)] = 1.0
        equal[np.arange(demand), pairs + np.arange(demand)] = 1.0
        rows, limits = [], []
        for s in range(sites):
            row = np.zeros(pairs + demand)
            row[:pairs] = np.where(pair_site == s, build.kwh[pair_demand, 0, 0], 0.0)
            rows.append(row)
            limits.append(build.table[0, count[s]])
        for g in range(build.people.shape[1]):
            own = build.people[:, g] * build.per_day[:, 0]
            rows.append(np.concatenate([np.zeros(pairs), own]))
            limits.append((1.0 - build.least_by_group) * own.sum())
        found = linprog(c, np.array(rows), limits, equal, np.ones(demand), (0.0, 1.0))
        if found.status == 0:
            best = min(best, float(build.weight[0] * (cost + found.fun)))
    return best


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.3, 0.6, 0.9]))
def test_the_least_of_each_group_is_the_best_of_all_plans(seed: int, least: float) -> None:
    rng = np.random.default_rng(seed)
    demand = demand_of(rng.uniform(1.0, 25.0, 4), ["a", "b", "c", "d"])
    parts = rng.dirichlet([0.5, 0.5], 4)
    groups = Groups(("low", "high"), np.array([100.0, 50.0]), parts)
    section = SECTION.model_copy(update={"least_served_by_group": least})
    reach = of_matrix(rng.random((2, 4)) * 6.0, 5.0)
    build = assemble(section, sites_of(2), demand, reach, "US", 0.05, "central", groups).build
    found, best = solve_build(build, 20.0, 0.0), dearest_need_not_serve(build)
    if found.plan is None:
        assert best == np.inf
        assert found.status == INFEASIBLE
        return
    assert found.status == OPTIMAL
    assert found.cost == pytest.approx(best, rel=1e-5)
    assert audit(build, found.plan).broken == ()
    missed = parts.T @ (build.per_day[:, 0] * found.plan.unserved[:, 0])
    assert (missed <= (1.0 - least) * (parts.T @ build.per_day[:, 0]) + 1e-4).all()


def test_a_group_left_aside_is_served_when_asked_and_the_audit_sees_it() -> None:
    """A far, thin zone where the poor live pays for no site of its own: only the constraint brings one."""
    demand = demand_of(np.array([30.0, 1.0]), ["centre", "edge"])
    groups = Groups(("rich", "poor"), np.array([900.0, 100.0]), np.eye(2), {"centre": 900.0, "edge": 100.0})
    reach = of_matrix(np.array([[1.0, 9.0], [9.0, 1.0]]), 5.0)
    free = assemble(SECTION, sites_of(2), demand, reach, "US", 0.05, "central", groups)
    fair = assemble(
        SECTION.model_copy(update={"least_served_by_group": 0.8}), sites_of(2), demand, reach, "US", 0.05, "central",
        groups,
    )  # fmt: skip
    without, asked = solve_build(free.build, 20.0, 0.0), solve_build(fair.build, 20.0, 0.0)
    assert without.plan is not None
    assert asked.plan is not None
    assert asked.cost > without.cost
    assert any("group 1" in line for line in audit(fair.build, without.plan).broken)
    tables = [
        groups_table(Told(one, found.plan, audit(one.build, found.plan), sites_of(2), demand), groups)
        for one, found in ((free, without), (fair, asked))
        if found.plan is not None
    ]
    assert tables[0]["served_pct"].to_list() == pytest.approx([100.0, 0.0], abs=1e-4)
    assert tables[1]["served_pct"][1] >= 80.0 - 1e-4
    assert tables[0]["people_pct"].to_list() == [90.0, 10.0]


def test_the_most_that_a_group_can_get_is_told() -> None:
    """One charger of 36 kWh an hour reaches both zones: alone each gets all it can, together they share."""
    demand = demand_of(np.array([30.0, 60.0, 5.0]), ["a", "b", "far"])
    reach = of_matrix(np.array([[1.0, 1.0, 9.0]]), 5.0)
    section = SECTION.model_copy(update={"room": 1})
    parts = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    groups = Groups(("x", "y"), np.ones(2), parts)
    build = assemble(section, sites_of(1), demand, reach, "US", 0.05, "central", groups).build
    assert most_served(build)[0] == pytest.approx(36.0 / 95.0)
    # of x: 30 + 30 of 60 asked; its own zone first, each kWh to the other brings half
    assert most_served(build, parts[:, 0])[0] == pytest.approx((30.0 + 3.0) / 60.0)
    assert most_served(build, parts[:, 1])[0] == pytest.approx(18.0 / 35.0)


def test_zones_and_groups_add_up_to_the_plan() -> None:
    demand = demand_of(np.array([20.0, 10.0, 5.0]), ["a", "b", "a"])
    groups = Groups(("x", "y"), np.array([30.0, 70.0]), np.array([[0.25, 0.75], [0.5, 0.5], [0.25, 0.75]]), {"a": 60.0})
    reach = of_matrix(np.array([[1.0, 2.0, 3.0]]), 5.0)
    one = assemble(SECTION, sites_of(1), demand, reach, "US", 0.05, "central", groups)
    plan = solve_build(one.build, 20.0, 0.0).plan
    assert plan is not None
    told = Told(one, plan, audit(one.build, plan), sites_of(1), demand)
    zones, people, got = zones_table(told, groups), groups_table(told, groups), what_is_given(told)
    for table in (zones, people):
        assert table["kwh_per_day"].sum() == pytest.approx(35.0 * 24.0)
        assert table["benefit_usd_per_year"].sum() == pytest.approx(got.usd.sum())
    assert people["served_kwh_per_day"].sum() == pytest.approx(got.kwh.sum())
    assert people["energy_pct"].sum() == pytest.approx(100.0)
    assert zones["people"].to_list() == [60.0, None]
    # what serving saves is what the price of the missing energy falls by, less the ways
    lines = told.audit.lines[:, 0]
    everything = 35.0 * 24.0 * (one.build.per_year_kwh[0, 0] / one.build.per_day[0, 0]) * one.build.unserved_usd
    assert got.usd.sum() == pytest.approx(everything - lines[7] - lines[4], rel=1e-6)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("zone,group,people\na,low,10\na,low,5\n", "stand twice"),
        ("zone,group,people\na,low,-1\n", "out of range"),
        ("zone,group,people\na,low,0\n", "nobody lives"),
        ("zone,group,people\nq,low,10\n", "no zone of the demand"),
        ("zone,people\na,10\n", "needed column is missing"),
    ],
)
def test_wrong_tables_of_groups_are_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "groups.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        read_groups(path, demand_of(np.ones(2), ["a", "b"]))


def test_shares_follow_the_people_and_a_missing_zone_is_told(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text("zone,group,people\na,low,30\na,high,10\nelsewhere,low,100\n", encoding="utf-8")
    groups = read_groups(path, demand_of(np.array([1.0, 3.0]), ["a", "b"]))
    assert groups.names == ("low", "high")
    assert groups.people.tolist() == [130.0, 10.0]
    assert groups.share.tolist() == [[0.75, 0.25], [0.0, 0.0]]
    (finding,) = groups.findings
    assert (finding.code, finding.count, finding.share) == ("chargers.groups_missing", 1, 0.75)


def test_a_least_share_by_group_needs_the_groups() -> None:
    with pytest.raises(ValueError, match=r"needs chargers\.groups"):
        ChargersSection(least_served_by_group=0.5)
