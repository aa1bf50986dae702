"""Nearest links of points that move along a line."""

import numba
import numpy as np


@numba.njit(cache=True)
def grid_index(x0, y0, x1, y1, cell_m, nx, ny):
    """Sort pieces of links into square cells.

    Parameters
    ----------
    x0, y0, x1, y1 : (pieces,) float64
        Ends in metres from the corner of the grid.
    cell_m : float
    nx, ny : int

    Returns
    -------
    first : (nx * ny + 1,) int64
    member : (entries,) int64
        Pieces whose bounding box touches cell ``c`` are ``member[first[c]:first[c + 1]]``.
    """
    count = np.zeros(nx * ny + 1, dtype=np.int64)
    for run in range(2):
        if run == 1:
            first = np.zeros(nx * ny + 1, dtype=np.int64)
            for c in range(nx * ny):
                first[c + 1] = first[c] + count[c]
            member = np.empty(first[nx * ny], dtype=np.int64)
            fill = first.copy()
        for i in range(x0.size):
            ia = max(int(min(x0[i], x1[i]) / cell_m), 0)
            ib = min(int(max(x0[i], x1[i]) / cell_m), nx - 1)
            ja = max(int(min(y0[i], y1[i]) / cell_m), 0)
            jb = min(int(max(y0[i], y1[i]) / cell_m), ny - 1)
            for a in range(ia, ib + 1):
                for b in range(ja, jb + 1):
                    c = a * ny + b
                    if run == 0:
                        count[c] += 1
                    else:
                        member[fill[c]] = i
                        fill[c] += 1
    return first, member


@numba.njit(cache=True)
def nearest_pieces(px, py, dx, dy, x0, y0, x1, y1, first, member, cell_m, nx, ny, reach_m, min_cosine):
    """Return for each point the nearest piece that runs in the point's direction.

    Parameters
    ----------
    px, py : (points,) float64
        Metres.
    dx, dy : (points,) float64
        Direction of travel, unit vectors.
    x0, y0, x1, y1, first, member, cell_m, nx, ny
        See `grid_index`; ``reach_m`` may not exceed ``cell_m``.
    reach_m : float
        Further pieces do not count.
    min_cosine : float
        Least cosine of the angle between the directions.

    Returns
    -------
    (points,) int64
        Piece, or -1.
    """
    out = np.full(px.size, -1, dtype=np.int64)
    for i in range(px.size):
        best = reach_m * reach_m
        ci, cj = int(px[i] / cell_m), int(py[i] / cell_m)
        for a in range(max(ci - 1, 0), min(ci + 2, nx)):
            for b in range(max(cj - 1, 0), min(cj + 2, ny)):
                c = a * ny + b
                for k in range(first[c], first[c + 1]):
                    p = member[k]
                    ex, ey = x1[p] - x0[p], y1[p] - y0[p]
                    length2 = ex * ex + ey * ey
                    if length2 == 0.0:
                        continue
                    if (ex * dx[i] + ey * dy[i]) < min_cosine * np.sqrt(length2):
                        continue
                    t = ((px[i] - x0[p]) * ex + (py[i] - y0[p]) * ey) / length2
                    t = min(max(t, 0.0), 1.0)
                    qx, qy = x0[p] + t * ex - px[i], y0[p] + t * ey - py[i]
                    d2 = qx * qx + qy * qy
                    if d2 < best or (d2 == best and p < out[i]):
                        best = d2
                        out[i] = p
    return out
