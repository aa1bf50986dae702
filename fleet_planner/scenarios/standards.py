"""The measure of a newer standard: vehicles from a model year on meet it with its usual aftertreatment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.factors.stand_ins import STANDARD_ORDER
from fleet_planner.findings import Finding
from fleet_planner.fleet.dates import first_model_years
from fleet_planner.fleet.mapping import with_aftertreatment
from fleet_planner.fleet.vocabulary import hot_keys

if TYPE_CHECKING:
    from fleet_planner.plan.models import Scenario, ScenarioMeasure

NEWER_STANDARD = "newer_standard"
PAIR = ["category", "fuel"]
FILTER_BY_NAME_ONLY = frozenset({"euro_3", "euro_4"})
"""Diesel cars and vans that the guidebook's table calls filtered, with the particles of engines without."""

DIESEL_FUELS = ("diesel", "diesel_hybrid", "biodiesel")


def adopting(wanted: ScenarioMeasure, scenario: Scenario, pairs: pl.DataFrame, country: str) -> pl.DataFrame:
    """Return from which model year on the vehicles of each category and fuel get the standard.

    Parameters
    ----------
    wanted
        Names ``to_standard`` and either ``from_model_year`` or ``years_earlier``.
    pairs
        ``category, fuel`` of the fleet, distinct.
    country
        Whose dates ``years_earlier`` counts from.

    Returns
    -------
    ``category, fuel, from_year`` of those for which factors of the standard are published (and a date is known).

    Raises
    ------
    PlanError
        The standard is unknown, or the country has no date for it.
    """
    if wanted.to_standard not in STANDARD_ORDER:
        raise PlanError(
            f"measure {NEWER_STANDARD} of scenario {scenario.name} names an unknown standard",
            use_one_of(wanted.to_standard, STANDARD_ORDER),
            column="scenario.measure.to_standard",
            value=wanted.to_standard,
        )
    published = hot_keys().filter(pl.col("standard") == wanted.to_standard).select(PAIR).unique()
    covered = pairs.join(published, on=PAIR, how="semi", maintain_order="left")
    if wanted.years_earlier is None:
        return covered.with_columns(from_year=pl.lit(wanted.from_model_year, dtype=pl.Int64))
    dated = first_model_years(covered, wanted.to_standard, country)
    if dated.is_empty():
        raise PlanError(
            f"measure {NEWER_STANDARD} of scenario {scenario.name}: {country} has no date for this standard for "
            "vehicles of the registry, so that it cannot come years earlier",
            "Give from_model_year instead of years_earlier.",
            column="scenario.measure.to_standard",
            value=wanted.to_standard,
        )
    return dated.with_columns(pl.col("from_year") - wanted.years_earlier)


def eligible_rows(state: pl.DataFrame, wanted: ScenarioMeasure, years: pl.DataFrame) -> pl.Series:
    """Return which rows get the standard: local, named, new enough, and of an older standard."""
    from_year = state.select(PAIR).join(years, on=PAIR, how="left", maintain_order="left")["from_year"]
    age = pl.col("standard").replace_strict(STANDARD_ORDER, default=None, return_dtype=pl.Int64)
    which = ~pl.col("visiting") & (age < STANDARD_ORDER[wanted.to_standard])
    if wanted.streams:
        which &= pl.col("stream").is_in(wanted.streams)
    if wanted.standards:
        which &= pl.col("standard").is_in(wanted.standards)
    reached = state.select((which & (pl.col("model_year") >= from_year)).fill_null(value=False).alias("eligible"))
    return reached["eligible"]


def renewed(rows: pl.DataFrame, standard: str) -> pl.DataFrame:
    """Return vehicles as built to the standard: retrofits of the registry are not on them."""
    bare = rows.with_columns(
        standard=pl.lit(standard),
        aftertreatment=pl.lit(None, dtype=pl.String),
        m_standard=pl.lit(NEWER_STANDARD),
        fitted=pl.lit(""),
    )
    return with_aftertreatment(bare).with_columns(found=pl.col("aftertreatment")).select(rows.columns)


def check_standard_sulphur(
    rows: pl.DataFrame, standard: str, measures: pl.DataFrame, sulphur_ppm: float, scenario: Scenario
) -> None:
    """Refuse a standard whose diesel vehicles have devices that do not stand the sulphur of the diesel.

    The limits are those of the retrofits that bring the same devices; the strictest where several do.

    Raises
    ------
    PlanError
        With the device and its limit.
    """
    fitted = measures.filter((pl.col("kind") == "retrofit") & pl.col("max_sulphur_ppm").is_not_null())
    limits = dict(fitted.group_by("device").agg(pl.col("max_sulphur_ppm").min()).iter_rows())
    if standard in FILTER_BY_NAME_ONLY:
        return
    for whole in rows.filter(pl.col("fuel").is_in(DIESEL_FUELS))["aftertreatment"].unique().sort():
        parts = [whole] if whole in limits else [d for d in whole.split("+") if d in limits]
        if not parts:
            continue
        device = min(parts, key=lambda d: float(limits[d]))
        if sulphur_ppm > limits[device]:
            raise PlanError(
                f"measure {NEWER_STANDARD} of scenario {scenario.name}: diesel vehicles of {standard} have {whole}, "
                f"which needs diesel of at most {limits[device]:g} ppm sulphur: more would poison it",
                "Bring cleaner diesel first, name an older standard, or correct city.diesel_sulphur_ppm.",
                column="city.diesel_sulphur_ppm",
                value=sulphur_ppm,
            )


def steps_taken(before: pl.DataFrame, standard: str) -> pl.DataFrame:
    """Return ``category, standard, to_standard, vehicles`` of the diesel vehicles that get a standard."""
    return (
        before.filter(pl.col("fuel").is_in(DIESEL_FUELS))
        .group_by("category", "standard")
        .agg(pl.col("count").sum().cast(pl.Float64).alias("vehicles"))
        .sort("category", "standard")
        .select("category", "standard", pl.lit(standard).alias("to_standard"), "vehicles")
    )


def same_factor_findings(steps: pl.DataFrame, scenario: Scenario) -> list[Finding]:
    """Say that the step from Euro VI A to C to Euro VI D/E changes no published factor."""
    same = (pl.col("standard") == "euro_VI_abc") & (pl.col("to_standard") == "euro_VI_de")
    count = float(steps.filter(same)["vehicles"].sum())
    return [Finding("scenario.same_factors", "warning", {"scenario": scenario.title}, round(count))] if count else []


def adoption_finding(rows: pl.DataFrame, wanted: ScenarioMeasure, scenario: Scenario, years: pl.DataFrame) -> Finding:
    """Say how many vehicles get the standard, from which model years on."""
    since = ", ".join(str(y) for y in years["from_year"].unique().sort())
    values = {"scenario": scenario.title, "standard": wanted.to_standard, "years": since or "-"}
    return Finding("scenario.newer_standard", "assumption", values, round(rows["count"].sum()))
