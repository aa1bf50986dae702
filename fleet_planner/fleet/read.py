"""Read a registry file into text cells, whatever its encoding and separator."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from pathlib import Path

ENCODINGS = ("utf-8-sig", "gb18030")


def read_registry(path: Path) -> pl.DataFrame:
    """Read a registry; every cell is text, empty cells are null, column ``row`` is the file's row.

    Raises
    ------
    InputError
        The file is missing, empty, undecodable, has a column twice, an unknown or a missing one.
    """
    if not path.is_file():
        raise InputError("there is no such registry", "Check fleet.registry in the plan.", file=path)
    frame = _read_parquet(path) if path.suffix.lower() in {".parquet", ".pq"} else _read_csv(path)
    _check_columns(frame, path)
    if frame.is_empty():
        raise InputError("the registry has no rows", "It needs a header and one row per vehicle or group.", file=path)
    text = frame.select(pl.all().cast(pl.String).str.strip_chars())
    emptied = text.select(pl.when(pl.all() == "").then(None).otherwise(pl.all()).name.keep())
    return emptied.with_columns(row=pl.int_range(2, frame.height + 2, dtype=pl.Int64))


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"this is not a readable Parquet file: {error}", "Write it again.", file=path) from error


def _read_csv(path: Path) -> pl.DataFrame:
    text = _decode(path)
    header = text.split("\n", 1)[0].rstrip("\r")
    if not header.strip():
        raise InputError("the registry is empty", "It needs a header and rows.", file=path)
    separator = max(",;\t", key=header.count)
    names = [name.strip().strip('"') for name in header.split(separator)]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise InputError("a column stands twice in the header", "Remove one.", file=path, row=1, column=twice[0])
    try:
        frame = pl.read_csv(io.BytesIO(text.encode()), separator=separator, infer_schema=False)
    except pl.exceptions.NoDataError as error:
        raise InputError("the registry is empty", "It needs a header and rows.", file=path) from error
    except pl.exceptions.PolarsError as error:
        first = str(error).splitlines()[0]
        raise InputError(
            f"this is not a regular table: {first}", "Each row needs the header's cells.", file=path
        ) from error
    return frame.rename({old: new for old, new in zip(frame.columns, names, strict=True) if old != new})


def _decode(path: Path) -> str:
    data = path.read_bytes()
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError("the file is neither UTF-8 nor GBK text", "Save it as UTF-8 CSV.", file=path)


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
                column=name,
            )
