"""Write the packaged figures of the people who drive and look after vehicles, and of what training them takes.

Usage: python scripts/build_workforce.py [--check]

With ``--check`` nothing is written; the exit status is 1 when the packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

OWN = "own estimate, to be checked"
RATIO = "Vehicle Service Pros, What is the actual industry standard ratio for trucks to technicians: 12.3 trucks each (undated, read 2026)"
LEARNING = "International Transportation Learning Center, zero-emission bus workforce guidance, question 8 (undated, read 2026; money taken as of 2022)"
ROWS = [
    ("bus", "operators_per_vehicle", 2.0, 1.5, 2.8, "", None, OWN, 2026, "people per vehicle", "no"),
    ("coach", "operators_per_vehicle", 1.5, 1.0, 2.0, "", None, OWN, 2026, "people per vehicle", "no"),
    ("rigid", "operators_per_vehicle", 1.1, 1.0, 1.5, "", None, OWN, 2026, "people per vehicle", "no"),
    ("articulated", "operators_per_vehicle", 1.2, 1.0, 2.0, "", None, OWN, 2026, "people per vehicle", "no"),
    ("van", "operators_per_vehicle", 1.0, 0.8, 1.2, "", None, OWN, 2026, "people per vehicle", "no"),
    ("any", "operators_per_vehicle", 0.0, 0.0, 0.0, "", None, OWN, 2026, "people per vehicle", "no"),
    ("bus", "mechanics_per_vehicle", 0.15, 0.08, 0.25, "", None, OWN, 2026, "people per vehicle", "no"),
    ("coach", "mechanics_per_vehicle", 0.1, 0.06, 0.2, "", None, OWN, 2026, "people per vehicle", "no"),
    ("rigid", "mechanics_per_vehicle", round(1 / 12.3, 4), None, None, "", None, RATIO, 2026, "people per vehicle", "yes"),
    ("articulated", "mechanics_per_vehicle", round(1 / 12.3, 4), None, None, "", None, RATIO, 2026, "people per vehicle", "yes"),
    ("van", "mechanics_per_vehicle", 0.02, 0.01, 0.03, "", None, OWN, 2026, "people per vehicle", "no"),
    ("any", "mechanics_per_vehicle", 0.01, 0.005, 0.02, "", None, OWN, 2026, "people per vehicle", "no"),
    ("any", "operator_hours", 8.0, 4.0, 24.0, "", None, OWN, 2026, "hours per person", "no"),
    ("any", "mechanic_hours", 1070.0, 120.0, None, "", None, LEARNING, 2026, "hours per person", "yes"),
    ("any", "retrofit_mechanic_hours", 16.0, 8.0, 40.0, "", None, OWN, 2026, "hours per person", "no"),
    ("any", "operator_usd", 300.0, 100.0, 1000.0, "USD", 2024, OWN, 2026, "per person", "no"),
    ("any", "mechanic_usd", 10000.0, None, None, "USD", 2022, LEARNING, 2026, "per person", "yes"),
    ("any", "retrofit_mechanic_usd", 800.0, 400.0, 2000.0, "USD", 2024, OWN, 2026, "per person", "no"),
]  # fmt: skip
COLUMNS = (
    "vehicle_class",
    "item",
    "value",
    "low",
    "high",
    "currency",
    "price_year",
    "source",
    "year",
    "unit",
    "checked",
)


def tables() -> dict[str, pl.DataFrame]:
    """Return the table by file name."""
    return {"workforce.csv": pl.DataFrame(ROWS, schema=list(COLUMNS), orient="row")}


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
