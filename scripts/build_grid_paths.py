"""Write the packaged courses of the CO2 of electricity, by region and year.

Usage: python scripts/build_grid_paths.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.

Each course is a scenario of our own, tied to what the region has announced. The check of China's year 2030: non-fossil
energy was 17.5 % of primary energy in 2022 and about 36 % of electricity; with 25 % of primary energy in 2030 and the
same relation of both, electricity has 51 %, and the thermal share falls from 64 % to 49 %, to 0.76 of that of 2022.
The course goes to 0.72 (Beijing) and 0.74 (North China) of 2022: what is left is what thermal plants gain. 1,200 GW of
wind and sun at 1,500 hours a year make 1,800 TWh, a fifth of about 9,500 TWh, which is inside the 51 %.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

OWN = "own scenario of the reference figures, to be checked"
NON_FOSSIL = (
    "non-fossil 25 % of primary energy: 17.5 % of 2022 went with 36 % of electricity, so that 25 % go with 51 %; the "
    "thermal share falls to 0.76 of 2022, the rest is what thermal plants gain (1,200 GW of wind and sun are a fifth)"
)
BETWEEN = "on the way between the targets before and after"
NEUTRAL = "carbon neutral by 2060 (announced 2020)"
SB100 = "California: SB 100, 60 % renewable sales by 2030"
SB100_END = "California: SB 100, all retail sales free of carbon by 2045"
LA_SBT = "Los Angeles: intensity -71.6 % from 2015 to 2030 (approved target)"
LA_CLEAN = "Los Angeles: all of it clean by 2035 (recalled)"
NET_ZERO = "net zero by 2050 (announced 2020)"
LAST = "statistic of the year"
JAPAN_2030 = "national plan for 2030, about 0.25 (recalled)"
PATHS = {
    "CN-BJ": (
        (2022, 0.558, 0.391, 0.745, LAST), (2025, 0.5, 0.35, 0.67, BETWEEN), (2030, 0.4, 0.28, 0.54, NON_FOSSIL),
        (2035, 0.3, 0.21, 0.41, BETWEEN), (2040, 0.2, 0.14, 0.28, BETWEEN), (2050, 0.06, 0.042, 0.098, BETWEEN),
        (2060, 0.0, 0.0, 0.02, NEUTRAL),
    ),
    "CN-NORTH": (
        (2022, 0.6776, 0.474, 0.901, LAST), (2025, 0.61, 0.427, 0.813, BETWEEN), (2030, 0.5, 0.35, 0.67, NON_FOSSIL),
        (2035, 0.38, 0.266, 0.514, BETWEEN), (2040, 0.26, 0.182, 0.358, BETWEEN), (2050, 0.08, 0.056, 0.124, BETWEEN),
        (2060, 0.0, 0.0, 0.02, NEUTRAL),
    ),
    "US-CA": (
        (2023, 0.263, 0.184, 0.362, LAST), (2025, 0.208, 0.146, 0.29, LAST), (2030, 0.14, 0.098, 0.202, SB100),
        (2035, 0.09, 0.063, 0.137, BETWEEN), (2040, 0.04, 0.028, 0.072, BETWEEN), (2045, 0.0, 0.0, 0.02, SB100_END),
        (2050, 0.0, 0.0, 0.02, SB100_END),
    ),
    "US-CA-LA": (
        (2023, 0.394, 0.276, 0.532, LAST), (2025, 0.355, 0.248, 0.481, LAST), (2030, 0.15, 0.105, 0.215, LA_SBT),
        (2035, 0.02, 0.014, 0.046, LA_CLEAN), (2045, 0.0, 0.0, 0.02, SB100_END), (2050, 0.0, 0.0, 0.02, SB100_END),
    ),
    "KR": (
        (2022, 0.4541, 0.318, 0.61, LAST), (2030, 0.28, 0.196, 0.384, BETWEEN), (2040, 0.12, 0.084, 0.176, BETWEEN),
        (2050, 0.0, 0.0, 0.02, NET_ZERO),
    ),
    "JP": (
        (2022, 0.437, 0.306, 0.588, LAST), (2030, 0.25, 0.175, 0.345, JAPAN_2030), (2040, 0.12, 0.084, 0.176, BETWEEN),
        (2050, 0.0, 0.0, 0.02, NET_ZERO),
    ),
}  # fmt: skip


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    rows = [(region, *point) for region, points in PATHS.items() for point in points]
    table = pl.DataFrame(rows, schema=["region", "year", "value", "low", "high", "derivation"], orient="row")
    return {
        "grid_paths.csv": table.with_columns(source=pl.lit(OWN), unit=pl.lit("kg CO2 per kWh"), checked=pl.lit("no"))
    }


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
