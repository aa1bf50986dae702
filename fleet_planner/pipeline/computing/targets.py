"""The targets of a plan against the emissions of its scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.fleet.check import VISITING
from fleet_planner.fleet.vocabulary import words
from fleet_planner.nonroad.model import CATEGORY
from fleet_planner.pipeline.computing.by_year import with_machines, year_state
from fleet_planner.scenarios.targets import Aim, aim, judged
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_planner.nonroad import NonRoad
    from fleet_planner.pipeline.computing.by_year import ByYear, YearState
    from fleet_planner.pipeline.computing.inventories import Computed
    from fleet_planner.plan.models import Plan


def aims_of(plan: Plan, vehicles: pl.DataFrame, nonroad: NonRoad | None = None) -> list[Aim]:
    """Return the plan's targets, filled in and checked.

    Parameters
    ----------
    plan
        With its targets.
    vehicles
        Of the registry: whose streams and categories a target may name.
    nonroad
        Machines beside the roads, whose streams a target may name too.

    Raises
    ------
    PlanError
        A target is incomplete, names unknown words, or lies outside the years that the plan computes.
    """
    aims = [aim(target, plan.city.year) for target in plan.target]
    last = plan.turnover.to_year or plan.city.year
    known = {
        "stream": {s.removeprefix(VISITING) for s in vehicles["stream"]},
        "category": set(words()),
        "fuel": {fuel for word in words().values() for fuel in word.fuels},
    }
    if nonroad is not None:
        known["stream"] |= set(nonroad.streams)
        known["category"].add(CATEGORY)
    keys = {"stream": "streams", "category": "categories", "fuel": "fuels"}
    for target in aims:
        for column, named in target.scope.items():
            for word in named:
                if word not in known[column]:
                    raise PlanError(
                        f"target {target.name} has an unknown word under {keys[column]}",
                        use_one_of(word, known[column]),
                        column=f"target.{keys[column]}",
                        value=word,
                    )
        for year in target.years[-1:]:
            if not plan.city.year <= year <= last:
                raise PlanError(
                    f"target {target.name} is of {year}; this plan computes {plan.city.year} to {last}",
                    "Set turnover.to_year to that year or later." if year > last else "Name a later year.",
                    column="target.year",
                    value=year,
                )
    return aims


def years_asked(plan: Plan, aims: Iterable[Aim]) -> list[int]:
    """Return the years that targets need, from the plan's year on."""
    return sorted({year for target in aims for year in target.years if year >= plan.city.year})


def verdicts(
    plan: Plan, aims: list[Aim], computed: Computed, later: ByYear | None, nonroad: NonRoad | None = None
) -> pl.DataFrame:
    """Return whether each target is met in each scenario (``tables/columns/targets.csv``).

    Without a turnover a scenario is judged with all its measures in place in the plan's year.
    """
    if later is not None:
        states = dict(later.states)
    else:
        states = {
            (fleet.name, plan.city.year): with_machines(year_state(fleet.vehicles, inventory), nonroad)
            for fleet, inventory in computed.states
        }
    yearly = {key: _per_year(state) for key, state in states.items()}
    paths: dict[str, dict[str, dict[int, float]]] = {}
    for target in aims:
        of = paths.setdefault(target.name, {})
        for (scenario, year), frame in yearly.items():
            of.setdefault(scenario, {})[year] = target.of(frame)
    return judged(aims, paths)


def yearly_of(
    plan: Plan, target: Aim, computed: Computed, later: ByYear | None, nonroad: NonRoad | None
) -> dict[int, float]:
    """Return the emission without measures that counts for a target, by year computed."""
    first = computed.states[0]
    if later is None:
        states = {plan.city.year: with_machines(year_state(first[0].vehicles, first[1]), nonroad)}
    else:
        states = {year: state for (scenario, year), state in later.states.items() if scenario == first[0].name}
    return {year: target.of(_per_year(state)) for year, state in states.items()}


def _per_year(state: YearState) -> pl.DataFrame:
    factors = {p.pollutant: DAYS_PER_YEAR * p.per_year_factor for p in pollutants()}
    return state.by_scope.with_columns(
        pl.col(name) * factor for name, factor in factors.items() if name in state.by_scope.columns
    )
