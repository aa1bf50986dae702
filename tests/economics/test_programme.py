"""Costs by year, their present value and the cash flow: by hand, and what must hold for any programme."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.economics.cash_flow import cash_flow
from fleet_planner.economics.learning import Curve, battery_price
from fleet_planner.economics.money import shown_in
from fleet_planner.economics.ownership import Use, View
from fleet_planner.economics.ownership_table import Outlook
from fleet_planner.economics.prices import Prices
from fleet_planner.economics.programme import (
    LINES,
    Programme,
    Reach,
    Sale,
    ahead_of_the_grid,
    costs_by_year,
    installed,
    standing_still,
    with_renewals,
)
from fleet_planner.economics.programme_tables import programme_tables
from fleet_planner.economics.terms import MeasureTerms
from fleet_planner.economics.use_by_year import changes_by_year
from fleet_planner.economics.vehicle_costs import VehicleCosts, residual_share
from fleet_planner.plan.economics import EconomicsSection

BUS = VehicleCosts(
    "bus", price=100_000.0, holding_years=12, maintenance_per_km=0.5, insurance_per_year=2000.0,
    insurance_extra_share=0.02, driver_per_h=20.0, speed_kmh=20.0, battery_kwh=100.0, battery_life_years=7,
    charger_kw=50.0, charger_per_kw=1000.0, charger_life_years=20, charger_maintenance_share=0.02, grid_per_kw=100.0,
    grid_life_years=40, unchecked=frozenset(),
)  # fmt: skip
PRICES = Prices(
    2024, {"diesel": 0.03}, {"diesel": 0.01}, 0.20, 0.05, {"rd99": 0.01}, {}, Curve(((2024, 10.0),)),
    Curve(((2024, 100.0),)), lambda _: 0.5, frozenset(),
)  # fmt: skip
BEV = MeasureTerms("bev_bus", "replacement", 60_000.0, -1000.0, 12.0, electric=True, zero_emission=True, checked=True)
FILTER = MeasureTerms("dpf_passive", "retrofit", 8_000.0, 300.0, 8.0, electric=False, zero_emission=False, checked=True)
TERMS = {"bev_bus": BEV, "dpf_passive": FILTER}
SAVED = Use(0.0, {"diesel": -100_000.0}, 8_000.0, {}, -7.0)
PRIVATE, PUBLIC = View("private", 0.06), View("public", 0.03)
FLAT = {"bev_bus": {"by_year": {"2024": 1.0}}}


def outlook(**keys: object) -> Outlook:
    section = EconomicsSection.model_validate({"learning": FLAT, **keys})
    return Outlook(section, {"bus": BUS}, PRICES, shown_in(section))


def buses(numbers: dict[int, tuple[float, float]], measure: str = "bev_bus") -> tuple[Reach, ...]:
    return tuple(Reach(year, measure, "urban_bus", stand, new) for year, (stand, new) in numbers.items())


def programme(reached: tuple[Reach, ...], change: dict[int, Use], last: int = 2027) -> Programme:
    return Programme("s", range(2025, last + 1), reached, change, TERMS)


TWO_YEARS = programme(
    buses({2025: (10.0, 10.0), 2026: (30.0, 20.0), 2027: (30.0, 0.0)}),
    {2027: Use(0.0, {"diesel": -3e6}, 240_000.0, {}, -210.0)},
)


def test_costs_by_year_by_hand() -> None:
    """Ten electric buses in 2025, twenty more in 2026; each saves 100 GJ of diesel and takes 8 MWh a year."""
    lines = costs_by_year(TWO_YEARS, outlook(), PRIVATE).lines
    assert lines["equipment"].tolist() == [600_000.0, 1_200_000.0, 0.0]
    assert lines["chargers"].tolist() == [500_000.0, 1_000_000.0, 0.0]
    # the grid for both years' buses would have to be ordered before the first year: all is paid in it
    assert lines["grid"].tolist() == [150_000.0, 0.0, 0.0]
    upkeep = np.array([10_000.0, 30_000.0, 30_000.0])
    assert lines["maintenance"].tolist() == (upkeep - np.array([10_000.0, 30_000.0, 30_000.0])).tolist()
    assert lines["insurance"].tolist() == pytest.approx([12_000.0, 36_000.0, 36_000.0])
    each = -100_000.0 * 0.02 + 8_000.0 * 0.15
    assert lines["energy"].tolist() == pytest.approx([10 * each, 30 * each, 30 * each])
    assert lines["energy_taxes"].tolist() == pytest.approx([n * (-1000.0 + 400.0) for n in (10, 30, 30)])
    assert lines["carbon"].tolist() == pytest.approx([-70.0 * n for n in (10, 30, 30)])
    # left after 2027: 9 and 10 of 12 years of the buses, 17 and 18 of 20 of the chargers, 37 and 38 of 40 of the grid
    left = 6e5 * 9 / 12 + 1.2e6 * 10 / 12 + 5e5 * 17 / 20 + 1e6 * 18 / 20 + 5e4 * 37 / 40 + 1e5 * 38 / 40
    assert lines["residual"].tolist() == pytest.approx([0.0, 0.0, -left])


def test_the_public_view_of_the_years() -> None:
    lines = costs_by_year(TWO_YEARS, outlook(taxes={"purchase_share": 0.2}), PUBLIC).lines
    assert not lines["energy_taxes"].any()
    assert not lines["purchase_taxes"].any()
    assert lines["carbon"][2] == pytest.approx(30 * (-7.0 + 8.0 * 0.5) * 100.0)
    taxed = costs_by_year(TWO_YEARS, outlook(taxes={"purchase_share": 0.2}), PRIVATE).lines["purchase_taxes"]
    assert taxed.tolist() == pytest.approx([10 * 12_000.0, 20 * 12_000.0, 0.0])
    free = outlook(taxes={"purchase_share": 0.2, "electric_purchase_share": 0.0})
    assert costs_by_year(TWO_YEARS, free, PRIVATE).lines["purchase_taxes"][0] == pytest.approx(-10 * 20_000.0)


def test_an_upgrade_of_the_grid_is_ordered_years_ahead_and_vehicles_before_it_are_told() -> None:
    late = programme(buses({2030: (10.0, 10.0), 2031: (10.0, 0.0)}), {2030: SAVED}, last=2031)
    grid = costs_by_year(late, outlook(charging={"upgrade_lead_years": 3}), PRIVATE).lines["grid"]
    assert dict(zip(late.years, grid.tolist(), strict=True)) == dict.fromkeys(late.years, 0.0) | {2027: 50_000.0}
    assert ahead_of_the_grid(late, outlook(charging={"upgrade_lead_years": 3})) == 0.0
    assert ahead_of_the_grid(TWO_YEARS, outlook(charging={"upgrade_lead_years": 2})) == 10.0
    assert ahead_of_the_grid(TWO_YEARS, outlook(charging={"upgrade_lead_years": 3})) == 30.0
    spare = {"upgrade_lead_years": 3, "headroom_kw": 500.0}
    assert ahead_of_the_grid(TWO_YEARS, outlook(charging=spare)) == 30.0
    assert ahead_of_the_grid(TWO_YEARS, outlook(charging=spare | {"headroom_kw": 1500.0})) == 0.0
    assert not costs_by_year(TWO_YEARS, outlook(charging={"headroom_kw": 1500.0}), PRIVATE).lines["grid"].any()


def test_batteries_chargers_and_vehicles_are_bought_again_when_their_life_is_over() -> None:
    years = range(2024, 2049)
    still = Programme("s", years, standing_still(years, [("bev_bus", "urban_bus", 2.0)], TERMS), {2024: SAVED}, TERMS)
    lines = costs_by_year(still, outlook(), PRIVATE).lines
    paid = {
        line: {y for y, v in zip(years, lines[line], strict=True) if v} for line in ("equipment", "battery", "chargers")
    }
    assert paid == {"equipment": {2024, 2036, 2048}, "battery": {2031, 2043}, "chargers": {2024, 2044}}
    assert lines["battery"][7] == pytest.approx(2 * 100.0 * battery_price().at(2031))
    assert installed(np.array([5.0, 5.0, 8.0, 8.0, 8.0]), 3).tolist() == [5.0, 0.0, 3.0, 5.0, 0.0]


def test_the_change_in_use_follows_the_vehicles_between_the_years_known() -> None:
    """Known in 2026 with 10 vehicles and in 2030 with 20: per vehicle -1 and -2; in 2028 15 vehicles at -1.5."""
    change = {2026: Use(0.0, {"diesel": -10.0}), 2030: Use(0.0, {"diesel": -40.0, "cng": 8.0})}
    vehicles = {2025: 5.0, 2026: 10.0, 2028: 15.0, 2030: 20.0, 2031: 30.0}
    found = changes_by_year(change, vehicles, [2024, 2025, 2028, 2030, 2031])
    assert [found[y].fuel_mj["diesel"] for y in found] == pytest.approx([0.0, -5.0, -22.5, -40.0, -60.0])
    assert found[2028].fuel_mj["cng"] == pytest.approx(15.0 * 0.2)
    alone = changes_by_year(change, {}, [2028, 2040])
    assert [alone[y].fuel_mj["diesel"] for y in alone] == pytest.approx([-25.0, -40.0])


def test_incentives_by_year_keep_to_their_budget_and_fade() -> None:
    paid = outlook(
        incentive=[
            {
                "name": "i",
                "share_of_capital": 0.5,
                "budget_usd_per_year": 250_000.0,
                "phase_out": {"2025": 1.0, "2027": 0.0},
            }
        ]
    )
    assert costs_by_year(TWO_YEARS, paid, PRIVATE).lines["incentives"].tolist() == [-250_000.0, -250_000.0, 0.0]
    assert not costs_by_year(TWO_YEARS, paid, PUBLIC).lines["incentives"].any()


def test_the_cash_flow_of_a_loan_in_constant_prices_by_hand() -> None:
    """Half of 2025's capital of 650,000 at a nominal 2 % over 2 years, inflation 2 %: real interest is nil."""
    one = programme(
        buses({2025: (10.0, 10.0), 2026: (10.0, 0.0), 2027: (10.0, 0.0)}), {2025: Use(0.0, {"diesel": -1e6})}
    )
    debt = {"name": "l", "kind": "loan", "share": 0.5, "rate": 0.02, "years": 2, "repayment": "equal_principal"}
    look = outlook(finance=[debt], inflation=0.02, charging={"upgrade_lead_years": 0})
    flow = cash_flow("s", costs_by_year(one, look, PRIVATE), look.section, 2024)
    assert flow.capital.tolist() == [1_150_000.0, 0.0, 0.0]
    assert flow.debts.drawn.tolist() == pytest.approx([575_000.0, 0.0, 0.0])
    # 287,500 of principal and 11,500 of interest after a year, 287,500 and 5,750 after two, deflated
    assert flow.debts.service.tolist() == pytest.approx([0.0, 299_000.0 / 1.02, 293_250.0 / 1.02**2])
    savings = 30_000.0 - 12_000.0  # diesel with its tax, insurance; upkeep of chargers and buses cancel
    assert flow.savings.tolist() == pytest.approx([savings] * 3)
    assert np.isnan(flow.cover[0])
    assert flow.cover[1] == pytest.approx(savings / (299_000.0 / 1.02))
    assert flow.net.tolist() == pytest.approx((flow.savings - flow.capital + flow.debts.net_cash).tolist())
    assert flow.public_purse.tolist() == pytest.approx([-10_000.0] * 3)


def test_debts_are_for_their_scenarios() -> None:
    debt = {"name": "l", "kind": "lease", "rate": 0.05, "years": 2, "scenarios": ["other"]}
    look = outlook(finance=[debt])
    assert not cash_flow("s", costs_by_year(TWO_YEARS, look, PRIVATE), look.section, 2024).debts.drawn.any()


def test_present_values_by_hand() -> None:
    tables = programme_tables([TWO_YEARS], outlook(discount_rate=0.1, social_discount_rate=0.0))
    worth = tables.worth.filter(line="equipment").row(0, named=True)
    assert worth["private"] == pytest.approx(6e5 / 1.1 + 1.2e6 / 1.21)
    assert worth["public"] == pytest.approx(1.8e6)
    assert worth["public_per_year"] == pytest.approx(6e5)
    assert (worth["first_year"], worth["last_year"]) == (2025, 2027)


def test_present_values_on_unchecked_figures_are_marked() -> None:
    def marks(look: Outlook, terms: MeasureTerms = BEV) -> set[str]:
        own = replace(TWO_YEARS, terms={**TERMS, "bev_bus": terms})
        worth = programme_tables([own], look).worth.filter(checked="no")
        return set(worth["line"])

    sound = outlook()
    assert marks(sound) == set()
    assert marks(sound, replace(BEV, running=-500.0, checked=False)) == {
        *("equipment", "maintenance", "insurance", "residual", "total")
    }
    costs = {"bus": replace(BUS, unchecked=frozenset({"grid_per_kw", "speed_kmh"}))}
    assert marks(replace(sound, classes=costs)) == {"grid", "residual", "total"}
    prices = replace(PRICES, unchecked=frozenset({"diesel", "grid"}))
    assert marks(replace(sound, prices=prices)) == {"energy", "carbon", "total"}


numbers = st.floats(0.0, 1e4)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(2025, 2034), st.sampled_from(["bev_bus", "dpf_passive"]), numbers, numbers), max_size=12
    ),
    st.floats(0.0, 0.3),
    st.sampled_from(["USD", "CNY", "EUR"]),
)
def test_lines_add_up_to_totals_and_present_values_to_the_years(
    entries: list[tuple[int, str, float, float]], rate: float, currency: str
) -> None:
    reached = tuple(Reach(y, m, "urban_bus", stand, new) for y, m, stand, new in entries)
    look = outlook(discount_rate=rate, currency=currency)
    tables = programme_tables([programme(reached, {2030: SAVED}, last=2034)], look)
    for (year,), rows in tables.by_year.group_by("year"):
        total = rows.filter(line="total")
        for view in ("private", "public"):
            parts = rows.filter(rows["line"] != "total")[view]
            assert parts.len() == len(LINES)
            assert total[view][0] == pytest.approx(parts.sum(), rel=1e-9, abs=1e-3), year
    years = tables.by_year.filter(line="total").sort("year")
    worth = tables.worth.filter(line="total").row(0, named=True)
    discounted = sum(v * (1.0 + rate) ** -(y - 2024) for y, v in years.select("year", "private").iter_rows())
    assert worth["private"] == pytest.approx(discounted, rel=1e-9, abs=1e-2)
    cash = tables.cash.sort("year")
    assert cash["cumulative"][-1] == pytest.approx(cash["net"].sum(), rel=1e-9, abs=1e-2)


@given(
    st.sampled_from(["CNY", "EUR", "CLP", "JPY"]), st.lists(st.floats(1.0, 1e4), min_size=2, max_size=4, unique=True)
)
@settings(max_examples=25)
def test_a_change_of_currency_leaves_the_ranking_of_scenarios_unchanged(currency: str, fleets: list[float]) -> None:
    def ranked(code: str) -> list[str]:
        look = outlook(currency=code)
        several = [
            replace(programme(buses({2025: (n, n)}), {2025: SAVED}), scenario=f"s{k}") for k, n in enumerate(fleets)
        ]
        totals = programme_tables(several, look).worth.filter(line="total")
        return list(totals.sort("private", maintain_order=True)["scenario"])

    assert ranked(currency) == ranked("USD")


def test_vehicles_of_a_turnover_of_its_own_by_hand() -> None:
    """Five more buses new in 2026 and four used ones of 5 years in 2027, two of them fewer than the baseline in 2025."""
    sales = (
        Sale(2025, "urban_bus", -2.0, 0.0, 5),
        Sale(2026, "urban_bus", 5.0, 0.0, 5),
        Sale(2027, "urban_bus", 0.0, 4.0, 5),
        Sale(2027, "forklift", 9.0, 0.0, 5),
    )
    change = {2024: Use(0.0), 2027: Use(0.0, {"diesel": -3e6})}
    own = replace(programme((), change), sales=sales, fleet_changes=True)
    lines = costs_by_year(own, outlook(taxes={"purchase_share": 0.1}), PRIVATE).lines
    used = residual_share(5)
    assert lines["vehicles"].tolist() == pytest.approx([-200_000.0, 500_000.0, 4 * 100_000.0 * used])
    left = -2e5 * residual_share(3) + 5e5 * residual_share(2) + 4e5 * residual_share(6)
    assert lines["residual"].tolist() == pytest.approx([0.0, 0.0, -left])
    assert lines["purchase_taxes"].tolist() == pytest.approx([-20_000.0, 50_000.0, 0.0])
    assert lines["energy"].tolist() == pytest.approx([-20_000.0, -40_000.0, -60_000.0])  # between 2024 and 2027
    assert not costs_by_year(own, outlook(taxes={"purchase_share": 0.1}), PUBLIC).lines["purchase_taxes"].any()


@pytest.mark.parametrize(
    "keys",
    [
        {"kind": "bond", "sinking_fund_rate": 0.03, "fee_share": 0.01},
        {"kind": "bond"},
        {"kind": "lease", "residual_share": 0.1},
        {"kind": "loan", "grace_years": 1},
    ],
    ids=["fund", "bond", "lease", "grace"],
)
def test_every_kind_of_debt_is_drawn_and_paid_back_within_its_term(keys: dict[str, object]) -> None:
    """Undeflated, a debt of a third of the capital: the principal comes back whole, and the net cash has all of it."""
    one = programme(buses({2025: (10.0, 10.0)}), {2025: Use(0.0, {"diesel": -1e6})}, last=2031)
    debt = {"name": "d", "share": 1.0 / 3.0, "rate": 0.04, "years": 5, **keys}
    look = outlook(finance=[debt], inflation=0.0)
    flow = cash_flow("s", costs_by_year(one, look, PRIVATE), look.section, 2024)
    assert flow.debts.drawn.sum() == pytest.approx(flow.capital[0] / 3.0)
    assert flow.debts.principal.sum() == pytest.approx(flow.debts.drawn.sum())
    assert flow.debts.outstanding[5:].tolist() == pytest.approx([0.0, 0.0], abs=1e-6)
    assert flow.debts.interest.sum() > 0.0
    paid = flow.debts.interest + flow.debts.principal + flow.debts.fees + flow.debts.set_aside
    assert flow.debts.service.tolist() == pytest.approx(paid.tolist())
    cash = flow.savings.sum() + flow.incentives.sum() - flow.capital.sum() + flow.debts.drawn.sum() - paid.sum()
    assert flow.net.sum() == pytest.approx(cash)


def test_devices_are_bought_again_while_their_vehicles_stand() -> None:
    """Filters last 8 years: of 10 fitted in 2025 and 5 more in 2027, the 9 and 4 left in 2033 and 2035 are renewed."""
    standing = (
        dict.fromkeys((2025, 2026), 10.0)
        | dict.fromkeys(range(2027, 2033), 15.0)
        | {2033: 14.0, 2034: 14.0, 2035: 13.0}
    )
    fresh = {2025: 10.0, 2027: 5.0}
    reached = with_renewals(buses({y: (n, fresh.get(y, 0.0)) for y, n in standing.items()}, "dpf_passive"), TERMS)
    assert {r.year: r.new for r in reached if r.new} == {2025: 10.0, 2027: 5.0, 2033: 9.0, 2035: 4.0}
    pooled = buses({2025: (10.0, 10.0), 2040: (10.0, 0.0)})
    assert with_renewals(pooled, TERMS) == pooled
