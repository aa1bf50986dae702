"""Write the packaged figures of what emissions do: to the climate and to people.

Usage: python scripts/build_impacts.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

AR4 = "IPCC fourth assessment report, as printed in the US EPA emission factors hub 2022 (opened)"
AR4_20 = "IPCC fourth assessment report, table 2.14; recalled, to be checked"
AR5 = "IPCC fifth assessment report, table 8.7, without feedbacks; recalled, to be checked"
AR6 = "IPCC sixth assessment report, working group I, table 7.15 (methane: fossil); recalled, to be checked"
BOND = "Bond and others 2013, Bounding the role of black carbon; recalled, to be checked"
OC = "IPCC fifth assessment report, table 8.A.6; recalled, to be checked"
ONE = "the unit of all others"
GWP = [
    ("any", 20, "CO2", 1.0, 1.0, 1.0, ONE, 2021, "yes"),
    ("any", 100, "CO2", 1.0, 1.0, 1.0, ONE, 2021, "yes"),
    ("ar4", 20, "CH4", 72.0, None, None, AR4_20, 2007, "no"),
    ("ar4", 20, "N2O", 289.0, None, None, AR4_20, 2007, "no"),
    ("ar4", 100, "CH4", 25.0, None, None, AR4, 2007, "yes"),
    ("ar4", 100, "N2O", 298.0, None, None, AR4, 2007, "yes"),
    ("ar5", 20, "CH4", 84.0, None, None, AR5, 2013, "no"),
    ("ar5", 20, "N2O", 264.0, None, None, AR5, 2013, "no"),
    ("ar5", 100, "CH4", 28.0, None, None, AR5, 2013, "no"),
    ("ar5", 100, "N2O", 265.0, None, None, AR5, 2013, "no"),
    ("ar6", 20, "CH4", 82.5, 56.7, 108.3, AR6, 2021, "no"),
    ("ar6", 20, "N2O", 273.0, 155.0, 391.0, AR6, 2021, "no"),
    ("ar6", 100, "CH4", 29.8, 18.8, 40.8, AR6, 2021, "no"),
    ("ar6", 100, "N2O", 273.0, 143.0, 403.0, AR6, 2021, "no"),
    ("any", 20, "BC", 3200.0, 270.0, 6200.0, BOND, 2013, "no"),
    ("any", 100, "BC", 900.0, 120.0, 1800.0, BOND, 2013, "no"),
    ("any", 20, "OC", -160.0, -320.0, -60.0, OC, 2013, "no"),
    ("any", 100, "OC", -46.0, -92.0, -18.0, OC, 2013, "no"),
]  # fmt: skip
FIGURE = ("value", "low", "high", "source", "year", "checked")


CHEN = "Chen and Hoek 2020, basis of WHO's guidelines of 2021: value as cited in a public table of response functions (opened), interval recalled"
JANSSEN = "Janssen and others 2011, table 3, pooled (opened)"
KHREIS = "Khreis and others 2017, meta-analysis of asthma of children and traffic; recalled, to be checked"
HRAPIE = "WHO Regional Office for Europe, HRAPIE project 2013; recalled, to be checked"
RESPONSES = [
    ("chen_hoek", "deaths", "PM2.5", 10.0, 1.08, 1.06, 1.09, CHEN, 2020, "no"),
    ("krewski", "deaths", "PM2.5", 10.0, 1.06, 1.04, 1.08, "Krewski and others 2009, HEI report 140; recalled, to be checked", 2009, "no"),
    ("hoek", "deaths", "PM2.5", 10.0, 1.06, 1.04, 1.08, "Hoek and others 2013; recalled, to be checked", 2013, "no"),
    ("janssen", "deaths", "PM2.5", 1.0, 1.007, 1.004, 1.009, JANSSEN, 2011, "yes"),
    ("any", "deaths", "BC", 1.0, 1.06, 1.04, 1.09, JANSSEN + ": elemental carbon", 2011, "yes"),
    ("any", "deaths", "NO2", 10.0, 1.02, 1.01, 1.04, "Huangfu and Atkinson 2020; recalled, to be checked", 2020, "no"),
    ("any", "deaths", "O3", 10.0, 1.0043, 1.0034, 1.0052, "Orellano and others 2020, short-term ozone; recalled, to be checked", 2020, "no"),
    ("any", "asthma_children", "PM2.5", 1.0, 1.03, 1.01, 1.05, KHREIS, 2017, "no"),
    ("any", "asthma_children", "NO2", 4.0, 1.05, 1.02, 1.07, KHREIS, 2017, "no"),
    ("any", "restricted_days", "PM2.5", 10.0, 1.047, 1.042, 1.053, HRAPIE, 2013, "no"),
]  # fmt: skip
GEMM = "Burnett and others 2018, GEMM for NCD and LRI, all ages from 25, as used in three public codes (opened)"
COMEAP = "COMEAP 2010: 340,000 life-years over 29,000 deaths in the United Kingdom of 2008, as told by the Institute of Occupational Medicine (opened)"
OEHHA = "California OEHHA, cancer potency of diesel exhaust particulate (opened copy): range 1.3E-4 to 1.5E-3"
APTE = "Apte and others 2012, Environmental Science and Technology 46:3415, abstract (opened)"
HUMBERT = "Humbert and others 2011, urban; recalled, to be checked"
HUMBERT_FAR = "Humbert and others 2011, high stacks in the country (PM2.5), rural (gases); recalled, to be checked"
OWN = "own estimate, to be checked"
FIGURES = [
    ("gemm_theta", 0.143, 0.10758, 0.17842, "-", GEMM, 2018, "yes"),
    ("gemm_alpha", 1.6, None, None, "-", GEMM, 2018, "yes"),
    ("gemm_mu", 15.5, None, None, "ug/m3", GEMM, 2018, "yes"),
    ("gemm_nu", 36.8, None, None, "ug/m3", GEMM, 2018, "yes"),
    ("gemm_from", 2.4, None, None, "ug/m3", GEMM, 2018, "yes"),
    ("gemm_share", 0.9, 0.85, 0.95, "deaths of NCD and LRI per natural death of adults", OWN, 2026, "no"),
    ("life_years_per_death", 340_000.0 / 29_000.0, None, None, "years", COMEAP, 2010, "yes"),
    ("cancer_unit_risk", 3.0e-4, 1.3e-4, 1.5e-3, "per ug/m3 over 70 years", OEHHA, 1998, "yes"),
    ("lifetime", 70.0, None, None, "years of the unit risk", OEHHA, 1998, "yes"),
    ("breathing", 14.5, 12.0, 17.0, "m3 per person and day", "as Apte and others 2012; recalled, to be checked", 2012, "no"),
    ("ozone_per_nox", 0.0, -1.04, 1.04, "ug O3 per ug NOx breathed", "low: one ozone lost per NO, 48/46 by mass; high: as much gained; own bounds, to be checked", 2026, "no"),
    ("asthma_per_1000_children", 10.0, 5.0, 15.0, "new cases per 1000 children a year", OWN, 2026, "no"),
    ("restricted_days_per_person", 19.0, None, None, "days per person and year", HRAPIE, 2013, "no"),
]  # fmt: skip
INTAKE = [
    ("PM2.5", "primary", 3_000_000.0, 65.0, None, None, APTE + ": cities above 3 million", 2012, "yes"),
    ("PM2.5", "primary", 600_000.0, 35.0, None, None, APTE + ": cities of 0.6 to 3 million", 2012, "yes"),
    ("PM2.5", "primary", 100_000.0, 15.0, None, None, APTE + ": cities of 0.1 to 0.6 million", 2012, "yes"),
    ("PM2.5", "primary", 0.0, 15.0, 1.0, None, APTE + ": cities of 0.1 to 0.6 million stand in for smaller ones", 2012, "no"),
    ("NOx", "secondary", 0.0, 0.2, 0.05, 0.6, HUMBERT, 2011, "no"),
    ("SO2", "secondary", 0.0, 0.99, 0.3, 2.0, HUMBERT, 2011, "no"),
    ("NH3", "secondary", 0.0, 1.7, 0.5, 4.0, HUMBERT, 2011, "no"),
    ("PM2.5", "remote", 0.0, 1.6, 1.0, 11.0, HUMBERT_FAR, 2011, "no"),
    ("NOx", "remote", 0.0, 0.17, 0.05, 0.6, HUMBERT_FAR, 2011, "no"),
    ("SO2", "remote", 0.0, 0.79, 0.3, 2.0, HUMBERT_FAR, 2011, "no"),
]  # fmt: skip
ATOMS = "by definition, from standard atomic masses (H 1.008, N 14.007, O 15.999, S 32.06)"
ACID = [
    ("SO2", 2.0 * 1000.0 / (32.06 + 2.0 * 15.999), "two protons a molecule; " + ATOMS, 2021),
    ("NOx", 1000.0 / (14.007 + 2.0 * 15.999), "as NO2, one proton a molecule; " + ATOMS, 2021),
    ("NH3", 1000.0 / (14.007 + 3.0 * 1.008), "one proton a molecule once nitrified; " + ATOMS, 2021),
]  # fmt: skip
CEC = "China Electricity Council, thermal power of 2022; recalled, to be checked"
EGRID = "US EPA eGRID, order of magnitude; recalled, to be checked"
SHARE = "own rounding of common published shares of thermal power, to be checked"
MARGINAL = "new demand is served by thermal plants, as the marginal CO2 factor has it; own reading, to be checked"
LINES = "line losses; recalled, to be checked"
EIA = "US Energy Information Administration, Electric Power Annual, table 9.1: 1,117 kt NOx and 848 kt SO2 of 2023 (opened), over 2,505 TWh of fossil generation (recalled, to be checked)"
FEPC = "Federation of Electric Power Companies of Japan, thermal power; recalled, to be checked"
STAND_IN = "common values of gas plants (low) to coal plants with little cleaning (high); own estimate, to be checked"
PLANTS = [
    *(("CN", f, v, CEC, 2022, "g per kWh of thermal plants") for f, v in (("NOx", 0.133), ("SO2", 0.083), ("PM2.5", 0.017))),
    ("CN", "thermal_share", 0.67, SHARE, 2022, "share"),
    ("CN", "marginal_share", 1.0, MARGINAL, 2022, "share"),
    ("CN", "loss", 0.048, LINES, 2022, "share"),
    *(("US-CA", f, v, EGRID, 2022, "g per kWh of thermal plants") for f, v in (("NOx", 0.15), ("SO2", 0.01), ("PM2.5", 0.01))),
    ("US-CA", "thermal_share", 0.45, SHARE, 2022, "share"),
    ("US-CA", "marginal_share", 1.0, MARGINAL, 2018, "share"),
    ("US-CA", "loss", 0.051, LINES, 2022, "share"),
    ("US", "NOx", 1117.0 / 2505.0, EIA, 2023, "g per kWh of thermal plants"),
    ("US", "SO2", 848.0 / 2505.0, EIA, 2023, "g per kWh of thermal plants"),
    ("US", "thermal_share", 0.6, SHARE, 2023, "share"),
    ("JP", "NOx", 0.3, FEPC, 2005, "g per kWh of thermal plants"),
    ("JP", "SO2", 0.2, FEPC, 2005, "g per kWh of thermal plants"),
    ("JP", "thermal_share", 0.7, SHARE, 2022, "share"),
    ("KR", "thermal_share", 0.6, SHARE, 2022, "share"),
    ("EU", "thermal_share", 0.35, SHARE, 2023, "share"),
    ("CL", "thermal_share", 0.4, SHARE, 2023, "share"),
    ("any", "NOx", 0.4, STAND_IN, 2026, "g per kWh of thermal plants"),
    ("any", "SO2", 0.3, STAND_IN, 2026, "g per kWh of thermal plants"),
    ("any", "PM2.5", 0.03, STAND_IN, 2026, "g per kWh of thermal plants"),
    ("any", "thermal_share", 0.6, SHARE, 2022, "share"),
    ("any", "marginal_share", 1.0, MARGINAL, 2022, "share"),
    ("any", "loss", 0.05, LINES, 2022, "share"),
]  # fmt: skip
RANGES = {
    ("US", "NOx"): (0.35, 0.55), ("US", "SO2"): (0.25, 0.45), ("JP", "NOx"): (0.2, 0.4), ("JP", "SO2"): (0.1, 0.3),
    ("any", "NOx"): (0.1, 1.0), ("any", "SO2"): (0.02, 1.5), ("any", "PM2.5"): (0.005, 0.1),
}  # fmt: skip
"""Ends of figures of power plants; the others are told without."""
JEC = "JRC, EUCAR and Concawe, Well-to-tank report version 5, 2020; recalled, to be checked"
COAL = "Chinese well-to-wheel studies; recalled, to be checked"
HYDROGEN = [
    ("grey", 104.0, 95.0, 120.0, "steam reforming in central plants; " + JEC, 2020, "g CO2e per MJ"),
    ("green", 10.0, 5.0, 15.0, "electrolysis from wind; " + JEC, 2020, "g CO2e per MJ"),
    ("coal", 190.0, 150.0, 230.0, COAL, 2020, "g CO2e per MJ"),
    ("by_product", 50.0, 30.0, 80.0, "coke ovens; " + COAL, 2020, "g CO2e per MJ"),
    ("grid", 55.0 / 120.0, 50.0 / 120.0, 60.0 / 120.0, "55 (50-60) kWh per kg at 120 MJ per kg, compression included; own estimate, to be checked", 2026, "kWh per MJ"),
]  # fmt: skip
NATURE = (
    "Nature Communications 2024, article 54634, LFP 54 to 69, as quoted in a public code (opened); mean of the range"
)
IVL = (
    "IVL Swedish Environmental Research Institute 2019, report C 444, as told by electrive (opened); mean of the range"
)
BATTERIES = [
    ("lfp", 61.5, 54.0, 69.0, NATURE, 2024),
    ("nmc", 83.5, 61.0, 106.0, IVL, 2019),
]
CPI = {2006: 201.6, 2007: 207.342, 2019: 255.657, 2024: 313.689}
CAO = "Cao and others 2021, air pollution in six cities: CNY 5.1 (3.79-6.36) million of 2019 (opened), at 6.9 CNY per US$, prices to 2024"
EPA = "US EPA: US$ 7.4 million of 2006, prices to 2024; recalled, to be checked; range of half to one and a half"
RATES = "own estimate from crude death rates and ages, to be checked"
COUNTRIES = [
    # country, adult share (30+), deaths per 1000 adults, share of children, VSL in US$ million of 2024, low, high, source
    ("CN", 0.64, 11.5, 0.2, 5.1 / 6.9 * CPI[2024] / CPI[2019], 3.79 / 6.9 * CPI[2024] / CPI[2019], 6.36 / 6.9 * CPI[2024] / CPI[2019], CAO, "yes"),
    ("US", 0.61, 13.5, 0.22, 7.4 * CPI[2024] / CPI[2006], 3.7 * CPI[2024] / CPI[2006], 11.1 * CPI[2024] / CPI[2006], EPA, "no"),
    ("KR", 0.7, 8.2, 0.15, 2.5 * CPI[2024] / CPI[2019], 1.0 * CPI[2024] / CPI[2019], 4.0 * CPI[2024] / CPI[2019], "transfer, weak: US$ 2.5 (1-4) million of 2019; recalled, to be checked", "no"),
    ("JP", 0.74, 15.0, 0.14, 226.0 / 117.75 * CPI[2024] / CPI[2007], 113.0 / 117.75 * CPI[2024] / CPI[2007], 339.0 / 117.75 * CPI[2024] / CPI[2007], "Japan, JPY 226 million of 2007, at 117.75 per US$; recalled, to be checked; range of half to one and a half", "no"),
    ("CL", 0.58, 10.4, 0.23, 2.99, 1.5, 4.8, "OECD base value of 2005 times a ratio of incomes of 0.6, as in the table of damages; own transfer, to be checked", "no"),
    ("EU", 0.68, 15.0, 0.18, 4.3, 2.2, 6.5, "OECD 2012, US$ 3.0 (1.5-4.5) million of 2005 raised by prices and incomes; recalled, to be checked", "no"),
]  # fmt: skip


def _by_country() -> pl.DataFrame:
    rows = []
    for country, adults, deaths, children, value, low, high, source, checked in COUNTRIES:
        rows += [
            (country, "adult_share", adults, adults, adults, RATES, 2020, "people from 30 per inhabitant", "no"),
            (
                country,
                "adult_deaths_per_1000",
                deaths,
                deaths,
                deaths,
                RATES,
                2020,
                "deaths per 1000 people from 30",
                "no",
            ),
            (country, "child_share", children, children, children, RATES, 2020, "people under 18 per inhabitant", "no"),
            (
                country,
                "life_usd",
                *(float(f"{v * 1e6:.4g}") for v in (value, low, high)),
                source,
                2024,
                "US$ 2024 per statistical life",
                checked,
            ),
        ]
    return pl.DataFrame(
        rows, schema=["country", "figure", "value", "low", "high", "source", "year", "unit", "checked"], orient="row"
    )


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    warming = pl.DataFrame(GWP, schema=["assessment", "horizon_years", "pollutant", *FIGURE], orient="row")
    response = pl.DataFrame(RESPONSES, schema=["response", "effect", "pollutant", "per_ug_m3", *FIGURE], orient="row")
    figures = pl.DataFrame(
        FIGURES, schema=["figure", "value", "low", "high", "unit", "source", "year", "checked"], orient="row"
    )
    intake = pl.DataFrame(INTAKE, schema=["pollutant", "part", "from_people", *FIGURE], orient="row")
    plants = pl.DataFrame(
        [(r, f, float(f"{v:.4g}"), *RANGES.get((r, f), (None, None)), *more) for r, f, v, *more in PLANTS],
        schema=["region", "figure", "value", "low", "high", "source", "year", "unit"],
        orient="row",
    )
    colours = pl.DataFrame(HYDROGEN, schema=["colour", "value", "low", "high", "source", "year", "unit"], orient="row")
    batteries = pl.DataFrame(BATTERIES, schema=["chemistry", "value", "low", "high", "source", "year"], orient="row")
    acid = pl.DataFrame(ACID, schema=["pollutant", "value", "source", "year"], orient="row")
    return {
        "acid_equivalents.csv": acid.with_columns(unit=pl.lit("thousand mol of protons per t"), checked=pl.lit("yes")),
        "battery_manufacturing.csv": batteries.with_columns(
            unit=pl.lit("kg CO2e per kWh of capacity"), checked=pl.lit("yes")
        ),
        "power_plants.csv": plants.with_columns(checked=pl.lit("no")),
        "hydrogen_colours.csv": colours.with_columns(checked=pl.lit("no")),
        "warming.csv": warming.with_columns(unit=pl.lit("t CO2e per t")),
        "health_response.csv": response.with_columns(unit=pl.lit("relative risk per step of concentration")),
        "health_figures.csv": figures,
        "health_countries.csv": _by_country(),
        "intake_fractions.csv": intake.with_columns(unit=pl.lit("g breathed in as PM2.5 per t emitted")),
    }


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
