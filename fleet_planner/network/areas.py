"""Polygon files: the city's outline, low-emission zones, areas of access rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.errors import InputError
from fleet_planner.foreign import read_layer

if TYPE_CHECKING:
    from pathlib import Path


def read_area(path: Path, key: str) -> Any:
    """Return the union of a file's polygons, EPSG:4326, as a prepared shapely geometry.

    Parameters
    ----------
    path
        GeoJSON, GeoPackage, Shapefile or another file that GDAL reads.
    key
        The plan key that names it, for messages.

    Raises
    ------
    InputError
        The file is missing or cannot be read, names no coordinate system, holds anything but polygons, or a polygon
        crosses itself or has no area.
    """
    import shapely

    if not path.is_file():
        raise InputError("there is no such polygon file", f"Check {key} in the plan.", file=path)
    shapes = read_layer(path, "polygons").geometry.to_numpy()
    if not len(shapes):
        raise InputError("the file holds no polygon", "Draw the area as a polygon.", file=path)
    for row, shape in enumerate(shapes, start=2):
        _check(shape, row, path)
    area = shapely.union_all(shapes)
    shapely.prepare(area)
    return area


def _check(shape: Any, row: int, path: Path) -> None:
    import shapely

    if shape is None or shape.is_empty:
        raise InputError("a polygon is empty", "Draw it, or delete the row.", file=path, row=row)
    if shape.geom_type not in {"Polygon", "MultiPolygon"}:
        raise InputError("this is no polygon", "Draw the area as a polygon.", file=path, row=row, value=shape.geom_type)
    if not shape.is_valid:
        raise InputError(
            "a polygon crosses itself or is broken",
            "Mend it, for example with QGIS: Processing, Fix geometries.",
            file=path,
            row=row,
            value=shapely.is_valid_reason(shape),
        )
    if shape.area == 0.0:
        raise InputError("a polygon has no area", "Draw it anew.", file=path, row=row)


def read_named_areas(path: Path, column: str = "", key: str = "--polygon") -> tuple[tuple[str, ...], Any]:
    """Return the polygons of a file one by one: their names, and shapely geometries of EPSG:4326.

    Parameters
    ----------
    path
        GeoJSON, GeoPackage, Shapefile or another file that GDAL reads.
    column
        That holds the names; without one ``name``, ``id`` or the number of the row. Rows of one name are one area.
    key
        What names the file: an option or a key of the plan, for messages.

    Raises
    ------
    InputError
        As of `read_area`; the column is missing.
    """
    import shapely

    read_area(path, key)  # the checks
    frame = read_layer(path, "polygons")
    others = [str(c) for c in frame.columns if c != frame.geometry.name]
    if column and column not in others:
        known = ", ".join(others) or "none"
        raise InputError("the polygons have no such column", f"They have: {known}.", file=path, column=column)
    chosen = column or next((c for c in ("name", "Name", "NAME", "id", "ID") if c in others), "")
    names = [str(v) for v in frame[chosen]] if chosen else [str(k + 1) for k in range(len(frame))]
    by_name: dict[str, list[Any]] = {}
    for name, shape in zip(names, frame.geometry.to_numpy(), strict=True):
        by_name.setdefault(name, []).append(shape)
    return tuple(by_name), [shapely.union_all(shapes) for shapes in by_name.values()]
