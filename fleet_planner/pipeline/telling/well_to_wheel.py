"""Greenhouse gases from well to wheel: at the tailpipe, of the electricity, and of making the fuels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.findings import Finding
from fleet_planner.pipeline.telling.hydrogen import chain_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_planner.factors.processes.upstream import Upstream
    from fleet_planner.pipeline.telling.results import ScenarioResult

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
    rows = [(result.fleet.name, *chain_of(result.fleet, result.inventory, upstream)) for result in results]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def upstream_findings(upstream: Upstream) -> list[Finding]:
    """Say that the figures of making fuels were not checked, and which are another region's."""
    return [Finding("inventory.upstream", "assumption", {"general": ", ".join(upstream.general) or "-"})]
