"""Headings of columns in the report: those of the data dictionary, with the unit in which the report tells them.

Headings that several pages or a template name by a word of their own are in ``tables/headings.csv``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_planner.tables.load import heading

if TYPE_CHECKING:
    from collections.abc import Mapping


def heads(t: Mapping[str, str], table: str, *wanted: str) -> list[str]:
    """Return the headings of columns of a table of the dictionary (see `heading`)."""
    return [heading(t, table, column) for column in wanted]
