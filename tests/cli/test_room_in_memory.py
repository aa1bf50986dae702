"""What would not fit into memory is refused before it is computed, and nothing is written."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner import memory
from fleet_planner.cli.main import main
from fleet_planner.errors import InputError, PlanError
from fleet_planner.outputs.checking.closures import run_closures
from fleet_planner.outputs.export import files
from fleet_planner.pipeline.computing import room
from fleet_planner.pipeline.prepare import Reading
from fleet_planner.plan.load import load_plan
from fleet_planner.progress import silent
from tests.cli.small_run import ZONES, small_run, write_inputs

MILLIONS = 5_000_000
LITTLE = "[run]\nmemory_gb = 0.000001\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("room"))


def refused(*words: str | Path) -> str:
    done = CliRunner().invoke(main, [str(w) for w in words])
    assert done.exit_code == 1, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.output


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ('[impacts]\npollutants = ["NOx"]\n', ("the air near 2 links", "impacts.pollutants", "network.clip")),
        ('[report]\nareas = "z.geojson"\n', ("shares of 2 links in 1 areas", "report.areas")),
    ],
)
def test_a_plan_beyond_its_memory_is_refused(tmp_path: Path, asked: str, told: tuple[str, ...]) -> None:
    plan = write_inputs(tmp_path)
    plan.write_text(plan.read_text(encoding="utf-8") + asked + LITTLE, encoding="utf-8")
    output = refused("run", plan, "--out", tmp_path / "out")
    for word in (*told, "GB of memory", "run.memory_gb"):
        assert word in output
    assert not (tmp_path / "out").exists()


def test_assigned_traffic_beyond_its_memory_is_refused(tmp_path: Path) -> None:
    path = write_inputs(tmp_path)
    path.write_text(path.read_text(encoding="utf-8") + "[run]\nmemory_gb = 4.0\n", encoding="utf-8")
    plan = load_plan(path)
    room.refuse_large_assignment(plan, MILLIONS, 1000)  # allocated
    assigned = plan.model_copy(update={"traffic": plan.traffic.model_copy(update={"method": "assigned"})})
    room.refuse_large_assignment(assigned, 30_000, 100)
    with pytest.raises(PlanError, match=r"assigned to 5,000,000 links between 1,000 zones .* 4\.0 GB are allowed"):
        room.refuse_large_assignment(assigned, MILLIONS, 1000)
    room.refuse_large_areas(plan, MILLIONS, 5)
    with pytest.raises(PlanError, match="in 400 areas"):
        room.refuse_large_areas(plan, MILLIONS, 400)


def test_a_city_needs_little_and_more_needs_more() -> None:
    assert room.air_bytes(30_000, 24, 3, 2, 1) < 0.5e9
    assert room.air_bytes(MILLIONS, 24, 2, 2, 1) > 10e9
    for estimate, least in ((room.air_bytes, (1, 24, 1, 1, 1)), (room.assignment_bytes, (1, 24, 1))):
        for k in range(len(least)):
            more = [n * 2 if k == at else n for at, n in enumerate(least)]
            assert estimate(*more) > estimate(*least)


def test_commands_on_results_beyond_memory_are_refused(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: 1e3)
    (tmp_path / "z.geojson").write_text(json.dumps(ZONES), encoding="utf-8")
    out = tmp_path / "out"
    assert "comparison of 2 sides of up to 2 links" in refused("compare", run, "--out", out)
    clip = refused("clip", run, "--polygon", tmp_path / "z.geojson", "--out", out)
    assert "2 links in 1 areas" in clip
    assert "--polygon" in clip
    assert "2 rows" in refused("export", run, "--format", "geojson", "--table", "links", "--out", out)
    assert not out.exists()


def test_only_commands_that_compute_the_air_are_refused_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = write_inputs(tmp_path)
    asked = '[impacts]\npollutants = ["NOx"]\n[report]\nareas = "z.geojson"\n'
    plan.write_text(plan.read_text(encoding="utf-8") + asked, encoding="utf-8")
    words = ("run", plan, "--out", tmp_path / "run")
    done = CliRunner().invoke(main, [str(w) for w in words])
    assert done.exit_code == 0, done.output
    enough = room.area_bytes(2, 1)
    assert enough < room.air_bytes(2, 24, 1, 1, 1)
    monkeypatch.setattr(memory, "free_bytes", lambda: enough)
    assert "the air near 2 links" in refused(*words, "--overwrite")
    clip = ("clip", tmp_path / "run", "--polygon", tmp_path / "z.geojson", "--out", tmp_path / "out")
    done = CliRunner().invoke(main, [str(w) for w in clip])
    assert done.exit_code == 0, done.output


def test_a_city_that_is_read_already_is_counted_again(tmp_path: Path) -> None:
    plan = load_plan(write_inputs(tmp_path))
    reading, told = Reading(plan, tmp_path), []
    for _ in range(2):
        reading.now(silent, told.append)
    assert told == [2, 2]


def test_parquet_tables_are_exported_and_verified_in_parts(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {c.what: c.found for c in run_closures(run, "t", None) if c.file.endswith(".parquet")}
    assert len(whole) > 20
    monkeypatch.setattr(files, "LINKS_AT_ONCE", 3)
    monkeypatch.setattr("fleet_planner.outputs.checking.closures.LINKS_AT_ONCE", 3)
    parts = {c.what: c.found for c in run_closures(run, "t", None) if c.file.endswith(".parquet")}
    assert parts == pytest.approx(whole, rel=1e-12)
    for form in ("csv", "parquet"):
        done = CliRunner().invoke(main, ["export", str(run), "--format", form, "--out", str(tmp_path / form)])
        assert done.exit_code == 0, done.output
    for name, stem in (("links_by_scenario", "links"), ("vehicles", "vehicles")):
        given = run / f"{stem}.parquet"
        assert pl.read_parquet(tmp_path / "parquet" / f"{name}.parquet").equals(pl.read_parquet(given))
        expected = pl.read_parquet(given).write_csv().encode()
        assert (tmp_path / "csv" / f"{name}.csv").read_bytes() == expected


def test_free_memory_is_that_of_the_machine_or_of_the_container(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:  2000000 kB\n", encoding="ascii")
    assert memory.free_bytes(tmp_path / "meminfo", tmp_path / "none") == 2_000_000 * 1024
    for name, text in (("max", "1000000\n"), ("current", "600000\n"), ("stat", "anon 5\ninactive_file 50000\n")):
        (tmp_path / f"memory.{name}").write_text(text, encoding="ascii")
    assert memory.free_bytes(tmp_path / "meminfo", tmp_path) == 450_000
    (tmp_path / "memory.max").write_text("max\n", encoding="ascii")
    assert memory.free_bytes(tmp_path / "meminfo", tmp_path) == 2_000_000 * 1024
    assert (memory.free_bytes(tmp_path / "no", tmp_path / "no") or 0.0) > 1e6
    with pytest.raises(InputError, match=r"run: the map would take about 9\.0 GB of memory, and 1\.0 GB are allowed"):
        memory.refuse_beyond(9e9, "the map", "Less.", file=Path("run"), limit_gb=1.0)
