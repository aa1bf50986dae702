"""The report in the units of its readers: tonnes, short tons, pounds or kilograms a day; US dollars or renminbi.

The figures stay those of the run: one factor for mass and one for money turn the data before any text is made, so that
both languages hold the same figures in every unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fleet_planner.economics.money import INSIDE_YEAR, Price, levels_of
from fleet_planner.outputs.report.report_scaling import with_mass, with_money
from fleet_planner.units import DAYS_PER_YEAR, KG_PER_T, MASS_PER_T

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.economics.money import Levels
    from fleet_planner.plan.economics import EconomicsSection

Units = Literal["plan", "si", "us", "kg_day"]
Currency = Literal["usd", "rmb"]

KG_DAY = "kg_day"
MASS = {**MASS_PER_T, KG_DAY: KG_PER_T / DAYS_PER_YEAR}
"""What a tonne a year is in each unit."""

MASS_OF = {"si": "t", "us": "short_ton", "kg_day": KG_DAY}
RMB = Price("CNY", INSIDE_YEAR)
DOLLARS = ("US$", "美元")
KEPT = ("units_rmb", "money_USD")
"""Words that name dollars whatever the page's currency is."""


@dataclass(frozen=True)
class Chosen:
    """The units of one page.

    Parameters
    ----------
    mass
        Key of `MASS`.
    currency
        Of costs of measures.
    """

    mass: str
    currency: Currency


def chosen(data: Mapping[str, Any], units: Units | None, currency: Currency | None) -> Chosen:
    """Return the units asked for, else those of the plan."""
    wanted = units or data["units"]["units"]
    return Chosen(MASS_OF.get(wanted, data["mass_unit"]), currency or data["units"]["currency"])


def units_data(units: Units, currency: Currency, economics: EconomicsSection) -> dict[str, Any]:
    """Return what the plan asks for, and the exchange rate with where it comes from."""
    levels: Levels = levels_of(economics)
    own = str(INSIDE_YEAR) in {str(year) for year in economics.exchange_rates.get("CNY", {})}
    return {
        "units": units,
        "currency": currency,
        "rmb_per_usd": levels.rate(RMB, "economics.exchange_rates"),
        "rate_year": INSIDE_YEAR,
        "rate_of_plan": own,
        "rate_checked": ("rate", RMB) not in levels.unchecked,
    }


def in_units(data: Mapping[str, Any], units: Chosen) -> dict[str, Any]:
    """Return the data with yearly masses and amounts of money in other units (see `report_scaling`).

    ``mass_scale`` is what a tonne a year became, ``money_scale`` what a US dollar of 2024 became.
    """
    mass = MASS[units.mass]
    money = data["units"]["rmb_per_usd"] if units.currency == "rmb" else 1.0
    turned = with_mass(data, mass, units.mass)
    if units.currency == "rmb":
        turned = with_money(turned, money, f"{RMB.currency} {INSIDE_YEAR}")
    return {
        **turned,
        "mass_unit": units.mass if units.mass in MASS_PER_T else data["mass_unit"],
        "mass_scale": mass,
        "money_scale": money,
    }


def unit_words(t: Mapping[str, str], units: Chosen, data: Mapping[str, Any]) -> dict[str, str]:
    """Return the words with the unit of yearly totals (``rate``), the currency and the statement of both."""
    words = dict(t)
    words["rate"] = t[f"rate_{units.mass}"]
    if units.currency == "rmb":
        told = {k: v for k, v in t.items() if k not in KEPT and any(word in v for word in DOLLARS)}
        words |= {k: v.replace(DOLLARS[0], t["rmb"]).replace(DOLLARS[1], t["rmb"]) for k, v in told.items()}
    given = data["units"]
    note = []
    if units.mass != "t":
        note.append(t["units_mass"].format(unit=words["rate"], factor=f"{MASS[units.mass]:.6g}"))
    if units.currency == "rmb":
        source = t["units_plan" if given["rate_of_plan"] else "units_source"]
        note.append(
            t["units_rmb"].format(rate=f"{given['rmb_per_usd']:.4g}", year=given["rate_year"], source=source)
            + ("" if given["rate_checked"] else f" {t['no']}")
        )
    if units.mass != "t" or units.currency != "usd":
        note.append(t["units_rest"])
    words["units_told"] = " ".join(note)
    return words


def money_name(unit: str, t: Mapping[str, str]) -> str:
    """Return ``US$ of 2024`` for ``USD 2024``; currencies without a word keep their code."""
    code, _, year = unit.partition(" ")
    return t["money_of_year"].format(currency=t.get(f"money_{code}", code), year=year) if year else unit
