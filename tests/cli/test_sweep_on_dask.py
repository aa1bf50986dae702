"""Sweeps and runs on a Dask scheduler: the same bytes as in one process, errors told, nothing that hangs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from fleet_planner.errors import PlanError
from fleet_planner.pipeline.spread.attempt import Attempt, attempt, code_hash
from fleet_planner.pipeline.spread.dask_engine import Asked, dask_engine
from tests.cli.swept_towns import LATER, call, write_towns

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Address of a scheduler with one worker, both in this process."""
    import logging

    with (
        distributed.LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            processes=False,
            host="127.0.0.1",
            protocol="tcp",
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield cluster.scheduler_address


def files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file() and p.name != "manifest.json"}


def test_a_run_on_a_cluster_is_the_run_of_one_process(tmp_path: Path, scheduler: str) -> None:
    write_towns(tmp_path, names=("a",))
    plan = tmp_path / "a" / "plan.toml"
    plan.write_text(plan.read_text(encoding="utf-8") + LATER, encoding="utf-8")
    for name, more in (("here", []), ("there", ["--cluster", scheduler])):
        done = call("run", plan, "--out", tmp_path / name, *more)
        assert done.exit_code == 0, done.output
    assert f"Scheduler {scheduler}, 1 worker; dashboard" in done.output
    assert {"by_year.csv", "operation.csv", "city.gpkg"} <= set(files(tmp_path / "here"))
    assert files(tmp_path / "there") == files(tmp_path / "here")


def test_a_sweep_on_a_cluster_is_the_sweep_of_one_process(tmp_path: Path, scheduler: str) -> None:
    sweep = write_towns(tmp_path, "[0.2]")
    (tmp_path / "b" / "r.csv").unlink()
    for name, more in (("here", []), ("there", ["--cluster", scheduler])):
        done = call("sweep", sweep, "--out", tmp_path / name, *more)
        assert done.exit_code == 1, done.output
    here, there = (files(tmp_path / name) for name in ("here", "there"))
    assert there["sweep_results.csv"] == here["sweep_results.csv"]
    columns = ["task", "plan", "scenario", "altered", "state", "tries", "error", "cpu"]
    told = [pl.read_csv(tmp_path / name / "sweep_tasks.csv").select(columns) for name in ("here", "there")]
    assert told[0].equals(told[1])
    assert told[0]["tries"].to_list() == [1, 2]


def test_errors_of_a_scenario_are_told_as_in_one_process(scheduler: str) -> None:
    with dask_engine(Asked(scheduler), lambda _: None) as engine:
        with pytest.raises(PlanError, match="no such thing") as told:
            engine.mapped(fails, "shared", ["user"])
        assert told.value.column == "a.b"
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            engine.mapped(fails, "shared", ["fault"])
        assert engine.mapped(fails, "shared", [3, 1, 2]) == [("shared", 3), ("shared", 1), ("shared", 2)]


def fails(shared: str, what: object) -> tuple[str, object]:
    if what == "user":
        raise PlanError("no such thing", "Mend it.", column="a.b")
    if what == "fault":
        return shared, 1 / 0
    return shared, what


def test_a_worker_with_other_code_refuses() -> None:
    refused = attempt(len, "abc", "another")
    assert "another version" in refused.error
    assert not refused.again
    assert attempt(len, "abc", code_hash()) == Attempt(
        3, worker=refused.worker, cpu=attempt(len, "", code_hash()).cpu, seconds=pytest.approx(0.0, abs=1.0)
    )


def test_no_scheduler_and_no_certificate_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleet_planner.pipeline.spread.dask_engine.CONNECT_S", 0.5)
    sweep = write_towns(tmp_path)
    for address in ("tcp://127.0.0.1:1", "nonsense", "ftp://127.0.0.1:1"):
        done = call("sweep", sweep, "--cluster", address, "--out", tmp_path / "out")
        assert done.exit_code == 1
        assert "no Dask scheduler answers there" in done.output
        assert "Traceback" not in done.output
    done = call("run", tmp_path / "a" / "plan.toml", "--cluster", "tls://127.0.0.1:1", "--tls-ca", tmp_path / "ca.pem")
    assert done.exit_code == 1
    assert "ca.pem" in done.output
    assert not (tmp_path / "out").exists()


def test_the_extra_is_asked_for_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleet_planner.pipeline.spread.dask_engine.PACKAGES", ("no_such_package",))
    done = call("sweep", write_towns(tmp_path), "--workers", 2, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "fleet-planner[cluster]" in done.output
