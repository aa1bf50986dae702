"""The planning commands on buses, mixes and sweeps, killed: before they write, while they write, and over an old result."""

from __future__ import annotations

import random
import signal
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from tests.buses.charging_stays import stay
from tests.cli import test_buses_replace, test_buses_schedule, test_portfolio
from tests.cli.swept_towns import write_towns
from tests.cli.test_traffic import OSM, PLAN
from tests.hard_use.test_killed import WRITTEN, is_whole, kill_while_writing, started

pytestmark = [pytest.mark.hard, pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")]

MIX = test_portfolio.SECTION.partition("front =")[0]
COMMANDS = {
    "portfolio": ["portfolio", "mix/plan.toml"],
    "schedule": ["buses", "schedule", "schedule/plan.toml"],
    "replace": ["buses", "replace", "replace/plan.toml"],
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small towns of the commands' own tests, a folder each."""
    folder = tmp_path_factory.mktemp("in")
    stays = pl.DataFrame(
        [stay(f"b{k}", 17.0 + k * 0.4, 29.0 + k * 0.2, 150.0, lon=-118.25, lat=34.05) for k in range(3)]
    )
    texts = {
        "mix": {
            "plan.toml": PLAN + test_portfolio.TARGETS + MIX,
            "r.csv": test_portfolio.REGISTRY,
            "n.osm": OSM,
        },
        "schedule": {
            "plan.toml": test_buses_schedule.PLAN,
            "damage.csv": test_buses_schedule.DAMAGE,
            "stays.csv": stays.write_csv(),
        },
        "replace": {
            "plan.toml": PLAN + test_buses_replace.SECTION,
            "r.csv": test_buses_replace.REGISTRY,
            "n.osm": OSM,
            "blocks.csv": test_buses_replace.BLOCKS,
        },
    }
    for town, files in texts.items():
        (folder / town).mkdir()
        for name, text in files.items():
            (folder / town / name).write_text(text, encoding="utf-8")
    write_towns(folder / "towns")
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_planning_killed_at_any_moment(name: str, inputs: Path, tmp_path: Path) -> None:
    rng = random.Random(name)  # noqa: S311  # no secret
    *words, plan = COMMANDS[name]
    out = tmp_path / "out"
    arguments = [*words, str(inputs / plan), "--out", str(out)]
    early = started(arguments)
    time.sleep(rng.uniform(0.5, 4.0))
    early.send_signal(signal.SIGKILL)
    early.communicate()
    assert not out.exists() or is_whole(out, WRITTEN)
    kill_while_writing(started(arguments), tmp_path, rng.uniform(0.0, 0.3))
    assert not out.exists() or is_whole(out, WRITTEN)
    if not out.exists():
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
    assert is_whole(out, WRITTEN)
    kill_while_writing(started([*arguments, "--overwrite"]), tmp_path, rng.uniform(0.0, 0.6))
    assert is_whole(out, WRITTEN)
    done = CliRunner().invoke(main, [*arguments, "--overwrite"])
    assert done.exit_code == 0, done.output
    assert is_whole(out, WRITTEN)
    assert [p.name for p in tmp_path.iterdir()] == [out.name], "left over"


def test_a_killed_sweep_goes_on(inputs: Path, tmp_path: Path) -> None:
    """What it has done stays; the next call does the rest, and the table is that of a sweep never killed."""
    out, whole = tmp_path / "out", tmp_path / "whole"
    arguments = ["sweep", str(inputs / "towns" / "sweep.toml"), "--out"]
    process = started([*arguments, str(out)])
    until = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < until and not list(out.glob("tasks/[!.]*.json")):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    for folder in (out, whole):
        done = CliRunner().invoke(main, [*arguments, str(folder)])
        assert done.exit_code == 0, done.output
    assert (out / "sweep_results.csv").read_bytes() == (whole / "sweep_results.csv").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "whole"], "left over"


def test_a_killed_check_leaves_the_registry_and_the_whole_repair_or_none(tmp_path: Path) -> None:
    registry, mended = tmp_path / "r.csv", tmp_path / "mended.csv"
    text = test_portfolio.REGISTRY + "".join(f"x{k},bus,dieesel,16000,2010,urban_bus,60000,1\n" for k in range(20_000))
    registry.write_text(text, encoding="utf-8")
    arguments = ["fleet", "check", str(registry), "--country", "CL", "--year", "2024", "--fix", str(mended)]
    for delay_s in (0.5, 2.0, 4.0):
        process = started(arguments)
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert registry.read_text(encoding="utf-8") == text
    done = CliRunner().invoke(main, arguments)
    whole = mended.read_bytes()
    assert whole, done.output
    process = started(arguments)
    time.sleep(3.0)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert mended.read_bytes() == whole
