"""The checked fleet as the rest of the program sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from fleet_planner.findings import Finding


@dataclass(frozen=True)
class Totals:
    """Rows and vehicles of a registry file: what is read is left out by the plan, kept, rejected or outside.

    Parameters
    ----------
    rows_read, rows_left_out, rows_kept, rows_rejected
        Rows of the file, wholly empty ones aside; ``rows_left_out`` by ``fleet.keep``.
    vehicles_read, vehicles_kept, vehicles_rejected, vehicles_outside
        Of the rows that were not left out; ``vehicles_outside`` are no vehicles of this inventory, such as trains.
    """

    rows_read: int = 0
    rows_left_out: int = 0
    rows_kept: int = 0
    rows_rejected: int = 0
    vehicles_read: float = 0.0
    vehicles_kept: float = 0.0
    vehicles_rejected: float = 0.0
    vehicles_outside: float = 0.0

    def must_close(self) -> None:
        """Raise an AssertionError where a row or vehicle got lost: that is a fault of the program."""
        rows = self.rows_left_out + self.rows_kept + self.rows_rejected
        vehicles = self.vehicles_kept + self.vehicles_rejected + self.vehicles_outside
        if rows != self.rows_read or abs(vehicles - self.vehicles_read) > 1e-9 * max(self.vehicles_read, 1.0):
            raise AssertionError(f"a registry does not add up: {self}")


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
    totals
        What was read, kept and rejected; visiting vehicles are none of the registry's.
    """

    vehicles: pl.DataFrame
    rejected: pl.DataFrame
    findings: tuple[Finding, ...] = ()
    rejected_vkt_share: float = 0.0
    coverage: pl.DataFrame = field(default_factory=pl.DataFrame)
    totals: Totals = Totals()
