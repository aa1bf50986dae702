"""The guidebook's update of 2025 by hand: cold starts of Euro 7 vans, wear of cars and vans."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.channels import channel
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.factors.compiling.options import FactorOptions, load_sources
from fleet_planner.factors.conditions import mild_conditions
from fleet_planner.factors.processes.cold_2025 import cold_2025, load_cold_2025
from fleet_planner.factors.processes.wear import load_wear
from fleet_planner.factors.sets import factor_set

VAN = ("light_commercial", "diesel", "N1-II", "euro_7", "DPF+SCR")
NAMED = dict(zip(TECHNOLOGY, VAN, strict=True))
BETA_15 = 0.6474 - 0.02545 * 12.4 - (0.00974 - 0.000385 * 12.4) * 15.0  # share driven cold, 12.4 km, 15 degrees


@pytest.mark.parametrize(
    ("pollutant", "speed", "temperature", "ratio"),
    [
        ("CO", 20.0, 15.0, 0.161136841516877 * 20.0 + 27.3472253241714),
        ("CO", 20.0, -5.0, 0.897 * 20.0 + 10.045 * 5.0 + 23.836),
        ("CO", 100.0, -40.0, 0.897 * 45.0 + 10.045 * 10.0 + 23.836),  # speed held at 45 km/h, air at -10
        ("NOx", 3.0, 0.0, 0.0480610964982746 * 5.0 + 14.6608380769528),  # at 0 degrees the warm piece
        ("VOC", 40.0, -20.0, -0.545263944465096 * 40.0 + 0.969953256095165 * 20.0 + 22.2798673655373),
        ("energy_MJ", 130.0, 10.0, 1.34 - 0.08),
        ("energy_MJ", 130.0, 60.0, 1.34 - 0.24),  # held at 30 degrees
    ],
)
def test_ratios_typed_from_the_update(pollutant: str, speed: float, temperature: float, ratio: float) -> None:
    start = cold_2025(NAMED, pollutant)
    assert start is not None
    assert float(start.ratio(np.array(speed), np.array(temperature))) == pytest.approx(ratio)


@given(st.sampled_from(sorted(load_cold_2025())), st.floats(0.0, 200.0), st.floats(-60.0, 60.0), st.floats(0.1, 200.0))
def test_no_cold_start_cleans(key: tuple[str, ...], speed: float, temperature: float, trip_km: float) -> None:
    start = load_cold_2025()[key]
    assert np.isfinite(start.ratio(np.array(speed), np.array(temperature)))
    assert float(start.ratio(np.array(speed), np.array(temperature))) >= 1.0
    assert start.share_constant - start.share_per_trip_km * trip_km <= 1.0


@pytest.mark.parametrize(
    ("pollutant", "kept"),
    [("CO", 0.2022 - 0.0064 * 12.4), ("NOx", 0.1719 - 0.0055 * 12.4), ("VOC", 0.2398 - 0.0076 * 12.4)],
)
def test_the_compiled_cold_start_is_beta_bc_hot_ratio_less_one(pollutant: str, kept: float) -> None:
    overlay = factor_set("emep_eea_2025").overlay(2030, False)
    frame = pl.DataFrame([VAN], schema=list(TECHNOLOGY), orient="row")
    sources = load_sources(grid_kg_per_kwh=0.5, overlays=(overlay,))
    table = compile_factors(frame, sources, mild_conditions(), FactorOptions(scr=None))
    cold, hot = (
        table.curves[table.blocks[table.block_of[0, channel(pollutant, p, d)]][0, 1, 3]]
        for p, d in (("cold", ""), ("hot", f"urban:{pollutant}"))
    )
    start = cold_2025(NAMED, pollutant)
    assert start is not None
    ratio = start.ratio(table.grid_kmh, np.full(table.grid_kmh.size, 15.0))
    np.testing.assert_allclose(cold, BETA_15 * kept * hot * (ratio - 1.0), rtol=1e-9)


def test_wear_of_the_newer_edition_by_hand() -> None:
    old, new = load_wear(), load_wear("emep_eea_2025")
    at = np.array([50.0])

    def of(wear: object, process: str, pollutant: str, category: str, fuel: str, segment: str) -> float:
        technology = {"category": category, "fuel": fuel, "segment": segment}
        return float(wear.curve(process, pollutant, technology, 0.5, at)[0])

    brakes = 2.75 - 0.027 * 50.0
    tyres = 1.78 - 0.00974 * 50.0
    car = ("passenger_car", "petrol", "Medium")
    assert of(new, "brake", "PM10_non_exhaust", *car) == pytest.approx(0.0142 * 0.98 * brakes)
    assert of(old, "brake", "PM10_non_exhaust", *car) == pytest.approx(0.0075 * 0.98 * brakes)
    electric = ("passenger_car", "electricity", "Medium")
    assert of(new, "brake", "PM10_non_exhaust", *electric) == pytest.approx(0.003 * 0.98 * brakes)
    assert of(new, "tyre", "PM2.5_non_exhaust", *electric) == pytest.approx(0.0116 * 0.42 * tyres)
    assert of(new, "road", "PM10_non_exhaust", "light_commercial", "diesel", "N1-II") == pytest.approx(0.021 * 0.5)
    assert of(new, "brake", "PM10_non_exhaust", "light_commercial", "diesel", "N1-III") == pytest.approx(
        0.0211 * 0.98 * brakes
    )
    for heavy in (
        ("bus", "diesel", "Urban Buses Standard 15 - 18 t"),
        ("l_category", "petrol", "Mopeds 2-stroke <50 cc"),
    ):
        for process in ("tyre", "brake", "road"):
            assert of(new, process, "PM10_non_exhaust", *heavy) == of(old, process, "PM10_non_exhaust", *heavy)
