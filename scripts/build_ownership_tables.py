"""Write the packaged figures of owning vehicles: prices, upkeep, chargers, residual values, taxes, carbon, learning.

Usage: python scripts/build_ownership_tables.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

OWN = "own estimate, to be checked"
EFLIPS = "eflips-tco, main.py (revision bf69b3a), Germany"
SIMBA = "SimBA, cost_params.json (revision b08b829), Germany"
T3CO = "T3CO, Demo_FY22_scenario_assumptions.csv (revision 85017ca), class 8 transit bus, case without programme"
T3CO_RESIDUAL = "T3CO, ResidualValues.csv (revision 85017ca), class 8 transit, conventional and electric alike"
VICE = "NREL/TP-5400-74832 (VICE-BEB), base case; recalled, to be checked"
EPA = "US EPA, final report on the social cost of greenhouse gases, December 2023 (as printed by costofcarbon.org)"

CLASSES = [
    ("car", "car|taxi", "bev_car", "Cars", "小客车"),
    ("van", "light_commercial|postal", "bev_van", "Vans", "轻型货车"),
    ("motorcycle", "motorcycle", "", "Motorcycles", "摩托车"),
    ("rigid", "rigid_truck|construction|sanitation", "bev_shorthaul", "Rigid trucks", "单体货车"),
    ("articulated", "articulated_truck|drayage", "bev_shorthaul", "Articulated trucks", "铰接货车"),
    ("bus", "urban_bus|minibus", "bev_bus", "Buses", "公交车"),
    ("coach", "coach", "bev_bus", "Coaches", "长途客车"),
]

ANY = [
    ("battery_life_years", 7.0, None, None, "", 0, f"{EFLIPS}; {SIMBA}", 2025, "years", "yes"),
    ("charger_per_kw", 1000.0, None, None, "EUR", 2022, SIMBA, 2022, "per kW", "yes"),
    ("charger_life_years", 20.0, None, None, "", 0, f"{EFLIPS}; {SIMBA}", 2025, "years", "yes"),
    ("charger_maintenance_share", 0.02, None, None, "", 0, SIMBA, 2022, "of the price a year", "yes"),
    ("grid_per_kw", 158.3, None, None, "EUR", 2022, f"{SIMBA}, medium voltage", 2022, "per kW", "yes"),
    ("grid_life_years", 30.0, 20.0, 40.0, "", 0, OWN, 2026, "years", "no"),
    ("insurance_extra_share", 0.01, 0.005, 0.02, "", 0, OWN, 2026, "of the extra price a year", "no"),
    ("driver_per_h", 25.0, None, None, "EUR", 2025, EFLIPS, 2025, "per hour", "yes"),
]
"""Of every class that has no row of its own."""

OF_CLASS = [
    ("bus", "price", 480000.0, 450000.0, 650000.0, "USD", 2020, VICE, 2020, "per vehicle", "no"),
    ("bus", "holding_years", 12.0, None, None, "", 0, "own choice: the life of the measures", 2026, "years", "no"),
    ("bus", "maintenance_per_km", 0.547, 0.373, 0.746, "USD", 2020, f"{VICE}: 0.88 US$ a mile", 2020, "per km", "no"),
    ("bus", "insurance_per_year", 9693.0, None, None, "EUR", 2025, EFLIPS, 2025, "per year", "yes"),
    ("bus", "speed_kmh", 18.0, None, None, "", 0, OWN, 2026, "km/h", "no"),
    ("bus", "battery_kwh", 250.0, 180.0, 675.0, "", 0, "New Zealand Transport Agency, depot charging of battery-electric buses: typically 200 to 300 kWh", 2023, "kWh", "yes"),
    ("bus", "charger_kw", 50.0, 25.0, 75.0, "", 0, "one point of 100 kW (Solaris: depots 50 to 150 kW) for two buses: own estimate, to be checked", 2026, "kW per vehicle", "no"),
    ("coach", "price", 550000.0, 450000.0, 650000.0, "USD", 2023, OWN, 2026, "per vehicle", "no"),
    ("coach", "holding_years", 12.0, None, None, "", 0, "own choice: the life of the measures", 2026, "years", "no"),
    ("coach", "maintenance_per_km", 0.3, 0.2, 0.45, "USD", 2023, OWN, 2026, "per km", "no"),
    ("coach", "insurance_per_year", 9693.0, None, None, "EUR", 2025, "as buses; own choice, to be checked", 2025, "per year", "no"),
    ("coach", "speed_kmh", 50.0, None, None, "", 0, OWN, 2026, "km/h", "no"),
    ("coach", "battery_kwh", 400.0, 300.0, 650.0, "", 0, OWN, 2026, "kWh", "no"),
    ("coach", "charger_kw", 75.0, 50.0, 150.0, "", 0, OWN, 2026, "kW per vehicle", "no"),
    ("rigid", "price", 100000.0, 70000.0, 140000.0, "USD", 2023, OWN, 2026, "per vehicle", "no"),
    ("rigid", "holding_years", 10.0, None, None, "", 0, "own choice: the life of the measures", 2026, "years", "no"),
    ("rigid", "maintenance_per_km", 0.12, 0.08, 0.2, "USD", 2023, OWN, 2026, "per km", "no"),
    ("rigid", "insurance_per_year", 3500.0, 2000.0, 6000.0, "USD", 2023, OWN, 2026, "per year", "no"),
    ("rigid", "speed_kmh", 30.0, None, None, "", 0, OWN, 2026, "km/h", "no"),
    ("rigid", "battery_kwh", 200.0, 120.0, 400.0, "", 0, OWN, 2026, "kWh", "no"),
    ("rigid", "charger_kw", 40.0, 20.0, 75.0, "", 0, OWN, 2026, "kW per vehicle", "no"),
    ("articulated", "price", 170000.0, 150000.0, 200000.0, "USD", 2023, "US class 8 day cab; recalled, to be checked", 2023, "per vehicle", "no"),
    ("articulated", "holding_years", 10.0, None, None, "", 0, "own choice: the life of the measures", 2026, "years", "no"),
    ("articulated", "maintenance_per_km", 0.125, 0.1, 0.16, "USD", 2023, "American Transportation Research Institute, operational costs: 0.2 US$ a mile; recalled, to be checked", 2023, "per km", "no"),
    ("articulated", "insurance_per_year", 6500.0, 4000.0, 10000.0, "USD", 2023, "American Transportation Research Institute, operational costs: 0.1 US$ a mile; recalled, to be checked", 2023, "per year", "no"),
    ("articulated", "speed_kmh", 50.0, None, None, "", 0, OWN, 2026, "km/h", "no"),
    ("articulated", "battery_kwh", 500.0, 350.0, 700.0, "", 0, OWN, 2026, "kWh", "no"),
    ("articulated", "charger_kw", 150.0, 75.0, 350.0, "", 0, OWN, 2026, "kW per vehicle", "no"),
    ("van", "price", 35000.0, 25000.0, 45000.0, "USD", 2023, OWN, 2026, "per vehicle", "no"),
    ("van", "holding_years", 10.0, None, None, "", 0, "own choice: the life of the measures", 2026, "years", "no"),
    ("van", "maintenance_per_km", 0.06, 0.04, 0.09, "USD", 2023, OWN, 2026, "per km", "no"),
    ("van", "insurance_per_year", 1400.0, 900.0, 2000.0, "USD", 2023, OWN, 2026, "per year", "no"),
    ("van", "speed_kmh", 25.0, None, None, "", 0, OWN, 2026, "km/h", "no"),
    ("van", "battery_kwh", 70.0, 50.0, 90.0, "", 0, OWN, 2026, "kWh", "no"),
    ("van", "charger_kw", 7.0, 3.7, 22.0, "", 0, OWN, 2026, "kW per vehicle", "no"),
    ("van", "charger_per_kw", 250.0, 150.0, 500.0, "USD", 2023, "wall box of 7 kW: own estimate, to be checked", 2026, "per kW", "no"),
    ("car", "price", 28000.0, 15000.0, 40000.0, "USD", 2023, OWN, 2026, "per vehicle", "no"),
    ("car", "holding_years", 10.0, None, None, "", 0, "own choice: the life of the measures", 2026, "years", "no"),
    ("car", "maintenance_per_km", 0.06, 0.04, 0.08, "USD", 2023, OWN, 2026, "per km", "no"),
    ("car", "insurance_per_year", 1000.0, 500.0, 1600.0, "USD", 2023, OWN, 2026, "per year", "no"),
    ("car", "speed_kmh", 30.0, None, None, "", 0, OWN, 2026, "km/h", "no"),
    ("car", "driver_per_h", 0.0, None, None, "USD", 2024, "private drivers are not paid", 2026, "per hour", "yes"),
    ("car", "battery_kwh", 55.0, 40.0, 75.0, "", 0, OWN, 2026, "kWh", "no"),
    ("car", "charger_kw", 3.7, 2.3, 7.0, "", 0, OWN, 2026, "kW per vehicle", "no"),
    ("car", "charger_per_kw", 250.0, 150.0, 500.0, "USD", 2023, "wall box: own estimate, to be checked", 2026, "per kW", "no"),
    ("motorcycle", "price", 3000.0, 1500.0, 6000.0, "USD", 2023, OWN, 2026, "per vehicle", "no"),
    ("motorcycle", "holding_years", 8.0, None, None, "", 0, OWN, 2026, "years", "no"),
    ("motorcycle", "maintenance_per_km", 0.03, 0.02, 0.05, "USD", 2023, OWN, 2026, "per km", "no"),
    ("motorcycle", "insurance_per_year", 150.0, 80.0, 250.0, "USD", 2023, OWN, 2026, "per year", "no"),
    ("motorcycle", "speed_kmh", 25.0, None, None, "", 0, OWN, 2026, "km/h", "no"),
    ("motorcycle", "driver_per_h", 0.0, None, None, "USD", 2024, "private drivers are not paid", 2026, "per hour", "yes"),
    ("motorcycle", "battery_kwh", 3.0, 2.0, 6.0, "", 0, OWN, 2026, "kWh", "no"),
    ("motorcycle", "charger_kw", 1.0, 0.5, 2.0, "", 0, OWN, 2026, "kW per vehicle", "no"),
    ("motorcycle", "charger_per_kw", 100.0, 50.0, 200.0, "USD", 2023, OWN, 2026, "per kW", "no"),
]  # fmt: skip
COST_COLUMNS = (
    *("vehicle_class", "item", "value", "low", "high", "currency", "price_year", "source", "year", "unit"),
    "checked",
)

RESIDUAL = [(0, 1.0), (1, 0.805974524), (5, 0.386356813), (10, 0.187613479)]
"""Years, share of the price."""

LEARNING = [(2025, 190.0, 177.0), (2030, 120.0, 84.0), (2035, 105.0, 70.0), (2040, 90.0, 56.0), (2050, 85.0, 50.0)]
"""Battery packs: year, US$ per kWh, with the programme's success; dollars taken as those of 2022."""

SOCIAL_CARBON = [
    (2020, 190.0, 120.0, 340.0), (2025, 210.0, 130.0, 360.0), (2030, 230.0, 140.0, 380.0),
    (2040, 270.0, 170.0, 430.0), (2050, 310.0, 200.0, 480.0), (2060, 350.0, 230.0, 530.0),
    (2070, 380.0, 260.0, 570.0), (2080, 410.0, 280.0, 600.0),
]  # fmt: skip
"""Year of emission, US$ of 2020 per t CO2 at 2 %, at 2.5 %, at 1.5 %."""

CHILE = "Chile, specific tax on fuels (law 18.502): 1.5 UTM/m3 of diesel, 6 of petrol, at 65,900 CLP; recalled, to be checked"
TAXES = [
    ("CL", "diesel", 98.9, "CLP", 2024, CHILE, "per litre"),
    ("CL", "petrol", 395.0, "CLP", 2024, CHILE, "per litre"),
    ("CN", "diesel", 1.2, "CNY", 2024, "China, consumption tax on refined oil; recalled, to be checked", "per litre"),
    ("CN", "petrol", 1.52, "CNY", 2024, "China, consumption tax on refined oil; recalled, to be checked", "per litre"),
    ("US", "diesel", 0.0645, "USD", 2024, "US federal excise, 0.244 US$ a gallon; recalled, to be checked", "per litre"),
    ("US", "petrol", 0.0486, "USD", 2024, "US federal excise, 0.184 US$ a gallon; recalled, to be checked", "per litre"),
    ("US-CA", "diesel", 0.1844, "USD", 2024, "US federal and California excise, 0.698 US$ a gallon; recalled, to be checked", "per litre"),
    ("US-CA", "petrol", 0.206, "USD", 2024, "US federal and California excise, 0.78 US$ a gallon; recalled, to be checked", "per litre"),
    ("EU", "diesel", 0.33, "EUR", 2024, "Directive 2003/96/EC, least rate; recalled, to be checked", "per litre"),
    ("EU", "petrol", 0.359, "EUR", 2024, "Directive 2003/96/EC, least rate; recalled, to be checked", "per litre"),
]  # fmt: skip

STAND_IN = "gas combined cycle stands in, as California's; to be checked"
MARGINAL = [
    ("CN", 2022, 0.83, "fossil-only mean of China's grid (ministry of ecology and environment); recalled, to be checked", "no"),
    ("US-CA", 2018, 0.418, "gas combined cycle, 0.922 lb/kWh: UCI Energy Observer 2018 (read)", "yes"),
    ("US", 2018, 0.418, STAND_IN, "no"),
    ("CL", 2018, 0.418, STAND_IN, "no"),
    ("EU", 2018, 0.418, STAND_IN, "no"),
    ("any", 2018, 0.418, STAND_IN, "no"),
]  # fmt: skip


def vehicle_costs() -> pl.DataFrame:
    """Return the figures of owning a vehicle by class; class ``any`` serves those without a row of their own."""
    rows = [*OF_CLASS, *(("any", *row) for row in ANY)]
    frame = pl.DataFrame(rows, schema=COST_COLUMNS, orient="row", infer_schema_length=None)
    return frame.with_columns(price_year=pl.when(pl.col("price_year") > 0).then("price_year"))


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    classes = pl.DataFrame(
        CLASSES, schema=["vehicle_class", "streams", "electric_measure", "title_en", "title_zh"], orient="row"
    )
    residual = pl.DataFrame(RESIDUAL, schema=["age_years", "share"], orient="row", infer_schema_length=None)
    learning = pl.DataFrame(LEARNING, schema=["of_year", "value", "low"], orient="row")
    carbon = pl.DataFrame(SOCIAL_CARBON, schema=["of_year", "value", "low", "high"], orient="row")
    taxes = pl.DataFrame(
        TAXES, schema=["country", "fuel", "value", "currency", "price_year", "source", "unit"], orient="row"
    )
    marginal = pl.DataFrame(MARGINAL, schema=["region", "year", "co2_kg_per_kwh", "source", "checked"], orient="row")
    return {
        "vehicle_classes.csv": classes.with_columns(
            source=pl.lit("own grouping"), year=pl.lit(2026), unit=pl.lit("-"), checked=pl.lit("no")
        ),
        "vehicle_costs.csv": vehicle_costs(),
        "residual_value.csv": residual.with_columns(
            source=pl.lit(T3CO_RESIDUAL), year=pl.lit(2022), unit=pl.lit("of the price"), checked=pl.lit("yes")
        ),
        "battery_price.csv": learning.with_columns(
            currency=pl.lit("USD"), price_year=pl.lit(2022), source=pl.lit(T3CO), year=pl.lit(2022),
            unit=pl.lit("per kWh"), checked=pl.lit("yes"),
        ),
        "social_carbon.csv": carbon.with_columns(
            currency=pl.lit("USD"), price_year=pl.lit(2020), source=pl.lit(EPA), year=pl.lit(2023),
            unit=pl.lit("per t CO2"), checked=pl.lit("yes"),
        ),
        "energy_taxes.csv": taxes.with_columns(year=pl.lit(2024), checked=pl.lit("no")),
        "grid_marginal.csv": marginal.with_columns(unit=pl.lit("kg/kWh")),
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
