"""Vehicle-km by stream, link and hour, kept as a product: link total x share of the hour.

``vkt[s, l, h] = km[s, l] share[row[s, l], h]`` where the rows of ``share`` are few (a profile, a profile with closed
hours) and each adds up to 1. The product is formed where it is needed and kept nowhere.
"""

import numba
import numpy as np

from fleet_planner.kernels.loops import LOOPS


@numba.njit(cache=True, parallel=LOOPS)
def expand(km, row, share):
    """Form the product.

    Parameters
    ----------
    km : (streams, links) float64
        Vehicle-km of the average day.
    row : (streams, links) int32
        Row of ``share``.
    share : (rows, H) float64

    Returns
    -------
    (streams, links, H) float64
        Vehicle-km.
    """
    n_s, n_l = km.shape
    n_h = share.shape[1]
    out = np.empty((n_s, n_l, n_h))
    for task in numba.prange(n_s * n_l):
        s, i = task // n_l, task % n_l
        for h in range(n_h):
            out[s, i, h] = km[s, i] * share[row[s, i], h]
    return out


@numba.njit(cache=True, parallel=LOOPS)
def by_hour(km, row, share):
    """Add the streams up by link and hour.

    Parameters
    ----------
    km, row, share
        As in `expand`.

    Returns
    -------
    (links, H) float64
        Vehicle-km of all streams.
    """
    n_s, n_l = km.shape
    n_h = share.shape[1]
    out = np.zeros((n_l, n_h))
    for i in numba.prange(n_l):
        for s in range(n_s):
            if km[s, i] == 0.0:
                continue
            for h in range(n_h):
                out[i, h] += km[s, i] * share[row[s, i], h]
    return out


@numba.njit(cache=True, parallel=LOOPS)
def mean_speeds(km, row, share, speed_kmh):
    """Average the speeds of a link over its hours, weighted by the vehicle-km of all streams.

    Parameters
    ----------
    km, row, share
        As in `expand`.
    speed_kmh : (links, H) float64

    Returns
    -------
    (links,) float64
        The plain mean of the hours where nobody drives.
    """
    n_s, n_l = km.shape
    n_h = share.shape[1]
    out = np.zeros(n_l)
    for i in numba.prange(n_l):
        total = 0.0
        weighted = 0.0
        for s in range(n_s):
            if km[s, i] == 0.0:
                continue
            for h in range(n_h):
                x = km[s, i] * share[row[s, i], h]
                total += x
                weighted += x * speed_kmh[i, h]
        if total > 0.0:
            out[i] = weighted / total
        else:
            for h in range(n_h):
                out[i] += speed_kmh[i, h] / n_h
    return out
