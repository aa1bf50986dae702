"""The run directory arrives whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import builders
import polars as pl
import pytest

from fleet_planner.errors import InputError, OutputError
from fleet_planner.outputs import check_target, render_report, target, write, write_run

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.pipeline.telling.results import Results

FILES = {
    "city.gpkg",
    "summary.csv",
    "by_process.csv",
    "voc_species.csv",
    "vehicles.parquet",
    "links.parquet",
    "report.html",
    "manifest.json",
}


def contents(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def test_a_run_has_all_files(folder: Path) -> None:
    assert FILES | {"rejected.csv", "bridged.csv"} <= {p.name for p in folder.iterdir()}


def test_manifest_tells_what_went_in_and_out(folder: Path, run: Results) -> None:
    content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert content["plan"]["economics"]["discount_rate"] == 0.06
    assert content["inputs"][0] == vars(run.inputs[0])
    assert content["closure"]["electric"]["hours_vs_links"] == 3.4e-15
    assert {"numpy", "polars", "pyogrio"} <= set(content["libraries"])
    assert [f["code"] for f in content["findings"]] == [f.code for f in run.findings]
    assert content["created"].endswith("+00:00")
    assert content["below_range"][0]["vkt_share"] is None
    assert "outputs" in content["timings_s"]
    on_disk = contents(folder)
    del on_disk["manifest.json"]
    assert content["files"] == on_disk


def test_links_and_vehicles_sum_to_the_summary(folder: Path, run: Results) -> None:
    year = run.summary.filter((pl.col("scenario") == "electric") & (pl.col("pollutant") == "NOx"))["value_per_year"][0]
    for name in ("links", "vehicles"):
        table = pl.read_parquet(folder / f"{name}.parquet").filter(pl.col("scenario") == "electric")
        assert table["nox_kg_per_day"].sum() * 365.25 / 1e3 == pytest.approx(year, rel=1e-12)
        assert "energy_mj_per_day" in table.columns


def test_writing_twice_gives_equal_files_but_the_manifest(run: Results, folder: Path, tmp_path: Path) -> None:
    again = contents(write_run(run, tmp_path / "again", overwrite=False, language="en"))
    first = contents(folder)
    assert {k for k in again if again[k] != first[k]} == {"manifest.json"}


def test_a_folder_with_something_in_it_is_not_touched(run: Results, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        write_run(run, tmp_path, overwrite=False, language="en")
    with pytest.raises(OutputError, match="not a run"):
        write_run(run, tmp_path, overwrite=True, language="en")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_overwriting_replaces_the_run_and_leaves_nothing_beside(run: Results, tmp_path: Path) -> None:
    out = tmp_path / "run"
    out.mkdir()
    (out / "manifest.json").write_text("{}")
    (out / "left_over.csv").write_text("old")
    assert write_run(run, out, overwrite=True, language="en") == out
    assert {p.name for p in out.iterdir()} >= FILES
    assert not (out / "left_over.csv").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def old_run(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    out = tmp_path / "deep" / "run"
    out.mkdir(parents=True)
    (out / "manifest.json").write_text("{}")
    return out, contents(out)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        sqlite3.OperationalError("database or disk is full"),
        PermissionError(errno.EACCES, "Permission denied"),
    ],
)
def test_a_refusing_disk_gives_one_message_and_keeps_the_old_run(
    run: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    out, before = old_run(tmp_path)

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(write, "write_geopackage", refuse)
    with pytest.raises(OutputError, match="cannot be written") as caught:
        write_run(run, out, overwrite=True, language="en")
    assert str(out) in str(caught.value)
    assert "--out" in str(caught.value)
    assert contents(out) == before
    assert [p.name for p in out.parent.iterdir()] == ["run"]


def test_a_fault_of_the_program_stays_a_traceback_and_leaves_nothing(
    run: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object) -> None:
        raise KeyError("bug")

    monkeypatch.setattr(write, "manifest", fault)
    with pytest.raises(KeyError):
        write_run(run, tmp_path / "a" / "b", overwrite=False, language="en")
    assert list(tmp_path.iterdir()) == []


def test_a_failing_move_puts_the_old_run_back(run: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, before = old_run(tmp_path)
    real = type(out).rename

    def rename(self: Path, to: Path) -> Path:
        if ".partial-" in self.name:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(self, to)

    monkeypatch.setattr(type(out), "rename", rename)
    monkeypatch.setattr(target, "exchange", lambda *_: False)
    with pytest.raises(OutputError):
        write_run(run, out, overwrite=True, language="en")
    assert contents(out) == before
    assert [p.name for p in out.parent.iterdir()] == ["run"]


def test_places_that_cannot_be_written_are_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(OutputError, match="this is a file"):
        check_target(file, overwrite=False)
    with pytest.raises(OutputError, match="part of this path is a file"):
        check_target(file / "below" / "run", overwrite=False)
    monkeypatch.setattr(target.os, "access", lambda *_: False)
    with pytest.raises(OutputError, match="may not be written"):
        check_target(tmp_path / "new", overwrite=False)


def test_a_geopackage_locked_by_another_program(tmp_path: Path) -> None:
    out, _ = old_run(tmp_path)
    path = out / "city.gpkg"
    other = sqlite3.connect(path)
    try:
        other.execute("CREATE TABLE t (a)")
        other.commit()
        before = path.read_bytes()
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OutputError, match="another program") as caught:
            check_target(out, overwrite=True, lock_seconds=0.1)
        assert str(path) in str(caught.value)
        other.rollback()
        check_target(out, overwrite=True, lock_seconds=0.1)
        assert path.read_bytes() == before
    finally:
        other.close()


def test_report_needs_a_run_directory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run directory"):
        render_report(tmp_path, "en")
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "report_data.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        render_report(tmp_path, "en")
    (tmp_path / "report_data.json").write_text("{}")
    with pytest.raises(InputError, match="the manifest is damaged"):
        render_report(tmp_path, "zh")
    (tmp_path / "manifest.json").write_text('{"files": {}}')
    with pytest.raises(InputError, match="another version"):
        render_report(tmp_path, "zh")


def test_report_again_is_the_same_page_and_updates_its_hash(run: Results, tmp_path: Path) -> None:
    out = write_run(run, tmp_path / "run", overwrite=False, language="zh")
    assert 'lang="zh-CN"' in (out / "report.html").read_text(encoding="utf-8")
    assert (out / "report.html").read_bytes() == (out / "report.zh.html").read_bytes()
    page = render_report(out, "en")
    assert page == out / "report.html"
    assert 'lang="en"' in page.read_text(encoding="utf-8")
    files = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert files["report.html"] == contents(out)["report.html"]
    assert not [p for p in out.iterdir() if p.name.startswith(".")]


def test_a_run_without_zones_scenarios_costs_or_rejected_rows(tmp_path: Path) -> None:

    whole = builders.results(zones=False)
    bare = replace(
        whole,
        scenarios=whole.scenarios[:1],
        summary=whole.summary.filter(pl.col("scenario") == "baseline"),
        fleet=replace(whole.fleet, rejected=whole.fleet.rejected.clear()),
        findings=(),
    )
    out = write_run(bare, tmp_path / "run", overwrite=False, language="en")
    assert not (out / "rejected.csv").exists()
    assert "Costs of measures" not in (out / "report.html").read_text(encoding="utf-8")


def test_totals_come_in_the_unit_of_mass_that_the_plan_asks_for(run: Results, tmp_path: Path) -> None:
    outputs = run.plan.outputs.model_copy(update={"mass_unit": "lb"})
    pounds = replace(run, plan=run.plan.model_copy(update={"outputs": outputs}))
    written = write_run(pounds, tmp_path / "pounds", overwrite=False, language="en")
    table = pl.read_csv(written / "summary.csv")
    tons = run.summary.filter(pl.col("pollutant") == "NOx")["value_per_year"][0]
    nox = table.filter(pl.col("pollutant") == "NOx").row(0, named=True)
    assert (nox["unit"], nox["value_per_year"]) == ("lb", pytest.approx(tons * 2204.62262, rel=1e-8))
    assert table.filter(pl.col("pollutant") == "energy_MJ")["unit"][0] == "GJ"
    assert "Air pollutants (lb a year)" in (written / "report.html").read_text(encoding="utf-8")
