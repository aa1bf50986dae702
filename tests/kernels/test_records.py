"""Records of a CSV in bytes: as Python's own reader and decoder find them."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.kernels.records import FILLED, NON_ASCII, NOT_UTF8, NUL, STRAY_QUOTE, TWO_BYTE, scan_records


def scan(data: bytes, *, at_end: bool = True) -> tuple[list[int], list[int], list[int], bool]:
    ends, cells, flags, quoted = scan_records(np.frombuffer(data, np.uint8), ord(","), data.count(b"\n") + 1, at_end)
    return ends.tolist(), cells.tolist(), flags.tolist(), bool(quoted)


def test_records_by_hand() -> None:
    data = b'a,b\r\n"x, y\nz",""\n , \n\nlast'
    ends, cells, flags, quoted = scan(data)
    assert [data[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)] == [
        b"a,b\r\n",
        b'"x, y\nz",""\n',
        b" , \n",
        b"\n",
        b"last",
    ]
    assert cells == [2, 2, 2, 1, 1]
    assert [f & FILLED for f in flags] == [FILLED, FILLED, 0, 0, FILLED]
    assert not quoted
    assert scan(data, at_end=False)[0] == ends[:-1]


@pytest.mark.parametrize("data", [b'a,5" pipe\n', b'"a"b,c\n', b' "a",b\n'])
def test_stray_quotation_marks_are_told(data: bytes) -> None:
    assert scan(data)[2][0] & STRAY_QUOTE


def test_an_open_quotation_mark_is_told() -> None:
    assert scan(b'a,b\n"c,d\ne,f\n') == ([4], [2], [FILLED], True)
    assert scan(b"a,\0\n")[2][0] & NUL


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.lists(st.text(alphabet='ab ,"\n国é', max_size=5), min_size=2, max_size=4),
        min_size=1,
        max_size=6,
    )
)
def test_cells_are_counted_as_pythons_reader_does(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    data = text.getvalue().encode()
    ends, cells, _, quoted = scan(data)
    assert cells == [len(row) for row in rows]
    assert not quoted
    parts = [data[a:b].decode() for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    assert [next(csv.reader(io.StringIO(p, newline=""))) for p in parts] == rows


def valid(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


PIECES = st.one_of(
    st.text(alphabet="aé国😀", max_size=4).map(str.encode),
    st.text(alphabet="国三标准", max_size=4).map(lambda t: t.encode("gbk")),
    st.binary(max_size=6).map(lambda b: b.translate(None, b'\n\r",')),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.lists(PIECES, min_size=1, max_size=3).map(b"".join), min_size=1, max_size=6))
def test_utf8_is_told_as_pythons_decoder_does(lines: list[bytes]) -> None:
    _, _, flags, _ = scan(b"".join(line + b"\n" for line in lines))
    assert [not f & NOT_UTF8 for f in flags] == [valid(line) for line in lines]
    assert [bool(f & NON_ASCII) for f in flags] == [not line.isascii() for line in lines]
    for flag, line in zip(flags, lines, strict=True):
        if valid(line):
            assert bool(flag & TWO_BYTE) == any(0x80 <= ord(c) < 0x800 for c in line.decode())
