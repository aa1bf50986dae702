"""The p-median and the p-centre: the least mean way and the least longest way to the nearest of a number of sites."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.chargers.distances import Reach, of_pairs
from fleet_planner.chargers.models.covering import maximal_covering, set_covering
from fleet_planner.chargers.models.nearest import HEURISTIC, USUAL, Answer, Effort, solve_nearest
from fleet_planner.chargers.models.radius import Nearest
from fleet_planner.highs import OPTIMAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]
    Bool = NDArray[np.bool_]


def p_median(
    reach: Reach,
    weight: Float,
    p: int,
    far_km: float,
    locked: Bool | None = None,
    effort: Effort = USUAL,
) -> Answer:
    """Return the ``p`` sites with the least weighted km to the nearest one (Hakimi 1964).

    Parameters
    ----------
    reach
        Distances; pairs of ``far_km`` or more do not count.
    weight
        Of each demand, shape (demands,).
    p
        Number of sites, the locked ones among them.
    far_km
        What demand counts that no open site reaches.
    locked
        Sites that are there already, shape (sites,).
    effort
        When to stop.
    """
    shut = np.zeros(reach.sites, dtype=np.bool_) if locked is None else locked.astype(np.bool_)
    whole = bool((reach.km == np.round(reach.km)).all() and (weight == np.round(weight)).all() and far_km % 1 == 0)
    far = np.full(weight.size, float(far_km))
    return solve_nearest(Nearest(reach, weight.astype(np.float64), far, shut, whole), p, effort)


def p_centre(reach: Reach, p: int, locked: Bool | None = None, effort: Effort = USUAL) -> Answer:
    """Return ``p`` sites with the least longest way from demand to the nearest one (Minieka 1970).

    Bisection over the distinct distances: a distance is enough where ``p`` sites cover all demand within it.

    Parameters
    ----------
    reach
        Distances; demand that no site reaches is left out.
    p
        Number of sites, the locked ones among them.
    locked
        Sites that are there already, shape (sites,).
    effort
        When to stop, for each covering.

    Returns
    -------
    Answer
        ``bound`` is the shortest distance that was not ruled out. Where the cut-off of ``reach`` is too short for
        ``p`` sites to reach all demand, the objective is infinite.
    """
    begin = time.perf_counter()
    shut = np.zeros(reach.sites, dtype=np.bool_) if locked is None else locked.astype(np.bool_)
    if reach.km.size == 0:  # nothing is reached: every set is as good, and none has a way
        nobody = _filled(np.zeros(reach.sites, dtype=np.bool_), p, shut)
        return Answer(nobody, 0.0, 0.0, 0.0, OPTIMAL, 0.0, time.perf_counter() - begin)
    # names of demand without gaps: covering is of all that some site reaches
    known, demand = np.unique(reach.demand, return_inverse=True)
    near = Reach(reach.first, demand.astype(np.int64), reach.km, known.size)
    radii = np.unique(near.km)
    nearest = np.full(known.size, np.inf)
    np.minimum.at(nearest, near.demand, near.km)
    low = int(np.searchsorted(radii, nearest.max(initial=0.0)))
    top, proved = radii.size - 1, low
    best: Bool | None = None
    # first by the start alone, from both ends; then the doubtful distances by proof
    high = top + 1
    for exact in (False, True):
        a, b = proved, high - 1
        while a <= b:
            middle = (a + b) // 2
            answer, sure = _covers(near, float(radii[middle]), p, shut, effort, exact=exact)
            if answer is not None:
                best, high = answer, middle
                b = middle - 1
            else:
                if sure:
                    proved = max(proved, middle + 1)
                a = middle + 1
        if proved >= high:
            break
    ready = time.perf_counter() - begin
    if best is None:
        nothing = np.zeros(reach.sites, dtype=np.bool_) | shut
        return Answer(nothing, np.inf, float(radii[min(proved, top)]), np.inf, HEURISTIC, ready, ready)
    value, bound = float(radii[high]), float(radii[min(proved, high)])
    status = OPTIMAL if proved >= high else HEURISTIC
    return Answer(_filled(best, p, shut), value, bound, value, status, ready, ready)


def _covers(
    reach: Reach, radius_km: float, p: int, locked: Bool, effort: Effort, *, exact: bool
) -> tuple[Bool | None, bool]:
    """Return at most ``p`` sites that cover all within a radius, or nothing; and whether that is proved."""
    inside = reach.km <= radius_km
    near = of_pairs(reach.site[inside], reach.demand[inside], reach.km[inside], reach.sites, reach.demands)
    if np.unique(near.demand).size < reach.demands:
        return None, True
    quick = replace(effort, seconds=0.0, rounds=20, steps=200)
    found = maximal_covering(near, np.ones(reach.demands), p, locked, quick)
    if found.objective >= reach.demands - 1e-9:
        return found.is_open, True
    if found.bound < reach.demands - 1e-6:
        return None, True
    if not exact:
        return None, False
    proof = set_covering(near, None, locked, effort)
    if proof.objective <= p + 1e-9:
        return proof.is_open, True
    return None, proof.bound > p + 1e-9


def _filled(is_open: Bool, p: int, locked: Bool) -> Bool:
    """Return exactly ``p`` sites: more never lengthen a way."""
    out = is_open | locked
    spare = np.flatnonzero(~out)[: max(p - int(out.sum()), 0)]
    out[spare] = True
    return out
