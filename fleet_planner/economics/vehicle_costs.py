"""What owning a vehicle costs by class: the packaged figures with the plan's before them, US dollars of 2024."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.money import Price, levels_of
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.plan.economics import EconomicsSection

ANY = "any"
VISITING = "visiting_"
MONEY_UNKNOWN = "economics.exchange_rates"


@dataclass(frozen=True)
class VehicleCosts:
    """Figures of a class, per vehicle; money is in US dollars of 2024.

    Parameters
    ----------
    vehicle_class
        Key of ``vehicle_classes.csv``.
    unchecked
        Names of the figures that were not read in a source.
    """

    vehicle_class: str
    price: float
    holding_years: float
    maintenance_per_km: float
    insurance_per_year: float
    insurance_extra_share: float
    driver_per_h: float
    speed_kmh: float
    battery_kwh: float
    battery_life_years: float
    charger_kw: float
    charger_per_kw: float
    charger_life_years: float
    charger_maintenance_share: float
    grid_per_kw: float
    grid_life_years: float
    unchecked: frozenset[str]


ITEMS = tuple(f.name for f in fields(VehicleCosts) if f.name not in {"vehicle_class", "unchecked"})


@cache
def class_of_stream() -> Mapping[str, str]:
    """Return the class of each stream's vehicles."""
    rows = reference_table("vehicle_classes.csv").iter_rows(named=True)
    return {stream: r["vehicle_class"] for r in rows for stream in r["streams"].split("|")}


@cache
def electric_measure() -> Mapping[str, str]:
    """Return the measure whose terms an electric vehicle of a class has where a sales rule brings it."""
    rows = reference_table("vehicle_classes.csv").filter(pl.col("electric_measure").is_not_null())
    return dict(rows.select("vehicle_class", "electric_measure").iter_rows())


def vehicle_class(stream: str) -> str | None:
    """Return the class of a stream's vehicles, visiting or not; None where it has none."""
    return class_of_stream().get(stream.removeprefix(VISITING))


def vehicle_costs(section: EconomicsSection) -> dict[str, VehicleCosts]:
    """Return the figures of every class.

    Raises
    ------
    PlanError
        A packaged figure's currency or year has no rate or index.
    """
    levels, deflate_first = levels_of(section), section.conversion == "deflate_first"
    found = {(r["vehicle_class"], r["item"]): r for r in reference_table("vehicle_costs.csv").iter_rows(named=True)}
    out = {}
    for name in reference_table("vehicle_classes.csv")["vehicle_class"]:
        given = section.ownership.get(name)
        values: dict[str, float] = {}
        unchecked = set()
        for item in ITEMS:
            own = None if given is None else getattr(given, item)
            if own is not None:
                values[item] = float(own)
                continue
            row = found.get((name, item)) or found[ANY, item]
            value = float(row["value"])
            if row["currency"]:
                price = Price(row["currency"], int(row["price_year"]))
                value = levels.inside(value, price, MONEY_UNKNOWN, deflate_first=deflate_first)
            values[item] = value
            if row["checked"] == "no":
                unchecked.add(item)
        out[name] = VehicleCosts(name, **values, unchecked=frozenset(unchecked))
    return out


def residual_share(age_years: float) -> float:
    """Return what is left of a vehicle's price at an age: exponential between the packaged ages, and after the last."""
    table = reference_table("residual_value.csv")
    ages, shares = table["age_years"].to_numpy().astype(float), np.log(table["share"].to_numpy())
    if age_years <= ages[-1]:
        return float(np.exp(np.interp(age_years, ages, shares)))
    slope = (shares[-1] - shares[-2]) / (ages[-1] - ages[-2])
    return float(np.exp(shares[-1] + slope * (age_years - ages[-1])))
