"""What a task is asked: yearly totals by scenario and year, what the measures cost, and whether targets are met."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import UserError
from fleet_planner.pipeline.computing.targets import verdicts
from fleet_planner.pipeline.computing.wanted import Wanted
from fleet_planner.pipeline.costing.scenario_costs import costs_of
from fleet_planner.pipeline.drawing.figures import banded_summary, banded_targets, banded_years, draw
from fleet_planner.pipeline.prepare import prepare
from fleet_planner.pipeline.telling.input_files import input_files
from fleet_planner.pipeline.telling.results import ScenarioResult
from fleet_planner.pipeline.telling.summary import summary_table
from fleet_planner.progress import silent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.pipeline.sweeping.tasks import Task
    from fleet_planner.pipeline.telling.results import InputFile
    from fleet_planner.plan.models import Plan

FIGURES = {
    "scenario": pl.String,
    "year": pl.Int64,
    "pollutant": pl.String,
    "unit": pl.String,
    "value_per_year": pl.Float64,
    "base_per_year": pl.Float64,
    "change_pct": pl.Float64,
    "cost_usd2024_per_year": pl.Float64,
    "low_per_year": pl.Float64,
    "high_per_year": pl.Float64,
    "change_low_pct": pl.Float64,
    "change_high_pct": pl.Float64,
}
BANDS = ("low_per_year", "high_per_year", "change_low_pct", "change_high_pct")
"""What only plans with draws have."""
TARGETS = {
    "target": pl.String,
    "title_en": pl.String,
    "title_zh": pl.String,
    "scenario": pl.String,
    "kind": pl.String,
    "year": pl.Int64,
    "pollutant": pl.String,
    "unit": pl.String,
    "base_per_year": pl.Float64,
    "allowed_per_year": pl.Float64,
    "value_per_year": pl.Float64,
    "gap_per_year": pl.Float64,
    "verdict": pl.String,
    "met_probability": pl.Float64,
    "low_per_year": pl.Float64,
    "high_per_year": pl.Float64,
}


@dataclass(frozen=True)
class Found:
    """What a task finds.

    Parameters
    ----------
    figures
        As in ``tables/columns/sweep_results.csv``, without the task.
    targets
        As in ``tables/columns/sweep_targets.csv``, without the task.
    inputs
        Files that were read.
    """

    figures: pl.DataFrame
    targets: pl.DataFrame
    inputs: tuple[InputFile, ...]


def figures_of_task(plan: Plan, task: Task) -> Found:
    """Return what a task finds of its plan, without map and report; only the states that it needs are computed.

    Raises
    ------
    UserError
        Something in the plan or its inputs has to be mended by the user.
    """
    path = task.file
    try:
        ready = prepare(plan, path.parent, silent, wanted=wanted_of(plan, task))
    except UserError as error:
        if error.file is None:
            error.file = path
        raise
    start, first = ready.computed.states[0]
    results = [
        ScenarioResult(
            state,
            inventory,
            costs_of((state, inventory), (start, first) if k else None, ready.run.measures, ready.plan, ready.computed),
        )
        for k, (state, inventory) in enumerate(ready.computed.states)
    ]
    drawn = draw(ready, results, on_links=False)
    later = banded_years(ready.later, drawn)
    summary = banded_summary(summary_table(results, ready.nonroad), drawn)
    table = figures(summary, results, plan.city.year, None if later is None else later.table)
    judged = banded_targets(ready, _judged(ready, task), drawn) if task.judges else pl.DataFrame()
    read = input_files(ready.plan, path, ready.rasters)
    return Found(asked(table, task.scenario, task.years), targets_of(judged, task), read)


def wanted_of(plan: Plan, task: Task) -> Wanted:
    """Return the states that a task needs: those that it reports, and those that its targets are judged by.

    A peak is judged by all years, and a packaged target may bring any year with it.
    """
    years = frozenset(task.years)
    if task.judges and years:
        own = [target.year for target in plan.target]
        between = {int(year) for target in plan.target for year in target.interim}
        known = all(not target.use and not target.peak_before and target.year for target in plan.target)
        years = years.union(between, (year for year in own if year)) if known else frozenset()
    return Wanted(task.scenario, years)


def _judged(ready: Prepared, task: Task) -> pl.DataFrame:
    """Return the verdicts on the scenarios of a task."""
    later = ready.later
    if later is not None and task.scenario:
        later = replace(later, states={key: state for key, state in later.states.items() if key[0] == task.scenario})
    return verdicts(ready.plan, ready.aims, ready.computed, later, ready.nonroad)


def targets_of(judged: pl.DataFrame, task: Task) -> pl.DataFrame:
    """Return the verdicts that a task reports; nothing where it judges none."""
    if judged.is_empty() or not task.judges:
        return pl.DataFrame(schema=TARGETS)
    lacking = [pl.lit(None).alias(name) for name in TARGETS if name not in judged.columns]
    table = judged.with_columns(lacking).select(pl.col(name).cast(kind) for name, kind in TARGETS.items())
    return table.filter(pl.col("scenario") == task.scenario) if task.scenario else table


def figures(
    summary: pl.DataFrame, results: Iterable[ScenarioResult], base_year: int, later: pl.DataFrame | None
) -> pl.DataFrame:
    """Return the figures of a run.

    Parameters
    ----------
    summary
        Totals of the base year, as `summary_table` returns them.
    results
        With the costs of the base year.
    base_year
        Of the plan.
    later
        Totals by year, as `by_year` returns them, where the plan has a turnover.

    Returns
    -------
    pl.DataFrame
        As in ``tables/columns/sweep_results.csv``, without the task; costs of the base year alone.
    """
    costs = pl.DataFrame(
        [(r.fleet.name, float(r.costs["total_usd2024_per_year"].sum())) for r in results],
        schema={"scenario": pl.String, "cost_usd2024_per_year": pl.Float64},
        orient="row",
    )
    now = (
        summary.rename({"baseline_per_year": "base_per_year"})
        .with_columns(year=pl.lit(base_year, dtype=pl.Int64))
        .join(costs, on="scenario", how="left", maintain_order="left")
    )
    parts = [_as_figures(now)]
    if later is not None:
        then = later.filter(pl.col("year") > base_year).with_columns(cost_usd2024_per_year=pl.lit(None))
        parts.append(_as_figures(then))
    return pl.concat(parts)


def _as_figures(table: pl.DataFrame) -> pl.DataFrame:
    lacking = [pl.lit(None).alias(name) for name in BANDS if name not in table.columns]
    return table.with_columns(lacking).select(pl.col(name).cast(kind) for name, kind in FIGURES.items())


def asked(table: pl.DataFrame, scenario: str, years: tuple[int, ...]) -> pl.DataFrame:
    """Return the rows of one scenario and some years; an empty text and no years ask for all."""
    if scenario:
        table = table.filter(pl.col("scenario") == scenario)
    return table.filter(pl.col("year").is_in(list(years))) if years else table
