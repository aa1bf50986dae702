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
def chain_segments(start, end, group, group_back, joinable):
    """Join segments that meet at a node which is no junction, turning those that were drawn the other way.

    Two segments are joined where they look alike to somebody who drives through: ``group`` of a segment taken as
    drawn, ``group_back`` of one taken against its drawing. A ring without a junction begins at its first segment.

    Parameters
    ----------
    start, end : (segments,) int64
        Nodes.
    group, group_back : (segments,) int64
        Number of the attributes (class, name, speeds, lanes, direction) as drawn, and as seen from the other end;
        both share one numbering, and swapping twice gives the first again.
    joinable : (nodes,) bool
        Nodes where exactly two segment ends meet.

    Returns
    -------
    order : (segments,) int64
        Segments in the order of the chains.
    flipped : (segments,) bool
        Whether the segment ``order[i]`` is taken against its drawing.
    chain_offsets : (chains + 1,) int64
    """
    n = start.size
    at = np.full((joinable.size, 2), -1, dtype=np.int64)
    for i in range(n):
        for node in (start[i], end[i]):
            if joinable[node]:
                at[node, 0 if at[node, 0] < 0 else 1] = i
    used = np.zeros(n, dtype=np.bool_)
    order = np.empty(n, dtype=np.int64)
    flipped = np.empty(n, dtype=np.bool_)
    chain_offsets = np.empty(n + 1, dtype=np.int64)
    chain_offsets[0] = 0
    filled = 0
    chains = 0
    for seed in range(n):
        if used[seed]:
            continue
        # back to where the chain begins: forward along the turned seed, then turn what is found
        first, turned = seed, True
        while True:
            other, flip = _following(first, turned, start, end, group, group_back, joinable, at)
            if other == seed:
                first, turned = seed, True
                break
            if other < 0:
                break
            first, turned = other, flip
        current, flip = first, not turned
        while current >= 0 and not used[current]:
            used[current] = True
            order[filled] = current
            flipped[filled] = flip
            filled += 1
            current, flip = _following(current, flip, start, end, group, group_back, joinable, at)
        chains += 1
        chain_offsets[chains] = filled
    return order, flipped, chain_offsets[: chains + 1]


@numba.njit(cache=True)
def _following(segment, flip, start, end, group, group_back, joinable, at):
    """Return the segment joined to the far end of ``segment``, and whether it is turned; -1 where there is none."""
    node = start[segment] if flip else end[segment]
    if not joinable[node]:
        return -1, False
    other = at[node, 1] if at[node, 0] == segment else at[node, 0]
    if other < 0 or other == segment:
        return -1, False
    turned = start[other] != node
    seen = group_back[segment] if flip else group[segment]
    ahead = group_back[other] if turned else group[other]
    if seen != ahead:
        return -1, False
    return other, turned


@numba.njit(cache=True)
def merge_close(start, end, length_m, order, x_m, y_m, distance_m):
    """Merge nodes that a road of at most ``distance_m`` joins, the shortest roads first.

    A merger that would make a cluster wider than twice the distance (diagonal of its bounding box) is left out,
    so that a street of many short blocks does not shrink to a point.

    Parameters
    ----------
    start, end : (segments,) int64
        Nodes 0 .. nodes - 1.
    length_m : (segments,) float64
    order : (segments,) int64
        Segments by length.
    x_m, y_m : (nodes,) float64
        Places on a plane.
    distance_m : float

    Returns
    -------
    (nodes,) int64
        The least node of each node's cluster.
    """
    n = x_m.size
    parent = np.arange(n)
    low_x, high_x, low_y, high_y = x_m.copy(), x_m.copy(), y_m.copy(), y_m.copy()
    for i in order:
        if length_m[i] > distance_m:
            break
        a, b = _root(parent, start[i]), _root(parent, end[i])
        if a == b:
            continue
        left, right = min(low_x[a], low_x[b]), max(high_x[a], high_x[b])
        below, above = min(low_y[a], low_y[b]), max(high_y[a], high_y[b])
        if np.hypot(right - left, above - below) > 2.0 * distance_m:
            continue
        into, gone = min(a, b), max(a, b)
        parent[gone] = into
        low_x[into], high_x[into], low_y[into], high_y[into] = left, right, below, above
    for i in range(n):
        parent[i] = _root(parent, i)
    return parent


@numba.njit(cache=True)
def _root(parent, node):
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node
