"""Options of the network section: outline, classes, junctions, zones, datum, cache; GMNS; places."""

from __future__ import annotations

import shutil
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import osmnx
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Polygon, box

from fleet_planner.cli.main import main
from fleet_planner.errors import InputError
from fleet_planner.network import Network, cache, load_network
from fleet_planner.network.access import bus_lanes, buses_only, is_drivable
from fleet_planner.network.datum import bd09_to_wgs84, distance_m, gcj02_to_wgs84, wgs84_to_bd09, wgs84_to_gcj02
from fleet_planner.network.place import read_place
from fleet_planner.plan.models import NetworkSection
from fleet_planner.progress import silent

PLACES = {1: (0.0, 0.0), 2: (0.01, 0.0), 3: (0.02, 0.0), 4: (0.01, 0.01), 5: (0.01, -0.01), 6: (0.0101, 0.0)}


def osm(folder: Path, ways: str, extra: str = "", name: str = "n.osm") -> NetworkSection:
    nodes = "".join(f"<node id='{n}' lat='{y}' lon='{x}'/>" for n, (x, y) in PLACES.items())
    (folder / name).write_text(f"<osm version='0.6'>{nodes}{extra}{ways}</osm>", encoding="utf-8")
    return NetworkSection(file=name)


def way(number: int, nodes: str, highway: str = "primary", **tags: str) -> str:
    refs = "".join(f"<nd ref='{n}'/>" for n in nodes.split())
    pairs = {"highway": highway} | {k.replace("__", ":"): v for k, v in tags.items()}
    return f"<way id='{number}'>{refs}{''.join(f'<tag k={k!r} v={v!r}/>' for k, v in pairs.items() if v)}</way>"


def area_file(folder: Path, shape: object, name: str = "area.geojson", crs: int | None = 4326) -> str:
    gpd.GeoDataFrame(geometry=[shape], crs=crs).to_file(folder / name)
    return name


CROSS = way(10, "1 2 3") + way(12, "4 2 5", "residential")


def load(folder: Path, section: NetworkSection, **keys: object) -> Network:
    return load_network(section.model_copy(update=keys), folder, "CL")


def finding(network: Network, code: str) -> dict[str, object]:
    return {f.code: f for f in network.findings}[code].__dict__


def test_roads_end_at_the_outline(tmp_path: Path) -> None:
    section = osm(tmp_path, CROSS)
    whole = load(tmp_path, section)
    cut = load(tmp_path, section, clip=area_file(tmp_path, box(0.005, -0.02, 0.015, 0.02)))
    primary = pl.col("road_class") == "primary"
    assert cut.links.filter(primary)["length_km"].sum() == pytest.approx(
        whole.links.filter(primary)["length_km"].sum() / 2, rel=1e-6
    )
    assert cut.links.filter(~primary)["length_km"].sum() == pytest.approx(
        whole.links.filter(~primary)["length_km"].sum(), rel=1e-9
    )
    assert cut.coordinates[:, 0].min() == pytest.approx(0.005)
    assert cut.links["in_main"].all()
    told = finding(cut, "network.clipped")
    assert told["share"] == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    ("shape", "crs", "problem"),
    [
        (Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), 4326, "crosses itself"),
        (Polygon(), 4326, "empty"),
        (MultiPolygon(), 4326, "empty"),
        (LineString([(0, 0), (1, 1)]), 4326, "no polygon"),
        (box(50, 50, 51, 51), 4326, "no road of the network lies inside"),
        (box(0, 0, 1, 1), None, "no coordinate reference system"),
    ],
)
def test_outlines_that_cannot_be(tmp_path: Path, shape: object, crs: int | None, problem: str) -> None:
    name = area_file(tmp_path, shape, "area.geojson" if crs else "area.shp", crs or 4326)
    if crs is None:
        (tmp_path / "area.prj").unlink()
    with pytest.raises(InputError, match=problem) as error:
        load(tmp_path, osm(tmp_path, CROSS), clip=name)
    assert name in str(error.value)


def test_classes_to_keep(tmp_path: Path) -> None:
    network = load(tmp_path, osm(tmp_path, CROSS), keep_classes=["primary"])
    assert network.links.select("u", "v").rows() == [(1, 3), (3, 1)]
    assert finding(network, "network.classes_dropped")["count"] == 1
    with pytest.raises(InputError, match="classes to keep"):
        load(tmp_path, osm(tmp_path, CROSS), keep_classes=["motorway"])
    closed = way(12, "1 4", "primary", motor_vehicle="no")
    assert load(tmp_path, osm(tmp_path, CROSS + closed), keep_classes=["primary"]).links.equals(network.links)


def test_close_junctions_become_one(tmp_path: Path) -> None:
    """4 joins at 2 and 5 at 6, eleven metres on: one crossing of four arms."""
    section = osm(tmp_path, way(10, "1 2 6 3") + way(11, "4 2", "residential") + way(12, "5 6", "residential"))
    apart, merged = load(tmp_path, section), load(tmp_path, section, consolidate_m=15.0)
    assert (apart.links.height, merged.links.height) == (10, 8)
    assert merged.links.filter(pl.col("u") == 2)["v"].sort().to_list() == [1, 3, 4, 5]
    told = finding(merged, "network.consolidated")
    assert told["count"] == 1
    assert merged.links["length_km"].sum() == pytest.approx(apart.links["length_km"].sum(), rel=4e-3)
    assert load(tmp_path, section, consolidate_m=5.0).links.equals(apart.links)


def test_towns_from_land_use_decide_the_defaults(tmp_path: Path) -> None:
    corners = {91: (-0.01, -0.02), 92: (0.011, -0.02), 93: (0.011, 0.02), 94: (-0.01, 0.02)}
    extra = "".join(f"<node id='{n}' lat='{y}' lon='{x}'/>" for n, (x, y) in corners.items())
    town = way(90, "91 92 93 94 91", "", landuse="residential")
    network = load_network(osm(tmp_path, CROSS + town, extra), tmp_path, "US")
    links = network.links
    east = links.filter(((pl.col("u") == 2) & (pl.col("v") == 3)) | ((pl.col("u") == 3) & (pl.col("v") == 2)))
    assert set(east["speed_source"]) == {"class_rural"}
    assert set(links.filter(pl.col("osm_id") == 12)["speed_source"]) == {"class_urban"}
    assert east["free_flow_kmh"][0] == pytest.approx(88.51392)  # California's 55 mph
    assert not east["urban"].any()


def test_low_emission_zones_of_the_source_and_of_the_plan(tmp_path: Path) -> None:
    corners = {91: (-0.01, -0.02), 92: (0.009, -0.02), 93: (0.009, 0.02), 94: (-0.01, 0.02)}
    extra = "".join(f"<node id='{n}' lat='{y}' lon='{x}'/>" for n, (x, y) in corners.items())
    zone = way(90, "91 92 93 94 91", "", boundary="low_emission_zone", type="boundary", area="yes")
    section = osm(tmp_path, CROSS + zone, extra)
    inside = load(tmp_path, section).links.filter("low_emission_zone")
    assert sorted(inside.select("u", "v").rows()) == [(1, 2), (2, 1)]
    more = load(tmp_path, section, low_emission_zones=area_file(tmp_path, box(0.012, -0.001, 0.03, 0.001)))
    assert more.links.filter("low_emission_zone").height == 4


@pytest.mark.parametrize(
    ("tags", "drivable", "buses"),
    [
        ({"highway": "primary"}, True, False),
        ({"highway": "busway"}, True, True),
        ({"highway": "service", "access": "no", "bus": "yes"}, True, True),
        ({"highway": "service", "access": "bus"}, True, True),
        ({"highway": "service", "service": "parking_aisle", "access": "no", "bus": "yes"}, False, True),
        ({"highway": "service", "bus": "yes"}, False, True),
        ({"highway": "service"}, False, True),
        ({"highway": "pedestrian", "bus": "yes"}, True, True),
        ({"highway": "pedestrian"}, False, True),
        ({"highway": "bus_guideway"}, True, True),
        ({"highway": "residential", "access": "no", "bus": "yes"}, True, True),
        ({"highway": "residential", "motor_vehicle": "psv"}, True, True),
        ({"highway": "residential", "motor_vehicle": "no"}, False, True),
    ],
)
def test_roads_for_buses_only(tags: dict[str, str], drivable: bool, buses: bool) -> None:
    assert (is_drivable(tags), buses_only(tags)) == (drivable, buses)


@pytest.mark.parametrize(
    ("tags", "direction", "lanes"),
    [
        ({}, 0, (0.0, 0.0)),
        ({"lanes:psv": "1"}, 1, (1.0, 1.0)),
        ({"lanes:bus:forward": "1"}, 0, (1.0, 0.0)),
        ({"bus:lanes:backward": "designated|no"}, 0, (0.0, 1.0)),
        ({"busway:right": "lane"}, 0, (1.0, 0.0)),
        ({"busway": "lane"}, 0, (1.0, 1.0)),
    ],
)
def test_bus_lanes(tags: dict[str, str], direction: int, lanes: tuple[float, float]) -> None:
    assert bus_lanes(tags, direction) == lanes


def test_bus_lanes_and_weight_limits_reach_the_links(tmp_path: Path) -> None:
    ways = way(10, "1 2", lanes="4", lanes__bus="2", maxweight="12") + way(11, "2 3", lanes="4")
    links = load(tmp_path, osm(tmp_path, ways)).links
    assert links["bus_lanes"].to_list() == [1.0, 1.0, 0.0, 0.0]
    assert links["capacity_veh_h"].to_list() == [1500.0, 1500.0, 3000.0, 3000.0]  # 1,500 a lane open to all
    assert links["max_weight_t"].to_list() == [12.0, 12.0, None, None]


# test points of github.com/googollee/eviltransform (test.rb, transform_test.go): Shanghai, Shenzhen, Beijing
POINTS = np.array([[121.5272106, 31.1774276], [113.912316, 22.543847], [116.377817, 39.911954]])
SHIFTED = np.array(
    [
        [121.531541859215, 31.17530398364597],
        [113.9171764808363, 22.540796131694766],
        [116.38404722455657, 39.91334545536069],
    ]
)


def test_gcj02_of_published_points() -> None:
    assert distance_m(wgs84_to_gcj02(POINTS), SHIFTED).max() < 0.1
    assert distance_m(gcj02_to_wgs84(wgs84_to_gcj02(POINTS)), POINTS).max() < 1e-3


@given(st.floats(74.0, 134.0), st.floats(19.0, 53.0))
def test_there_and_back_is_the_same_place(lon: float, lat: float) -> None:
    point = np.array([[lon, lat]])
    assert distance_m(gcj02_to_wgs84(wgs84_to_gcj02(point)), point)[0] < 1e-3
    assert distance_m(bd09_to_wgs84(wgs84_to_bd09(point)), point)[0] < 1e-3


BEIJING = np.array([[116.35, 39.91], [116.36, 39.91], [116.36, 39.92], [116.35, 39.92]])


def chinese(folder: Path, shift: object, name: str = "roads.gpkg") -> NetworkSection:
    points = shift(BEIJING) if callable(shift) else BEIJING
    lines = [LineString(points[[i, (i + 1) % 4]]) for i in range(4)]
    table = {"a": [1, 2, 3, 4], "b": [2, 3, 4, 1], "k": ["primary"] * 4}
    gpd.GeoDataFrame(table, geometry=lines, crs=4326).to_file(folder / name, layer="roads")
    return NetworkSection.model_validate({"file": name, "columns": {"u": "a", "v": "b", "road_class": "k"}})


@pytest.mark.parametrize(("datum", "shift"), [("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)])
def test_declared_and_detected_shifts_are_undone(tmp_path: Path, datum: str, shift: object) -> None:
    plain = load(tmp_path, chinese(tmp_path, None, "plain.gpkg"))
    section = chinese(tmp_path, shift, "roads.gpkg")
    declared = load(tmp_path, section, datum=datum)
    assert distance_m(declared.coordinates, plain.coordinates).max() < 0.01
    nodes = "".join(f"<node id='{n}' lon='{x}' lat='{y}'/>" for n, (x, y) in enumerate(BEIJING, 101))
    osm(tmp_path, way(1, "101 102 103 104 101"), nodes, "reference.osm")
    found = load(tmp_path, section, datum="detect", datum_reference="reference.osm")
    assert distance_m(found.coordinates, plain.coordinates).max() < 0.01
    assert finding(found, "network.datum_detected")["values"]["datum"] == datum.upper()  # type: ignore[index]
    assert 300 < float(str(finding(found, "network.datum_converted")["values"]["metres"]).replace(",", "")) < 2_000  # type: ignore[index]
    with pytest.raises(InputError, match="cannot be detected"):
        load(tmp_path, section, datum="detect")
    shutil.copy(tmp_path / "roads.gpkg", tmp_path / f"roads_{datum}.gpkg")
    named = load(tmp_path, section, file=f"roads_{datum}.gpkg", datum="detect")
    assert named.coordinates.tolist() == declared.coordinates.tolist()


def test_openstreetmap_is_never_shifted(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must not be shifted"):
        load(tmp_path, osm(tmp_path, CROSS), datum="gcj02")
    assert load(tmp_path, osm(tmp_path, CROSS), datum="detect").links.height == 8


def gmns(folder: Path, **changes: str) -> Path:
    target = folder / "gmns"
    target.mkdir(exist_ok=True)
    tables = {
        "node.csv": "node_id,x_coord,y_coord\n1,0,0\n2,0.01,0\n3,0.02,0\n",
        "link.csv": "link_id,from_node_id,to_node_id,directed,length,facility_type,free_speed,lanes,capacity,allowed_uses\n"
        "1,1,2,true,1.113,arterial,50,2,900,auto\n2,2,1,true,1.113,arterial,50,2,900,auto\n"
        "3,2,3,false,1.113,local,,,,\n4,3,9,true,1,local,,,,\n5,1,3,true,2.2,local,,,,walk\n",
        "config.csv": "long_length,speed,crs\nkm,km/h,EPSG:4326\n",
    }
    for name, text in (tables | changes).items():
        (target / name).write_text(text, encoding="utf-8")
    return target


def test_gmns_tables(tmp_path: Path) -> None:
    gmns(tmp_path)
    network = load(tmp_path, NetworkSection(file="gmns"))
    links = network.links
    assert links.select("u", "v").rows() == [(1, 2), (2, 1), (2, 3), (3, 2)]
    assert links["road_class"].to_list() == ["primary"] * 2 + ["residential"] * 2
    assert links["capacity_veh_h"].to_list()[:2] == [1800.0, 1800.0]
    assert links["capacity_source"].to_list() == ["given", "given", "class", "class"]
    assert links["oneway"].to_list() == [False] * 4
    assert links["length_km"][0] == 1.113
    assert finding(network, "network.missing_nodes")["count"] == 1
    assert finding(network, "network.left_out")["count"] == 1
    shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "gmns")
    assert load(tmp_path, NetworkSection(file="packed.zip")).links.equals(links)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("1.113", "1113", "the unit must be wrong"),
        (",900,", ",-900,", "no capacity of a link"),
        ("from_node_id", "origin", "column of the GMNS specification is missing"),
        (",50,", ",fast,", "no free_speed"),
    ],
)
def test_gmns_tables_that_cannot_be(tmp_path: Path, old: str, new: str, problem: str) -> None:
    path = gmns(tmp_path) / "link.csv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=problem):
        load(tmp_path, NetworkSection(file="gmns"))


def test_negative_capacity_of_a_table_is_refused_by_row(tmp_path: Path) -> None:
    section = chinese(tmp_path, None)
    table = gpd.read_file(tmp_path / "roads.gpkg").assign(cap=[900.0, -1.0, None, 5.0])
    table.to_file(tmp_path / "roads.gpkg", layer="roads")
    columns = section.columns.model_copy(update={"capacity_veh_h": "cap"})
    with pytest.raises(InputError, match="no capacity") as error:
        load(tmp_path, section, columns=columns)
    assert error.value.row == 3


def test_cached_links_are_the_same_and_follow_every_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "FROM_BYTES", 0)
    monkeypatch.setattr(cache.kept, "__kwdefaults__", {"least": 0})
    section = osm(tmp_path, CROSS)
    first = load(tmp_path, section)
    kept = list((tmp_path / cache.FOLDER).glob("*.links"))
    assert len(kept) == 1
    again = load(tmp_path, section)
    assert again.links.equals(first.links)
    assert again.findings == first.findings
    assert (again.coordinates == first.coordinates).all()
    load(tmp_path, section, keep_classes=["primary"])
    load(tmp_path, section, consolidate_m=3.0)
    assert len(list((tmp_path / cache.FOLDER).glob("*.links"))) == 3
    osm(tmp_path, CROSS.replace("residential", "tertiary"))
    assert "tertiary" in load(tmp_path, section).links["road_class"].to_list()
    kept[0].write_bytes(kept[0].read_bytes()[:-9])
    assert cache.load(kept[0]) is None


def answered() -> nx.MultiDiGraph:
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    graph.add_nodes_from([(n, {"x": x, "y": y}) for n, (x, y) in PLACES.items()])
    for u, v in ((1, 2), (2, 1)):
        graph.add_edge(u, v, osmid=10, highway="primary", oneway=False, reversed=u > v, length=1113.0)
    return graph


def test_a_place_is_asked_again_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def flaky(place: str, **_: object) -> nx.MultiDiGraph:
        asked.append((place, osmnx.settings.use_cache, osmnx.settings.overpass_rate_limit))
        if len(asked) < 3:
            raise ConnectionError("busy")
        return answered()

    monkeypatch.setattr(osmnx, "graph_from_place", flaky)
    source = read_place("Somewhere", "", silent, pauses_s=(0.0, 0.0))
    assert asked == [("Somewhere", True, True)] * 3
    assert source.segments.frame.select("u", "v").rows() == [(1, 2), (2, 1)]
    assert source.findings[-1].code == "network.place_kept"
    asked.clear()
    with pytest.raises(InputError, match="Geofabrik"):
        read_place("Somewhere", "", silent, pauses_s=(0.0,))
    assert len(asked) == 2


def test_options_reach_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    osm(tmp_path, CROSS)
    area_file(tmp_path, box(0.005, -0.02, 0.015, 0.02))
    monkeypatch.chdir(tmp_path)
    command = ["network", "build", "--osm", "n.osm", "--clip", "area.geojson", "--keep", "primary", "--out", "o.gpkg"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert "The outline leaves out" in done.output
    assert set(gpd.read_file(tmp_path / "o.gpkg")["road_class"]) == {"primary"}
    wrong = CliRunner().invoke(main, [*command[:4], "--clip", "none.geojson", "--out", "p.gpkg"])
    assert wrong.exit_code == 1
    assert "Traceback" not in wrong.output
    assert not (tmp_path / "p.gpkg").exists()
