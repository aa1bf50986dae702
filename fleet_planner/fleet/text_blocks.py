"""Cut a CSV of any size into blocks of whole records, decoded record by record where encodings are mixed."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.kernels.records import FILLED, NON_ASCII, NOT_UTF8, NUL, STRAY_QUOTE, TWO_BYTE, scan_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

BLOCK_BYTES = 32 << 20
LONGEST_RECORD = 8 << 20
"""Bytes; a quoted cell that is longer was never closed."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
GBK = "gb18030"
UTF8 = "utf-8"
WRONG = {"row": pl.Int64, "column": pl.String, "value": pl.String, "reason": pl.String, "remedy": pl.String}
WHOLE_ROW = "(whole row)"
QUOTES = "Each row needs as many cells as the header; put quotes around a cell that holds the separator."


@dataclass
class TextBlock:
    """Some records of a CSV.

    Parameters
    ----------
    cells
        Text cells under the names of the header, and ``row``: the header is row 1.
    wrong
        Records that cannot be read: ``row, column, value, reason, remedy``.
    records
        How many records there were, without blank lines.
    other_encoding
        How many of them are in another encoding than the file.
    """

    cells: pl.DataFrame
    wrong: pl.DataFrame
    records: int
    other_encoding: int


class Bytes(Protocol):
    """A stream of bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most about ``size`` bytes, none at the end."""

    def close(self) -> None:
        """Close it."""


class TextReader:
    """Reads the records of a CSV behind its header, block by block.

    Parameters
    ----------
    path
        For the messages.
    names
        Columns of the header.
    separator
        Between the cells.
    mixed
        A record that is no UTF-8 may be GB18030.
    returns
        Lines end as on old Macs.
    """

    def __init__(self, path: Path, names: list[str], separator: str, *, mixed: bool, returns: bool = False) -> None:
        self.path = path
        self.names = names
        self.separator = separator
        self.mixed = mixed
        self.returns = returns
        self.used = ""
        self.row = 2

    def blocks(self, stream: Bytes, rest: bytes) -> Iterator[TextBlock]:
        """Yield the blocks of a stream; ``rest`` are the bytes behind the header that were read already."""
        ended = False
        while not ended:
            more = stream.read(BLOCK_BYTES)
            ended = not more
            data = rest + (more.replace(b"\r", b"\n") if self.returns else more)
            if not data:
                return
            bytes_ = np.frombuffer(data, dtype=np.uint8)
            ends, cells, flags, quoted = scan_records(bytes_, ord(self.separator), data.count(b"\n") + 1, at_end=ended)
            behind = int(ends[-1]) if ends.size else 0
            if quoted and (ended or len(data) - behind > LONGEST_RECORD):
                raise InputError(
                    "this is not a regular table: a quotation mark is not closed",
                    "Close it, or remove it.",
                    file=self.path,
                    row=self.row + ends.size,
                )
            if ends.size:
                yield self._block(data, ends, cells.astype(np.int64), flags)
                self.row += ends.size
            rest = data[behind:]

    def _block(self, data: bytes, ends: Integers, cells: Integers, flags: NDArray[np.uint8]) -> TextBlock:
        starts = np.concatenate([[0], ends[:-1]])
        rows = self.row + np.arange(ends.size)
        if (flags & NUL).any():
            raise no_text(self.path, row=int(rows[np.flatnonzero(flags & NUL)[0]]))
        filled = ((flags & FILLED) != 0) | (cells > 1)
        gbk, other = self._encodings(flags)
        easy = filled & (cells == len(self.names)) & ((flags & STRAY_QUOTE) == 0)
        hard = filled & ~easy
        frames = [self._parsed(joined(data, starts, ends, easy & ~gbk), rows[easy & ~gbk])]
        if (easy & gbk).any():
            try:
                text = joined(data, starts, ends, easy & gbk).decode(GBK).encode()
                frames.append(self._parsed(text, rows[easy & gbk]))
            except UnicodeDecodeError:
                hard |= easy & gbk
        wrong: list[tuple[int, str, str, str, str]] = []
        kept: list[list[str | None]] = []
        kept_rows: list[int] = []
        for k in np.flatnonzero(hard).tolist():
            record = self._record(data[starts[k] : ends[k]], GBK if gbk[k] else UTF8)
            if isinstance(record, tuple):
                other[k] = False
                wrong.append((int(rows[k]), WHOLE_ROW, *record))
            else:
                kept.append(record)
                kept_rows.append(int(rows[k]))
        slow = pl.DataFrame(kept, schema=dict.fromkeys(self.names, pl.String), orient="row")
        frames.append(slow.with_columns(pl.Series("row", kept_rows, dtype=pl.Int64)))
        some = [f for f in frames if f.height] or frames[:1]
        together = pl.concat(some) if len(some) > 1 else some[0]
        return TextBlock(
            cells=together.sort("row") if len(some) > 1 else together,
            wrong=pl.DataFrame(wrong, schema=WRONG, orient="row"),
            records=int(filled.sum()),
            other_encoding=int((filled & other).sum()),
        )

    def _encodings(self, flags: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which records are GBK, and which are in another encoding than the file.

        The first block with other letters than ASCII says what the file is in. In a file of UTF-8 what is no UTF-8 is
        GBK; in one of GBK what could be both is GBK, unless all of its letters have three bytes, as Chinese in UTF-8.
        """
        foreign = (flags & NON_ASCII) != 0
        bad = (flags & NOT_UTF8) != 0
        if not self.mixed or not foreign.any():
            return np.zeros(flags.size, bool), np.zeros(flags.size, bool)
        if not self.used:
            self.used = GBK if bad.sum() > (foreign & ~bad).sum() else UTF8
        if self.used == UTF8:
            return bad, bad.copy()
        gbk = bad | (foreign & ((flags & TWO_BYTE) != 0))
        return gbk, foreign & ~gbk

    def _parsed(self, text: bytes, rows: Integers) -> pl.DataFrame:
        schema = dict.fromkeys(self.names, pl.String)
        if not rows.size:
            return pl.DataFrame(schema=schema | {"row": pl.Int64})
        frame = pl.read_csv(text, has_header=False, separator=self.separator, schema=schema)
        if frame.height != rows.size:
            raise AssertionError(f"{frame.height} records for {rows.size}")  # our scan and the parser disagree
        return frame.with_columns(pl.Series("row", rows, dtype=pl.Int64))

    def _record(self, line: bytes, encoding: str) -> list[str | None] | tuple[str, str, str]:
        """Return the cells of one record, without empty ones behind the header's last; else value, reason, remedy."""
        try:
            text = line.decode(encoding).rstrip("\r\n")
            record = next(csv.reader(io.StringIO(text, newline=""), delimiter=self.separator), [])
        except UnicodeDecodeError:
            return "", "neither UTF-8 nor GBK text", "Save the row as UTF-8."
        except csv.Error as error:
            return "", f"not a row of a table: {error}", QUOTES
        while len(record) > len(self.names) and not record[-1].strip():
            record.pop()
        if len(record) != len(self.names):
            return f"{len(record)} cells", f"this row has {len(record)} cells, the header {len(self.names)}", QUOTES
        return [cell or None for cell in record]


def no_text(path: Path, row: int | None = None, encoding: str = "") -> InputError:
    """Return the error on a file that is no text of its encoding."""
    problem = f"the file is not {encoding} text" if encoding else "the file is neither UTF-8 nor GBK text"
    return InputError(problem, "Save it as UTF-8 CSV.", file=path, row=row)


def joined(data: bytes, starts: Integers, ends: Integers, chosen: NDArray[np.bool_]) -> bytes:
    """Return the chosen records one behind the other, each with its line feed."""
    if chosen.all():
        out = data[: int(ends[-1])]
    else:
        edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(np.int8)))
        out = b"".join(data[starts[a] : ends[b - 1]] for a, b in edges.reshape(-1, 2).tolist())
    return out
