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
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np

from fleet_planner.kernels import osm_blocks
from fleet_planner.network.osm_blobs import Bytes, Int, OtherVariantError, blocks, value_of
from fleet_planner.unpacking import refuse_definitions, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

Nodes: TypeAlias = "tuple[Int, NDArray[np.int32], NDArray[np.int32]]"
"""Numbers, longitudes and latitudes in steps of 1e-7 degrees."""

Number = TypeVar("Number", bound=np.generic)
HIGHWAY, LANDUSE, BOUNDARY = 0, 1, 2
"""The first columns of `OsmFile.tags`."""

NOTHING = np.zeros(0, dtype=np.int64)
NODES_KEPT = 16_000_000
"""Nodes that are kept as they are read, 16 bytes each. Of a file with more, the roads are read before the nodes: the
buildings of a province have a hundred nodes for each one of its roads."""

STEPS_PER_DEGREE = 10_000_000
NANO_PER_STEP = 100
KINDS = ("node", "way", "relation")


class BrokenFileError(ValueError):
    """The file is no OpenStreetMap file, or a damaged one."""


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
        except OtherVariantError:
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
    """What the blocks gave so far; where the blocks with nodes begin, and whether their nodes were let go."""

    nodes: list[Nodes] = field(default_factory=list)
    nodes_at: list[int] = field(default_factory=list)
    node_count: int = 0
    let_go: bool = False
    way: list[Int] = field(default_factory=list)
    tags: list[NDArray[np.int32]] = field(default_factory=list)
    refs: list[Int] = field(default_factory=list)
    counts: list[Int] = field(default_factory=list)
    texts: dict[bytes, int] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    left_out: int = 0


def _read_binary(path: Path, wanted: Wanted) -> OsmFile:
    parts = _Parts()
    for at, data in blocks(path):
        _add_block(parts, data, wanted, NOTHING, at)
    borders = {n for r in parts.relations if wanted.members(r.tags) for kind, n, _ in r.members if kind == "way"}
    more = np.setdiff1d(np.array(sorted(borders), dtype=np.int64), np.concatenate([NOTHING, *parts.way]))
    if more.size:
        # ways without tags of their own, known to be wanted only now that their relations are
        bare = Wanted(wanted.keys, frozenset(), frozenset(), lambda _: False, lambda _: False)
        left_out = parts.left_out
        for _, data in blocks(path):
            _add_block(parts, data, bare, more, None)
        parts.left_out = left_out
    return _joined(parts, len(wanted.keys), path)


def _joined(parts: _Parts, keys: int, path: Path) -> OsmFile:
    index, node, table = osm_blocks.number_nodes(_whole(parts.refs, NOTHING))
    lonlat = np.full((node.size, 2), np.nan)
    for number, lon, lat in _nodes_again(path, parts.nodes_at) if parts.let_go else parts.nodes:
        place = osm_blocks.look_up(table, node, number)
        found = place >= 0
        lonlat[place[found], 0] = lon[found] / STEPS_PER_DEGREE
        lonlat[place[found], 1] = lat[found] / STEPS_PER_DEGREE
    parts.nodes.clear()
    return OsmFile(
        way=_whole(parts.way, NOTHING),
        tags=_whole(parts.tags, np.zeros((0, keys), dtype=np.int32)),
        texts=tuple(text.decode("utf-8", "replace") for text in parts.texts),
        index=index,
        offsets=np.concatenate([[0], np.cumsum(_whole(parts.counts, NOTHING))]).astype(np.int64),
        node=node,
        lonlat=lonlat,
        known=np.isfinite(lonlat[:, 0]),
        relations=tuple(parts.relations),
        left_out=parts.left_out,
    )


def _whole(pieces: list[NDArray[Number]], nothing: NDArray[Number]) -> NDArray[Number]:
    """Return the pieces as one array; they are let go."""
    out = np.concatenate([nothing, *pieces])
    pieces.clear()
    return out


def _nodes_again(path: Path, places: Iterable[int]) -> Iterator[Nodes]:
    """Yield the nodes of the blocks that begin at the places."""
    for _, data in blocks(path, places):
        found = osm_blocks.fields(data, 0, data.size)
        for _, group in _groups(data, found):
            yield from _nodes(data, group, _steps(found))


def _add_block(parts: _Parts, data: Bytes, wanted: Wanted, numbers: Int, nodes_at: int | None) -> None:
    """Add what is wanted of a block.

    Parameters
    ----------
    parts
        What to add it to.
    data, wanted
        The block, and what to read.
    numbers
        Ways that are wanted whatever their tags, sorted.
    nodes_at
        Where the block begins; nothing: nodes and relations were read before.
    """
    found = osm_blocks.fields(data, 0, data.size)
    texts: list[bytes] = []
    for kinds, group in _groups(data, found):
        if not texts and kinds & {3, 4}:
            texts = _texts(data, found)
        if nodes_at is not None and kinds & {1, 2}:
            _keep_nodes(parts, _nodes(data, group, _steps(found)), nodes_at)
        if 3 in kinds:
            _add_ways(parts, data, group[group[:, 0] == 3], texts, wanted, numbers)
        if 4 in kinds and nodes_at is not None:
            for one in group[group[:, 0] == 4]:
                _add_relation(parts, data, one, texts, wanted)


def _groups(data: Bytes, found: Int) -> Iterator[tuple[set[int], Int]]:
    """Yield the groups of a block: the numbers of their fields, and the fields."""
    for number, _, start, stop in found.tolist():
        if number == 2:
            group = osm_blocks.fields(data, start, stop)
            yield set(group[:, 0].tolist()), group


def _steps(found: Int) -> tuple[int, int, int]:
    """Return in which steps a block tells its places, and where they begin."""
    return value_of(found, 17, NANO_PER_STEP), value_of(found, 20), value_of(found, 19)


def _nodes(data: Bytes, group: Int, steps: tuple[int, int, int]) -> Iterator[Nodes]:
    """Yield the nodes of a group."""
    for dense in group[group[:, 0] == 2]:
        yield _dense_nodes(data, dense, steps)
    own = group[group[:, 0] == 1]
    if len(own):
        yield _placed(osm_blocks.plain_nodes(data, own[:, 2].copy(), own[:, 3].copy()), steps)


def _keep_nodes(parts: _Parts, nodes: Iterable[Nodes], at: int) -> None:
    """Note where nodes stand, and keep them as long as they are not too many."""
    if parts.nodes_at[-1:] != [at]:
        parts.nodes_at.append(at)
    if parts.let_go:
        return
    for some in nodes:
        parts.nodes.append(some)
        parts.node_count += some[0].size
    if parts.node_count > NODES_KEPT:
        parts.nodes.clear()
        parts.let_go = True


def _texts(data: Bytes, found: Int) -> list[bytes]:
    """Return the table of texts of a block."""
    table = found[found[:, 0] == 1]
    if not len(table):
        return []
    content = data.tobytes()
    spans = osm_blocks.fields(data, table[0, 2], table[0, 3])
    return [content[start:stop] for _, _, start, stop in spans.tolist()]


def _dense_nodes(data: Bytes, dense: Int, steps: tuple[int, int, int]) -> Nodes:
    spans = {n: (start, stop) for n, _, start, stop in osm_blocks.fields(data, dense[2], dense[3]).tolist()}
    columns = [osm_blocks.numbers(data, *spans.get(n, (0, 0)), True, True) for n in (1, 9, 8)]
    if not columns[0].size == columns[1].size == columns[2].size:
        raise BrokenFileError("nodes lack coordinates")
    return _placed(columns, steps)


def _placed(columns: Sequence[Int], steps: tuple[int, int, int]) -> Nodes:
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
            Relation(value_of(found, 1), tags, tuple((KINDS[kind], n, text(role)) for kind, n, role in members))
        )
