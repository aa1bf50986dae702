"""People who drive and look after vehicles, and what training them for another technology takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_planner.economics.money import usd2024
from fleet_planner.economics.vehicle_costs import ANY
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

OPERATOR, MECHANIC = "operator", "mechanic"
RETROFIT = "retrofit_"


@dataclass(frozen=True)
class Training:
    """What it takes for one vehicle more: people, and hours and US dollars of 2024 each."""

    people: float
    hours: float
    usd: float
    checked: bool


def training(vehicle_class: str | None, role: str, *, retrofit: bool) -> Training:
    """Return the people of a role that a vehicle of a class needs trained, and what that takes each.

    Parameters
    ----------
    vehicle_class
        Key of ``vehicle_classes.csv``; none: any vehicle.
    role
        ``operator`` or ``mechanic``.
    retrofit
        Whether the vehicle keeps its engine: its driver then learns nothing new, its mechanic less.
    """
    if retrofit and role == OPERATOR:
        return Training(0.0, 0.0, 0.0, checked=True)
    table = _table()
    kind = f"{RETROFIT}{role}" if retrofit else role
    people, hours, usd = (
        table.get((vehicle_class or ANY, item)) or table[ANY, item]
        for item in (f"{role}s_per_vehicle", f"{kind}_hours", f"{kind}_usd")
    )
    return Training(people[0], hours[0], usd[0], all(row[1] for row in (people, hours, usd)))


def _table() -> Mapping[tuple[str, str], tuple[float, bool]]:
    """Return figure and whether it was checked, by class and item; money in US dollars of 2024."""
    out = {}
    for row in reference_table("workforce.csv").iter_rows(named=True):
        value = float(row["value"])
        if row["currency"]:
            value = usd2024(value, row["currency"], int(row["price_year"]))
        out[row["vehicle_class"], row["item"]] = (value, row["checked"] == "yes")
    return out
