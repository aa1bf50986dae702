"""A fleet after measures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from fleet_planner.findings import Finding


def no_adoption() -> pl.DataFrame:
    """Return the table of a fleet that no newer standard reached."""
    text = dict.fromkeys(("category", "standard", "to_standard"), pl.String)
    return pl.DataFrame(schema=text | {"vehicles": pl.Float64})


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
    adopted
        ``category, standard, to_standard, vehicles``: how many diesel vehicles a newer standard reached, by the
        standard they had.
    """

    name: str
    title_en: str
    title_zh: str
    vehicles: pl.DataFrame
    multipliers: pl.DataFrame
    units: pl.DataFrame
    findings: tuple[Finding, ...] = ()
    adopted: pl.DataFrame = field(default_factory=no_adoption)
