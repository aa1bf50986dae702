"""Distances on the roads from many places to many others within a cut-off."""

import numba
import numpy as np

from fleet_planner.kernels.loops import LOOPS
from fleet_planner.kernels.routes import _pop, _push


@numba.njit(cache=True)
def search(source, limit, head, out_first, out_link, weight, key, settled, stamp, heap_key, heap_node, run):
    """Settle all nodes within ``limit`` of ``source`` (Dijkstra with a binary heap).

    ``key`` holds the distance of the nodes whose ``stamp`` is ``run``; ``settled`` lists them in order.

    Returns
    -------
    int
        Nodes settled.
    """
    count = 0
    key[source], stamp[source] = 0.0, 2 * run
    size = _push(heap_key, heap_node, 0, 0.0, source)
    while size > 0:
        size = _pop(heap_key, heap_node, size)
        node = heap_node[size]
        if stamp[node] == 2 * run + 1:
            continue
        stamp[node] = 2 * run + 1
        settled[count] = node
        count += 1
        here = key[node]
        for k in range(out_first[node], out_first[node + 1]):
            link = out_link[k]
            to, value = head[link], here + weight[link]
            if value > limit or stamp[to] == 2 * run + 1:
                continue
            if stamp[to] != 2 * run or value < key[to]:
                key[to], stamp[to] = value, 2 * run
                size = _push(heap_key, heap_node, size, value, to)
    return count


@numba.njit(cache=True, parallel=LOOPS)
def many_to_many(source, limit, at_first, at, blocks, graph):
    """Return the distance from each source to each target, shape (sources, targets); ``inf`` beyond the limit.

    Parameters
    ----------
    source : (sources,) int64
        Nodes.
    limit : (sources,) float64
        How far each may go.
    at_first : (places + 1,) int64
        Targets at place ``n`` are ``at[at_first[n]:at_first[n + 1]]``.
    at : (targets,) int64
    blocks : int
        Sources are dealt to so many blocks, each with memory of its own; results do not depend on it.
    graph : tuple
        ``head`` (links,), ``out_first`` (nodes + 1,), ``out_link`` (links that leave a node), ``weight`` (links,),
        ``home`` (nodes,): place of a node; several nodes of a junction with forbidden turns share one.
    """
    head, out_first, out_link, weight, home = graph
    nodes = out_first.size - 1
    out = np.full((source.size, at.size), np.inf)
    for b in numba.prange(blocks):
        key, stamp = np.empty(nodes), np.full(nodes, -1, dtype=np.int64)
        settled = np.empty(nodes, dtype=np.int64)
        heap_key, heap_node = np.empty(out_link.size + 1), np.empty(out_link.size + 1, dtype=np.int64)
        for s in range(b, source.size, blocks):
            count = search(
                source[s], limit[s], head, out_first, out_link, weight, key, settled, stamp, heap_key, heap_node, s
            )
            for c in range(count):
                node = settled[c]
                place = home[node]
                for k in range(at_first[place], at_first[place + 1]):
                    out[s, at[k]] = min(out[s, at[k]], key[node])
    return out
