"""Write the packaged figures of the working day of electric vans and trucks: when it begins, chargers on the way.

Usage: python scripts/build_working_day.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

OWN = "own estimate, to be checked"
MADE = "power of the packaged kinds of chargers that fits the vehicle: own estimate, to be checked"

# item, applies, value, low, high, source, unit
FIGURES = [
    ("start_h", "light_commercial", 7.0, 6.0, 9.0, OWN, "hour of the day"),
    ("start_h", "postal", 6.0, 5.0, 8.0, OWN, "hour of the day"),
    ("start_h", "rigid_truck", 6.0, 4.0, 8.0, OWN, "hour of the day"),
    ("start_h", "construction", 7.0, 6.0, 8.0, OWN, "hour of the day"),
    ("start_h", "dump_truck", 7.0, 5.0, 8.0, OWN, "hour of the day"),
    ("start_h", "mixer_truck", 7.0, 5.0, 8.0, OWN, "hour of the day"),
    ("start_h", "sanitation", 5.0, 4.0, 7.0, OWN, "hour of the day"),
    ("start_h", "articulated_truck", 5.0, 3.0, 8.0, OWN, "hour of the day"),
    ("start_h", "drayage", 6.0, 4.0, 8.0, OWN, "hour of the day"),
    ("stop_kw", "van", 50.0, 11.0, 50.0, MADE, "kW"),
    ("stop_kw", "rigid_truck", 100.0, 50.0, 150.0, MADE, "kW"),
    ("stop_kw", "articulated_truck", 150.0, 100.0, 350.0, MADE, "kW"),
    ("way_kw", "van", 50.0, 50.0, 150.0, MADE, "kW, at least"),
    ("way_kw", "rigid_truck", 150.0, 100.0, 350.0, MADE, "kW, at least"),
    ("way_kw", "articulated_truck", 350.0, 150.0, 1000.0, MADE, "kW, at least"),
    ("least_stop_min", "any", 20.0, 10.0, 30.0, f"shorter stops are no time to plug in: {OWN}", "min"),
]
COLUMNS = ["item", "applies", "value", "low", "high", "source", "unit"]


def tables() -> dict[str, pl.DataFrame]:
    """Return the table by file name."""
    made = pl.DataFrame(FIGURES, schema=COLUMNS, orient="row").with_columns(year=pl.lit(2026), checked=pl.lit("no"))
    return {"working_day.csv": made.select(*COLUMNS[:-1], "year", "unit", "checked")}


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
