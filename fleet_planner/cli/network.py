"""`fleet-planner network`."""

from __future__ import annotations

from pathlib import Path

import click

from fleet_planner.cli.shared import progress_bar


@click.group()
def network() -> None:
    """Read road networks."""


@network.command(epilog="Example: fleet-planner network build --osm los-angeles.osm.pbf --country US-CA --out la.gpkg")
@click.option("--place", default="", help="A place name, over the internet.")
@click.option("--osm", type=click.Path(path_type=Path), help="A .osm.pbf, .osm, .osm.bz2 or .graphml file.")
@click.option("--country", default="*", show_default=True, help="Whose default speeds and lanes apply.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="GeoPackage to write.")
def build(place: str, osm: Path | None, country: str, out: Path) -> None:
    """Read the drive network of a city and write its links to a GeoPackage."""
    if bool(place) == (osm is not None):
        raise click.UsageError("give either --place or --osm")
    with progress_bar() as progress:
        from fleet_planner.network import load_network, write_network
        from fleet_planner.outputs.target import check_unlocked
        from fleet_planner.plan.models import NetworkSection

        section = NetworkSection(place=place) if place else NetworkSection(file=str(osm))
        check_unlocked(out)
        built = load_network(section, Path.cwd(), country, progress)
        check_unlocked(out)
        write_network(built, out)
    from fleet_planner.tables import finding_text

    click.echo(f"{built.links.height:,} links, {built.links['length_km'].sum():,.0f} km -> {out}")
    for finding in built.findings:
        click.echo(f"- {finding_text(finding)}")
    click.echo(built.attribution)
