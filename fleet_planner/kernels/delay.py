"""Speeds by volume and capacity."""

import numba
import numpy as np

from fleet_planner.kernels.loops import LOOPS

BLOCKS = 64


@numba.njit(cache=True, parallel=LOOPS)
def delayed_speeds(volume_km, per_day, length_km, capacity, calm_kmh, alpha, beta, least_kmh):
    """Return speeds by the function of the US Bureau of Public Roads: time = calm time (1 + alpha (q / c) ** beta).

    Parameters
    ----------
    volume_km : (links, H) float64
        Passenger-car km in the hour's part of the average day.
    per_day : (H,) float64
        What turns that part into such an hour itself.
    length_km, capacity, calm_kmh, alpha, beta : (links,) float64
        Capacity in passenger cars per hour; a link without is never slowed.
    least_kmh : float
        No speed is lower, unless the calm one is.

    Returns
    -------
    speed_kmh : (links, H) float64
    floored : float
        ``volume_km`` where the lowest speed was taken.
    """
    n_l, n_h = volume_km.shape
    out = np.empty((n_l, n_h))
    held = np.zeros(BLOCKS)
    for block in numba.prange(BLOCKS):
        for i in range(block * n_l // BLOCKS, (block + 1) * n_l // BLOCKS):
            calm = calm_kmh[i]
            least = min(least_kmh, calm)
            room = length_km[i] * capacity[i]
            for h in range(n_h):
                x = volume_km[i, h] * per_day[h] / room if room > 0.0 else 0.0
                # the usual power without the slow general one
                power = (x * x) * (x * x) if beta[i] == 4.0 else x ** beta[i]
                speed = calm / (1.0 + alpha[i] * power)
                if speed < least:
                    speed = least
                    held[block] += volume_km[i, h]
                out[i, h] = speed
    floored = 0.0
    for block in range(BLOCKS):
        floored += held[block]
    return out, floored
