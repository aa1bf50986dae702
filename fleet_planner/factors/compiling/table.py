"""Factors compiled to dense arrays for the kernels, for the technologies of one fleet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.factors.compiling.channels import POLLUTANTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.factors.conditions import Conditions
    from fleet_planner.factors.processes.degradation import Degradation

LOOKUP_PER_KMH = 16.0
Array = NDArray[np.float64]


def no_shares() -> pl.DataFrame:
    """Return the table of a fleet whose shares are all published."""
    return pl.DataFrame(schema={"technology_id": pl.Int32, "pollutant": pl.String, "replaced": pl.String})


def no_defects() -> pl.DataFrame:
    """Return the table of a fleet that meets no known defect."""
    return pl.DataFrame(schema={"technology_id": pl.Int32, "factor_set": pl.String, "code": pl.String})


def no_odd() -> pl.DataFrame:
    """Return the table of a fleet whose factors are all near those of the neighbouring stages."""
    text = {"factor_set": pl.String, "pollutant": pl.String}
    return pl.DataFrame(schema={"technology_id": pl.Int32} | text | {"ratio": pl.Float64})


@dataclass(frozen=True)
class FactorTable:
    """What the inventory multiplies activity with.

    Parameters
    ----------
    technologies
        One row per technology (`axes.TECHNOLOGY` columns and ``use``, "" for any), with ``technology_id`` = row number,
        ``replaced`` (what stood in, "" when nothing did), ``v_min_kmh`` and ``v_max_kmh`` (speeds between which its NOx
        curves hold; null without one).
    conditions
        Weather, fuels, trips; gives the condition axis.
    curves
        Sampled factors, shape (C, S).
    blocks
        Curve by condition, load step and grade step; -1 where there is none, shape (B, conditions, 3, 7), int32.
    block_of
        Block of a technology's channel; -1 where it has none, shape (T, channels), int32.
    scale
        Number by which a technology's channel is multiplied, shape (T, channels).
    grid_kmh, lookup, lookup_per_kmh
        The speed grid and the table that finds its cells, see `kernels.inventory.speed_cell`.
    no2_share
        Share of NO2 in the NOx of each technology, shape (T,).
    ageing
        By technology: what makes a pollutant's exhaust grow with the vehicle's odometer.
    origins
        ``technology_id, pollutant, factor_set, replaced``: where the hot curves of each technology are from.
    missing
        ``technology_id, pollutant`` for which nothing is published (counted as zero).
    unspread
        `curves` before they were averaged over the spread of speeds; nothing where they were not.
    quality
        By technology: factor of the quality of the diesel sold by pollutant, which the curves hold already.
    shares
        ``technology_id, pollutant, replaced``: what stood in for a share of NOx or particles (``none``: nothing, so
        that it counts as zero), for a particle number and for rates of ``idling``.
    defects
        ``technology_id, factor_set, code``: known defects of a set's rows that a technology uses.
    odd
        ``technology_id, factor_set, pollutant, ratio``: factors far from those of the neighbouring stages.
    """

    technologies: pl.DataFrame
    conditions: Conditions
    curves: Array
    blocks: NDArray[np.int32]
    block_of: NDArray[np.int32]
    scale: Array
    grid_kmh: Array
    lookup: NDArray[np.int64]
    lookup_per_kmh: float
    no2_share: Array
    ageing: tuple[Mapping[str, Degradation], ...]
    origins: pl.DataFrame
    missing: pl.DataFrame
    unspread: Array | None = None
    quality: tuple[Mapping[str, float], ...] = ()
    shares: pl.DataFrame = field(default_factory=no_shares)
    defects: pl.DataFrame = field(default_factory=no_defects)
    odd: pl.DataFrame = field(default_factory=no_odd)
    pollutants: tuple[str, ...] = POLLUTANTS


def speed_lookup(grid_kmh: Array) -> NDArray[np.int64]:
    """Return, for each 1/16 km/h from zero, the grid cell at or below it."""
    at = np.arange(int(grid_kmh[-1] * LOOKUP_PER_KMH) + 2) / LOOKUP_PER_KMH
    cell = np.searchsorted(grid_kmh, at, side="right") - 1
    return np.clip(cell, 0, grid_kmh.size - 2).astype(np.int64)
