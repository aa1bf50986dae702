"""`fleet-planner compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet_planner.cli.shared import hold, progress_bar, text_table

if TYPE_CHECKING:
    from fleet_planner.tables import Language


@click.command(epilog="Example: fleet-planner compare outputs/first outputs/second:buses --out outputs/changes")
@click.argument("sides", nargs=-1, required=True, metavar="RUN_DIR[:SCENARIO]...")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; it must be absent or empty.")
@click.option("--overwrite", is_flag=True, help="Replace what is in --out.")
@click.option(
    "--method",
    type=click.Choice(["shapley", "lmdi"]),
    default="shapley",
    show_default=True,
    help="How the difference is split into causes.",
)
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Of compare.html.")
def compare(sides: tuple[str, ...], out: Path, method: str, language: str, *, overwrite: bool) -> None:
    """Compare finished runs, or scenarios of them, with the first one: what changes, where, and why.

    One RUN_DIR alone is its baseline against each of its scenarios. Several are compared by their baselines; name a
    scenario after a colon.
    """
    with progress_bar() as progress:
        from fleet_planner.outputs.differences.compare import compared
        from fleet_planner.outputs.differences.sides import asked_for, read_sides
        from fleet_planner.outputs.differences.write_compare import write_compare

        hold(out, overwrite=overwrite)
        progress("reading runs", 0.1)
        found = compared(read_sides([asked_for(s, Path) for s in sides]), "lmdi" if method == "lmdi" else "shapley")
        progress("writing tables, map and page", 0.6)
        chosen: Language = "zh" if language == "zh" else "en"
        write_compare(found, out, overwrite=overwrite, language=chosen)
    for pair in found.pairs:
        click.echo(f"{pair.second.titles[0]} against {pair.first.titles[0]}:")
        shown = pair.differences.select("pollutant", "unit", "first_per_year", "second_per_year", "change_pct")
        click.echo(text_table(shown))
        click.echo()
    for english, _ in found.notes:
        click.echo(f"Note: {english}")
    drawn = ", compare.gpkg" if found.roads is not None else ""
    click.echo(f"Written to {out}: compare.html, differences.csv, difference_causes.csv{drawn}")
