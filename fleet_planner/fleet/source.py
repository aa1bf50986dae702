"""Open a registry file of any size: its header at once, its rows in blocks of text cells."""

from __future__ import annotations

import codecs
import csv
import re
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError, first_line
from fleet_planner.fleet.text_blocks import (
    BLOCK_BYTES,
    BYTE_ORDER_MARK,
    GBK,
    UTF8,
    WRONG,
    TextBlock,
    TextReader,
    no_text,
)
from fleet_planner.foreign import TABLE_FAULTS, frame_of, parquet_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_planner.fleet.text_blocks import Bytes

SEPARATORS = ",;\t"
PARQUET = frozenset({".parquet", ".pq"})
PARQUET_ROWS = 300_000
TITLE = re.compile(rb'^"?[A-Z][A-Za-z /]{1,30}: ')
"""A line above the header that says what the table is."""


class Transcoder:
    """A stream of bytes in one encoding, read as UTF-8.

    Parameters
    ----------
    stream
        Of bytes.
    encoding
        Its encoding.
    path
        For the messages.
    """

    def __init__(self, stream: Bytes, encoding: str, path: Path) -> None:
        self._stream, self._encoding, self._path = stream, encoding, path
        try:
            self._decoder = codecs.getincrementaldecoder(encoding)()
        except LookupError as error:
            raise InputError("unknown encoding", "Use utf-8 or gb18030.", file=path, value=encoding) from error

    def read(self, size: int = -1) -> bytes:
        """Return about ``size`` bytes, none at the end."""
        while True:
            data = self._stream.read(size)
            try:
                text = self._decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                raise no_text(self._path, encoding=self._encoding) from error
            if text or not data:
                return text.encode()

    def close(self) -> None:
        """Close the stream below."""
        self._stream.close()


@dataclass(frozen=True)
class Source:
    """A registry file whose header was read.

    Parameters
    ----------
    path
        The file.
    names
        Columns of the header, in order; a column ``row`` is called ``row_``.
    separator
        Between the cells of a CSV; "" for Parquet.
    encoding
        As asked for; None: UTF-8, GB18030, or both mixed.
    """

    path: Path
    names: tuple[str, ...]
    separator: str
    encoding: str | None

    def blocks(self) -> Iterator[tuple[TextBlock, str]]:
        """Yield the rows, and the encoding as far as it is known ("" for Parquet)."""
        if not self.separator:
            yield from ((block, "") for block in _parquet_blocks(self))
            return
        with closing(_stream(self.path, self.encoding)) as stream:
            _, rest, row, returns = _header(stream, self.path)
            names = list(self.names)
            reader = TextReader(self.path, names, self.separator, mixed=self.encoding is None, returns=returns)
            reader.row = row + 1
            for block in reader.blocks(stream, rest):
                yield block, self.encoding or reader.used


def open_source(path: Path, encoding: str | None = None) -> Source:
    """Read the header of a registry.

    Raises
    ------
    InputError
        The file is missing, empty, no text of the encoding, no Parquet, or has a column twice.
    """
    if not path.is_file():
        raise InputError("there is no such registry", "Check fleet.registry in the plan.", file=path)
    if path.suffix.lower() in PARQUET:
        names, separator = _parquet_names(path), ""
    else:
        with closing(_stream(path, encoding)) as stream:
            line, *_ = _header(stream, path)
        separator = max(SEPARATORS, key=line.count)
        names = _names_of(line, separator, path)
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise InputError("a column stands twice in the header", "Remove one.", file=path, row=1, column=twice[0])
    return Source(path, tuple("row_" if n == "row" else n for n in names), separator, encoding)


def _names_of(line: str, separator: str, path: Path) -> list[str]:
    try:
        return [name.strip() for name in next(csv.reader([line], delimiter=separator))]
    except csv.Error as error:
        problem = "the header holds a line end within, or a cell without end"
        raise InputError(problem, "Save it as UTF-8 CSV, one row per line.", file=path, row=1) from error


def _stream(path: Path, encoding: str | None) -> Bytes:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}", "Check its permissions.", file=path) from error
    return Transcoder(stream, encoding, path) if encoding else stream


def _header(stream: Bytes, path: Path) -> tuple[str, bytes, int, bool]:
    """Return the header line, the bytes behind it that were read with it, its row, and if lines end as on old Macs.

    Lines such as ``Source: EMFAC2021`` above the header, and blank ones among them, are passed over.
    """
    try:
        data = (stream.read(BLOCK_BYTES) or b"").removeprefix(BYTE_ORDER_MARK)
    except OSError as error:
        raise InputError(f"the file cannot be read: {first_line(error)}", "Check the file.", file=path) from error
    returns = b"\n" not in data
    if returns:
        data = data.replace(b"\r", b"\n")
    line, feed, rest = data.partition(b"\n")
    row = 1
    while feed and (TITLE.match(line) or (row > 1 and not line.strip())):
        line, feed, rest = rest.partition(b"\n")
        row += 1
    if b"\0" in line:
        raise no_text(path, row=1)
    if not line.strip():
        raise InputError("the registry is empty, or its first line is", "Row 1 must be the header.", file=path)
    for name in (UTF8, GBK):
        try:
            return line.decode(name).rstrip("\r"), rest if feed else b"", row, returns
        except UnicodeDecodeError:
            continue
    raise no_text(path, row=1)


def _parquet_names(path: Path) -> list[str]:
    try:
        schema = parquet_schema(path)
    except TABLE_FAULTS as error:
        problem = f"this is not a readable Parquet file: {first_line(error)}"
        raise InputError(problem, "Write it again.", file=path) from error
    for name, kind in schema.items():
        if kind.is_nested() or kind in {pl.Binary, pl.Object}:
            raise InputError(
                "this column holds neither text nor numbers",
                "Write it as text or numbers, one value per row.",
                file=path,
                column=name,
                value=str(kind),
            )
    return list(schema)


@contextmanager
def _told_as_input_error(path: Path) -> Iterator[None]:
    """Turn what a broken Parquet file raises in its middle into one message."""
    try:
        yield
    except TABLE_FAULTS as error:
        problem = f"this Parquet file breaks off or is damaged: {first_line(error)}"
        raise InputError(problem, "Write it again.", file=path) from error


def _parquet_blocks(source: Source) -> Iterator[TextBlock]:
    import pyarrow.parquet as pq

    nothing = pl.DataFrame(schema=WRONG)
    row = 2
    with _told_as_input_error(source.path), pq.ParquetFile(source.path) as file:
        for batch in file.iter_batches(batch_size=PARQUET_ROWS):
            frame = frame_of(batch).rename({"row": "row_"}, strict=False)
            # not-a-number is how other programs write an empty cell of a column of floats
            text = frame.with_columns(pl.selectors.float().fill_nan(None)).select(pl.all().cast(pl.String))
            numbered = text.with_columns(pl.int_range(row, row + text.height, dtype=pl.Int64).alias("row"))
            row += text.height
            yield TextBlock(numbered, nothing, text.height, 0)
