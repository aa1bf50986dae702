"""Branch and bound on a number of sites with Lagrangian bounds, for the sites that reduced costs leave."""

import numba
import numpy as np

FREE, OPEN, SHUT = 0, 1, -1
MEMORY = 0.7
AVERAGE = 0.1
"""Weight of the newest relaxed solution in the mean that says which sites are in doubt."""


@numba.njit(cache=True)
def branch(p, weight, cost, upper, best, whole, state, multiplier, bound, depth, nodes, steps):
    """Search depth first until the nodes are used up or nothing is left open.

    At each node the assignment of demand is relaxed with multipliers that the parent leaves (Beasley 1985); sites whose
    reduced cost exceeds what is missing are opened or shut for good; the site that is most in doubt is branched on.

    Parameters
    ----------
    p : int
        Open sites.
    weight : (demands,) float64
    cost : (demands, sites) float64
        What a unit of demand pays at a site, at most what it pays without any.
    upper : float
        Cost of the best known set.
    best : (sites,) bool
        Overwritten where a better set is found.
    whole : bool
        Whether all costs are whole numbers.
    state : (most, sites) int8
        Stack of nodes: sites that are free, open or shut; changed.
    multiplier : (most, demands) float64
        Of each node on the stack; changed.
    bound : (most,) float64
        Of each node on the stack; changed.
    depth : int
        Nodes on the stack.
    nodes, steps : int
        Nodes to look at in this call, and subgradient steps in each.

    Returns
    -------
    upper : float
    depth : int
        0 where the best known set is proved.
    looked : int
        Nodes that were looked at.
    """
    demands, sites = cost.shape
    saving, mean = np.empty(sites), np.empty(sites)
    slope, way, v, own_v = np.empty(demands), np.empty(demands), np.empty(demands), np.empty(demands)
    chosen = np.zeros(sites, dtype=np.bool_)
    own = np.empty(sites, dtype=np.int8)
    own_saving = np.empty(sites)
    looked = 0
    while depth > 0 and looked < nodes and depth + 2 < state.shape[0]:
        depth -= 1
        if _closed(bound[depth], upper, whole):
            continue
        looked += 1
        own[:], v[:] = state[depth], multiplier[depth]
        length, since = 1.0, 0
        own_v[:] = v
        mean[:] = 0.0
        done = False
        low = -np.inf
        for step in range(steps):
            now = _relaxed(v, p, weight, cost, own, saving, chosen, slope)
            for i in range(sites):
                mean[i] += ((1.0 if chosen[i] else 0.0) - mean[i]) * (AVERAGE if step else 1.0)
            total = _paid(weight, cost, chosen)
            if total < upper - 1e-9 * abs(upper):
                upper = total
                best[:] = chosen
            if now > low:
                low, since = now, 0
                own_v[:] = v
                own_saving[:] = saving
            else:
                since += 1
                if since >= 5:
                    length *= 0.6
                    since = 0
            if _closed(low, upper, whole):
                done = True
                break
            norm = 0.0
            for j in range(demands):
                way[j] = slope[j] + (MEMORY * way[j] if step else 0.0)
                norm += way[j] * way[j]
            if norm < 1e-12:
                break
            move = length * (upper - now) / norm
            for j in range(demands):
                v[j] = max(v[j] + move * way[j], 0.0)
        if done:
            continue
        # the savings belong to this node's bound: with a larger one of the parent they would rule out too much
        _settle(own, own_saving, p, low, upper - 1.0 if whole else upper)
        low = max(low, bound[depth])
        count, free = 0, 0
        for i in range(sites):
            count += int(own[i] == OPEN)
            free += int(own[i] == FREE)
        if count > p or count + free < p:
            continue
        if count == p or count + free == p:
            for i in range(sites):
                chosen[i] = own[i] == OPEN or (own[i] == FREE and count < p)
            total = _paid(weight, cost, chosen)
            if total < upper - 1e-9 * abs(upper):
                upper = total
                best[:] = chosen
            continue
        at, doubt = -1, 2.0
        for i in range(sites):
            if own[i] == FREE and abs(mean[i] - 0.5) < doubt:
                at, doubt = i, abs(mean[i] - 0.5)
        first = OPEN if mean[at] >= 0.5 else SHUT
        for side in range(2):  # the likelier side is looked at first: it lies on top
            state[depth] = own
            state[depth, at] = -first if side == 0 else first
            multiplier[depth] = own_v
            bound[depth] = low
            depth += 1
    return upper, depth, looked


@numba.njit(cache=True)
def _closed(low, upper, whole):
    if whole:
        return np.ceil(low - 1e-6) >= upper - 1e-6
    return low >= upper - 1e-9 * (1.0 + abs(upper))


@numba.njit(cache=True)
def _relaxed(v, p, weight, cost, own, saving, chosen, slope):
    demands, sites = cost.shape
    saving[:] = 0.0
    total = 0.0
    for j in range(demands):
        total += v[j]
        a, w = v[j], weight[j]
        for i in range(sites):
            saving[i] += max(0.0, a - w * cost[j, i])
    left = p
    for i in range(sites):
        chosen[i] = own[i] == OPEN
        left -= int(chosen[i])
    if left > 0:
        worth = np.where(own == FREE, saving, -1.0)
        order = np.argsort(-worth)
        for t in range(left):
            if own[order[t]] == FREE:
                chosen[order[t]] = True
    picked = np.flatnonzero(chosen)
    for k in range(picked.size):
        total -= saving[picked[k]]
    for j in range(demands):
        s = 1.0
        for k in range(picked.size):
            if v[j] > weight[j] * cost[j, picked[k]]:
                s -= 1.0
        slope[j] = s
    return total


@numba.njit(cache=True)
def _paid(weight, cost, chosen):
    picked = np.flatnonzero(chosen)
    total = 0.0
    for j in range(weight.size):
        least = np.inf
        for i in picked:
            least = min(least, cost[j, i])
        total += weight[j] * least
    return total


@numba.njit(cache=True)
def _settle(own, saving, p, low, better):
    """Open or shut for good the free sites whose reduced cost leaves nothing as good as ``better``."""
    left = p
    for i in range(own.size):
        left -= int(own[i] == OPEN)
    free = np.flatnonzero(own == FREE)
    if left <= 0 or left >= free.size:
        return
    order = free[np.argsort(-saving[free])]
    last_in, first_out = saving[order[left - 1]], saving[order[left]]
    room = max(better - low, 0.0) * (1.0 + 1e-6) + 1e-6
    for t in range(order.size):
        i = order[t]
        if t < left and saving[i] - first_out > room:
            own[i] = OPEN
        elif t >= left and last_in - saving[i] > room:
            own[i] = SHUT
