"""A task where it is computed: figures, and the whole run directory where asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.target import reserved
from fleet_planner.outputs.write import write_run
from fleet_planner.pipeline.run import run_loaded
from fleet_planner.pipeline.sweeping.figures import Found, asked, figures, figures_of_task, targets_of
from fleet_planner.pipeline.telling.input_files import input_path

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.pipeline.sweeping.tasks import Task
    from fleet_planner.tables import Language


@dataclass(frozen=True)
class Order:
    """A task and where its run directory goes, if it is to have one."""

    task: Task
    directory: Path | None
    language: Language


@dataclass(frozen=True)
class Answer:
    """What a task found.

    Parameters
    ----------
    rows
        Of the table of results, without the task.
    targets
        Of the table of targets, without the task.
    inputs
        Path and SHA-256 of every file that was read.
    """

    rows: list[list[Any]]
    targets: list[list[Any]]
    inputs: dict[str, str]


def carry_out(order: Order) -> Answer:
    """Compute a task.

    Raises
    ------
    UserError
        Something in the plan or its inputs has to be mended by the user.
    """
    task = order.task
    plan = task.checked()
    if order.directory is None:
        found = figures_of_task(plan, task)
    else:
        results = run_loaded(plan, task.file)
        later = None if results.later is None else results.later.table
        table = figures(results.summary, results.scenarios, plan.city.year, later)
        found = Found(asked(table, task.scenario, task.years), targets_of(results.targets, task), results.inputs)
        with reserved(order.directory, overwrite=True):  # clears what a try left whose worker died
            write_run(results, order.directory, overwrite=True, language=order.language)
    # the plan file itself is in the task; what else was read is told by where it lies here
    read = {str(input_path(f.path, task.file.parent)): f.sha256 for f in found.inputs if f.role != "plan"}
    rows, targets = ([list(row) for row in table.iter_rows()] for table in (found.figures, found.targets))
    return Answer(rows, targets, read)
