"""Maximal covering with a number of sites, and covering of all demand with the fewest or cheapest sites."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.chargers.models.dominance import without_dominated
from fleet_planner.chargers.models.nearest import HEURISTIC, USUAL, Answer, Effort, solve_nearest
from fleet_planner.chargers.models.radius import Nearest
from fleet_planner.chargers.solver import Found, Programme, solve
from fleet_planner.highs import INFEASIBLE, OPTIMAL
from fleet_planner.kernels import siting
from fleet_planner.kernels.set_cover import fewest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.chargers.distances import Reach

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]


SEARCH_WORK, LEAST_STEPS, MOST_STEPS = 4e8, 500, 50_000
"""Looks at pairs that the search for fewer sites may take, and the steps that it makes of them."""
TINY, HALF = 1e-9, 0.5
NO_BETTER = Found(None, np.inf, INFEASIBLE, np.zeros(0))


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
    is_open = _covered(reach, shut, price, cost, effort)
    start_cost = upper = float(cost[is_open].sum())
    ready = time.perf_counter() - begin
    row, column, left = _rows_left(reach, shut, cost)
    whole = bool((cost == np.round(cost)).all())
    fixed = float(cost[shut].sum())
    programme = _programme(row, column, cost[left])
    relaxed = solve(programme, max(effort.seconds, 1.0), relax=True) if left.size else None
    bound, status = _up(fixed + (relaxed.bound if relaxed is not None else 0.0), whole=whole), HEURISTIC
    if relaxed is not None and bound < upper - TINY and effort.seconds > 0.0:
        kept = _may_be_better(programme, relaxed, upper - fixed - (1.0 if whole else 0.0))
        place, inside = np.cumsum(kept) - 1, kept[column]
        better = _programme(row[inside], place[column[inside]], cost[left[kept]], programme.low.size)
        found = solve(better, effort.seconds, effort.gap) if kept.any() else NO_BETTER
        # what the sites left out could give is no better than what is known
        proved = upper if found.status == INFEASIBLE else fixed + found.bound
        bound, status = max(bound, min(_up(proved, whole=whole), upper)), found.status
        if found.values is not None:
            other = shut.copy()
            other[left[kept][found.values > HALF]] = True
            if float(cost[other].sum()) < upper:
                is_open, upper = other, float(cost[other].sum())
    if bound >= upper - max(TINY, effort.gap * upper):
        status = OPTIMAL
    return Answer(is_open, upper, min(bound, upper), start_cost, status, ready, time.perf_counter() - begin)


def _covered(reach: Reach, locked: Bool, price: Float | None, cost: Float, effort: Effort) -> Bool:
    """Return the start: greedy, and where sites cost the same a search for fewer."""
    start, site, _ = siting.by_demand(reach.first, reach.demand, reach.km, reach.demands)
    greedy = siting.cover_greedy(locked, cost, reach.first, reach.demand, start, site)
    if price is not None or reach.km.size == 0:
        return np.asarray(greedy)
    around = 2.0 * float(np.diff(reach.first).mean()) * float(np.diff(start).mean())
    steps = int(np.clip(SEARCH_WORK / around, LEAST_STEPS, MOST_STEPS))
    return np.asarray(fewest(greedy, locked, reach.first, reach.demand, start, site, steps, effort.seed))


def _rows_left(reach: Reach, locked: Bool, cost: Float) -> tuple[Int, Int, Int]:
    """Return entries of the covering without what locked sites cover and what is dominated, and the sites left."""
    done = np.zeros(reach.demands, dtype=np.bool_)
    done[reach.demand[locked[reach.site]]] = True
    open_pair = ~done[reach.demand] & ~locked[reach.site]
    known = np.unique(reach.demand[open_pair])
    row = np.searchsorted(known, reach.demand[open_pair])
    column = reach.site[open_pair]
    rows_left, columns_left = without_dominated(row, column, cost, known.size)
    columns_left &= ~locked
    both = rows_left[row] & columns_left[column]
    return (
        (np.cumsum(rows_left) - 1)[row[both]],
        (np.cumsum(columns_left) - 1)[column[both]],
        np.flatnonzero(columns_left),
    )


def _programme(row: Int, column: Int, cost: Float, rows: int | None = None) -> Programme:
    count = int(row.max(initial=-1)) + 1 if rows is None else rows
    ones, whole = np.ones(cost.size), np.ones(cost.size, np.bool_)
    return Programme(
        cost, 0.0 * ones, ones, whole, row, column, np.ones(row.size), np.ones(count), np.full(count, np.inf)
    )


def _may_be_better(programme: Programme, relaxed: Found, least: float) -> Bool:
    """Return the sites that a set of at most ``least`` may hold, by their reduced cost in the relaxation."""
    if relaxed.values is None or relaxed.duals.size == 0:
        return np.ones(programme.cost.size, dtype=np.bool_)
    dual = np.maximum(relaxed.duals, 0.0)
    reduced = programme.cost - np.bincount(programme.column, dual[programme.row], programme.cost.size)
    # the bound of these duals, whatever the solver's tolerance: a site may be opened at most once
    bound = float(dual.sum() + np.minimum(reduced, 0.0).sum())
    return np.asarray(bound + np.maximum(reduced, 0.0) <= least + 1e-6 * (1.0 + abs(least)))


def _up(bound: float, *, whole: bool) -> float:
    return float(np.ceil(bound - 1e-6)) if whole and np.isfinite(bound) else bound


def _locked(reach: Reach, locked: Bool | None) -> Bool:
    return np.zeros(reach.sites, dtype=np.bool_) if locked is None else locked.astype(np.bool_)
