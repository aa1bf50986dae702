"""The report in the units of its readers: tonnes, short tons, pounds or kilograms a day; US dollars or renminbi.

The figures stay those of the run: one factor for mass and one for money turn the data before any text is made, so that
both languages hold the same figures in every unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fleet_planner.economics.money import INSIDE_YEAR, Price, levels_of
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
MONEY = "usd2024"
RMB = Price("CNY", INSIDE_YEAR)
MONEY_WORDS = (
    *("costs_words", "saves_words", "costs_note", "money_head", "per_tonne", "per_tonne_pm", "per_tonne_co2"),
    *("lead_cheapest", "lead_cheapest_label", "lead_saves", "lead_saves_label", "public_costs", "public_saves"),
)
"""Sentences and heads over amounts that are converted; all others keep US dollars and say so."""


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
    """Return the data with yearly totals and costs in other units; what has a unit of its own stays.

    ``mass_scale`` is what a tonne a year became, ``money_scale`` what a US dollar of 2024 became.
    """
    mass = MASS[units.mass]
    money = data["units"]["rmb_per_usd"] if units.currency == "rmb" else 1.0
    return {
        **data,
        "mass_unit": units.mass if units.mass in MASS_PER_T else data["mass_unit"],
        "mass_scale": mass,
        "money_scale": money,
        "summary": [_scaled(row, "per_year", mass) if row["unit"] == "t" else row for row in data["summary"]],
        "costs": [_scaled(row, MONEY, money) for row in data["costs"]],
    }


def _scaled(row: Mapping[str, Any], part: str, factor: float) -> dict[str, Any]:
    return {k: v * factor if part in k and isinstance(v, float | int) else v for k, v in row.items()}


def unit_words(t: Mapping[str, str], units: Chosen, data: Mapping[str, Any]) -> dict[str, str]:
    """Return the words with the unit of yearly totals (``rate``), the currency and the statement of both."""
    words = dict(t)
    words["rate"] = t[f"rate_{units.mass}"]
    if units.currency == "rmb":
        for key in MONEY_WORDS:
            words[key] = t[key].replace("US$", t["rmb"]).replace("美元", t["rmb"])
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
