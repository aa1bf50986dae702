"""Energy that the electric vehicles of a scenario ask for, by depot and home zone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.chargers.demand import Demand, demand_of
from fleet_planner.errors import PlanError
from fleet_planner.findings import Finding
from fleet_planner.pipeline.siting.electric_fleet import electric_fleet
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fleet_planner.pipeline.computing.places import HomePlaces
    from fleet_planner.plan.models import Plan

KINDS = {"depot": "depot", "zone": "destination"}
"""Where vehicles of a depot and of a home zone charge."""


def fleet_demand(plan: Plan, base: Path, places: HomePlaces, spots: Mapping[str, tuple[float, float]]) -> Demand:
    """Return the demand of the electric vehicles of ``chargers.scenario``.

    Vehicles with a depot charge there; others in their home zone. Their energy is km a year times kWh per km at the
    plug, spread evenly over the days, in each planned year that of the year's electric vehicles (`electric_fleet`).

    Raises
    ------
    PlanError
        The scenario is unknown, a planned year is none of the turnover, or no electric vehicle has a place.
    """
    fleet = electric_fleet(plan, base, places, spots)
    rows = fleet.rows.with_columns(place=pl.coalesce("depot", "zone"))
    table = _at_home(rows.filter(pl.col("place").is_not_null()), fleet.years)
    if table.is_empty():
        raise PlanError(
            f"no electric vehicle of the scenario {plan.chargers.scenario} has a depot or zone of the plan",
            "Set places.depots or places.zones and name them in the registry, or give chargers.demand.",
            column="chargers.scenario",
        )
    kinds = {"text": pl.String(), "number": pl.Float64(), "integer": pl.Int64()}
    missing = [
        pl.lit(None, dtype=kinds[s.type]).alias(s.column)
        for s in columns("charging_demand")
        if s.column not in table.columns
    ]
    whole = table.with_columns(missing).with_columns(row=pl.int_range(2, pl.len() + 2, dtype=pl.Int64))
    found = demand_of(whole, base / plan.fleet.registry, fleet.years, plan.city.year, spots)
    title = next(s.title for s in plan.scenario if s.name == plan.chargers.scenario)
    told = Finding("chargers.from_fleet", "info", {"scenario": title, "places": found.size})
    return replace(found, findings=(*found.findings, told, *fleet.findings, *_placeless(rows)))


def _at_home(rows: pl.DataFrame, years: Sequence[int]) -> pl.DataFrame:
    """Return kWh a day by place, stream and year; a place that has none in a year has 0."""
    kind = pl.when(pl.col("depot").is_not_null()).then(pl.lit(KINDS["depot"])).otherwise(pl.lit(KINDS["zone"]))
    summed = (
        rows.with_columns(kind=kind)
        .group_by("place", "kind", "stream", "year", maintain_order=True)
        .agg(kwh_per_day=pl.col("kwh_per_day").sum(), zone=pl.col("zone").first())
    )
    heads = summed.unique(["place", "kind", "stream"], keep="first", maintain_order=True).drop("year", "kwh_per_day")
    grid = heads.join(pl.DataFrame({"year": list(years)}), how="cross")
    return (
        grid.join(summed.drop("zone"), on=["place", "kind", "stream", "year"], how="left", maintain_order="left")
        .sort("place", "kind", "stream", "year")
        .with_columns(
            kwh_per_day=pl.col("kwh_per_day").fill_null(0.0),
            demand_id=pl.concat_str("place", pl.lit(" "), "stream"),
            profile=pl.lit("depot"),
            zone=pl.coalesce("zone", "place"),
        )
    )


def _placeless(rows: pl.DataFrame) -> list[Finding]:
    """Return by year the share of the energy of vehicles without a place."""
    out = []
    for (year,), own in rows.group_by("year", maintain_order=True):
        whole = float(own["kwh_per_day"].sum())
        lost = float(own.filter(pl.col("place").is_null())["kwh_per_day"].sum())
        if lost > 0.0:
            told: dict[str, str | int | float] = {"year": str(year)}
            out.append(Finding("chargers.fleet_without_place", "warning", told, share=lost / whole))
    return out
