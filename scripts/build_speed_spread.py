"""Write how much the speed of an hour differs from day to day, by mean speed.

Usage: python scripts/build_speed_spread.py --from FOLDER_OF_CITY_DATA

From the METR-LA loop detectors (207 detectors, five weekdays of 1-7 March 2012, 5-minute speeds): per detector and
hour of the day, the standard deviation over the five days of the hour's mean speed, and of all 5-minute speeds of
that hour; pooled as the root of the mean variance over the mean speed in bins of 10 km/h.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl

from fleet_planner.units import KM_PER_MILE

TARGET = Path(__file__).resolve().parent.parent / "fleet_planner" / "reference" / "speed_spread.csv"
BIN_KMH = 10.0
FEWEST = 10
SOURCE = (
    "METR-LA loop detectors, weekdays of 1-7 March 2012, {n} detector-hours, gaps interpolated by the publisher of the "
    "series; motorways only, other roads take the same curve"
)


def hourly(folder: Path) -> pl.DataFrame:
    """Return mean speed, variance over days and variance over 5-minute speeds by detector and hour."""
    wide = pl.read_parquet(folder / "los_angeles" / "metr_la_speed_mph_5min.parquet")
    speeds = (
        wide.unpivot(index="time", variable_name="detector", value_name="mph")
        .filter((pl.col("mph") > 0) & (pl.col("time").dt.weekday() <= 5))
        .with_columns((pl.col("mph").cast(pl.Float64) * KM_PER_MILE).alias("kmh"))
    )
    key = ["detector", pl.col("time").dt.hour().alias("hour")]
    days = speeds.group_by(*key, pl.col("time").dt.date().alias("day")).agg(pl.col("kmh").mean(), pl.len().alias("n"))
    whole = days.filter(pl.col("n") == 12).group_by("detector", "hour").agg(
        pl.col("kmh").mean().alias("mean"), pl.col("kmh").var().alias("days"), pl.len().alias("count")
    )  # fmt: skip
    minutes = speeds.group_by(*key).agg(pl.col("kmh").var().alias("five_minutes"))
    return whole.filter(pl.col("count") == 5).join(minutes, on=["detector", "hour"]).sort("detector", "hour")


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="folder", type=Path, required=True)
    table = hourly(parser.parse_args().folder)
    rows = []
    for (number,), part in table.group_by((pl.col("mean") // BIN_KMH).alias("bin"), maintain_order=True):
        if part.height < FEWEST:
            print(f"{number * BIN_KMH:.0f} km/h and up: {part.height} detector-hours, left out")
            continue
        mean = float(part["mean"].mean())  # type: ignore[arg-type]  # polars types the mean of any column
        days, minutes = (np.sqrt(part[name].mean()) / mean for name in ("days", "five_minutes"))
        rows.append(
            (
                round(mean, 2),
                round(float(days), 4),
                round(float(minutes), 4),
                part.height,
                SOURCE.format(n=part.height),
                2012,
                "ratio of speeds",
                "yes",
            )
        )
    schema = ["mean_kmh", "cv_of_days", "cv_of_five_minutes", "detector_hours", "source", "year", "unit", "checked"]
    frame = pl.DataFrame(rows, schema=schema, orient="row").sort("mean_kmh")
    frame.write_csv(TARGET)
    print(frame)


if __name__ == "__main__":
    main()
