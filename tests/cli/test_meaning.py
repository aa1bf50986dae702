"""What the tonnes mean, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fleet_planner.tables import columns
from tests.cli.test_later_years import TURNOVER, call

CLIMATE = """
[impacts.climate]
budget_mt = 1.0
neutral_year = 2034
offsets_t_per_year = 1000.0
offset_usd_per_t = 100.0
gdp_million_by_year = { 2024 = 5000.0, 2036 = 9000.0 }
[impacts.health]
routes = { "PM2.5" = "intake_fraction", SO2 = "intake_fraction", NOx = "damage_per_t" }
population = 2_000_000
[impacts.receptors]
coefficients = "sr.csv"
exported_share = { NOx = 0.4 }
[[scenario]]
name = "electric"
title = "Electric buses"
title_zh = "电动公交车"
[[scenario.measure]]
measure = "bev_bus"
streams = ["urban_bus"]
uptake_by_year = { 2026 = 1.0 }
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("meaning")
    (folder / "sr.csv").write_text(
        "pollutant,receptor,unit,low,central,high,source\nNOx,ozone,ppb,-1e-5,1e-5,3e-5,\n"
        "PM2.5,island,part,0.61,0.61,0.61,one study\nPM2.5,island,part,0.39,0.39,0.39,another\n",
        encoding="utf-8",
    )
    result = call(folder, TURNOVER + CLIMATE + "[uncertainty]\ndraws = 200\n", "run", "out")
    assert result.exit_code == 0, result.output
    return folder / "out"


def test_climate_has_bands_and_the_budget_a_chance(out: Path) -> None:
    table = pl.read_csv(out / "uncertainty.csv", infer_schema_length=None)
    climate = pl.read_csv(out / "climate.csv")
    drawn = table.filter(figure="co2e")
    assert drawn.height == climate.height
    told = climate.select(
        "scenario", "year", "pollutant", "co2e_t_per_year", item=pl.format("{} years", "horizon_years")
    )
    both = drawn.join(told, on=["scenario", "year", "pollutant", "item"])
    assert both.height == climate.height
    assert both["value"].to_list() == both["co2e_t_per_year"].to_list()
    some = both.filter(pl.col("value") != 0.0)
    assert some.filter(pl.col("low").is_between(pl.col("value"), pl.col("high"), closed="both")).is_empty()
    width = {
        row["pollutant"]: (row["high"] - row["low"]) / row["value"]
        for row in some.filter(scenario="baseline", year=2024, item="100 years").iter_rows(named=True)
    }
    assert width["BC"] > width["CO2"]  # its potential is less sure
    path = pl.read_csv(out / "climate_path.csv")
    left = table.filter(figure="budget_left")
    assert left["value"].to_list() == pytest.approx(path["budget_left_t"].to_list())
    assert left["positive_share"].is_between(0.0, 1.0).all()
    assert "of the carbon budget" in (out / "report.html").read_text(encoding="utf-8")


def test_a_run_weighs_greenhouse_gases_and_holds_them_against_a_budget(out: Path) -> None:
    climate = pl.read_csv(out / "climate.csv")
    assert climate.columns == [c.column for c in columns("climate")]
    year = pl.read_csv(out / "by_year.csv").filter(scenario="electric", year=2032)
    t = dict(year.select("pollutant", "value_per_year").rows())
    whole = climate.filter(scenario="electric", year=2032, horizon_years=20, pollutant="greenhouse_gases")
    assert whole["co2e_t_per_year"][0] == pytest.approx(
        t["CO2"] + t["CO2_grid"] + 82.5 * t["CH4"] + 273.0 * t["N2O"], rel=1e-12
    )
    path = pl.read_csv(out / "climate_path.csv")
    assert path.columns == [c.column for c in columns("climate_path")]
    base, electric = path.to_dicts()
    sums = climate.filter(scenario="electric", horizon_years=100, pollutant="greenhouse_gases").sort("year")
    every = np.interp(range(2024, 2037), sums["year"].to_list(), sums["co2e_t_per_year"].to_list())
    assert electric["cumulative_t"] == pytest.approx(every.sum(), rel=1e-12)
    assert base["budget_left_t"] == pytest.approx(1e6 - base["cumulative_t"])
    assert base["neutral_year"] == 2034
    assert base["gap_t_per_year"] == pytest.approx(base["emitted_t_per_year"] - 1000.0)
    assert "impacts.warming_unchecked" in {
        f["code"] for f in json.loads((out / "report_data.json").read_text())["findings"]
    }


def test_the_report_shows_every_part(out: Path) -> None:
    page = (out / "report.html").read_text(encoding="utf-8")
    for part in (
        "climate",
        "climate-path",
        "health",
        "benefits",
        "power-plants",
        "acid",
        "receptors",
        "exported",
        "carbon-intensity",
    ):
        assert f'id="{part}"' in page


def test_health_is_that_of_the_intake_fractions(out: Path) -> None:
    health = pl.read_csv(out / "health.csv")
    assert health.columns == [c.column for c in columns("health")]
    summary = pl.read_csv(out / "summary.csv").filter(scenario="baseline")
    t = dict(summary.select("pollutant", "value_per_year").rows())
    mean = 35e-6 * (t["PM_exhaust"] + t["PM2.5_non_exhaust"]) * 1e12 / (14.5 * 365.25) / 2e6
    deaths = 2e6 * 0.64 * 0.0115 * (1.0 - 1.08 ** (-mean / 10.0))
    base = health.filter(scenario="baseline")
    assert base.filter(part="primary", effect="deaths")["value"][0] == pytest.approx(deaths, rel=1e-9)
    added = base.filter(pl.col("part").is_in(["primary", "secondary", "damage"]), effect="value")["value"].sum()
    assert base.filter(part="total", effect="value")["value"][0] == pytest.approx(added, rel=1e-12)
    assert health.filter(scenario="electric", part="total", effect="deaths")["avoided"][0] > 0.0
    assert health.filter(scenario="baseline")["avoided"].abs().max() == 0.0


def test_benefits_are_held_against_the_costs_of_the_run(out: Path) -> None:
    gains = pl.read_csv(out / "benefits.csv")
    assert gains.columns == [c.column for c in columns("benefits")]
    row = gains.row(0, named=True)
    worth = pl.read_csv(out / "present_value.csv").filter(scenario="electric")
    of = dict(worth.select("line", "public").rows())
    assert row["costs"] == pytest.approx(of["total"] - of["carbon"], rel=1e-9)
    assert row["climate"] == pytest.approx(-of["carbon"], rel=1e-9)
    assert row["net_present_value"] == pytest.approx(row["health"] + row["climate"] - row["costs"], rel=1e-9)
    assert row["net_low"] < row["net_present_value"] < row["net_high"]
    assert row["health"] > 0.0


def test_what_power_plants_add_is_told(out: Path) -> None:
    power = pl.read_csv(out / "power_plants.csv")
    assert power.columns == [c.column for c in columns("power_plants")]
    summary = pl.read_csv(out / "summary.csv").filter(pollutant="electricity_kwh")
    mwh = dict(summary.select("scenario", "value_per_year").rows())
    row = power.filter(scenario="electric", pollutant="SO2").row(0, named=True)
    generated = (mwh["electric"] - mwh["baseline"]) / 0.952
    assert row["added_t_per_year"] == pytest.approx(generated * 1e3 * 0.083 / 1e6, rel=1e-9)


def test_receptors_and_acid_are_those_of_the_summary(out: Path) -> None:
    summary = pl.read_csv(out / "summary.csv")
    nox = dict(summary.filter(pollutant="NOx").select("scenario", "value_per_year").rows())
    row = pl.read_csv(out / "receptors.csv").filter(scenario="electric", pollutant="NOx").row(0, named=True)
    assert row["change"] == pytest.approx(1e-5 * (nox["electric"] - nox["baseline"]), rel=1e-9)
    assert row["change_low"] < 0.0 < row["change_high"]
    acid = pl.read_csv(out / "acid.csv").filter(scenario="electric", pollutant="NOx")
    assert acid["acid_keq_per_year"][0] == pytest.approx(nox["electric"] * 1e3 / 46.005, rel=1e-6)


def test_bands_of_receptors_hold_both_published_values(out: Path) -> None:
    table = pl.read_csv(out / "uncertainty.csv").filter(figure="receptor", scenario="baseline")
    t = pl.read_csv(out / "summary.csv").filter(pl.col("pollutant").is_in(["PM_exhaust", "PM2.5_non_exhaust"]))
    emitted = float(t.filter(scenario="baseline")["value_per_year"].sum())
    row = table.filter(item="island").row(0, named=True)
    assert row["low"] < 0.39 * emitted
    assert row["high"] > 0.61 * emitted
    assert table.filter(item="ozone")["low"][0] < 0.0


def test_costs_health_and_net_value_have_bands_that_hold_the_run(out: Path) -> None:
    table = pl.read_csv(out / "uncertainty.csv").filter(scenario="electric")
    costs = pl.read_csv(out / "costs.csv").filter(scenario="electric") if (out / "costs.csv").exists() else None
    health = pl.read_csv(out / "health.csv").filter(scenario="electric", part="total")
    benefits = pl.read_csv(out / "benefits.csv").filter(scenario="electric")
    deaths, value = (health.filter(effect=e).row(0, named=True) for e in ("deaths", "value"))
    for figure, item, run in (
        ("health", "deaths", deaths["value"]),
        ("health_avoided", "value", value["avoided"]),
        ("net_present_value", "", benefits["net_present_value"][0]),
        ("cost", "", costs["total_usd2024_per_year"].sum() if costs is not None else None),
    ):
        row = table.filter(pl.col("figure") == figure, pl.col("item").fill_null("") == item).row(0, named=True)
        assert run is None or row["value"] == pytest.approx(run, rel=1e-9)
        assert row["low"] < row["value"] < row["high"]
    assert "How sure costs and effects are" in (out / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("section", "word"),
    [
        ('routes = { "PM2.5" = "concentration" }\npopulation = 1000', "impacts.pollutants"),
        ('routes = { "PM2.5" = "intake_fraction" }', "impacts.health.population"),
        ('routes = { "PM2.5" = "intake_fraction", BC = "intake_fraction" }', "twice"),
    ],
)
def test_health_that_cannot_be_reckoned_is_refused(tmp_path: Path, section: str, word: str) -> None:
    result = call(tmp_path, f"[impacts.health]\n{section}\n", "run", "out")
    assert result.exit_code == 1
    assert word in result.output
    assert not (tmp_path / "out").exists()


def test_what_leaves_the_city_and_what_a_kilometre_and_a_million_emit(out: Path) -> None:
    nox = pl.read_csv(out / "summary.csv").filter(scenario="baseline", pollutant="NOx")["value_per_year"][0]
    gone = pl.read_csv(out / "exported.csv").filter(scenario="baseline")
    assert gone.columns == [c.column for c in columns("exported")]
    assert gone.filter(pollutant="NOx")["exported_t_per_year"][0] == pytest.approx(0.4 * nox, rel=1e-9)
    assert gone.filter(pollutant="SO2")["given"][0] == "no"
    table = pl.read_csv(out / "carbon_intensity.csv")
    assert table.columns == [c.column for c in columns("carbon_intensity")]
    year = pl.read_csv(out / "by_year.csv").filter(scenario="electric", year=2032, pollutant="CO2").row(0, named=True)
    row = table.filter(scenario="electric", year=2032).row(0, named=True)
    assert row["vehicle_km_per_year"] == pytest.approx(year["vkt_km_per_day"] * 365.25, rel=1e-9)
    assert row["t_per_million_gdp"] == pytest.approx(row["co2e_t_per_year"] / (5000.0 + 4000.0 * 8 / 12), rel=1e-9)
