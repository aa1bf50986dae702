"""Write the packaged profiles of where and when streams drive, and how fast roads are by hour.

Usage: python scripts/build_activity_profiles.py --from FOLDER_OF_CITY_DATA

The motorway speeds are derived from the METR-LA loop detectors (207 detectors, first week of March 2012, by type
of day): per detector, the mean speed of the hour over its free-flow speed (95th percentile), averaged. Hours, days
and months of light and heavy traffic are the published ones of a European inventory tool; those of buses compare the
timetables of seven cities; traffic per lane by road class comes from the statistics of the United States. All other
shapes are own defaults and stand as unchecked.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl

from fleet_planner.network import builtin_gtfs
from fleet_planner.transit_feed import read_feeds

TARGET = Path(__file__).resolve().parent.parent / "fleet_planner" / "reference"
DAY_TYPES = {"weekday": range(5), "saturday": [5], "sunday": [6]}
OWN = "own default shape of a weekday, the same on all days; replace with local counts: to be checked"
WEEK_OF = {"taxi": "light.yaml", "delivery": "heavy.yaml"}
OWN_WEEK = f"{OWN}; level of the day as in {{}} of emiproc (github.com/C2SM-RCM/emiproc)"
BUS_WEEK = (
    f"{OWN}; level of the day: scheduled bus-km of La Serena-Coquimbo, Alhambra, Compton, Glendora, Montebello, Playa "
    "Vista and central Sao Paulo (GTFS feeds of 2008 to 2023) on a weekday, a Saturday and a Sunday"
)
HOURS_SOURCE = (
    "diurnal and weekly profiles {} of emiproc (github.com/C2SM-RCM/emiproc, files/profiles/yamls); the origin of its "
    "counts is not stated there"
)
MONTHS_SOURCE = (
    "seasonal profile {} of emiproc (github.com/C2SM-RCM/emiproc, files/profiles/yamls); the origin of its counts is "
    "not stated there"
)
FEEDS = ("los_angeles/gtfs", "sao_paulo")
PUBLISHED_HOURS = {
    "passenger": (
        "light.yaml",
        [0.14861429, 0.14454286, 0.14648571, 0.14741429, 0.15935714, 0.12605714, 0.12752857],
        [160, 124, 90, 79, 86, 159, 381, 573, 564, 512, 515, 527, 511, 563, 601, 663, 792, 809, 642, 442, 352, 329,
         301, 224],
        [300, 268, 212, 176, 140, 119, 163, 240, 361, 467, 536, 579, 610, 643, 677, 667, 686, 668, 578, 431, 350, 345,
         391, 395],
        [418, 375, 318, 277, 226, 156, 135, 153, 222, 338, 432, 500, 525, 592, 662, 725, 769, 781, 677, 522, 414, 339,
         267, 178],
    ),
    "truck": (
        "heavy.yaml",
        [0.1609, 0.1717, 0.1678, 0.1668, 0.1650, 0.0978, 0.0700],
        [86, 63, 74, 73, 111, 269, 512, 705, 702, 679, 681, 615, 510, 578, 592, 606, 669, 625, 497, 367, 294, 282,
         235, 175],
        [193, 186, 258, 212, 137, 263, 286, 452, 488, 503, 596, 562, 574, 570, 574, 548, 565, 559, 533, 446, 390, 407,
         387, 311],
        [257, 248, 352, 254, 127, 322, 305, 339, 423, 418, 492, 542, 510, 514, 529, 548, 591, 601, 565, 482, 465, 444,
         391, 279],
    ),
}  # fmt: skip
"""Shares of the days from Monday on; per ten thousand by hour on a weekday, a Saturday, a Sunday."""

HOURLY = {
    "taxi": [25, 18, 14, 10, 10, 15, 32, 50, 56, 52, 50, 50, 52, 52, 50, 50, 54, 60, 62, 60, 56, 50, 42, 34],
    "delivery": [3, 2, 2, 3, 8, 20, 45, 68, 82, 86, 84, 82, 74, 72, 74, 74, 66, 54, 38, 24, 15, 10, 7, 5],
    "bus": [4, 2, 2, 4, 18, 44, 64, 72, 66, 58, 54, 54, 56, 56, 56, 58, 64, 70, 66, 52, 38, 24, 12, 6],
}
MONTHS = {
    "passenger": (
        "light.yaml",
        [0.07133, 0.07492, 0.08257, 0.08475, 0.0865, 0.087, 0.08667, 0.08667, 0.08717, 0.08942, 0.0845, 0.0785],
    ),
    "truck": ("heavy.yaml", [0.08, 0.09, 0.10, 0.09, 0.09, 0.08, 0.08, 0.08, 0.09, 0.08, 0.07, 0.07]),
}
MONTHS_AS = {"taxi": "passenger", "delivery": "truck"}
PER_LANE = "BTS National Transportation Statistics 2000, table 1-30M: urban vehicle-km per lane-km in 1998"
PER_LANE_VKT = {"interstate": 5140.0, "other arterials": 1899.0, "collector": 698.0, "local": 191.0}
VM1 = "FHWA Highway Statistics 2010, table VM-1 (revised May 2018), urban vehicle-miles"
VM1_MILES = {
    "interstate": {"all": 477_832.0, "single_unit": 14_498.0, "combination": 35_807.0},
    "other": {"all": 1_505_369.0, "single_unit": 48_031.0, "combination": 41_595.0},
}
FUNCTIONAL_CLASS = {
    "motorway": "interstate",
    "trunk": "other arterials",
    "primary": "other arterials",
    "secondary": "other arterials",
    "tertiary": "collector",
    "unclassified": "local",
    "residential": "local",
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
OWN_INTENSITY = {
    "general": {"living_street": 1.0, "road": 3.7, "busway": 1.0},
    "single_unit": {"living_street": 0.5, "road": 3.7, "busway": 0.1},
    "combination": {"unclassified": 1.5, "residential": 0.4, "living_street": 0.1, "road": 1.5, "busway": 0.1},
    "delivery": dict(zip(CLASSES, [60, 40, 60, 40, 45, 35, 35, 25, 20, 14, 8, 4, 2, 5, 1], strict=True)),
    "bus": dict(zip(CLASSES, [5, 5, 20, 10, 60, 30, 50, 25, 20, 10, 5, 1, 0.1, 3, 60], strict=True)),
}
"""What the statistics do not resolve: on local streets the few articulated trucks are not a share of all traffic."""

RAMP = 0.6
"""Traffic per lane of a ramp or slip road over that of its road: own default."""

ARTERIAL_SIGNALS = 0.72
LOCAL_SIGNALS = 0.80


def metr_la_fractions(folder: Path) -> dict[str, np.ndarray]:
    """Return the mean fraction of free-flow speed by hour, shape (24,), of each type of day."""
    speeds = pl.read_parquet(folder / "los_angeles" / "metr_la_speed_mph_5min.parquet")
    values = speeds.drop("time").to_numpy().astype(np.float64)
    values = np.where(values > 0.0, values, np.nan)
    free = np.nanquantile(values, 0.95, axis=0)
    day = speeds["time"].dt.weekday().to_numpy() - 1
    hour = speeds["time"].dt.hour().to_numpy()
    return {
        name: np.array([np.nanmean(values[np.isin(day, list(days)) & (hour == h)] / free) for h in range(24)])
        for name, days in DAY_TYPES.items()
    }


def speed_profiles(folder: Path) -> pl.DataFrame:
    """Return the fraction of free-flow speed by group of road classes, type of day and hour."""
    measured = metr_la_fractions(folder)
    calm = measured["weekday"].max()
    days = {"weekday": "weekdays", "saturday": "the Saturday", "sunday": "the Sunday"}
    rows = []
    for name, motorway in measured.items():
        source = (
            f"METR-LA loop detectors, {days[name]} of 1-7 March 2012, mean over 207 detectors of speed over 95th "
            "percentile"
        )
        own = "own default: signals and side friction, with the daily shape of the METR-LA motorways: to be checked"
        for h in range(24):
            slow = max(1.0 - motorway[h] / calm, 0.0)
            rows.append(("motorway", name, h, round(float(motorway[h]), 4), source, 2012, "yes"))
            rows.append(("arterial", name, h, round(ARTERIAL_SIGNALS * (1.0 - 0.8 * slow), 4), own, 2012, "no"))
            rows.append(("local", name, h, round(LOCAL_SIGNALS * (1.0 - 0.3 * slow), 4), own, 2012, "no"))
    schema = ["class_group", "day_type", "hour", "fraction_of_free_flow", "source", "year", "checked"]
    return (
        pl.DataFrame(rows, schema=schema, orient="row")
        .with_columns(unit=pl.lit("fraction"))
        .sort("class_group", "day_type", "hour")
    )


def days_of_week(monday_on: list[float]) -> dict[str, float]:
    """Return the traffic of a day of each type over that of the average day, from the shares of the seven days."""
    mean = sum(monday_on) / 7.0
    return {name: sum(monday_on[d] for d in days) / len(days) / mean for name, days in DAY_TYPES.items()}


def bus_week(folder: Path) -> dict[str, float]:
    """Return the scheduled bus-km of a day of each type over those of the average day, all feeds together."""
    feeds = [builtin_gtfs(), *(p for part in FEEDS for p in sorted((folder / part).glob("*.zip")))]
    km = dict.fromkeys(DAY_TYPES, 0.0)
    for feed in feeds:
        for name, day in read_feeds(feed, DAY_TYPES).items():
            km[name] += float(day.trips["distance_km"].sum())
    return days_of_week([km["weekday"]] * 5 + [km["saturday"], km["sunday"]])


def hourly_profiles(folder: Path) -> pl.DataFrame:
    """Return the traffic of each hour as a fraction of the average day, by profile and type of day."""
    rows = []
    for name, (file, week, *days) in PUBLISHED_HOURS.items():
        level = days_of_week(week)
        shapes = dict(zip(DAY_TYPES, (np.array(day) / sum(day) for day in days), strict=True))
        source = HOURS_SOURCE.format(file)
        rows += [
            (name, d, h, float(x) * level[d], source, 2020, "yes") for d in DAY_TYPES for h, x in enumerate(shapes[d])
        ]
    weeks = {file: week for file, week, *_ in PUBLISHED_HOURS.values()}
    for name, values in HOURLY.items():
        file = WEEK_OF.get(name)
        level = days_of_week(weeks[file]) if file else bus_week(folder)
        source = OWN_WEEK.format(file) if file else BUS_WEEK
        rows += [
            (name, d, h, x / sum(values) * level[d], source, 2026, "no")
            for d in DAY_TYPES
            for h, x in enumerate(values)
        ]
    schema = ["profile", "day_type", "hour", "share", "source", "year", "checked"]
    table = pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col("share").round(12))
    return table.with_columns(unit=pl.lit("fraction of the average day"))


def monthly_profiles() -> pl.DataFrame:
    """Return the share of the year by profile and month."""
    rows = []
    for name in (*PUBLISHED_HOURS, *HOURLY):
        file, values = MONTHS.get(MONTHS_AS.get(name, name), ("", [1.0] * 12))
        if name in MONTHS:
            source, checked = MONTHS_SOURCE.format(file), "yes"
        elif file:
            source, checked = f"own default: as in {file} of emiproc (github.com/C2SM-RCM/emiproc)", "no"
        else:
            source, checked = "own default: the same timetable all year", "no"
        rows += [(name, m, round(x / sum(values), 8), source, 2020, checked) for m, x in enumerate(values, 1)]
    schema = ["profile", "month", "share", "source", "year", "checked"]
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(unit=pl.lit("fraction of the year"))


def class_intensity() -> pl.DataFrame:
    """Return the relative vehicles per lane by traffic group and road class."""
    rows = []
    for name, own in OWN_INTENSITY.items():
        for road_class in CLASSES:
            parent = road_class.removesuffix("_link")
            value, source, year, checked = _intensity(name, parent, own)
            if road_class in own:
                value = float(own[road_class])
            elif parent != road_class:
                value, source, checked = RAMP * value, "own default: ramps carry 0.6 of their road's lanes", "no"
            unit = "relative vehicles per lane"
            rows.append((name, road_class, round(value, 2), source, year, unit, checked))
    schema = ["intensity", "road_class", "relative", "source", "year", "unit", "checked"]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _intensity(name: str, road_class: str, own: dict[str, float]) -> tuple[float, str, int, str]:
    """Return the value, source, year and mark of one group on one class that is no ramp."""
    if road_class in own:
        note = "own default, of the order of traffic per lane by functional class; replace with local counts"
        return float(own[road_class]), f"{note}: to be checked", 2026, "no"
    functional = FUNCTIONAL_CLASS[road_class]
    value = 100.0 * PER_LANE_VKT[functional] / PER_LANE_VKT["interstate"]
    source = f"{PER_LANE}, {functional}; which OpenStreetMap class this is, is our choice"
    if name == "general" or functional != "interstate":
        return value, source, 1998, "yes"
    share = {place: miles[name] / miles["all"] for place, miles in VM1_MILES.items()}
    ratio = share["interstate"] / share["other"]
    text = (
        f"{source}; times {ratio:.3f}, the share of {name.replace('_', '-')} trucks in its traffic over that elsewhere"
    )
    return ratio * value, f"{text} ({VM1})", 2010, "yes"


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="folder", type=Path, required=True)
    folder = parser.parse_args().folder
    monthly_profiles().write_csv(TARGET / "monthly_profiles.csv")
    hourly_profiles(folder).write_csv(TARGET / "hourly_profiles.csv")
    class_intensity().write_csv(TARGET / "class_intensity.csv")
    speed_profiles(folder).write_csv(TARGET / "speed_profiles.csv")


if __name__ == "__main__":
    main()
