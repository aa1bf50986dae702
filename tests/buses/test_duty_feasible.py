"""Trucks and vans by duty: range, payload, charging at base, and what never makes it worse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fleet_planner.buses.duty.feasible import (
    LONG,
    REASONS,
    SHORT,
    VAN,
    Money,
    Weather,
    dearer_per_year,
    duty_rows,
    feasible_of,
    first_years,
    stream_duty,
    use_of,
)
from fleet_planner.buses.duty.figures import DutyFigures
from fleet_planner.buses.energy.duty import duty_energy
from fleet_planner.buses.energy.weather import Case
from fleet_planner.plan.buses_duty import DutySection
from fleet_planner.plan.buses_energy import BusEnergyPlan

YEARS = (2025, 2030, 2035, 2040)
MILD = Weather([Case.level(15.0), Case.level(-5.0)], BusEnergyPlan(), 0.0)
ROWS = pl.DataFrame(
    {
        "category": ["heavy_truck"] * 5,
        "count": [10.0, 5.0, 3.0, 2.0, 1.0],
        "km_per_year": [15_000.0, 30_000.0, 45_000.0, 70_000.0, 120_000.0],
        "load_fraction": [0.5] * 5,
    }
)


def found(stream: str = "rigid_truck", **changed: object):
    section = DutySection(**changed)  # type: ignore[arg-type]
    figures = DutyFigures(section, "CL")
    duty = stream_duty(stream, ROWS, section, figures, 30.0, 40.0)
    assert duty is not None
    use = use_of(duty, YEARS, MILD, section, figures)
    return section, figures, duty, use, feasible_of(duty, YEARS, use, section, figures)


def test_the_battery_is_just_enough_for_the_long_day_in_the_worst_weather() -> None:
    _, figures, duty, use, done = found()
    left = figures.figure("window", "pack") * figures.figure("end_of_life", "pack")
    for k, year in enumerate(YEARS):
        size = done.battery_kwh[k, 2]
        heavier = (figures.kg_per_kwh(year) - 7.0) * size
        day = pl.DataFrame(
            {
                "vehicle_type": ["rigid_truck"],
                "km": [float(np.average(duty.km_per_day, weights=duty.count))],
                "mean_speed_kmh": [30.0],
                "stops_per_km": [duty.stops_per_km],
                "payload_kg": [duty.payload_kg],
                "empty_kg": [8500.0 + heavier],
                "battery_kwh": [size],
            }
        )
        per_km = duty_energy(day, MILD.cases, MILD.section).kwh_per_km[0]
        ranges = left * use.usable / left * size / per_km
        assert ranges.min() == pytest.approx(duty.long_day_km[2], rel=2e-3)
        assert done.worst_kwh_per_km[k, 2] == pytest.approx(per_km.max(), rel=2e-3)


def test_long_days_follow_from_the_spread_of_days() -> None:
    _, _, duty, _, _ = found()
    spread, days = 0.6, 260.0
    expected = 30_000.0 / days * np.exp(-0.5 * spread**2 + 1.6448536269514722 * spread)
    assert duty.long_day_km[1] == pytest.approx(expected)
    assert duty.classes(250.0)[0] == SHORT
    assert duty.classes(250.0)[4] == LONG
    assert set(found("postal")[2].classes(250.0)) == {VAN}


@pytest.mark.parametrize(
    ("tight", "loose"),
    [
        ({"days_covered": 0.99}, {"days_covered": 0.8}),
        ({"payload_loss": 0.0}, {"payload_loss": 0.2}),
        ({"wh_per_kg": {"2025": 100.0}}, {"wh_per_kg": {"2025": 300.0}}),
        ({"dwell_h": {"rigid_truck": 2.0}}, {"dwell_h": {"rigid_truck": 14.0}}),
        ({"charger_kw": {"rigid_truck": 7.0}}, {"charger_kw": {"rigid_truck": 150.0}}),
        ({"kwh_per_km": {"rigid_truck": 2.0}}, {"kwh_per_km": {"rigid_truck": 0.5}}),
        ({"weight_allowance_kg": 0.0}, {"weight_allowance_kg": 2000.0}),
    ],
)
def test_what_is_asked_less_never_moves_fewer_vehicles(tight: dict[str, object], loose: dict[str, object]) -> None:
    less, more = found(**tight)[4].able, found(**loose)[4].able
    assert (more | ~less).all()
    assert more.sum() > less.sum()


def test_lighter_packs_move_no_fewer_vehicles_year_by_year() -> None:
    done = found()[4]
    assert (np.diff(done.able.astype(int), axis=0) >= 0).all()
    assert (np.diff(done.battery_kwh, axis=0) <= 1e-9).all()


def test_who_does_not_return_to_base_waits_for_public_charging() -> None:
    section, _, duty, _, done = found("articulated_truck", public_charging_from=2035)
    np.testing.assert_allclose(done.can_charge, [0.35, 0.35, 1.0, 1.0])
    rows = duty_rows(duty, done, np.zeros_like(done.battery_kwh), np.full(4, 100.0), YEARS, section)
    table = pl.DataFrame(rows, infer_schema_length=None)
    blocked = sum(table[f"blocked_{r}_pct"] for r in REASONS)
    np.testing.assert_allclose((blocked + table["electric_vehicles_pct"]).to_numpy(), 100.0)
    assert table.filter(pl.col("year") == 2040)["blocked_base_pct"].max() == 0.0


def test_classes_are_chosen_and_vehicles_have_their_first_year() -> None:
    section, _, duty, _, done = found(classes=["short_haul_heavy"])
    dearer = np.where(np.arange(4)[:, None] >= 2, -1.0, 1.0) * np.ones_like(done.battery_kwh)
    table = pl.DataFrame(duty_rows(duty, done, dearer, np.full(4, 100.0), YEARS, section), infer_schema_length=None)
    assert set(table["duty_class"]) == {SHORT}
    short = np.array(duty.classes(section.short_haul_km)) == SHORT
    assert table["vehicles"][0] == duty.count[short].sum()
    each = first_years(duty, done, dearer, YEARS, section)
    can = each.filter(pl.col("electric_from").is_not_null())
    assert (can["cheaper_from"].drop_nulls() >= 2035).all()
    np.testing.assert_array_equal(each["electric_from"].is_not_null().to_numpy(), done.able.any(axis=0))


def test_a_year_costs_capital_power_and_no_diesel() -> None:
    _, _, duty, _, done = found()
    money = Money(
        premium=np.full(4, 50_000.0),
        class_kwh=200.0,
        pack=np.full(4, 100.0),
        recovery=0.1,
        charger_per_year=1_000.0,
        running=-500.0,
        plug=np.full(4, 0.15),
        efficiency=0.9,
        fuel=np.full(4, 0.03),
    )
    dearer = dearer_per_year(duty, done, money, np.full(5, 9.0))
    km = 30_000.0
    by_hand = (50_000.0 + (done.battery_kwh[1, 1] - 200.0) * 100.0) * 0.1 + 500.0
    by_hand += km * done.mean_kwh_per_km[1, 1] / 0.9 * 0.15 - km * 9.0 * 0.03
    assert dearer[1, 1] == pytest.approx(by_hand)
    free = replace(money, premium=np.zeros(4), class_kwh=0.0, pack=np.zeros(4), plug=np.zeros(4))
    assert (dearer_per_year(duty, done, free, np.full(5, 9.0)) < dearer).all()
