"""Choosing sites: a greedy start, vertex interchange and Lagrangian bounds, on sparse costs.

One form serves maximal covering and the p-median: demand ``j`` of weight ``w`` pays ``w * cost`` of its nearest open
site, or ``w * far`` where none reaches it. Covering has the costs 0 (within the radius) and ``far`` = 1; the p-median
has distances. Pairs that cost ``far`` or more are not stored.
"""

import numba
import numpy as np

MEMORY = 0.7
"""Share of the last direction in the next one: without it the bound stops well below that of the relaxation."""


@numba.njit(cache=True)
def by_demand(first, member, cost, demands):
    """Return the pairs sorted by demand and, within a demand, by cost.

    Parameters
    ----------
    first : (sites + 1,) int64
        Pairs of site ``i`` are ``first[i]:first[i + 1]``.
    member : (pairs,) int64
        Demand of a pair.
    cost : (pairs,) float64
    demands : int

    Returns
    -------
    start : (demands + 1,) int64
    site : (pairs,) int64
    value : (pairs,) float64
    """
    start = np.zeros(demands + 1, dtype=np.int64)
    for k in range(member.size):
        start[member[k] + 1] += 1
    for j in range(demands):
        start[j + 1] += start[j]
    fill = start[:-1].copy()
    site = np.empty(member.size, dtype=np.int64)
    value = np.empty(member.size)
    for i in range(first.size - 1):
        for k in range(first[i], first[i + 1]):
            j = member[k]
            site[fill[j]], value[fill[j]] = i, cost[k]
            fill[j] += 1
    for j in range(demands):
        a, b = start[j], start[j + 1]
        order = np.argsort(value[a:b], kind="mergesort")
        site[a:b] = site[a:b][order]
        value[a:b] = value[a:b][order]
    return start, site, value


@numba.njit(cache=True)
def _nearest_two(j, is_open, start, site, value, far):
    s1, d1, d2 = -1, far, far
    for k in range(start[j], start[j + 1]):
        if is_open[site[k]]:
            if s1 < 0:
                s1, d1 = site[k], value[k]
            else:
                d2 = value[k]
                break
    return s1, d1, d2


@numba.njit(cache=True)
def objective(is_open, weight, start, site, value, far):
    """Return the cost of a set of open sites, computed anew from the pairs (see the module)."""
    total = 0.0
    for j in range(weight.size):
        best = far[j]
        for k in range(start[j], start[j + 1]):
            if is_open[site[k]]:
                best = min(best, value[k])
                break
        total += weight[j] * best
    return total


@numba.njit(cache=True)
def greedy(p, locked, weight, far, first, member, cost):
    """Open sites one by one, each time the one that saves most; ties go to the first.

    Parameters
    ----------
    p : int
        Open sites, the locked ones among them.
    locked : (sites,) bool
        Open whatever they save.

    Returns
    -------
    (sites,) bool
    """
    sites = first.size - 1
    is_open = np.zeros(sites, dtype=np.bool_)
    now = far.copy()
    count = 0
    for i in range(sites):
        if locked[i]:
            is_open[i] = True
            count += 1
            for k in range(first[i], first[i + 1]):
                now[member[k]] = min(now[member[k]], cost[k])
    gain = np.zeros(sites)
    for i in range(sites):
        for k in range(first[i], first[i + 1]):
            gain[i] += weight[member[k]] * max(0.0, now[member[k]] - cost[k])
    stale = np.zeros(sites, dtype=np.bool_)
    while count < p:
        best, best_gain = -1, -1.0
        for i in range(sites):
            if is_open[i] or gain[i] <= best_gain:
                continue
            if stale[i]:
                fresh = 0.0
                for k in range(first[i], first[i + 1]):
                    fresh += weight[member[k]] * max(0.0, now[member[k]] - cost[k])
                gain[i] = fresh
                stale[i] = False
                if fresh <= best_gain:
                    continue
            best, best_gain = i, gain[i]
        if best < 0:
            break
        is_open[best] = True
        count += 1
        for k in range(first[best], first[best + 1]):
            now[member[k]] = min(now[member[k]], cost[k])
        for i in range(sites):
            stale[i] = True
    return is_open


@numba.njit(cache=True)
def _descend(is_open, locked, weight, far, first, member, cost, start, site, value, s1, d1, d2, loss):
    """Swap an open site for a closed one while that saves; the first swap that saves is taken. Returns the saving."""
    sites = first.size - 1
    extra = np.zeros(sites)
    touched = np.empty(sites, dtype=np.int64)
    saved = 0.0
    since = 0
    i = 0
    least, least_loss = -1, np.inf
    for r in range(sites):
        if is_open[r] and not locked[r] and loss[r] < least_loss:
            least, least_loss = r, loss[r]
    while since < sites:
        i = i + 1 if i + 1 < sites else 0
        since += 1
        if is_open[i]:
            continue
        gain, count = 0.0, 0
        for k in range(first[i], first[i + 1]):
            j, c = member[k], cost[k]
            if c < d1[j]:
                gain += weight[j] * (d1[j] - c)
            r = s1[j]
            if r >= 0 and c < d2[j]:
                if extra[r] == 0.0:
                    touched[count] = r
                    count += 1
                extra[r] += weight[j] * (d2[j] - max(d1[j], c)) + 1e-300
        out, worth = least, gain - least_loss
        for t in range(count):
            r = touched[t]
            if not locked[r]:
                v = gain - loss[r] + extra[r]
                if v > worth:
                    out, worth = r, v
            extra[r] = 0.0
        if out < 0 or worth <= 1e-9 * (1.0 + abs(gain)):
            continue
        _swap(i, out, is_open, weight, far, first, member, start, site, value, s1, d1, d2, loss)
        saved += worth
        since = 0
        least, least_loss = -1, np.inf
        for r in range(sites):
            if is_open[r] and not locked[r] and loss[r] < least_loss:
                least, least_loss = r, loss[r]
    return saved


@numba.njit(cache=True)
def _renew(j, is_open, weight, far, start, site, value, s1, d1, d2, loss):
    if s1[j] >= 0:
        loss[s1[j]] -= weight[j] * (d2[j] - d1[j])
    s1[j], d1[j], d2[j] = _nearest_two(j, is_open, start, site, value, far[j])
    if s1[j] >= 0:
        loss[s1[j]] += weight[j] * (d2[j] - d1[j])


@numba.njit(cache=True)
def _swap(enter, leave, is_open, weight, far, first, member, start, site, value, s1, d1, d2, loss):
    is_open[enter], is_open[leave] = True, False
    for k in range(first[leave], first[leave + 1]):
        _renew(member[k], is_open, weight, far, start, site, value, s1, d1, d2, loss)
    for k in range(first[enter], first[enter + 1]):
        _renew(member[k], is_open, weight, far, start, site, value, s1, d1, d2, loss)
    loss[leave] = 0.0


@numba.njit(cache=True)
def interchange(is_open, locked, weight, far, first, member, cost, start, site, value, rounds, seed):
    """Improve open sites by swaps (Teitz and Bart 1968, with the gains of Resende and Werneck 2007).

    After the first descent, ``rounds`` times a few open sites are swapped at random and the descent is repeated from
    there; a better set is kept (variable neighbourhood search, Hansen and Mladenovic 1997).

    Parameters
    ----------
    is_open : (sites,) bool
        The start; not changed.
    locked : (sites,) bool
        Sites that stay open.
    rounds : int
    seed : int
        Of the random swaps: the same seed gives the same sites.

    Returns
    -------
    (sites,) bool
    """
    sites, demands = first.size - 1, weight.size
    now = is_open.copy()
    s1 = np.full(demands, -1, dtype=np.int64)
    d1, d2 = far.copy(), far.copy()
    loss = np.zeros(sites)
    for j in range(demands):
        _renew(j, now, weight, far, start, site, value, s1, d1, d2, loss)
    _descend(now, locked, weight, far, first, member, cost, start, site, value, s1, d1, d2, loss)
    best = now.copy()
    best_cost = (weight * d1).sum()
    free_open = 0
    for i in range(sites):
        free_open += int(now[i] and not locked[i])
    closed = sites - int(now.sum())
    if free_open == 0 or closed == 0:
        return best
    np.random.seed(seed)
    strength = 1
    most = max(1, min(free_open, closed, 12))
    for _ in range(rounds):
        for _shake in range(strength):
            enter = np.random.randint(sites)
            while now[enter]:
                enter = np.random.randint(sites)
            leave = np.random.randint(sites)
            while not now[leave] or locked[leave]:
                leave = np.random.randint(sites)
            _swap(enter, leave, now, weight, far, first, member, start, site, value, s1, d1, d2, loss)
        _descend(now, locked, weight, far, first, member, cost, start, site, value, s1, d1, d2, loss)
        total = (weight * d1).sum()
        if total < best_cost - 1e-9 * (1.0 + abs(best_cost)):
            best[:] = now
            best_cost = total
            strength = 1
        else:
            strength = strength + 1 if strength < most else 1
            for i in range(sites):
                if now[i] != best[i]:
                    now[i] = best[i]
            s1[:] = -1
            loss[:] = 0.0
            for j in range(demands):
                _renew(j, now, weight, far, start, site, value, s1, d1, d2, loss)
    return best


@numba.njit(cache=True)
def lagrangian(p, locked, weight, far, first, member, cost, start, value, upper, steps):
    """Return a lower bound on the least cost of ``p`` open sites, and what each site saves at the best multipliers.

    The demands' assignment is relaxed with multipliers ``v``; the rest is solved by the ``p`` sites of largest saving
    (Narula, Ogbu and Samuelsson 1977; the steps after Held, Wolfe and Crowder 1974, in a direction that remembers the
    ones before, Camerini, Fratta and Maffioli 1975). Any ``v`` gives a true bound.

    Parameters
    ----------
    upper : float
        Cost of a known set, for the length of the steps.
    steps : int

    Returns
    -------
    bound : float
    saving : (sites,) float64
        At the multipliers of the best bound: 0 or more.
    v : (demands,) float64
        These multipliers.
    """
    sites, demands = first.size - 1, weight.size
    v = np.empty(demands)
    for j in range(demands):
        a, b = start[j], start[j + 1]
        v[j] = weight[j] * (value[a + 1] if b - a > 1 else far[j])
    best, best_v = -np.inf, v.copy()
    saving = np.zeros(sites)
    slope, way = np.empty(demands), np.zeros(demands)
    length, since = 1.0, 0
    for _ in range(steps):
        bound = _relaxed(v, p, locked, weight, first, member, cost, saving, slope)
        if bound > best + 1e-9 * abs(best) or best == -np.inf:
            best = bound
            best_v[:] = v
            since = 0
        else:
            since += 1
            if since >= 20:
                length *= 0.7
                since = 0
        norm = 0.0
        for j in range(demands):
            way[j] = slope[j] + MEMORY * way[j]
            norm += way[j] * way[j]
        if norm < 1e-12 or length < 1e-5 or best >= upper * (1.0 - 1e-9):
            break
        step = length * max(upper - bound, 1e-6 * abs(upper)) / norm
        for j in range(demands):
            v[j] = min(max(v[j] + step * way[j], 0.0), weight[j] * far[j])
    best = _relaxed(best_v, p, locked, weight, first, member, cost, saving, slope)
    return best, saving, best_v


@numba.njit(cache=True)
def bound_at(v, p, locked, weight, first, member, cost):
    """Return the Lagrangian bound at given multipliers, and what each site saves there; see `lagrangian`.

    Parameters
    ----------
    v : (demands,) float64
        Any numbers give a true bound; the duals of the relaxed programme give the best one.

    Returns
    -------
    bound : float
    saving : (sites,) float64
    """
    saving, slope = np.zeros(first.size - 1), np.empty(v.size)
    return _relaxed(v, p, locked, weight, first, member, cost, saving, slope), saving


@numba.njit(cache=True)
def _relaxed(v, p, locked, weight, first, member, cost, saving, slope):
    sites, demands = first.size - 1, v.size
    total = 0.0
    for j in range(demands):
        total += v[j]
        slope[j] = 1.0
    left = p
    for i in range(sites):
        s = 0.0
        for k in range(first[i], first[i + 1]):
            s += max(0.0, v[member[k]] - weight[member[k]] * cost[k])
        saving[i] = s
        left -= int(locked[i])
    free = np.where(locked, -1.0, saving)
    chosen = np.argsort(-free, kind="mergesort")[: max(left, 0)]
    used = locked.copy()
    for t in range(chosen.size):
        if not locked[chosen[t]]:
            used[chosen[t]] = True
    for i in range(sites):
        if used[i]:
            total -= saving[i]
            for k in range(first[i], first[i + 1]):
                if v[member[k]] > weight[member[k]] * cost[k]:
                    slope[member[k]] -= 1.0
    return total


@numba.njit(cache=True)
def cover_greedy(locked, price, first, member, start, site):
    """Open sites until all demands that some site reaches are covered: each time the most per price, then prune.

    Parameters
    ----------
    price : (sites,) float64
        Above 0.
    first, member, start, site
        Pairs by site and by demand: a pair covers.

    Returns
    -------
    (sites,) bool
    """
    sites, demands = first.size - 1, start.size - 1
    times = np.zeros(demands, dtype=np.int64)
    fresh = np.zeros(sites, dtype=np.int64)
    is_open = np.zeros(sites, dtype=np.bool_)
    for i in range(sites):
        fresh[i] = first[i + 1] - first[i]
    order = np.empty(sites, dtype=np.int64)
    opened = 0
    for turn in range(2 * sites):
        best = -1
        if turn < sites:
            if locked[turn]:
                best = turn
        else:
            most = 0.0
            for i in range(sites):
                if not is_open[i] and fresh[i] > most * price[i]:
                    best, most = i, fresh[i] / price[i]
            if best < 0:
                break
        if best < 0:
            continue
        is_open[best] = True
        order[opened] = best
        opened += 1
        for k in range(first[best], first[best + 1]):
            j = member[k]
            if times[j] == 0:
                for q in range(start[j], start[j + 1]):
                    fresh[site[q]] -= 1
            times[j] += 1
    for t in range(opened):
        i = order[t]
        needed = locked[i]
        for k in range(first[i], first[i + 1]):
            if times[member[k]] == 1:
                needed = True
        if not needed:
            is_open[i] = False
            for k in range(first[i], first[i + 1]):
                times[member[k]] -= 1
    return is_open
