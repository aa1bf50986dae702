"""Write the packaged tables of the uncertainty of factors.

Usage: python scripts/build_uncertainty.py [--check]

The ranges of the data-quality codes and the codes by pollutant are the guidebook's as we recall them; every row is
marked so.
"""

from __future__ import annotations

import argparse
import sys

import polars as pl
from build_reference_tables import write_or_check

CODES = (("A", 10.0, 30.0), ("B", 20.0, 60.0), ("C", 50.0, 200.0), ("D", 100.0, 300.0), ("E", 300.0, 1000.0))
CODE_SOURCE = (
    "EMEP/EEA guidebook, general guidance on uncertainties, typical error ranges of ratings; recalled, to be checked"
)
CHAPTER = "EMEP/EEA guidebook, chapter 1.A.3.b.i-iv, precision indicators; recalled, to be checked"
PETROL_CAR = {
    "CO": "A",
    "VOC": "A",
    "NMVOC": "A",
    "NOx": "A",
    "CH4": "A",
    "N2O": "C",
    "NH3": "C",
    "PM_exhaust": "C",
    "energy_MJ": "A",
}
DIESEL_CAR = {
    "CO": "A",
    "VOC": "A",
    "NMVOC": "A",
    "NOx": "A",
    "CH4": "A",
    "N2O": "B",
    "NH3": "B",
    "PM_exhaust": "A",
    "energy_MJ": "A",
}
HEAVY = {
    "CO": "B",
    "VOC": "B",
    "NMVOC": "B",
    "NOx": "B",
    "CH4": "D",
    "N2O": "B",
    "NH3": "D",
    "PM_exhaust": "B",
    "energy_MJ": "B",
}
WHEELED = {
    "CO": "A",
    "VOC": "A",
    "NMVOC": "A",
    "NOx": "A",
    "CH4": "B",
    "N2O": "B",
    "NH3": "B",
    "PM_exhaust": "C",
    "energy_MJ": "A",
}
HOT = (
    ("passenger_car", "petrol", PETROL_CAR), ("passenger_car", "diesel", DIESEL_CAR),
    ("light_commercial", "petrol", PETROL_CAR | {"CO": "B", "VOC": "B", "NMVOC": "B", "NOx": "B"}),
    ("light_commercial", "diesel", DIESEL_CAR | {"CO": "B", "VOC": "B", "NMVOC": "B", "NOx": "B"}),
    ("heavy_truck", "", HEAVY), ("bus", "", HEAVY), ("l_category", "", WHEELED),
)  # fmt: skip
SHARES = {"NO2": "C", "BC": "C", "OC": "D", "SPN23": "D"}
PROCESSES = (
    ("cold", {"CO": "B", "VOC": "B", "NMVOC": "B", "NOx": "C", "PM_exhaust": "C", "energy_MJ": "B", "N2O": "C", "NH3": "C"}),
    ("evaporation", {"VOC": "D", "NMVOC": "D"}),
    ("tyre", {"PM2.5_non_exhaust": "C", "PM10_non_exhaust": "C"}),
    ("brake", {"PM2.5_non_exhaust": "C", "PM10_non_exhaust": "C"}),
    ("road", {"PM2.5_non_exhaust": "D", "PM10_non_exhaust": "D"}),
    ("resuspension", {"PM2.5_non_exhaust": "E", "PM10_non_exhaust": "E"}),
    ("idling", dict.fromkeys(("CO", "VOC", "NMVOC", "NOx", "PM_exhaust", "energy_MJ"), "D")),
    ("heater", dict.fromkeys(("CO", "VOC", "NMVOC", "NOx", "PM_exhaust", "energy_MJ"), "D")),
    ("slip", {"N2O": "D", "NH3": "D"}),
)  # fmt: skip
ESTIMATE = "own estimate, to be checked"


def codes() -> pl.DataFrame:
    """Typical error of each code, percent of the factor, lowest and highest."""
    return pl.DataFrame(CODES, schema=["code", "low_pct", "high_pct"], orient="row").with_columns(
        source=pl.lit(CODE_SOURCE), year=pl.lit(2019), unit=pl.lit("percent, 95 % interval"), checked=pl.lit("no")
    )


def factors() -> pl.DataFrame:
    """Code by category, fuel, pollutant, process; an empty cell is for any."""
    rows = [(c, f, p, "hot", code, CHAPTER) for c, f, by in HOT for p, code in by.items()]
    rows += [("", "", p, "hot", code, ESTIMATE) for p, code in SHARES.items()]
    rows += [("", "", p, process, code, ESTIMATE) for process, by in PROCESSES for p, code in by.items()]
    frame = pl.DataFrame(rows, schema=["category", "fuel", "pollutant", "process", "code", "source"], orient="row")
    return frame.with_columns(
        distribution=pl.lit("lognormal"), year=pl.lit(2019), unit=pl.lit("data-quality code"), checked=pl.lit("no")
    )


def main() -> int:
    """Write or check the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    return write_or_check(
        {"uncertainty_codes.csv": codes(), "factor_uncertainty.csv": factors()}, check=arguments.check
    )


if __name__ == "__main__":
    sys.exit(main())
