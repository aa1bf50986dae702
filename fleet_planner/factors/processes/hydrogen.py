"""Hydrogen use of fuel-cell vehicles; nothing leaves their tailpipe but water."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping


def load_hydrogen_use() -> Mapping[tuple[str, str], float]:
    """Return kg of hydrogen per km by (category, segment); segment "" serves any."""
    table = reference_table("hydrogen_use.csv").with_columns(pl.col("segment").fill_null(""))
    return {(r["category"], r["segment"]): float(r["kg_per_km"]) for r in table.iter_rows(named=True)}


def kg_per_km(table: Mapping[tuple[str, str], float], category: str, segment: str) -> float:
    """Return the hydrogen use of a technology.

    Raises
    ------
    InputError
        None is known for the category.
    """
    use = table.get((category, segment), table.get((category, "")))
    if use is None:
        raise InputError(
            f"no hydrogen use is known for category {category}",
            "Use a category of the hydrogen table.",
            column="category",
            value=category,
        )
    return use
