"""`rerun` of every command gives the same byte for byte, also where searches end by their time limit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from tests.cli import test_buses_replace as replaced
from tests.cli import test_buses_schedule as scheduled
from tests.cli import test_buses_simulate as simulated
from tests.cli import test_portfolio as mixed
from tests.cli.test_chargers import city, sited

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["city"]  # a fixture


def same_again(folder: Path) -> None:
    """Hold that a folder's manifest gives the same files."""
    count = len(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"])
    again = CliRunner().invoke(main, ["rerun", str(folder), "--out", f"{folder}-again"])
    assert again.exit_code == 0, again.output
    assert f"{count} of {count} files are the same byte for byte" in again.stdout
    assert "another solution" not in again.output


def simulate(folder: Path) -> Result:
    (folder / "depots.csv").write_text("name,lon,lat\nNorth,-71.25,-29.90\nSouth,-71.345,-29.96\n", encoding="utf-8")
    return simulated.call(folder, '[buses]\ngtfs = "builtin"\ndepots = "depots.csv"\n')


def replace_in_no_time(folder: Path) -> Result:
    return replaced.call(
        folder, replaced.SECTION.replace("[buses.transition]", "[buses.transition]\ntime_limit_s = 0.2")
    )


def mix_in_no_time(folder: Path) -> Result:
    section = mixed.SECTION.replace("[portfolio]", "[portfolio]\ntime_limit_s = 0.1\ngap = 1e-9")
    return mixed.call(folder, mixed.TARGETS + section)


@pytest.mark.hard
@pytest.mark.parametrize("call", [simulate, scheduled.call, replace_in_no_time, mix_in_no_time])
def test_a_command_of_a_plan_is_the_same_again(tmp_path: Path, call: Callable[[Path], Result]) -> None:
    done = call(tmp_path)
    assert done.exit_code == 0, done.output
    same_again(tmp_path / "out")


@pytest.mark.hard
def test_chargers_that_were_still_being_sought_are_the_same_again(city: Path, tmp_path: Path) -> None:
    hurried = (city / "plan.toml").read_text(encoding="utf-8").replace("seconds = 1.0", "seconds = 0.3\ngap = 0.0")
    (city / "hurried.toml").write_text(hurried, encoding="utf-8")
    done = sited(city, tmp_path / "out", "hurried.toml")
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert told["searches"]["ended_at"], "the plan is too easy to show anything"
    assert told["searches"]["ended_late"] == 0
    same_again(tmp_path / "out")
