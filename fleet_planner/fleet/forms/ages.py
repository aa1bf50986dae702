"""Expand age distributions to grouped rows: a row per group and age, its count the group's times the share."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from fleet_planner.fleet.identifiers import ID
from fleet_planner.fleet.numbers import numbers

NEAR = 0.005
"""Shares of a group may miss 1 (or 100 %) by so much; they are then scaled to it."""


class Ages(NamedTuple):
    """What became of a table of ages: cells, wrong cells, lost vehicles by row, vehicles read."""

    cells: pl.DataFrame
    wrong: pl.DataFrame
    lost: pl.DataFrame
    vehicles: float


def spread_ages(named: pl.DataFrame, spread: dict[str, str], year: int, *, decimal_comma: bool) -> Ages:
    """Turn shares by age into rows by model year.

    Parameters
    ----------
    named
        Text cells under our names, ``row``, and either ``age`` and ``share`` (a row per group and age) or a column
        per age.
    spread
        Age by column; empty where the ages stand in rows.
    year
        Base year: the model year is the year less the age.
    decimal_comma
        Numbers may have a decimal comma.
    """
    if spread:
        parts = [
            named.drop(*spread).with_columns(pl.lit(age).alias("age"), named[name].alias("share"))
            for name, age in spread.items()
        ]
        named = pl.concat(parts).filter(pl.col("share").is_not_null()).sort("row", maintain_order=True)
    count = named["count"] if "count" in named.columns else pl.Series("count", [None] * named.height, pl.String)
    typed = named.with_columns(
        numbers(named["age"], whole=True).alias("a"),
        numbers(named["share"].str.strip_chars_end("%"), decimal_comma=decimal_comma).alias("s"),
        numbers(count.fill_null("1"), decimal_comma=decimal_comma).alias("c"),
    )
    first = typed.group_by(ID, maintain_order=True).agg(
        pl.col("c").first(), pl.col("s").sum().alias("sum"), pl.col("row").min().alias("first")
    )
    typed = typed.join(first.select(ID, "sum"), on=ID, how="left", maintain_order="left", nulls_equal=True)
    whole = (
        pl.when((pl.col("sum") - 1.0).abs() <= NEAR)
        .then(1.0)
        .when((pl.col("sum") - 100.0).abs() <= 100 * NEAR)
        .then(100.0)
    )
    typed = typed.with_columns(whole.alias("whole"))
    rules = [
        (pl.col("a").is_null() | (pl.col("a") < 0), "age", "not an age in years", "Write a whole number from 0 on."),
        (pl.col("s").is_null() | (pl.col("s") < 0), "share", "not a share", "Write a number from 0 to 1."),
        (pl.col("c").is_null() | (pl.col("c") < 0), "count", "not a number of vehicles", "Write a number."),
    ]
    wrong = [
        typed.filter(rule).select(
            "row",
            pl.lit(column).alias("column"),
            (pl.col(column) if column in typed.columns else pl.lit("")).fill_null("").alias("value"),
            pl.lit(reason).alias("reason"),
            pl.lit(remedy).alias("remedy"),
        )
        for rule, column, reason, remedy in rules
    ]
    open_sum = typed.filter(pl.col("whole").is_null()).unique(ID, keep="first", maintain_order=True)
    wrong.append(
        open_sum.select(
            "row",
            pl.lit("share").alias("column"),
            pl.col("sum").round(4).cast(pl.String).alias("value"),
            pl.lit("the shares of the group add up to neither 1 nor 100").alias("reason"),
            pl.lit("Give every age of the group its share.").alias("remedy"),
        )
    )
    told = pl.concat(wrong)
    bad = pl.col(ID).is_in(typed.filter(pl.col("row").is_in(told["row"].implode()))[ID].implode())
    others = typed.filter(bad & ~pl.col("row").is_in(told["row"].implode())).unique("row", maintain_order=True)
    with_them = others.select(
        "row",
        pl.lit("share").alias("column"),
        pl.col("share").fill_null("").alias("value"),
        pl.lit("another row of the same group is wrong").alias("reason"),
        pl.lit("Mend that row.").alias("remedy"),
    )
    problems = pl.concat([told, with_them]).sort("row", maintain_order=True)
    kept = typed.filter(~bad)
    vehicles = pl.col("c") * pl.col("s") / pl.col("sum")
    drop = [c for c in ("count", "model_year", "age", "share") if c in kept.columns]
    cells = kept.with_columns(
        pl.format("{}-age{}", ID, "a").alias("new_id"),
        (year - pl.col("a")).cast(pl.String).alias("year"),
        vehicles.cast(pl.String).alias("vehicles"),
    )
    tail = ["a", "s", "c", "sum", "whole", ID]
    out = cells.drop(*drop, *tail).rename({"new_id": ID, "year": "model_year", "vehicles": "count"})
    groups = first.with_columns(pl.col("c").fill_null(1.0))
    lost = groups.filter(bad).select(pl.col("first").alias("row"), pl.col("c").alias("count"))
    return Ages(out, problems, lost, float(groups["c"].sum()))
