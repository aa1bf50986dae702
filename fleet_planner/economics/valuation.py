"""What a tonne is worth: damage of air pollutants emitted in the city, and the social cost of CO2.

Published damages per tonne hold for a region; another country takes them times a ratio (``damage_transfer.csv``). The
plan's own figures go before all. Exposure is not in it: a tonne in a dense centre does more harm than these means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.economics.learning import curve_of, social_carbon
from fleet_planner.fleet.dates import REGION_FALLBACK
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.plan.comparison import ComparisonSection

BOUNDS = ("value", "low", "high")
OWN = "plan"


@dataclass(frozen=True)
class Value:
    """A value of a tonne and its range, US dollars of 2024; ``checked`` is false where its source was not opened."""

    usd_per_t: float
    low: float
    high: float
    checked: bool


@dataclass(frozen=True)
class Valuation:
    """Values of a tonne in a city and year.

    Parameters
    ----------
    damages
        By air pollutant; empty where nothing is published for the country and the plan names nothing.
    carbon
        Of a tonne of CO2e.
    region
        Whose figures they are, "" where there are none.
    """

    damages: Mapping[str, Value]
    carbon: Value
    region: str


def valuation(
    country: str, year: int, section: ComparisonSection, social_carbon_usd_per_t: Mapping[str, float] | None = None
) -> Valuation:
    """Return the values of a tonne.

    Parameters
    ----------
    country
        Of the city.
    year
        Of emission.
    section
        Figures of the plan's own.
    social_carbon_usd_per_t
        The plan's social cost of carbon by year, where it has one; ``section`` goes before it.
    """
    region, damages = _packaged(country)
    own = {str(p): Value(v, v, v, checked=True) for p, v in section.damage_usd_per_t.items()}
    return Valuation(
        {**damages, **own},
        _carbon(year, section.carbon_usd_per_t, social_carbon_usd_per_t or {}),
        region or (OWN if own else ""),
    )


def _packaged(country: str) -> tuple[str, dict[str, Value]]:
    transfer = {r["country"]: r for r in reference_table("damage_transfer.csv").iter_rows(named=True)}
    asked = (country, REGION_FALLBACK.get(country, country))
    found = next((transfer[c] for c in asked if c in transfer), None)
    if found is None:
        return "", {}
    rows = reference_table("damage_costs.csv").filter(pl.col("region") == found["region"])
    damages = {}
    for row in rows.iter_rows(named=True):
        low, high = (row[k] if row[k] is not None else row["value"] for k in ("low", "high"))
        checked = "no" not in {row["checked"], found["checked"]}
        damages[row["pollutant"]] = Value(
            row["value"] * found["value"], low * found["low"], high * found["high"], checked
        )
    return str(found["region"]), damages


def _carbon(year: int, own: float | None, social: Mapping[str, float]) -> Value:
    value = own if own is not None else curve_of(social).at(year) if social else None
    if value is not None:
        return Value(value, value, value, checked=True)
    mean, low, high = (social_carbon(bound).at(year) for bound in BOUNDS)
    return Value(mean, low, high, not (reference_table("social_carbon.csv")["checked"] == "no").any())
