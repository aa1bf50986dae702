"""Answers computed anew from the sites alone, without what a model or a solver says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.chargers.distances import Reach

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]


def nearest_open(reach: Reach, is_open: Bool) -> tuple[Int, Float]:
    """Return the nearest open site of each demand and the way there; -1 and ``inf`` where none reaches it."""
    site = np.full(reach.demands, -1, dtype=np.int64)
    km = np.full(reach.demands, np.inf)
    for i in np.flatnonzero(is_open).tolist():
        own = slice(int(reach.first[i]), int(reach.first[i + 1]))
        who, way = reach.demand[own], reach.km[own]
        nearer = way < km[who]
        site[who[nearer]], km[who[nearer]] = i, way[nearer]
    return site, km


def covered_weight(reach: Reach, weight: Float, is_open: Bool) -> float:
    """Return the weight that some open site reaches."""
    return float(weight[np.isfinite(nearest_open(reach, is_open)[1])].sum())


def weighted_km(reach: Reach, weight: Float, is_open: Bool, far_km: float) -> float:
    """Return the weighted way to the nearest open site; ``far_km`` where none is nearer."""
    return float((weight * np.minimum(nearest_open(reach, is_open)[1], far_km)).sum())


def longest_km(reach: Reach, is_open: Bool) -> float:
    """Return the longest way to the nearest open site, of the demand that any site reaches."""
    known = np.unique(reach.demand)
    return float(nearest_open(reach, is_open)[1][known].max(initial=0.0))
