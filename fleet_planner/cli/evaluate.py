"""`fleet-planner evaluate`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fleet_planner.cli.shared import progress_bar, text_table


@click.command(epilog="Example: fleet-planner evaluate my-city/plan.toml --monitors monitors.csv")
@click.argument("plan", type=click.Path(path_type=Path), required=False)
@click.option("--monitors", type=click.Path(path_type=Path), help="CSV of annual means; default: the plan's.")
@click.option(
    "--tracer", is_flag=True, help="Without a plan: the formulas against a published tracer release (Idaho Falls 2008)."
)
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
def evaluate(plan: Path | None, monitors: Path | None, *, tracer: bool, as_json: bool) -> None:
    """Hold the modelled air of PLAN against monitors: FAC2, bias, R, RMSE by pollutant.

    The baseline is computed and nothing is written; `fleet-planner run` writes the same table where the plan names
    impacts.monitors. With --tracer the formulas themselves are held against what was measured beside a line of tracer.
    """
    from fleet_planner.pipeline.evaluate import air_fit, tracer_table

    if (plan is None) != tracer:
        raise click.UsageError("Name a PLAN, or --tracer without one.")
    if plan is None:
        table = tracer_table()
    else:
        with progress_bar() as progress:
            table = air_fit(plan, monitors, progress)
    click.echo(json.dumps(table.to_dicts()) if as_json else text_table(table))
