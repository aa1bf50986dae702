"""The factored path against a brute-force twin that is written apart, from the published equation."""

from __future__ import annotations

from dataclasses import replace

import numba
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.activity.model import Activity
from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.factors.compiling.options import FactorOptions, load_sources
from fleet_planner.factors.compiling.table import FactorTable
from fleet_planner.factors.processes.cold import cold_share
from fleet_planner.factors.published.hot_table import HotTable, load_hot_table
from fleet_planner.factors.weather import conditions_of
from fleet_planner.inventory import Inventory, by_hour, compute_inventory
from fleet_planner.kernels import inventory as kernel
from fleet_planner.units import DAYS_PER_YEAR
from tests.kernels.inventory_twin import Twin

TECHNOLOGIES = [
    ("bus", "diesel", "Urban Buses Standard 15 - 18 t", "euro_III", "none"),
    ("bus", "diesel", "Urban Buses Standard 15 - 18 t", "euro_VI_abc", "DPF+SCR"),
    ("heavy_truck", "diesel", "Rigid 14 - 20 t", "euro_V", "SCR"),
    ("heavy_truck", "diesel", "Articulated 34 - 40 t", "euro_IV", "EGR"),
    ("passenger_car", "petrol", "Medium", "euro_4", "PFI"),
    ("bus", "electricity", "Urban Buses Standard 15 - 18 t", "zero_emission", "none"),
]


@pytest.fixture(scope="module")
def hot() -> HotTable:
    return load_hot_table()


COLD_CITY = conditions_of(
    np.linspace(1.0, 3.0, 24),
    monthly_min_c=[-8.0, -5.0, 1.0, 8.0, 14.0, 19.0, 22.0, 21.0, 15.0, 8.0, 0.0, -6.0],
    monthly_max_c=[2.0, 5.0, 12.0, 20.0, 26.0, 30.0, 31.0, 30.0, 26.0, 19.0, 10.0, 4.0],
)


@pytest.fixture(scope="module")
def twin(hot: HotTable) -> Twin:
    return Twin(hot, COLD_CITY)


@pytest.fixture(scope="module")
def factors(hot: HotTable) -> FactorTable:
    frame = pl.DataFrame(sorted(TECHNOLOGIES), schema=list(TECHNOLOGY), orient="row")
    return compile_factors(frame, load_sources(grid_kg_per_kwh=0.5, hot=hot), COLD_CITY, FactorOptions())


def case(
    seed: int, links: int, vehicles: int, grade: float
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, Activity]:
    """A small random city; speeds lie on the sampled grid, so that sampling is exact and rounding remains."""
    rng = np.random.default_rng(seed)
    streams = ("articulated_truck", "car", "urban_bus")
    picked = [TECHNOLOGIES[i] for i in rng.integers(0, len(TECHNOLOGIES), vehicles)]
    frame = pl.DataFrame(picked, schema=list(TECHNOLOGY), orient="row").with_columns(
        stream=pl.Series([streams[i] for i in rng.integers(0, 3, vehicles)]),
        km_per_year=pl.Series(rng.uniform(0, 60_000, vehicles)),
        share_inside=pl.Series(rng.uniform(0, 1, vehicles)),
        count=pl.Series(rng.integers(1, 5, vehicles).astype(float)),
        load_fraction=pl.Series(rng.choice([0.0, 0.2, 0.5, 0.9, 1.0], vehicles)),
        odometer_km=pl.Series([None if x < 0.3 else x * 3e5 for x in rng.uniform(0, 1, vehicles)], dtype=pl.Float64),
    )
    multipliers = pl.DataFrame({name: rng.uniform(0.1, 1.2, vehicles) for name in POLLUTANTS}).with_columns(
        NO2_share_points=pl.Series(rng.uniform(0, 0.2, vehicles))
    )
    km = frame["km_per_year"] * frame["share_inside"] * frame["count"] / DAYS_PER_YEAR
    totals = np.array([km.filter(frame["stream"] == s).sum() for s in streams])
    share = rng.uniform(0, 1, (3, links, 24)) * (rng.uniform(0, 1, (3, links, 24)) > 0.3)
    share[:, 0, 0] += 0.1
    vkt = share / share.sum(axis=(1, 2), keepdims=True) * totals[:, None, None]
    speed = rng.integers(4, 100, (links, 24)).astype(float)
    mode = rng.integers(0, 4, (links, 24)).astype(np.int8)
    activity = Activity.dense(streams, np.ascontiguousarray(vkt), speed, mode)
    table = pl.DataFrame(
        {
            "road_class": [["primary", "residential"][i] for i in rng.integers(0, 2, links)],
            "grade_pct": rng.uniform(-grade, grade, links),
        }
    )
    return frame, multipliers, table, activity


def assert_closed(inventory: Inventory) -> None:
    assert max(inventory.closure.values()) < 1e-9
    by_link, by_vehicle = inventory.link.sum(axis=0), inventory.vehicle.sum(axis=0)
    by_hour, by_class = inventory.stream_hour.sum(axis=(0, 1)), inventory.class_hour.sum(axis=(0, 1))
    for other in (by_vehicle, by_hour, by_class):
        np.testing.assert_allclose(other, by_link, rtol=1e-9)


@pytest.mark.parametrize(
    ("seed", "pollutant", "grade"),
    [(1, "NOx", 0.0), (2, "NOx", 5.0), (3, "PM_exhaust", 5.0), (4, "CH4", 0.0), (5, "energy_MJ", 7.0), (6, "CO", 0.0)],
)
def test_factored_path_equals_brute_force(
    twin: Twin, factors: FactorTable, seed: int, pollutant: str, grade: float
) -> None:
    vehicles, multipliers, links, activity = case(seed, links=3, vehicles=6, grade=grade)
    inventory = compute_inventory(vehicles, multipliers, links, activity, factors)
    want = twin.by_link(vehicles, multipliers, links, activity, pollutant)
    np.testing.assert_allclose(inventory.link[:, POLLUTANTS.index(pollutant)], want, rtol=1e-9, atol=1e-12)
    assert_closed(inventory)


@pytest.mark.parametrize(("pollutant", "grade"), [("NOx", 5.0), ("energy_MJ", 0.0)])
def test_a_stream_at_speeds_of_its_own_equals_brute_force(
    twin: Twin, factors: FactorTable, pollutant: str, grade: float
) -> None:
    """Buses have a timetable on half of the link-hours; the others, and the hours without, keep the roads' speed."""
    vehicles, multipliers, links, activity = case(8, links=3, vehicles=8, grade=grade)
    rng = np.random.default_rng(8)
    own = np.where(rng.uniform(0, 1, (3, 24)) < 0.5, rng.integers(4, 60, (3, 24)).astype(float), np.nan)
    with_own = replace(activity, own_kmh={"urban_bus": own})
    inventory = compute_inventory(vehicles, multipliers, links, with_own, factors)
    want = np.zeros(3)
    for stream in activity.streams:
        mine = vehicles["stream"] == stream
        speed = np.where(np.isnan(own), activity.speed_kmh, own) if stream == "urban_bus" else activity.speed_kmh
        alone = replace(activity, speed_kmh=speed)
        want += twin.by_link(vehicles.filter(mine), multipliers.filter(mine), links, alone, pollutant)
    np.testing.assert_allclose(inventory.link[:, POLLUTANTS.index(pollutant)], want, rtol=1e-9, atol=1e-12)
    assert_closed(inventory)
    assert not np.allclose(inventory.link, compute_inventory(vehicles, multipliers, links, activity, factors).link)
    np.testing.assert_allclose(inventory.histogram.sum(axis=(1, 2, 3)), activity.km.sum(axis=1), rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 60), st.sampled_from([0.0, 3.0, 9.0]))
def test_vehicles_links_and_hours_close(
    factors: FactorTable, seed: int, links: int, vehicles: int, grade: float
) -> None:
    inventory = compute_inventory(*case(seed, links, vehicles, grade), factors)
    assert_closed(inventory)
    assert np.all(inventory.link >= 0.0)


def test_hours_add_up_to_the_day(factors: FactorTable) -> None:
    vehicles, multipliers, links, activity = case(9, 30, 12, 3.0)
    own = np.where(np.arange(30)[:, None] % 2 == 0, 12.0, np.nan) * np.ones((1, 24))
    activity = replace(activity, own_kmh={"urban_bus": own})
    inventory = compute_inventory(vehicles, multipliers, links, activity, factors)
    hours = np.array(list(by_hour(vehicles, multipliers, links, activity, factors)))
    np.testing.assert_allclose(hours.sum(axis=0), inventory.link, rtol=1e-12)
    np.testing.assert_allclose(hours.sum(axis=1), inventory.stream_hour.sum(axis=0), rtol=1e-12)


def test_linear_in_vehicle_km(factors: FactorTable) -> None:
    vehicles, multipliers, links, activity = case(5, 10, 20, 2.0)
    once = compute_inventory(vehicles, multipliers, links, activity, factors)
    double = vehicles.with_columns(count=pl.col("count") * 2)
    more = Activity.dense(activity.streams, activity.vkt * 2, activity.speed_kmh, activity.mode)
    twice = compute_inventory(double, multipliers, links, more, factors)
    np.testing.assert_allclose(twice.link, 2 * once.link, rtol=1e-12)


def test_results_do_not_depend_on_the_number_of_threads(factors: FactorTable) -> None:
    inputs = case(6, 500, 80, 4.0)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one = compute_inventory(*inputs, factors)
        numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
        two = compute_inventory(*inputs, factors)
    finally:
        numba.set_num_threads(before)
    for name in ("link", "stream_hour", "class_hour", "vehicle"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name


def test_row_order_does_not_matter(factors: FactorTable) -> None:
    vehicles, multipliers, links, activity = case(7, 20, 40, 0.0)
    order = np.random.default_rng(0).permutation(vehicles.height).tolist()
    one = compute_inventory(vehicles, multipliers, links, activity, factors)
    two = compute_inventory(vehicles[order], multipliers[order], links, activity, factors)
    np.testing.assert_allclose(two.link, one.link, rtol=1e-12)
    np.testing.assert_allclose(two.vehicle, one.vehicle[order], rtol=1e-12)


def test_the_odometer_raises_n2o_of_cars_vehicle_by_vehicle(factors: FactorTable) -> None:
    """Two cars alike but for the odometer: 0.0019 x (6.61e-7 km + 0.931) g/km in town (EMEP/EEA 2016)."""
    car = dict(zip(TECHNOLOGY, TECHNOLOGIES[4], strict=True))
    common = {"stream": "car", "km_per_year": 36_525.0, "share_inside": 1.0, "load_fraction": 0.0, "count": 1.0}
    vehicles = pl.DataFrame([car | common | {"odometer_km": km} for km in (0.0, 200_000.0)])
    multipliers = pl.DataFrame({name: [1.0, 1.0] for name in POLLUTANTS} | {"NO2_share_points": [0.0, 0.0]})
    vkt = np.full((1, 1, 24), 200.0 / 24.0)
    activity = Activity.dense(("car",), vkt, np.full((1, 24), 25.0), np.zeros((1, 24), np.int8))
    inventory = compute_inventory(
        vehicles, multipliers, pl.DataFrame({"road_class": ["primary"], "grade_pct": [0.0]}), activity, factors
    )
    cold = np.array([cold_share(12.4, COLD_CITY.temperature_c[:, h]).mean() for h in range(24)])
    warm_share = (
        1.0
        - np.array(
            [
                np.average(cold[same], weights=COLD_CITY.hour_weight[same])
                for same in (COLD_CITY.hour_class == COLD_CITY.hour_class[h] for h in range(24))
            ]
        ).mean()
    )
    want = [
        100.0 * (warm_share * 0.0019 * (6.61e-7 * km + 0.931) + (1.0 - warm_share) * 0.0054 * (3.79e-7 * km + 0.96))
        for km in (0.0, 200_000.0)
    ]
    np.testing.assert_allclose(inventory.vehicle[:, POLLUTANTS.index("N2O")], want, rtol=1e-9)
    assert_closed(inventory)


def test_electric_bus_has_wear_and_grid_co2_but_no_exhaust(factors: FactorTable) -> None:
    vehicles, multipliers, links, activity = case(8, 5, 10, 0.0)
    all_electric = vehicles.with_columns(
        category=pl.lit("bus"), fuel=pl.lit("electricity"), segment=pl.lit("Urban Buses Standard 15 - 18 t"),
        standard=pl.lit("zero_emission"), aftertreatment=pl.lit("none"),
    )  # fmt: skip
    inventory = compute_inventory(
        all_electric, multipliers.with_columns(pl.all().mul(0.0).add(1.0)), links, activity, factors
    )
    total = dict(zip(inventory.pollutants, inventory.link.sum(axis=0), strict=True))
    km = activity.vkt.sum()
    assert total["NOx"] == total["CO2"] == total["PM_exhaust"] == 0.0
    assert total["electricity_kwh"] == pytest.approx(1.565 * km)
    assert total["CO2_grid"] == pytest.approx(1.565 * km * 500.0)
    assert total["PM2.5_non_exhaust"] > 0.0


def test_three_vehicle_fleet_by_hand(twin: Twin, factors: FactorTable) -> None:
    """Three buses on one road at 25 km/h: 2 x Euro III at half load and 1 x Euro VI, each 36,525 km a year."""
    key = dict(zip(TECHNOLOGY, TECHNOLOGIES[0], strict=True))
    clean = dict(zip(TECHNOLOGY, TECHNOLOGIES[1], strict=True))
    common = {"stream": "urban_bus", "km_per_year": 36_525.0, "share_inside": 1.0, "load_fraction": 0.5}
    vehicles = pl.DataFrame([key | common | {"count": 2.0}, clean | common | {"count": 1.0}])
    multipliers = pl.DataFrame({name: [1.0, 1.0] for name in POLLUTANTS} | {"NO2_share_points": [0.0, 0.0]})
    vkt = np.zeros((1, 1, 24))
    vkt[0, 0, 8] = 300.0
    activity = Activity.dense(("urban_bus",), vkt, np.full((1, 24), 25.0), np.zeros((1, 24), np.int8))
    links = pl.DataFrame({"road_class": ["primary"], "grade_pct": [0.0]})
    inventory = compute_inventory(vehicles, multipliers, links, activity, factors)
    old = twin.warm(TECHNOLOGIES[0], "NOx", "urban_peak", 0.5, 0.0, 25.0, 8)
    new = twin.warm(TECHNOLOGIES[1], "NOx", "urban_peak", 0.5, 0.0, 25.0, 8)
    got = inventory.link[0, POLLUTANTS.index("NOx")]
    assert got == pytest.approx(200.0 * old + 100.0 * new, rel=1e-9)
    assert inventory.vehicle[0, POLLUTANTS.index("NOx")] == pytest.approx(200.0 * old, rel=1e-9)
    tonnes = got * DAYS_PER_YEAR / 1e6
    assert tonnes == pytest.approx((2 * old + new) * 36_525.0 / 1e6, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(allow_nan=True, allow_infinity=True))
def test_no_number_that_is_none_leaves_the_cells(value: float, other: float) -> None:
    grid = np.array([3.0, 10.0, 50.0, 140.0])
    lookup = np.zeros((140 * 16) + 2, dtype=np.int64)
    for cell, weight in (
        kernel.speed_cell(grid, lookup, 16.0, value),
        kernel.grade_cell(-0.06, 0.02, 7, other),
        kernel.load_cell(value),
    ):
        assert 0 <= cell <= 5
        assert 0.0 <= weight <= 1.0
