"""Inventories of states of a fleet as parts of the work that know all they need, wherever they are computed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.fleet.turnover import step_ratios
from fleet_planner.inventory import compute_inventory
from fleet_planner.pipeline.computing.neat_fuels import on_neat_fuels
from fleet_planner.pipeline.computing.operated import Computing, operated

if TYPE_CHECKING:
    from fleet_planner.activity import Activity
    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.factors.processes.fuels import FuelFactors
    from fleet_planner.inventory import Inventory
    from fleet_planner.inventory.weights import FleetContext
    from fleet_planner.pipeline.computing.operated import Operated, Planned
    from fleet_planner.pipeline.computing.vehicle_adjustments import Adjustments
    from fleet_planner.scenarios import ScenarioFleet

BY_STEP = {"NOx": "nox_ratio", "PM_exhaust": "pm_ratio", "BC": "pm_ratio", "SPN23": "pm_ratio"}
"""Which ratio of limits acts on which pollutant; NO2 and OC follow NOx and PM."""


@dataclass(frozen=True)
class Multiplied:
    """Puts faults, emission tests and neat fuels into the multipliers of measures.

    Parameters
    ----------
    adjustments, factors, fuels
        Of the run.
    steps
        Whether vehicles may have steps of limits, as those of later years have.
    """

    adjustments: Adjustments
    factors: FactorTable
    fuels: FuelFactors
    steps: bool = False

    def __call__(self, vehicles: pl.DataFrame, multipliers: pl.DataFrame) -> pl.DataFrame:
        """Return the multipliers of vehicles, same rows and columns."""
        if self.steps:
            multipliers = with_steps(vehicles, multipliers)
        applied = self.adjustments.applied(vehicles, multipliers)
        return on_neat_fuels(vehicles, applied, self.factors, self.fuels)


@dataclass(frozen=True)
class Base:
    """What the inventories of all states share.

    Parameters
    ----------
    links, factors, context
        As of `compute_inventory`.
    activity
        The baseline's.
    multiplied
        Completes multipliers.
    """

    links: pl.DataFrame
    factors: FactorTable
    context: FleetContext
    activity: Activity
    multiplied: Multiplied


@dataclass(frozen=True)
class State:
    """A fleet to compute.

    Parameters
    ----------
    fleet
        Vehicles and the multipliers of measures.
    activity
        Its own; nothing where it is the baseline's.
    planned
        Its measures in operation that are in force, if any.
    """

    fleet: ScenarioFleet
    activity: Activity | None = None
    planned: Planned | None = None


def computed_state(base: Base, state: State) -> tuple[ScenarioFleet, Inventory, Operated | None]:
    """Return a fleet with its multipliers completed, its inventory, and what its measures in operation change."""
    fleet = state.fleet
    adjusted = replace(fleet, multipliers=base.multiplied(fleet.vehicles, fleet.multipliers))
    activity = base.activity if state.activity is None else state.activity
    inventory = compute_inventory(
        adjusted.vehicles, adjusted.multipliers, base.links, activity, base.factors, base.context
    )
    if state.planned is None:
        return adjusted, inventory, None
    computing = Computing(base.links, base.factors, base.context, base.multiplied)
    done = operated((adjusted, inventory), state.planned, computing)
    return done.state, done.inventory, done


def with_steps(vehicles: pl.DataFrame, multipliers: pl.DataFrame) -> pl.DataFrame:
    """Return multipliers with the steps of limits in them that have no factors of their own.

    A step counts as long as the vehicle has the standard that the step's ratio is against: a replacement by a measure
    ends it.

    Parameters
    ----------
    vehicles
        With a column ``step``, as `Projection.fleet` returns them, also after measures.
    multipliers
        Same rows.
    """
    joined = vehicles.select("step", "standard").join(
        step_ratios(), on=["step", "standard"], how="left", maintain_order="left"
    )
    changed = [
        pl.Series(name, multipliers[name].to_numpy() * joined[ratio].fill_null(1.0).to_numpy())
        for name, ratio in BY_STEP.items()
        if name in multipliers.columns
    ]
    return multipliers.with_columns(changed)
