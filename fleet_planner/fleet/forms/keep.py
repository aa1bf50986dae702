"""Keep the rows of a registry that the plan asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError, use_one_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.fleet.forms.choose import Reading
    from fleet_planner.fleet.source import Source


@dataclass(frozen=True)
class Match:
    """Values that a column must have: words with ``*``, ``?`` and ``[0-9]``, or ranges such as ``2010..2020``."""

    column: str
    values: tuple[str, ...]


def matches(keep: Mapping[str, Sequence[str]], source: Source, reading: Reading) -> list[Match]:
    """Return what ``fleet.keep`` asks of the columns of a file; a column has the file's name or ours.

    Raises
    ------
    InputError
        There is no such column.
    """
    out = []
    for name, values in keep.items():
        column = name if name in source.names else reading.columns.get(name)
        if column is None:
            known = {*source.names, *reading.columns}
            remedy = use_one_of(name, known)
            raise InputError("the registry has no such column", remedy, source.path, row=1, column=f"fleet.keep.{name}")
        out.append(Match(column, tuple(values)))
    return out


def kept_rows(cells: pl.DataFrame, keep: Sequence[Match]) -> pl.DataFrame:
    """Return the rows that have a kept value in every column of ``keep``."""
    for match in keep:
        column = pl.col(match.column)
        words = [v for v in match.values if ".." not in v]
        ranges = [v.partition("..") for v in match.values if ".." in v]
        fits = column.str.contains(_pattern(words)) if words else pl.lit(value=False)
        number = column.cast(pl.Float64, strict=False)
        for low, _, high in ranges:
            fits = fits | ((number >= float(low or "-inf")) & (number <= float(high or "inf")))
        cells = cells.filter(fits.fill_null(value=False))
    return cells


def _pattern(words: Sequence[str]) -> str:
    parts = []
    for word in words:
        pieces = re.split(r"(\*|\?|\[[^\]]+\])", word)
        change = {"*": ".*", "?": "."}
        parts.append(
            "".join(change.get(p, p if p.startswith("[") and p.endswith("]") else re.escape(p)) for p in pieces)
        )
    return f"^(?:{'|'.join(parts)})$"
