"""`fleet-planner chargers`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet_planner.cli.shared import hold, progress_bar, text_table

if TYPE_CHECKING:
    from fleet_planner.tables import Language


@click.group()
def chargers() -> None:
    """Say where chargers go."""


@chargers.command(epilog="Example: fleet-planner chargers site my-city/plan.toml --out outputs/chargers")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; it must be absent or empty.")
@click.option("--overwrite", is_flag=True, help="Replace what is in --out.")
@click.option("--language", type=click.Choice(["en", "zh"]), help="Language of chargers.html; default: the plan's.")
def site(plan: Path, out: Path, language: str | None, *, overwrite: bool) -> None:
    """Site the chargers of PLAN: sites, chargers and years at the least cost, within grid, room and budget.

    Every model tells its proved gap; every plan is computed anew without the solver.

    Read are [chargers], the files it names, [places] and [network].
    """
    from fleet_planner.errors import UserError
    from fleet_planner.outputs.siting.chargers import write_siting
    from fleet_planner.pipeline.siting.site import site_chargers
    from fleet_planner.plan.load import load_plan
    from fleet_planner.tables import finding_text

    hold(out, overwrite=overwrite)
    loaded = load_plan(plan)
    try:
        with progress_bar() as progress:
            found = site_chargers(loaded, plan.parent, progress)
    except UserError as error:
        if error.file is None:
            error.file = plan
        raise
    chosen: Language = "zh" if (language or loaded.outputs.language) == "zh" else "en"
    write_siting(loaded, plan, found, out, overwrite=overwrite, language=chosen)
    shown = found.tables["siting_models"].select("model", "sites", "objective", "unit", "bound", "gap_pct", "status")
    click.echo(text_table(shown))
    for finding in found.findings:
        if finding.code.startswith("chargers."):
            click.echo(f"- {finding_text(finding)}")
    if "charger_regret" in found.tables:
        click.echo("\nRegret, US$ 2024:")
        click.echo(text_table(found.tables["charger_regret"]))
    click.echo(f"Written to {out}: chargers.html, chargers.gpkg, chargers.csv, charger_sites.csv, catchments.csv")
