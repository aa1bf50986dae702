r"""The speed grid: refined where curves bend, so that straight lines between its points are close enough.

The bound: linear interpolation errs by less than 1e-3 of max(\\|EF\\|, a tenth of the row's median).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fleet_planner.kernels import curves

TOLERANCE = 1e-3
MEDIAN_SHARE = 0.1
FINE_STEP_KMH = 1.0 / 16.0
LOWEST_KMH = 3.0

Array = NDArray[np.float64]


def fine_speeds(highest_kmh: float) -> Array:
    """Return the speeds at which the bound is checked: every 1/16 km/h from 3 km/h to the highest."""
    first, last = round(LOWEST_KMH / FINE_STEP_KMH), round(highest_kmh / FINE_STEP_KMH)
    return np.arange(first, last + 1, dtype=np.float64) * FINE_STEP_KMH


def medians(fine: Array, values: Array, coefficients: Array) -> Array:
    r"""Return the median of \\|EF\\| of each row over its own range, shape (rows,)."""
    out = np.empty(len(values))
    for i, (row, ef) in enumerate(zip(coefficients, values, strict=True)):
        inside = (fine >= row[curves.V_MIN]) & (fine <= row[curves.V_MAX])
        out[i] = np.median(np.abs(ef[inside]))
    return out


def errors_over_bound(grid: Array, fine: Array, values: Array, median: Array) -> tuple[Array, NDArray[np.int64]]:
    """Return how often each cell, and by how much each row, breaks the bound.

    Parameters
    ----------
    grid
        Ascending subset of ``fine``.
    fine
        Shape (F,).
    values
        Mended factors at ``fine``, shape (rows, F).
    median
        Shape (rows,).

    Returns
    -------
    worst
        Largest error of each row over its bound (1 = at the bound), shape (rows,).
    bad_cells
        Rows over the bound per grid cell, shape (grid - 1,).
    """
    at = np.searchsorted(fine, grid)
    cell = np.clip(np.searchsorted(grid, fine, side="right") - 1, 0, grid.size - 2)
    upper = (fine - grid[cell]) / (grid[cell + 1] - grid[cell])
    worst = np.zeros(len(values))
    bad_cells = np.zeros(grid.size - 1, dtype=np.int64)
    for i, ef in enumerate(values):
        if median[i] == 0.0:
            continue
        between = ef[at][cell] * (1.0 - upper) + ef[at][cell + 1] * upper
        error = np.abs(between - ef) / (TOLERANCE * np.maximum(np.abs(ef), MEDIAN_SHARE * median[i]))
        worst[i] = error.max()
        bad_cells[np.unique(cell[error > 1.0])] += 1
    return worst, bad_cells


def refine_grid(start: Array, fine: Array, values: Array, median: Array) -> Array:
    """Halve the cells that break the bound until none does or they are a fine step wide."""
    grid = np.unique(start)
    while True:
        _, bad = errors_over_bound(grid, fine, values, median)
        split = (bad > 0) & (np.diff(grid) > FINE_STEP_KMH)
        if not split.any():
            return grid
        middle = (grid[:-1] + grid[1:])[split] / 2.0
        grid = np.unique(np.concatenate([grid, np.round(middle / FINE_STEP_KMH) * FINE_STEP_KMH]))
