"""Spread a stream's vehicle-km over links and hours."""

import numba
import numpy as np


@numba.njit(cache=True, parallel=True)
def allocate(total_km, weight, profile, group, closed, block=1024):
    """Spread vehicle-km in proportion to weight x profile where a link-hour is open.

    ``vkt[s, l, h] = total[s] w[s, l] p[s, g(l), h] open[s, l, h] / sum over l, h``. The sums are formed in
    blocks of links whose number does not depend on the threads, so that neither do the results.

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
    block : int
        Links in a block.

    Returns
    -------
    (streams, links, H) float64
        Sums to ``total_km`` for each stream with an open link-hour; else all zero.
    """
    n_s, n_l = weight.shape
    n_h = profile.shape[2]
    out = np.zeros((n_s, n_l, n_h))
    blocks = (n_l + block - 1) // block
    part = np.zeros((n_s, blocks))
    check = closed.shape[1] > 0
    for task in numba.prange(n_s * blocks):
        s, b = task // blocks, task % blocks
        total = 0.0
        for i in range(b * block, min((b + 1) * block, n_l)):
            w = weight[s, i]
            if w == 0.0:
                continue
            of_link = 0.0
            for h in range(n_h):
                if check and closed[s, i, h]:
                    continue
                x = w * profile[s, group[i], h]
                out[s, i, h] = x
                of_link += x
            total += of_link
        part[s, b] = total
    scale = np.zeros(n_s)
    for s in range(n_s):
        total = 0.0
        for b in range(blocks):
            total += part[s, b]
        if total > 0.0:
            scale[s] = total_km[s] / total
    for task in numba.prange(n_s * blocks):
        s, b = task // blocks, task % blocks
        for i in range(b * block, min((b + 1) * block, n_l)):
            for h in range(n_h):
                out[s, i, h] *= scale[s]
    return out
