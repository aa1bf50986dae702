"""Write the packaged figures that carbon markets fall back on.

Usage: python scripts/build_carbon_market.py [--check]

With ``--check`` nothing is written; the exit status is 1 when the packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

BANFI = "Banfi, Filippini and Hunt 2005, Fuel tourism in border regions: the case of Switzerland (Energy Economics 27:689-707), abstract"
SCHNEIDER = "L. Schneider, Conservativeness in baselines, World Bank workshop for CDM project developers, Buenos Aires, 5 December 2004"
ADJUSTMENTS = "UNFCCC, technical guidance on adjustments under Article 5.2 of the Kyoto Protocol (20/CMP.1), tables of conservativeness factors; recalled, to be checked"

# figure, from and to (of the uncertainty, %), value, source, year, unit, checked
FIGURES = [
    ("border_fuel_elasticity", None, None, 1.75, BANFI, 2005, "% of demand per % of price", "yes"),
    ("conservativeness", 0.0, 10.0, 0.98, ADJUSTMENTS, 2005, "share of the cut", "no"),
    ("conservativeness", 10.0, 30.0, 0.94, ADJUSTMENTS, 2005, "share of the cut", "no"),
    ("conservativeness", 30.0, 50.0, 0.89, ADJUSTMENTS, 2005, "share of the cut", "no"),
    ("conservativeness", 50.0, 100.0, 0.82, SCHNEIDER, 2004, "share of the cut", "yes"),
    ("conservativeness", 100.0, None, 0.73, ADJUSTMENTS, 2005, "share of the cut", "no"),
]  # fmt: skip
COLUMNS = ("figure", "over_pct", "up_to_pct", "value", "source", "year", "unit", "checked")


def tables() -> dict[str, pl.DataFrame]:
    """Return the table by file name."""
    return {"carbon_market.csv": pl.DataFrame(FIGURES, schema=COLUMNS, orient="row")}


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
