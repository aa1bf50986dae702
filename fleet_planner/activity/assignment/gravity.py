"""Trips between zones by a doubly constrained gravity model.

``T_ij = a_i b_j P_i A_j f(t_ij)`` with ``f(t) = t ** alpha * exp(-beta t)``, t in minutes, and balancing factors a and
b such that the rows add up to the productions and the columns to the attractions (Furness's iteration; Ortuzar and
Willumsen, Modelling Transport, 4th edition, 2011, section 5.4). ``alpha`` 0 is the exponential, ``beta`` 0 the power
function.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
BALANCED = 1e-6
MAX_ROUNDS = 1000
LEAST_MIN = 0.5
"""Trips take half a minute at least: the power function has a pole at zero."""

MOST_BETA = 5.0
"""Per minute: one more minute makes a trip 150 times rarer; nothing steeper is looked for."""

FITTED_KM = 1e-3
CORES = 1


@dataclass(frozen=True)
class Gravity:
    """Trips of a gravity model.

    Parameters
    ----------
    trips
        Shape (zones, zones); they add up to the productions.
    beta
        Per minute; the given one, or the one that was fitted.
    error
        Largest relative difference of a row or column from its sum.
    """

    trips: Float
    beta: float
    error: float


def deterrence(time_min: Float, alpha: float, beta: float) -> Float:
    """Return ``t ** alpha * exp(-beta t)``; zero where the time is infinite."""
    t = np.maximum(time_min, LEAST_MIN)
    finite = np.isfinite(t)
    out = np.zeros_like(t)
    # the largest exponent is taken off: only ratios count, and far zones must not vanish by underflow alone
    exponent = alpha * np.log(t[finite]) - beta * t[finite]
    out[finite] = np.exp(exponent - exponent.max()) if exponent.size else 0.0
    return out


def distribute(productions: Float, attractions: Float, time_min: Float, alpha: float, beta: float) -> Gravity:
    """Return the trips between zones.

    Parameters
    ----------
    productions, attractions
        Trips that begin and end in each zone, shape (zones,); attractions are scaled to the productions' sum.
    time_min
        Shape (zones, zones), infinite where no road leads.
    alpha, beta
        Of the deterrence.
    """
    wanted = attractions * (productions.sum() / attractions.sum())
    seed = productions[:, None] * wanted[None, :] * deterrence(time_min, alpha, beta)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from aequilibrae.distribution.ipf_core import ipf_core

        with np.errstate(all="ignore"):
            ipf_core(seed, productions, wanted, max_iterations=MAX_ROUNDS, tolerance=BALANCED, cores=CORES, warn=False)
    seed = np.nan_to_num(seed, nan=0.0, posinf=0.0, neginf=0.0)
    return Gravity(seed, beta, max(_largest(seed.sum(axis=1), productions), _largest(seed.sum(axis=0), wanted)))


def fitted(
    productions: Float, attractions: Float, time_min: Float, alpha: float, length_km: Float, mean_km: float
) -> Gravity:
    """Return trips whose mean length is ``mean_km``, by fitting ``beta``; the nearest possible where none has it.

    Parameters
    ----------
    length_km
        Of trips between zones, shape (zones, zones).
    productions, attractions, time_min, alpha
        As of `distribute`.
    """
    low, high = 0.0, MOST_BETA

    def at(beta: float) -> tuple[Gravity, float]:
        found = distribute(productions, attractions, time_min, alpha, beta)
        return found, mean_length_km(found.trips, length_km)

    for end in (low, high):
        found, length = at(end)
        if (end == low and length <= mean_km) or (end == high and length >= mean_km):
            return found
    for _ in range(60):
        beta = (low + high) / 2.0
        found, length = at(beta)
        if abs(length - mean_km) < FITTED_KM:
            break
        low, high = (beta, high) if length > mean_km else (low, beta)
    return found


def mean_length_km(trips: Float, length_km: Float) -> float:
    """Return the mean length of the trips, km; pairs without trips may be infinitely far."""
    some = trips > 0.0
    return float((trips[some] * length_km[some]).sum() / trips[some].sum())


def with_inside(between: Float) -> Float:
    """Return a matrix of times or lengths whose diagonal is half of what the nearest other zone takes.

    The usual stand-in for trips inside a zone (NCHRP Report 716, section 4.5). Zones that reach no other get the
    median of those that do.
    """
    out = between.copy()
    np.fill_diagonal(out, np.inf)
    half = out.min(axis=1) / 2.0
    finite = np.isfinite(half)
    half[~finite] = np.median(half[finite]) if finite.any() else 0.0
    np.fill_diagonal(out, half)
    return out


def _largest(sums: Float, wanted: Float) -> float:
    some = wanted > 0.0
    return float(np.max(np.abs(sums[some] / wanted[some] - 1.0))) if some.any() else 0.0
