"""Whom a plan serves: coverage and benefit by zone and by group of people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.chargers.building.tables import LITTLE, frame
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from fleet_planner.chargers.building.tables import Told
    from fleet_planner.chargers.groups import Groups

    Float = NDArray[np.float64]

PERCENT = 100.0


@dataclass(frozen=True)
class Given:
    """What each demand gets in each planned year, shape (J, T).

    Parameters
    ----------
    kwh
        Energy served, a day.
    km_kwh
        That times the way to its site.
    usd
        What serving saves against serving nobody, US$ a year.
    """

    kwh: Float
    km_kwh: Float
    usd: Float


def given(told: Told) -> Given:
    """Return what each demand gets: energy, its way, and the price of unserved energy less detour and energy."""
    build, per_day = told.assembled.build, told.demand.per_day
    kwh, km_kwh, usd = (np.zeros(per_day.shape) for _ in range(3))
    who = build.reach.demand
    energy = told.plan.share * per_day[who]
    worth = build.unserved_usd - build.energy_usd - build.detour_usd
    np.add.at(kwh, who, energy)
    np.add.at(km_kwh, who, energy * build.reach.km[:, None])
    np.add.at(usd, who, energy * worth[:, None] * DAYS_PER_YEAR)
    return Given(kwh, km_kwh, usd)


def zones_table(told: Told, groups: Groups) -> pl.DataFrame:
    """Return ``tables/columns/charger_zones.csv``: coverage, way and benefit by zone and year."""
    demand, got = told.demand, given(told)
    rows: list[dict[str, object]] = []
    for zone in dict.fromkeys(demand.zone):
        own = np.array([z == zone for z in demand.zone])
        for t, year in enumerate(told.assembled.build.years):
            asked, served = float(demand.per_day[own, t].sum()), float(got.kwh[own, t].sum())
            rows.append(
                {
                    "zone": zone or None,
                    "year": year,
                    "people": groups.by_zone.get(zone),
                    "kwh_per_day": asked,
                    "served_pct": _served(served, asked),
                    "mean_km": float(got.km_kwh[own, t].sum()) / served if served > LITTLE else None,
                    "benefit_usd_per_year": float(got.usd[own, t].sum()),
                }
            )
    return frame("charger_zones", rows)


def groups_table(told: Told, groups: Groups) -> pl.DataFrame:
    """Return ``tables/columns/charger_groups.csv``: coverage, way and benefit by group of people and year.

    A zone's energy, way and benefit belong to its groups by their share of its people.
    """
    got, part = given(told), groups.share
    asked, kwh, km_kwh, usd = (part.T @ a for a in (told.demand.per_day, got.kwh, got.km_kwh, got.usd))
    everybody, all_kwh = float(groups.people.sum()), kwh.sum(axis=0)
    rows: list[dict[str, object]] = []
    for g, name in enumerate(groups.names):
        people = float(groups.people[g])
        for t, year in enumerate(told.assembled.build.years):
            served = float(kwh[g, t])
            rows.append(
                {
                    "people_group": name,
                    "year": year,
                    "people": people,
                    "people_pct": PERCENT * people / everybody,
                    "kwh_per_day": float(asked[g, t]),
                    "served_kwh_per_day": served,
                    "served_pct": _served(served, float(asked[g, t])),
                    "energy_pct": PERCENT * served / float(all_kwh[t]) if all_kwh[t] > LITTLE else 0.0,
                    "mean_km": float(km_kwh[g, t]) / served if served > LITTLE else None,
                    "benefit_usd_per_year": float(usd[g, t]),
                    "benefit_usd_per_person": float(usd[g, t]) / people if people > 0.0 else None,
                }
            )
    return frame("charger_groups", rows)


def _served(served: float, asked: float) -> float:
    return min(PERCENT * served / asked, PERCENT) if asked > 0.0 else PERCENT
