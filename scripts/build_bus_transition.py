"""Write the packaged figures of bus replacement: prices by powertrain, chargers, sites, upkeep, rules of funding.

Usage: python scripts/build_bus_transition.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

OWN = "own estimate, to be checked"
EFLIPS = "eflips-tco, main.py (revision bf69b3a), Germany"
SIMBA = "SimBA, cost_params.json (revision b08b829), Germany"
VICE = "NREL/TP-5400-74832 (VICE-BEB), base case; recalled, to be checked"
NVTA = "Napa Valley Register, letter of the transit authority, 2022-08-27: 899,000 US$ with battery"
LADWP = "Los Angeles Department of Water and Power, A-3A of October 2009 (district handbook, read)"
FTA_FAQ = "US Federal Transit Administration, frequent questions on the spare ratio (read): 20 % from 50 vehicles on"

# item, powertrain, bus_type, region, value, low, high, currency, price_year, source, year, unit, checked
FIGURES = [
    ("price", "battery", "standard", "*", 340000.0, None, 420000.0, "EUR", 2025, f"{EFLIPS}; without battery", 2025, "per bus", "yes"),
    ("price", "battery", "standard", "US", 789000.0, 600000.0, 899000.0, "USD", 2022, f"{NVTA}, less 440 kWh (own estimate) at 250 US$", 2022, "per bus", "no"),
    ("price", "battery", "standard", "CN", 900000.0, 600000.0, 1300000.0, "CNY", 2018, "World Bank, Shenzhen case study: 1.6 million CNY with battery, recalled; less 324 kWh at 2,160 CNY: own estimate", 2018, "per bus", "no"),
    ("price", "battery_station", "standard", "*", 355000.0, None, None, "EUR", 2025, f"{EFLIPS}; without battery; 15,000 EUR for the pantograph: own estimate", 2025, "per bus", "no"),
    ("price", "battery_station", "standard", "US", 809000.0, None, None, "USD", 2022, f"as battery; 20,000 US$ for the pantograph: {OWN}", 2022, "per bus", "no"),
    ("price", "battery_station", "standard", "CN", 950000.0, None, None, "CNY", 2018, f"as battery; 50,000 CNY for the pantograph: {OWN}", 2018, "per bus", "no"),
    ("price", "hydrogen", "standard", "*", 1250000.0, 1000000.0, 1400000.0, "USD", 2022, "NREL evaluations of fuel-cell buses; recalled, to be checked", 2022, "per bus", "no"),
    ("price", "hydrogen", "standard", "CN", 2000000.0, 1500000.0, 2500000.0, "CNY", 2020, OWN, 2020, "per bus", "no"),
    ("price", "diesel_hybrid", "standard", "*", 660000.0, 560000.0, 800000.0, "USD", 2020, "price of a diesel bus and the packaged extra of a hybrid, 180,000 US$: recalled, to be checked", 2020, "per bus", "no"),
    ("price", "diesel_hybrid", "standard", "CN", 800000.0, None, None, "CNY", 2018, OWN, 2018, "per bus", "no"),
    ("price", "conventional", "standard", "*", 480000.0, 450000.0, 650000.0, "USD", 2020, VICE, 2020, "per bus", "no"),
    ("price", "conventional", "standard", "CN", 500000.0, 400000.0, 650000.0, "CNY", 2018, "World Bank, Shenzhen case study; recalled, to be checked", 2018, "per bus", "no"),
    ("size_factor", "any", "standard", "*", 1.0, None, None, "", 0, "by definition", 2026, "of a standard bus", "yes"),
    ("size_factor", "any", "articulated", "*", 1.706, 1.43, 1.71, "", 0, f"{EFLIPS}: 580,000 over 340,000 EUR; low: {SIMBA}", 2025, "of a standard bus", "yes"),
    ("size_factor", "any", "midi", "*", 0.75, 0.6, 0.9, "", 0, OWN, 2026, "of a standard bus", "no"),
    ("size_factor", "any", "double_decker", "*", 1.4, 1.2, 1.6, "", 0, OWN, 2026, "of a standard bus", "no"),
    ("size_factor", "any", "coach", "*", 1.1, 1.0, 1.3, "", 0, OWN, 2026, "of a standard bus", "no"),
    ("battery_kwh", "battery", "standard", "*", 250.0, 180.0, 675.0, "", 0, "New Zealand Transport Agency, depot charging of battery-electric buses: typically 200 to 300 kWh", 2023, "kWh", "yes"),
    ("battery_kwh", "battery", "standard", "US", 440.0, 350.0, 675.0, "", 0, "buses of 40 ft sold in the United States; recalled, to be checked", 2022, "kWh", "no"),
    ("battery_kwh", "battery_large", "standard", "*", 450.0, 400.0, 675.0, "", 0, f"{OWN}; within the range of the New Zealand Transport Agency", 2023, "kWh", "no"),
    ("battery_kwh", "battery_large", "standard", "US", 675.0, 550.0, 675.0, "", 0, f"largest of the range of the New Zealand Transport Agency; {OWN}", 2023, "kWh", "no"),
    ("battery_kwh", "battery_station", "standard", "*", 200.0, 100.0, 300.0, "", 0, OWN, 2026, "kWh", "no"),
    ("battery_life_years", "any", "any", "*", 7.0, 6.0, 12.0, "", 0, f"{EFLIPS}; {SIMBA}", 2025, "years", "yes"),
    ("worst_day_factor", "any", "any", "*", 1.3, 1.15, 1.6, "", 0, f"worst day over the mean; Zhou et al. 2016: 21 to 27 % with air conditioning and full load; {OWN}", 2016, "ratio", "no"),
    ("maintenance_per_km", "battery", "standard", "*", 0.35, 0.24, 0.46, "EUR", 2025, f"{EFLIPS}; low: {SIMBA}; high: Foothill Transit 2018", 2025, "per km", "yes"),
    ("maintenance_per_km", "battery_large", "standard", "*", 0.35, 0.24, 0.46, "EUR", 2025, EFLIPS, 2025, "per km", "yes"),
    ("maintenance_per_km", "battery_station", "standard", "*", 0.35, 0.24, 0.46, "EUR", 2025, EFLIPS, 2025, "per km", "yes"),
    ("maintenance_per_km", "hydrogen", "standard", "*", 0.55, 0.4, 0.9, "USD", 2022, OWN, 2022, "per km", "no"),
    ("maintenance_per_km", "diesel_hybrid", "standard", "*", 0.5, 0.37, 0.7, "USD", 2020, OWN, 2020, "per km", "no"),
    ("maintenance_per_km", "conventional", "standard", "*", 0.547, 0.373, 0.746, "USD", 2020, f"{VICE}: 0.88 US$ a mile", 2020, "per km", "no"),
    ("charger_per_kw", "any", "any", "*", 1000.0, None, None, "EUR", 2022, SIMBA, 2022, "per kW", "yes"),
    ("charger_upkeep_share", "any", "any", "*", 0.02, None, None, "", 0, SIMBA, 2022, "of the price a year", "yes"),
    ("grid_per_kw", "any", "any", "*", 158.3, None, None, "EUR", 2022, f"{SIMBA}, medium voltage", 2022, "per kW", "yes"),
    ("site_fixed", "any", "any", "*", 142500.0, 142500.0, 3400000.0, "EUR", 2022, f"{SIMBA}: connection 62,500 and transformer 80,000 EUR; high: {EFLIPS}, a whole depot, weak", 2022, "per depot", "yes"),
    ("station_fixed", "any", "any", "*", 500000.0, None, None, "EUR", 2025, EFLIPS, 2025, "per station", "yes"),
    ("station_point", "any", "any", "*", 250000.0, None, None, "EUR", 2025, EFLIPS, 2025, "per point", "yes"),
    ("hydrogen_site", "any", "any", "*", 5000000.0, 3000000.0, 10000000.0, "USD", 2022, f"fuelling station of a depot: {OWN}", 2022, "per depot", "no"),
    ("demand_charge", "any", "any", "*", 10.5, 4.0, 13.0, "USD", 2009, f"{LADWP}: facilities 4 and mean of the seasons' high peak, 6.5 US$ a kW and month; prices are old", 2009, "per kW and month", "yes"),
    ("training_hours", "mechanics", "any", "*", 80.0, 40.0, 200.0, "", 0, OWN, 2026, "hours per person", "no"),
    ("training_hours", "operators", "any", "*", 16.0, 8.0, 40.0, "", 0, OWN, 2026, "hours per person", "no"),
    ("spare_ratio_max", "any", "any", "US", 0.2, None, None, "", 0, FTA_FAQ, 2024, "of the buses in service", "yes"),
    ("minimum_life_years", "any", "any", "US", 12.0, None, None, "", 0, "FTA Circular 5010, large heavy-duty buses: 12 years or 500,000 miles; recalled, to be checked", 2024, "years", "no"),
    ("minimum_life_km", "any", "any", "US", 804672.0, None, None, "", 0, "FTA Circular 5010, large heavy-duty buses: 12 years or 500,000 miles; recalled, to be checked", 2024, "km", "no"),
]  # fmt: skip

COLUMNS = (
    *("item", "powertrain", "bus_type", "region", "value", "low", "high", "currency", "price_year"),
    *("source", "year", "unit", "checked"),
)


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    frame = pl.DataFrame(FIGURES, schema=list(COLUMNS), orient="row", infer_schema_length=None)
    return {"bus_transition.csv": frame.with_columns(price_year=pl.when(pl.col("price_year") > 0).then("price_year"))}


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
