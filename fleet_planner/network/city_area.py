"""Read the area of a city from a GIS file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.errors import InputError
from fleet_planner.foreign import read_layer

if TYPE_CHECKING:
    from pathlib import Path

    import shapely

KINDS = {"Polygon", "MultiPolygon"}


def read_area(path: Path, plan_key: str) -> shapely.MultiPolygon:
    """Return all polygons of a file as one area, EPSG:4326.

    Parameters
    ----------
    path
        GeoPackage, GeoJSON, Shapefile.
    plan_key
        That names the file, for the messages.

    Raises
    ------
    InputError
        The file is missing or cannot be read, has no coordinate system, or holds what is no valid polygon.
    """
    import shapely

    if not path.is_file():
        raise InputError("there is no such file", f"Check {plan_key} in the plan.", file=path)
    frame = read_layer(path, "polygons of the area")
    shapes = np.array(frame.geometry.to_numpy(), dtype=object)
    if not shapes.size:
        raise InputError("the file has no area", "Draw it as polygons.", file=path)
    for row, shape in enumerate(shapes, 2):
        if shape is None or shape.is_empty or shape.geom_type not in KINDS:
            found = None if shape is None else shape.geom_type
            raise InputError("this is no area", "Draw it as polygons.", file=path, row=row, value=found)
        if not shape.is_valid:
            raise InputError(
                "the area crosses itself or is broken",
                "Mend it, for example with QGIS: Processing, Fix geometries.",
                file=path,
                row=row,
            )
    joined = shapely.force_2d(shapely.union_all(shapes))
    return joined if joined.geom_type == "MultiPolygon" else shapely.MultiPolygon([joined])
