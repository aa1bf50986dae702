"""The folder of a sweep: a file per task that is done, moved into place whole, from which the sweep goes on."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleet_planner.errors import InputError, OutputError
from fleet_planner.outputs.record import MANIFEST, sha256
from fleet_planner.outputs.reserve import clear_inside, locked
from fleet_planner.outputs.target import check_target
from fleet_planner.pipeline.spread.attempt import code_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_planner.outputs.sweeping.task import Answer
    from fleet_planner.pipeline.spread.engine import Outcome
    from fleet_planner.pipeline.sweeping.tasks import Task

MARK = "sweep.json"
PARTS = "tasks"
RUNS = "runs"


@dataclass(frozen=True)
class Part:
    """What the folder keeps of a task.

    Parameters
    ----------
    key, state
        Of the task; ``done`` or ``failed``.
    tries, worker, cpu, seconds, error
        How it went.
    code
        Hash of the program that computed it.
    inputs
        Files that it read with their SHA-256.
    rows, targets
        Its results, and its verdicts on targets.
    """

    key: str
    state: str
    tries: int
    worker: str
    cpu: str
    seconds: float
    error: str
    code: str
    inputs: dict[str, str] = field(default_factory=dict)
    rows: list[list[Any]] = field(default_factory=list)
    targets: list[list[Any]] = field(default_factory=list)


def part_of(outcome: Outcome) -> Part:
    """Return what is kept of an outcome."""
    last = outcome.last
    answer: Answer | None = last.value
    return Part(
        key=outcome.key,
        state="done" if outcome.done else "failed",
        tries=outcome.tries,
        worker=last.worker,
        cpu=last.cpu,
        seconds=round(last.seconds, 3),
        error=last.error,
        code=code_hash(),
        inputs=answer.inputs if answer else {},
        rows=answer.rows if answer else [],
        targets=answer.targets if answer else [],
    )


@contextmanager
def opened(out: Path, sweep_file: Path) -> Iterator[Path]:
    """Yield the folder of a sweep, made or gone on with, for this process alone.

    Raises
    ------
    OutputError
        It holds something else or another sweep, may not be written, or is in use.
    """
    mark = out / MARK
    if mark.is_file():
        was = _mark(mark)
        if was != str(sweep_file.resolve()):
            raise OutputError(f"the folder holds the sweep of {was}", "Name another folder with --out.", file=out)
    else:
        check_target(out, overwrite=False)
    try:
        out.resolve().parent.mkdir(parents=True, exist_ok=True)
        with locked(out.resolve()):
            (out / PARTS).mkdir(parents=True, exist_ok=True)
            if not mark.is_file():
                write_whole(mark, json.dumps({"sweep_file": str(sweep_file.resolve())}, ensure_ascii=False) + "\n")
            yield out
    except OSError as error:
        raise OutputError(
            f"the results cannot be written: {error.strerror or error}",
            "Free space or mend the folder, then run the same command again: what is done is kept.",
            file=out,
        ) from error


def _mark(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["sweep_file"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("this file of a sweep is damaged", "Name another folder with --out.", file=path) from error


def write_whole(path: Path, text: str) -> None:
    """Write a file beside and move it into place."""
    beside = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def keep(out: Path, part: Part) -> None:
    """Keep a part in the folder of a sweep."""
    write_whole(_file(out, part.key), json.dumps(asdict(part), ensure_ascii=False, allow_nan=True) + "\n")


def kept(out: Path, tasks: list[Task], *, directories: bool) -> dict[str, Part]:
    """Return the parts that are done and still hold: same task, same program, same inputs, run directory there.

    Parameters
    ----------
    out
        Folder of the sweep.
    tasks
        Those of the sweep as it is now.
    directories
        Whether each has a run directory.
    """
    hashes: dict[str, str] = {}
    found = {}
    for task in tasks:
        part = _read(_file(out, task.key))
        if part is None or part.state != "done" or part.code != code_hash():
            continue
        if directories and not (out / RUNS / task.key / "manifest.json").is_file():
            continue
        if all(_hash(name, hashes) == digest for name, digest in part.inputs.items()):
            found[task.key] = part
    return found


def begin_anew(out: Path) -> None:
    """Take away the manifest, which marks a sweep that came to its end, and what a killed one left half-written."""
    (out / MANIFEST).unlink(missing_ok=True)
    clear_inside(out)


def forget_run(out: Path, key: str) -> None:
    """Remove the run directory of a task that failed: what lies there is of earlier or of other inputs."""
    shutil.rmtree(out / RUNS / key, ignore_errors=True)


def forget_others(out: Path, tasks: list[Task]) -> None:
    """Remove parts of tasks that the sweep no longer has, and what was left of files half-written."""
    names = {_file(out, task.key).name for task in tasks}
    for path in (out / PARTS).iterdir():
        if path.name not in names:
            path.unlink(missing_ok=True)


def _file(out: Path, key: str) -> Path:
    return out / PARTS / f"{key}.json"


def _read(path: Path) -> Part | None:
    try:
        return Part(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # not there, or not of this version: the task is computed anew


def _hash(name: str, known: dict[str, str]) -> str:
    if name not in known:
        path = Path(name)
        known[name] = sha256(path) if path.is_file() else ""
    return known[name]


def changed_input(part: Part, known: dict[str, str]) -> str:
    """Return the first file that a part read with another content than it has here; empty: none.

    Parameters
    ----------
    part
        A part that is done.
    known
        Hashes of files that were looked at before; is added to.
    """
    for name, digest in part.inputs.items():
        if _hash(name, known) not in (digest, ""):
            return name
    return ""
