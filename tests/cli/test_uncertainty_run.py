"""Draws from the command line: bands in the tables and the report, the same again for the same seed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest
from click.testing import CliRunner
from small_run import write_inputs

from fleet_planner.cli.main import main
from fleet_planner.outputs.numbers import percent, significant
from fleet_planner.outputs.report.drawn_words import Ends, banded, ended, fall
from fleet_planner.outputs.report.report import read_report_data, report_html
from fleet_planner.outputs.report.report_units import Chosen, in_units
from fleet_planner.outputs.report.uncertainty_parts import uncertainty_part
from fleet_planner.tables.load import report_words

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


def test_a_scenario_without_measures_is_drawn_like_the_baseline(tmp_path: Path) -> None:
    plan = write_inputs(tmp_path)
    kept = plan.read_text(encoding="utf-8").partition("[[scenario.measure]]")[0]
    plan.write_text(kept + "[uncertainty]\ndrivers = false\n", encoding="utf-8")
    out = run(plan, tmp_path / "run", "--draws", "4")
    change = pl.read_csv(out / "summary.csv").filter(scenario="electric_buses", pollutant="NOx").row(0, named=True)
    assert change["low_per_year"] < change["value_per_year"] < change["high_per_year"]
    assert change["change_low_pct"] == pytest.approx(0.0, abs=1e-9) == change["change_high_pct"]
    worth = pl.read_csv(out / "present_value.csv", infer_schema_length=None)
    assert worth.select(pl.max_horizontal(pl.col("private_low", "private_high").abs()).max()).item() < 1e-6


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
    assert "Electric buses: Exhaust particles" in page
    assert "of a mix portfolio_bands.csv tells" in page
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert "uncertainty.drawn" in {f["code"] for f in manifest["findings"]}


def test_findings_and_summary_state_their_bands(folder: Path) -> None:
    data = read_report_data(folder)
    row = pl.read_csv(folder / "uncertainty.csv").filter(scenario="electric_buses", pollutant="NOx")
    change = row.filter(figure="change_pct").row(0, named=True)
    least, most = (percent(change[k]).lstrip("−") for k in ("high", "low"))
    total = row.filter(figure="emission").row(0, named=True)
    ends = [significant(total[k]) for k in ("low", "high")]
    for language, band, line in (
        ("en", f"(95 % of draws: {least} to {most})", f"({ends[0]} to {ends[1]})"),
        ("zh", f"（95%的抽样：{least}至{most}）", f"（{ends[0]}至{ends[1]}）"),
    ):
        page = report_html(data, language)  # type: ignore[arg-type]
        lead = page[page.index('<section id="lead">') : page.index('<section id="public">')]
        assert band in lead
        assert ("That is {} {}" if language == "en" else "相当于基准情景的{}{}").format(
            percent(change["value"]).lstrip("−"), band
        ).replace(" （", "（") in lead
        assert line in lead
        summary = page[page.index('<section id="summary">') : page.index('<section id="map-section">')]
        assert f"{ends[0]}–{ends[1]}" in summary
        assert f"{percent(change['low'])} … {percent(change['high'])}" in summary


def test_a_cost_per_tonne_has_a_band(folder: Path) -> None:
    options = pl.read_csv(folder / "cost_effectiveness.csv").filter(pl.col("usd2024_per_t").is_not_null())
    told = options.filter(pl.col("usd2024_per_t_low").is_not_null() & pl.col("usd2024_per_t_high").is_not_null())
    assert told.height
    assert (told["usd2024_per_t_low"] < told["usd2024_per_t"]).all()
    assert (told["usd2024_per_t"] < told["usd2024_per_t_high"]).all()
    table = pl.read_csv(folder / "uncertainty.csv", infer_schema_length=None)
    known = {(r["figure"], r["scenario"], r["pollutant"]): r for r in table.iter_rows(named=True)}
    row = known["cost_per_t", "electric_buses", "NOx"]
    cut = known["emission", "baseline", "NOx"]["value"] - known["emission", "electric_buses", "NOx"]["value"]
    cost = table.filter((pl.col("figure") == "cost") & (pl.col("item").fill_null("") == "")).filter(
        scenario="electric_buses"
    )
    assert row["value"] == pytest.approx(cost["value"][0] / cut)
    band = f"({significant(row['low'] / 1e3)}…{significant(row['high'] / 1e3)})"
    assert f"{significant(row['value'] / 1e3)} {band}" in (folder / "report.html").read_text(encoding="utf-8")


def test_money_has_drivers_too(folder: Path) -> None:
    """What a measure costs moves with costs and prices; emissions do not."""
    table = pl.read_csv(folder / "uncertainty_drivers.csv", infer_schema_length=None)
    own = table.filter(scenario="electric_buses")
    by_group = {
        figure: dict(own.filter(figure=figure).select("group", "total_order").iter_rows())
        for figure in ("cost", "change_pct")
    }
    assert by_group["cost"]["costs"] > 0.1
    assert by_group["change_pct"]["costs"] == 0.0
    assert "Electric buses: Cost" in (folder / "report.html").read_text(encoding="utf-8")


def test_bands_follow_the_units(folder: Path) -> None:
    data = read_report_data(folder)
    factor = 1.0 / 0.90718474
    turned = in_units(data, Chosen("short_ton", "rmb"))
    for before, after in zip(data["meaning"]["uncertainty"], turned["meaning"]["uncertainty"], strict=True):
        money = turned["money_scale"]
        wanted = {"emission": factor, "cost": money, "cost_per_t": money}.get(before["figure"], 1.0)
        if before["pollutant"] == "Pb" or before["unit"] not in {"t", "US$ 2024/year", "US$ 2024/t"}:
            wanted = 1.0
        for key in ("value", "low", "high"):
            told = before[key]
            assert after[key] == (None if told is None else pytest.approx(wanted * told))
    costs = [row for row in turned["meaning"]["uncertainty"] if row["figure"] == "cost"]
    assert {row["unit"] for row in costs} == {"CNY 2024/year"}
    alone = data | {"scenarios": data["scenarios"][:1]}
    alone["meaning"] = {"uncertainty": [row for row in data["meaning"]["uncertainty"] if row["scenario"] == "baseline"]}
    t = {**report_words("en"), "rate": "US short tons a year"}
    part = uncertainty_part(in_units(alone, Chosen("short_ton", "usd"))["meaning"]["uncertainty"], t, {})
    nox = next(row for row in alone["meaning"]["uncertainty"] if row["pollutant"] == "NOx")
    assert part["head"][1] == "NOx, US short tons a year"
    assert part["rows"][0][1].startswith(significant(factor * nox["value"]) + " (")


def test_a_band_is_told_once_in_full() -> None:
    t = {"with_band": "{told} ({level} % of draws: {low} to {high})", "with_ends": "{told} ({low} to {high})"}
    data = {"year": 2024, "meaning": {"uncertainty": [{"year": 2024, "level_pct": 90.0}]}}
    assert banded("250", Ends(210.0, 290.0), significant, data, t) == "250 (90 % of draws: 210 to 290)"
    assert ended("250", Ends(210.0, 290.0), significant, t) == "250 (210 to 290)"
    assert banded("250", None, significant, {"year": 2024}, t) == ended("250", None, significant, t) == "250"
    assert fall(Ends(-40.0, 5.0)) == Ends(-5.0, 40.0)


def test_the_same_seed_on_one_thread(folder: Path, tmp_path: Path) -> None:
    """An entry of an input that the run does not have changes nothing, and is told."""
    plan = write_inputs(tmp_path)
    more = '[uncertainty.inputs."activity.tram"]\nlow = 0.5\nhigh = 2.0\n'
    plan.write_text(plan.read_text(encoding="utf-8") + more, encoding="utf-8")
    again = run(plan, tmp_path / "again", "--draws", "100", "--threads", "1", "--language", "zh")
    manifest = json.loads((again / "manifest.json").read_text(encoding="utf-8"))
    unused = [f for f in manifest["findings"] if f["code"] == "uncertainty.unused"]
    assert [f["count"] for f in unused] == [1]
    assert "activity.tram" in str(unused[0])
    assert (again / "uncertainty.csv").read_bytes() == (folder / "uncertainty.csv").read_bytes()
    page = (again / "report.html").read_text(encoding="utf-8")
    assert "结果的不确定性" in page
    assert "Electric buses：尾气颗粒物" in page or "电动公交：尾气颗粒物" in page
    assert "单车持有成本" in page


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
