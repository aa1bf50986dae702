"""Turn the collected rows of the guidebook's 2025 edition into packaged tables.

Usage: python scripts/build_2025_tables.py --from FOLDER [--check]

Writes the hot rows (same columns as those of 2019). With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import polars as pl
from build_reference_tables import command, read

if TYPE_CHECKING:
    from pathlib import Path

APPENDIX = "EMEP/EEA guidebook 2023, update 2025, chapter 1.A.3.b.i-iv, Appendix 4 (October 2025), as quoted in HAGRID (TUBS-IVS)"
SOURCED = {"year": pl.lit("2025"), "checked": pl.lit("yes")}
UNITS = {"energy_MJ": "MJ/km"}


def hot(folder: Path) -> pl.DataFrame:
    """Hot coefficients of what burns fuel, digits unchanged; particle number has a table of its own."""
    electric = pl.col("fuel") == "electric"
    kept = read(folder, "emep_eea_2025_van_hot.csv").filter(~electric & (pl.col("pollutant") != "SPN23"))
    return kept.select(
        "category",
        "fuel", "segment", "standard", "technology", "pollutant", pl.lit("any").alias("mode"), pl.lit("").alias("load"), pl.lit("").alias("slope"),
        pl.col("v_min").alias("v_min_kmh"), pl.col("v_max").alias("v_max_kmh"),
        "a", "b", "g", "d", "e", "z", "h", "reduction", pl.col("v_check").alias("v_check_kmh"), "ef_check",
        pl.col("pollutant").replace_strict(UNITS, default="g/km").alias("unit"), pl.lit(APPENDIX).alias("source"), **SOURCED,
    )  # fmt: skip


def tables(folder: Path) -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    return {
        "emep_eea_2025_hot.csv": hot(folder),
    }


if __name__ == "__main__":
    sys.exit(command(__doc__, tables))
