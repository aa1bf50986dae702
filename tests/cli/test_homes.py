"""Zones and depots of the vehicles from the command line: tables, layers, messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pyogrio
import pytest
import shapely
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.tables import columns

NODES = "".join(f"<node id='{i + 1}' lat='{0.004 * (i % 2)}' lon='{0.004 * i}'/>" for i in range(6))
REFS = "".join(f"<nd ref='{i + 1}'/>" for i in range(6))
OSM = f"<osm version='0.6'>{NODES}<way id='1'>{REFS}<tag k='highway' v='primary'/></way></osm>"
REGISTRY = (
    "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count,zone,depot\n"
    "a,heavy_truck,diesel,12000,2008,rigid_truck,40000,30,North,\n"
    "b,heavy_truck,diesel,12000,2014,rigid_truck,40000,20,Nroth,Quay\n"
    "c,bus,diesel,17500,2012,urban_bus,60000,10,,Quay\n"
    "d,bus,diesel,17500,2020,urban_bus,60000,5,,Far\n"
    "e,bus,diesel,17500,2020,urban_bus,60000,5,,\n"
)
PLAN = (
    '[city]\nname = "x"\ncountry = "EU"\nyear = 2024\n[network]\nfile = "n.osm"\n[fleet]\nregistry = "r.csv"\n'
    "visiting_share = { rigid_truck = 0.5 }\n"
)
SCENARIO = (
    '[[scenario]]\nname = "electric"\ntitle = "Electric buses"\n[[scenario.measure]]\nmeasure = "bev_bus"\n'
    'streams = ["urban_bus"]\n'
)
PLACES = '[places]\nzones = "z.geojson"\ndepots = "d.csv"\n'
DEPOTS = "name,lon,lat\nQuay,0.015,0.002\nFar,1.0,1.0\nIdle,0.001,0.001\n"


def square(name: object, west: float, east: float) -> dict[str, Any]:
    ring = [[west, -0.01], [east, -0.01], [east, 0.01], [west, 0.01], [west, -0.01]]
    return {
        "type": "Feature",
        "properties": {"name": name},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def zones(*features: dict[str, Any]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features)})


ZONES = zones(square("North", -0.01, 0.01), square("South", 0.01, 0.03), square("Empty", 0.03, 0.05))


def run(folder: Path, places: str, *, polygons: str = ZONES, depots: str = DEPOTS) -> Result:
    (folder / "plan.toml").write_text(PLAN + places + SCENARIO, encoding="utf-8")
    for file, text in (("r.csv", REGISTRY), ("n.osm", OSM), ("z.geojson", polygons), ("d.csv", depots)):
        (folder / file).write_text(text, encoding="utf-8")
    return CliRunner().invoke(main, ["run", str(folder / "plan.toml"), "--out", str(folder / "out")])


def test_vehicles_are_summed_where_they_are_at_home(tmp_path: Path) -> None:
    result = run(tmp_path, PLACES)
    assert result.exit_code == 0, result.output
    out = tmp_path / "out"
    nox = pl.read_csv(out / "summary.csv").filter(pollutant="NOx")
    for kind in ("zone", "depot"):
        table = pl.read_csv(out / f"by_{kind}.csv")
        plain = [c.column for c in columns(f"by_{kind}") if "{" not in c.column]
        assert table.columns[: len(plain)] == plain
        for scenario, whole in nox.select("scenario", "value_per_year").iter_rows():
            kg = table.filter(scenario=scenario)["nox_kg_per_day"].sum()
            assert kg * 365.25 / 1000.0 == pytest.approx(whole, rel=1e-9)  # with visiting ones, all is there
    table = pl.read_csv(out / "by_zone.csv").filter(scenario="baseline")
    rows = {(row["zone"] or "", row["tie"]): row["vehicles"] for row in table.iter_rows(named=True)}
    assert rows == {
        ("North", "placed"): 30.0,
        ("South", "placed"): 10.0,  # the zone around their depot
        ("Nroth", "name_only"): 20.0,
        ("", "none"): 10.0,
        ("", "visiting"): 25.0,
    }
    electric = pl.read_csv(out / "by_depot.csv").filter(scenario="electric", depot="Quay")
    assert electric["zero_emission_vehicles"].to_list() == [10.0]
    layer = pyogrio.read_dataframe(out / "city.gpkg", layer="home_zones")
    assert layer["zone"].tolist() == ["North", "South", "Empty"]
    assert layer["vehicles"].tolist() == [30.0, 10.0, 0.0]
    assert layer["nox_kg_per_day_electric"].tolist()[1] < layer["nox_kg_per_day_baseline"].tolist()[1]
    points = pyogrio.read_dataframe(out / "city.gpkg", layer="depots")
    assert points["depot"].tolist() == ["Quay", "Far", "Idle"]
    assert points.geometry.iloc[0].equals(shapely.Point(0.015, 0.002))
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    texts = {f["code"]: f["text"] for f in told["findings"]}
    assert "20 vehicles" in texts["fleet.zone_unknown"]
    assert "Nroth (~ North)" in texts["fleet.zone_unknown"]
    assert "10 vehicles" in texts["fleet.zone_by_depot"]
    assert texts["fleet.depot_outside"] == "1 depots lie in no zone of the file: Far."
    assert texts["fleet.zone_empty"] == "1 zones of the file have no vehicle: Empty."
    assert texts["fleet.depot_empty"] == "1 depots of the file have no vehicle: Idle."
    assert "35 local vehicles" in texts["fleet.depot_coverage"]
    assert told["places"]["zone"]["places"] == 3
    assert {f["path"] for f in told["inputs"]} >= {"z.geojson", "d.csv"}
    duty = pl.read_csv(out / "duty.csv")
    assert duty.columns == [c.column for c in columns("duty")]
    assert duty.select("stream", "vehicles").rows() == [("rigid_truck", 50.0), ("urban_bus", 20.0)]
    assert duty["km_per_day"].to_list() == pytest.approx([40_000 / 260, 60_000 / 345])
    assert "own estimates" in texts["fleet.duty_unchecked"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'id="by-depot"' in page
    assert 'id="duty"' in page
    assert "Nroth *" in page
    assert CliRunner().invoke(main, ["report", str(out), "--language", "zh"]).exit_code == 0
    chinese = (out / "report.zh.html").read_text(encoding="utf-8")
    assert "车辆归属地" in chinese
    assert "日运行任务" in chinese


def test_names_alone_give_tables_without_layers(tmp_path: Path) -> None:
    assert run(tmp_path, "").exit_code == 0
    out = tmp_path / "out"
    table = pl.read_csv(out / "by_zone.csv").filter(scenario="baseline")
    assert set(table["tie"]) == {"name_only", "none", "visiting"}
    assert not {"home_zones", "depots"} & {str(name) for name, _ in pyogrio.list_layers(out / "city.gpkg")}


@pytest.mark.parametrize(
    ("places", "polygons", "depots", "told"),
    [
        ('[places]\nzones = "no.gpkg"\n', ZONES, DEPOTS, "no.gpkg: there is no such file of zones. Check places.zones"),
        (PLACES + 'zone_name = "title"\n', ZONES, DEPOTS, "column title: the zones have no column 'title'. Set places.zone_name in the plan to one of: name."),
        (PLACES, zones(square("A", 0, 1), square("A", 1, 2)), DEPOTS, "row 3, column name: two zones have the same name (found: 'A')"),
        (PLACES, zones(square(None, 0, 1)), DEPOTS, "row 2, column name: a zone has no name"),
        (PLACES, ZONES, "name,lon,lat\nQuay,x,2\n", "d.csv, row 2, column lon: this is no lon of a depot (found: 'x')"),
        (PLACES, ZONES, "name,lon,lat\nQuay,1,99\n", "row 2, column lat: this is no lat of a depot (found: '99')"),
        (PLACES, ZONES, "name,lon\nQuay,1\n", "the depots have no column 'lat'"),
        ('[places]\ndepots = "z.geojson"\n', ZONES, DEPOTS, "row 2: this depot has the wrong geometry (found: 'Polygon')"),
    ],
)  # fmt: skip
def test_wrong_places_give_one_message(tmp_path: Path, places: str, polygons: str, depots: str, told: str) -> None:
    result = run(tmp_path, places, polygons=polygons, depots=depots)
    assert result.exit_code == 1
    assert told in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
