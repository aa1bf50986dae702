"""Polygons of land use and low-emission zones in OpenStreetMap files: closed ways, and relations of several ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fleet_planner.network.osm_file import BOUNDARY, LANDUSE, OsmFile, Relation
from fleet_planner.network.segments import LandUse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

LOW_EMISSION = "low_emission_zone"
OF_AREAS = frozenset({"multipolygon", "boundary"})
LEAST_POINTS = 4
"""Points of a ring, the first one again at its end."""


def is_area(tags: Mapping[str, str], known: Mapping[str, bool]) -> bool:
    """Return whether a relation is an area of a known land use or a low-emission zone."""
    return tags.get("type") in OF_AREAS and _kind(tags.get("landuse"), tags.get("boundary"), known) is not None


def read_land_use(file: OsmFile, known: Mapping[str, bool]) -> LandUse:
    """Return the polygons of a file.

    Parameters
    ----------
    file
        What was read.
    known
        Values of ``landuse`` that tell something, and whether they are built-up.
    """
    import shapely

    found: dict[str, list[Any]] = {"built_up": [], "open_land": [], "low_emission": []}
    broken = 0
    for way, kind in _own_areas(file, known):
        ring = _line(file, way)
        if ring is None or len(ring) < LEAST_POINTS or (ring[0] != ring[-1]).any():
            broken += 1
            continue
        polygon = shapely.polygons(ring)
        found[kind].append(polygon if polygon.is_valid else shapely.make_valid(polygon))
    of_areas = [relation for relation in file.relations if is_area(relation.tags, known)]
    place = _places(file, of_areas)
    for relation in of_areas:
        named = _kind(relation.tags.get("landuse"), relation.tags.get("boundary"), known) or ""
        area = _assembled(file, relation, place)
        if area is None:
            broken += 1
        else:
            found[named].append(area)
    return LandUse(**{kind: np.array(areas, dtype=object) for kind, areas in found.items()}, broken=broken)


def _places(file: OsmFile, relations: Iterable[Relation]) -> dict[int, int]:
    """Return the place in the file of each way that is a member of the relations."""
    members = np.array([n for r in relations for kind, n, _ in r.members if kind == "way"], dtype=np.int64)
    at = np.flatnonzero(np.isin(file.way, members))
    return dict(zip(file.way[at].tolist(), at.tolist(), strict=True))


def _kind(landuse: str | None, boundary: str | None, known: Mapping[str, bool]) -> str | None:
    if boundary == LOW_EMISSION:
        return "low_emission"
    use = known.get(landuse or "")
    return None if use is None else "built_up" if use else "open_land"


def _own_areas(file: OsmFile, known: Mapping[str, bool]) -> list[tuple[int, str]]:
    """Return the closed ways that are areas by their own tags, and of which kind."""
    out = []
    tagged = np.flatnonzero((file.tags[:, [LANDUSE, BOUNDARY]] >= 0).any(axis=1))
    for way in tagged.tolist():
        use, boundary = (file.texts[k] if k >= 0 else None for k in file.tags[way, [LANDUSE, BOUNDARY]].tolist())
        kind = _kind(use, boundary, known)
        first, last = file.offsets[way], file.offsets[way + 1] - 1
        if kind is not None and last > first and file.index[first] == file.index[last]:
            out.append((way, kind))
    return out


def _line(file: OsmFile, way: int) -> NDArray[np.float64] | None:
    """Return the points of a way; nothing where one is not in the file."""
    nodes = file.index[file.offsets[way] : file.offsets[way + 1]]
    return file.lonlat[nodes] if file.known[nodes].all() else None


def _assembled(file: OsmFile, relation: Relation, place: Mapping[int, int]) -> Any:
    """Return the area between the rings of a relation; nothing where a ring is not closed."""
    import shapely

    rings: dict[bool, list[Any]] = {True: [], False: []}
    for kind, number, role in relation.members:
        if kind != "way":
            continue
        line = _line(file, place[number]) if number in place else None
        if line is None or len(line) < len("ab"):
            return None
        rings[role != "inner"].append(shapely.linestrings(line))
    if not rings[True]:
        return None
    outer, *left = shapely.polygonize_full(rings[True])
    if shapely.is_empty(outer) or not all(shapely.is_empty(part) for part in left):
        return None
    area = shapely.union_all(shapely.get_parts(outer))
    if rings[False]:
        inner, *left = shapely.polygonize_full(rings[False])
        if not all(shapely.is_empty(part) for part in left):
            return None
        area = shapely.difference(area, shapely.union_all(shapely.get_parts(inner)))
    return area
