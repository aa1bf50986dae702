"""`fleet-planner factors map`: which Euro standard answers to a standard of another region."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from fleet_planner.cli.shared import text_table


@click.command("map", epilog="Example: fleet-planner factors map --region CN --group heavy_duty --standard 'China IV'")
@click.option("--region", default="", help="such as CN, US-CA, JP; empty: all")
@click.option("--group", default="", help="light_duty, heavy_duty or motorcycle; empty: all")
@click.option("--standard", default="", help="One standard of the region, as the law names it.")
@click.option("--euro", default="", help="The other way: standards of the region that answer to this Euro standard.")
@click.option("--year", type=int, help="Model year, where a name stands for several steps.")
@click.option("--fuel", default="any", show_default=True)
@click.option("--table", type=click.Path(path_type=Path), help="A table of your own, of the form that --out writes.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the packaged table as CSV, to be edited.")
def map_(
    region: str,
    group: str,
    standard: str,
    euro: str,
    year: int | None,
    fuel: str,
    table: Path | None,
    out: Path | None,
) -> None:
    """Show which Euro standard answers to a region's standard, since when, and how exactly."""
    import polars as pl

    from fleet_planner.cli.files import write_text_whole
    from fleet_planner.errors import InputError
    from fleet_planner.reference import reference_path
    from fleet_planner.reference.technology_map import PACKAGED, counterparts, equivalent, load_technology_map

    if out:
        write_text_whole(out, reference_path(PACKAGED).read_text(encoding="utf-8"))
        click.echo(out)
        return
    entries = load_technology_map(table)
    if standard or euro:
        if not region or not group:
            raise InputError(
                "a standard needs its region and group", "Give --region and --group.", value=standard or euro
            )
        if euro:
            entries = tuple(counterparts(entries, euro, region, group, fuel=fuel))
        else:
            entries = (equivalent(entries, region, group, standard, fuel=fuel, year=year),)
    frame = pl.DataFrame([asdict(e) for e in entries])
    for column, value in (("region", region), ("group", group)):
        if value and not (standard or euro):
            frame = frame.filter(pl.col(column) == value)
    if frame.is_empty():
        raise InputError("no row fits", "See `fleet-planner factors map` without options.", value=region or group)
    click.echo(text_table(frame))
