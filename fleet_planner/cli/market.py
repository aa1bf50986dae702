"""`fleet-planner market`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet_planner.cli.shared import hold, text_table

if TYPE_CHECKING:
    from fleet_planner.tables import Language


@click.command(epilog="Example: fleet-planner market my-city/plan.toml --out outputs/market")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; it must be absent or empty.")
@click.option("--overwrite", is_flag=True, help="Replace what is in --out.")
@click.option(
    "--draws", type=click.IntRange(0, 100_000), help="Draws of abatement costs and baselines; default: the plan's."
)
@click.option("--language", type=click.Choice(["en", "zh"]), help="Language of market.html; default: the plan's.")
def market(plan: Path, out: Path, draws: int | None, language: str | None, *, overwrite: bool) -> None:
    """Clear the carbon market of PLAN: each city alone and linked, its ledger, and the health benefit that trade moves.

    Only [market], [uncertainty] and the files it names are read.
    """
    from fleet_planner.errors import UserError
    from fleet_planner.outputs.markets.market import benefit_by_city, totals, write_market
    from fleet_planner.pipeline.market.market import market_of
    from fleet_planner.plan.load import load_plan
    from fleet_planner.tables import finding_text

    hold(out, overwrite=overwrite)
    loaded = load_plan(plan)
    if draws is not None:
        drawn = loaded.uncertainty.model_copy(update={"draws": draws})
        loaded = loaded.model_copy(update={"uncertainty": drawn})
    try:
        found = market_of(loaded, plan.parent)
    except UserError as error:
        if error.file is None:
            error.file = plan
        raise
    chosen: Language = "zh" if (language or loaded.outputs.language) == "zh" else "en"
    write_market(loaded, plan, found, out, overwrite=overwrite, language=chosen)
    click.echo("All years, tonnes and US$ 2024:")
    click.echo(text_table(totals(found)))
    click.echo("\nLocal health benefit moved by trade, US$ 2024 (below 0: lost):")
    click.echo(text_table(benefit_by_city(found)))
    for finding in found.findings:
        click.echo(f"- {finding_text(finding)}")
    click.echo(f"Written to {out}: market.html, market.csv, ledger.csv")
