"""Write the packaged figures of measures in operation: effects, responses of drivers, costs.

Usage: python scripts/build_operation.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

MEASURES = [
    ("scrappage", "Early scrappage", "提前淘汰老旧车"),
    ("inspection", "Inspection and maintenance", "检查与维护"),
    ("rail_shift", "Freight from road to rail", "货运公路转铁路"),
    ("consolidation", "Consolidation of freight", "货物集并运输"),
    ("zone", "Low-emission zone", "低排放区"),
    ("ban", "Temporary ban", "临时限行"),
    ("speed_limit", "Lower speed limit", "降低限速"),
    ("eco_driving", "Eco-driving", "生态驾驶"),
    ("reassign", "Reassign before buying", "先调配后购置"),
]

ECO = "Maintaining ecodriving benefits in the long term (changing-transport.org, opened): truck drivers, lasting 2-5 % (middle taken); Barla and others 2017 (abstract opened): 4.6 % in town, 2.5 % after ten months"
ECO_OTHER = "own: as the fuel; range from memory of reviews, to be checked"
ECO_COST = "from memory, to be checked: course and feedback"
LIMIT = "Bornioli and others 2018, J Transport & Health 11, 47-55 (abstract opened): signs 20 for 30 mph, adjusted -2.66 mph of 10, high -4.7 unadjusted; low: FHWA-RD-92-084 (summary opened): below 1.5 mph for 15"
FEE = "Transp Res Rec 2023, doi 10.1177/03611981231172747 (opened): 60 % of the pass-through trips of old trucks divert at a charge of 10 US$"
OWN = "own estimate, to be checked"
ODD_EVEN = "Xinhua 6 August 2008 (china.org.cn, opened): traffic on avenues -21 % with half of the cars barred; low: Mohan and others 2017, Delhi (abstract opened): below 20 % of the cars; high from memory: 35 %"
TIER1 = "from memory, to be checked: EMEP/EEA guidebook, 1.A.3.c railways, Tier 1 and the range of its Tier 2"
AAR = "from memory, to be checked: US railways 480 short ton-miles a gallon; high: European trains"
ATRI = "ATRI, Operational Costs of Trucking 2024, as reported (concreteproducts.com, opened): 1.716 US$ a mile without fuel in 2023"
TRACTOR = "from memory, to be checked: a new truck or bus (measure cv_to_cvi)"
XINHUA = "Beijing 2012, Xinhua 25 April 2012 (opened): 2,500-14,500 yuan a vehicle; a transfer, no cost of its own"
PLANNER = "own estimate, to be checked: a planner of 60,000 US$ a year for 5,000 vehicles; high: with empty kilometres"
YEARS_EARLY = "own, to be checked: surplus life of 3-6 years (measure scrappage)"
IM = "from memory, to be checked: fee of an opacity test (measure im_opacity), repair"
WORST = "own: programmes aim at the worst tenth (Preble and others 2024 on its weight); prices the repairs alone"
YEAR = {
    IM: 2010,
    ECO: 2017,
    LIMIT: 2018,
    FEE: 2023,
    ODD_EVEN: 2008,
    ATRI: 2023,
    XINHUA: 2012,
    TRACTOR: 2021,
    ECO_COST: 2015,
}

FIGURES = [
    ("eco_driving", "change_pct", "energy", -3.5, -5.0, -2.0, "%", ECO, "yes"),
    ("eco_driving", "change_pct", "NOx", -3.5, -15.0, 5.0, "%", ECO_OTHER, "no"),
    ("eco_driving", "change_pct", "PM_exhaust", -3.5, -15.0, 0.0, "%", ECO_OTHER, "no"),
    ("eco_driving", "capex_usd_per_vehicle", "", 200.0, 50.0, 500.0, "USD", ECO_COST, "no"),
    ("eco_driving", "opex_usd_per_vehicle", "", 50.0, 0.0, 150.0, "USD a year", ECO_COST, "no"),
    ("eco_driving", "life_years", "", 2.0, 1.0, 3.0, "years", ECO_COST, "no"),
    ("speed_limit", "adherence", "", 0.27, 0.1, 0.47, "share of the gap", LIMIT, "yes"),
    ("zone", "response_charge", "reroute", 0.6, 0.3, 0.8, "share", FEE, "yes"),
    ("zone", "response_charge", "pay", 0.4, 0.2, 0.7, "share", FEE, "yes"),
    ("zone", "response_barred", "replace", 0.6, 0.3, 0.9, "share", OWN, "no"),
    ("zone", "response_barred", "reroute", 0.2, 0.0, 0.6, "share", OWN, "no"),
    ("zone", "response_barred", "cancel", 0.1, 0.0, 0.3, "share", OWN, "no"),
    ("zone", "response_barred", "ignore", 0.1, 0.02, 0.2, "share", OWN, "no"),
    ("zone", "detour", "", 1.1, 1.0, 1.5, "km per km", OWN, "no"),
    ("zone", "reroute_within_km", "", 3.0, 1.0, 10.0, "km", OWN, "no"),
    ("zone", "capex_usd_per_heavy_vehicle", "", 60000.0, 40000.0, 150000.0, "USD", TRACTOR, "no"),
    ("zone", "capex_usd_per_light_vehicle", "", 20000.0, 8000.0, 40000.0, "USD", OWN, "no"),
    ("zone", "life_years", "", 12.0, 8.0, 15.0, "years", OWN, "no"),
    ("ban", "response_half", "cancel", 0.42, 0.4, 0.7, "share", ODD_EVEN, "yes"),
    ("ban", "response_half", "ignore", 0.58, 0.3, 0.6, "share", ODD_EVEN, "yes"),
    ("ban", "response_all", "other_days", 0.45, 0.2, 0.7, "share", OWN, "no"),
    ("ban", "response_all", "cancel", 0.25, 0.1, 0.5, "share", OWN, "no"),
    ("ban", "response_all", "replace", 0.25, 0.1, 0.5, "share", OWN, "no"),
    ("ban", "response_all", "ignore", 0.05, 0.0, 0.2, "share", OWN, "no"),
    ("rail_shift", "load_t", "articulated_truck", 12.0, 8.0, 16.0, "t", OWN, "no"),
    ("rail_shift", "load_t", "drayage", 10.0, 6.0, 14.0, "t", OWN, "no"),
    ("rail_shift", "load_t", "rigid_truck", 4.0, 2.0, 6.0, "t", OWN, "no"),
    ("rail_shift", "load_t", "construction", 8.0, 4.0, 12.0, "t", OWN, "no"),
    ("rail_shift", "distance_factor", "", 1.2, 1.0, 1.5, "km per km", OWN, "no"),
    ("rail_shift", "diesel_g_per_tkm", "", 4.5, 4.5, 8.0, "g", AAR, "no"),
    ("rail_shift", "electric_kwh_per_tkm", "", 0.04, 0.03, 0.06, "kWh", OWN, "no"),
    ("rail_shift", "rail_g_per_kg_fuel", "NOx", 52.4, 25.0, 93.0, "g/kg", TIER1, "no"),
    ("rail_shift", "rail_g_per_kg_fuel", "PM_exhaust", 1.37, 0.45, 3.0, "g/kg", TIER1, "no"),
    ("rail_shift", "rail_g_per_kg_fuel", "CO", 10.7, 5.0, 27.0, "g/kg", TIER1, "no"),
    ("rail_shift", "rail_g_per_kg_fuel", "VOC", 4.65, 2.0, 10.0, "g/kg", TIER1, "no"),
    ("rail_shift", "rail_usd_per_tkm", "", 0.03, 0.02, 0.06, "USD", OWN, "no"),
    ("rail_shift", "road_usd_per_km", "", 1.066, 0.6, 1.3, "USD", ATRI, "yes"),
    ("consolidation", "centre_usd_per_km", "", 0.5, 0.2, 1.0, "USD", OWN, "no"),
    ("scrappage", "subsidy_cny_per_vehicle", "", 14500.0, 2500.0, 14500.0, "CNY", XINHUA, "yes"),
    ("scrappage", "years_early", "", 5.0, 3.0, 6.0, "years", YEARS_EARLY, "no"),
    ("inspection", "test_usd_per_vehicle", "", 40.0, 15.0, 100.0, "USD a year", IM, "no"),
    ("inspection", "repair_usd_per_vehicle", "", 600.0, 200.0, 3000.0, "USD", IM, "no"),
    ("inspection", "faulty_share", "", 0.1, 0.05, 0.2, "share", WORST, "no"),
    ("reassign", "opex_usd_per_vehicle", "", 12.0, 0.0, 300.0, "USD a year", PLANNER, "no"),
]
COLUMNS = ("measure_id", "figure", "applies", "value", "low", "high", "unit", "source", "checked")


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    figures = pl.DataFrame(FIGURES, schema=COLUMNS, orient="row")
    titles = pl.DataFrame(MEASURES, schema=["measure_id", "title_en", "title_zh"], orient="row")
    return {
        "operation_figures.csv": figures.with_columns(
            year=pl.col("source").replace_strict(YEAR, default=2024, return_dtype=pl.Int64)
        ),
        "operation_measures.csv": titles.with_columns(
            source=pl.lit("own names"), year=pl.lit(2026), unit=pl.lit("-"), checked=pl.lit("yes")
        ),
    }


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
