"""The states of a run as terms, and the sample of inputs that they share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.activity.parts import AccessParts
from fleet_planner.inventory.groups import of_groups
from fleet_planner.scenarios.operation.traffic import GROUP, stream_of
from fleet_planner.uncertainty.design import Collector, Drawer, speed_nodes
from fleet_planner.uncertainty.inputs import spreads_of
from fleet_planner.uncertainty.roads import Roads, roads_of
from fleet_planner.uncertainty.sampling import Sample, Sampler, cube, sampler
from fleet_planner.uncertainty.terms import Driven, Terms, terms_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.scenarios import ScenarioFleet
    from fleet_planner.uncertainty.inputs import Spreads

GIVEN = "standard:given"


@dataclass(frozen=True)
class State:
    """One scenario in one year.

    Parameters
    ----------
    scenario, year
        Which.
    terms
        Its emissions.
    central
        What the run has, shape (P,), average day; machines beside the roads are not in it.
    """

    scenario: str
    year: int
    terms: Terms
    central: NDArray[np.float64]


@dataclass(frozen=True)
class Ground:
    """What all draws of a run rest on.

    Parameters
    ----------
    states
        By scenario and year, the baseline of the base year first.
    spreads, collector
        Distributions; the inputs that the states need.
    sampler
        Makes multipliers of all inputs.
    """

    states: tuple[State, ...]
    spreads: Spreads
    collector: Collector
    sampler: Sampler

    def drawer(self, points: NDArray[np.float64]) -> Drawer:
        """Return the draws at points of the unit cube, shape (draws, dimensions)."""
        sample = Sample(self.sampler.inputs, self.sampler.values(points))
        return Drawer(sample, speed_nodes(self.spreads), self.collector.effects)


def ground_of(ready: Prepared) -> Ground:
    """Return the states of a run and the inputs that are drawn.

    Raises
    ------
    PlanError
        The plan's distributions or correlations are none.
    """
    spreads = spreads_of(ready.plan.uncertainty)
    nodes = speed_nodes(spreads)
    computed = ready.computed
    shared: Roads | None = None
    states = []
    collector = Collector(spreads)
    start = computed.states[0][0]
    for state, inventory in computed.states:
        done = computed.operated.get(state.name)
        context, links = computed.setting.context, ready.network.links
        if done is not None:
            context, activity = of_groups(done.traffic.activity, context, stream_of)
            where = replace(inventory, streams=activity.streams, parts=(), naming=AccessParts())
            roads = roads_of(activity, links, computed.factors, where, nodes, stream_of)
            rows = done.traffic.vehicles.with_columns(stream=pl.col(GROUP))
            driven = driven_of(rows, done.traffic.multipliers, start)
        else:
            activity = ready.run.of_state(computed.activity, start, state)
            if activity is computed.activity or shared is None:
                shared = shared or roads_of(activity, links, computed.factors, computed.states[0][1], nodes)
                roads = shared
            else:
                roads = roads_of(activity, links, computed.factors, inventory, nodes)
            driven = driven_of(state.vehicles, state.multipliers, start)
        terms = terms_of(driven, computed.factors, roads, context)
        collector.collect(terms)
        states.append(State(state.name, ready.plan.city.year, terms, inventory.link.sum(axis=0)))
    made = sampler(list(collector.inputs.values()), spreads.correlations)
    return Ground(tuple(states), spreads, collector, made)


def driven_of(vehicles: pl.DataFrame, multipliers: pl.DataFrame, start: ScenarioFleet) -> Driven:
    """Return a fleet with the standards that its vehicles had before measures, and whether those were derived."""
    before = vehicles["standard"]
    if "baseline_row" in vehicles.columns:
        before = start.vehicles["standard"].gather(vehicles["baseline_row"])
    derived = ~vehicles["rule"].str.contains(GIVEN, literal=True) if "rule" in vehicles.columns else before != ""
    return Driven(vehicles, multipliers, before, derived)


def sample_of(ready: Prepared, ground: Ground) -> Drawer:
    """Return the draws of a plan."""
    section = ready.plan.uncertainty
    return ground.drawer(cube(section.draws, ground.sampler.dimensions, section.method, section.seed))
