"""Energy that the electric vehicles of a scenario ask for, by depot and home zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.chargers.demand import Demand, demand_of
from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.factors.processes.electricity import load_electricity_use
from fleet_planner.findings import Finding
from fleet_planner.fleet import load_fleet
from fleet_planner.pipeline.computing.places import tied_to_places
from fleet_planner.scenarios import apply_scenario, measures_table
from fleet_planner.tables import columns
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_planner.fleet import Fleet
    from fleet_planner.pipeline.computing.places import HomePlaces
    from fleet_planner.plan.models import Plan, Scenario

ELECTRICITY = "electricity"
KINDS = {"depot": "depot", "zone": "destination"}
"""Where vehicles of a depot and of a home zone charge."""


def fleet_demand(plan: Plan, base: Path, places: HomePlaces, spots: Mapping[str, tuple[float, float]]) -> Demand:
    """Return the demand of the electric vehicles of ``chargers.scenario``.

    Vehicles with a depot charge there; others in their home zone. Their energy is km a year times kWh per km at the
    plug, spread evenly over the days. The registry is that of the base year; where the plan has a turnover, the uptake
    of each planned year is that of the scenario.

    Raises
    ------
    PlanError
        The scenario is unknown, or no electric vehicle has a place.
    """
    section = plan.chargers
    scenario = _scenario(plan)
    fleet = load_fleet(plan.fleet, base, plan.city, plan.factors.default_load, stream_loads=plan.factors.stream_loads)
    fleet = tied_to_places(fleet, places)
    years = section.years or [plan.city.year]
    parts, findings = [], []
    for year in years:
        rows, lost = _asked(plan, fleet, _of_year(scenario, year), spots)
        parts.append(rows.with_columns(year=pl.lit(year, dtype=pl.Int64)))
        if lost > 0.0:
            findings.append(Finding("chargers.fleet_without_place", "warning", {"year": str(year)}, share=lost))
    table = pl.concat(parts)
    if table.is_empty():
        raise PlanError(
            f"no electric vehicle of the scenario {scenario.name} has a depot or zone of the plan",
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
    found = demand_of(whole, base / plan.fleet.registry, years, plan.city.year, spots)
    told = Finding("chargers.from_fleet", "info", {"scenario": scenario.title, "places": found.size})
    constant = [] if plan.turnover.to_year is not None else [Finding("chargers.fleet_constant", "assumption", {})]
    return Demand(**{**vars(found), "findings": (*found.findings, told, *constant, *findings)})


def _scenario(plan: Plan) -> Scenario:
    name = plan.chargers.scenario
    for scenario in plan.scenario:
        if scenario.name == name:
            return scenario
    known = [s.name for s in plan.scenario]
    raise PlanError("the plan has no such scenario", use_one_of(name, known), column="chargers.scenario", value=name)


def _of_year(scenario: Scenario, year: int) -> Scenario:
    """Return the scenario with the uptake of a year: interpolated between those given, the nearest beyond them."""
    out = []
    for measure in scenario.measure:
        if measure.uptake_by_year:
            given = sorted((int(y), share) for y, share in measure.uptake_by_year.items())
            uptake = float(np.interp(year, [y for y, _ in given], [s for _, s in given]))
            out.append(measure.model_copy(update={"uptake": uptake, "uptake_by_year": {}}))
        else:
            out.append(measure)
    return scenario.model_copy(update={"measure": out})


def _asked(
    plan: Plan, fleet: Fleet, scenario: Scenario, spots: Mapping[str, tuple[float, float]]
) -> tuple[pl.DataFrame, float]:
    """Return kWh a day by place and stream, and the share of the energy of vehicles without a place."""
    after = apply_scenario(
        fleet,
        scenario,
        measures_table(),
        sulphur_ppm=plan.city.diesel_sulphur_ppm,
        country=plan.city.country,
    ).vehicles
    use = load_electricity_use()
    electric = after.filter((pl.col("fuel") == ELECTRICITY) & ~pl.col("visiting"))
    pairs = electric.select("category", "segment").unique()
    per_km = pairs.with_columns(kwh_per_km=pl.Series([_use(use, c, s) for c, s in pairs.iter_rows()], dtype=pl.Float64))
    energy = electric.join(per_km, on=["category", "segment"], how="left", maintain_order="left").with_columns(
        kwh=pl.col("count") * pl.col("km_per_year") * pl.col("kwh_per_km") / DAYS_PER_YEAR,
        depot=_known("depot", spots),
        zone=_known("zone", spots),
    )
    placed = energy.with_columns(
        place=pl.coalesce("depot", "zone"),
        kind=pl.when(pl.col("depot").is_not_null()).then(pl.lit(KINDS["depot"])).otherwise(pl.lit(KINDS["zone"])),
    )
    whole = float(placed["kwh"].sum())
    lost = float(placed.filter(pl.col("place").is_null())["kwh"].sum())
    rows = (
        placed.filter(pl.col("place").is_not_null())
        .group_by("place", "kind", "stream", maintain_order=True)
        .agg(kwh_per_day=pl.col("kwh").sum(), zone=pl.col("zone").first())
        .sort("place", "kind", "stream")
        .with_columns(
            demand_id=pl.concat_str("place", pl.lit(" "), "stream"),
            profile=pl.lit("depot"),
            zone=pl.coalesce("zone", "place"),
        )
    )
    return rows, lost / whole if whole > 0.0 else 0.0


def _known(column: str, spots: Mapping[str, tuple[float, float]]) -> pl.Expr:
    return pl.when(pl.col(column).is_in(list(spots))).then(pl.col(column))


def _use(use: Mapping[tuple[str, str], float], category: str, segment: str) -> float:
    return use.get((category, segment), use.get((category, ""), 0.0))
