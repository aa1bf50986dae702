"""SCR catalysts in slow traffic and cold air; NOx of light diesels in the cold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.errors import InputError
from fleet_planner.factors.conditions import HOURS, MONTHS, Conditions, mild_conditions
from fleet_planner.factors.in_use.low_temperature import load_low_temperature, low_temperature_nox
from fleet_planner.factors.in_use.scr import (
    KINDS,
    exhaust_temperature_c,
    load_scr,
    load_slip,
    scr_efficiency,
    scr_kind,
    scr_nox_factor,
    slip_g_per_mj,
)
from fleet_planner.factors.ranges import Bound

BEIJING_JANUARY_C = -3.0  # mean of January, 1981-2010 normal -3.1 C
SPEEDS = np.array([3.0, 8.0, 15.0, 20.0, 40.0, 60.0, 95.0, 140.0])


def test_exhaust_temperature_follows_the_published_nodes():
    # nodes of the packaged table: 212 C at 20 km/h, 288 C at 60; 60 K from empty to full; 0.8 and 0.35 K per K
    level = exhaust_temperature_c(np.array([20.0, 40.0, 60.0]), 0.5, np.array([20.0]))
    assert np.allclose(level, [[212.0, 258.0, 288.0]])
    full_cold = exhaust_temperature_c(np.array([20.0, 60.0]), 1.0, np.array([-10.0]))
    assert np.allclose(full_cold, [[212.0 + 30.0 - 0.8 * 30.0, 288.0 + 30.0 - 0.35 * 30.0]])


def test_conversion_is_linear_between_nodes():
    # 50 km/h: exhaust 273 C; Euro V 0.45 at 250 and 0.62 at 288
    expected = 0.45 + (0.62 - 0.45) * (273.0 - 250.0) / (288.0 - 250.0)
    assert np.isclose(scr_efficiency(np.array([50.0]), 0.5, np.array([20.0]), kind="euro_V")[0, 0], expected)


def test_a_retrofit_has_its_nominal_effect_where_it_was_certified():
    factor = scr_nox_factor("retrofit", np.array([50.0]), 0.5, mild_conditions(20.0), nominal_reduction=0.7)
    assert np.isclose(factor[0, 0], 0.3)


def test_a_slow_bus_loses_most_of_its_retrofit():
    factor = scr_nox_factor("retrofit", np.array([15.0]), 0.5, mild_conditions(20.0), nominal_reduction=0.7)
    assert factor[0, 0] > 0.7  # removes less than 30 % instead of 70


@pytest.mark.parametrize("kind", ["euro_VI", "retrofit"])
def test_january_in_beijing_costs_a_slow_bus(kind: str):
    nominal = 0.7 if kind == "retrofit" else None
    speed = np.array([18.0])
    mild = scr_nox_factor(kind, speed, 0.5, mild_conditions(20.0), nominal_reduction=nominal)
    cold = scr_nox_factor(kind, speed, 0.5, mild_conditions(BEIJING_JANUARY_C), nominal_reduction=nominal)
    assert cold[0, 0] > 1.1 * mild[0, 0]


def test_cold_raises_the_nox_of_new_trucks_on_the_road_by_no_more_than_a_quarter():
    # Bishop and others 2022: at most 25 % in a winter of Utah
    cold = scr_nox_factor("euro_VI", np.array([60.0, 70.0, 80.0, 90.0]), 0.5, mild_conditions(-5.0))
    assert (cold <= 1.25).all()
    assert (cold > 1.0).all()


def test_original_systems_are_as_published_at_the_reference_temperature():
    for kind in ("euro_V", "euro_VI"):
        assert np.allclose(scr_nox_factor(kind, SPEEDS, 1.0, mild_conditions(20.0)), 1.0)
        assert (scr_nox_factor(kind, SPEEDS, 0.0, mild_conditions(35.0)) <= 1.0).all()


def test_the_factor_averages_over_the_hours_of_each_class():
    temperature = np.full((MONTHS, HOURS), 20.0)
    temperature[:, 12:] = -10.0
    two = Conditions(temperature, np.full((MONTHS, HOURS), 50.0), (np.arange(HOURS) >= 12).astype(np.int64), np.full(HOURS, 1 / 24))  # fmt: skip
    both = scr_nox_factor("euro_VI", SPEEDS, 0.5, two)
    assert both.shape == (2, SPEEDS.size)
    assert np.allclose(both[0], 1.0)
    assert np.allclose(both[1], scr_nox_factor("euro_VI", SPEEDS, 0.5, mild_conditions(-10.0))[0])


@given(
    st.sampled_from(KINDS),
    st.sampled_from(["low", "value", "high"]),
    st.floats(3.0, 140.0),
    st.floats(0.0, 1.0),
    st.floats(-50.0, 55.0),
)
def test_efficiency_is_a_fraction_and_never_falls_with_heat(
    kind: str, bound: Bound, speed: float, load: float, temperature: float
):
    speeds = np.array([speed, min(speed * 1.3, 140.0)])
    found = scr_efficiency(speeds, load, np.array([temperature, temperature + 5.0]), kind=kind, bound=bound)
    assert np.isfinite(found).all()
    assert (found >= 0.0).all()
    assert (found <= 0.99).all()
    assert (np.diff(found, axis=0) >= -1e-12).all()
    assert (np.diff(found, axis=1) >= -1e-12).all()
    assert (scr_efficiency(speeds, 1.0, np.array([temperature]), kind=kind, bound=bound) >= found[:1] - 1e-12).all()


@given(st.sampled_from(KINDS), st.sampled_from(["low", "value", "high"]), st.floats(-40.0, 45.0), st.floats(0.0, 1.0))
def test_factors_are_finite_and_positive(kind: str, bound: Bound, temperature: float, load: float):
    factor = scr_nox_factor(kind, SPEEDS, load, mild_conditions(temperature), nominal_reduction=0.9, bound=bound)
    assert np.isfinite(factor).all()
    assert (factor > 0.0).all()


def test_ranges_are_in_order():
    for nodes in load_scr().conversion.values():
        assert (nodes.y["low"] <= nodes.y["value"]).all()
        assert (nodes.y["value"] <= nodes.y["high"]).all()
        for y in nodes.y.values():
            assert (np.diff(y) >= 0.0).all()


def test_kinds_of_technologies():
    assert scr_kind("bus", "euro_V", "SCR") == "euro_V"
    assert scr_kind("heavy_truck", "euro_VI_de", "DPF+SCR") == "euro_VI"
    assert scr_kind("bus", "euro_III", "DPF_retrofit+SCR_retrofit") == "retrofit"
    assert scr_kind("bus", "euro_V", "EGR") is None
    assert scr_kind("passenger_car", "euro_6d", "DPF+SCR") is None


def test_wrong_words_are_refused():
    with pytest.raises(InputError, match="euro_VI"):
        scr_efficiency(SPEEDS, 0.5, np.array([20.0]), kind="euro_7")
    with pytest.raises(InputError, match="not a fraction"):
        scr_nox_factor("retrofit", SPEEDS, 0.5, mild_conditions())


def test_slip_per_fuel():
    # Preble 2019: 0.93 +- 0.13 g N2O and 0.18 +- 0.07 g NH3 per kg of fuel; diesel 42.695 MJ/kg
    assert np.isclose(slip_g_per_mj("N2O", 42.695), 0.93 / 42.695)
    assert load_slip()["NH3"] == {"low": 0.11, "value": 0.18, "high": 0.25}


def test_light_diesels_in_the_cold():
    # 0.38 more NOx at the European mean of 10 C than at 23 C (Grange and others 2019): 0.029 per K
    assert np.isclose(load_low_temperature()["euro_5"].multiplier(np.array([10.0]))[0], 1.0 + 0.029 * 10.0)
    factor, clamped = low_temperature_nox("passenger_car", "diesel", "euro_5", mild_conditions(-12.0))
    assert np.isclose(factor[0], 1.0 + 0.029 * 20.0)  # as at 0 C
    assert np.isclose(clamped, 1.0)
    for temperature in (20.0, 35.0):
        factor, clamped = low_temperature_nox("light_commercial", "diesel", "euro_6abc", mild_conditions(temperature))
        assert np.allclose(factor, 1.0, atol=1e-12)
        assert clamped == 0.0


@pytest.mark.parametrize(
    "technology",
    [("bus", "diesel", "euro_V"), ("passenger_car", "petrol", "euro_5"), ("passenger_car", "diesel", "euro_2")],
)
def test_other_vehicles_have_no_such_correction(technology: tuple[str, str, str]):
    assert low_temperature_nox(*technology, mild_conditions(-5.0))[0].tolist() == [1.0]


def test_newer_cars_depend_less_on_temperature():
    order = [load_low_temperature()[s].per_k["value"] for s in ("euro_5", "euro_6abc", "euro_6d_temp")]
    assert order == sorted(order, reverse=True)
