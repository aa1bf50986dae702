"""What the sites of a plan offer the vehicles of each depot and home zone: the table of sites of the least-cost mix."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.chargers.building.tables import LITTLE, frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from fleet_planner.chargers.building.problem import Build
    from fleet_planner.chargers.building.tables import Told

SOURCE = "fleet-planner chargers site"
VEHICLES_PER_CHARGER = 2.0
"""As the dictionary's default."""


def capacity_table(told: Told, levels: Mapping[str, Build], last_years: float) -> pl.DataFrame:
    """Return ``tables/columns/site_capacity.csv``: a row per depot or zone that demand names.

    What a site has is dealt to the places that it serves by their energy in the last planned year, so that the rows
    add up to the sites: chargers that are there, chargers that are built (evenly over the planned years), headroom.

    Parameters
    ----------
    told
        The plan.
    levels
        The build-out by scenario of the headroom.
    last_years
        Years that the last planned year stands for.
    """
    build, plan, demand = told.assembled.build, told.plan, told.demand
    energy = plan.share[:, -1] * demand.per_day[build.reach.demand, -1]
    whole = np.zeros(told.sites.size)
    np.add.at(whole, build.reach.site, energy)
    there = told.sites.table["existing_chargers"].fill_null(0).to_numpy().astype(np.float64)
    new = plan.count[:, :, -1]
    built, power = new.sum(axis=1).astype(np.float64), (new * build.kw).sum(axis=1)
    years = build.years[-1] - build.years[0] + last_years
    rows: list[dict[str, object]] = []
    places = list(dict.fromkeys((p, k) for p, k in zip(demand.place, demand.kind, strict=True) if p))
    for place, kind in places:
        mine = np.array([(p, k) == (place, kind) for p, k in zip(demand.place, demand.kind, strict=True)])
        part = np.zeros(told.sites.size)
        own = mine[build.reach.demand] & (energy > LITTLE)
        np.add.at(part, build.reach.site[own], energy[own])
        part = np.divide(part, whole, out=np.zeros_like(part), where=whole > LITTLE)
        if not part.any():
            continue
        chargers = float(part @ built)
        rows.append(
            {
                "site_id": f"{place} ({kind})",
                "kind": "depot" if kind == "depot" else "zone",
                "place": place,
                "charger_kw": float(part @ power) / chargers if chargers > 0.0 else _present_kw(told, part),
                "chargers": float(part @ there),
                "chargers_per_year": float(math.ceil(chargers / max(years, 1.0))),
                "vehicles_per_charger": VEHICLES_PER_CHARGER,
                **{f"headroom_{level}_kw": float(part @ one.headroom) for level, one in levels.items()},
                "upgrade_kw": 0.0,
                "source": SOURCE,
                "checked": "no",
            }
        )
    return frame("site_capacity", rows)


def _present_kw(told: Told, part: np.ndarray) -> float:
    """Return the mean power of the chargers that are there."""
    kw = told.sites.table["existing_kw"].fill_null(0.0).to_numpy().astype(np.float64)
    return float(part @ kw) / float(part.sum())
