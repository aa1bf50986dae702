"""N2O and NH3 of cars and vans, which the hot table lacks: by road, mileage and fuel sulphur.

EF = base x (a x odometer + b) (EMEP/EEA guidebook 2016, chapter 1.A.3.b.i-iv). The part with the odometer is
a curve of its own that a vehicle's multiplier scales, so that the factored inventory stays exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

ODOMETER_STEP_KM = 1e5
"""The odometer enters in steps of 100,000 km."""

ROAD_OF_MODE = {"urban_peak": "urban", "urban_off_peak": "urban", "rural": "rural", "highway": "highway"}
COLD_ROAD = "urban_cold"
CAPACITY_OF_SEGMENT = {
    "Mini": "<=1400",
    "Small": "<=1400",
    "Medium": "1400_2000",
    "Large-SUV-Executive": ">2000",
}
SAME_STANDARD = {
    "euro_6d_temp": "euro_6d",
    "euro_7": "euro_6d",
    "ece_15_00_01": "conventional",
    "ece_15_02": "conventional",
}
SAME_STANDARD |= {"ece_15_03": "conventional", "ece_15_04": "conventional", "open_loop": "conventional"}
SAME_FUEL = {"petrol_hybrid": "petrol", "diesel_hybrid": "diesel", "biodiesel": "diesel"}

Key = tuple[str, str, str, str, str, str]


@dataclass(frozen=True)
class NitrogenFactor:
    """Hot factor by mode and factor of cold engines (nothing where none is published).

    Each is grams per km, and grams per km and 100,000 km of odometer; modes in their order.
    """

    constant: tuple[float, ...]
    per_odometer: tuple[float, ...]
    cold: float | None = None
    cold_per_odometer: float = 0.0


def load_nitrogen(petrol_sulphur_ppm: float, diesel_sulphur_ppm: float) -> Mapping[Key, tuple[float, float]]:
    """Return (constant, per 100,000 km) by category, fuel, standard, capacity, pollutant, road for the city's fuels."""
    table = reference_table("n2o_nh3.csv").with_columns(pl.col("capacity_cc").fill_null(""))
    out: dict[Key, tuple[float, float]] = {}
    for row in table.sort("max_sulphur_ppm", descending=True, maintain_order=True).iter_rows(named=True):
        sulphur = diesel_sulphur_ppm if row["fuel"] == "diesel" else petrol_sulphur_ppm
        if sulphur <= row["max_sulphur_ppm"]:
            key = (row["category"], row["fuel"], row["standard"], row["capacity_cc"], row["pollutant"], row["road"])
            base = row["base_g_per_km"]
            # rows come from the widest band to the narrowest: the last that fits stays
            out[key] = (base * row["b"], base * row["a_per_km"] * ODOMETER_STEP_KM)
    return out


def nitrogen_factor(
    table: Mapping[Key, tuple[float, float]], technology: Mapping[str, str], pollutant: str
) -> NitrogenFactor | None:
    """Return the factor of a technology, or nothing where none is published."""
    fuel = SAME_FUEL.get(technology["fuel"], technology["fuel"])
    standard = SAME_STANDARD.get(technology["standard"], technology["standard"])
    capacity = CAPACITY_OF_SEGMENT.get(technology["segment"], "")
    parts = [
        table.get((technology["category"], fuel, standard, capacity, pollutant, road)) for road in ROAD_OF_MODE.values()
    ]
    found = [p for p in parts if p is not None]
    if len(found) < len(parts):
        return None
    cold = table.get((technology["category"], fuel, standard, capacity, pollutant, COLD_ROAD))
    return NitrogenFactor(tuple(c for c, _ in found), tuple(o for _, o in found), *(cold or (None, 0.0)))
