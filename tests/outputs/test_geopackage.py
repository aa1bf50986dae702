"""The GeoPackage opens drawn, with readable titles, in any program that reads the standard."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
import zipfile
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import builders
import numpy as np
import polars as pl
import pyogrio
import pytest
import shapely

from fleet_planner.outputs.layers import frames
from fleet_planner.outputs.layers.geopackage import write_geopackage
from fleet_planner.outputs.layers.geopackage_tables import dictionary
from fleet_planner.outputs.layers.labels import COLUMN
from fleet_planner.outputs.layers.layer import LONGEST_COLUMN, Layer
from fleet_planner.outputs.layers.qgis_project import map_frame
from fleet_planner.outputs.layers.roads import road_of_link, round_breaks
from fleet_planner.outputs.layers.styles import CHANGE, RAMP, graduated_qml
from fleet_planner.outputs.layers.views import change_table
from fleet_planner.tables import columns, pollutants
from fleet_planner.tables.layer_texts import layer_texts
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from fleet_planner.pipeline.telling.results import Results

COLUMNS = Path(__file__).parents[2] / "fleet_planner" / "tables" / "columns"
DRAWN = {"links", "zones", "hotspots"}
TOPS = {f"top_links_{p}" for p in ("nox", "pm_exhaust", "pm2_5_non_exhaust", "co2")}
CHANGES = {"links_change_electric", "zones_change_electric"}
VIEWS = TOPS | CHANGES
LAYERS = DRAWN | VIEWS
TABLES = {"summary", "by_technology", "by_process", "fuel_check", "costs", "sources", "assumptions", "findings"}


@pytest.fixture
def database(folder: Path) -> sqlite3.Connection:
    with closing(sqlite3.connect(folder / "city.gpkg")) as opened:
        yield opened


def test_ogr_reads_layers_and_tables(folder: Path) -> None:
    names = dict(pyogrio.list_layers(folder / "city.gpkg"))
    assert set(names) >= LAYERS | TABLES
    assert names["links"] == "LineString"
    assert all(names[t] is None for t in TABLES)


def test_links_keep_ids_geometry_and_figures(folder: Path, run: Results) -> None:
    frame = pyogrio.read_dataframe(folder / "city.gpkg", layer="links", use_arrow=True)
    assert frame.crs.to_epsg() == 4326
    assert len(frame) == run.network.links.height
    assert frame["osm_id"].iloc[1] == 1123687709001
    assert np.isnan(frame["osm_id"].iloc[0])
    points = shapely.get_coordinates(frame.geometry.to_numpy())
    assert np.allclose(points, run.network.coordinates)
    nox = run.scenarios[1].inventory.pollutants.index("NOx")
    grams = run.scenarios[1].inventory.link[:, nox]
    assert np.allclose(frame["nox_kg_per_day_electric"], grams / 1e3, rtol=1e-14)
    assert np.allclose(frame["nox_g_per_km_day_electric"] * frame["length_km"], grams, rtol=1e-12)
    assert np.allclose(frame["speed_mean_kmh"], 40.0)


def test_column_names_are_plain(folder: Path) -> None:
    for layer in LAYERS:
        for name in pyogrio.read_info(folder / "city.gpkg", layer=layer)["fields"]:
            assert name.isascii()
            assert name == name.lower()
            assert "." not in name


def test_zones_hold_each_link_once(folder: Path) -> None:
    zones = pyogrio.read_dataframe(folder / "city.gpkg", layer="zones")
    links = pyogrio.read_dataframe(folder / "city.gpkg", layer="links")
    column = "pm2_5_non_exhaust_kg_per_day_baseline"
    assert zones[column].sum() == pytest.approx(links[column].sum(), rel=1e-12)
    density = zones["nox_kg_per_day_baseline"] / zones["area_km2"]
    assert np.allclose(zones["nox_kg_per_km2_day_baseline"], density)
    metric = zones.to_crs(zones.estimate_utm_crs()).area / 1e6
    assert np.allclose(zones["area_km2"], metric, rtol=2e-3)


def test_hotspots_join_both_directions_and_come_in_order(folder: Path, run: Results) -> None:
    hot = pyogrio.read_dataframe(folder / "city.gpkg", layer="hotspots")
    road, first = road_of_link(run.network.links)
    assert first.size == run.network.links.height // 2
    assert len(hot) == first.size
    assert list(hot["rank"]) == list(range(1, len(hot) + 1))
    assert hot["nox_g_per_km_day_baseline"].is_monotonic_decreasing
    nox = run.scenarios[0].inventory.link[:, run.scenarios[0].inventory.pollutants.index("NOx")]
    sums = np.bincount(road, weights=nox)
    position = {link: k for k, link in enumerate(first.tolist())}
    got = hot["nox_kg_per_day_baseline"].to_numpy()
    assert np.allclose(got, [sums[position[k]] / 1e3 for k in hot["link_id"]])


def test_standard_tables_are_registered(database: sqlite3.Connection) -> None:
    extensions = set(database.execute("SELECT table_name, extension_name FROM gpkg_extensions"))
    for layer in DRAWN:
        assert (layer, "gpkg_rtree_index") in extensions
    assert ("gpkg_data_columns", "gpkg_schema") in extensions
    assert ("gpkg_data_column_constraints", "gpkg_schema") in extensions
    assert ("gpkg_metadata", "gpkg_metadata") in extensions
    contents = dict(database.execute("SELECT table_name, description FROM gpkg_contents"))
    assert all(contents[name] for name in LAYERS | TABLES)
    assert {row[0] for row in database.execute("SELECT DISTINCT last_change FROM gpkg_contents")} == {
        "2000-01-01T00:00:00.000Z"
    }
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def test_every_emission_column_has_a_title(database: sqlite3.Connection) -> None:
    titled = dict(database.execute("SELECT column_name, name FROM gpkg_data_columns WHERE table_name = 'links'"))
    fields = [row[1] for row in database.execute("PRAGMA table_info(links)")]
    assert set(fields) - set(titled) == {"fid", "geom"}
    assert titled["nox_g_per_km_day_electric"] == "Nitrogen oxides (as NO2), Electric & quiet (g/km/day)"
    for table in ("by_technology", "summary", "costs", "sources", "hotspots", "zones"):
        have = {
            row[0]
            for row in database.execute("SELECT column_name FROM gpkg_data_columns WHERE table_name = ?", (table,))
        }
        assert have == {row[1] for row in database.execute(f"PRAGMA table_info({table})")} - {"fid", "geom"}


def xml(text: str) -> ET.Element:
    return ET.fromstring(text.rsplit("'SYSTEM'>", 1)[-1].encode())  # noqa: S314  # our own text


def test_sources_and_licence_travel_with_the_file(folder: Path, database: sqlite3.Connection) -> None:
    query = "SELECT metadata, table_name FROM gpkg_metadata JOIN gpkg_metadata_reference ON md_file_id = id"
    rows = database.execute(query).fetchall()
    assert {row[1] for row in rows} == LAYERS | {None}
    iso, *rows = rows
    assert iso[1] is None
    for text, _ in rows:
        assert "OpenStreetMap" in xml(text).findtext("rights", "")
        assert "ODbL" in xml(text).findtext("license", "")
    assert "ODbL" in str(pyogrio.read_info(folder / "city.gpkg", layer="links")["layer_metadata"])
    assert not list(folder.glob("*.aux.xml"))


def test_styles_are_valid_and_point_at_existing_columns(folder: Path, database: sqlite3.Connection) -> None:
    rows = database.execute(
        "SELECT f_table_name, f_geometry_column, styleQML, styleSLD, useAsDefault FROM layer_styles "
        "WHERE f_geometry_column != ''"
    ).fetchall()
    assert {row[0] for row in rows} == LAYERS
    assert [row[0] for row in rows if row[4] == 1] == list(dict.fromkeys(row[0] for row in rows))
    for layer, geometry, qml, sld, _ in rows:
        fields = {row[1] for row in database.execute(f"PRAGMA table_info({layer})")}
        assert geometry in fields
        root = xml(qml)
        renderer = root.find("renderer-v2")
        symbols = renderer.findall("symbols/symbol")
        assert {s.get("type") for s in symbols} == {"fill" if layer.startswith("zones") else "line"}
        assert {a.get("field") for a in root.findall("aliases/alias")} <= fields
        assert xml(sld).tag.endswith("StyledLayerDescriptor")
        if layer == "hotspots":
            continue
        assert renderer.get("type") == "graduatedSymbol"
        assert renderer.get("attr") in fields
        ranges = renderer.findall("ranges/range")
        assert len(ranges) == len(symbols) == len(CHANGE if "_change_" in layer else RAMP)
        assert [r.get("symbol") for r in ranges] == [s.get("name") for s in symbols]
        top = pyogrio.read_dataframe(folder / "city.gpkg", layer=layer)[renderer.get("attr")].max()
        assert float(ranges[-1].get("upper")) >= top * (1 - 1e-9)
        assert all(a.get("upper") == b.get("lower") for a, b in pairwise(ranges))


def test_tables_have_titles(database: sqlite3.Connection) -> None:
    rows = dict(database.execute("SELECT f_table_name, styleQML FROM layer_styles WHERE f_geometry_column = ''"))
    assert set(rows) >= {"summary", "by_technology", "costs", "sources", "top_links", "change_of_links_electric"}
    titles = {a.get("field"): a.get("name") for a in xml(rows["summary"]).findall("aliases/alias")}
    assert titles["value_per_year"]
    assert set(titles) == {row[1] for row in database.execute("PRAGMA table_info(summary)")} - {"fid"}


def test_links_have_a_style_for_each_pollutant_and_scenario(database: sqlite3.Connection) -> None:
    query = "SELECT styleName, styleQML, useAsDefault FROM layer_styles WHERE f_table_name = 'links' ORDER BY id"
    rows = database.execute(query).fetchall()
    names = [row[0] for row in rows]
    assert names[0] == "NOx, baseline"
    pollutants = ("NOx", "PM exhaust", "PM2.5 non-exhaust", "CO2")
    assert set(names) == {f"{p}, {s}" for p in pollutants for s in ("baseline", "electric")} | {
        "Vehicle-km",
        "Mean speed",
    }
    assert [row[2] for row in rows] == [1] + [0] * (len(rows) - 1)
    assert all(len(name) <= 30 for name in names)
    limits = {}
    for name, qml, _ in rows:
        renderer = xml(qml).find("renderer-v2")
        limits[name] = [float(r.get("lower")) for r in renderer.findall("ranges/range")]
        width = renderer.find("symbols/symbol/layer/data_defined_properties//Option[@name='expression']")
        assert '"vkt_per_day" / "length_km"' in width.get("value")
    for pollutant in pollutants:
        assert limits[f"{pollutant}, baseline"] == limits[f"{pollutant}, electric"]
    assert limits["NOx, baseline"] != limits["CO2, baseline"]


def test_two_writings_are_equal_bit_for_bit(run: Results, tmp_path: Path) -> None:
    paths = [tmp_path / f"{k}" / "city.gpkg" for k in range(2)]
    for path in paths:
        path.parent.mkdir()
        write_geopackage(run, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_views_show_changes_and_the_top(folder: Path, run: Results) -> None:
    path = folder / "city.gpkg"
    links = pyogrio.read_dataframe(path, layer="links")
    change = pyogrio.read_dataframe(path, layer="links_change_electric")
    assert change.crs.to_epsg() == 4326
    assert list(change["link_id"]) == list(links["link_id"])
    assert change.geometry.equals(links.geometry)
    expected = links["nox_g_per_km_day_electric"] - links["nox_g_per_km_day_baseline"]
    assert change["nox_g_change_per_km_day"].dtype == float
    assert np.allclose(change["nox_g_change_per_km_day"], expected, rtol=1e-12)
    assert np.isnan(change["nox_pct_change"].iloc[0])  # the first link emits nothing
    assert np.allclose(change["nox_pct_change"].iloc[1:], -20.0)
    zones = pyogrio.read_dataframe(path, layer="zones_change_electric")
    assert zones["co2_kg_change_per_km2_day"].dtype == float
    top = pyogrio.read_dataframe(path, layer="top_links_co2")
    ordered = top.sort_values("rank")
    assert list(ordered["rank"]) == list(range(1, run.network.links.height))  # all but the one without emissions
    assert ordered["co2_g_per_km_day_baseline"].is_monotonic_decreasing
    assert ordered["co2_g_per_km_day_baseline"].iloc[0] == links["co2_g_per_km_day_baseline"].max()
    assert {"co2_kg_per_day_electric", "vkt_per_day", "name"} <= set(top.columns)


def test_a_part_of_a_view_can_be_read(folder: Path) -> None:
    path = folder / "city.gpkg"
    whole = pyogrio.read_dataframe(path, layer="links_change_electric")
    box = whole.geometry.iloc[0].bounds
    part = pyogrio.read_dataframe(path, layer="links_change_electric", bbox=box)
    assert 0 < len(part) < len(whole)


def test_iso_metadata_tell_title_place_licence_and_lineage(database: sqlite3.Connection) -> None:
    query = "SELECT metadata FROM gpkg_metadata WHERE md_standard_uri = 'http://www.isotc211.org/2005/gmd'"
    ((text,),) = database.execute(query).fetchall()
    root = ET.fromstring(text.encode())  # noqa: S314  # our own text
    told = " ".join(node.text or "" for node in root.iter() if node.text)
    for part in ("Test <City> 2024", "测试市 2024年", "OpenStreetMap", "ODbL", "EPSG:4326", "registry.csv, SHA-256"):
        assert part in told
    west = root.find(".//{*}westBoundLongitude/{*}Decimal")
    low = database.execute("SELECT MIN(min_x) FROM gpkg_contents").fetchone()[0]
    assert float(west.text) == pytest.approx(low, abs=1e-6)


def test_descriptions_are_bilingual_and_name_the_source(database: sqlite3.Connection) -> None:
    rows = database.execute("SELECT table_name, identifier, description, data_type FROM gpkg_contents").fetchall()
    assert len({row[1] for row in rows}) == len(rows)
    for name, identifier, description, kind in rows:
        assert name in identifier
        assert re.search(r"[\u4e00-\u9fff]", identifier), name
        assert re.search(r"[\u4e00-\u9fff]", description), name
        assert ("OpenStreetMap" in description) == (kind == "features")


# reserved in SQL:2016 and by PostgreSQL or SQLite (https://www.postgresql.org/docs/current/sql-keywords-appendix.html,
# https://www.sqlite.org/lang_keywords.html), of the words that a column might be called
RESERVED = """
all and any array as asc between both case cast check collate column constraint create cross current_date
default desc distinct do else end except exists false fetch for foreign from full grant group having in index
inner intersect into is join key leading left like limit natural not null offset on only or order outer
primary references returning right row rows select set some table then to transaction true union unique update
user using values view when where window with
"""
LONGEST_POLLUTANT = max((p.column for p in pollutants()), key=len)


def in_geopackages() -> list[str]:
    return sorted(t for t in map(dictionary, layer_texts()) if (COLUMNS / f"{t}.csv").exists())


@pytest.mark.parametrize("table", in_geopackages())
def test_field_names_are_accepted_by_common_programs(table: str) -> None:
    """ASCII, small letters, not reserved, at most 63 characters even with the longest scenario (30) and pollutant."""
    for spec in columns(table):
        name = spec.column.replace("{pollutant}", LONGEST_POLLUTANT)
        name = re.sub(r"\{[a-z_]+\}", "a" * 30, name)
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name), name
        assert len(name) <= LONGEST_COLUMN, name
        assert name not in RESERVED.split(), name


def test_layers_have_texts_in_both_languages() -> None:
    assert len(layer_texts()) > 40
    words = report_words("en")
    for name, told in layer_texts().items():
        assert f"gis_group_{told.group}" in words
        for texts in (told.titles, told.descriptions):
            assert texts["en"].isascii() or "“" in texts["en"] or "²" in texts["en"], name
            assert re.search(r"[\u4e00-\u9fff]", texts["zh"]), name
            assert ("{subject}" in texts["en"]) == ("{subject}" in texts["zh"]), name


def test_written_names_are_short_enough_with_the_longest_scenario() -> None:
    longest = "s" * 30
    for spec in pollutants():
        made = [make(spec, longest) for make in (frames.per_km_column, frames.per_km2_column, frames.day_column)]
        made += [frames.change_column(spec, per) for per in ("per_km", "per_km2", "pct")]
        assert max(map(len, made)) <= LONGEST_COLUMN, made
    assert len(f"change_of_links_{longest}") <= LONGEST_COLUMN


def test_the_projects_name_layers_of_the_file(database: sqlite3.Connection) -> None:
    stored = dict(database.execute("SELECT name, content FROM qgis_projects"))
    assert set(stored) == {"fleet_planner", "fleet_planner_zh"}
    listed = {row[0] for row in database.execute("SELECT table_name FROM gpkg_contents")} - {"layer_styles"}
    for name, content in stored.items():
        with zipfile.ZipFile(io.BytesIO(bytes.fromhex(content))) as archive:
            assert archive.namelist() == [f"{name}.qgs"]
            root = xml(archive.read(f"{name}.qgs").decode())
        assert root.findtext("projectCrs/spatialrefsys/authid") == "EPSG:32719"
        layers = root.findall("projectlayers/maplayer")
        assert {one.findtext("datasource") for one in layers} == {f"./city.gpkg|layername={n}" for n in listed}
        ids = {one.findtext("id") for one in layers}
        assert {node.get("id") for node in root.iter("layer-tree-layer")} == ids
        assert all(len(i) > 10 for i in ids)
        assert {node.get("id") for node in root.iter("layer") if node.get("id")} <= ids
        groups = [g.get("name") for g in root.findall("layer-tree-group/layer-tree-group")]
        assert groups[0] == ("道路" if name.endswith("zh") else "Roads")
        roads = next(one for one in layers if one.findtext("id") == "fleet_planner_links")
        assert len(roads.findall("map-layer-style-manager/map-layer-style")) == 10
        assert roads.findtext("attribution") == "© OpenStreetMap contributors, ODbL 1.0"
        titles = {a.get("field"): a.get("name") for a in roads.findall("aliases/alias")}
        own = "电动化" if name.endswith("zh") else "Electric & quiet"
        assert own in titles["nox_g_per_km_day_electric"]


@pytest.mark.parametrize(
    ("bounds", "epsg"),
    [
        ((-71.4, -30.1, -71.1, -29.8), 32719),
        ((116.0, 39.6, 116.8, 40.2), 32650),
        ((-118.7, 33.7, -117.6, 34.4), 32611),
        ((-120.0, 30.0, 140.0, 45.0), 4326),
        ((179.9, 10.0, 180.0, 10.1), 32660),
    ],
)
def test_maps_of_cities_are_metric(bounds: tuple[float, float, float, float], epsg: int) -> None:
    frame = map_frame(bounds)
    assert frame.epsg == epsg
    west, south, east, north = frame.bounds
    assert west < east
    assert south < north


def test_a_single_place_is_shown_with_what_is_about_it() -> None:
    west, south, east, north = map_frame((-71.25, -29.9, -71.25, -29.9)).bounds
    assert east - west == pytest.approx(600.0)
    assert north - south == pytest.approx(600.0)


WITH_AIR = {"canyon", "canyon_aspect"}
"""Columns of links that only runs with the air near roads have."""
OF_DRAWS = {"low_per_year", "high_per_year", "change_low_pct", "change_high_pct"}
"""Columns of runs with draws alone."""


@pytest.mark.parametrize(
    "table", ["links", "zones", "hotspots", "summary", "by_technology", "by_process", "fuel_check", "costs", "sources"]
)
def test_dictionary_knows_what_is_written(database: sqlite3.Connection, table: str) -> None:
    plain = [c.column for c in columns(dictionary(table)) if "{" not in c.column]
    written = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    assert set(plain) - WITH_AIR - OF_DRAWS <= set(written)
    assert all(c.title_en and c.title_zh and c.description for c in columns(dictionary(table)))


def test_the_dictionary_of_vehicles_has_the_registry_columns(repository: Path) -> None:
    folder = repository / "fleet_planner" / "tables" / "columns"
    names = []
    for table in ("vehicles", "vehicles_output"):
        with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as handle:
            names.append([row["column"] for row in csv.DictReader(handle)])
    assert names[1][: len(names[0])] == names[0]
    assert "measures" in names[1]


@pytest.mark.parametrize("scale", [1e-6, 0.03, 1.0, 750.0, 1e9])
def test_class_limits_are_round_and_rise(scale: float) -> None:
    values = np.linspace(0.0, 1.0, 1001) ** 3 * scale
    limits = round_breaks(values)
    assert len(limits) == 5
    assert np.all(np.diff(limits) > 0.0)
    assert 0.3 * scale < limits[-1] <= scale
    assert all(f"{v:e}"[0] in "125" and float(f"{v:.0e}") == v for v in limits)


def test_class_limits_without_values() -> None:
    assert round_breaks(np.zeros(3)) == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_city_sized_network_is_written(tmp_path: Path) -> None:
    big = builders.results(builders.network(40, 40))
    write_geopackage(big, tmp_path / "big.gpkg")
    assert pyogrio.read_info(tmp_path / "big.gpkg", layer="links")["features"] == 6400


def test_hotspots_bear_their_rank(database: sqlite3.Connection) -> None:
    (qml,) = database.execute("SELECT styleQML FROM layer_styles WHERE f_table_name = 'hotspots'").fetchone()
    root = xml(qml)
    assert root.get("labelsEnabled") == "1"
    assert "Labeling" in root.get("styleCategories")
    assert root.find("labeling/settings/text-style").get("fieldName") == "rank"
    (plain,) = database.execute("SELECT styleQML FROM layer_styles WHERE f_table_name = 'links'").fetchone()
    assert xml(plain).find("labeling") is None


def test_names_are_columns_of_their_layers() -> None:
    for layer, column in COLUMN.items():
        assert column in {c.column for c in columns(dictionary(layer))}, layer


def test_rounding_is_no_change() -> None:
    frame = pl.DataFrame({"nox_g_per_km_day_a": [10.0, 10.0, 0.0], "nox_g_per_km_day_b": [10.0 + 1e-12, 9.0, 0.0]})
    made = change_table(Layer("links", frame, None, "LineString", None, {}), [frames.specs()["NOx"]], "a", "b")
    assert made["nox_g_change_per_km_day"].to_list() == [0.0, -1.0, 0.0]
    assert made["nox_pct_change"].to_list() == [0.0, -10.0, None]


def test_small_limits_stay_apart() -> None:
    root = xml(graduated_qml("x", [1e-13, 2e-13], 3e-13, {}, polygons=False))
    ranges = [(float(r.get("lower")), float(r.get("upper"))) for r in root.iter("range")]
    assert ranges == [(0.0, 1e-13), (1e-13, 2e-13), (2e-13, 4e-13)]
