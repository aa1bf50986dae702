"""Emissions of the baseline in later years: the projected fleet on the roads, speeds and hours of the base year."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.build import vkt_by_stream
from fleet_planner.errors import PlanError, UserError
from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compile import compile_factors
from fleet_planner.findings import Finding
from fleet_planner.fleet import Fleet, load_fleet
from fleet_planner.fleet.turnover import Projection, project_fleet, step_ratios
from fleet_planner.inventory import compute_inventory
from fleet_planner.inventory.weights import technologies_of
from fleet_planner.pipeline.vehicle_adjustments import Adjustments, fault_plan
from fleet_planner.plan.load import check_plan, load_plan
from fleet_planner.scenarios import baseline
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.activity import Activity
    from fleet_planner.factors.table import FactorTable
    from fleet_planner.inventory import Inventory
    from fleet_planner.pipeline.inventories import Computed, Inventories
    from fleet_planner.plan.models import Plan
    from fleet_planner.plan.turnover import TurnoverSection

EVERY = 5
BY_STEP = {"NOx": "nox_ratio", "PM_exhaust": "pm_ratio", "BC": "pm_ratio", "SPN23": "pm_ratio"}
"""Which ratio of limits acts on which pollutant; NO2 and OC follow NOx and PM."""

SCHEMA = {
    "year": pl.Int64,
    "pollutant": pl.String,
    "unit": pl.String,
    "value_per_year": pl.Float64,
    "base_per_year": pl.Float64,
    "change_pct": pl.Float64,
    "outside_per_year": pl.Float64,
    "vehicles": pl.Float64,
    "vkt_km_per_day": pl.Float64,
}


@dataclass(frozen=True)
class ByYear:
    """A projected fleet and the emissions of some of its years.

    ``table`` has a row per year and pollutant (``tables/columns/by_year.csv``); ``outside_per_year`` is what vehicles
    that were registered outside the city since the base year emit there, if they drive and emit as they would here.
    """

    projection: Projection
    table: pl.DataFrame
    findings: tuple[Finding, ...]


def project_plan(path: Path, to_year: int | None = None) -> Projection:
    """Carry the fleet of a plan forward; no roads are read.

    Parameters
    ----------
    path
        The plan file.
    to_year
        Last year; the plan's where none is given.

    Raises
    ------
    UserError
        The plan, the registry or the table of survival curves is wrong, or nobody says until when.
    """
    plan = load_plan(path)
    if to_year is not None:
        data = plan.model_dump(exclude_unset=True)
        data["turnover"] = {**data.get("turnover", {}), "to_year": to_year}
        plan = check_plan(data, path)
    if plan.turnover.to_year is None:
        raise PlanError(
            "the plan does not say until when the fleet is carried forward",
            "Set turnover.to_year, or give --to-year.",
            file=path,
            column="turnover.to_year",
        )
    try:
        fleet = load_fleet(plan.fleet, path.parent, plan.city, plan.factors.default_load)
        return project_fleet(fleet, plan.turnover, plan.city, path.parent)
    except UserError as error:
        if error.file is None:
            error.file = path
        raise


def evaluated_years(section: TurnoverSection, base_year: int) -> list[int]:
    """Return the years whose emissions are computed, the base year first."""
    assert section.to_year is not None
    later = section.years or [y for y in range(base_year + 1, section.to_year) if y % EVERY == 0]
    return sorted({base_year, *later, section.to_year})


def by_year(plan: Plan, run: Inventories, computed: Computed, fleet: Fleet) -> ByYear:
    """Return the emissions of the plan's years.

    Parameters
    ----------
    plan
        With a ``[turnover]``.
    run, computed
        The inventories of the base year and what computed them.
    fleet
        Of the base year.
    """
    projection = project_fleet(fleet, plan.turnover, plan.city, run.base)
    years = evaluated_years(plan.turnover, plan.city.year)
    fleets = {year: projection.fleet(year) for year in years[1:]}
    rows = [f.vehicles.select(TECHNOLOGY) for f in fleets.values()]
    rows += [projection.away(year).select(TECHNOLOGY) for year in years[1:]]
    setting = computed.setting
    factors = compile_factors(technologies_of(pl.concat(rows)), setting.sources, setting.conditions, setting.options)
    inventories = {years[0]: computed.states[0][1]}
    outside: dict[int, dict[str, float]] = {years[0]: {}}
    for year, later in fleets.items():
        activity = scaled_activity(computed.activity, fleet.vehicles, later.vehicles)
        inventories[year] = _inventory(plan, run, computed, (later.vehicles, activity, factors), year)
        outside[year] = {}
        left = _sent_away(projection, year, set(activity.streams))
        if left.height:
            gone = scaled_activity(computed.activity, fleet.vehicles, left)
            there = _inventory(plan, run, computed, (left, gone, factors), year)
            outside[year] = dict(zip(there.pollutants, there.link.sum(axis=0).tolist(), strict=True))
    measured = [Finding("fleet.turnover_measured", "assumption", {})] if plan.measured.file else []
    return ByYear(projection, _table(projection, inventories, outside), (*projection.findings, *measured))


def scaled_activity(activity: Activity, before: pl.DataFrame, now: pl.DataFrame) -> Activity:
    """Return the activity of a fleet that drives where and when another does: each stream's vehicle-km are scaled.

    Parameters
    ----------
    activity
        Of the fleet ``before``.
    before, now
        Vehicles; those of ``now`` have no other streams.
    """
    had, has = vkt_by_stream(before), vkt_by_stream(now)
    ratio = np.array([has.get(s, 0.0) / had[s] if had[s] else 0.0 for s in activity.streams])
    return replace(activity, km=activity.km * ratio[:, None])


def with_steps(vehicles: pl.DataFrame, multipliers: pl.DataFrame) -> pl.DataFrame:
    """Return multipliers with the steps of limits in them that have no factors of their own.

    A step counts as long as the vehicle has the standard that the step's ratio is against: a replacement by a measure
    ends it.

    Parameters
    ----------
    vehicles
        With a column ``step``, as `Projection.fleet` returns them, also after measures.
    multipliers
        Same rows.
    """
    joined = vehicles.select("step", "standard").join(
        step_ratios(), on=["step", "standard"], how="left", maintain_order="left"
    )
    changed = [
        pl.Series(name, multipliers[name].to_numpy() * joined[ratio].fill_null(1.0).to_numpy())
        for name, ratio in BY_STEP.items()
        if name in multipliers.columns
    ]
    return multipliers.with_columns(changed)


def _inventory(
    plan: Plan,
    run: Inventories,
    computed: Computed,
    what: tuple[pl.DataFrame, Activity, FactorTable],
    year: int,
) -> Inventory:
    vehicles, activity, factors = what
    with run.clock.step("turnover"):
        run.progress(f"inventory: {year}", 0.78)
        state = baseline(Fleet(vehicles, pl.DataFrame()))
        adjustments = Adjustments(fault_plan(plan.faults), year, None)
        multipliers = adjustments.applied(state.vehicles, with_steps(state.vehicles, state.multipliers))
        return compute_inventory(
            state.vehicles, multipliers, run.network.links, activity, factors, computed.setting.context
        )


def _sent_away(projection: Projection, year: int, streams: set[str]) -> pl.DataFrame:
    left = projection.away(year)
    return left.filter(pl.col("stream").is_in(streams) & (pl.col("km_per_year") * pl.col("share_inside") > 0.0))


def _table(
    projection: Projection, inventories: dict[int, Inventory], outside: dict[int, dict[str, float]]
) -> pl.DataFrame:
    specs = {p.pollutant: p for p in pollutants()}
    rows = []
    base: dict[str, float] = {}
    for year, inventory in inventories.items():
        vehicles = projection.fleet(year).vehicles
        local = float(vehicles.filter(~pl.col("visiting"))["count"].sum())
        vkt = float(sum(vkt_by_stream(vehicles).values()))
        totals = inventory.link.sum(axis=0)
        for p, name in enumerate(inventory.pollutants):
            factor = DAYS_PER_YEAR * specs[name].per_year_factor
            value = float(totals[p]) * factor
            before = base.setdefault(name, value)
            change = 100.0 * (value / before - 1.0) if before else None
            there = outside[year].get(name, 0.0) * factor
            rows.append((year, name, specs[name].unit_per_year, value, before, change, there, local, vkt))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
