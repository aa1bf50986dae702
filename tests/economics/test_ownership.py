"""Total cost of ownership: by hand, line by line, and what the two views leave out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.economics.learning import Curve, battery_price
from fleet_planner.economics.money import shown_in
from fleet_planner.economics.ownership import LINES, Option, Use, View, battery_renewals, line_checked, ownership
from fleet_planner.economics.ownership_table import Group, Outlook, ownership_table, purchase_tax
from fleet_planner.economics.prices import Prices, prices_of
from fleet_planner.economics.terms import MeasureTerms
from fleet_planner.economics.vehicle_costs import VehicleCosts, class_of_stream, residual_share, vehicle_costs
from fleet_planner.errors import PlanError
from fleet_planner.plan.economics import EconomicsSection
from fleet_planner.reference import reference_table

BUS = VehicleCosts(
    "bus", price=100_000.0, holding_years=2, maintenance_per_km=0.5, insurance_per_year=2000.0, insurance_extra_share=0.02, driver_per_h=20.0,
    speed_kmh=20.0, battery_kwh=100.0, battery_life_years=7, charger_kw=50.0, charger_per_kw=1000.0,
    charger_life_years=20, charger_maintenance_share=0.02, grid_per_kw=100.0, grid_life_years=40,
    unchecked=frozenset({"price"}),
)  # fmt: skip
PRICES = Prices(
    2024, {"diesel": 0.03}, {"diesel": 0.01}, 0.20, 0.05, {"rd99": 0.01}, {}, Curve(((2024, 10.0),)),
    Curve(((2024, 100.0),)), lambda _: 0.5, frozenset({"electricity"}),
)  # fmt: skip
PRIVATE, PUBLIC = View("private", 0.0), View("public", 0.0)
DIESEL = Use(10_000.0, {"diesel": 100_000.0}, co2_t=7.0)
ELECTRIC = Use(10_000.0, {}, electricity_kwh=8_000.0)
BEV = MeasureTerms("bev_bus", "replacement", 60_000.0, -1000.0, 12.0, electric=True, zero_emission=True, checked=False)
FILTER = MeasureTerms("dpf_passive", "retrofit", 8_000.0, 300.0, 8.0, electric=False, zero_emission=False, checked=True)


def test_a_diesel_bus_held_two_years_by_hand() -> None:
    """Undiscounted: 2 x 100 GJ at 0.02 without tax and 0.01 of tax; 2 x 10,000 km at 0.5; 500 h a year at 20."""
    lines = ownership(Option(BUS, DIESEL, (FILTER,), grant=500.0, purchase_tax=0.1), PRICES, PRIVATE)
    assert lines == pytest.approx(
        {
            "purchase": 100_000.0,
            "equipment": 2 * 8_000.0 / 8.0,
            "residual": -100_000.0 * residual_share(2),
            "energy": 2 * 2000.0,
            "maintenance": 2 * (5000.0 + 300.0),
            "battery": 0.0,
            "chargers": 0.0,
            "grid": 0.0,
            "labour": 2 * 10_000.0,
            "insurance": 2 * 2000.0,
            "carbon": 2 * 70.0,
            "taxes": 2 * 1000.0 + 0.1 * 108_000.0,
            "incentives": -500.0,
        }
    )


def test_the_public_view_leaves_transfers_out_and_counts_carbon_at_its_social_cost() -> None:
    lines = ownership(Option(BUS, DIESEL, (FILTER,), grant=500.0, purchase_tax=0.1), PRICES, PUBLIC)
    assert (lines["taxes"], lines["incentives"]) == (0.0, 0.0)
    assert lines["carbon"] == pytest.approx(2 * 700.0)
    assert ownership(Option(BUS, ELECTRIC, (BEV,)), PRICES, PUBLIC)["carbon"] == pytest.approx(2 * 8.0 * 0.5 * 100.0)
    assert ownership(Option(BUS, ELECTRIC, (BEV,)), PRICES, PRIVATE)["carbon"] == 0.0


def test_an_electric_bus_by_hand() -> None:
    lines = ownership(Option(BUS, ELECTRIC, (BEV,)), PRICES, PRIVATE)
    assert lines["purchase"] == 160_000.0
    assert lines["maintenance"] == 2 * 4000.0
    assert lines["energy"] == pytest.approx(2 * 8000.0 * 0.15)
    assert lines["taxes"] == pytest.approx(2 * 8000.0 * 0.05)
    assert lines["chargers"] == pytest.approx(2 * 50_000.0 * (1 / 20 + 0.02))
    assert lines["grid"] == pytest.approx(2 * 5000.0 / 40)
    assert lines["insurance"] == pytest.approx(2 * (2000.0 + 0.02 * 60_000.0))


def test_discounted_payments_are_the_annuity_of_the_textbook() -> None:
    """Held 10 years at 6 %: a payment a year is worth 7.3601, the last value 0.5584 of itself."""
    held = replace(BUS, holding_years=10)
    lines = ownership(Option(held, DIESEL), PRICES, View("private", 0.06))
    assert lines["insurance"] == pytest.approx(2000.0 * 7.3601, rel=1e-5)
    assert lines["residual"] == pytest.approx(-100_000.0 * 0.187613479 * 0.558395, rel=1e-5)


def test_batteries_are_renewed_and_what_is_left_is_credited() -> None:
    """Held 12 years with a battery of 7: one renewal, 2 of its 7 years are left."""
    price = battery_price().at(2024 + 7)
    held = replace(BUS, holding_years=12)
    assert battery_renewals(held, 0.0, 12, 2024) == pytest.approx(100.0 * price * (1.0 - 2.0 / 7.0))
    assert battery_renewals(held, 0.0, 7, 2024) == 0.0
    assert battery_renewals(held, 0.05, 14, 2024) == pytest.approx(100.0 * price * 1.05**-7)


def test_residual_values_are_the_tables_and_fall_between() -> None:
    table = dict(reference_table("residual_value.csv").select("age_years", "share").iter_rows())
    assert [residual_share(age) for age in table] == pytest.approx(list(table.values()))
    ages = [residual_share(age / 2) for age in range(60)]
    assert ages == sorted(ages, reverse=True)
    assert 0.0 < residual_share(20) < 0.05


money = st.floats(0.0, 1e6)


@given(
    st.builds(
        Use, money, st.fixed_dictionaries({"diesel": money, "cng": money}), money, st.just({}), st.floats(0.0, 1e3)
    ),
    st.lists(st.sampled_from([BEV, FILTER]), max_size=2, unique=True),
    money,
    st.floats(0.0, 0.3),
    st.integers(1, 20),
)
def test_the_lines_add_up_and_measures_change_only_their_own(
    use: Use, measures: list[MeasureTerms], grant: float, rate: float, held: int
) -> None:
    section = EconomicsSection(discount_rate=rate)
    outlook = Outlook(section, {"bus": replace(BUS, holding_years=held)}, PRICES, shown_in(section))
    group = Group("s", "urban_bus", tuple(measures), 3.0, use, use)
    table = ownership_table([group], outlook)
    parts, total = table.filter(line="total"), table.filter(table["line"] != "total")
    assert total["line"].to_list() == list(LINES)
    for column in ("private_without", "private_with", "public_without", "public_with"):
        assert total[column].sum() == pytest.approx(parts[column][0], rel=1e-12, abs=1e-6)
    by = {r["line"]: r for r in total.iter_rows(named=True)}
    bought = sum(m.capital for m in measures if m.replaces)
    assert by["purchase"]["private_with"] - by["purchase"]["private_without"] == pytest.approx(bought, abs=1e-6)
    for line in ("energy", "labour", "carbon"):  # the use is the same here
        assert by[line]["private_with"] == by[line]["private_without"]
    assert ownership(Option(BUS, use, grant=grant), PRICES, PRIVATE)["incentives"] == -grant


def test_lines_on_unchecked_figures_are_marked() -> None:
    diesel, electric = Option(BUS, DIESEL), Option(BUS, ELECTRIC, (BEV,))
    assert not line_checked("purchase", diesel, PRICES)
    assert line_checked("labour", diesel, PRICES)
    assert line_checked("energy", diesel, PRICES)
    assert not line_checked("energy", electric, PRICES)  # the price of electricity is a default here
    assert not line_checked("maintenance", electric, PRICES)  # the measure's figures are unchecked
    assert line_checked("equipment", Option(BUS, DIESEL, (FILTER,)), PRICES)
    assert line_checked("carbon", electric, PRICES)
    assert not line_checked("carbon", electric, replace(PRICES, unchecked=frozenset({"grid"})))


def test_packaged_figures_and_the_plans() -> None:
    section = EconomicsSection.model_validate({"ownership": {"bus": {"price": 300_000.0}}})
    bus = vehicle_costs(section)["bus"]
    assert bus.price == 300_000.0
    assert "price" not in bus.unchecked
    assert "speed_kmh" in bus.unchecked
    assert "battery_kwh" not in bus.unchecked
    assert vehicle_costs(section)["articulated"].battery_life_years == 7.0  # of any class
    # 25 EUR of 2025 at 0.886 EUR per US$, US prices of 2025 to 2024
    assert bus.driver_per_h == pytest.approx(25.0 / 0.886 * 313.689 / 321.943)
    streams = set(reference_table("streams.csv")["stream"])
    assert set(class_of_stream()) <= streams


def test_prices_by_year_and_taxes_within_them() -> None:
    section = EconomicsSection.model_validate(
        {
            "diesel_usd_per_l": 1.0,
            "taxes": {"diesel_usd_per_l": 0.2, "electricity_usd_per_kwh": 0.04},
            "real_price_change_per_year": {"diesel": 0.1},
            "carbon_usd_per_t": {"2025": 20.0, "2035": 40.0},
        }
    )
    prices = prices_of(section, "CL", 2024, lambda _: 0.3)
    litre = 42.695 * 0.84
    assert prices.fuel("diesel", 2024) * litre == pytest.approx(0.8)
    assert prices.fuel("diesel", 2026) * litre == pytest.approx(0.8 * 1.21)
    assert prices.fuel_tax("diesel") * litre == pytest.approx(0.2)
    assert prices.power(2030) == pytest.approx(0.10)
    assert prices.carbon_paid.at(2030) == 30.0
    assert prices.carbon_social.at(2030) == pytest.approx(230.0 * 313.689 / 258.811)  # US$ 2020 of the EPA
    assert "tax_diesel" not in prices.unchecked
    assert "tax_petrol" in prices.unchecked
    assert prices_of(EconomicsSection(), "US-TX", 2024, lambda _: 0.3).fuel_tax("diesel") * litre == pytest.approx(
        0.0645
    )
    assert not any(prices_of(EconomicsSection(), "BR", 2024, lambda _: 0.3).fuel_tax_per_mj.values())


def test_a_tax_above_the_price_is_refused_with_its_key() -> None:
    section = EconomicsSection.model_validate({"diesel_usd_per_l": 0.5, "taxes": {"diesel_usd_per_l": 0.6}})
    with pytest.raises(PlanError, match=r"economics\.taxes\.diesel_usd_per_l.*prices are with taxes"):
        prices_of(section, "CL", 2024, lambda _: 0.3)


def test_electric_vehicles_can_be_taxed_otherwise() -> None:
    taxes = EconomicsSection.model_validate({"taxes": {"purchase_share": 0.19, "electric_purchase_share": 0.0}}).taxes
    assert purchase_tax(taxes, (FILTER,)) == 0.19
    assert purchase_tax(taxes, (BEV,)) == 0.0
