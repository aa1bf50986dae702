"""The readers that strangers' files reach, each with a whole small file to break."""

from __future__ import annotations

import functools
import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import osmium
import polars as pl

from fleet_planner.fleet.load import check_file
from fleet_planner.network import load_network
from fleet_planner.network.load import write_network
from fleet_planner.plan.load import load_plan
from fleet_planner.plan.models import NetworkSection
from fleet_planner.transit_feed import read_feed
from tests.hard_use.layer_targets import LAYERS
from tests.hard_use.table_targets import TABLES
from tests.hard_use.target import Target

NODES = "".join(f"<node id='{i + 1}' version='1' lat='{0.004 * (i % 3)}' lon='{0.004 * i}'/>" for i in range(12))


def _way(number: int, refs: tuple[int, ...], kind: str, speed: str, oneway: str) -> str:
    points = "".join(f"<nd ref='{n}'/>" for n in refs)
    tags = {"highway": kind, "maxspeed": speed, "lanes": "3", "oneway": oneway, "name": "大街"}
    told = "".join(f"<tag k='{k}' v='{v}'/>" for k, v in tags.items())
    return f"<way id='{number}' version='1'>{points}{told}</way>"


OSM = (
    f"<?xml version='1.0'?><osm version='0.6'>{NODES}"
    + _way(1, (1, 2, 3, 4, 5), "primary", "50", "no")
    + _way(2, (3, 7, 8), "residential", "30 mph", "-1")
    + _way(3, (8, 12), "trunk", "", "yes")
    + "<relation id='1' version='1'><member type='way' ref='1' role='from'/><member type='node' ref='3' role='via'/>"
    "<member type='way' ref='2' role='to'/><tag k='type' v='restriction'/><tag k='restriction' v='no_left_turn'/>"
    "</relation></osm>"
)
FEED = {
    "routes": "route_id,route_type,route_short_name\nr,3,7\nq,700,8\n",
    "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "wk,1,1,1,1,1,0,0,20240101,20241231\n",
    "calendar_dates": "service_id,date,exception_type\nwk,20240501,2\n",
    "trips": "route_id,service_id,trip_id,shape_id,block_id\nr,wk,t,s,b\nq,wk,u,,\n",
    "shapes": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\ns,0,0,1\ns,0,0.01,2\ns,0,0.02,3\n",
    "stops": "stop_id,stop_lat,stop_lon\na,0,0\nb,0,0.015\nc,0,0.02\n",
    "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nt,08:00:00,08:00:00,a,1\n"
    "t,08:50:00,09:10:00,b,2\nt,09:20:00,09:20:00,c,3\nu,23:50:00,23:50:00,c,1\nu,24:30:00,24:30:00,a,2\n",
    "frequencies": "trip_id,start_time,end_time,headway_secs\nt,06:00:00,07:00:00,600\n",
}
REGISTRY = (
    "vehicle_id,category,fuel,gross_mass_kg,model_year,emission_standard,aftertreatment,stream,km_per_year,count,zone,depot\n"
    "1,heavy_truck,diesel,12000,2008,euro_4,,rigid_truck,40000,30,North,\n"
    "2,bus,diesel,17500,2012,,dpf,urban_bus,60000,10,,Quay\n"
    "3,car,petrol,1400,2018,国六a,,passenger_car,12000,500,North,\n"
    "4,light_commercial,electric,2600,2022,,,light_commercial,15000,2,,\n"
)
GMNS = {
    "node.csv": "node_id,x_coord,y_coord\n1,0,0\n2,0.01,0\n3,0.02,0.01\n",
    "link.csv": "link_id,from_node_id,to_node_id,directed,length,facility_type,free_speed,lanes,allowed_uses\n"
    "1,1,2,true,1112,arterial,50,2,auto\n2,2,3,false,1573,local,30,1,all\n",
    "config.csv": "dataset_name,short_length,speed,crs\nx,m,kph,EPSG:4326\n",
}
TABLE = (
    "u,v,road_class,lanes,maxspeed_kmh,wkt\n"
    '1,2,primary,2,50,"LINESTRING(0 0, 0.01 0)"\n2,3,residential,1,30,"LINESTRING(0.01 0, 0.02 0.01)"\n'
)  # fmt: skip
GRAPH = (
    "<?xml version='1.0' encoding='utf-8'?>"
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><key id="d0" for="graph" attr.name="crs" attr.type="string"/>'
    '<key id="d1" for="node" attr.name="y" attr.type="string"/><key id="d2" for="node" attr.name="x" attr.type="string"/>'
    '<key id="d3" for="edge" attr.name="osmid" attr.type="string"/><key id="d4" for="edge" attr.name="highway" attr.type="string"/>'
    '<key id="d5" for="edge" attr.name="oneway" attr.type="string"/><key id="d6" for="edge" attr.name="length" attr.type="string"/>'
    '<key id="d7" for="edge" attr.name="geometry" attr.type="string"/><key id="d8" for="edge" attr.name="maxspeed" attr.type="string"/>'
    '<graph edgedefault="directed"><data key="d0">epsg:4326</data>'
    '<node id="1"><data key="d1">0.0</data><data key="d2">0.0</data></node>'
    '<node id="2"><data key="d1">0.0</data><data key="d2">0.01</data></node>'
    '<edge source="1" target="2" id="0"><data key="d3">[5, 6]</data><data key="d4">primary</data><data key="d5">False</data>'
    '<data key="d6">1112.0</data><data key="d7">LINESTRING (0 0, 0.005 0.001, 0.01 0)</data><data key="d8">[\'50\', \'30\']</data></edge>'
    '<edge source="2" target="1" id="0"><data key="d3">5</data><data key="d4">[\'primary\', \'secondary\']</data>'
    '<data key="d5">False</data><data key="d6">1112.0</data></edge></graph></graphml>'
)
GEOJSON = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"u": k, "v": k + 1, "road_class": "primary", "lanes": 2, "maxspeed_kmh": 50},
                "geometry": {"type": "LineString", "coordinates": [[0.01 * k, 0], [0.01 * (k + 1), 0.001]]},
            }
            for k in range(3)
        ],
    }
)
PLAN = """
[city]
name = "x"
country = "CL"
year = 2024
diesel_sulphur_ppm = 10.0
[network]
file = "n.osm"
clip = "c.geojson"
keep_classes = ["primary", "trunk"]
[network.columns]
u = "from"
[fleet]
registry = "r.csv"
visiting_share = { urban_bus = 0.1 }
[activity]
gtfs = "feed.zip"
[climate]
altitude_m = 12.0
[turnover]
to_year = 2040
growth_per_year = 0.01
[economics]
discount_rate = 0.06
[outputs]
language = "zh"
map_pollutants = ["NOx"]
[[target]]
name = "t"
pollutant = "NOx"
year = 2030
cut_pct = 50.0
[[scenario]]
name = "electric_buses"
title = "Electric buses"
[[scenario.measure]]
measure = "bev_bus"
streams = ["urban_bus"]
uptake = 0.5
uptake_by_year = { 2025 = 0.1, 2030 = 0.9 }
"""


def packed(tables: Mapping[str, str], ending: str = "") -> bytes:
    """Return a zip archive of texts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in tables.items():
            archive.writestr(f"{name}{ending}", text)
    return stream.getvalue()


@functools.cache
def as_pbf(options: str = "pbf") -> bytes:
    """Return the little city as a binary file of OpenStreetMap."""
    with tempfile.TemporaryDirectory() as folder:
        text, binary = Path(folder) / "n.osm", Path(folder) / "n.osm.pbf"
        text.write_text(OSM, encoding="utf-8")
        with osmium.SimpleWriter(osmium.io.File(str(binary), options)) as writer:
            osmium.apply(str(text), writer)
        return binary.read_bytes()


@functools.cache
def as_geopackage() -> bytes:
    """Return the little city as `write_network` writes it."""
    with tempfile.TemporaryDirectory() as folder:
        text, made = Path(folder) / "n.osm", Path(folder) / "n.gpkg"
        text.write_text(OSM, encoding="utf-8")
        write_network(network(text), made)
        return made.read_bytes()


def registry_as_parquet() -> bytes:
    """Return the little registry as Parquet."""
    stream = io.BytesIO()
    pl.read_csv(REGISTRY.encode()).write_parquet(stream, compression="uncompressed")
    return stream.getvalue()


@functools.cache
def as_geoparquet() -> bytes:
    """Return the little table of lines as GeoParquet."""
    stream = io.BytesIO()
    gpd.GeoDataFrame.from_features(json.loads(GEOJSON), crs="EPSG:4326").to_parquet(stream, compression=None)
    return stream.getvalue()


def network(path: Path) -> object:
    """Read a network by its plan section."""
    return load_network(NetworkSection(file=path.name, cache=False), path.parent, "CL")


def registry(path: Path) -> object:
    return check_file(path, country="CL", year=2024)


def feed_of_tables(path: Path) -> object:
    """Read a feed whose tables stand in one text, each after its name: what is in the cells, not in the archive."""
    parts = path.read_bytes().split(b"### ")[1:]
    archive = path.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as out:
        for part in parts:
            name, _, content = part.partition(b"\n")
            with_name = name.decode("ascii", "replace").strip("/\\\0 ") or "x"
            if with_name not in out.namelist():
                out.writestr(with_name, content)
    return read_feed(archive)


TARGETS: dict[str, Target] = {
    "plan": Target("plan.toml", PLAN.encode, load_plan),
    "registry": Target("r.csv", REGISTRY.encode, registry),
    "registry_parquet": Target("r.parquet", registry_as_parquet, registry, text=False),
    "gtfs_zip": Target("feed.zip", lambda: packed(FEED, ".txt"), read_feed, text=False),
    "gtfs_tables": Target(
        "feed.txt", lambda: "".join(f"### {n}.txt\n{t}" for n, t in FEED.items()).encode(), feed_of_tables
    ),
    "osm": Target("n.osm", OSM.encode, network),
    "osm_pbf": Target("n.osm.pbf", as_pbf, network, text=False),
    "osm_pbf_plain": Target("n.osm.pbf", lambda: as_pbf("pbf,pbf_compression=none"), network, text=False),
    "osm_pbf_nodes": Target(
        "n.osm.pbf", lambda: as_pbf("pbf,pbf_compression=none,pbf_dense_nodes=false"), network, text=False
    ),
    "geopackage": Target("n.gpkg", as_geopackage, network, text=False),
    "geojson": Target("n.geojson", GEOJSON.encode, network),
    "geoparquet": Target("n.parquet", as_geoparquet, network, text=False),
    "network_csv": Target("n.csv", TABLE.encode, network),
    "graphml": Target("n.graphml", GRAPH.encode, network),
    "gmns_zip": Target("n.zip", lambda: packed(GMNS), network, text=False),
    **LAYERS,
    **TABLES,
}
