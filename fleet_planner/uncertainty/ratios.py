"""Ratios in draws whose denominator may pass nought: such an end of a band is left open, not told as a number.

A price per unit avoided has no meaning where nothing is avoided. Such draws count as above every price; where they are
more than the band leaves out above, its upper end is open. Where prices can be negative as well, dividing by nearly
nought makes prices of any size of either sign, and both ends are open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
HALF = 0.5


@dataclass(frozen=True)
class OpenBand:
    """A band of which an end, or the median, is None where it is open.

    Parameters
    ----------
    low, median, high
        Of the draws.
    without
        Share of the draws without a value.
    """

    low: float | None
    median: float | None
    high: float | None
    without: float


def ratio_draws(above: Array, below: Array, least: float = 0.0) -> Array:
    """Return a ratio in every draw; infinite where its denominator is not above the least."""
    some = below > least
    return np.asarray(np.divide(above, below, out=np.full(np.shape(below), np.inf), where=some))


def open_band(draws: Array, level: float) -> OpenBand:
    """Return the band of a ratio.

    Nothing is told of a ratio that has a value in no more than half of the draws.

    Parameters
    ----------
    draws
        As of `ratio_draws`, shape (draws,).
    level
        Share of the draws between low and high.
    """
    finite = np.isfinite(draws)
    without = float(np.mean(~finite))
    if without == 0.0:
        ends = np.quantile(draws, [HALF - level / 2.0, HALF, HALF + level / 2.0])
        return OpenBand(float(ends[0]), float(ends[1]), float(ends[2]), without)
    if without >= HALF:
        return OpenBand(None, None, None, without)
    # draws as they are: nothing is interpolated with an infinite one
    ends = np.quantile(draws, [HALF - level / 2.0, HALF, HALF + level / 2.0], method="inverted_cdf")
    high_open = not np.isfinite(ends[2])
    low_open = high_open and float(draws[finite].min()) < 0.0
    return OpenBand(
        None if low_open else float(ends[0]), float(ends[1]), None if high_open else float(ends[2]), without
    )
