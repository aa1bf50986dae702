"""`fleet-planner report`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(epilog="Example: fleet-planner report outputs/first --language zh")
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
def report(run_dir: Path, language: str) -> None:
    """Write the report of a finished run again, in English or Chinese."""
    from fleet_planner.outputs import render_report

    click.echo(render_report(run_dir, "zh" if language == "zh" else "en"))
