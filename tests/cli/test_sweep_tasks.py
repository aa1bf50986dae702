"""`fleet-planner sweep SWEEP.toml`: each task as a run has it, failures told, the rest kept, going on where it stopped."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from fleet_planner.outputs.reserve import locked
from tests.cli.altered import not_found
from tests.cli.swept_towns import call, write_towns


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("towns 城市")
    done = call("sweep", write_towns(folder), "--out", folder / "out")
    assert done.exit_code == 0, done.output
    assert "4 of 4 tasks are done." in done.output
    return folder


def test_a_task_is_as_the_run_of_its_plan_has_it(swept: Path) -> None:
    results = pl.read_csv(swept / "out" / "sweep_results.csv")
    assert results["task"].n_unique() == 4
    assert call("run", swept / "b" / "plan.toml", "--out", swept / "run").exit_code == 0
    whole = pl.read_csv(swept / "run" / "summary.csv").filter(scenario="mixed")
    mine = results.filter((pl.col("plan") == "b") & pl.col("altered").str.ends_with("0.5"))
    assert mine["value_per_year"].to_list() == whole["value_per_year"].to_list()
    assert mine["base_per_year"].to_list() == whole["baseline_per_year"].to_list()
    other = results.filter((pl.col("plan") == "b") & pl.col("altered").str.ends_with("0.2"))
    soot = pl.col("pollutant") == "PM_exhaust"
    assert other.filter(soot)["value_per_year"][0] > mine.filter(soot)["value_per_year"][0]


def test_the_manifest_holds(swept: Path) -> None:
    told = json.loads((swept / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert told["tasks"] == {"done": 4, "failed": 0}
    assert "4 of 4 tasks are done" not in (swept / "out" / "sweep.zh.html").read_text(encoding="utf-8")
    assert "4 of 4 tasks are done" in (swept / "out" / "sweep.html").read_text(encoding="utf-8")
    assert {f["role"] for f in told["inputs"]} == {"sweep", "plan", "input"}
    checked = call("verify", swept / "out")
    assert checked.exit_code == 0, checked.output
    with (swept / "a" / "r.csv").open("a", encoding="utf-8") as registry:
        registry.write("\n")
    assert "has changed since" in call("verify", swept / "out").output
    text = (swept / "a" / "r.csv").read_text(encoding="utf-8")
    (swept / "a" / "r.csv").write_text(text[:-1], encoding="utf-8")


def test_altered_figures_are_found(swept: Path, tmp_path: Path) -> None:
    places = ("value_per_year", "base_per_year", "change_pct", "cost_usd2024_per_year")
    assert not_found(swept / "out", tmp_path, {"sweep_results.csv": places}) == []


def test_done_tasks_are_kept_and_wrong_ones_are_told_and_mended(tmp_path: Path) -> None:
    sweep = write_towns(tmp_path, "[0.2]")
    (tmp_path / "b" / "r.csv").rename(tmp_path / "away.csv")
    wide = sweep.read_text(encoding="utf-8").replace('"b/plan.toml"', '"b/plan.toml"\nname = "<b>&co"')
    sweep.write_text(wide, encoding="utf-8")
    first = call("sweep", sweep, "--out", tmp_path / "out")
    assert first.exit_code == 1
    assert "1 of 2 tasks are done." in first.output
    assert "1 of 2 tasks: a-mixed-" in first.output
    assert re.search(r"2 of 2 tasks, 1 failed: b_co-mixed-\w+ failed: .*r\.csv.*, 2 tries\)", first.output)
    tasks = pl.read_csv(tmp_path / "out" / "sweep_tasks.csv")
    assert tasks["state"].to_list() == ["done", "failed"]
    page = (tmp_path / "out" / "sweep.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;&amp;co" in page
    assert "<b>" not in page
    assert tasks["tries"].to_list() == [1, 2]  # retries = 1
    assert "r.csv" in tasks["error"][1]
    assert pl.read_csv(tmp_path / "out" / "sweep_results.csv")["plan"].unique().to_list() == ["a"]
    (tmp_path / "away.csv").rename(tmp_path / "b" / "r.csv")
    again = call("sweep", sweep, "--out", tmp_path / "out")
    assert again.exit_code == 0, again.output
    assert "2 of 2 tasks are done, 1 of them before." in again.output
    assert pl.read_csv(tmp_path / "out" / "sweep_tasks.csv")["seconds"][0] == tasks["seconds"][0]


def test_a_changed_input_makes_its_tasks_anew_and_a_longer_list_only_what_is_new(swept: Path, tmp_path: Path) -> None:
    sweep = write_towns(tmp_path, "[0.2]")
    assert call("sweep", sweep, "--out", tmp_path / "out").exit_code == 0
    before = pl.read_csv(tmp_path / "out" / "sweep_results.csv")
    registry = tmp_path / "a" / "r.csv"
    registry.write_text(registry.read_text(encoding="utf-8").replace("40000", "44000"), encoding="utf-8")
    sweep.write_text(sweep.read_text(encoding="utf-8").replace("[0.2]", "[0.2, 0.5]"), encoding="utf-8")
    again = call("sweep", sweep, "--out", tmp_path / "out")
    assert "4 of 4 tasks are done, 1 of them before." in again.output
    after = pl.read_csv(tmp_path / "out" / "sweep_results.csv")
    assert after.filter(plan="b").equals(pl.read_csv(swept / "out" / "sweep_results.csv").filter(plan="b"))
    both = before.join(after, on=["task", "pollutant"]).filter(pl.col("pollutant") == "NOx")
    changed = {row["plan"]: row["value_per_year_right"] / row["value_per_year"] for row in both.to_dicts()}
    assert changed["a"] > 1.01
    assert changed["b"] == 1.0


def test_run_directories_where_asked(tmp_path: Path) -> None:
    sweep = write_towns(tmp_path, "[0.5]", ("a",))
    text = sweep.read_text(encoding="utf-8").replace('[[plan]]\nfile = "b/plan.toml"\n', "")
    sweep.write_text(text.replace("retries = 1", 'directories = true\nlanguage = "zh"'), encoding="utf-8")
    done = call("sweep", sweep, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    results = pl.read_csv(tmp_path / "out" / "sweep_results.csv")
    run = tmp_path / "out" / "runs" / results["task"][0]
    whole = pl.read_csv(run / "summary.csv").filter(scenario="mixed")
    assert results["value_per_year"].to_list() == whole["value_per_year"].to_list()
    assert 'lang="zh' in (run / "report.html").read_text(encoding="utf-8")
    assert call("verify", run).exit_code == 0
    (tmp_path / "a" / "r.csv").unlink()
    assert call("sweep", sweep, "--out", tmp_path / "out").exit_code == 1
    assert not run.exists()  # what lay there was of inputs that are gone
    assert call("verify", tmp_path / "out").exit_code == 0


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("dpf_passive.uptake", "dpf_pasive.uptake", ["'dpf_pasive'", "dpf_passive"]),
        ("[0.2, 0.5]", "[0.2, 1.5]", ["uptake", "1.5"]),
        ("[0.2, 0.5]", "[]", ["alter"]),
        ("[0.2, 0.5]", "[0.2, 0.2]", ["two tasks are the same"]),
        ('["mixed"]', '["mixd"]', ["no such scenario", "mixed"]),
        ("retries", "retry", ["did you mean 'retries'"]),
        ("retries = 1", "years = [2020]", ["before the base year", "2020"]),
        ("[alter]", 'years = [2024]\n[alter]\n"city.year" = [2024, 2026]', ["the base year of b, 2026", "2024"]),
        ("b/plan.toml", "c/plan.toml", ["there is no such plan file", "c/plan.toml"]),
        ("[0.2, 0.5]", str(list(range(60000))), ["120,000 tasks"]),
    ],
)
def test_wrong_sweeps_are_refused(tmp_path: Path, old: str, new: str, parts: list[str]) -> None:
    sweep = write_towns(tmp_path)
    sweep.write_text(sweep.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    done = call("sweep", sweep, "--out", tmp_path / "out")
    assert done.exit_code == 1, done.output
    for part in parts:
        assert part in done.output
    assert not (tmp_path / "out").exists()


def test_other_folders_and_options_are_refused(swept: Path, tmp_path: Path) -> None:
    sweep = write_towns(tmp_path)
    for out, told in ((swept / "out", "holds the sweep of"), (swept / "a", "not empty")):
        done = call("sweep", sweep, "--out", out)
        assert done.exit_code == 1
        assert told in done.output
    wrong = (
        [sweep, "--levels", "0,1"],
        [sweep, "--cluster", "tcp://127.0.0.1:1", "--workers", 2],
        [sweep, "--tls-ca", "ca.pem"],
        [tmp_path / "a" / "plan.toml", "--workers", 2],
    )
    for arguments in wrong:
        assert call("sweep", *arguments, "--out", tmp_path / "out").exit_code == 2


def test_a_folder_in_use_is_refused(swept: Path) -> None:
    with locked((swept / "out").resolve()):
        done = call("sweep", swept / "sweep.toml", "--out", swept / "out")
    assert done.exit_code == 1
    assert "another command is writing into this folder" in done.output


def test_draws_are_those_of_the_run(tmp_path: Path) -> None:
    sweep = write_towns(tmp_path, "[0.5]", ("a",))
    text = sweep.read_text(encoding="utf-8").replace('[[plan]]\nfile = "b/plan.toml"\n', "")
    seeds = '"uncertainty.seed" = [1, 7]\n'
    sweep.write_text(text.replace("retries = 1", "draws = 32") + seeds, encoding="utf-8")
    done = call("sweep", sweep, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    results = pl.read_csv(tmp_path / "out" / "sweep_results.csv")
    assert call("run", tmp_path / "a" / "plan.toml", "--draws", 32, "--out", tmp_path / "run").exit_code == 0
    whole = pl.read_csv(tmp_path / "run" / "summary.csv").filter(scenario="mixed")
    first, other = (results.filter(pl.col("altered").str.ends_with(f"= {seed}")) for seed in (1, 7))
    for column in ("low_per_year", "high_per_year", "change_low_pct", "change_high_pct"):
        assert first[column].to_list() == whole[column].to_list()
    assert first["value_per_year"].to_list() == other["value_per_year"].to_list()
    assert first["low_per_year"].to_list() != other["low_per_year"].to_list()
