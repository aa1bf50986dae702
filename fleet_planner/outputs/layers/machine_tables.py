"""Machines beside the roads as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.outputs.layers import frames
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from fleet_planner.nonroad import NonRoad


def machines_frame(nonroad: NonRoad) -> pl.DataFrame:
    """Return every machine with its emissions a day (``tables/columns/machines_output.csv``)."""
    kept = [spec.column for spec in columns("machines_output") if "{" not in spec.column]
    return nonroad.machines.select(kept).with_columns(
        pl.Series(frames.day_name(spec), nonroad.per_day[:, p] / frames.scale_of(spec))
        for p, name in enumerate(nonroad.pollutants)
        for spec in [frames.specs()[name]]
    )


def sites_frame(nonroad: NonRoad) -> pl.DataFrame:
    """Return one row per site: the columns of ``tables/columns/sites.csv``, and ``lon, lat``."""
    known = frames.specs()
    return nonroad.sites().select(
        *("site", "streams", "machines", "kwh_per_day", "lon", "lat"),
        *((pl.col(n) / frames.scale_of(known[n])).alias(frames.day_name(known[n])) for n in nonroad.pollutants),
    )
