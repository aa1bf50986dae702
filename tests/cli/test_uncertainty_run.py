"""Draws from the command line: bands in the tables and the report, the same again for the same seed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest
from click.testing import CliRunner
from small_run import write_inputs

from fleet_planner.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


def run(plan: Path, out: Path, *more: str) -> Path:
    done = CliRunner().invoke(main, ["run", str(plan), "--out", str(out), *more])
    assert done.exit_code == 0, done.output
    return out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("drawn_run")
    return run(write_inputs(base), base / "run", "--draws", "100")


def test_bands_hold_the_run(folder: Path) -> None:
    table = pl.read_csv(folder / "uncertainty.csv")
    summary = pl.read_csv(folder / "summary.csv")
    emitted = table.filter(pl.col("figure") == "emission").join(summary, on=["scenario", "pollutant"])
    assert emitted.height == summary.height
    assert (emitted["value"] - emitted["value_per_year"]).abs().max() < 1e-9 * emitted["value"].max()
    some = emitted.filter(pl.col("value") > 0.0)
    assert some.filter((pl.col("low") < pl.col("value")) & (pl.col("value") < pl.col("high"))).height == some.height
    assert (table["draws"] == 100).all()


def test_a_difference_is_surer_than_the_totals(folder: Path) -> None:
    table = pl.read_csv(folder / "uncertainty.csv").filter(pollutant="NOx", scenario="electric_buses")
    change = table.filter(figure="change_pct").row(0, named=True)
    total = table.filter(figure="emission").row(0, named=True)
    assert change["high"] - change["low"] < 100.0 * (total["high"] - total["low"]) / total["value"]
    assert change["high"] < 0.0


def test_the_report_and_the_manifest_tell_it(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "How sure the figures are" in page
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert "uncertainty.drawn" in {f["code"] for f in manifest["findings"]}


def test_the_same_seed_on_one_thread(folder: Path, tmp_path: Path) -> None:
    again = run(write_inputs(tmp_path), tmp_path / "again", "--draws", "100", "--threads", "1", "--language", "zh")
    assert (again / "uncertainty.csv").read_bytes() == (folder / "uncertainty.csv").read_bytes()
    assert "结果的不确定性" in (again / "report.html").read_text(encoding="utf-8")


def test_a_wrong_input_is_refused(tmp_path: Path) -> None:
    plan = write_inputs(tmp_path)
    text = (
        plan.read_text(encoding="utf-8")
        + '[uncertainty]\ndraws = 9\n[uncertainty.inputs."wether"]\nlow = 0.5\nhigh = 2.0\n'
    )
    plan.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["run", str(plan), "--out", str(tmp_path / "x")])
    assert done.exit_code == 1
    assert "no such input" in done.output
    assert not (tmp_path / "x").exists()
