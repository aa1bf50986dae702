"""The decoder of binary OpenStreetMap files: the same as pyosmium reads, whatever the file's variant."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import osmium
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.errors import InputError
from fleet_planner.kernels import osm_blocks
from fleet_planner.network import load_network, osm_file
from fleet_planner.network.built_up import land_use_kinds, within
from fleet_planner.network.builtin import read_coquimbo
from fleet_planner.network.osm_areas import is_area, read_land_use
from fleet_planner.network.osm_file import OsmFile, Wanted, read_osm_file
from fleet_planner.plan.models import NetworkSection

make = osmium.osm.mutable
KEYS = ("highway", "landuse", "boundary", "name")
GRID = {10 * row + column + 1: (0.01 * column, 0.01 * row) for row in range(5) for column in range(5)}
"""Nodes by number: longitude, latitude."""

SQUARE = (1, 2, 3, 4, 5, 15, 25, 35, 45, 44, 43, 42, 41, 31, 21, 11, 1)
HOLE = (23, 24, 34, 33, 23)


def varint(value: int) -> bytes:
    out = bytearray()
    value &= 2**64 - 1
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def zigzag(value: int) -> int:
    return (value << 1) ^ (value >> 63)


def write(path: Path, options: str, nodes: dict[int, tuple[float, float]] = GRID) -> None:
    """A city of two roads in a residential area with a hole, whose border is two ways and a relation."""
    with osmium.SimpleWriter(osmium.io.File(str(path), options)) as writer:
        for number, place in nodes.items():
            writer.add_node(make.Node(id=number, location=place, version=1))
        writer.add_way(make.Way(id=1, nodes=[12, 13, 14], tags={"highway": "primary", "name": "Grand'Rue 大街"}))
        writer.add_way(make.Way(id=2, nodes=[3, 13, 23], tags={"highway": "residential"}))
        writer.add_way(make.Way(id=3, nodes=[1, 11], tags={"highway": "footway"}))
        writer.add_way(make.Way(id=4, nodes=[11, 12], tags={"building": "yes", "name": "residential"}))
        writer.add_way(make.Way(id=5, nodes=SQUARE[:9], tags={}))
        writer.add_way(make.Way(id=6, nodes=SQUARE[:7:-1], tags={}))
        writer.add_way(make.Way(id=7, nodes=HOLE, tags={}))
        writer.add_way(make.Way(id=8, nodes=[1, 2, 12, 11, 1], tags={"landuse": "forest"}))
        members = [("w", 5, "outer"), ("w", 6, "outer"), ("w", 7, "inner")]
        tags = {"type": "multipolygon", "landuse": "residential"}
        writer.add_relation(make.Relation(id=9, members=members, tags=tags))
        cut = [("w", 5, "outer"), ("w", 99, "outer")]
        zone = {"type": "boundary", "boundary": "low_emission_zone"}
        writer.add_relation(make.Relation(id=10, members=cut, tags=zone))


def read(path: Path) -> OsmFile:
    known = land_use_kinds()
    areas = frozenset({*known, "low_emission_zone"})
    roads = frozenset({"primary", "residential"})

    def wanted(tags: object) -> bool:
        return is_area(tags, known)  # type: ignore[arg-type]  # a mapping

    return read_osm_file(path, Wanted(KEYS, roads, areas, wanted, wanted))


@given(st.lists(st.integers(-(2**40), 2**40), max_size=30))
@settings(max_examples=50, deadline=None)
def test_columns_of_differences(values: list[int]) -> None:
    steps = np.diff([0, *values])
    data = np.frombuffer(b"".join(varint(zigzag(int(s))) for s in steps), dtype=np.uint8)
    assert osm_blocks.numbers(data, 0, data.size, True, True).tolist() == values
    plain = np.frombuffer(b"".join(varint(v) for v in values), dtype=np.uint8)
    assert osm_blocks.numbers(plain, 0, plain.size, False, False).tolist() == values


def test_cut_off_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="cut off"):
        osm_blocks.numbers(np.array([0x80, 0x80], dtype=np.uint8), 0, 2, True, True)
    with pytest.raises(ValueError, match="cut off"):
        osm_blocks.fields(np.array([0x0A, 0x05, 1], dtype=np.uint8), 0, 3)


@given(st.lists(st.integers(-(2**62), 2**62), max_size=60))
@settings(max_examples=50, deadline=None)
def test_nodes_are_numbered_as_they_appear(refs: list[int]) -> None:
    index, ids, table = osm_blocks.number_nodes(np.array(refs, dtype=np.int64))
    assert ids.tolist() == list(dict.fromkeys(refs))
    assert ids[index].tolist() == refs
    others = [r + 1 for r in refs if r + 1 not in set(refs)]
    assert set(osm_blocks.look_up(table, ids, np.array(others, dtype=np.int64)).tolist()) <= {-1}


@given(st.lists(st.lists(st.integers(-1, 2), min_size=3, max_size=3), max_size=40))
@settings(max_examples=50, deadline=None)
def test_distinct_rows(rows: list[list[int]]) -> None:
    table = np.array(rows, dtype=np.int32).reshape(-1, 3)
    first, index = osm_blocks.unique_rows(table)
    assert (table[first][index] == table).all()
    assert len(set(map(tuple, table[first].tolist()))) == first.size == len(set(map(tuple, rows)))


def test_lines_are_cut_where_nodes_are_missing() -> None:
    known = np.array([True, True, False, True, True])
    index = np.array([0, 1, 1, 2, 3, 4, 2, 4, 0, 0], dtype=np.int64)
    points, offsets, line, cut = osm_blocks.cut_lines(index, np.array([0, 8, 10], dtype=np.int64), known)
    assert [points[a:b].tolist() for a, b in pairwise(offsets)] == [[0, 1], [3, 4]]
    assert (line.tolist(), cut.tolist()) == ([0, 0], [True, False])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.osm.pbf", "pbf"),
        ("a.osm.pbf", "pbf,pbf_dense_nodes=false"),
        ("a.osm.pbf", "pbf,pbf_compression=none"),
        ("a.osm.pbf", "pbf,pbf_compression=lz4"),
        ("a.osm", "xml"),
        ("a.osm.bz2", "xml.bz2"),
        ("a.osm.gz", "xml.gz"),
    ],
)
def test_every_variant_gives_the_same(tmp_path: Path, name: str, options: str) -> None:
    write(tmp_path / name, options)
    file = read(tmp_path / name)
    assert file.way.tolist() == [1, 2, 8, 5, 6, 7]
    assert file.left_out == 1
    tags = [{k: file.texts[t] for k, t in zip(KEYS, row, strict=True) if t >= 0} for row in file.tags.tolist()]
    assert tags[0] == {"highway": "primary", "name": "Grand'Rue 大街"}
    assert tags[1:] == [{"highway": "residential"}, {"landuse": "forest"}, {}, {}, {}]
    nodes = [file.node[file.index[a:b]].tolist() for a, b in pairwise(file.offsets)]
    assert nodes[:2] == [[12, 13, 14], [3, 13, 23]]
    assert nodes[3] == list(SQUARE[:9])
    assert file.known.all()
    np.testing.assert_allclose(file.lonlat, [GRID[n] for n in file.node.tolist()], rtol=0.0, atol=1e-9)
    assert [m[1:] for m in file.relations[0].members] == [(5, "outer"), (6, "outer"), (7, "inner")]


@pytest.mark.parametrize("options", ["pbf", "pbf,pbf_dense_nodes=false", "pbf,pbf_compression=none"])
def test_nodes_read_after_the_roads_give_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    write(tmp_path / "a.osm.pbf", options)
    kept = read(tmp_path / "a.osm.pbf")
    monkeypatch.setattr(osm_file, "NODES_KEPT", 7)
    again = read(tmp_path / "a.osm.pbf")
    for name in ("way", "tags", "index", "offsets", "node", "lonlat", "known"):
        assert getattr(kept, name).tobytes() == getattr(again, name).tobytes(), name
    assert (kept.texts, kept.relations, kept.left_out) == (again.texts, again.relations, again.left_out)


@pytest.mark.slow
def test_the_embedded_city_is_the_same_with_nodes_read_after_the_roads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = read_coquimbo().segments
    nodes = {p: k for k, p in enumerate(dict.fromkeys(map(tuple, city.coordinates.tolist())), start=1)}
    refs = [nodes[x, y] for x, y in city.coordinates.tolist()]
    with osmium.SimpleWriter(str(tmp_path / "city.osm.pbf")) as writer:
        for place, number in nodes.items():
            writer.add_node(make.Node(id=number, location=place, version=1))
        for way, (kind, name) in enumerate(city.frame.select("road_class", "name").iter_rows()):
            own = refs[city.offsets[way] : city.offsets[way + 1]]
            writer.add_way(make.Way(id=way + 1, nodes=own, tags={"highway": kind, "name": name or "?"}, version=1))
    section = NetworkSection(file="city.osm.pbf", cache=False)
    kept = load_network(section, tmp_path, "CL")
    monkeypatch.setattr(osm_file, "NODES_KEPT", 1000)
    again = load_network(section, tmp_path, "CL")
    assert kept.links.height > 20_000
    assert kept.links.write_ipc(None).getvalue() == again.links.write_ipc(None).getvalue()
    assert kept.coordinates.tobytes() == again.coordinates.tobytes()
    assert kept.offsets.tobytes() == again.offsets.tobytes()
    assert kept.findings == again.findings


def test_areas_have_holes_and_broken_ones_are_counted(tmp_path: Path) -> None:
    write(tmp_path / "a.osm.pbf", "pbf")
    found = read_land_use(read(tmp_path / "a.osm.pbf"), land_use_kinds())
    whole = shapely.Polygon([GRID[n] for n in SQUARE], [[GRID[n] for n in HOLE]])
    assert shapely.equals(found.built_up[0], whole)
    assert found.open_land[0].area == pytest.approx(1e-4)
    assert len(found.low_emission) == 0
    assert found.broken == 1  # the zone: one of its ways is not in the file


def test_points_in_areas_some_at_a_time() -> None:
    areas = np.array([shapely.box(0, 0, 1, 1), shapely.box(0.5, 0.5, 2, 2), shapely.box(5, 5, 6, 6)])
    points = np.random.default_rng(1).uniform(-1.0, 7.0, (500, 2))
    inside = within(areas, points)
    assert 0 < inside.sum() < 500
    assert inside.tolist() == [bool(shapely.contains_xy(areas, *place).any()) for place in points]
    assert within(areas, points, 7).tolist() == inside.tolist()
    assert not within(areas[:0], points).any()


def test_areas_are_those_of_pyosmium(tmp_path: Path) -> None:
    write(tmp_path / "a.osm.pbf", "pbf")
    make_wkb = osmium.geom.WKBFactory()
    theirs = [
        shapely.from_wkb(bytes.fromhex(make_wkb.create_multipolygon(area)))
        for area in osmium.FileProcessor(str(tmp_path / "a.osm.pbf"))
        .with_areas(osmium.filter.KeyFilter("landuse"))
        .with_filter(osmium.filter.EntityFilter(osmium.osm.AREA))
    ]
    found = read_land_use(read(tmp_path / "a.osm.pbf"), land_use_kinds())
    ours = [*found.open_land, *found.built_up]
    assert len(theirs) == len(ours) == 2
    assert {round(a.area, 12) for a in theirs} == {round(a.area, 12) for a in ours}
    assert shapely.equals(shapely.union_all(theirs), shapely.union_all(ours))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_off_is_told(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.osm.pbf"
    write(path, "pbf")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match="cannot be read"):
        load_network(NetworkSection(file="a.osm.pbf"), tmp_path, "*")


@given(st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_a_damaged_file_never_crashes(tmp_path_factory: pytest.TempPathFactory, place: int, change: int) -> None:
    """A changed byte is told, or changes what is read; it is never a traceback."""
    path = tmp_path_factory.mktemp("damaged") / "a.osm.pbf"
    write(path, "pbf,pbf_compression=none")
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= change
    path.write_bytes(data)
    try:
        load_network(NetworkSection(file="a.osm.pbf", cache=False), path.parent, "*")
    except InputError as error:
        assert error.file == path or str(path) in str(error)  # noqa: PT017 - either a message or a network
