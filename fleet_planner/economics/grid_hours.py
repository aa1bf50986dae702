"""The plan's series of electricity by hour, weighed with the hours in which vehicles charge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.economics.learning import Curve
from fleet_planner.errors import InputError
from fleet_planner.reference import reference_table
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.plan.electricity import ElectricitySection

    Float = NDArray[np.float64]

TABLE, KEY = "grid_hours", "electricity.hourly"
MONTHS = 12
AVERAGE, MARGINAL = "average", "marginal"
CO2E = "co2e_kg_per_kwh"
STACKS = {"NOx": "nox_g_per_kwh", "SO2": "so2_g_per_kwh", "PM2.5": "pm25_g_per_kwh"}


@dataclass(frozen=True)
class Hours:
    """A series by hour.

    Parameters
    ----------
    shares
        Of the hours 0 to 23 in what is charged, shape (24,), sum 1.
    by
        By kind (``average``, ``marginal``) and year (0: every year), the columns of the file, each of shape (12, 24),
        by month and hour; those that the file leaves out are missing.
    """

    shares: Float
    by: Mapping[tuple[str, int], Mapping[str, Float]]

    def of(self, kind: str, year: int, column: str) -> float | None:
        """Return the mean of a column as vehicles charge, every month alike; nothing where the file has none."""
        table = self.by.get((kind, year), {})
        return float(table[column].mean(axis=0) @ self.shares) if column in table else None

    def nearest(self, kind: str, year: int) -> Float | None:
        """Return kg CO2e per kWh of the year nearest to one, shape (12, 24); nothing where the file has none."""
        known = self.years(kind)
        return self.by[kind, min(known, key=lambda y: abs(y - year))][CO2E] if known else None

    def years(self, kind: str) -> list[int]:
        """Return the years of a kind of factor."""
        return sorted(year for k, year in self.by if k == kind)


def charging_shares(section: ElectricitySection) -> tuple[Float, bool]:
    """Return the shares of the hours in which vehicles charge, shape (24,), and whether the plan gives them."""
    if section.charging_hours:
        given = np.array(section.charging_hours, dtype=np.float64)
        return given / given.sum(), True
    rows = reference_table("charging_profiles.csv").filter(profile=section.charging_profile).sort("hour")
    shares = rows["share"].to_numpy().astype(np.float64)
    return shares / shares.sum(), bool((rows["checked"] == "yes").all())


def weighted(hours: Hours, kind: str, column: str = CO2E) -> Curve:
    """Return a column of a kind by year, weighed with the hours of charging; no point where the file has none."""
    points = [(year, hours.of(kind, year, column)) for year in hours.years(kind)]
    return Curve(tuple((year, value) for year, value in points if value is not None))


def read_hours(path: Path, shares: Float) -> Hours:
    """Read a series by hour (``tables/columns/grid_hours.csv``).

    Parameters
    ----------
    path
        Of the table. Rows without a month hold for all of them, a table without years for every year.
    shares
        Of the hours in what is charged, shape (24,).

    Raises
    ------
    InputError
        A cell is wrong, or an hour of some month has no row or two.
    """
    table = typed(read_cells(path, KEY), TABLE, path).with_columns(
        pl.col("kind").fill_null(AVERAGE), pl.col("year").fill_null(0)
    )
    if table["year"].min() == 0 and table["year"].max() != 0:
        empty = pl.col("year") == 0
        refuse(table, empty, "year", path, "this row has no year, others have", "Give all rows a year, or none.")
    columns = [c for c in (CO2E, *STACKS.values()) if not table[c].is_null().all()]
    for column in columns:
        refuse(table, pl.col(column).is_null(), column, path, "this cell is empty, others are not", "Fill all or none.")
    out = {}
    for (kind, year), rows in table.group_by("kind", "year", maintain_order=True):
        out[str(kind), int(str(year))] = _by_month(rows, columns, path)
    if not any(kind == AVERAGE for kind, _ in out):
        raise InputError(
            "the series has marginal factors alone", "Add rows of kind average: inventories need them.", path,
            column="kind",
        )  # fmt: skip
    return Hours(shares, out)


def _by_month(rows: pl.DataFrame, columns: list[str], path: Path) -> dict[str, Float]:
    many = np.zeros((MONTHS, HOURS_PER_DAY), dtype=np.int64)
    out = {c: np.zeros(many.shape) for c in columns}
    for row in rows.iter_rows(named=True):
        months = slice(None) if row["month"] is None else slice(row["month"] - 1, row["month"])
        many[months, row["hour"]] += 1
        if (many[months, row["hour"]] > 1).any():
            raise InputError("this hour has two rows", "Remove one.", path, row["row"], "hour", row["hour"])
        for column in columns:
            out[column][months, row["hour"]] = row[column]
    if (many == 0).any():
        month, hour = np.argwhere(many == 0)[0]
        raise InputError(f"there is no row for hour {hour} of month {month + 1}", "Add it.", path, column="hour")
    return out
