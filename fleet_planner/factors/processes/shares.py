"""Shares of NO2 in NOx and of black carbon in exhaust particles, by technology."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

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
"""Standards whose share is published with a neighbour's."""

FUEL_FOR_SHARE = {"petrol_hybrid": "petrol", "diesel_hybrid": "diesel", "biodiesel": "diesel"}
Shares = "Mapping[tuple[str, str, str], float]"


def load_shares(name: str, value: str) -> Mapping[tuple[str, str, str], float]:
    """Return the shares of a packaged table by (category, fuel, standard)."""
    rows = reference_table(name).select("category", "fuel", "standard", value).iter_rows()
    return {(c, f, s): float(v) for c, f, s, v in rows}


def share_of(table: Mapping[tuple[str, str, str], float], technology: Mapping[str, str]) -> float:
    """Return a share, falling back on a neighbouring standard, then on the oldest of the fuel, then zero."""
    category, standard = technology["category"], technology["standard"]
    fuel = FUEL_FOR_SHARE.get(technology["fuel"], technology["fuel"])
    for _ in range(3):
        if (category, fuel, standard) in table:
            return table[category, fuel, standard]
        standard = SHARE_FALLBACK.get(standard, standard)
    return table.get((category, fuel, "conventional"), 0.0)
