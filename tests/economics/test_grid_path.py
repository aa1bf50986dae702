"""Courses of the CO2 of electricity, and series by hour, by hand."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.economics.batteries import battery_table, making_of
from fleet_planner.economics.grid import GridPair, grid_path_table
from fleet_planner.economics.grid_hours import read_hours, weighted
from fleet_planner.economics.grid_path import city_grid, packaged_course
from fleet_planner.economics.vehicle_costs import vehicle_costs
from fleet_planner.errors import InputError
from fleet_planner.pipeline.mixing.programme import electricity_against_base
from fleet_planner.plan.economics import EconomicsSection
from fleet_planner.plan.electricity import ElectricitySection
from fleet_planner.plan.impacts_upstream import ImpactsUpstream
from fleet_planner.plan.portfolio import Future
from fleet_planner.reference import reference_table
from fleet_planner.tables import columns

REGIONS = ("CN-BJ", "CN-NORTH", "CN", "US-CA", "US-CA-LA", "KR", "JP", "JP-TK")


@given(
    st.sampled_from(REGIONS), st.sampled_from(["policy", "fast", "slow"]), st.integers(2015, 2059), st.floats(0.01, 1.2)
)
def test_courses_never_rise_and_start_at_the_city(region: str, kind: str, year: int, average: float) -> None:
    course = packaged_course(region, kind, year, average)
    if course is None:
        assert year >= 2045  # nothing is left from then on, so that no shape follows
        return
    assert course.average.at(year) == pytest.approx(average)
    values = [course.average.at(y) for y in range(year, 2061)]
    assert all(later <= earlier for earlier, later in pairwise(values))
    assert all(course.low.at(y) <= course.high.at(y) for y in range(year, 2061))


def test_the_year_2030_of_china_is_the_documented_one() -> None:
    """Beijing 2022 as the base year is the course itself: 0.40 in 2030, nothing in 2060; the thermal share's 0.76."""
    course = packaged_course("CN-BJ", "policy", 2022, 0.558)
    assert course is not None
    assert course.average.at(2030) == pytest.approx(0.40)
    assert course.average.at(2060) == 0.0
    assert course.clean_year == 2060
    thermal = (1.0 - 0.36 * 25.0 / 17.5) / (1.0 - 0.36)
    assert course.low.at(2030) < 0.558 * thermal < course.high.at(2030)
    rows = reference_table("grid_paths.csv").filter(year=2030)
    assert all(rows["derivation"].str.len_chars() > 20)


def test_the_ends_open_from_the_base_year() -> None:
    policy, slow = (packaged_course("US-CA-LA", kind, 2025, 0.355) for kind in ("policy", "slow"))
    assert policy is not None
    assert slow is not None
    assert policy.clean_year == 2045
    assert slow.average.at(2030) == pytest.approx(0.15 + 0.5 * (0.215 - 0.15))
    assert slow.average.at(2050) == pytest.approx(0.02)
    pair = GridPair(0.355, 0.418, "s", checked=True, default="marginal", course=policy)
    table = grid_path_table(pair, [2025, 2030, 2050], "statistic")
    assert table.columns == [c.column for c in columns("grid_path")]
    assert table["marginal_kg_per_kwh"].to_list() == pytest.approx([0.418, 0.418 * 0.15 / 0.355, 0.0])


def test_own_years_are_interpolated_and_a_clean_grid_stays_so(tmp_path: Path) -> None:
    section = ElectricitySection(average_by_year={"2024": 0.3, "2034": 0.0})
    grid = city_grid(section, "nowhere", 2024, tmp_path)
    assert (grid.average, grid.course.average.at(2029), grid.course.average.at(2050)) == (0.3, 0.15, 0.0)
    pair = GridPair(grid.average, 0.6, "s", checked=True, default="marginal", course=grid.course)
    assert pair.of_differences_in(2029) == pytest.approx(0.3)
    assert pair.of_differences_in(2040) == 0.0


def hours(path: Path, rows: str) -> Path:
    file = path / "hours.csv"
    file.write_text(rows, encoding="utf-8")
    return file


def test_hours_by_hand(tmp_path: Path) -> None:
    """0.2 by day (8 to 19) and 0.8 by night: three quarters of the charge by night give 0.65, all hours alike 0.5."""
    head = "hour,co2e_kg_per_kwh,nox_g_per_kwh\n"
    rows = head + "".join(f"{h},{0.2 if 8 <= h < 20 else 0.8},{0.1 * (h < 8)}\n" for h in range(24))
    shares = np.array([0.25 / 12 if 8 <= h < 20 else 0.75 / 12 for h in range(24)])
    series = read_hours(hours(tmp_path, rows), shares)
    assert weighted(series, "average").at(2030) == pytest.approx(0.65)
    assert weighted(series, "average", "nox_g_per_kwh").at(2030) == pytest.approx(0.1 * 8 * 0.75 / 12)
    assert not weighted(series, "average", "so2_g_per_kwh").known
    assert not weighted(series, "marginal").known


def test_months_weigh_alike_and_years_are_interpolated(tmp_path: Path) -> None:
    head = "year,month,hour,kind,co2e_kg_per_kwh\n"
    rows = head + "".join(
        f"{y},{m},{h},average,{(0.4 if m <= 6 else 0.6) - 0.01 * (y - 2024)}\n"
        for y in (2024, 2034)
        for m in range(1, 13)
        for h in range(24)
    )
    series = read_hours(hours(tmp_path, rows), np.full(24, 1.0 / 24.0))
    assert weighted(series, "average").at(2024) == pytest.approx(0.5)
    assert weighted(series, "average").at(2029) == pytest.approx(0.45)


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ("hour,co2e_kg_per_kwh\n0,0.1\n", "no row for hour 1 of month 1"),
        ("hour,co2e_kg_per_kwh\n0,0.1\n0,0.2\n", "two rows"),
        ("hour,year,co2e_kg_per_kwh\n0,2024,0.1\n1,,0.2\n", "no year"),
        ("hour,kind,co2e_kg_per_kwh\n" + "".join(f"{h},marginal,0.1\n" for h in range(24)), "marginal factors alone"),
        ("hour,co2e_kg_per_kwh\n24,0.1\n", "24"),
    ],
)
def test_wrong_series_are_told(tmp_path: Path, rows: str, word: str) -> None:
    with pytest.raises(InputError, match=word):
        read_hours(hours(tmp_path, rows), np.full(24, 1.0 / 24.0))


def test_batteries_by_hand() -> None:
    """Two buses of 250 kWh bought in 2026 and held 12 years: 500 kWh then and after 7 years, 30.75 t each at 61.5 kg."""
    classes = vehicle_costs(EconomicsSection())
    making = making_of(ImpactsUpstream(battery_manufacturing=True), classes)
    assert making is not None
    assert making_of(ImpactsUpstream(), classes) is None
    table = battery_table(
        {"electric": [(2026, "urban_bus", 2.0, 12.0), (2026, "tram", 5.0, 9.0)]}, making, range(2024, 2035)
    )
    assert table.columns == [c.column for c in columns("battery_manufacturing")]
    t = dict(table.select("year", "co2e_t").iter_rows())
    assert {y: v for y, v in t.items() if v} == {2026: pytest.approx(30.75), 2033: pytest.approx(30.75)}
    assert table.filter(year=2033)["low_t"][0] == pytest.approx(27.0)  # 54 kg
    assert making.t_per_year("urban_bus") == pytest.approx(250.0 * 61.5 / 7.0 / 1000.0)
    assert making.t_per_year("tram") == 0.0
    own = making_of(ImpactsUpstream(battery_manufacturing=True, battery_kg_per_kwh=100.0), classes)
    assert own is not None
    assert own.t_per_year("urban_bus") == pytest.approx(25.0 / 7.0)


def test_the_mix_counts_electricity_by_the_year_of_its_targets(tmp_path: Path) -> None:
    """New demand at half of the base year's factor in 2034, under a future at half of that: a quarter."""
    section = ElectricitySection(average_by_year={"2024": 0.4, "2044": 0.0})
    grid = city_grid(section, "nowhere", 2024, tmp_path)
    pair = GridPair(grid.average, 0.8, "s", checked=True, default="marginal", course=grid.course)
    assert grid.course.changes
    ready = SimpleNamespace(priced=SimpleNamespace(grid=pair))
    assert electricity_against_base(ready, Future(name="f"), 2034) == pytest.approx(0.5)
    assert electricity_against_base(ready, Future(name="f", grid_factor=0.5), 2034) == pytest.approx(0.25)
    flat = GridPair(0.4, 0.8, "s", checked=True, default="marginal")
    still = SimpleNamespace(priced=SimpleNamespace(grid=flat))
    assert electricity_against_base(still, Future(name="f", grid_factor_by_year={"2034": 0.7}), 2034) == pytest.approx(
        0.7
    )
