"""Candidates from tables, layers, public stations and OpenStreetMap; grid nodes, land and flood."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from fleet_planner.chargers.building.assemble import assemble
from fleet_planner.chargers.demand import read_demand
from fleet_planner.chargers.distances import of_matrix
from fleet_planner.chargers.gather import gather_sites
from fleet_planner.chargers.stations import read_stations
from fleet_planner.errors import InputError, PlanError
from fleet_planner.plan.chargers import ChargersSection
from tests.chargers.test_building import RATE

SITES = "site_id,lon,lat,kind,existing_kw,existing_chargers,connectors\na,0.5,0.5,parking,,,\nb,2.5,0.5,depot,50,2,ccs\nc,4.5,0.5,,,,gb_t\n"


def square(west: float, south: float, side: float) -> dict[str, object]:
    ring = [[west, south], [west + side, south], [west + side, south + side], [west, south + side], [west, south]]
    return {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def polygons(path: Path, *shapes: dict[str, object]) -> None:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(shapes)}), encoding="utf-8")


def test_land_bars_new_sites_and_flood_marks_or_bars(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text(SITES, encoding="utf-8")
    polygons(tmp_path / "land.geojson", square(0.0, 0.0, 1.0), square(2.0, 0.0, 1.0))
    polygons(tmp_path / "flood.geojson", square(4.0, 0.0, 1.0))
    section = ChargersSection(candidates="sites.csv", land="land.geojson", flood="flood.geojson")
    sites, told = gather_sites(section, tmp_path)
    assert sites.ids == ["b", "c"]  # b has chargers: it stays
    assert sites.flood == [False, True]
    assert {(f.code, f.count) for f in told} == {("chargers.land_barred", 1), ("chargers.flood_marked", 1)}
    dry, _ = gather_sites(section.model_copy(update={"flood_bars": True}), tmp_path)
    assert dry.ids == ["b"]


def test_no_candidate_left_is_told(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("site_id,lon,lat\na,0.5,0.5\n", encoding="utf-8")
    polygons(tmp_path / "land.geojson", square(0.0, 0.0, 1.0))
    with pytest.raises(PlanError, match="no candidate"):
        gather_sites(ChargersSection(candidates="sites.csv", land="land.geojson"), tmp_path)
    with pytest.raises(PlanError, match=r"chargers\.osm"):
        gather_sites(ChargersSection(), tmp_path)


def test_grid_nodes_give_headroom_feeder_and_way(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text(
        "site_id,lon,lat,headroom_central_kw\na,0.0,0.01,\nb,0.0,-0.01,150\nfar,1.0,0.0,\n", encoding="utf-8"
    )
    (tmp_path / "grid.csv").write_text(
        "node_id,lon,lat,headroom_low_kw,headroom_central_kw\nn1,0.0,0.0,100,400\n", encoding="utf-8"
    )
    section = ChargersSection(candidates="sites.csv", grid="grid.csv", grid_reach_km=3.0)
    sites, _ = gather_sites(section, tmp_path)
    assert sites.table["feeder"].to_list() == ["n1", "n1", None]
    assert sites.table["headroom_central_kw"].to_list() == [400.0, 150.0, None]
    assert sites.table["grid_km"].to_list()[:2] == pytest.approx([1.1119, 1.1119], rel=1e-3)
    assert sites.feeder_kw == {"low": {"n1": 100.0}, "central": {"n1": 400.0}, "high": {"n1": 400.0}}
    (tmp_path / "demand.csv").write_text("demand_id,lon,lat,kwh_per_day\nd,0,0,100\n", encoding="utf-8")
    demand = read_demand(tmp_path / "demand.csv", [2030], 2024, {})
    reach = of_matrix(sites.lonlat[:, :1] * 0.0 + 1.0)
    build = assemble(section, sites, demand, reach, "US", RATE, "central").build
    assert build.feeder.tolist() == [0, 0, -1]
    assert build.feeder_kw.tolist() == [400.0]
    assert build.headroom.tolist() == [400.0, 150.0, 600.0]
    low = assemble(section, sites, demand, reach, "US", RATE, "low").build
    assert low.headroom.tolist() == [100.0, 100.0, 200.0]  # b names no low headroom: that of the node
    high = assemble(section, sites, demand, reach, "US", RATE, "high").build
    assert high.headroom.tolist() == [400.0, 150.0, 1500.0]


def test_a_layer_of_polygons_gives_points_inside(tmp_path: Path) -> None:
    shape = square(0.0, 0.0, 0.1)
    shape["properties"] = {"site_id": "yard", "kind": "logistics", "max_chargers": 12}
    polygons(tmp_path / "sites.geojson", shape)
    sites, _ = gather_sites(ChargersSection(candidates="sites.geojson"), tmp_path)
    assert sites.table.select("site_id", "kind", "max_chargers").row(0) == ("yard", "logistics", 12)
    assert (sites.lonlat[0] > 0.0).all()
    assert (sites.lonlat[0] < 0.1).all()


def test_stations_of_afdc(tmp_path: Path) -> None:
    (tmp_path / "afdc.csv").write_text(
        "Fuel Type Code,ID,Latitude,Longitude,EV DC Fast Count,EV Connector Types\n"
        "ELEC,7,34.0,-118.0,4,CHADEMO J1772COMBO\nELEC,8,34.1,-118.1,,J1772\nCNG,9,34.2,-118.2,,\n",
        encoding="utf-8",
    )
    table, told = read_stations(tmp_path / "afdc.csv", 40.0)
    assert table.rows() == [("afdc 7", -118.0, 34.0, "charging_station", 50.0, 4, "ccs|chademo")]
    assert {f.code for f in told} == {"chargers.stations_power", "chargers.stations_read"}


def test_stations_of_open_charge_map(tmp_path: Path) -> None:
    head = "ID,AddressInfo_Latitude,AddressInfo_Longitude,StatusTypeID"
    slots = ",".join(
        f"Connections_{k}_{c}" for k in range(2) for c in ("ConnectionTypeID", "LevelID", "PowerKW", "Quantity")
    )
    (tmp_path / "ocm.csv").write_text(
        f"{head},{slots}\n1,34.0,-118.0,50,33.0,3,150.0,2,2.0,3,50.0,1\n2,34.0,-118.1,50,1.0,2,7.0,4,,,,\n"
        "3,34.0,-118.2,100,33.0,3,150.0,2,,,,\n",
        encoding="utf-8",
    )
    table, _ = read_stations(tmp_path / "ocm.csv", 40.0)
    assert table.rows() == [("ocm 1", -118.0, 34.0, "charging_station", 150.0, 2, "ccs|chademo")]


def test_other_tables_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="Open Charge Map"):
        read_stations(tmp_path / "x.csv", 40.0)


OSM = """<osm version="0.6">
<node id="1" lat="0.000" lon="0.000"/><node id="2" lat="0.000" lon="0.002"/>
<node id="3" lat="0.002" lon="0.002"/><node id="4" lat="0.002" lon="0.000"/>
<node id="5" lat="0.010" lon="0.010"><tag k="amenity" v="fuel"/></node>
<node id="6" lat="0.011" lon="0.010"><tag k="amenity" v="charging_station"/><tag k="socket:type2_combo" v="3"/>
<tag k="socket:type2_combo:output" v="150 kW"/></node>
<node id="7" lat="0.012" lon="0.010"><tag k="amenity" v="charging_station"/><tag k="socket:type2" v="3"/></node>
<node id="8" lat="0.013" lon="0.010"><tag k="amenity" v="cafe"/></node>
<way id="11"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/>
<tag k="amenity" v="parking"/><tag k="capacity" v="60"/></way>
</osm>"""


def test_places_of_openstreetmap(tmp_path: Path) -> None:
    (tmp_path / "city.osm").write_text(OSM, encoding="utf-8")
    section = ChargersSection(osm="city.osm")
    sites, told = gather_sites(section, tmp_path)
    found = {row["site_id"]: row for row in sites.table.iter_rows(named=True)}
    assert set(found) == {"osm n5", "osm n6", "osm n7", "osm w11"}
    assert found["osm w11"]["kind"] == "parking"
    assert found["osm w11"]["max_chargers"] == 30
    assert (found["osm n6"]["existing_chargers"], found["osm n6"]["existing_kw"]) == (3, 150.0)
    assert found["osm n6"]["connectors"] == "ccs"
    assert found["osm n7"]["existing_chargers"] == 0
    assert [f.code for f in told] == ["chargers.osm_sites"]
    small, _ = gather_sites(section.model_copy(update={"osm_least_m2": 1e6}), tmp_path)
    assert "osm w11" not in small.ids
    only, _ = gather_sites(section.model_copy(update={"osm_kinds": ["fuel_station"]}), tmp_path)
    assert only.ids == ["osm n5"]


@pytest.mark.city
def test_open_charge_map_of_southern_california(shared_data: Path) -> None:
    table, _ = read_stations(shared_data / "los_angeles" / "open_charge_map_socal.parquet", 40.0)
    assert 300 < table.height < 3318
    assert (table["existing_kw"] >= 40.0).all()
    assert set("|".join(table["connectors"]).split("|")) <= {"ccs", "chademo"}
    assert table["site_id"].n_unique() == table.height


def test_demand_by_year_and_hour_is_interpolated(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(
        "demand_id,place,year,hour,kwh_per_day,kind\nx,yard,2030,8,10,depot\nx,yard,2030,20,10,depot\nx,yard,2040,8,40,depot\n",
        encoding="utf-8",
    )
    demand = read_demand(tmp_path / "d.csv", [2028, 2035, 2040], 2024, {"yard": (1.0, 2.0)})
    assert demand.lonlat.tolist() == [[1.0, 2.0]]
    assert demand.kwh[0, :, 8].tolist() == [10.0, 25.0, 40.0]
    assert demand.kwh[0, :, 20].tolist() == [10.0, 5.0, 0.0]
    with pytest.raises(InputError, match="no zone or depot"):
        read_demand(tmp_path / "d.csv", [2030], 2024, {"yrad": (1.0, 2.0)})
    (tmp_path / "e.csv").write_text("demand_id,lon,lat,hour,kwh_per_day\nx,1,2,3,10\nx,1,2,,10\n", encoding="utf-8")
    with pytest.raises(InputError, match="name an hour and some do not"):
        read_demand(tmp_path / "e.csv", [2030], 2024, {})
    (tmp_path / "f.csv").write_text("demand_id,lon,lat,kwh_per_day\nx,1,2,10\nx,1,3,10\n", encoding="utf-8")
    with pytest.raises(InputError, match="rows of one demand differ"):
        read_demand(tmp_path / "f.csv", [2030], 2024, {})


def test_profiles_add_up(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(
        "demand_id,lon,lat,kwh_per_day,kind,profile\na,1,2,240,depot,\nb,1,2,240,destination,flat\n", encoding="utf-8"
    )
    demand = read_demand(tmp_path / "d.csv", [], 2024, {})
    assert demand.years == (2024,)
    assert demand.per_day[:, 0] == pytest.approx([240.0, 240.0])
    assert demand.kwh[1, 0] == pytest.approx([10.0] * 24)
    assert demand.kwh[0, 0, 23] > 3.0 * demand.kwh[0, 0, 12]
    assert isinstance(demand.zone, tuple)
    assert pl.Series(demand.zone).to_list() == ["", ""]
