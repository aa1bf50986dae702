"""Write the packaged figures of air near roads: stability, an example of weather, NO to NO2.

Usage: python scripts/build_air.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

GOLDER = "Golder 1972, Boundary-Layer Meteorology 3, 47-58, as fitted in Seinfeld and Pandis; recalled"
GOLDER_ROWS = [
    ("A", -0.096, 0.029),
    ("B", -0.037, 0.029),
    ("C", -0.002, 0.018),
    ("D", 0.0, 0.0),
    ("E", 0.004, -0.018),
    ("F", 0.035, -0.036),
]
OWN = "made-up example: winds from all sides alike, sea-breeze-like days, longer stable nights in the cool half of the year (months of the north); no city's weather"
EXAMPLE = [
    ("warm", 4, 9, 7, 9, 1.5, "D", 500.0, 0.6), ("warm", 4, 9, 7, 9, 3.0, "C", 600.0, 0.4),
    ("warm", 4, 9, 10, 17, 2.5, "B", 1200.0, 0.5), ("warm", 4, 9, 10, 17, 4.5, "D", 1000.0, 0.5),
    ("warm", 4, 9, 18, 22, 2.0, "E", 300.0, 0.5), ("warm", 4, 9, 18, 22, 3.5, "D", 500.0, 0.5),
    ("warm", 4, 9, 23, 6, 1.0, "F", 150.0, 0.5), ("warm", 4, 9, 23, 6, 2.0, "E", 250.0, 0.5),
    ("cool", 10, 3, 8, 10, 1.5, "D", 400.0, 0.6), ("cool", 10, 3, 8, 10, 3.0, "D", 500.0, 0.4),
    ("cool", 10, 3, 11, 15, 2.5, "C", 800.0, 0.5), ("cool", 10, 3, 11, 15, 4.5, "D", 900.0, 0.5),
    ("cool", 10, 3, 16, 21, 2.0, "E", 250.0, 0.6), ("cool", 10, 3, 16, 21, 3.5, "D", 450.0, 0.4),
    ("cool", 10, 3, 22, 7, 1.0, "F", 120.0, 0.6), ("cool", 10, 3, 22, 7, 2.0, "E", 200.0, 0.4),
]  # fmt: skip
VARDOULAKIS = "Vardoulakis et al. 2003, Atmospheric Environment 37, 155-182: avenue canyons have less; recalled"
CANYON = "own estimate: half of the length lined on both sides, buildings within 30 m of the axis; without buildings 10,000 people per km2; storeys of 3 m, two of them where nothing is told"
HOUT = "van den Hout and Baars 1988, TNO report 88/192, as read in RIVM's OPS code (NO2/NOx = f + O3 (1-f) / ((1-f) NOx + K))"
SRM1 = "Netherlands, Regeling beoordeling luchtkwaliteit 2007, standard method 1; recalled"
EPA = "US EPA, Transportation Conformity Guidance for PM hot-spot analyses, appendix J (vehicle 1.53 m: plume 1.7 times as high, half of it, spread height / 2.15); recalled"


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    stability = pl.DataFrame(GOLDER_ROWS, schema=["stability", "a_per_m", "b_per_m"], orient="row")
    example = pl.DataFrame(
        EXAMPLE,
        schema=[
            *("season", "month_from", "month_to", "hour_from", "hour_to"),
            *("wind_speed_m_s", "stability", "mixing_m", "frequency"),
        ],
        orient="row",
    )
    values = pl.DataFrame(
        [
            ("no2_beta", 0.6, "-", SRM1, 2007),
            ("no2_k", 100.0, "ug/m3", HOUT, 1988),
            ("release_height", 1.3, "m", EPA, 2015),
            ("initial_spread", 1.2, "m", EPA, 2015),
            ("canyon_aspect", 0.5, "-", VARDOULAKIS, 2003),
            ("canyon_lined", 0.5, "-", CANYON, 2026),
            ("canyon_side", 30.0, "m", CANYON, 2026),
            ("canyon_people", 10_000.0, "1/km2", CANYON, 2026),
            ("storey", 3.0, "m", CANYON, 2026),
            ("building", 6.0, "m", CANYON, 2026),
            ("breathing", 14.5, "m3/person/day", "Apte et al. 2012, as used there; recalled", 2012),
        ],
        schema=["figure", "value", "unit", "source", "year"],
        orient="row",
    )
    return {
        "stability_classes.csv": stability.with_columns(
            unit=pl.lit("1/m"), source=pl.lit(GOLDER), year=pl.lit(1972), checked=pl.lit("no")
        ),
        "example_meteorology.csv": example.with_columns(
            unit=pl.lit("m/s; m"), source=pl.lit(OWN), year=pl.lit(2026), checked=pl.lit("no")
        ),
        "air_figures.csv": values.with_columns(
            checked=pl.when(pl.col("source") == HOUT).then(pl.lit("yes")).otherwise(pl.lit("no"))
        ),
    }


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
