"""What `buses schedule` and `buses replace` take from the timetable where the plan names no table of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_planner.pipeline.buses.energy import bus_energy
from fleet_planner.pipeline.buses.feasibility import bus_feasibility
from fleet_planner.pipeline.buses.simulate import serve

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.pipeline.buses.feasibility import BusFeasibility
    from fleet_planner.plan.models import Plan
    from fleet_planner.progress import Progress


def has_timetable(plan: Plan) -> bool:
    """Return whether the plan names a timetable of buses."""
    return bool(plan.buses.gtfs or plan.buses.trips or plan.activity.gtfs)


def feasibility_of_timetable(plan: Plan, base: Path, progress: Progress) -> BusFeasibility | None:
    """Drive the timetable of a plan with electric buses; nothing where it names none.

    Raises
    ------
    UserError
        A file is missing or wrong, or a station is no place of the timetable.
    """
    if not has_timetable(plan):
        return None
    served = serve(plan, base, progress)
    progress("energy of the movements", 0.6)
    energy = bus_energy(plan, base, served.network, served.days)
    progress("state of charge of the blocks", 0.7)
    return bus_feasibility(plan, base, served.network, served.days, energy)
