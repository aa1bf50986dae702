"""From tonnes to what people breathe: intake fractions.

An intake fraction is the part of what is emitted that people breathe in. With Q m3 that a person breathes a day,
``sum over people of the mean concentration = iF x emission / Q``.
"""

from __future__ import annotations

import polars as pl

from fleet_planner.impacts.health.response import Ranged
from fleet_planner.reference import reference_table
from fleet_planner.units import DAYS_PER_YEAR

UG_PER_T = 1e12
PER_MILLION = 1e-6
REMOTE = "remote"
"""Part of the rows that hold for power plants, not for traffic."""


def ranged(row: dict[str, object]) -> Ranged:
    """Return the figure of a row of a packaged table; one without a range has itself."""
    value, low, high = (None if row[k] is None else float(row[k]) for k in ("value", "low", "high"))  # type: ignore[arg-type]  # numbers
    assert value is not None
    return Ranged(
        value, value if low is None else low, value if high is None else high, checked=row["checked"] == "yes"
    )


def intake_fraction(pollutant: str, people: float) -> tuple[str, Ranged]:
    """Return whether a pollutant is breathed as primary or secondary particles, and its intake fraction, ppm.

    Parameters
    ----------
    pollutant
        ``PM2.5``, or a gas that turns into particles.
    people
        Of the city; the fraction of primary particles is of cities of its size.
    """
    table = reference_table("intake_fractions.csv").filter(
        (pl.col("pollutant") == pollutant) & (pl.col("from_people") <= people) & (pl.col("part") != REMOTE)
    )
    row = table.sort("from_people", descending=True).row(0, named=True)
    return str(row["part"]), ranged(row)


def exposure(emitted_t: float, fraction_ppm: float, breathing_m3_per_day: float) -> float:
    """Return people times µg/m3, annual mean, of an emission in t a year."""
    return fraction_ppm * PER_MILLION * emitted_t * UG_PER_T / (breathing_m3_per_day * DAYS_PER_YEAR)
