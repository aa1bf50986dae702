"""The replacement as an integer programme: costs, rules, order, and the best plan of tiny fleets by enumeration."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.buses.transition import tables
from fleet_planner.buses.transition.account import account, discounted, harm, payments, straight_line_left
from fleet_planner.buses.transition.assign import blocks_by_year, first_clean, oldest_first, vehicle_plan
from fleet_planner.buses.transition.check import HARD, breaches, required
from fleet_planner.buses.transition.figures import purchase_shares
from fleet_planner.buses.transition.model import (
    BATTERY,
    CONVENTIONAL,
    EXISTING,
    HYDROGEN,
    LARGE,
    LINES,
    POWERTRAINS,
    STATION,
    ZERO_EMISSION,
    Decision,
    new_stock,
    stock,
)
from fleet_planner.buses.transition.needs import Batteries, buses_of, needs_of, resolved
from fleet_planner.buses.transition.programme import CONFLICT, MET, solve
from fleet_planner.buses.transition.strategies import compared, strategies_table
from fleet_planner.plan.buses_transition import TransitionSection
from tests.buses.small_fleets import fleet, with_figures, with_rules

KINDS = ("depot", "battery", "station", "split", "none")


@settings(max_examples=6, deadline=None)
@given(
    buses=st.integers(4, 12),
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=4),
    share=st.sampled_from([0.0, 0.5, 1.0]),
    target=st.sampled_from([0.0, 0.6, 1.0]),
    seed=st.integers(0, 99),
)
def test_a_plan_costs_what_its_lines_say_and_keeps_every_rule(
    buses: int, kinds: list[str], share: float, target: float, seed: int
) -> None:
    problem = fleet(
        buses=buses,
        blocks=buses - 1,
        kinds=tuple(kinds),
        years=6,
        share=np.full(6, share),
        target_share=target,
        seed=seed,
    )
    found = solve(problem, gap=1e-4)
    told = breaches(problem, found.decision)
    assert all(b.rule == "target" for b in told)  # buses under the minimum life keep it from being reached
    assert found.status == (CONFLICT if told else MET)
    assert found.misses["target"] == pytest.approx(sum(b.gap for b in told), abs=1e-4)
    assert discounted(problem, account(problem, found.decision)) == pytest.approx(found.objective, rel=1e-9)
    assert found.bound <= found.objective * (1.0 + 1e-9)
    assert found.gap <= 2e-4
    moved = oldest_first(problem, found.decision)
    assert breaches(problem, moved) == told
    np.testing.assert_array_equal(stock(problem, moved).sum(axis=0), stock(problem, found.decision).sum(axis=0))


def test_the_best_plan_of_a_tiny_fleet_is_that_of_all_plans() -> None:
    problem = fleet(buses=2, blocks=2, years=2, spare_min=0.0, target_share=0.5, kinds=("depot", "none"))
    problem = with_figures(problem, lead=np.array([1]), ready=np.array([2027]))
    cohorts = problem.cohorts
    some = np.flatnonzero(cohorts.count)
    # the two buses of today are old: both may go from the first year on
    problem = replace(problem, cohorts=replace(cohorts, free_year=np.full(cohorts.count.size, 2026)))
    shape = (1, len(POWERTRAINS), 2)
    best = np.inf
    sold = (BATTERY, CONVENTIONAL)
    purchases = [c for c in itertools.product(range(3), repeat=4) if sum(c) <= 3]
    goes = list(itertools.product(range(3), repeat=some.size))
    runs = [
        (a, b)
        for a in itertools.product((BATTERY, CONVENTIONAL, EXISTING), repeat=2)
        for b in itertools.product((CONVENTIONAL, EXISTING), repeat=2)
    ]
    for bought_of in purchases:
        bought = np.zeros(shape, dtype=np.int64)
        bought[0, sold, :] = np.array(bought_of).reshape(2, 2)
        battery = np.cumsum(bought[0, BATTERY])
        chargers = np.zeros((1, 2), dtype=np.int64)
        chargers[0] = np.diff(np.ceil(battery / problem.figures.buses_per_charger), prepend=0.0)
        powered = np.zeros((1, 2), dtype=np.int64)
        if battery[-1] > 0:
            powered[0, int(np.argmax(battery > 0))] = 1
        for leaves in goes:
            retired = np.zeros((cohorts.count.size, 2), dtype=np.int64)
            for g, year in zip(some, leaves, strict=True):
                if year < 2:
                    retired[g, year] = cohorts.count[g]
            have = new_stock(bought, 14)[0] + 0.0
            have[EXISTING] = 2 - np.cumsum(retired.sum(axis=0))
            if (have.sum(axis=0) < 2).any():
                continue
            for run in runs:
                served = np.zeros((2, len(POWERTRAINS), 2), dtype=np.int64)
                for t in range(2):
                    served[0, run[0][t], t] = 1
                    served[1, run[1][t], t] = 1
                if (served.sum(axis=0) > have).any():
                    continue
                plan = Decision(
                    bought,
                    retired,
                    served,
                    chargers,
                    powered,
                    np.zeros((1, 2), dtype=np.int64),
                    np.zeros((1, 2), dtype=np.int64),
                )
                cost = discounted(problem, account(problem, plan))
                if cost < best and not breaches(problem, plan):
                    best = cost
    only = np.zeros_like(problem.rules.buyable)
    only[list(sold)] = True
    found = solve(with_rules(problem, buyable=only), gap=1e-9)
    assert found.status == MET
    assert found.objective == pytest.approx(best, rel=1e-7)


def test_looser_rules_and_more_money_never_cost_more() -> None:
    tight = fleet(years=8, share=np.full(8, 1.0), target_share=1.0, budget=np.full(8, 3e6))
    costs = [
        solve(problem, gap=1e-6).objective
        for problem in (
            tight,
            with_rules(tight, budget=np.full(8, np.inf)),
            with_rules(tight, budget=np.full(8, np.inf), share=np.zeros(8)),
            with_rules(tight, budget=np.full(8, np.inf), share=np.zeros(8), target_share=0.0),
        )
    ]
    assert all(a >= b * (1.0 - 1e-6) for a, b in itertools.pairwise(costs))


def test_the_free_choice_of_charging_is_never_dearer_than_either_pure_strategy() -> None:
    both = fleet(years=8, kinds=("depot", "battery", "station"), target_share=1.0)
    needs = both.needs
    chosen = []
    for out in (LARGE, STATION):
        buses = needs.buses.copy()
        buses[:, out] = 0.0
        chosen.append(solve(replace(both, needs=replace(needs, buses=buses)), gap=1e-6).objective)
    assert solve(both, gap=1e-6).objective <= min(chosen) * (1.0 + 1e-6)


def test_ways_of_charging_are_compared_line_by_line() -> None:
    both = fleet(years=8, kinds=("depot", "battery", "station"), target_share=1.0)
    solved = solve(both, gap=0.05)  # a wide gap: a pure plan may be cheaper than what the free choice found
    taken, found = compared(both, solved, seconds=20.0, gap=1e-6, dirtiest=False)
    assert [one.name for one in found] == ["free", "depot_only", "on_the_way_only"]
    table = strategies_table(found)
    assert np.allclose(table.select(LINES).sum_horizontal(), table["total_usd2024"])
    assert table["more_usd2024"][0] == 0.0
    for one, more in zip(found[1:], table["more_usd2024"][1:], strict=True):
        if one.solved.status == MET:
            assert more >= 0.0
    decision = oldest_first(both, taken.decision)
    assert discounted(both, account(both, decision)) == pytest.approx(found[0].total)
    assert [b for b in breaches(both, decision) if b.rule in HARD] == []
    # a pure plan does without what it bars
    assert found[1].solved.decision.served[:, STATION].sum() == 0
    assert found[2].solved.decision.served[:, [BATTERY, LARGE]].sum() == 0


def test_rules_that_conflict_are_named_with_year_and_gap() -> None:
    problem = fleet(years=6, target_share=0.5, budget=np.full(6, 1e5))
    found = solve(problem)
    assert found.status == CONFLICT
    assert "budget" in found.conflicts
    told = [b for b in breaches(problem, found.decision) if b.rule not in HARD]
    assert told
    assert all(b.gap > 0.0 and 2026 <= b.year <= 2031 for b in told)
    assert breaches(problem, found.decision) == told
    rich = with_rules(problem, budget=np.full(6, np.inf))
    assert breaches(rich, solve(rich).decision) == []


def test_minimum_life_and_power_are_named_where_they_stand_in_the_way() -> None:
    late = solve(fleet(years=6, target_share=1.0))
    assert late.status == CONFLICT
    assert set(late.conflicts) == {"target", "life"}
    dark = with_figures(fleet(years=6, target_share=0.5), ready=np.array([2040]), hydrogen_site=np.array([1e6]))
    only = dark.rules.buyable.copy()
    only[HYDROGEN] = False
    assert set(solve(with_rules(dark, buyable=only)).conflicts) == {"target", "power"}


def test_emissions_first_cuts_earlier_than_least_cost() -> None:
    problem = fleet(years=8, target_share=1.0)
    cheap, clean = (solve(problem, objective=name, gap=1e-6).decision for name in ("cost", "emissions"))
    assert harm(problem, clean).sum() < harm(problem, cheap).sum()
    assert np.cumsum(harm(problem, clean))[3] <= np.cumsum(harm(problem, cheap))[3]


def test_purchases_asked_for_are_rounded_to_the_nearest_bus() -> None:
    problem = fleet(years=6, share=np.array([0.0, 0.0, 0.25, 0.25, 0.25, 0.25]))
    bought = np.zeros((1, len(POWERTRAINS), 6), dtype=np.int64)
    bought[0, CONVENTIONAL] = [5, 0, 1, 2, 5, 6]
    decision = replace(solve(problem).decision, bought=bought)
    total, asked, clean = required(problem, decision)
    np.testing.assert_array_equal(total, [5, 0, 1, 2, 5, 6])
    np.testing.assert_array_equal(asked, [0, 0, 0, 1, 1, 2])
    table = tables.compliance(problem, decision, ["ict_small"])
    np.testing.assert_array_equal(table["gap"].to_numpy(), asked - clean)
    assert table["verdict"].to_list() == ["kept", "kept", "kept", "missed", "missed", "missed"]


def test_every_hard_rule_is_seen_when_a_plan_is_spoilt() -> None:
    problem = fleet(years=8, kinds=("depot", "station", "none"), target_share=0.7)
    good = solve(problem).decision
    assert breaches(problem, good) == []
    spoilt = {
        "service": replace(good, served=np.zeros_like(good.served)),
        "block_cannot": replace(good, served=np.roll(good.served, 1, axis=0)),
        "vehicles": replace(good, bought=np.zeros_like(good.bought)),
        "power": replace(good, powered=np.zeros_like(good.powered)),
        "chargers": replace(good, chargers=np.zeros_like(good.chargers)),
        "life": replace(good, retired=np.roll(good.retired, -3, axis=1)),
        "spares_most": replace(good, bought=good.bought + 3),
    }
    for rule, decision in spoilt.items():
        assert rule in {b.rule for b in breaches(problem, decision)}, rule


def test_nobody_is_retrained_where_the_fleet_stays_as_it_is() -> None:
    problem = fleet(years=5)
    nothing = solve(problem).decision
    nothing = replace(nothing, bought=np.zeros_like(nothing.bought))
    people = tables.workforce(problem, nothing, {"mechanics": 0.25, "operators": 2.0}, {"mechanics": 80.0})
    assert people["to_retrain"].sum() == 0
    bought = nothing.bought.copy()
    bought[0, HYDROGEN, 2] = 3
    people = tables.workforce(
        problem, replace(nothing, bought=bought), {"mechanics": 0.25, "operators": 2.0}, {"mechanics": 80.0}
    )
    asked = people.filter((pl.col("year") == 2028) & (pl.col("to_retrain") > 0))
    assert dict(asked.select("staff", "to_retrain").iter_rows()) == {"mechanics": 1, "operators": 6}
    assert people["training_hours"].sum() == 80.0


def test_oldest_buses_go_first_and_funding_keeps_the_others() -> None:
    problem = fleet(buses=16, blocks=14, years=8)
    cohorts = problem.cohorts
    kept = replace(cohorts, free_year=np.where(cohorts.model_year == 2012, 2033, cohorts.free_year))
    problem = replace(problem, cohorts=kept)
    decision = oldest_first(problem, solve(problem).decision)
    first = np.where(decision.retired.any(axis=1), problem.figures.years[np.argmax(decision.retired > 0, axis=1)], 9999)
    order = np.argsort(cohorts.model_year)
    others = [g for g in order if cohorts.model_year[g] != 2012 and cohorts.count[g] > 0]
    assert all(a <= b for a, b in itertools.pairwise(first[others]))
    assert (first[cohorts.model_year == 2012] >= 2033).all()
    rows = [
        {
            "vehicle_id": f"v{g}-{k}",
            "depot_id": "d0",
            "bus_type": "standard",
            "powertrain": "existing",
            "model_year": int(cohorts.model_year[g]),
            "pool": 0,
            "cohort": g,
        }
        for g in range(cohorts.count.size)
        for k in range(int(cohorts.count[g]))
    ]
    plan = vehicle_plan(problem, decision, pl.DataFrame(rows))
    assert plan["retired_year"].drop_nulls().len() == decision.retired.sum()
    assert plan["new_vehicle_id"].drop_nulls().is_unique().all()


def test_blocks_of_most_weight_become_clean_first_and_stay_so() -> None:
    problem = fleet(years=8, target_share=1.0)
    decision = solve(problem).decision
    count = int(problem.needs.blocks.sum())
    blocks = pl.DataFrame(
        {"need": [0] * count, "weight": [float(k) for k in range(count)], "km_per_year": [1.0] * count}
    )
    powertrain = blocks_by_year(problem, decision, blocks)
    for t in range(8):
        counts = np.bincount(powertrain[:, t], minlength=len(POWERTRAINS))
        np.testing.assert_array_equal(counts, decision.served[0, :, t])
    first = first_clean(powertrain, problem.figures.years)
    assert all(a >= b for a, b in itertools.pairwise(np.nan_to_num(first, nan=9999.0)))
    clean = np.isin(powertrain, ZERO_EMISSION)
    assert (np.diff(clean.astype(int), axis=1) >= 0).all()


def test_a_block_beyond_its_battery_is_never_called_feasible() -> None:
    section = TransitionSection()
    batteries = Batteries({"standard": 200.0}, {"standard": 350.0}, {"standard": 1.5}, 0.9, 1.3)
    names = (
        "bus_type",
        "route",
        "km_per_year",
        "kwh_per_km",
        "usable_kwh",
        "usable_large_kwh",
        "split_buses",
        "extra_hours",
    )
    blocks = pl.DataFrame(
        {
            "block_id": ["a", "b", "c", "d", "e"],
            "depot_id": ["x"] * 5,
            "km": [100.0, 150.0, 300.0, 100.0, 700.0],
            "need_kwh": [None, None, None, 201.0, None],
            "ways": [None, None, None, "depot|split", None],
            "stations": [None, None, "s", None, None],
            "weight": [None] * 5,
            **{n: [None] * 5 for n in names},
        },
        schema_overrides={"bus_type": pl.String, "route": pl.String, "split_buses": pl.Int64, "weight": pl.Float64}
        | {n: pl.Float64 for n in names if n not in {"bus_type", "route", "split_buses"}},
    )
    done, findings = resolved(blocks, section, batteries)
    assert done["ways"].to_list() == [
        "depot|battery",
        "battery|split",
        "station|split",
        "split",
        "",
    ]
    assert done["need_kwh"][0] == pytest.approx(100 * 1.5 * 0.9 * 1.3)
    assert {f.code for f in findings} == {
        "buses.transition_needs_reckoned",
        "buses.transition_ways_taken",
        "buses.transition_never_battery",
    }
    numbered, needs, stations = needs_of(done, {("x", "standard"): 0}, section, 25.0, 0.9)
    assert stations == ("s",)
    of_block = needs.buses[numbered["need"].to_numpy()]
    usable = np.array([200.0, 350.0])
    for row, need in enumerate(done["need_kwh"]):
        for p in (BATTERY, LARGE):
            if of_block[row, p] > 0.0:
                assert need / of_block[row, p] <= usable[p] * (1.0 + 1e-9)
    assert of_block[4, :HYDROGEN].sum() == 0.0
    assert of_block[4, HYDROGEN] == 0.0  # beyond the range of hydrogen
    assert of_block[4, EXISTING] == 1.0


def test_ways_become_buses() -> None:
    assert buses_of("depot", 2, 100.0, 450.0) == (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    assert buses_of("split|station", 3, 500.0, 450.0) == (3.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0)
    assert buses_of("", 2, 100.0, 450.0) == (0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0)


def test_sites_are_paid_before_they_open_and_keep_a_rest() -> None:
    np.testing.assert_allclose(payments(2, 3, 6), [0, 0.5, 0.5, 0, 0, 0])
    np.testing.assert_allclose(payments(0, 3, 6), [0, 0, 0, 1, 0, 0])
    np.testing.assert_allclose(payments(3, 1, 4), [1, 0, 0, 0])
    assert straight_line_left(20, 0, 12) == pytest.approx(0.4)
    assert LINES[-1] == "residual"


@pytest.mark.parametrize(
    ("region", "in_service", "section", "expected", "names"),
    [
        ("US-CA", 150.0, {}, {2025: 0.25, 2026: 0.5, 2028: 0.5, 2029: 1.0, 2035: 1.0}, ["ict_large"]),
        ("US-CA", 60.0, {}, {2025: 0.0, 2026: 0.25, 2028: 0.25, 2029: 1.0}, ["ict_small"]),
        ("CN-BJ", 150.0, {}, {2025: 0.8, 2034: 0.8, 2035: 1.0}, ["cn_public"]),
        ("CL", 150.0, {}, {2025: 0.0, 2035: 0.0}, []),
        ("CL", 150.0, {"purchase_share": {"2030": 0.4}}, {2029: 0.0, 2030: 0.4, 2035: 0.4}, ["plan"]),
        ("CL", 150.0, {"purchase_rules": ["cn_public"]}, {2025: 0.8}, ["cn_public"]),
    ],
)
def test_shares_of_purchases_are_those_of_the_laws(
    region: str, in_service: float, section: dict[str, object], expected: dict[int, float], names: list[str]
) -> None:
    years = np.arange(2025, 2041)
    plan = TransitionSection(**section)  # type: ignore[arg-type]
    shares, rules, findings = purchase_shares(plan, region, ["urban_bus"], in_service, years)
    assert rules == names
    assert {y: shares[years == y].item() for y in expected} == expected
    assert {f.values["rule"] for f in findings} == set(names) - {"plan"}
