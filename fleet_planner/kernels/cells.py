"""Lines over the cells of an even grid."""

import numba
import numpy as np


@numba.njit(cache=True)
def _end_cells(a, b):
    """Return the number of cells that a piece between two coordinates, in cells, can meet along one axis."""
    return int(abs(np.floor(b) - np.floor(a))) + 1


@numba.njit(cache=True)
def line_cells(x, y, offsets, columns, rows):
    """Share out lines among the cells that they cross, by length.

    Each piece is walked from cell to cell (Amanatides and Woo 1987, A fast voxel traversal algorithm for ray tracing):
    the next border is the nearer of the next column's and the next row's, at a known part of the piece.

    Parameters
    ----------
    x, y : (points,) float64
        In cells from the grid's corner: a point lies in column ``floor(x)`` and row ``floor(y)``.
    offsets : (lines + 1,) int64
        Line ``i`` is the points ``offsets[i]:offsets[i + 1]``, at least one.
    columns, rows : int
        Size of the grid.

    Returns
    -------
    first : (lines + 1,) int64
        Entries of line ``i`` are ``first[i]:first[i + 1]``; a cell may come up again.
    cell : (entries,) int64
        ``row * columns + column``, -1 beyond the grid.
    share : (entries,) float64
        Of the line's length; a line's shares add up to one. A line without length lies where it begins.
    """
    n = offsets.size - 1
    room = np.int64(0)
    for i in range(n):
        room += 1
        for k in range(offsets[i], offsets[i + 1] - 1):
            room += _end_cells(x[k], x[k + 1]) + _end_cells(y[k], y[k + 1])
    first = np.zeros(n + 1, dtype=np.int64)
    cell = np.empty(room, dtype=np.int64)
    share = np.empty(room)
    at = np.int64(0)
    for i in range(n):
        begin, end = offsets[i], offsets[i + 1]
        first[i] = at
        whole = 0.0
        for k in range(begin, end - 1):
            whole += np.hypot(x[k + 1] - x[k], y[k + 1] - y[k])
        if whole <= 0.0:
            cell[at] = _cell(int(np.floor(x[begin])), int(np.floor(y[begin])), columns, rows)
            share[at] = 1.0
            at += 1
            continue
        for k in range(begin, end - 1):
            dx, dy = x[k + 1] - x[k], y[k + 1] - y[k]
            length = np.hypot(dx, dy)
            if length == 0.0:
                continue
            column, row = int(np.floor(x[k])), int(np.floor(y[k]))
            step_x, step_y = (1 if dx > 0.0 else -1), (1 if dy > 0.0 else -1)
            next_x = ((column + (1 if dx > 0.0 else 0)) - x[k]) / dx if dx != 0.0 else np.inf
            next_y = ((row + (1 if dy > 0.0 else 0)) - y[k]) / dy if dy != 0.0 else np.inf
            per_x = abs(1.0 / dx) if dx != 0.0 else np.inf
            per_y = abs(1.0 / dy) if dy != 0.0 else np.inf
            done = 0.0
            steps = abs(int(np.floor(x[k + 1])) - column) + abs(int(np.floor(y[k + 1])) - row)
            for s in range(steps + 1):
                upto = min(next_x, next_y, 1.0) if s < steps else 1.0
                if upto > done:
                    own = _cell(column, row, columns, rows)
                    part = (upto - done) * length / whole
                    if at > first[i] and cell[at - 1] == own:
                        share[at - 1] += part
                    else:
                        cell[at] = own
                        share[at] = part
                        at += 1
                    done = upto
                if next_x < next_y:
                    next_x += per_x
                    column += step_x
                else:
                    next_y += per_y
                    row += step_y
        total = 0.0
        for e in range(first[i], at):
            total += share[e]
        for e in range(first[i], at):
            share[e] /= total
    first[n] = at
    return first, cell[:at], share[:at]


@numba.njit(cache=True, inline="always")
def _cell(column, row, columns, rows):
    """Return the number of a cell, -1 beyond the grid."""
    if column < 0 or row < 0 or column >= columns or row >= rows:
        return -1
    return row * columns + column
