"""Where the records of a CSV lie in its bytes, how many cells they have, and which encoding they can be in."""

from __future__ import annotations

import numba
import numpy as np

NON_ASCII, NOT_UTF8, TWO_BYTE, STRAY_QUOTE, FILLED, NUL = 1, 2, 4, 8, 16, 32
"""Bits of a record's flags: bytes above 127; not valid UTF-8; has a two-byte UTF-8 sequence; a quotation mark inside
an unquoted cell, or behind a quoted one; has more than blanks and separators; has a zero byte."""

QUOTE, LINE_FEED, CARRIAGE_RETURN, BLANK = 34, 10, 13, 32
START, PLAIN, QUOTED, CLOSED = 0, 1, 2, 3


@numba.njit(cache=True)
def scan_records(data, separator, most, at_end):
    """Return the records of a block of bytes.

    A quotation mark opens a cell only where the cell begins; inside, two of them are one and line feeds are text.

    Parameters
    ----------
    data
        Bytes, shape (B,), uint8; begins with a record.
    separator
        Byte between cells.
    most
        Most records there can be: one more than the line feeds.
    at_end
        The last record may lack its line feed.

    Returns
    -------
    ends, cells, flags
        Shape (N,): place behind the line feed of each whole record, its number of cells, its bits.
    open_quote
        The bytes behind the last whole record end inside a quoted cell.
    """
    ends = np.empty(most, np.int64)
    cells = np.empty(most, np.int32)
    flags = np.empty(most, np.uint8)
    n = 0
    state = START
    count = 1
    flag = 0
    need = 0  # continuation bytes that a UTF-8 sequence still needs
    low, high = 0x80, 0xBF  # range of the next continuation byte
    for i in range(data.size):
        b = data[i]
        if b >= 0x80 or need:
            flag |= NON_ASCII
            if need:
                if low <= b <= high:
                    need -= 1
                    low, high = 0x80, 0xBF
                else:
                    flag |= NOT_UTF8
                    need = 0
                    low, high = 0x80, 0xBF
            elif 0xC2 <= b <= 0xDF:
                need = 1
                flag |= TWO_BYTE
            elif 0xE0 <= b <= 0xEF:
                need = 2
                low = 0xA0 if b == 0xE0 else 0x80
                high = 0x9F if b == 0xED else 0xBF
            elif 0xF0 <= b <= 0xF4:
                need = 3
                low = 0x90 if b == 0xF0 else 0x80
                high = 0x8F if b == 0xF4 else 0xBF
            else:
                flag |= NOT_UTF8
            if b >= 0x80:
                flag |= FILLED
                if state == START:
                    state = PLAIN
                elif state == CLOSED:
                    flag |= STRAY_QUOTE
                continue
        if b == QUOTE:
            if state == START:
                state = QUOTED
            elif state == QUOTED:
                state = CLOSED
            elif state == CLOSED:
                state = QUOTED
            else:
                flag |= STRAY_QUOTE
        elif state == QUOTED:
            if b != BLANK:
                flag |= FILLED
            if b == 0:
                flag |= NUL
        elif b == separator:
            count += 1
            state = START
        elif b == LINE_FEED:
            ends[n], cells[n], flags[n] = i + 1, count, flag
            n += 1
            state, count, flag, need = START, 1, 0, 0
            low, high = 0x80, 0xBF
        elif b != CARRIAGE_RETURN:
            if b != BLANK:
                flag |= FILLED
            if b == 0:
                flag |= NUL
            if state == START:
                state = PLAIN
            elif state == CLOSED:
                flag |= STRAY_QUOTE
    begun = data.size > 0 and (n == 0 or ends[n - 1] < data.size)
    if at_end and begun and state != QUOTED:
        if need:
            flag |= NOT_UTF8
        ends[n], cells[n], flags[n] = data.size, count, flag
        n += 1
    return ends[:n], cells[:n], flags[:n], begun and state == QUOTED
