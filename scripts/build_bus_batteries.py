"""Write the packaged figures of batteries and chargers of electric buses.

Usage: python scripts/build_bus_batteries.py [--check]

With ``--check`` nothing is written; the exit status is 1 when the packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

SIMBA = "SimBA, vehicle_types.json and config (revision b08b829), Reiner Lemoine Institut, example inputs"
SIMBA_COST = "SimBA, cost_params.json (revision b08b829), Germany"
EFLIPS = "eflips-tco, main.py (revision bf69b3a), Germany"
T3CO = "T3CO, Demo_FY22_scenario_assumptions.csv (revision 85017ca), class 8 transit bus, case without programme"

WARRANTY = "warranty convention; recalled, to be checked"
WINDOW = "common planning practice: a usable window of 0.8 (0.7 to 0.9); recalled, to be checked"
SOLARIS = "Solaris knowledge base: depot chargers of 50 to 150 kW"
OPPORTUNITY = "class of OppCharge and SAE J3105, 300 to 600 kW; recalled, to be checked"
CHARGER = "modern direct-current chargers, 0.85 to 0.95 from grid to battery, over a battery efficiency of 0.95; recalled, to be checked"
OWN = "own estimate, to be checked"

ROWS = [
    ("larger", "any", 1.3, None, None, "", None, "own choice: sizes on offer over the usual one (reference/bus_types.csv)", 2026, "ratio", "no"),
    ("larger", "any", 1.6, None, None, "", None, "own choice: sizes on offer over the usual one (reference/bus_types.csv)", 2026, "ratio", "no"),
    ("larger", "any", 1.9, None, None, "", None, "own choice: 1.9 times 350 kWh is about the largest of the New Zealand Transport Agency's range, 675 kWh", 2026, "ratio", "no"),
    ("end_of_life", "any", 0.8, 0.7, 0.8, "", None, WARRANTY, 2023, "fraction", "no"),
    ("reserve", "any", 0.2, 0.1, 0.3, "", None, WINDOW, 2023, "fraction", "no"),
    ("charge_kw", "midi", 150.0, 80.0, 300.0, "", None, OWN, 2026, "kW", "no"),
    ("charge_kw", "standard", 450.0, 150.0, 600.0, "", None, OPPORTUNITY, 2022, "kW", "no"),
    ("charge_kw", "articulated", 500.0, 150.0, 600.0, "", None, SIMBA, 2025, "kW", "yes"),
    ("charge_kw", "double_decker", 300.0, 150.0, 450.0, "", None, OWN, 2026, "kW", "no"),
    ("charge_kw", "coach", 300.0, 150.0, 450.0, "", None, OWN, 2026, "kW", "no"),
    ("curve_at_0", "any", 1.0, None, None, "", None, SIMBA, 2025, "of the greatest power", "yes"),
    ("curve_at_0.8", "any", 1.0, None, None, "", None, SIMBA, 2025, "of the greatest power", "yes"),
    ("curve_at_1", "any", 0.1, 0.05, 0.1, "", None, f"{SIMBA}: 15 of 150 kW at a depot, 25 of 500 kW on the way", 2025, "of the greatest power", "yes"),
    ("efficiency", "any", 0.95, None, None, "", None, SIMBA, 2025, "fraction", "yes"),
    ("charger_efficiency", "any", 0.95, 0.9, 0.98, "", None, CHARGER, 2023, "fraction", "no"),
    ("depot_kw", "any", 100.0, 50.0, 150.0, "", None, SOLARIS, 2024, "kW", "yes"),
    ("station_kw", "any", 450.0, 300.0, 600.0, "", None, OPPORTUNITY, 2022, "kW", "no"),
    ("kg_per_kwh", "any", 6.7, 5.0, 10.0, "", None, "packs of 100 to 200 Wh per kg: own estimate, to be checked", 2026, "kg per kWh", "no"),
    ("usd_per_kwh", "any", 190.0, 177.0, 190.0, "USD", 2022, T3CO, 2022, "per kWh", "yes"),
    ("bus_life", "any", 14.0, None, None, "", None, EFLIPS, 2025, "years", "yes"),
    ("charger_life", "any", 20.0, None, None, "", None, f"{EFLIPS}; {SIMBA_COST}", 2025, "years", "yes"),
]  # fmt: skip


def tables() -> dict[str, pl.DataFrame]:
    """Return the table by file name."""
    names = ["item", "bus_type", "value", "low", "high", "currency", "price_year", "source", "year", "unit", "checked"]
    return {"bus_batteries.csv": pl.DataFrame(ROWS, schema=names, orient="row", infer_schema_length=None)}


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
