"""Spread a stream's vehicle-km over links and hours."""

import numba
import numpy as np


@numba.njit(cache=True, parallel=True)
def allocate(total_km, weight, profile, group, closed):
    """Spread vehicle-km in proportion to weight x profile where a link-hour is open.

    Parameters
    ----------
    total_km : (streams,) float64
        Vehicle-km per day.
    weight : (streams, links) float64
        Length x lanes x intensity.
    profile : (streams, groups, H) float64
        Share of the hour by group of road classes.
    group : (links,) int64
    closed : (streams, links, H) bool, or (streams, 0, 0)
        Link-hours that a stream may not use; an empty array closes none.

    Returns
    -------
    (streams, links, H) float64
        Sums to ``total_km`` for each stream with an open link-hour; else all zero.
    """
    n_s, n_l = weight.shape
    n_h = profile.shape[2]
    out = np.zeros((n_s, n_l, n_h))
    check = closed.shape[1] > 0
    for s in numba.prange(n_s):
        total = 0.0
        for i in range(n_l):
            w = weight[s, i]
            if w == 0.0:
                continue
            for h in range(n_h):
                if check and closed[s, i, h]:
                    continue
                x = w * profile[s, group[i], h]
                out[s, i, h] = x
                total += x
        if total > 0.0:
            scale = total_km[s] / total
            for i in range(n_l):
                for h in range(n_h):
                    out[s, i, h] *= scale
    return out
