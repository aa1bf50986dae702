"""The trips of a group of streams between zones: given, or by gravity from what the zones hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.activity.assignment.gravity import distribute, fitted, mean_length_km, with_inside
from fleet_planner.activity.assignment.groups import Group, class_figure
from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.units import MINUTES_PER_HOUR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.activity.assignment.equilibrium import Skims
    from fleet_planner.network.zones import Zones
    from fleet_planner.plan.assignment import AssignmentSection

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
TRUCKS = ("single_unit", "combination")
ANY_TRUCK = "truck"
UNBALANCED = 1e-3
MISSED_KM = 0.05


@dataclass(frozen=True)
class Demand:
    """Trips of a group.

    Parameters
    ----------
    trips
        Of the average day, shape (zones, zones).
    mean_km
        Mean trip on the fastest routes of quiet roads, those inside a zone and the way to the roads included.
    zone_km
        Vehicle-km of the day that are driven on the streets of each zone: by trips that stay in it, and from where
        trips begin and end to the nodes; shape (zones,).
    findings
        What was assumed and left out.
    """

    trips: Float
    mean_km: float
    zone_km: Float
    findings: tuple[Finding, ...]


def group_demand(
    group: Group,
    share: Mapping[str, float],
    zones: Zones,
    tied: Bool,
    access_km: Float,
    skims: Skims,
    given: Mapping[str, Float],
    section: AssignmentSection,
) -> Demand:
    """Return the trips of a group.

    Parameters
    ----------
    group
        The group.
    share
        Its share of the vehicle-km of its class (``class``) and of all trucks (``truck``).
    zones
        The zones.
    tied, access_km
        Of the group, shape (zones,).
    skims
        Of the group.
    given
        Trips by class, as the plan's file has them.
    section
        Of the plan.
    """
    length = with_inside(skims.length_km)
    time_min = with_inside(skims.time_h) * MINUTES_PER_HOUR
    found: list[Finding] = []
    matrix = _given(group, share, given)
    if matrix is None:
        if given:
            found.append(Finding("activity.trips_class_missing", "assumption", {"class": group.traffic_class}))
        unit = _gravity(group, zones, tied, length, time_min, section, found)
        trips = unit * (_total(group, share["class"], section) or group.km / mean_length_km(unit, length))
    else:
        reached = tied[:, None] & tied[None, :] & np.isfinite(length)
        lost = float(matrix[~reached].sum())
        if lost > 0.0:
            values = {"class": group.traffic_class}
            found.append(Finding("activity.trips_unconnected", "warning", values, share=lost / float(matrix.sum())))
        trips = np.where(reached, matrix, 0.0)
        if not trips.any():
            raise InputError(
                f"no trip of class {group.traffic_class} begins and ends near a road of the network",
                "Check that zones and network are of the same city, or raise traffic.assignment.connector_reach_km.",
                column="traffic.assignment.trips",
            )
    inside = np.diag(trips)
    between = trips - np.diag(inside)
    zone_km = inside * np.diag(length) + (between.sum(axis=0) + between.sum(axis=1)) * access_km
    return Demand(trips, mean_length_km(trips, length), zone_km, tuple(found))


def no_demand(zones: int) -> Demand:
    """Return the trips of a group to which every road is closed: none."""
    return Demand(np.zeros((zones, zones)), 0.0, np.zeros(zones), ())


def _given(group: Group, share: Mapping[str, float], given: Mapping[str, Float]) -> Float | None:
    """Return the group's part of the trips of its class, or of all trucks."""
    if group.traffic_class in given:
        return np.asarray(given[group.traffic_class] * share["class"])
    if group.traffic_class in TRUCKS and ANY_TRUCK in given:
        return np.asarray(given[ANY_TRUCK] * share["truck"])
    return None


def _total(group: Group, share: float, section: AssignmentSection) -> float:
    return {str(k): v for k, v in section.trips_per_day.items()}.get(group.traffic_class, 0.0) * share


def _gravity(
    group: Group,
    zones: Zones,
    tied: Bool,
    length: Float,
    time_min: Float,
    section: AssignmentSection,
    found: list[Finding],
) -> Float:
    """Return the gravity model's trips as shares of one, as many there as back; ``found`` grows."""
    name = group.traffic_class
    made, drawn = ends(name, zones)
    made, drawn = np.where(tied, made, 0.0), np.where(tied, drawn, 0.0)
    if made.sum() <= 0.0 or drawn.sum() <= 0.0:
        raise InputError(
            f"no zone that makes trips of class {name} is near a road that they may use",
            "Check that zones and network are of the same city, or raise traffic.assignment.connector_reach_km.",
            column="traffic.assignment",
        )
    pair = {str(k): v for k, v in section.deterrence.items()}.get(name)
    alpha, beta = pair or [class_figure(name, f"deterrence_{k}") for k in ("alpha", "beta")]
    wanted_km = {str(k): v for k, v in section.mean_trip_km.items()}.get(name)
    if wanted_km is None:
        model = distribute(made, drawn, time_min, alpha, beta)
    else:
        alpha = alpha if pair else 0.0  # one figure fits one: the exponential
        model = fitted(made, drawn, time_min, alpha, length, wanted_km)
        reached = mean_length_km(model.trips, length)
        if abs(reached - wanted_km) > MISSED_KM:
            values = {"class": name, "wanted": f"{wanted_km:.1f}", "km": f"{reached:.1f}"}
            found.append(Finding("activity.trip_length_missed", "warning", values))
    if model.error > UNBALANCED:
        found.append(Finding("activity.gravity_unbalanced", "warning", {"class": name}, share=model.error))
    both = (model.trips + model.trips.T) / 2.0
    unit: Float = both / both.sum()
    values = {
        "class": name,
        "alpha": f"{alpha:g}",
        "beta": f"{model.beta:.4g}",
        "km": f"{mean_length_km(unit, length):.1f}",
        "min": f"{mean_length_km(unit, time_min):.1f}",
    }
    found.append(Finding("activity.gravity", "assumption", values, share=float(np.trace(unit))))
    return unit


def ends(traffic_class: str, zones: Zones) -> tuple[Float, Float]:
    """Return what makes and what attracts trips of a class in each zone: inhabitants, jobs, freight sites."""
    jobs = zones.population if zones.jobs is None else zones.jobs
    if traffic_class in TRUCKS:
        sites = jobs if zones.freight is None else zones.freight
        return sites, sites
    return zones.population, jobs
