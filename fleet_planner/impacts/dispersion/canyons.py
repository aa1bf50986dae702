"""Street canyons: roads between buildings, where the formulas of open ground do not hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from fleet_planner.impacts.dispersion.pieces import Pieces

Float = NDArray[np.float64]
SAMPLE_M = 20.0
"""A look to both sides is taken every so many metres, once a piece at least."""


@dataclass(frozen=True)
class Lined:
    """How roads are lined by buildings.

    Parameters
    ----------
    share
        Of the road's length with buildings on both sides, shape (roads,).
    aspect
        Mean height of both sides over the distance between them, where there are both, shape (roads,); 0 without.
    """

    share: Float
    aspect: Float


def lined(pieces: Pieces, shapes: NDArray[Any], height_m: Float, side_m: float) -> Lined:
    """Return how roads are lined: looks at right angles from the axis to the first building on either side.

    Parameters
    ----------
    pieces
        Of roads.
    shapes
        Buildings on the pieces' plane, shape (buildings,).
    height_m
        Of each.
    side_m
        Buildings farther from the axis do not line a road.
    """
    import shapely

    dx, dy = pieces.ends[:, 2] - pieces.ends[:, 0], pieces.ends[:, 3] - pieces.ends[:, 1]
    length = np.hypot(dx, dy)
    many = np.maximum(np.ceil(length / SAMPLE_M), 1.0).astype(np.int64)
    piece = np.repeat(np.arange(many.size), many)
    at = (np.arange(piece.size) - np.repeat(np.cumsum(many) - many, many) + 0.5) / many[piece]
    x, y = pieces.ends[piece, 0] + at * dx[piece], pieces.ends[piece, 1] + at * dy[piece]
    safe = np.maximum(length[piece], 1e-9)
    across = np.stack([-dy[piece] / safe, dx[piece] / safe], axis=1)
    start = np.stack([x, y], axis=1)
    tree = shapely.STRtree(shapes)
    away, height = np.full((2, piece.size), np.inf), np.zeros((2, piece.size))
    for side, sign in enumerate((1.0, -1.0)):
        rays = shapely.linestrings(np.stack([start, start + sign * side_m * across], axis=1))
        ray, building = tree.query(rays, predicate="intersects")
        seen = shapely.distance(shapely.points(start[ray]), shapely.intersection(rays[ray], shapes[building]))
        order = np.lexsort((seen, ray))
        first = order[np.unique(ray[order], return_index=True)[1]]
        away[side, ray[first]], height[side, ray[first]] = seen[first], height_m[building[first]]
    both = np.isfinite(away).all(axis=0)
    width = np.where(both, away.sum(axis=0), np.inf)
    ratio = np.where(both & (width > 0.0), height.mean(axis=0) / np.maximum(width, 1.0), 0.0)
    weight = length[piece] / many[piece]
    road = pieces.owner[piece]
    whole = np.bincount(road, weight, pieces.roads)
    with_both = np.bincount(road, weight * both, pieces.roads)
    aspect = np.bincount(road, weight * ratio, pieces.roads)
    share = np.divide(with_both, whole, out=np.zeros_like(whole), where=whole > 0.0)
    return Lined(share, np.divide(aspect, with_both, out=np.zeros_like(whole), where=with_both > 0.0))
