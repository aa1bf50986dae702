"""Measures against idling: they act on the hours beside the road."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.factors.processes.idling import WITHOUT_ENGINE
from fleet_planner.findings import Finding
from fleet_planner.scenarios.rows import joined_rows, split_rows

if TYPE_CHECKING:
    from fleet_planner.plan.models import Scenario, ScenarioMeasure
    from fleet_planner.scenarios.rows import Chosen


def stop_idling(state: pl.DataFrame, wanted: ScenarioMeasure, chosen: Chosen) -> pl.DataFrame:
    """Mark the vehicles that a measure against idling reaches; it acts on their hours of idling."""
    eligible = ~pl.col("visiting") & ~pl.col("fuel").is_in(WITHOUT_ENGINE)
    eligible &= ~pl.col("idle_measures").str.split(",").list.contains(wanted.measure)
    if wanted.streams:
        eligible &= pl.col("stream").is_in(wanted.streams)
    if wanted.standards:
        eligible &= pl.col("standard").is_in(wanted.standards)
    untouched, changed = split_rows(state, eligible, chosen)
    listed = pl.concat_str("idle_measures", pl.lit(wanted.measure), separator=",").str.strip_chars(",")
    return joined_rows(untouched, changed.with_columns(idle_measures=listed))


def idling_finding(wanted: ScenarioMeasure, scenario: Scenario) -> Finding:
    """Say that a measure against idling rests on assumed hours."""
    values = {"scenario": scenario.title, "measure": wanted.measure}
    return Finding("scenario.idling_measure", "assumption", values)
