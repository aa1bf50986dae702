"""What measures cost a year, in US dollars of 2024."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.economics.finance import capital_recovery_factor
from fleet_planner.economics.money import usd2024
from fleet_planner.economics.standard_costs import adoption_capex
from fleet_planner.reference import reference_table
from fleet_planner.scenarios.standards import NEWER_STANDARD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.plan.economics import EconomicsSection
    from fleet_planner.scenarios.model import ScenarioFleet

BOUGHT_BY_THE_LITRE = ("fuel", "sulphur")
"""Kinds of measures."""

SCHEMA = {
    "scenario": pl.String,
    "measure_id": pl.String,
    "title_en": pl.String,
    "title_zh": pl.String,
    "vehicles": pl.Float64,
    "capex_usd2024": pl.Float64,
    "annualised_capex_usd2024": pl.Float64,
    "opex_usd2024_per_year": pl.Float64,
    "energy_cost_usd2024_per_year": pl.Float64,
    "total_usd2024_per_year": pl.Float64,
    "checked": pl.String,
}


@dataclass(frozen=True)
class EnergyChange:
    """Energy a year of the vehicles that a measure treats, all their kilometres, not only those inside.

    Changes are against the baseline and count once: of a vehicle's measures each device and each running gear has its
    part, the first measure what is left. ``fuel_change_mj`` is by fuel in the tank; ``fuel_used_mj`` is what they use
    in the scenario.
    """

    fuel_change_mj: Mapping[str, float] = field(default_factory=dict)
    electricity_change_kwh: float = 0.0
    fuel_used_mj: float = 0.0


def _fuels() -> dict[str, dict[str, float]]:
    return {r["fuel"]: r for r in reference_table("fuels.csv").iter_rows(named=True)}


def mj_per_l(fuel: str) -> float:
    """Return the heat of a litre of a packaged fuel."""
    row = _fuels()[fuel]
    return row["lower_heating_mj_kg"] * row["density_kg_m3"] / 1000.0


def diesel_mj_per_l() -> float:
    """Return the heat of a litre of diesel."""
    return mj_per_l("diesel")


def diesel_co2_kg_per_l() -> float:
    """Return the CO2 of a litre of diesel burnt, kg."""
    row = _fuels()["diesel"]
    return row["co2_kg_per_kg"] * row["density_kg_m3"] / 1000.0


def fuel_usd_per_mj(section: EconomicsSection) -> dict[str, float]:
    """Return the prices of the plan by fuel in the tank, US dollars of 2024 per MJ; others cost what diesel does."""
    per_kg = {str(fuel): price for fuel, price in section.other_fuel_usd_per_kg.items()}
    per_kg |= {"cng": section.cng_usd_per_kg, "hydrogen": section.hydrogen_usd_per_kg}
    fuels = _fuels()
    by_mass = {fuel: price / fuels[fuel]["lower_heating_mj_kg"] for fuel, price in per_kg.items()}
    return {"diesel": section.diesel_usd_per_l / diesel_mj_per_l()} | by_mass


def empty_costs() -> pl.DataFrame:
    """Return the table of a scenario without measures."""
    return pl.DataFrame(schema=SCHEMA)


def scenario_costs(
    fleet: ScenarioFleet,
    measures: pl.DataFrame,
    section: EconomicsSection,
    energy: dict[str, EnergyChange],
) -> pl.DataFrame:
    """Return the costs of each measure of a scenario.

    Parameters
    ----------
    fleet
        With the vehicles treated by measure.
    measures
        The packaged measures.
    section
        Discount rate and prices.
    energy
        Per measure: what its vehicles use against the baseline.
    """
    litre_mj = diesel_mj_per_l()
    rows = []
    for measure_id, vehicles in fleet.units.select("measure_id", "vehicles").iter_rows():
        if measure_id == NEWER_STANDARD:
            rows.append(_newer_standard(fleet, vehicles, section, energy.get(measure_id, EnergyChange())))
            continue
        row = measures.filter(pl.col("measure_id") == measure_id).row(0, named=True)
        year = int(row["cost_year"])
        capex = vehicles * usd2024(float(row["capex"] or 0.0), row["currency"], year)
        opex = vehicles * usd2024(float(row["opex_per_year"] or 0.0), row["currency"], year)
        annual = capex * capital_recovery_factor(section.discount_rate, float(row["life_years"]))
        use = energy.get(measure_id, EnergyChange())
        premium = premium_usd_per_l(section, row)
        paid = _energy_usd(use, section) + use.fuel_used_mj / litre_mj * premium
        total = annual + opex + paid
        names = (fleet.name, measure_id, row["title_en"], row["title_zh"])
        rows.append((*names, vehicles, capex, annual, opex, paid, total, row["cost_checked"]))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def premium_usd_per_l(section: EconomicsSection, row: dict[str, Any]) -> float:
    """Return what a litre costs above diesel; another source for the same fuel costs what the chosen one does."""
    if row["kind"] not in BOUGHT_BY_THE_LITRE:
        return 0.0
    given = section.fuel_premium_usd_per_l
    return given.get(row["measure_id"], given.get(row["alternative_of"], 0.0))


def _energy_usd(use: EnergyChange, section: EconomicsSection) -> float:
    """Return what the energy of a measure's vehicles costs a year above the baseline's, US dollars of 2024."""
    fuels, power = energy_usd_parts(use, section)
    return sum(fuels.values()) + power


def energy_usd_parts(use: EnergyChange, section: EconomicsSection) -> tuple[dict[str, float], float]:
    """Return what the energy of a measure's vehicles costs above the baseline's: by fuel, and electricity, US$ 2024."""
    prices = fuel_usd_per_mj(section)
    fuels = {fuel: mj * prices.get(fuel, prices["diesel"]) for fuel, mj in use.fuel_change_mj.items()}
    return fuels, use.electricity_change_kwh * section.electricity_usd_per_kwh


def _newer_standard(
    fleet: ScenarioFleet, vehicles: float, section: EconomicsSection, use: EnergyChange
) -> tuple[object, ...]:
    """Return the row of vehicles that are built to a newer standard."""
    by_life = adoption_capex(fleet.adopted, usd2024)
    annual = sum(usd * capital_recovery_factor(section.discount_rate, life) for life, usd in by_life.items())
    paid = _energy_usd(use, section)
    names = (fleet.name, NEWER_STANDARD, "Newer standard", "更严排放标准")
    return (*names, vehicles, sum(by_life.values()), annual, 0.0, paid, annual + paid, "no")
