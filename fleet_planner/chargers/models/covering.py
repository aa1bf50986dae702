"""Maximal covering with a number of sites, and covering of all demand with the fewest or cheapest sites."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.chargers.models.nearest import HEURISTIC, USUAL, Answer, Effort, Nearest, solve_nearest
from fleet_planner.chargers.solver import OPTIMAL, Programme, solve
from fleet_planner.kernels import siting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.chargers.distances import Reach

    Float = NDArray[np.float64]
    Bool = NDArray[np.bool_]


FEWER_ROUNDS = 40
"""Random restarts for each number of sites that is tried."""


def maximal_covering(reach: Reach, weight: Float, p: int, locked: Bool | None = None, effort: Effort = USUAL) -> Answer:
    """Return the ``p`` sites that cover most weight (Church and ReVelle 1974).

    Parameters
    ----------
    reach
        Pairs within the radius.
    weight
        Of each demand, 0 or more, shape (demands,).
    p
        Number of sites, the locked ones among them.
    locked
        Sites that are there already, shape (sites,).
    effort
        When to stop.

    Returns
    -------
    Answer
        Its objective is the weight covered, its bound lies above.
    """
    problem = Nearest(
        replace(reach, km=np.zeros(reach.km.size)),
        weight.astype(np.float64),
        np.ones(weight.size),
        _locked(reach, locked),
        whole=bool((weight == np.round(weight)).all()),
    )
    found = solve_nearest(problem, p, effort)
    whole = float(weight.sum())
    return replace(found, objective=whole - found.objective, bound=whole - found.bound, start=whole - found.start)


def set_covering(
    reach: Reach, price: Float | None = None, locked: Bool | None = None, effort: Effort = USUAL
) -> Answer:
    """Return the cheapest sites that cover every demand that any site reaches (Toregas and others 1971).

    Parameters
    ----------
    reach
        Pairs within the radius.
    price
        Of each site, above 0; none: 1 each, so that the fewest sites are sought. Locked sites cost as others.
    locked
        Sites that are there already, shape (sites,).
    effort
        When to stop.
    """
    begin = time.perf_counter()
    shut = _locked(reach, locked)
    cost = np.ones(reach.sites) if price is None else price.astype(np.float64)
    start, site, _ = siting.by_demand(reach.first, reach.demand, reach.km, reach.demands)
    is_open = np.asarray(siting.cover_greedy(shut, cost, reach.first, reach.demand, start, site))
    if price is None:
        is_open = _fewer(reach, shut, is_open, effort)
    upper = float(cost[is_open].sum())
    ready = time.perf_counter() - begin
    known = np.unique(reach.demand)
    row = np.searchsorted(known, reach.demand)
    ones = np.ones(reach.sites)
    programme = Programme(
        cost,
        shut.astype(np.float64),
        ones,
        np.ones(reach.sites, np.bool_),
        row,
        reach.site,
        np.ones(row.size),
        np.ones(known.size),
        np.full(known.size, np.inf),
    )
    whole = bool((cost == np.round(cost)).all())
    relaxed = solve(programme, max(effort.seconds, 1.0), relax=True)
    bound = _up(relaxed.bound, whole=whole)
    start_cost, status = upper, HEURISTIC
    if bound < upper - 1e-9 and effort.seconds > 0.0:
        found = solve(programme, effort.seconds, effort.gap, is_open.astype(np.float64))
        bound, status = max(bound, _up(found.bound, whole=whole)), found.status
        if found.values is not None:
            other = found.values > 0.5
            if float(cost[other].sum()) < upper:
                is_open, upper = other, float(cost[other].sum())
    if bound >= upper - max(1e-9, effort.gap * upper):
        status = OPTIMAL
    return Answer(is_open, upper, min(bound, upper), start_cost, status, ready, time.perf_counter() - begin)


def _fewer(reach: Reach, locked: Bool, is_open: Bool, effort: Effort) -> Bool:
    """Return fewer sites as long as the interchange still covers all with one less."""
    covered = np.zeros(reach.demands)
    covered[reach.demand] = 1.0
    problem = Nearest(replace(reach, km=np.zeros(reach.km.size)), covered, np.ones(reach.demands), locked, whole=True)
    quick = replace(effort, seconds=0.0, steps=1, rounds=FEWER_ROUNDS if effort.rounds is None else effort.rounds)
    while is_open.sum() > max(int(locked.sum()), 1):
        found = solve_nearest(problem, int(is_open.sum()) - 1, quick)
        if found.objective > 1e-9:
            break
        is_open = found.is_open
    return is_open


def _up(bound: float, *, whole: bool) -> float:
    return float(np.ceil(bound - 1e-6)) if whole and np.isfinite(bound) else bound


def _locked(reach: Reach, locked: Bool | None) -> Bool:
    return np.zeros(reach.sites, dtype=np.bool_) if locked is None else locked.astype(np.bool_)
