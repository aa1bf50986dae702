"""All sources give the same table; broken ones give one clear message."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import osmium
import osmnx
import polars as pl
import pytest
from pyproj import Geod

from fleet_planner.errors import InputError
from fleet_planner.network import (
    builtin_gtfs,
    builtin_zones,
    links_geometry,
    load_network,
    place,
    read_network,
    write_network,
)
from fleet_planner.network.attributes import parse_lanes, parse_maxspeed_kmh, parse_oneway
from fleet_planner.network.table import read_table
from fleet_planner.plan.models import ColumnMap, NetworkSection

NODES = """
<node id="1" lat="0.00" lon="0.00"/><node id="2" lat="0.00" lon="0.01"/><node id="3" lat="0.00" lon="0.02"/>
<node id="4" lat="0.01" lon="0.01"/><node id="5" lat="-0.01" lon="0.01"/><node id="6" lat="0.00" lon="0.03"/>
<node id="7" lat="0.005" lon="0.035"/><node id="8" lat="-0.005" lon="0.035"/>
"""


def osm(folder: Path, ways: str, nodes: str = NODES) -> NetworkSection:
    (folder / "n.osm").write_text(f"<osm version='0.6'>{nodes}{ways}</osm>", encoding="utf-8")
    return NetworkSection(file="n.osm")


def way(number: int, refs: str, **tags: str) -> str:
    body = "".join(f'<nd ref="{r}"/>' for r in refs.split())
    body += "".join(f'<tag k="{k.replace("__", ":")}" v="{v}"/>' for k, v in ({"highway": "primary"} | tags).items())
    return f'<way id="{number}">{body}</way>'


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("50", 50.0),
        ("30 mph", 48.28032),
        ("50;30", 40.0),
        ("['25 mph', '35 mph']", 48.28032),
        ("US:urban", 40.2336),
        ("DE:zone30", 30.0),
        ("DE:zone:30", 30.0),
        ("RU:urban", 50.0),
        ("walk", 5.0),
        ("none", None),
        ("signals", None),
        ("", None),
        (None, None),
        ("0", None),
    ],
)
def test_maxspeed(text: str | None, kmh: float | None) -> None:
    assert parse_maxspeed_kmh(text) == (pytest.approx(kmh) if kmh else None)


@pytest.mark.parametrize(
    ("text", "lanes"), [("2", 2.0), ("2;3", 2.5), ("['2', '4']", 3.0), ("x", None), (None, None), ("0", None)]
)
def test_lanes(text: str | None, lanes: float | None) -> None:
    assert parse_lanes(text) == lanes


@pytest.mark.parametrize(
    ("oneway", "junction", "highway", "direction"),
    [
        ("yes", None, "primary", 1),
        ("-1", None, "primary", -1),
        (None, "roundabout", "primary", 1),
        (None, None, "motorway", 1),
        ("no", None, "motorway", 0),
        (None, None, "primary", 0),
    ],
)
def test_oneway(oneway: str | None, junction: str | None, highway: str, direction: int) -> None:
    assert parse_oneway(oneway, junction, highway) == direction


def test_ways_are_split_at_junctions_only(tmp_path: Path) -> None:
    """A road 1-2-3-6 crossed at 2; 3 is a mere bend between two ways of the same kind, so they are one link."""
    ways = way(10, "1 2 3") + way(11, "3 6") + way(12, "4 2 5", highway="residential")
    links = load_network(osm(tmp_path, ways), tmp_path, "*").links
    pairs = sorted(zip(links["u"].to_list(), links["v"].to_list(), strict=True))
    assert pairs == sorted([(1, 2), (2, 1), (2, 6), (6, 2), (4, 2), (2, 4), (2, 5), (5, 2)])
    exact = Geod(ellps="WGS84").inv(0.01, 0.0, 0.03, 0.0)[2] / 1000.0
    assert links.filter((links["u"] == 2) & (links["v"] == 6))["length_km"][0] == pytest.approx(exact, rel=1e-9)


def test_a_change_of_lanes_keeps_links_apart(tmp_path: Path) -> None:
    ways = way(10, "1 2", lanes="4") + way(11, "2 3", lanes="2")
    links = load_network(osm(tmp_path, ways), tmp_path, "*").links
    assert links.height == 4
    assert links["lanes"].to_list() == [2.0, 2.0, 1.0, 1.0]
    assert set(links["lanes_source"]) == {"given"}


def test_ways_drawn_towards_each_other_are_one_link(tmp_path: Path) -> None:
    """1-2 and 3-2 meet head to head: two-way roads join, and so do one-way roads if one is tagged as reversed."""
    both = load_network(osm(tmp_path, way(10, "1 2") + way(11, "3 2")), tmp_path, "*").links
    assert sorted(both.select("u", "v").rows()) == [(1, 3), (3, 1)]
    one = load_network(osm(tmp_path, way(10, "1 2", oneway="yes") + way(11, "3 2", oneway="-1")), tmp_path, "*")
    assert one.links.select("u", "v").rows() == [(1, 3)]
    assert one.coordinates[:, 0].tolist() == [0.0, 0.01, 0.02]
    against = load_network(osm(tmp_path, way(10, "1 2", oneway="yes") + way(11, "3 2", oneway="yes")), tmp_path, "*")
    assert sorted(against.links.select("u", "v").rows()) == [(1, 2), (3, 2)]


def test_unequal_sides_stay_on_their_side_when_a_way_is_turned(tmp_path: Path) -> None:
    side = {"lanes": "3", "maxspeed__forward": "60", "maxspeed__backward": "40"}
    ways = way(10, "1 2", lanes__forward="2", **side)
    turned = side | {"maxspeed__forward": "40", "maxspeed__backward": "60"}
    ways += way(11, "3 2", lanes__backward="2", **turned)
    links = load_network(osm(tmp_path, ways), tmp_path, "*").links.sort("u")
    assert links.select("u", "v", "lanes", "free_flow_kmh").rows() == [(1, 3, 2.0, 60.0), (3, 1, 1.0, 40.0)]


def test_a_node_named_twice_in_a_row_makes_no_link_of_its_own(tmp_path: Path) -> None:
    links = load_network(osm(tmp_path, way(10, "1 2 2 3")), tmp_path, "*").links
    assert links.select("u", "v").rows() == [(1, 3), (3, 1)]


def test_a_way_that_crosses_itself_is_split_there(tmp_path: Path) -> None:
    links = load_network(osm(tmp_path, way(10, "1 2 3 4 2 5", oneway="yes")), tmp_path, "*").links
    assert links.select("u", "v").rows() == [(1, 2), (2, 2), (2, 5)]


def test_islands_and_streets_of_no_return_are_counted(tmp_path: Path) -> None:
    ways = way(10, "1 2 3") + way(11, "4 2", oneway="yes") + way(12, "7 8")
    network = load_network(osm(tmp_path, ways), tmp_path, "*")
    found = {f.code: f for f in network.findings}
    assert found["network.islands"].count == 2
    assert found["network.dead_ends"].count == 1
    assert set(network.links.filter(~pl.col("in_main"))["osm_id"]) == {12}


def test_trucks_and_ways_left_out(tmp_path: Path) -> None:
    ways = way(10, "1 2", hgv="no") + way(11, "2 3", maxweight="3.5") + way(12, "3 6") + way(13, "2 4", highway="steps")
    network = load_network(osm(tmp_path, ways), tmp_path, "*")
    allowed = dict(network.links.select("osm_id", "hgv_allowed").iter_rows())
    assert allowed == {10: False, 11: False, 12: True}
    assert next(f for f in network.findings if f.code == "network.left_out").count == 1


def packed(folder: Path, name: str) -> bytes:
    """Write a network of many ways in another format and return its bytes."""
    nodes = "".join(f'<node id="{i}" lat="{i % 97 / 1000}" lon="{i / 1000}" version="1"/>' for i in range(1, 20_001))
    ways = "".join(
        way(i, f"{i} {i + 1}", name=f"street {i}").replace("<way ", '<way version="1" ') for i in range(1, 20_000)
    )
    osm(folder, ways, nodes)
    with osmium.SimpleWriter(str(folder / name)) as writer:
        for item in osmium.FileProcessor(str(folder / "n.osm")):
            writer.add(item)
    return (folder / name).read_bytes()


@pytest.mark.parametrize("name", ["t.osm.pbf", "t.osm.bz2"])
def test_truncated_files_are_refused(tmp_path: Path, name: str) -> None:
    whole = packed(tmp_path, name)
    links = load_network(NetworkSection(file=name), tmp_path, "*").links
    assert links["length_km"].sum() > 1000.0
    for share in (0.5, 0.98):
        (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(InputError, match="truncated") as error:
            load_network(NetworkSection(file=name), tmp_path, "*")
        assert name in str(error.value)


def test_reversed_oneway_and_closed_ring(tmp_path: Path) -> None:
    ways = way(10, "1 2", oneway="-1") + way(11, "2 3") + way(12, "3 6") + way(13, "6 7 8 6", junction="roundabout")
    links = load_network(osm(tmp_path, ways), tmp_path, "*").links
    pairs = list(zip(links["u"].to_list(), links["v"].to_list(), strict=True))
    assert (2, 1) in pairs
    assert (1, 2) not in pairs
    assert pairs.count((6, 6)) == 1
    assert links.filter(links["u"] == links["v"])["length_km"][0] > 1.0


def test_closed_private_and_foot_ways_are_left_out(tmp_path: Path) -> None:
    ways = (
        way(10, "1 2")
        + way(11, "2 3", access="private")
        + way(12, "2 4", highway="footway")
        + way(13, "2 5", highway="service")
        + way(14, "3 6", access="no", motor_vehicle="yes")
    )
    links = load_network(osm(tmp_path, ways), tmp_path, "*").links
    assert set(links["osm_id"]) == {10, 14}


def test_ways_cut_at_the_border_are_counted(tmp_path: Path) -> None:
    ways = way(10, "1 2 3 99") + way(11, "98 97")
    network = load_network(osm(tmp_path, ways), tmp_path, "*")
    found = next(f for f in network.findings if f.code == "network.dangling")
    assert found.count == 2
    assert set(network.links["u"]) == {1, 3}


def test_geometry_runs_in_driving_direction(tmp_path: Path) -> None:
    network = load_network(osm(tmp_path, way(10, "1 2 3")), tmp_path, "*")
    lines = links_geometry(network)
    for line, u in zip(lines, network.links["u"], strict=True):
        assert line.coords[0] == {1: (0.0, 0.0), 3: (0.02, 0.0)}[u]


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("n.osm", "<osm version='0.6'></osm>", "no drivable way"),
        ("n.osm.pbf", "not a pbf file at all", "cannot be read"),
        ("n.osm", "<osm version='0.6'><node id='1'", "cannot be read"),
        ("n.gpkg", "not a geopackage", "cannot be read"),
        ("n.xyz", "x", "unknown kind of network file"),
    ],
)
def test_broken_networks_have_one_clear_message(tmp_path: Path, name: str, content: str, part: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=part) as error:
        load_network(NetworkSection(file=name), tmp_path, "*")
    assert name in str(error.value)


def test_missing_network_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Geofabrik"):
        load_network(NetworkSection(file="la.osm.pbf"), tmp_path, "*")
    with pytest.raises(InputError, match="ask Ada"):
        load_network(NetworkSection(file="la.osm.pbf", download_hint="ask Ada"), tmp_path, "*")


def test_written_network_reads_back_the_same(tmp_path: Path) -> None:
    network = load_network(
        osm(tmp_path, way(10, "1 2 3") + way(12, "4 2 5", highway="residential", maxspeed="30")), tmp_path, "CL"
    )
    write_network(network, tmp_path / "links.gpkg")
    again = read_network(tmp_path / "links.gpkg")
    assert again.links.equals(network.links)
    assert again.attribution == network.attribution
    assert again.findings == tuple(
        f for f in network.findings if f.code not in {"network.left_out", "network.built_up"}
    )
    np.testing.assert_array_equal(again.coordinates, network.coordinates)


def test_table_without_a_mapped_column_names_the_key_to_set(tmp_path: Path) -> None:
    network = load_network(osm(tmp_path, way(10, "1 2 3")), tmp_path, "CL")
    write_network(network, tmp_path / "links.gpkg")
    section = NetworkSection(file="links.gpkg", columns=ColumnMap(u="start"))
    with pytest.raises(InputError, match=r"network.columns.u.*link_id"):
        load_network(section, tmp_path, "CL")


def test_locked_geopackage_is_waited_for_then_named(tmp_path: Path) -> None:
    network = load_network(osm(tmp_path, way(10, "1 2 3")), tmp_path, "CL")
    path = tmp_path / "links.gpkg"
    write_network(network, path)
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(InputError, match="locked by another program"):
            read_table(path, NetworkSection(file="links.gpkg"), lock_wait_s=0.5)
    finally:
        other.close()


def test_embedded_city_is_whole() -> None:
    network = load_network(NetworkSection(builtin="coquimbo"), Path(), "CL")
    links = network.links
    assert links.height == 34_272
    one_way = links.filter(pl.col("oneway"))
    assert one_way.height + (links.height - one_way.height) / 2 == 19_846
    both = links.filter(~pl.col("oneway"))
    assert one_way["length_km"].sum() + both["length_km"].sum() / 2 == pytest.approx(1_468, abs=1)
    assert "OpenStreetMap" in network.attribution
    assert "ODbL" in network.attribution
    assert set(links["speed_source"]) == {"given", "class_urban", "class_rural"}
    assert builtin_zones()["population"].sum() == pytest.approx(451_834)
    assert builtin_gtfs().is_file()


def test_figures_of_the_embedded_city() -> None:
    """Speeds stand on 3,400 segments; lanes on 5,993, of which 61 say zero and count as missing."""
    links = load_network(NetworkSection(builtin="coquimbo"), Path(), "CL").links

    def segments(source: str) -> int:
        """Count segments of whose one or two links at least one has its own figure (one segment has one side only)."""
        tagged = links.filter(pl.col(source) == "given")
        one_way = tagged.filter(pl.col("oneway")).height
        return one_way + (tagged.height - one_way + 1) // 2

    assert segments("speed_source") == 3_400
    assert segments("lanes_source") == 5_993 - 61
    assert (links["lanes"] > 0).all()


def test_place_that_cannot_be_fetched_says_what_to_download(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise ConnectionError("no route")

    waited: list[float] = []
    monkeypatch.setattr(osmnx, "graph_from_place", offline)
    monkeypatch.setattr(place.time, "sleep", waited.append)
    with pytest.raises(InputError, match=r"Geofabrik.*BBBike.*network\.file"):
        load_network(NetworkSection(place="Nowhere"), Path(), "*")
    assert waited == list(place.PAUSES_S)


@pytest.mark.parametrize(
    ("name", "content"), [("g.graphml", b"<graphml"), ("g.graphml.gz", b"\x1f\x8b\x08\x00"), ("g.graphml", b"<a/>")]
)
def test_broken_graphs_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=r"not a graph that osmnx wrote|not a readable \.gz file"):
        load_network(NetworkSection(file=name), tmp_path, "*")


def centreline_km(links: pl.DataFrame) -> float:
    """Length of roads, both directions counted once."""
    return float(links.select((pl.col("length_km") * pl.when("oneway").then(1.0).otherwise(0.5)).sum()).item())


@pytest.mark.city
def test_santa_monica_through_three_readers(shared_data: Path) -> None:
    folder = shared_data / "santa_monica"
    pbf = load_network(NetworkSection(file="santa_monica_drive.osm.pbf"), folder, "US-CA")
    xml = load_network(NetworkSection(file="santa_monica_drive.osm.bz2"), folder, "US-CA")
    assert pbf.links.equals(xml.links)
    np.testing.assert_array_equal(pbf.coordinates, xml.coordinates)
    oracle = load_network(NetworkSection(file="santa_monica_drive_osmnx.graphml.gz"), folder, "US-CA")
    lon0, lat0 = oracle.coordinates.min(axis=0)
    lon1, lat1 = oracle.coordinates.max(axis=0)
    middle = pbf.coordinates[(pbf.offsets[:-1] + pbf.offsets[1:]) // 2]
    inside = (middle[:, 0] > lon0) & (middle[:, 0] < lon1) & (middle[:, 1] > lat0) & (middle[:, 1] < lat1)
    # the oracle is clipped to the city's outline, ours here to its bounding box only: same roads by way
    ways = set(oracle.links["osm_id"].drop_nulls())
    ours = pbf.links.filter(inside & pbf.links["osm_id"].is_in(list(ways)).to_numpy())
    assert ours["length_km"].sum() == pytest.approx(oracle.links["length_km"].sum(), rel=0.12)
    assert centreline_km(pbf.links) == pytest.approx(407, abs=1)
    assert oracle.links["oneway"].mean() == pytest.approx(pbf.links["oneway"].mean(), abs=0.05)


@pytest.mark.city
def test_sao_paulo_centre(shared_data: Path) -> None:
    network = load_network(NetworkSection(file="sao_paulo/sao_paulo_centre.osm.pbf"), shared_data, "BR")
    # the README of the data gives 632 km in all, without roads for buses alone; its classes agree to a kilometre
    busway = network.links["road_class"] == "busway"
    assert centreline_km(network.links.filter(~busway)) == pytest.approx(632, rel=0.02)
    # the Expresso Tiradentes and the terminals: service roads that are closed to cars and open to buses
    corridor = network.links.filter(busway & (network.links["name"] == "Corredor Expresso Tiradentes"))
    assert corridor["bus_only"].all()
    assert corridor["length_km"].sum() > 8.0
    by_class = {str(key[0]): centreline_km(part) for key, part in network.links.group_by("road_class")}
    published = {"residential": 285, "tertiary": 110, "secondary": 84, "trunk": 63, "primary": 63}
    assert {k: by_class[k] for k in published} == pytest.approx(published, abs=1.0)
    assert network.links["in_main"].mean() > 0.99


@pytest.mark.city
def test_beijing_through_a_column_map(shared_data: Path) -> None:
    section = NetworkSection(
        file="beijing/beijing_nw_core_links.parquet",
        columns=ColumnMap(u="from_node", v="to_node", length_m="length_m"),
        road_classes={"1": "trunk", "2": "secondary", "3": "residential"},
        licence="unknown",
    )
    links = load_network(section, shared_data, "CN-BJ").links
    assert links.height == 29_282
    assert links["length_km"].sum() == pytest.approx(3_667, rel=1e-3)
    by_class = dict(links.group_by("road_class").agg(pl.col("length_km").sum()).iter_rows())
    assert by_class["trunk"] == pytest.approx(295, abs=1)
    assert by_class["secondary"] == pytest.approx(926, abs=1)
