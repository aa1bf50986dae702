"""Distances, loads and daily duties that the registry does not give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from fleet_planner.fleet.load import check_file
from fleet_planner.fleet.use import distance_by_age, usual
from fleet_planner.pipeline.telling.duty import days_of, duty_table
from fleet_planner.reference import reference_table
from fleet_planner.tables import columns

HEAD = "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,odometer_km,count\n"


def check(folder: Path, rows: str, country: str = "CN", head: str = HEAD) -> pl.DataFrame:
    (folder / "r.csv").write_text(head + rows, encoding="utf-8")
    return check_file(folder / "r.csv", country=country, year=2024).vehicles


@pytest.mark.parametrize(
    ("stream", "category", "region", "km"),
    [
        ("car", "passenger_car", "US-CA", 18454.0),  # 11,467 miles, Alternative Fuels Data Center
        ("sanitation", "heavy_truck", "US", 40234.0),  # 25,000 miles
        ("rigid_truck", "heavy_truck", "US", 19151.0),  # 11,900 miles, NTS table 4-13
        ("taxi", "passenger_car", "CN-BJ", 100000.0),
        ("mixer_truck", "heavy_truck", "EU", 28000.0),
        ("my_own_stream", "bus", "EU", 55000.0),
    ],
)
def test_the_nearest_figure_answers(stream: str, category: str, region: str, km: float) -> None:
    found = usual("km_per_year", stream, category, region)
    assert found is not None
    assert found[0] == km


def test_missing_distances_fall_with_age_and_make_the_odometer(tmp_path: Path) -> None:
    rows = "a,heavy_truck,diesel,25000,2023,dump_truck,,,3\nb,heavy_truck,diesel,25000,2014,dump_truck,,,3\nc,heavy_truck,diesel,25000,2014,dump_truck,20000,,1\n"
    found = check(tmp_path, rows)
    young, old, given_km = found["km_per_year"].to_list()
    assert young == pytest.approx(40_000 * np.exp(-0.03 * (1 - 8)))
    assert old == pytest.approx(40_000 * np.exp(-0.03 * (10 - 8)))
    assert given_km == 20_000.0
    steps = np.linspace(0.0, 10.5, 200_001)
    driven = np.trapezoid(40_000 * np.exp(-0.03 * (steps - 8)), steps)
    assert found["odometer_km"][1] == pytest.approx(driven, rel=1e-8)
    assert found["odometer_km"][2] == pytest.approx(20_000 * 10.5)


def test_what_was_filled_in_is_told(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(
        HEAD.replace(",km_per_year", "") + "a,bus,diesel,17500,2020,urban_bus,,4\n", encoding="utf-8"
    )
    fleet = check_file(tmp_path / "r.csv", country="US", year=2024)
    told = {f.code: f for f in fleet.findings}
    assert told["fleet.km_default"].count == 4
    assert told["fleet.km_default"].values["streams"] == "urban_bus"
    assert "fleet.km_unchecked" not in told  # read: Alternative Fuels Data Center
    other = check_file(tmp_path / "r.csv", country="EU", year=2024)
    assert {f.code: f for f in other.findings}["fleet.km_unchecked"].share == 1.0
    plain = check(tmp_path, "a,bus,diesel,17500,2020,urban_bus,60000,1000,4\n")
    assert plain["km_per_year"].to_list() == [60_000.0]


def test_loads_of_streams_go_before_those_of_categories(tmp_path: Path) -> None:
    found = check(
        tmp_path, "a,heavy_truck,diesel,25000,2023,dump_truck,1,,1\nb,heavy_truck,diesel,25000,2014,rigid_truck,1,,1\n"
    )
    assert found["load_fraction"].to_list() == [0.5, 0.5]
    assert usual("load_fraction", "dump_truck", "heavy_truck") == (0.5, "no")
    assert usual("load_fraction", "rigid_truck", "heavy_truck") is None


@example(age=0, decline=5e-324, km=1.0, at=0.0)
@given(st.integers(0, 40), st.floats(0.0, 0.2), st.floats(1.0, 2e5), st.floats(0.0, 15.0))
def test_the_odometer_rises_and_the_distance_falls(age: int, decline: float, km: float, at: float) -> None:
    ages = np.array([age, age + 1], dtype=np.float64)
    a_year, driven = distance_by_age(ages, np.full(2, km), np.full(2, decline), np.full(2, at))
    assert a_year[1] <= a_year[0] * (1.0 + 1e-12)
    assert driven[1] > driven[0] > 0.0
    first = km * np.exp(decline * at)
    assert driven[0] <= first * (age + 0.5) * (1.0 + 1e-9)


def test_days_of_one_vehicle_are_lognormal_about_its_mean() -> None:
    days = days_of(np.array([120.0]), np.array([7.0]), 0.5)
    known = stats.lognorm(s=0.5, scale=120.0 * np.exp(-0.125))
    assert known.mean() == pytest.approx(120.0)
    for share in (0.1, 0.5, 0.9):
        assert days.percentile(share) == pytest.approx(known.ppf(share), rel=1e-9)
    assert days.share_within(150.0) == pytest.approx(known.cdf(150.0), rel=1e-12)


def test_many_vehicles_in_classes_are_as_one_by_one() -> None:
    means = np.random.default_rng(3).lognormal(4.0, 0.6, 20_000)
    count = np.ones(means.size)
    classed = days_of(means, count, 0.4)
    drawn = np.random.default_rng(5).lognormal(np.log(means) - 0.08, 0.4)
    for share in (0.1, 0.5, 0.9):
        assert classed.percentile(share) == pytest.approx(np.quantile(drawn, share), rel=0.03)


def test_duty_of_a_fleet(tmp_path: Path) -> None:
    rows = "a,heavy_truck,diesel,25000,2023,mixer_truck,25000,,10\nb,passenger_car,petrol,,2014,taxi,66000,,5\nc,bus,diesel,17500,2014,urban_bus,0,,5\n"
    table = duty_table(check(tmp_path, rows), "CN")
    assert table.columns == [c.column for c in columns("duty")]
    assert table["stream"].to_list() == ["mixer_truck", "taxi"]  # a bus that does not drive has no duty
    mixer, taxi = table.row(0, named=True), table.row(1, named=True)
    assert mixer["km_per_day"] == pytest.approx(25_000 / 250)
    assert mixer["starts_per_day"] == pytest.approx(100 / 15)
    assert mixer["payload_t"] == pytest.approx(14 * 0.5)
    assert mixer["vehicles_returning"] == pytest.approx(10.0)
    assert mixer["km_per_day_p10"] < mixer["km_per_day_p50"] < mixer["km_per_day"] < mixer["km_per_day_p90"]
    assert taxi["payload_t"] is None
    assert taxi["days_within_150_km_pct"] < taxi["days_within_250_km_pct"] < taxi["days_within_400_km_pct"]


def test_every_stream_has_a_duty_and_a_distance() -> None:
    categories = {"car": "passenger_car", "taxi": "passenger_car", "light_commercial": "light_commercial", "postal": "light_commercial",
                  "motorcycle": "l_category", "urban_bus": "bus", "minibus": "bus", "coach": "bus"}  # fmt: skip
    for stream in reference_table("streams.csv")["stream"]:
        category = categories.get(stream, "heavy_truck")
        for quantity in (
            "km_per_year",
            "km_decline",
            "km_age",
            "days_per_year",
            "trip_km",
            "km_day_spread",
            "return_share",
        ):
            found = usual(quantity, stream, category)
            assert found is not None, (stream, quantity)
            assert found[0] > 0.0
