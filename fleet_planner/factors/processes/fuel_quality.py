"""Effect of diesel quality on exhaust (EPEFE, in the EMEP/EEA guidebook 2016, section on fuel effects).

``factor = F(fuel sold) / F(base fuel)`` with ``F = c0 + c1 density + c2 PAH + c3 cetane + c4 T95``; particles also by
``1 - s (450 - sulphur) / 100``. The base fuel is the one that the factors of the vehicle's standard hold for. Euro V,
VI, 5 and 6 never gain from better fuel: their limits were met on it. The Chinese guide has a sulphur effect of its own,
ten times as strong; this one acts on European factors alone.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache
from typing import TYPE_CHECKING

from fleet_planner.factors.stand_ins import STANDARD_ORDER
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

POLLUTANTS = {"CO": "CO", "VOC": "VOC", "NOx": "NOx", "PM": "PM_exhaust"}
TERMS = {"density": "density_kg_m3", "pah": "pah_percent", "cetane": "cetane", "t95": "t95_c"}
BASE_FUELS = (("fuel_1996", "euro_2"), ("fuel_2000", "euro_3"), ("fuel_2005", ""))
"""Base fuels and the newest standard each serves."""

NEVER_BETTER_FROM = STANDARD_ORDER["euro_5"]
DIESEL = frozenset({"diesel", "diesel_hybrid", "diesel_phev_on_fuel"})
LIGHT = frozenset({"passenger_car", "light_commercial"})
HEAVY = frozenset({"heavy_truck", "bus"})


@dataclass(frozen=True)
class DieselQuality:
    """Properties of a diesel fuel."""

    density_kg_m3: float
    pah_percent: float
    cetane: float
    t95_c: float
    sulphur_ppm: float


@cache
def _terms() -> Mapping[tuple[str, str], Mapping[str, float]]:
    out: dict[tuple[str, str], dict[str, float]] = {}
    for row in reference_table("diesel_quality.csv").iter_rows(named=True):
        key = (row["vehicle"], POLLUTANTS[row["pollutant"]])
        out.setdefault(key, {})[row["term"]] = float(row["coefficient"])
    return out


@cache
def base_fuel(standard: str) -> DieselQuality:
    """Return the diesel that the factors of a standard hold for."""
    rows = {r["base_fuel"]: r for r in reference_table("diesel_base_fuels.csv").iter_rows(named=True)}
    order = STANDARD_ORDER.get(standard, len(STANDARD_ORDER))
    name = next(n for n, newest in BASE_FUELS if not newest or order <= STANDARD_ORDER[newest])
    return DieselQuality(*(float(rows[name][f.name]) for f in fields(DieselQuality)))


def in_range(quality: DieselQuality) -> tuple[DieselQuality, tuple[str, ...]]:
    """Return the fuel with its properties held in the tested range, and which were beyond it."""
    bounds = {r["property"]: (float(r["low"]), float(r["high"])) for r in _range_rows()}
    held = {name: min(max(getattr(quality, name), low), high) for name, (low, high) in bounds.items()}
    return replace(quality, **held), tuple(n for n, value in held.items() if value != getattr(quality, n))


def _range_rows() -> list[dict[str, str]]:
    return list(reference_table("diesel_quality_range.csv").iter_rows(named=True))


def emission_sum(vehicle: str, pollutant: str, fuel: DieselQuality) -> float:
    """Return the published sum of a fuel for ``light_duty_diesel`` or ``heavy_duty``."""
    terms = _terms()[vehicle, pollutant]
    total = terms["const"] + sum(terms[t] * float(getattr(fuel, name)) for t, name in TERMS.items())
    slope = terms.get("sulphur_slope_per_100ppm", 0.0)
    return total * (1.0 - slope * (terms.get("sulphur_base", 0.0) - fuel.sulphur_ppm) / 100.0)


def quality_factors(technology: Mapping[str, str], sold: DieselQuality | None) -> dict[str, float]:
    """Return what multiplies the exhaust of a technology by pollutant; empty where nothing is published or asked.

    Parameters
    ----------
    technology
        ``category, fuel, standard``.
    sold
        Fuel sold in the city, held in the tested range here.
    """
    category = technology["category"]
    if sold is None or technology["fuel"] not in DIESEL or category not in LIGHT | HEAVY:
        return {}
    vehicle = "light_duty_diesel" if category in LIGHT else "heavy_duty"
    fuel, _ = in_range(sold)
    base = base_fuel(technology["standard"])
    out = {p: emission_sum(vehicle, p, fuel) / emission_sum(vehicle, p, base) for p in POLLUTANTS.values()}
    if STANDARD_ORDER.get(technology["standard"], NEVER_BETTER_FROM) >= NEVER_BETTER_FROM:
        return {p: max(f, 1.0) for p, f in out.items()}
    return out
