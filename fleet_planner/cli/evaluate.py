"""`fleet-planner evaluate`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fleet_planner.cli.shared import progress_bar, text_table


@click.command(epilog="Example: fleet-planner evaluate my-city/plan.toml --monitors monitors.csv")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--monitors", type=click.Path(path_type=Path), help="CSV of annual means; default: the plan's.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
def evaluate(plan: Path, monitors: Path | None, *, as_json: bool) -> None:
    """Hold the modelled air of PLAN against monitors: FAC2, bias, R, RMSE by pollutant.

    The baseline is computed and nothing is written; `fleet-planner run` writes the same table where the plan names
    impacts.monitors.
    """
    from fleet_planner.pipeline.evaluate import air_fit

    with progress_bar() as progress:
        table = air_fit(plan, monitors, progress)
    click.echo(json.dumps(table.to_dicts()) if as_json else text_table(table))
