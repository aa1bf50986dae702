"""Yearly totals of the scenarios, and what the terrain does to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from fleet_planner.inventory import Inventory
    from fleet_planner.nonroad import NonRoad
    from fleet_planner.pipeline.telling.results import ScenarioResult


def summary_table(results: list[ScenarioResult], nonroad: NonRoad | None = None) -> pl.DataFrame:
    """Return the yearly totals of the roads and of the machines beside them (``tables/columns/summary.csv``)."""
    specs = {p.pollutant: p for p in pollutants()}
    rows = []
    base: dict[str, float] = {}
    for result in results:
        totals = result.inventory.totals()
        for p, name in enumerate(result.inventory.pollutants):
            factor = DAYS_PER_YEAR * specs[name].per_year_factor
            machines = 0.0 if nonroad is None else nonroad.total(name) * factor
            value = float(totals[p]) * factor + machines
            before = base.setdefault(name, value)
            change = 100.0 * (value / before - 1.0) if before else None
            rows.append((result.fleet.name, name, specs[name].unit_per_year, value, before, change, machines))
    schema = {
        "scenario": pl.String,
        "pollutant": pl.String,
        "unit": pl.String,
        "value_per_year": pl.Float64,
        "baseline_per_year": pl.Float64,
        "change_pct": pl.Float64,
        "non_road_per_year": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def terrain_table(graded: Inventory, flat: Inventory | None) -> pl.DataFrame:
    """Return what the roads' grades do to the baseline's yearly totals; no rows where all roads are level.

    Returns
    -------
    pl.DataFrame
        ``pollutant, unit, value_per_year, flat_per_year, change_pct``.
    """
    rows = []
    if flat is not None:
        with_grade_per_day, flat_per_day = graded.totals(), flat.totals()
        for p, spec in enumerate(pollutants()):
            if flat_per_day[p] > 0.0:
                factor = DAYS_PER_YEAR * spec.per_year_factor
                value, level = float(with_grade_per_day[p]) * factor, float(flat_per_day[p]) * factor
                rows.append((spec.pollutant, spec.unit_per_year, value, level, 100.0 * (value / level - 1.0)))
    schema = dict.fromkeys(("pollutant", "unit"), pl.String) | dict.fromkeys(
        ("value_per_year", "flat_per_year", "change_pct"), pl.Float64
    )
    return pl.DataFrame(rows, schema=schema, orient="row")
