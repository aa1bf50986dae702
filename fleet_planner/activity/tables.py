"""Read the user's tables of traffic (counts, speeds, flows) by the data dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError, use_one_of
from fleet_planner.foreign import TABLE_FAULTS, read_parquet
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.tables import ColumnSpec

PARQUET = (".parquet", ".pq")
SEPARATORS = ",;\t"
ALIASES = {
    "latitude": "lat",
    "longitude": "lon",
    "lng": "lon",
    "sensor_id": "site_id",
    "station_id": "site_id",
    "detector_id": "site_id",
}
"""Other names of columns, used where the file has no column of the right one."""

TYPES = {"text": pl.String, "number": pl.Float64, "integer": pl.Int64}


def read_cells(path: Path, plan_key: str) -> pl.DataFrame:
    """Read a CSV (UTF-8; comma, semicolon or tab) or Parquet file as text; empty cells are null.

    Raises
    ------
    InputError
        The file is missing, unreadable or has no row.
    """
    if not path.is_file():
        raise InputError("there is no such file", f"Check {plan_key} in the plan.", file=path)
    try:
        if path.suffix.lower() in PARQUET:
            frame = read_parquet(path)
            frame = frame.with_columns(pl.selectors.float().fill_nan(None)).select(pl.all().cast(pl.String))
        else:
            with path.open(encoding="utf-8-sig") as handle:
                header = handle.readline()
            frame = pl.read_csv(path, separator=max(SEPARATORS, key=header.count), infer_schema=False)
    except TABLE_FAULTS as error:
        reason = next(iter(str(error).splitlines()), "")
        raise InputError(
            f"the table cannot be read ({reason})", "Save it as CSV (UTF-8) or Parquet.", file=path
        ) from error
    if frame.is_empty():
        raise InputError("the table has no row", "Fill it.", file=path)
    names = [name.strip() for name in frame.columns]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise InputError("a column stands twice in the header", "Remove one.", file=path, row=1, column=twice[0])
    known = {n: ALIASES[n.lower()] for n in names if n.lower() in ALIASES and ALIASES[n.lower()] not in names}
    usual = [known.get(n, n) for n in names]
    text = frame.rename(dict(zip(frame.columns, usual, strict=True))).select(pl.all().str.strip_chars())
    return text.select(pl.when(pl.all() == "").then(None).otherwise(pl.all()).name.keep())


def typed(cells: pl.DataFrame, dictionary: str, path: Path) -> pl.DataFrame:
    """Give text cells the types of a table of the dictionary; columns that it does not know are left out.

    Parameters
    ----------
    cells
        From `read_cells`.
    dictionary
        Name of the table in ``tables/columns``.
    path
        For the messages.

    Returns
    -------
    The table's columns, null where the file has none, and ``row`` (the header is row 1).

    Raises
    ------
    InputError
        A needed column is missing, or a cell is empty, no number, out of range or an unknown word: the first one.
    """
    specs = columns(dictionary)
    for spec in specs:
        if spec.required and spec.column not in cells.columns:
            remedy = f"The file has {', '.join(cells.columns)}; add {spec.column} ({spec.description})."
            raise InputError("a needed column is missing", remedy, file=path, row=1, column=spec.column)
    missing = [pl.lit(None, dtype=pl.String).alias(s.column) for s in specs if s.column not in cells.columns]
    frame = cells.with_columns(missing).select(
        pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias("row"), *(s.column for s in specs)
    )
    out = frame.with_columns(
        pl.col(s.column).cast(pl.Float64, strict=False).cast(TYPES[s.type], strict=False)
        for s in specs
        if s.type != "text"
    )
    for spec in specs:
        _check(frame, out, spec, path)
    return out


def refuse(frame: pl.DataFrame, bad: pl.Series | pl.Expr, column: str, path: Path, problem: str, remedy: str) -> None:
    """Raise an `InputError` that names the first row of ``frame`` (with ``row``) where a condition holds."""
    wrong = frame.filter(bad)
    if wrong.height:
        more = f" ({wrong.height:,} rows)" if wrong.height > 1 else ""
        raise InputError(
            f"{problem}{more}", remedy, file=path, row=int(wrong["row"][0]), column=column, value=wrong[column][0]
        )


def _check(frame: pl.DataFrame, out: pl.DataFrame, spec: ColumnSpec, path: Path) -> None:
    text, value = frame[spec.column], out[spec.column]
    if spec.required:
        refuse(frame, text.is_null(), spec.column, path, "this cell is empty", f"Fill it: {spec.description}.")
    if spec.type != "text":
        number = text.cast(pl.Float64, strict=False)
        whole = spec.type == "number" or (number == number.round()).fill_null(value=True)
        right = number.is_finite().fill_null(value=False) & whole
        kind = "whole number" if spec.type == "integer" else "number"
        refuse(frame, text.is_not_null() & ~right, spec.column, path, f"this is no {kind}", "Write it with digits.")
        low, _, high = spec.allowed.partition("..")
        outside = pl.lit(value=False) if not spec.allowed else pl.lit(~_within(value, low, high))
        limits = f"{low or 'any'} to {high}" if high else f"{low} or more"
        refuse(frame, outside, spec.column, path, "this is out of range", f"Give {limits} {spec.unit}".rstrip() + ".")
    elif spec.allowed:
        words = spec.allowed.split("|")
        unknown = text.is_not_null() & ~text.is_in(words)
        first = str(text.filter(unknown)[0]) if unknown.any() else ""
        refuse(frame, unknown, spec.column, path, "this word is not known", use_one_of(first, words))


def _within(value: pl.Series, low: str, high: str) -> pl.Series:
    above = value >= float(low) if low else pl.repeat(value=True, n=value.len(), eager=True)
    below = value <= float(high) if high else pl.repeat(value=True, n=value.len(), eager=True)
    return (above & below).fill_null(value=True)
