"""Shares of several causes in a difference that add up to it exactly, whatever the order of the causes."""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 12
"""Causes whose 2^n combinations are still worked out one by one."""


def shapley(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Shapley value of every cause by exact enumeration.

    The value of cause i is the mean, over all orders of the causes, of what i changes when it joins those before it
    (L. S. Shapley 1953, A value for n-person games, Contributions to the Theory of Games II, eq. 12):
    ``sum over S without i of |S|! (n - |S| - 1)! / n! (v(S with i) - v(S))``. The values add up to
    ``v(all) - v(none)``, causes that do the same get the same, and one that changes nothing gets nothing.

    Parameters
    ----------
    values
        Shape (2^n, …): the quantity where exactly the causes whose bits are set in the row's number have changed.

    Returns
    -------
    numpy.ndarray
        Shape (n, …).

    Raises
    ------
    ValueError
        The rows are no power of two, or there are more than `MOST` causes.
    """
    rows = len(values)
    n = rows.bit_length() - 1
    if rows != 1 << n or n > MOST:
        raise ValueError(f"{rows} rows are not those of at most {MOST} causes")
    out = np.zeros((n, *values.shape[1:]))
    masks = np.arange(rows)
    size = np.array([int(m).bit_count() for m in masks])
    for i in range(n):
        before = masks[(masks >> i) & 1 == 0]
        weight = np.array([factorial(s) * factorial(n - s - 1) / factorial(n) for s in size[before]])
        gains = values[before | (1 << i)] - values[before]
        out[i] = np.tensordot(weight, gains, axes=1)
    return rounded_to(out, values[-1] - values[0])


def rounded_to(parts: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return parts (first axis) whose rounding is put on the largest, so that they add up to the whole."""
    if not len(parts):
        return parts
    out = parts.copy()
    for _ in range(2):
        rest = whole - out.sum(axis=0)
        largest = np.abs(out).argmax(axis=0)[None]
        np.put_along_axis(out, largest, np.take_along_axis(out, largest, axis=0) + rest[None], axis=0)
    return out


def log_mean(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithmic mean ``(b - a) / ln(b / a)``; ``a`` where both are equal, 0 where one is 0."""
    both = (a > 0.0) & (b > 0.0)
    near = np.where(both, a, 1.0), np.where(both, b, 1.0)
    log = np.log(near[1] / near[0])
    same = np.abs(log) < 1e-12
    mean = np.where(same, 0.5 * (near[0] + near[1]), (near[1] - near[0]) / np.where(same, 1.0, log))
    return np.where(both, mean, 0.0)


def lmdi(first: NDArray[np.float64], second: NDArray[np.float64], takes_all: int) -> NDArray[np.float64]:
    """Return the additive LMDI-I shares of factors whose product is the quantity.

    ``L(E1, E2) ln(x2 / x1)`` for factor x (B. W. Ang 2005, Energy Policy 33, 867-871, table 1). Where a product begins
    or ends at 0, the limit puts the whole change on the factors that are 0 (B. W. Ang and N. Liu 2007, Energy Policy
    35, 238-246), here on the first of them, beginning with ``takes_all``.

    Parameters
    ----------
    first, second
        Factors, shape (n, items).
    takes_all
        Row of the factor that is asked first.

    Returns
    -------
    numpy.ndarray
        Shape (n, items); the sum over the factors is the change of the product.
    """
    product = first.prod(axis=0), second.prod(axis=0)
    mean = log_mean(*product)
    kept = mean > 0.0
    ratio = np.where(kept, second, 1.0) / np.where(kept, first, 1.0)
    out = mean * np.log(ratio)
    change = product[1] - product[0]
    left = ~kept & (change != 0.0)
    for row in (takes_all, *(k for k in range(len(first)) if k != takes_all)):
        own = left & ((first[row] == 0.0) | (second[row] == 0.0))
        out[row] = np.where(own, change, out[row])
        left &= ~own
    return rounded_to(out, change)
