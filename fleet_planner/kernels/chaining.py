"""Fewest chains of trips: a largest matching of ends of trips with starts of trips, without ever listing the pairs.

A bus that ends at place ``p`` at time ``t`` can begin any trip that starts at place ``q`` no earlier than
``t + ready_s[p, q]``. The starts that an end reaches are thus, place by place, all from some time on, and a
disjoint-set forest over the starts in order of time finds the next one that has not been looked at in nearly constant
time. A pass over all ends costs (trips x places), not (trips x trips).

Phases of depth-first search from all free ends, each start looked at once a phase (Pothen and Fan, ACM Transactions on
Mathematical Software 16, 1990, 303-324), until a phase finds nothing: by Berge's theorem the matching is largest then.
"""

import numba
import numpy as np


@numba.njit(cache=True)
def _next(link, k):
    """Return the first start at or after ``k`` that is still there; the path is made short on the way."""
    root = k
    while link[root] != root:
        root = link[root]
    while link[k] != root:
        link[k], k = root, link[k]
    return root


@numba.njit(cache=True)
def _from(start_s, low, high, time):
    """Return the first index in ``low .. high`` whose start is not before ``time``."""
    while low < high:
        middle = (low + high) // 2
        if start_s[middle] < time:
            low = middle + 1
        else:
            high = middle
    return low


@numba.njit(cache=True)
def _latest(mark, slot_of, start_s, last, first, q, latest):
    """Move ``last[q]`` back to the latest start of place ``q`` that is still there, and note its time."""
    k = last[q]
    while k >= first and mark[slot_of[k]] != slot_of[k]:
        k -= 1
    last[q] = k
    latest[q] = start_s[k] if k >= first else -np.inf


@numba.njit(cache=True)
def fewest_chains(end_s, end_place, start_s, place_first, ready_s):
    """Match ends with later starts, as many as can be.

    Parameters
    ----------
    end_s : (trips,) float64
        End of each trip, ascending, s.
    end_place : (trips,) int64
        Where it ends.
    start_s : (trips,) float64
        Starts by place, ascending within each.
    place_first : (places + 1,) int64
        Starts at place ``q`` are ``place_first[q]:place_first[q + 1]``.
    ready_s : (places, places) float64
        Time from the end of a trip at one place to the earliest start at another, above 0; infinite: never.

    Returns
    -------
    onward : (trips,) int64
        The start that follows each end, -1 for none.
    end_reached, start_reached : (trips,) bool
        What the search from the free ends reaches at last. Ends not reached and starts reached are a cover of all
        pairs (Konig), as many as there are matched pairs: the proof that no matching is larger.
    """
    n = end_s.size
    places = place_first.size - 1
    # each place has one entry more than starts, its own stop
    shift = np.empty(n, dtype=np.int64)
    slot_of = np.empty(n, dtype=np.int64)
    start_of = np.full(n + places, -1, dtype=np.int64)
    for q in range(places):
        for k in range(place_first[q], place_first[q + 1]):
            shift[k] = q
            slot_of[k] = k + q
            start_of[k + q] = k
    free = np.arange(n + places)
    fresh = np.arange(n + places)
    last_free = np.empty(places, dtype=np.int64)
    last_fresh = np.empty(places, dtype=np.int64)
    latest_free = np.empty(places)
    latest_fresh = np.empty(places)
    for q in range(places):
        last_free[q] = place_first[q + 1] - 1
        _latest(free, slot_of, start_s, last_free, place_first[q], q, latest_free)
    onward = np.full(n, -1, dtype=np.int64)
    before = np.full(n, -1, dtype=np.int64)
    # a good begin: ends in order of time take the start with the least empty way and the least wait
    for i in range(n):
        best, least = -1, np.inf
        p = end_place[i]
        for q in range(places):
            time = end_s[i] + ready_s[p, q]
            if latest_free[q] < time:
                continue
            k = _from(start_s, place_first[q], last_free[q] + 1, time)
            k = start_of[_next(free, k + q)]
            price = start_s[k] - end_s[i] + 4.0 * (ready_s[p, q] - ready_s[p, p])
            if price < least:
                best, least = k, price
        if best >= 0:
            onward[i], before[best] = best, i
            free[slot_of[best]] = slot_of[best] + 1
            _latest(free, slot_of, start_s, last_free, place_first[shift[best]], shift[best], latest_free)
    end_reached = np.zeros(n, dtype=np.bool_)
    start_reached = np.zeros(n, dtype=np.bool_)
    stack = np.empty(n + 1, dtype=np.int64)
    taken = np.empty(n + 1, dtype=np.int64)  # the start by which the search came to an end of the stack
    at = np.empty(n + 1, dtype=np.int64)  # the place that an end of the stack looks at
    found = True
    while found:
        found = False
        fresh[:] = np.arange(n + places)
        for q in range(places):
            last_fresh[q] = place_first[q + 1] - 1
            _latest(fresh, slot_of, start_s, last_fresh, place_first[q], q, latest_fresh)
        end_reached[:] = False
        start_reached[:] = False
        for root in range(n):
            if onward[root] >= 0:
                continue
            depth = 0
            stack[0], at[0], taken[0] = root, -1, -1
            end_reached[root] = True
            while depth >= 0:
                i = stack[depth]
                p = end_place[i]
                goal = -1
                if at[depth] < 0:  # a free start at once, if there is one
                    at[depth] = 0
                    for q in range(places):
                        time = end_s[i] + ready_s[p, q]
                        if latest_free[q] >= time:
                            k = _from(start_s, place_first[q], last_free[q] + 1, time)
                            goal = start_of[_next(free, k + q)]
                            break
                if goal >= 0:
                    start_reached[goal] = True
                    fresh[slot_of[goal]] = slot_of[goal] + 1
                    free[slot_of[goal]] = slot_of[goal] + 1
                    q = shift[goal]
                    _latest(free, slot_of, start_s, last_free, place_first[q], q, latest_free)
                    _latest(fresh, slot_of, start_s, last_fresh, place_first[q], q, latest_fresh)
                    for d in range(depth, -1, -1):
                        onward[stack[d]], before[goal] = goal, stack[d]
                        goal = taken[d]
                    found = True
                    break
                moved = False
                while at[depth] < places:
                    q = at[depth]
                    time = end_s[i] + ready_s[p, q]
                    if latest_fresh[q] >= time:
                        k = _from(start_s, place_first[q], last_fresh[q] + 1, time)
                        slot = _next(fresh, k + q)
                        k = start_of[slot]
                        fresh[slot] = slot + 1
                        _latest(fresh, slot_of, start_s, last_fresh, place_first[q], q, latest_fresh)
                        start_reached[k] = True
                        depth += 1
                        stack[depth], at[depth], taken[depth] = before[k], -1, k
                        end_reached[before[k]] = True
                        moved = True
                        break
                    at[depth] += 1
                if not moved:
                    depth -= 1
    return onward, end_reached, start_reached
