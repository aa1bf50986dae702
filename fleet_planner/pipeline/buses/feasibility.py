"""The state of charge of the days of service, and what makes their blocks feasible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.energy.movement import movement_energies
from fleet_planner.buses.energy.vehicles import bus_types
from fleet_planner.buses.energy.weather import MEAN, daily_means, months
from fleet_planner.buses.feasibility.day import OwnBatteries, Weather, feasibility_of
from fleet_planner.buses.feasibility.sessions import charging_from
from fleet_planner.buses.feasibility.setup import check_stations
from fleet_planner.buses.feasibility.simba import charging_type_of_blocks, read_stations, read_vehicle_types
from fleet_planner.buses.feasibility.tables import (
    course_table,
    feasibility_table,
    needs_table,
    remedies_table,
    sites_table,
    sizes_table,
)
from fleet_planner.plan.buses_battery import BusStation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.buses.feasibility.day import Feasibility
    from fleet_planner.buses.model import Charging, ServiceDay
    from fleet_planner.findings import Finding
    from fleet_planner.network import Network
    from fleet_planner.pipeline.buses.energy import BusEnergy
    from fleet_planner.plan.models import Plan

    Float = NDArray[np.float64]

MONTH_DAYS = (31.0, 28.25, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0)
APART_K = 1e-6
DAYS = 365.25


@dataclass(frozen=True)
class BusFeasibility:
    """All days of service driven by electric buses.

    Parameters
    ----------
    days
        By kind of day.
    charging
        Stays at chargers on the mean day, for schedules.
    blocks, remedies, sites, course, sizes
        ``tables/columns/bus_feasibility.csv, bus_remedies.csv, bus_sites.csv, bus_soc.csv, bus_battery_sizes.csv``.
    needs
        ``tables/columns/bus_block_needs.csv``: the blocks of the first kind of day, for their replacement.
    files
        Files that were read, as the plan names them, by what they are.
    findings
        What was assumed, counted and chosen.
    """

    days: Mapping[str, Feasibility]
    charging: Charging
    blocks: pl.DataFrame
    remedies: pl.DataFrame
    sites: pl.DataFrame
    course: pl.DataFrame
    sizes: pl.DataFrame
    needs: pl.DataFrame
    files: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]


def bus_feasibility(
    plan: Plan, base: Path, network: Network | None, days: Mapping[str, ServiceDay], energy: BusEnergy
) -> BusFeasibility:
    """Drive every block in every case of weather, and choose what makes those feasible that fail.

    Stations chosen for the first kind of day are there on the others, which may add more.

    Raises
    ------
    UserError
        A station or depot of the plan is no place of the timetable, or a price has no exchange rate.
    """
    plan, listed = _with_listed_sites(plan, base)
    section = plan.buses
    types = section.energy.bus_types
    vehicles = bus_types(base / types if types else None)
    own = _own_batteries(plan, base)
    stations = [*section.station, *listed]
    check_stations(stations, set().union(*(_names(day) for day in days.values())))
    found: dict[str, Feasibility] = {}
    findings: list[Finding] = []
    for kind, day in days.items():
        weather = _year(plan, base, network, day, energy, kind) if section.battery.temperature_year else None
        one = feasibility_of(plan, day, energy.days[kind], vehicles, weather, _here(stations, day), own)
        found[kind] = one
        findings += [f for f in one.findings if f not in findings]
        sites = one.making.made.sites
        stations += [
            BusStation(place=sites.ids[s], chargers=int(sites.chargers[s]), kw=float(sites.plug_kw[s]))
            for s in one.making.chosen
        ]

    def table(make: Callable[[Feasibility], pl.DataFrame]) -> pl.DataFrame:
        return pl.concat([make(one) for one in found.values()], how="vertical_relaxed")

    named = (("vehicle types", section.battery.vehicle_types), ("charging stations", section.battery.stations))
    return BusFeasibility(
        found,
        charging_from(found, MEAN),
        table(feasibility_table),
        table(remedies_table),
        table(sites_table),
        table(course_table),
        table(sizes_table),
        needs_table(next(iter(found.values())), section.battery.service_days),
        tuple((role, name) for role, name in named if name),
        tuple(findings),
    )


def _own_batteries(plan: Plan, base: Path) -> OwnBatteries:
    """Return the batteries of the plan's table of vehicle types; none without it."""
    section = plan.buses
    if not section.battery.vehicle_types:
        return OwnBatteries({}, {}, "")
    listed = read_vehicle_types(base / section.battery.vehicle_types, section.bus_type_words)
    charging = charging_type_of_blocks(base / section.trips) if section.trips else {}
    return OwnBatteries(listed, charging, section.battery.charging_type)


def _with_listed_sites(plan: Plan, base: Path) -> tuple[Plan, tuple[BusStation, ...]]:
    """Return the plan with the chargers of depots of its table of stations, and the stations on the way of it."""
    section = plan.buses.battery
    if not section.stations:
        return plan, ()
    listed = read_stations(base / section.stations)
    chargers = {**listed.depot_chargers, **section.depot_chargers}
    battery = section.model_copy(update={"depot_chargers": chargers})
    return plan.model_copy(update={"buses": plan.buses.model_copy(update={"battery": battery})}), listed.stations


def _names(day: ServiceDay) -> set[str]:
    ends = day.places.filter(~pl.col("is_depot"))
    return {*ends["place"].to_list(), *ends["name"].to_list()}


def _here(stations: list[BusStation], day: ServiceDay) -> list[BusStation]:
    """Return the stations that are places of a day."""
    names = _names(day)
    return [s for s in stations if s.place in names]


def _year(plan: Plan, base: Path, network: Network | None, day: ServiceDay, energy: BusEnergy, kind: str) -> Weather:
    """Return the year of temperatures: the daily means of a table, else the mean day of each month."""
    monthly = months(plan)
    means = np.array([case.mean_c for case in monthly])
    if plan.buses.energy.daily_temperature:
        days_c = daily_means(plan.buses.energy.daily_temperature, base)
        weight = np.full(days_c.size, DAYS / days_c.size)
    else:
        days_c, weight = means, np.array(MONTH_DAYS)
    known = [*zip(energy.weather, energy.days[kind], strict=True)]
    more = [case for case in monthly if all(abs(case.mean_c - k.mean_c) > APART_K for k, _ in known)]
    more = [case for n, case in enumerate(more) if all(abs(case.mean_c - c.mean_c) > APART_K for c in more[:n])]
    at = [(case.mean_c, one) for case, one in known]
    if more:
        drawn = movement_energies(day, network, plan, more, base=base)
        at += [(case.mean_c, one) for case, one in zip(more, drawn, strict=True)]
    return Weather(tuple(e for _, e in at), np.array([c for c, _ in at]), days_c, weight)
