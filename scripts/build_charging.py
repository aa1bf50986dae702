"""Write the packaged tables of charging: shares of energy by hour.

Usage: python scripts/build_charging.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

OWN = (
    "own estimate of when vehicles of the kind stand or stop: to be checked; give hours in the table of demand instead"
)
SHAPES = {
    # depots: from the return in the evening to the start of the morning, most after 22 h
    "depot": [9, 9, 9, 9, 8, 5, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 5, 6, 7, 8, 8],
    # destinations: loading and unloading during the working day
    "destination": [1, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 8, 7, 8, 8, 7, 6, 4, 3, 2, 1, 1, 1, 1],
    # en route: as traffic of trucks, flat over the day and low at night
    "en_route": [2, 1, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2],
    "flat": [1] * 24,
}


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    rows = [(profile, hour, part / sum(parts)) for profile, parts in SHAPES.items() for hour, part in enumerate(parts)]
    profiles = pl.DataFrame(rows, schema=["profile", "hour", "share"], orient="row").with_columns(
        pl.col("share").round(6),
        source=pl.when(pl.col("profile") == "flat").then(pl.lit("by definition")).otherwise(pl.lit(OWN)),
        year=2026,
        unit=pl.lit("share of the day's energy"),
        checked=pl.when(pl.col("profile") == "flat").then(pl.lit("yes")).otherwise(pl.lit("no")),
    )
    return {"charging_profiles.csv": profiles}


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
