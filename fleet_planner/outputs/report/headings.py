"""Headings of columns in the report: those of the data dictionary, with the unit in which the report tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_planner.tables.load import columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    Words = Mapping[str, str]

SAME = {"µg/m³", "ppb"}
"""Units that are written alike in every language and that no cell carries."""


def heading(t: Words, table: str, column: str) -> str:
    """Return the heading of a column of a table of the dictionary, in the language of the words.

    Parameters
    ----------
    t
        Words of the page.
    table
        Of the dictionary (``tables/columns``).
    column
        Its name; ``name|unit`` where the page tells another unit, ``unit`` being a sign or a key ``head_<unit>``.

    Raises
    ------
    KeyError
        The dictionary has no such column.
    """
    name, _, unit = column.partition("|")
    spec = {s.column: s for s in columns(table)}[name]
    title = spec.title_zh if t["page_language"] == "zh" else spec.title_en
    shown = t.get(f"head_{unit}", unit) if unit else spec.unit if spec.unit in SAME else ""
    return t["head_with_unit"].format(title=title, unit=shown) if shown else title


def heads(t: Words, table: str, *wanted: str) -> list[str]:
    """Return the headings of columns of a table of the dictionary (see `heading`)."""
    return [heading(t, table, column) for column in wanted]
