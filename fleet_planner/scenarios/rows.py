"""Rows of a fleet under measures: each has one state, so that a row treated in part becomes two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import polars as pl

from fleet_planner.scenarios.catalogue import SLOTS

if TYPE_CHECKING:
    from fleet_planner.fleet.model import Fleet

VARIANT = "@"
"""Parts a measure's name from the number of the plan's entry that has effects of its own."""

STATE = (*(f"m_{slot}" for slot in SLOTS), "failed", "fitted", "found", "sulphur_ppm")
"""Columns that a fleet has only while measures come onto it."""


class Chosen(Protocol):
    """Chooses how many vehicles of each row get a measure."""

    def __call__(self, state: pl.DataFrame, eligible: pl.Expr, pool: pl.Expr | None = None) -> pl.Series:
        """Return the vehicles treated by row; ``pool`` is whose share the uptake is, by default the eligible."""
        ...


def untouched_rows(fleet: Fleet, sulphur_ppm: float = 0.0) -> pl.DataFrame:
    """Return the vehicles of a fleet with columns for the measures that they get.

    ``fitted`` names the devices that the registry says are retrofitted, ``found`` the aftertreatment before any
    retrofit of the scenario, ``failed`` the places whose device fails.
    """
    devices = pl.col("aftertreatment").str.extract_all(r"[A-Za-z]+_retrofit").list.join("+")
    return fleet.vehicles.with_columns(
        baseline_row=pl.int_range(fleet.vehicles.height, dtype=pl.Int64),
        idle_measures=pl.lit(""),
        failed=pl.lit(""),
        found=pl.col("aftertreatment"),
        fitted=devices.str.replace_all("_retrofit", "").fill_null(""),
        sulphur_ppm=pl.lit(sulphur_ppm, dtype=pl.Float64),
        **{f"m_{slot}": pl.lit("") for slot in SLOTS},
    )


def split_rows(
    state: pl.DataFrame, eligible: pl.Expr, chosen: Chosen, pool: pl.Expr | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the vehicles that stay as they are and those that are treated; a row treated in part is in both."""
    marked = state.with_columns(treated=chosen(state, eligible, pool))
    untouched = marked.with_columns(count=pl.col("count") - pl.col("treated")).filter(
        (pl.col("count") > 0.0) | (pl.col("treated") == 0.0)
    )
    changed = marked.filter(pl.col("treated") > 0.0).with_columns(count=pl.col("treated"))
    return untouched.drop("treated"), changed.drop("treated")


def joined_rows(untouched: pl.DataFrame, changed: pl.DataFrame) -> pl.DataFrame:
    """Return both in the order of the registry.

    Measures come in the canonical order, so that neither this nor the order of a vehicle's parts depends on the plan.
    """
    return pl.concat([untouched, changed]).sort("baseline_row", maintain_order=True)


def listed_measures() -> pl.Expr:
    """Return the measures on a vehicle, comma-separated, in the canonical order."""
    named = pl.concat_str([pl.col(f"m_{slot}") for slot in SLOTS], separator=",")
    return named.str.replace_all(rf"{VARIANT}\d+", "").str.replace_all(",+", ",").str.strip_chars(",")
