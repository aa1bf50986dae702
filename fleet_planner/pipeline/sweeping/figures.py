"""What a task is asked: yearly totals by scenario and year, and what the measures cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import UserError
from fleet_planner.pipeline.costing.scenario_costs import costs_of
from fleet_planner.pipeline.drawing.figures import banded_summary, banded_years, draw
from fleet_planner.pipeline.prepare import prepare
from fleet_planner.pipeline.telling.input_files import input_files
from fleet_planner.pipeline.telling.results import ScenarioResult
from fleet_planner.pipeline.telling.summary import summary_table
from fleet_planner.progress import silent

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

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


def figures_of_plan(plan: Plan, path: Path) -> tuple[pl.DataFrame, tuple[InputFile, ...]]:
    """Return the figures of a plan and the files that were read, without map and report.

    Raises
    ------
    UserError
        Something in the plan or its inputs has to be mended by the user.
    """
    try:
        ready = prepare(plan, path.parent, silent)
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
    drawn = draw(ready, results)
    later = banded_years(ready.later, drawn)
    summary = banded_summary(summary_table(results, ready.nonroad), drawn)
    table = figures(summary, results, plan.city.year, None if later is None else later.table)
    return table, input_files(ready.plan, path, ready.rasters)


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
