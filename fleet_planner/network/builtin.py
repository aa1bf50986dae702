"""The embedded city: La Serena-Coquimbo, Chile, as shipped inside the AequilibraE package."""

from __future__ import annotations

import os
import zipfile
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.network.segments import Segments, Source

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0, as shipped with AequilibraE"
ARCHIVE = "coquimbo.zip"


def read_coquimbo() -> Source:
    """Return the roads of La Serena-Coquimbo: each segment of the source, by direction."""
    import pyogrio
    import shapely

    wanted = ["link_id", "a_node", "b_node", "direction", "link_type", "name", "osm_id"]
    wanted += ["speed_ab", "speed_ba", "lanes_ab", "lanes_ba"]
    meta, _, wkb, values = pyogrio.raw.read(
        builtin_file("project_database.sqlite"),
        layer="links",
        columns=wanted,
        where="link_type <> 'centroid_connector'",
    )
    data = dict(zip(list(meta["fields"]), values, strict=True))
    lines = shapely.from_wkb(wkb)
    coordinates, index = shapely.get_coordinates(lines, return_index=True)
    offsets = np.searchsorted(index, np.arange(len(lines) + 1)).astype(np.int64)
    frame = pl.DataFrame({name: data[name].tolist() for name in wanted}).with_columns(
        pl.col("speed_ab", "speed_ba", "lanes_ab", "lanes_ba").cast(pl.Float64).fill_nan(None)
    )
    frame = frame.select(
        pl.col("a_node").cast(pl.Int64).alias("u"),
        pl.col("b_node").cast(pl.Int64).alias("v"),
        pl.col("osm_id").cast(pl.Int64),
        "name",
        pl.col("link_type").alias("road_class"),
        pl.col("direction").cast(pl.Int64),
        pl.when(pl.col("speed_ab") > 0).then("speed_ab").alias("maxspeed_kmh"),
        pl.when(pl.col("speed_ba") > 0).then("speed_ba").alias("maxspeed_backward_kmh"),
        pl.when(pl.col("lanes_ab") > 0).then("lanes_ab").alias("lanes_forward"),
        pl.when(pl.col("lanes_ba") > 0).then("lanes_ba").alias("lanes_backward"),
        pl.lit(value=True).alias("hgv_allowed"),
    )
    return Source(Segments(frame, coordinates, offsets), ATTRIBUTION, ARCHIVE, kind="osm")


def builtin_zones() -> Any:
    """Return the zones as a GeoDataFrame: ``zone_id, population, geometry``, EPSG:4326."""
    import pyogrio

    zones = pyogrio.read_dataframe(
        builtin_file("project_database.sqlite"), layer="zones", columns=["zone_id", "population"]
    )
    return zones[["zone_id", "population", "geometry"]].to_crs(4326)


def builtin_gtfs() -> Path:
    """Return the timetable feed of the embedded city."""
    return builtin_file("gtfs_coquimbo.zip")


def archive_path() -> Path:
    """Return the archive inside the installed package.

    Raises
    ------
    InputError
        The package is not installed as it should be.
    """
    spec = find_spec("aequilibrae")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    path = folder / "reference_files" / ARCHIVE
    if not path.is_file():
        raise InputError(
            "the embedded city is missing",
            "Install the package aequilibrae again.",
            file=f"aequilibrae/{ARCHIVE}",
        )
    return path


def builtin_file(name: str) -> Path:
    """Return a file of the embedded city, unpacked once into the user's cache folder."""
    archive = archive_path()
    folder = cache_base() / f"coquimbo-{archive.stat().st_size}"
    target = folder / name
    if target.is_file():
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside = Path(mkdtemp(dir=folder))
    except OSError:
        beside = Path(mkdtemp())
        target = beside / name
    with zipfile.ZipFile(archive) as content:
        unpacked = Path(content.extract(name, beside))
    if unpacked != target:
        unpacked.replace(target)
        beside.rmdir()
    return target


def cache_base() -> Path:
    """Return the user's cache folder of this program, which need not exist yet."""
    base = os.environ.get("FLEET_PLANNER_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "fleet_planner"
