"""The connected path of links that a line of points follows: a hidden Markov model over candidate links.

After Newson and Krumm (2009), "Hidden Markov map matching through noise and sparseness", with three changes: distances
between points are those along the given line; one-way streets and turns back are kept by searching over links, not
nodes; and a line may leave the roads (state "off"), so that a gap in the map costs that gap and nothing else.
"""

import numba
import numpy as np

from fleet_planner.kernels.loops import LOOPS

MOST = 8
"""Candidate links of a point."""


@numba.njit(cache=True)
def candidates(px, py, dx, dy, x0, y0, x1, y1, piece_link, piece_m, first, member, cell_m, nx, ny, reach_m, spread_m):
    """Return the likeliest links of each point.

    Parameters
    ----------
    px, py, dx, dy : (points,) float64
        Metres; direction of travel as unit vectors, 0 where it is not known.
    x0, y0, x1, y1 : (pieces,) float64
        Straight pieces of links, in metres.
    piece_link : (pieces,) int64
    piece_m : (pieces,) float64
        Metres from the start of the link to that of the piece.
    first, member, cell_m, nx, ny
        See `matching.grid_index`.
    reach_m : (points,) float64
        Links further away do not count; may not exceed ``cell_m``.
    spread_m : (points,) float64
        Standard deviation of the distance between a line and its road.

    Returns
    -------
    link : (points, MOST) int64
        -1 where there are fewer.
    at_m : (points, MOST) float64
        Metres along the link of the point's foot.
    cost : (points, MOST) float64
        Half the squared distance in standard deviations, plus 3 (1 - cosine) for the angle between the directions;
        links that run the other way (more than about 107 degrees) do not count.
    """
    n = px.size
    link = np.full((n, MOST), -1, dtype=np.int64)
    at_m = np.zeros((n, MOST))
    cost = np.full((n, MOST), np.inf)
    for i in range(n):
        known = dx[i] != 0.0 or dy[i] != 0.0
        ci, cj = int(np.floor(px[i] / cell_m)), int(np.floor(py[i] / cell_m))
        for a in range(max(ci - 1, 0), min(ci + 2, nx)):
            for b in range(max(cj - 1, 0), min(cj + 2, ny)):
                c = a * ny + b
                for k in range(first[c], first[c + 1]):
                    p = member[k]
                    ex, ey = x1[p] - x0[p], y1[p] - y0[p]
                    length = np.sqrt(ex * ex + ey * ey)
                    if length == 0.0:
                        continue
                    t = ((px[i] - x0[p]) * ex + (py[i] - y0[p]) * ey) / (length * length)
                    t = min(max(t, 0.0), 1.0)
                    qx, qy = x0[p] + t * ex - px[i], y0[p] + t * ey - py[i]
                    d2 = qx * qx + qy * qy
                    if d2 > reach_m[i] * reach_m[i]:
                        continue
                    e = 0.5 * d2 / (spread_m[i] * spread_m[i])
                    if known:
                        cosine = (ex * dx[i] + ey * dy[i]) / length
                        if cosine < -0.3:
                            continue
                        e += 3.0 * (1.0 - cosine)
                    slot, worst, worst_at = -1, -1.0, -1
                    for s in range(MOST):
                        if link[i, s] == piece_link[p]:
                            slot = s
                            break
                        if cost[i, s] > worst:
                            worst, worst_at = cost[i, s], s
                    if slot < 0:
                        slot = worst_at
                    if e < cost[i, slot]:
                        link[i, slot], at_m[i, slot], cost[i, slot] = piece_link[p], piece_m[p] + t * length, e
    return link, at_m, cost


@numba.njit(cache=True)
def _push(key, item, size, new_key, new_item):
    k = size
    while k > 0:
        parent = (k - 1) // 2
        if key[parent] <= new_key:
            break
        key[k], item[k] = key[parent], item[parent]
        k = parent
    key[k], item[k] = new_key, new_item
    return size + 1


@numba.njit(cache=True)
def _pop(key, item, size):
    """Take the least entry off; returns the new size, the entry is at that place."""
    top_key, top_item = key[0], item[0]
    size -= 1
    last_key, last_item = key[size], item[size]
    k = 0
    while True:
        child = 2 * k + 1
        if child >= size:
            break
        if child + 1 < size and key[child + 1] < key[child]:
            child += 1
        if key[child] >= last_key:
            break
        key[k], item[k] = key[child], item[child]
        k = child
    key[k], item[k] = last_key, last_item
    key[size], item[size] = top_key, top_item
    return size


@numba.njit(cache=True)
def _search(source, rest, limit, graph, link_cost, scratch, run, targets):
    """Reach links from the end of ``source``: cost to their start, for all within ``limit`` or until all targets are.

    Targets are links; those below 0 are none.
    ``scratch`` keeps cost, predecessor and, by ``2 run`` (reached) and ``2 run + 1`` (settled), what is of this run.
    """
    head, out_first, out_link, twin, _, turn_back = graph
    key, came, stamp, heap_key, heap_item = scratch
    size = 0
    for k in range(out_first[head[source]], out_first[head[source] + 1]):
        b = out_link[k]
        value = rest + (turn_back if twin[source] == b else 0.0)
        if value <= limit and (stamp[b] != 2 * run or value < key[b]):
            key[b], came[b], stamp[b] = value, source, 2 * run
            size = _push(heap_key, heap_item, size, value, b)
    left = 0
    for t in range(targets.size):
        left += targets[t] >= 0
    while size > 0 and left > 0:
        size = _pop(heap_key, heap_item, size)
        a = heap_item[size]
        if stamp[a] == 2 * run + 1:
            continue
        stamp[a] = 2 * run + 1
        for t in range(targets.size):
            if targets[t] == a:
                left -= 1
                break
        start = key[a] + link_cost[a]
        if start > limit:
            continue
        for k in range(out_first[head[a]], out_first[head[a] + 1]):
            b = out_link[k]
            value = start + (turn_back if twin[a] == b else 0.0)
            if value > limit or stamp[b] == 2 * run + 1:
                continue
            if stamp[b] != 2 * run or value < key[b]:
                key[b], came[b], stamp[b] = value, a, 2 * run
                size = _push(heap_key, heap_item, size, value, b)


@numba.njit(cache=True)
def _scratch(links, turns):
    return (
        np.empty(links),
        np.empty(links, dtype=np.int64),
        np.zeros(links, dtype=np.int64),
        np.empty(turns + 1),
        np.empty(turns + 1, dtype=np.int64),
    )


@numba.njit(cache=True, parallel=LOOPS)
def likeliest(first, step_m, link, at_m, cost, graph, link_m, turns, tuning):
    """Return the likeliest candidate of each point of each line (Viterbi).

    Parameters
    ----------
    first : (lines + 1,) int64
        Points of line ``i`` are ``first[i]:first[i + 1]``.
    step_m : (points,) float64
        Metres along the line from the point before.
    link, at_m, cost
        See `candidates`.
    graph : tuple
        ``head`` (links,) node that a link ends at; ``out_first`` (nodes + 1,) and ``out_link``: links that leave a
        node; ``twin`` (links,) the link back, or -1; ``link_cost`` (2, links) metres, or what stands for them, of
        lines by shape and by stops; ``turn_back`` cost of turning to the twin.
    link_m : (links,) float64
    turns : int
        Pairs of links that follow each other.
    tuning : (lines, 7) float64
        Metres of detour that cost 1; most detour searched as factor of the step and as metres added; cost of a point
        off the roads; cost of leaving or entering them; metres that a point may fall back on its link; 1 where the
        line is stops only, so that short cuts cost nothing, 0 where it is a shape.

    Returns
    -------
    chosen : (points,) int64
        Place in ``link[i]``; -1 off the roads.
    """
    chosen = np.empty(step_m.size, dtype=np.int64)
    chosen[:] = -1
    for line in numba.prange(first.size - 1):
        begin, n = first[line], first[line + 1] - first[line]
        if n == 0:
            continue
        scale_m, factor, added_m, off_cost = tuning[line, 0], tuning[line, 1], tuning[line, 2], tuning[line, 3]
        gap_cost, back_m, by_stops = tuning[line, 4], tuning[line, 5], tuning[line, 6]
        link_cost = graph[4][int(by_stops)]
        scratch = _scratch(link_m.size, turns)
        run = 0
        came = np.empty((n, MOST + 1), dtype=np.int8)
        came[:] = MOST
        now, before = np.empty(MOST + 1), np.empty(MOST + 1)
        for k in range(MOST):
            now[k] = cost[begin, k]
        now[MOST] = off_cost
        for i in range(1, n):
            p = begin + i
            now, before = before, now
            for k in range(MOST):
                now[k] = before[MOST] + gap_cost + cost[p, k]
            now[MOST] = before[MOST] + off_cost
            wanted = 0
            for k in range(MOST):
                if link[p, k] >= 0:
                    wanted += 1
            limit = factor * step_m[p] + added_m
            for j in range(MOST):
                a = link[p - 1, j]
                if a < 0 or before[j] == np.inf:
                    continue
                if before[j] + gap_cost + off_cost < now[MOST]:
                    now[MOST], came[i, MOST] = before[j] + gap_cost + off_cost, j
                if wanted == 0:
                    continue
                run += 1
                per_m = link_cost[a] / link_m[a]
                rest = (link_m[a] - at_m[p - 1, j]) * per_m
                _search(a, rest, limit, graph, link_cost, scratch, run, link[p])
                for k in range(MOST):
                    b = link[p, k]
                    if b < 0:
                        continue
                    route = np.inf
                    if scratch[2][b] == 2 * run + 1 or scratch[2][b] == 2 * run:
                        route = scratch[0][b] + at_m[p, k] * link_cost[b] / link_m[b]
                    if a == b and at_m[p, k] >= at_m[p - 1, j] - back_m:
                        route = max(at_m[p, k] - at_m[p - 1, j], 0.0) * per_m
                    if route > limit:
                        continue
                    more = route - step_m[p]
                    if by_stops > 0.0:
                        more = max(more, 0.0)
                    value = before[j] + abs(more) / scale_m + cost[p, k]
                    if value < now[k]:
                        now[k], came[i, k] = value, j
        k = 0
        for j in range(1, MOST + 1):
            if now[j] < now[k]:
                k = j
        for i in range(n - 1, -1, -1):
            chosen[begin + i] = k if k < MOST else -1
            k = came[i, k]
    return chosen


@numba.njit(cache=True)
def _widened(link, along, count, size):
    """Return longer arrays that begin with the first entries; by loops, since slices given to slices compile slowly."""
    more_link, more_along = np.empty(size, dtype=np.int64), np.empty((along.shape[0], size))
    for k in range(count):
        more_link[k] = link[k]
        for row in range(along.shape[0]):
            more_along[row, k] = along[row, k]
    return more_link, more_along


@numba.njit(cache=True)
def follow(first, line_m, link, at_m, chosen, graph, link_m, turns, tuning):
    """Cut the likeliest path of each line into pieces of links.

    Parameters
    ----------
    first, link, at_m, graph, link_m, turns, tuning
        As in `likeliest`.
    line_m : (points,) float64
        Metres from the start of the line.
    chosen : (points,) int64
        From `likeliest`.

    Returns
    -------
    piece_first : (lines + 1,) int64
        Pieces of each line.
    piece_link : (pieces,) int64
        -1 off the roads.
    piece_m, piece_span_m, piece_road_m : (pieces,) float64
        Middle of the piece along the line, the metres of the line that it stands for, and those of the road (of the
        line where it is off the roads).
    """
    scratch = _scratch(link_m.size, turns)
    run = 0
    size = 4 * line_m.size + 16
    out_link = np.empty(size, dtype=np.int64)
    out = np.empty((3, size))
    piece_first = np.zeros(first.size, dtype=np.int64)
    path = np.empty(link_m.size + 2, dtype=np.int64)
    target = np.empty(1, dtype=np.int64)
    count = 0
    for line in range(first.size - 1):
        factor, added_m, back_m = tuning[line, 1], tuning[line, 2], tuning[line, 5]
        link_cost = graph[4][int(tuning[line, 6])]
        held = 0.0  # how far along its link the line is: it may not fall back
        for p in range(first[line], first[line + 1]):
            j = chosen[p]
            if p == first[line]:
                held = at_m[p, j] if j >= 0 else 0.0
                continue
            start, span = line_m[p - 1], line_m[p] - line_m[p - 1]
            i = chosen[p - 1]
            steps = 0
            if i >= 0 and j >= 0:
                a, b = link[p - 1, i], link[p, j]
                if a == b and at_m[p, j] >= at_m[p - 1, i] - back_m:
                    path[0], steps = a, 1
                else:
                    run += 1
                    target[0] = b
                    per_m = link_cost[a] / link_m[a]
                    limit = factor * span + added_m
                    rest = (link_m[a] - at_m[p - 1, i]) * per_m
                    _search(a, rest, limit, graph, link_cost, scratch, run, target)
                    if scratch[2][b] == 2 * run + 1:
                        path[0], steps = b, 1
                        while True:
                            e = scratch[1][path[steps - 1]]
                            path[steps] = e
                            steps += 1
                            if e == a:
                                break
            if count + steps + 1 > out_link.size:
                more = 2 * out_link.size + steps
                out_link, out = _widened(out_link, out, count, more)
            if steps == 0:
                if span > 0.0:
                    out_link[count] = -1
                    out[0, count], out[1, count], out[2, count] = start + span / 2.0, span, span
                    count += 1
                held = at_m[p, j] if j >= 0 else 0.0
                continue
            end = at_m[p, j]
            if steps == 1:
                end = max(end, held)
            begun = count
            whole = 0.0
            for s in range(steps - 1, -1, -1):
                e = path[s]
                low = held if s == steps - 1 else 0.0
                high = end if s == 0 else link_m[e]
                metres = max(high - low, 0.0)
                if metres > 0.0:
                    out_link[count], out[2, count] = e, metres
                    whole += metres
                    count += 1
            if count == begun and span > 0.0:  # the road ends before the line does
                out_link[count] = -1
                out[0, count], out[1, count], out[2, count] = start + span / 2.0, span, span
                count += 1
                held = end
                continue
            done = 0.0
            for q in range(begun, count):
                share = span * out[2, q] / whole
                out[1, q], out[0, q] = share, start + done + share / 2.0
                done += share
            held = end
        piece_first[line + 1] = count
    return piece_first, out_link[:count].copy(), out[0, :count].copy(), out[1, :count].copy(), out[2, :count].copy()
