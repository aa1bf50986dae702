"""A sweep from its file to its tables: what is done is kept at once, what failed is told, the rest goes on."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.network.builtin import archive_path
from fleet_planner.outputs.columns_file import write_columns
from fleet_planner.outputs.record import MANIFEST, file_hashes, manifest_text, relative, sha256, written_by
from fleet_planner.outputs.sweeping.folder import (
    RUNS,
    Part,
    begin_anew,
    changed_input,
    forget_others,
    forget_run,
    keep,
    kept,
    opened,
    part_of,
    write_whole,
)
from fleet_planner.outputs.sweeping.page import sweep_page
from fleet_planner.outputs.sweeping.task import Order, carry_out
from fleet_planner.pipeline.sweeping.figures import FIGURES, TARGETS
from fleet_planner.pipeline.sweeping.tasks import tasks_of
from fleet_planner.pipeline.telling.input_files import ARCHIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleet_planner.pipeline.spread.engine import Engine
    from fleet_planner.pipeline.sweeping.tasks import Task
    from fleet_planner.plan.sweep import Sweep
    from fleet_planner.progress import Progress
    from fleet_planner.tables import Language

RESULTS = {
    "task": pl.String,
    "plan": pl.String,
    "altered": pl.String,
    **FIGURES,
}
VERDICTS = {"task": pl.String, "plan": pl.String, "altered": pl.String, **TARGETS}
TASKS = {
    "task": pl.String,
    "plan": pl.String,
    "scenario": pl.String,
    "years": pl.String,
    "altered": pl.String,
    "state": pl.String,
    "tries": pl.Int64,
    "worker": pl.String,
    "cpu": pl.String,
    "seconds": pl.Float64,
    "error": pl.String,
}
ALTERED = {"task": pl.String, "key": pl.String, "value": pl.String}
DONE, FAILED = "done", "failed"
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@dataclass(frozen=True)
class Swept:
    """A sweep that has come to its end.

    Parameters
    ----------
    results
        Yearly totals of all tasks that are done (``sweep_results``), in the sweep's order.
    targets
        Whether they meet the targets of their plans (``sweep_targets``).
    tasks
        What became of every task (``sweep_tasks``).
    before
        Tasks that were done already when it began.
    """

    results: pl.DataFrame
    targets: pl.DataFrame
    tasks: pl.DataFrame
    before: int

    @property
    def failed(self) -> pl.DataFrame:
        """The tasks that failed."""
        return self.tasks.filter(pl.col("state") == FAILED)


def run_sweep(
    sweep: Sweep,
    path: Path,
    out: Path,
    engine: Engine,
    progress: Progress,
    told: Callable[[str], None] = lambda _: None,
) -> Swept:
    """Carry a sweep out, or what is left of it.

    Parameters
    ----------
    sweep, path
        The sweep and its file.
    out
        Folder: absent, empty, or of this sweep, which goes on then.
    engine
        Carries the tasks out.
    progress
        Is told how many are done.
    told
        Is told of every task, in a line, when it has come to its end.

    Raises
    ------
    UserError
        The sweep or a plan in it is wrong, the folder cannot be written, or the scheduler is lost; what was done before
        is kept.
    """
    tasks = tasks_of(sweep, path)
    with opened(out, path):
        begin_anew(out)
        forget_others(out, tasks)
        parts = kept(out, tasks, directories=sweep.sweep.directories)
        before = len(parts)
        orders = {task.key: _order(task, sweep, out) for task in tasks if task.key not in parts}
        known: dict[str, str] = {}
        progress(f"{before} of {len(tasks)} tasks", before / len(tasks))
        for outcome in engine.outcomes(carry_out, orders, sweep.sweep.retries):
            part = as_here(part_of(outcome), known)
            if part.state == FAILED:
                forget_run(out, part.key)
            keep(out, part)
            parts[part.key] = part
            progress(_far(parts, len(tasks)), len(parts) / len(tasks))
            told(f"{_far(parts, len(tasks))}: {_line(part)}")
        found = Swept(_results(tasks, parts), _verdicts(tasks, parts), _accounts(tasks, parts), before)
        _write(found, tasks, parts, path, out, sweep)
    return found


def _far(parts: Mapping[str, Part], number: int) -> str:
    failed = sum(p.state == FAILED for p in parts.values())
    return f"{len(parts)} of {number} tasks" + (f", {failed} failed" if failed else "")


def _line(part: Part) -> str:
    """Return what became of a task."""
    tries = f", {part.tries} tries" if part.tries > 1 else ""
    how = f"done in {part.seconds:.1f} s" if part.state == DONE else f"failed: {part.error}"
    return f"{part.key} {how} ({part.worker}{tries})"


def _order(task: Task, sweep: Sweep, out: Path) -> Order:
    directory = out.resolve() / RUNS / task.key if sweep.sweep.directories else None
    return Order(task, directory, sweep.sweep.language)


def as_here(part: Part, known: dict[str, str]) -> Part:
    """Return a part; one whose worker read another file under the same name has failed."""
    if name := changed_input(part, known):
        told = f"{name}: the worker {part.worker} read other content than lies here: give all machines the same files."
        return replace(part, state=FAILED, error=told, rows=[], targets=[])
    return part


def _results(tasks: list[Task], parts: Mapping[str, Part]) -> pl.DataFrame:
    rows = [[task.key, task.plan, task.told, *row] for task in tasks for row in parts[task.key].rows]
    return pl.DataFrame(rows, schema=RESULTS, orient="row")


def _verdicts(tasks: list[Task], parts: Mapping[str, Part]) -> pl.DataFrame:
    rows = [[task.key, task.plan, task.told, *row] for task in tasks for row in parts[task.key].targets]
    return pl.DataFrame(rows, schema=VERDICTS, orient="row")


def _accounts(tasks: list[Task], parts: Mapping[str, Part]) -> pl.DataFrame:
    rows = []
    for task in tasks:
        p = parts[task.key]
        asked = (task.key, task.plan, task.scenario, task.told_years, task.told)
        rows.append((*asked, p.state, p.tries, p.worker, p.cpu, p.seconds, p.error))
    return pl.DataFrame(rows, schema=TASKS, orient="row")


def _write(found: Swept, tasks: list[Task], parts: Mapping[str, Part], path: Path, out: Path, sweep: Sweep) -> None:
    altered = [(task.key, key, value) for task in tasks for key, value in task.altered]
    tables = {
        "sweep_results": found.results,
        "sweep_targets": found.targets,
        "sweep_tasks": found.tasks,
        "sweep_altered": pl.DataFrame(altered, schema=ALTERED, orient="row"),
    }
    for name, table in tables.items():
        write_whole(out / f"{name}.csv", table.write_csv())
    for language in LANGUAGES:
        name = "sweep.html" if language == sweep.sweep.language else f"sweep.{language}.html"
        write_whole(out / name, sweep_page(tables, path.name, language))
    write_columns(out, "sweep")
    content: dict[str, Any] = written_by("sweep", sweep.sweep.language) | {
        "sweep": json.loads(sweep.model_dump_json()),
        "plan_folder": relative(path.parent, out),
        "inputs": list(_inputs(tasks, parts, path).values()),
        "tasks": {"done": found.tasks.height - found.failed.height, "failed": found.failed.height},
        "failed": found.failed["task"].to_list(),
        "files": file_hashes(out),
    }
    write_whole(out / MANIFEST, manifest_text(content))


def _inputs(tasks: list[Task], parts: Mapping[str, Part], path: Path) -> dict[str, dict[str, Any]]:
    """Return the sweep file, the plans and every file that tasks read, by where it lies."""
    told = {str(path.resolve()): _input("sweep", path, sha256(path), path)}
    for task in tasks:
        if str(task.file) not in told:
            told[str(task.file)] = _input("plan", task.file, sha256(task.file), path)
        for name, digest in parts[task.key].inputs.items():
            told.setdefault(name, _input("input", Path(name), digest, path))
    return told


def _input(role: str, file: Path, digest: str, sweep_file: Path) -> dict[str, Any]:
    archive = archive_path()
    place = f"{ARCHIVE}{file.name}" if file == archive else relative(file, sweep_file.resolve().parent)
    return {"role": role, "path": place, "sha256": digest}
