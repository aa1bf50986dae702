"""One command at a time in a folder; killed ones leave nothing that a reader could take for results."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fleet_planner.errors import OutputError
from fleet_planner.outputs import reserve, reserved, target
from fleet_planner.outputs.target import whole_directory

WRITER = """
import sys, time
from pathlib import Path
from fleet_planner.outputs.target import reserved, whole_directory
out = Path(sys.argv[1])
with reserved(out, overwrite=True), whole_directory(out, overwrite=True) as folder:
    (folder / "manifest.json").write_text("new")
    print("at work", flush=True)
    time.sleep(60)
"""


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def at_work(out: Path) -> subprocess.Popen[str]:
    """Start a process that is writing into ``out``."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(out)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    return process


def test_second_writer_is_refused_at_once_and_killed_one_is_cleared_up(tmp_path: Path) -> None:
    out = tmp_path / "成都 results [1]"
    first = at_work(out)
    try:
        begin = time.perf_counter()
        with pytest.raises(OutputError, match="another command"), reserved(out, overwrite=True):
            pytest.fail("two at once")
        assert time.perf_counter() - begin < 5
        assert len(names(tmp_path)) == 2  # the half-made folder of the one at work is left alone, and its lock
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert not out.exists()
    assert names(tmp_path) == {f".{out.name}.partial-{first.pid}", f".{out.name}.lock"}
    with reserved(out, overwrite=False):
        assert names(tmp_path) == {f".{out.name}.lock"}
        with whole_directory(out, overwrite=False) as folder:
            (folder / "manifest.json").write_text("whole")
    assert names(tmp_path) == {out.name}
    assert (out / "manifest.json").read_text() == "whole"


def test_parents_that_were_made_go_when_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(KeyError), reserved(tmp_path / "a" / "b" / "run", overwrite=False):
        raise KeyError
    assert names(tmp_path) == set()


def test_run_moved_aside_by_a_killed_command_is_put_back(tmp_path: Path) -> None:
    """A system without exchange of folders has a moment with neither; the next command mends it."""
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    number = int(ended.stdout)
    (tmp_path / f".run.old-{number}").mkdir()
    (tmp_path / f".run.old-{number}" / "manifest.json").write_text("old")
    (tmp_path / ".run.partial-x").mkdir()  # no process of ours is named so
    (tmp_path / ".runner.partial-1").mkdir()
    with pytest.raises(OutputError, match="not empty"), reserved(tmp_path / "run", overwrite=False):
        pytest.fail("it was put back, and may not be overwritten")
    assert (tmp_path / "run" / "manifest.json").read_text() == "old"
    assert names(tmp_path) == {"run", ".run.partial-x", ".runner.partial-1"}


@pytest.mark.parametrize("swaps", [True, False])
def test_no_moment_without_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swaps: bool) -> None:
    """The old run is there until the new one is; without exchange it is put back when the move fails."""
    out = tmp_path / "run"
    out.mkdir()
    (out / "manifest.json").write_text("old")
    if not swaps:
        monkeypatch.setattr(target, "exchange", lambda *_: False)
    with whole_directory(out, overwrite=True) as folder:
        (folder / "manifest.json").write_text("new")
        assert (out / "manifest.json").read_text() == "old"
    assert (out / "manifest.json").read_text() == "new"
    assert names(tmp_path) == {"run"}


@pytest.mark.skipif(sys.platform != "linux", reason="a call of Linux")
def test_exchange_swaps_two_folders(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not reserve.exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this file system does not exchange folders")
    assert (names(tmp_path / "a"), names(tmp_path / "b")) == ({"b"}, {"a"})
    assert not reserve.exchange(tmp_path / "a", tmp_path / "none")


def test_folder_of_a_process_at_work_is_no_left_over(tmp_path: Path) -> None:
    own = tmp_path / f".run.partial-{os.getppid()}"
    own.mkdir()
    reserve.clear_left_over(tmp_path / "run")
    assert own.is_dir()


def test_without_locks_work_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reserve, "flock", lambda _: False)
    with reserved(tmp_path / "run", overwrite=False):
        assert names(tmp_path) == set()
