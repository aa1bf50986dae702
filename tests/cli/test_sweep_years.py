"""Years of a sweep as tasks of their own: the same figures, bands and chances as all years of a scenario in one task."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from fleet_planner.outputs.sweeping.page import told_keys
from tests.cli.altered import not_found
from tests.cli.swept_towns import LATER, call, write_towns

TARGETS = """
[[target]]
name = "soot"
title_zh = "碳烟减半"
pollutant = "PM_exhaust"
cut_pct = 50.0
base_year = 2024
year = 2028
interim = { 2026 = 20.0 }
[[target]]
name = "peak"
pollutant = "CO2_total"
peak_before = 2027
"""
ASKED = 'scenarios = ["baseline", "slower"]\nyears = [2030, 2024, 2026]\ndraws = 16\n'


def write_sweep(folder: Path, asked: str) -> Path:
    """Write a town with later years and targets, and a sweep of it."""
    file = write_towns(folder, "[0.5]", ("a",))
    plan = folder / "a" / "plan.toml"
    plan.write_text(plan.read_text(encoding="utf-8") + LATER + TARGETS, encoding="utf-8")
    file.write_text(f'[sweep]\n{asked}[[plan]]\nfile = "a/plan.toml"\n', encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("years")
    for name, more in (("whole", ""), ("apart", "years_apart = true\n")):
        done = call("sweep", write_sweep(folder / name, ASKED + more), "--out", folder / name / "out")
        assert done.exit_code == 0, done.output
    return folder


@pytest.mark.parametrize("table", ["sweep_results", "sweep_targets"])
def test_years_apart_have_the_figures_of_years_together(swept: Path, table: str) -> None:
    whole, apart = (pl.read_csv(swept / name / "out" / f"{table}.csv").drop("task") for name in ("whole", "apart"))
    assert whole.height > 0
    assert whole["low_per_year"].null_count() == 0
    assert apart.write_csv() == whole.write_csv()


def test_a_task_says_its_year(swept: Path) -> None:
    tasks = pl.read_csv(swept / "apart" / "out" / "sweep_tasks.csv")
    assert tasks["years"].to_list() == [2024, 2026, 2030] * 2
    assert [key.split("-")[2] for key in tasks["task"]] == ["2024", "2026", "2030"] * 2
    together = pl.read_csv(swept / "whole" / "out" / "sweep_tasks.csv")
    assert together["years"].to_list() == ["2030; 2024; 2026"] * 2


def test_targets_are_judged_as_the_run_judges_them(swept: Path, tmp_path: Path) -> None:
    """The run has other scenarios beside, so that its draws are others; verdicts are not."""
    plan = swept / "whole" / "a" / "plan.toml"
    text = plan.read_text(encoding="utf-8").replace("to_year = 2030", "to_year = 2030\nyears = [2026, 2030]")
    (tmp_path / "a").mkdir()
    for name in ("r.csv", "n.osm"):
        (tmp_path / "a" / name).write_bytes((plan.parent / name).read_bytes())
    (tmp_path / "a" / "plan.toml").write_text(text, encoding="utf-8")
    done = call("run", tmp_path / "a" / "plan.toml", "--scenario", "slower", "--draws", 16, "--out", tmp_path / "run")
    assert done.exit_code == 0, done.output
    of_run = pl.read_csv(tmp_path / "run" / "targets.csv").filter(scenario="slower")
    mine = pl.read_csv(swept / "apart" / "out" / "sweep_targets.csv").filter(scenario="slower")
    assert mine["target"].to_list() == ["soot", "soot", "peak"]
    for column in ("kind", "year", "value_per_year", "verdict", "met_probability", "low_per_year", "high_per_year"):
        assert mine[column].to_list() == of_run[column].to_list(), column


def test_the_page_tells_chances_in_both_languages_and_altered_ones_are_found(swept: Path, tmp_path: Path) -> None:
    out = swept / "apart" / "out"
    table = pl.read_csv(out / "sweep_targets.csv")
    chance = f"{100.0 * table['met_probability'][0]:.0f} %"
    for name, words in (("sweep.html", ("Probability", "soot", "missed")), ("sweep.zh.html", ("达标概率", "碳烟减半"))):
        page = (out / name).read_text(encoding="utf-8")
        for word in (*words, chance):
            assert word in page, (name, word)
    assert call("verify", out).exit_code == 0
    places = ("value_per_year", "met_probability", "low_per_year")
    assert not_found(out, tmp_path, {"sweep_targets.csv": places}) == []


def test_the_page_names_the_keys_that_tell_tasks_apart() -> None:
    rows = [(task, key, value) for task, value in (("a", "1"), ("b", "2")) for key in ("x.same", "x.other")]
    rows = [(task, key, "0" if key == "x.same" else value) for task, key, value in rows]
    altered = pl.DataFrame([*rows, ("b", "x.alone", "9")], schema=["task", "key", "value"], orient="row")
    told, shared = told_keys(altered, pl.Series(["a", "b", "c"]))
    assert shared == ""  # a third task leaves the key as it is
    told, shared = told_keys(altered, pl.Series(["b", "a"]))
    assert shared == "x.same = 0"
    assert told.rows() == [("b", "x.other = 2; x.alone = 9"), ("a", "x.other = 1")]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("years_apart = true\n", "none are named"),
        ("years_apart = true\nyears = [2026]\ndirectories = true\n", "a run directory has all years"),
    ],
)
def test_years_that_cannot_be_apart_are_refused(tmp_path: Path, asked: str, told: str) -> None:
    done = call("sweep", write_sweep(tmp_path, asked), "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert told in done.output
    assert not (tmp_path / "out").exists()
