"""Write the packaged targets and the sums of pollutants that targets are set on.

Usage: python scripts/build_targets.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

DRRP = "California Air Resources Board, Diesel Risk Reduction Plan, October 2000 (base year and interim cut as quoted)"
CLEAN_AIR = (
    "US-China policy work on clean air: PM2.5, SO2 and NOx to fall by more than half within 15 years (as quoted)"
)
EXECUTIVE_ORDER = (
    "State of California: greenhouse gases 80 % below 1990 by 2050, Executive Order S-3-05 (2005, as quoted)"
)
CHINA = "People's Republic of China: CO2 to peak before 2030 and neutrality before 2060 (announced 2020, as quoted)"

TARGETS = [
    ("diesel_pm_85", "Diesel PM -85 % (California)", "柴油颗粒物削减85%（加州）", "PM_exhaust", "diesel", "cut", 85.0, 2000, 2020, "10=75", DRRP, 2000),
    ("pm25_50", "PM2.5 -50 % in 15 years", "PM2.5十五年内减半", "PM2.5", "", "cut", 50.0, 2015, 2030, "", CLEAN_AIR, 2015),
    ("so2_50", "SO2 -50 % in 15 years", "二氧化硫十五年内减半", "SO2", "", "cut", 50.0, 2015, 2030, "", CLEAN_AIR, 2015),
    ("nox_50", "NOx -50 % in 15 years", "氮氧化物十五年内减半", "NOx", "", "cut", 50.0, 2015, 2030, "", CLEAN_AIR, 2015),
    ("ghg_80", "Greenhouse gases -80 % by 2050", "温室气体到2050年削减80%", "GHG", "", "cut", 80.0, 1990, 2050, "", EXECUTIVE_ORDER, 2005),
    ("co2_peak_2030", "CO2 peaks before 2030", "二氧化碳2030年前达峰", "CO2_total", "", "peak", None, None, 2030, "", CHINA, 2020),
    ("co2_neutral_2060", "CO2 neutral by 2060", "2060年前碳中和", "CO2_total", "", "cut", 100.0, None, 2060, "", CHINA, 2020),
]  # fmt: skip
TARGET_COLUMNS = (
    *("target_id", "title_en", "title_zh", "pollutant", "fuels", "kind", "cut_pct"),
    *("law_base_year", "law_year", "interim", "source", "year"),
)

OWN = "sum of reported pollutants"
AR4 = "IPCC fourth assessment report, GWP100, as printed in the US EPA emission factors hub 2022"
SUMS = [
    ("PM2.5", "PM2.5, exhaust and wear", "PM2.5（尾气与磨损）", "PM_exhaust", 1.0, OWN, 2026, "yes"),
    ("PM2.5", "PM2.5, exhaust and wear", "PM2.5（尾气与磨损）", "PM2.5_non_exhaust", 1.0, OWN, 2026, "yes"),
    ("CO2_total", "CO2 with that of electricity", "二氧化碳（含用电）", "CO2", 1.0, OWN, 2026, "yes"),
    ("CO2_total", "CO2 with that of electricity", "二氧化碳（含用电）", "CO2_grid", 1.0, OWN, 2026, "yes"),
    ("GHG", "Greenhouse gases, CO2e over 100 years", "温室气体（百年二氧化碳当量）", "CO2", 1.0, OWN, 2026, "yes"),
    ("GHG", "Greenhouse gases, CO2e over 100 years", "温室气体（百年二氧化碳当量）", "CO2_grid", 1.0, OWN, 2026, "yes"),
    ("GHG", "Greenhouse gases, CO2e over 100 years", "温室气体（百年二氧化碳当量）", "CH4", 25.0, AR4, 2007, "yes"),
    ("GHG", "Greenhouse gases, CO2e over 100 years", "温室气体（百年二氧化碳当量）", "N2O", 298.0, AR4, 2007, "yes"),
]  # fmt: skip


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    targets = pl.DataFrame(TARGETS, schema=TARGET_COLUMNS, orient="row")
    sums = pl.DataFrame(
        SUMS,
        schema=["sum_id", "title_en", "title_zh", "pollutant", "weight", "source", "year", "checked"],
        orient="row",
    )
    return {
        "targets.csv": targets.with_columns(unit=pl.lit("% of the base year"), checked=pl.lit("no")),
        "target_sums.csv": sums.with_columns(unit=pl.lit("per unit of the pollutant")),
    }


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
