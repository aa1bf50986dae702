"""Apply the measures of a scenario to a fleet, in the canonical order of effects.

Technology change (newer standard, replacement, then retrofit), then the fuel's effect looked up for the *resulting*
aftertreatment, then tyres and aerodynamics on the tractive energy. The order in which a plan names its measures
therefore never matters, and a filter plus a clean fuel is not the product of the two effects on an engine without a
filter.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.findings import Finding
from fleet_planner.scenarios.against_idling import idling_finding, stop_idling
from fleet_planner.scenarios.catalogue import AGAINST_IDLING, KIND_ORDER, kind_of, measures_table, rank_of
from fleet_planner.scenarios.checks import check_measures, cleanest_ppm
from fleet_planner.scenarios.effects import multipliers
from fleet_planner.scenarios.model import ScenarioFleet, no_adoption
from fleet_planner.scenarios.names import check_names
from fleet_planner.scenarios.phase import Step, all_at_once
from fleet_planner.scenarios.rows import STATE, joined_rows, listed_measures, split_rows, untouched_rows
from fleet_planner.scenarios.standards import (
    adopting,
    adoption_finding,
    check_standard_sulphur,
    eligible_rows,
    renewed,
    same_factor_findings,
    steps_taken,
)
from fleet_planner.scenarios.told import count_units, unchecked, units_frame
from fleet_planner.scenarios.treat import treat
from fleet_planner.scenarios.variants import with_variants

if TYPE_CHECKING:
    from fleet_planner.fleet.model import Fleet
    from fleet_planner.plan.models import Scenario, ScenarioMeasure
    from fleet_planner.scenarios.phase import Picker
    from fleet_planner.scenarios.rows import Chosen


def baseline(fleet: Fleet) -> ScenarioFleet:
    """Return the fleet as it is."""
    state = untouched_rows(fleet)
    effects = multipliers(state, measures_table())
    vehicles = state.drop(STATE).with_columns(measures=pl.lit(""))
    return ScenarioFleet("baseline", "Baseline", "基准情景", vehicles, effects, units_frame([]), fleet.findings)


def apply_scenario(
    fleet: Fleet,
    scenario: Scenario,
    measures: pl.DataFrame,
    *,
    sulphur_ppm: float,
    failures_left: float = 1.0,
    country: str = "",
    pick: Picker = all_at_once,
) -> ScenarioFleet:
    """Apply a scenario.

    Parameters
    ----------
    fleet
        The baseline.
    scenario
        From the plan.
    measures
        From `measures_table`.
    sulphur_ppm
        Sulphur of the diesel sold in the city; a filter on fuel above its limit is refused.
    failures_left
        Share of failing devices that an inspection does not mend.
    country
        Whose dates of standards a standard that comes years earlier is counted from.
    pick
        Chooses who is treated; by default the whole uptake at once.

    Raises
    ------
    PlanError
        A measure, stream or standard is unknown, or the scenario asks what `checks` refuses.
    """
    state = untouched_rows(fleet, sulphur_ppm)
    findings = check_names(fleet, scenario)
    order = KIND_ORDER | {AGAINST_IDLING: len(KIND_ORDER)}
    ordered = sorted(scenario.measure, key=lambda m: (order[kind_of(measures, m)], *rank_of(m)))
    check_measures(fleet, scenario, measures, sulphur_ppm)
    entries, table = with_variants(ordered, measures, scenario)
    adopted = [no_adoption()]
    for place, (original, wanted) in enumerate(zip(ordered, entries, strict=True)):
        kind = kind_of(measures, original)
        chosen = partial(pick, step=Step(original, place, kind))
        if kind == "standard":
            state, new, steps, told = _adopt(state, wanted, scenario, country, chosen)
            cleanest = cleanest_ppm(scenario, measures, sulphur_ppm)
            check_standard_sulphur(new, wanted.to_standard, measures, cleanest, scenario)
            findings.append(told)
            findings += same_factor_findings(steps, scenario)
            adopted.append(steps)
        elif kind == AGAINST_IDLING:
            state = stop_idling(state, wanted, chosen)
            findings.append(idling_finding(wanted, scenario))
        else:
            state, more = treat(state, wanted, table, scenario, failures_left, chosen)
            findings += more
    if fleet.vehicles["visiting"].any() and scenario.measure:
        findings.append(Finding("scenario.visiting_untreated", "assumption", {"scenario": scenario.title}))
    effects = multipliers(state, table, sulphur_ppm)
    vehicles = state.with_columns(measures=listed_measures()).drop(STATE)
    return ScenarioFleet(
        scenario.name,
        scenario.title,
        scenario.title_zh or scenario.title,
        vehicles,
        effects,
        count_units(vehicles),
        (*findings, *unchecked(scenario, measures)),
        pl.concat(adopted),
    )


def _adopt(
    state: pl.DataFrame, wanted: ScenarioMeasure, scenario: Scenario, country: str, chosen: Chosen
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, Finding]:
    """Give vehicles from a model year on a newer standard; return also those that got it, their steps, what to tell."""
    pairs = state.select("category", "fuel").unique().sort("category", "fuel")
    years = adopting(wanted, scenario, pairs, country)
    marked = state.with_columns(eligible=eligible_rows(state, wanted, years))
    untouched, changed = split_rows(marked, pl.col("eligible"), chosen)
    renewed_rows = renewed(changed.drop("eligible"), wanted.to_standard)
    told = adoption_finding(renewed_rows, wanted, scenario, years)
    steps = steps_taken(changed, wanted.to_standard)
    return joined_rows(untouched.drop("eligible"), renewed_rows), renewed_rows, steps, told
