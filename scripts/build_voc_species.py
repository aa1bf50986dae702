"""Write the packaged composition of the NMVOC in exhaust.

Usage: python scripts/build_voc_species.py [--check]

The figures are typed here, read second-hand: they stay marked as not checked. With ``--check`` nothing is written; the exit status is 1 when the packaged table differs.
"""

from __future__ import annotations

import argparse
import sys

import polars as pl
from build_reference_tables import write_or_check

SOURCE = (
    "EMEP/EEA guidebook 2016, chapter 1.A.3.b.i-iv, composition of NMVOC in exhaust; read in the tests of the R package "
    "vein"
)
REMAINDER = f"{SOURCE}; rest: what the column's figures lack to 100 %"
PROFILES = ("petrol_conventional", "petrol_euro_1_on", "diesel_light", "lpg")

COMPOSITION: list[tuple[str, str, float, float, float, float]] = [
    # group, species, % of mass by profile
    ("alkanes", "ethane", 1.65, 3.19, 0.33, 2.34),
    ("alkanes", "propane", 0.47, 0.65, 0.11, 49.85),
    ("alkanes", "butane", 2.9, 5.24, 0.11, 15.5),
    ("alkanes", "isobutane", 1.29, 1.59, 0.07, 6.95),
    ("alkanes", "pentane", 1.78, 2.15, 0.04, 0.35),
    ("alkanes", "isopentane", 4.86, 6.81, 0.52, 1.26),
    ("alkanes", "hexane", 1.29, 1.61, 0.0, 0.0),
    ("alkanes", "heptane", 0.36, 0.74, 0.2, 0.18),
    ("alkanes", "octane", 0.56, 0.53, 0.25, 0.04),
    ("alkanes", "2-methylhexane", 0.8, 1.48, 0.45, 0.25),
    ("alkanes", "nonane", 0.06, 0.16, 0.67, 0.01),
    ("alkanes", "2-methylheptane", 0.0, 0.57, 0.12, 0.09),
    ("alkanes", "3-methylhexane", 0.56, 1.14, 0.22, 0.19),
    ("alkanes", "decane", 0.22, 0.19, 1.18, 0.0),
    ("alkanes", "3-methylheptane", 0.4, 0.54, 0.2, 0.08),
    ("alkanes", "alkanes C10-C12", 0.03, 1.76, 2.15, 0.01),
    ("alkanes", "alkanes over C13", 0.06, 1.45, 17.91, 0.0),
    ("cycloalkanes", "cycloalkanes", 0.88, 1.14, 0.65, 0.1),
    ("alkenes", "ethylene", 8.71, 7.3, 10.97, 5.2),
    ("alkenes", "propylene", 4.87, 3.82, 3.6, 5.19),
    ("alkenes", "propadiene", 0.0, 0.05, 0.0, 0.0),
    ("alkenes", "1-butene", 0.5, 0.73, 0.0, 0.0),
    ("alkenes", "isobutene", 4.21, 2.22, 1.11, 0.63),
    ("alkenes", "2-butene", 1.27, 1.42, 0.52, 0.53),
    ("alkenes", "1,3-butadiene", 1.42, 0.91, 0.97, 0.15),
    ("alkenes", "1-pentene", 0.09, 0.11, 0.0, 0.0),
    ("alkenes", "2-pentene", 0.23, 0.34, 0.0, 0.0),
    ("alkenes", "1-hexene", 0.0, 0.17, 0.0, 0.0),
    ("alkenes", "dimethylhexene", 0.0, 0.15, 0.0, 0.0),
    ("alkynes", "1-butyne", 0.05, 0.21, 0.0, 0.0),
    ("alkynes", "propyne", 0.76, 0.08, 0.0, 0.0),
    ("alkynes", "acetylene", 5.5, 2.81, 2.34, 1.28),
    ("aldehydes", "formaldehyde", 2.08, 1.7, 12.0, 1.56),
    ("aldehydes", "acetaldehyde", 0.59, 0.75, 6.47, 1.81),
    ("aldehydes", "acrolein", 0.16, 0.19, 3.58, 0.59),
    ("aldehydes", "benzaldehyde", 0.6, 0.22, 0.86, 0.03),
    ("aldehydes", "crotonaldehyde", 0.02, 0.04, 1.1, 0.36),
    ("aldehydes", "methacrolein", 0.0, 0.05, 0.77, 0.1),
    ("aldehydes", "butyraldehyde", 0.0, 0.05, 0.85, 0.11),
    ("aldehydes", "isobutyraldehyde", 0.0, 0.0, 2.09, 0.0),
    ("aldehydes", "propionaldehyde", 0.11, 0.05, 1.77, 0.7),
    ("aldehydes", "hexanal", 0.0, 0.0, 0.16, 0.0),
    ("aldehydes", "isovaleraldehyde", 0.0, 0.0, 0.11, 0.01),
    ("aldehydes", "valeraldehyde", 0.0, 0.01, 0.41, 0.0),
    ("aldehydes", "o-tolualdehyde", 0.19, 0.07, 0.24, 0.0),
    ("aldehydes", "m-tolualdehyde", 0.38, 0.13, 0.34, 0.0),
    ("aldehydes", "p-tolualdehyde", 0.19, 0.06, 0.35, 0.0),
    ("ketones", "acetone", 0.21, 0.61, 2.94, 0.78),
    ("ketones", "methyl ethyl ketone", 0.11, 0.05, 1.2, 0.0),
    ("aromatics", "toluene", 12.84, 10.98, 0.69, 1.22),
    ("aromatics", "ethylbenzene", 4.78, 1.89, 0.29, 0.24),
    ("aromatics", "m- and p-xylene", 6.66, 5.44, 0.62, 0.76),
    ("aromatics", "o-xylene", 4.52, 2.26, 0.27, 0.26),
    ("aromatics", "1,2,3-trimethylbenzene", 0.59, 0.86, 0.25, 0.05),
    ("aromatics", "1,2,4-trimethylbenzene", 2.53, 4.21, 0.57, 0.25),
    ("aromatics", "1,3,5-trimethylbenzene", 1.11, 1.42, 0.31, 0.08),
    ("aromatics", "styrene", 0.57, 1.01, 0.37, 0.02),
    ("aromatics", "benzene", 6.83, 5.61, 1.98, 0.63),
    ("aromatics", "aromatics C9", 3.12, 4.21, 0.78, 0.25),
    ("aromatics", "aromatics C10", 0.0, 3.07, 0.0, 0.0),
    ("aromatics", "aromatics over C13", 6.01, 3.46, 13.37, 0.0),
]  # fmt: skip
"""The vein package gives m- and p-xylene one half each of their common figure; here they are together."""


def table() -> pl.DataFrame:
    """Return one row per profile and species, and a rest up to 100 %."""
    rows = []
    for k, profile in enumerate(PROFILES):
        column = [(group, species, by[k]) for group, species, *by in COMPOSITION]
        rows += [(profile, *entry, SOURCE) for entry in column]
        rest = round(100.0 - sum(percent for *_, percent in column), 2)
        rows.append((profile, "rest", "rest", rest, REMAINDER))
    frame = pl.DataFrame(rows, schema=["profile", "group", "species", "percent", "source"], orient="row")
    return frame.with_columns(year=pl.lit(2016), unit=pl.lit("% of the mass of NMVOC"), checked=pl.lit("no"))


def main() -> int:
    """Write or check the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    return write_or_check({"voc_species.csv": table()}, check=parser.parse_args().check)


if __name__ == "__main__":
    sys.exit(main())
