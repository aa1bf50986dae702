"""What a scenario did: vehicles by measure, and which of its figures were not checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.findings import Finding
from fleet_planner.scenarios.catalogue import BY_TECHNOLOGY

if TYPE_CHECKING:
    from fleet_planner.plan.models import Scenario


def units_frame(rows: list[tuple[str, float, float]]) -> pl.DataFrame:
    """Return ``measure_id, vehicles, vkt_km_per_year``."""
    schema = {"measure_id": pl.String, "vehicles": pl.Float64, "vkt_km_per_year": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def count_units(vehicles: pl.DataFrame) -> pl.DataFrame:
    """Return how many vehicles have each measure, and how far they drive a year."""
    km = pl.col("km_per_year") * pl.col("count")
    touched = vehicles.filter(pl.col("measures") != "").with_columns(measure_id=pl.col("measures").str.split(","))
    if touched.is_empty():
        return units_frame([])
    return (
        touched.explode("measure_id")
        .group_by("measure_id")
        .agg(pl.col("count").sum().alias("vehicles"), km.sum().alias("vkt_km_per_year"))
        .sort("measure_id")
    )


def unchecked(scenario: Scenario, measures: pl.DataFrame) -> list[Finding]:
    """Say which effects of the measures were not checked, and which are not modelled."""
    out = []
    for name in sorted(_whole({m.measure for m in scenario.measure}, measures)):
        rows = measures.filter(pl.col("measure_id") == name)  # none for a measure against idling
        chosen = [r for r in rows["alternative_of"].unique() if r]
        if chosen:
            values = {"scenario": scenario.title, "measure": name, "chosen": ", ".join(chosen)}
            out.append(Finding("scenario.alternative", "info", values))
        acting = ~pl.col("modelled").is_in(["no", BY_TECHNOLOGY])
        for code, which in (
            ("scenario.effect_unchecked", acting & (pl.col("checked") == "no") & pl.col("change_pct").is_not_null()),
            ("scenario.effect_not_modelled", pl.col("modelled") == "no"),
        ):
            hit = rows.filter(which)["pollutant"].unique().sort().to_list()
            if hit:
                values = {"scenario": scenario.title, "measure": name, "pollutants": ", ".join(hit)}
                out.append(Finding(code, "assumption", values))
    return out


def _whole(names: set[str], measures: pl.DataFrame) -> set[str]:
    """Return the measures, packages with their parts."""
    parts = measures.filter(pl.col("measure_id").is_in(list(names)) & (pl.col("parts") != ""))["parts"].unique()
    return names.union(*(p.split("|") for p in parts))
