"""Scenarios, years and draws on 1, 2 and 4 worker processes: byte for byte what one process gives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from fleet_planner.outputs.sweeping.sweep import run_sweep
from fleet_planner.outputs.write import write_run
from fleet_planner.pipeline.run import run_loaded
from fleet_planner.pipeline.spread.dask_engine import Asked, dask_engine
from fleet_planner.pipeline.spread.engine import Here
from fleet_planner.plan.load import check_plan, read_toml
from fleet_planner.plan.sweep import load_sweep
from fleet_planner.progress import silent
from tests.cli.test_sweep_years import write_sweep

if TYPE_CHECKING:
    from fleet_planner.pipeline.spread.engine import Engine

pytestmark = pytest.mark.cluster
ASKED = 'scenarios = ["baseline", "mixed", "slower"]\nyears = [2024, 2026, 2030]\nyears_apart = true\ndraws = 16\n'
TABLES = ("sweep_results.csv", "sweep_targets.csv", "sweep_altered.csv")


def both(folder: Path, name: str, engine: Engine) -> dict[str, bytes]:
    """Return the tables of a sweep, and all files of a run with draws but the manifest."""
    out = folder / name
    run_sweep(load_sweep(folder / "sweep.toml"), folder / "sweep.toml", out / "sweep", engine, silent)
    plan = folder / "a" / "plan.toml"
    data = read_toml(plan) | {"uncertainty": {"draws": 16, "drivers": False}}
    write_run(run_loaded(check_plan(data, plan), plan, engine=engine), out / "run", overwrite=False, language="en")
    found = {table: (out / "sweep" / table).read_bytes() for table in TABLES}
    files = (path for path in (out / "run").iterdir() if path.is_file() and path.name != "manifest.json")
    return found | {path.name: path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("same")
    write_sweep(folder, ASKED)
    return folder, both(folder, "here", Here())


@pytest.mark.parametrize("number", [1, 2, 4])
def test_any_number_of_workers_gives_the_same_scenarios_years_and_draws(
    here: tuple[Path, dict[str, bytes]], number: int
) -> None:
    folder, expected = here
    told: list[str] = []
    with dask_engine(Asked(workers=number), told.append) as engine:
        found = both(folder, f"w{number}", engine)
    assert "dashboard http://127.0.0.1:" in told[0]
    assert {"by_year.csv", "uncertainty.csv", "targets.csv", "city.gpkg"} <= set(found)
    assert [name for name in sorted(expected | found) if found.get(name) != expected.get(name)] == []
    tasks = pl.read_csv(folder / f"w{number}" / "sweep" / "sweep_tasks.csv")
    assert tasks.height == 9
    assert min(2, number) <= tasks["worker"].n_unique() <= number
