"""Emissions by the codes of reporting schemes, for those who report to agencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.impacts.sectors import by_sector, sector_codes
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_planner.nonroad import NonRoad
    from fleet_planner.pipeline.telling.results import ScenarioResult


def sector_table(results: Iterable[ScenarioResult], nonroad: NonRoad | None) -> pl.DataFrame:
    """Return the emissions of every scenario a year by the codes of reporting schemes.

    Columns are those of ``tables/columns/by_sector.csv``.
    """
    known = {p.pollutant: p for p in pollutants()}
    codes, parts = sector_codes(), []
    for result in results:
        frame = result.inventory.by_process
        if nonroad is not None:
            beside = nonroad.by_process().filter(pl.col("pollutant").is_in(result.inventory.pollutants))
            frame = pl.concat([frame, beside.select(frame.columns)])
        year = {n: known[n].per_year_factor * DAYS_PER_YEAR for n in result.inventory.pollutants}
        unit = {n: known[n].unit_per_year for n in result.inventory.pollutants}
        told = by_sector(frame.rename({"value_per_day": "value"}), codes)
        parts.append(
            told.select(
                pl.lit(result.fleet.name).alias("scenario"),
                *("scheme", "code", "title", "pollutant"),
                pl.col("pollutant").replace_strict(unit, return_dtype=pl.String).alias("unit"),
                (pl.col("value") * pl.col("pollutant").replace_strict(year, return_dtype=pl.Float64)).alias(
                    "value_per_year"
                ),
            )
        )
    return pl.concat(parts)
