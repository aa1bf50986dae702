"""`fleet-planner clip`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet_planner.cli.shared import hold, progress_bar, text_table

if TYPE_CHECKING:
    from fleet_planner.tables import Language


@click.command(epilog="Example: fleet-planner clip outputs/first --polygon districts.geojson --out outputs/districts")
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--polygon", type=click.Path(path_type=Path), required=True, help="GeoJSON, GeoPackage … of areas.")
@click.option("--name", "column", default="", help="Column with the areas' names; default: name, id or the row.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; it must be absent or empty.")
@click.option("--overwrite", is_flag=True, help="Replace what is in --out.")
@click.option("--inputs", type=click.Path(path_type=Path), help="Folder of the plan, where it moved since.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Of areas.html.")
def clip(
    run_dir: Path, polygon: Path, column: str, out: Path, inputs: Path | None, language: str, *, overwrite: bool
) -> None:
    """Tell what RUN_DIR emits within polygons: a community, a ring road, districts.

    The run is computed again from its manifest, and links are cut at the borders by their length.
    """
    with progress_bar() as progress:
        from fleet_planner.outputs.checking.read import read_manifest
        from fleet_planner.outputs.clipping.write_clip import cut_run, write_clip

        hold(out, overwrite=overwrite)
        cut = cut_run(read_manifest(run_dir), polygon, column, inputs, progress)
        chosen: Language = "zh" if language == "zh" else "en"
        write_clip(cut, out, overwrite=overwrite, language=chosen)
    first = cut.areas.found.totals["scenario"][0]
    shown = cut.areas.found.totals.filter(scenario=first, pollutant="NOx")
    click.echo(text_table(shown.select("area", "pollutant", "unit", "value_per_year", "share_of_city_pct")))
    for english, _ in cut.notes:
        click.echo(f"Note: {english}")
    click.echo(f"Written to {out}: areas.html, area_totals.csv, area_classes.csv, areas.gpkg")
