"""The blobs of OpenStreetMap's binary files (PBF): found, unpacked, and handed on as bytes."""

from __future__ import annotations

import lzma
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from fleet_planner.kernels import osm_blocks
from fleet_planner.unpacking import inflated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Int = NDArray[np.int64]
Bytes = NDArray[np.uint8]
MOST_HEADER, MOST_BLOB = 64 * 1024, 64 * 1024 * 1024
"""Greatest sizes of the parts of a file, twice what the format allows for blobs."""


class OtherVariantError(Exception):
    """A variant of the binary format that is not decoded here."""


def blocks(path: Path, places: Iterable[int] | None = None) -> Iterator[tuple[int, Bytes]]:
    """Yield where each block of data begins and its content; of the blocks at the places, by default all."""
    with path.open("rb") as handle:
        for at in _from_here(handle) if places is None else places:
            handle.seek(at)
            if (found := _blob(handle)) is None:
                return
            kind, content = found
            if kind == b"OSMData":
                yield at, np.frombuffer(content, dtype=np.uint8)


def _from_here(handle: BinaryIO) -> Iterator[int]:
    """Yield where the file stands, without end."""
    while True:
        yield handle.tell()


def _blob(handle: BinaryIO) -> tuple[bytes, bytes] | None:
    """Return kind and content of the next part of the file, nothing at its end."""
    head = handle.read(4)
    if not head:
        return None
    size = int.from_bytes(head, "big")
    if len(head) < len(b"size") or size > MOST_HEADER:
        raise ValueError("it does not begin like a file in the PBF format, or is cut off")
    header = _message(handle.read(size), size)
    size = int(value_of(header[1], 3))
    if not 0 < size <= MOST_BLOB:
        raise ValueError("a block has no size")
    data, found = _message(handle.read(size), size)
    return _text(*header, 1), _content(data, found)


def _content(data: Bytes, found: Int) -> bytes:
    """Return what is in a blob, unpacked."""
    for number, _, start, stop in found.tolist():
        part = data[start:stop].tobytes()
        if number == 1:
            return part
        if number == 3:
            return inflated(part, MOST_BLOB)
        if number == 4:
            return lzma.LZMADecompressor().decompress(part, MOST_BLOB)
        if number in {5, 6, 7}:
            raise OtherVariantError("compressed in another way")
    raise ValueError("a block is empty")


def _message(content: bytes, size: int) -> tuple[Bytes, Int]:
    """Return the bytes of a message and its fields."""
    if len(content) < size:
        raise ValueError("it is cut off")
    data = np.frombuffer(content, dtype=np.uint8)
    return data, osm_blocks.fields(data, 0, data.size)


def value_of(found: Int, number: int, default: int = 0) -> int:
    """Return the value of a field of whole numbers."""
    own = found[found[:, 0] == number, 1]
    return int(own[-1]) if own.size else default


def _text(data: Bytes, found: Int, number: int) -> bytes:
    own = found[found[:, 0] == number]
    return data[own[-1, 2] : own[-1, 3]].tobytes() if own.size else b""
