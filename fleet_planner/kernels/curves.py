"""Speed curves of hot exhaust factors: the published rational form, exactly and sampled.

The form (EMEP/EEA air pollutant emission inventory guidebook 2019, chapter 1.A.3.b.i-iv,
Appendix 4, hot emission parameters) is::

    EF(v) = (a v^2 + b v + g + d / v) / (e v^2 + z v + h) * (1 - reduction)

with v in km/h clamped to the row's own range, EF in g/km (MJ/km for energy).
"""

import numba
import numpy as np

from fleet_planner.kernels.loops import LOOPS

A, B, G, D, E, Z, H, REDUCTION, V_MIN, V_MAX = range(10)
"""Columns of a coefficient row."""

CLAMP = 0
CONSTANT_G_PER_H = 1


@numba.njit(cache=True, inline="always")
def rational(row, v):
    """Return the published factor of one coefficient ``row`` at clamped speed ``v`` (km/h).

    ``d / v`` counts as zero where ``d`` is zero, so that rows whose range begins at 0 km/h
    can be evaluated there. The terms keep the publication's order, so the published check
    values come out to the last digits.
    """
    top = row[A] * v * v + row[B] * v + row[G]
    if row[D] != 0.0:
        top += row[D] / v
    return top / (row[E] * v * v + row[Z] * v + row[H]) * (1.0 - row[REDUCTION])


@numba.njit(cache=True, inline="always")
def clamped(row, v):
    """Return speed ``v`` (km/h) clamped to the range of the coefficient ``row``; no number is the lowest speed."""
    return min(v, row[V_MAX]) if v >= row[V_MIN] else row[V_MIN]


@numba.njit(cache=True)
def evaluate_raw(coefficients, row, speed_kmh):
    """Evaluate published factors, one coefficient row and one speed each.

    Parameters
    ----------
    coefficients : (rows, 10) float64
        Columns `A` .. `V_MAX`.
    row : (n,) int64
        Coefficient row of each evaluation.
    speed_kmh : (n,) float64

    Returns
    -------
    (n,) float64
        g/km, or MJ/km for energy.
    """
    out = np.empty(speed_kmh.size)
    for i in range(speed_kmh.size):
        c = coefficients[row[i]]
        out[i] = rational(c, clamped(c, speed_kmh[i]))
    return out


@numba.njit(cache=True)
def mended(row, bridges, first, last, v):
    """Return the factor of one row at clamped speed ``v`` after bridging and flooring.

    ``bridges[first:last]`` are the row's bridges: from km/h, to km/h, factor at either end; inside
    one, the factor runs straight from end to end. What is still below zero is zero.
    """
    for k in range(first, last):
        lo, hi = bridges[k, 0], bridges[k, 1]
        if lo <= v <= hi:
            t = (v - lo) / (hi - lo)
            return max(bridges[k, 2] + t * (bridges[k, 3] - bridges[k, 2]), 0.0)
    return max(rational(row, v), 0.0)


@numba.njit(cache=True)
def evaluate_mended(coefficients, bridges, bridge_offsets, row, speed_kmh, below_range):
    """Evaluate factors after bridging and flooring, one coefficient row and one speed each.

    Parameters
    ----------
    coefficients : (rows, 10) float64
    bridges : (bridges, 4) float64
        See `mended`; those of row ``i`` are ``bridges[bridge_offsets[i]:bridge_offsets[i + 1]]``.
    bridge_offsets : (rows + 1,) int64
    row : (n,) int64
    speed_kmh : (n,) float64
        Up to 0 and no number count as the row's lowest speed.
    below_range : int
        `CLAMP` holds g/km below the row's lowest speed; `CONSTANT_G_PER_H` holds g/h there.

    Returns
    -------
    (n,) float64
        g/km, or MJ/km for energy.
    """
    out = np.empty(speed_kmh.size)
    for i in range(speed_kmh.size):
        r = row[i]
        c = coefficients[r]
        v = clamped(c, speed_kmh[i])
        ef = mended(c, bridges, bridge_offsets[r], bridge_offsets[r + 1], v)
        if below_range == CONSTANT_G_PER_H and 0.0 < speed_kmh[i] < v:
            ef *= v / speed_kmh[i]
        out[i] = ef
    return out


@numba.njit(cache=True, parallel=LOOPS)
def sample(coefficients, bridges, bridge_offsets, grid_kmh, below_range):
    """Sample every row on a speed grid after bridging and flooring.

    Parameters
    ----------
    coefficients, bridges, bridge_offsets, below_range
        As in `evaluate_mended`.
    grid_kmh : (S,) float64
        Ascending, above 0.

    Returns
    -------
    (rows, S) float64
    """
    n, s = coefficients.shape[0], grid_kmh.size
    out = np.empty((n, s))
    for r in numba.prange(n):
        c = coefficients[r]
        for k in range(s):
            v = clamped(c, grid_kmh[k])
            ef = mended(c, bridges, bridge_offsets[r], bridge_offsets[r + 1], v)
            if below_range == CONSTANT_G_PER_H and grid_kmh[k] < v:
                ef *= v / grid_kmh[k]
            out[r, k] = ef
    return out
