"""The cells of a registry as text under our own column names, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.fleet.headers import is_identifier
from fleet_planner.fleet.identifiers import ID
from fleet_planner.fleet.source import Source, open_source
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_planner.fleet.text_blocks import TextBlock


@dataclass(frozen=True)
class NativeColumns:
    """Which columns of a registry are read.

    Parameters
    ----------
    kept
        Ours by the file's.
    plates
        The ids come from a column of plates or VINs.
    unread
        Columns of plates, VINs and engine numbers that are left out.
    """

    kept: dict[str, str]
    plates: bool = False
    unread: tuple[str, ...] = ()


def native_columns(source: Source) -> NativeColumns:
    """Return the columns of a registry in our own form.

    Raises
    ------
    InputError
        A column is unknown, or a needed one is missing.
    """
    found = [name for name in source.names if is_identifier(name)]
    named = ID in source.names
    kept = {name: name for name in source.names if name not in found}
    if found and not named:
        kept[found[0]] = ID
    _check_columns(list(kept.values()), source.path)
    return NativeColumns(kept, bool(found) and not named, tuple(found if named else found[1:]))


def tidy_cells(block: TextBlock, kept: dict[str, str]) -> pl.DataFrame:
    """Return the cells of a block under our names, without blanks at their ends; empty ones are null."""
    text = block.cells.select("row", *(pl.col(theirs).str.strip_chars().alias(ours) for theirs, ours in kept.items()))
    cells = pl.exclude("row")
    emptied = text.with_columns(pl.when(cells == "").then(None).otherwise(cells).name.keep())
    return emptied.select(pl.exclude("row"), "row")


def read_registry(path: Path, *, encoding: str | None = None) -> pl.DataFrame:
    """Read a registry whole; every cell is text, empty cells are null, column ``row`` is the file's row.

    Parameters
    ----------
    path
        CSV (comma, semicolon or tab) or Parquet.
    encoding
        Encoding of a CSV; None: UTF-8 with or without byte order mark, GB18030 (holds GBK) where a row is none.

    Returns
    -------
    cells
        The file's columns as text and ``row``: the header is row 1, wholly empty rows between others and rows with
        too many or too few cells are left out, a cell with line breaks counts as one row.

    Raises
    ------
    InputError
        The file is missing, empty, undecodable, has a column twice, an unknown or a missing one.
    """
    source = open_source(path, encoding)
    return pl.concat(list(read_cells(source, native_columns(source))))


def read_cells(source: Source, named: NativeColumns) -> Iterator[pl.DataFrame]:
    """Yield the cells of a registry in our own form; see `read_registry`."""
    empty = True
    for block, _ in source.blocks():
        empty = False
        yield filled_rows(tidy_cells(block, named.kept))
    if empty:
        raise no_rows(source.path)


def filled_rows(cells: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that are not wholly empty."""
    return cells.filter(pl.any_horizontal(pl.exclude("row").is_not_null()))


def no_rows(path: Path) -> InputError:
    """Return the error on a registry that is a header alone."""
    return InputError("the registry has no rows", "It needs a header and one row per vehicle or group.", file=path)


def _check_columns(names: list[str], path: Path) -> None:
    specs = columns("registry")
    known = [s.column for s in specs]
    for spec in specs:
        if spec.required and spec.column not in names:
            raise InputError(
                "a needed column is missing",
                f"The file has {', '.join(names)}; add {spec.column} ({spec.description}).",
                file=path,
                row=1,
                column=spec.column,
            )
    for name in names:
        if name not in known:
            raise InputError(
                "unknown column",
                f"Remove it, or use one of {', '.join(known)}.",
                file=path,
                row=1,
                column=name or "(no name)",
            )
