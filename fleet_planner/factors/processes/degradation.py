"""Degradation of petrol cars with mileage (EMEP/EEA guidebook 2016, 1.A.3.b.i-iv, section 3.4.1).

``factor(v) = (1 - x) urban + x road`` with ``x`` from 0 at 19 km/h to 1 at 63 km/h; ``urban`` and ``road`` grow with
the odometer up to an end value. A product of vehicle and speed, so two channels carry it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.factors.processes.nitrogen import CAPACITY_OF_SEGMENT
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

Array = NDArray[np.float64]
URBAN_KMH, ROAD_KMH = 19.0, 63.0
SAME = {"euro_6d_temp": "euro_6d", "euro_7": "euro_6d"}


@dataclass(frozen=True)
class MileageFactor:
    """``slope x km + intercept`` up to ``km_max``, then ``at_max``."""

    km_max: float
    slope_per_km: float
    intercept: float
    at_max: float

    def at(self, odometer_km: Array) -> Array:
        """Return the factor, shape of ``odometer_km``; 1 where the odometer is not known (nan)."""
        grown = np.where(odometer_km >= self.km_max, self.at_max, self.slope_per_km * odometer_km + self.intercept)
        return np.where(np.isnan(odometer_km), 1.0, grown)


Degradation = tuple[MileageFactor, MileageFactor]
"""In town, on roads."""


def load_degradation() -> Mapping[tuple[str, str, str], Degradation]:
    """Return the mileage factors by capacity, standard, pollutant."""
    parts: dict[tuple[str, str, str], dict[str, MileageFactor]] = {}
    for row in reference_table("degradation.csv").iter_rows(named=True):
        factor = MileageFactor(*(float(row[c]) for c in ("km_max", "slope_per_km", "intercept", "at_max")))
        parts.setdefault((row["capacity_cc"], row["standard"], row["pollutant"]), {})[row["place"]] = factor
    return {key: (both["urban"], both["road"]) for key, both in parts.items()}


def degradation_of(
    table: Mapping[tuple[str, str, str], Degradation], technology: Mapping[str, str], pollutant: str
) -> Degradation | None:
    """Return the mileage factors of a technology, or nothing where none are published: petrol cars only."""
    if technology["category"] != "passenger_car" or technology["fuel"] != "petrol":
        return None
    standard = SAME.get(technology["standard"], technology["standard"])
    return table.get((CAPACITY_OF_SEGMENT.get(technology["segment"], ""), standard, pollutant))


def road_weight(speed_kmh: Array) -> Array:
    """Return how much of the road's factor counts at a speed, 0..1."""
    return np.clip((speed_kmh - URBAN_KMH) / (ROAD_KMH - URBAN_KMH), 0.0, 1.0)
