"""Tables and layers that other programs wrote, read so that damage becomes an exception and not a crash.

Polars takes what comes from Arrow on trust and panics later; a panic is no `Exception` and passes every handler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError, first_line
from fleet_planner.unpacking import refuse_other_kind

if TYPE_CHECKING:
    from pathlib import Path

TABLE_FAULTS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError)
"""What readers of CSV and Parquet raise on damaged files; texts that are no UTF-8 and Arrow's own are ValueErrors."""

GEOPARQUET = (".parquet", ".geoparquet", ".pq")
LIMITS_DEG = (-180.001, -90.001, 180.001, 90.001)
"""Longitude and latitude; a little more, for what a change of coordinate systems rounds."""


def frame_of(batch: Any) -> pl.DataFrame:
    """Return a record batch or table of Arrow as a frame, checked to the last cell.

    Parameters
    ----------
    batch
        Of pyarrow. The notes beside its schema are left out: programs write there what they want.

    Raises
    ------
    ValueError
        A name or a text is no UTF-8, or the offsets of a column lead nowhere.
    """
    import pyarrow as pa

    batch.validate(full=True)
    plain = pa.schema([pa.field(f.name, f.type, f.nullable) for f in batch.schema])
    made = type(batch).from_arrays(batch.columns, schema=plain)
    try:
        return pl.DataFrame(pl.from_arrow(made))
    except pl.exceptions.PanicException as error:  # a kind of column that polars lacks
        raise ValueError(str(error)) from error


def read_parquet(path: Path) -> pl.DataFrame:
    """Return a Parquet file of a user's, checked to the last cell.

    Raises
    ------
    ValueError, OSError, polars.exceptions.PolarsError
        See `TABLE_FAULTS`.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return frame_of(file.read())


def parquet_schema(path: Path) -> pl.Schema:
    """Return the names and kinds of the columns of a Parquet file; raises as `read_parquet`."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return frame_of(file.schema_arrow.empty_table()).schema


def read_layer(path: Path, what: str) -> Any:
    """Return a layer that GDAL reads, or GeoParquet, as a GeoDataFrame with the column ``geometry``, EPSG:4326.

    Parameters
    ----------
    path
        Of a file that exists.
    what
        What it holds, a plural for the messages: ``"zones"``.

    Raises
    ------
    InputError
        It cannot be read, has no geometry, names no coordinate system or one that is not known, or a shape does not lie
        on earth.
    """
    import pyogrio
    from pyproj.exceptions import ProjError
    from shapely.errors import ShapelyError

    broken = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ShapelyError, RuntimeError, LookupError)
    try:
        frame = _layer(path)
    except ProjError as error:
        raise _no_system(path, what, error) from error
    except (*broken, *TABLE_FAULTS) as error:
        raise InputError(
            f"the {what} cannot be read: {first_line(error)}", "Use GeoPackage or GeoJSON.", file=path
        ) from error
    if getattr(frame, "crs", None) is None:
        raise InputError(
            f"the {what} have no geometry or no coordinate reference system", "Assign one in a GIS.", file=path
        )
    try:
        frame = frame.to_crs(4326)
    except ProjError as error:
        raise _no_system(path, what, error) from error
    west, south, east, north = LIMITS_DEG
    bounds = frame.geometry.bounds.to_numpy()
    away = (bounds[:, 0] < west) | (bounds[:, 1] < south) | (bounds[:, 2] > east) | (bounds[:, 3] > north)
    if away.any():
        row = int(np.flatnonzero(away)[0])
        raise InputError(
            f"the {what} do not lie on earth: their coordinates are not those of the system that the file names",
            "Assign the right coordinate system in a GIS; GeoJSON without one is in longitude and latitude.",
            file=path,
            row=row + 2,
            value=", ".join(f"{x:.6g}" for x in bounds[row, :2]),
        )
    return frame


def _layer(path: Path) -> Any:
    if path.suffix.lower() in GEOPARQUET:
        import geopandas as gpd

        frame = gpd.read_parquet(path)
        return frame if frame.geometry.name == "geometry" else frame.rename_geometry("geometry")
    import pyogrio

    refuse_other_kind(path)
    return pyogrio.read_dataframe(path)


def _no_system(path: Path, what: str, error: Exception) -> InputError:
    return InputError(
        f"the coordinate system of the {what} cannot be used: {first_line(error)}",
        "Store them in EPSG:4326.",
        file=path,
    )
