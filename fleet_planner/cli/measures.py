"""`fleet-planner measures`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import click

from fleet_planner.cli.shared import shortened, text_table

if TYPE_CHECKING:
    from fleet_planner.tables import Language

LANGUAGES = click.Choice(["en", "zh"])


@click.group()
def measures() -> None:
    """Show the measures: on which vehicles they fit, effects with ranges, costs, sources."""


@measures.command("list", epilog="Example: fleet-planner measures list --kind retrofit --category bus")
@click.option("--kind", default="", help="Only this kind, such as retrofit, replacement, fuel, running_gear, package.")
@click.option("--category", default="", help="Only those for this category, such as heavy_truck.")
@click.option("--language", type=LANGUAGES, default="en", show_default=True, help="Language of titles and headings.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(kind: str, category: str, language: str, *, as_json: bool) -> None:
    """List the measures, one a line: kind, vehicles, main effects, price; what was not checked has a star."""
    import polars as pl

    from fleet_planner.scenarios.shown import measures_listed
    from fleet_planner.tables import measure_words

    chosen = cast("Language", language)
    table = measures_listed(chosen, kind, category)
    if as_json:
        click.echo(table.write_json())
        return
    words = measure_words(chosen)
    short = table.with_columns(title=pl.col("title").map_elements(shortened, return_dtype=pl.String))
    click.echo(text_table(short.rename({column: words.get(column, column) for column in short.columns})))
    click.echo(f"\n{words['legend']}")


@measures.command(epilog="Example: fleet-planner measures show dpf_passive --language zh")
@click.argument("measure")
@click.option("--language", type=LANGUAGES, default="en", show_default=True, help="Language of the text.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows of the table as JSON.")
def show(measure: str, language: str, *, as_json: bool) -> None:
    """Show all that is known of a measure: fit, needs, effects with low and high, cost, life, sources, checked."""
    from fleet_planner.scenarios.shown import measure_rows, measure_shown
    from fleet_planner.tables import measure_words

    if as_json:
        click.echo(json.dumps(measure_rows(measure), ensure_ascii=False, indent=1))
        return
    chosen = cast("Language", language)
    words = measure_words(chosen)
    lines, effects, sources = measure_shown(measure, chosen)
    click.echo("\n".join(lines))
    if effects.height:
        click.echo(f"\n{words['effects']}\n{text_table(effects)}")
    if sources:
        click.echo("\n".join([f"\n{words['sources']}", *(f"  {source}" for source in sources)]))
