"""Trips without blocks into the fewest buses, with the proof that fewer cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from fleet_planner.kernels.chaining import fewest_chains

if TYPE_CHECKING:
    from collections.abc import Callable

    Cost = Callable[["Int", "Int"], "Float"]

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
LARGEST_ASSIGNED = 2000
"""Of more trips of one group than this the least empty time is sought in windows: the matrix of all is too large."""
WINDOW, STEP = 600, 300
"""Trips of a window, by their end, and how far the next one begins after it."""
NEVER = 1e9
SHORTEST_S = 1.0
"""A bus needs so long from one trip to the next at least; so trips of no length cannot follow each other in a ring."""
WAIT_WEIGHT = 1e-3
"""Of two chainings with the same empty time the one with less waiting is taken."""


@dataclass(frozen=True)
class Chains:
    """Trips in chains.

    Parameters
    ----------
    chain
        Number of the chain of each trip, from 0, in order of the first departure; shape (trips,).
    count
        Number of chains.
    bound
        Buses that are needed at least, by a cover of all pairs that was checked; ``count`` where it is proven.
    least_empty
        Whether no chaining with as few buses has less empty time.
    """

    chain: Int
    count: int
    bound: int
    least_empty: bool


def chain_trips(start_s: Float, end_s: Float, origin: Int, target: Int, ready_s: Float, cost: Cost | None) -> Chains:
    """Chain trips into the fewest buses.

    Parameters
    ----------
    start_s, end_s
        Of each trip, shape (trips,).
    origin, target
        Places where each begins and ends.
    ready_s
        From the end of a trip at a place to the earliest start at another, s, shape (places, places).
    cost
        Empty seconds of pairs of an end's and a start's trip (arrays of trips) over those of two buses; nothing where
        the number of buses is all that is asked for.

    Notes
    -----
    Chains are paths in the graph of trips that can follow each other: trips less matched pairs (Fulkerson, Proceedings
    of the American Mathematical Society 7, 1956, 701-702), and a cover of all pairs as large as the matching proves
    that no larger one exists (König).
    """
    n = start_s.size
    ready = np.maximum(ready_s, SHORTEST_S)
    ends = np.lexsort((start_s, end_s))
    starts = np.lexsort((start_s, origin))
    places = ready.shape[0]
    place_first = np.searchsorted(origin[starts], np.arange(places + 1)).astype(np.int64)
    onward, end_reached, start_reached = fewest_chains(
        end_s[ends], target[ends], start_s[starts], place_first, np.ascontiguousarray(ready)
    )
    follower = np.full(n, -1, dtype=np.int64)
    follower[ends] = np.where(onward >= 0, starts[onward], -1)
    covered_end, covered_start = np.ones(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    covered_end[ends] = ~end_reached
    covered_start[starts] = start_reached
    assert is_cover(start_s, end_s, origin, target, ready, covered_end, covered_start)
    matched = int((follower >= 0).sum())
    bound = n - int(covered_end.sum()) - int(covered_start.sum())
    least = n <= LARGEST_ASSIGNED and cost is not None
    if matched and cost is not None:
        pairs = _Pairs(start_s, end_s, origin, target, ready, cost)
        follower = _least_empty(pairs) if least else _less_empty(follower, pairs)
        assert int((follower >= 0).sum()) == matched
    return Chains(_numbered(follower, start_s), n - matched, bound, least)


def is_cover(
    start_s: Float, end_s: Float, origin: Int, target: Int, ready_s: Float, covered_end: Bool, covered_start: Bool
) -> bool:
    """Return whether each pair of trips that one bus can make has its first trip's end or second's start covered."""
    latest = np.full(ready_s.shape[0], -np.inf)
    np.maximum.at(latest, origin[~covered_start], start_s[~covered_start])
    open_end = ~covered_end
    return bool((end_s[open_end][:, None] + ready_s[target[open_end]] > latest[None, :]).all())


@dataclass(frozen=True)
class _Pairs:
    """Which trips can follow each other, and at what price; see `chain_trips`."""

    start_s: Float
    end_s: Float
    origin: Int
    target: Int
    ready_s: Float
    cost: Cost

    def prices(self, ends: Int, starts: Int) -> Float:
        """Return the price of each of some ends with each of some starts, `NEVER` where they cannot follow."""
        earliest = self.end_s[ends][:, None] + self.ready_s[np.ix_(self.target[ends], self.origin[starts])]
        row, column = np.nonzero(earliest <= self.start_s[starts][None, :])
        first, second = ends[row], starts[column]
        price = np.full((ends.size, starts.size), NEVER)
        price[row, column] = self.cost(first, second) + WAIT_WEIGHT * (self.start_s[second] - self.end_s[first])
        return price


def _least_empty(pairs: _Pairs) -> Int:
    """Return the follower of each trip, as many as can be and with the least empty time (assignment)."""
    everything = np.arange(pairs.start_s.size)
    price = pairs.prices(everything, everything)
    row, column = linear_sum_assignment(price)
    kept = price[row, column] < NEVER
    follower = np.full(everything.size, -1, dtype=np.int64)
    follower[row[kept]] = column[kept]
    return follower


def _less_empty(follower: Int, pairs: _Pairs) -> Int:
    """Return followers with less empty time: those of trips that end one after the other are dealt anew among them."""
    follower = follower.copy()
    ends = np.flatnonzero(follower >= 0)
    ends = ends[np.argsort(pairs.end_s[ends], kind="stable")]
    for low in range(0, max(ends.size - STEP, 1), STEP):
        own = ends[low : low + WINDOW]
        starts = follower[own]
        row, column = linear_sum_assignment(pairs.prices(own, starts))
        follower[own[row]] = starts[column]
    return follower


def _numbered(follower: Int, start_s: Float) -> Int:
    """Return the number of each trip's chain, in order of the chains' first departures."""
    n = follower.size
    first = np.ones(n, dtype=np.bool_)
    first[follower[follower >= 0]] = False
    heads = np.flatnonzero(first)
    chain = np.full(n, -1, dtype=np.int64)
    at = heads[np.argsort(start_s[heads], kind="stable")]
    number = np.arange(at.size)
    while at.size:
        chain[at] = number
        at = follower[at]
        number, at = number[at >= 0], at[at >= 0]
    return chain
