"""Proof of a number of sites by branch and bound on the sites that reduced costs leave."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.kernels.siting_branch import branch
from fleet_planner.searches import searches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.chargers.models.radius import Nearest

    Float = NDArray[np.float64]
    Bool = NDArray[np.bool_]

MOST_CELLS = 2_000_000
"""Sites times demand up to which the costs are laid out in full."""
NODES, STEPS = 20, 40
"""Nodes between two looks at the clock, and subgradient steps in each."""


@dataclass(frozen=True)
class Branched:
    """The best set, its cost, the bound, and the nodes that were looked at."""

    is_open: Bool
    upper: float
    bound: float
    nodes: int


def branched(
    problem: Nearest,
    p: int,
    known: tuple[Bool, float, float],
    sites: tuple[Bool, Bool],
    multiplier: Float,
    seconds: float,
) -> Branched:
    """Return the best of the sites left, or the bound where the time runs out.

    Parameters
    ----------
    problem, p
        What it costs; number of sites.
    known
        A set, its cost and a bound.
    sites
        Which may be in a better set, and which must be, shape (sites,).
    multiplier
        Of the Lagrangian bound, shape (demands,).
    seconds
        Time limit; 0 or a problem too large to lay out: what is known comes back.
    """
    begin = time.perf_counter()
    (is_open, upper, bound), (kept, fixed) = known, sites
    counts = problem.weight > 0.0
    index, rows = np.flatnonzero(kept | fixed), np.flatnonzero(counts)
    none_left = searches().over(begin, np.inf if seconds > 0.0 else 0.0)
    if none_left or index.size * rows.size > MOST_CELLS or index.size == 0:
        return Branched(is_open, upper, bound, 0)
    cost = _laid_out(problem, index, rows)
    most = 2 * index.size + 8
    state = np.zeros((most, index.size), dtype=np.int8)
    state[0, fixed[index]] = 1
    own, low = np.zeros((most, rows.size)), np.zeros(most)
    own[0], low[0] = multiplier[rows], bound
    best = np.zeros(index.size, dtype=np.bool_)
    depth, nodes, found = 1, 0, upper
    while depth:
        found, depth, looked = branch(
            p, problem.weight[rows], cost, found, best, problem.whole, state, own, low, depth, NODES, STEPS
        )
        nodes += looked
        if searches().over(begin, seconds):
            break
    if found < upper:
        is_open = np.zeros(is_open.size, dtype=np.bool_)
        is_open[index[best]] = True
    left = float(low[:depth].min()) if depth else found
    return Branched(is_open, float(found), max(bound, min(left, float(found))), nodes)


def _laid_out(problem: Nearest, index: NDArray[np.int64], rows: NDArray[np.int64]) -> Float:
    """Return the cost of each demand at each site left, at most what it pays without any, shape (demands, sites)."""
    place, line = np.full(problem.locked.size, -1), np.full(problem.weight.size, -1)
    place[index], line[rows] = np.arange(index.size), np.arange(rows.size)
    cost = np.repeat(problem.far[rows][:, None], index.size, axis=1)
    reach = problem.reach
    inside = (place[reach.site] >= 0) & (line[reach.demand] >= 0)
    at = (line[reach.demand[inside]], place[reach.site[inside]])
    cost[at] = np.minimum(cost[at], reach.km[inside])
    return np.ascontiguousarray(cost)
