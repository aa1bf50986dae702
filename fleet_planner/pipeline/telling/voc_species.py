"""NMVOC of a run split to groups and species; what has no published composition stays whole and is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.processes.voc_species import load_voc_species, voc_profile
from fleet_planner.findings import Finding
from fleet_planner.units import DAYS_PER_YEAR, G_PER_T

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_planner.nonroad import NonRoad
    from fleet_planner.pipeline.telling.results import ScenarioResult

ENGINE = ("hot", "cold", "idling")
"""Processes whose NMVOC is exhaust of the engine."""

NOT_SPLIT = "not_split"
LEAST_SHARE = 5e-5


def voc_table(results: Iterable[ScenarioResult], nonroad: NonRoad | None = None) -> pl.DataFrame:
    """Return the yearly NMVOC of each scenario by group and species.

    Returns
    -------
    ``scenario, group, species, unit, value_per_year, stand_in_per_year``; the values of a scenario sum to its NMVOC.
    Of each value, ``stand_in_per_year`` rests on a profile that was published for other vehicles. The species of the
    group ``not_split`` are processes: ``exhaust`` of engines without a published composition, ``evaporation``,
    ``heater``, ``non_road`` machines.
    """
    beside = 0.0 if nonroad is None else nonroad.total("NMVOC") * DAYS_PER_YEAR / G_PER_T
    return pl.concat(_of_scenario(result.fleet.name, result.inventory.nmvoc, beside) for result in results)


def _of_scenario(name: str, nmvoc: pl.DataFrame, beside_t: float) -> pl.DataFrame:
    """Return the rows of one scenario."""
    profiles = load_voc_species()
    whole = {(s.group, s.species): [0.0, 0.0] for species in profiles.values() for s in species}
    for row in nmvoc.iter_rows(named=True):
        tons = row["value_per_day"] * DAYS_PER_YEAR / G_PER_T
        profile = voc_profile({name: row[name] for name in TECHNOLOGY}) if row["process"] in ENGINE else None
        if profile is None:
            process = "exhaust" if row["process"] in ENGINE else row["process"]
            whole.setdefault((NOT_SPLIT, process), [0.0, 0.0])[0] += tons
            continue
        for s in profiles[profile.name]:
            value = whole[s.group, s.species]
            value[0] += tons * s.fraction
            value[1] += tons * s.fraction * profile.stand_in
    if beside_t > 0.0:
        whole[NOT_SPLIT, "non_road"] = [beside_t, 0.0]
    rows = [(name, *key, "t", *values) for key, values in whole.items()]
    schema = {
        "scenario": pl.String,
        "group": pl.String,
        "species": pl.String,
        "unit": pl.String,
        "value_per_year": pl.Float64,
        "stand_in_per_year": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def voc_findings(table: pl.DataFrame, baseline: str) -> list[Finding]:
    """Say how much of the baseline's NMVOC rests on the composition of other vehicles, and how much is not split."""
    own = table.filter(pl.col("scenario") == baseline)
    total = float(own["value_per_year"].sum())
    if total <= 0.0:
        return []
    whole = float(own.filter(pl.col("group") == NOT_SPLIT)["value_per_year"].sum())
    shares = {
        "inventory.voc_stand_in": float(own["stand_in_per_year"].sum()) / total,
        "inventory.voc_not_split": whole / total,
    }
    return [Finding(code, "assumption", {}, share=share) for code, share in shares.items() if share >= LEAST_SHARE]
