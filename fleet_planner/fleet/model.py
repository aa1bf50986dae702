"""The checked fleet as the rest of the program sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from fleet_planner.findings import Finding


@dataclass(frozen=True)
class Fleet:
    """A registry whose every row is mapped to a technology.

    Parameters
    ----------
    vehicles
        One row per vehicle or group, columns of ``tables/columns/vehicles.csv`` (no nulls in
        ``category, fuel, segment, standard, aftertreatment, stream, km_per_year, share_inside,
        load_fraction, count, visiting``).
    rejected
        Rows left out: ``file, row, column, value, reason, remedy``.
    findings
        What was derived or defaulted, and how much was rejected.
    rejected_vkt_share
        Share of the vehicle-km in rejected rows; a row whose distance cannot be read counts as a mean good one.
    coverage
        How the registry was mapped, in rows, vehicles and vehicle-km: see `coverage.coverage_of`.
    """

    vehicles: pl.DataFrame
    rejected: pl.DataFrame
    findings: tuple[Finding, ...] = ()
    rejected_vkt_share: float = 0.0
    coverage: pl.DataFrame = field(default_factory=pl.DataFrame)
