"""Write the packaged distributions of the inputs, and how far they move together.

Usage: python scripts/build_uncertainty.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

OWN = "own estimate, to be checked"
RATED = (
    "EMEP/EEA guidebook, ratings of the factors (factor_uncertainty.csv); share in common: own estimate, to be checked"
)
MEASURES = "low and high of measures.csv; share in common: own estimate, to be checked"
BAND = "multiplier, ends of the 95 % band"
ENDS = "multiplier, ends of the band"

INPUTS = [
    ("factors", "factors", "lognormal", None, None, 0.3, RATED, BAND),
    ("activity", "activity", "lognormal", 0.85, 1.18, 0.3, OWN, BAND),
    ("growth", "activity", "lognormal", 0.99, 1.01, 0.5, OWN, "multiplier by year after the base year, ends of the 95 % band"),
    ("roads.main", "activity", "lognormal", 0.85, 1.18, 0.0, OWN, BAND),
    ("roads.collector", "activity", "lognormal", 0.75, 1.33, 0.0, OWN, BAND),
    ("roads.local", "activity", "lognormal", 0.6, 1.67, 0.0, OWN, BAND),
    ("links", "activity", "lognormal", 0.6, 1.67, 0.0, OWN, BAND),
    ("mix.given", "fleet", "lognormal", 0.9, 1.11, 0.0, OWN, BAND),
    ("mix.derived", "fleet", "lognormal", 0.7, 1.43, 0.0, OWN, BAND),
    ("mix.visiting", "fleet", "lognormal", 0.6, 1.67, 0.5, OWN, BAND),
    ("factors.electricity", "factors", "lognormal", 0.8, 1.25, 0.3, OWN, BAND),
    ("nonroad", "factors", "lognormal", 0.5, 1.8, 0.0, OWN, BAND),
    ("speeds.peak", "speeds", "lognormal", 0.85, 1.18, 0.5, OWN, BAND),
    ("speeds.other", "speeds", "lognormal", 0.92, 1.09, 0.5, OWN, BAND),
    ("effects", "effects", "triangular", None, None, 0.5, MEASURES, ENDS),
    ("grid", "grid", "lognormal", 0.85, 1.18, 0.0, OWN, BAND),
    ("costs.capex", "costs", "lognormal", 0.8, 1.3, 0.3, OWN, BAND),
    ("costs.opex", "costs", "lognormal", 0.8, 1.3, 0.3, OWN, BAND),
    ("prices.fuel", "prices", "lognormal", 0.7, 1.4, 0.6, OWN, BAND),
    ("prices.electricity", "prices", "lognormal", 0.75, 1.35, 0.0, OWN, BAND),
    ("valuation", "valuation", "triangular", None, None, 0.5, "low and high of health.csv and benefits.csv; share in common: own estimate, to be checked", ENDS),
]  # fmt: skip
COLUMNS = ("input", "group", "distribution", "low", "high", "common_share", "source", "unit")

CORRELATIONS = [
    ("speeds.peak", "speeds.other", 0.5),
    ("prices.fuel", "prices.electricity", 0.3),
    ("costs.capex", "costs.opex", 0.3),
]

ROADS = {
    "main": ("motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "busway"),
    "collector": ("secondary", "secondary_link", "tertiary", "tertiary_link"),
    "local": ("unclassified", "residential", "living_street", "road"),
}


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    kept = {"year": pl.lit(2026), "checked": pl.lit("no")}
    inputs = pl.DataFrame(INPUTS, schema=list(COLUMNS), orient="row")
    together = pl.DataFrame(CORRELATIONS, schema=["input", "with_input", "correlation"], orient="row")
    roads = [(road, group) for group, classes in ROADS.items() for road in classes]
    return {
        "uncertainty_inputs.csv": inputs.with_columns(**kept),
        "uncertainty_correlations.csv": together.with_columns(
            source=pl.lit(OWN), unit=pl.lit("of normal scores"), **kept
        ),
        "uncertainty_roads.csv": pl.DataFrame(roads, schema=["road_class", "road_group"], orient="row").with_columns(
            source=pl.lit("own grouping"), unit=pl.lit("name"), year=pl.lit(2026), checked=pl.lit("yes")
        ),
    }


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
