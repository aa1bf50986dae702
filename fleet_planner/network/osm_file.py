"""OpenStreetMap files into flat arrays: the roads, borders of areas, and relations that are asked for.

Binary files (``.osm.pbf``) are decoded block by block in kernels, with no object per node or way; all other formats
(``.osm``, ``.osm.bz2`` …) and rare variants of the binary one are first turned into plain binary files by pyosmium.
"""

from __future__ import annotations

import lzma
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from fleet_planner.kernels import osm_blocks
from fleet_planner.unpacking import inflated, refuse_definitions, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Int = NDArray[np.int64]
Bytes = NDArray[np.uint8]
HIGHWAY, LANDUSE, BOUNDARY = 0, 1, 2
"""The first columns of `OsmFile.tags`."""

NOTHING = np.zeros(0, dtype=np.int64)
MOST_HEADER, MOST_BLOB = 64 * 1024, 64 * 1024 * 1024
"""Greatest sizes of the parts of a file, twice what the format allows for blobs."""

STEPS_PER_DEGREE = 10_000_000
NANO_PER_STEP = 100
KINDS = ("node", "way", "relation")


class BrokenFileError(ValueError):
    """The file is no OpenStreetMap file, or a damaged one."""


class _OtherVariantError(Exception):
    """A variant of the binary format that is not decoded here."""


@dataclass(frozen=True)
class Relation:
    """A relation.

    Parameters
    ----------
    number
        In OpenStreetMap.
    tags
        All of them.
    members
        Kind (``node``, ``way``, ``relation``), number and role of each.
    """

    number: int
    tags: Mapping[str, str]
    members: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True)
class OsmFile:
    """What was asked for.

    Parameters
    ----------
    way
        Numbers of the ways, shape (ways,).
    tags
        Place in ``texts`` of the value of each key, or -1, shape (ways, keys).
    texts
        Values.
    index, offsets
        Way ``i`` runs through nodes ``index[offsets[i]:offsets[i + 1]]``.
    node
        Numbers of the nodes, shape (nodes,).
    lonlat
        Longitude, latitude, shape (nodes, 2).
    known
        Whether a node is in the file, shape (nodes,).
    relations
        Those asked for.
    left_out
        Ways with a ``highway`` that is no road.
    """

    way: Int
    tags: NDArray[np.int32]
    texts: tuple[str, ...]
    index: Int
    offsets: Int
    node: Int
    lonlat: NDArray[np.float64]
    known: NDArray[np.bool_]
    relations: tuple[Relation, ...]
    left_out: int


@dataclass(frozen=True)
class Wanted:
    """What to read.

    Parameters
    ----------
    keys
        Keys of ways; the first three are ``highway``, ``landuse`` and ``boundary``.
    roads
        Values of ``highway``.
    areas
        Values of the next two keys.
    relation
        Tells by its tags whether a relation is wanted.
    members
        Tells by its tags whether all ways of a relation are.
    """

    keys: tuple[str, ...]
    roads: frozenset[str]
    areas: frozenset[str]
    relation: Callable[[Mapping[str, str]], bool]
    members: Callable[[Mapping[str, str]], bool]


def read_osm_file(path: Path, wanted: Wanted) -> OsmFile:
    """Read a file.

    Raises
    ------
    BrokenFileError
        It is no OpenStreetMap file or damaged.
    """
    if path.name.lower().endswith(".pbf"):
        try:
            return _read_binary(path, wanted)
        except _OtherVariantError:
            pass
        except (OSError, ValueError, LookupError, zlib.error, lzma.LZMAError) as error:
            raise BrokenFileError(str(error)) from error
    import osmium

    with tempfile.TemporaryDirectory() as folder:
        plain, source = Path(folder) / "plain.osm.pbf", path
        if path.suffix.lower() in {".gz", ".bz2"}:
            source = Path(folder) / path.with_suffix("").name
            unpack(path, source)
        if source.suffix.lower() == ".osm":
            refuse_definitions(source)
        try:
            with osmium.SimpleWriter(osmium.io.File(str(plain), "pbf,pbf_compression=none")) as writer:
                osmium.apply(str(source), writer)
        except (RuntimeError, OSError, ValueError, osmium.InvalidLocationError) as error:
            raise BrokenFileError(str(error)) from error
        return _read_binary(plain, wanted)


@dataclass
class _Parts:
    """What the blocks gave so far."""

    nodes: list[tuple[Int, NDArray[np.int32], NDArray[np.int32]]] = field(default_factory=list)
    way: list[Int] = field(default_factory=list)
    tags: list[NDArray[np.int32]] = field(default_factory=list)
    refs: list[Int] = field(default_factory=list)
    counts: list[Int] = field(default_factory=list)
    texts: dict[bytes, int] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    left_out: int = 0


def _read_binary(path: Path, wanted: Wanted) -> OsmFile:
    parts = _Parts()
    for data in _blocks(path):
        _add_block(parts, data, wanted, NOTHING, nodes=True)
    have = set(np.concatenate([NOTHING, *parts.way]).tolist())
    borders = {n for r in parts.relations if wanted.members(r.tags) for kind, n, _ in r.members if kind == "way"}
    if more := sorted(borders - have):
        # ways without tags of their own, known to be wanted only now that their relations are
        bare = Wanted(wanted.keys, frozenset(), frozenset(), lambda _: False, lambda _: False)
        left_out = parts.left_out
        for data in _blocks(path):
            _add_block(parts, data, bare, np.array(more, dtype=np.int64), nodes=False)
        parts.left_out = left_out
    return _joined(parts, len(wanted.keys))


def _joined(parts: _Parts, keys: int) -> OsmFile:
    index, node, table = osm_blocks.number_nodes(np.concatenate([NOTHING, *parts.refs]))
    parts.refs.clear()
    lonlat = np.full((node.size, 2), np.nan)
    for number, lon, lat in parts.nodes:
        place = osm_blocks.look_up(table, node, number)
        found = place >= 0
        lonlat[place[found], 0] = lon[found] / STEPS_PER_DEGREE
        lonlat[place[found], 1] = lat[found] / STEPS_PER_DEGREE
    return OsmFile(
        way=np.concatenate([NOTHING, *parts.way]),
        tags=np.concatenate([np.zeros((0, keys), dtype=np.int32), *parts.tags]),
        texts=tuple(text.decode("utf-8", "replace") for text in parts.texts),
        index=index,
        offsets=np.concatenate([[0], np.cumsum(np.concatenate([NOTHING, *parts.counts]))]).astype(np.int64),
        node=node,
        lonlat=lonlat,
        known=np.isfinite(lonlat[:, 0]),
        relations=tuple(parts.relations),
        left_out=parts.left_out,
    )


def _blocks(path: Path) -> Iterator[Bytes]:
    """Return the content of the file's blocks of data, one after the other."""
    with path.open("rb") as handle:
        while (found := _blob(handle)) is not None:
            kind, content = found
            if kind == b"OSMData":
                yield np.frombuffer(content, dtype=np.uint8)


def _blob(handle: BinaryIO) -> tuple[bytes, bytes] | None:
    """Return kind and content of the next part of the file, nothing at its end."""
    head = handle.read(4)
    if not head:
        return None
    size = int.from_bytes(head, "big")
    if len(head) < len(b"size") or size > MOST_HEADER:
        raise ValueError("it does not begin like a file in the PBF format, or is cut off")
    header = _message(handle.read(size), size)
    size = int(_value(header[1], 3))
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
            raise _OtherVariantError("compressed in another way")
    raise ValueError("a block is empty")


def _message(content: bytes, size: int) -> tuple[Bytes, Int]:
    """Return the bytes of a message and its fields."""
    if len(content) < size:
        raise ValueError("it is cut off")
    data = np.frombuffer(content, dtype=np.uint8)
    return data, osm_blocks.fields(data, 0, data.size)


def _value(found: Int, number: int, default: int = 0) -> int:
    """Return the value of a field of whole numbers."""
    own = found[found[:, 0] == number, 1]
    return int(own[-1]) if own.size else default


def _text(data: Bytes, found: Int, number: int) -> bytes:
    own = found[found[:, 0] == number]
    return data[own[-1, 2] : own[-1, 3]].tobytes() if own.size else b""


def _add_block(parts: _Parts, data: Bytes, wanted: Wanted, numbers: Int, *, nodes: bool) -> None:
    """Add what is wanted of a block."""
    found = osm_blocks.fields(data, 0, data.size)
    steps = (_value(found, 17, NANO_PER_STEP), _value(found, 20), _value(found, 19))
    groups = [osm_blocks.fields(data, start, stop) for n, _, start, stop in found.tolist() if n == 2]
    texts: list[bytes] = []
    for group in groups:
        kinds = set(group[:, 0].tolist())
        if not texts and kinds & {3, 4}:
            texts = _texts(data, found)
        if nodes and 2 in kinds:
            for dense in group[group[:, 0] == 2]:
                parts.nodes.append(_dense_nodes(data, dense, steps))
        if nodes and 1 in kinds:
            own = group[group[:, 0] == 1]
            parts.nodes.append(_placed(osm_blocks.plain_nodes(data, own[:, 2].copy(), own[:, 3].copy()), steps))
        if 3 in kinds:
            _add_ways(parts, data, group[group[:, 0] == 3], texts, wanted, numbers)
        if 4 in kinds and nodes:
            for one in group[group[:, 0] == 4]:
                _add_relation(parts, data, one, texts, wanted)


def _texts(data: Bytes, found: Int) -> list[bytes]:
    """Return the table of texts of a block."""
    table = found[found[:, 0] == 1]
    if not len(table):
        return []
    content = data.tobytes()
    spans = osm_blocks.fields(data, table[0, 2], table[0, 3])
    return [content[start:stop] for _, _, start, stop in spans.tolist()]


def _dense_nodes(
    data: Bytes, dense: Int, steps: tuple[int, int, int]
) -> tuple[Int, NDArray[np.int32], NDArray[np.int32]]:
    spans = {n: (start, stop) for n, _, start, stop in osm_blocks.fields(data, dense[2], dense[3]).tolist()}
    columns = [osm_blocks.numbers(data, *spans.get(n, (0, 0)), True, True) for n in (1, 9, 8)]
    if not columns[0].size == columns[1].size == columns[2].size:
        raise BrokenFileError("nodes lack coordinates")
    return _placed(columns, steps)


def _placed(columns: Sequence[Int], steps: tuple[int, int, int]) -> tuple[Int, NDArray[np.int32], NDArray[np.int32]]:
    """Return nodes with their coordinates in steps of 1e-7 degrees."""
    number, lon, lat = columns
    size, east, north = steps
    if steps != (NANO_PER_STEP, 0, 0):
        lon, lat = (lon * size + east) // NANO_PER_STEP, (lat * size + north) // NANO_PER_STEP
    for values, most in ((lon, 180), (lat, 90)):
        # int32 would wrap round to another place on the earth
        if values.size and not -most * STEPS_PER_DEGREE <= values.min() <= values.max() <= most * STEPS_PER_DEGREE:
            raise BrokenFileError("a node does not lie on the earth")
    return number, lon.astype(np.int32), lat.astype(np.int32)


def _add_ways(parts: _Parts, data: Bytes, own: Int, texts: list[bytes], wanted: Wanted, numbers: Int) -> None:
    keys = {key.encode(): k for k, key in enumerate(wanted.keys)}
    roads, areas = ({word.encode() for word in words} for words in (wanted.roads, wanted.areas))
    column = np.array([keys.get(text, -1) for text in texts], dtype=np.int64)
    if not numbers.size and not (column >= 0).any():
        return
    is_road, is_area = (np.array([text in words for text in texts], dtype=np.bool_) for words in (roads, areas))
    number, tags, refs, offsets, left_out = osm_blocks.ways(
        data, own[:, 2].copy(), own[:, 3].copy(), column, is_road, is_area, numbers
    )
    parts.left_out += left_out
    used = np.zeros(column.size, dtype=np.bool_)
    used[tags[tags >= 0]] = True
    places = np.full(column.size + 1, -1, dtype=np.int32)
    for text in np.flatnonzero(used).tolist():
        places[text] = parts.texts.setdefault(texts[text], len(parts.texts))
    whole = np.full((number.size, len(wanted.keys)), -1, dtype=np.int32)
    whole[:, : tags.shape[1]] = places[tags]
    parts.way.append(number)
    parts.tags.append(whole)
    parts.refs.append(refs)
    parts.counts.append(np.diff(offsets))


def _add_relation(parts: _Parts, data: Bytes, own: Int, texts: list[bytes], wanted: Wanted) -> None:
    found = osm_blocks.fields(data, own[2], own[3])
    spans = {n: (start, stop) for n, _, start, stop in found.tolist()}

    def column(number: int, *, signed: bool = False) -> list[int]:
        start, stop = spans.get(number, (0, 0))
        return osm_blocks.numbers(data, start, stop, signed, signed).tolist()  # type: ignore[no-any-return]  # the kernel is not typed

    def text(place: int) -> str:
        return texts[place].decode("utf-8", "replace")

    tags = {text(k): text(v) for k, v in zip(column(2), column(3), strict=True)}
    if wanted.relation(tags):
        members = zip(column(10), column(9, signed=True), column(8), strict=True)
        parts.relations.append(
            Relation(_value(found, 1), tags, tuple((KINDS[kind], n, text(role)) for kind, n, role in members))
        )
