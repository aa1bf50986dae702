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
    named = _in_rows(named, spread) if spread else named
    count = named["count"] if "count" in named.columns else pl.Series("count", [None] * named.height, pl.String)
    typed = named.with_columns(
        numbers(named["age"], whole=True).alias("a"),
        numbers(named["share"].str.strip_chars_end("%"), decimal_comma=decimal_comma).alias("s"),
        numbers(count.fill_null("1"), decimal_comma=decimal_comma).alias("c"),
        pl.coalesce(ID, pl.format("(row {})", "row")).alias("group"),  # the check of cells tells empty ids
    )
    groups = typed.group_by("group", maintain_order=True).agg(
        pl.when(pl.col("c").first() >= 0).then(pl.col("c").first()).otherwise(1.0).alias("count"),
        pl.col("c").first().alias("first_c"),
        pl.col("s").sum().alias("sum"),
        pl.col("row").min(),
    )
    typed = typed.join(groups.select("group", "first_c", "sum"), on="group", how="left", maintain_order="left")
    told = pl.concat([_wrong(typed, *rule) for rule in RULES] + [_open_sums(typed)])
    bad_groups = typed.filter(pl.col("row").is_in(told["row"].implode()))["group"].unique()
    bad = pl.col("group").is_in(bad_groups.implode())
    others = typed.filter(bad & ~pl.col("row").is_in(told["row"].implode())).unique("row", maintain_order=True)
    same = _wrong(others, pl.lit(value=True), "share", "another row of the same group is wrong", "Mend that row.")
    kept = typed.filter(~bad).with_columns(
        pl.format("{}-age{}", ID, "a").alias(ID),
        (year - pl.col("a")).cast(pl.String).alias("model_year"),
        (pl.col("c") * pl.col("s") / pl.col("sum")).cast(pl.String).alias("count"),
    )
    return Ages(
        cells=kept.drop("age", "share", "a", "s", "c", "group", "first_c", "sum"),
        wrong=pl.concat([told, same]).sort("row", maintain_order=True),
        lost=groups.filter(bad).select("row", "count"),
        vehicles=float(groups["count"].sum()),
    )


def _in_rows(named: pl.DataFrame, spread: dict[str, str]) -> pl.DataFrame:
    """Return a row per group and age; a row without any share is told once."""
    none = named.select(pl.all_horizontal(pl.col(name).is_null() for name in spread).alias("none"))["none"]
    parts = [
        named.drop(*spread).with_columns(pl.lit(age).alias("age"), named[name].alias("share"), none)
        for name, age in spread.items()
    ]
    lone = pl.col("none") & (pl.col("age") == next(iter(spread.values())))
    rows = pl.concat(parts).filter(pl.col("share").is_not_null() | lone)
    return rows.drop("none").sort("row", maintain_order=True)


RULES = (
    (pl.col("a").is_null() | (pl.col("a") < 0), "age", "not an age in years", "Write a whole number from 0 on."),
    (pl.col("s").is_null() | (pl.col("s") < 0), "share", "not a share", "Write a number from 0 to 1."),
    (pl.col("c").is_null() | (pl.col("c") < 0), "count", "not a number of vehicles", "Write a number."),
    (pl.col("c") != pl.col("first_c"), "count", "not the number of the group's first row", "Write one for all ages."),
)


def _wrong(typed: pl.DataFrame, rule: pl.Expr, column: str, reason: str, remedy: str) -> pl.DataFrame:
    value = pl.col(column).fill_null("") if column in typed.columns else pl.lit("")
    return typed.filter(rule).select(
        "row",
        pl.lit(column).alias("column"),
        value.alias("value"),
        pl.lit(reason).alias("reason"),
        pl.lit(remedy).alias("remedy"),
    )


def _open_sums(typed: pl.DataFrame) -> pl.DataFrame:
    """List the groups whose shares add up to neither 1 nor 100, by their first row."""
    whole = ((pl.col("sum") - 1.0).abs() <= NEAR) | ((pl.col("sum") - 100.0).abs() <= 100.0 * NEAR)
    first = typed.filter(~whole).unique("group", keep="first", maintain_order=True)
    told = first.with_columns(share=pl.col("sum").round(4).cast(pl.String))
    reason, remedy = "the shares of the group add up to neither 1 nor 100", "Give every age of the group its share."
    return _wrong(told, pl.lit(value=True), "share", reason, remedy)
