"""What the tonnes of every scenario mean, as tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.build import vkt_by_stream
from fleet_planner.economics.effectiveness import weights
from fleet_planner.economics.grid import grid_path_table
from fleet_planner.factors.processes.upstream import load_upstream
from fleet_planner.findings import Finding
from fleet_planner.fleet.dates import REGION_FALLBACK
from fleet_planner.impacts.climate.intensity import intensity_table
from fleet_planner.impacts.climate.path import T_PER_MT, Course, path_table
from fleet_planner.impacts.climate.warming import SUM, warming_factors, warming_table
from fleet_planner.impacts.exposure.monitors import trend_table
from fleet_planner.impacts.receptors import acid_table, exported_table, read_coefficients, receptor_table
from fleet_planner.pipeline.telling.benefit import Known, benefits
from fleet_planner.pipeline.telling.equity import equity_tables, exposure_hotspots
from fleet_planner.pipeline.telling.exposure_of_vehicles import exposure_by_class
from fleet_planner.pipeline.telling.grid import grid_findings
from fleet_planner.pipeline.telling.health import NearRoads, emitted_t, health_tables
from fleet_planner.pipeline.telling.hydrogen import hydrogen_table
from fleet_planner.pipeline.telling.power import power_tables
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.economics.grid import GridPair
    from fleet_planner.economics.programme_tables import ProgrammeTables
    from fleet_planner.factors.processes.upstream import Upstream
    from fleet_planner.pipeline.computing.air import AirResult
    from fleet_planner.pipeline.computing.by_year import ByYear
    from fleet_planner.pipeline.computing.inventories import Computed, Inventories
    from fleet_planner.plan.impacts_climate import ImpactsClimate
    from fleet_planner.plan.models import Plan

LONG_YEARS = 100


@dataclass(frozen=True)
class Meaning:
    """Tables by the name of their file, each as ``tables/columns`` has it, and what was assumed."""

    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Told:
    """What a run has told of its emissions.

    Parameters
    ----------
    summary
        Those of the plan's year by scenario.
    later
        Those of later years, where the plan has any.
    air
        Concentrations near roads, where the plan follows any.
    costs
        By year, with their present values.
    grid, grid_source
        The city's electricity by year, and where its mean of the base year comes from.
    batteries
        What making them emits, where the plan counts it.
    """

    summary: pl.DataFrame
    later: ByYear | None
    air: AirResult | None
    costs: ProgrammeTables
    grid: GridPair
    grid_source: str
    batteries: pl.DataFrame


def meaning(run: Inventories, computed: Computed, told: Told) -> Meaning:
    """Return what the emissions of a run mean.

    Parameters
    ----------
    run, computed
        The plan with its ``[impacts]``, and the scenarios of its year.
    told
        What is known of their emissions.

    Raises
    ------
    UserError
        What people breathe cannot be reckoned with what the plan or its zones say.
    """
    plan, later, summary = run.plan, told.later, told.summary
    emitted = later.table if later else summary.with_columns(year=pl.lit(plan.city.year, dtype=pl.Int64))
    section = plan.impacts.climate
    climate = warming_table(emitted.select("scenario", "year", "pollutant", "value_per_year"), section.assessment)
    long = _with_batteries(_long_paths(climate), told.batteries)
    paths = path_table(long, _course(section)) if later else pl.DataFrame()
    health, assumed = health_tables(plan, summary, computed.states, run.zones, _near_roads(told.air))
    shares, curves, by_whom = equity_tables(plan, run.base, told.air)
    gains, how = benefits(plan, Known(summary, health, later, told.costs.by_year, told.costs.worth))
    tonnes = {state.name: emitted_t(summary, state.name) for state, _ in computed.states}
    power, plants = power_tables(plan, summary, run.zones, told.grid.course.hours)
    years = sorted({*emitted["year"].unique()})
    course = grid_path_table(told.grid, years, told.grid_source)
    tables = {
        "grid_path": course,
        "climate": climate,
        "climate_path": paths,
        "battery_manufacturing": told.batteries,
        "health": health,
        "benefits": gains,
        "power_plants": power,
        "hydrogen": hydrogen_table(
            computed.states, _fuels(plan), told.grid.of_differences, plan.impacts.upstream.hydrogen
        ),
        "acid": acid_table(tonnes),
        "exported": exported_table(tonnes, {str(p): v for p, v in plan.impacts.receptors.exported_share.items()}),
        "carbon_intensity": intensity_table(_long_paths(climate), _km(computed, later, plan), _gdp(section)),
        "receptors": _far_away(run, tonnes),
        "equity": shares,
        "equity_curve": curves,
        "exposure_hotspots": exposure_hotspots(run, computed, told.air),
        "monitor_trend": _trend(plan, told),
        "exposure_by_class": exposure_by_class(told.air, computed.states, health),
    }
    of_power = (*plants, *grid_findings(plan, told.grid, emitted), *_battery_findings(run, told.batteries))
    return Meaning(tables, (*_findings(section), *assumed, *by_whom, *how, *of_power))


def _fuels(plan: Plan) -> Upstream:
    country = plan.city.country
    return load_upstream([country, REGION_FALLBACK.get(country, country)])


def _trend(plan: Plan, told: Told) -> pl.DataFrame:
    """Return the course of the air at monitors over the computed years; no rows without several measured years."""
    if told.air is None or told.later is None or not told.air.monitors.height:
        return pl.DataFrame()
    base = told.later.table.filter(scenario=str(told.summary["scenario"][0]))
    sums = weights()
    emitted: dict[str, dict[int, float]] = {}
    for pollutant in set(told.air.monitors["pollutant"]) - {"NO2"}:  # it does not follow the emissions straight
        for part, weight in sums.get(pollutant, {pollutant: 1.0}).items():
            for year, value in base.filter(pollutant=part).select("year", "value_per_year").iter_rows():
                course = emitted.setdefault(pollutant, {})
                course[int(year)] = course.get(int(year), 0.0) + weight * float(value)
    return trend_table(told.air.monitors, emitted, plan.city.year)


def _far_away(run: Inventories, tonnes: Mapping[str, Mapping[str, float]]) -> pl.DataFrame:
    section = run.plan.impacts.receptors
    if not section.coefficients:
        return pl.DataFrame()
    known = next(iter(tonnes.values()))
    return receptor_table(tonnes, read_coefficients(run.base / section.coefficients, section.region, known))


def _near_roads(air: AirResult | None) -> dict[str, NearRoads]:
    if air is None:
        return {}
    return {
        scenario: NearRoads(air.receptors.people, dict(zip(air.pollutants, brought.T, strict=True)))
        for scenario, brought in air.concentrations.items()
    }


def _long_paths(climate: pl.DataFrame) -> dict[str, dict[int, float]]:
    sums = climate.filter(horizon_years=LONG_YEARS, pollutant=SUM)
    out: dict[str, dict[int, float]] = {}
    for scenario, year, t in sums.select("scenario", "year", "co2e_t_per_year").iter_rows():
        out.setdefault(scenario, {})[year] = t
    return out


def _with_batteries(paths: dict[str, dict[int, float]], batteries: pl.DataFrame) -> dict[str, dict[int, float]]:
    """Return paths with the batteries bought in each year; years between those computed lie on a straight line."""
    if batteries.is_empty():
        return paths
    out = {}
    for scenario, path in paths.items():
        made = dict(batteries.filter(scenario=scenario).select("year", "co2e_t").iter_rows())
        known = sorted(path)
        years = range(known[0], known[-1] + 1)
        along = np.interp(years, known, [path[y] for y in known]).tolist()
        out[scenario] = {y: v + made.get(y, 0.0) for y, v in zip(years, along, strict=True)}
    return out


def _battery_findings(run: Inventories, batteries: pl.DataFrame) -> tuple[Finding, ...]:
    if batteries.is_empty() or not batteries["capacity_mwh"].sum() > 0.0:
        return ()
    section = run.plan.impacts.upstream
    each = batteries.select(pl.col("co2e_t", "low_t", "high_t").sum()).row(0)
    value, low, high = (t / batteries["capacity_mwh"].sum() for t in each)
    chemistry = section.battery_chemistry if section.battery_kg_per_kwh is None else "-"
    values = {"kg": f"{value:.3g}", "low": f"{low:.3g}", "high": f"{high:.3g}", "chemistry": chemistry.upper()}
    sure = set(batteries["checked"]) == {"yes"}
    return (Finding("impacts.batteries", "info" if sure else "assumption", values),)


def _km(computed: Computed, later: ByYear | None, plan: Plan) -> dict[tuple[str, int], float]:
    """Return vehicle-km a year by scenario and computed year."""
    if later is not None:
        return {key: state.vkt_km_per_day * DAYS_PER_YEAR for key, state in later.states.items()}
    year = plan.city.year
    return {(s.name, year): sum(vkt_by_stream(s.vehicles).values()) * DAYS_PER_YEAR for s, _ in computed.states}


def _gdp(section: ImpactsClimate) -> dict[int, float]:
    return {int(year): value for year, value in section.gdp_million_by_year.items()}


def _course(section: ImpactsClimate) -> Course:
    budget = None if section.budget_mt is None else section.budget_mt * T_PER_MT
    return Course(budget, section.neutral_year, section.offsets_t_per_year, section.offset_usd_per_t)


def _findings(section: ImpactsClimate) -> tuple[Finding, ...]:
    factors = warming_factors(section.assessment)
    unchecked = factors.filter(checked="no")
    names = ", ".join(f"{p} {h}" for h, p in unchecked.select("horizon_years", "pollutant").iter_rows())
    if not names:
        return ()
    values = {"assessment": section.assessment.upper(), "factors": names}
    return (Finding("impacts.warming_unchecked", "assumption", values, count=unchecked.height),)
