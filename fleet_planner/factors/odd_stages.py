"""Factors that are far from those of the stages before and after: named, never silently used or replaced.

A curve is odd when its level, the median factor over 10 to 100 km/h, is more than ten times, or less than a tenth of,
that of both neighbouring standards of the same vehicle and condition (of the one, for the first and the last). The
neighbour of a set that begins or ends in between is the European table's. The European ones are packaged
(``emep_eea_2019_hot_odd.csv``, by scripts/build_odd_stages.py).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.factors.published.hot_table import KEY, load_hot_table
from fleet_planner.factors.published.user_set import curve_values
from fleet_planner.factors.stand_ins import STANDARD_ORDER
from fleet_planner.kernels import curves
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from fleet_planner.factors.published.user_set import UserTable

TIMES = 10.0
SPEEDS_KMH = np.arange(10.0, 101.0, 10.0)
SAME = ("category", "fuel", "segment", "pollutant", "mode", "load", "slope")
"""What stages have in common to be compared; their aftertreatments differ and the nearest one counts."""


def flagged(levels: pl.DataFrame, others: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the odd ones of some curves.

    Parameters
    ----------
    levels
        `KEY` columns and ``ef``, the level of each curve.
    others
        The same of a set whose stages are neighbours where ``levels`` has none.

    Returns
    -------
    `KEY` columns, ``ef, ef_before, ef_after`` (the nearest of the neighbouring stage's factors, null at the ends),
    ``ratio`` (over the nearest neighbour), most odd first.
    """
    dated = _dated(levels)
    known = (
        dated
        if others is None
        else pl.concat([dated, _dated(others).join(_stages(dated), on=[*SAME, "stage"], how="anti", nulls_equal=True)])
    )
    stages = _stages(known).sort("stage")
    steps = stages.with_columns(
        before=pl.col("stage").shift(1).over(SAME, order_by="stage"),
        after=pl.col("stage").shift(-1).over(SAME, order_by="stage"),
    )
    own = dated.with_row_index("curve").join(steps, on=[*SAME, "stage"], how="left", nulls_equal=True)
    for side in ("before", "after"):
        near = own.select("curve", *SAME, "ef", stage=side).join(
            known.select(*SAME, "stage", other="ef"), on=[*SAME, "stage"], how="inner", nulls_equal=True
        )
        nearest = near.group_by("curve").agg(
            pl.col("other").sort_by(_distance(pl.col("ef"), pl.col("other"))).first().alias(f"ef_{side}")
        )
        own = own.join(nearest, on="curve", how="left")
    own = own.with_columns(
        distance=pl.min_horizontal(*(_distance(pl.col("ef"), pl.col(f"ef_{s}")) for s in ("before", "after"))),
        above=pl.max_horizontal("ef_before", "ef_after"),
        below=pl.min_horizontal("ef_before", "ef_after"),
    )
    odd = (pl.col("ef") > TIMES * pl.col("above")) | (pl.col("ef") * TIMES < pl.col("below"))
    ratio = pl.when(pl.col("ef") > pl.col("above")).then(pl.col("ef") / pl.col("above"))
    return (
        own.filter(odd)
        .with_columns(ratio=ratio.otherwise(pl.col("ef") / pl.col("below")))
        .sort("distance", *KEY, descending=[True, *[False] * len(KEY)], nulls_last=True)
        .select(*KEY, "ef", "ef_before", "ef_after", "ratio")
    )


def _distance(a: pl.Expr, b: pl.Expr) -> pl.Expr:
    """Return how many times one is the other, whichever is larger."""
    return pl.max_horizontal(a / b, b / a)


def _dated(levels: pl.DataFrame) -> pl.DataFrame:
    """Keep curves above zero of known standards; add ``stage``."""
    stage = pl.col("standard").replace_strict(STANDARD_ORDER, default=None, return_dtype=pl.Int64)
    return (
        levels.select(*KEY, "ef")
        .with_columns(pl.col("load", "slope").cast(pl.Float64), stage=stage)
        .filter(pl.col("stage").is_not_null() & (pl.col("ef") > 0.0))
    )


def _stages(dated: pl.DataFrame) -> pl.DataFrame:
    return dated.select(*SAME, "stage").unique()


@cache
def european_levels() -> pl.DataFrame:
    """Return `KEY` columns and the level of each curve of the European table, poles bridged."""
    hot = load_hot_table()
    row = np.arange(hot.keys.height)
    values = [
        curves.evaluate_mended(
            hot.coefficients, hot.bridges, hot.bridge_offsets, row, np.full(row.size, v), curves.CLAMP
        )
        for v in SPEEDS_KMH
    ]
    return hot.keys.select(KEY).with_columns(ef=pl.Series(np.median(values, axis=0)))


def european_odd() -> pl.DataFrame:
    """Return the packaged odd curves of the European table, columns as of `flagged`."""
    table = reference_table("emep_eea_2019_hot_odd.csv")
    return table.select(*KEY, "ef", "ef_before", "ef_after", "ratio").with_columns(
        pl.col("load", "slope", "ef", "ef_before", "ef_after", "ratio").cast(pl.Float64)
    )


def user_odd(table: UserTable) -> pl.DataFrame:
    """Return the odd curves of a set in the form of the user's, as `flagged`; a stage's neighbours may be European."""
    number = np.arange(table.keys.height)
    values = [curve_values(table, number, np.full(number.size, v)) for v in SPEEDS_KMH]
    named = table.keys.rename({"aftertreatment": "technology"}).with_columns(ef=pl.Series(np.median(values, axis=0)))
    return flagged(named, european_levels())


def published_flags() -> pl.DataFrame:
    """Return what was found odd in the Chinese and American tables when they were packaged.

    Returns
    -------
    ``factor_set, technology, pollutant, value, compared_with, rule``.
    """
    china = (
        reference_table("china_guide_2014_defects.csv")
        .filter(pl.col("kind") == "outlier")
        .select(
            pl.lit("china_guide_2014").alias("factor_set"),
            pl.concat_str("vehicle", "type", "fuel", "stage", separator=" / ").alias("technology"),
            "pollutant",
            pl.col("value").cast(pl.String),
            "compared_with",
            pl.col("rule"),
        )
    )
    us = (
        reference_table("us_bus_factor_defects.csv")
        .filter(pl.col("code") == "ten_times_neighbours")
        .select(
            "factor_set",
            pl.format("bus / {}", "fuel").alias("technology"),
            "pollutant",
            pl.format("{} curves", "curves").alias("value"),
            pl.lit("model year, reference year or speed bin").alias("compared_with"),
            "rule",
        )
    )
    return pl.concat([china, us])
