"""The states of a run as terms, and the sample of inputs that they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.parts import AccessParts
from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.inventory.groups import of_groups
from fleet_planner.scenarios.operation.traffic import GROUP, stream_of
from fleet_planner.uncertainty.design import Collector, Drawer, speed_nodes
from fleet_planner.uncertainty.inputs import spreads_of
from fleet_planner.uncertainty.roads import Roads, roads_of
from fleet_planner.uncertainty.sampling import Sample, Sampler, cube, sampler
from fleet_planner.uncertainty.terms import Driven, Terms, terms_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from fleet_planner.activity import Activity
    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.inventory.weights import FleetContext
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.scenarios import ScenarioFleet
    from fleet_planner.uncertainty.inputs import Spreads

GIVEN = "standard:given"
PartKey = tuple[str, str, int]
"""What it is of, its name, and the year or a side."""


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
        What the run has on the roads, shape (P,), average day; machines beside them are not in it.
    """

    scenario: str
    year: int
    terms: Terms
    central: NDArray[np.float64]

    @property
    def key(self) -> tuple[str, int]:
        """Scenario and year."""
        return self.scenario, self.year


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
    parts
        Terms of vehicles apart, all their kilometres.
    """

    states: tuple[State, ...]
    spreads: Spreads
    collector: Collector
    sampler: Sampler
    parts: Mapping[PartKey, Terms] = field(default_factory=dict)

    def drawer(self, points: NDArray[np.float64]) -> Drawer:
        """Return the draws at points of the unit cube, shape (draws, dimensions)."""
        sample = Sample(self.sampler.inputs, self.sampler.values(points))
        return Drawer(sample, speed_nodes(self.spreads), self.collector.effects)

    def only(self, years: Collection[int]) -> Ground:
        """Return the states of some years."""
        return replace(self, states=tuple(state for state in self.states if state.year in years))


@dataclass(frozen=True)
class Driving:
    """A fleet and where it drives: nothing where each of its streams drives as in the baseline's inventory.

    ``label``, ``apart`` and ``untreated`` are those of `uncertainty.terms.Driven`.
    """

    vehicles: pl.DataFrame
    multipliers: pl.DataFrame
    before: pl.Series
    factors: FactorTable
    activity: Activity | None
    grouped: bool
    label: pl.Series | None = None
    apart: bool = False
    untreated: pl.DataFrame | None = None


More = Callable[["Collector", "Makes", "Sequence[Given]", "Mapping[Key, Terms]"], "Parts"]


def no_parts(collector: Collector, makes: Makes, states: Sequence[Given], terms: Mapping[Key, Terms]) -> Parts:  # noqa: ARG001
    """Return no vehicles apart."""
    return {}


def ground_of(ready: Prepared, more: More = no_parts) -> Ground:
    """Return the states of a run and the inputs that are drawn; ``more`` adds inputs of what else is drawn.

    It gets what makes terms, the states as they drive and their terms, and returns the vehicles that are drawn apart.

    Raises
    ------
    PlanError
        The plan's distributions or correlations are none.
    """
    spreads = spreads_of(ready.plan.uncertainty)
    collector = Collector(spreads)
    makes = Makes(ready, speed_nodes(spreads))
    given = [*of_base_year(ready), *_of_later_years(ready)]
    states = []
    for key, driving, central in given:
        terms = makes.terms(driving)
        collector.collect(terms)
        if central is not None:
            states.append(State(*key, terms, central))
    parts = more(collector, makes, given, {state.key: state.terms for state in states})
    for terms in parts.values():
        collector.collect(terms)
    made = sampler(list(collector.inputs.values()), spreads.correlations)
    return Ground(tuple(states), spreads, collector, made, parts)


def weighted_terms(ready: Prepared, ground: Ground, weight: NDArray[np.float64]) -> tuple[tuple[State, Terms], ...]:
    """Return the states of the base year, and their emissions times a weight by link and hour as terms.

    Parameters
    ----------
    ready, ground
        The run, and its states.
    weight
        None below nought, shape (links, H) of all types of day or (links, 24).
    """
    makes = Makes(ready, speed_nodes(ground.spreads), weight)
    known = {state.key: state for state in ground.states}
    # how vehicle-km are spread on roads is that of the kilometres, not of the weights
    return tuple(
        (known[key], replace(makes.terms(driving), km=known[key].terms.km))
        for key, driving, _ in of_base_year(ready)
        if key in known
    )


Key = tuple[str, int]
Given = tuple[Key, Driving, "NDArray[np.float64] | None"]
"""Scenario and year, what drives, and what the run has: nothing of states not asked for, whose inputs still count."""
Parts = dict[PartKey, Terms]


def of_base_year(ready: Prepared) -> list[Given]:
    """Return the states of the base year as they drive, the baseline first."""
    computed = ready.computed
    start = computed.states[0][0]
    out = []
    for state, inventory in computed.states:
        central = inventory.link.sum(axis=0)
        if done := computed.operated.get(state.name):
            left = done.traffic
            driving = Driving(
                left.vehicles,
                left.multipliers,
                _before(left.vehicles, start),
                computed.factors,
                left.activity,
                grouped=True,
            )
        else:
            activity = ready.run.of_state(computed.activity, start, state)
            own = None if activity.row is computed.activity.row else activity
            before = _before(state.vehicles, start)
            driving = Driving(state.vehicles, state.multipliers, before, computed.factors, own, grouped=False)
        out.append(((state.name, ready.plan.city.year), driving, central))
    return out


def _of_later_years(ready: Prepared) -> list[Given]:
    later, nonroad = ready.later, ready.nonroad
    if later is None:
        return []
    out: list[Given] = []
    for key, fleet in later.fleets.items():
        central = None
        if key in later.states:
            of_all = later.states[key].per_day
            central = np.array([of_all[p] - (0.0 if nonroad is None else nonroad.total(p)) for p in POLLUTANTS])
        given = (fleet.vehicles, fleet.multipliers, fleet.before, fleet.factors, fleet.activity)
        out.append((key, Driving(*given, grouped=fleet.grouped), central))
    return out


def _before(vehicles: pl.DataFrame, start: ScenarioFleet) -> pl.Series:
    """Return the standard that each vehicle had before measures."""
    if "baseline_row" not in vehicles.columns:
        return vehicles["standard"]
    return start.vehicles["standard"].gather(vehicles["baseline_row"])


def in_groups(driving: Driving, context: FleetContext) -> tuple[pl.DataFrame, Activity, FleetContext]:
    """Return vehicles, activity and hours of idling of a ``grouped`` state with its groups in the place of streams."""
    assert driving.activity is not None
    context, activity = of_groups(driving.activity, context, stream_of)
    return driving.vehicles.with_columns(stream=pl.col(GROUP)), activity, context


@dataclass
class Makes:
    """Makes the terms of states; where streams drive as in the baseline is found once."""

    ready: Prepared
    nodes: NDArray[np.float64]
    weight: NDArray[np.float64] | None = None
    shared: Roads | None = None

    def terms(self, driving: Driving) -> Terms:
        """Return the terms of vehicles that drive somewhere."""
        computed, links = self.ready.computed, self.ready.network.links
        context, first = computed.setting.context, computed.states[0][1]
        vehicles = driving.vehicles
        if driving.grouped:
            vehicles, activity, context = in_groups(driving, context)
            where = replace(first, streams=activity.streams, parts=(), naming=AccessParts())
            roads = roads_of(activity, links, driving.factors, where, self.nodes, stream_of, self.weight)
        elif driving.activity is not None:
            where = replace(first, streams=driving.activity.streams, parts=driving.activity.streams)
            roads = roads_of(driving.activity, links, driving.factors, where, self.nodes, weight=self.weight)
        else:
            given = (computed.activity, links, computed.factors, first, self.nodes)
            self.shared = self.shared or roads_of(*given, weight=self.weight)
            roads = self.shared
        derived = pl.Series([True] * vehicles.height)
        if "rule" in vehicles.columns:
            derived = ~vehicles["rule"].str.contains(GIVEN, literal=True).fill_null(value=False)
        if driving.factors is not computed.factors and driving.label is not None:
            roads = replace(roads, means={})  # means are known by their factors' identity, and these do not last
        told = (driving.label, driving.apart, driving.untreated)
        driven = Driven(vehicles, driving.multipliers, driving.before, derived, *told)
        return terms_of(driven, driving.factors, roads, context)


def sample_of(ready: Prepared, ground: Ground) -> Drawer:
    """Return the draws of a plan."""
    section = ready.plan.uncertainty
    return ground.drawer(cube(section.draws, ground.sampler.dimensions, section.method, section.seed))
