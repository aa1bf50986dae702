"""How much prices swing, and how few sell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def shocks(draws: int, cities: int, spread: float, correlation: float, seed: int) -> Array:
    """Return factors on the driving of each city, log-normal with mean 1, shape (draws, cities).

    Parameters
    ----------
    draws, cities
        How many.
    spread
        Standard deviation of the logarithm.
    correlation
        Between any two cities, 0..1: one part of the shock is common to all.
    seed
        The same seed gives the same shocks.
    """
    generator = np.random.default_rng(seed)
    common, own = generator.standard_normal((draws, 1)), generator.standard_normal((draws, cities))
    drawn = np.sqrt(correlation) * common + np.sqrt(1.0 - correlation) * own
    out: Array = np.exp(spread * drawn - 0.5 * spread**2)
    return out


def concentration(sold: Array) -> float:
    """Return the Herfindahl-Hirschman index of the sellers, 0..10,000; 0 where nothing is sold.

    Parameters
    ----------
    sold
        Units by city, shape (N,).
    """
    total = float(sold.sum())
    return 0.0 if total <= 0.0 else float(((100.0 * sold / total) ** 2).sum())
