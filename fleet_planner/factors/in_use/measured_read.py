"""Read a table of emission tests: remote sensing, PEMS, on-board sensors, smoke opacity.

The columns are those of ``tables/columns/measured_tests.csv``. Every wrong cell is reported with file, row and
column; its row is left out, the others are read.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError, first_line
from fleet_planner.foreign import TABLE_FAULTS
from fleet_planner.tables import ColumnSpec, columns

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "measured_tests"
GROUP = ("category", "fuel", "standard")
SMOKE_UNITS = ("m-1", "percent_opacity")
NOX_UNITS = ("nox_per_co2", "no_per_co2", "no_ppm_per_co2_percent")
DAY = r"^\d{4}-\d{2}-\d{2}$"
REJECTED = {
    "file": pl.String,
    "row": pl.Int64,
    "column": pl.String,
    "value": pl.String,
    "reason": pl.String,
    "remedy": pl.String,
}


def read_measured_tests(path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read a table of tests.

    Parameters
    ----------
    path
        CSV, UTF-8, separated by comma, semicolon or tab, numbers with a decimal point.

    Returns
    -------
    tests
        Columns of ``tables/columns/measured_tests.csv`` with their types, and ``row`` (the header is row 1).
    rejected
        ``tables/columns/rejected.csv``: the wrong cells; a row may have several.

    Raises
    ------
    InputError
        The file cannot be read, has no row, or lacks a required column.
    """
    raw = _raw(path)
    specs = columns(TABLE)
    for spec in specs:
        if spec.required and spec.column not in raw.columns:
            near = get_close_matches(spec.column, raw.columns, n=1)
            remedy = f"Rename {near[0]!r}." if near else f"Add it: {spec.description}."
            raise InputError("a required column is missing", remedy, file=path, row=1, column=spec.column)
    known = [spec.column for spec in specs]
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in known if name not in raw.columns]
    text = raw.with_columns(missing).select(
        pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias("row"), pl.col(known).str.strip_chars().replace("", None)
    )
    numbers = [spec.column for spec in specs if spec.type == "number"]
    typed = text.with_columns(pl.col(numbers).cast(pl.Float64, strict=False))
    bad = [part for spec in specs for part in _cells(text, typed, spec)]
    bad += _cross_checks(text, typed)
    rejected = pl.concat([pl.DataFrame(schema=REJECTED).drop("file"), *bad]).sort("row", maintain_order=True)
    good = typed.filter(~pl.col("row").is_in(rejected["row"].unique().implode()))
    return good, rejected.select(pl.lit(str(path)).alias("file"), *list(REJECTED)[1:])


def _raw(path: Path) -> pl.DataFrame:
    try:
        with path.open(encoding="utf-8-sig") as handle:
            header = handle.readline()
        separator = max(",;\t", key=header.count)
        raw = pl.read_csv(path, separator=separator, infer_schema=False)
    except TABLE_FAULTS as error:
        raise InputError(
            f"the table of tests cannot be read ({first_line(error)})",
            "Save it as CSV, UTF-8, one header row, every row as long as it.",
            file=path,
        ) from error
    if raw.is_empty():
        raise InputError("the table of tests has no row", "Add a test or leave the table out.", file=path)
    return raw


def _wrong(text: pl.DataFrame, where: pl.Expr, column: str, reason: str, remedy: str | pl.Expr) -> pl.DataFrame:
    """Return the cells of ``column`` where a condition holds (null counts as no)."""
    return text.filter(where.fill_null(value=False)).select(
        "row",
        pl.lit(column).alias("column"),
        pl.col(column).alias("value"),
        pl.lit(reason).alias("reason"),
        (remedy if isinstance(remedy, pl.Expr) else pl.lit(remedy)).cast(pl.String).alias("remedy"),
    )


def _cells(text: pl.DataFrame, typed: pl.DataFrame, spec: ColumnSpec) -> list[pl.DataFrame]:
    """Return the cells of a column that break its own rule."""
    name, cell = spec.column, pl.col(spec.column)
    out = []
    if spec.required:
        out.append(_wrong(text, cell.is_null(), name, "empty", f"Fill it: {spec.description}."))
    if spec.type == "number":
        unread = cell.is_not_null() & ~typed[name].is_finite().fill_null(value=False)
        out.append(_wrong(text, unread, name, "not a number", "Write it with a decimal point, such as 12.5."))
        low, _, high = spec.allowed.partition("..")
        outside = typed[name].is_finite() & ~typed[name].is_between(float(low), float(high))
        remedy = f"Give {low} to {high} {spec.unit}."
        out.append(_wrong(text, pl.lit(outside), name, "out of range", remedy))
    elif spec.allowed:
        words = spec.allowed.split("|")
        unknown = text.filter(cell.is_not_null() & ~cell.is_in(words))[name].unique().to_list()
        advice = {word: f"Use {' or '.join(get_close_matches(word, words, n=2) or words)}." for word in unknown}
        if advice:
            remedies = cell.replace_strict(advice, default=None, return_dtype=pl.String)
            out.append(_wrong(text, cell.is_in(unknown), name, "unknown word", remedies))
    return out


def _cross_checks(text: pl.DataFrame, typed: pl.DataFrame) -> list[pl.DataFrame]:
    """Return the cells that contradict others."""
    unit, pollutant = pl.col("unit"), pl.col("pollutant")
    nameless = pl.col("vehicle_id").is_null() & pl.any_horizontal(pl.col(name).is_null() for name in GROUP)
    whole = (typed["value"] < 0.0) | (typed["value"] >= 100.0)
    negative = typed["value"] < 0.0
    smoke = unit.is_in(SMOKE_UNITS)
    day = pl.col("date")
    vehicle = pl.col("vehicle_id")
    torn = vehicle.is_not_null() & pl.any_horizontal(
        pl.col(name).drop_nulls().n_unique().over(vehicle) > 1 for name in GROUP
    )
    no_day = day.is_not_null() & (~day.str.contains(DAY) | day.str.to_date("%Y-%m-%d", strict=False).is_null())
    return [
        _wrong(text, pl.col("test_id").is_duplicated() & pl.col("test_id").is_not_null(), "test_id",
               "the name stands twice", "Give every test a name of its own."),
        _wrong(text, nameless, "vehicle_id", "neither a vehicle nor a whole group",
               "Give vehicle_id, or category, fuel and standard."),
        _wrong(text, torn, "vehicle_id", "the vehicle stands in two groups",
               "Give it the same category, fuel and standard in every row."),
        _wrong(text, smoke & (pollutant != "PM_exhaust"), "unit", "smoke says nothing of this pollutant",
               "Use PM_exhaust with this unit."),
        _wrong(text, unit.is_in(NOX_UNITS) & (pollutant != "NOx"), "unit", "this ratio is for NOx",
               "Use NOx with this unit."),
        _wrong(text, (pl.col("method") == "opacity") & ~smoke, "unit", "not a unit of opacity",
               "Use m-1 or percent_opacity."),
        _wrong(text, (unit == "percent_opacity") & pl.lit(whole), "value", "not an opacity",
               "Give 0 to below 100 percent."),
        _wrong(text, ((unit == "m-1") | pl.col("method").is_in(["pems", "on_board"])) & pl.lit(negative), "value",
               "below zero", "Only remote readings scatter below zero."),
        _wrong(text, no_day, "date", "not a day", "Write it as 2024-05-31."),
    ]  # fmt: skip
