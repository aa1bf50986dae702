"""Networks that come as a table: column map, geometry, coordinate systems, and what is refused."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import polars as pl
import pytest
from shapely import LineString, MultiLineString, Point

from fleet_planner.errors import InputError
from fleet_planner.network import Network, load_network, read_network, table_files, write_network
from fleet_planner.plan.models import ColumnMap, NetworkSection

LINES = [LineString([(0.0, 0.0), (0.01, 0.0)]), LineString([(0.01, 0.0), (0.02, 0.0)])]
TABLE = {
    "a": ["x", "y"],
    "b": ["y", "z"],
    "kind": [1, 2],
    "n": [2, 0],
    "kmh": ["30 mph", "none"],
    "m": [1100.0, 1200.0],
}
MAP = ColumnMap(u="a", v="b", road_class="kind", lanes="n", maxspeed_kmh="kmh", length_m="m")
CLASSES = {"1": "primary", "2": "residential"}


def load(folder: Path, frame: gpd.GeoDataFrame, name: str = "t.gpkg", **keys: object) -> Network:
    if name.endswith(".parquet"):
        frame.to_parquet(folder / name)
    else:
        frame.to_file(folder / name)
    section = NetworkSection.model_validate(
        {"file": name, "columns": MAP, "road_classes": CLASSES, "directed": False} | keys
    )
    return load_network(section, folder, "CL")


def frame(crs: int | None = 4326, **columns: list[object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(TABLE | columns, geometry=LINES, crs=crs)


@pytest.mark.parametrize("name", ["t.gpkg", "t.parquet", "t.geojson", "t.shp"])
def test_column_map(tmp_path: Path, name: str) -> None:
    links = load(tmp_path, frame(), name).links
    assert links.select("u", "v").rows() == [(0, 1), (1, 0), (1, 2), (2, 1)]
    assert links["road_class"].to_list() == ["primary"] * 2 + ["residential"] * 2
    assert links["length_km"].to_list() == [1.1, 1.1, 1.2, 1.2]
    assert links["free_flow_kmh"].to_list() == pytest.approx([48.28032] * 2 + [50.0] * 2)
    assert links["lanes_source"].to_list() == ["given"] * 2 + ["class_rural"] * 2
    assert not links["oneway"].any()


def test_oneway_column_and_directed_rows(tmp_path: Path) -> None:
    both = load(tmp_path, frame(ow=["yes", "-1"]), columns=MAP.model_copy(update={"oneway": "ow"}))
    assert both.links.select("u", "v").rows() == [(0, 1), (2, 1)]
    assert both.links["oneway"].all()
    turned = gpd.GeoDataFrame(
        TABLE | {"a": ["x", "y"], "b": ["y", "x"]}, geometry=[LINES[0], LINES[0].reverse()], crs=4326
    )
    assert load(tmp_path, turned, directed=True).links["oneway"].to_list() == [False, False]


def test_other_coordinate_system_is_reprojected(tmp_path: Path) -> None:
    plain, metric = load(tmp_path, frame(), "a.gpkg"), load(tmp_path, frame().to_crs(32631), "b.gpkg")
    np.testing.assert_allclose(metric.coordinates, plain.coordinates, atol=1e-9)


def test_csv_with_wkt(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('u,v,road_class,wkt\n1,2,primary,"LINESTRING (0 0, 0.01 0)"\n', encoding="utf-8")
    links = load_network(NetworkSection(file="t.csv"), tmp_path, "CL").links
    assert links.select("u", "v").rows() == [(1, 2)]
    assert links["length_km"][0] == pytest.approx(1.113195, rel=1e-6)


def test_rows_without_a_line_are_counted(tmp_path: Path) -> None:
    shapes = [
        MultiLineString([[(0, 0), (0.01, 0)], [(0.01, 0), (0.02, 0)]]),
        MultiLineString([[(0, 0), (1, 0)], [(2, 2), (3, 3)]]),
    ]
    network = load(tmp_path, gpd.GeoDataFrame(TABLE, geometry=shapes, crs=4326))
    assert next(f for f in network.findings if f.code == "network.rows_dropped").count == 1
    assert network.links.height == 2
    assert network.coordinates[:3].tolist() == [[0.0, 0.0], [0.01, 0.0], [0.02, 0.0]]


def refused(folder: Path, table: gpd.GeoDataFrame, **keys: object) -> InputError:
    with pytest.raises(InputError) as error:
        load(folder, table, **keys)
    return error.value


@pytest.mark.parametrize("name", ["n.gpkg", "n.parquet"])
def test_a_table_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    lines = [LineString([(k, 0), (k + 0.5, k % 3), (k + 1, 0)][: 2 + k % 2]) for k in range(9)]
    shapes = [*lines[:4], None, Point(1, 1), *lines[4:], MultiLineString([[(9, 0), (9, 1)], [(9, 1), (9, 2)]])]
    u = [0, 1, 2, 3, 90, 91, 4, 5, 6, 7, 8, 9]
    v = [1, 2, 3, 4, 91, 92, 5, 6, 7, 8, 9, 10]
    lanes = [1, 2, None, 2, 2, 2, None, 1, 1, 1, 1, 3]
    streets = ["a", "b", None, *"defghijkl"]
    columns = {"u": u, "v": v, "road_class": ["primary"] * 12, "lanes": lanes, "street": streets}
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)
    frame.to_parquet(tmp_path / name) if name.endswith("parquet") else frame.to_file(tmp_path / name)
    section = NetworkSection(file=name, columns=ColumnMap(lanes="lanes", name="street"))
    whole = load_network(section, tmp_path, "EU")
    monkeypatch.setattr(table_files, "ROWS_AT_ONCE", 2)
    parts = load_network(section, tmp_path, "EU")
    assert parts.links.equals(whole.links)
    assert np.array_equal(parts.coordinates, whole.coordinates)
    assert np.array_equal(parts.offsets, whole.offsets)
    assert parts.links.height == 10
    assert [f.count for f in parts.findings if f.code == "network.rows_dropped"] == [2]
    assert parts.findings == whole.findings
    frame = frame.assign(lanes=[*lanes[:-1], -1])
    frame.to_parquet(tmp_path / name) if name.endswith("parquet") else frame.to_file(tmp_path / name)
    capacity = NetworkSection(file=name, columns=ColumnMap(capacity_veh_h="lanes"))
    with pytest.raises(InputError, match="row 13, column lanes"):
        load_network(capacity, tmp_path, "EU")


def test_refusals_name_the_place(tmp_path: Path) -> None:
    missing = refused(tmp_path, frame(), columns=MAP.model_copy(update={"lanes": "spuren"}))
    assert missing.column == "spuren"
    assert "network.columns.lanes" in missing.remedy
    assert "kind" in missing.remedy
    words = refused(tmp_path, frame(m=["long", "10"]))
    assert (words.row, words.column, words.value) == (2, "m", "long")
    assert refused(tmp_path, frame(m=[10.0, -1.0])).row == 3
    node = refused(tmp_path, frame(b=["y", None]))
    assert (node.row, node.column) == (3, "b")
    far = frame(crs=None)
    far.geometry = far.geometry.scale(1e6, 1e6)
    assert "longitude and latitude" in refused(tmp_path, far, name="far.parquet").problem
    points = gpd.GeoDataFrame(TABLE, geometry=[Point(0, 0), Point(1, 1)], crs=4326)
    assert "no layer of lines" in refused(tmp_path, points, name="points.gpkg").problem
    assert "empty" in refused(tmp_path, frame().iloc[:0], name="empty.parquet").problem


def test_a_csv_in_parts_is_the_csv_in_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kinds of columns are those of the whole file, also where the last row alone has a fraction, a text or a break."""
    lines = [
        f'{i},{i + 1},primary,50,"Way, {i}","LINESTRING (0 {i / 1000}, 0.01 {(i + 1) / 1000})"' for i in range(700)
    ]
    lines += [
        '700,b,primary,30.5,"A name\nof two lines","LINESTRING (0 0.7, 0.01 0.7)"',
        '1,2,primary,50,none,"no line"',
    ]
    text = "\n".join(["u,v,road_class,maxspeed,name,wkt", *lines])
    (tmp_path / "t.csv").write_text(text + "\n", encoding="utf-8")
    section = NetworkSection(file="t.csv", columns=ColumnMap(maxspeed_kmh="maxspeed", name="name"))
    whole = load_network(section, tmp_path, "CL")
    monkeypatch.setattr(table_files, "ROWS_AT_ONCE", 50)
    parts = load_network(section, tmp_path, "CL")
    assert whole.links.equals(parts.links)
    assert whole.links["name"].to_list()[-1] == "A name\nof two lines"
    assert whole.links["free_flow_kmh"].to_list()[-1] == 30.5
    assert whole.findings == parts.findings
    assert (whole.coordinates.tobytes(), whole.offsets.tobytes()) == (
        parts.coordinates.tobytes(),
        parts.offsets.tobytes(),
    )


def test_csv_without_geometry_lists_its_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("u,v\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"its columns are u, v.*wkt"):
        load_network(NetworkSection(file="t.csv"), tmp_path, "CL")


def test_edited_link_table_keeps_edits_and_refuses_nonsense(tmp_path: Path) -> None:
    write_network(load(tmp_path, frame()), tmp_path / "own.gpkg")
    table = gpd.read_file(tmp_path / "own.gpkg", layer="links")
    table["free_flow_kmh"] = 33.0
    table.iloc[1:].to_file(tmp_path / "edited.gpkg", layer="links")
    links = read_network(tmp_path / "edited.gpkg").links
    assert links["free_flow_kmh"].to_list() == [33.0] * 3
    assert links["link_id"].to_list() == [0, 1, 2]
    assert links["speed_source"].dtype == pl.String
    table["length_km"] = -1.0
    table.to_file(tmp_path / "bad.gpkg", layer="links")
    with pytest.raises(InputError) as error:
        read_network(tmp_path / "bad.gpkg")
    assert (error.value.column, error.value.row) == ("length_km", 2)
