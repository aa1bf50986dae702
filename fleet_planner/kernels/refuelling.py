"""Flow refuelling: which flows a set of sites serves, and a start by greedy additions and swaps."""

import numba
import numpy as np


@numba.njit(cache=True)
def served(is_open, flow_first, first, site):
    """Return which flows have an open site for each of their conditions, shape (flows,).

    Parameters
    ----------
    is_open : (sites,) bool
    flow_first : (flows + 1,) int64
        Conditions of flow ``q`` are ``flow_first[q]:flow_first[q + 1]``.
    first : (conditions + 1,) int64
        Sites of condition ``a`` are ``site[first[a]:first[a + 1]]``.
    site : (entries,) int64
    """
    flows = flow_first.size - 1
    out = np.zeros(flows, dtype=np.bool_)
    for q in range(flows):
        whole = True
        for a in range(flow_first[q], flow_first[q + 1]):
            met = False
            for k in range(first[a], first[a + 1]):
                if is_open[site[k]]:
                    met = True
                    break
            if not met:
                whole = False
                break
        out[q] = whole
    return out


@numba.njit(cache=True)
def _value(is_open, weight, flow_first, first, site):
    """Return the weight served, and that weight with parts of conditions met: what guides the first additions."""
    whole, parts = 0.0, 0.0
    for q in range(weight.size):
        met, count = 0, flow_first[q + 1] - flow_first[q]
        for a in range(flow_first[q], flow_first[q + 1]):
            for k in range(first[a], first[a + 1]):
                if is_open[site[k]]:
                    met += 1
                    break
        if met == count:
            whole += weight[q]
            parts += weight[q]
        elif count > 0:
            parts += weight[q] * met / count
    return whole, parts


@numba.njit(cache=True)
def greedy_and_swap(p, locked, weight, flow_first, first, site):
    """Return ``p`` open sites: each time the one that serves most, or meets most conditions, then swaps that help."""
    sites = locked.size
    is_open = locked.copy()
    count = 0
    for i in range(sites):
        count += int(locked[i])
    while count < p:
        best, most, most_parts = -1, -1.0, -1.0
        for i in range(sites):
            if is_open[i]:
                continue
            is_open[i] = True
            whole, parts = _value(is_open, weight, flow_first, first, site)
            is_open[i] = False
            if whole > most or (whole == most and parts > most_parts):
                best, most, most_parts = i, whole, parts
        if best < 0:
            break
        is_open[best] = True
        count += 1
    now, now_parts = _value(is_open, weight, flow_first, first, site)
    better = True
    while better:
        better = False
        for r in range(sites):
            if not is_open[r] or locked[r]:
                continue
            for i in range(sites):
                if is_open[i]:
                    continue
                is_open[r], is_open[i] = False, True
                whole, parts = _value(is_open, weight, flow_first, first, site)
                if whole > now + 1e-9 or (whole > now - 1e-9 and parts > now_parts + 1e-9):
                    now, now_parts = whole, parts
                    better = True
                    break
                is_open[r], is_open[i] = True, False
    return is_open
