"""Networks that come as a table: GeoPackage, GeoParquet, Shapefile, GeoJSON, through a column map."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.network.assemble import Segments, assemble

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.network.model import Network
    from fleet_planner.plan.models import ColumnMap, NetworkSection

LOCK_WAIT_S = 10.0
UNKNOWN_LICENCE = "licence of the network not stated in the plan (network.licence)"


def load_table(path: Path, section: NetworkSection, region: str, lock_wait_s: float = LOCK_WAIT_S) -> Network:
    """Read a network table.

    Raises
    ------
    InputError
        The file cannot be read, is locked for longer than ``lock_wait_s``, or lacks a mapped column.
    """
    import shapely

    frame = _read(path, lock_wait_s)
    columns = section.columns
    for key, name in (("u", columns.u), ("v", columns.v), ("road_class", columns.road_class)):
        if name not in frame.columns:
            have = ", ".join(c for c in frame.columns if c != "geometry")
            raise InputError(
                f"the network has no column {name!r} for {key}",
                f"Set network.columns.{key} in the plan to one of: {have}.",
                file=path,
                column=name,
            )
    if frame.crs is not None:
        frame = frame.to_crs(4326)
    geometry = shapely.line_merge(frame.geometry.to_numpy())
    whole = (shapely.get_type_id(geometry) == 1) & ~shapely.is_empty(geometry)
    frame, geometry = frame[whole], geometry[whole]
    coordinates, index = shapely.get_coordinates(geometry, return_index=True)
    offsets = np.searchsorted(index, np.arange(len(geometry) + 1)).astype(np.int64)
    licence = section.licence or UNKNOWN_LICENCE
    return assemble(Segments(_columns(frame, columns, section), coordinates, offsets), region, licence, str(path))


def _columns(frame: Any, columns: ColumnMap, section: NetworkSection) -> pl.DataFrame:
    """Return the segment columns of a table through the column map."""

    def numbers(name: str) -> pl.Series:
        if not name or name not in frame.columns:
            return pl.Series([None] * len(frame), dtype=pl.Float64)
        return pl.Series(frame[name].to_numpy(dtype=np.float64, na_value=np.nan)).fill_nan(None)

    def texts(name: str) -> pl.Series:
        if not name or name not in frame.columns:
            return pl.Series([None] * len(frame), dtype=pl.String)
        return pl.Series([None if v is None else str(v) for v in frame[name].tolist()], dtype=pl.String)

    start, end = texts(columns.u).to_numpy(), texts(columns.v).to_numpy()
    _, node = np.unique(np.concatenate([start, end]).astype(str), return_inverse=True)
    direction = np.ones(len(frame), dtype=np.int64)
    if not section.directed:
        oneway = texts(columns.oneway).str.to_lowercase().is_in(["1", "true", "yes", "t"]).fill_null(value=False)
        direction = oneway.cast(pl.Int64).to_numpy()
    lanes = numbers(columns.lanes)
    lanes = lanes.set(lanes <= 0, None)
    speed = numbers(columns.maxspeed_kmh)
    out = pl.DataFrame(
        {
            "u": node[: len(frame)].astype(np.int64),
            "v": node[len(frame) :].astype(np.int64),
            "osm_id": texts(columns.osm_id).cast(pl.Int64, strict=False),
            "name": texts(columns.name),
            "road_class": texts(columns.road_class).fill_null("unclassified").replace(section.road_classes),
            "direction": direction,
            "maxspeed_kmh": speed.set(speed <= 0, None),
            "lanes_forward": lanes,
            "lanes_backward": lanes,
            "hgv_allowed": np.ones(len(frame), dtype=bool),
        }
    )
    if columns.length_m and columns.length_m in frame.columns:
        out = out.with_columns(length_km=numbers(columns.length_m) / 1000.0)
    return out


def _read(path: Path, lock_wait_s: float) -> Any:
    import geopandas as gpd
    import pyogrio

    if path.suffix.lower() == ".gpkg":
        _wait_for_lock(path, lock_wait_s)
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            return gpd.read_parquet(path)
        return pyogrio.read_dataframe(path)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, ValueError) as error:
        raise InputError(f"this network table cannot be read: {error}", "Check the file.", file=path) from error


def _wait_for_lock(path: Path, wait_s: float) -> None:
    """Wait until another program releases the GeoPackage."""
    until = time.monotonic() + wait_s
    while True:
        try:
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0.2) as database:
                database.execute("SELECT count(*) FROM sqlite_master").fetchone()
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
        except sqlite3.DatabaseError:
            return
        else:
            return
