"""Lengths on the ellipsoid."""

import numba
import numpy as np


@numba.njit(cache=True)
def line_lengths_m(coordinates, offsets, semi_major_m, eccentricity2):
    """Return the length of each line.

    Each piece is taken on the plane that touches the ellipsoid at its middle latitude p::

        dx = N(p) cos(p) dlon,  dy = M(p) dlat,  N = a / sqrt(1 - e2 sin2 p),  M = a (1 - e2) / (1 - e2 sin2 p)^1.5

    (Torge, Geodesy, radii of curvature): within a millimetre for pieces under a kilometre.

    Parameters
    ----------
    coordinates : (points, 2) float64
        Longitude, latitude in degrees.
    offsets : (lines + 1,) int64
    semi_major_m, eccentricity2 : float
        Of the ellipsoid.

    Returns
    -------
    (lines,) float64
        Metres.
    """
    rad = np.pi / 180.0
    n = offsets.size - 1
    out = np.zeros(n)
    for i in range(n):
        for k in range(offsets[i], offsets[i + 1] - 1):
            p = (coordinates[k, 1] + coordinates[k + 1, 1]) / 2.0 * rad
            w = 1.0 - eccentricity2 * np.sin(p) ** 2
            dx = (coordinates[k + 1, 0] - coordinates[k, 0]) * rad * semi_major_m / np.sqrt(w) * np.cos(p)
            dy = (coordinates[k + 1, 1] - coordinates[k, 1]) * rad * semi_major_m * (1.0 - eccentricity2) / w**1.5
            out[i] += np.sqrt(dx * dx + dy * dy)
    return out
