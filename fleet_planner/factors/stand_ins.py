"""Which published curve a vehicle gets, and what stood in where its own is not published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_planner.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Key = tuple[str, str, str, str, str]
"""category, fuel, segment, standard, aftertreatment"""

STANDARD_ORDER: Mapping[str, int] = {
    name: order
    for order, group in enumerate(
        (
            ("conventional", "ece_15_00_01"),
            ("ece_15_02", "improved_conventional"),
            ("ece_15_03", "open_loop"),
            ("ece_15_04",),
            ("euro_1", "euro_I"),
            ("euro_2", "euro_II"),
            ("euro_3", "euro_III"),
            ("euro_4", "euro_IV"),
            ("euro_5", "euro_V"),
            ("eev",),
            ("euro_6abc", "euro_VI_abc"),
            ("euro_6d_temp", "euro_VI_de"),
            ("euro_6d",),
            ("euro_7",),
        )
    )
    for name in group
}
"""Standards from old to new; equal numbers are steps of the same age in different groups."""


@dataclass(frozen=True)
class Resolved:
    """The key whose curves a technology uses; ``replaced`` names what differs ("" when nothing does)."""

    key: Key
    replaced: str


def base_aftertreatment(aftertreatment: str) -> str:
    """Return the aftertreatment as built: retrofits are multipliers, not other curves."""
    kept = [part for part in aftertreatment.split("+") if not part.endswith("_retrofit")]
    return "+".join(kept) or "none"


def _differences(wanted: Key, used: Key) -> str:
    names = ("category", "fuel", "segment", "standard", "aftertreatment")
    return "; ".join(f"{name} {u} for {w}" for name, w, u in zip(names, wanted, used, strict=True) if w != u)


def resolve(wanted: Key, published: Sequence[Key], fuel_stand_ins: Mapping[tuple[str, str], Sequence[str]]) -> Resolved:
    """Return the published key nearest to ``wanted``.

    Fuel counts most (the vehicle's own, then the stand-ins in their order), then segment, then the
    distance in standards (the older of two equally near ones), then aftertreatment.

    Raises
    ------
    InputError
        No fuel of the category can stand in, or the standard is unknown.
    """
    category, fuel, segment, standard, aftertreatment = wanted
    if wanted in published:
        return Resolved(wanted, "")
    if all(key[0] != category for key in published):
        raise InputError(
            f"no emission factors for {category} on {fuel}",
            "Use a category that `fleet-planner factors list` shows.",
            column="category",
            value=category,
        )
    if standard not in STANDARD_ORDER:
        raise InputError(
            "no emission factors for this standard",
            "Use a standard that `fleet-planner factors list` shows.",
            column="standard",
            value=standard,
        )
    fuels = [fuel, *fuel_stand_ins.get((category, fuel), ())]
    candidates = [key for key in published if key[0] == category and key[1] in fuels]
    if not candidates:
        raise InputError(
            f"no emission factors for {category} on {fuel}",
            "Use a fuel that `fleet-planner factors list` shows for this category.",
            column="fuel",
            value=fuel,
        )

    def distance(key: Key) -> tuple[int, bool, int, bool, bool, Key]:
        steps = STANDARD_ORDER[key[3]] - STANDARD_ORDER[standard]
        return (fuels.index(key[1]), key[2] != segment, abs(steps), steps > 0, key[4] != aftertreatment, key)

    best = min(candidates, key=distance)
    return Resolved(best, _differences(wanted, best))
