"""A scenario's measures in operation, from the plan to what each of them changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.timetables.buses import BUS_STREAM
from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.processes.fuels import tank
from fleet_planner.findings import Finding
from fleet_planner.inventory.groups import grouped_inventory, grouped_vehicles
from fleet_planner.scenarios.operation.figures import titles
from fleet_planner.scenarios.operation.model import OperationSetting
from fleet_planner.scenarios.operation.reassign import MOST_PLACES, Emitted
from fleet_planner.scenarios.operation.steps import operate, reassigned
from fleet_planner.scenarios.operation.traffic import GROUP, Traffic, stream_of
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from fleet_planner.activity import Activity
    from fleet_planner.activity.timetables.transit import BusKm
    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.inventory import Inventory
    from fleet_planner.inventory.weights import FleetContext
    from fleet_planner.network import Network
    from fleet_planner.plan.models import Plan, Scenario
    from fleet_planner.plan.operation import Operation
    from fleet_planner.scenarios import ScenarioFleet
    from fleet_planner.scenarios.operation.exposure import Exposure
    from fleet_planner.scenarios.operation.model import Done, Outcome

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Energy:
    """Energy a year: fuel by the fuel in the tank, MJ, and electricity, kWh."""

    fuel_mj: Mapping[str, float]
    kwh: float


@dataclass(frozen=True)
class OperationStep:
    """What one measure in operation changed, in the canonical order, after those before it.

    Parameters
    ----------
    outcome
        Vehicle-km, costs and what happens outside the roads.
    before, after
        Emissions on all roads, the inventory's units per average day, shape (P,).
    inside_before, inside_after
        The same on the roads of the measure; all roads where it holds everywhere.
    exposure_before, exposure_after
        Emissions times people about their roads (`Exposure.of`), shape (P,).
    energy_before, energy_after
        Of the vehicles a year: on the city's roads, or on all their kilometres where the measure holds for them.
    """

    outcome: Outcome
    before: Float
    after: Float
    inside_before: Float
    inside_after: Float
    exposure_before: Float
    exposure_after: Float
    energy_before: Energy
    energy_after: Energy


@dataclass(frozen=True)
class Operated:
    """A scenario with measures in operation.

    Parameters
    ----------
    state
        The fleet after all measures; ``inventory`` is its.
    inventory
        With its measures in operation.
    on_vehicles
        Fleet and inventory after the measures on vehicles alone.
    steps
        By measure.
    traffic
        As the measures leave it, with faults and tests in its multipliers.
    """

    state: ScenarioFleet
    inventory: Inventory
    on_vehicles: tuple[ScenarioFleet, Inventory]
    steps: tuple[OperationStep, ...]
    traffic: Traffic

    @property
    def activity(self) -> Activity:
        """As the measures leave it; its streams are groups."""
        return self.traffic.activity


def operation_setting(
    plan: Plan, scenario: Scenario, network: Network, base: Path, activity: Activity, year: int, **more: Any
) -> OperationSetting:
    """Return what the measures in operation of a scenario may use; ``more`` is what a run knows of all scenarios."""
    return OperationSetting(
        scenario.name,
        scenario.title,
        network,
        base,
        activity.days,
        plan.city.country,
        year,
        plan.traffic.speeds.corridor_km,
        **more,
    )


@dataclass(frozen=True)
class Planned:
    """The measures in operation of a scenario, as far as they need no emission factors.

    Parameters
    ----------
    state, begin
        The fleet after the measures on vehicles, and its traffic.
    operation, setting
        Of the scenario.
    path
        The traffic after each measure but the reassignments.
    """

    state: ScenarioFleet
    begin: Traffic
    operation: Operation
    setting: OperationSetting
    path: tuple[Done, ...]

    @property
    def idle(self) -> bool:
        """Whether no measure is in force."""
        return not self.path and not any(m.in_force(self.setting.year) for m in self.operation.reassign)

    def whole(self, computing: Computing, like: Inventory) -> list[Done]:
        """Return the traffic after each measure, reassignments last; ``like`` is an inventory on the same roads."""
        last = self.path[-1].traffic if self.path else self.begin
        return [*self.path, *reassigned(last, self.operation, self.setting, partial(computing.vehicles, like=like))]


def plan_operation(
    state: ScenarioFleet, operation: Operation, activity: Activity, setting: OperationSetting
) -> Planned:
    """Apply the measures in operation that need no emission factors."""
    begin = Traffic.of(state.vehicles, state.multipliers, activity)
    return Planned(state, begin, operation, setting, tuple(operate(begin, operation, setting)))


def technologies_on(planned: Planned) -> list[pl.DataFrame]:
    """Return the technologies of all steps, with their streams."""
    return [done.traffic.vehicles.select(*TECHNOLOGY, "stream") for done in planned.path]


def state_after(state: ScenarioFleet, path: Sequence[Done]) -> ScenarioFleet:
    """Return the fleet as the last measure leaves it."""
    if not path:
        return state
    last = path[-1].traffic
    told = [f for done in path for f in done.findings]
    for done in path:
        if not done.outcome.checked:
            values = {"scenario": state.title_en, "measure": done.outcome.measure_id}
            told.append(Finding("operation.unchecked", "assumption", values))
    vehicles = last.vehicles.drop(GROUP)
    return replace(state, vehicles=vehicles, multipliers=last.multipliers, findings=(*state.findings, *told))


@dataclass(frozen=True)
class Computing:
    """Computes inventories of traffic.

    Parameters
    ----------
    links, factors, context
        As of `compute_inventory`.
    adjusted
        Returns multipliers with faults and emission tests in them.
    """

    links: pl.DataFrame
    factors: FactorTable
    context: FleetContext
    adjusted: Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]

    def of(self, traffic: Traffic) -> Inventory:
        """Return the inventory of a traffic, by stream."""
        multipliers = self.adjusted(traffic.vehicles, traffic.multipliers)
        return grouped_inventory(
            traffic.vehicles, multipliers, self.links, traffic.activity, self.factors, self.context, stream_of
        )

    def vehicles(self, traffic: Traffic, like: Inventory) -> Emitted:
        """Return what the vehicles of a traffic emit; ``like`` is an inventory on the same roads."""
        multipliers = self.adjusted(traffic.vehicles, traffic.multipliers)
        given = (self.links, traffic.activity, self.factors, self.context, stream_of, like)
        return Emitted(like.pollutants, grouped_vehicles(traffic.vehicles, multipliers, *given))


def operated(
    before: tuple[ScenarioFleet, Inventory],
    planned: Planned,
    computing: Computing,
) -> Operated:
    """Compute what each measure in operation changes.

    Parameters
    ----------
    before
        The fleet with faults and tests in its multipliers, and its inventory.
    planned
        From `plan_operation`.
    computing
        Of the run.
    """
    state, path = planned.state, planned.whole(computing, before[1])
    exposure = planned.setting.exposure
    assert exposure is not None
    inventory, vehicles = before[1], state.vehicles
    steps = []
    for done in path:
        after = computing.of(done.traffic)
        where = done.outcome.where
        inside = slice(None) if where is None else where
        whole = done.outcome.whole_km
        steps.append(
            OperationStep(
                done.outcome,
                inventory.link.sum(axis=0),
                after.link.sum(axis=0),
                inventory.link[inside].sum(axis=0),
                after.link[inside].sum(axis=0),
                exposure.of(inventory.link),
                exposure.of(after.link),
                energy_of(vehicles, inventory, whole=whole),
                energy_of(done.traffic.vehicles, after, whole=whole),
            )
        )
        inventory, vehicles = after, done.traffic.vehicles
    traffic = path[-1].traffic
    traffic = replace(traffic, multipliers=computing.adjusted(traffic.vehicles, traffic.multipliers))
    last = state_after(state, path)
    last = replace(last, multipliers=computing.adjusted(last.vehicles, last.multipliers))
    return Operated(last, inventory, before, tuple(steps), traffic)


def energy_of(vehicles: pl.DataFrame, inventory: Inventory, *, whole: bool) -> Energy:
    """Return the energy a year of all vehicles on the city's roads, or on all their kilometres."""
    fuel, power = (inventory.vehicle[:, inventory.pollutants.index(n)] for n in ("energy_MJ", "electricity_kwh"))
    share = np.maximum(vehicles["share_inside"].to_numpy(), 1e-9) if whole else 1.0
    year = DAYS_PER_YEAR / share
    by_tank: dict[str, float] = {}
    for burnt, mj in zip((tank(f) for f in vehicles["fuel"]), (fuel * year).tolist(), strict=True):
        by_tank[burnt] = by_tank.get(burnt, 0.0) + mj
    return Energy(by_tank, float((power * year).sum()))


def route_parts(buses: Mapping[str, BusKm], exposure: Exposure, links: int) -> dict[str, Float]:
    """Return the share of each link's buses by route, shape (routes, links), of the stream that the timetable places.

    Routes of like exposure are put together where there are many.
    """
    days = {"weekday": 5.0, "saturday": 1.0, "sunday": 1.0}
    tables = [bus.route_links.with_columns(pl.col("km") * days.get(kind, 1.0)) for kind, bus in buses.items()]
    tables = [t for t in tables if t.height]
    if not tables:
        return {}
    summed = pl.concat(tables).group_by("route", "link").agg(pl.col("km").sum()).sort("route", "link")
    people = pl.Series(exposure.weight[summed["link"].to_numpy()])
    of_route = (
        summed.with_columns(people=people * summed["km"])
        .group_by("route", maintain_order=True)
        .agg(pl.col("people", "km").sum())
        .sort(-pl.col("people") / pl.col("km"), "route")
    )
    rank = np.arange(of_route.height)
    rows = rank if of_route.height <= MOST_PLACES else rank * MOST_PLACES // of_route.height
    row_of = dict(zip(of_route["route"], rows.tolist(), strict=True))
    out = np.zeros((int(rows[-1]) + 1, links))
    place = np.array([row_of[r] for r in summed["route"]], dtype=np.int64)
    np.add.at(out, (place, summed["link"].to_numpy()), summed["km"].to_numpy())
    total = out.sum(axis=0)
    return {BUS_STREAM: np.divide(out, total, out=np.zeros_like(out), where=total > 0.0)}


def title_of(measure_id: str) -> tuple[str, str]:
    """Return the titles of a measure in operation."""
    return titles()[measure_id]
