"""Split ways at junctions and join what is no junction."""

import numba
import numpy as np


@numba.njit(cache=True)
def node_degrees(refs, offsets, nodes):
    """Return how often each node is touched: an end counts once, an inner node twice.

    Parameters
    ----------
    refs : (points,) int64
        Node number 0 .. ``nodes`` - 1 of each point of the ways.
    offsets : (ways + 1,) int64
    nodes : int

    Returns
    -------
    (nodes,) int64
    """
    degree = np.zeros(nodes, dtype=np.int64)
    for w in range(offsets.size - 1):
        for k in range(offsets[w], offsets[w + 1]):
            degree[refs[k]] += 1 if k in (offsets[w], offsets[w + 1] - 1) else 2
    return degree


@numba.njit(cache=True)
def split_ways(refs, offsets, keep):
    """Split ways at the nodes to ``keep``.

    Parameters
    ----------
    refs, offsets
        As in `node_degrees`.
    keep : (nodes,) bool
        Junctions; the ends of ways are split points in any case.

    Returns
    -------
    first, last : (segments,) int64
        Points of segment ``i`` are ``refs[first[i]:last[i] + 1]``.
    way : (segments,) int64
    """
    count = 0
    for w in range(offsets.size - 1):
        for k in range(offsets[w] + 1, offsets[w + 1]):
            if k == offsets[w + 1] - 1 or keep[refs[k]]:
                count += 1
    first = np.empty(count, dtype=np.int64)
    last = np.empty(count, dtype=np.int64)
    way = np.empty(count, dtype=np.int64)
    n = 0
    for w in range(offsets.size - 1):
        begin = offsets[w]
        for k in range(offsets[w] + 1, offsets[w + 1]):
            if k == offsets[w + 1] - 1 or keep[refs[k]]:
                first[n], last[n], way[n] = begin, k, w
                begin = k
                n += 1
    return first, last, way


@numba.njit(cache=True)
def chain_segments(start, end, group, joinable):
    """Join segments that meet at a node which is no junction.

    Parameters
    ----------
    start, end : (segments,) int64
        Nodes.
    group : (segments,) int64
        Only segments of equal group (same class, name, speed, lanes, direction rule) are joined.
    joinable : (nodes,) bool
        Nodes where exactly two segment ends meet.

    Returns
    -------
    order : (segments,) int64
        Segments in the order of the chains.
    chain_offsets : (chains + 1,) int64
    """
    n = start.size
    nodes = joinable.size
    at = np.full((nodes, 2), -1, dtype=np.int64)
    for i in range(n):
        for node in (start[i], end[i]):
            if joinable[node]:
                if at[node, 0] < 0:
                    at[node, 0] = i
                else:
                    at[node, 1] = i
    used = np.zeros(n, dtype=np.bool_)
    order = np.empty(n, dtype=np.int64)
    chain_offsets = np.empty(n + 1, dtype=np.int64)
    filled = 0
    chains = 0
    chain_offsets[0] = 0
    for seed in range(n):
        if used[seed]:
            continue
        # walk back along the drawing direction to the first segment of the chain
        first = seed
        steps = 0
        while steps < n:
            node = start[first]
            if not joinable[node]:
                break
            other = at[node, 0] if at[node, 0] != first else at[node, 1]
            if other < 0 or other == first or used[other] or group[other] != group[first] or end[other] != node:
                break
            if other == seed:
                break
            first = other
            steps += 1
        current = first
        while True:
            used[current] = True
            order[filled] = current
            filled += 1
            node = end[current]
            if not joinable[node]:
                break
            other = at[node, 0] if at[node, 0] != current else at[node, 1]
            if other < 0 or used[other] or group[other] != group[current] or start[other] != node:
                break
            current = other
        chains += 1
        chain_offsets[chains] = filled
    return order, chain_offsets[: chains + 1]
