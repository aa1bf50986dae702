"""Cold start of cars and vans (EMEP/EEA guidebook 2016, 1.A.3.b.i-iv, section 3.4.1).

``cold = beta x scale x hot x (ratio - 1)`` g per km of all driving, never below zero, where

- ``beta = 0.6474 - 0.02545 trip - (0.00974 - 0.000385 trip) t`` is the share of distance driven cold,
- ``ratio`` is the published form of speed and temperature, its speed held in 5 to 45 km/h,
- ``scale`` reduces the cold share of newer standards, whose ``hot`` and ``ratio`` are those of Euro 1.

Reading the reduction as one of the ratio instead (as at least one public code does) would remove the cold excess.
Energy takes the vehicle's own hot curve. Heavy vehicles and two-wheelers: nothing is published, counted as zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.factors.conditions import Conditions

Array = NDArray[np.float64]
COLD = ("CO", "VOC", "NOx", "PM_exhaust", "energy_MJ")
BETA = (0.6474, 0.02545, 0.00974, 0.000385)
"""Constants of the share driven cold: EMEP/EEA guidebook 2016 and 2025, table 3-39."""

FUEL = {
    "petrol": "petrol",
    "diesel": "diesel",
    "lpg": "lpg",
    "lpg_bifuel_on_petrol": "petrol",
    "cng_bifuel_on_cng": "petrol",
    "cng_bifuel_on_petrol": "petrol",
    "cng": "petrol",
}
"""Whose ratios a fuel takes: those of gas after the old steps are those of petrol."""

CAPACITY = {
    "Mini": "<=1400",
    "Small": "<=1400",
    "Medium": "1400_2000",
    "Large-SUV-Executive": ">2000",
    "N1-I": "1400_2000",
    "N1-II": ">2000",
    "N1-III": ">2000",
}
"""Capacity class of a segment; for vans our own reading."""

OWN_BASIS = frozenset({"conventional", "euro_1"})
BASIS_FUEL = dict.fromkeys(("cng", "cng_bifuel_on_cng", "cng_bifuel_on_petrol"), "petrol")
BASIS_SEGMENT = {"Mini": "Small"}
"""Fuels and segments that began with Euro 4: their ratios are those of petrol and of up to 1.4 l, and so is the warm
Euro 1 engine that these multiply. A later standard in its stead would leave a tenth of the excess."""

SAME = {
    "euro_6d_temp": "euro_6d",
    "euro_7": "euro_6d",
    "improved_conventional": "conventional",
    "open_loop": "conventional",
}
SAME |= {f"ece_15_{n}": "conventional" for n in ("00_01", "02", "03", "04")}


@dataclass(frozen=True)
class Ratio:
    """A published form: name, reduction of the cold share, coefficients a..i (nan where unused), speed range."""

    form: str
    scale: float
    coefficients: tuple[float, ...]
    v_min_kmh: float
    v_max_kmh: float


def load_ratios() -> Mapping[tuple[str, str, str, str], Ratio]:
    """Return the ratios by capacity, fuel, standard, pollutant."""
    out = {}
    for row in reference_table("cold_start.csv").iter_rows(named=True):
        coefficients = tuple(float("nan") if row[c] is None else float(row[c]) for c in "abcdefghi")
        key = (row["capacity_cc"], row["fuel"], row["standard"], row["pollutant"])
        span = (float(row["v_min_kmh"]), float(row["v_max_kmh"]))
        out[key] = Ratio(row["form"], float(row["cold_fraction_scale"]), coefficients, *span)
    return out


def ratio_of(
    ratios: Mapping[tuple[str, str, str, str], Ratio], technology: Mapping[str, str], pollutant: str
) -> Ratio | None:
    """Return the ratio of a technology, or nothing where none is published."""
    capacity, fuel = CAPACITY.get(technology["segment"]), FUEL.get(technology["fuel"])
    if capacity is None or fuel is None:
        return None
    standard = SAME.get(technology["standard"], technology["standard"])
    found = ratios.get((capacity, fuel, standard, pollutant))
    return found or (ratios.get((capacity, "petrol", standard, pollutant)) if fuel == "lpg" else None)


def basis_of(fuel: str, segment: str, standard: str) -> tuple[str, str, str]:
    """Return fuel, segment and standard of the warm engine whose hot factor the cold excess builds on."""
    own = SAME.get(standard, standard)
    basis = standard if own in OWN_BASIS else "euro_1"
    return BASIS_FUEL.get(fuel, fuel), BASIS_SEGMENT.get(segment, segment), basis


def cold_share(trip_km: float, temperature_c: Array) -> Array:
    """Return the share of distance driven with a cold engine, 0..1, shape of ``temperature_c``."""
    a0, a1, b0, b1 = BETA
    return np.clip(a0 - a1 * trip_km - (b0 - b1 * trip_km) * temperature_c, 0.0, 1.0)


def ratio_value(ratio: Ratio, speed_kmh: Array, temperature_c: Array) -> Array:
    """Return the cold over hot factor; arguments broadcast."""
    a, b, c, d, e, f, g, h, i = ratio.coefficients
    v = np.clip(speed_kmh, ratio.v_min_kmh, ratio.v_max_kmh)
    t = temperature_c
    slow = a * v + b * t + c
    if ratio.form == "T1":
        return a + b * t + 0.0 * v
    if ratio.form == "T2":
        return np.where(t > 29.0, 0.5, a + b * t) + 0.0 * v
    if ratio.form == "VT1":
        return slow
    both = np.where(v <= 25.0, slow, d * v + e * t + f)
    if ratio.form == "VT2":
        return both
    return np.where(t > 15.0, g * v + h * t + i, both)


def cold_excess(ratio: Ratio, conditions: Conditions, speed_kmh: Array) -> Array:
    """Return ``beta x scale x (ratio - 1)`` averaged over the hours of each class, shape (K, S)."""

    def excess(temperature_c: Array, _: Array) -> Array:
        driven = cold_share(conditions.trip_km, temperature_c) * ratio.scale
        over = np.maximum(ratio_value(ratio, speed_kmh[None, :], temperature_c[:, None]) - 1.0, 0.0)
        return np.asarray(driven[:, None] * over)

    return conditions.mean(excess)


def mean_cold_share(conditions: Conditions) -> Array:
    """Return the share of distance driven cold in the hours of each class, shape (K,)."""
    return conditions.mean(lambda t, _: cold_share(conditions.trip_km, t))
