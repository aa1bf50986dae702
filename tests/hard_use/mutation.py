"""Break files as editors, exports, networks and spite do: the same seed breaks the same way."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

NASTY = (
    b"", b"0", b"-1", b"1e308", b"-1e308", b"nan", b"inf", b"-inf", b"1e-320", b"99999999999999999999", b"0x10", b"1_000",
    b"1,5", b"1;5", b" ", b"\t", b'"', b'"a', b"'", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\n\n",
    b"None", b"null", b"true", b"=1+1", b"<script>alert(1)</script>", b"../../etc/passwd", b"%s%n", b"{0}", b"{", b"[" * 50,
    b"\xe6\x88\x90\xe9\x83\xbd", "٣".encode(), "½".encode(), "𝟏".encode(), b"a" * 3000, b"2024-02-30", b"24:61:00", b"2147483648",
    b"9223372036854775808", b"-9223372036854775809", b"POLYGON EMPTY", b"LINESTRING(0 0)", b"POINT(nan nan)",
)  # fmt: skip
CELL = re.compile(rb"[^,;\t\n\r\"'=<>\[\]{} ]+")

Change = Callable[[random.Random, bytes], bytes]


def _place(rng: random.Random, data: bytes) -> int:
    return rng.randrange(len(data) + 1)


def flip_bits(rng: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        if out:
            out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def cut_off(rng: random.Random, data: bytes) -> bytes:
    return data[: _place(rng, data)]


def take_out(rng: random.Random, data: bytes) -> bytes:
    at = _place(rng, data)
    return data[:at] + data[at + rng.choice((1, 2, 7, 40, 300)) :]


def repeat(rng: random.Random, data: bytes) -> bytes:
    at = _place(rng, data)
    part = data[at : at + rng.choice((1, 4, 30, 200))]
    return data[:at] + part * rng.choice((2, 3, 20)) + data[at:]


def put_in(rng: random.Random, data: bytes) -> bytes:
    at = _place(rng, data)
    return data[:at] + rng.choice(NASTY) + data[at:]


def other_cell(rng: random.Random, data: bytes) -> bytes:
    """Put something nasty in the place of one word or number."""
    cells = list(CELL.finditer(data))
    if not cells:
        return put_in(rng, data)
    one = rng.choice(cells)
    return data[: one.start()] + rng.choice(NASTY) + data[one.end() :]


def swap_cells(rng: random.Random, data: bytes) -> bytes:
    cells = list(CELL.finditer(data))
    if len(cells) < 2:
        return data
    a, b = sorted(rng.sample(cells, 2), key=lambda m: m.start())
    return data[: a.start()] + b.group() + data[a.end() : b.start()] + a.group() + data[b.end() :]


def lines(rng: random.Random, data: bytes) -> bytes:
    """Leave out, double or swap a line."""
    rows = data.splitlines(keepends=True)
    if len(rows) < 2:
        return data
    i, j = rng.randrange(len(rows)), rng.randrange(len(rows))
    match rng.randrange(3):
        case 0:
            del rows[i]
        case 1:
            rows.insert(i, rows[j])
        case _:
            rows[i], rows[j] = rows[j], rows[i]
    return b"".join(rows)


def as_excel_saves(rng: random.Random, data: bytes) -> bytes:
    match rng.randrange(4):
        case 0:
            return data.replace(b",", b";")
        case 1:
            return data.replace(b"\n", b"\r\n")
        case 2:
            return data.decode("utf-8", "replace").encode("utf-16")
        case _:
            return b"\xef\xbb\xbf" + data


CHANGES: tuple[Change, ...] = (
    flip_bits, cut_off, take_out, repeat, put_in, other_cell, other_cell, other_cell, swap_cells, lines, as_excel_saves,
)  # fmt: skip


def broken(data: bytes, seed: int) -> bytes:
    """Return ``data`` with one to four changes that follow from the seed."""
    rng = random.Random(seed)  # noqa: S311  # no secret
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        data = rng.choice(CHANGES)(rng, data)
    return data
