"""The assignment of a plan, where it asks for one."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fleet_planner.activity.assignment.assigned import assign_traffic
from fleet_planner.activity.build import traffic_setting
from fleet_planner.errors import InputError
from fleet_planner.network.trips import read_trips
from fleet_planner.network.zones import demand_zones
from fleet_planner.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

    from fleet_planner.activity.assigned_traffic import AssignedTraffic
    from fleet_planner.activity.timetables.transit import BusKm
    from fleet_planner.network import Network
    from fleet_planner.plan.assignment import AssignmentSection
    from fleet_planner.plan.models import Plan
    from fleet_planner.transit_feed import Feed

CARS = "light"


def assigned_traffic(
    plan: Plan,
    base: Path,
    network: Network,
    vehicles: pl.DataFrame,
    layer: Any,
    feeds: Mapping[str, Feed],
    buses: Mapping[str, BusKm],
    progress: Progress = silent,
) -> AssignedTraffic | None:
    """Assign the traffic of a plan; nothing where its method is another.

    Made once for the registry as it is: scenarios change vehicles, not trips, and kilometres that are scaled to the
    fuel sold keep the pattern.

    Parameters
    ----------
    layer
        Zones as a GeoDataFrame with all columns of their file.
    feeds
        Bus timetable by kind of day; places the urban buses.
    buses
        The timetable on the links by kind of day.

    Raises
    ------
    InputError
        Zones or trips are wrong or off the network, or AequilibraE is not installed.
    """
    if not plan.traffic.assigns:
        return None
    if find_spec("aequilibrae") is None:
        raise InputError(
            "assigned traffic needs the package aequilibrae, which is not installed",
            "Install it (pip install aequilibrae), or choose another method.",
            column="traffic.method",
        )
    section = _with_trip_length(plan)
    traffic = plan.traffic.model_copy(update={"assignment": section})
    setting = traffic_setting(network, vehicles, plan.activity, traffic, base, feeds, buses)
    zones = demand_zones(layer, section, plan.network.zones)
    given = read_trips(base / section.trips, zones.ids) if section.trips else {}
    return assign_traffic(setting, zones, given, progress)


def _with_trip_length(plan: Plan) -> AssignmentSection:
    """Return the section with the mean trip of cars that the plan gives for cold starts, where it says no other."""
    section = plan.traffic.assignment
    named = {str(k) for k in (*section.mean_trip_km, *section.deterrence)}
    if "mean_trip_km" not in plan.climate.model_fields_set or CARS in named:
        return section
    return section.model_copy(update={"mean_trip_km": {**section.mean_trip_km, CARS: plan.climate.mean_trip_km}})
