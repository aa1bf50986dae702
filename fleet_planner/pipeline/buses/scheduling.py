"""`fleet-planner buses schedule`: the stays of a table, or those of the simulated days, charged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_planner.errors import PlanError
from fleet_planner.pipeline.buses.charging import charging_of
from fleet_planner.pipeline.buses.energy import bus_energy
from fleet_planner.pipeline.buses.feasibility import bus_feasibility
from fleet_planner.pipeline.buses.hardest import hardest_stays
from fleet_planner.pipeline.buses.simulate import serve

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.pipeline.buses.charging import ChargingYear
    from fleet_planner.plan.models import Plan
    from fleet_planner.progress import Progress


def scheduled(plan: Plan, base: Path, progress: Progress) -> ChargingYear:
    """Schedule the charging of a plan: of its table of stays, else of its timetable.

    Raises
    ------
    UserError
        The plan names neither, or a file is wrong.
    """
    if plan.buses.charging.sessions:
        return charging_of(plan, base, progress=progress)
    if not (plan.buses.gtfs or plan.buses.trips or plan.activity.gtfs):
        raise PlanError(
            "the plan has neither stays at chargers nor a timetable that they could follow from",
            "Name a table of stays in buses.charging.sessions, a feed in buses.gtfs or trips in buses.trips.",
            column="buses.charging.sessions",
        )
    served = serve(plan, base, progress)
    energy = bus_energy(plan, base, served.network, served.days)
    progress("state of charge of the blocks", 0.7)
    feasibility = bus_feasibility(plan, base, served.network, served.days, energy)
    found = charging_of(plan, base, feasibility.charging, hardest_stays(feasibility), progress)
    return replace(found, findings=(*energy.findings, *feasibility.findings, *found.findings))
