"""Electric vehicles of a scenario in the planned years: where they belong, how far they drive, what they use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.factors.processes.electricity import load_electricity_use
from fleet_planner.findings import Finding
from fleet_planner.fleet import load_fleet
from fleet_planner.fleet.turnover import project_fleet
from fleet_planner.pipeline.computing.by_year import evaluated_years, own_projection, waiting_for_grid
from fleet_planner.pipeline.computing.places import tied_to_places
from fleet_planner.scenarios import all_at_once, apply_scenario, baseline, measures_table, walk
from fleet_planner.scenarios.phase import POOLED, uptake_of
from fleet_planner.scenarios.trajectory import trajectory_findings
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fleet_planner.fleet import Fleet
    from fleet_planner.pipeline.computing.places import HomePlaces
    from fleet_planner.plan.models import Plan, Scenario
    from fleet_planner.scenarios import ScenarioFleet
    from fleet_planner.scenarios.phase import Picker

ELECTRICITY = "electricity"
HOME = ("depot", "zone")
KEPT = ("stream", "category", "segment", "count", "km_per_year", "share_inside")


@dataclass(frozen=True)
class ElectricFleet:
    """Electric vehicles by planned year.

    Parameters
    ----------
    rows
        ``year, stream, category, count, km_per_year, share_inside, kwh_per_km, kwh_per_day, depot, zone``: a row per
        kind of vehicle and home, ``depot`` and ``zone`` null where the plan knows none; ``kwh_per_day`` is at the
        plug, of the row, on the average day of the year.
    base
        Vehicles of the base year.
    years
        That are planned.
    findings
        What was assumed.
    """

    rows: pl.DataFrame
    base: Fleet
    years: tuple[int, ...]
    findings: tuple[Finding, ...]


def electric_fleet(
    plan: Plan, base: Path, places: HomePlaces, known: Mapping[str, tuple[float, float]]
) -> ElectricFleet:
    """Return the electric vehicles of ``chargers.scenario`` in the planned years.

    With a turnover they are those of its fleet after the measures of each year; without, those of the base year's fleet
    with the uptake of the year.

    Parameters
    ----------
    plan, base
        The plan and its folder.
    places
        Zones and depots that vehicles are tied to.
    known
        Points of the zones and depots by name.

    Raises
    ------
    PlanError
        The scenario is unknown, or a planned year is none that the fleet is carried to.
    """
    scenario = _scenario(plan)
    fleet = vehicles_of(plan, base, places)
    if plan.turnover.to_year is None:
        years = tuple(plan.chargers.years or [plan.city.year])
        states = {year: _applied(plan, fleet, _of_year(scenario, year)) for year in years}
        parts = [_energy(plan, states[year].vehicles, year) for year in years]
        findings = [Finding("chargers.fleet_constant", "assumption", {})]
    else:
        years = _years(plan)
        states, findings = _by_turnover(plan, scenario, fleet, base, years)
        homes = _homes(fleet.vehicles)
        # the base year's vehicles know their homes; later fleets are groups of vehicles of a kind
        parts = [
            part if year == plan.city.year else _dealt(part, homes)
            for year, part in ((year, _energy(plan, states[year].vehicles, year)) for year in years)
        ]
        if any(year > plan.city.year for year in years):
            findings.append(Finding("chargers.fleet_dealt", "assumption", {"base": str(plan.city.year)}))
    rows = pl.concat(parts).with_columns(
        pl.when(pl.col(name).is_in(list(known))).then(pl.col(name)).alias(name) for name in HOME
    )
    keys = ["year", "stream", "category", "km_per_year", "share_inside", "kwh_per_km", *HOME]
    summed = rows.group_by(keys, maintain_order=True).agg(pl.col("count", "kwh_per_day").sum())
    return ElectricFleet(summed, fleet, years, tuple(findings))


def vehicles_of(plan: Plan, base: Path, places: HomePlaces) -> Fleet:
    """Return the fleet of the base year, tied to the zones and depots of the plan."""
    fleet = load_fleet(plan.fleet, base, plan.city, plan.factors.default_load, stream_loads=plan.factors.stream_loads)
    return tied_to_places(fleet, places)


def _scenario(plan: Plan) -> Scenario:
    name = plan.chargers.scenario
    for scenario in plan.scenario:
        if scenario.name == name:
            return scenario
    known = [s.name for s in plan.scenario]
    raise PlanError("the plan has no such scenario", use_one_of(name, known), column="chargers.scenario", value=name)


def _years(plan: Plan) -> tuple[int, ...]:
    """Return the planned years: those of the plan, else those whose emissions a run computes, but for the base year."""
    section, turnover = plan.chargers, plan.turnover
    assert turnover.to_year is not None
    years = section.years or [y for y in evaluated_years(turnover, plan.city.year) if y > plan.city.year]
    for year in years:
        if not plan.city.year <= year <= turnover.to_year:
            raise PlanError(
                f"the fleet is carried from {plan.city.year} to {turnover.to_year}",
                "Set turnover.to_year to the last of chargers.years, and plan no year before city.year.",
                column="chargers.years",
                value=year,
            )
    return tuple(years)


def _of_year(scenario: Scenario, year: int) -> Scenario:
    """Return the scenario with the uptake of a year as that of its measures."""
    measures = [
        m.model_copy(update={"uptake": uptake_of(m, year), "uptake_by_year": {}}) if m.uptake_by_year else m
        for m in scenario.measure
    ]
    return scenario.model_copy(update={"measure": measures})


def _applied(plan: Plan, fleet: Fleet, scenario: Scenario, pick: Picker = all_at_once) -> ScenarioFleet:
    city = plan.city
    return apply_scenario(
        fleet, scenario, measures_table(), sulphur_ppm=city.diesel_sulphur_ppm, country=city.country, pick=pick
    )


def _by_turnover(
    plan: Plan, scenario: Scenario, fleet: Fleet, base: Path, years: Sequence[int]
) -> tuple[dict[int, ScenarioFleet], list[Finding]]:
    """Return the fleets of the years after the scenario's measures; that of the base year is as it was given."""
    shared = project_fleet(fleet, plan.turnover, plan.city, base)
    projection = own_projection(plan, scenario, shared, fleet, base)
    measures = measures_table()
    lives = measures.filter(pl.col("kind").is_in(POOLED)).select("measure_id", "life_years").unique()
    life_years = {name: float(life) for name, life in lives.iter_rows()}
    span = range(plan.city.year + 1, max(years) + 1)
    path = walk(
        scenario,
        projection.fleet,
        span,
        years,
        lambda of_year, pick: _applied(plan, of_year, scenario, pick),
        life_years,
        waiting_for_grid(plan, measures),
    )
    states = dict(path.states)
    if plan.city.year in years:
        states[plan.city.year] = baseline(fleet)
    return states, [*projection.findings, *trajectory_findings(scenario, path.reached)]


def _energy(plan: Plan, vehicles: pl.DataFrame, year: int) -> pl.DataFrame:
    """Return the local electric vehicles with what they use: km a year times kWh per km, spread over the days."""
    use, own = load_electricity_use(), plan.chargers.day.kwh_per_km
    electric = vehicles.filter(
        (pl.col("fuel") == ELECTRICITY) & ~pl.col("visiting") & (pl.col("count") > 0.0) & (pl.col("km_per_year") > 0.0)
    ).select(*KEPT, *HOME)
    pairs = electric.select("category", "segment").unique()
    found = [use.get((c, s), use.get((c, ""), 0.0)) for c, s in pairs.iter_rows()]
    per_km = pairs.with_columns(kwh_per_km=pl.Series(found, dtype=pl.Float64))
    joined = electric.join(per_km, on=["category", "segment"], how="left", maintain_order="left")
    if own:
        given = pl.col("stream").replace_strict(own, default=None, return_dtype=pl.Float64)
        joined = joined.with_columns(kwh_per_km=pl.coalesce(given, "kwh_per_km"))
    return joined.with_columns(
        year=pl.lit(year, dtype=pl.Int64),
        kwh_per_day=pl.col("count") * pl.col("km_per_year") * pl.col("kwh_per_km") / DAYS_PER_YEAR,
    )


def _homes(vehicles: pl.DataFrame) -> pl.DataFrame:
    """Return the share of each stream's km by depot and zone of the base year."""
    local = vehicles.filter(~pl.col("visiting") & (pl.col("count") > 0.0))
    summed = local.group_by("stream", *HOME, maintain_order=True).agg(
        km=(pl.col("count") * pl.col("km_per_year")).sum()
    )
    return summed.with_columns(share=pl.col("km") / pl.col("km").sum().over("stream")).filter(pl.col("km") > 0.0)


def _dealt(rows: pl.DataFrame, homes: pl.DataFrame) -> pl.DataFrame:
    """Return vehicles of a later year, dealt to the homes of their stream."""
    joined = rows.drop(*HOME).join(
        homes.select("stream", *HOME, "share"), on="stream", how="left", maintain_order="left_right"
    )
    share = pl.col("share").fill_null(1.0)
    return joined.with_columns(count=pl.col("count") * share, kwh_per_day=pl.col("kwh_per_day") * share).select(
        rows.columns
    )
