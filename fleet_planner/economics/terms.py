"""What a measure costs per vehicle: capital, running, life, and whether it brings a battery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.economics.money import Price, levels_of
from fleet_planner.economics.standard_costs import adoption_capex
from fleet_planner.scenarios.standards import NEWER_STANDARD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_planner.plan.economics import EconomicsSection
    from fleet_planner.scenarios.model import ScenarioFleet

REPLACEMENT = "replacement"
FUELS = ("fuel", "sulphur")
"""Kinds of measures that are paid by the litre."""

ELECTRIC = "electricity"
ZERO_EMISSION = (ELECTRIC, "hydrogen")


@dataclass(frozen=True)
class MeasureTerms:
    """A measure per vehicle, US dollars of 2024 of the plan's base year.

    Parameters
    ----------
    kind
        As in the table of measures.
    capital
        Paid once; of replacements what they cost above a conventional vehicle.
    running
        A year beside energy; negative saves.
    life_years
        Of what is bought.
    electric, zero_emission
        Whether the vehicle then has a battery and a charger; whether it is electric or has fuel cells.
    checked
        Whether the figures were read in a source.
    """

    measure_id: str
    kind: str
    capital: float
    running: float
    life_years: float
    electric: bool
    zero_emission: bool
    checked: bool

    @property
    def replaces(self) -> bool:
        """Whether the measure is another vehicle, not a device on it."""
        return self.kind == REPLACEMENT


def measure_terms(
    state: ScenarioFleet, measures: pl.DataFrame, section: EconomicsSection, named: Iterable[str] = ()
) -> dict[str, MeasureTerms]:
    """Return the terms of each measure of a scenario.

    Parameters
    ----------
    state
        The scenario's fleet of the base year.
    measures
        The packaged measures.
    section
        Of the plan.
    named
        Measures beside those that the fleet has; those without costs of their own are left out.

    Raises
    ------
    PlanError
        The currency or year of a figure has no rate or index.
    """
    levels, deflate_first = levels_of(section), section.conversion == "deflate_first"

    def usd(amount: float, currency: str, year: int) -> float:
        return levels.inside(amount, Price(currency, year), "economics.exchange_rates", deflate_first=deflate_first)

    units = dict(state.units.select("measure_id", "vehicles").iter_rows())
    out = {}
    for name in dict.fromkeys([*units, *named]):
        if name == NEWER_STANDARD:
            vehicles = units.get(name, 0.0)
            by_life = adoption_capex(state.adopted, usd)
            capital = sum(by_life.values())
            life = sum(years * money for years, money in by_life.items()) / capital if capital else 1.0
            each = capital / vehicles if vehicles else 0.0
            out[name] = MeasureTerms(
                name, "standard", each, 0.0, life, electric=False, zero_emission=False, checked=False
            )
            continue
        rows = measures.filter(pl.col("measure_id") == name)
        if rows.is_empty():
            continue
        row = rows.row(0, named=True)
        money = (row["currency"], int(row["cost_year"]))
        out[name] = MeasureTerms(
            name,
            row["kind"],
            usd(float(row["capex"] or 0.0), *money),
            usd(float(row["opex_per_year"] or 0.0), *money),
            float(row["life_years"]),
            electric=row["to_fuel"] == ELECTRIC,
            zero_emission=row["to_fuel"] in ZERO_EMISSION,
            checked=row["cost_checked"] == "yes",
        )
    return out
