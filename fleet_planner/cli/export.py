"""`fleet-planner export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet_planner.cli.shared import hold
from fleet_planner.errors import InputError

if TYPE_CHECKING:
    from fleet_planner.outputs.export.files import Format
    from fleet_planner.outputs.export.source import Source
    from fleet_planner.tables import Language

FORMATS: tuple[Format, ...] = ("csv", "parquet", "xlsx", "geoparquet", "geojson", "pmtiles")


@click.command(epilog="Example: fleet-planner export outputs/first --format xlsx --format geojson --out tables")
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--format", "formats", type=click.Choice(FORMATS), multiple=True, help="Form of the files (repeatable).")
@click.option("--out", type=click.Path(path_type=Path), help="Folder; it must be absent or empty.")
@click.option("--table", "names", multiple=True, metavar="NAME", help="Only this table or layer (repeatable).")
@click.option("--list", "listed", is_flag=True, help="Only show the tables and layers of RUN_DIR.")
@click.option(
    "--postgis",
    is_flag=False,
    flag_value="",
    metavar="[=URL]",
    help="Write into this PostgreSQL database with PostGIS; without =URL: the one of FLEET_PLANNER_POSTGIS.",
)
@click.option("--schema", help="Schema of the database; default: the name of RUN_DIR.")
@click.option("--overwrite", is_flag=True, help="Replace the schema that an earlier export wrote.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Of the workbook.")
def export(
    run_dir: Path,
    formats: tuple[Format, ...],
    out: Path | None,
    names: tuple[str, ...],
    postgis: str | None,
    schema: str | None,
    language: str,
    *,
    listed: bool,
    overwrite: bool,
) -> None:
    """Write tables and layers of a finished run in other forms.

    csv, parquet and xlsx hold the tables and the attributes of layers; geoparquet, geojson and pmtiles (vector tiles)
    hold the layers with their geometry. --postgis writes all of them into a schema of a database.
    """
    from fleet_planner.outputs.export.files import TABLES
    from fleet_planner.outputs.export.source import open_source, refuse_altered_tables

    source = open_source(run_dir).chosen(names)
    chosen: Language = "zh" if language == "zh" else "en"
    if listed:
        from fleet_planner.cli.shared import aligned

        titles = [i.title_zh if chosen == "zh" else i.title_en for i in source.items]
        rows = [
            [i.name, i.place, "layer" if i.spatial else "table", t] for i, t in zip(source.items, titles, strict=True)
        ]
        click.echo(aligned([["name", "place", "kind", "title"], *rows], right=[False] * 4))
        return
    if not formats and postgis is None:
        raise click.UsageError(f"Name a --format ({', '.join(FORMATS)}) or --postgis.")
    if postgis is not None or set(formats) & set(TABLES):
        refuse_altered_tables(source)
    if formats:
        _export_files(run_dir, source, out, formats, chosen)
    if postgis is not None:
        to_postgis(source, postgis, schema, overwrite=overwrite)


def _export_files(
    run_dir: Path, source: Source, out: Path | None, formats: tuple[Format, ...], language: Language
) -> None:
    from fleet_planner.outputs.export.files import export_files

    if out is None:
        raise click.UsageError("Name a folder with --out.")
    hold(out, overwrite=False)
    if not any(i.spatial for i in source.items) and not set(formats) & {"csv", "parquet", "xlsx"}:
        raise InputError("there is no layer in it", "Take csv, parquet or xlsx.", file=run_dir)
    left_out = export_files(source, out, formats, language)
    for item in left_out:
        click.echo(
            f"Not in the workbook: {item.name} ({item.place}) has more rows than a sheet of Excel holds (1,048,575). "
            "Take --format csv or parquet for it."
        )
    click.echo(f"Written to {out}: {', '.join(sorted(p.name for p in out.iterdir()))}")


def to_postgis(source: Source, url: str, schema: str | None, *, overwrite: bool, quiet: bool = False) -> None:
    """Write a source into a database and say where, without credentials; ``quiet`` keeps standard output free."""
    from fleet_planner.outputs.export.postgis import address_of, export_postgis, schema_name

    address = address_of(url)
    name = schema_name(schema or source.folder.resolve().name)
    written = export_postgis(source, address, name, overwrite=overwrite)
    click.echo(
        f"Written to schema {name} of {address.shown}: {len(written)} tables, {sum(written.values()):,} rows", err=quiet
    )
