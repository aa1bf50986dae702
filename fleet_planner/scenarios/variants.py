"""Entries of a plan whose effects are not the table's central ones: an end of the range, or the city's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.scenarios.catalogue import BY_SHARE, ON_TOP
from fleet_planner.scenarios.effects import NAMES, POINTS
from fleet_planner.scenarios.rows import VARIANT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.plan.models import Scenario, ScenarioMeasure

ACTING = ("yes", ON_TOP, BY_SHARE)
OWN = "effect: the plan"


def with_variants(
    ordered: Sequence[ScenarioMeasure], measures: pl.DataFrame, scenario: Scenario
) -> tuple[list[ScenarioMeasure], pl.DataFrame]:
    """Return the entries, those with effects of their own under a name of their own, and the table with these.

    Parameters
    ----------
    ordered
        In the canonical order, so that names do not depend on the order in the plan.
    measures
        From `measures_table`.
    scenario
        For the messages.

    Raises
    ------
    PlanError
        A pollutant is unknown, or the measure's effect is not a percentage.
    """
    entries, tables = [], [measures]
    for place, wanted in enumerate(ordered):
        rows = measures.filter(pl.col("measure_id") == wanted.measure)
        if (wanted.effect == "central" and not wanted.effect_pct) or rows.is_empty():
            entries.append(wanted)
            continue
        name = f"{wanted.measure}{VARIANT}{place}"
        tables.append(_own(_end(rows, wanted.effect), wanted, scenario).with_columns(measure_id=pl.lit(name)))
        entries.append(wanted.model_copy(update={"measure": name}))
    return entries, pl.concat(tables)


def _end(rows: pl.DataFrame, end: str) -> pl.DataFrame:
    """Return the effects at one end of their range; those without a range stay."""
    return rows if end == "central" else rows.with_columns(change_pct=pl.coalesce(end, "change_pct"))


def _own(rows: pl.DataFrame, wanted: ScenarioMeasure, scenario: Scenario) -> pl.DataFrame:
    """Return the effects with those that the plan gives."""
    if not wanted.effect_pct:
        return rows
    place = f"measure {wanted.measure} of scenario {scenario.name}"
    acting = rows.filter(pl.col("modelled").is_in(ACTING) & (pl.col("to_standard") != "zero_emission"))
    share = rows.filter((pl.col("modelled") == BY_SHARE) & (pl.col("pollutant") == "CO2"))
    acting = share if share.height else acting
    if acting.is_empty():
        raise PlanError(
            f"{place} has no percentages of its own: its effect follows from the new vehicle's factors, its parts or "
            "the sulphur of the diesel",
            "Leave effect_pct out.",
            column="scenario.measure.effect_pct",
            value=dict(wanted.effect_pct),
        )
    known = ["CO2"] if share.height else [*NAMES, POINTS]
    for pollutant in wanted.effect_pct:
        if pollutant not in known:
            raise PlanError(
                f"{place} has an effect on an unknown pollutant",
                use_one_of(pollutant, known),
                column="scenario.measure.effect_pct",
                value=pollutant,
            )
    kept = rows.filter(~(pl.col("pollutant").is_in(list(wanted.effect_pct)) & pl.col("modelled").is_in(ACTING)))
    engines = acting["effect_on"].unique().sort()
    first = acting.head(1)
    own = [
        first.with_columns(
            pollutant=pl.lit(pollutant),
            change_pct=pl.lit(change),
            effect_on=pl.lit(engine),
            source=pl.lit(OWN),
            checked=pl.lit("no"),
            low=pl.lit(None, dtype=pl.Float64),
            high=pl.lit(None, dtype=pl.Float64),
        )
        for pollutant, change in sorted(wanted.effect_pct.items())
        for engine in engines
    ]
    return pl.concat([kept, *own])
