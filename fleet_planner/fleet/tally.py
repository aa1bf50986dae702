"""Sums of a mapped registry by the rules that mapped it, made block by block."""

from __future__ import annotations

import polars as pl

from fleet_planner.fleet.check import VKT

FLAGS = ("share_given", "odometer_given", "load_defaulted", "date_unchecked", "km_given", "km_unchecked")
GROUP = ("rule", "segment", "standard", "default_load", "km_stream", *FLAGS)
RULES = (
    r"^segment:(?<segment_rule>.*); standard:(?<standard_rule>.*); aftertreatment:(?<aftertreatment_rule>[^;]*)"
    r"(?:; import:(?<import_rule>.*))?$"
)


def tally(vehicles: pl.DataFrame) -> pl.DataFrame:
    """Add mapped rows up by what findings ask for.

    Parameters
    ----------
    vehicles
        Columns of ``vehicles`` and `FLAGS`.

    Returns
    -------
    groups
        `GROUP`, ``rows``, ``count`` (vehicles) and ``vkt`` (km a year).
    """
    load = pl.when("load_defaulted").then("load_fraction").alias("default_load")
    stream = pl.when(~pl.col("km_given")).then("stream").alias("km_stream")
    sums = (pl.len().cast(pl.Int64).alias("rows"), pl.col("count").sum(), VKT.sum().alias("vkt"))
    return vehicles.with_columns(load, stream).group_by(GROUP).agg(sums)


def summed(parts: list[pl.DataFrame], removed: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the sums of several tallies, less those of rows that were removed afterwards.

    Returns
    -------
    groups
        As `tally` has them, sorted, with ``segment_rule, standard_rule, aftertreatment_rule, import_rule`` apart.
    """
    less = [part.with_columns(-pl.col("rows"), -pl.col("count"), -pl.col("vkt")) for part in removed]
    sums = pl.concat([*parts, *less]).group_by(GROUP).agg(pl.col("rows", "count", "vkt").sum())
    kept = sums.filter(pl.col("rows") > 0).sort(GROUP)
    return kept.with_columns(pl.col("rule").str.extract_groups(RULES).struct.unnest())
