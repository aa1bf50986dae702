"""Steady-state Gaussian dispersion from straight pieces of road.

The point source is that of R-LINE (Snyder et al. 2013, Atmospheric Environment 77, 748-756): a plume and a meander that
spreads all around, blended by the share f of the wind's random energy. With x downwind, y across the wind, R the
distance, and V the vertical part at the receptor's height::

    c(x, y) = (1 - f(x)) V(x) exp(-y2 / 2 sy(x)2) / (sqrt(2 pi) sy(x)) + f(R) V(R) / (2 pi R)

V, f and sy come in as tables over distance. A line is the integral of points. Along it, the plume is cut into pieces
over which V, f and sy hardly change; across the wind each piece is an error
function of y / sy at its ends, as in Venkatram and Horst (2006, Atmospheric
Environment 40, 2401-2408); so is the integral of 1/R. Winds along the road need no case of their own.
"""

import math

import numba
import numpy as np

from fleet_planner.kernels.loops import LOOPS

SQRT2 = math.sqrt(2.0)
SQRT_2PI = math.sqrt(2.0 * math.pi)
GAUSS = 0.5 - 0.5 / math.sqrt(3.0)
"""First of the two points of Gauss and Legendre between 0 and 1."""
WINDOW = 4.5
"""A plume is nothing beyond so many sy to its side (exp(-10))."""
SLICE = 1.25
"""Distances of a piece differ by this factor at most."""
STRIP = 1.0
"""They are so many sy wide at most."""
ALIKE = 1.15
"""Where distances differ by less and the piece is narrow, its middle stands for it."""
EVEN = 4.0
"""Below such a ratio of distances they are equal, above their distances grow by one factor."""
MOST_PIECES = 24
BLOCK = 64


@numba.njit(cache=True, inline="always")
def _place(log_first, per_log, n, distance):
    """Return the cell of a distance in the tables, and the weight of its upper end."""
    at = (math.log(distance) - log_first) * per_log
    if not at > 0.0:
        return 0, 0.0
    if at >= n - 1:
        return n - 2, 1.0
    cell = int(at)
    return cell, at - cell


@numba.njit(cache=True)
def _upwind(x1, x2, first_m, log_first, per_log, n):
    """Return the part of a line that lies upwind of the receptor, and the place of its far end in the tables."""
    a, b = 0.0, 1.0
    dx = x2 - x1
    if x1 <= 0.0:
        a = -x1 / dx
    elif x2 <= 0.0:
        b = -x1 / dx
    c, w = _place(log_first, per_log, n, max(x1 + a * dx, x1 + b * dx, first_m))
    return a, b, c, w


@numba.njit(cache=True)
def _plume(x1, y1, x2, y2, a, b, reach, length, first_m, log_first, per_log, plume, sigma_y, k):
    """Return the integral of the plume along a line, per unit of emission per metre.

    ``x1, y1`` are the receptor seen from one end in the wind's axes, ``x2, y2`` from the other; ``a`` to ``b`` is what
    lies upwind; there is nothing farther to the side than ``reach``.
    """
    dx, dy = x2 - x1, y2 - y1
    n = plume.shape[1]
    ya, yb = y1 + a * dy, y1 + b * dy
    if (ya > reach and yb > reach) or (ya < -reach and yb < -reach):
        return 0.0
    if abs(dy) > 1e-9:
        # beyond the plume's side there is nothing
        low, high = (-reach - y1) / dy, (reach - y1) / dy
        if low > high:
            low, high = high, low
        a, b = max(a, low), min(b, high)
        if a >= b:
            return 0.0
    near, far = x1 + a * dx, x1 + b * dx
    if near > far:
        near, far = far, near
        a, b = b, a
    near_c = max(near, first_m)
    ratio = max(far, first_m) / near_c
    c, w = _place(log_first, per_log, n, max(0.5 * (near + far), first_m))
    spread = (1.0 - w) * sigma_y[k, c] + w * sigma_y[k, c + 1]
    wide = abs((b - a) * dy) / (STRIP * spread)
    if ratio < ALIKE and wide < 1.0:  # far away: one point will do
        m = (y1 + 0.5 * (a + b) * dy) / spread
        across = math.exp(-0.5 * m * m) / (SQRT_2PI * spread)
        if wide > 0.25:
            u, v = (y1 + a * dy) / (SQRT2 * spread), (y1 + b * dy) / (SQRT2 * spread)
            across = 0.5 * (math.erf(v) - math.erf(u)) / ((b - a) * dy)
        return ((1.0 - w) * plume[k, c] + w * plume[k, c + 1]) * across * abs(b - a) * length
    pieces = min(max(math.ceil(math.log(ratio) / math.log(SLICE)), math.ceil(wide), 1), MOST_PIECES)
    even = ratio < EVEN
    factor = ratio ** (1.0 / pieces)
    total = 0.0
    c, w = _place(log_first, per_log, n, near_c)
    begin, edge = a, near_c
    psi = (y1 + a * dy) / ((1.0 - w) * sigma_y[k, c] + w * sigma_y[k, c + 1])
    below = math.erf(psi / SQRT2)
    for p in range(pieces):
        if p == pieces - 1:
            end = b
        elif even:
            end = a + (b - a) * (p + 1) / pieces
        else:
            edge *= factor
            end = (edge - x1) / dx
        c, w = _place(log_first, per_log, n, max(x1 + end * dx, first_m))
        next_psi = (y1 + end * dy) / ((1.0 - w) * sigma_y[k, c] + w * sigma_y[k, c + 1])
        next_below = math.erf(next_psi / SQRT2)
        turn = next_psi - psi
        across = 0.5 * (next_below - below) / turn if abs(turn) > 0.0001 else math.exp(-0.5 * psi * psi) / SQRT_2PI
        value = 0.0
        for half in range(2):
            part = GAUSS if half == 0 else 1.0 - GAUSS
            c, w = _place(log_first, per_log, n, max(x1 + (begin + part * (end - begin)) * dx, first_m))
            vertical = (1.0 - w) * plume[k, c] + w * plume[k, c + 1]
            value += 0.5 * vertical / ((1.0 - w) * sigma_y[k, c] + w * sigma_y[k, c + 1])
        total += value * across * abs(end - begin)
        begin, psi, below = end, next_psi, next_below
    return total * length


@numba.njit(cache=True)
def _meander(xa, ya, xb, yb, length, first_m, log_first, per_log, meander, out):
    """Write the integral of the meander along a line into ``out``, per unit of emission per metre, for every table.

    ``xa, ya`` and ``xb, yb`` are the ends as seen from the receptor.
    """
    out[:] = 0.0
    n = meander.shape[1]
    ux, uy = (xb - xa) / length, (yb - ya) / length
    t1 = xa * ux + ya * uy
    t2 = t1 + length
    off = max(abs(xa * uy - ya * ux), first_m)
    # with t = off sinh(a) along the line, dt / R = da: two points of Gauss and Legendre on pieces of a
    a1, a2 = math.asinh(t1 / off), math.asinh(t2 / off)
    pieces = min(max(math.ceil(a2 - a1), 1), MOST_PIECES)
    step = (a2 - a1) / pieces
    for p in range(pieces):
        for half in range(2):
            part = GAUSS if half == 0 else 1.0 - GAUSS
            c, w = _place(log_first, per_log, n, off * math.cosh(a1 + (p + part) * step))
            for k in range(out.size):
                out[k] += 0.5 * step * ((1.0 - w) * meander[k, c] + w * meander[k, c + 1])


@numba.njit(cache=True)
def by_wind(often):
    """Return shares of the time in the order in which a pair of road and point asks for them.

    Parameters
    ----------
    often : (G, K, D) float64
        By group of hours, class of weather and direction.

    Returns
    -------
    often : (D, K, G) float64
    blown : (D, K) bool
        Whether the wind ever blows so.
    """
    groups, classes, directions = often.shape
    turned = np.zeros((directions, classes, groups))
    blown = np.zeros((directions, classes), dtype=np.bool_)
    for g in range(groups):
        for k in range(classes):
            for d in range(directions):
                turned[d, k, g] = often[g, k, d]
                blown[d, k] |= often[g, k, d] > 0.0
    return turned, blown


@numba.njit(cache=True)
def piece_to_point(
    piece, x, y, first_m, log_first, per_log, plume, sigma_y, meander, wind, often, blown, ever, spare, out
):
    """Write the concentration at a point from a straight piece of road into ``out``, shape (G,).

    Parameters
    ----------
    piece : (4,) float64
        Ends, metres: x, y, x, y.
    x, y : float
        The point.
    first_m, log_first, per_log : float
        First distance of the tables, its logarithm, and steps per unit of the logarithm.
    plume, sigma_y, meander : (K, n) float64
        By class of weather: (1 - f) V, 1/m/(m/s); sy, m; f V / (2 pi).
    wind : (D, 2) float64
        Unit vectors that the wind blows along.
    often, blown
        Shares of the time that the plume goes by the wind, see `by_wind`.
    ever : (K, G) float64
        Shares of the time that the meander counts, and with it a plume that goes all around alike.
    spare : (K,) float64
        Room.
    out : (G,) float64
        s/m3 per (unit/s) from the whole piece.
    """
    out[:] = 0.0
    length = math.hypot(piece[2] - piece[0], piece[3] - piece[1])
    if not length > 0.0:
        return
    ax, ay, bx, by = piece[0] - x, piece[1] - y, piece[2] - x, piece[3] - y
    directions, classes, groups = often.shape
    _meander(ax, ay, bx, by, length, first_m, log_first, per_log, meander, spare)
    for k in range(classes):
        for g in range(groups):
            out[g] += ever[k, g] * spare[k]
    for d in range(directions):
        wx, wy = wind[d, 0], wind[d, 1]
        x1, y1 = -(ax * wx + ay * wy), ax * wy - ay * wx
        x2, y2 = -(bx * wx + by * wy), bx * wy - by * wx
        if x1 <= 0.0 and x2 <= 0.0:
            continue
        a, b, c, w = _upwind(x1, x2, first_m, log_first, per_log, plume.shape[1])
        for k in range(classes):
            if blown[d, k]:
                reach = WINDOW * ((1.0 - w) * sigma_y[k, c] + w * sigma_y[k, c + 1])
                one = _plume(x1, y1, x2, y2, a, b, reach, length, first_m, log_first, per_log, plume, sigma_y, k)
                if one > 0.0:
                    for g in range(groups):
                        out[g] += often[d, k, g] * one
    for g in range(groups):
        out[g] /= length


@numba.njit(cache=True, parallel=LOOPS)
def weights_of_pieces(
    pieces, point_xy, people, cell_first, cell_point, grid, reach_m, first_m, log_first, per_log, plume, sigma_y,
    meander, wind, often, ever,
):  # fmt: skip
    """Return people times concentration per unit emitted on each piece: the adjoint.

    Parameters
    ----------
    pieces : (L, 4) float64
    point_xy : (R, 2) float64
        Points, in the order of ``cell_point``.
    people : (R,) float64
    cell_first : (cells + 1,) int64
        Points of cell ``c`` are ``cell_point[cell_first[c]:cell_first[c + 1]]``.
    cell_point : (R,) int64
        Indices of points.
    grid : (5,) float64
        West, south, side of a cell, columns, rows.
    reach_m : float
        Points farther from a piece are left out.
    often : (G, K, D) float64
        Share of the time of each group of hours by class of weather and direction.
    ever : (K, G) float64
        By class alone, see `piece_to_point`.
    others
        See `piece_to_point`.

    Returns
    -------
    (L, G) float64
        People s/m3.
    """
    n, groups, classes = pieces.shape[0], often.shape[0], often.shape[1]
    total = np.zeros((n, groups))
    turned, blown = by_wind(often)
    jobs = (n + BLOCK - 1) // BLOCK
    for job in numba.prange(jobs):
        spare, one = np.zeros(classes), np.zeros(groups)
        for i in range(job * BLOCK, min((job + 1) * BLOCK, n)):
            piece = pieces[i]
            c0, c1, r0, r1 = _cells_near(piece[0], piece[1], piece[2], piece[3], reach_m, grid)
            for row in range(r0, r1):
                for column in range(c0, c1):
                    cell = row * int(grid[3]) + column
                    for e in range(cell_first[cell], cell_first[cell + 1]):
                        j = cell_point[e]
                        if people[j] != 0.0 and _apart(piece, point_xy[j, 0], point_xy[j, 1]) <= reach_m:
                            piece_to_point(
                                piece, point_xy[j, 0], point_xy[j, 1], first_m, log_first, per_log, plume, sigma_y,
                                meander, wind, turned, blown, ever, spare, one,
                            )  # fmt: skip
                            for g in range(groups):
                                total[i, g] += people[j] * one[g]
    return total


@numba.njit(cache=True, parallel=LOOPS)
def concentrations(
    pieces, emission, point_xy, cell_first, cell_piece, grid, reach_m, first_m, log_first, per_log, plume, sigma_y,
    meander, wind, often, ever,
):  # fmt: skip
    """Return the concentration at points: the forward sum.

    Parameters
    ----------
    pieces : (L, 4) float64
    emission : (L, G, Q) float64
        Units per second in each group of hours, times the share of the day that the group is.
    point_xy : (R, 2) float64
    cell_first, cell_piece
        Pieces whose middle lies in each cell, as the points of `weights_of_pieces`.
    grid, reach_m
        Likewise; half of the longest piece is added to the reach in the search.
    others
        See `weights_of_pieces`.

    Returns
    -------
    (R, Q) float64
        Units per m3.
    """
    n, groups, classes, columns = point_xy.shape[0], often.shape[0], often.shape[1], emission.shape[2]
    total = np.zeros((n, columns))
    turned, blown = by_wind(often)
    half = 0.0
    for i in range(pieces.shape[0]):
        half = max(half, 0.5 * math.hypot(pieces[i, 2] - pieces[i, 0], pieces[i, 3] - pieces[i, 1]))
    jobs = (n + BLOCK - 1) // BLOCK
    for job in numba.prange(jobs):
        spare, one = np.zeros(classes), np.zeros(groups)
        for j in range(job * BLOCK, min((job + 1) * BLOCK, n)):
            x, y = point_xy[j, 0], point_xy[j, 1]
            c0, c1, r0, r1 = _cells_near(x, y, x, y, reach_m + half, grid)
            for row in range(r0, r1):
                for column in range(c0, c1):
                    cell = row * int(grid[3]) + column
                    for e in range(cell_first[cell], cell_first[cell + 1]):
                        i = cell_piece[e]
                        if _apart(pieces[i], x, y) <= reach_m:
                            piece_to_point(
                                pieces[i], x, y, first_m, log_first, per_log, plume, sigma_y, meander, wind, turned,
                                blown, ever, spare, one,
                            )  # fmt: skip
                            for g in range(groups):
                                for q in range(columns):
                                    total[j, q] += one[g] * emission[i, g, q]
    return total


@numba.njit(cache=True)
def _cells_near(xa, ya, xb, yb, reach_m, grid):
    """Return the first and the end column and row of the cells within reach of a piece."""
    west, south, side, columns, rows = grid[0], grid[1], grid[2], int(grid[3]), int(grid[4])
    c0 = max((math.floor((min(xa, xb) - reach_m - west) / side)), 0)
    c1 = min((math.floor((max(xa, xb) + reach_m - west) / side)) + 1, columns)
    r0 = max((math.floor((min(ya, yb) - reach_m - south) / side)), 0)
    r1 = min((math.floor((max(ya, yb) + reach_m - south) / side)) + 1, rows)
    return c0, c1, r0, r1


@numba.njit(cache=True)
def _apart(piece, x, y):
    """Return the distance of a point from a piece."""
    dx, dy = piece[2] - piece[0], piece[3] - piece[1]
    length2 = dx * dx + dy * dy
    t = 0.0
    if length2 > 0.0:
        t = min(max(((x - piece[0]) * dx + (y - piece[1]) * dy) / length2, 0.0), 1.0)
    return math.hypot(piece[0] + t * dx - x, piece[1] + t * dy - y)
