"""Prices of energy and carbon by year, with the taxes in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_planner.economics.costs import diesel_mj_per_l, fuel_usd_per_mj, mj_per_l
from fleet_planner.economics.learning import Curve, curve_of, social_carbon
from fleet_planner.economics.money import Price, levels_of
from fleet_planner.errors import PlanError
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleet_planner.plan.economics import EconomicsSection

ELECTRICITY = "electricity"
PETROL, DIESEL = "petrol", "diesel"
GRID = "grid"
OF_KEY = {
    DIESEL: "diesel_usd_per_l",
    ELECTRICITY: "electricity_usd_per_kwh",
    "cng": "cng_usd_per_kg",
    "hydrogen": "hydrogen_usd_per_kg",
    "premium": "fuel_premium_usd_per_l",
}
"""The plan's key of each price; those not given are defaults, which nobody has checked for the city."""


@dataclass(frozen=True)
class Prices:
    """What energy and carbon cost, US dollars of 2024.

    Parameters
    ----------
    base_year
        Whose prices are given.
    fuel_per_mj, fuel_tax_per_mj
        By fuel in the tank; the first with the tax.
    electricity_per_kwh, electricity_tax_per_kwh
        The first with the tax.
    premium_per_mj
        What a clean fuel costs above diesel, by measure.
    change
        Real change a year of the prices without taxes, by fuel or ``electricity``.
    carbon_paid, carbon_social
        Per t CO2 by year: on top of the fuel, and in the public view.
    grid_kg_per_kwh
        CO2 of electricity in differences, by year.
    unchecked
        Fuels, ``electricity`` and ``premium`` whose price is a default; ``tax_<fuel>`` and ``grid`` (the factor of
        electricity) that were not read in a source.
    """

    base_year: int
    fuel_per_mj: Mapping[str, float]
    fuel_tax_per_mj: Mapping[str, float]
    electricity_per_kwh: float
    electricity_tax_per_kwh: float
    premium_per_mj: Mapping[str, float]
    change: Mapping[str, float]
    carbon_paid: Curve
    carbon_social: Curve
    grid_kg_per_kwh: Callable[[int], float]
    unchecked: frozenset[str]

    def _risen(self, name: str, year: int) -> float:
        return float((1.0 + self.change.get(name, 0.0)) ** max(year - self.base_year, 0))

    def fuel(self, tank: str, year: int) -> float:
        """Return the price of a MJ without tax; a fuel without a price costs what diesel does."""
        name = tank if tank in self.fuel_per_mj else DIESEL
        return (self.fuel_per_mj[name] - self.fuel_tax(tank)) * self._risen(name, year)

    def fuel_tax(self, tank: str) -> float:
        """Return the tax on a MJ."""
        return self.fuel_tax_per_mj.get(tank, 0.0)

    def power(self, year: int) -> float:
        """Return the price of a kWh without tax."""
        return (self.electricity_per_kwh - self.electricity_tax_per_kwh) * self._risen(ELECTRICITY, year)


def prices_of(
    section: EconomicsSection,
    country: str,
    year: int,
    grid_kg_per_kwh: Callable[[int], float],
    *,
    grid_checked: bool = True,
    alternatives: Mapping[str, str] | None = None,
) -> Prices:
    """Return the prices of a plan.

    Parameters
    ----------
    section
        The plan's.
    country, year
        Of the city.
    grid_kg_per_kwh
        CO2 of electricity in differences between scenarios, by year.
    grid_checked
        Whether that factor was read in a source.
    alternatives
        Measures that are another source for a fuel, and which measure that is: they cost the same.

    Raises
    ------
    PlanError
        A tax is above the price that holds it.
    """
    fuels = fuel_usd_per_mj(section)
    taxes, unchecked = _taxes(section, country)
    own = section.model_fields_set
    for name, key in OF_KEY.items():
        unchecked |= set() if key in own else {name}
    unchecked |= set() if grid_checked else {GRID}
    per_mj = {fuel: taxes[fuel] / mj_per_l(fuel) for fuel in (DIESEL, PETROL)}
    for fuel, tax in per_mj.items():
        price = fuels.get(fuel, fuels[DIESEL])
        if tax >= price:
            raise PlanError(
                f"the tax on {fuel} is not below its price, {price * mj_per_l(fuel):.3g} US$ per litre",
                f"Set economics.taxes.{fuel}_usd_per_l, or raise the price: prices are with taxes.",
                column=f"economics.taxes.{fuel}_usd_per_l",
                value=round(taxes[fuel], 4),
            )
    if taxes[ELECTRICITY] > section.electricity_usd_per_kwh:
        raise PlanError(
            "the tax on electricity is above its price",
            "Prices are with taxes: raise economics.electricity_usd_per_kwh.",
            column="economics.taxes.electricity_usd_per_kwh",
            value=taxes[ELECTRICITY],
        )
    social = section.social_carbon_usd_per_t
    given = section.fuel_premium_usd_per_l
    premium = {m: given[of] for m, of in (alternatives or {}).items() if of in given} | given
    return Prices(
        base_year=year,
        fuel_per_mj=fuels,
        fuel_tax_per_mj=per_mj,
        electricity_per_kwh=section.electricity_usd_per_kwh,
        electricity_tax_per_kwh=taxes[ELECTRICITY],
        premium_per_mj={m: p / diesel_mj_per_l() for m, p in premium.items()},
        change={str(k): v for k, v in section.real_price_change_per_year.items()},
        carbon_paid=curve_of(section.carbon_usd_per_t),
        carbon_social=curve_of(social) if social else social_carbon(),
        grid_kg_per_kwh=grid_kg_per_kwh,
        unchecked=frozenset(unchecked),
    )


def _taxes(section: EconomicsSection, country: str) -> tuple[dict[str, float], set[str]]:
    """Return the taxes within the prices, per litre and kWh, and which of them were not read in a source."""
    given = section.taxes
    out = {DIESEL: 0.0, PETROL: 0.0, ELECTRICITY: 0.0}
    unchecked = set()
    table = reference_table("energy_taxes.csv")
    known = country if country in table["country"] else country.split("-", maxsplit=1)[0]
    levels = levels_of(section)
    for row in table.iter_rows(named=True):
        if row["country"] == known:
            price = Price(row["currency"], row["price_year"])
            out[row["fuel"]] = levels.inside(float(row["value"]), price, f"economics.taxes.{row['fuel']}_usd_per_l")
            unchecked |= {f"tax_{row['fuel']}"} if row["checked"] == "no" else set()
    own = {DIESEL: given.diesel_usd_per_l, PETROL: given.petrol_usd_per_l, ELECTRICITY: given.electricity_usd_per_kwh}
    for fuel, value in own.items():
        if value is not None:
            out[fuel] = value
            unchecked.discard(f"tax_{fuel}")
    return out, unchecked
