"""State of charge and remedies from the plan file to the outputs, and SimBA's published example."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.tables import columns

PLAN = """
[city]
name = "Small"
country = "EU"
year = 2024
[network]
builtin = "coquimbo"
[fleet]
registry = "none.csv"
[climate]
monthly_min_c = [0, 0, 2, 5, 9, 12, 14, 14, 10, 7, 3, 1]
monthly_max_c = [4, 6, 10, 15, 20, 23, 25, 25, 20, 14, 8, 5]
[buses]
trips = "trips.csv"
on_roads = false
days = ["weekday"]
"""


def trips_table(folder: Path, blocks: int = 4, trips: int = 9, km: float = 24.0) -> None:
    rows = ["block_id,kind,start,end,from_place,to_place,distance,route,depot_id,from_lon,from_lat,to_lon,to_lat"]
    at = {"Depot": "8.60,50.10", "A": "8.62,50.10", "B": "8.80,50.12"}
    for b in range(blocks):
        minute = 300 + 11 * b
        place = ["A", "B"]
        for n in range(trips):
            begin, end = minute, minute + 45
            line = f"b{b},trip,{begin // 60}:{begin % 60:02d},{end // 60}:{end % 60:02d},{place[n % 2]},{place[1 - n % 2]},{km},r{b},Depot"
            rows.append(f"{line},{at[place[n % 2]]},{at[place[1 - n % 2]]}")
            minute = end + 12
    (folder / "trips.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "depots.csv").write_text("name,lon,lat\nDepot,8.60,50.10\n", encoding="utf-8")


def simulate(folder: Path, more: str) -> tuple[Path, str]:
    (folder / "plan.toml").write_text(PLAN + more, encoding="utf-8")
    out = folder / "out"
    done = CliRunner().invoke(main, ["buses", "simulate", str(folder / "plan.toml"), "--out", str(out), "--overwrite"])
    return out, done.output


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("soc")
    trips_table(folder)
    out, told = simulate(folder, 'depots = "depots.csv"\n[buses.battery]\nkwh = { standard = 300.0 }\n')
    assert (out / "feasibility.csv").is_file(), told
    return out


@pytest.mark.parametrize(
    ("file", "table"),
    [
        ("feasibility.csv", "bus_feasibility"),
        ("remedies.csv", "bus_remedies"),
        ("sites.csv", "bus_sites"),
        ("battery_sizes.csv", "bus_battery_sizes"),
        ("sessions.csv", "bus_charging_sessions"),
        ("block_needs.csv", "bus_block_needs"),
        ("soc.parquet", "bus_soc"),
    ],
)
def test_tables_are_as_the_dictionary_says(run: Path, file: str, table: str) -> None:
    found = pl.read_parquet(run / file) if file.endswith("parquet") else pl.read_csv(run / file)
    assert found.columns == [c.column for c in columns(table)]
    assert found.height > 0
    for spec in columns(table):
        if spec.required:
            assert found[spec.column].null_count() == 0, spec.column


def test_deficits_are_the_energy_that_lacks(run: Path) -> None:
    blocks = pl.read_csv(run / "feasibility.csv")
    assert set(blocks["case"]) == {"mean", "coldest", "hottest"}
    lacks = ((0.2 - blocks["min_soc"]) * blocks["usable_kwh"]).clip(lower_bound=0.0)
    assert (blocks["deficit_kwh"] - lacks).abs().max() < 1e-5  # type: ignore[operator]
    assert (blocks["feasible"] == (blocks["deficit_kwh"] == 0.0)).all()
    # end of life takes a fifth; the cold takes more
    assert blocks.filter(case="hottest")["usable_kwh"].max() <= 240.0 + 1e-9  # type: ignore[operator]
    cold = blocks.filter(case="coldest").sort("block_id")
    mild = blocks.filter(case="mean").sort("block_id")
    assert (cold["min_soc"] < mild["min_soc"]).all()
    # without chargers on the way the day ends where the drawn energy says
    assert ((1.0 - blocks["end_soc"]) * blocks["usable_kwh"] - blocks["drawn_kwh"]).abs().max() < 1e-6  # type: ignore[operator]


def test_remedies_make_every_block_feasible(run: Path) -> None:
    remedies = pl.read_csv(run / "remedies.csv")
    assert (remedies["deficit_kwh"] > 0.0).any()
    assert (remedies["made_deficit_kwh"] == 0.0).all()
    assert set(remedies["way"]) <= {"as_it_is", "battery", "station", "split"}
    needing = remedies.filter(pl.col("way") != "as_it_is")
    assert needing.select(pl.col("possible").str.contains("battery|station|split")).to_series().all()
    assert remedies["failing_days_per_year"].max() <= 366.0  # type: ignore[operator]


def test_needs_of_blocks_agree_with_what_holds(run: Path) -> None:
    needs, remedies = pl.read_csv(run / "block_needs.csv"), pl.read_csv(run / "remedies.csv")
    assert needs["block_id"].to_list() == remedies["block_id"].to_list()
    holds = needs["need_kwh"] <= needs["usable_kwh"] + 1e-6
    assert (holds == (remedies["deficit_kwh"] == 0.0)).all()
    lacks = (needs["need_kwh"] - needs["usable_kwh"]).clip(lower_bound=0.0)
    assert (lacks - remedies["deficit_kwh"]).abs().max() < 1e-5  # type: ignore[operator]


def test_grid_energy_is_gain_and_losses_named_apart(run: Path) -> None:
    sites = pl.read_csv(run / "sites.csv")
    assert (sites["plug_kwh"] + sites["charger_loss_kwh"] - sites["grid_kwh"]).abs().max() < 1e-6  # type: ignore[operator]
    depot = sites.filter(site_kind="depot")
    # at the depot nothing is on but the charger: what is taken is stored or lost, 5 % of it
    assert (depot["battery_gain_kwh"] + depot["battery_loss_kwh"] - depot["plug_kwh"]).abs().max() < 1e-6  # type: ignore[operator]
    assert (depot["battery_loss_kwh"] - 0.05 * depot["plug_kwh"]).abs().max() < 1e-6  # type: ignore[operator]
    assert (sites["battery_loss_kwh"] > -1e-9).all()


def test_sessions_can_be_scheduled(run: Path, tmp_path: Path) -> None:
    sessions = pl.read_csv(run / "sessions.csv")
    assert (sessions["leave_s"] > sessions["arrive_s"]).all()
    hours = (sessions["leave_s"] - sessions["arrive_s"]) / 3600.0
    assert (sessions["need_battery_kwh"] <= sessions["max_battery_kw"] * hours + 1e-6).all()
    table = run / "sessions.csv"
    text = PLAN.replace("[buses]", f"[buses]\ncharging = {{ sessions = {json.dumps(str(table))} }}")
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["buses", "schedule", str(tmp_path / "plan.toml"), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    # without a table the schedule drives the timetable itself, and comes to the same load
    trips_table(tmp_path)
    text = PLAN + 'depots = "depots.csv"\n[buses.battery]\nkwh = { standard = 300.0 }\n'
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["buses", "schedule", str(tmp_path / "plan.toml"), "--out", str(tmp_path / "own")])
    assert done.exit_code == 0, done.output
    given, own = (pl.read_csv(tmp_path / name / "load_profile.csv") for name in ("out", "own"))
    assert own["site_id"].to_list() == given["site_id"].to_list()
    numbers = [c for c, kind in own.schema.items() if kind == pl.Float64]
    apart = (own.select(numbers) - given.select(numbers)).select(pl.all().abs().max())
    assert max(apart.row(0)) < 1e-3


def test_the_page_tells_it_in_both_languages(run: Path) -> None:
    english, chinese = ((run / name).read_text(encoding="utf-8") for name in ("buses.html", "buses.zh.html"))
    for page in (english, chinese):
        assert 'id="feasibility"' in page
        section = page[page.index('id="feasibility"') :]
        section = section[: section.index("</section>")]
        assert section.count("<svg") >= 3
        assert 'id="ebus-ways"' in section
    cells = [re.findall(r"<td[^>]*>([^<]*)</td>", p[p.index('id="ebus-worst"') :][:6000]) for p in (english, chinese)]
    numbers = [[c for c in row if re.fullmatch(r"[\d,.−–-]+ ?%?", c)] for row in cells]
    assert numbers[0] == numbers[1]
    assert "电池电量" in chinese


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ('[[buses.station]]\nplace = "C"\n', ("no trip begins or ends at this station", "buses.station.place")),
        ('[[buses.station]]\nplace = "A"\ngrid_kw = 100.0\n', ("feeds no charger", "grid_kw")),
        ("[buses.battery]\ndepot_chargers = { Elsewhere = 3 }\n", ("no such depot", "depot_chargers")),
        (
            "[buses.battery]\ncharge_curve = [[0.0, 1.0], [0.9, 0.5]]\n",
            ("charge_curve", "rise from state 0 to state 1"),
        ),
    ],
)
def test_wrong_plans_are_named(tmp_path: Path, more: str, parts: tuple[str, ...]) -> None:
    trips_table(tmp_path, blocks=1)
    out, told = simulate(tmp_path, f'depots = "depots.csv"\n{more}')
    assert not out.exists()
    for part in parts:
        assert part in told


def test_the_map_colours_routes_by_feasibility(run: Path) -> None:
    with closing(sqlite3.connect(run / "buses.gpkg")) as database:
        names = dict(database.execute("SELECT styleName, useAsDefault FROM layer_styles WHERE f_table_name = 'routes'"))
        routes = database.execute("SELECT route, feasible_share, made_feasible_share FROM routes").fetchall()
        stations = database.execute("SELECT chargers, charger_added FROM bus_stations WHERE chargers > 0").fetchall()
    assert any(name.startswith("Feasible") for name in names)
    assert sum(names.values()) == 1
    remedies = pl.read_csv(run / "remedies.csv")
    holds = dict(remedies.select("block_id", pl.col("deficit_kwh") == 0.0).iter_rows())
    # route r0 is that of block b0
    assert {r: (a, b) for r, a, b in routes} == {f"r{n}": (float(holds[f"b{n}"]), 1.0) for n in range(4)}
    added = pl.read_csv(run / "sites.csv").filter(pl.col("added"))["site_id"].n_unique()
    assert sum(flag for _, flag in stations) == added
