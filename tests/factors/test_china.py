"""The Chinese guide of 2014: figures typed from its tables, band edges, and bounds over the whole domain."""

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
from fleet_planner.factors.conditions import HOURS, MONTHS, Conditions, mild_conditions
from fleet_planner.factors.published.china import china_curves, degradation, emission_factors, evaluate_china
from fleet_planner.factors.published.china_tables import COVERED, POLLUTANTS, load_china
from fleet_planner.factors.published.china_types import guide_row, stage_of, stage_vi_range
from fleet_planner.factors.published.hot_table import load_hot_table
from fleet_planner.factors.sets import factor_set
from fleet_planner.inventory.weights import FleetContext, fleet_arrays, technologies_by_use, technologies_of
from fleet_planner.reference import reference_table
from fleet_planner.tables import pollutants

TRUCK = ("heavy_truck", "diesel", "Rigid 20 - 26 t", "euro_III", "none")
CAR = ("passenger_car", "petrol", "Medium", "euro_4", "none")
VAN = ("light_commercial", "diesel", "N1-II", "euro_3", "none")
TRUCK_NOX = 7.934  # heavy diesel truck, stage III, g/km
CAR_NOX = 0.032  # mini and small petrol car, stage IV
VAN_PM = 0.13  # light diesel truck, stage III, PM2.5


def ask(technology: tuple[str, ...], pollutant: str = "NOx", *, interpolate: bool = False, **cells: object) -> dict:
    row = {
        "query": 0,
        **dict(zip(("category", "fuel", "segment", "standard", "technology"), technology, strict=True)),
        "pollutant": pollutant,
        "mode": "any",
        "speed_kmh_value": 30.0,
        "load_value": None,
        "slope_value": None,
    }
    schema = {"load_value": pl.Float64, "slope_value": pl.Float64}
    asked = pl.DataFrame([row | cells], schema_overrides=schema)
    return evaluate_china(load_china(), asked, interpolate=interpolate).row(0, named=True)


# corrections typed from the tables of the guide as transcribed: D III NOx by speed; trucks D NOx by weather
@pytest.mark.parametrize(
    ("cells", "factor"),
    [
        ({}, 1.0),
        ({"speed_kmh_value": 5.0}, 1.31),
        ({"speed_kmh_value": 19.999}, 1.31),
        ({"speed_kmh_value": 20.0}, 1.08),
        ({"speed_kmh_value": 29.999}, 1.08),
        ({"speed_kmh_value": 30.001}, 0.93),
        ({"speed_kmh_value": 40.0}, 0.74),
        ({"speed_kmh_value": 80.0}, 0.74),
        ({"speed_kmh_value": 80.001}, 0.66),
        ({"temperature_c": 9.999}, 1.06),
        ({"temperature_c": 10.0}, 1.0),
        ({"temperature_c": 25.0}, 1.0),
        ({"temperature_c": 25.001}, 1.15),
        ({"humidity_pct": 49.0}, 1.04),
        ({"humidity_pct": 50.0}, 1.0),
        ({"humidity_pct": 51.0}, 0.94),
        ({"temperature_c": 24.0, "humidity_pct": 30.0}, 1.04),
        ({"temperature_c": 24.5, "humidity_pct": 30.0}, 1.12),
        ({"temperature_c": 30.0, "humidity_pct": 80.0}, 1.15 * 0.88),
        ({"altitude_m": 1500.0}, 1.0),
        ({"altitude_m": 1500.1}, 1.02),
        ({"load_value": 0.0}, 0.83),
        ({"load_value": 0.5}, 1.0),
        ({"load_value": 0.6}, 1.09),
        ({"load_value": 0.75}, 1.21),
        ({"load_value": 1.0}, 1.43),
        ({"load_value": 0.25}, (0.83 + 1.0) / 2),
        ({"sulphur_ppm": 10.0}, 0.93),
        ({"sulphur_ppm": 50.0}, 0.93),
        ({"sulphur_ppm": 100.0}, 0.965),
        ({"sulphur_ppm": 350.0}, 1.0),
        ({"sulphur_ppm": 500.0}, 1.01),
        ({"sulphur_ppm": 5.0}, 0.93),
        ({"inventory_year": 2018}, 1.0),
        ({"speed_kmh_value": 55.0, "temperature_c": 5.0, "humidity_pct": 70.0, "altitude_m": 1600.0,
          "sulphur_ppm": 10.0, "load_value": 1.0}, 0.74 * 1.06 * 0.94 * 1.02 * 0.93 * 1.43),
    ],
)  # fmt: skip
def test_product_of_the_guide(cells: dict[str, float], factor: float):
    answer = ask(TRUCK, **cells)
    assert answer["error"] == ""
    assert answer["ef"] == pytest.approx(TRUCK_NOX * factor, rel=1e-12)


@pytest.mark.parametrize(
    ("technology", "pollutant", "cells", "expected"),
    [
        (CAR, "NOx", {"inventory_year": 2018}, CAR_NOX * 1.33),
        (CAR, "NOx", {"inventory_year": 2030}, CAR_NOX * 1.33),
        (CAR, "NOx", {"inventory_year": 2010}, CAR_NOX),
        (CAR, "NOx", {"sulphur_ppm": 10.0, "speed_kmh_value": 100.0}, CAR_NOX * 0.95 * 0.96),
        (CAR, "NOx", {"altitude_m": 2000.0}, CAR_NOX * 3.15),
        (CAR, "NOx", {"load_value": 1.0}, CAR_NOX),
        (VAN, "PM_exhaust", {"altitude_m": 2000.0}, VAN_PM),
        (VAN, "PM_exhaust", {"sulphur_ppm": 10.0}, VAN_PM * 0.8),
        (VAN, "PM_exhaust", {"load_value": 1.0}, VAN_PM),
    ],
)
def test_light_vehicles(technology: tuple[str, ...], pollutant: str, cells: dict[str, float], expected: float):
    assert ask(technology, pollutant, **cells)["ef"] == pytest.approx(expected, rel=1e-12)


def test_interpolation_passes_through_the_middles_and_the_base():
    def nox(speed: float) -> float:
        return ask(TRUCK, interpolate=True, speed_kmh_value=speed)["ef"] / TRUCK_NOX

    assert [nox(v) for v in (0.0, 10.0, 25.0, 30.0, 35.0, 60.0, 100.0, 130.0)] == pytest.approx(
        [1.31, 1.31, 1.08, 1.0, 0.93, 0.74, 0.66, 0.66]
    )
    assert nox(80.0) == pytest.approx(0.70)  # halfway between 0.74 at 60 and 0.66 at 100


def test_questions_that_have_no_answer_say_why():
    assert "EMEP/EEA euro_VI_de" in ask((*TRUCK[:3], "euro_VI_de", "none"))["error"]
    assert "no heavy_truck on petro" in ask(("heavy_truck", "petro", "", "euro_III", ""))["error"]
    assert "no standard euro_33" in ask((*TRUCK[:3], "euro_33", "none"))["error"]
    assert "energy_MJ" in ask(TRUCK, "energy_MJ")["error"]
    assert "Did you mean NOx?" in ask(TRUCK, "NOxx")["error"]
    assert ask(TRUCK, speed_kmh_value=-1.0)["error"] != ""
    assert ask(TRUCK, speed_kmh_value=float("nan"))["error"] != ""
    assert ask(TRUCK, temperature_c=float("inf"))["error"] != ""
    assert ask(TRUCK, load_value=1.2)["note"] == "load held at 1.0"
    assert "slope" in ask(TRUCK, slope_value=0.04)["note"]


@given(
    row=st.integers(0, 139),
    pollutant=st.integers(0, len(POLLUTANTS) - 1),
    speed=st.floats(0.0, 200.0),
    temperature=st.floats(-60.0, 60.0),
    humidity=st.floats(0.0, 100.0),
    altitude=st.floats(-400.0, 6000.0),
    sulphur=st.floats(0.0, 10_000.0),
    load=st.floats(0.0, 1.0),
    year=st.integers(1990, 2060),
    interpolate=st.booleans(),
)
def test_finite_and_within_the_products_of_the_tables(
    row: int,
    pollutant: int,
    speed: float,
    temperature: float,
    humidity: float,
    altitude: float,
    sulphur: float,
    load: float,
    year: int,
    *,
    interpolate: bool,
):
    table = load_china()
    ef = emission_factors(
        table, row, pollutant, speed_kmh=speed, temperature_c=temperature, humidity_pct=humidity, altitude_m=altitude,
        sulphur_ppm=sulphur, load=load, inventory_year=year, interpolate=interpolate,
    )[0]  # fmt: skip
    parts = (table.speed, table.temperature, table.altitude, table.sulphur, table.load, table.degradation)
    factors = [f[row, pollutant] for f in (*parts, table.humidity)]
    base = table.base[row, pollutant]
    low, high = (base * np.prod([end(f) for f in factors]) for end in (np.min, np.max))
    assert low * (1 - 1e-9) <= ef <= high * (1 + 1e-9)


def frame(*technologies: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame(technologies, schema=list(TECHNOLOGY), orient="row")


def test_curves_average_the_bands_over_the_hours_of_each_class():
    temperature = np.full((MONTHS, HOURS), 15.0)
    temperature[:3, :12] = 5.0  # a quarter of the months of class 0 below 10 degrees
    temperature[:, 12:] = 30.0
    humidity = np.full((MONTHS, HOURS), 50.0)
    humidity[:, 12:] = 80.0
    conditions = Conditions(
        temperature, humidity, (np.arange(HOURS) >= 12).astype(np.int64), np.full(HOURS, 1 / HOURS),
        altitude_m=1600.0, diesel_sulphur_ppm=350.0,
    )  # fmt: skip
    grid = np.array([10.0, 20.0, 30.0, 80.0, 81.0])
    found = china_curves(load_china(), frame(TRUCK), grid, conditions)
    index = found.technologies[0].index["NOx"]
    assert index.shape == (8, 3, 7)
    assert index.dtype == np.int32
    speed = np.array([1.31, 1.08, 1.0, 0.74, 0.66])
    for condition, load, weather in ((0, 0, 0.25 * 1.06 + 0.75), (7, 2, 1.15 * 0.88)):
        by_load = (0.83, 1.0, 1.43)[load]
        assert found.curves[index[condition, load, 3]] == pytest.approx(TRUCK_NOX * speed * weather * 1.02 * by_load)


def test_curves_equal_the_answers_for_every_technology():
    table = load_china()
    keys = load_hot_table().keys
    technologies = keys.select(*TECHNOLOGY[:4], aftertreatment="technology").unique(maintain_order=True)
    grid = np.array([3.0, 25.0, 60.0, 80.0, 120.0])
    found = china_curves(table, technologies, grid, mild_conditions(28.0, 70.0))
    assert np.isfinite(found.curves).all()
    assert (found.curves >= 0.0).all()
    for i, technology in enumerate(technologies.rows()):
        covered = found.technologies[i]
        assert set(covered.index) in (set(), set(COVERED))
        assert covered.index or covered.replaced
        for pollutant in covered.index:
            row = guide_row(table, *technology[:4]).row
            sulphur = 10.0  # of both fuels in mild conditions
            expected = emission_factors(
                table, row, POLLUTANTS.index(pollutant), speed_kmh=grid, temperature_c=28.0, humidity_pct=70.0,
                sulphur_ppm=sulphur, load=1.0,
            )  # fmt: skip
            assert found.curves[covered.index[pollutant][0, 2, 0]] == pytest.approx(expected, rel=1e-12)


def test_stage_vi_is_never_a_copy():
    found = china_curves(load_china(), frame((*TRUCK[:3], "euro_VI_abc", "none")), np.array([30.0]), mild_conditions())
    assert not found.technologies[0].index
    assert "EMEP/EEA euro_VI_abc" in found.technologies[0].replaced
    assert stage_vi_range("bus")["NOx"] == (0.5, 4.0)
    for category in ("passenger_car", "bus", "l_category"):
        assert all(low < 1.0 < high for low, high in stage_vi_range(category).values())


def test_degradation_goes_by_inventory_year():
    technologies = frame(CAR, TRUCK, (*TRUCK[:3], "euro_VI_abc", "none"))
    nox = COVERED.index("NOx")
    assert degradation(load_china(), technologies, 2018)[:, nox] == pytest.approx([1.33, 1.0, 1.0])
    assert (degradation(load_china(), technologies, 2014) == 1.0).all()


def test_taxis_are_told_apart_by_stream():
    taxi = ask(CAR, stream="taxi")["ef"]
    row = load_china().row_numbers["passenger", "taxi", "petrol", "IV"]
    assert taxi == load_china().base[row, POLLUTANTS.index("NOx")] != ask(CAR)["ef"]


def test_stages():
    words = ("conventional", "ece_15_04", "euro_1", "euro_V", "eev", "euro_6d_temp", "euro_VI_abc", "euro_9", "")
    assert [stage_of(w) for w in words] == ["PRE", "PRE", "I", "V", "V", "VI", "VI", "", ""]


def test_defects_are_listed_and_handled():
    defects = reference_table("china_guide_2014_defects.csv")
    base = reference_table("china_guide_2014_base.csv")
    assert defects["defect_id"].is_unique().all()
    assert not set(base["stage"]) & {"VI"}
    assert set(base["fuel"]) == {"petrol", "diesel", "other"}
    outliers = defects.filter(pl.col("kind") == "outlier")
    assert 652 in outliers["value"].cast(pl.Float64).round(0).to_list()  # bus on other fuels, NOx, g/km
    assert base.filter(pl.col("pollutant") == "NOx")["g_per_km"].max() < 30.0
    replaced = defects.filter(pl.col("handled") == "replaced")
    for r in replaced.iter_rows(named=True):
        same = [pl.col(c) == r[c] for c in ("vehicle", "type", "fuel", "stage", "pollutant")]
        used = base.filter(same).row(0, named=True)
        assert used["g_per_km"] == pytest.approx(float(r["replaced_by"]))
        assert used["low_g_per_km"] <= used["g_per_km"] <= used["high_g_per_km"]
    bus = ask(("bus", "cng", "Urban CNG Buses", "euro_IV", "none"))
    assert "china.outlier.passenger.bus.other.IV.NOx" in bus["note"]


def test_flags_are_computed_from_the_base_table():
    base = reference_table("china_guide_2014_base.csv")
    order = {s: i for i, s in enumerate(("PRE", "I", "II", "III", "IV", "V"))}
    flagged = reference_table("china_guide_2014_defects.csv").filter(pl.col("kind") == "outlier")
    key = ("vehicle", "type", "fuel", "stage", "pollutant")
    listed = set(flagged.select(key).rows())
    for group, part in base.group_by("vehicle", "type", "fuel", "pollutant"):
        steps = sorted(part.select("stage", "g_per_km").rows(), key=lambda r: order[r[0]])
        for i, (stage, value) in enumerate(steps):
            near = [v for _, v in steps[max(i - 1, 0) : i] + steps[i + 1 : i + 2]]
            if value > 10 * max(near) or value < min(near) / 10:
                assert (*group[:3], stage, group[3]) in listed


def test_taxis_of_a_fleet_take_the_guide_s_taxis_and_their_traffic_goes_to_them():
    streams = ("car", "taxi", "visiting_taxi")
    rows = [(*CAR, s, 1000.0, 1.0, 0.5, 10.0, 2010, False, None) for s in streams]
    names = [*TECHNOLOGY, "stream", "km_per_year", "share_inside", "load_fraction", "count", "model_year", "visiting"]
    vehicles = pl.DataFrame(rows, schema=[*names, "odometer_km"], orient="row")
    vehicles = vehicles.with_columns(idle_measures=pl.lit(""))
    by_use = technologies_by_use(vehicles)
    assert by_use.rows() == [(*CAR, ""), (*CAR, "taxi")]
    overlay = factor_set("china_guide_2014").overlay(2014, False)  # base year: no degradation yet
    sources = load_sources(grid_kg_per_kwh=0.5, overlays=(overlay,))
    table = compile_factors(by_use, sources, mild_conditions(), FactorOptions())
    at = channel("NOx", "hot", "urban:NOx")
    car, taxi = (table.curves[table.blocks[table.block_of[t, at]][0, 1, 3]] for t in (0, 1))
    assert taxi / car == pytest.approx(0.135 / 0.032)  # passenger, petrol, stage IV: taxi and mini
    names = [p.pollutant for p in pollutants()]
    none = pl.DataFrame({n: [1.0] * 3 for n in names} | {"NO2_share_points": [0.0] * 3})
    fleet = fleet_arrays(vehicles, none, table, streams, FleetContext())
    assert fleet.entry_technology[fleet.entry].tolist() == [0, 1, 1]
    assert technologies_of(vehicles).rows() == [CAR]
