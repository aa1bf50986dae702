"""One command at a time in a folder; killed ones leave nothing that a reader could take for results."""

from __future__ import annotations

import errno
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


def a_run(out: Path) -> Path:
    (out / "below").mkdir(parents=True)
    for name in ("report.html", "manifest.json", "below/links.parquet"):
        (out / name).write_text("old")
    return out


REPORTER = """
import os, signal, sys
from pathlib import Path
from fleet_planner.outputs import reserve
swap = reserve.exchange
def killed(one, other):
    if sys.argv[2] == "after":
        assert swap(one, other)
    os.kill(os.getpid(), signal.SIGKILL)
reserve.exchange = killed
reserve.replace_together(Path(sys.argv[1]), {"report.html": b"new", "manifest.json": b"new"})
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a call of Linux")
@pytest.mark.parametrize(("when", "told"), [("before", "old"), ("after", "new")])
def test_page_and_manifest_change_in_one_step(tmp_path: Path, when: str, told: str) -> None:
    """A report that is killed leaves both old or both new, and the next one clears up."""
    out = a_run(tmp_path / "run [1]")
    ended = subprocess.run([sys.executable, "-c", REPORTER, str(out), when], cwd=tmp_path, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert [(out / n).read_text() for n in ("report.html", "manifest.json")] == [told, told]
    assert len(names(tmp_path)) == 2
    reserve.replace_together(out, {"report.html": b"newer", "report.zh.html": b"newer", "manifest.json": b"newer"})
    assert names(tmp_path) == {out.name}
    assert names(out) == {"below", "report.html", "report.zh.html", "manifest.json"}
    assert {(out / n).read_text() for n in ("report.html", "report.zh.html", "manifest.json")} == {"newer"}
    assert (out / "below" / "links.parquet").read_text() == "old"


@pytest.mark.parametrize("why", ["no exchange", "no links", "a shell in it"])
def test_where_folders_cannot_change_places_files_move_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    out = a_run(tmp_path / "run")
    number = out.stat().st_ino

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    if why == "no exchange":
        monkeypatch.setattr(reserve, "exchange", lambda *_: False)
    elif why == "no links":
        monkeypatch.setattr(reserve.os, "link", refuse)
    else:
        monkeypatch.chdir(out / "below")
    reserve.replace_together(out, {"report.html": b"new", "manifest.json": b"new"})
    assert out.stat().st_ino == number
    assert [(out / n).read_text() for n in ("report.html", "manifest.json")] == ["new", "new"]
    assert (names(tmp_path), names(out)) == ({"run"}, {"below", "report.html", "manifest.json"})


def test_a_disk_that_refuses_leaves_both_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = a_run(tmp_path / "run")

    def refuse(path: Path, _: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(OSError, match="No space"):
        reserve.replace_together(out, {"report.html": b"new", "manifest.json": b"new"})
    assert [(out / n).read_text() for n in ("report.html", "manifest.json")] == ["old", "old"]
    assert (names(tmp_path), names(out)) == ({"run"}, {"below", "report.html", "manifest.json"})
