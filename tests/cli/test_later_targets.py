"""Measures by year and targets, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.tables import columns
from tests.cli.test_later_years import TURNOVER, call

OF_DRAWS = {"met_probability", "low_per_year", "high_per_year"}
"""Columns of plans with draws alone."""

PHASED = """
[[scenario]]
name = "filters"
title = "Filters"
title_zh = "颗粒捕集器"
[[scenario.measure]]
measure = "dpf_passive"
streams = ["rigid_truck"]
uptake_by_year = { 2026 = 0.2, 2030 = 0.8 }
max_per_year = 150
[[scenario]]
name = "scrap"
title = "Old trucks go early"
[scenario.turnover]
early_scrappage = [{ standards = ["euro_III", "euro_IV"], from_year = 2026, to_year = 2028, share_per_year = 0.5 }]
[[target]]
name = "nox"
title = "NOx -30 %"
title_zh = "氮氧化物削减30%"
pollutant = "NOx"
cut_pct = 30.0
year = 2035
base_year = 2024
interim = { 2030 = 10.0 }
[[target]]
name = "pm"
use = "diesel_pm_85"
base_year = 2020
base_per_year = 1000.0
year = 2036
[[target]]
name = "peak"
use = "co2_peak_2030"
"""


def test_measures_come_by_year_and_every_target_is_met_or_missed(tmp_path: Path) -> None:
    result = call(tmp_path, TURNOVER + PHASED, "run", "out")
    assert result.exit_code == 0, result.output
    out = tmp_path / "out"
    reached = pl.read_csv(out / "measures_by_year.csv")
    assert reached.columns == [c.column for c in columns("measures_by_year")]
    filters = reached.filter(scenario="filters").sort("year")
    assert filters["year"].to_list() == list(range(2025, 2037))
    assert filters["vehicles"][0] == 0.0
    assert filters["new_vehicles"].max() == pytest.approx(150.0)  # what can be had a year
    assert (filters["vehicles"] <= filters["wanted"] + 1e-9).all()

    table = pl.read_csv(out / "by_year.csv")
    at = {(s, y): v for s, y, v in table.filter(pollutant="NOx").select("scenario", "year", "value_per_year").rows()}
    assert {y for _, y in at} == {2024, 2028, 2029, 2030, 2032, 2035, 2036}  # the plan's years and the targets'
    assert at["scrap", 2028] < at["baseline", 2028]
    pm = table.filter(pollutant="PM_exhaust", year=2030)
    pm_of = dict(pm.select("scenario", "value_per_year").rows())
    assert pm_of["filters"] < pm_of["baseline"]

    targets = pl.read_csv(out / "targets.csv")
    assert targets.columns == [c.column for c in columns("targets") if c.column not in OF_DRAWS]
    assert targets.height == 3 * (2 + 1 + 1)  # scenarios x (cut and its interim, cut, peak)
    for row in targets.filter(target="nox").iter_rows(named=True):
        assert row["allowed_per_year"] == pytest.approx(at["baseline", 2024] * (0.9 if row["year"] == 2030 else 0.7))
        assert row["value_per_year"] == pytest.approx(at[row["scenario"], row["year"]])
        assert row["gap_per_year"] == pytest.approx(row["value_per_year"] - row["allowed_per_year"])
        assert row["verdict"] == ("met" if row["gap_per_year"] <= 0.0 else "missed")
    of_pm = targets.filter(target="pm")
    assert of_pm["allowed_per_year"].to_list() == pytest.approx([150.0] * 3)
    assert set(of_pm["checked"]) == {"no"}
    binding = targets.filter(binding="yes")
    assert binding["scenario"].to_list() == ["baseline", "filters", "scrap"]

    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'id="targets"' in page
    assert "NOx -30 %" in page
    assert "were quoted and not checked" in page
    assert "reaches fewer vehicles than the plan wants" in page
    assert "Greenhouse" not in page[page.index('id="targets"') : page.index("</section>", page.index('id="targets"'))]
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert {"targets.csv", "measures_by_year.csv"} <= set(told["files"])
    assert any(s["item"] == "packaged targets" for s in told["sources"])
    again = CliRunner().invoke(main, ["report", str(out), "--language", "zh"])
    assert again.exit_code == 0, again.output
    chinese = (out / "report.zh.html").read_text(encoding="utf-8")
    assert "氮氧化物削减30%" in chinese
    assert "2030年前达峰" in chinese


def test_without_a_turnover_targets_are_judged_in_the_plans_year(tmp_path: Path) -> None:
    target = '[[target]]\nname = "t"\npollutant = "NOx"\ncut_pct = 50.0\nyear = 2024\nbase_year = 2020\nbase_per_year = 1e6\n'
    assert call(tmp_path, target, "run", "out").exit_code == 0
    row = pl.read_csv(tmp_path / "out" / "targets.csv").row(0, named=True)
    total = pl.read_csv(tmp_path / "out" / "summary.csv").filter(pollutant="NOx")["value_per_year"][0]
    assert row["value_per_year"] == pytest.approx(total)
    assert row["verdict"] == "met"
    assert not (tmp_path / "out" / "measures_by_year.csv").exists()


TARGET = '[[target]]\nname = "t"\n'
SCENARIO = '[[scenario]]\nname = "s"\ntitle = "S"\n'


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (TARGET + 'use = "nox_5"\nbase_year = 2024\n', "{plan}, column target.use: unknown packaged target"),
        (TARGET + 'pollutant = "NOX"\ncut_pct = 5.0\nyear = 2030\nbase_year = 2024\n', "names an unknown pollutant"),
        (TARGET + 'pollutant = "NOx"\ncut_pct = 5.0\nyear = 2050\nbase_year = 2024\n', "this plan computes 2024 to 2036"),
        (TARGET + 'pollutant = "NOx"\ncut_pct = 5.0\nyear = 2030\n', "does not say which year the cut is against"),
        (TARGET + 'pollutant = "NOx"\ncut_pct = 5.0\n', "a target needs cut_pct and year, or peak_before"),
        (TARGET + 'use = "nox_50"\nbase_year = 2024\nyear = 2036\nstreams = ["tram"]\n', "unknown word under streams"),
        (TARGET + 'use = "nox_50"\nbase_year = 2015\nyear = 2036\n', "against 2015, which this run does not compute"),
        (SCENARIO + "[scenario.turnover]\nto_year = 2030\n", "years are those of the plan's [turnover]"),
        (SCENARIO + '[[scenario.measure]]\nmeasure = "dpf_passive"\nuptake_by_year = { 2026 = 1.2 }\n', "less than or equal to 1"),
        (SCENARIO + '[[scenario.measure]]\nmeasure = "dpf_passive"\nuptake_by_year = { soon = 0.2 }\n', "needs years as keys"),
        (SCENARIO + '[[scenario.measure]]\nmeasure = "dpf_passive"\nmax_per_year = 0\n', "greater than 0"),
    ],
)  # fmt: skip
def test_a_wrong_target_or_path_gives_one_message(tmp_path: Path, more: str, found: str) -> None:
    result = call(tmp_path, TURNOVER + more, "run", "out")
    assert result.exit_code == 1
    assert found.format(plan=tmp_path / "plan.toml") in result.output
    assert len([line for line in result.output.splitlines() if line.startswith("Error")]) == 1
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_measures_by_year_need_a_last_year(tmp_path: Path) -> None:
    scenario = SCENARIO + '[[scenario.measure]]\nmeasure = "dpf_passive"\nuptake_by_year = { 2026 = 0.2 }\n'
    result = call(tmp_path, scenario, "run", "out")
    assert result.exit_code == 1
    assert "scenario s has measures by year: set turnover.to_year" in result.output
