"""What a person times a microgram is worth: the linear end of the health of a run, for blocks and routes of buses."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from fleet_planner.pipeline.buses.route_emissions import exposure_by
from fleet_planner.pipeline.telling.health import NearRoads, health_lines, people_of, usd_per_exposure
from fleet_planner.plan.models import Plan
from fleet_planner.reference import reference_table

CITY = {"city": {"name": "A", "country": "US", "year": 2024}, "network": {"file": "n.osm"}}
OWN = {"adult_share": 0.5, "adult_deaths_per_1000": 10.0, "life_usd": 4e6}


def plan(route: str = "concentration", **more: object) -> Plan:
    health = {"routes": {"PM2.5": route}, "population": 1000.0} | OWN | more
    return Plan.model_validate(CITY | {"fleet": {"registry": "r.csv"}, "impacts": {"health": health}})


@pytest.mark.parametrize("more", [{}, {"response": "gemm", "pm25_ug_m3": 20.0}])
def test_it_is_what_a_run_says_of_a_small_concentration(more: dict[str, object]) -> None:
    asked = plan(**more)
    air = NearRoads(np.array([600.0, 400.0]), {"PM2.5": np.array([2e-4, 5e-4])})
    emitted = dict.fromkeys(("PM2.5", "NOx", "SO2", "NH3", "NMVOC", "BC", "NO2"), 1.0)
    lines = health_lines(asked, emitted, 0.0, people_of(asked, None), air)
    value = next(v for route, p, _, effect, v in lines if (route, p, effect) == ("concentration", "PM2.5", "value"))
    worth = usd_per_exposure(asked)
    assert worth is not None
    assert worth.value * (600.0 * 2e-4 + 400.0 * 5e-4) == pytest.approx(value.value, rel=1e-4)
    assert worth.low <= worth.value <= worth.high


def test_it_is_reckoned_by_hand_and_unknown_on_another_route() -> None:
    worth = usd_per_exposure(plan())
    row = reference_table("health_response.csv").filter(pollutant="PM2.5", effect="deaths").row(0, named=True)
    by_hand = math.log(row["value"]) / row["per_ug_m3"] * 0.5 * 10.0 / 1000.0 * 4e6
    assert worth is not None
    assert worth.value == pytest.approx(by_hand, rel=1e-3)
    assert usd_per_exposure(plan("intake_fraction")) is None


def test_the_damage_of_a_kilometre_of_a_route() -> None:
    emitted = pl.DataFrame(
        {
            "kind_of_day": ["weekday"] * 3,
            "route": ["1", "1", "2"],
            "km": [100.0, 100.0, 0.0],
            "nox_exposure_people_ug_m3": [10.0, 20.0, 0.0],
            "pm_exhaust_exposure_people_ug_m3": [1.0, 3.0, 0.0],
        }
    )
    valued = exposure_by(emitted, ("kind_of_day", "route"), 73.05)
    assert valued["pm_exhaust_damage_usd2024_per_km"].to_list() == [pytest.approx(4.0 * 73.05 / (200.0 * 365.25)), None]
    assert exposure_by(emitted, ("kind_of_day", "route"))["pm_exhaust_damage_usd2024_per_km"].null_count() == 2
