"""CO2 equivalents and budgets by hand."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.impacts.climate.intensity import intensity_table
from fleet_planner.impacts.climate.path import Course, cumulative, path_table, spent_in
from fleet_planner.impacts.climate.warming import SCHEMA, warming_table
from fleet_planner.tables import columns

EMITTED = pl.DataFrame(
    {
        "scenario": ["base"] * 6 + ["gas"] * 2,
        "year": [2024] * 8,
        "pollutant": ["CO2", "CO2_grid", "CH4", "N2O", "BC", "NOx", "CO2", "CH4"],
        "value_per_year": [1000.0, 50.0, 10.0, 2.0, 3.0, 99.0, 800.0, 40.0],
    }
)


def of(table: pl.DataFrame, scenario: str, horizon: int, pollutant: str) -> dict[str, float]:
    return table.filter(scenario=scenario, horizon_years=horizon, pollutant=pollutant).row(0, named=True)


def test_equivalents_are_those_of_the_assessment_reports() -> None:
    six = warming_table(EMITTED, "ar6")
    assert six.columns == [c.column for c in columns("climate")] == list(SCHEMA)
    # typed from AR6 WG1 table 7.15: CH4 fossil 29.8 and 82.5, N2O 273 both
    assert of(six, "base", 100, "greenhouse_gases")["co2e_t_per_year"] == pytest.approx(1050.0 + 298.0 + 546.0)
    assert of(six, "base", 20, "greenhouse_gases")["co2e_t_per_year"] == pytest.approx(1050.0 + 825.0 + 546.0)
    four = warming_table(EMITTED, "ar4")
    assert of(four, "base", 100, "greenhouse_gases")["co2e_t_per_year"] == pytest.approx(1050.0 + 250.0 + 596.0)
    # methane can turn a ranking over 20 years: gas is better over 100 years and worse over 20
    long = {s: of(six, s, 100, "greenhouse_gases")["co2e_t_per_year"] for s in ("base", "gas")}
    short = {s: of(six, s, 20, "greenhouse_gases")["co2e_t_per_year"] for s in ("base", "gas")}
    assert long["gas"] > long["base"] * 1.05
    assert short["gas"] > short["base"] * 1.6


def test_black_carbon_stands_apart_with_its_range() -> None:
    table = warming_table(EMITTED, "ar6")
    row = of(table, "base", 100, "BC")
    assert (row["counted"], row["co2e_t_per_year"]) == ("apart", pytest.approx(2700.0))
    assert (row["low_t_per_year"], row["high_t_per_year"]) == (pytest.approx(360.0), pytest.approx(5400.0))
    without = warming_table(EMITTED.filter(pl.col("pollutant") != "BC"), "ar6")
    for horizon in (20, 100):
        assert of(without, "base", horizon, "greenhouse_gases") == of(table, "base", horizon, "greenhouse_gases")
    assert "NOx" not in table["pollutant"]
    assert (table["low_t_per_year"] <= table["co2e_t_per_year"]).all()
    assert (table["co2e_t_per_year"] <= table["high_t_per_year"]).all()


def test_a_budget_by_hand() -> None:
    path = {2024: 100.0, 2026: 80.0, 2028: 0.0}  # 100, 90, 80, 40, 0
    assert cumulative(path) == {2024: 100.0, 2025: 190.0, 2026: 270.0, 2027: 310.0, 2028: 310.0}
    assert spent_in(path, 235.0) == pytest.approx(2026 + 45.0 / 80.0)
    assert spent_in(path, 310.5) is None
    table = path_table({"base": path, "late": {2024: 10.0, 2028: 30.0}}, Course(300.0, 2027, 15.0, 200.0))
    assert table.columns == [c.column for c in columns("climate_path")]
    row, late = table.to_dicts()
    assert (row["cumulative_t"], row["budget_left_t"]) == (pytest.approx(310.0), pytest.approx(-10.0))
    assert (row["peak_year"], late["peak_year"]) == (2024, None)
    assert (row["emitted_t_per_year"], row["gap_t_per_year"]) == (pytest.approx(40.0), pytest.approx(25.0))
    assert row["gap_cost_usd2024_per_year"] == pytest.approx(5000.0)
    assert late["neutral_year"] == 2027


@given(
    st.dictionaries(st.integers(2024, 2060), st.floats(0.0, 1e6), min_size=1, max_size=8),
    st.floats(1.0, 1e7),
)
def test_a_budget_is_spent_when_it_is_emitted(path: dict[int, float], budget: float) -> None:
    total = cumulative(path)
    spent = spent_in(path, budget)
    if spent is None:
        assert total[max(total)] < budget
    else:
        year = next(y for y in total if total[y] >= budget)
        before = total.get(year - 1, 0.0)
        assert year <= spent <= year + 1
        assert before + (spent - year) * (total[year] - before) == pytest.approx(budget, rel=1e-6)


def test_intensities_by_hand() -> None:
    """50 t over 100,000 km are 500 g a km; half the gases on twice the output are a quarter per output."""
    paths = {"base": {2024: 50.0, 2034: 25.0}}
    table = intensity_table(paths, {("base", 2024): 1e5, ("base", 2034): 1e5}, {2024: 10.0, 2044: 30.0})
    assert table.columns == [c.column for c in columns("carbon_intensity")]
    first, last = table.to_dicts()
    assert (first["g_per_vehicle_km"], last["g_per_vehicle_km"], last["per_km_change_pct"]) == (500.0, 250.0, -50.0)
    assert (last["gdp_million"], last["t_per_million_gdp"]) == (20.0, 1.25)
    assert last["per_gdp_change_pct"] == pytest.approx(-75.0)
    plain = intensity_table(paths, {("base", 2024): 1e5, ("base", 2034): 0.0}, {})
    assert plain["gdp_million"].null_count() == 2
    assert plain["g_per_vehicle_km"].to_list() == [500.0, None]
