"""Read a user's CSV as the data dictionary describes it: every cell checked, the first wrong one told by its place."""

from __future__ import annotations

import math
from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError, first_line, use_one_of
from fleet_planner.foreign import TABLE_FAULTS
from fleet_planner.tables.load import columns

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.tables.load import ColumnSpec

TYPES = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64}
RANGE = ".."


def read_table(path: Path, table: str) -> pl.DataFrame:
    """Read a table of text, whole numbers and numbers.

    Empty cells take the default of their column; where it has none they stay empty (null).

    Parameters
    ----------
    path
        CSV, UTF-8.
    table
        Name in the dictionary (``tables/columns``).

    Raises
    ------
    InputError
        The file is missing or no table; it has an unknown column, lacks a required one, has no row, or a cell is
        empty, of another type or out of its range.
    """
    try:
        frame = pl.read_csv(path, infer_schema=False)
    except FileNotFoundError as error:
        raise InputError("there is no such file", "Check its name in the plan.", file=path) from error
    except pl.exceptions.NoDataError as error:
        raise InputError("the file is empty", "It needs a header and rows.", file=path) from error
    except TABLE_FAULTS as error:
        raise InputError(f"this is no table: {first_line(error)}", "Save it as CSV, UTF-8.", file=path) from error
    specs = columns(table)
    names = [s.column for s in specs]
    for name in frame.columns:
        if name not in names:
            near = get_close_matches(name, names, n=1)
            raise InputError(
                "unknown column",
                f"Did you mean {near[0]}?" if near else f"Known are {', '.join(names)}.",
                path,
                1,
                name,
            )
    for spec in specs:
        if spec.required and not spec.default and spec.column not in frame.columns:
            raise InputError("a column is missing", spec.description, path, 1, spec.column)
    if frame.is_empty():
        raise InputError("the table has no row", "Add one, or do not name the file.", path)
    made = {}
    for spec in specs:
        cells = frame[spec.column].to_list() if spec.column in frame.columns else [None] * frame.height
        values = [_cell(path, spec, row, cell) for row, cell in enumerate(cells, 2)]
        made[spec.column] = pl.Series(spec.column, values, TYPES[spec.type])
    return pl.DataFrame(made)


def _cell(path: Path, spec: ColumnSpec, row: int, cell: str | None) -> str | float | int | None:
    text = (cell or "").strip() or spec.default
    if not text:
        if spec.required:
            raise InputError("a cell is empty", spec.description, path, row, spec.column)
        return None
    if spec.type == "text":
        if spec.allowed and text not in spec.allowed.split("|"):
            raise InputError("unknown word", use_one_of(text, spec.allowed.split("|")), path, row, spec.column, text)
        return text
    try:
        value = float(text)
    except ValueError as error:
        raise InputError("this is no number", "Write it with a point.", path, row, spec.column, text) from error
    low, _, high = spec.allowed.partition(RANGE)
    least, most = float(low) if low else -math.inf, float(high) if high else math.inf
    if not (math.isfinite(value) and least <= value <= most):
        between = f"from {low}" if not high else f"from {low} to {high}" if low else f"up to {high}"
        remedy = f"Write a number {between}." if spec.allowed else "Write a finite number."
        raise InputError("this number is not allowed", remedy, path, row, spec.column, text)
    if spec.type == "integer":
        if value != int(value):
            raise InputError("this is no whole number", "Write one.", path, row, spec.column, text)
        return int(value)
    return value
