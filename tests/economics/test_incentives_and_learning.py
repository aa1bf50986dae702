"""Incentives with caps, budgets and years; capital that falls with the years; electricity factors and ranks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fleet_planner.economics.grid import Difference, GridPair, grid_differences, grid_pair
from fleet_planner.economics.incentives import Bought, granted, left_in
from fleet_planner.economics.learning import battery_price, capital_in, learnt_share, wright
from fleet_planner.plan.economics import Debt, EconomicsSection, Incentive, Learning

BUSES = Bought("bev_bus", "urban_bus", 10.0, 400_000.0)
VANS = Bought("bev_van", "postal", 20.0, 20_000.0)
budgets = st.one_of(st.just(0.0), st.floats(1.0, 1e7))


def incentive(**keys: Any) -> Incentive:
    return Incentive.model_validate({"name": "i", **keys})


def test_cap_per_vehicle_and_budget_per_year() -> None:
    half = incentive(share_of_capital=0.5, max_per_vehicle_usd=100_000.0)
    paid = granted([half], 2026, [BUSES, VANS])
    assert [(g.per_vehicle, g.paid) for g in paid] == [(100_000.0, 1e6), (10_000.0, 2e5)]
    short = incentive(share_of_capital=0.5, max_per_vehicle_usd=100_000.0, budget_usd_per_year=600_000.0)
    paid = granted([short], 2026, [BUSES, VANS])
    assert [g.per_vehicle for g in paid] == pytest.approx([50_000.0, 5_000.0])
    assert sum(g.asked for g in paid) == 1.2e6
    assert granted([incentive(per_vehicle_usd=5.0, budget_usd_per_year=0.0)], 2026, [BUSES])[0].paid == 0.0


def test_an_incentive_is_for_its_measures_streams_and_years() -> None:
    mail = incentive(per_vehicle_usd=1000.0, streams=["postal"], first_year=2025, last_year=2027)
    assert [g.stream for g in granted([mail], 2026, [BUSES, VANS])] == ["postal"]
    assert not granted([mail], 2024, [BUSES, VANS])
    assert not granted([mail], 2028, [BUSES, VANS])
    assert not granted([incentive(per_vehicle_usd=1.0, measures=["dpf_scr"])], 2026, [BUSES])


def test_a_subsidy_is_phased_out_by_year() -> None:
    fading = incentive(per_vehicle_usd=100.0, phase_out={"2026": 1.0, "2030": 0.0})
    assert [left_in(fading, y) for y in (2024, 2026, 2027, 2028, 2030, 2040)] == [1.0, 1.0, 0.75, 0.5, 0.0, 0.0]
    assert granted([fading], 2029, [BUSES])[0].per_vehicle == 25.0


@given(
    st.lists(st.tuples(st.floats(0.01, 1.0), st.floats(1.0, 1e6), budgets), max_size=4),
    st.integers(2020, 2060),
)
def test_incentives_never_pay_more_than_the_capital_their_cap_and_their_budget(
    given_ones: list[tuple[float, float, float]], year: int
) -> None:
    offers = [
        Incentive(name=str(k), share_of_capital=s, max_per_vehicle_usd=cap, budget_usd_per_year=budget)
        for k, (s, cap, budget) in enumerate(given_ones)
    ]
    paid = granted(offers, year, [BUSES, VANS])
    for purchase in (BUSES, VANS):
        own = [g.per_vehicle for g in paid if g.measure_id == purchase.measure_id]
        assert sum(own) <= purchase.capital * (1.0 + 1e-9)
    for k, (_, cap, budget) in enumerate(given_ones):
        assert sum(g.paid for g in paid if g.incentive == str(k)) <= budget * (1.0 + 1e-9)
        assert all(g.per_vehicle <= cap for g in paid if g.incentive == str(k))


def test_capital_falls_by_doublings_by_year_or_with_the_battery() -> None:
    assert wright(0.2, 3.0) == pytest.approx(0.512)
    assert wright(0.2, 30.0, floor=0.3) == 0.3
    doubling = Learning(per_doubling=0.2, doubling_years=5.0)
    assert learnt_share(doubling, 2034, 2024) == pytest.approx(0.64)
    points = Learning(by_year={"2024": 1.0, "2034": 0.5})
    assert capital_in(1000.0, 50.0, points, 2029, 2024) == pytest.approx(750.0)
    pack = battery_price()
    fall = pack.at(2024) - pack.at(2050)
    assert capital_in(400_000.0, 250.0, None, 2050, 2024) == pytest.approx(400_000.0 - 250.0 * fall)
    assert capital_in(12_000.0, 0.0, None, 2050, 2024) == 12_000.0
    # 190 US$ of 2022 a kWh in 2025 (T3CO), in US$ of 2024
    assert pack.at(2025) == pytest.approx(190.0 * 313.689 / 292.655)


@given(st.integers(2024, 2060), st.integers(2024, 2060), st.floats(0.0, 0.9), st.floats(0.5, 30.0))
def test_learning_never_makes_a_measure_dearer(one: int, other: int, rate: float, years: float) -> None:
    learning = Learning(per_doubling=rate, doubling_years=years)
    early, late = sorted((one, other))
    assert learnt_share(learning, late, 2024) <= learnt_share(learning, early, 2024)
    assert capital_in(9e4, 100.0, None, late, 2024) <= capital_in(9e4, 100.0, None, early, 2024)


def test_the_ranking_changes_with_the_electricity_factor() -> None:
    """Electric buses save 100 t at the pipe for 200 MWh: 60 t at 0.2 kg/kWh, 20 t at 0.4; the fuel saves 50 t."""
    pair = GridPair(0.2, 0.4, "s", checked=False, default="marginal")
    assert pair.of_differences == 0.4
    table = grid_differences([Difference("bev", 2030, -100.0, 200.0), Difference("fuel", 2030, -50.0, 0.0)], pair)
    assert table["change_average_t_per_year"].to_list() == [-60.0, -50.0]
    assert table["change_marginal_t_per_year"].to_list() == pytest.approx([-20.0, -50.0])
    assert table["rank_average"].to_list() == [1, 2]
    assert table["rank_marginal"].to_list() == [2, 1]
    assert table["ranking_changed"].to_list() == ["yes", "yes"]
    assert table["checked"].to_list() == ["no", "no"]
    assert table["break_even_kg_per_kwh"].to_list() == [0.5, None]  # 100 t over 200 MWh


def test_marginal_factors_by_region() -> None:
    def marginal(region: str, **keys: Any) -> GridPair:
        return grid_pair(EconomicsSection.model_validate(keys), region, 0.3, average_checked=True)

    assert marginal("US-CA").marginal == 0.418
    assert marginal("US-CA").checked
    assert marginal("CN-BJ").marginal == 0.83
    assert not marginal("CN-BJ").checked
    assert marginal("ZZ").source.startswith("gas combined cycle stands in")
    assert marginal("ZZ", marginal_grid_kg_per_kwh=0.1).marginal == 0.1
    assert marginal("ZZ", differences_grid="average").of_differences == 0.3


@pytest.mark.parametrize(
    ("model", "keys", "words"),
    [
        (Incentive, {"name": "i"}, "share_of_capital or per_vehicle_usd"),
        (Incentive, {"name": "i", "per_vehicle_usd": 1.0, "first_year": 2030, "last_year": 2029}, "first_year"),
        (Incentive, {"name": "i", "per_vehicle_usd": -1.0}, "greater than or equal to 0"),
        (Incentive, {"name": "i", "per_vehicle_usd": 1.0, "phase_out": {"soon": 1.0}}, "years are needed as keys"),
        (Debt, {"name": "d", "kind": "bond", "rate": 0.05, "years": 5, "grace_years": 1}, "goes with a loan, not"),
        (Debt, {"name": "d", "kind": "loan", "rate": 0.05, "years": 5, "grace_years": 5}, "fewer than years"),
        (Learning, {}, "either by_year, or per_doubling"),
        (EconomicsSection, {"finance": [{"name": n, "kind": "loan", "rate": 0.1, "years": 5, "share": 0.6} for n in "ab"]}, "add up to 1.2"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(model: Any, keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        model.model_validate(keys)
