"""`fleet-planner dictionary`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fleet_planner.tables import Language

FORMATS = ("text", "md", "csv", "json")


@click.command(epilog="Example: fleet-planner dictionary summary --language zh")
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="Form.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Of the words.")
@click.option("--out", type=click.Path(path_type=Path), help="Write to this file instead of the terminal.")
def dictionary(tables: tuple[str, ...], form: str, language: str, out: Path | None) -> None:
    """Show the data dictionary: every table that is read or written, with the name, kind, unit and meaning of columns.

    Without TABLE: the list of tables; with --format csv, json or md all their columns.
    """
    from fleet_planner.cli.dictionary_text import dictionary_text
    from fleet_planner.cli.files import write_text_whole

    chosen: Language = "zh" if language == "zh" else "en"
    text = dictionary_text(tables, form, chosen)
    if out is None:
        click.echo(text)
    else:
        write_text_whole(out, f"{text}\n")
        click.echo(f"Written to {out}")
