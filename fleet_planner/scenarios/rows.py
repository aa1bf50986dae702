"""Rows of a fleet under measures: each has one state, so that a row treated in part becomes two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.scenarios.catalogue import KIND_ORDER

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_planner.fleet.model import Fleet

    Chosen = Callable[[pl.DataFrame, pl.Expr], pl.Series]


def untouched_rows(fleet: Fleet) -> pl.DataFrame:
    """Return the vehicles of a fleet with columns for the measures that they get."""
    return fleet.vehicles.with_columns(
        baseline_row=pl.int_range(fleet.vehicles.height, dtype=pl.Int64),
        idle_measures=pl.lit(""),
        failed=pl.lit(value=False),
        **{f"m_{kind}": pl.lit("") for kind in KIND_ORDER},
    )


def split_rows(state: pl.DataFrame, eligible: pl.Expr, chosen: Chosen) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the vehicles that stay as they are and those that are treated; a row treated in part is in both."""
    marked = state.with_columns(treated=chosen(state, eligible))
    untouched = marked.with_columns(count=pl.col("count") - pl.col("treated")).filter(
        (pl.col("count") > 0.0) | (pl.col("treated") == 0.0)
    )
    changed = marked.filter(pl.col("treated") > 0.0).with_columns(count=pl.col("treated"))
    return untouched.drop("treated"), changed.drop("treated")


def joined_rows(untouched: pl.DataFrame, changed: pl.DataFrame) -> pl.DataFrame:
    """Return both, in an order that does not depend on the order of the measures."""
    order = ["baseline_row", *(f"m_{k}" for k in KIND_ORDER), "idle_measures", "failed"]
    return pl.concat([untouched, changed]).sort(order, maintain_order=True)
