"""`fleet-planner report`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click


@click.command(epilog="Example: fleet-planner report outputs/first --language zh")
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@click.option("--pdf", is_flag=True, help="Print it to PDF too, by a browser of this machine (FLEET_PLANNER_BROWSER).")
def report(run_dir: Path, language: Literal["en", "zh"], *, pdf: bool) -> None:
    """Write the report of a finished run again, in English or Chinese, as a page or as PDF."""
    from fleet_planner.outputs import print_report, render_report

    click.echo(render_report(run_dir, language))
    if pdf:
        click.echo(print_report(run_dir, language))
