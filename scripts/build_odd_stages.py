"""Write the curves of the European table that are far from those of their neighbouring stages.

Usage: python scripts/build_odd_stages.py [--check]

Computed from the packaged table and its bridges; with ``--check`` nothing is written and the exit status is 1 when the
packaged table differs.
"""

from __future__ import annotations

import argparse
import sys

import polars as pl
from build_reference_tables import write_or_check

from fleet_planner.factors.odd_stages import european_levels, flagged


def odd() -> pl.DataFrame:
    """Odd curves, six significant digits."""
    return flagged(european_levels()).with_columns(
        pl.col("ef", "ef_before", "ef_after", "ratio").round_sig_figs(6),
        source=pl.lit("computed from emep_eea_2019_hot.csv.gz; rule in fleet_planner/factors/odd_stages.py"),
        year=pl.lit(2026), unit=pl.lit("g/km (MJ/km)"), checked=pl.lit("yes"),
    )  # fmt: skip


def main() -> int:
    """Write or check the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    return write_or_check({"emep_eea_2019_hot_odd.csv": odd()}, check=parser.parse_args().check)


if __name__ == "__main__":
    sys.exit(main())
