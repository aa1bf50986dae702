"""Evaporated NMVOC of petrol vehicles (EMEP/EEA guidebook 2009, 1.A.3.b.v, Tier 2).

Per vehicle and day: diurnal ``ed``; per trip: hot soak and running loss,
``c (p hot + (1 - p) warm) + (1 - c) injected`` with the share ``c`` of carburettors and the share ``p`` of trips that
end with a hot engine, ``p = 1 - beta``. The published ranges of temperature are interpolated at their middles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.factors.processes.cold import cold_share
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.factors.conditions import Conditions

Array = NDArray[np.float64]
CANISTER = {
    "euro_1": "small",
    "euro_2": "small",
    "euro_3": "medium",
    "euro_4": "medium",
    "euro_5": "large",
    "euro_6abc": "large",
    "euro_6d_temp": "large",
    "euro_6d": "large",
    "euro_7": "large",
}
"""Own reading of which canister a standard brought; older cars have none."""

LARGEST_FIRST = ("large", "medium", "small", "no")
INJECTED_TWO_WHEELERS = frozenset({"euro_3", "euro_4", "euro_5"})
VEHICLE = {
    ("passenger_car", "Mini"): ("PC", "<=1400"),
    ("passenger_car", "Small"): ("PC", "<=1400"),
    ("passenger_car", "Medium"): ("PC", "1400_2000"),
    ("passenger_car", "Large-SUV-Executive"): ("PC", ">2000"),
    ("light_commercial", "N1-I"): ("PC", "1400_2000"),
    ("light_commercial", "N1-II"): ("PC", ">2000"),
    ("light_commercial", "N1-III"): ("PC", ">2000"),
    ("l_category", "Mopeds 2-stroke <50 cc"): ("Moped", "<=50"),
    ("l_category", "Mopeds 4-stroke <50 cc"): ("Moped", "<=50"),
    ("l_category", "Motorcycles 2-stroke >50 cc"): ("Motorcycle_2S", ">50"),
    ("l_category", "Motorcycles 4-stroke <250 cc"): ("Motorcycle", "<=250"),
    ("l_category", "Motorcycles 4-stroke 250 - 750 cc"): ("Motorcycle", "250_750"),
    ("l_category", "Motorcycles 4-stroke >750 cc"): ("Motorcycle", ">=750"),
}
PETROL = frozenset({"petrol", "petrol_hybrid", "petrol_phev_on_fuel", "lpg_bifuel_on_petrol", "cng_bifuel_on_petrol"})


@dataclass(frozen=True)
class Evaporation:
    """Yearly mean: grams per vehicle and day, and grams per km from hot soak and running loss."""

    g_per_day: float
    g_per_km: float


def load_evaporation() -> Mapping[tuple[str, str, str, str], tuple[tuple[float, float], ...]]:
    """Return (middle temperature, factor) pairs, ascending, by vehicle, capacity, process, canister."""
    out: dict[tuple[str, str, str, str], list[tuple[float, float]]] = {}
    for row in reference_table("evaporation.csv").iter_rows(named=True):
        middle = (float(row["temperature_from_c"]) + float(row["temperature_to_c"])) / 2.0
        key = (row["vehicle"], row["capacity_cc"], row["process"], row["canister"])
        out.setdefault(key, []).append((middle, float(row["ef"])))
    return {key: tuple(sorted(pairs)) for key, pairs in out.items()}


def evaporation_of(
    table: Mapping[tuple[str, str, str, str], tuple[tuple[float, float], ...]],
    technology: Mapping[str, str],
    conditions: Conditions,
) -> Evaporation | None:
    """Return the evaporation of a technology; nothing where none is published (diesel, gas, electric)."""
    vehicle = VEHICLE.get((technology["category"], technology["segment"]))
    if vehicle is None or technology["fuel"] not in PETROL:
        return None
    car = vehicle[0] == "PC"
    wanted = CANISTER.get(technology["standard"], "no") if car else "no"
    carburettor = 0.0 if wanted != "no" or (not car and technology["standard"] in INJECTED_TWO_WHEELERS) else 1.0
    months = conditions.temperature_c.mean(axis=1)

    def monthly(process: str) -> Array:
        sizes = LARGEST_FIRST[LARGEST_FIRST.index(wanted) :]
        pairs = next((table[(*vehicle, process, s)] for s in sizes if (*vehicle, process, s) in table), ())
        if not pairs:
            return np.zeros(12)
        return np.asarray(np.interp(months, [t for t, _ in pairs], [x for _, x in pairs]))

    cold = cold_share(conditions.trip_km, months)
    per_trip = np.zeros(12)
    for kind in ("es", "er"):
        warm = monthly(f"{kind}warmc")
        hot = monthly(f"{kind}hotc")
        if not warm.any():
            warm = hot  # two-wheelers: one figure for warm and hot engines
        per_trip += carburettor * ((1.0 - cold) * hot + cold * warm) + (1.0 - carburettor) * monthly(f"{kind}hotfi")
    return Evaporation(float(monthly("ed").mean()), float(per_trip.mean()) / conditions.trip_km)
