"""Measures head to head through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from tests.cli.plain_columns import plain_columns

TABLES = ("head_to_head", "cost_effectiveness", "abatement_curve", "break_even", "grants", "well_to_wheel")
SCENARIOS = """
[[scenario]]
name = "compared"
title = "Compared"

[[scenario.measure]]
measure = "dpf_passive"
streams = ["urban_bus"]

[[scenario.measure]]
measure = "rd99"
streams = ["rigid_truck"]

[[scenario]]
name = "electric"
title = "Electric"

[[scenario.measure]]
measure = "bev_bus"
streams = ["urban_bus"]
"""


def plan(repository: Path, folder: Path, more: str = "") -> Path:
    text = (repository / "inputs" / "coquimbo" / "plan.toml").read_text(encoding="utf-8")
    for name in ("registry.csv", "assumptions.csv"):
        (folder / name).write_bytes((repository / "inputs" / "coquimbo" / name).read_bytes())
    path = folder / "plan.toml"
    path.write_text(text[: text.index("[[scenario]]")] + SCENARIOS + more, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def out(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("comparison")
    done = CliRunner().invoke(main, ["run", str(plan(repository, folder)), "--out", str(folder / "out")])
    assert done.exit_code == 0, done.output
    return folder / "out"


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_in_the_run_as_the_dictionary_says(out: Path, table: str) -> None:
    frame = pl.read_csv(out / f"{table}.csv")
    assert frame.height > 0
    assert frame.columns == plain_columns(table)
    assert f"{table}.csv" in json.loads((out / "manifest.json").read_text(encoding="utf-8"))["files"]


def test_retrofit_fuel_and_electric_stand_side_by_side_on_the_same_buses(out: Path) -> None:
    buses = pl.read_csv(out / "head_to_head.csv").filter(pl.col("stream") == "urban_bus")
    assert set(buses["option"]) == {"dpf_passive", "rd99", "dpf_passive + rd99", "bev_bus"}
    parts = pl.sum_horizontal("capex_usd2024_per_year", "upkeep_usd2024_per_year", "energy_usd2024_per_year")
    assert buses.select((parts - pl.col("cost_usd2024_per_year")).abs().max()).item() < 1e-6
    net = (
        pl.col("damage_avoided_usd2024_per_year")
        + pl.col("carbon_value_usd2024_per_year")
        - pl.col("cost_usd2024_per_year")
    )
    assert buses.select((net - pl.col("net_benefit_usd2024_per_year")).abs().max()).item() < 1e-6


def test_options_avoid_what_the_scenarios_avoid(out: Path) -> None:
    """All urban buses electric: the option and the scenario, by vehicles and by links, cut the same."""
    summary = pl.read_csv(out / "summary.csv").filter(scenario="electric", pollutant="NOx").row(0, named=True)
    option = pl.read_csv(out / "cost_effectiveness.csv").filter(stream="urban_bus", option="bev_bus", pollutant="NOx")
    cut = summary["baseline_per_year"] - summary["value_per_year"]
    assert option["avoided_in_city_t_per_year"][0] == pytest.approx(cut, rel=1e-9)
    wheel = pl.read_csv(out / "well_to_wheel.csv").filter(scenario="electric").row(0, named=True)
    assert wheel["electricity_t_per_year"] > 0.0
    assert wheel["well_to_wheel_t_per_year"] == pytest.approx(
        sum(wheel[k] for k in ("tank_to_wheel_t_per_year", "electricity_t_per_year", "well_to_tank_t_per_year"))
    )


def test_costs_are_those_of_the_scenario(out: Path) -> None:
    data = json.loads((out / "report_data.json").read_text(encoding="utf-8"))
    costs = next(c for c in data["costs"] if c["measure_id"] == "bev_bus")
    option = next(o for o in data["comparison"]["options"] if (o["stream"], o["option"]) == ("urban_bus", "bev_bus"))
    assert option["cost_usd2024_per_year"] == pytest.approx(costs["total_usd2024_per_year"], rel=1e-9)


def test_curves_rise_and_count_nothing_twice(out: Path) -> None:
    curve = pl.read_csv(out / "abatement_curve.csv")
    totals = pl.read_csv(out / "cost_effectiveness.csv")
    for pollutant in ("NOx", "PM2.5"):
        own = curve.filter(pollutant=pollutant)
        assert own["usd_per_unit"].is_sorted()
        best = (
            totals.filter(pl.col("pollutant") == pollutant)
            .group_by("stream")
            .agg(pl.col("avoided_in_city_t_per_year").filter(pl.col("avoided_in_city_t_per_year") > 0.0).sum())
        )
        assert 0.0 < own["avoided_per_year"].sum() <= best["avoided_in_city_t_per_year"].sum() * (1.0 + 1e-9)


def test_steps_have_the_damage_that_they_avoid(out: Path) -> None:
    curve = pl.read_csv(out / "abatement_curve.csv")
    worth = "damage_avoided_usd2024_per_year"
    own = curve.filter(pollutant="damage")
    assert own.height > 0
    assert own[worth].to_list() == pytest.approx(own["avoided_per_year"].to_list())
    # a first step of the same vehicles to the same option has the same damage on the curve of greenhouse gases
    group = ["stream", "category", "fuel", "segment", "standard", "aftertreatment", "option"]
    first = pl.col("from_option").fill_null("") == ""
    ghg = curve.filter(pl.col("pollutant") == "GHG", first)
    both = ghg.join(own.filter(first), on=group, nulls_equal=True)
    assert both.height > 0
    assert both[worth].to_list() == pytest.approx(both["avoided_per_year_right"].to_list())


def test_break_evens_are_printed_and_every_verdict_is_one_of_four(out: Path) -> None:
    table = pl.read_csv(out / "break_even.csv")
    assert set(table["variable"]) == {"carbon_usd_per_t", "grid_kg_per_kwh", "km_per_year"}
    assert set(table["verdict"]) <= {"always", "never", "above", "below"}
    assert table.filter(pl.col("verdict").is_in(["above", "below"]) & pl.col("border").is_null()).is_empty()
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'id="break-even"' in page
    assert 'id="head-to-head"' in page


def test_a_measure_that_cannot_be_compared_is_named(repository: Path, tmp_path: Path) -> None:
    path = plan(repository, tmp_path, '\n[comparison]\nmeasures = ["dpf_pasive"]\n')
    done = CliRunner().invoke(main, ["run", str(path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "comparison.measures" in done.output
    assert "dpf_passive" in done.output
    assert not (tmp_path / "out").exists()
