"""What a measure in operation is given and what it returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

    from fleet_planner.activity.days import DayType
    from fleet_planner.factors.in_use.high_emitters import FaultPlan
    from fleet_planner.findings import Finding
    from fleet_planner.network.model import Network
    from fleet_planner.scenarios.operation.exposure import Exposure
    from fleet_planner.scenarios.operation.traffic import Traffic

Bool = NDArray[np.bool_]
FATES = ("ignored", "paid", "rerouted", "replaced", "cancelled", "other_hours", "other_days")
"""What may become of barred vehicle-km, in the order of the tables."""


@dataclass(frozen=True)
class OperationSetting:
    """What measures in operation may use.

    Parameters
    ----------
    scenario, title
        Name and title of the scenario.
    network
        The roads.
    base
        Folder of the plan.
    days
        Types of day of the activity.
    country, year
        Whose dates of standards hold, and the year.
    corridor_km, grid_kg_per_kwh
        Length of road that speeds are averaged over; CO2 of electricity.
    measures
        The packaged measures on vehicles.
    exposure
        People about the links.
    routes
        By stream with a timetable: share of each link's driving by route, shape (routes, links).
    faults
        What the plan says of faulty vehicles.
    """

    scenario: str
    title: str
    network: Network
    base: Path
    days: tuple[DayType, ...]
    country: str
    year: int
    corridor_km: float
    grid_kg_per_kwh: float
    measures: pl.DataFrame
    exposure: Exposure | None = None
    routes: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    faults: FaultPlan | None = None


@dataclass(frozen=True)
class Money:
    """An amount in money of a year: paid back over ``life_years``, or each year where that is 0."""

    amount: float
    currency: str
    year: int
    life_years: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What a measure did to the driving of the average day.

    Parameters
    ----------
    measure_id
        Its kind.
    number
        Its place among those of its kind, from 1.
    vehicles
        Vehicles concerned.
    km_concerned
        Vehicle-km that it acts on.
    fates
        Vehicle-km by what became of them (`FATES`); those rerouted as they were before the way round.
    detour_km
        Vehicle-km that ways round are longer by.
    km_before, km_after
        All vehicle-km.
    vehicle_h
        Change of the hours spent driving.
    bought
        Vehicles bought.
    outside
        Emissions and energy outside the roads by pollutant, in the inventory's units per average day.
    tonne_km
        Tonne-km of freight moved off the roads.
    costs
        Beside fuel and electricity.
    checked
        Whether every figure that it rests on was checked.
    where
        Roads of the measure, shape (links,); nothing where it holds everywhere.
    whole_km
        Its effect on fuel holds for all kilometres of the vehicles, not only those inside.
    """

    measure_id: str
    number: int
    vehicles: float
    km_concerned: float
    km_before: float
    km_after: float
    fates: Mapping[str, float] = field(default_factory=dict)
    detour_km: float = 0.0
    vehicle_h: float = 0.0
    bought: float = 0.0
    outside: Mapping[str, float] = field(default_factory=dict)
    tonne_km: float = 0.0
    costs: tuple[Money, ...] = ()
    checked: bool = True
    where: Bool | None = None
    whole_km: bool = False

    @property
    def gap_km(self) -> float:
        """What the account of vehicle-km does not explain; rounding alone."""
        lost = self.fates.get("cancelled", 0.0)
        return self.km_after - (self.km_before - lost + self.detour_km)


@dataclass(frozen=True)
class Done:
    """A measure's traffic with its outcome."""

    traffic: Traffic
    outcome: Outcome
    findings: tuple[Finding, ...] = ()


def yearly(per_day: float) -> float:
    """Return a year's worth of an average day."""
    return per_day * DAYS_PER_YEAR
