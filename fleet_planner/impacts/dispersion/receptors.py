"""Where the air is looked at: a grid that is fine beside busy roads and coarse far from them, with the people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fleet_planner.errors import PlanError
from fleet_planner.impacts.gridded.grid import on_plane

if TYPE_CHECKING:
    from fleet_planner.impacts.dispersion.pieces import Pieces

Float = NDArray[np.float64]
Int = NDArray[np.int64]
MOST_POINTS = 200_000
OUTSIDE = -1


@dataclass(frozen=True)
class Receptors:
    """Points at the middle of square cells of several sizes.

    Parameters
    ----------
    xy
        Metres on the plane, shape (points, 2).
    side_m
        Of each point's cell; 0 for points that stand for a zone without a cell of its own.
    people
        Who live in the cell.
    zone
        Index of the zone it lies in, `OUTSIDE` where in none.
    """

    xy: Float
    side_m: Float
    people: Float
    zone: Int


def graded_points(pieces: Pieces, busy: NDArray[np.bool_], corner: Float, finest_m: float, coarsest_m: float) -> Float:
    """Return middles and sides of cells, shape (cells, 3): quartered while a busy piece is near.

    A busy piece nearer to a cell's middle than the cell is wide quarters it, down to the finest.

    Parameters
    ----------
    pieces
        Roads.
    busy
        Which pieces make the grid finer.
    corner
        West, south, east, north, metres.
    finest_m, coarsest_m
        Sides of the smallest and the largest cell; the second is brought to a power of two times the first.

    Raises
    ------
    PlanError
        There would be too many points.
    """
    import shapely

    levels = max(round(np.log2(max(coarsest_m / finest_m, 1.0))), 0)
    side = finest_m * 2.0**levels
    tree = shapely.STRtree(shapely.linestrings(pieces.ends[busy].reshape(-1, 2, 2)))
    west, south = np.floor(corner[:2] / side) * side
    columns, rows = (int(np.ceil((corner[2 + i] - low) / side)) for i, low in enumerate((west, south)))
    x, y = np.meshgrid(west + (np.arange(columns) + 0.5) * side, south + (np.arange(rows) + 0.5) * side)
    cells = np.stack([x.ravel(), y.ravel()], axis=1)
    done = []
    for _ in range(levels):
        near = np.zeros(len(cells), dtype=np.bool_)
        hit = tree.query(shapely.points(cells), predicate="dwithin", distance=side)
        near[hit[0]] = True
        done.append(np.column_stack([cells[~near], np.full(int((~near).sum()), side)]))
        quarter = side / 4.0 * np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]])
        cells = (cells[near][:, None] + quarter[None]).reshape(-1, 2)
        side /= 2.0
        if sum(map(len, done)) + len(cells) > MOST_POINTS:
            raise PlanError(
                f"more than {MOST_POINTS:,} points of air",
                "Choose larger cells, or clip the network (network.clip).",
                column="impacts.finest_m",
                value=f"{finest_m:g}",
            )
    done.append(np.column_stack([cells, np.full(len(cells), side)]))
    return np.concatenate(done)


def with_people(cells: Float, zones: Any, epsg: int) -> Receptors:
    """Return points with the people of zones spread evenly over their cells.

    Parameters
    ----------
    cells
        From `graded_points`.
    zones
        A GeoDataFrame with ``population, geometry``, EPSG:4326, or nothing: nobody lives anywhere.
    epsg
        Of the plane.
    """
    import shapely

    xy, side = cells[:, :2], cells[:, 2]
    if zones is None or not len(zones):
        return Receptors(xy, side, np.zeros(len(xy)), np.full(len(xy), OUTSIDE))
    shapes = shapely.transform(zones.geometry.to_numpy(), lambda c: np.stack(on_plane(epsg, c[:, 0], c[:, 1]), axis=1))
    point, owner = shapely.STRtree(shapes).query(shapely.points(xy), predicate="intersects")
    zone = np.full(len(xy), len(shapes), dtype=np.int64)
    np.minimum.at(zone, point, owner)  # on a border: the zone that comes first
    inside = zone < len(shapes)
    population = zones["population"].to_numpy().astype(np.float64)
    area = np.bincount(zone[inside], side[inside] ** 2, len(shapes))
    people = np.zeros(len(xy))
    people[inside] = population[zone[inside]] * side[inside] ** 2 / area[zone[inside]]
    zone[~inside] = OUTSIDE
    small = np.flatnonzero((area == 0.0) & (population > 0.0))
    if small.size:
        own = shapely.get_coordinates(shapely.point_on_surface(shapes[small]))
        xy, side = np.concatenate([xy, own]), np.append(side, np.zeros(small.size))
        people, zone = np.append(people, population[small]), np.append(zone, small)
    return Receptors(np.ascontiguousarray(xy), side, people, zone)
