"""Where links are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fleet_planner.network.segments import middle_points
from fleet_planner.units import EARTH_RADIUS_M

__all__ = ["Plane", "end_directions", "middle_points"]

Float = NDArray[np.float64]


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
