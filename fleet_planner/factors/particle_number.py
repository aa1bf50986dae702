"""Solid particles above 23 nm of buses (EMEP/EEA guidebook 2019, Appendix 4): one number per technology.

Published for diesel and biodiesel buses alone. Gas buses are left out: the rows in circulation repeat those of diesel
engines without filter.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from fleet_planner.factors.stand_ins import STANDARD_ORDER, base_aftertreatment
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def _table() -> Mapping[tuple[str, str], tuple[tuple[str, float], ...]]:
    """Return (aftertreatment, 1e12 per km) pairs by fuel and standard."""
    out: dict[tuple[str, str], tuple[tuple[str, float], ...]] = {}
    for row in reference_table("particle_number.csv").iter_rows(named=True):
        key = (row["fuel"], row["standard"])
        out[key] = (*out.get(key, ()), (row["aftertreatment"], float(row["spn23_1e12_per_km"])))
    return out


def particles_1e12_per_km(technology: Mapping[str, str]) -> float | None:
    """Return the particle number of a bus, 1e12 per km; nothing where none is published.

    A standard between published ones takes the nearest older one of its fuel; an older engine with a filter that
    is not published for it takes the filter of the first standard that has one: the filter sets the number.
    """
    if technology["category"] != "bus":
        return None
    order = STANDARD_ORDER.get(technology["standard"])
    known = [(STANDARD_ORDER[s], found) for (fuel, s), found in _table().items() if fuel == technology["fuel"]]
    older = [entry for entry in known if order is not None and entry[0] <= order]
    if not older:
        return None
    _, found = max(older, key=lambda entry: entry[0])
    device = base_aftertreatment(technology["aftertreatment"])
    if "DPF" in device and not any("DPF" in name for name, _ in found):
        filtered = [(rank, number) for rank, rows in known for name, number in rows if "DPF" in name]
        return min(filtered)[1] if filtered else None
    return dict(found).get(device, found[0][1])
