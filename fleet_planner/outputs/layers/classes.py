"""Class limits of a map's legend, chosen for the data: natural breaks of the logarithm, rounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.outputs.layers.roads import round_breaks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BINS = 160
DECADES = 3.0
"""Values further than this below the top one belong to the first class: nobody sees them on a map."""
TOP_QUANTILE = 0.99
DIGITS = (2, 3, 4)


def log_breaks(values: NDArray[np.float64], count: int = 5) -> list[float]:
    """Return ``count`` rising class limits: natural breaks of the logarithms of the positive values.

    Emissions of roads span decades, so that equal steps put nearly all into one class and quantiles split what
    looks the same. Natural breaks (Fisher, On Grouping for Maximum Homogeneity, 1958; known on maps by Jenks)
    make the squares within the classes least; here exact on a histogram of the logarithms. The limits are then
    rounded to two digits, so that a legend can be read aloud, or to a few more where that would empty a class.

    Parameters
    ----------
    values
        Shape (items,); those that are not above zero, and not finite ones, are left out.
    count
        Number of limits; there is one class more.

    Returns
    -------
    list of float
        Limits of the series 1, 2, 5, 10 … where there are too few different values.
    """
    positive = values[np.isfinite(values) & (values > 0.0)]
    if positive.size == 0:
        return round_breaks(positive, count)
    high = np.log10(positive.max())
    low = max(np.log10(positive.min()), np.log10(np.quantile(positive, TOP_QUANTILE)) - DECADES)
    if high - low < 1e-9:
        return round_breaks(positive, count)
    number, edges = np.histogram(np.log10(positive), bins=BINS, range=(low, high))
    filled = np.flatnonzero(number)
    if filled.size <= count:
        return round_breaks(positive, count)
    middle = 0.5 * (edges[:-1] + edges[1:])
    last = natural_classes(middle[filled], number[filled].astype(np.float64), count + 1)
    exact = 10.0 ** edges[filled[last[:-1]] + 1]
    for digits in DIGITS:
        limits = [float(f"{v:.{digits - 1}e}") for v in exact.tolist()]
        if np.histogram(positive, [0.0, *limits, np.inf])[0].all():
            return limits
    return round_breaks(positive, count)


def natural_classes(places: NDArray[np.float64], weights: NDArray[np.float64], classes: int) -> list[int]:
    """Return the last item of each class, with the least sum of weighted squares about the classes' means.

    Parameters
    ----------
    places
        Rising, shape (items,), not fewer than ``classes``.
    weights
        Above zero, shape (items,).
    classes
        Number of classes; each gets an item.
    """
    n = places.size
    w, first, second = (np.concatenate([[0.0], np.cumsum(v)]) for v in (weights, weights * places, weights * places**2))
    start, end = np.meshgrid(np.arange(n), np.arange(1, n + 1), indexing="ij")
    mass = np.where(end > start, w[end] - w[start], 1.0)
    within = second[end] - second[start] - (first[end] - first[start]) ** 2 / mass
    cost = np.where(end > start, np.maximum(within, 0.0), np.inf)  # cost[a, b-1]: items a .. b-1 are one class
    best = cost[0]
    cut = np.zeros((classes, n), dtype=np.int64)
    for k in range(1, classes):
        # a class that begins at item a follows the best split of the items before it
        whole = best[:-1, None] + cost[1:]
        cut[k] = np.argmin(whole, axis=0) + 1
        best = whole[cut[k] - 1, np.arange(n)]
    out, at = [], n - 1
    for k in range(classes - 1, -1, -1):
        out.append(at)
        at = int(cut[k, at]) - 1
    return out[::-1]


def change_bounds(changes: Sequence[NDArray[np.float64]], steps: int = 3) -> list[float]:
    """Return rising class limits that are symmetric about zero, the same for all ``changes``.

    Parameters
    ----------
    changes
        Differences, each of shape (items,).
    steps
        Classes on either side of the one that holds zero.

    Returns
    -------
    list of float
        ``2 * steps + 2`` limits, the outermost at or beyond the largest change.
    """
    size = np.abs(np.concatenate([*changes, np.zeros(0)]))
    size = size[np.isfinite(size)]
    inner = log_breaks(size, steps)
    top = max(float(size.max(initial=0.0)), inner[-1] * 2.0)
    return [-top, *(-b for b in reversed(inner)), *inner, top]
