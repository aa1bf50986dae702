"""Vans and trucks by duty."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fleet_planner.buses.energy.duty import duty_energy, vehicle_types
from fleet_planner.buses.energy.weather import Case
from fleet_planner.plan.buses_energy import BusEnergyPlan

DUTIES = pl.DataFrame({
    "vehicle_type": ["van", "rigid_truck", "articulated_truck"],
    "km": [90.0, 140.0, 320.0],
    "mean_speed_kmh": [28.0, 38.0, 68.0],
    "stops_per_km": [0.8, 0.3, 0.03],
    "payload_kg": [500.0, 3500.0, 15000.0],
})  # fmt: skip


def test_use_per_km_is_of_the_usual_order() -> None:
    out = duty_energy(DUTIES, [Case.level(15.0)])
    for use, low, high in zip(out.kwh_per_km[:, 0], (0.2, 0.5, 1.0), (0.45, 1.2, 1.9), strict=True):
        assert low < use < high
    assert out.kwh == pytest.approx(out.drive_kwh + out.auxiliary_kwh + out.cabin_kwh)


def test_a_van_is_that_of_the_guidebook() -> None:
    # EMEP/EEA 2025, electric N1-III at half of its 3.5 t: 0.909 MJ/km at 28 km/h, 1.169 at 80
    both = pl.DataFrame({
        "vehicle_type": ["van", "van"], "km": [50.0, 50.0], "mean_speed_kmh": [28.0, 80.0], "stops_per_km": [1.5, 0.02],
        "payload_kg": [400.0, 400.0], "cruise_kmh": [50.0, 85.0],
    })  # fmt: skip
    use = duty_energy(both, [Case.level(18.0)]).kwh_per_km[:, 0]
    assert use == pytest.approx([0.909 / 3.6, 1.169 / 3.6], rel=0.15)


def test_payload_battery_and_cold_cost_energy() -> None:
    base = duty_energy(DUTIES, [Case.level(15.0), Case.level(-10.0)])
    assert (base.kwh[:, 1] > base.kwh[:, 0]).all()
    full = duty_energy(DUTIES.with_columns(pl.col("payload_kg") * 2.0), [Case.level(15.0)])
    assert (full.kwh[:, 0] > base.kwh[:, 0]).all()
    more = duty_energy(DUTIES.with_columns(battery_kwh=pl.Series([150.0, None, 540.0])), [Case.level(15.0)])
    assert more.kwh[0, 0] > base.kwh[0, 0]
    assert more.kwh[1:, 0] == pytest.approx(base.kwh[1:, 0])
    assert more.battery_kwh.tolist() == [150.0, 280.0, 540.0]


def test_standing_is_power_times_hours() -> None:
    base = duty_energy(DUTIES, [Case.level(18.0)])
    two = duty_energy(DUTIES.with_columns(standing_h=pl.lit(2.0)), [Case.level(18.0)])
    types = vehicle_types()
    own = types.auxiliary_kw[types.index(DUTIES["vehicle_type"])]
    assert (two.kwh - base.kwh)[:, 0] == pytest.approx(2.0 * own)


def test_energy_grows_in_proportion_to_the_km() -> None:
    twice = duty_energy(DUTIES.with_columns(pl.col("km") * 2.0), [Case.level(15.0)])
    once = duty_energy(DUTIES, [Case.level(15.0)])
    assert twice.kwh_per_km == pytest.approx(once.kwh_per_km, rel=0.02)


def test_a_burner_takes_the_heat_off_the_battery() -> None:
    wire = duty_energy(DUTIES, [Case.level(-5.0)], BusEnergyPlan(heating="resistive"))
    burner = duty_energy(DUTIES, [Case.level(-5.0)], BusEnergyPlan(heating="diesel"))
    assert (burner.heater_fuel_mj > 0.0).all()
    assert (burner.cabin_kwh == 0.0).all()
    assert (wire.kwh > burner.kwh).all()
    assert not np.isnan(wire.kwh).any()
