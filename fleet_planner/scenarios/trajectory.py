"""A scenario year by year: each year's measures on that year's fleet, with what earlier years reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.findings import Finding
from fleet_planner.scenarios.phase import Reached, Standing, YearOf

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from fleet_planner.fleet.model import Fleet
    from fleet_planner.plan.models import Scenario
    from fleet_planner.scenarios.model import ScenarioFleet
    from fleet_planner.scenarios.phase import Picker

REACHED = {
    "scenario": pl.String,
    "year": pl.Int64,
    "measure_id": pl.String,
    "place": pl.Int64,
    "eligible": pl.Float64,
    "wanted": pl.Float64,
    "vehicles": pl.Float64,
    "new_vehicles": pl.Float64,
}
OF_STREAM = {
    "scenario": pl.String,
    "year": pl.Int64,
    "measure_id": pl.String,
    "stream": pl.String,
    "vehicles": pl.Float64,
    "new_vehicles": pl.Float64,
}
SHORT = 0.5
"""Fewer vehicles than this are no shortage, but rounding."""


@dataclass(frozen=True)
class Trajectory:
    """A scenario over the years.

    Parameters
    ----------
    states
        Fleet after measures, of the years that were kept.
    reached
        By year and measure: ``scenario, year, measure_id, place`` (in the canonical order), ``eligible, wanted,
        vehicles, new_vehicles``.
    of_stream
        The last two by year, measure and stream: ``scenario, year, measure_id, stream, vehicles, new_vehicles``.
    """

    states: Mapping[int, ScenarioFleet]
    reached: pl.DataFrame
    of_stream: pl.DataFrame


def walk(
    scenario: Scenario,
    fleet_of: Callable[[int], Fleet],
    years: Iterable[int],
    kept: Collection[int],
    applied: Callable[[Fleet, Picker], ScenarioFleet],
    life_years: Mapping[str, float],
    not_before: Mapping[str, int] | None = None,
) -> Trajectory:
    """Apply a scenario to every year after the base year, in order.

    Parameters
    ----------
    scenario
        From the plan.
    fleet_of
        The fleet of a year without measures.
    years
        Without a gap, the first is the one after the base year.
    kept
        Years whose fleets are returned.
    applied
        Applies the scenario with a way to pick the vehicles.
    life_years
        How long what replaces a vehicle lasts, by measure.
    not_before
        First year in which vehicles can get a measure, by measure.
    """
    before: dict[int, Standing] = {}
    states, rows, of_stream = {}, [], []
    for year in years:
        pick = YearOf(year, before, life_years, not_before)
        state = applied(fleet_of(year), pick)
        before = pick.after
        rows += [_row(scenario.name, year, found) for found in pick.reached]
        of_stream += [
            (scenario.name, year, found.measure_id, stream, *numbers)
            for found in pick.reached
            for stream, numbers in found.of_stream.items()
        ]
        if year in kept:
            states[year] = state
    return Trajectory(
        states,
        pl.DataFrame(rows, schema=REACHED, orient="row"),
        pl.DataFrame(of_stream, schema=OF_STREAM, orient="row"),
    )


def _row(name: str, year: int, found: Reached) -> tuple[object, ...]:
    numbers = (found.eligible, found.wanted, found.vehicles, found.new)
    return (name, year, found.measure_id, found.place, *numbers)


def trajectory_findings(scenario: Scenario, reached: pl.DataFrame) -> list[Finding]:
    """Say which measures come at once for lack of years, and where supply falls short of what the plan wants."""
    out = []
    at_once = sorted({m.measure for m in scenario.measure if not m.uptake_by_year})
    if at_once:
        values = {"scenario": scenario.title, "measures": ", ".join(at_once)}
        out.append(Finding("scenario.at_once", "assumption", values))
    lack = reached.with_columns(lack=pl.col("wanted") - pl.col("vehicles")).filter(pl.col("lack") > SHORT)
    for (measure,), rows in lack.group_by("measure_id", maintain_order=True):
        worst = rows.sort("lack", descending=True).row(0, named=True)
        years = rows["year"].sort()
        values = {"scenario": scenario.title, "measure": str(measure), "worst": str(worst["year"])}
        values |= {"first": str(years[0]), "last": str(years[-1])}
        out.append(Finding("scenario.supply_short", "warning", values, round(worst["lack"])))
    return out
