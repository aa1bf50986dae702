"""Commands killed at any moment, starved of disk or shut out leave whole results or none."""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from tests.cli.small_run import small_run
from tests.hard_use.hostile_city import write_hostile_city

pytestmark = [pytest.mark.hard, pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")]

WRITTEN = "manifest.json"
COMMANDS = {
    "run": (["run", "{plan}"], WRITTEN),
    "market": (["market", "{plan}"], "market.csv"),
    "chargers": (["chargers", "site", "{plan}"], "chargers.csv"),
    "project": (["fleet", "project", "{plan}", "--to-year", "2030"], "stock.csv"),
    "export": (["export", "{run}", "--format", "csv", "--format", "xlsx", "--format", "geojson"], "export.json"),
    "compare": (["compare", "{run}"], WRITTEN),
    "clip": (["clip", "{run}", "--polygon", "{zones}"], WRITTEN),
    "rerun": (["rerun", "{run}/manifest.json"], WRITTEN),
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A city under a name with blanks, Chinese and quotes, and a run of it."""
    folder = tmp_path_factory.mktemp("in") / "成都 'Nord' (50%) & #1"
    folder.mkdir()
    (folder / "small").mkdir()
    run = small_run(folder / "small", folder / "run of it")
    plan = write_hostile_city(folder)
    return {
        "plan": str(plan),
        "run": str(run),
        "zones": str(folder / "small" / "z.geojson"),
    }


def words(name: str, inputs: dict[str, str], out: Path) -> list[str]:
    return [*(w.format(**inputs) for w in COMMANDS[name][0]), "--out", str(out)]


def started(arguments: list[str], before: Callable[[], None] | None = None) -> subprocess.Popen[bytes]:
    if not (Path(sys.executable).parent / "fleet-planner").exists():
        pytest.skip("the command is not installed beside this Python")
    command = [sys.executable, str(Path(sys.executable).parent / "fleet-planner"), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=before)  # noqa: PLW1509


def is_whole(out: Path, mark: str) -> bool:
    """Return whether a folder has its last file, and every file that a manifest names as it says."""
    if not (out / mark).is_file():
        return False
    if mark != WRITTEN:
        return True
    files = json.loads((out / WRITTEN).read_text(encoding="utf-8"))["files"]
    return all(hashlib.sha256((out / name).read_bytes()).hexdigest() == told for name, told in files.items())


def kill_while_writing(process: subprocess.Popen[bytes], folder: Path, delay_s: float) -> None:
    """Wait until the half-made folder appears, a moment longer, and kill."""
    until = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < until and not list(folder.glob(".*.partial-*")):
        time.sleep(0.002)
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("name", COMMANDS)
def test_killed_at_any_moment(name: str, inputs: dict[str, str], tmp_path: Path) -> None:
    """Before it writes, while it writes, and over an old run; then the command runs as if nothing had been."""
    rng = random.Random(name)  # noqa: S311  # no secret
    out, mark = tmp_path / "结果 out", COMMANDS[name][1]
    arguments = words(name, inputs, out)
    early = started(arguments)
    time.sleep(rng.uniform(0.2, 4.0))
    early.send_signal(signal.SIGKILL)
    early.communicate()
    assert not out.exists() or is_whole(out, mark)
    for _ in range(2):
        if out.exists():
            break  # it was quicker than the kill
        kill_while_writing(started(arguments), tmp_path, rng.uniform(0.0, 0.3))
        assert not out.exists() or is_whole(out, mark)
    if not out.exists():
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
    assert is_whole(out, mark)
    assert [p.name for p in tmp_path.iterdir()] == [out.name], "left over"
    if name in {"export", "project"}:  # they have no --overwrite
        return
    for _ in range(1):
        kill_while_writing(started([*arguments, "--overwrite"]), tmp_path, rng.uniform(0.0, 0.6))
        assert is_whole(out, mark)
    done = CliRunner().invoke(main, [*arguments, "--overwrite"])
    assert done.exit_code == 0, done.output
    assert is_whole(out, mark)
    assert [p.name for p in tmp_path.iterdir()] == [out.name], "left over"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_clear_up_at_once(number: signal.Signals, inputs: dict[str, str], tmp_path: Path) -> None:
    def heed() -> None:
        """Under nohup the tests, and what they start, would pass over a hang-up."""
        signal.signal(number, signal.SIG_DFL if number != signal.SIGINT else signal.default_int_handler)

    process = started(words("run", inputs, tmp_path / "a" / "out"), heed)
    until = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < until and not list((tmp_path / "a").glob(".out.*")):
        time.sleep(0.01)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told.decode()) == (130, "Interrupted; nothing was written.\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "most_kb"),
    [
        ("run", 4),
        ("run", 64),
        ("run", 400),
        ("market", 8),
        ("export", 4),
        ("export", 64),
        ("chargers", 64),
        ("clip", 64),
    ],
)
def test_full_disk_gives_one_message(name: str, inputs: dict[str, str], tmp_path: Path, most_kb: int) -> None:
    """No file may grow beyond so many kilobytes, as on a disk that is full: one message, nothing left."""

    def starve() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_kb * 1024, most_kb * 1024))

    process = started(words(name, inputs, tmp_path / "out"), starve)
    _, told = process.communicate(timeout=300)
    text = told.decode()
    if process.returncode == 0:
        assert is_whole(tmp_path / "out", COMMANDS[name][1]), "it says that all went well"
        return
    assert process.returncode == 1, text
    assert "Traceback" not in text, text
    assert text.startswith("Error: "), text
    assert len(text.splitlines()) == 1, text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["run", "market", "export"])
def test_folder_that_may_not_be_written(name: str, inputs: dict[str, str], tmp_path: Path) -> None:
    """Also for the superuser, who may write everywhere but into /proc."""
    places = [Path("/proc/out"), tmp_path / "file" / "out"]
    (tmp_path / "file").write_text("x")
    if os.geteuid() != 0:
        shut = tmp_path / "shut"
        shut.mkdir(mode=0o500)
        places.append(shut / "out")
    for place in places:
        done = CliRunner().invoke(main, words(name, inputs, place))
        assert done.exit_code == 1, (place, done.output, done.exception)
        assert done.output.startswith("Error: ")
        assert len(done.output.splitlines()) == 1


def test_two_commands_into_one_folder(inputs: dict[str, str], tmp_path: Path) -> None:
    """Four at once: one writes, the others are told so, each with one message."""
    out = tmp_path / "out"
    processes = [started(words("run", inputs, out)) for _ in range(4)]
    told = [(p.communicate(timeout=300)[1].decode(), p.returncode) for p in processes]
    assert sorted(code for _, code in told) == [0, 1, 1, 1], told
    for text, code in told:
        assert code == 0 or "another command" in text or "not empty" in text
    assert is_whole(out, WRITTEN)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
