"""Readers of layers, rasters, matrices and workbooks, each with a whole small file to break."""

from __future__ import annotations

import functools
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openmatrix
import openpyxl
import rasterio
from rasterio.transform import Affine

from fleet_planner.chargers.candidates import read_sites
from fleet_planner.chargers.osm_sites import read_osm_sites
from fleet_planner.factors.published.appendix4 import SHEET, read_appendix4
from fleet_planner.network.areas import read_named_areas
from fleet_planner.network.buildings import read_buildings
from fleet_planner.network.city_area import read_area
from fleet_planner.network.home_places import read_places
from fleet_planner.network.rasters import find_rasters, heights_m
from fleet_planner.network.zones import demand_zones, map_zones, read_zone_layer
from fleet_planner.plan.assignment import AssignmentSection
from tests.hard_use.target import Target

SQUARE = [[0.0, 0.0], [0.02, 0.0], [0.02, 0.01], [0.0, 0.01], [0.0, 0.0]]
ABOUT = {
    "zone_id": 7,
    "population": 900,
    "jobs": 50.0,
    "height_m": "12 m",
    "levels": 3,
    "site_id": "s",
    "kind": "parking",
}
NODES = "".join(f"<node id='{k}' version='1' lat='{y}' lon='{x}'/>" for k, (x, y) in enumerate(SQUARE[:4], 1))
HOUSES = (
    f"<?xml version='1.0'?><osm version='0.6'>{NODES}<way id='1' version='1'><nd ref='1'/><nd ref='2'/><nd ref='3'/><nd ref='4'/>"
    "<nd ref='1'/><tag k='building' v='yes'/><tag k='building:levels' v='4'/><tag k='amenity' v='parking'/></way></osm>"
)
BOOK = (
    "Category", "Fuel", "Segment", "Euro Standard", "Technology", "Pollutant", "Mode", "Road Slope", "Load",
    "Min Speed [km/h]", "Max Speed [km/h]", "Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zita", "Hta",
    "Reduction Factor [%]", "EF [g/km] or ECF [MJ/km]", "Speed",
)  # fmt: skip
BUS = (
    "Buses", "Diesel", "Urban Buses Standard 15 - 18 t", "Euro VI A/B/C", "DPF+SCR", "NOx", "", "0", "0.5",
    11.0, 86.0, 0.0025, -0.1, 10.0, 0.0, 0.0, 0.0, 2.0, 0.0, None, None,
)  # fmt: skip


def features() -> dict[str, Any]:
    """Return two squares side by side, with the columns that any of the readers asks for."""
    shapes = [[[x + 0.02 * k, y] for x, y in SQUARE] for k in range(2)]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": ABOUT | {"name": f"区 {k}", "site_id": f"s{k}", "zone_id": k},
                "geometry": {"type": "Polygon", "coordinates": [shape]},
            }
            for k, shape in enumerate(shapes)
        ],
    }


def geojson() -> bytes:
    """Return them as GeoJSON."""
    return json.dumps(features(), ensure_ascii=False).encode()


def written(name: str, write: Callable[[Path], object]) -> bytes:
    """Return what a library writes into a file of this name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()


def frame() -> gpd.GeoDataFrame:
    """Return the squares as a GeoDataFrame."""
    return gpd.GeoDataFrame.from_features(features(), crs="EPSG:4326")


@functools.cache
def geopackage() -> bytes:
    """Return the squares as a GeoPackage."""
    return written("a.gpkg", lambda path: frame().to_file(path, driver="GPKG"))


@functools.cache
def geoparquet() -> bytes:
    """Return the squares as GeoParquet."""
    return written("a.parquet", lambda path: frame().to_parquet(path, compression=None))


@functools.cache
def raster() -> bytes:
    """Return a slope of 8 by 8 cells."""
    z = np.add.outer(np.arange(8.0), np.arange(8.0)).astype(np.float32)
    settings = {"crs": "EPSG:4326", "transform": Affine(0.001, 0, 0, 0, -0.001, 0.008), "driver": "GTiff", "count": 1}

    def write(path: Path) -> None:
        with rasterio.open(path, "w", dtype="float32", height=8, width=8, **settings) as out:
            out.write(z, 1)

    return written("z.tif", write)


@functools.cache
def matrix() -> bytes:
    """Return trips between two zones as OMX."""

    def write(path: Path) -> None:
        with openmatrix.open_file(path, "w") as handle:
            handle["light"] = np.array([[0.0, 5.0], [7.0, 1.0]])
            handle.create_mapping("zones", [20, 10])

    return written("t.omx", write)


@functools.cache
def workbook() -> bytes:
    """Return a bus of the EEA's workbook."""
    book, stream = openpyxl.Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    sheet.title = SHEET
    sheet.append(BOOK)
    sheet.append(BUS)
    book.save(stream)
    return stream.getvalue()


def zones(path: Path) -> object:
    section = AssignmentSection(jobs="jobs")
    layer = read_zone_layer(path.name, path.parent)
    return map_zones(layer, section, path), demand_zones(layer, section, path)


def heights(path: Path) -> object:
    return heights_m(find_rasters([path.name], path.parent), np.array([[0.0035, 0.0035], [0.0, 0.0079]]))


LAYERS: dict[str, Target] = {
    "area": Target("a.geojson", geojson, lambda path: read_area(path, "k")),
    "area_geopackage": Target("a.gpkg", geopackage, lambda path: read_area(path, "k"), text=False),
    "named_areas": Target("a.geojson", geojson, read_named_areas),
    "zones": Target("z.geojson", geojson, zones),
    "home_zones": Target("z.geojson", geojson, lambda path: read_places(path, "zone", "name")),
    "buildings": Target("b.geojson", geojson, lambda path: read_buildings(path, 3.0, 9.0)),
    "buildings_geoparquet": Target("b.parquet", geoparquet, lambda path: read_buildings(path, 3.0, 9.0), text=False),
    "buildings_osm": Target("b.osm", HOUSES.encode, lambda path: read_buildings(path, 3.0, 9.0)),
    "candidates_layer": Target("s.geojson", geojson, read_sites),
    "candidates_osm": Target("s.osm", HOUSES.encode, lambda path: read_osm_sites(path, ["parking"], 1.0)),
    "raster": Target("z.tif", raster, heights, text=False),
    "workbook": Target("a.xlsx", workbook, read_appendix4, text=False),
}
