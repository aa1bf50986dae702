"""The middle of a run: activity, factors and inventories of the baseline and the scenarios of a plan."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.activity import Activity, build_activity
from fleet_planner.activity.build import scaled_activity
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.findings import Finding
from fleet_planner.fleet.identifiers import key_of
from fleet_planner.inventory import (
    Inventory,
    by_hour,
    compute_inventory,
    grade_steps,
    weighted_by_vehicle,
    weighted_histogram,
)
from fleet_planner.inventory.carried import link_hours, link_hours_by_tile
from fleet_planner.inventory.groups import (
    grouped_hours,
    grouped_hours_by_tile,
    grouped_link_hours,
    grouped_weighted,
)
from fleet_planner.pipeline.computing.corridor_check import corridor_findings
from fleet_planner.pipeline.computing.factor_plan import FactorSetting, factor_setting
from fleet_planner.pipeline.computing.fuel_check import closure, fuel_burnt_t, scaled_km
from fleet_planner.pipeline.computing.neat_fuels import on_neat_fuels
from fleet_planner.pipeline.computing.operated import (
    Operated,
    Planned,
    operation_setting,
    plan_operation,
    route_parts,
    technologies_on,
)
from fleet_planner.pipeline.computing.states import Base, Multiplied, State, computed_state
from fleet_planner.pipeline.computing.vehicle_adjustments import (
    Adjustments,
    fault_findings,
    fault_plan,
    measured_adjustment,
)
from fleet_planner.pipeline.spread.engine import Here
from fleet_planner.scenarios import ScenarioFleet, all_at_once, apply_scenario, baseline
from fleet_planner.scenarios.operation.exposure import Exposure, exposure_of
from fleet_planner.scenarios.operation.traffic import stream_of
from fleet_planner.tiles import Tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.activity.assigned_traffic import AssignedTraffic
    from fleet_planner.activity.parts import AccessParts
    from fleet_planner.activity.timetables.transit import BusKm
    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.fleet import Fleet
    from fleet_planner.network import Network
    from fleet_planner.pipeline.spread.engine import Engine
    from fleet_planner.plan.models import Plan, Scenario
    from fleet_planner.progress import Progress
    from fleet_planner.scenarios.operation.model import OperationSetting
    from fleet_planner.scenarios.phase import Picker
    from fleet_planner.transit_feed import Feed

SCALING_ROUNDS = 6
SCALED = 1e-5
"""Kilometres are scaled until fuel burnt is within this of fuel sold, at most so many times."""


@dataclass
class Clock:
    """Seconds spent by step."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time of a block to a step."""
        begin = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - begin, 3)


@dataclass(frozen=True)
class Computed:
    """Inventories of a fleet.

    Parameters
    ----------
    activity
        Where and when it drives.
    factors
        Compiled for the technologies of all scenarios.
    setting
        What they were compiled from.
    states
        Fleet and inventory of each scenario, the baseline first.
    findings
        Of faults and emission tests.
    rejected_tests
        Cells of the table of emission tests that were not understood.
    flat
        Inventory of the baseline as if all roads were level; nothing where they are.
    adjustments
        Faults and emission tests, for fleets after other measures.
    operated
        Scenarios with measures in operation, by name.
    """

    activity: Activity
    factors: FactorTable
    setting: FactorSetting
    states: tuple[tuple[ScenarioFleet, Inventory], ...]
    findings: tuple[Finding, ...]
    rejected_tests: pl.DataFrame
    flat: Inventory | None = None
    adjustments: Adjustments = field(default_factory=lambda: Adjustments(None, 0, None))
    operated: Mapping[str, Operated] = field(default_factory=dict)

    def multiplied(self, vehicles: pl.DataFrame, multipliers: pl.DataFrame, factors: FactorTable) -> pl.DataFrame:
        """Return the multipliers of other measures with faults, tests and neat fuels in them, as of the states."""
        applied = self.adjustments.applied(vehicles, multipliers)
        return on_neat_fuels(vehicles, applied, factors, self.setting.sources.fuels)

    @property
    def on_vehicles(self) -> tuple[tuple[ScenarioFleet, Inventory], ...]:
        """The states without measures in operation."""
        done = self.operated
        return tuple(done[s.name].on_vehicles if s.name in done else (s, i) for s, i in self.states)


@dataclass(frozen=True)
class Inventories:
    """Computes the inventories of a plan for any state of its fleet."""

    plan: Plan
    base: Path
    network: Network
    feeds: Mapping[str, Feed]
    grid_kg_per_kwh: float
    measures: pl.DataFrame
    clock: Clock
    progress: Progress
    assigned: AssignedTraffic | None = None
    buses: Mapping[str, BusKm] | None = None
    zones: Any = None
    tiles: Tiles = field(default_factory=Tiles)
    engine: Engine = field(default_factory=Here)

    def of(self, fleet: Fleet, *, scenarios: bool = True) -> Computed:
        """Return the inventories of a fleet; of the baseline alone without ``scenarios``."""
        plan = self.plan
        with self.clock.step("activity"):
            activity = self._activity(fleet.vehicles)
        fleets = [baseline(fleet)]
        if scenarios:
            fleets += [self.applied(fleet, scenario) for scenario in plan.scenario]
        with self.clock.step("operation"):
            in_plan = self._planned(fleets, activity) if scenarios else {}
        with self.clock.step("factors"):
            self.progress("compiling emission factors", 0.45)
            grade = self.network.links["grade_pct"].to_numpy().astype(np.float64) / 100.0
            setting = factor_setting(plan, self.base, activity, self.grid_kg_per_kwh)
            needed = replace(setting.options, grades=tuple(grade_steps(grade).tolist()))
            setting = replace(setting, options=needed)
            driven = [state.vehicles for state in fleets]
            driven += [rows for planned in in_plan.values() for rows in technologies_on(planned)]
            technologies = setting.technologies(driven)
            factors = compile_factors(technologies, setting.sources, setting.conditions, setting.options)
            tests, rejected, found = measured_adjustment(
                plan.measured, self.base, fleet.vehicles, factors, setting.sources, key_of(plan.fleet, self.base)
            )
            faults = fault_plan(plan.faults)
            adjustments = Adjustments(faults, plan.city.year, tests, plan.faults.by_vehicle)

        multiplied = Multiplied(adjustments, factors, setting.sources.fuels)
        shared = Base(self.network.links, factors, setting.context, activity, multiplied)
        with self.clock.step("inventory"):
            engine = self.engine if scenarios else Here()
            computed = engine.mapped(computed_state, shared, self._parts(activity, fleets, in_plan))
        states = [(fleet_of, inventory) for fleet_of, inventory, _ in computed]
        in_operation = {fleet_of.name: done for fleet_of, _, done in computed if done is not None}
        flat = None
        if scenarios and grade.any():
            with self.clock.step("inventory"):
                first, level = states[0][0], self.network.links.with_columns(grade_pct=pl.lit(0.0))
                flat = compute_inventory(first.vehicles, first.multipliers, level, activity, factors, setting.context)
        findings = [*fault_findings(faults, by_vehicle=plan.faults.by_vehicle), *found]
        if scenarios:
            with self.clock.step("findings"):
                length = plan.traffic.speeds.corridor_km
                findings += corridor_findings(
                    *states[0], activity, self.network.links, factors, setting.context, length
                )
        found_all = (tuple(findings), rejected, flat, adjustments, in_operation)
        return Computed(activity, factors, setting, tuple(states), *found_all)

    def _parts(
        self, activity: Activity, fleets: list[ScenarioFleet], in_plan: Mapping[str, Planned]
    ) -> Iterator[State]:
        """Yield each fleet with the activity that is its own, as its turn comes."""
        for number, fleet in enumerate(fleets):
            self.progress(f"inventory: {fleet.title_en}", 0.5 + 0.3 * number / len(fleets))
            own = self.of_state(activity, fleets[0], fleet)
            yield State(fleet, None if own is activity else own, in_plan.get(fleet.name))

    def _planned(self, fleets: list[ScenarioFleet], activity: Activity) -> dict[str, Planned]:
        """Return the measures in operation of the scenarios that have some in force in the base year."""
        out = {}
        for state, scenario in zip(fleets[1:], self.plan.scenario, strict=True):
            if scenario.operation.measures:
                own = self.of_state(activity, fleets[0], state)
                setting = self.in_operation(scenario, own)
                out[scenario.name] = plan_operation(state, scenario.operation, own, setting)
        return {name: planned for name, planned in out.items() if not planned.idle}

    @cached_property
    def exposure(self) -> Exposure:
        """People about the links."""
        return exposure_of(self.network, self.zones)

    @cached_property
    def routes(self) -> dict[str, NDArray[np.float64]]:
        """Share of each link's driving by route, of the stream that the timetable places."""
        return route_parts(self.buses or {}, self.exposure, self.network.links.height)

    def in_operation(self, scenario: Scenario, activity: Activity, year: int | None = None) -> OperationSetting:
        """Return what the measures in operation of a scenario may use, in the base year or a later one."""
        more = {"grid_kg_per_kwh": self.grid_kg_per_kwh, "measures": self.measures}
        more |= {"exposure": self.exposure, "routes": self.routes if scenario.operation.reassign else {}}
        more["faults"] = fault_plan(self.plan.faults)
        when = self.plan.city.year if year is None else year
        return operation_setting(self.plan, scenario, self.network, self.base, activity, when, **more)

    def _activity(self, vehicles: pl.DataFrame, parts: AccessParts | None = None) -> Activity:
        return build_activity(
            self.network,
            vehicles,
            self.plan.activity,
            self.base,
            self.feeds,
            self.progress,
            self.plan.traffic,
            self.assigned,
            self.buses,
            parts,
            self.tiles,
        )

    def hours_of(self, computed: Computed, number: int) -> Iterator[NDArray[np.float64]]:
        """Yield the emissions by link of each hour of the average day of a state, each of shape (links, P)."""
        state, _ = computed.states[number]
        links, factors, context = self.network.links, computed.factors, computed.setting.context
        if done := computed.operated.get(state.name):
            left = done.traffic
            return grouped_hours(left.vehicles, left.multipliers, links, left.activity, factors, context, stream_of)
        activity = self.of_state(computed.activity, computed.states[0][0], state)
        return by_hour(state.vehicles, state.multipliers, links, activity, factors, context)

    def link_hours(self, computed: Computed, number: int, pollutants: Sequence[str]) -> NDArray[np.float64]:
        """Return some pollutants of a state by link and hour of the average day, shape (pollutants, links, 24)."""
        state, _ = computed.states[number]
        links, factors, context = self.network.links, computed.factors, computed.setting.context
        if done := computed.operated.get(state.name):
            left = done.traffic
            vehicles, multipliers, activity = left.vehicles, left.multipliers, left.activity
            return grouped_link_hours(vehicles, multipliers, links, activity, factors, context, stream_of, pollutants)
        activity = self.of_state(computed.activity, computed.states[0][0], state)
        return link_hours(state.vehicles, state.multipliers, links, activity, factors, context, pollutants)

    def hours_by_tile(
        self, computed: Computed, number: int, pollutants: Sequence[str]
    ) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield what `link_hours` returns tile by tile: some links, and their part of it."""
        state, _ = computed.states[number]
        links, factors, context = self.network.links, computed.factors, computed.setting.context
        if done := computed.operated.get(state.name):
            left = done.traffic
            given = (left.vehicles, left.multipliers, links, left.activity, factors, context, stream_of, pollutants)
            return grouped_hours_by_tile(*given)
        activity = self.of_state(computed.activity, computed.states[0][0], state)
        return link_hours_by_tile(state.vehicles, state.multipliers, links, activity, factors, context, pollutants)

    def weighted_vehicles(self, computed: Computed, number: int, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each vehicle of a state emits times a weight by link and hour, shape (vehicles, P), average day.

        Parameters
        ----------
        computed, number
            Of the state.
        weight
            Shape (links, H) or (links, 24).
        """
        state, inventory = computed.states[number]
        links, factors, context = self.network.links, computed.factors, computed.setting.context
        if done := computed.operated.get(state.name):
            left = done.traffic
            given = (left.vehicles, left.multipliers, links, left.activity, factors, context, stream_of)
            return grouped_weighted(*given, inventory, weight)
        activity = self.of_state(computed.activity, computed.states[0][0], state)
        counted = weighted_histogram(activity, links, factors, inventory, weight)
        return weighted_by_vehicle(state.vehicles, state.multipliers, factors, inventory, context, counted)

    def of_state(self, activity: Activity, first: ScenarioFleet, state: ScenarioFleet) -> Activity:
        """Return the activity of a scenario; the baseline's own where no measure may open other roads to a vehicle."""
        if state is first or not activity.parts.any:
            return activity
        return self.driven(activity, first.vehicles, state.vehicles)

    def driven(self, activity: Activity, before: pl.DataFrame, now: pl.DataFrame) -> Activity:
        """Return the activity of another state of a fleet: scaled by stream, or anew where new parts of streams drive.

        Parameters
        ----------
        activity
            Of the vehicles ``before``.
        before, now
            Vehicles.
        """
        scaled = scaled_activity(activity, before, now)
        if scaled is not None:
            return scaled
        with self.clock.step("activity"):
            return self._activity(now, activity.parts)

    def applied(self, fleet: Fleet, scenario: Scenario, pick: Picker = all_at_once) -> ScenarioFleet:
        """Return a fleet after the measures of a scenario."""
        faults = fault_plan(self.plan.faults)
        return apply_scenario(
            fleet,
            scenario,
            self.measures,
            sulphur_ppm=self.plan.city.diesel_sulphur_ppm,
            country=self.plan.city.country,
            failures_left=faults.inspection.remaining if faults and faults.inspection else 1.0,
            pick=pick,
        )

    def baseline_of(self, fleet: Fleet) -> Computed:
        """Return the inventory of the baseline alone."""
        return self.of(fleet, scenarios=False)


def scaled_to_fuel_sold(
    fleet: Fleet, computed: Computed, sold_t: Mapping[str, float], baseline_of: Callable[[Fleet], Computed]
) -> tuple[Fleet, list[Finding]]:
    """Scale the kilometres of each fuel's vehicles until the baseline burns what is sold.

    Fuel is not proportional to kilometres (engines idle beside the road), so that a few rounds are needed.

    Parameters
    ----------
    fleet, computed
        The fleet of the registry and its inventories.
    sold_t
        Fuel sold a year, t, by fuel.
    baseline_of
        Computes the baseline of a fleet.
    """
    factor = dict.fromkeys(sold_t, 1.0)
    for _ in range(SCALING_ROUNDS):
        burnt = fuel_burnt_t(computed.states[0][1], computed.setting.sources.fuels)
        ratio = {fuel: r for fuel, r in closure(burnt, sold_t).items() if r > 0.0}
        if all(abs(r - 1.0) < SCALED for r in ratio.values()):
            break
        fleet = replace(fleet, vehicles=scaled_km(fleet.vehicles, ratio))
        factor = {fuel: f / ratio.get(fuel, 1.0) for fuel, f in factor.items()}
        computed = baseline_of(fleet)
    findings = [
        Finding("inventory.fuel_scaled", "assumption", {"fuel": fuel, "factor": f"{f:.3f}"})
        for fuel, f in factor.items()
    ]
    return fleet, findings
