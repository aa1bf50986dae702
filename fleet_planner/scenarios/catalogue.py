"""The packaged measures: which there are, of which kind, which exclude each other, and in which order they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.factors.processes.idling import load_idle_measures
from fleet_planner.factors.stand_ins import STANDARD_ORDER
from fleet_planner.reference import reference_table
from fleet_planner.scenarios.standards import NEWER_STANDARD

if TYPE_CHECKING:
    from fleet_planner.plan.models import ScenarioMeasure

REPLACEMENT, PACKAGE, RETROFIT, FUEL, SULPHUR = "replacement", "package", "retrofit", "fuel", "sulphur"
RUNNING_GEAR = "running_gear"
KIND_ORDER = {"standard": 0, SULPHUR: 1, REPLACEMENT: 2, PACKAGE: 2, RETROFIT: 3, FUEL: 4, RUNNING_GEAR: 5}
"""Which vehicles a measure reaches is settled in this order: cleaner diesel comes before filters that need it."""

RETROFIT_SLOTS = ("retrofit", "engine", "crankcase")
GEAR_SLOTS = ("tyres", "aero")
SLOTS = ("standard", REPLACEMENT, *RETROFIT_SLOTS, FUEL, SULPHUR, *GEAR_SLOTS)
"""Places on a vehicle, in the canonical order of effects; measures of one place exclude each other."""

AGAINST_IDLING = "idling"
BY_TECHNOLOGY = "by_technology"
"""Replacements whose effect follows from the new vehicle's own factors, not from a percentage."""

ON_TOP = "on_top"
"""Replacements whose percentages act on the factors that stand in for the new vehicle's."""

BY_SHARE = "by_share"
"""Replacements that drive a share of their kilometres on electricity."""

BY_SULPHUR = "by_sulphur"
"""Start of the words for an effect that follows from the sulphur before and after."""

TEXTS = (
    *("streams", "device", "not_with", "to_fuel", "to_segment", "to_standard", "to_aftertreatment"),
    *("plant_fuel", "alternative_of", "parts", "pollutant"),
)


def measures_table() -> pl.DataFrame:
    """Return the packaged measures."""
    return reference_table("measures.csv").with_columns(
        pl.col(TEXTS).fill_null(""),
        pl.col("effect_on").fill_null("any"),
        pl.col(
            "max_sulphur_ppm", "to_sulphur_ppm", "change_pct", "low", "high", "capex", "opex_per_year", "life_years"
        ).cast(pl.Float64),
        pl.col("fuel_penalty_pct").cast(pl.Float64),
    )


def parts_of(first: dict[str, str]) -> list[str]:
    """Return the measures that a package is made of; of another measure itself."""
    return first["parts"].split("|") if first["parts"] else [first["measure_id"]]


def slots_of(measures: pl.DataFrame, measure: str) -> set[str]:
    """Return the places on a vehicle that a measure takes."""
    first = measures.filter(pl.col("measure_id") == measure).row(0, named=True)
    parts = measures.filter(pl.col("measure_id").is_in(parts_of(first)))
    return set(parts["slot"])


def rank_of(wanted: ScenarioMeasure) -> tuple[object, ...]:
    """Return what orders measures of one kind, whatever their order in the plan; older standards first."""
    step = STANDARD_ORDER.get(wanted.to_standard, 0)
    since = (wanted.from_model_year or 0, wanted.years_earlier or 0)
    words = (sorted(wanted.streams), sorted(wanted.standards))
    shares = (wanted.uptake, sorted(wanted.uptake_by_year.items()), wanted.max_per_year or 0.0, wanted.failed_share)
    return (wanted.measure, step, since, *words, *shares, wanted.effect, sorted(wanted.effect_pct.items()))


def kind_of(measures: pl.DataFrame, wanted: ScenarioMeasure) -> str:
    """Return the kind of a measure, or refuse a name that none has."""
    if wanted.measure in load_idle_measures():
        return AGAINST_IDLING
    if wanted.measure == NEWER_STANDARD:
        return "standard"
    rows = measures.filter(pl.col("measure_id") == wanted.measure)
    if rows.is_empty():
        known = [*measures["measure_id"].unique().sort(), *load_idle_measures(), NEWER_STANDARD]
        raise PlanError(
            "unknown measure",
            f"{use_one_of(wanted.measure, known)} `fleet-planner measures list` shows them all.",
            column="scenario.measure.measure",
            value=wanted.measure,
        )
    return str(rows["kind"][0])
