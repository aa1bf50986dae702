"""Roads for drawing: both directions of a street are one line; classes with round limits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

STEPS = (1.0, 2.0, 5.0)
TOP_QUANTILE = 0.99


def road_of_link(links: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the road of each link, and the first link of each road: both directions of a road are one.

    The second direction follows the first in the link table and joins the same nodes the other way.
    """
    u, v, km = (links[c].to_numpy() for c in ("u", "v", "length_km"))
    second = np.zeros(links.height, dtype=bool)
    second[1:] = (u[1:] == v[:-1]) & (v[1:] == u[:-1]) & (km[1:] == km[:-1])
    # in a run of mirrored links only every other one is a second direction
    for i in np.flatnonzero(second[1:] & second[:-1]) + 1:
        second[i] = not second[i - 1]
    road = np.cumsum(~second) - 1
    return road.astype(np.int64), np.flatnonzero(~second)


def round_breaks(values: NDArray[np.float64], count: int = 5) -> list[float]:
    """Return ``count`` rising class limits of the series 1, 2, 5, 10 ... for a map's legend.

    The highest is the largest such number below the 99th percentile of the positive values, so that a
    few roads stand out and the limits can be read aloud.
    """
    positive = values[values > 0.0]
    if positive.size == 0:
        return [float(k) for k in range(1, count + 1)]
    top = float(np.quantile(positive, TOP_QUANTILE))
    power = math.floor(math.log10(top))
    step = max((k for k in range(3) if STEPS[k] * 10.0**power <= top * (1.0 + 1e-12)), default=0)
    place = 3 * power + step
    return [float(f"{STEPS[k % 3]:g}e{k // 3}") for k in range(place - count + 1, place + 1)]
