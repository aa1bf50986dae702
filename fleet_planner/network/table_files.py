"""Read a table of lines from GeoPackage, GeoParquet, Shapefile, GeoJSON or CSV, without knowing what it means."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import polars as pl
import polars.selectors as cs

from fleet_planner.errors import InputError
from fleet_planner.unpacking import refuse_other_kind

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

WGS84 = "EPSG:4326"
LAYER = "links"
TURNS = "turns"
WKT_COLUMNS = ("geometry", "wkt", "WKT", "geom", "the_geom")


Contents: TypeAlias = "tuple[pl.DataFrame, Any, str | None, str, str]"
"""Attributes, shapes, coordinate system, attribution, layer."""


@dataclass(frozen=True)
class LineTable:
    """Attributes and lines of a file.

    Parameters
    ----------
    frame
        One row per line; ``row`` is the row of the file, counted as a spreadsheet does (the first is 2).
    coordinates, offsets
        Geometry as in `Network`, EPSG:4326.
    dropped
        Rows without a usable line.
    attribution
        What the file says of its makers, or "".
    layer
        Name of the layer that was read, or "".
    """

    frame: pl.DataFrame
    coordinates: NDArray[np.float64]
    offsets: NDArray[np.int64]
    dropped: int
    attribution: str
    layer: str = ""


def read_lines(path: Path, lock_wait_s: float) -> LineTable:
    """Read the rows that have a line; a MultiLineString counts where its parts join to one.

    Raises
    ------
    InputError
        The file cannot be read, is locked for longer than ``lock_wait_s``, has no lines, or its coordinates are
        in an unknown system.
    """
    import shapely

    frame, shapes, crs, attribution, layer = _read(path, lock_wait_s)
    shapes = shapely.line_merge(shapes)
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    usable = (shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING) & ~shapely.is_empty(shapes)
    usable[owner[~np.isfinite(points).all(axis=1)]] = False
    if not usable.any():
        raise InputError(
            "the network table is empty" if frame.is_empty() else "no row of the network table has a line as geometry",
            "Give one LineString per road.",
            file=path,
        )
    points = points[usable[owner]]
    lines = int(usable.sum())
    offsets = np.searchsorted(np.cumsum(usable)[owner[usable[owner]]] - 1, np.arange(lines + 1)).astype(np.int64)
    kept = frame.with_row_index("row", offset=2).filter(pl.Series(usable))
    return LineTable(kept, to_wgs84(points, crs, path), offsets, len(usable) - lines, attribution, layer)


def read_turns(path: Path) -> pl.DataFrame | None:
    """Return the table of forbidden turns of a GeoPackage, nothing where it has none."""
    import pyogrio

    if path.suffix.lower() != ".gpkg" or TURNS not in pyogrio.list_layers(path)[:, 0]:
        return None
    return pl.DataFrame(pl.from_pandas(pyogrio.read_dataframe(path, layer=TURNS, read_geometry=False)))


def to_wgs84(points: NDArray[np.float64], crs: str | None, path: Path) -> NDArray[np.float64]:
    """Return longitude and latitude of points in ``crs``, shape (points, 2); without one they must be that already.

    Raises
    ------
    InputError
        The system is not known or not usable, or the points do not lie on the earth.
    """
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    if crs is not None and crs != WGS84:
        try:
            transformer = Transformer.from_crs(crs, WGS84, always_xy=True)
            points = np.column_stack(transformer.transform(points[:, 0], points[:, 1]))
        except ProjError as error:
            raise InputError(
                f"the coordinate system of the network cannot be used: {error}", "Store it in EPSG:4326.", file=path
            ) from error
    if not (np.abs(points) <= (180.0, 90.0)).all():  # false for infinite ones, too
        raise InputError(
            "the coordinates of the network are not longitude and latitude, and the file names no usable system",
            "Store its coordinate system in the file, or store it in EPSG:4326.",
            file=path,
        )
    return np.ascontiguousarray(points)


def _read(path: Path, lock_wait_s: float) -> Contents:
    from pyogrio.errors import DataLayerError, DataSourceError

    kind = path.suffix.lower()
    refuse_other_kind(path)
    if kind == ".gpkg":
        wait_for_lock(path, lock_wait_s)
    try:
        if kind in {".parquet", ".pq"}:
            return _read_parquet(path)
        return _read_csv(path) if kind == ".csv" else _read_gdal(path)
    except (DataSourceError, DataLayerError, OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"this network table cannot be read: {error}", "Check that it is whole and of the kind it says.", file=path
        ) from error


def _read_parquet(path: Path) -> Contents:
    import geopandas as gpd

    shapes = gpd.read_parquet(path)
    crs = None if shapes.crs is None else shapes.crs.to_string()
    frame = pl.read_parquet(path).select(~cs.binary())
    return frame, shapes.geometry.to_numpy(), crs, "", ""


def _read_csv(path: Path) -> Contents:
    import shapely

    frame = pl.read_csv(path, infer_schema_length=None)
    name = next((c for c in WKT_COLUMNS if c in frame.columns), None)
    if name is None:
        raise InputError(
            f"the network table has no geometry; its columns are {', '.join(frame.columns)}",
            "Add a column 'wkt' with LINESTRING texts in longitude and latitude.",
            file=path,
        )
    texts = frame[name].cast(pl.String).to_list()
    return frame.drop(name), shapely.from_wkt(texts, on_invalid="ignore"), None, "", ""


def _read_gdal(path: Path) -> Contents:
    import pyogrio
    import shapely

    layers = {str(name): str(kind) for name, kind in pyogrio.list_layers(path)}
    lines = [name for name, kind in layers.items() if "LineString" in kind or kind == "Unknown"]
    layer = LAYER if LAYER in lines else next(iter(lines), None)
    if layer is None:
        raise InputError(
            f"the file has no layer of lines (layers: {', '.join(layers) or 'none'})",
            "Give one LineString per road.",
            file=path,
        )
    meta, _, wkb, values = pyogrio.raw.read(path, layer=layer)
    frame = pl.DataFrame(
        {
            name: pl.Series(array.tolist() if array.dtype == object else array, strict=False)
            for name, array in zip(meta["fields"].tolist(), values, strict=True)
        }
    )
    about = pyogrio.read_info(path, layer=layer).get("layer_metadata") or {}
    return frame, shapely.from_wkb(wkb), meta["crs"], str(about.get("attribution", "")), layer


def wait_for_lock(path: Path, wait_s: float) -> None:
    """Wait until another program releases the GeoPackage.

    Raises
    ------
    InputError
        It is still locked after ``wait_s`` seconds.
    """
    until = time.monotonic() + wait_s
    while True:
        try:
            database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=0.2)
            try:
                database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            finally:
                database.close()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                return  # not a lock: the reader says what is wrong
            if time.monotonic() > until:
                raise InputError(
                    f"the GeoPackage is locked by another program (waited {wait_s:g} s)",
                    "Close it there, for example in QGIS, and run again.",
                    file=path,
                ) from error
            time.sleep(0.2)
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            return  # damaged, even the message: the reader says what is wrong
        else:
            return
