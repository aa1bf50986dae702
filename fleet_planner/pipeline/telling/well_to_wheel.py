"""Greenhouse gases from well to wheel: at the tailpipe, of the electricity, and of making the fuels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.economics.effectiveness import ELECTRICITY_CO2, GHG, weights
from fleet_planner.factors.processes.upstream import upstream_kg
from fleet_planner.findings import Finding
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_planner.factors.processes.upstream import Upstream
    from fleet_planner.pipeline.telling.results import ScenarioResult

KG_PER_T = 1000.0
SCHEMA = {
    "scenario": pl.String,
    "tank_to_wheel_t_per_year": pl.Float64,
    "electricity_t_per_year": pl.Float64,
    "well_to_tank_t_per_year": pl.Float64,
    "well_to_tank_low_t_per_year": pl.Float64,
    "well_to_tank_high_t_per_year": pl.Float64,
    "well_to_wheel_t_per_year": pl.Float64,
}


def well_to_wheel_table(results: Iterable[ScenarioResult], upstream: Upstream) -> pl.DataFrame:
    """Return the greenhouse gases of every scenario a year, in the city, by where they arise."""
    specs = {p.pollutant: p.per_year_factor * DAYS_PER_YEAR for p in pollutants()}
    rows = []
    for result in results:
        names = result.inventory.pollutants
        total = dict(zip(names, result.inventory.vehicle.sum(axis=0), strict=True))
        by = {p: w * float(total[p]) * specs[p] for p, w in weights()[GHG].items()}
        electricity = by.pop(ELECTRICITY_CO2)
        mj = result.inventory.vehicle[:, names.index("energy_MJ")]
        made = upstream_kg(result.fleet.vehicles, mj, upstream).sum(axis=0) * DAYS_PER_YEAR / KG_PER_T
        tank = sum(by.values())
        whole = tank + electricity + float(made[0])
        rows.append((result.fleet.name, tank, electricity, *map(float, made), whole))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def upstream_findings(upstream: Upstream) -> list[Finding]:
    """Say that the figures of making fuels were not checked, and which are another region's."""
    return [Finding("inventory.upstream", "assumption", {"general": ", ".join(upstream.general) or "-"})]
