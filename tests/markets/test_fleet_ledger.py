"""The fleet's ledger, credits of small owners and the packaged prices."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings

from fleet_planner.errors import PlanError
from fleet_planner.markets import Allowance, City, Linking, Pool, clear, ledger, owner_credits
from fleet_planner.markets.clearing import FORMS
from fleet_planner.markets.prices import known_markets, price_path
from fleet_planner.reference import reference_table
from tests.markets.test_clearing import markets


def test_allowances_of_the_three_kinds() -> None:
    assert Allowance("absolute", cap_t=80.0).tonnes(100.0) == 80.0
    assert Allowance("intensity", intensity_t=0.9, activity=120.0).tonnes(100.0) == pytest.approx(108.0)
    assert Allowance("intensity", intensity_t=0.9, activity=60.0).tonnes(100.0) == pytest.approx(54.0)
    assert Allowance("baseline_and_credit").tonnes(100.0) == 100.0


@settings(max_examples=40, deadline=None)
@given(markets())
def test_the_ledger_balances(cities: list[City]) -> None:
    required = np.array([c.required_t for c in cities])
    allocated = np.full(len(cities), 1000.0)
    pool = Pool(np.array([20.0]), np.array([15.0]))
    for form in FORMS:
        linking = Linking(form, from_year=2025, full_year=2034, ceiling_usd_per_t=150.0, floor_usd_per_t=5.0)
        lines = ledger(allocated, allocated + required, clear(cities, 2030, linking, pool))
        assert np.abs(lines["balance_t"]).max() < 1e-5
        assert lines["sold_units"].sum() == pytest.approx(lines["bought_units"].sum(), abs=1e-6)
        assert lines["adjusted_t"].sum() == pytest.approx(lines["verified_t"].sum(), abs=1e-4)
        assert (lines["unused_t"] >= 0.0).all()


def test_an_exported_unit_is_added_back_where_the_flag_is_on() -> None:
    seller = City("a", np.array([50.0]), np.array([5.0]), 0.0)
    buyer = City("b", np.array([50.0]), np.array([90.0]), 30.0)
    cleared = clear([seller, buyer], 2030, Linking("direct"))
    baseline, allocated = np.array([100.0, 100.0]), np.array([100.0, 70.0])
    flagged = ledger(allocated, baseline, cleared, adjustment=True)["adjusted_t"]
    silent = ledger(allocated, baseline, cleared, adjustment=False)["adjusted_t"]
    # a cuts 30 t and sells them: with the flag they are b's cut, without it a reports them too
    assert flagged == pytest.approx([100.0, 70.0])
    assert silent == pytest.approx([70.0, 100.0])


def test_small_owners_get_no_more_than_they_cut_and_nothing_below_the_floor() -> None:
    baseline, actual = np.array([10.0, 10.0, 1.0, 5.0]), np.array([2.0, 12.0, 0.6, 0.0])
    assert owner_credits(baseline, actual, 0.5, 1.0).tolist() == [4.0, 0.0, 0.0, 2.5]
    assert (owner_credits(baseline, actual, 1.0, 0.0) <= np.maximum(baseline - actual, 0.0)).all()


def test_paths_are_means_of_the_published_prices() -> None:
    assert price_path("bj_ets", [2024], "k").price == {2024: 102.0}
    assert price_path("bj_ets", [2024], "k").currency == "CNY"
    assert price_path("kau", [2019], "k").price[2019] == pytest.approx((25500.0 + 27050.0 + 28550.0) / 3)
    assert price_path("lcfs", [2016], "k").price[2016] == pytest.approx(115.0)
    assert price_path("ca_ct", [2024], "k").unchecked == frozenset({2024})
    assert price_path("ca_ct", [2022], "k").unchecked == frozenset()
    assert set(known_markets()) == {"bj_ets", "cn_ets", "tokyo", "kau", "ca_ct", "lcfs"}


def test_years_without_a_price_are_all_named() -> None:
    with pytest.raises(PlanError, match=r"bj_ets has no price for 2022, 2025, 2026.*hold_last"):
        price_path("bj_ets", [2022, 2023, 2024, 2025, 2026], "market.price_path")
    with pytest.raises(PlanError, match="kau has no price for 2021") as told:
        price_path("kau", [2021, 2030], "market.price_path", hold=True)
    assert "2030" not in str(told.value).split("Known")[0]
    kept = price_path("cn_ets", [2024, 2025, 2026], "k", hold=True)
    assert kept.price == {2024: 95.96, 2025: 95.96, 2026: 95.96}
    assert kept.held == (2025, 2026)


def test_an_unknown_market_is_told() -> None:
    with pytest.raises(PlanError, match="bj_ets"):
        price_path("bj_etz", [2024], "market.price_path")


def test_prices_lie_between_their_ends() -> None:
    table = reference_table("carbon_prices.csv").filter(pl.col("low").is_not_null())
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
