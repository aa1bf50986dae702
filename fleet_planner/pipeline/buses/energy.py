"""The energy of the days of service: cases of weather, movements, means of the fleet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.activity.days import DAYS_OF_MONTH
from fleet_planner.buses.energy.measured import measured_rows
from fleet_planner.buses.energy.movement import movement_energies
from fleet_planner.buses.energy.summary import energy_table, heaters_by_route, route_table, year_table
from fleet_planner.buses.energy.weather import cases, months, weather_findings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_planner.buses.energy.weather import Case
    from fleet_planner.buses.model import DayEnergy, ServiceDay
    from fleet_planner.findings import Finding
    from fleet_planner.network import Network
    from fleet_planner.plan.models import Plan

WEEK_SHARE = {"weekday": 5.0 / 7.0, "saturday": 1.0 / 7.0, "sunday": 1.0 / 7.0}
"""Share of the days of a month; holidays are not told apart."""


@dataclass(frozen=True)
class BusEnergy:
    """Energy of all days of service.

    Parameters
    ----------
    weather
        Cases: ``mean``, ``coldest``, ``hottest``.
    days
        Energy of the movements by kind of day, in the order of ``weather``.
    fleet
        ``tables/columns/bus_energy.csv``: means by kind of day, weather and type.
    months
        ``tables/columns/bus_energy_by_month.csv``: a year month by month.
    routes
        ``tables/columns/bus_energy_by_route.csv``: the trips of each route.
    heaters
        What heaters emit in a year by route, t: ``route, nox, pm_exhaust, co2``.
    measured
        Measured rows with what the model says of each.
    files
        Files that were read, as the plan names them, by what they are.
    findings
        What was assumed, counted and failed.
    """

    weather: tuple[Case, ...]
    days: Mapping[str, tuple[DayEnergy, ...]]
    fleet: pl.DataFrame
    months: pl.DataFrame
    routes: pl.DataFrame
    heaters: pl.DataFrame
    measured: pl.DataFrame
    files: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]


def bus_energy(plan: Plan, base: Path, network: Network | None, days: Mapping[str, ServiceDay]) -> BusEnergy:
    """Return the energy of the days of service in all cases of weather.

    Raises
    ------
    InputError
        A table that ``[buses.energy]`` names cannot be used.
    """
    section = plan.buses.energy
    weather = tuple(cases(plan, base))
    found = weather_findings(plan, weather)
    by_kind: dict[str, tuple[DayEnergy, ...]] = {}
    tables, by_month, by_route, heaters = [], [], [], []
    of_months = months(plan)
    seen: set[tuple[str, str]] = set()
    for kind, day in days.items():
        by_kind[kind] = tuple(movement_energies(day, network, plan, weather, base=base))
        table, failed = energy_table(day, by_kind[kind], section)
        tables.append(table)
        by_route.append(route_table(day, by_kind[kind]))
        own = movement_energies(day, network, plan, of_months, base=base)
        often = [n * WEEK_SHARE[kind] for n in DAYS_OF_MONTH]
        by_month.append(year_table(day, own, section, often))
        heaters.append(heaters_by_route(day, own, often))
        for finding in (f for one in by_kind[kind] for f in one.findings):
            # what is true of every day and weather is told once
            key = (finding.code, str(finding.values.get("case", "")))
            if key not in seen:
                seen.add(key)
                found.append(finding)
        found += failed
    named = [("daily temperatures", section.daily_temperature), ("types of bus", section.bus_types)]
    files = tuple((role, name) for role, name in [*named, ("consumption", section.table)] if name)
    return BusEnergy(
        weather,
        by_kind,
        pl.concat(tables),
        pl.concat(by_month),
        pl.concat(by_route),
        pl.concat(heaters).group_by("route").agg(pl.all().sum()).sort("route"),
        measured_rows(),
        files,
        tuple(found),
    )


def movement_energy_table(energy: BusEnergy, days: Mapping[str, ServiceDay]) -> pl.DataFrame:
    """Return ``tables/columns/bus_movement_energy.csv``: a row per movement, kind of day and weather."""
    parts = [
        day.movements.select("block_id", "sequence").with_columns(
            kind_of_day=pl.lit(kind),
            weather=pl.lit(one.case),
            kwh=pl.Series(one.kwh),
            drive_kwh=pl.Series(one.drive_kwh),
            returned_kwh=pl.Series(one.returned_kwh),
            auxiliary_kwh=pl.Series(one.auxiliary_kwh),
            cabin_kwh=pl.Series(one.cabin_kwh),
            standing_kw=pl.Series(one.standing_kw),
            plug_kwh=pl.Series(one.plug_kwh),
            heater_fuel_mj=pl.Series(one.heater_fuel_mj),
        )
        for kind, day in days.items()
        for one in energy.days[kind]
    ]
    return pl.concat(parts)
