"""The tables of measures in operation: account of vehicle-km, effects by pollutant, costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.costs import SCHEMA as COSTS
from fleet_planner.economics.operation import operation_cost
from fleet_planner.findings import Finding
from fleet_planner.pipeline.computing.operated import title_of
from fleet_planner.scenarios.operation.model import FATES
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.pipeline.computing.operated import Operated, OperationStep
    from fleet_planner.plan.economics import EconomicsSection

DRIVING = {
    "scenario": pl.String,
    "step": pl.Int64,
    "measure_id": pl.String,
    "title_en": pl.String,
    "title_zh": pl.String,
    "vehicles": pl.Float64,
    "bought": pl.Float64,
    "vkt_before_km_per_day": pl.Float64,
    "vkt_after_km_per_day": pl.Float64,
    "concerned_km_per_day": pl.Float64,
    **{f"{fate}_km_per_day": pl.Float64 for fate in FATES},
    "detour_km_per_day": pl.Float64,
    "gap_km_per_day": pl.Float64,
    "driving_h_change_per_day": pl.Float64,
    "off_road_tonne_km_per_day": pl.Float64,
    "checked": pl.String,
}
EFFECTS = {
    "scenario": pl.String,
    "step": pl.Int64,
    "measure_id": pl.String,
    "pollutant": pl.String,
    "unit": pl.String,
    "before_per_year": pl.Float64,
    "after_per_year": pl.Float64,
    "inside_before_per_year": pl.Float64,
    "inside_after_per_year": pl.Float64,
    "off_road_per_year": pl.Float64,
    "net_change_per_year": pl.Float64,
    "net_change_pct": pl.Float64,
    "exposure_change_pct": pl.Float64,
    "exposure_equivalent_per_year": pl.Float64,
    "cost_usd2024_per_year": pl.Float64,
    "usd2024_per_unit": pl.Float64,
    "usd2024_per_exposure_unit": pl.Float64,
}


def driving_table(operated: Mapping[str, Operated]) -> pl.DataFrame:
    """Return the account of vehicle-km: ``tables/columns/operation.csv``."""
    rows = [
        (name, k, *_driving(step)) for name, scenario in operated.items() for k, step in enumerate(scenario.steps, 1)
    ]
    return pl.DataFrame(rows, schema=DRIVING, orient="row")


def _driving(step: OperationStep) -> tuple[object, ...]:
    o = step.outcome
    return (
        o.measure_id,
        *title_of(o.measure_id),
        o.vehicles,
        o.bought,
        o.km_before,
        o.km_after,
        o.km_concerned,
        *(o.fates.get(fate, 0.0) for fate in FATES),
        o.detour_km,
        o.gap_km,
        o.vehicle_h,
        o.tonne_km,
        "yes" if o.checked else "no",
    )


def effects_table(operated: Mapping[str, Operated], section: EconomicsSection) -> pl.DataFrame:
    """Return what each measure changes by pollutant, on its roads and off the roads: ``operation_effects.csv``."""
    rows = []
    for name, scenario in operated.items():
        costs = operation_costs(name, scenario, section)["total_usd2024_per_year"].to_list()
        for k, (step, cost) in enumerate(zip(scenario.steps, costs, strict=True), 1):
            for p, spec in enumerate(pollutants()):
                values = [step.before[p], step.after[p], step.inside_before[p], step.inside_after[p]]
                values = [float(v) * DAYS_PER_YEAR * spec.per_year_factor for v in values]
                off = step.outcome.outside.get(spec.pollutant, 0.0) * DAYS_PER_YEAR * spec.per_year_factor
                if not any(values) and not off:
                    continue
                net = values[1] - values[0] + off
                pct = 100.0 * net / values[0] if values[0] else None
                key = (name, k, step.outcome.measure_id, spec.pollutant, spec.unit_per_year)
                people = float(step.exposure_before[p])
                exposed = 100.0 * (float(step.exposure_after[p]) / people - 1.0) if people else None
                alike = None if exposed is None else -exposed / 100.0 * values[0]
                per = (_per(cost, -net), _per(cost, alike))
                rows.append((*key, *values, off, net, pct, exposed, alike, cost, *per))
    return pl.DataFrame(rows, schema=EFFECTS, orient="row")


def _per(cost: float, cut: float | None) -> float | None:
    """Return the cost of a unit cut; nothing where nothing is."""
    return cost / cut if cut is not None and cut > 0.0 else None


def operation_costs(name: str, operated: Operated, section: EconomicsSection) -> pl.DataFrame:
    """Return a row of costs per measure in operation; several of a kind are told apart by their number."""
    rows = []
    several = {o for o in _kinds(operated) if _kinds(operated).count(o) > 1}
    for step in operated.steps:
        before, after = step.energy_before, step.energy_after
        fuels = sorted({*before.fuel_mj, *after.fuel_mj})
        fuel = {f: after.fuel_mj.get(f, 0.0) - before.fuel_mj.get(f, 0.0) for f in fuels}
        titles = title_of(step.outcome.measure_id)
        if step.outcome.measure_id in several:
            titles = (f"{titles[0]} {step.outcome.number}", f"{titles[1]}{step.outcome.number}")
        rows.append(operation_cost(name, titles, step.outcome, fuel, after.kwh - before.kwh, section))
    return pl.DataFrame(rows, schema=COSTS, orient="row")


def _kinds(operated: Operated) -> list[str]:
    return [step.outcome.measure_id for step in operated.steps]


def operation_findings(operated: Mapping[str, Operated]) -> list[Finding]:
    """Say that totals are of the roads, and how well the accounts of vehicle-km close."""
    steps = sum(len(o.steps) for o in operated.values())
    if not steps:
        return []
    return [Finding("operation.roads_only", "info", {"gap": f"{largest_gap(operated):.1e}"}, steps)]


def largest_gap(operated: Mapping[str, Operated]) -> float:
    """Return the largest share of the vehicle-km that no account explains; rounding alone."""
    gaps = [abs(s.outcome.gap_km) / (s.outcome.km_before or 1.0) for o in operated.values() for s in o.steps]
    return float(np.max(gaps, initial=0.0))
