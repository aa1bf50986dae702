"""Aggregate California's vehicle counts to the Los Angeles area: our own small table.

Usage: python scripts/aggregate_california_counts.py --from FOLDER_OF_CITY_DATA

Source: California DMV, Vehicle Fuel Type Count by Zip Code, 2020-01-01 (data.ca.gov, open data).
ZIP codes 900-918 and 935.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import polars as pl

TARGET = Path(__file__).resolve().parent.parent / "inputs" / "los_angeles" / "fleet_structure.csv"
SOURCE = "California DMV, Vehicle Fuel Type Count by Zip Code, 2020-01-01 (data.ca.gov); ZIP codes 900-918 and 935"


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="folder", type=Path, required=True)
    folder = parser.parse_args().folder / "los_angeles"
    counts = pl.read_parquet(folder / "ca_dmv_vehicle_counts_2020-01-01.parquet")
    area = counts.filter(pl.col("zip").str.contains(r"^(90[0-9]|91[0-8]|935)") & (pl.col("model_year") != "Unk"))
    table = area.group_by("duty", "fuel", "model_year").agg(pl.col("vehicles").sum()).sort("duty", "fuel", "model_year")
    table = table.with_columns(source=pl.lit(SOURCE), year=pl.lit(2020), unit=pl.lit("vehicles"), checked=pl.lit("yes"))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    table.write_csv(TARGET)


if __name__ == "__main__":
    main()
