"""Assigned traffic from the command line: zones and trips in, equilibrium, closure and what was left out told."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result
from shapely.geometry import Point, Polygon, box

from fleet_planner.activity import build_activity
from fleet_planner.activity.assignment.assigned import assign_traffic
from fleet_planner.activity.build import traffic_setting
from fleet_planner.cli.main import main
from fleet_planner.network import builtin_zones, load_network
from fleet_planner.network.zones import demand_zones
from fleet_planner.plan.assignment import AssignmentSection
from fleet_planner.plan.models import ActivitySection, NetworkSection
from fleet_planner.plan.traffic import TrafficSection
from fleet_planner.tables import columns
from fleet_planner.units import DAYS_PER_YEAR
from tests.cli.test_traffic import COUNTS, OSM, REGISTRY

PLAN = (
    '[city]\nname = "x"\ncountry = "CL"\nyear = 2024\n[network]\nfile = "n.osm"\nzones = "zones.geojson"\n'
    '[fleet]\nregistry = "r.csv"\n'
)
ASSIGNED = '[traffic]\nmethod = "assigned"\n'
WEST, MIDDLE, EAST = (box(x - 0.001, -0.001, x + 0.0095, 0.009) for x in (0.0, 0.0095, 0.019))


def run(folder: Path, traffic: str, zones: list[Any] | None = None, trips: str = "") -> Result:
    shapes = [WEST, MIDDLE, EAST] if zones is None else zones
    (folder / "plan.toml").write_text(PLAN + traffic, encoding="utf-8")
    (folder / "r.csv").write_text(REGISTRY, encoding="utf-8")
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    (folder / "counts.csv").write_text(COUNTS, encoding="utf-8")
    (folder / "trips.csv").write_text(trips, encoding="utf-8")
    layer = {
        "zone_id": [f"z{k}" for k in range(len(shapes))],
        "population": [1000.0 * (k + 1) for k in range(len(shapes))],
    }
    gpd.GeoDataFrame(layer, geometry=shapes, crs=4326).to_file(folder / "zones.geojson")
    return CliRunner().invoke(main, ["run", str(folder / "plan.toml"), "--out", str(folder / "out")])


def manifest(out: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    return told


def test_the_embedded_city_on_zones_of_ones_own(repository: Path, tmp_path: Path) -> None:
    shutil.copytree(repository / "inputs" / "coquimbo", tmp_path, dirs_exist_ok=True)
    own = builtin_zones()
    middle = own.geometry.representative_point()
    names = [f"{x:.1f} {y:.1f}" for x, y in zip(middle.x / 2, middle.y / 2, strict=True)]
    few = own.assign(zone=names)[["zone", "population", "geometry"]].dissolve("zone", aggfunc="sum").reset_index()
    few["jobs"] = few["population"] * np.linspace(0.2, 0.8, len(few))
    few["sites"] = np.arange(1.0, len(few) + 1.0)
    few.to_file(tmp_path / "zones.gpkg")
    plan = tmp_path / "plan.toml"
    text = plan.read_text(encoding="utf-8").replace('zones = "builtin"', 'zones = "zones.gpkg"')
    keys = '[traffic.assignment]\nzone_id = "zone"\njobs = "jobs"\nfreight = "sites"\ntarget_gap = 1e-3\n'
    plan.write_text(text + ASSIGNED + keys, encoding="utf-8")
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["run", str(plan), "--out", str(out), "--scenario", "baseline"])
    assert result.exit_code == 0, result.output
    told = manifest(out)
    assert told["traffic"]["method"] == "assigned"
    assert max(v for c in told["closure"].values() for v in c.values()) < 1e-9
    assignment = told["traffic"]["assignment"]
    assert assignment["zones"] == len(few)
    assert all(p["relative_gap"] <= 1e-3 and p["reached"] for p in assignment["periods"])
    groups = pl.read_csv(out / "assignment.csv")
    assert groups.columns == [c.column for c in columns("assignment")]
    assert set(groups["traffic_class"]) == {"light", "bus", "single_unit", "combination"}
    assert groups["ratio"].is_between(0.8, 1.25).all()
    # few large zones keep many trips inside, and the report says how many
    assert groups["inside_share"].is_between(0.05, 0.95).all()
    worst = pl.read_csv(out / "congested_links.csv")
    assert worst.columns == [c.column for c in columns("congested_links")]
    assert (worst["speed_kmh"] < worst["quiet_kmh"]).all()
    codes = {f["code"] for f in told["findings"]}
    assert {"activity.assigned", "activity.gravity", "activity.assigned_speeds"} <= codes
    assert not {"activity.no_jobs", "activity.no_freight_sites", "activity.gap_missed"} & codes
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "method: assigned trips" in page
    assert "Relative gap" in page
    assert 'id="assigned"' in page
    again = CliRunner().invoke(main, ["report", str(out), "--language", "zh"])
    assert again.exit_code == 0, again.output
    assert "相对间隙" in (out / "report.zh.html").read_text(encoding="utf-8")


def test_given_trips_decide_where_the_traffic_is(tmp_path: Path) -> None:
    keys = '[traffic.assignment]\ntrips = "trips.csv"\n'
    one_way = "from,to,class,trips\nz0,z1,light,4000\nz1,z0,light,4000\nz0,z1,truck,400\n"
    result = run(tmp_path, ASSIGNED + keys, trips=one_way)
    assert result.exit_code == 0, result.output
    told = manifest(tmp_path / "out")
    assert {f["role"] for f in told["inputs"]} >= {"trips", "zones"}
    light = next(g for g in told["traffic"]["assignment"]["groups"] if g["traffic_class"] == "light")
    assert light["trips_per_day"] == pytest.approx(8000.0)
    assert light["inside_share"] == 0.0
    links = gpd.read_file(tmp_path / "out" / "city.gpkg", layer="links").to_crs(4326)
    east = links.geometry.representative_point().x > 0.022
    assert "activity.gravity" not in {f["code"] for f in told["findings"]}
    vkt = links.filter(regex="^vkt").sum(axis=1)
    assert vkt[east].sum() < 0.01 * vkt.sum()


def test_types_of_day_keep_the_totals(tmp_path: Path) -> None:
    result = run(tmp_path, ASSIGNED + 'day_types = "weekday_weekend"\n')
    assert result.exit_code == 0, result.output
    told = manifest(tmp_path / "out")
    assert max(v for c in told["closure"].values() for v in c.values()) < 1e-9
    assert [p["hours"] for p in told["traffic"]["assignment"]["periods"]] == [43, 5]


def test_counts_scale_what_was_assigned(tmp_path: Path) -> None:
    compared = run(tmp_path, ASSIGNED + '[traffic.counts]\nfile = "counts.csv"\n')
    assert compared.exit_code == 0, compared.output
    seen = pl.read_csv(tmp_path / "out" / "counts.csv")
    # counts that see another mix of road classes than was assigned
    factor = seen["road_class"].replace_strict({"primary": 0.5, "secondary": 1.0, "residential": 2.5})
    first = pl.read_csv(tmp_path / "counts.csv")
    assert first["site_id"].to_list() == seen["site_id"].to_list()
    first.with_columns(count=seen["modelled"] * factor).write_csv(tmp_path / "seen.csv")
    text = '[traffic]\nmethod = "counts"\n[traffic.counts]\nfile = "seen.csv"\nstart = "assigned"\n'
    shutil.rmtree(tmp_path / "out")
    result = run(tmp_path, text)
    assert result.exit_code == 0, result.output
    told = manifest(tmp_path / "out")
    assert told["traffic"]["counts"]["calibrated"] is True
    assert told["traffic"]["assignment"]["zones"] == 3
    assert max(v for c in told["closure"].values() for v in c.values()) < 1e-9
    after = pl.read_csv(tmp_path / "out" / "counts.csv")
    assert np.allclose(after["modelled_before"], seen["modelled"], rtol=1e-9)
    # the common level stands; what is left of the differences between classes is small
    ratio = np.log((after["modelled"] / after["count"]).to_numpy())
    before = np.log((after["modelled_before"] / after["count"]).to_numpy())
    assert ratio.std() < 0.3 * before.std()
    assert "after an assignment" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_part_of_the_zones_off_the_network_is_quantified(tmp_path: Path) -> None:
    result = run(tmp_path, ASSIGNED, [WEST, MIDDLE, box(3, 3, 3.1, 3.1)])
    assert result.exit_code == 0, result.output
    found = next(f for f in manifest(tmp_path / "out")["findings"] if f["code"] == "activity.zones_off")
    assert "50" in found["text"]
    assert "z2" in found["text"]


@pytest.mark.parametrize(
    ("traffic", "zones", "trips", "parts"),
    [
        (ASSIGNED, [box(3, 3, 4, 4), box(5, 5, 6, 6)], "", ["near a road", "zones and network are of the same city"]),
        (ASSIGNED, [WEST, Polygon()], "", ["zones.geojson, row 3", "a zone has no geometry"]),
        (ASSIGNED, [Point(0.01, 0.0)], "", ["two zones at least"]),
        (
            ASSIGNED + '[traffic.assignment]\njobs = "work"\n',
            None,
            "",
            ["no column 'work'", "traffic.assignment.jobs"],
        ),
        (
            ASSIGNED + '[traffic.assignment]\ntrips = "trips.csv"\n',
            None,
            "from,to,class,trips\nz0,z9,light,4\n",
            ["trips.csv, row 2, column to", "z9"],
        ),
        (
            ASSIGNED + '[traffic.assignment]\ntrips = "none.csv"\n',
            None,
            "",
            ["none.csv", "no such file of trips", "traffic.assignment.trips"],
        ),
        (ASSIGNED + "[traffic.assignment]\ntarget_gap = 0\n", None, "", ["target_gap"]),
    ],
)
def test_bad_zones_and_trips_give_one_message(
    tmp_path: Path, traffic: str, zones: list[Any] | None, trips: str, parts: list[str]
) -> None:
    result = run(tmp_path, traffic, zones, trips)
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()
    flat = " ".join(result.output.split())
    for part in parts:
        assert part in flat


def test_assigned_traffic_without_zones_is_refused(tmp_path: Path) -> None:
    run(tmp_path, ASSIGNED)
    plan = tmp_path / "plan.toml"
    plan.write_text(plan.read_text(encoding="utf-8").replace('zones = "zones.geojson"\n', ""), encoding="utf-8")
    result = CliRunner().invoke(main, ["run", str(plan), "--out", str(tmp_path / "other")])
    assert result.exit_code == 1
    assert "network.zones" in result.output


def test_without_the_package_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleet_planner.pipeline.computing.traffic.find_spec", lambda _: None)
    result = run(tmp_path, ASSIGNED)
    assert result.exit_code == 1
    assert "pip install aequilibrae" in " ".join(result.output.split())


@pytest.mark.city
@pytest.mark.parametrize(
    ("source", "cell_deg", "share_inside", "limit_s"),
    [
        ("santa_monica/santa_monica_drive.osm.pbf", 0.0, 0.4, 60.0),
        ("los_angeles/socal_major_roads.osm.pbf", 0.1, 0.3, 120.0),
    ],
)
def test_census_tracts_on_real_roads(
    shared_data: Path, source: str, cell_deg: float, share_inside: float, limit_s: float
) -> None:
    net = load_network(NetworkSection(file=source), shared_data, "US")
    low, high = net.coordinates.min(axis=0), net.coordinates.max(axis=0)
    tracts = pl.read_parquet(shared_data / "los_angeles" / "acs2019_tract_points.parquet").filter(
        pl.col("lon").is_between(low[0], high[0]) & pl.col("lat").is_between(low[1], high[1])
    )
    if cell_deg:
        cell = [(pl.col(c) / cell_deg).floor().alias(f"cell_{c}") for c in ("lon", "lat")]
        means = [pl.col("geoid").first(), pl.col("lon", "lat").mean(), pl.col("total_pop", "vehicles_available").sum()]
        tracts = tracts.group_by(cell, maintain_order=True).agg(*means)
    layer = gpd.GeoDataFrame(
        {"zone_id": tracts["geoid"].to_list(), "population": tracts["total_pop"].to_list()},
        geometry=gpd.points_from_xy(tracts["lon"], tracts["lat"]),
        crs=4326,
    )
    car_km = float(tracts["vehicles_available"].sum()) * 40.0 * share_inside
    fleet = pl.DataFrame(
        {
            "stream": ["car", "articulated_truck"],
            "category": ["passenger_car", "heavy_truck"],
            "segment": ["Medium", "Articulated 34 - 40 t"],
            "gross_mass_kg": pl.Series([None, None], dtype=pl.Float64),
            "km_per_year": [car_km * DAYS_PER_YEAR, 0.05 * car_km * DAYS_PER_YEAR],
            "share_inside": [1.0, 1.0],
            "count": [1.0, 1.0],
        }
    )
    assignment = AssignmentSection(target_gap=1e-3, connector_reach_km=8.0)
    traffic = TrafficSection(method="assigned", assignment=assignment)
    setting = traffic_setting(net, fleet, ActivitySection(), traffic, Path(), {})
    begin = time.perf_counter()
    assigned = assign_traffic(setting, demand_zones(layer, assignment, "tracts"), {})
    assert time.perf_counter() - begin < limit_s
    assert all(p.reached for p in assigned.periods)
    assert assigned.zones_tied > 0.4 * assigned.zones
    activity = build_activity(net, fleet, ActivitySection(), Path(), traffic=traffic, assigned=assigned)
    assert np.allclose(activity.vkt.sum(axis=(1, 2)), setting.total_km, rtol=1e-12)
    barred = ~net.links["hgv_allowed"].to_numpy()
    assert activity.km[activity.streams.index("articulated_truck")][barred].sum() == 0.0


@pytest.mark.city
def test_all_census_tracts_on_major_roads_alone(shared_data: Path) -> None:
    """2,753 zones on a partial network run; most have no road in reach: they are left out and counted."""
    net = load_network(NetworkSection(file="los_angeles/socal_major_roads.osm.pbf"), shared_data, "US")
    tracts = pl.read_parquet(shared_data / "los_angeles" / "acs2019_tract_points.parquet")
    layer = gpd.GeoDataFrame(
        {"zone_id": tracts["geoid"].to_list(), "population": tracts["total_pop"].to_list()},
        geometry=gpd.points_from_xy(tracts["lon"], tracts["lat"]),
        crs=4326,
    )
    fleet = pl.DataFrame({"stream": ["car"], "km_per_year": [1e9], "share_inside": [1.0], "count": [1.0]})
    fleet = fleet.with_columns(category=pl.lit("passenger_car"), segment=pl.lit("Medium"))
    fleet = fleet.with_columns(gross_mass_kg=pl.lit(None, dtype=pl.Float64))
    assignment = AssignmentSection(target_gap=0.5, max_iterations=2, periods="day")
    traffic = TrafficSection(method="assigned", assignment=assignment)
    setting = traffic_setting(net, fleet, ActivitySection(), traffic, Path(), {})
    assigned = assign_traffic(setting, demand_zones(layer, assignment, "tracts"), {})
    assert (assigned.zones, assigned.zones_tied) == (2_753, 452)
    off = next(f for f in assigned.findings if f.code == "activity.zones_off")
    assert off.count == 2_753 - 452
    assert off.share == pytest.approx(0.82, abs=0.01)
    assert assigned.pattern.sum() == pytest.approx(1.0)
