"""Write the packaged exchange rates and price indices.

Usage: python scripts/build_price_levels.py [--check]

With ``--check`` nothing is written; the exit status is 1 when the packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

BLS = "US Bureau of Labor Statistics, CPI-U, US city average, annual (CUUR0000SA0), as quoted in published program code"
CPI_U = {
    2000: 172.2, 2001: 177.1, 2002: 179.9, 2003: 184.0, 2004: 188.9, 2005: 195.3, 2006: 201.6, 2007: 207.3,
    2008: 215.303, 2009: 214.537, 2010: 218.056, 2011: 224.939, 2012: 229.594, 2013: 232.957, 2014: 236.736,
    2015: 237.017, 2016: 240.007, 2017: 245.120, 2018: 251.107, 2019: 255.657, 2020: 258.811, 2021: 270.970,
    2022: 292.655, 2023: 304.702, 2024: 313.689, 2025: 321.943,
}  # fmt: skip

IRS = "US Internal Revenue Service, yearly average currency exchange rates, as quoted in published program code"
READ = range(2019, 2026)
RATES = {
    "CNY": (6.910, 6.900, 6.452, 6.730, 7.075, 7.189, 7.129),
    "EUR": (0.893, 0.877, 0.846, 0.951, 0.924, 0.924, 0.886),
    "GBP": (0.784, 0.779, 0.727, 0.811, 0.804, 0.783, 0.759),
    "JPY": (109.008, 106.725, 109.817, 131.454, 140.511, 151.353, 149.632),
    "KRW": (1165.697, 1179.199, 1144.883, 1291.729, 1306.686, 1364.153, 1421.779),
}
RECALLED = "annual average exchange rate; recalled, to be checked"
OLDER = {
    "CNY": {2005: 8.19, 2006: 7.97, 2007: 7.61, 2008: 6.95, 2009: 6.83, 2010: 6.77, 2011: 6.46, 2012: 6.31,
            2013: 6.20, 2014: 6.14, 2015: 6.23, 2016: 6.64, 2017: 6.76, 2018: 6.62},
    "EUR": {2010: 0.755, 2011: 0.719, 2012: 0.778, 2013: 0.753, 2014: 0.754, 2015: 0.902, 2016: 0.904, 2017: 0.887,
            2018: 0.847},
    "GBP": {2015: 0.654, 2016: 0.741, 2017: 0.777, 2018: 0.750},
    "JPY": {2015: 121.0, 2016: 108.8, 2017: 112.2, 2018: 110.4},
    "KRW": {2015: 1131.0, 2016: 1160.0, 2017: 1131.0, 2018: 1100.0},
    "CLP": {2015: 654.0, 2016: 677.0, 2017: 649.0, 2018: 641.0, 2019: 703.0, 2020: 792.0, 2021: 759.0, 2022: 873.0,
            2023: 840.0, 2024: 944.0, 2025: 951.0},
}  # fmt: skip

INFLATION_SOURCE = "consumer prices, annual change, national statistics; recalled, to be checked"
INFLATION_PCT = {
    "CNY": {2011: 5.4, 2012: 2.6, 2013: 2.6, 2014: 2.0, 2015: 1.4, 2016: 2.0, 2017: 1.6, 2018: 2.1, 2019: 2.9,
            2020: 2.5, 2021: 0.9, 2022: 2.0, 2023: 0.2, 2024: 0.2, 2025: 0.0},
    "EUR": {2016: 0.2, 2017: 1.5, 2018: 1.8, 2019: 1.2, 2020: 0.3, 2021: 2.6, 2022: 8.4, 2023: 5.4, 2024: 2.4,
            2025: 2.1},
    "GBP": {2016: 0.7, 2017: 2.7, 2018: 2.5, 2019: 1.8, 2020: 0.9, 2021: 2.6, 2022: 9.1, 2023: 7.3, 2024: 2.5,
            2025: 3.4},
    "JPY": {2016: -0.1, 2017: 0.5, 2018: 1.0, 2019: 0.5, 2020: 0.0, 2021: -0.2, 2022: 2.5, 2023: 3.3, 2024: 2.7,
            2025: 3.2},
    "KRW": {2016: 1.0, 2017: 1.9, 2018: 1.5, 2019: 0.4, 2020: 0.5, 2021: 2.5, 2022: 5.1, 2023: 3.6, 2024: 2.3,
            2025: 2.1},
    "CLP": {2016: 3.8, 2017: 2.2, 2018: 2.4, 2019: 2.6, 2020: 3.0, 2021: 4.5, 2022: 11.6, 2023: 7.6, 2024: 4.3,
            2025: 4.2},
}  # fmt: skip
COLUMNS = ("kind", "currency", "year", "value", "source", "published", "unit", "checked")
Row = tuple[str, str, int, float, str, int, str, str]


def chained(currency: str) -> list[Row]:
    """Return the index of a currency's prices; 100 in the year before the first change."""
    changes = INFLATION_PCT[currency]
    level = 100.0
    rows: list[Row] = [("deflator", currency, min(changes) - 1, level, INFLATION_SOURCE, 2026, "index", "no")]
    for year, change in changes.items():
        level *= 1.0 + change / 100.0
        rows.append(("deflator", currency, year, round(level, 3), INFLATION_SOURCE, 2026, "index", "no"))
    return rows


def tables() -> dict[str, pl.DataFrame]:
    """Return the table by its file name."""
    rows: list[Row] = [("deflator", "USD", year, value, BLS, 2026, "index", "yes") for year, value in CPI_U.items()]
    for currency, older in OLDER.items():
        unit = f"{currency}/USD"
        rows += [("rate", currency, y, v, RECALLED, 2026, unit, "no") for y, v in older.items()]
        read = zip(READ, RATES.get(currency, ()), strict=False)
        rows += [("rate", currency, year, value, IRS, 2026, unit, "yes") for year, value in read]
        rows += chained(currency)
    return {"price_levels.csv": pl.DataFrame(rows, schema=COLUMNS, orient="row")}


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
