"""Tables as a workbook of Excel: a sheet per table, what the columns mean, the sources."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from fleet_planner.outputs.export.source import Item, Source
    from fleet_planner.tables import Language

MAX_ROWS = 1_048_576
"""Rows that a sheet of Excel holds, its header among them."""
MAX_COLUMNS = 16_384
MAX_TEXT = 32_767
"""Letters that a cell of Excel holds."""
MAX_NAME = 31
"""Letters that the name of a sheet may have."""
EXACT = 2**53
"""Whole numbers above it lose digits in Excel and are written as text."""
CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""Stands as the time of making, so that equal results give equal files."""
WIDEST = 40


def write_workbook(source: Source, path: Path, language: Language) -> tuple[Item, ...]:
    """Write all tables and the attributes of all layers; return those that are too large for a sheet.

    Parameters
    ----------
    source
        What is written.
    path
        Workbook (``.xlsx``).
    language
        Of the sheets' names and of titles on them; columns keep their names.

    Returns
    -------
    tuple of Item
        Left out, as the first sheet says too.
    """
    import xlsxwriter

    words = report_words(language)
    options = {
        "constant_memory": True,  # a row is written out when the next begins
        "strings_to_formulas": False,  # a name that begins with = must not become a formula
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": CREATED, "title": str(source.folder.name)})
        head = book.add_format({"bold": True, "bottom": 1})
        fronts = [words[f"export_{key}"] for key in ("contents", "columns", "sources")]
        contents = book.add_worksheet(fronts[0])
        taken = {name.lower() for name in fronts}
        listed: list[tuple[str, Item, int]] = []
        left_out: list[Item] = []
        for item in source.items:
            if item.place == "columns.csv":
                continue
            frame = item.read()
            if frame.height + 1 > MAX_ROWS or frame.width > MAX_COLUMNS:
                left_out.append(item)
                listed.append(("", item, frame.height))
                continue
            name = sheet_name(item.name, taken)
            listed.append((name, item, frame.height))
            _write(book.add_worksheet(name), frame, head)
        _write(book.add_worksheet(fronts[1]), _columns(source, {i.place: s for s, i, _ in listed}), head)
        _write(book.add_worksheet(fronts[2]), sources(source), head)
        _write(contents, _contents(listed, words, language), head)
    return tuple(left_out)


def sheet_name(name: str, taken: set[str]) -> str:
    """Return a name of at most 31 letters that no other sheet has, and keep it in ``taken``; Excel ignores case."""
    short, k = name[:MAX_NAME], 1
    while short.lower() in taken:
        k += 1
        ending = f"_{k}"
        short = name[: MAX_NAME - len(ending)] + ending
    taken.add(short.lower())
    return short


def sources(source: Source) -> pl.DataFrame:
    """Return the sources that the manifest names: item, source, year, licence, checked."""
    keys = ("item", "source", "year", "licence", "checked")
    rows: list[dict[str, str]] = []
    for told in source.manifest.get("sources", []):
        known = {"item": told.get("item", told.get("table", "")), "source": told.get("source", told.get("sources", ""))}
        rows.append({k: _words(known.get(k) or told.get(k, "")) for k in keys})
    if attribution := source.manifest.get("attribution"):
        rows.append(dict.fromkeys(keys, "") | {"item": "network", "source": str(attribution)})
    return pl.DataFrame(rows, schema=dict.fromkeys(keys, pl.String))


def _words(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _contents(listed: Sequence[tuple[str, Item, int]], words: dict[str, str], language: Language) -> pl.DataFrame:
    heads = [words[f"export_{k}"] for k in ("sheet", "title", "file", "rows")]
    rows = [
        (
            sheet or words["export_too_large"].format(name=item.name, most=f"{MAX_ROWS - 1:,}"),
            item.title_zh if language == "zh" else item.title_en,
            item.place,
            height,
        )
        for sheet, item, height in listed
    ]
    return pl.DataFrame(
        rows, schema=dict(zip(heads, (pl.String, pl.String, pl.String, pl.Int64), strict=True)), orient="row"
    )


def _columns(source: Source, sheets: dict[str, str]) -> pl.DataFrame:
    """Return the data dictionary of the sheets that are there."""
    there = [place for place, sheet in sheets.items() if sheet]
    told = source.columns.filter(pl.col("place").is_in(there))
    sheet = pl.col("place").replace_strict(sheets, return_dtype=pl.String).alias("sheet")
    return told.select(sheet, pl.exclude("place", "table"))


def _write(sheet: Any, frame: pl.DataFrame, head: Any) -> None:
    """Write a table with a bold header that stays in view and can be filtered."""
    for k, name in enumerate(frame.columns):
        sheet.set_column(k, k, min(WIDEST, max(len(name), *_widths(frame[name]), 6) + 2))
    sheet.write_row(0, 0, frame.columns, head)
    sheet.freeze_panes(1, 0)
    if frame.width:
        sheet.autofilter(0, 0, max(frame.height, 1), frame.width - 1)
    for row, values in enumerate(frame.iter_rows(), 1):
        _write_row(sheet, row, values)


def _widths(cells: pl.Series) -> Iterable[int]:
    return (len(str(v)) for v in cells.head(50) if v is not None and not isinstance(v, float))


def _write_row(sheet: Any, row: int, values: Iterable[object]) -> None:
    for k, value in enumerate(values):
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            continue
        if isinstance(value, bool):
            sheet.write_boolean(row, k, value)
        elif isinstance(value, float) or (isinstance(value, int) and abs(value) <= EXACT):
            sheet.write_number(row, k, value)
        else:
            sheet.write_string(row, k, str(value)[:MAX_TEXT])
