"""Tables and layers as files: CSV, Parquet, Excel; GeoParquet, GeoJSON, vector tiles."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Literal

import polars as pl

from fleet_planner.outputs.export.source import told_as_damaged
from fleet_planner.outputs.export.workbook import write_workbook
from fleet_planner.outputs.record import EXPORT, MANIFEST, PROGRAM, file_hashes
from fleet_planner.outputs.target import whole_directory
from fleet_planner.tiles import LINKS_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fleet_planner.outputs.export.source import Item, Layer, Source
    from fleet_planner.tables import Language

Format = Literal["csv", "parquet", "xlsx", "geoparquet", "geojson", "pmtiles"]
TABLES: tuple[Format, ...] = ("csv", "parquet", "xlsx")
LAYERS: tuple[Format, ...] = ("geoparquet", "geojson", "pmtiles")
WGS84 = "EPSG:4326"
GEOJSON_DIGITS = 7
"""Digits after the point of a degree: about a centimetre."""
LEAST_ZOOM, MOST_ZOOM = 9, 13
TILE_BYTES, TILE_FEATURES = 5_000_000, 500_000
"""Above these GDAL leaves features out of a tile; wide enough for a city's centre in one tile."""


def export_files(source: Source, out: Path, formats: Sequence[Format], language: Language) -> tuple[Item, ...]:
    """Write a source into ``out`` in some formats, whole or not at all.

    Parameters
    ----------
    source
        Tables and layers.
    out
        Absent or empty folder. Several formats share it; ``columns.csv`` says what the columns mean and
        ``export.json`` from which results the files were made.
    formats
        See `TABLES` (tables, and layers without their geometry) and `LAYERS` (layers).
    language
        Of the workbook's own words.

    Returns
    -------
    tuple of Item
        What is too large for a sheet of Excel and was left out of the workbook.

    Raises
    ------
    OutputError
        The folder is not empty or cannot be written.
    """
    left_out: tuple[Item, ...] = ()
    with whole_directory(out, overwrite=False) as folder:
        for form in formats:
            if form == "xlsx":
                left_out = write_workbook(source, folder / "tables.xlsx", language)
                continue
            for item in source.items:
                if form in TABLES:
                    _write_table(source, item, folder, form)
                elif item.read_layer is not None:
                    write_layer(item.read_layer(), folder / f"{item.name}.{_ending(form)}", item.name, form)
        source.columns.write_csv(folder / "columns.csv")
        (folder / EXPORT).write_text(_told(source, formats, left_out, file_hashes(folder)), encoding="utf-8")
    return left_out


def _ending(form: Format) -> str:
    return "parquet" if form == "geoparquet" else form


def _write_table(source: Source, item: Item, folder: Path, form: Format) -> None:
    """Write a table; a layer's attributes carry its name, marked where its GeoParquet would have the same."""
    if item.place == "columns.csv":
        return
    path = folder / f"{item.name}_attributes.{form}" if item.spatial else folder / f"{item.name}.{form}"
    given = source.folder / item.place
    if given.suffix == ".parquet" and form == "parquet":
        shutil.copyfile(given, path)
    elif given.suffix == ".parquet" and form == "csv":
        _parquet_as_csv(given, path)
    elif form == "csv":
        item.read().write_csv(path)
    else:
        item.read().write_parquet(path)


def _parquet_as_csv(given: Path, path: Path) -> None:
    """Write a Parquet file as CSV, some rows at a time."""
    import pyarrow.parquet as pq

    with told_as_damaged(given):
        file = pq.ParquetFile(given)
    with path.open("wb") as handle:
        pl.DataFrame(pl.from_arrow(file.schema_arrow.empty_table())).write_csv(handle)
        for batch in file.iter_batches(LINKS_AT_ONCE):
            pl.DataFrame(pl.from_arrow(batch)).write_csv(handle, include_header=False)


def write_layer(layer: Layer, path: Path, name: str, form: Format) -> None:
    """Write a layer in WGS84.

    Parameters
    ----------
    layer
        Attributes and geometry.
    path
        File.
    name
        Of the layer inside the file.
    form
        ``geoparquet``: as it is. ``geojson``: RFC 7946, seven digits. ``pmtiles``: vector tiles of zooms 9 to 13
        in Web Mercator in one file; geometry is simplified at small zooms.
    """
    if form == "geoparquet":
        import geopandas as gpd
        import shapely

        geometry = gpd.GeoSeries(shapely.from_wkb(layer.wkb.to_list()), crs=WGS84)
        gpd.GeoDataFrame(layer.frame.to_pandas(use_pyarrow_extension_array=True), geometry=geometry).to_parquet(path)
        return
    from pyogrio.raw import write_arrow

    options: dict[str, object] = (
        {"driver": "GeoJSON", "RFC7946": "YES", "COORDINATE_PRECISION": str(GEOJSON_DIGITS), "WRITE_NAME": "NO"}
        if form == "geojson"
        else {
            "driver": "PMTiles",
            "MINZOOM": str(LEAST_ZOOM),
            "MAXZOOM": str(MOST_ZOOM),
            "MAX_SIZE": str(TILE_BYTES),
            "MAX_FEATURES": str(TILE_FEATURES),
        }
    )
    table = layer.frame.with_columns(pl.Series("geom", layer.wkb, dtype=pl.Binary))
    write_arrow(
        table.to_arrow(compat_level=pl.CompatLevel.oldest()),
        path,
        layer=name,
        geometry_name="geom",
        geometry_type=layer.geometry_type,
        crs=WGS84,
        **options,
    )


def _told(source: Source, formats: Sequence[Format], left_out: Sequence[Item], files: dict[str, str]) -> str:
    """Return from which results the files were made, and what they hash to, as JSON."""
    manifest = source.folder / MANIFEST
    told = {
        "program": PROGRAM,
        "version": source.manifest.get("version", ""),
        "command": "export",
        "results": source.folder.resolve().name,
        "manifest_sha256": hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.is_file() else "",
        "attribution": source.manifest.get("attribution", ""),
        "formats": list(formats),
        "crs": WGS84,
        "left_out_of_the_workbook": [item.name for item in left_out],
        "inputs": [],
        "files": files,
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"
