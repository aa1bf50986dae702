"""Shares of NO2 in NOx, and of black and organic carbon in exhaust particles, by technology."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from fleet_planner.factors.processes.fuels import tank
from fleet_planner.factors.stand_ins import STANDARD_ORDER
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    Triple = tuple[str, str, str]

SHARE_FALLBACK = {
    "euro_VI_de": "euro_VI_abc",
    "eev": "euro_V",
    "euro_6abc": "euro_5",
    "euro_6d": "euro_5",
    "euro_6d_temp": "euro_6d",
    "euro_7": "euro_6d",
    "euro_4": "euro_3",
    "euro_5": "euro_4",
}
"""Standards whose share is that of a neighbour with the same devices, where they have no row of their own."""


@dataclass(frozen=True)
class Shares:
    """Published shares of one quantity.

    Parameters
    ----------
    quantity
        ``NO2``, ``BC`` or ``OC``.
    values
        By (category, fuel in the tank, standard), fractions.
    """

    quantity: str
    values: Mapping[Triple, float]


@dataclass(frozen=True)
class Share:
    """A share and what stood in for it ("" where the technology has one of its own)."""

    value: float
    replaced: str = ""


NONE = Share(0.0, "none")
"""Nothing is published and nothing stands in: counted as zero."""


def load_shares(name: str, value: str) -> Shares:
    """Return the shares of column ``value`` of a packaged table."""
    rows = reference_table(name).select("category", "fuel", "standard", value).iter_rows()
    return Shares(value.removesuffix("_share").upper(), {(c, f, s): float(v) for c, f, s, v in rows})


@cache
def _stand_ins() -> Mapping[Triple, tuple[str, str]]:
    """Return category and fuel that stand in, by quantity, category and fuel."""
    rows = reference_table("share_stand_ins.csv").iter_rows(named=True)
    return {
        (quantity, r["category"], r["fuel"]): (r["stand_in_category"], r["stand_in_fuel"])
        for r in rows
        for quantity in r["quantities"].split("|")
    }


def find_share(shares: Shares, technology: Mapping[str, str]) -> Share:
    """Return the share of a technology.

    In order: its own; that of the neighbouring standard with the same devices; that of the nearest standard of its
    fuel; the same of the fuel that stands in (``share_stand_ins.csv``); zero. What stood in is named.
    """
    category, fuel, standard = technology["category"], tank(technology["fuel"]), technology["standard"]
    for place, of in enumerate(((category, fuel), _stand_ins().get((shares.quantity, category, fuel)))):
        used = None if of is None else _standard_used(shares, of, standard)
        if of is not None and used is not None:
            value = shares.values[(*of, used)]
            return Share(value, "" if place == 0 and used == standard else f"{of[0]} / {of[1]} / {used}")
    return NONE


def share_of(shares: Shares, technology: Mapping[str, str]) -> float:
    """Return the share of a technology, see `find_share`."""
    return find_share(shares, technology).value


def _standard_used(shares: Shares, of: tuple[str, str], standard: str) -> str | None:
    """Return the published standard nearest to the asked one; nothing where the fuel has none."""
    published = [s for c, f, s in shares.values if (c, f) == of]
    name = standard
    for _ in range(3):
        if name in published:
            return name
        name = SHARE_FALLBACK.get(name, name)
    order = STANDARD_ORDER.get(standard)
    if not published or order is None:
        return None
    return min(published, key=lambda s: (abs(STANDARD_ORDER[s] - order), STANDARD_ORDER[s]))
