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


def cold(folder: Path) -> pl.DataFrame:
    """Cold over hot ratios of the vans, with the constants of the cold share's reduction where one is published."""
    parameters = read(folder, "emep_eea_2025_parameters.csv").filter(
        pl.col("parameter").str.starts_with("cold_bc_euro6_")
    )
    constants = parameters.with_columns(pollutant=pl.col("parameter").str.strip_prefix("cold_bc_euro6_")).pivot(
        "item", index="pollutant", values="value"
    )
    return read(folder, "emep_eea_2025_van_cold.csv").join(constants, on="pollutant", how="left", suffix="_bc", maintain_order="left").select(
        "category", "fuel", "segment", "standard", "pollutant", "a", "b", "c",
        pl.col("v_min").alias("v_min_kmh"), pl.col("v_max").alias("v_max_kmh"), pl.col("t_min").alias("t_min_c"), pl.col("t_max").alias("t_max_c"),
        pl.col("a_bc").fill_null("1").alias("share_constant"), pl.col("b_bc").fill_null("0").alias("share_per_trip_km"),
        pl.lit("ratio; share of the cold share").alias("unit"), pl.lit(f"{APPENDIX}; table 3-46").alias("source"), **SOURCED,
    )  # fmt: skip


def wear(folder: Path) -> pl.DataFrame:
    """Wear of cars and vans as of the editions from 2023 on, TSP at the base speed; electric cars apart."""
    process = {"tyre_tsp_g_km": "tyre", "brake_tsp_g_km": "brake", "road_tsp_g_km": "road"}
    rows = []
    for row in (
        read(folder, "emep_eea_2025_parameters.csv")
        .filter(pl.col("parameter").is_in(list(process)))
        .iter_rows(named=True)
    ):
        category, words = row["item"].split(" ", 1)
        fuel = "electricity" if "electric" in words else ""
        segments = (
            [f"N1-{n}" for n in words.removeprefix("N1-").split(" and ")] if category == "light_commercial" else [""]
        )
        rows += [
            (process[row["parameter"]], category, segment, fuel, row["value"], row["note"]) for segment in segments
        ]
    frame = pl.DataFrame(rows, schema=["process", "category", "segment", "fuel", "tsp_g_km", "note"], orient="row")
    source = pl.format(
        "EMEP/EEA guidebook 2023, update 2025, chapter 1.A.3.b.vi-vii, {}, as quoted in HAGRID (TUBS-IVS)",
        pl.col("note").str.to_lowercase(),
    )
    return frame.with_columns(source=source, unit=pl.lit("g/km"), **SOURCED).drop("note")


def tables(folder: Path) -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    return {
        "emep_eea_2025_hot.csv": hot(folder),
        "emep_eea_2025_cold.csv": cold(folder),
        "wear_2025.csv": wear(folder),
    }


if __name__ == "__main__":
    sys.exit(command(__doc__, tables))
