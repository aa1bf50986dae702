"""Which roads lie in built-up areas, and which in low-emission zones of the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fleet_planner.findings import Finding
from fleet_planner.kernels import geometry
from fleet_planner.network.segments import Bool, Float, Int, middle_points
from fleet_planner.reference import reference_table
from fleet_planner.tiles import LINKS_AT_ONCE, Tiles
from fleet_planner.units import EARTH_RADIUS_M, M_PER_KM, WGS84_ECCENTRICITY2, WGS84_SEMI_MAJOR_M

if TYPE_CHECKING:
    from fleet_planner.network.segments import Source


def land_use_kinds() -> dict[str, bool]:
    """Return for each value of ``landuse`` that tells something whether it is built-up."""
    rows = reference_table("built_up.csv").filter(kind="land_use").select("name", "value")
    return {str(name): value == 1.0 for name, value in rows.iter_rows()}


def _figure(name: str) -> float:
    return float(reference_table("built_up.csv").filter(kind="density", name=name)["value"].item())


def built_up(source: Source, middle: Float) -> tuple[Bool, tuple[Finding, ...]]:
    """Return which points lie in built-up areas, shape (points,), and how that was told.

    A point inside a polygon of land use is what the polygon says (built-up, where several disagree). Elsewhere the
    density of drivable roads decides, centreline km per km2 over three by three cells about the point.

    Parameters
    ----------
    source
        Roads and, where known, land use.
    middle
        Longitude, latitude of the points, shape (points, 2).
    """
    urban = density_km_per_km2(*_centrelines(source), middle) >= _figure("built_up_from_km_per_km2")
    by_land_use = np.zeros(len(middle), dtype=np.bool_)
    if source.land_use is not None:
        rural, town = within(source.land_use.open_land, middle), within(source.land_use.built_up, middle)
        by_land_use = rural | town
        urban = np.where(by_land_use, town, urban)
    count = int(urban.sum())
    share = count / max(len(middle), 1)
    told = f"{100.0 * by_land_use.mean() if len(middle) else 0.0:.0f}"
    found = [Finding("network.built_up", "assumption", {"land_use_pct": told}, count, share)]
    if source.land_use is not None and source.land_use.broken:
        found.append(Finding("network.broken_areas", "info", {}, source.land_use.broken))
    return urban, tuple(found)


def within(polygons: Any, points: Float, at_once: int = LINKS_AT_ONCE) -> Bool:
    """Return which points lie in any of the polygons, shape (points,); so many points are objects at a time."""
    import shapely

    out = np.zeros(len(points), dtype=np.bool_)
    if not len(polygons):
        return out
    for part in Tiles(at_once).slices(len(points)):
        # the tree prepares what it is asked with, so the polygons ask
        tree = shapely.STRtree(shapely.points(points[part]))
        out[part.start + tree.query(polygons, predicate="contains")[1]] = True
    return out


def density_km_per_km2(coordinates: Float, offsets: Int, weight: Float, at: Float) -> Float:
    """Return the length of roads per area about each place, shape (places,).

    Parameters
    ----------
    coordinates, offsets
        Lines as in `Network`; each piece counts in the cell of its middle.
    weight
        What a line counts: 1, or a half where it is one of two directions; shape (lines,).
    at
        Longitude, latitude of the places.
    """
    if not len(coordinates):
        return np.zeros(len(at))
    cell_m = _figure("cell_m")
    south = np.radians(coordinates[:, 1].min())
    scale = np.radians(1.0) * EARTH_RADIUS_M / cell_m * np.array([np.cos(south), 1.0])
    ends = np.arange(len(coordinates) - 1)
    pairs = np.delete(ends, offsets[1:-1] - 1)
    both = np.column_stack([pairs, pairs + 1]).ravel()
    length = geometry.line_lengths_m(
        coordinates[both], np.arange(0, both.size + 1, 2), WGS84_SEMI_MAJOR_M, WGS84_ECCENTRICITY2
    )
    owner = np.searchsorted(offsets, pairs, side="right") - 1
    cell = np.floor((coordinates[pairs] + coordinates[pairs + 1]) / 2.0 * scale).astype(np.int64)
    rows = int(2.0 * 180.0 * scale[1]) + 3
    keys, index = np.unique(cell[:, 0] * rows + cell[:, 1], return_inverse=True)
    km = np.bincount(index, weights=length * weight[owner], minlength=keys.size) / M_PER_KM
    here = np.floor(at * scale).astype(np.int64)
    total = np.zeros(len(at))
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            wanted = (here[:, 0] + dx) * rows + here[:, 1] + dy
            found = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
            total += np.where(keys[found] == wanted, km[found], 0.0)
    # cells are drawn at the southern edge; further north they hold less ground
    ground = 9.0 * (cell_m / M_PER_KM) ** 2 * np.cos(np.radians(at[:, 1])) / np.cos(south)
    return np.asarray(total / ground)


def _centrelines(source: Source) -> tuple[Float, Int, Float]:
    """Return the lines that measure density, each road counted once."""
    if source.all_roads is not None:
        coordinates, offsets = source.all_roads
        return coordinates, offsets, np.ones(offsets.size - 1)
    segments = source.segments
    weight = np.ones(segments.offsets.size - 1)
    if segments.directed and weight.size:
        from fleet_planner.network.components import has_reverse

        weight[has_reverse(segments.frame["u"].to_numpy(), segments.frame["v"].to_numpy())] = 0.5
    return segments.coordinates, segments.offsets, weight


def middles(source: Source) -> Float:
    """Return the middle points of a source's segments."""
    return middle_points(source.segments.coordinates, source.segments.offsets)
