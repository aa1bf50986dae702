"""Solid particles above 23 nm (EMEP/EEA guidebook, Appendix 4): one number per technology.

Published for diesel and biodiesel buses (2019) and for Euro 7 diesel vans (update of 2025) alone. Gas buses are left
out: the rows in circulation repeat those of diesel engines without filter.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from fleet_planner.factors.stand_ins import STANDARD_ORDER, base_aftertreatment
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

FILTER = "DPF"
Rows = tuple[tuple[str, float], ...]


@cache
def _table() -> Mapping[tuple[str, str, str], Rows]:
    """Return (aftertreatment, 1e12 per km) pairs by category, fuel and standard."""
    out: dict[tuple[str, str, str], Rows] = {}
    for row in reference_table("particle_number.csv").iter_rows(named=True):
        key = (row["category"], row["fuel"], row["standard"])
        out[key] = (*out.get(key, ()), (row["aftertreatment"], float(row["spn23_1e12_per_km"])))
    return out


def particles_1e12_per_km(technology: Mapping[str, str]) -> float | None:
    """Return the particle number of a vehicle, 1e12 per km; nothing where none is published.

    A standard between published ones takes the nearest older one of its fuel; an older engine with a filter that
    is not published for it takes the filter of the first standard that has one: the filter sets the number.
    """
    published = _published(technology)
    if not published:
        return None
    device = base_aftertreatment(technology["aftertreatment"])
    if _filter_is_borrowed(published, device):
        filtered = [rows for of, rows in _table().items() if of[:2] == (technology["category"], technology["fuel"])]
        numbers = [number for rows in filtered for name, number in rows if FILTER in name]
        return numbers[0] if numbers else None
    return dict(published).get(device, published[0][1])


def is_borrowed_filter(technology: Mapping[str, str]) -> bool:
    """Return whether a bus takes the particle number of a filter that is published for a newer standard."""
    published = _published(technology)
    return bool(published) and _filter_is_borrowed(published, base_aftertreatment(technology["aftertreatment"]))


def _filter_is_borrowed(published: Rows, device: str) -> bool:
    return FILTER in device and not any(FILTER in name for name, _ in published)


def _published(technology: Mapping[str, str]) -> Rows:
    """Return the rows of the newest published standard that is not newer than the vehicle's; empty where none is."""
    order = STANDARD_ORDER.get(technology["standard"])
    if order is None:
        return ()
    kind = (technology["category"], technology["fuel"])
    known = [(STANDARD_ORDER[of[2]], rows) for of, rows in _table().items() if of[:2] == kind]
    return max((entry for entry in known if entry[0] <= order), key=lambda entry: entry[0], default=(0, ()))[1]
