"""Read the text tables of a GTFS feed and turn cells into numbers, naming the cell that is wrong."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError, first_line
from fleet_planner.findings import Finding
from fleet_planner.foreign import TABLE_FAULTS
from fleet_planner.unpacking import read_zip

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

USED = (
    "trips.txt",
    "routes.txt",
    "stops.txt",
    "stop_times.txt",
    "shapes.txt",
    "calendar.txt",
    "calendar_dates.txt",
    "frequencies.txt",
)
ROW = "_row"
"""Column with the row of the file, counted as a spreadsheet does."""


def read_tables(path: Path) -> dict[str, pl.DataFrame]:
    """Read the tables of a feed (zip file or folder) that are used, each cell as text, empty cells as nulls.

    Raises
    ------
    InputError
        The feed is missing, is no zip file, or a table cannot be read.
    """
    return {name: frame for name, data in _contents(path).items() if (frame := _frame(name, data, path)) is not None}


def _contents(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        return {name: (path / name).read_bytes() for name in USED if (path / name).is_file()}
    if not path.is_file():
        raise InputError("there is no such timetable feed", "Check activity.gtfs in the plan.", path)
    return read_zip(path, USED)


def _frame(name: str, data: bytes, path: Path) -> pl.DataFrame | None:
    """Return a table with its row numbers; nothing for an empty file."""
    try:
        frame = pl.read_csv(
            io.BytesIO(data.removeprefix(b"\xef\xbb\xbf")), infer_schema=False, truncate_ragged_lines=True
        )
    except pl.exceptions.NoDataError:
        return None
    except TABLE_FAULTS as error:
        first = first_line(error)
        raise InputError(f"this is not a table in UTF-8: {first}", "Mend the feed.", path / name) from error
    text = pl.all().str.strip_chars()
    frame = frame.rename({c: c.strip() for c in frame.columns}).with_columns(text)
    return frame.with_columns(pl.all().replace("", None)).with_row_index(ROW, offset=2)


def need(tables: Mapping[str, pl.DataFrame], name: str, columns: tuple[str, ...], path: Path) -> pl.DataFrame:
    """Return a table that must be there with these columns."""
    if name not in tables:
        raise InputError(f"the feed has no {name}", "Use a complete GTFS feed.", path)
    for column in columns:
        if column not in tables[name].columns:
            raise InputError("the table lacks a column", "Use a complete GTFS feed.", path / name, column=column)
    return tables[name]


def numbers(
    frame: pl.DataFrame,
    name: str,
    column: str,
    path: Path,
    low: float,
    high: float,
    *,
    whole: bool = False,
) -> pl.DataFrame:
    """Turn a column of text into numbers from ``low`` to ``high``; empty cells stay null.

    Raises
    ------
    InputError
        A cell holds something else; it names file, row and column.
    """
    value = pl.col(column).cast(pl.Float64, strict=False)
    right = value.is_between(low, high)
    if whole:
        right = right & (value == value.round())
    refuse(frame, name, column, path, right, f"Give a number from {low:g} to {high:g}.")
    return frame.with_columns(value.cast(pl.Int64) if whole else value)


def seconds(frame: pl.DataFrame, name: str, column: str, path: Path, out: str) -> pl.DataFrame:
    """Add ``out``: the seconds after midnight of a column HH:MM:SS, where hours may pass 24.

    Raises
    ------
    InputError
        A cell holds something else; it names file, row and column.
    """
    parts = pl.col(column).str.extract_groups(r"^(\d{1,3}):([0-5]\d):([0-5]\d)$")
    time = sum(
        (parts.struct.field(str(i + 1)).cast(pl.Int64) * factor for i, factor in enumerate((3600, 60, 1))),
        start=pl.lit(0, dtype=pl.Int64),
    )
    frame = frame.with_columns(time.alias(out))
    refuse(frame, name, column, path, pl.col(out).is_not_null(), "Times are HH:MM:SS.")
    return frame


def filled(frame: pl.DataFrame, name: str, columns: tuple[str, ...], path: Path) -> None:
    """Raise an error that names the first empty cell of columns that must be filled."""
    for column in columns:
        empty = frame.filter(pl.col(column).is_null())
        if empty.height:
            row = int(empty[ROW][0])
            raise InputError(
                "this cell of the feed is empty", "Fill it, or leave the row out.", path / name, row, column
            )


def refuse(frame: pl.DataFrame, name: str, column: str, path: Path, right: pl.Expr, remedy: str) -> None:
    """Raise an error that names the first cell of a column that is not empty and not ``right``."""
    wrong = frame.filter(pl.col(column).is_not_null() & ~right.fill_null(value=False))
    if wrong.height:
        cell = wrong.row(0, named=True)
        raise InputError("this cell of the feed is malformed", remedy, path / name, cell[ROW], column, cell[column])


def told(
    code: str, name: str, column: str, rows: pl.DataFrame, text: pl.DataFrame | None = None, shown: str = ""
) -> list[Finding]:
    """Return a warning that counts rows and names the first cell; nothing where there are none.

    Parameters
    ----------
    code
        Of the finding.
    name, column
        File and column to name.
    rows
        The rows concerned, with `ROW`.
    text
        `ROW` and the cells as they were written; ``rows`` itself where it is left out.
    shown
        Column of ``text`` with the value; ``column`` where it is left out.
    """
    if rows.is_empty():
        return []
    row = int(rows[ROW].min())  # type: ignore[arg-type]  # a column of integers
    cells = rows if text is None else text
    value = cells.filter(pl.col(ROW) == row)[shown or column][0]
    values: dict[str, str | int | float] = {"file": name, "row": row, "column": column, "value": str(value or "")}
    return [Finding(code, "warning", values, rows.height)]
