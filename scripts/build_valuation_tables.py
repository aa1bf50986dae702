"""Write the packaged tables that put a value on tonnes: damages, grant rules, published ranges.

Usage: python scripts/build_valuation_tables.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

CPI = {2006: 201.6, 2007: 207.342, 2016: 240.007, 2019: 255.657, 2020: 258.811, 2024: 313.689}
"""US CPI-U, annual means, for the money of the published figures; recalled, as in price_levels.csv."""

USD_PER_EUR_2016 = 1.107
SHORT_TONS_PER_T = 1.1023113

HANDBOOK = "European Commission, Handbook on the external costs of transport 2019, table 14 (city values where told apart); recalled, to be checked; EUR 2016 to US$ 2024"
EPA_BPT = "US EPA, benefits per ton of on-road heavy-duty diesel, national mean of 2025; order of magnitude recalled, to be checked; US$ 2019 per short ton to US$ 2024 per t"

EU = [("PM2.5", 123.0), ("NOx", 21.3), ("SO2", 10.9), ("NMVOC", 1.2), ("NH3", 17.5)]  # EUR 2016 per kg
US = [("PM2.5", 560_000.0, 110_000.0, 1_100_000.0), ("NOx", 8_000.0, 2_200.0, 16_000.0), ("SO2", 24_000.0, 10_000.0, 60_000.0)]  # fmt: skip

TRANSFER = [
    ("US", "US", 1.0, 1.0, 1.0, "the published region itself", 2019),
    ("EU", "EU", 1.0, 1.0, 1.0, "the published region itself", 2016),
    ("CN", "US", 0.064, 0.024, 0.3, "value of a statistical life, Cao 2021 (CNY 5.1 million of 2019, opened) over US EPA's (US$ 7.4 million of 2006, recalled); low: median of 28 Chinese studies; high: own estimate for denser cities, to be checked", 2021),
    ("CL", "US", 0.26, 0.13, 0.42, "OECD base value of a statistical life (US$ 3.0 million of 2005, recalled) times a ratio of incomes of about 0.6, over US EPA's; own transfer, to be checked", 2012),
    ("KR", "US", 0.23, 0.09, 0.37, "value of a statistical life of Korea by transfer (US$ 2.5 million of 2019, recalled) over US EPA's; to be checked", 2019),
    ("JP", "US", 0.2, 0.1, 0.4, "value of a statistical life of Japan (JPY 226 million of 2007, recalled) over US EPA's; to be checked", 2007),
]  # fmt: skip


WEIGHT = ("recalled: Carl Moyer guidelines 2017, appendix C, formula C-1; to be checked", 2017, "no")
LIVES = ("own reading of usual project lives in the programme's guidelines; recalled, to be checked", 2017, "no")
NOTICE_2022 = ('California Air Resources Board, notice of 2022-09-30, table 1, "current" (opened)', 2022, "yes")
MOYER = [
    (2012, "base_limit", 17080.0, "California Air Resources Board, MSC12-07 (opened)", 2012, "yes"),
    (2012, "discount_rate", 0.02, "California Air Resources Board, MSC12-07 (opened)", 2012, "yes"),
    (2014, "base_limit", 17720.0, "California Air Resources Board, MSC14-04 (opened)", 2014, "yes"),
    (2014, "discount_rate", 0.01, "California Air Resources Board, MSC14-04 (opened)", 2014, "yes"),
    (2022, "base_limit", 33000.0, *NOTICE_2022),
    (2022, "advanced_limit", 200000.0, *NOTICE_2022),
    (2022, "zero_emission_limit", 500000.0, *NOTICE_2022),
    (2022, "discount_rate", 0.01, "rate of 2014 carried on; recalled, to be checked", 2014, "no"),
    *((year, "pm_weight", 20.0, *WEIGHT) for year in (2012, 2014, 2022)),
    *((year, f"life_{kind}", life, *LIVES) for year in (2012, 2014, 2022) for kind, life in (("retrofit", 5.0), ("fuel", 1.0), ("replacement", 7.0))),
]  # fmt: skip

EPA_RETROFIT = "US EPA, The cost-effectiveness of heavy-duty diesel retrofits, EPA420-B-07-006, 2007: school buses and class 6 to 8b trucks; recalled, to be checked; US$ 2006 to US$ 2024"
GRANTS = "mean of California's Carl Moyer grants and cap of Texas's TERP, as listed in a review of clean-diesel strategies of about 2006 (read in an excerpt); US$ 2006 to US$ 2024"
RANGES = [
    ("retrofit", "PM2.5", 11_100.0, 69_900.0, 2006, EPA_RETROFIT, 2007, "no"),
    ("retrofit", "NOx", 3_000.0, 13_000.0, 2006, GRANTS, 2006, "yes"),
    ("replacement", "NOx", 3_000.0, 13_000.0, 2006, GRANTS, 2006, "yes"),
    ("retrofit", "weighted", 17_720.0, 33_000.0, 2019, "Carl Moyer base limits of 2014 and 2022, per weighted short ton (opened); money of about 2019 to US$ 2024", 2022, "yes"),
    ("replacement", "weighted", 17_720.0, 500_000.0, 2019, "Carl Moyer limits from the base of 2014 to zero emission of 2022, per weighted short ton (opened); money of about 2019 to US$ 2024", 2022, "yes"),
    ("any", "GHG", 120.0, 340.0, 2020, "the range of the social cost of CO2 of 2020, US EPA 2023 (opened), as what a tonne is worth; US$ 2020 to US$ 2024", 2023, "yes"),
]  # fmt: skip


def _now(amount: float, year: int) -> float:
    return float(f"{amount * CPI[2024] / CPI[year]:.4g}")


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    european = [
        ("EU", p, _now(v * 1000.0 * USD_PER_EUR_2016, 2016), None, None, HANDBOOK, 2019, "US$ 2024 per t", "no")
        for p, v in EU
    ]
    american = [
        ("US", p, *(_now(v * SHORT_TONS_PER_T, 2019) for v in values), EPA_BPT, 2023, "US$ 2024 per t", "no")
        for p, *values in US
    ]
    damages = pl.DataFrame(
        [*european, *american],
        schema=["region", "pollutant", "value", "low", "high", "source", "year", "unit", "checked"],
        orient="row",
    )
    transfer = pl.DataFrame(
        TRANSFER, schema=["country", "region", "value", "low", "high", "source", "year"], orient="row"
    ).with_columns(unit=pl.lit("of the region's damage per t"), checked=pl.lit("no"))
    moyer = pl.DataFrame(
        MOYER, schema=["guideline_year", "parameter", "value", "source", "year", "checked"], orient="row"
    ).with_columns(unit=pl.lit("US$ per weighted short ton; 1 a year; -; years"))
    ranges = pl.DataFrame(
        [(k, p, _now(low, m), _now(high, m), s, y, c) for k, p, low, high, m, s, y, c in RANGES],
        schema=["kind", "pollutant", "low", "high", "source", "year", "checked"],
        orient="row",
    ).with_columns(unit=pl.lit("US$ 2024 per t (weighted: per short ton)"))
    return {
        "damage_costs.csv": damages,
        "damage_transfer.csv": transfer,
        "moyer_parameters.csv": moyer.sort("guideline_year", "parameter"),
        "cost_effectiveness_ranges.csv": ranges,
    }


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
