"""Electricity use of battery-electric vehicles and the CO2 of a region's electricity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.factors.processes.use_per_km import load_use
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

GRID_TABLES = ("grid_factors.csv", "grid_chile.csv", "grid_factors_more.csv")


def load_electricity_use() -> Mapping[tuple[str, str], float]:
    """Return kWh per km at the plug by (category, segment); segment "" serves any."""
    return load_use("electricity_use.csv", "kwh_per_km")


def grid_factor(region: str, year: int) -> tuple[float, str, str]:
    """Return kg CO2 per kWh of the region's electricity nearest to ``year``, its source and ``checked``.

    Raises
    ------
    InputError
        The region has no row.
    """
    columns = ["region", "year", "co2_kg_per_kwh", "scope", "source", "unit", "checked"]
    table = pl.concat(
        [reference_table(name).select(columns) for name in GRID_TABLES],
        how="vertical_relaxed",
    )
    rows = table.filter(pl.col("region") == region)
    if rows.is_empty():
        raise InputError(
            "no electricity factor is known for this region",
            f"Set city.grid_region to one of {', '.join(table['region'].unique().sort())}.",
            column="city.grid_region",
            value=region,
        )
    row = rows.sort((pl.col("year") - year).abs(), maintain_order=True).row(0, named=True)
    return (
        float(row["co2_kg_per_kwh"]),
        f"{row['source']} ({row['scope']}, {row['year']})",
        str(row["checked"]),
    )
