"""A better bound where chargers and connections are whole: branch and bound over the builds.

The relaxation builds a tenth of a connection for a tenth of its price, so that its bound lies below what any mix costs.
The mixes are therefore split in those with few and those with many of a build, again and again; the least of the
bounds of the parts is a bound of the whole. Each part's bound is its own weak-duality bound in numpy, and a part is
put aside as empty only where such a bound without costs is above nought: the proof stays free of the solver's word.
"""

from __future__ import annotations

import heapq
import time
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.highs import OPTIMAL
from fleet_planner.portfolio.relaxation import Relaxed, least_misses, relaxation
from fleet_planner.searches import searches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.portfolio.master import Master
    from fleet_planner.portfolio.problem import Problem

    Array = NDArray[np.float64]

PARTS = 400
WHOLE = 1e-6


def branched(problem: Problem, master: Master, root: Relaxed, cost: float, *, seconds: float, gap: float) -> float:
    """Return a lower bound of any mix's cost, at least that of the relaxation.

    Parameters
    ----------
    problem, master
        The problem and its columns, which grow.
    root
        The relaxation.
    cost
        Of the best mix known: the search ends where the bound is within ``gap`` of it.
    seconds, gap
        Limits.
    """
    begin = time.perf_counter()
    enough = cost - gap * max(abs(cost), 1e-9)
    low, high = np.zeros(problem.builds.most.size), problem.builds.most.copy()
    heap = [(root.bound, 0, low, high, _split(root.built))]
    closed, parts = np.inf, 0
    while heap and heap[0][0] < enough and parts < PARTS and not searches().over(begin, seconds):
        bound, _, low, high, place = heapq.heappop(heap)
        if place is None:
            closed = min(closed, bound)
            continue
        for own_low, own_high in _halves(low, high, *place):
            parts += 1
            part = _part(problem, master, (own_low, own_high))
            if part is not None:
                heapq.heappush(heap, (max(bound, part.bound), parts, own_low, own_high, _split(part.built)))
    master.set_box(np.zeros(problem.builds.most.size), problem.builds.most)
    least = min([closed, *(h[0] for h in heap)])
    return max(root.bound, min(least, cost))


def _split(built: Array) -> tuple[int, float] | None:
    """Return the build that is least whole, and its value; none where all are whole."""
    off = np.abs(built - np.round(built))
    if off.size == 0 or float(off.max()) <= WHOLE:
        return None
    place = int(off.argmax())
    return place, float(built[place])


def _halves(low: Array, high: Array, place: int, value: float) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    below, above = high.copy(), low.copy()
    below[place], above[place] = np.floor(value), np.ceil(value)
    return (low, below), (above, high)


def _part(problem: Problem, master: Master, box: tuple[Array, Array]) -> Relaxed | None:
    """Return the relaxation of a part; none where it is proved to hold no mix."""
    master.set_box(*box)
    if master.solve().status != OPTIMAL:
        misses = least_misses(problem, master, box)
        if misses is not None:
            master.price_slack(1.0 / problem.sizes, allowed=False)
            return None if misses.proved else _unknown(misses.x, misses.built, len(problem.rows))
    return relaxation(problem, master, box)


def _unknown(x: Array, built: Array, rows: int) -> Relaxed:
    """Return a part of which nothing is proved: it keeps the bound of the part that it came from."""
    return Relaxed(x, np.round(built), np.zeros(rows), -np.inf)
