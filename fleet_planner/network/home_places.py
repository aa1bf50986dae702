"""Read the polygons of home zones and the points of depots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from fleet_planner.errors import InputError, first_line
from fleet_planner.foreign import TABLE_FAULTS, read_layer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

Kind = Literal["zone", "depot"]
SHAPES = {"zone": ("Polygon", "MultiPolygon"), "depot": ("Point",)}
NOUN = {"zone": "zone", "depot": "depot"}
DRAW = {"zone": "Draw it as a polygon.", "depot": "Give it as a point."}


@dataclass(frozen=True)
class Places:
    """Named places of one kind.

    Parameters
    ----------
    kind
        ``zone`` or ``depot``.
    names
        As the registry should name them.
    geometry
        Shapely polygons or points, EPSG:4326, shape (places,).
    """

    kind: Kind
    names: tuple[str, ...]
    geometry: NDArray[np.object_]


def read_places(path: Path, kind: Kind, column: str) -> Places:
    """Read places from a GIS file, or depots from a CSV with ``lon`` and ``lat``.

    Parameters
    ----------
    path
        GeoPackage, GeoJSON, Shapefile; of depots also CSV (UTF-8).
    kind
        What they are.
    column
        Holds their names.

    Raises
    ------
    InputError
        The file is missing, cannot be read, has no such column or no coordinate system; a place has no name, another's
        name, no geometry or one of the wrong kind.
    """
    if not path.is_file():
        raise InputError(f"there is no such file of {NOUN[kind]}s", f"Check places.{kind}s in the plan.", file=path)
    if kind == "depot" and path.suffix.lower() == ".csv":
        names, shapes = _points(path, column)
    else:
        names, shapes = _layer(path, kind, column)
    _check_names(names, path, column, kind)
    _check_shapes(shapes, path, kind)
    return Places(kind, tuple(str(n).strip() for n in names), shapes)


def _layer(path: Path, kind: Kind, column: str) -> tuple[list[Any], NDArray[np.object_]]:
    frame = read_layer(path, f"{NOUN[kind]}s")
    _need(column, [c for c in frame.columns if c != "geometry"], path, kind)
    return frame[column].tolist(), np.array(frame.geometry.to_numpy(), dtype=object)


def _points(path: Path, column: str) -> tuple[list[Any], NDArray[np.object_]]:
    import shapely

    try:
        frame = pl.read_csv(path, infer_schema=False)
    except TABLE_FAULTS as error:
        raise InputError(
            f"the depots cannot be read: {first_line(error)}", "Save them as CSV, UTF-8.", file=path
        ) from error
    for name in (column, "lon", "lat"):
        _need(name, frame.columns, path, "depot")
    limits = {"lon": 180.0, "lat": 90.0}
    values = {axis: frame[axis].cast(pl.Float64, strict=False) for axis in limits}
    for axis, limit in limits.items():
        bad = ~(values[axis].abs() <= limit).fill_null(value=False)
        if bad.any():
            row = int(bad.arg_max() or 0)
            raise InputError(
                f"this is no {axis} of a depot",
                f"Write degrees from -{limit:g} to {limit:g}.",
                file=path,
                row=row + 2,
                column=axis,
                value=frame[axis][row],
            )
    points = shapely.points(values["lon"].to_numpy(), values["lat"].to_numpy())
    return frame[column].to_list(), np.array(points, dtype=object)


def _need(column: str, have: list[str], path: Path, kind: Kind) -> None:
    if column not in have:
        raise InputError(
            f"the {NOUN[kind]}s have no column {column!r}",
            f"Set places.{kind}_name in the plan to one of: {', '.join(have)}.",
            file=path,
            column=column,
        )


def _check_names(names: list[Any], path: Path, column: str, kind: Kind) -> None:
    if not names:
        raise InputError(f"the file has no {NOUN[kind]}", "Add one, or name no file.", file=path)
    seen: set[str] = set()
    for row, name in enumerate(names, 2):
        text = "" if name is None else str(name).strip()
        if not text:
            raise InputError(f"a {NOUN[kind]} has no name", "Name it.", file=path, row=row, column=column)
        if text in seen:
            problem = f"two {NOUN[kind]}s have the same name"
            raise InputError(problem, "Give each its own.", file=path, row=row, column=column, value=text)
        seen.add(text)


def _check_shapes(shapes: NDArray[np.object_], path: Path, kind: Kind) -> None:
    for row, shape in enumerate(shapes, 2):
        if shape is None or shape.is_empty:
            raise InputError(f"a {NOUN[kind]} has no geometry", DRAW[kind], file=path, row=row)
        if shape.geom_type not in SHAPES[kind]:
            problem = f"this {NOUN[kind]} has the wrong geometry"
            raise InputError(problem, DRAW[kind], file=path, row=row, value=shape.geom_type)
        if not shape.is_valid:
            raise InputError(
                f"a {NOUN[kind]} crosses itself or is broken",
                "Mend it, for example with QGIS: Processing, Fix geometries.",
                file=path,
                row=row,
            )
