"""Write the packaged profiles of where and when streams drive, and how fast roads are by hour.

Usage: python scripts/build_activity_profiles.py --from FOLDER_OF_CITY_DATA

The motorway profile is derived from the METR-LA loop detectors (207 detectors, first week of March 2012,
weekdays): per detector, the mean speed of the hour over its free-flow speed (95th percentile), averaged.
All other shapes are own defaults and stand as unchecked.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl

TARGET = Path(__file__).resolve().parent.parent / "fleet_planner" / "reference"
OWN = "own default shape of a weekday; replace with local counts: to be checked"
HOURLY = {
    "passenger": [9, 5, 4, 4, 7, 18, 40, 68, 70, 56, 50, 52, 56, 57, 58, 63, 71, 78, 70, 54, 40, 32, 24, 14],
    "taxi": [25, 18, 14, 10, 10, 15, 32, 50, 56, 52, 50, 50, 52, 52, 50, 50, 54, 60, 62, 60, 56, 50, 42, 34],
    "truck": [15, 13, 13, 16, 23, 34, 48, 58, 66, 70, 72, 71, 69, 69, 67, 62, 54, 46, 37, 30, 25, 21, 19, 17],
    "delivery": [3, 2, 2, 3, 8, 20, 45, 68, 82, 86, 84, 82, 74, 72, 74, 74, 66, 54, 38, 24, 15, 10, 7, 5],
    "bus": [4, 2, 2, 4, 18, 44, 64, 72, 66, 58, 54, 54, 56, 56, 56, 58, 64, 70, 66, 52, 38, 24, 12, 6],
}
INTENSITY = {
    "general": [100, 60, 80, 50, 50, 35, 32, 22, 16, 11, 6, 2.5, 1, 4, 1],
    "truck": [140, 80, 110, 60, 50, 30, 20, 12, 7, 4, 3, 0.5, 0.1, 2, 0.1],
    "delivery": [60, 40, 60, 40, 45, 35, 35, 25, 20, 14, 8, 4, 2, 5, 1],
    "bus": [5, 5, 20, 10, 60, 30, 50, 25, 20, 10, 5, 1, 0.1, 3, 60],
}
CLASSES = [
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "residential",
    "living_street",
    "road",
    "busway",
]
ARTERIAL_SIGNALS = 0.72
LOCAL_SIGNALS = 0.80


def metr_la_fractions(folder: Path) -> np.ndarray:
    """Return the mean fraction of free-flow speed by hour on weekdays, shape (24,)."""
    speeds = pl.read_parquet(folder / "los_angeles" / "metr_la_speed_mph_5min.parquet")
    values = speeds.drop("time").to_numpy().astype(np.float64)
    values = np.where(values > 0.0, values, np.nan)
    free = np.nanquantile(values, 0.95, axis=0)
    weekday = (speeds["time"].dt.weekday() <= 5).to_numpy()
    hour = speeds["time"].dt.hour().to_numpy()
    return np.array([np.nanmean(values[weekday & (hour == h)] / free) for h in range(24)])


def speed_profiles(folder: Path) -> pl.DataFrame:
    """Return the fraction of free-flow speed by group of road classes and hour."""
    motorway = metr_la_fractions(folder)
    calm = motorway.max()
    rows = []
    for h in range(24):
        slow = 1.0 - motorway[h] / calm
        source = (
            "METR-LA loop detectors, weekdays 1-7 March 2012, mean over 207 detectors of speed over 95th percentile"
        )
        rows.append(("motorway", h, round(float(motorway[h]), 4), source, 2012, "yes"))
        own = "own default: signals and side friction, with the daily shape of the METR-LA motorways: to be checked"
        rows.append(("arterial", h, round(ARTERIAL_SIGNALS * (1.0 - 0.8 * slow), 4), own, 2012, "no"))
        rows.append(("local", h, round(LOCAL_SIGNALS * (1.0 - 0.3 * slow), 4), own, 2012, "no"))
    schema = ["class_group", "hour", "fraction_of_free_flow", "source", "year", "checked"]
    return (
        pl.DataFrame(rows, schema=schema, orient="row")
        .with_columns(unit=pl.lit("fraction"))
        .sort("class_group", "hour")
    )


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="folder", type=Path, required=True)
    folder = parser.parse_args().folder
    hourly = [
        (name, h, value / sum(values), OWN, 2026, "fraction of the day", "no")
        for name, values in HOURLY.items()
        for h, value in enumerate(values)
    ]
    schema = ["profile", "hour", "share", "source", "year", "unit", "checked"]
    pl.DataFrame(hourly, schema=schema, orient="row").write_csv(TARGET / "hourly_profiles.csv")
    note = "own default, of the order of traffic per lane by functional class; replace with local counts: to be checked"
    intensity = [
        (name, road_class, float(value), note, 2026, "relative vehicles per lane", "no")
        for name, values in INTENSITY.items()
        for road_class, value in zip(CLASSES, values, strict=True)
    ]
    schema = ["intensity", "road_class", "relative", "source", "year", "unit", "checked"]
    pl.DataFrame(intensity, schema=schema, orient="row").write_csv(TARGET / "class_intensity.csv")
    speed_profiles(folder).write_csv(TARGET / "speed_profiles.csv")


if __name__ == "__main__":
    main()
