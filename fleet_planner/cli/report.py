"""`fleet-planner report`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click


@click.command(epilog="Example: fleet-planner report outputs/first --language zh")
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@click.option(
    "--units", type=click.Choice(["si", "us", "kg_day"]), help="t, US short tons or kg a day.  [default: the plan's]"
)
@click.option("--currency", type=click.Choice(["usd", "rmb"]), help="Of the costs of measures.  [default: the plan's]")
@click.option(
    "--pdf",
    is_flag=True,
    help="Print it and the MRV statement to PDF too, by a browser of this machine (FLEET_PLANNER_BROWSER).",
)
def report(
    run_dir: Path,
    language: Literal["en", "zh"],
    units: Literal["si", "us", "kg_day"] | None,
    currency: Literal["usd", "rmb"] | None,
    *,
    pdf: bool,
) -> None:
    """Write the report of a finished run again, in English or Chinese, in other units, as a page or as PDF."""
    from fleet_planner.outputs import print_report, render_report
    from fleet_planner.outputs.reserve import locked

    if run_dir.is_dir():
        click.get_current_context().with_resource(locked(run_dir.resolve()))
    click.echo(render_report(run_dir, language, units, currency))
    if pdf:
        for made in print_report(run_dir, language):
            click.echo(made)
