"""Folders of results that were damaged: every command that reads one again says so in one message, or does not mind."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from tests.cli.small_run import small_run
from tests.hard_use.mutation import broken

pytestmark = pytest.mark.hard

FILES = (
    *("manifest.json", "report_data.json", "summary.csv", "columns.csv", "by_process.csv"),
    *("links.parquet", "vehicles.parquet", "city.gpkg"),
)
SEEDS = range(4)
COMMANDS = {
    "verify": ["verify", "{run}"],
    "report": ["report", "{run}", "--language", "zh"],
    "export": ["export", "{run}", "--format", "csv", "--out", "{out}"],
    "compare": ["compare", "{run}", "--out", "{out}"],
    "clip": ["clip", "{run}", "--polygon", "{zones}", "--out", "{out}"],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("run"))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_damaged_file_gives_one_message_or_none(command: str, run: Path) -> None:
    told = []
    for file in FILES:
        for seed in SEEDS:
            with tempfile.TemporaryDirectory() as folder:
                copy, out = Path(folder) / "run", Path(folder) / "out"
                shutil.copytree(run, copy)
                (copy / file).write_bytes(broken((copy / file).read_bytes(), seed))
                places = {"run": str(copy), "out": str(out), "zones": str(run.parent / "z.geojson")}
                done = CliRunner().invoke(main, [word.format(**places) for word in COMMANDS[command]])
                crash = done.exception is not None and not isinstance(done.exception, SystemExit)
                told += [(file, seed, repr(done.exception))] if crash else []
                assert done.exit_code == 0 or not out.exists(), (file, seed)
                if command == "verify" and (copy / file).read_bytes() != (run / file).read_bytes():
                    assert done.exit_code == 1, (file, seed, done.output)
    assert told == []
