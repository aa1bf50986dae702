"""`fleet-planner buses simulate` from end to end."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import polars as pl
import pyogrio
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.network import builtin_gtfs
from fleet_planner.outputs.numbers import significant
from fleet_planner.tables import columns
from fleet_planner.units import DAYS_PER_YEAR
from tests.cli.altered import not_found

PLAN = """
[city]
name = "La Serena"
country = "CL"
year = 2024
[network]
builtin = "coquimbo"
[fleet]
registry = "none.csv"
"""
DAYS = {"weekday": 39, "saturday": 38, "sunday": 38}


def call(folder: Path, text: str) -> Result:
    (folder / "plan.toml").write_text(PLAN + text, encoding="utf-8")
    return CliRunner().invoke(main, ["buses", "simulate", str(folder / "plan.toml"), "--out", str(folder / "out")])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("buses")
    (folder / "depots.csv").write_text("name,lon,lat\nNorth,-71.25,-29.90\nSouth,-71.345,-29.96\n", encoding="utf-8")
    done = call(folder, '[buses]\ngtfs = "builtin"\ndepots = "depots.csv"\n')
    assert done.exit_code == 0, done.output
    return folder / "out"


@pytest.mark.parametrize(
    ("file", "table"),
    [("blocks.csv", "blocks"), ("places.csv", "bus_places")],
)
def test_tables_are_as_the_dictionary_says(out: Path, file: str, table: str) -> None:
    assert pl.read_csv(out / file).columns == [c.column for c in columns(table)]


@pytest.mark.parametrize(("file", "table"), [("movements.parquet", "movements"), ("ways.parquet", "bus_ways")])
def test_parquet_is_as_the_dictionary_says(out: Path, file: str, table: str) -> None:
    assert pl.read_parquet(out / file).columns == [c.column for c in columns(table)]


def test_every_trip_of_the_feed_is_in_one_block_and_every_block_is_whole(out: Path) -> None:
    moves = pl.read_parquet(out / "movements.parquet")
    trips = moves.filter(kind="trip")
    assert dict(trips.group_by("kind_of_day").len().iter_rows()) == {"weekday": 360, "saturday": 337, "sunday": 310}
    assert trips.select("kind_of_day", "trip_id").is_unique().all()
    own = ["kind_of_day", "block_id"]
    following = moves.with_columns(
        went=pl.col("from_place") == pl.col("to_place").shift(1).over(own),
        later=pl.col("start_s") >= pl.col("end_s").shift(1).over(own) - 1e-9,
        place=pl.col("sequence") - pl.col("sequence").shift(1).over(own),
    ).drop_nulls("went")
    assert following.select(pl.col("went", "later").all(), (pl.col("place") == 1).all()).row(0) == (True, True, True)
    ends = moves.group_by(own).agg(begin=pl.col("from_place").first(), finish=pl.col("to_place").last())
    blocks = pl.read_csv(out / "blocks.csv").join(ends, on=own)
    assert (blocks["begin"] == blocks["depot_id"]).all()
    assert (blocks["finish"] == blocks["depot_id"]).all()
    assert set(blocks["depot_id"]) == {"North", "South"}


def test_no_more_buses_than_the_proof_allows(out: Path) -> None:
    blocks = pl.read_csv(out / "blocks.csv")
    assert dict(blocks.group_by("kind_of_day").len().iter_rows()) == DAYS
    moves = pl.read_parquet(out / "movements.parquet").filter(kind_of_day="weekday", kind="trip")
    # so many trips are on the road at once at 18:00: no fewer buses can be
    at_once = max(
        moves.filter((pl.col("start_s") <= t) & (t < pl.col("end_s") + 300)).height for t in range(20000, 90000, 300)
    )
    assert at_once <= DAYS["weekday"]


def test_ways_add_up_to_the_movements(out: Path) -> None:
    moves = pl.read_parquet(out / "movements.parquet")
    ways = pl.read_parquet(out / "ways.parquet").group_by("kind_of_day", "way").agg(road_km=pl.col("km").sum())
    both = moves.join(ways, on=["kind_of_day", "way"], how="left").with_columns(pl.col("road_km").fill_null(0.0))
    assert both.height == moves.height
    assert (both["way"] >= 0).all()
    assert (both["km"] - both["road_km"]).abs().max() < 1e-9
    blocks = pl.read_csv(out / "blocks.csv")
    assert blocks["km"].sum() == pytest.approx(moves["km"].sum())
    assert blocks["empty_km"].sum() == pytest.approx(moves.filter(pl.col("kind") != "trip")["km"].sum())


def test_the_manifest_names_the_days(out: Path) -> None:
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert {k: v["date"] for k, v in told["days"].items()} == {
        "weekday": "2015-12-29",
        "saturday": "2016-01-02",
        "sunday": "2016-01-03",
    }
    codes = {f["code"] for f in told["findings"]}
    assert {"buses.day", "buses.chained", "buses.nearest_depot", "buses.no_registry"} <= codes
    assert {"plan", "depots"} <= {i["role"] for i in told["inputs"]}


def feed_with_blocks(folder: Path, rows: dict[str, str]) -> None:
    """Write the embedded city's feed with block ids for some of its trips."""
    with zipfile.ZipFile(builtin_gtfs()) as archive, zipfile.ZipFile(folder / "feed.zip", "w") as new:
        for name in archive.namelist():
            data = archive.read(name)
            if name.endswith("trips.txt"):
                table = pl.read_csv(data, infer_schema=False)
                ids = pl.col("trip_id").replace_strict(rows, default=None, return_dtype=pl.String)
                data = table.with_columns(block_id=ids).write_csv().encode()
            new.writestr(name, data)


def test_blocks_that_overlap_are_split_and_counted(tmp_path: Path, out: Path) -> None:
    trips = pl.read_parquet(out / "movements.parquet").filter(kind_of_day="weekday", kind="trip").sort("start_s")
    ids = trips["trip_id"].to_list()[:3]  # all three are on the road at once
    feed_with_blocks(tmp_path, dict.fromkeys(ids, "B7"))
    done = call(tmp_path, '[buses]\ngtfs = "feed.zip"\ndays = ["weekday"]\non_roads = false\n')
    assert done.exit_code == 0, done.output
    blocks = pl.read_csv(tmp_path / "out" / "blocks.csv").filter(pl.col("block_id").str.starts_with("B7"))
    assert blocks["block_id"].to_list() == ["B7", "B7 (2)", "B7 (3)"]
    assert "2 trips went to 2 further buses" in done.output
    assert "The timetable tells 3 blocks." in done.output
    assert "their trips need 3 buses, no fewer" in done.output
    assert not (tmp_path / "out" / "ways.parquet").exists()


TRIPS = "trip,start,end,from_place,to_place,distance,rotation\n1,23:50,00:20,A,B,10,x\n2,24:30,25:00,B,A,10,x\n3,08:00,07:50,A,B,9,y\n4,08:00,08:00,A,A,0,y\n"


def test_a_table_of_trips_past_midnight_with_negative_and_still_ones(tmp_path: Path) -> None:
    (tmp_path / "trips.csv").write_text(TRIPS, encoding="utf-8")
    columns_of = 'trips_columns = { trip_id = "trip", block_id = "rotation" }\n'
    done = call(tmp_path, f'[buses]\ntrips = "trips.csv"\non_roads = false\n{columns_of}')
    assert done.exit_code == 0, done.output
    moves = pl.read_parquet(tmp_path / "out" / "movements.parquet")
    assert moves.select("trip_id", "start_s", "end_s").rows() == [
        ("1", 85800.0, 87600.0),
        ("2", 88200.0, 90000.0),
        ("4", 28800.0, 28800.0),
    ]
    assert "1 trips of trips.csv end before they start (the first in row 4)" in done.output
    assert "1 trips of trips.csv end more than half a day before they start (the first in row 2)" in done.output


def words(page: str) -> str:
    return re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", page, flags=re.DOTALL)


def test_the_page_shows_the_tables_in_both_languages(out: Path) -> None:
    blocks = pl.read_csv(out / "blocks.csv").filter(kind_of_day="weekday")
    for name, weekday, language in (("buses.html", "Weekday", "en"), ("buses.zh.html", "工作日", "zh-CN")):
        page = (out / name).read_text(encoding="utf-8")
        assert f'<html lang="{language}">' in page
        row = re.search(rf"<tr><td>{weekday}</td>(.*?)</tr>", page)
        assert row is not None
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row[1])
        assert cells[:4] == ["2015-12-29", "360", "39", significant(blocks["km"].sum(), 4)]
        assert page.split('<section id="energy"')[0].count("<svg") == 1
    chinese = words((out / "buses.zh.html").read_text(encoding="utf-8"))
    assert not re.findall(r"[A-Za-z]{3,} [a-z]{3,} [a-z]{3,}", chinese)


def test_the_map_opens_with_routes_depots_and_terminals(out: Path) -> None:
    gpkg = out / "buses.gpkg"
    layers = {"routes": "routes", "bus_depots": "bus_depots", "bus_stations": "bus_stations"}
    for layer, table in layers.items():
        frame = pyogrio.read_dataframe(gpkg, layer=layer)
        assert {c.column for c in columns(table) if c.required} <= set(frame.columns)
        assert {c for c in frame.columns if c != "geometry"} <= {c.column for c in columns(table)}
        assert frame.geometry.is_valid.all()
        assert len(frame) > 0
    routes = pyogrio.read_dataframe(gpkg, layer="routes")
    moves = pl.read_parquet(out / "movements.parquet").filter(kind_of_day="weekday", kind="trip")
    assert routes["km"].sum() == pytest.approx(moves["km"].sum())
    with closing(sqlite3.connect(gpkg)) as database:
        assert database.execute("SELECT COUNT(*) FROM blocks").fetchone()[0] == sum(DAYS.values())
        opens = "SELECT f_table_name, styleName FROM layer_styles WHERE useAsDefault = 1 AND styleSLD != '' ORDER BY 1"
        assert [name for name, _ in database.execute(opens)] == sorted(layers)
        assert "Feasible" in dict(database.execute(opens))["routes"]


def test_the_example_plan_runs(tmp_path: Path, repository: Path) -> None:
    plan = str(repository / "inputs" / "coquimbo" / "buses.toml")
    done = CliRunner().invoke(main, ["buses", "simulate", plan, "--out", str(tmp_path / "out"), "--language", "zh"])
    assert done.exit_code == 0, done.output
    out = tmp_path / "out"
    page = (out / "buses.html").read_text(encoding="utf-8")
    assert 'lang="zh-CN"' in page
    by_day = pl.read_csv(out / "route_emissions.csv")
    assert by_day.columns == [c.column for c in columns("route_emissions")]
    blocks = pl.read_csv(out / "blocks.csv")
    assert by_day["km"].sum() == pytest.approx(blocks["km"].sum())
    # the embedded fleet's Euro III to VI buses: the mean of the route lies near that of the whole stream
    told = re.search(r"NOx ([\d.]+)克、尾气颗粒物([\d.]+)克、CO2 ([\d.]+)克", page)
    assert told is not None
    for name, mean in zip(("nox", "pm_exhaust", "co2"), told.groups(), strict=True):
        per_km = 1e3 * by_day[f"{name}_kg_per_day"].sum() / by_day["km"].sum()
        assert per_km == pytest.approx(float(mean), rel=0.05)
    routes = pyogrio.read_dataframe(out / "buses.gpkg", layer="routes")
    week = dict(by_day.select("kind_of_day", "nox_kg_per_day").iter_rows())
    year_t = (5 * week["weekday"] + week["saturday"] + week["sunday"]) / 7 * DAYS_PER_YEAR / 1e3
    assert routes["nox_t_per_year"].tolist() == pytest.approx([year_t])
    assert significant(year_t) in page
    # what feasible blocks cut, from the judged blocks and the movements themselves
    holds = pl.read_csv(out / "feasibility.csv").group_by("kind_of_day", "block_id").agg(pl.col("feasible").all())
    own = blocks.join(holds, on=["kind_of_day", "block_id"])
    assert own.height == blocks.height
    km = dict(own.filter("feasible").group_by("kind_of_day").agg(pl.col("km").sum()).iter_rows())
    for row in by_day.iter_rows(named=True):
        assert row["feasible_km"] == pytest.approx(km.get(row["kind_of_day"], 0.0))
        part = row["nox_cut_kg_per_day"] / row["nox_kg_per_day"]
        assert part == pytest.approx(row["feasible_km"] / row["km"], rel=0.05)
    assert 0.0 < by_day["feasible_km"].sum() < by_day["km"].sum()
    with closing(sqlite3.connect(out / "buses.gpkg")) as database:
        names = [n for (n,) in database.execute("SELECT styleName FROM layer_styles WHERE f_table_name = 'routes'")]
    assert any("Feasible" in n for n in names)
    assert any("NOx cut" in n for n in names)
    inputs = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    assert {"plan", "depots", "registry"} <= {i["role"] for i in inputs}


SIMBA = "rotation_id,line,departure_name,departure_time,arrival_time,arrival_name,distance,vehicle_type\n"


def test_a_depot_in_a_flood_zone_is_flagged(tmp_path: Path) -> None:
    ring = [[0.09, -0.01], [0.11, -0.01], [0.11, 0.01], [0.09, 0.01], [0.09, -0.01]]
    shape = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    flood = json.dumps({"type": "FeatureCollection", "features": [shape]})
    (tmp_path / "flood.geojson").write_text(flood, encoding="utf-8")
    (tmp_path / "d.csv").write_text("name,lon,lat\nDry,0,0\nWet,0.1,0\n", encoding="utf-8")
    rows = "08:00,08:30,A,B,10,0.001,0,0.101,0\n08:00,08:30,B,A,10,0.101,0,0.001,0\n"
    head = "start,end,from_place,to_place,distance,from_lon,from_lat,to_lon,to_lat\n"
    (tmp_path / "t.csv").write_text(head + rows, encoding="utf-8")
    keys = 'trips = "t.csv"\non_roads = false\ndepots = "d.csv"\n'
    done = call(tmp_path, f'[buses]\n{keys}flood_zones = "flood.geojson"\n')
    assert done.exit_code == 0, done.output
    assert "1 of 2 depots lie in a flood zone: Wet." in done.output
    depots = pyogrio.read_dataframe(tmp_path / "out" / "buses.gpkg", layer="bus_depots")
    assert dict(zip(depots["name"], depots["in_flood_zone"], strict=True)) == {"Dry": False, "Wet": True}
    assert "Wet（洪水区）" in (tmp_path / "out" / "buses.zh.html").read_text(encoding="utf-8")
    assert "in_flood_zone" not in pyogrio.read_dataframe(tmp_path / "out" / "buses.gpkg", layer="routes").columns


def test_tables_in_the_form_of_simba_are_recognised(tmp_path: Path) -> None:
    rows = "1,L0,S0,2022-03-07 21:30:00,2022-03-07 21:31:00,S1,60,AB\n1,L0,S1,2022-03-07 23:40:00,2022-03-08 00:04:00,S0,14519,AB\n"
    (tmp_path / "t.csv").write_text(SIMBA + rows, encoding="utf-8")
    done = call(tmp_path, '[buses]\ntrips = "t.csv"\non_roads = false\n')
    assert done.exit_code == 0, done.output
    block = pl.read_csv(tmp_path / "out" / "blocks.csv").row(0, named=True)
    assert (block["bus_type"], block["depot_id"], block["start_s"], block["end_s"]) == (
        "articulated",
        "S0",
        77400,
        86640,
    )
    assert block["km"] == pytest.approx(14.579)
    assert not (tmp_path / "out" / "buses.gpkg").exists()


@pytest.mark.parametrize(
    ("text", "files", "parts"),
    [
        ("", {}, ["no timetable for electric buses", "buses.gtfs"]),
        ('[buses]\ntrips = "t.csv"\n', {}, ["t.csv", "no such file", "buses.trips"]),
        ('[buses]\ngtfs = "f.zip"\n', {}, ["f.zip", "no such timetable feed"]),
        ('[buses]\ntrips = "t.csv"\n', {"t.csv": TRIPS.replace("24:30", "half past")}, ["t.csv", "row 3", "column start", "half past"]),
        ('[buses]\ntrips = "t.csv"\n', {"t.csv": TRIPS.replace("10,x", "-1,x")}, ["t.csv", "row 2", "column distance", "out of range"]),
        ('[buses]\ntrips = "t.csv"\ntrips_columns = { route = "line" }\n', {"t.csv": TRIPS}, ["t.csv", "column line", "lacks a column"]),
        ('[buses]\ntrips = "t.csv"\ndepots = "d.csv"\ndepot_of_block = "b.csv"\n', {"t.csv": TRIPS, "d.csv": "name,lon,lat\nNorth,1,2\n", "b.csv": "block_id,depot_id\nx,Nort\n"}, ["b.csv", "row 2", "no such depot", "Nort", "North"]),
        ('[buses]\ngtfs = "a"\ntrips = "b"\n', {}, ["two timetables"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, text: str, files: dict[str, str], parts: list[str]) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    done = call(tmp_path, text.replace("[buses]\n", "[buses]\non_roads = false\n"))
    assert done.exit_code == 1, done.output
    for part in parts:
        assert part in done.output
    assert not (tmp_path / "out").exists()


def test_a_long_block_between_places_without_coordinates_is_told_to_fail(tmp_path: Path) -> None:
    times = [(h, "ABC"[h % 3], "BCA"[h % 3]) for h in range(5, 23)]
    rows = [f"{k},{h:02d}:00,{h:02d}:50,{a},{b},40,x" for k, (h, a, b) in enumerate(times)]
    head = "trip_id,start,end,from_place,to_place,distance,block_id"
    (tmp_path / "t.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    done = call(tmp_path, '[buses]\ntrips = "t.csv"\non_roads = false\n')
    assert done.exit_code == 0, done.output
    assert pl.read_csv(tmp_path / "out" / "blocks.csv")["km"].to_list() == [720.0]


@pytest.mark.city
@pytest.mark.parametrize(("file", "blocks"), [("trips_example.csv", 8), ("trips_example_small.csv", 1)])
def test_the_published_examples_of_simba_run(tmp_path: Path, shared_data: Path, file: str, blocks: int) -> None:
    example = shared_data.parent / "reference" / "ebus_simba_example" / file
    if not example.is_file():
        pytest.skip("SimBA's examples are absent")
    done = call(tmp_path, f'[buses]\ntrips = "{example}"\non_roads = false\n')
    assert done.exit_code == 0, done.output
    raw = pl.read_csv(example, schema_overrides={"rotation_id": pl.String})
    made = pl.read_csv(tmp_path / "out" / "blocks.csv", schema_overrides={"block_id": pl.String})
    assert made.height == blocks
    km = dict(raw.group_by("rotation_id").agg(pl.col("distance").sum() / 1e3).iter_rows())
    assert dict(made.select("block_id", "km").iter_rows()) == pytest.approx(km)
    trips = dict(raw.group_by("rotation_id").agg(pl.len()).iter_rows())
    assert dict(made.select("block_id", "trips").iter_rows()) == trips


def test_what_people_breathe_of_blocks_and_routes(tmp_path: Path, repository: Path) -> None:
    """With the air followed, every block has its part; blocks and routes add up to the same, and the buses drive on."""
    shutil.copytree(repository / "inputs" / "coquimbo", tmp_path / "in")
    plan = tmp_path / "in" / "buses.toml"
    followed = '\n[impacts]\npollutants = ["PM2.5"]\nfinest_m = 800.0\nreach_m = 500.0\n'
    text = plan.read_text(encoding="utf-8").replace('builtin = "coquimbo"', 'zones = "builtin"\nbuiltin = "coquimbo"')
    plan.write_text(text + followed, encoding="utf-8")
    done = CliRunner().invoke(main, ["buses", "simulate", str(plan), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    tables = {k: pl.read_csv(tmp_path / "out" / f"{k}_exposure.csv") for k in ("block", "route")}
    for name, table in tables.items():
        assert table.columns == [c.column for c in columns(f"{name}_exposure")]
        assert table["pm_exhaust_breathed_ug_per_km"].min() > 0.0
    for figure in ("km", "nox_exposure_people_ug_m3", "pm_exhaust_exposure_people_ug_m3"):
        assert tables["block"][figure].sum() == pytest.approx(tables["route"][figure].sum(), rel=1e-9)
    by_day = pl.read_csv(tmp_path / "out" / "route_emissions.csv")
    assert by_day["km"].sum() == pytest.approx(tables["route"]["km"].sum())
    per_kg = tables["route"]["nox_exposure_people_ug_m3"] / by_day["nox_kg_per_day"]
    assert per_kg.min() > 0.0
    assert per_kg.max() / per_kg.min() < 1.5  # the same roads on every kind of day


def test_verify_finds_an_altered_figure(out: Path, tmp_path: Path) -> None:
    places: dict[str, tuple[str, ...]] = {
        "blocks.csv": ("km", "trips"),
        "movements.parquet": ("km",),
        "movement_energy.parquet": ("kwh",),
        "energy.csv": ("kwh",),
        "energy_by_month.csv": ("km",),
        "energy_by_route.csv": ("kwh",),
        "soc.parquet": ("plug_kwh",),
        "feasibility.csv": ("plug_kwh",),
        "sites.csv": ("grid_kwh",),
    }
    assert not_found(out, tmp_path, places) == []
