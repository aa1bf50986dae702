"""Energy in `fleet-planner buses simulate`, from a table of trips to the page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.tables import columns

PLAN = """
[city]
name = "La Serena"
country = "CL"
year = 2024
[network]
builtin = "coquimbo"
[fleet]
registry = "none.csv"
[climate]
monthly_min_c = [-8, -6, 0, 8, 14, 19, 22, 21, 15, 8, 0, -6]
monthly_max_c = [2, 5, 12, 20, 26, 30, 31, 30, 26, 19, 10, 4]
[buses]
trips = "trips.csv"
on_roads = false
"""
TRIPS = "trip_id,block_id,start,end,from_place,to_place,distance,bus_type\n" + "".join(
    f"{kind}{k},{kind},{6 + k}:00,{6 + k}:40,{'AB'[k % 2]},{'BA'[k % 2]},11,{kind}\n"
    for kind in ("standard", "articulated")
    for k in range(6)
)


def call(folder: Path, text: str = "", trips: str = TRIPS) -> Result:
    folder.mkdir(exist_ok=True)
    (folder / "plan.toml").write_text(PLAN + text, encoding="utf-8")
    (folder / "trips.csv").write_text(trips, encoding="utf-8")
    return CliRunner().invoke(main, ["buses", "simulate", str(folder / "plan.toml"), "--out", str(folder / "out")])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("energy")
    done = call(folder, '[buses.energy]\nheating_by_type = { articulated = "diesel" }\n')
    assert done.exit_code == 0, done.output
    return folder / "out"


def test_tables_are_as_the_dictionary_says_and_add_up(out: Path) -> None:
    fleet = pl.read_csv(out / "energy.csv")
    assert fleet.columns == [c.column for c in columns("bus_energy")]
    moves = pl.read_parquet(out / "movement_energy.parquet")
    assert moves.columns == [c.column for c in columns("bus_movement_energy")]
    assert pl.read_csv(out / "energy_measured.csv").columns == [c.column for c in columns("bus_measured")]
    for weather in ("mean", "coldest", "hottest"):
        own = moves.filter(weather=weather, kind_of_day="weekday")
        told = fleet.filter(weather=weather, kind_of_day="weekday")
        assert own["kwh"].sum() + told["layover_kwh"].sum() == pytest.approx(told["kwh"].sum())
        assert own["plug_kwh"].sum() == pytest.approx(told["plug_kwh"].sum())


def test_a_year_is_its_months_and_costs_more_than_its_mean_day(out: Path) -> None:
    months = pl.read_csv(out / "energy_by_month.csv")
    assert months.columns == [c.column for c in columns("bus_energy_by_month")]
    assert months.filter(bus_type="standard")["days"].sum() == pytest.approx(365.25 * 5 / 7)
    year = months.filter(bus_type="standard")
    mean = pl.read_csv(out / "energy.csv").filter(weather="mean", bus_type="standard")["kwh_per_km"][0]
    assert year["kwh"].sum() / year["km"].sum() > 1.02 * mean
    assert (year["kwh"] / year["km"]).to_list() == pytest.approx(year["kwh_per_km"].to_list())
    heat = months.filter(bus_type="articulated").sort("month")["heater_litres"].to_list()
    assert heat[0] > heat[3] > 0.0
    assert heat[6] == 0.0


def test_routes_add_up_to_the_trips(out: Path) -> None:
    routes = pl.read_csv(out / "energy_by_route.csv")
    assert routes.columns == [c.column for c in columns("bus_energy_by_route")]
    both = pl.read_parquet(out / "movement_energy.parquet").join(
        pl.read_parquet(out / "movements.parquet"), on=["kind_of_day", "block_id", "sequence"]
    )
    trips = both.filter(pl.col("kind") == "trip").group_by("weather").agg(pl.col("kwh").sum())
    told = routes.group_by("weather").agg(told=pl.col("kwh").sum()).join(trips, on="weather")
    assert told["told"].to_list() == pytest.approx(told["kwh"].to_list())


def test_cold_and_size_cost_and_heaters_burn(out: Path) -> None:
    use = {(r["bus_type"], r["weather"]): r for r in pl.read_csv(out / "energy.csv").iter_rows(named=True)}
    standard, long = use["standard", "coldest"], use["articulated", "coldest"]
    assert standard["kwh_per_km"] > 1.5 * use["standard", "mean"]["kwh_per_km"]
    assert use["articulated", "mean"]["kwh_per_km"] > 1.2 * use["standard", "mean"]["kwh_per_km"]
    assert standard["heater_litres"] == 0.0
    assert long["heater_litres"] > 5.0
    assert long["cabin_kwh_per_km"] == 0.0
    assert long["heater_co2_kg"] == pytest.approx(long["heater_litres"] * 0.84 * 3.1695)


def test_the_page_draws_ranges_in_both_languages(out: Path) -> None:
    for name, words in (
        ("buses.html", ("Energy", "mean day", "coldest day")),
        ("buses.zh.html", ("能耗", "平均日", "最冷日")),
    ):
        page = (out / name).read_text(encoding="utf-8")
        part = page[page.index('<section id="energy">') :]
        for word in words:
            assert word in part
        table = re.search(r'<table id="ebus-energy">.*?</table>', part, re.DOTALL)
        assert table is not None
        assert table[0].count("<tr>") == 1 + 6
        assert '<table id="ebus-heaters">' in part
        assert '<table id="ebus-measured">' in part
    fleet = pl.read_csv(out / "energy.csv").filter(kind_of_day="weekday", bus_type="standard", weather="mean")
    assert f"{fleet['kwh_per_km'][0]:.2f}</td>" in (out / "buses.html").read_text(encoding="utf-8")


def test_the_manifest_names_weather_and_figures(out: Path) -> None:
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert told["weather"]["coldest"]["mean_c"] == pytest.approx(-13.0)
    tables = {f["table"]: f for f in told["figures"]}
    assert {"bus_types.csv", "bus_energy_figures.csv", "fuel_heater.csv"} <= set(tables)
    assert "speed_profiles.csv" not in tables  # no roads
    assert tables["bus_energy_measured.csv"]["read"] == 9
    for name in ("buses.html", "buses.zh.html"):
        page = (out / name).read_text(encoding="utf-8")
        assert '<table id="ebus-figures">' in page


def test_a_mean_outside_what_is_published_is_marked_as_failed(tmp_path: Path) -> None:
    # a bus that crawls at 4 km/h in frost uses more than any published mean
    slow = re.sub(r",11,", ",2,", TRIPS)
    done = call(tmp_path, "[buses.energy]\ndesign_cold_c = -5.0\nheating = 'resistive'\n", slow)
    assert done.exit_code == 0, done.output
    assert "Failed: the mean use of standard on the coldest weekday" in done.output
    fleet = pl.read_csv(tmp_path / "out" / "energy.csv").filter(weather="coldest", bus_type="standard")
    assert fleet["published_range"][0] == "failed"
    page = (tmp_path / "out" / "buses.zh.html").read_text(encoding="utf-8")
    assert "不合格" in page
    told = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert {"buses.energy_outside_range"} == {f["code"] for f in told["findings"] if f["kind"] == "failed"}
    first = page[page.index('<section id="based-on">') :].split("</li>")[0]
    assert '<li class="failed">不合格' in first


def test_the_load_of_a_trip_goes_before_that_of_the_hour(tmp_path: Path) -> None:
    lines = TRIPS.splitlines()
    full = "\n".join([f"{lines[0]},load", *(f"{line},{'1.0' if k == 0 else ''}" for k, line in enumerate(lines[1:]))])
    done = call(tmp_path, trips=full)
    assert done.exit_code == 0, done.output
    moves = pl.read_parquet(tmp_path / "out" / "movements.parquet")
    energy = pl.read_parquet(tmp_path / "out" / "movement_energy.parquet").filter(weather="mean")
    both = moves.join(energy, on=["kind_of_day", "block_id", "sequence"]).filter(pl.col("kind") == "trip")
    own = both.filter(block_id="standard").sort("start_s")
    assert own["load"].to_list() == [1.0, None, None, None, None, None]
    assert own["drive_kwh"][0] > 1.1 * own["drive_kwh"][2]


def test_a_table_of_consumption_is_used_and_named(tmp_path: Path) -> None:
    rows = [
        f"{kind},{load},{grade},{speed},{t},2.0"
        for kind in ("SB", "AB") for load in (0, 1) for grade in (-0.1, 0.1) for speed in (1, 90) for t in (-30, 45)
    ]  # fmt: skip
    tmp_path.joinpath("c.csv").write_text(
        "vehicle_type,level_of_loading,incline,mean_speed_kmh,t_amb,consumption_kwh_per_km\n" + "\n".join(rows) + "\n"
    )
    done = call(tmp_path, '[buses.energy]\ntable = "c.csv"\n')
    assert done.exit_code == 0, done.output
    moves = pl.read_parquet(tmp_path / "out" / "movement_energy.parquet")
    km = pl.read_parquet(tmp_path / "out" / "movements.parquet")
    both = moves.join(km, on=["kind_of_day", "block_id", "sequence"])
    assert both["kwh"].to_list() == pytest.approx((2.0 * both["km"]).to_list())
    told = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert any({"role": "consumption", "path": "c.csv"}.items() <= entry.items() for entry in told["inputs"])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('[buses.energy]\ntable = "none.csv"\n', ["none.csv", "cannot be read"]),
        ("[buses.energy]\ncabin_heat_c = 26.0\n", ["cabin_heat_c must not be above cabin_cool_c"]),
        ("[buses.energy]\nload_by_hour = [0.5]\n", ["load_by_hour", "24"]),
        ('[buses.energy]\nheating = "coal"\n', ["buses.energy.heating", "coal"]),
    ],
)
def test_wrong_plans_are_named(tmp_path: Path, text: str, parts: list[str]) -> None:
    done = call(tmp_path, text)
    assert done.exit_code == 1, done.output
    for part in parts:
        assert part in done.output
    assert not (tmp_path / "out").exists()
