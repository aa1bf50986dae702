"""Corridors: links that follow each other as one road, and mean speeds along them.

A published curve holds for the mean speed of a trip, stops included. What a single link shows (a block between two
signals, or the queue at one) is no such speed; the mean over some hundred metres of the same road is. Over space it is
the length over the time: ``sum(length) / sum(length / speed)``.
"""

import numba
import numpy as np

from fleet_planner.kernels.loops import LOOPS


@numba.njit(cache=True)
def successors(u, v, out_first, out_link, kind, start, end, min_cosine):
    """Return the link that continues each link, or -1.

    Of the links that leave from its end, are of its kind and turn by less than the limit, it is the straightest, if
    that link is reached from no straighter one. So every link continues one link at most.

    Parameters
    ----------
    u, v : (links,) int64
        Nodes, 0 .. nodes - 1.
    out_first : (nodes + 1,) int64
    out_link : (links,) int64
        Links that leave node ``n`` are ``out_link[out_first[n]:out_first[n + 1]]``, ascending.
    kind : (links,) int64
        Road class and name as one number.
    start, end : (links, 2) float64
        Unit vectors of the direction at the link's start and at its end.
    min_cosine : float
        Least cosine of the turn.

    Returns
    -------
    (links,) int64
    """
    n_l = u.size
    onward = np.full(n_l, -1, dtype=np.int64)
    straight = np.full(n_l, min_cosine)
    for i in range(n_l):
        for k in range(out_first[v[i]], out_first[v[i] + 1]):
            j = out_link[k]
            if j == i or kind[j] != kind[i]:
                continue
            cosine = end[i, 0] * start[j, 0] + end[i, 1] * start[j, 1]
            if cosine > straight[i]:
                straight[i] = cosine
                onward[i] = j
    best = np.full(n_l, -1, dtype=np.int64)
    for i in range(n_l):
        j = onward[i]
        if j >= 0 and (best[j] < 0 or straight[i] > straight[best[j]]):
            best[j] = i
    for i in range(n_l):
        if onward[i] >= 0 and best[onward[i]] != i:
            onward[i] = -1
    return onward


@numba.njit(cache=True)
def chains(onward):
    """Return links in the order of their roads.

    Parameters
    ----------
    onward : (links,) int64
        From `successors`.

    Returns
    -------
    order : (links,) int64
    first : (chains + 1,) int64
        Chain ``c`` is ``order[first[c]:first[c + 1]]``; a ring begins at its lowest link.
    """
    n_l = onward.size
    headed = np.zeros(n_l, dtype=np.bool_)
    for i in range(n_l):
        if onward[i] >= 0:
            headed[onward[i]] = True
    order = np.empty(n_l, dtype=np.int64)
    first = np.empty(n_l + 1, dtype=np.int64)
    seen = np.zeros(n_l, dtype=np.bool_)
    at, count = 0, 0
    for rings in range(2):
        for i in range(n_l):
            if seen[i] or (rings == 0 and headed[i]):
                continue
            first[count] = at
            count += 1
            j = i
            while j >= 0 and not seen[j]:
                seen[j] = True
                order[at] = j
                at += 1
                j = onward[j]
    first[count] = at
    return order, first[: count + 1].copy()


@numba.njit(cache=True)
def cut(order, first, length, target):
    """Cut chains into pieces of whole links about as long as a target.

    A chain of length ``x`` is cut into ``round(x / target)`` even parts (one at least); a link belongs to the part
    that its middle is in.

    Parameters
    ----------
    order, first
        From `chains`.
    length : (links,) float64
    target : float
        In the same unit.

    Returns
    -------
    (pieces + 1,) int64
        Piece ``p`` is ``order[out[p]:out[p + 1]]``, never empty.
    """
    out = np.empty(order.size + 1, dtype=np.int64)
    count = 0
    for c in range(first.size - 1):
        whole = 0.0
        for k in range(first[c], first[c + 1]):
            whole += length[order[k]]
        parts = max(int(np.floor(whole / target + 0.5)), 1)
        along, before = 0.0, -1
        for k in range(first[c], first[c + 1]):
            x = length[order[k]]
            part = min(int((along + 0.5 * x) / whole * parts), parts - 1) if whole > 0.0 else 0
            along += x
            if part != before:
                out[count] = k
                count += 1
                before = part
    out[count] = order.size
    return out[: count + 1].copy()


@numba.njit(cache=True, parallel=LOOPS)
def space_means(speed_kmh, length, order, piece_first, out):
    """Put the mean speed over space of each link's piece, length over time, into ``out``.

    Parameters
    ----------
    speed_kmh : (links, H) float64
        Above 0.
    length : (links,) float64
    order, piece_first
        From `chains` and `cut`; of some pieces only their links are filled.
    out : (links, H) float64
    """
    n_h = speed_kmh.shape[1]
    for p in numba.prange(piece_first.size - 1):
        a, b = piece_first[p], piece_first[p + 1]
        if b - a == 1:
            for h in range(n_h):  # one row given to another would compile five times as long
                out[order[a], h] = speed_kmh[order[a], h]
            continue
        whole = 0.0
        time = np.zeros(n_h)
        for k in range(a, b):
            i = order[k]
            whole += length[i]
            for h in range(n_h):
                time[h] += length[i] / speed_kmh[i, h]
        for h in range(n_h):
            time[h] = whole / time[h] if time[h] > 0.0 else speed_kmh[order[a], h]
        for k in range(a, b):
            i = order[k]
            for h in range(n_h):
                out[i, h] = time[h]


@numba.njit(cache=True, parallel=LOOPS)
def carry_along(value, length, order, first, reach):
    """Fill gaps along chains from the nearest links with a value before and behind, as far as they reach.

    Between two links in reach the value is weighted by the inverse of the distances between the links' middles; with
    one in reach it is that one's.

    Parameters
    ----------
    value : (links, H) float64
        NaN where there is none.
    length : (links,) float64
    order, first
        From `chains`.
    reach : float
        In the unit of ``length``.

    Returns
    -------
    (links, H) float64
    """
    n_h = value.shape[1]
    out = value.copy()
    for c in numba.prange(first.size - 1):
        a, b = first[c], first[c + 1]
        middle = np.empty(b - a)
        at = 0.0
        some = False
        for k in range(a, b):
            middle[k - a] = at + 0.5 * length[order[k]]
            at += length[order[k]]
            for h in range(n_h):
                some = some or not np.isnan(value[order[k], h])
        if not some:
            continue
        behind = np.empty(b - a, dtype=np.int64)
        for h in range(n_h):
            last = -1
            for k in range(b - a):
                if not np.isnan(value[order[a + k], h]):
                    last = k
                behind[k] = last
            ahead = -1
            for k in range(b - a - 1, -1, -1):
                if not np.isnan(value[order[a + k], h]):
                    ahead = k
                    continue
                total, weight = 0.0, 0.0
                for near in (behind[k], ahead):
                    if near < 0:
                        continue
                    distance = abs(middle[near] - middle[k])
                    if distance <= reach:
                        w = 1.0 / max(distance, 1e-9)
                        total += w * value[order[a + near], h]
                        weight += w
                if weight > 0.0:
                    out[order[a + k], h] = total / weight
    return out
