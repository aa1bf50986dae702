"""From a day of service and its energy to what makes its blocks feasible."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.energy.cold import charge_power, usable_capacity
from fleet_planner.buses.feasibility.choosing import Task, added_mass, plentiful
from fleet_planner.buses.feasibility.figures import figures_of, prices_of, unchecked_finding
from fleet_planner.buses.feasibility.load import load_of
from fleet_planner.buses.feasibility.making import NONE, Making, make_feasible
from fleet_planner.buses.feasibility.replay import ground_of, replay
from fleet_planner.buses.feasibility.setup import Cold, batteries_of, rules_of, sites_of
from fleet_planner.buses.feasibility.split import Splitter, empty_ways
from fleet_planner.buses.feasibility.year import drive_year
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.buses.energy.vehicles import Vehicles
    from fleet_planner.buses.feasibility.figures import Figures
    from fleet_planner.buses.feasibility.model import Float
    from fleet_planner.buses.feasibility.simba import BatteryType
    from fleet_planner.buses.feasibility.year import Year
    from fleet_planner.buses.model import DayEnergy, ServiceDay
    from fleet_planner.plan.buses_battery import BusStation
    from fleet_planner.plan.buses_energy import BusEnergyPlan
    from fleet_planner.plan.models import Plan

SIZES_KWH = np.arange(50.0, 1000.1, 50.0)


@dataclass(frozen=True)
class Weather:
    """The year that blocks are driven through besides the design days.

    Parameters
    ----------
    energies
        Of a day of service at several temperatures.
    energies_c
        Mean temperature of each.
    days_c, weight
        Mean temperature of each day of a year, and how many days it stands for.
    """

    energies: tuple[DayEnergy, ...]
    energies_c: Float
    days_c: Float
    weight: Float


@dataclass(frozen=True)
class OwnBatteries:
    """Batteries of the plan's table of vehicle types.

    Parameters
    ----------
    listed
        By kind, ``type/charging type``.
    charging
        Charging type of blocks, by id.
    usual
        That of all others.
    """

    listed: Mapping[str, BatteryType]
    charging: Mapping[str, str]
    usual: str

    def of_blocks(self, day: ServiceDay) -> list[str]:
        """Return the kind of battery of each block: that of its type and charging type, else its type of bus."""
        rows = day.blocks.select("block_id", "bus_type").iter_rows()
        kinds = [(f"{t}/{self.charging.get(b, self.usual)}", t) for b, t in rows]
        return [kind if kind in self.listed else bus_type for kind, bus_type in kinds]


@dataclass(frozen=True)
class Feasibility:
    """A day of service driven by electric buses.

    Parameters
    ----------
    day
        Of service.
    energies
        In the cases of weather that blocks are judged on.
    figures
        Of batteries and chargers.
    making
        The day as it is, and made feasible.
    year
        What a year of temperatures does to the day as it is; none where it was not asked for.
    sizes_kwh, feasible_share
        Share of blocks that a battery drives as the day is, by size and type of bus, shape (sizes, types).
    bus_types
        Of ``feasible_share``.
    findings
        What was assumed and counted.
    """

    day: ServiceDay
    energies: tuple[DayEnergy, ...]
    figures: Figures
    making: Making
    year: Year | None
    sizes_kwh: Float
    feasible_share: Float
    bus_types: tuple[str, ...]
    findings: tuple[Finding, ...]


def cold_of(temperatures_c: Float, section: BusEnergyPlan) -> Cold:
    """Return what the weather takes from batteries at mean temperatures."""
    return Cold(usable_capacity(temperatures_c, section), charge_power(temperatures_c, section))


def feasibility_of(
    plan: Plan,
    day: ServiceDay,
    energies: Sequence[DayEnergy],
    vehicles: Vehicles,
    weather: Weather | None,
    stations: Sequence[BusStation],
    own: OwnBatteries,
) -> Feasibility:
    """Drive a day of service with electric buses, and make its blocks feasible.

    Parameters
    ----------
    plan
        ``[buses]`` with its battery and energy, ``[economics]``.
    day, energies
        The day, and what its movements draw in the cases of weather that count.
    vehicles
        Types of bus.
    weather
        A year of temperatures; none: only the cases.
    stations
        Charging stations that there are.
    own
        The plan's table of vehicle types.

    Raises
    ------
    PlanError
        A station or depot of the plan is no place of the timetable, or a price has no exchange rate.
    """
    section = plan.buses.battery
    ground = ground_of(day, own.of_blocks(day))
    load = load_of(ground, energies)
    types = set(ground.bus_types)
    figures = figures_of(section, types, vehicles, own.listed)
    prices = prices_of(section, plan.economics, types, plan.city.country)
    temperatures = np.array([e.temperature_c for e in energies])
    cold = cold_of(temperatures, plan.buses.energy)
    sites = plentiful(sites_of(day.places, section, figures, stations))
    rules = replace(rules_of(section), wait_h=0.0)
    usual = batteries_of(ground, figures, cold)
    index = {p: k for k, p in enumerate(day.places["place"].to_list())}
    splitter = Splitter(
        load=load,
        kinds=day.movements["kind"].to_list(),
        from_place=np.array([index[p] for p in day.movements["from_place"].to_list()], dtype=np.int64),
        km=day.movements["km"].to_numpy().astype(np.float64),
        ways=empty_ways(day, plan.buses.detour, plan.buses.off_road_kmh),
        batteries=usual,
        sites=sites,
        rules=rules,
    )
    task = Task(load, splitter, day.places, section, figures, prices, cold, stations)
    making = make_feasible(task, seconds=section.seconds)
    year = None
    if weather is not None:
        year = drive_year(
            load_of(ground, weather.energies),
            weather.energies_c,
            weather.days_c,
            weather.weight,
            lambda at: batteries_of(ground, figures, cold_of(at, plan.buses.energy)),
            sites,
            rules,
        )
    names, share = _by_size(task)
    findings = [*unchecked_finding(figures.unchecked, prices.unchecked if making.answer is not None else ()),
                *_told(day.kind, making)]  # fmt: skip
    return Feasibility(day, tuple(energies), figures, making, year, SIZES_KWH, share, names, tuple(findings))


def _by_size(task: Task) -> tuple[tuple[str, ...], Float]:
    """Return the types of bus and the share of their blocks that batteries of several sizes drive as the day is."""
    load, ground = task.load, task.load.ground
    types = tuple(sorted(set(ground.bus_types)))
    of_type = np.array([types.index(t) for t in ground.bus_types], dtype=np.int64)
    many = np.bincount(of_type, minlength=len(types))
    rows = []
    for size in SIZES_KWH:
        kwh = np.full(len(ground.block_ids), size)
        heavy = replace(load, kwh=np.ascontiguousarray(load.heavier(added_mass(load, task.figures, kwh))))
        batteries = batteries_of(ground, task.figures, task.cold, kwh)
        run = replay(heavy, batteries, task.splitter.sites, task.splitter.rules)
        rows.append(np.bincount(of_type, run.holds, minlength=len(types)) / many)
    return types, np.array(rows)


def _told(kind: str, making: Making) -> list[Finding]:
    blocks = len(making.way)
    failing = int((~making.base.holds).sum())
    found = [
        Finding(
            "buses.blocks_feasible",
            "info",
            {"kind": kind, "blocks": f"{blocks:,}", "feasible": f"{blocks - failing:,}"},
        )
    ]
    if not making.base.settled.all():
        bad = int((~making.base.settled).any(axis=0).sum())
        found.append(Finding("buses.nights_too_short", "warning", {"kind": kind}, count=bad))
    if making.answer is not None:
        answer = making.answer
        values: dict[str, str | int | float] = {
            "kind": kind,
            "cost": f"{making.cost:,.0f}",
            "bound": f"{making.bound:,.0f}",
            "gap": f"{100.0 * making.gap:.2f}",
            "rounds": answer.rounds,
            "cuts": answer.cuts,
        }
        code = "buses.remedies_proved" if answer.gap < 1e-9 else "buses.remedies_stopped"
        found.append(Finding(code, "info" if answer.gap < 1e-9 else "warning", values))
    if left := sum(w == NONE for w in making.way):
        found.append(Finding("buses.blocks_left", "warning", {"kind": kind}, count=left))
    return found
