"""Covering all demand with the fewest sites: a local search that learns which demand is hard to cover."""

import numba
import numpy as np


@numba.njit(cache=True)
def fewest(is_open, locked, first, member, start, site, steps, seed):
    """Return a smaller set of sites that still covers all, or the one given (Gao, Weise and Li 2015, RWLS).

    While all demand is covered the site that is missed least is closed. Then, step by step, one site is closed and one
    opened that reaches a random demand without cover; demand that stays without gains weight, so that the search
    leaves the sets in which it stays without. A site that was just closed opens again only after a change beside it.

    Parameters
    ----------
    is_open : (sites,) bool
        Covers all demand that some site reaches; not changed.
    locked : (sites,) bool
        Sites that stay open.
    first, member : (sites + 1,) int64, (pairs,) int64
        Demand that site ``i`` reaches is ``member[first[i]:first[i + 1]]``.
    start, site : (demands + 1,) int64, (pairs,) int64
        The same by demand.
    steps : int
        Exchanges that are tried.
    seed : int
        The same seed gives the same sites.

    Returns
    -------
    (sites,) bool
    """
    sites, demands = first.size - 1, start.size - 1
    np.random.seed(seed)
    now, best = is_open.copy(), is_open.copy()
    weight = np.ones(demands, dtype=np.int64)
    times = np.zeros(demands, dtype=np.int64)
    holders = np.zeros(demands, dtype=np.int64)  # sum of the open sites that reach it: the one, where there is one
    worth = np.zeros(sites, dtype=np.int64)  # weight lost by closing, or won by opening
    when = np.zeros(sites, dtype=np.int64)
    may = np.ones(sites, dtype=np.bool_)
    bare = np.empty(demands, dtype=np.int64)  # demand without cover
    place = np.full(demands, -1, dtype=np.int64)
    free = 0
    for i in range(sites):
        free += int(now[i] and not locked[i])
        if now[i]:
            for k in range(first[i], first[i + 1]):
                times[member[k]] += 1
                holders[member[k]] += i
    for j in range(demands):
        if times[j] == 1:
            worth[holders[j]] += weight[j]
    count, last = 0, -1
    for step in range(1, steps + 1):
        while count == 0 and free > 0:
            best[:] = now
            out = _least(now, locked, worth, when, -1)
            count = _close(out, now, weight, times, holders, worth, may, bare, place, count, first, member, start, site)
            when[out] = step
            free -= 1
        if free == 0:
            if count == 0:
                best[:] = now
            break
        out = _least(now, locked, worth, when, last)
        if out < 0:
            break
        count = _close(out, now, weight, times, holders, worth, may, bare, place, count, first, member, start, site)
        when[out] = step
        j = bare[np.random.randint(count)]
        chosen = -1
        for k in range(start[j], start[j + 1]):
            i = site[k]
            better = chosen < 0 or worth[i] > worth[chosen] or (worth[i] == worth[chosen] and when[i] < when[chosen])
            if may[i] and better:
                chosen = i
        if chosen < 0:
            chosen = site[start[j] + np.random.randint(start[j + 1] - start[j])]
        count = _open(chosen, now, weight, times, holders, worth, may, bare, place, count, first, member, start, site)
        when[chosen] = step
        last = chosen
        for q in range(count):
            weight[bare[q]] += 1
            for k in range(start[bare[q]], start[bare[q] + 1]):
                worth[site[k]] += 1
    return best


@numba.njit(cache=True)
def _least(now, locked, worth, when, last):
    """Return the open site whose closing loses least weight, of equal ones the one that is open longest."""
    out = -1
    for i in range(now.size):
        if not now[i] or locked[i] or i == last:
            continue
        if out < 0 or worth[i] < worth[out] or (worth[i] == worth[out] and when[i] < when[out]):
            out = i
    return out


@numba.njit(cache=True)
def _close(out, now, weight, times, holders, worth, may, bare, place, count, first, member, start, site):
    now[out] = False
    worth[out] = 0
    for k in range(first[out], first[out + 1]):
        j = member[k]
        times[j] -= 1
        holders[j] -= out
        if times[j] == 0:
            place[j] = count
            bare[count] = j
            count += 1
        elif times[j] == 1:
            worth[holders[j]] += weight[j]
        for q in range(start[j], start[j + 1]):
            may[site[q]] = True
            if times[j] == 0:
                worth[site[q]] += weight[j]
    may[out] = False
    return count


@numba.njit(cache=True)
def _open(chosen, now, weight, times, holders, worth, may, bare, place, count, first, member, start, site):
    for k in range(first[chosen], first[chosen + 1]):
        j = member[k]
        for q in range(start[j], start[j + 1]):
            may[site[q]] = True
            if times[j] == 0:
                worth[site[q]] -= weight[j]
        if times[j] == 0:
            count -= 1
            moved = bare[count]
            bare[place[j]] = moved
            place[moved] = place[j]
            place[j] = -1
        elif times[j] == 1:
            worth[holders[j]] -= weight[j]
        times[j] += 1
        holders[j] += chosen
    now[chosen] = True
    worth[chosen] = 0
    for k in range(first[chosen], first[chosen + 1]):
        j = member[k]
        if times[j] == 1:
            worth[chosen] += weight[j]
    return count
