"""`fleet-planner init`."""

from __future__ import annotations

from pathlib import Path

import click

CITIES = ("coquimbo", "beijing", "los-angeles", "seoul", "tokyo")


@click.command(epilog="Example: fleet-planner init my-city --city beijing")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--city", type=click.Choice(CITIES), help="Begin from this city's plan instead of an empty one.")
def init(folder: Path, city: str | None) -> None:
    """Write a commented plan and template inputs into DIR, which must be absent or empty."""
    from fleet_planner.pipeline.starter import write_starter

    for path in write_starter(folder, city):
        click.echo(path)
    click.echo(f"Next: look at {folder / 'plan.toml'}, then fleet-planner run {folder / 'plan.toml'}")
