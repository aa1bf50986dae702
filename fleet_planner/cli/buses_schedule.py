"""`fleet-planner buses schedule`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet_planner.cli.shared import hold, progress_bar, text_table

if TYPE_CHECKING:
    from fleet_planner.tables import Language

SHOWN = ("site_id", "strategy", "peak_kw", "cost_usd2024_per_year", "co2_t_per_year", "missed_kwh", "gap")


@click.command(epilog="Example: fleet-planner buses schedule my-city/plan.toml --out outputs/charging")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; it must be absent or empty.")
@click.option("--overwrite", is_flag=True, help="Replace what is in --out.")
@click.option("--language", type=click.Choice(["en", "zh"]), help="Language of charging.html; default: the plan's.")
def schedule(plan: Path, out: Path, language: str | None, *, overwrite: bool) -> None:
    """Schedule the charging of the buses of PLAN by site and strategy: load, costs, chargers, grid connection.

    The stays at chargers are those of buses.charging.sessions (such as sessions.csv of a simulation), else of the days
    that `buses simulate` makes of the timetable.
    """
    with progress_bar() as progress:
        from fleet_planner.errors import UserError
        from fleet_planner.outputs.buses.buses_charging import write_charging
        from fleet_planner.pipeline.buses.scheduling import scheduled
        from fleet_planner.plan.load import load_plan
        from fleet_planner.tables import finding_text

        hold(out, overwrite=overwrite)
        loaded = load_plan(plan)
        try:
            found = scheduled(loaded, plan.parent, progress)
        except UserError as error:
            if error.file is None:
                error.file = plan
            raise
        chosen: Language = "zh" if (language or loaded.outputs.language) == "zh" else "en"
        write_charging(loaded, plan, found, out, overwrite=overwrite, language=chosen)
    click.echo(text_table(found.summary.select(SHOWN)))
    for finding in found.findings:
        click.echo(f"- {finding_text(finding)}")
    click.echo(f"Written to {out}: charging.html, sites.csv, site_costs.csv, chargers_needed.csv, load_profile.csv")
