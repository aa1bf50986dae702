"""Read a registry file into text cells, whatever its encoding and separator."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.fleet.headers import is_identifier
from fleet_planner.fleet.identifiers import ID
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from pathlib import Path

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
SEPARATORS = ",;\t"
PARQUET = frozenset({".parquet", ".pq"})


class RawRegistry(NamedTuple):
    """The cells of a registry as text, and how they were read.

    Parameters
    ----------
    cells
        Columns of the registry and ``row``.
    encoding, separator
        Of the file; "" for Parquet.
    plates
        The ids come from a column of plates or VINs.
    unread
        Columns of plates or VINs that were left out.
    """

    cells: pl.DataFrame
    encoding: str
    separator: str
    plates: bool = False
    unread: tuple[str, ...] = ()


def read_registry(path: Path, *, encoding: str | None = None) -> pl.DataFrame:
    """Read a registry; every cell is text, empty cells are null, column ``row`` is the file's row.

    Parameters
    ----------
    path
        CSV (comma, semicolon or tab) or Parquet.
    encoding
        Encoding of a CSV; None: UTF-8 with or without byte order mark, else GB18030 (holds GBK).

    Returns
    -------
    cells
        The file's columns as text and ``row``: the header is row 1, wholly empty rows between others
        are left out, a cell with line breaks counts as one row.

    Raises
    ------
    InputError
        The file is missing, empty, undecodable, ragged, has a column twice, an unknown or a missing one.
    """
    return read_raw(path, encoding=encoding).cells


def read_raw(path: Path, *, encoding: str | None = None) -> RawRegistry:
    """Do as `read_registry`, and say which encoding and separator were found."""
    if not path.is_file():
        raise InputError("there is no such registry", "Check fleet.registry in the plan.", file=path)
    if path.suffix.lower() in PARQUET:
        frame, used, separator = _read_parquet(path), "", ""
    else:
        frame, used, separator = _read_csv(path, encoding)
    frame, plates, unread = _without_identifiers(frame)
    _check_columns(frame, path)
    text = frame.select(pl.all().str.strip_chars())
    emptied = text.select(pl.when(pl.all() == "").then(None).otherwise(pl.all()).name.keep())
    numbered = emptied.with_columns(row=pl.int_range(2, frame.height + 2, dtype=pl.Int64))
    filled = numbered.filter(pl.any_horizontal(pl.exclude("row").is_not_null()))
    if numbered.is_empty():
        raise InputError("the registry has no rows", "It needs a header and one row per vehicle or group.", file=path)
    return RawRegistry(numbered if filled.is_empty() else filled, used, separator, plates, unread)


def _without_identifiers(frame: pl.DataFrame) -> tuple[pl.DataFrame, bool, tuple[str, ...]]:
    """Leave out columns of plates and VINs; the first names the vehicles where there is no ``vehicle_id``."""
    found = [name for name in frame.columns if is_identifier(name)]
    if not found:
        return frame, False, ()
    if ID in frame.columns:
        return frame.drop(found), False, tuple(found)
    return frame.drop(found[1:]).rename({found[0]: ID}), True, tuple(found[1:])


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(
            f"this is not a readable Parquet file: {_first_line(error)}", "Write it again.", file=path
        ) from error
    for name, kind in frame.schema.items():
        if kind.is_nested() or kind in {pl.Binary, pl.Object}:
            raise InputError(
                "this column holds neither text nor numbers",
                "Write it as text or numbers, one value per row.",
                file=path,
                column=name,
                value=str(kind),
            )
    # not-a-number is how other programs write an empty cell of a column of floats
    return frame.with_columns(pl.selectors.float().fill_nan(None)).select(pl.all().cast(pl.String))


def _read_csv(path: Path, encoding: str | None) -> tuple[pl.DataFrame, str, str]:
    data, used = _utf8(path, encoding)
    header = data[: data.find(b"\n")] if b"\n" in data else data
    if not header.strip():
        raise InputError("the registry is empty, or its first line is", "Row 1 must be the header.", file=path)
    line = header.decode().rstrip("\r")
    separator = max(SEPARATORS, key=line.count)
    names = [name.strip() for name in next(csv.reader([line], delimiter=separator))]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise InputError("a column stands twice in the header", "Remove one.", file=path, row=1, column=twice[0])
    schema = dict.fromkeys(names, pl.String)
    try:
        return pl.read_csv(data, separator=separator, schema=schema), used, separator
    except pl.exceptions.NoDataError:
        return pl.DataFrame(schema=schema), used, separator
    except pl.exceptions.PolarsError as error:
        raise _ragged(data, separator, len(names), path, error) from error


def _utf8(path: Path, encoding: str | None) -> tuple[bytes, str]:
    """Return the file as UTF-8 without byte order mark and with line feeds, and its encoding."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}", "Check its permissions.", file=path) from error
    for name in [encoding] if encoding else ["utf-8", "gb18030"]:
        try:
            text = data.decode(name)
        except LookupError as error:
            raise InputError("unknown encoding", "Use utf-8 or gb18030.", file=path, value=name) from error
        except UnicodeDecodeError:
            continue
        out = (data if name == "utf-8" else text.encode()).removeprefix(BYTE_ORDER_MARK)
        if b"\0" in out:
            break  # UTF-16 without mark, or no text at all
        return (out if b"\n" in out else out.replace(b"\r", b"\n")), name
    raise InputError(
        f"the file is not {encoding} text" if encoding else "the file is neither UTF-8 nor GBK text",
        "Save it as UTF-8 CSV.",
        file=path,
    )


def _ragged(data: bytes, separator: str, width: int, path: Path, error: Exception) -> InputError:
    """Return the error that names the first row whose number of cells is not the header's."""
    records = csv.reader(io.StringIO(data.decode(), newline=""), delimiter=separator)
    remedy = "Each row needs as many cells as the header; put quotes around a cell that holds the separator."
    try:
        for number, record in enumerate(records, start=1):
            if len(record) > width:
                problem = f"this row has {len(record)} cells, the header {width}"
                return InputError(problem, remedy, file=path, row=number)
    except csv.Error as problem:
        return InputError(f"this is not a regular table: {problem}", remedy, file=path)
    return InputError(f"this is not a regular table: {_first_line(error)}", remedy, file=path)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _check_columns(frame: pl.DataFrame, path: Path) -> None:
    specs = columns("registry")
    known = [s.column for s in specs]
    for spec in specs:
        if spec.required and spec.column not in frame.columns:
            raise InputError(
                "a needed column is missing",
                f"The file has {', '.join(frame.columns)}; add {spec.column} ({spec.description}).",
                file=path,
                row=1,
                column=spec.column,
            )
    for name in frame.columns:
        if name not in known:
            raise InputError(
                "unknown column",
                f"Remove it, or use one of {', '.join(known)}.",
                file=path,
                row=1,
                column=name or "(no name)",
            )
