"""Idling by the hour, measures against it, and the fuel heater of an electric bus."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.errors import InputError
from fleet_planner.factors.conditions import mild_conditions
from fleet_planner.factors.processes.heater import (
    heater_curves,
    heater_g_per_h,
    heater_litres_per_h,
    heater_size,
    load_heater,
)
from fleet_planner.factors.processes.idling import (
    hours_factor,
    idling_g_per_h,
    idling_stand_in,
    load_idle_hours,
    load_idle_measures,
    load_idling,
)
from fleet_planner.factors.ranges import Bound
from fleet_planner.reference import reference_table

TRUCK = {"category": "heavy_truck", "fuel": "diesel", "standard": "euro_III"}
HEATING_MJ_PER_KG, KG_PER_GALLON = 42.7, 3.785 * 0.84


def test_fuel_of_resting_trucks_is_near_the_measured():
    # Frey and others: 0.46 to 0.65 US gallons per hour; older studies about 0.8
    per_hour = idling_g_per_h(TRUCK, "extended")["energy_MJ"] / (HEATING_MJ_PER_KG * KG_PER_GALLON)
    assert 0.46 < per_hour < 0.8


def test_rates_per_fuel_are_of_the_order_of_the_hot_factors():
    for technology in ({**TRUCK, "standard": s} for s in ("euro_III", "euro_V", "euro_VI_abc")):
        for kind in ("curb", "extended", "pto"):
            rates = idling_g_per_h(technology, kind)
            fuel_kg = rates["energy_MJ"] / HEATING_MJ_PER_KG
            assert 3.0 < rates["NOx"] / fuel_kg < 80.0
            assert 0.005 < rates["PM_exhaust"] / fuel_kg < 2.5


def test_newer_standards_idle_cleaner():
    for kind in ("curb", "extended", "pto"):
        nox = [idling_g_per_h({**TRUCK, "standard": s}, kind)["NOx"] for s in ("euro_III", "euro_V", "euro_VI_de")]
        assert nox == sorted(nox, reverse=True)
    # California's certificate of a clean idle: at most 30 g/h
    assert idling_g_per_h({**TRUCK, "standard": "euro_VI_de"}, "extended")["NOx"] <= 30.0


def test_ranges_hold_the_centre_and_are_positive():
    for figures in load_idling().values():
        for figure in figures.values():
            assert 0.0 < figure["low"] <= figure["value"] <= figure["high"]
    for hours in load_idle_hours().values():
        assert all(0.0 <= h["low"] <= h["value"] <= h["high"] <= 24.0 for h in hours.values())


def test_every_stream_with_hours_exists():
    assert set(load_idle_hours()) <= set(reference_table("streams.csv")["stream"])


def test_vehicles_without_engine_or_figures():
    assert idling_g_per_h({**TRUCK, "fuel": "electricity"}) == {}
    assert idling_g_per_h({"category": "l_category", "fuel": "petrol", "standard": "euro_3"}) is None
    assert idling_g_per_h({**TRUCK, "category": "bus"}, "pto") is None
    with pytest.raises(InputError, match="curb"):
        idling_g_per_h(TRUCK, "parking")


@pytest.mark.parametrize(
    ("category", "fuel", "standard", "used", "told"),
    [
        ("passenger_car", "cng", "euro_5", ("petrol", "euro_5"), "curb petrol / euro_5"),
        ("light_commercial", "diesel", "euro_7", ("diesel", "euro_6d"), "curb diesel / euro_6d"),
        ("heavy_truck", "lpg", "euro_V", ("diesel", "euro_V"), "curb diesel / euro_V"),
        ("heavy_truck", "lng", "euro_V", ("cng", "euro_V"), "curb cng / euro_V"),
        ("bus", "diesel", "euro_V", ("diesel", "euro_V"), ""),
        ("l_category", "petrol", "euro_3", None, ""),
    ],
)
def test_rates_that_stand_in_are_named(
    category: str, fuel: str, standard: str, used: tuple[str, str] | None, told: str
) -> None:
    technology = {"category": category, "fuel": fuel, "standard": standard}
    own = None if used is None else idling_g_per_h({"category": category, "fuel": used[0], "standard": used[1]})
    assert idling_g_per_h(technology) == own
    assert idling_stand_in(technology).startswith(told)
    assert bool(idling_stand_in(technology)) == bool(told)


def test_rates_and_hours_of_a_day():
    assert [idling_g_per_h(TRUCK, kind)["NOx"] for kind in ("curb", "extended")] == pytest.approx([70.0, 135.0])
    hours = load_idle_hours()
    assert {kind: figure["value"] for kind, figure in hours["drayage"].items()} == {"curb": 1.5}
    assert "motorcycle" not in hours


def test_measures_multiply_hours():
    assert hours_factor(["five_minute_limit"], "curb", "NOx") == pytest.approx(0.5)
    assert hours_factor(["five_minute_limit"], "pto", "NOx") == 1.0
    # an auxiliary unit: 80 % of the hours, there 15 % of the NOx (Frey and others: 80-90 % lower)
    assert hours_factor(["auxiliary_unit"], "extended", "NOx") == pytest.approx(1.0 - 0.8 * 0.85)
    assert hours_factor(["auxiliary_unit"], "extended", "energy_MJ") == pytest.approx(1.0 - 0.8 * 0.415)
    assert hours_factor(["auxiliary_unit"], "extended", "NOx", uptake=0.0) == 1.0
    with pytest.raises(InputError, match="shore_power"):
        hours_factor(["shorepower"], "extended", "NOx")
    with pytest.raises(InputError, match="fraction"):
        hours_factor(["shore_power"], "extended", "NOx", uptake=2.0)


@given(
    st.lists(st.sampled_from(sorted(load_idle_measures())), max_size=4),
    st.sampled_from(["curb", "extended", "pto"]),
    st.sampled_from(["NOx", "PM_exhaust", "energy_MJ"]),
    st.floats(0.0, 1.0),
)
def test_measures_never_raise_idling_and_their_order_does_not_matter(
    measures: list[str], kind: str, pollutant: str, uptake: float
):
    factor = hours_factor(measures, kind, pollutant, uptake=uptake)
    assert 0.0 <= factor <= 1.0
    assert np.isclose(factor, hours_factor(measures[::-1], kind, pollutant, uptake=uptake))


def test_heater_burns_in_the_cold_alone():
    # 0.1 l/h per K below 16 C, from 10 C down, at most 4
    burned = heater_litres_per_h(np.array([25.0, 10.0, 9.0, 0.0, -10.0, -40.0]))
    assert np.allclose(burned, [0.0, 0.0, 0.7, 1.6, 2.6, 4.0])
    assert heater_size("Urban Buses Articulated >18 t") == 1.5
    assert heater_size("Urban Buses Standard 15 - 18 t") == 1.0


def test_heater_emission_per_km():
    # 1.6 l/h at 0.84 kg/l, 3.1695 kg CO2 per kg, 16 km/h
    found = heater_curves(np.array([16.0, 32.0]), mild_conditions(0.0))
    assert np.allclose(found["CO2"], [[1.6 * 0.84 * 3169.5 / 16.0, 1.6 * 0.84 * 3169.5 / 32.0]])
    assert np.allclose(found["NOx"], [[1.6 * 0.84 * 1.5 / 16.0, 1.6 * 0.84 * 1.5 / 32.0]])


def test_heater_is_of_the_order_of_a_measured_one():
    # SAE 2024-01-5011: 0.337 g/mi NOx; at 20 km/h and -10 C ours is within a factor of two
    found = heater_curves(np.array([20.0]), mild_conditions(-10.0))["NOx"][0, 0] * 1.609
    assert 0.17 < found < 0.67


def test_heater_carbon_balance():
    # carbon of CO2 + CO + VOC (CH1.85) is that of the fuel: 12.011 / 13.876 per mass of CH1.85
    per_h = heater_g_per_h(np.array([-5.0]))
    fuel_g = heater_litres_per_h(np.array([-5.0])) * 840.0
    carbon = per_h["CO2"] * 12.011 / 44.01 + per_h["CO"] * 12.011 / 28.01 + per_h["VOC"] * 12.011 / 13.876
    assert np.allclose(carbon / fuel_g, 12.011 / 13.876, rtol=5e-3)


def test_heater_curves_average_the_hours():
    conditions = mild_conditions(-5.0)
    curves = heater_curves(np.array([10.0, 20.0]), conditions, size=1.5)
    assert set(curves) == {"NOx", "PM_exhaust", "CO", "VOC", "CO2", "energy_MJ"}
    per_h = 1.5 * 2.1 * 0.84 * 1.5  # litres at -5 C x kg/l x g/kg
    assert np.allclose(curves["NOx"], [[per_h / 10.0, per_h / 20.0]])


@given(st.floats(-60.0, 50.0), st.sampled_from(["low", "value", "high"]))
def test_heater_is_finite_and_not_negative(temperature: float, bound: Bound):
    for values in heater_g_per_h(np.array([temperature]), bound=bound).values():
        assert np.isfinite(values).all()
        assert (values >= 0.0).all()


def test_heater_ranges_hold_the_centre():
    assert all(f["low"] <= f["value"] <= f["high"] for f in load_heater().figures.values())
