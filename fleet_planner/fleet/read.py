"""The cells of a registry as text under our own column names, block by block, whatever its form."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.fleet.forms import Choice, choose_reading, converted
from fleet_planner.fleet.forms.keep import kept_rows, matches
from fleet_planner.fleet.forms.model import AGES
from fleet_planner.fleet.source import open_source
from fleet_planner.fleet.text_blocks import TextBlock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_planner.fleet.forms import Converted, Reading
    from fleet_planner.fleet.source import Source


@dataclass(frozen=True)
class Setting:
    """What a registry is read for.

    Parameters
    ----------
    country
        Region whose dates of emission standards apply.
    year
        Base year.
    default_load
        Load of heavy vehicles without one; None: ``reference/load_defaults.csv``.
    choice
        Its form, columns and the rows to keep.
    encoding
        Of a CSV; None: UTF-8, GB18030 where a row is none.
    stream_loads
        Whether the stream's own load, where ``reference/vehicle_use.csv`` has one, goes before the default.
    grouped
        Whether rows are added up to groups of like vehicles as they are read.
    """

    country: str = "EU"
    year: int = 2024
    default_load: float | None = None
    choice: Choice = field(default_factory=Choice)
    encoding: str | None = None
    stream_loads: bool = True
    grouped: bool = False


@dataclass(frozen=True)
class NativeBlock:
    """Some rows of a registry in our own form.

    Parameters
    ----------
    made
        The cells, and what could not be converted.
    unread
        Records that are no rows of a table: ``row, column, value, reason, remedy``.
    rows
        Rows that are not wholly empty, those of ``unread`` among them.
    left_out
        Rows that ``fleet.keep`` left out; they are among ``rows``.
    encoding, other_encoding
        See `TextBlock`.
    """

    made: Converted
    unread: pl.DataFrame
    rows: int
    left_out: int
    encoding: str
    other_encoding: int


def open_registry(path: Path, setting: Setting) -> tuple[Source, Reading]:
    """Read a registry's header and say how its columns are read.

    Raises
    ------
    InputError
        The file is missing, empty or no text, or its columns fit no form.
    """
    source = open_source(path, setting.encoding)
    return source, choose_reading(source, setting.choice)


def native_blocks(source: Source, reading: Reading, setting: Setting) -> Iterator[NativeBlock]:
    """Yield the rows of a registry in our own form.

    Raises
    ------
    InputError
        The file has no rows, is no text, or ``fleet.keep`` keeps none.
    """
    keep = matches(setting.choice.keep, source, reading)
    names = list(dict.fromkeys([*reading.columns.values(), *reading.spread, *(p.column for p in keep)]))
    blank: tuple[TextBlock, str] | None = None
    seen = kept = 0
    for block, encoding in _at_once(source) if reading.form == AGES else source.blocks():
        cells = tidy_cells(block.cells, names)
        filled = filled_rows(cells)
        rows = filled.height + block.wrong.height
        if not rows:
            blank = blank or (block, encoding)
            continue
        chosen = kept_rows(filled, keep)
        seen, kept = seen + rows, kept + chosen.height + block.wrong.height
        made = _converted(chosen, source, reading, setting)
        yield NativeBlock(made, block.wrong, rows, filled.height - chosen.height, encoding, block.other_encoding)
    if not seen:
        if blank is None or blank[0].cells.is_empty():
            raise InputError(
                "the registry has no rows", "It needs a header and one row per vehicle or group.", file=source.path
            )
        cells = tidy_cells(blank[0].cells, names)  # empty rows alone: the check tells what they lack
        yield NativeBlock(_converted(cells, source, reading, setting), blank[0].wrong, cells.height, 0, blank[1], 0)
    elif not kept:
        listed = "; ".join(f"{p.column} = {', '.join(p.values)}" for p in keep)
        raise InputError("fleet.keep leaves no row", f"It asks for {listed}.", file=source.path)


def _converted(cells: pl.DataFrame, source: Source, reading: Reading, setting: Setting) -> Converted:
    return converted(
        cells,
        reading,
        country=setting.country,
        year=setting.year,
        per_unit=setting.choice.vehicles_per_unit,
        decimal_comma=source.separator == ";",
    )


def _at_once(source: Source) -> Iterator[tuple[TextBlock, str]]:
    """Yield all blocks as one: the shares of a group may stand anywhere in the file."""
    blocks = list(source.blocks())
    if blocks:
        texts = [block for block, _ in blocks]
        yield (
            TextBlock(
                pl.concat([t.cells for t in texts]),
                pl.concat([t.wrong for t in texts]),
                sum(t.records for t in texts),
                sum(t.other_encoding for t in texts),
            ),
            blocks[-1][1],
        )


def tidy_cells(cells: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Return named cells without blanks at their ends, empty ones null, and ``row``."""
    text = cells.select(*(pl.col(name).str.strip_chars() for name in names), "row")
    inner = pl.exclude("row")
    return text.with_columns(pl.when(inner == "").then(None).otherwise(inner).name.keep())


def filled_rows(cells: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that are not wholly empty."""
    return cells.filter(pl.any_horizontal(pl.exclude("row").is_not_null()))


def read_registry(path: Path, *, encoding: str | None = None, setting: Setting | None = None) -> pl.DataFrame:
    """Read a registry whole; every cell is text, empty cells are null, column ``row`` is the file's row.

    Parameters
    ----------
    path
        CSV (comma, semicolon or tab) or Parquet.
    encoding
        Encoding of a CSV; None: UTF-8 with or without byte order mark, GB18030 (holds GBK) where a row is none.
    setting
        Form, country and year, where they matter.

    Returns
    -------
    cells
        Our own columns that the file has, as text, and ``row``: the header is row 1, wholly empty rows between others
        and rows with too many or too few cells are left out, a cell with line breaks counts as one row.

    Raises
    ------
    InputError
        The file is missing, empty, undecodable, has a column twice, an unknown or a missing one.
    """
    asked = replace(setting or Setting(), encoding=encoding)
    source, reading = open_registry(path, asked)
    return pl.concat([block.made.cells for block in native_blocks(source, reading, asked)])
