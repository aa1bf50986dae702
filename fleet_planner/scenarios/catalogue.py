"""The packaged measures: which there are, of which kind, and in which order they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import PlanError
from fleet_planner.factors.processes.idling import load_idle_measures
from fleet_planner.factors.stand_ins import STANDARD_ORDER
from fleet_planner.reference import reference_table
from fleet_planner.scenarios.standards import NEWER_STANDARD

if TYPE_CHECKING:
    from fleet_planner.plan.models import ScenarioMeasure

KIND_ORDER = {"standard": 0, "replacement": 1, "retrofit": 2, "fuel": 3}
AGAINST_IDLING = "idling"
BY_TECHNOLOGY = "by_technology"
"""Replacements whose effect follows from the new vehicle's own factors, not from a percentage."""


def measures_table() -> pl.DataFrame:
    """Return the packaged measures."""
    return reference_table("measures.csv").with_columns(
        pl.col("streams", "device", "effect_on", "to_fuel", "to_segment", "to_standard").fill_null(""),
        pl.col("max_sulphur_ppm").cast(pl.Float64),
    )


def rank_of(wanted: ScenarioMeasure) -> tuple[object, ...]:
    """Return what orders measures of one kind, whatever their order in the plan; older standards first."""
    step = STANDARD_ORDER.get(wanted.to_standard, 0)
    since = (wanted.from_model_year or 0, wanted.years_earlier or 0)
    return (wanted.measure, step, since, wanted.streams, wanted.standards, wanted.uptake)


def kind_of(measures: pl.DataFrame, wanted: ScenarioMeasure) -> str:
    """Return the kind of a measure, or refuse a name that none has."""
    if wanted.measure in load_idle_measures():
        return AGAINST_IDLING
    if wanted.measure == NEWER_STANDARD:
        return "standard"
    rows = measures.filter(pl.col("measure_id") == wanted.measure)
    if rows.is_empty():
        known = ", ".join([*measures["measure_id"].unique().sort(), *load_idle_measures(), NEWER_STANDARD])
        raise PlanError(
            "unknown measure",
            f"Known measures: {known}.",
            column="scenario.measure.measure",
            value=wanted.measure,
        )
    return str(rows["kind"][0])
