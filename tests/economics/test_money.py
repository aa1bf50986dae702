"""Currencies and years: by hand, by property, and the messages for unknown ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.economics.money import INSIDE, Price, levels_of, packaged_levels, shown_in, usd2024
from fleet_planner.errors import PlanError
from fleet_planner.plan.economics import EconomicsSection

LEVELS = packaged_levels()
KNOWN = sorted(p for p in LEVELS.per_usd if p in LEVELS.deflator and Price("USD", p.year) in LEVELS.deflator)
prices = st.sampled_from([*KNOWN, Price("USD", 2010), INSIDE])


def test_amounts_by_hand() -> None:
    assert usd2024(1000.0, "USD", 2006) == pytest.approx(1000.0 * 313.689 / 201.6)
    assert usd2024(7075.0, "CNY", 2023) == pytest.approx(1000.0 * 313.689 / 304.702)
    assert usd2024(5.0, "USD", 2024) == 5.0
    # at home first: 2023 to 2024 Chinese prices rose by 0.2 %, then the rate of 2024
    at_home = LEVELS.inside(7189.0, Price("CNY", 2023), "k", deflate_first=True)
    assert at_home == pytest.approx(1002.0, rel=1e-5)


@given(prices, prices, st.booleans())
def test_there_and_back_is_the_same_amount(one: Price, other: Price, deflate_first: bool) -> None:
    at_home = deflate_first and one.currency == other.currency  # else home on the way there is abroad on the way back
    there = LEVELS.factor(one, other, "k", deflate_first=at_home)
    back = LEVELS.factor(other, one, "k", deflate_first=at_home)
    if one.currency == other.currency or one.year == other.year:
        assert there * back == pytest.approx(1.0, rel=1e-12)
    assert there > 0.0


@given(prices, st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=6))
def test_a_change_of_currency_leaves_the_ranking_unchanged(price: Price, amounts: list[float]) -> None:
    shown = shown_in(EconomicsSection(currency=price.currency, price_year=price.year))
    converted = [a * shown.per_usd2024 for a in amounts]
    for i, a in enumerate(amounts):
        for j, b in enumerate(amounts):
            assert not (a < b and converted[i] > converted[j])


def test_the_plan_can_bring_rates_and_indices() -> None:
    section = EconomicsSection(
        currency="BRL", price_year=2024, exchange_rates={"BRL": {"2024": 5.0}}, deflators={"USD": {"2024": 1.0}}
    )
    assert shown_in(section).per_usd2024 == 5.0
    assert shown_in(section).unit == "BRL 2024"
    own = levels_of(section)
    assert own.deflator[INSIDE] == 1.0
    assert Price("USD", 2020) not in own.deflator  # an index of another base does not mix with the packaged one


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"currency": "CNX"}, ("economics.currency", "CNX", "CNY", "economics.exchange_rates.CNX")),
        ({"currency": "CLP", "price_year": 2055}, ("economics.price_year", "2055", "2000..2025")),
        ({"currency": "CLP", "price_year": 2001}, ("economics.price_year", "2015..2025", "exchange_rates.CLP.2001")),
    ],
)
def test_unknown_currencies_and_years_are_told_with_key_and_remedy(
    section: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(PlanError) as caught:
        shown_in(EconomicsSection(**section))
    for word in words:
        assert word in str(caught.value)


def test_read_and_recalled_levels_are_told_apart() -> None:
    assert ("rate", Price("CLP", 2024)) in LEVELS.unchecked
    assert ("rate", Price("CNY", 2024)) not in LEVELS.unchecked
    mine = levels_of(EconomicsSection(exchange_rates={"CLP": {"2024": 944.0}}))
    assert ("rate", Price("CLP", 2024)) not in mine.unchecked
