"""How far the baseline's totals may be off, by the published ratings of the factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.factors.compiling.uncertainty import code_of, interval_95
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from fleet_planner.inventory import Inventory

HOT = "hot"
UNRATED = ("electricity_kwh", "CO2_grid")
"""No factor of vehicles: no rating."""
SCHEMA = {
    "pollutant": pl.String,
    "unit": pl.String,
    "value_per_year": pl.Float64,
    "low_per_year": pl.Float64,
    "high_per_year": pl.Float64,
    "ratings": pl.String,
}


def bands_table(inventory: Inventory) -> pl.DataFrame:
    """Return the 95 % band of every pollutant's yearly total on roads (``tables/columns/mrv_bands.csv``).

    Each category and fuel has the rating that the guidebook gives its hot factor, which stands for its other processes
    too. All factors are taken to err the same way, so that bands are added up and do not shrink with the number of
    vehicles; errors of the activity are not in them.
    """
    rows = inventory.by_technology
    out = []
    for spec in pollutants():
        column = f"{spec.pollutant}_per_day"
        if column not in rows.columns or spec.pollutant in UNRATED:
            continue
        sums = rows.group_by("category", "fuel", maintain_order=True).agg(pl.col(column).sum()).sort("category", "fuel")
        year = DAYS_PER_YEAR * spec.per_year_factor
        low = high = total = 0.0
        codes: dict[str, float] = {}
        for category, fuel, value in sums.iter_rows():
            code = code_of({"category": category, "fuel": fuel}, spec.pollutant, HOT)
            below, above = interval_95(code)
            total += value * year
            low += value * year * min(below, 1.0)
            high += value * year * max(above, 1.0)
            codes[code] = codes.get(code, 0.0) + value
        if total > 0.0:
            ratings = ", ".join(f"{c} {100.0 * v * year / total:.0f} %" for c, v in sorted(codes.items()) if v > 0.0)
            out.append((spec.pollutant, spec.unit_per_year, total, low, high, ratings))
    return pl.DataFrame(out, schema=SCHEMA, orient="row")
