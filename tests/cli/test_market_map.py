"""The GeoPackage of `fleet-planner market`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pyogrio
import pytest
import shapely

from tests.cli.test_market import CITIES, call

PLAIN = '[market]\ncurves = "curves.csv"\nforms = ["restricted", "direct"]\n'
PLACED = CITIES.replace('name = "beijing"', 'name = "beijing"\nlon = 116.4\nlat = 39.9').replace(
    'name = "tokyo"', 'name = "tokyo"\narea = "tokyo.geojson"'
)


def geojson(kind: str, coordinates: object) -> str:
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": kind, "coordinates": coordinates}}
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


SQUARE = geojson("Polygon", [[[139.0, 35.0], [140.0, 35.0], [140.0, 36.0], [139.0, 36.0], [139.0, 35.0]]])


def test_cities_areas_and_flows(tmp_path: Path) -> None:
    (tmp_path / "tokyo.geojson").write_text(SQUARE, encoding="utf-8")
    done = call(tmp_path, PLAIN + PLACED)
    assert done.exit_code == 0, done.output
    assert "seoul are not on the map" in done.output
    path = tmp_path / "out" / "market.gpkg"
    market = pl.read_csv(tmp_path / "out" / "market.csv")
    cities = pyogrio.read_dataframe(path, layer="cities").set_index("city")
    assert list(cities.index) == ["beijing", "tokyo"]
    assert cities.crs.to_epsg() == 4326
    assert cities.geometry["beijing"].equals(shapely.Point(116.4, 39.9))
    tokyo = market.filter(city="tokyo")
    assert cities.loc["tokyo", "price_usd_per_t_none"] == pytest.approx(
        tokyo.filter(form="none")["price_usd_per_t"].mean()
    )
    for column in ("traded_units", "benefit_moved_usd"):
        wanted = tokyo.filter(form="direct")[column].sum()
        assert cities.loc["tokyo", f"{column}_direct"] == pytest.approx(wanted)
        assert wanted != 0.0
    areas = pyogrio.read_dataframe(path, layer="city_areas")
    assert areas.geometry[0].area == pytest.approx(1.0)
    assert areas.geometry[0].contains(cities.geometry["tokyo"])
    flows = pyogrio.read_dataframe(path, layer="market_flows")
    trades = pl.read_csv(tmp_path / "out" / "trades.csv").filter(form="direct", seller="beijing", buyer="tokyo")
    flow = flows[(flows.form == "direct") & (flows.seller == "beijing") & (flows.buyer == "tokyo")]
    assert flow.units.sum() == pytest.approx(trades["units"].sum())
    assert flow.geometry.iloc[0].coords[0] == (116.4, 39.9)
    with closing(sqlite3.connect(path)) as database:
        styled = {row[0] for row in database.execute("SELECT f_table_name FROM layer_styles WHERE styleSLD != ''")}
        titles = dict(database.execute("SELECT column_name, name FROM gpkg_data_columns WHERE table_name = 'cities'"))
        rows = database.execute("SELECT COUNT(*) FROM market").fetchone()[0]
    assert styled == {"cities", "city_areas", "market_flows"}
    assert titles["price_usd_per_t_direct"] == "Price, formal direct: one price (USD 2024/t)"
    assert rows == market.height


def test_no_city_on_the_map_is_no_file(tmp_path: Path) -> None:
    done = call(tmp_path, PLAIN + CITIES)
    assert done.exit_code == 0, done.output
    assert not (tmp_path / "out" / "market.gpkg").exists()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (None, ["tokyo.geojson", "no such file", "market.city.area"]),
        ("{}", ["tokyo.geojson", "cannot be read"]),
        (geojson("Point", [139.0, 35.0]), ["tokyo.geojson", "row 2", "Point", "polygons"]),
        (geojson("Polygon", [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]), ["tokyo.geojson", "crosses itself"]),
    ],
)
def test_wrong_areas_are_told(tmp_path: Path, text: str | None, parts: list[str]) -> None:
    if text is not None:
        (tmp_path / "tokyo.geojson").write_text(text, encoding="utf-8")
    done = call(tmp_path, PLAIN + PLACED)
    assert done.exit_code == 1, done.output
    for part in parts:
        assert part in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("old", "part"), [("lat = 39.9", "give lon and lat"), ("lon = 116.4", "give lon and lat")])
def test_half_a_place_is_told(tmp_path: Path, old: str, part: str) -> None:
    done = call(tmp_path, PLAIN + PLACED.replace(old + "\n", ""))
    assert done.exit_code == 1
    assert part in done.output
