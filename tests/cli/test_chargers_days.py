"""Working days of vans and trucks behind `fleet-planner chargers site`: where they charge, and that nothing is lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pyogrio
import pytest
from click.testing import CliRunner, Result
from scipy.special import ndtr

from fleet_planner.cli.main import main
from fleet_planner.tables import columns

PLAN = """
[city]
name = "La Serena–Coquimbo"
country = "CL"
year = 2024
[network]
builtin = "coquimbo"
[fleet]
registry = "registry.csv"
[places]
depots = "depots.csv"
[[scenario]]
name = "electric"
title = "Electric vans and trucks"
title_zh = "货车电动化"
[[scenario.measure]]
measure = "bev_van"
streams = ["light_commercial"]
uptake = 0.5
[[scenario.measure]]
measure = "bev_shorthaul"
streams = ["articulated_truck"]
[chargers]
scenario = "electric"
candidates = "sites.csv"
cut_off_km = 30.0
headroom_kw = { low = 500.0, central = 20000.0, high = 20000.0 }
room = 100
seconds = 1.0
regret = false
curve_points = 0
diagnostics = []
[chargers.day]
stops = "stops.csv"
corridors = 2
corridor_apart_km = 8.0
battery_kwh = { articulated_truck = 300.0 }
"""
REGISTRY = (
    "vehicle_id,category,fuel,segment,model_year,stream,km_per_year,count,depot,share_inside\n"
    "v,light_commercial,diesel,N1-III,2015,light_commercial,26000,200,yard,1.0\n"
    "t,heavy_truck,diesel,Articulated 34 - 40 t,2015,articulated_truck,90000,40,yard,0.4\n"
)
KWH_PER_DAY = {"light_commercial": 100 * 26000 * 0.33 / 365.25, "articulated_truck": 40 * 90000 * 1.35 / 365.25}
"""Half of the vans and all trucks: km a year times kWh per km at the plug over the days of the year."""
PARTS = ("base", "night", "stops", "way", "outside", "placeless")


def sited(city: Path, out: Path) -> Result:
    return CliRunner().invoke(main, ["chargers", "site", str(city / "plan.toml"), "--out", str(out)])


def town(folder: Path, plan: str = PLAN) -> Path:
    (folder / "plan.toml").write_text(plan, encoding="utf-8")
    (folder / "registry.csv").write_text(REGISTRY, encoding="utf-8")
    (folder / "depots.csv").write_text("name,lon,lat\nyard,-71.25,-29.95\n", encoding="utf-8")
    (folder / "sites.csv").write_text(
        "site_id,lon,lat,kind\nat the yard,-71.25,-29.95,depot\nport,-71.335,-29.955,parking\n"
        "north,-71.25,-29.90,rest_area\n",
        encoding="utf-8",
    )
    (folder / "stops.csv").write_text(
        "stop_id,lon,lat,weight\nport,-71.335,-29.955,3\nmarket,-71.255,-29.905,1\nclosed,-71.25,-29.93,0\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    city = town(tmp_path_factory.mktemp("days"))
    done = sited(city, city / "out")
    assert done.exit_code == 0, done.output
    return city


def test_energy_at_base_at_stops_and_on_the_way_is_km_times_kwh_per_km(run: Path) -> None:
    needs = pl.read_csv(run / "out" / "charging_needs.csv")
    assert needs.columns == [c.column for c in columns("charging_needs")]
    for row in needs.iter_rows(named=True):
        assert row["kwh_per_day"] == pytest.approx(KWH_PER_DAY[row["stream"]], rel=1e-9)
        assert sum(row[f"{p}_kwh_per_day"] for p in PARTS) == pytest.approx(row["kwh_per_day"], rel=1e-9)
        assert row["km_per_day"] * row["kwh_per_km"] == pytest.approx(row["kwh_per_day"], rel=1e-9)
    vans, trucks = (needs.row(by_predicate=pl.col("stream") == s, named=True) for s in KWH_PER_DAY)
    # vans of 100 km a day with 60 kWh at the plug: the nights give the mean of the smaller of battery and day
    mean, spread, battery = 100.0 * 0.33, 0.6, 75.0 * 0.9 * 0.8 / 0.9
    z = (np.log(battery / mean) + spread**2 / 2.0) / spread
    nights = (mean * ndtr(z - spread) + battery * (1.0 - ndtr(z))) * 100 * 260 / 365.25
    assert vans["base_kwh_per_day"] + vans["placeless_kwh_per_day"] == pytest.approx(nights, rel=0.005)
    # nine tenths return, the others have no place here
    assert vans["placeless_kwh_per_day"] / (vans["base_kwh_per_day"] + vans["placeless_kwh_per_day"]) == pytest.approx(
        0.1, abs=0.01
    )
    # trucks of 346 km with half the battery: the rest at stops and on the way, six tenths of it outside the city
    away = trucks["stops_kwh_per_day"] + trucks["way_kwh_per_day"]
    assert away > 0.0
    nights = trucks["base_kwh_per_day"] / 0.35 * 0.65
    assert trucks["night_kwh_per_day"] == pytest.approx(0.4 * nights, rel=1e-6)
    assert trucks["outside_kwh_per_day"] == pytest.approx(0.6 * (nights + away / 0.4), rel=1e-6)


def test_hours_places_and_the_plan_agree_with_the_needs(run: Path) -> None:
    needs = pl.read_csv(run / "out" / "charging_needs.csv")
    hours = pl.read_csv(run / "out" / "charging_hours.csv")
    for part in PARTS[:4]:
        asked = needs[f"{part}_kwh_per_day"].sum()
        assert hours.filter(part=part)["kwh_per_day"].sum() == pytest.approx(asked, rel=1e-9, abs=1e-9)
    demand = pl.read_csv(run / "out" / "demand_by_hour.csv")
    placed = sum(float(needs[f"{part}_kwh_per_day"].sum()) for part in PARTS[:4])
    assert demand["kwh_per_day"].sum() == pytest.approx(placed, rel=1e-9)
    by_stop = dict(
        demand.filter(pl.col("demand_id").str.ends_with("stops")).group_by("zone").agg(pl.col("kwh_per_day").sum()).iter_rows()
    )  # fmt: skip
    assert by_stop.keys() == {"port", "market"}
    assert by_stop["port"] == pytest.approx(3.0 * by_stop["market"])
    assert set(demand["connector"]) == {"ccs"}
    way = demand.filter((pl.col("kind") == "en_route") & ~pl.col("demand_id").str.ends_with("night"))
    assert set(way.filter(stream="articulated_truck")["min_kw"]) == {350.0}
    # nobody charges at base while the vans are out: they leave at seven and are back after twelve hours
    van_base = demand.filter(pl.col("demand_id") == "yard light_commercial")
    assert not set(van_base["hour"]) & set(range(7, 19))
    caught = pl.read_csv(run / "out" / "catchments.csv")["kwh_per_day"].sum()
    missed = pl.read_csv(run / "out" / "charger_unserved.csv")["kwh_per_day"].sum()
    assert caught + missed == pytest.approx(placed, rel=1e-5)


def test_what_stands_in_is_told_in_both_languages(run: Path) -> None:
    manifest = json.loads((run / "out" / "manifest.json").read_text())
    told = {f["code"]: f for f in manifest["findings"]}
    assert told.keys() >= {
        *("chargers.day_laid_out", "chargers.day_unchecked", "chargers.corridors", "chargers.outside"),
        *("chargers.fleet_without_place", "chargers.fleet_constant"),
    }
    assert "城外充电" in told["chargers.outside"]["text_zh"]
    assert {s["table"] for s in manifest["sources"]} >= {"working_day.csv", "vehicle_use.csv"}
    assert {i["path"] for i in manifest["inputs"]} >= {"stops.csv", "sites.csv"}
    english = (run / "out" / "chargers.html").read_text(encoding="utf-8")
    chinese = (run / "out" / "chargers.zh.html").read_text(encoding="utf-8")
    assert "Where the fleet charges" in english
    assert "Articulated trucks" in english
    assert "车队在何处充电" in chinese
    assert "铰接货车" in chinese


def test_its_table_of_demand_can_be_read_again(run: Path, tmp_path: Path) -> None:
    text = PLAN.replace('scenario = "electric"', 'demand = "demand.csv"')
    city = town(tmp_path, text)
    (city / "demand.csv").write_bytes((run / "out" / "demand_by_hour.csv").read_bytes())
    done = sited(city, city / "out")
    assert done.exit_code == 0, done.output
    first, again = (json.loads((c / "out" / "manifest.json").read_text()) for c in (run, city))
    assert again["demand"] == first["demand"]
    assert again["cost_usd"] == pytest.approx(first["cost_usd"], rel=1e-6)


def test_without_working_days_all_charge_at_their_depot(tmp_path: Path) -> None:
    city = town(tmp_path, PLAN.replace("[chargers.day]", "[chargers.day]\nenabled = false"))
    done = sited(city, city / "out")
    assert done.exit_code == 0, done.output
    needs = pl.read_csv(city / "out" / "charging_needs.csv")
    assert needs["base_kwh_per_day"].sum() == pytest.approx(sum(KWH_PER_DAY.values()), rel=1e-9)
    assert set(pl.read_csv(city / "out" / "demand_by_hour.csv")["kind"]) == {"depot"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("articulated_truck = 300.0", "articulated_trck = 300.0", "articulated_truck"),
        ("stops.csv", "none.csv", "there is no such file"),
    ],
)
def test_wrong_keys_are_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    city = town(tmp_path, PLAN.replace(old, new))
    done = sited(city, city / "out")
    assert done.exit_code == 1
    assert told in done.output
    assert not (city / "out").exists()


CLIMATE = """
[climate]
monthly_min_c = [-8.0, -6.0, 0.0, 7.0, 13.0, 18.0, 21.0, 20.0, 14.0, 7.0, 0.0, -6.0]
monthly_max_c = [1.0, 4.0, 11.0, 20.0, 26.0, 30.0, 30.0, 29.0, 25.0, 18.0, 10.0, 3.0]
"""
FLOOD = (
    '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", '
    '"coordinates": [[[-71.26, -29.96], [-71.24, -29.96], [-71.24, -29.94], [-71.26, -29.94], [-71.26, -29.96]]]}}]}'
)
"""Around the yard."""


def test_a_cold_day_takes_more_and_a_depot_in_the_flood_is_told(run: Path, tmp_path: Path) -> None:
    text = PLAN.replace("[chargers.day]", '[chargers.day]\nweather = "coldest"')
    text = text.replace("[chargers]\n", '[chargers]\nflood = "flood.geojson"\n') + CLIMATE
    city = town(tmp_path, text)
    (city / "flood.geojson").write_text(FLOOD, encoding="utf-8")
    done = sited(city, city / "out")
    assert done.exit_code == 0, done.output
    mean, cold = (pl.read_csv(c / "out" / "charging_needs.csv").sort("stream") for c in (run, city))
    for before, row in zip(mean.iter_rows(named=True), cold.iter_rows(named=True), strict=True):
        assert row["kwh_per_km"] > 1.05 * before["kwh_per_km"]
        assert sum(row[f"{p}_kwh_per_day"] for p in PARTS) == pytest.approx(row["kwh_per_day"], rel=1e-9)
        assert row["km_per_day"] * row["kwh_per_km"] == pytest.approx(row["kwh_per_day"], rel=1e-9)
        # more energy, and a battery that holds less: a smaller share of it at base
        base = [r["base_kwh_per_day"] / r["kwh_per_day"] for r in (before, row)]
        assert base[1] < base[0]
    told = {f["code"]: f for f in json.loads((city / "out" / "manifest.json").read_text())["findings"]}
    assert "最冷设计日" in told["chargers.day_coldest"]["text_zh"]
    assert "yard" in told["chargers.depots_flooded"]["text"]
    sites = pl.read_csv(city / "out" / "charger_sites.csv")
    assert dict(sites.select("site_id", "flood").iter_rows())["at the yard"] == "yes"
    demand = pyogrio.read_dataframe(city / "out" / "chargers.gpkg", layer="charger_demand")
    assert set(demand.loc[demand["flood"] == "yes", "kind"]) == {"depot"}
    assert "洪水区" in (city / "out" / "chargers.zh.html").read_text(encoding="utf-8")


def test_the_example_of_the_embedded_city_serves_its_freight(repository: Path, tmp_path: Path) -> None:
    example = repository / "inputs" / "coquimbo"
    for name in ("registry.csv", "charging_sites.csv", "grid_nodes.csv"):
        shutil.copy(example / name, tmp_path / name)
    text = (example / "freight.toml").read_text(encoding="utf-8")
    quick = text.replace("seconds = 20.0", "seconds = 0.0\nregret = false\ncurve_points = 0\ndiagnostics = []")
    quick = quick.replace("places = 25", "places = 6")
    assert quick.count("seconds = 0.0") == quick.count("places = 6") == 1
    (tmp_path / "plan.toml").write_text(quick, encoding="utf-8")
    done = sited(tmp_path, tmp_path / "out")
    assert done.exit_code == 0, done.output
    needs = pl.read_csv(tmp_path / "out" / "charging_needs.csv")
    assert set(needs["year"]) == {2028, 2034}
    parts = needs.select(pl.sum_horizontal(f"{p}_kwh_per_day" for p in PARTS)).to_series()
    assert parts.to_list() == pytest.approx(needs["kwh_per_day"].to_list(), rel=1e-9)
    # no depots are known: bases stand at the zones, each a site of its own where no candidate is near
    assert "depots and bases that ask for energy are sites too" in done.output
    assert pl.read_csv(tmp_path / "out" / "charger_unserved.csv")["reason"].is_in(["too_far"]).sum() == 0
    demand = pl.read_csv(tmp_path / "out" / "demand_by_hour.csv")
    assert set(demand["kind"]) == {"depot", "destination", "en_route"}
    assert demand.filter(kind="depot")["zone"].n_unique() == 6
