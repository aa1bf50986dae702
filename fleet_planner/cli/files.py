"""Small files of the command line: read as text, written whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError, OutputError, first_line
from fleet_planner.foreign import TABLE_FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def read_csv_as_text(path: Path) -> pl.DataFrame:
    """Read a UTF-8 CSV with every cell as text; empty cells are empty text.

    Raises
    ------
    InputError
        The file is missing, empty, not UTF-8 or not a table.
    """
    if not path.is_file():
        raise InputError("there is no such file", "Check the name.", file=path)
    try:
        frame = pl.read_csv(path, infer_schema=False)
    except pl.exceptions.NoDataError as error:
        raise InputError("the file is empty", "It needs a header and rows.", file=path) from error
    except TABLE_FAULTS as error:
        raise InputError(
            f"this is not a CSV table: {first_line(error)}", "Save it as UTF-8 CSV with commas.", file=path
        ) from error
    except OSError as error:
        raise InputError(
            f"the file cannot be read: {first_line(error)}", "Close it elsewhere and check its rights.", file=path
        ) from error
    return frame.with_columns(pl.all().fill_null(""))


def write_text_whole(path: Path, text: str) -> None:
    """Write a text file beside its place and move it there, so that it is whole or absent.

    Raises
    ------
    OutputError
        The folder is missing or may not be written.
    """
    _write_whole(path, lambda beside: beside.write_text(text, encoding="utf-8"))


def write_csv_whole(path: Path, table: pl.DataFrame) -> None:
    """Write a table as CSV, whole or not at all; see `write_text_whole`."""
    _write_whole(path, table.write_csv)


def _write_whole(path: Path, write: Callable[[Path], object]) -> None:
    if path.is_dir():
        raise OutputError("this is a folder", "Name a file.", file=path)
    beside = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        write(beside)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OutputError(
            f"cannot write: {error.strerror or str(error).partition(':')[0]}",
            "Name a folder that exists and may be written.",
            file=path,
        ) from error
