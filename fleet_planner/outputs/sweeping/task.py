"""A task where it is computed: figures, and the whole run directory where asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.target import reserved
from fleet_planner.outputs.write import write_run
from fleet_planner.pipeline.run import run_loaded
from fleet_planner.pipeline.sweeping.figures import asked, figures, figures_of_plan
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
    inputs
        Path and SHA-256 of every file that was read.
    """

    rows: list[list[Any]]
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
        table, inputs = figures_of_plan(plan, task.file)
    else:
        results = run_loaded(plan, task.file)
        later = None if results.later is None else results.later.table
        table, inputs = figures(results.summary, results.scenarios, plan.city.year, later), results.inputs
        with reserved(order.directory, overwrite=True):  # clears what a try left whose worker died
            write_run(results, order.directory, overwrite=True, language=order.language)
    rows = [list(row) for row in asked(table, task.scenario, task.years).iter_rows()]
    # the plan file itself is in the task; what else was read is told by where it lies here
    read = {str(input_path(f.path, task.file.parent)): f.sha256 for f in inputs if f.role != "plan"}
    return Answer(rows, read)
