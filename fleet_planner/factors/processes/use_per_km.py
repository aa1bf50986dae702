"""Energy that vehicles without a combustion curve take per km, by category and segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping


def load_use(table: str, column: str) -> Mapping[tuple[str, str], float]:
    """Return a packaged table's use per km by (category, segment); segment "" serves any."""
    rows = reference_table(table).with_columns(pl.col("segment").fill_null(""))
    return {(r["category"], r["segment"]): float(r[column]) for r in rows.iter_rows(named=True)}


def use_of(table: Mapping[tuple[str, str], float], category: str, segment: str, what: str) -> float:
    """Return the use per km of a technology, in the table's unit.

    Parameters
    ----------
    table
        From `load_use`.
    category, segment
        Of the technology.
    what
        ``electricity`` or ``hydrogen``, for the message.

    Raises
    ------
    InputError
        None is known for the category.
    """
    use = table.get((category, segment), table.get((category, "")))
    if use is None:
        raise InputError(
            f"no {what} use is known for category {category}",
            f"Use a category of the {what} table.",
            column="category",
            value=category,
        )
    return use
