"""What follows from the fuel burnt: CO2, sulphur, lead, and the CO2 of lubricant and urea."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

SO2_PER_SULPHUR = 2.0
"""Mass of SO2 per mass of sulphur: EMEP/EEA guidebook 2019, chapter 1.A.3.b, E = 2 x sulphur x fuel."""

PHYSICAL = {
    "petrol_hybrid": "petrol",
    "petrol_phev_on_fuel": "petrol",
    "petrol_phev_on_grid": "petrol",
    "lpg_bifuel_on_petrol": "petrol",
    "cng_bifuel_on_petrol": "petrol",
    "cng_bifuel_on_cng": "cng",
    "diesel_hybrid": "diesel",
    "diesel_phev_on_fuel": "diesel",
    "diesel_phev_on_grid": "diesel",
    "diesel_hybrid_electric_part": "diesel",
}
"""The fuel in the tank."""

BIOGENIC = frozenset({"biodiesel", "hvo", "ethanol"})


@dataclass(frozen=True)
class FuelFactors:
    """Grams per MJ of fuel, by fuel in the tank.

    Parameters
    ----------
    fossil_co2, biogenic_co2, so2, pb
        g per MJ.
    mj_per_kg
        Lower heating value.
    """

    fossil_co2: Mapping[str, float]
    biogenic_co2: Mapping[str, float]
    so2: Mapping[str, float]
    pb: Mapping[str, float]
    mj_per_kg: Mapping[str, float]


def tank(fuel: str) -> str:
    """Return the fuel in the tank of a technology's fuel."""
    return PHYSICAL.get(fuel, fuel)


def load_fuels(petrol_sulphur_ppm: float, diesel_sulphur_ppm: float) -> FuelFactors:
    """Load the packaged fuel properties for a city's fuels (ppm sulphur by mass)."""
    rows = list(reference_table("fuels.csv").iter_rows(named=True))
    heat = {r["fuel"]: float(r["lower_heating_mj_kg"]) for r in rows}
    co2 = {r["fuel"]: 1000.0 * float(r["co2_kg_per_kg"]) / heat[r["fuel"]] for r in rows}
    sulphur = {"petrol": petrol_sulphur_ppm, "diesel": diesel_sulphur_ppm}
    metals = reference_table("metals.csv")
    return FuelFactors(
        fossil_co2={f: 0.0 if f in BIOGENIC else x for f, x in co2.items()},
        biogenic_co2=co2,
        so2={f: SO2_PER_SULPHUR * ppm / 1000.0 / heat[f] for f, ppm in sulphur.items()},
        pb={f: float(x) / heat[f] for f, x in metals.select("fuel", "pb_g_per_kg").iter_rows()},
        mj_per_kg=heat,
    )


@cache
def _lubricant() -> Mapping[tuple[str, str], float]:
    """Return kg of CO2 per 10,000 km by (category, standard); standard "" serves any."""
    rows = reference_table("lubricant.csv").iter_rows(named=True)
    return {(r["category"], r["standard"] or ""): r["oil_kg_per_10000km"] * r["co2_kg_per_kg_oil"] for r in rows}


@cache
def _urea() -> Mapping[str, float]:
    """Return kg of CO2 per kg of fuel by standard."""
    rows = reference_table("urea.csv").iter_rows(named=True)
    return {r["standard"]: r["solution_kg_per_kg_fuel"] * r["co2_kg_per_kg_solution"] for r in rows}


def lubricant_co2_g_per_km(category: str, standard: str) -> float:
    """Return the CO2 of the lubricant burnt, g/km; zero where no consumption is published."""
    oil = _lubricant()
    kg_per_10000km = oil.get((category, standard), oil.get((category, ""), 0.0))
    return float(kg_per_10000km) * 1000.0 / 10_000.0


def urea_co2_g_per_mj(standard: str, aftertreatment: str, mj_per_kg: float) -> float:
    """Return the CO2 of the urea solution, g per MJ of fuel; zero without selective catalytic reduction."""
    if "SCR" not in aftertreatment:
        return 0.0
    like = "euro_V" if "SCR_retrofit" in aftertreatment else ""
    kg_per_kg = _urea().get(standard, _urea().get(like, 0.0))
    return kg_per_kg * 1000.0 / mj_per_kg
