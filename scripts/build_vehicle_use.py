"""Write the packaged table of how vehicles are used: distance by age, load, trips, working days, payload, base.

Usage: python scripts/build_vehicle_use.py [--check]

Annual distances of the example cities are those of their generators' figures. With ``--check`` nothing is written; the
exit status is 1 when the packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command
from registry_generation import read_figures

KM_PER_MILE = 1.609344
OWN = "own estimate, to be checked"
EMPTY_BACK = "own estimate: loaded one way, empty back"
NHTS = (
    "own estimate from the National Household Travel Survey 2017 (12,000 miles a year at ages 1 to 5, 7,800 above 9, read "
    "in a fact of the week of the US Department of Energy), taken at ages 3 and 14"
)
BTS = (
    "US Bureau of Transportation Statistics, National Transportation Statistics 2002, table 4-13: 11,900 miles per "
    "single-unit truck of two axles and six tyres or more (read)"
)

Row = tuple[str, str, str, float, str, int, str]

FROM_FIGURES = {
    "los_angeles_figures.csv": (
        "US",
        KM_PER_MILE,
        {
            "passenger_car": "miles_car",
            "light_commercial": "miles_van",
            "articulated_truck": "miles_class_8",
            "sanitation": "miles_refuse_truck",
            "urban_bus": "miles_transit_bus",
            "construction": "miles_construction_truck",
        },
    ),
    "beijing_figures.csv": (
        "CN",
        1.0,
        {
            "passenger_car": "km_car",
            "taxi": "km_taxi",
            "light_commercial": "km_van",
            "heavy_truck": "km_rigid",
            "articulated_truck": "km_tractor",
            "drayage": "km_tractor",
            "sanitation": "km_sanitation",
            "construction": "km_construction",
            "dump_truck": "km_construction",
            "mixer_truck": "km_construction",
            "bus": "km_transit",
            "coach": "km_coach",
        },
    ),
    "coquimbo_figures.csv": (
        "CL",
        1.0,
        {
            "passenger_car": "km_car",
            "taxi": "km_shared_taxi",
            "light_commercial": "km_pickup",
            "l_category": "km_motorcycle",
            "heavy_truck": "km_rigid_truck",
            "articulated_truck": "km_articulated_truck",
            "bus": "km_minibus",
            "urban_bus": "km_urban_bus",
            "coach": "km_coach",
        },
    ),
}
"""Region, km per unit, and the figure of each stream or category."""

ANYWHERE_KM = {
    "passenger_car": 12_000,
    "taxi": 70_000,
    "light_commercial": 18_000,
    "postal": 18_000,
    "l_category": 6_000,
    "heavy_truck": 35_000,
    "articulated_truck": 80_000,
    "drayage": 50_000,
    "construction": 32_000,
    "dump_truck": 40_000,
    "mixer_truck": 28_000,
    "sanitation": 28_000,
    "bus": 55_000,
    "coach": 70_000,
}

DECLINE = {
    "passenger_car": (0.039, NHTS, 2017),
    "light_commercial": (0.039, f"{NHTS}; taken for vans", 2017),
    "l_category": (0.05, OWN, 2026),
    "heavy_truck": (0.03, OWN, 2026),
    "bus": (0.02, OWN, 2026),
}
"""Fall of the annual distance with each year of age, fraction."""

DUTY = {
    "passenger_car": (330, 11.0, 0.8, None, 0.95),
    "taxi": (330, 7.0, 0.35, None, 0.60),
    "light_commercial": (260, 8.0, 0.6, 0.8, 0.90),
    "postal": (300, 1.0, 0.3, 0.5, 1.00),
    "l_category": (300, 6.0, 0.7, None, 0.95),
    "heavy_truck": (260, 20.0, 0.6, 5.0, 0.80),
    "articulated_truck": (260, 90.0, 0.5, 22.0, 0.35),
    "drayage": (250, 40.0, 0.45, 20.0, 0.90),
    "construction": (250, 15.0, 0.45, 12.0, 0.95),
    "dump_truck": (250, 18.0, 0.45, 15.0, 0.95),
    "mixer_truck": (250, 15.0, 0.4, 14.0, 1.00),
    "sanitation": (310, 4.0, 0.3, 6.0, 1.00),
    "bus": (345, 15.0, 0.2, None, 0.95),
    "coach": (300, 120.0, 0.5, None, 0.50),
}
"""Working days a year, km per trip, spread of a day's km (standard deviation of the logarithm), payload t, share that
ends the day where it began."""

LOAD = ("drayage", "construction", "dump_truck", "mixer_truck", "sanitation")
UNITS = {
    "km_per_year": "km/year",
    "km_age": "years",
    "km_decline": "fraction per year of age",
    "load_fraction": "fraction",
    "days_per_year": "days/year",
    "trip_km": "km",
    "km_day_spread": "standard deviation of the logarithm",
    "payload_t": "t",
    "return_share": "fraction",
}
FLEET_AGE = 8.0
"""The age that a mean distance of a fleet is taken to hold for."""


def rows() -> list[Row]:
    """Return ``region, applies, quantity, value, source, year, checked``."""
    out: list[Row] = []
    for name, (region, scale, applies) in FROM_FIGURES.items():
        figures = read_figures(name)
        for kind, key in applies.items():
            f = figures[key]
            checked = "yes" if f.checked == "yes" and "estimate" not in f.source else "no"
            out.append((region, kind, "km_per_year", round(f.value * scale), f.source, int(f.year), checked))
    out.append(("US", "heavy_truck", "km_per_year", round(11_900 * KM_PER_MILE), BTS, 2000, "yes"))
    out += [("*", kind, "km_per_year", float(km), OWN, 2026, "no") for kind, km in ANYWHERE_KM.items()]
    out += [("*", kind, "km_decline", value, source, year, "no") for kind, (value, source, year) in DECLINE.items()]
    out += [("*", kind, "km_age", FLEET_AGE, "own estimate: mean age of a fleet", 2026, "no") for kind in DECLINE]
    out += [("*", kind, "load_fraction", 0.5, EMPTY_BACK, 2026, "no") for kind in LOAD]
    for kind, values in DUTY.items():
        names = ("days_per_year", "trip_km", "km_day_spread", "payload_t", "return_share")
        out += [("*", kind, n, float(v), OWN, 2026, "no") for n, v in zip(names, values, strict=True) if v is not None]
    return out


def tables() -> dict[str, pl.DataFrame]:
    """Return the table by file name."""
    names = ["region", "applies", "quantity", "value", "source", "year", "checked"]
    table = pl.DataFrame(rows(), schema=names, orient="row", infer_schema_length=None)
    unit = pl.col("quantity").replace_strict(UNITS, return_dtype=pl.String)
    return {"vehicle_use.csv": table.with_columns(pl.col("value").cast(pl.Float64), unit=unit)}


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
