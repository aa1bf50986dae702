"""`fleet-planner network`."""

from __future__ import annotations

from pathlib import Path

import click

from fleet_planner.cli.shared import progress_bar

FILE = click.Path(path_type=Path)


@click.group()
def network() -> None:
    """Read road networks."""


@network.command(epilog="Example: fleet-planner network build --osm los-angeles.osm.pbf --country US-CA --out la.gpkg")
@click.option("--place", default="", help="A place name, over the internet.")
@click.option("--osm", type=FILE, help="A .osm.pbf, .osm, .osm.bz2 or .graphml file.")
@click.option("--file", "table", type=FILE, help="Any file or GMNS folder that a plan's network.file may name.")
@click.option("--map", "column_map", multiple=True, metavar="KEY=COLUMN", help="Column of a table, as network.columns.")
@click.option("--road-class", multiple=True, metavar="OWN=OSM", help="OSM class of a table's own road class.")
@click.option("--clip", type=FILE, help="Polygon file of the city's outline.")
@click.option("--keep", multiple=True, metavar="CLASS", help="OSM highway class to keep; may be repeated.")
@click.option("--consolidate", type=float, default=0.0, metavar="M", help="Merge junctions joined by roads this short.")
@click.option("--low-emission-zones", type=FILE, help="Polygon file of low-emission zones.")
@click.option("--datum", type=click.Choice(["wgs84", "gcj02", "bd09", "detect"]), default="wgs84", show_default=True)
@click.option("--datum-reference", type=FILE, help="OSM extract of the same city that --datum detect compares with.")
@click.option("--cache/--no-cache", default=True, help="Keep the finished links beside the file.")
@click.option("--country", default="*", show_default=True, help="Whose default speeds and lanes apply.")
@click.option(
    "--elevation",
    type=FILE,
    multiple=True,
    help="Raster of heights (GeoTIFF, SRTM .hgt) or a folder of them, for the links' grade; may be repeated.",
)
@click.option("--out", type=FILE, required=True, help="GeoPackage to write.")
def build(  # one per option
    *,
    place: str,
    osm: Path | None,
    table: Path | None,
    column_map: tuple[str, ...],
    road_class: tuple[str, ...],
    clip: Path | None,
    keep: tuple[str, ...],
    consolidate: float,
    low_emission_zones: Path | None,
    datum: str,
    datum_reference: Path | None,
    cache: bool,
    country: str,
    elevation: tuple[Path, ...],
    out: Path,
) -> None:
    """Read the drive network of a city and write its links to a GeoPackage."""
    if sum((bool(place), osm is not None, table is not None)) != 1:
        raise click.UsageError("give one of --place, --osm and --file")
    keys = {
        "place": place,
        "file": str(osm or table or ""),
        "columns": _pairs(column_map, "--map"),
        "road_classes": _pairs(road_class, "--road-class"),
        "clip": str(clip or ""),
        "keep_classes": list(keep),
        "consolidate_m": consolidate,
        "low_emission_zones": str(low_emission_zones or ""),
        "datum": datum,
        "datum_reference": str(datum_reference or ""),
        "cache": cache,
        "elevation": [str(p) for p in elevation],
    }
    with progress_bar() as progress:
        from pydantic import ValidationError

        from fleet_planner.network import load_network, with_grade, write_network
        from fleet_planner.outputs.target import check_unlocked
        from fleet_planner.plan.models import NetworkSection

        try:
            section = NetworkSection.model_validate(keys)
        except ValidationError as error:
            first = error.errors()[0]
            raise click.UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        check_unlocked(out)
        built = load_network(section, Path.cwd(), country, progress)
        built = with_grade(built, section, Path.cwd(), progress).network
        check_unlocked(out)
        write_network(built, out)
    from fleet_planner.tables import finding_text

    click.echo(f"{built.links.height:,} links, {built.links['length_km'].sum():,.0f} km -> {out}")
    for finding in built.findings:
        click.echo(f"- {finding_text(finding)}")
    click.echo(built.attribution)


def _pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    """Return ``key=value`` texts as a mapping."""
    pairs = [text.partition("=") for text in texts]
    for text, (key, sign, value) in zip(texts, pairs, strict=True):
        if not (key and sign and value):
            raise click.UsageError(f"{option} wants NAME=VALUE, found {text!r}")
    return {key: value for key, _, value in pairs}
