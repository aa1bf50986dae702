"""`fleet-planner sweep`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet_planner.cli.cluster import Where, cluster_options, engine_of
from fleet_planner.cli.shared import progress_bar

if TYPE_CHECKING:
    from fleet_planner.pipeline.spread.engine import Engine

LEVELS = "0,0.5,1"


@click.command(epilog="Example: fleet-planner sweep inputs/coquimbo/sweep.toml --workers 2 --out outputs/sweep")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--levels", help=f"Of a PLAN: uptakes of each measure that are combined; default: {LEVELS}.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Of a PLAN: a new CSV; of a SWEEP: a folder, gone on with.",
)
@cluster_options
@click.pass_context
def sweep(
    ctx: click.Context,
    file: Path,
    levels: str | None,
    out: Path,
    where: Where,
) -> None:
    r"""Run many cases of FILE: the measures of one PLAN in every mix, or the tasks of a SWEEP.

    \b
    PLAN   a plan: every combination of uptakes of its measures, from one inventory; totals and costs in a CSV.
    SWEEP  a file with [sweep]: plans (cities), scenarios, years and altered keys, each a whole run, in processes of
           this machine or on a cluster. A sweep that was interrupted, or had failures, goes on where it stopped.
           Ends with status 1 where a task failed; the others are kept.
    """
    from fleet_planner.plan.sweep import is_sweep

    if is_sweep(file):
        if levels is not None:
            raise click.UsageError("--levels belongs to a plan; a sweep lists values under [alter].")
        with engine_of(where) as engine:
            failed = _tasks(file, out, engine)
        ctx.exit(1 if failed else 0)
    if where.given:
        raise click.UsageError("one plan's mixes need no workers; write a file with [sweep] for them.")
    _levels(file, levels or LEVELS, out)


def _tasks(file: Path, out: Path, engine: Engine) -> int:
    """Carry a sweep out; return how many tasks failed."""
    from fleet_planner.outputs.sweeping.sweep import run_sweep
    from fleet_planner.plan.sweep import load_sweep

    def line(text: str) -> None:
        if not sys.stderr.isatty():  # a terminal has the bar
            click.echo(text, err=True)

    try:
        with progress_bar() as progress:
            found = run_sweep(load_sweep(file), file, out, engine, progress, line)
    except KeyboardInterrupt:
        click.echo(f"Interrupted; what is done is kept in {out}. Run the same command again to go on.", err=True)
        raise SystemExit(130) from None
    for row in found.failed.iter_rows(named=True):
        click.echo(f"Error: {row['task']} failed in {row['tries']} tries: {row['error']}", err=True)
    done = found.tasks.height - found.failed.height
    earlier = f", {found.before} of them before" if found.before else ""
    click.echo(f"{done} of {found.tasks.height} tasks are done{earlier}.")
    click.echo(f"Written to {out}: sweep.html, sweep_results.csv, sweep_tasks.csv, manifest.json")
    return found.failed.height


def _levels(plan: Path, levels: str, out: Path) -> None:
    """Evaluate every combination of uptakes of the measures of a plan."""
    from fleet_planner.errors import OutputError, PlanError, UserError

    try:
        wanted = [float(v) for v in levels.split(",")]
    except ValueError as error:
        raise PlanError("these are no uptakes", "Write --levels 0,0.5,1.", column="--levels", value=levels) from error
    if out.exists():
        raise OutputError("the file is there already", "Name another one.", file=out)
    with progress_bar() as progress:
        from fleet_planner.pipeline.mixing.sweep import combinations
        from fleet_planner.pipeline.mixing.sweep import sweep as evaluate
        from fleet_planner.pipeline.prepare import prepare
        from fleet_planner.plan.load import load_plan

        loaded = load_plan(plan)
        try:
            scenarios = combinations(loaded.scenario, wanted)
            ready = prepare(loaded.model_copy(update={"scenario": [], "target": []}), plan.parent, progress)
            table = evaluate(ready, scenarios, progress)
        except UserError as error:
            if error.file is None:
                error.file = plan
            raise
        beside = out.with_name(f".{out.name}.partial")
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            table.write_csv(beside)
            beside.replace(out)
        except OSError as error:
            raise OutputError(f"it cannot be written: {error.strerror}", "Check the folder.", file=out) from error
        finally:
            beside.unlink(missing_ok=True)
    click.echo(f"{len(scenarios):,} scenarios written to {out}")
