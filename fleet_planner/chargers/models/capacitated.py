"""Covering and the p-median where a site can serve only so much; demand may be dealt to several sites."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fleet_planner.chargers.models.nearest import HEURISTIC, USUAL, Answer, Effort
from fleet_planner.chargers.solver import Programme, solve
from fleet_planner.highs import OPTIMAL
from fleet_planner.kernels import build_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.chargers.models.radius import Nearest

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]

TRIALS = 200
"""Sites that are closed on trial."""


@dataclass(frozen=True)
class Shared:
    """An answer with the share of each pair's demand that its site serves, shape (pairs,)."""

    answer: Answer
    share: Float


def solve_capacitated(problem: Nearest, capacity: Float, p: int, effort: Effort = USUAL) -> Shared:
    """Return ``p`` sites and what each serves, at the least weighted cost; unserved demand pays ``far``.

    With costs of 0 and ``far`` = 1 this is maximal covering with capacity (Current and Storbeck 1988; demand may be
    split), with distances the capacitated p-median.

    Parameters
    ----------
    problem
        Pairs, weights, ``far``, locked sites.
    capacity
        Weight that each site can serve, shape (sites,).
    p
        Number of sites, the locked ones among them.
    effort
        When to stop.
    """
    begin = time.perf_counter()
    near = problem.reach.keep(problem.reach.km < problem.far[problem.reach.demand])
    programme = _programme(problem, near, capacity, p)
    sites, pairs, demand = near.sites, near.km.size, near.demands
    is_open, share, left = _start(problem, near, capacity, p)
    values = np.concatenate([is_open, share, left])
    start = upper = float(programme.cost @ values)
    ready = time.perf_counter() - begin
    relaxed = solve(programme, max(effort.seconds, 1.0), relax=True)
    bound, status = relaxed.bound, HEURISTIC
    if effort.seconds > 0.0 and upper - bound > 1e-9 * max(1.0, abs(upper)):
        found = solve(programme, effort.seconds, effort.gap, values)
        bound, status = max(bound, found.bound), found.status
        if found.values is not None and float(programme.cost @ found.values) < upper:
            values, upper = found.values, float(programme.cost @ found.values)
    if upper - bound <= max(1e-7 * max(1.0, abs(upper)), effort.gap * abs(upper)):
        status = OPTIMAL
    chosen = values[:sites] > 0.5
    whole = np.zeros(problem.reach.km.size)
    whole[problem.reach.km < problem.far[problem.reach.demand]] = np.clip(values[sites : sites + pairs], 0.0, 1.0)
    assert values.size == sites + pairs + demand
    told = Answer(chosen, upper, min(bound, upper), start, status, ready, time.perf_counter() - begin)
    return Shared(told, whole)


def _programme(problem: Nearest, near: Any, capacity: Float, p: int) -> Programme:
    """Columns: open sites, shares of pairs, unserved share of demand."""
    sites, pairs, demand = near.sites, near.km.size, near.demands
    weight = problem.weight
    site, who = near.site, near.demand
    x = sites + np.arange(pairs)
    u = sites + pairs + np.arange(demand)
    rows_site = demand + np.arange(sites)
    rows_link = demand + sites + np.arange(pairs)
    last = demand + sites + pairs
    row = np.concatenate(
        [who, np.arange(demand), rows_site[site], rows_site, rows_link, rows_link, np.full(sites, last)]
    )
    column = np.concatenate([x, u, x, np.arange(sites), x, site, np.arange(sites)])
    value = np.concatenate(
        [np.ones(pairs + demand), weight[who], -capacity, np.ones(pairs), -np.ones(pairs), np.ones(sites)]
    )
    low = np.concatenate([np.ones(demand), np.full(sites + pairs, -np.inf), [float(p)]])
    high = np.concatenate([np.ones(demand), np.zeros(sites + pairs), [float(p)]])
    whole = np.zeros(sites + pairs + demand, dtype=np.bool_)
    whole[:sites] = True
    return Programme(
        np.concatenate([np.zeros(sites), weight[who] * near.km, weight * problem.far]),
        np.concatenate([problem.locked.astype(np.float64), np.zeros(pairs + demand)]),
        np.ones(sites + pairs + demand),
        whole,
        row,
        column,
        value,
        low,
        high,
    )


def _start(problem: Nearest, near: Any, capacity: Float, p: int) -> tuple[Float, Float, Float]:
    """Return open sites, shares and unserved shares: greedy, then each new site closed on trial."""
    worth = problem.weight[near.demand] * (problem.far[near.demand] - near.km)
    per_weight = problem.far[near.demand] - near.km
    order = np.lexsort((near.demand, -per_weight, near.site)).astype(np.int64)
    sites = near.sites
    none_f, none_i = np.zeros(1), np.zeros(sites, dtype=np.int64)
    data = (
        near.first,
        near.demand,
        order,
        np.zeros(near.demands, dtype=np.int64),
        np.ascontiguousarray(problem.weight[:, None]),
        worth,
        np.ones((1, 1), dtype=np.bool_),
        np.ones((1, 1), dtype=np.bool_),
        np.ascontiguousarray(capacity.astype(np.float64)[:, None]),
        np.zeros((1, 2)),
        np.array([1], dtype=np.int64),
        none_f,
        none_f,
        none_f,
        np.zeros(sites),
        np.ones(sites),
        np.ones(sites, dtype=np.int64),
        none_i - 1,
    )

    def through(opened: Bool, barred: Bool) -> tuple[Bool, Float, Float]:
        count = np.zeros((sites, 1), dtype=np.int64)
        is_open, served, left = opened.copy(), np.zeros(near.km.size), np.ones(near.demands)
        used, grid = np.zeros((sites, 1, 1)), np.full((sites, 1), np.inf)
        build_out.fill(is_open, count, served, left, used, grid, data)
        money = np.array([float(p - int(is_open.sum()))])
        most = np.where(is_open, 0, 1).astype(np.int64)[:, None]
        free = np.full(sites, np.inf)
        build_out.expand(count, most, is_open, barred, served, left, used, grid, free, np.zeros(0), money, data)
        return is_open, served, left

    never = np.zeros(sites, dtype=np.bool_)
    best = through(problem.locked, never)
    value = float((best[1] * worth).sum())
    for s in np.flatnonzero(best[0] & ~problem.locked)[:TRIALS].tolist():
        kept, barred = best[0].copy(), never.copy()
        kept[s], barred[s] = False, True
        trial = through(kept, barred)
        if float((trial[1] * worth).sum()) > value + 1e-9 * (1.0 + value):
            best, value = trial, float((trial[1] * worth).sum())
    is_open = best[0].copy()
    spare = np.flatnonzero(~is_open)[: p - int(is_open.sum())]
    is_open[spare] = True
    return is_open.astype(np.float64), best[1], np.clip(best[2], 0.0, 1.0)
