"""Where links are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fleet_planner.units import EARTH_RADIUS_M

Float = NDArray[np.float64]


def middle_points(coordinates: Float, offsets: NDArray[np.int64]) -> Float:
    """Return the point halfway along each link, shape (links, 2), the same for both directions of a road.

    Parameters
    ----------
    coordinates
        Longitude, latitude of all points, shape (points, 2).
    offsets
        Link ``i`` is ``coordinates[offsets[i]:offsets[i + 1]]``, two points or more; shape (links + 1,).
    """
    mean = np.radians(coordinates[:, 1].mean()) if len(coordinates) else 0.0
    step = np.diff(coordinates, axis=0) * np.array([np.cos(mean), 1.0])
    length = np.hypot(*step.T)
    length[offsets[1:-1] - 1] = 0.0  # from the end of one link to the start of the next is no road
    along = np.concatenate([[0.0], np.cumsum(length)])
    first, last = offsets[:-1], offsets[1:] - 1
    half = (along[first] + along[last]) / 2.0
    piece = np.clip(np.searchsorted(along, half, side="right") - 1, first, np.maximum(last - 1, first))
    own = length[np.minimum(piece, len(length) - 1)] if len(length) else np.zeros(len(first))
    part = np.divide(half - along[piece], own, out=np.zeros(len(half)), where=own > 0.0)
    after = np.minimum(piece + 1, last)
    return np.asarray(coordinates[piece] + np.clip(part, 0.0, 1.0)[:, None] * (coordinates[after] - coordinates[piece]))


@dataclass(frozen=True)
class Plane:
    """A plane in metres about the middle of a city (equirectangular: 1 % off at 60 km from the middle latitude)."""

    middle: Float
    scale: Float

    @classmethod
    def around(cls, lonlat: Float) -> Plane:
        """Return the plane of points given as longitude and latitude, shape (n, 2)."""
        middle = (lonlat.min(axis=0) + lonlat.max(axis=0)) / 2.0
        return cls(middle, np.array([np.cos(np.radians(middle[1])), 1.0]) * np.pi / 180.0 * EARTH_RADIUS_M)

    def project(self, lonlat: Float) -> Float:
        """Return metres east and north of the middle, shape (n, 2)."""
        return np.ascontiguousarray((lonlat - self.middle) * self.scale)


def end_directions(xy: Float, offsets: NDArray[np.int64]) -> tuple[Float, Float]:
    """Return the direction of each link at its start and at its end, unit vectors, shape (links, 2) each.

    Parameters
    ----------
    xy
        Points in metres, shape (points, 2).
    offsets
        Link ``i`` is ``xy[offsets[i]:offsets[i + 1]]``.
    """
    first, last = offsets[:-1], offsets[1:] - 1
    start, end = xy[np.minimum(first + 1, last)] - xy[first], xy[last] - xy[np.maximum(last - 1, first)]
    return _unit(start), _unit(end)


def _unit(vector: Float) -> Float:
    length = np.hypot(*vector.T)
    return np.asarray(vector / np.maximum(length, 1e-12)[:, None])
