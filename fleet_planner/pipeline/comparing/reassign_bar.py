"""Reassignment as a bar of the abatement curves: what sorting the vehicles there are avoids before any is bought."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.findings import Finding
from fleet_planner.scenarios.operation.reassign import REASSIGN

if TYPE_CHECKING:
    from fleet_planner.pipeline.comparing.comparison import Comparison

PARTS = {"NOx": ("NOx",), "PM2.5": ("PM_exhaust", "PM2.5_non_exhaust"), "SO2": ("SO2",), "NMVOC": ("NMVOC",)}
"""Curves that get a bar, and what is added up for each."""

LEAST_T = 1e-6


def with_reassignment(comparison: Comparison | None, effects: pl.DataFrame) -> Comparison | None:
    """Return the comparison with a bar of the first scenario that reassigns vehicles in each curve of tonnes.

    The other bars are of all vehicles as they drive without it; what they avoid where clean vehicles went already is a
    little less, which the finding says.

    Parameters
    ----------
    comparison
        Of the run; nothing where it has none.
    effects
        ``tables/columns/operation_effects.csv``.
    """
    if comparison is None or effects.is_empty():
        return comparison
    mine = effects.filter(pl.col("measure_id") == REASSIGN)
    if mine.is_empty():
        return comparison
    scenario = str(mine["scenario"][0])
    mine = mine.filter(pl.col("scenario") == scenario)
    bars = [row for name, parts in PARTS.items() if (row := _bar(name, mine.filter(pl.col("pollutant").is_in(parts))))]
    if not bars:
        return comparison
    columns = comparison.abatement.columns
    added = pl.DataFrame(bars, schema_overrides={"avoided_per_year": pl.Float64}).with_columns(
        pl.lit("").alias(c) for c in ("stream", "category", "fuel", "segment", "standard", "aftertreatment")
    )
    whole = pl.concat([added, comparison.abatement.select(columns[:-2])], how="diagonal_relaxed")
    order = {name: k for k, name in enumerate(comparison.abatement["pollutant"].unique(maintain_order=True))}
    place = pl.col("pollutant").replace_strict(order, default=len(order), return_dtype=pl.Int64)
    curves = whole.sort(place, "usd_per_unit", maintain_order=True).with_columns(
        pl.col("avoided_per_year").cum_sum().over("pollutant").alias("cumulative_avoided_per_year"),
        pl.col("cost_usd_per_year").cum_sum().over("pollutant").alias("cumulative_cost_usd_per_year"),
    )
    told = Finding("operation.reassign_bar", "info", {"scenario": scenario})
    return replace(comparison, abatement=curves.select(columns), findings=(*comparison.findings, told))


def _bar(pollutant: str, rows: pl.DataFrame) -> dict[str, str | float] | None:
    avoided = -float(rows["net_change_per_year"].sum())
    if rows.is_empty() or avoided <= LEAST_T:
        return None
    steps = rows.unique("step")["cost_usd2024_per_year"]
    cost = float(steps.sum())
    bar: dict[str, str | float] = {"pollutant": pollutant, "from_option": "", "option": REASSIGN}
    return bar | {"avoided_per_year": avoided, "cost_usd_per_year": cost, "usd_per_unit": cost / avoided}
