"""`fleet-planner buses`: electric buses from the timetable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet_planner.cli.buses_replace import replace
from fleet_planner.cli.buses_schedule import schedule
from fleet_planner.cli.shared import UserErrors, hold, progress_bar, text_table

if TYPE_CHECKING:
    from fleet_planner.tables import Language


@click.group(cls=UserErrors)
def buses() -> None:
    """Electric buses from the timetable: blocks, energy, charging, replacement."""


@buses.command(epilog="Example: fleet-planner buses simulate my-city/plan.toml --out outputs/buses")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; it must be absent or empty.")
@click.option("--overwrite", is_flag=True, help="Replace what is in --out.")
@click.option("--language", type=click.Choice(["en", "zh"]), help="Language of buses.html; default: the plan's.")
def simulate(plan: Path, out: Path, language: str | None, *, overwrite: bool) -> None:
    """Put the timetable of PLAN into the days of buses, on its roads.

    Where [buses] names no feed or depots, those of [activity] and [places] are read. What the buses of each route emit
    today is told by the registry, unless buses.emissions is false or there is none.
    """
    import polars as pl

    from fleet_planner.errors import UserError
    from fleet_planner.outputs.buses.bus_run import write_buses
    from fleet_planner.outputs.buses.bus_tables import blocks_table
    from fleet_planner.pipeline.buses.simulate import simulate as simulated
    from fleet_planner.plan.load import load_plan
    from fleet_planner.tables import finding_text

    hold(out, overwrite=overwrite)
    loaded = load_plan(plan)
    try:
        with progress_bar() as progress:
            done = simulated(loaded, plan.parent, progress)
    except UserError as error:
        if error.file is None:
            error.file = plan
        raise
    chosen: Language = "zh" if (language or loaded.outputs.language) == "zh" else "en"
    write_buses(done, plan, out, overwrite=overwrite, language=chosen)
    blocks = blocks_table(done).group_by("kind_of_day", maintain_order=True)
    click.echo(text_table(blocks.agg(pl.len().alias("blocks"), pl.col("trips", "km", "empty_km", "layover_h").sum())))
    ways = ("kind_of_day", "way")
    click.echo(text_table(done.feasibility.remedies.group_by(ways, maintain_order=True).agg(pl.len().alias("blocks"))))
    for finding in done.findings:
        click.echo(f"- {finding_text(finding)}")
    click.echo(f"Written to {out}: buses.html, buses.gpkg, blocks.csv, feasibility.csv, remedies.csv, sites.csv …")


buses.add_command(schedule)
buses.add_command(replace)
