"""Buildings and their heights: of an OpenStreetMap file or of a layer of polygons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fleet_planner.errors import InputError, first_line
from fleet_planner.foreign import read_layer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Float = NDArray[np.float64]
OSM_ENDINGS = (".osm", ".pbf", ".bz2", ".o5m")
HEIGHT_NAMES = ("height_m", "height", "hoehe", "altura")
LEVEL_NAMES = ("building:levels", "building_levels", "levels", "floors")
FOOT_M = 0.3048
LEAST_M, MOST_M = 2.0, 900.0


@dataclass(frozen=True)
class Buildings:
    """Outlines with heights.

    Parameters
    ----------
    shapes
        Polygons, EPSG:4326, shape (buildings,).
    height_m
        Shape (buildings,).
    told
        Which have a height or storeys of their own; the others have the usual height.
    """

    shapes: NDArray[np.object_]
    height_m: Float
    told: NDArray[np.bool_]


def read_buildings(path: Path, storey_m: float, usual_m: float) -> Buildings:
    """Read buildings.

    Parameters
    ----------
    path
        OpenStreetMap file (ways and relations with ``building``), or a layer of polygons with ``height_m`` (or
        ``height``) or ``levels`` (or ``building:levels``).
    storey_m
        Height of a storey.
    usual_m
        Height where nothing tells it.

    Raises
    ------
    InputError
        The file is missing, cannot be read, or holds no building.
    """
    if not path.is_file():
        raise InputError("there is no such file of buildings", "Check impacts.buildings in the plan.", file=path)
    found = _of_osm(path) if path.name.lower().endswith(OSM_ENDINGS) else _of_layer(path)
    if not found:
        raise InputError(
            "the file holds no building", "Name an extract with buildings, or a layer of polygons.", file=path
        )
    shapes, tags = zip(*found, strict=True)
    own = np.array([height_of(t, storey_m) for t in tags])
    told = np.isfinite(own)
    return Buildings(np.array(shapes, dtype=object), np.where(told, own, usual_m), told)


def height_of(tags: Mapping[str, object], storey_m: float) -> float:
    """Return the height of a building in metres by ``height`` or its storeys; not a number where neither tells it."""
    for name in HEIGHT_NAMES:
        value = _metres(tags.get(name))
        if LEAST_M <= value <= MOST_M:
            return value
    for name in LEVEL_NAMES:
        value = _metres(tags.get(name)) * storey_m
        if LEAST_M <= value <= MOST_M:
            return value
    return float("nan")


def _metres(value: object) -> float:
    """Return such as ``12``, ``12 m``, ``40'`` or ``40 ft`` as metres; not a number where it is none."""
    text = str(value if value is not None else "").strip().lower().replace(",", ".")
    feet = text.endswith(("'", "ft", "feet"))
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz' ")
    try:
        return float(digits) * (FOOT_M if feet else 1.0)
    except ValueError:
        return float("nan")


def _of_osm(path: Path) -> list[tuple[Any, dict[str, object]]]:
    import osmium
    import shapely

    out = []
    made = osmium.geom.WKBFactory()
    keys = (*HEIGHT_NAMES, *LEVEL_NAMES)
    try:
        whole = osmium.FileProcessor(str(path)).with_areas(osmium.filter.KeyFilter("building"))
        for entity in whole.with_filter(osmium.filter.KeyFilter("building")):
            if entity.is_area():
                shape = shapely.from_wkb(bytes.fromhex(made.create_multipolygon(entity)))
                out.append((shape, {k: entity.tags[k] for k in keys if k in entity.tags}))
    except (RuntimeError, OSError, ValueError, osmium.InvalidLocationError, shapely.errors.ShapelyError) as error:
        raise InputError(
            f"the OpenStreetMap file cannot be read ({first_line(error)})", "Download it again.", file=path
        ) from error
    return out


def _of_layer(path: Path) -> list[tuple[Any, dict[str, object]]]:
    kept = read_layer(path, "buildings")
    kept = kept[kept.geometry.notna() & kept.geom_type.isin(["Polygon", "MultiPolygon"])]
    columns = {c.lower(): kept[c].to_list() for c in kept.columns if c.lower() in (*HEIGHT_NAMES, *LEVEL_NAMES)}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return list(zip(kept.geometry.to_list(), rows or [{}] * len(kept), strict=True))
