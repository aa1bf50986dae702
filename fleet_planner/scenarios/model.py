"""A fleet after measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from fleet_planner.findings import Finding


@dataclass(frozen=True)
class ScenarioFleet:
    """The registry as a scenario leaves it.

    Parameters
    ----------
    name, title_en, title_zh
        From the plan.
    vehicles
        As `Fleet.vehicles`, technology columns as they are after the measures; rows partly treated
        are split so that each row has one state. Extra column ``baseline_row`` (row number in the
        baseline fleet) and ``measures`` (comma-separated measure ids, "" when untouched).
    multipliers
        One column per pollutant (same rows), dimensionless, 1.0 where nothing changes: fuel effect,
        aftertreatment and maintenance, already combined in the canonical order.
    units
        ``measure_id, vehicles, vkt_km_per_year`` treated, input of the costs.
    findings
        Which vehicles were not eligible and why, unchecked figures used.
    """

    name: str
    title_en: str
    title_zh: str
    vehicles: pl.DataFrame
    multipliers: pl.DataFrame
    units: pl.DataFrame
    findings: tuple[Finding, ...] = ()
