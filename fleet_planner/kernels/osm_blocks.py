"""Decode the blocks of OpenStreetMap's binary files (PBF) from their bytes.

The format is described in the OpenStreetMap wiki, "PBF Format", and in osmformat.proto: messages of protocol buffers,
in which whole numbers are of variable length (seven bits a byte, least first), and columns are stored as differences.
Every function raises ValueError where a message does not fit into its bytes.
"""

import numba
import numpy as np

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MOST_SHIFT = 63
LAST_AREA_COLUMN = 2


@numba.njit(cache=True, nogil=True)
def varint(data, at, stop):
    """Return the whole number that begins at byte ``at`` and the place after it."""
    value = np.int64(0)
    shift = 0
    while True:
        if at >= stop or shift > MOST_SHIFT:
            raise ValueError("a number is cut off")
        byte = np.int64(data[at])
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


@numba.njit(cache=True, nogil=True)
def signed(value):
    """Return what a zigzag number stands for: 0, -1, 1, -2, 2 ..."""
    return (value >> 1) ^ -(value & 1)


@numba.njit(cache=True, nogil=True)
def fields(data, start, stop):
    """Return the fields of a message in a row.

    Parameters
    ----------
    data : (bytes,) uint8
    start, stop : int
        The message is ``data[start:stop]``.

    Returns
    -------
    (fields, 4) int64
        Number of the field, its value (of whole numbers), and the first byte and the one after its content.
    """
    out = np.empty((16, 4), dtype=np.int64)
    count = 0
    at = start
    while at < stop:
        key, at = varint(data, at, stop)
        kind = key & 7
        value = np.int64(0)
        begin = at
        if kind == VARINT:
            value, at = varint(data, at, stop)
        elif kind == BYTES:
            size, begin = varint(data, at, stop)
            at = begin + size
        elif kind == FIXED64:
            at += 8
        elif kind == FIXED32:
            at += 4
        else:
            raise ValueError("an unknown kind of field")
        if at > stop or at < begin:
            raise ValueError("a field is cut off")
        if count == out.shape[0]:
            more = np.empty((2 * count, 4), dtype=np.int64)
            more[:count] = out
            out = more
        out[count, 0], out[count, 1], out[count, 2], out[count, 3] = key >> 3, value, begin, at
        count += 1
    return out[:count]


@numba.njit(cache=True, nogil=True)
def numbers(data, start, stop, zigzag, differences):
    """Return the whole numbers of a packed column, shape (numbers,) int64."""
    out = np.empty(stop - start, dtype=np.int64)
    count = 0
    at = start
    last = np.int64(0)
    while at < stop:
        value, at = varint(data, at, stop)
        if zigzag:
            value = signed(value)
        last = last + value if differences else value
        out[count] = last
        count += 1
    return out[:count].copy()


@numba.njit(cache=True, nogil=True)
def ways(data, starts, stops, column, is_road, is_area, wanted):
    """Decode the ways that have a road or an area by their tags, or are asked for by number.

    Parameters
    ----------
    data : (bytes,) uint8
    starts, stops : (ways,) int64
        Their messages.
    column : (texts,) int64
        Column of ``tags`` that a text of the block is the key of, or -1; the first is ``highway``, the next two are
        the keys of areas.
    is_road : (texts,) bool
        Values of the first column that make a way a road.
    is_area : (texts,) bool
        Values of the next two columns that make a way the border of an area.
    wanted : (numbers,) int64
        Numbers of ways to keep whatever their tags, sorted.

    Returns
    -------
    number : (kept,) int64
    tags : (kept, columns) int32
        Text that is the value of each key, or -1.
    refs : (points,) int64
        Numbers of the nodes.
    offsets : (kept + 1,) int64
    left_out : int
        Ways with the first key that are none of the roads.
    """
    columns = column.max() + 1 if column.size else 0
    bytes_in_all = 0
    for i in range(starts.size):
        bytes_in_all += stops[i] - starts[i]
    number = np.empty(starts.size, dtype=np.int64)
    tags = np.full((starts.size, max(columns, 1)), -1, dtype=np.int32)
    refs = np.empty(bytes_in_all, dtype=np.int64)
    offsets = np.zeros(starts.size + 1, dtype=np.int64)
    kept = 0
    points = 0
    left_out = 0
    for i in range(starts.size):
        way, key_at, key_end, value_at, value_end = np.int64(0), 0, 0, 0, 0
        ref_at, ref_end = 0, 0
        at = starts[i]
        while at < stops[i]:
            key, at = varint(data, at, stops[i])
            if key & 7 == VARINT:
                value, at = varint(data, at, stops[i])
                if key >> 3 == 1:
                    way = value
                continue
            if key & 7 != BYTES:
                raise ValueError("an unknown kind of field in a way")
            size, begin = varint(data, at, stops[i])
            at = begin + size
            if at > stops[i] or at < begin:  # a size near the largest number goes round
                raise ValueError("a way is cut off")
            if key >> 3 == 2:
                key_at, key_end = begin, at
            elif key >> 3 == 3:
                value_at, value_end = begin, at
            elif key >> 3 == 8:
                ref_at, ref_end = begin, at
        road, area, has_highway = False, False, False
        while key_at < key_end:
            key, key_at = varint(data, key_at, key_end)
            value, value_at = varint(data, value_at, value_end)
            if key < 0 or key >= column.size or value < 0 or value >= column.size:
                raise ValueError("a tag is not in the table of texts")
            where = column[key]
            if where < 0:
                continue
            tags[kept, where] = value
            if where == 0:
                has_highway = True
                road = is_road[value]
            elif where <= LAST_AREA_COLUMN and is_area[value]:
                area = True
        keep = road or area
        if not keep and wanted.size:
            place = np.searchsorted(wanted, way)
            keep = place < wanted.size and wanted[place] == way
        if has_highway and not road:
            left_out += 1
        if not keep:
            tags[kept] = -1
            continue
        number[kept] = way
        last = np.int64(0)
        while ref_at < ref_end:
            value, ref_at = varint(data, ref_at, ref_end)
            last += signed(value)
            refs[points] = last
            points += 1
        kept += 1
        offsets[kept] = points
    return number[:kept].copy(), tags[:kept].copy(), refs[:points].copy(), offsets[: kept + 1].copy(), left_out


@numba.njit(cache=True, nogil=True)
def plain_nodes(data, starts, stops):
    """Decode nodes that are messages of their own; return number, longitude and latitude in the block's steps."""
    out = np.zeros((3, starts.size), dtype=np.int64)
    for i in range(starts.size):
        found = fields(data, starts[i], stops[i])
        for k in range(found.shape[0]):
            if found[k, 0] == 1:
                out[0, i] = signed(found[k, 1])
            elif found[k, 0] == 9:
                out[1, i] = signed(found[k, 1])
            elif found[k, 0] == 8:
                out[2, i] = signed(found[k, 1])
    return out


@numba.njit(cache=True)
def _slot(key, mask):
    """Return where to begin to look for a number in a table of a power of two slots (Knuth's multiplicative hash)."""
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    return np.int64((mixed >> np.uint64(20)) & np.uint64(mask))


@numba.njit(cache=True)
def number_nodes(refs):
    """Give each node that is referred to a number 0, 1, 2 ... in the order in which they appear.

    Parameters
    ----------
    refs : (points,) int64

    Returns
    -------
    index : (points,) int64
    ids : (nodes,) int64
    table : (slots,) int64
        For `look_up`: place in ``ids``, or -1.
    """
    size = 16
    while size < 2 * refs.size:
        size *= 2
    table = np.full(size, -1, dtype=np.int64)
    ids = np.empty(refs.size, dtype=np.int64)
    index = np.empty(refs.size, dtype=np.int64)
    count = 0
    for i in range(refs.size):
        slot = _slot(refs[i], size - 1)
        while table[slot] >= 0 and ids[table[slot]] != refs[i]:
            slot = (slot + 1) & (size - 1)
        if table[slot] < 0:
            table[slot] = count
            ids[count] = refs[i]
            count += 1
        index[i] = table[slot]
    return index, ids[:count].copy(), table


@numba.njit(cache=True)
def look_up(table, ids, wanted):
    """Return the place of each number in ``ids`` by the table of `number_nodes`, or -1, shape (wanted,)."""
    out = np.empty(wanted.size, dtype=np.int64)
    mask = table.size - 1
    for i in range(wanted.size):
        slot = _slot(wanted[i], mask)
        while table[slot] >= 0 and ids[table[slot]] != wanted[i]:
            slot = (slot + 1) & mask
        out[i] = table[slot]
    return out


@numba.njit(cache=True)
def unique_rows(rows):
    """Return the first of each distinct row of whole numbers, in order, and which of them each row is.

    Parameters
    ----------
    rows : (rows, columns) int32

    Returns
    -------
    first : (distinct,) int64
    index : (rows,) int64
    """
    size = 16
    while size < 2 * rows.shape[0]:
        size *= 2
    table = np.full(size, -1, dtype=np.int64)
    first = np.empty(rows.shape[0], dtype=np.int64)
    index = np.empty(rows.shape[0], dtype=np.int64)
    count = 0
    for i in range(rows.shape[0]):
        mixed = np.int64(17)
        for k in range(rows.shape[1]):
            mixed = mixed * np.int64(1000003) + rows[i, k]
        slot = _slot(mixed, size - 1)
        while table[slot] >= 0 and (rows[first[table[slot]]] != rows[i]).any():
            slot = (slot + 1) & (size - 1)
        if table[slot] < 0:
            table[slot] = count
            first[count] = i
            count += 1
        index[i] = table[slot]
    return first[:count].copy(), index


@numba.njit(cache=True)
def cut_lines(index, offsets, known):
    """Cut lines at points that are not known, and take away points that repeat the one before.

    Parameters
    ----------
    index : (points,) int64
        Node of each point.
    offsets : (lines + 1,) int64
    known : (nodes,) bool

    Returns
    -------
    index : (kept,) int64
    offsets : (pieces + 1,) int64
        Pieces have two points at least.
    line : (pieces,) int64
        Which line a piece is of.
    cut : (lines,) bool
        Lines with a point that is not known.
    """
    lines = offsets.size - 1
    kept = np.empty(index.size, dtype=np.int64)
    bounds = np.zeros(index.size + 1, dtype=np.int64)
    line = np.empty(index.size, dtype=np.int64)
    cut = np.zeros(lines, dtype=np.bool_)
    points, pieces = 0, 0
    for w in range(lines):
        first = points
        for k in range(offsets[w], offsets[w + 1] + 1):
            ends = k == offsets[w + 1]
            if not ends and known[index[k]]:
                if points == first or kept[points - 1] != index[k]:
                    kept[points] = index[k]
                    points += 1
                continue
            if not ends:
                cut[w] = True
            if points - first >= 2:
                line[pieces] = w
                pieces += 1
                bounds[pieces] = points
            else:
                points = first
            first = points
    return kept[:points].copy(), bounds[: pieces + 1].copy(), line[:pieces].copy(), cut
