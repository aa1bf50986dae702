"""The programmes of scenarios: what they buy by year and what that changes, and what is to be told of their costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.ownership import Use
from fleet_planner.economics.programme import Programme, Reach, Sale, ahead_of_the_grid, standing_still, with_renewals
from fleet_planner.economics.terms import FUELS
from fleet_planner.economics.use_by_year import added, difference, scaled
from fleet_planner.economics.vehicle_costs import electric_measure, vehicle_class
from fleet_planner.findings import Finding
from fleet_planner.pipeline.computing.vehicle_use import total_use
from fleet_planner.scenarios.catalogue import parts_of
from fleet_planner.scenarios.rows import VARIANT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_planner.economics.ownership_table import Group, Outlook
    from fleet_planner.economics.programme_tables import ProgrammeTables
    from fleet_planner.economics.terms import MeasureTerms
    from fleet_planner.fleet.turnover import Projection
    from fleet_planner.pipeline.computing.by_year import ByYear
    from fleet_planner.plan.models import Plan

BASELINE = "baseline"
ZERO_EMISSION = "zero_emission"


def parts_named(measure: str, measures: pl.DataFrame) -> list[str]:
    """Return the measures that a package is made of; of another measure itself."""
    rows = measures.filter(pl.col("measure_id") == measure)
    return parts_of(rows.row(0, named=True)) if rows.height else [measure]


def standing_programme(plan: Plan, name: str, groups: list[Group], terms: dict[str, MeasureTerms]) -> Programme:
    """Return the programme of a fleet that stays as it is in the base year."""
    years = range(plan.city.year, plan.city.year + plan.economics.horizon_years)
    change = Use(0.0)
    for group in groups:
        change = added(change, scaled(difference(group.after, group.before), group.vehicles))
    entries = [(m.measure_id, group.stream, group.vehicles) for group in groups for m in group.measures]
    return Programme(name, years, standing_still(years, entries, terms), {plan.city.year: change}, terms)


def walked_programme(
    plan: Plan, name: str, later: ByYear, terms: dict[str, MeasureTerms], measures: pl.DataFrame
) -> Programme:
    """Return the programme of a fleet that is carried forward."""
    fuels = {m for m, of in terms.items() if of.kind in FUELS}
    known = sorted(year for scenario, year in later.states if scenario == name and year > plan.city.year)
    change = {plan.city.year: Use(0.0)} | {
        year: difference(
            total_use(later.states[name, year].use, fuels), total_use(later.states[BASELINE, year].use, fuels)
        )
        for year in known
    }
    sales, electric = _own_turnover(plan, name, later)
    rows = later.of_stream.filter(scenario=name).select("year", "measure_id", "stream", "vehicles", "new_vehicles")
    parts = {m: parts_named(m.partition(VARIANT)[0], measures) for m in rows["measure_id"].unique()}
    found = (
        Reach(year, part, stream, vehicles, new)
        for year, measure, stream, vehicles, new in rows.sort("year", maintain_order=True).iter_rows()
        for part in parts[measure]
        if part in terms
    )
    reached = with_renewals(found, terms)
    own = next(s for s in plan.scenario if s.name == name)
    changes = own.turnover is not None or bool(own.operation.model_fields_set)
    return Programme(
        name, range(plan.city.year + 1, known[-1] + 1), (*reached, *electric), change, terms, sales, changes
    )


def _own_turnover(plan: Plan, name: str, later: ByYear) -> tuple[tuple[Sale, ...], tuple[Reach, ...]]:
    """Return what a turnover of the scenario's own brings above the baseline's: vehicles, and electric ones of them."""
    if name not in later.own:
        return (), ()
    amounts = ("sold", "used_imports", "at_end")
    key = ["year", "stream", "electric"]

    def flows(projection: Projection) -> pl.DataFrame:
        rows = projection.flow_table().with_columns(electric=pl.col("standard") == ZERO_EMISSION)
        return rows.group_by(key).agg(pl.col(amounts).sum())

    both = pl.concat([flows(later.own[name]), flows(later.projection).with_columns(-pl.col(amounts))])
    above = both.group_by(key).agg(pl.col(amounts).sum()).sort(key)
    given = next(s.turnover for s in plan.scenario if s.name == name)
    of = given if given is not None and "used_import_age" in given.model_fields_set else plan.turnover
    whole = above.group_by("year", "stream", maintain_order=True).agg(pl.col("sold", "used_imports").sum())
    sales = tuple(Sale(year, stream, new, used, of.used_import_age) for year, stream, new, used in whole.iter_rows())
    bought = electric_measure()
    zero = above.filter("electric").select("year", "stream", "at_end", "sold")
    electric = tuple(
        Reach(year, measure, stream, standing, new)
        for year, stream, standing, new in zero.iter_rows()
        if (measure := bought.get(vehicle_class(stream) or "")) and (standing or new)
    )
    return sales, electric


def programme_findings(
    plan: Plan, programmes: list[Programme], costs: ProgrammeTables, outlook: Outlook, later: ByYear | None
) -> Iterable[Finding]:
    """Say what costs over the years leave out, which vehicles come before their grid, which debts are not served."""
    titles = {s.name: s.title for s in plan.scenario}
    lead = plan.economics.charging.upgrade_lead_years
    if later is not None and (own := [s.title for s in plan.scenario if s.turnover is not None]):
        yield Finding("economics.own_turnover", "assumption", {"scenarios": ", ".join(own)})
    if operated := [s.title for s in plan.scenario if s.operation.model_fields_set]:
        yield Finding("economics.operation_left_out", "warning", {"scenarios": ", ".join(operated)})
    for programme in programmes:
        values: dict[str, str | int | float] = {"scenario": titles[programme.scenario], "years": lead}
        if ahead := round(ahead_of_the_grid(programme, outlook)):
            yield Finding("economics.ahead_of_grid", "warning", values | {"ready": plan.city.year + lead}, ahead)
        flow = costs.flows[programme.scenario]
        short = flow.cover < 1.0
        if short.any():
            least = f"{float(np.nanmin(flow.cover)):.2f}"
            yield Finding("economics.cover_short", "warning", values | {"least": least}, int(short.sum()))
        if (left := float(flow.debts.outstanding[-1]) * outlook.shown.per_usd2024) > 1.0:
            told = values | {"left": f"{left:,.0f}", "unit": outlook.shown.unit, "last": flow.years.stop - 1}
            yield Finding("economics.debt_left", "info", told)
