"""Write what building a diesel vehicle to a newer standard costs.

Usage: python scripts/build_standard_costs.py [--check]

With ``--check`` nothing is written; the exit status is 1 when the packaged table differs.
"""

from __future__ import annotations

import argparse
import sys

import polars as pl
from build_reference_tables import write_or_check

HEAVY = (
    "ICCT, Costs of emission reduction technologies for heavy-duty diesel vehicles (Posada and others 2016): Euro II to "
    "Euro VI 6,937 US$ of 2015"
)
STEP = f"{HEAVY}; the steps between are recalled, to be checked"
LIGHT = (
    "ICCT, Estimated cost of emission reduction technologies for light-duty vehicles (Posada and others 2012), diesel "
    "of 2 l, sum of steps; recalled, to be checked"
)
NOTHING = "as the standard before: no new device, own assumption"

HEAVY_USD_2015 = (
    ("conventional", 0.0, "older than the steps: counted as Euro II", "no"), ("euro_I", 0.0, "older than the steps: counted as Euro II", "no"),
    ("euro_II", 0.0, HEAVY, "yes"), ("euro_III", 400.0, STEP, "no"), ("euro_IV", 3600.0, STEP, "no"), ("euro_V", 4657.0, STEP, "no"), ("eev", 4657.0, STEP, "no"),
    ("euro_VI_abc", 6937.0, HEAVY, "yes"), ("euro_VI_de", 6937.0, NOTHING, "no"),
)  # fmt: skip
LIGHT_USD_2010 = (
    ("conventional", 0.0), ("euro_1", 56.0), ("euro_2", 140.0), ("euro_3", 477.0), ("euro_4", 622.0), ("euro_5", 928.0), ("euro_6abc", 1399.0),
    ("euro_6d_temp", 1399.0), ("euro_6d", 1399.0),
)  # fmt: skip
LIFE_YEARS = {"heavy_truck": 12, "bus": 12, "passenger_car": 15, "light_commercial": 15}


def costs() -> pl.DataFrame:
    """Manufacturing cost above that of the oldest step, by category and standard."""
    rows = []
    for category, life in LIFE_YEARS.items():
        if category in {"heavy_truck", "bus"}:
            rows += [(category, s, usd, 2015, life, source, checked) for s, usd, source, checked in HEAVY_USD_2015]
        else:
            rows += [(category, s, usd, 2010, life, LIGHT, "no") for s, usd in LIGHT_USD_2010]
    frame = pl.DataFrame(
        rows, schema=["category", "standard", "usd", "year", "life_years", "source", "checked"], orient="row"
    )
    return frame.with_columns(unit=pl.lit("US$ of the year per vehicle above the oldest step; life: own default"))


def main() -> int:
    """Write or check the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    return write_or_check({"standard_costs.csv": costs()}, check=parser.parse_args().check)


if __name__ == "__main__":
    sys.exit(main())
