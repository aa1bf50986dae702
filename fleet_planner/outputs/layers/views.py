"""Layers without rows of their own: what each scenario changes, and the links that emit most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import polars as pl

from fleet_planner.outputs.layers import frames
from fleet_planner.outputs.layers.layer import Layer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from fleet_planner.tables import Language, PollutantSpec

ROUNDING = 1e-9
"""Part of the baseline below which a difference comes from the order of sums."""
TOP_LINKS = 100
TOP_MIN_KM = 0.05
"""Shorter links are left out of the top: a stub of ten metres is not a place to act."""
KEPT = ("link_id", "name", "road_class", "length_km", "vkt_per_day", "zone_id", "population", "area_km2")
"""Columns of a layer that its maps of changes show too."""


def create_view(database: sqlite3.Connection, layer: Layer) -> None:
    """Create the view of a layer and register it as a layer, with the extent of the one whose geometry it shows.

    The query names its key ``OGC_FID``: a view has no primary key, and GDAL takes this column for it.
    """
    database.execute(f'CREATE VIEW "{layer.name}" AS {layer.view}')  # of our own names
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, min_x, min_y, max_x, "
        "max_y, srs_id) SELECT ?, data_type, ?, description, last_change, min_x, min_y, max_x, max_y, srs_id "
        "FROM gpkg_contents WHERE table_name = ?",
        (layer.name, layer.name, layer.of),
    )
    database.execute(
        "INSERT INTO gpkg_geometry_columns (table_name, column_name, geometry_type_name, srs_id, z, m) "
        "SELECT ?, column_name, geometry_type_name, srs_id, z, m FROM gpkg_geometry_columns WHERE table_name = ?",
        (layer.name, layer.of),
    )


def change_table(layer: Layer, specs: Sequence[PollutantSpec], base: str, scenario: str) -> pl.DataFrame:
    """Return what a scenario changes in each row of a layer, in its order (``tables/columns/change_of_<layer>.csv``).

    Per cent are empty where the baseline has nothing. A difference that is the rounding of sums counts as none.
    """
    per: Literal["per_km", "per_km2"] = "per_km" if layer.name == "links" else "per_km2"
    whole = frames.per_km_column if per == "per_km" else frames.per_km2_column
    out = []
    for spec in specs:
        before, after = pl.col(whole(spec, base)), pl.col(whole(spec, scenario))
        change = pl.when((after - before).abs() > ROUNDING * before).then(after - before).otherwise(0.0)
        out.append(change.alias(frames.change_column(spec, per)))
        share = pl.when(before > 0.0).then(100.0 * change / before)
        out.append(share.alias(frames.change_column(spec, "pct")))
    return layer.frame.select(out)


def change_view(layer: Layer, changes: pl.DataFrame, scenario: str, titles: Mapping[Language, str]) -> Layer:
    """Return the layer of a scenario's changes: the geometry of ``layer`` with ``change_of_<layer>_<scenario>``.

    That table's key is that of the layer's rows. Differences stand in it, not in the view: expressions of a view have
    no type in SQLite, and programs would read them as text.
    """
    name = f"{layer.name}_change_{scenario}"
    kept = [c for c in KEPT if c in layer.frame.columns]
    own = ", ".join([*(f'l."{c}"' for c in kept), *(f'c."{c}"' for c in changes.columns)])
    query = (
        f"SELECT l.fid AS OGC_FID, l.geom AS geom, {own} "  # noqa: S608  # names come from our own tables
        f'FROM "{layer.name}" l JOIN "change_of_{layer.name}_{scenario}" c ON c.fid = l.fid'
    )
    return Layer(
        name=name,
        frame=layer.frame.select(kept).hstack(changes),
        wkb=None,
        geometry_type=layer.geometry_type,
        style=None,
        scenarios=layer.scenarios,
        kind=f"{layer.name}_change_{{scenario}}",
        subject=titles,
        view=query,
        of=layer.name,
    )


def top_table(links: Layer, specs: Sequence[PollutantSpec], base: str) -> pl.DataFrame:
    """Return ``tables/columns/top_links.csv``: the links that emit most per km and day, by pollutant."""
    parts = []
    for spec in specs:
        column = frames.per_km_column(spec, base)
        rows = links.frame.select("link_id", "length_km", column).with_row_index("links_fid", offset=1)
        some = rows.filter((pl.col("length_km") >= TOP_MIN_KM) & (pl.col(column) > 0.0))
        top = some.sort(column, "links_fid", descending=[True, False]).head(TOP_LINKS)
        parts.append(
            top.select(
                pl.lit(spec.pollutant).alias("pollutant"),
                pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("rank"),
                pl.col("links_fid").cast(pl.Int64),
                "link_id",
            )
        )
    return pl.concat(parts)


def top_view(links: Layer, top: pl.DataFrame, spec: PollutantSpec, titles: Mapping[Language, str]) -> Layer:
    """Return the layer of the links that emit most of a pollutant: their rank, and their figures in each scenario."""
    own = [f(spec, s) for s in links.scenarios for f in (frames.day_column, frames.per_km_column)]
    kept = [c for c in (*KEPT[:5], *own) if c in links.frame.columns]
    chosen = top.filter(pollutant=spec.pollutant)
    listed = ", ".join(f'l."{c}"' for c in kept)
    query = (
        f"SELECT l.fid AS OGC_FID, l.geom AS geom, t.rank AS rank, {listed} "  # noqa: S608  # our own names
        f"FROM top_links t JOIN links l ON l.fid = t.links_fid WHERE t.pollutant = '{spec.pollutant}'"
    )
    rows = links.frame.select(kept)[(chosen["links_fid"] - 1).to_list()]
    return Layer(
        name=f"top_links_{spec.column}",
        frame=chosen.select("rank").hstack(rows),
        wkb=None,
        geometry_type=links.geometry_type,
        style=None,
        scenarios=links.scenarios,
        kind="top_links_{pollutant}",
        subject=titles,
        view=query,
        of="links",
    )
