"""Hot exhaust by the published formula for every link, hour and technology: the yardstick of the factored path.

Slower, but nothing is sampled or averaged. Coefficients stand as structure of arrays, so that the inner
loop over technologies runs in vector registers.
"""

import numba
import numpy as np

from fleet_planner.kernels.loops import LOOPS


@numba.njit(cache=True, inline="always")
def _factors(c, p, v, out):
    """Write the factors of all technologies for pollutant ``p`` at ``v`` km/h into ``out``."""
    for t in range(out.size):
        x = min(max(v, c[8, p, t]), c[9, p, t])
        top = (c[0, p, t] * x + c[1, p, t]) * x + c[2, p, t] + c[3, p, t] / x
        out[t] = top / ((c[4, p, t] * x + c[5, p, t]) * x + c[6, p, t]) * (1.0 - c[7, p, t])


@numba.njit(cache=True, parallel=LOOPS, error_model="numpy")
def link_totals(coefficients, speed_kmh, vkt):
    """Sum over technologies.

    Parameters
    ----------
    coefficients : (10, P, T) float64
        a, b, g, d, e, z, h, reduction, v_min, v_max by pollutant and technology; v_min above 0.
    speed_kmh : (links, H) float64
    vkt : (links, H, T) float64
        Vehicle-km; may be a broadcast view.

    Returns
    -------
    (links, P) float64
    """
    n_l, n_h = speed_kmh.shape
    n_p, n_t = coefficients.shape[1], coefficients.shape[2]
    out = np.zeros((n_l, n_p))
    for i in numba.prange(n_l):
        ef = np.empty(n_t)
        for h in range(n_h):
            for p in range(n_p):
                _factors(coefficients, p, speed_kmh[i, h], ef)
                total = 0.0
                for t in range(n_t):
                    total += ef[t] * vkt[i, h, t]
                out[i, p] += total
    return out


@numba.njit(cache=True, parallel=LOOPS, error_model="numpy")
def fill_all(coefficients, speed_kmh, vkt, out):
    """Keep every value.

    Parameters
    ----------
    coefficients, speed_kmh, vkt
        As in `link_totals`.
    out : (links, H, P, T) float64
        Filled with grams.
    """
    n_l, n_h = speed_kmh.shape
    n_p, n_t = coefficients.shape[1], coefficients.shape[2]
    for i in numba.prange(n_l):
        for h in range(n_h):
            for p in range(n_p):
                row = out[i, h, p]
                _factors(coefficients, p, speed_kmh[i, h], row)
                for t in range(n_t):
                    row[t] *= vkt[i, h, t]
