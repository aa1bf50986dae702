"""Read a table of lines from GeoPackage, GeoParquet, Shapefile, GeoJSON or CSV, without knowing what it means."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import polars as pl
import polars.selectors as cs

from fleet_planner.errors import InputError
from fleet_planner.foreign import TABLE_FAULTS, frame_of, read_parquet
from fleet_planner.unpacking import refuse_other_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

WGS84 = "EPSG:4326"
LAYER = "links"
TURNS = "turns"
WKT_COLUMNS = ("geometry", "wkt", "WKT", "geom", "the_geom")


ROWS_AT_ONCE = 131_072
"""Rows of a table that stand in memory as objects at a time."""

Part: TypeAlias = "tuple[pl.DataFrame, Any]"
"""Attributes and shapes of some rows."""


@dataclass(frozen=True)
class Contents:
    """A table as it is read: its rows part by part, coordinate system, attribution, layer."""

    parts: Iterator[Part]
    crs: str | None = None
    attribution: str = ""
    layer: str = ""


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
    frames, points, counts = [], [], []
    rows = lines = 0
    with _told_as_input_error(path):
        contents = _read(path, lock_wait_s)
        for frame, shapes in contents.parts:
            numbered = frame.with_row_index("row", offset=2 + rows)
            usable, found, sizes = _lines_of(shapes)
            rows, lines = rows + frame.height, lines + int(usable.sum())
            frames.append(numbered.filter(pl.Series(usable)))
            points.append(found)
            counts.append(sizes)
    if not lines:
        raise InputError(
            "the network table is empty" if not rows else "no row of the network table has a line as geometry",
            "Give one LineString per road.",
            file=path,
        )
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int64)
    place = to_wgs84(np.concatenate(points), contents.crs, path)
    kept = pl.concat(frames, how="vertical_relaxed", rechunk=True)
    return LineTable(kept, place, offsets, rows - lines, contents.attribution, contents.layer)


def _lines_of(shapes: Any) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64]]:
    """Return which shapes are usable lines, the points of these one behind the other, and how many each has."""
    import shapely

    shapes = np.array(shapes, dtype=object)
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    shapes[owner[~np.isfinite(points).all(axis=1)]] = None  # the merging of lines raises on points that are nowhere
    shapes = shapely.line_merge(shapes)
    usable = (shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING) & ~shapely.is_empty(shapes)
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    sizes = np.bincount(owner, minlength=len(usable))[usable]
    return usable, points[usable[owner]], sizes


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


@contextmanager
def _told_as_input_error(path: Path) -> Iterator[None]:
    """Turn what the readers raise, also in the middle of a file, into one message."""
    from pyogrio.errors import DataLayerError, DataSourceError
    from shapely.errors import ShapelyError

    try:
        yield
    except (DataSourceError, DataLayerError, ShapelyError, *TABLE_FAULTS) as error:
        raise InputError(
            f"this network table cannot be read: {error}", "Check that it is whole and of the kind it says.", file=path
        ) from error


def _read(path: Path, lock_wait_s: float) -> Contents:
    kind = path.suffix.lower()
    refuse_other_kind(path)
    if kind == ".gpkg":
        wait_for_lock(path, lock_wait_s)
    if kind in {".parquet", ".pq"}:
        return _read_parquet(path)
    return _read_csv(path) if kind == ".csv" else _read_gdal(path)


def _read_parquet(path: Path) -> Contents:
    import geopandas as gpd
    import pyarrow.parquet as pq
    import shapely

    file = pq.ParquetFile(path)
    about = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
    name = about.get("primary_column", "")
    column = about.get("columns", {}).get(name, {})
    if column.get("encoding") != "WKB" or name not in file.schema_arrow.names:
        shapes = gpd.read_parquet(path)  # says what is missing, and knows the other encodings
        system = None if shapes.crs is None else shapes.crs.to_string()
        return Contents(iter([(read_parquet(path).select(~cs.binary()), shapes.geometry.to_numpy())]), system)

    def parts() -> Iterator[Part]:
        for batch in file.iter_batches(ROWS_AT_ONCE):
            frame = frame_of(batch)
            yield frame.select(~cs.binary()), shapely.from_wkb(frame[name].to_numpy(), on_invalid="ignore")

    return Contents(parts(), _crs_of(column))


def _crs_of(column: Mapping[str, Any]) -> str | None:
    """Return the coordinate system that the metadata of a GeoParquet's column name; longitude, latitude by default."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    told = column.get("crs", "OGC:CRS84")
    try:
        return None if told is None else str(CRS.from_user_input(told).to_string())
    except CRSError as error:
        raise ValueError(str(error)) from error


def _read_csv(path: Path) -> Contents:
    lazy = pl.scan_csv(path, infer_schema_length=None)
    names = lazy.collect_schema().names()
    name = next((c for c in WKT_COLUMNS if c in names), None)
    if name is None:
        raise InputError(
            f"the network table has no geometry; its columns are {', '.join(names)}",
            "Add a column 'wkt' with LINESTRING texts in longitude and latitude.",
            file=path,
        )
    return Contents(_csv_parts(lazy, name))


def _csv_parts(lazy: pl.LazyFrame, name: str) -> Iterator[Part]:
    """Yield the rows so many at a time; the kinds of the columns are those of the whole file."""
    import shapely

    for frame in lazy.collect_batches(chunk_size=ROWS_AT_ONCE, maintain_order=True, lazy=True):
        texts = frame[name].cast(pl.String).to_list()
        yield frame.drop(name), shapely.from_wkt(texts, on_invalid="ignore")


def _read_gdal(path: Path) -> Contents:
    import pyogrio

    layers = {str(name): str(kind) for name, kind in pyogrio.list_layers(path)}
    lines = [name for name, kind in layers.items() if "LineString" in kind or kind == "Unknown"]
    layer = LAYER if LAYER in lines else next(iter(lines), None)
    if layer is None:
        raise InputError(
            f"the file has no layer of lines (layers: {', '.join(layers) or 'none'})",
            "Give one LineString per road.",
            file=path,
        )
    info = pyogrio.read_info(path, layer=layer)
    about = info.get("layer_metadata") or {}
    parts = _gdal_parts(path, layer)
    return Contents(parts, info["crs"], str(about.get("attribution", "")), layer)


def _gdal_parts(path: Path, layer: str) -> Iterator[Part]:
    """Yield the rows of a layer so many at a time."""
    import shapely
    from pyogrio.raw import open_arrow

    with open_arrow(path, layer=layer, batch_size=ROWS_AT_ONCE, use_pyarrow=True) as (meta, reader):
        name = meta["geometry_name"] or "wkb_geometry"
        for batch in reader:
            frame = frame_of(batch)
            yield frame.drop(name), shapely.from_wkb(frame[name].to_numpy(), on_invalid="ignore")


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
