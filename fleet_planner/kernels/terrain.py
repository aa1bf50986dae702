"""Heights along roads: points on lines, rasters read between cell centres, heights of nodes by local planes."""

import numba
import numpy as np


@numba.njit(cache=True)
def line_metres(xy, offsets):
    """Return the length of each line on the plane.

    Parameters
    ----------
    xy : (points, 2) float64
        Metres.
    offsets : (lines + 1,) int64

    Returns
    -------
    (lines,) float64
        Metres.
    """
    out = np.zeros(offsets.size - 1)
    for i in range(out.size):
        for k in range(offsets[i] + 1, offsets[i + 1]):
            out[i] += np.hypot(xy[k, 0] - xy[k - 1, 0], xy[k, 1] - xy[k - 1, 1])
    return out


@numba.njit(cache=True)
def points_along(xy, offsets, structure, count, parts, shift):
    """Return points at even distances along lines.

    Point ``j`` of line ``i`` lies at ``(j + shift) / parts[i]`` of its length, for ``j < count[i]``.

    Parameters
    ----------
    xy : (points, 2) float64
        Metres.
    offsets : (lines + 1,) int64
    structure : (points,) bool
        Whether the piece of line that leads to the point is a bridge or a tunnel.
    count, parts : (lines,) int64
    shift : float

    Returns
    -------
    out : (sum of count, 2) float64
        Metres.
    held : (sum of count,) bool
        Whether the piece that the point lies on is a bridge or a tunnel.
    """
    total = 0
    for i in range(count.size):
        total += count[i]
    out = np.empty((total, 2))
    held = np.zeros(total, dtype=np.bool_)
    n = 0
    for i in range(count.size):
        first, last = offsets[i], offsets[i + 1] - 1
        length = 0.0
        for k in range(first + 1, last + 1):
            length += np.hypot(xy[k, 0] - xy[k - 1, 0], xy[k, 1] - xy[k - 1, 1])
        k = first + 1
        before = 0.0
        piece = np.hypot(xy[k, 0] - xy[k - 1, 0], xy[k, 1] - xy[k - 1, 1])
        for j in range(count[i]):
            at = (j + shift) / parts[i] * length
            while k < last and before + piece < at:
                before += piece
                k += 1
                piece = np.hypot(xy[k, 0] - xy[k - 1, 0], xy[k, 1] - xy[k - 1, 1])
            t = min(max((at - before) / piece, 0.0), 1.0) if piece > 0.0 else 0.0
            out[n, 0] = xy[k - 1, 0] + t * (xy[k, 0] - xy[k - 1, 0])
            out[n, 1] = xy[k - 1, 1] + t * (xy[k, 1] - xy[k - 1, 1])
            held[n] = structure[k]
            n += 1
    return out, held


@numba.njit(cache=True)
def between_cells(grid, column, row):
    """Return a raster's values between the centres of its cells (bilinear).

    Within half a cell of the rim the outer cells are held.

    Parameters
    ----------
    grid : (rows, columns) float64
        NaN where the raster has no value.
    column, row : (points,) float64
        Place in cells; the centre of the first cell is (0.5, 0.5).

    Returns
    -------
    (points,) float64
        NaN where one of the four cells around has no value.
    """
    rows, columns = grid.shape
    out = np.empty(column.size)
    for i in range(column.size):
        x = min(max(column[i] - 0.5, 0.0), columns - 1.0)
        y = min(max(row[i] - 0.5, 0.0), rows - 1.0)
        a, b = min(int(x), max(columns - 2, 0)), min(int(y), max(rows - 2, 0))
        total = 0.0
        for p in range(2):
            for q in range(2):
                w = (x - a if p else 1.0 - (x - a)) * (y - b if q else 1.0 - (y - b))
                if w > 0.0:
                    total += w * grid[b + q, a + p]
        out[i] = total
    return out


@numba.njit(cache=True)
def _push(keys, nodes, size, key, node):
    """Add an entry to a binary heap, which grows where it is full; return it with its new size."""
    if size == keys.size:
        more_keys, more_nodes = np.empty(2 * size), np.empty(2 * size, dtype=np.int64)
        more_keys[:size] = keys
        more_nodes[:size] = nodes
        keys, nodes = more_keys, more_nodes
    i = size
    while i > 0:
        parent = (i - 1) // 2
        if keys[parent] <= key:
            break
        keys[i], nodes[i] = keys[parent], nodes[parent]
        i = parent
    keys[i], nodes[i] = key, node
    return keys, nodes, size + 1


@numba.njit(cache=True)
def _pop(keys, nodes, size):
    """Take the least entry off a binary heap; return it with the heap's new size."""
    key, node = keys[0], nodes[0]
    size -= 1
    last_key, last_node = keys[size], nodes[size]
    i = 0
    while 2 * i + 1 < size:
        child = 2 * i + 1
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= last_key:
            break
        keys[i], nodes[i] = keys[child], nodes[child]
        i = child
    keys[i], nodes[i] = last_key, last_node
    return key, node, size


@numba.njit(cache=True)
def _plane_at_origin(m, reach_m, slope_sd):
    """Return the height at the origin of the plane through weighted points, from their moments; NaN where unknown.

    ``m`` holds the sums of w, w w, w x, w y, w xx, w xy, w yy, w z, w xz, w yz, w zz.
    """
    weight = m[0]
    if weight <= 0.0:
        return np.nan
    x, y, z = m[2] / weight, m[3] / weight, m[7] / weight
    if x * x + y * y > (0.5 * reach_m) ** 2:
        return np.nan  # all points lie far off on one side
    xx, xy, yy = m[4] / weight - x * x, m[5] / weight - x * y, m[6] / weight - y * y
    xz, yz, zz = m[8] / weight - x * z, m[9] / weight - y * z, m[10] / weight - z * z
    tiny = 1e-6 * reach_m * reach_m
    ridge = tiny
    for _ in range(2):
        det = (xx + ridge) * (yy + ridge) - xy * xy
        a = ((yy + ridge) * xz - xy * yz) / det
        b = ((xx + ridge) * yz - xy * xz) / det
        left = max(zz - 2.0 * (a * xz + b * yz) + a * a * xx + 2.0 * a * b * xy + b * b * yy, 0.0)
        ridge = tiny + left * m[1] / (weight * weight * slope_sd * slope_sd)
    return z - a * x - b * y


@numba.njit(cache=True)
def node_heights(
    xy,
    first,
    other,
    segment,
    at_end,
    length_m,
    sample_xy,
    sample_z,
    samples,
    wanted,
    reach_m,
    slope_sd,
):
    """Return heights of nodes, each read off a plane that is fitted to the heights of the roads around it.

    Local linear regression: the plane has the least sum of weighted squares over the points that can be reached
    along the roads within ``reach_m``. A point's weight is the length of road it stands for, times Epanechnikov's
    kernel ``1 - (d / reach)^2`` of its distance along the roads (Fan and Gijbels 1996, Local Polynomial Modelling
    and Its Applications, chapters 2 and 3; here in two dimensions). A slope that the points hardly fix, such as
    the one across a single road, is held near level: the fit takes slopes as normal about zero with ``slope_sd``
    and the points' own scatter as noise (ridge regression), which leaves a noiseless plane exact.

    Parameters
    ----------
    xy : (nodes, 2) float64
        Metres.
    first : (nodes + 1,) int64
        Ends of segments at node ``i`` are ``first[i]:first[i + 1]`` of the next three.
    other : (ends,) int64
        Node at the other end.
    segment : (ends,) int64
    at_end : (ends,) bool
        Whether the segment ends at this node (else it begins there).
    length_m : (segments,) float64
    sample_xy, sample_z : (samples, 2), (samples,) float64
        Points at the middle of even pieces of the segments; heights, NaN where there is none or it is not to count.
    samples : (segments + 1,) int64
    wanted : (nodes,) bool
        Nodes to compute.
    reach_m : float
    slope_sd : float

    Returns
    -------
    (nodes,) float64
        NaN where a node is not wanted or no point supports it.
    """
    nodes = first.size - 1
    out = np.full(nodes, np.nan)
    distance = np.full(nodes, np.inf)
    touched = np.empty(nodes, dtype=np.int64)
    keys, waiting = np.empty(64), np.empty(64, dtype=np.int64)
    m = np.zeros(11)
    for node in range(nodes):
        if not wanted[node]:
            continue
        count, size = 1, 0
        distance[node] = 0.0
        touched[0] = node
        keys, waiting, size = _push(keys, waiting, size, 0.0, node)
        while size > 0:
            d, here, size = _pop(keys, waiting, size)
            if d > distance[here]:
                continue
            for e in range(first[here], first[here + 1]):
                there, further = other[e], d + length_m[segment[e]]
                if further < reach_m and further < distance[there]:
                    if distance[there] == np.inf:
                        touched[count] = there
                        count += 1
                    distance[there] = further
                    keys, waiting, size = _push(keys, waiting, size, further, there)
        m[:] = 0.0
        for c in range(count):
            here = touched[c]
            for e in range(first[here], first[here + 1]):
                s = segment[e]
                begin, n = samples[s], samples[s + 1] - samples[s]
                step = length_m[s] / n
                for j in range(n):
                    t = (j + 0.5) * step
                    d = distance[here] + t
                    if d >= reach_m:
                        break
                    # each point is taken once, from its nearer end; from the start where both are as near
                    back = distance[other[e]] + length_m[s] - t
                    if d > back + 1e-6 or (at_end[e] and d > back - 1e-6):
                        continue
                    k = begin + (n - 1 - j if at_end[e] else j)
                    z = sample_z[k]
                    if np.isnan(z):
                        continue
                    w = step * (1.0 - (d / reach_m) ** 2)
                    x, y = sample_xy[k, 0] - xy[node, 0], sample_xy[k, 1] - xy[node, 1]
                    m[0] += w
                    m[1] += w * w
                    m[2] += w * x
                    m[3] += w * y
                    m[4] += w * x * x
                    m[5] += w * x * y
                    m[6] += w * y * y
                    m[7] += w * z
                    m[8] += w * x * z
                    m[9] += w * y * z
                    m[10] += w * z * z
        out[node] = _plane_at_origin(m, reach_m, slope_sd)
        for c in range(count):
            distance[touched[c]] = np.inf
    return out
