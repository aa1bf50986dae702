"""`fleet-planner portfolio`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet_planner.cli.shared import hold, progress_bar, text_table

if TYPE_CHECKING:
    import polars as pl

    from fleet_planner.tables import Language


@click.command(epilog="Example: fleet-planner portfolio inputs/coquimbo/portfolio.toml --out outputs/mix")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; it must be absent or empty.")
@click.option("--overwrite", is_flag=True, help="Replace what is in --out.")
@click.option("--language", type=click.Choice(["en", "zh"]), help="Language of portfolio.html; default: the plan's.")
def portfolio(plan: Path, out: Path, language: str | None, *, overwrite: bool) -> None:
    """Find the least-cost mix of measures for the targets of PLAN, by group of vehicles and year."""
    with progress_bar() as progress:
        from fleet_planner.errors import UserError
        from fleet_planner.outputs.mix.portfolio import write_portfolio
        from fleet_planner.pipeline.mixing.limit_tables import limits_table
        from fleet_planner.pipeline.mixing.portfolio import portfolio_of
        from fleet_planner.pipeline.mixing.portfolio_tables import targets_table
        from fleet_planner.pipeline.mixing.worth import refuse_large_worth
        from fleet_planner.pipeline.prepare import prepare
        from fleet_planner.plan.load import load_plan

        hold(out, overwrite=overwrite)
        loaded = load_plan(plan)
        try:
            ready = prepare(loaded, plan.parent, progress, counted=partial(refuse_large_worth, loaded))
            progress("least-cost mix", 0.85)
            found = portfolio_of(ready)
        except UserError as error:
            if error.file is None:
                error.file = plan
            raise
        chosen: Language = "zh" if (language or loaded.outputs.language) == "zh" else "en"
        write_portfolio(ready, found, plan, out, overwrite=overwrite, language=chosen)
    targets = targets_table(found)
    if targets.height:
        click.echo(text_table(targets.select("target", "year", "required_per_year", "avoided_per_year", "verdict")))
    mix = found.mix
    limits = limits_table(found)
    if told := _conflict(targets, limits):
        click.echo(f"\nNo mix keeps these together: {told}.")
    exceeded = limits.filter(limits["excess"] > 0.0)
    if exceeded.height:
        click.echo("\nLimits that this mix exceeds:")
        click.echo(text_table(exceeded.select("limit", "of", "year", "unit", "most", "used", "excess")))
    click.echo(f"\nStatus: {mix.status}; cost {mix.cost:,.0f} US$, proved gap {100.0 * mix.gap:.3f} %.")
    click.echo(f"Written to {out}: portfolio.html, portfolio.csv, portfolio_targets.csv, portfolio_years.csv")


def _conflict(targets: pl.DataFrame, limits: pl.DataFrame) -> str:
    """Return the targets and limits that cannot be kept together, those of one kind and name with their years."""
    cuts = targets.filter(targets["conflict"] == "yes").select("target", "year").iter_rows()
    ours = limits.filter(limits["conflict"] == "yes").select("limit", "of", "year").iter_rows()
    rows = [(f"target {name}", year) for name, year in cuts]
    rows += [(" ".join(filter(None, (limit, of))), year) for limit, of, year in ours]
    years: dict[str, list[str]] = {}
    for name, year in rows:
        years.setdefault(name, []).append(str(year))
    return "; ".join(f"{name} ({', '.join(of)})" for name, of in years.items())
