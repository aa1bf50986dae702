"""Write the packaged figures of what emissions do: to the climate and to people.

Usage: python scripts/build_impacts.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

AR4 = "IPCC fourth assessment report, as printed in the US EPA emission factors hub 2022 (opened)"
AR4_20 = "IPCC fourth assessment report, table 2.14; recalled, to be checked"
AR5 = "IPCC fifth assessment report, table 8.7, without feedbacks; recalled, to be checked"
AR6 = "IPCC sixth assessment report, working group I, table 7.15 (methane: fossil); recalled, to be checked"
BOND = "Bond and others 2013, Bounding the role of black carbon; recalled, to be checked"
OC = "IPCC fifth assessment report, table 8.A.6; recalled, to be checked"
ONE = "the unit of all others"
GWP = [
    ("any", 20, "CO2", 1.0, 1.0, 1.0, ONE, 2021, "yes"),
    ("any", 100, "CO2", 1.0, 1.0, 1.0, ONE, 2021, "yes"),
    ("ar4", 20, "CH4", 72.0, None, None, AR4_20, 2007, "no"),
    ("ar4", 20, "N2O", 289.0, None, None, AR4_20, 2007, "no"),
    ("ar4", 100, "CH4", 25.0, None, None, AR4, 2007, "yes"),
    ("ar4", 100, "N2O", 298.0, None, None, AR4, 2007, "yes"),
    ("ar5", 20, "CH4", 84.0, None, None, AR5, 2013, "no"),
    ("ar5", 20, "N2O", 264.0, None, None, AR5, 2013, "no"),
    ("ar5", 100, "CH4", 28.0, None, None, AR5, 2013, "no"),
    ("ar5", 100, "N2O", 265.0, None, None, AR5, 2013, "no"),
    ("ar6", 20, "CH4", 82.5, 56.7, 108.3, AR6, 2021, "no"),
    ("ar6", 20, "N2O", 273.0, 155.0, 391.0, AR6, 2021, "no"),
    ("ar6", 100, "CH4", 29.8, 18.8, 40.8, AR6, 2021, "no"),
    ("ar6", 100, "N2O", 273.0, 143.0, 403.0, AR6, 2021, "no"),
    ("any", 20, "BC", 3200.0, 270.0, 6200.0, BOND, 2013, "no"),
    ("any", 100, "BC", 900.0, 120.0, 1800.0, BOND, 2013, "no"),
    ("any", 20, "OC", -160.0, -320.0, -60.0, OC, 2013, "no"),
    ("any", 100, "OC", -46.0, -92.0, -18.0, OC, 2013, "no"),
]  # fmt: skip
FIGURE = ("value", "low", "high", "source", "year", "checked")


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    warming = pl.DataFrame(GWP, schema=["assessment", "horizon_years", "pollutant", *FIGURE], orient="row")
    return {"warming.csv": warming.with_columns(unit=pl.lit("t CO2e per t"))}


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
