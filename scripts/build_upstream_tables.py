"""Write the packaged tables on making fuels: well-to-tank emissions and what measures mix into the tank.

Usage: python scripts/build_upstream_tables.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

JEC = "JRC, EUCAR and Concawe, Well-to-tank report version 5, 2020; recalled, to be checked"
GREET = "Argonne National Laboratory, GREET; recalled, to be checked"
TSINGHUA = "Tsinghua University, China transport life-cycle analyses; recalled, to be checked"
UPSTREAM = [
    ("EU", "diesel", 18.9, 16.0, 21.0, JEC),
    ("EU", "petrol", 17.0, 14.0, 19.0, JEC),
    ("EU", "cng", 11.4, 8.0, 15.0, JEC),
    ("EU", "lng", 16.6, 12.0, 21.0, JEC),
    ("EU", "biodiesel", 47.0, 35.0, 60.0, f"rapeseed, before the credit of plants; {JEC}"),
    ("EU", "hvo", 11.0, 8.0, 51.0, f"waste cooking oil; high: rapeseed; {JEC}"),
    ("EU", "gtl", 26.0, 22.0, 32.0, f"remote gas; {JEC}"),
    ("EU", "hydrogen", 104.0, 5.0, 120.0, f"steam reforming of gas in central plants; low: electrolysis from wind; {JEC}"),
    ("US", "diesel", 17.5, 14.0, 22.0, GREET),
    ("US", "cng", 13.0, 10.0, 20.0, f"with leaks; {GREET}"),
    ("US", "biodiesel", 35.0, 22.0, 55.0, f"soy, with change of land use; {GREET}"),
    ("CN", "diesel", 19.0, 15.0, 25.0, TSINGHUA),
    ("CN", "cng", 15.0, 10.0, 25.0, f"by pipeline; {TSINGHUA}"),
    ("CN", "lng", 20.0, 12.0, 30.0, TSINGHUA),
    ("CN", "hydrogen", 190.0, 50.0, 230.0, f"from coal; low: by-product of coke ovens; {TSINGHUA}"),
]  # fmt: skip
BLENDS = [
    ("b5", "biodiesel", 0.046, "5 % by volume, by heating values of the guidebook"),
    ("b20", "biodiesel", 0.187, "20 % by volume, by heating values of the guidebook"),
    ("b100", "biodiesel", 1.0, "neat"),
    ("rd99", "hvo", 0.99, "99 % by volume"),
    ("gtl", "gtl", 1.0, "neat"),
]  # fmt: skip


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    upstream = pl.DataFrame(UPSTREAM, schema=["region", "fuel", "value", "low", "high", "source"], orient="row")
    mixed = pl.DataFrame(BLENDS, schema=["measure_id", "fuel", "energy_share", "source"], orient="row")
    return {
        "fuel_upstream.csv": upstream.with_columns(
            year=pl.lit(2020), unit=pl.lit("g CO2e per MJ of fuel"), checked=pl.lit("no")
        ),
        "fuel_blends.csv": mixed.with_columns(year=pl.lit(2019), unit=pl.lit("of the energy"), checked=pl.lit("yes")),
    }


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
