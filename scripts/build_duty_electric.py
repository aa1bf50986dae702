"""Write the packaged figures of electric trucks and vans by duty: packs, masses, allowances, hours at base.

Usage: python scripts/build_duty_electric.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

OWN = "own estimate, to be checked"
EU = "Regulation (EU) 2019/1242, article on zero-emission heavy vehicles, 2 t: recalled, to be checked"
US = "23 U.S.C. 127, as amended in 2019 for electric trucks, 2,000 lb: recalled, to be checked"

# item, applies, region, of_year, value, low, high, source, year, unit, checked
FIGURES = [
    ("wh_per_kg", "pack", "*", 2025, 143.0, 100.0, 180.0, f"7 kg per kWh as the energy model has it; {OWN}", 2025, "Wh/kg", "no"),
    ("wh_per_kg", "pack", "*", 2030, 180.0, 140.0, 220.0, OWN, 2025, "Wh/kg", "no"),
    ("wh_per_kg", "pack", "*", 2035, 210.0, 160.0, 270.0, OWN, 2025, "Wh/kg", "no"),
    ("wh_per_kg", "pack", "*", 2040, 240.0, 170.0, 320.0, OWN, 2025, "Wh/kg", "no"),
    ("saved_kg", "van", "*", None, 250.0, 150.0, 350.0, f"engine, gearbox, exhaust, tank less motor: {OWN}", 2025, "kg", "no"),
    ("saved_kg", "rigid_truck", "*", None, 900.0, 600.0, 1300.0, f"engine, gearbox, exhaust, tank less motor: {OWN}", 2025, "kg", "no"),
    ("saved_kg", "articulated_truck", "*", None, 1800.0, 1300.0, 2500.0, f"engine, gearbox, exhaust, tank less motor: {OWN}", 2025, "kg", "no"),
    ("most_kwh", "van", "*", None, 120.0, 80.0, 150.0, f"room under the floor: {OWN}", 2025, "kWh", "no"),
    ("most_kwh", "rigid_truck", "*", None, 500.0, 350.0, 600.0, f"room between the axles: {OWN}", 2025, "kWh", "no"),
    ("most_kwh", "articulated_truck", "*", None, 900.0, 600.0, 1000.0, f"room on the tractor: {OWN}", 2025, "kWh", "no"),
    ("allowance_kg", "heavy", "US", None, 907.0, None, None, US, 2019, "kg", "no"),
    ("allowance_kg", "heavy", "EU", None, 2000.0, None, None, EU, 2019, "kg", "no"),
    ("allowance_kg", "heavy", "*", None, 0.0, 0.0, 2000.0, "none known", 2025, "kg", "no"),
    ("allowance_kg", "van", "*", None, 0.0, 0.0, 750.0, "none known", 2025, "kg", "no"),
    ("dwell_h", "light_commercial", "*", None, 12.0, 9.0, 14.0, OWN, 2025, "hours", "no"),
    ("dwell_h", "postal", "*", None, 14.0, 12.0, 16.0, OWN, 2025, "hours", "no"),
    ("dwell_h", "rigid_truck", "*", None, 11.0, 8.0, 14.0, OWN, 2025, "hours", "no"),
    ("dwell_h", "construction", "*", None, 13.0, 10.0, 15.0, OWN, 2025, "hours", "no"),
    ("dwell_h", "dump_truck", "*", None, 10.0, 6.0, 14.0, OWN, 2025, "hours", "no"),
    ("dwell_h", "mixer_truck", "*", None, 12.0, 8.0, 14.0, OWN, 2025, "hours", "no"),
    ("dwell_h", "sanitation", "*", None, 13.0, 10.0, 16.0, OWN, 2025, "hours", "no"),
    ("dwell_h", "articulated_truck", "*", None, 9.0, 6.0, 11.0, OWN, 2025, "hours", "no"),
    ("dwell_h", "drayage", "*", None, 8.0, 4.0, 12.0, OWN, 2025, "hours", "no"),
    ("stops_per_km", "van", "*", None, 2.0, 1.0, 3.0, f"stops of traffic, those at customers apart: {OWN}", 2025, "per km", "no"),
    ("stops_per_km", "rigid_truck", "*", None, 1.2, 0.6, 2.0, f"stops of traffic, those at customers apart: {OWN}", 2025, "per km", "no"),
    ("stops_per_km", "articulated_truck", "*", None, 0.3, 0.1, 0.8, f"stops of traffic, those at customers apart: {OWN}", 2025, "per km", "no"),
    ("window", "pack", "*", None, 0.9, 0.8, 0.95, f"between full and the reserve: {OWN}", 2025, "fraction", "no"),
    ("end_of_life", "pack", "*", None, 0.8, 0.7, 0.8, "warranty convention; recalled, to be checked", 2023, "fraction", "no"),
    ("charger_efficiency", "pack", "*", None, 0.9, 0.85, 0.95, "modern direct-current chargers; recalled, to be checked", 2023, "fraction", "no"),
]  # fmt: skip

TYPES = [
    ("light_commercial", "van", "van"),
    ("postal", "van", "van"),
    ("rigid_truck", "rigid_truck", "rigid"),
    ("construction", "rigid_truck", "rigid"),
    ("dump_truck", "rigid_truck", "rigid"),
    ("mixer_truck", "rigid_truck", "rigid"),
    ("sanitation", "rigid_truck", "rigid"),
    ("articulated_truck", "articulated_truck", "articulated"),
    ("drayage", "articulated_truck", "articulated"),
]
"""Stream, type of the energy model, class of ownership."""

COLUMNS = ("item", "applies", "region", "of_year", "value", "low", "high", "source", "year", "unit", "checked")


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    types = pl.DataFrame(TYPES, schema=["stream", "vehicle_type", "vehicle_class"], orient="row")
    return {
        "duty_electric.csv": pl.DataFrame(FIGURES, schema=list(COLUMNS), orient="row", infer_schema_length=None),
        "duty_streams.csv": types.with_columns(
            source=pl.lit("own grouping"), year=pl.lit(2026), unit=pl.lit("-"), checked=pl.lit("no")
        ),
    }


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
