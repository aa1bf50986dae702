"""The design day on which buses ask most of their chargers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_planner.buses.energy.weather import MEAN
from fleet_planner.buses.feasibility.sessions import charging_from

if TYPE_CHECKING:
    from fleet_planner.buses.model import Charging
    from fleet_planner.pipeline.buses.feasibility import BusFeasibility


def hardest_stays(feasibility: BusFeasibility) -> Charging:
    """Return the stays of the design day, the mean one or another, on which all buses ask most energy."""
    names = {e.case for day in feasibility.days.values() for e in day.energies} - {MEAN}
    cases = [feasibility.charging, *(charging_from(feasibility.days, name) for name in sorted(names))]
    return max(cases, key=lambda c: float(c.sessions["need_battery_kwh"].sum()))
