"""Write the packaged prices of carbon markets.

Usage: python scripts/build_carbon_prices.py [--check]

With ``--check`` nothing is written; the exit status is 1 when the packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

ICAP = "International Carbon Action Partnership, pages of the emissions trading systems"
ICAP_NEWS = "International Carbon Action Partnership, news of the Korean auctions"
PILOTS = "Scientific Research Publishing, paper on the Chinese pilots, table of prices (article 7-2360588)"
SP = "S&P Global, note on credit prices of the Low Carbon Fuel Standard"
DTN = "DTN, note on credit prices of the Low Carbon Fuel Standard, April 2019"
LEGAL = "legalclarity.org, page on credit prices of the Low Carbon Fuel Standard"
NOTE = "market note of a broker"
RECALLED = "recalled, to be checked"

MARKETS = {
    "bj_ets": ("Beijing pilot market", "北京试点碳市场", "Beijing", "CNY", "per t CO2"),
    "cn_ets": ("China's national market", "全国碳市场", "China", "CNY", "per t CO2"),
    "tokyo": ("Tokyo cap-and-trade", "东京总量控制与交易", "Tokyo", "JPY", "per t CO2"),
    "kau": ("Korea's market", "韩国碳市场", "Korea", "KRW", "per t CO2"),
    "ca_ct": ("California cap-and-trade", "加州总量控制与交易", "California", "USD", "per t CO2e"),
    "lcfs": ("California Low Carbon Fuel Standard", "加州低碳燃料标准", "California", "USD", "per t CO2e"),
}

# market, instrument, year, period, price, low, high, whether it counts in the yearly path, source, published, checked
PRICES = [
    ("bj_ets", "average", 2013, "compliance period", 53.01, None, None, "yes", PILOTS, 2015, "yes"),
    ("bj_ets", "average", 2014, "compliance period", 53.19, None, None, "yes", PILOTS, 2015, "yes"),
    ("bj_ets", "average", 2023, "year", 113.0, 100.0, 150.0, "yes", RECALLED, 2026, "no"),
    ("bj_ets", "secondary market average", 2024, "year", 102.0, None, None, "yes", ICAP, 2025, "yes"),
    ("bj_ets", "auction average", 2024, "year", 107.0, None, None, "no", ICAP, 2025, "yes"),
    ("cn_ets", "opening price", 2021, "2021-07-16", 48.0, None, None, "no", "atcinitiative.org", 2021, "yes"),
    ("cn_ets", "average", 2021, "year", 43.0, None, None, "yes", RECALLED, 2026, "no"),
    ("cn_ets", "average", 2022, "year", 55.0, None, None, "yes", RECALLED, 2026, "no"),
    ("cn_ets", "average", 2023, "year", 68.0, None, None, "yes", RECALLED, 2026, "no"),
    ("cn_ets", "secondary market average", 2024, "year", 95.96, None, None, "yes", ICAP, 2025, "yes"),
    ("tokyo", "excess reduction credit, assessed", 2023, "year", 650.0, 200.0, 1200.0, "yes", RECALLED, 2026, "no"),
    ("kau", "auction settlement", 2019, "2019-01-23", 25500.0, 23100.0, 27500.0, "yes", ICAP_NEWS, 2019, "yes"),
    ("kau", "auction settlement", 2019, "2019-02-13", 27050.0, None, None, "yes", ICAP_NEWS, 2019, "yes"),
    ("kau", "secondary market", 2019, "2019-07-29 to 2019-08-02", 28550.0, 28500.0, 28600.0, "yes", NOTE, 2019, "yes"),
    ("kau", "secondary market", 2020, "year", 29600.0, 18000.0, 42500.0, "yes", RECALLED, 2026, "no"),
    ("kau", "secondary market", 2022, "year", 20500.0, 11000.0, 35000.0, "yes", RECALLED, 2026, "no"),
    ("kau", "secondary market", 2023, "year", 11200.0, 7000.0, 16000.0, "yes", RECALLED, 2026, "no"),
    ("kau", "secondary market", 2024, "year", 9245.0, 8000.0, 11000.0, "yes", RECALLED, 2026, "no"),
    ("ca_ct", "current auction", 2019, "2019-02-20", 15.73, None, None, "yes", NOTE, 2019, "yes"),
    ("ca_ct", "current auction", 2019, "2019-05-14", 17.45, None, None, "yes", NOTE, 2019, "yes"),
    ("ca_ct", "current auction", 2022, "first quarter", 29.15, None, None, "yes", "climateimpactcapital.com", 2022, "yes"),
    ("ca_ct", "current auction", 2024, "first quarter", 41.76, None, None, "yes", RECALLED, 2026, "no"),
    ("ca_ct", "current auction", 2024, "second quarter", 37.02, None, None, "yes", RECALLED, 2026, "no"),
    ("ca_ct", "current auction", 2024, "third quarter", 30.24, None, None, "yes", RECALLED, 2026, "no"),
    ("ca_ct", "current auction", 2024, "fourth quarter", 31.91, None, None, "yes", RECALLED, 2026, "no"),
    ("lcfs", "credit average", 2015, "fourth quarter", 90.0, None, None, "yes", SP, 2016, "yes"),
    ("lcfs", "credit average", 2016, "first quarter", 114.0, None, None, "yes", SP, 2016, "yes"),
    ("lcfs", "credit average", 2016, "second quarter", 116.0, 81.0, 128.0, "yes", SP, 2016, "yes"),
    ("lcfs", "credit average", 2017, "first quarter", 92.0, None, None, "yes", SP, 2017, "yes"),
    ("lcfs", "credit average", 2017, "second quarter", 81.0, None, None, "yes", SP, 2017, "yes"),
    ("lcfs", "credit average", 2017, "third quarter", 85.0, 62.0, 98.0, "yes", SP, 2017, "yes"),
    ("lcfs", "credit average", 2019, "week to 2019-04-21", 188.41, 180.0, 196.5, "yes", DTN, 2019, "yes"),
    ("lcfs", "credit average", 2023, "year", 73.0, None, None, "yes", LEGAL, 2024, "yes"),
    ("lcfs", "credit average", 2024, "year to date", 59.0, 41.5, 68.75, "yes", LEGAL, 2024, "yes"),
    ("lcfs", "maximum credit price", 2024, "June 2024 to May 2025", 261.52, None, None, "no", LEGAL, 2024, "yes"),
]  # fmt: skip
COLUMNS = ("market", "instrument", "of_year", "period", "value", "low", "high", "in_path", "source", "year", "checked")


def tables() -> dict[str, pl.DataFrame]:
    """Return the table by file name."""
    prices = pl.DataFrame(PRICES, schema=COLUMNS, orient="row", infer_schema_length=None)
    named = [(market, *words) for market, words in MARKETS.items()]
    markets = pl.DataFrame(named, schema=["market", "title_en", "title_zh", "region", "currency", "unit"], orient="row")
    joined = prices.join(markets, on="market", how="left", maintain_order="left")
    first = ("market", "title_en", "title_zh", "region", "instrument", "of_year", "period", "value", "low", "high")
    return {"carbon_prices.csv": joined.select(*first, "currency", "in_path", "source", "year", "unit", "checked")}


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
