"""Tyre, brake and road-surface wear by vehicle class, load and speed (EMEP/EEA guidebook 2019, 1.A.3.b.vi-vii).

Light vehicles: TSP of the class. Heavy ones: tyre = axles / 2 x load correction x car; brake = 3.13 x load
correction x car. All times a speed correction and the size fraction. Battery-electric vehicles brake with the motor:
each process times the ratio of ``reference/electric_wear.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Array = NDArray[np.float64]
PROCESSES = ("tyre", "brake", "road")
HEAVY = frozenset({"heavy_truck", "bus"})
SIZES = {"PM2.5_non_exhaust": "PM2_5", "PM10_non_exhaust": "PM10"}
AXLES_BY_MASS_T: Sequence[tuple[float, float]] = ((20.0, 2.0), (28.0, 3.0), (34.0, 4.0), (1e9, 5.0))
"""Gross mass (t) up to which a heavy vehicle has so many axles; own rule, the guidebook leaves it open."""

ARTICULATED_AXLES = 3.0
"""The fewest that a vehicle with a joint stands on."""


@dataclass(frozen=True)
class Wear:
    """Parameters of wear.

    Parameters
    ----------
    parameters
        By (process, vehicle, parameter).
    electric
        Ratio of electric vehicles by (category, process).
    newer
        TSP of cars and vans in the editions from 2023 on, g/km, by (process, category, segment, fuel): segment "" for
        any, fuel ``electricity`` or "" for the others; empty: the edition of 2019.
    """

    parameters: Mapping[tuple[str, str, str], float]
    electric: Mapping[tuple[str, str], float]
    newer: Mapping[tuple[str, str, str, str], float] = field(default_factory=dict[tuple[str, str, str, str], float])

    def curve(
        self, process: str, pollutant: str, technology: Mapping[str, str], load: float, speed_kmh: Array
    ) -> Array:
        """Return one process of one technology, g/km, shape of ``speed_kmh``.

        Parameters
        ----------
        process
            ``tyre``, ``brake`` or ``road``.
        pollutant
            ``PM2.5_non_exhaust`` or ``PM10_non_exhaust``.
        technology
            ``category, segment, fuel``.
        load
            0..1; heavy vehicles only.
        speed_kmh
            Shape (S,).
        """
        at = self.parameters
        category = technology["category"]
        car = at[process, "passenger_car", "tsp_base_g_km"]
        if category not in HEAVY:
            base = at.get((process, category, "tsp_base_g_km"), car)
        elif process == "road":
            base = at[process, "heavy_duty", "tsp_base_g_km"]
        else:
            correction = at[process, "heavy_duty", "lcf_intercept"] + at[process, "heavy_duty", "lcf_slope"] * load
            tyres = axles(technology["segment"]) / 2.0
            base = (tyres if process == "tyre" else at[process, "heavy_duty", "pc_multiplier"]) * correction * car
        power = "electricity" if technology["fuel"] == "electricity" else ""
        own = self._newer(process, technology, power)
        if power and own is None:
            base = (self._newer(process, technology, "") or base) * self.electric.get((category, process), 1.0)
        base = base if own is None else own
        fine = at[process, "all", f"size_fraction_{SIZES[pollutant]}"]
        return base * fine * self._speed_correction(process, speed_kmh)

    def _newer(self, process: str, technology: Mapping[str, str], power: str) -> float | None:
        """Return the TSP of a newer edition; nothing for the vehicles that it does not have."""
        category, segment = technology["category"], technology["segment"]
        of_segment = self.newer.get((process, category, segment, power))
        return of_segment if of_segment is not None else self.newer.get((process, category, "", power))

    def _speed_correction(self, process: str, speed_kmh: Array) -> Array:
        at = {parameter: x for (p, v, parameter), x in self.parameters.items() if p == process and v == "all"}
        low = at["speed_low_value"]
        if "speed_slope" not in at:
            return np.full(speed_kmh.size, low)
        between = at["speed_slope"] * speed_kmh + at["speed_intercept"]
        above = np.where(speed_kmh > at["speed_high_kmh"], at["speed_high_value"], between)
        return np.where(speed_kmh < at["speed_low_kmh"], low, above)


def load_wear(edition: str = "emep_eea_2019") -> Wear:
    """Load the packaged wear parameters.

    With ``emep_eea_2025`` cars and vans have the figures of the editions from 2023 on: brakes nearly twice as much,
    electric cars by their own. Heavy vehicles stay on the edition of 2019, whose rules build on its car.
    """
    table = reference_table("non_exhaust.csv")
    electric = reference_table("electric_wear.csv")
    return Wear(
        {(r["process"], r["vehicle"], r["parameter"]): float(r["value"]) for r in table.iter_rows(named=True)},
        {(r["category"], r["process"]): float(r["ratio"]) for r in electric.iter_rows(named=True)},
        _newer_edition() if edition == "emep_eea_2025" else {},
    )


def _newer_edition() -> Mapping[tuple[str, str, str, str], float]:
    rows = reference_table("wear_2025.csv").iter_rows(named=True)
    return {(r["process"], r["category"], r["segment"] or "", r["fuel"] or ""): float(r["tsp_g_km"]) for r in rows}


def axles(segment: str) -> float:
    """Return the axles of a heavy segment, from the upper mass that its name states."""
    words = segment.replace("<=", "").replace(">", "").split()
    numbers = [float(word) for word in words if word.replace(".", "").isdigit()]
    mass_t = numbers[-1] if numbers else 15.0
    extra = 1.0 if ">" in segment else 0.0
    found = next(n for limit, n in AXLES_BY_MASS_T if mass_t + extra <= limit)
    return max(found, ARTICULATED_AXLES) if "Articulated" in segment else found
