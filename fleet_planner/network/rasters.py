"""Heights above the sea from rasters that the user gives: GeoTIFF files or SRTM tiles."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fleet_planner.errors import InputError
from fleet_planner.kernels import terrain
from fleet_planner.units import EARTH_RADIUS_M, M_PER_FOOT
from fleet_planner.unpacking import refuse_other_kind

if TYPE_CHECKING:
    from pathlib import Path

Float = NDArray[np.float64]
Int = NDArray[np.int64]
SUFFIXES = (".tif", ".tiff", ".hgt")
BLOCK = 2048
"""Rasters are read in squares of so many cells: memory does not grow with their size."""
LOWEST_M, HIGHEST_M = -500.0, 9000.0
"""No road lies beyond; such values mark cells without data that the file does not declare."""
FEET = frozenset({"ft", "foot", "feet", "us survey foot", "us-ft", "ftus"})
KEY = "network.elevation"


@dataclass(frozen=True)
class Raster:
    """One file of heights.

    Parameters
    ----------
    path
        The file.
    cell_m
        Side of a cell, m.
    bounds
        West, south, east, north in degrees.
    """

    path: Path
    cell_m: float
    bounds: tuple[float, float, float, float]


def find_rasters(given: list[str], base: Path) -> list[Raster]:
    """Return the rasters of a plan, the finest first.

    Parameters
    ----------
    given
        Files, or folders whose files (``.tif``, ``.tiff``, ``.hgt``) are all taken.
    base
        Folder that the names are relative to.

    Raises
    ------
    InputError
        A file is missing, is no raster of heights or does not say where it lies; or rasterio is not installed.
    """
    _rasterio()
    files: list[Path] = []
    for name in given:
        path = base / name
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
            if not inside:
                raise InputError(
                    "the folder holds no elevation raster",
                    "Put GeoTIFF files (.tif) or SRTM tiles (.hgt) into it.",
                    file=path,
                    column=KEY,
                )
            files += inside
        elif path.is_file():
            files.append(path)
        else:
            raise InputError("there is no such elevation raster", f"Check {KEY} in the plan.", file=path)
    found = [_described(path) for path in dict.fromkeys(files)]
    return sorted(found, key=lambda r: (r.cell_m, str(r.path)))


def heights_m(rasters: list[Raster], lonlat: Float) -> tuple[Float, Int]:
    """Return heights between the cells' centres, and which raster each is from.

    Parameters
    ----------
    rasters
        The first that has a value wins.
    lonlat
        Longitude, latitude, shape (points, 2).

    Returns
    -------
    heights
        Metres, shape (points,); NaN where no raster has a value.
    raster
        Index into ``rasters``, or -1; shape (points,).
    """
    out = np.full(len(lonlat), np.nan)
    origin = np.full(len(lonlat), -1, dtype=np.int64)
    for number, raster in enumerate(rasters):
        west, south, east, north = raster.bounds
        inside = (lonlat[:, 0] >= west) & (lonlat[:, 0] <= east) & (lonlat[:, 1] >= south) & (lonlat[:, 1] <= north)
        left = np.flatnonzero(inside & np.isnan(out))
        if left.size:
            values = _read(raster.path, lonlat[left])
            known = ~np.isnan(values)
            out[left[known]] = values[known]
            origin[left[known]] = number
    return out, origin


def _rasterio() -> Any:
    try:
        import rasterio
    except ImportError as error:
        raise InputError(
            "reading elevation rasters needs the package rasterio, which is not installed",
            "Install it with the extra `elevation` (pip install '.[elevation]') or alone (pip install rasterio).",
            column=KEY,
        ) from error
    return rasterio


def _open(path: Path) -> Any:
    rasterio = _rasterio()
    refuse_other_kind(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a file without a place is an error of its own, below
            return rasterio.open(path)
    except rasterio.errors.RasterioError as error:
        raise InputError(
            f"this is not a raster that can be read: {error}", "Use GeoTIFF or an SRTM tile (.hgt).", file=path
        ) from error


def _described(path: Path) -> Raster:
    from pyproj import Transformer

    with _open(path) as source:
        if source.crs is None or source.transform.is_identity:
            raise InputError(
                "the raster does not say where it lies (no coordinate reference system)",
                "Give it one, such as: gdal_edit.py -a_srs EPSG:4326 FILE.",
                file=path,
            )
        if source.count != 1 or np.dtype(source.dtypes[0]).kind not in "iuf":
            raise InputError(
                "this is no raster of heights, which has one band of numbers",
                "Use the elevation model itself, not a picture of it.",
                file=path,
                value=f"{source.count} bands of {source.dtypes[0]}",
            )
        cell = float(np.sqrt(abs(source.transform.determinant)))
        west, south, east, north = source.bounds
        if source.crs.is_geographic:
            middle = np.radians((south + north) / 2.0)
            cell_m = float(np.radians(cell) * EARTH_RADIUS_M * np.sqrt(np.cos(middle)))
        else:
            cell_m = cell * float(source.crs.linear_units_factor[1])
        to_degrees = Transformer.from_crs(source.crs.to_wkt(), 4326, always_xy=True)
        return Raster(path, cell_m, to_degrees.transform_bounds(west, south, east, north))


def _read(path: Path, lonlat: Float) -> Float:
    """Return the heights of points inside a raster's bounds, in metres."""
    from pyproj import Transformer

    rasterio = _rasterio()
    with _open(path) as source:
        east, north = Transformer.from_crs(4326, source.crs.to_wkt(), always_xy=True).transform(*lonlat.T)
        back = ~source.transform
        column = back.a * np.asarray(east) + back.b * np.asarray(north) + back.c
        row = back.d * np.asarray(east) + back.e * np.asarray(north) + back.f
        inside = (column >= 0.0) & (column <= source.width) & (row >= 0.0) & (row <= source.height)
        out = np.full(len(lonlat), np.nan)
        picked = np.flatnonzero(inside)
        across = source.width // BLOCK + 1
        block = (row[picked] // BLOCK).astype(np.int64) * across + (column[picked] // BLOCK).astype(np.int64)
        order = np.argsort(block, kind="stable")
        ends = np.flatnonzero(np.diff(block[order], append=-1)) + 1
        for begin, end in zip(np.concatenate([[0], ends[:-1]]), ends, strict=True):
            own = picked[order[begin:end]]
            x0, y0 = max(int(column[own].min()) - 1, 0), max(int(row[own].min()) - 1, 0)
            x1, y1 = min(int(column[own].max()) + 2, source.width), min(int(row[own].max()) + 2, source.height)
            try:
                cells = source.read(1, window=rasterio.windows.Window(x0, y0, x1 - x0, y1 - y0), masked=True)
            except rasterio.errors.RasterioError as error:
                raise InputError(f"the raster is damaged: {error}", "Download it again.", file=path) from error
            out[own] = terrain.between_cells(_metres(cells, source), column[own] - x0, row[own] - y0)
        return out


def _metres(cells: Any, source: Any) -> Float:
    """Return a window in metres, NaN where it has no value."""
    grid = np.ma.filled(cells.astype(np.float64), np.nan) * source.scales[0] + source.offsets[0]
    if (source.units[0] or "").strip().lower() in FEET:
        grid *= M_PER_FOOT
    with np.errstate(invalid="ignore"):
        grid[~((grid > LOWEST_M) & (grid < HIGHEST_M))] = np.nan
    return np.ascontiguousarray(grid)
