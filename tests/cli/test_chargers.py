"""`fleet-planner chargers site` from end to end on the embedded city."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import pyogrio
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.network import load_network
from fleet_planner.plan.models import NetworkSection
from fleet_planner.tables import columns
from fleet_planner.tables.read import read_table
from tests.cli.altered import not_found

PLAN = """
[city]
name = "La Serena–Coquimbo"
country = "CL"
year = 2024
[network]
builtin = "coquimbo"
[fleet]
registry = "registry.csv"
[chargers]
demand = "demand.csv"
candidates = "sites.csv"
cut_off_km = 3.0
sites = 6
years = [2025, 2030]
seconds = 1.0
curve_points = 2
diagnostics = ["maximal_covering", "set_covering", "p_median", "p_centre", "capacitated_covering", "capacitated_median"]
flows = "flows.csv"
range_km = 25.0
detour_km = 1.0
"""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan with thirty candidates and a hundred places that ask for energy, on streets of the embedded city."""
    folder = tmp_path_factory.mktemp("chargers")
    network = load_network(NetworkSection(builtin="coquimbo"), Path(), "CL")
    rng = np.random.default_rng(3)
    ends = network.coordinates[network.offsets[:-1]][network.links["in_main"].to_numpy()]
    site, place = (ends[rng.choice(len(ends), n, replace=False)] for n in (30, 100))
    pl.DataFrame(
        {"site_id": [f"s{k}" for k in range(30)], "lon": site[:, 0], "lat": site[:, 1], "kind": "parking"}
    ).write_csv(folder / "sites.csv")
    pl.DataFrame(
        {
            "demand_id": [f"d{k}" for k in range(100)],
            "lon": place[:, 0],
            "lat": place[:, 1],
            "kwh_per_day": rng.integers(50, 500, 100),
            "stream": rng.choice(["rigid_truck", "light_commercial"], 100),
            "connector": "ccs",
        }
    ).write_csv(folder / "demand.csv")
    ways = network.coordinates[network.offsets[:-1]][network.links["in_main"].to_numpy()]
    first, last = ways[rng.choice(len(ways), 12)], ways[rng.choice(len(ways), 12)]
    pl.DataFrame(
        {
            "flow_id": [f"f{k}" for k in range(12)],
            "from_lon": first[:, 0],
            "from_lat": first[:, 1],
            "to_lon": last[:, 0],
            "to_lat": last[:, 1],
            "vehicles_per_day": rng.integers(1, 100, 12),
        }
    ).write_csv(folder / "flows.csv")
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    return folder


def sited(city: Path, out: Path, plan: str = "plan.toml") -> Result:
    return CliRunner().invoke(main, ["chargers", "site", str(city / plan), "--out", str(out)])


@pytest.fixture(scope="module")
def run(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder whose ``out`` is the plan's siting."""
    folder = tmp_path_factory.mktemp("sited")
    done = sited(city, folder / "out")
    assert done.exit_code == 0, done.output
    return folder


def test_models_are_solved_checked_and_written(run: Path) -> None:
    tmp_path = run
    models = pl.read_csv(tmp_path / "out" / "siting_models.csv")
    assert models.columns == [c.column for c in columns("siting_models")]
    beside = ["maximal_covering", "set_covering", "p_median", "p_centre", "capacitated_covering", "capacitated_median"]
    assert models["model"].to_list() == ["build_out", *beside, "flow_refuelling"]
    told = models.filter(pl.col("objective").is_not_null())
    assert np.allclose(told["objective"], told["checked"])
    assert set(models["status"].to_list()[1:]) <= {"optimal", "too few sites"}
    caught = pl.read_csv(tmp_path / "out" / "catchments.csv")
    assert caught.columns == [c.column for c in columns("catchments")]
    assert float(caught["km"].max() or 0.0) <= 3.0  # type: ignore[arg-type]
    covering = caught.filter(model="maximal_covering")
    assert covering["kwh_per_day"].sum() == pytest.approx(models["objective"][1])
    assert covering["site_id"].n_unique() <= 6
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["limits_broken"] == []
    told_of = {s["table"]: s for s in manifest["sources"]}
    assert told_of["charger_types.csv"]["rows"] == 7
    assert told_of["charger_types.csv"]["checked"] == 6
    assert manifest["cost_usd"] == pytest.approx(manifest["cost_computed_anew_usd"], rel=1e-6)
    assert manifest["bound_usd"] <= manifest["cost_usd"]
    assert {f["code"] for f in manifest["findings"]} >= {"chargers.hours_packaged", "chargers.session_default"}


def test_tables_of_the_plan_agree_with_each_other(city: Path, run: Path) -> None:
    tmp_path = run
    names = (
        *("chargers", "charger_sites", "charger_grid", "charger_costs", "charger_unserved", "charger_zones"),
        *("charger_regret", "charger_curve", "charger_flows"),
    )
    read = {name: pl.read_csv(tmp_path / "out" / f"{name}.csv") for name in names}
    for name, table in read.items():
        assert table.columns == [c.column for c in columns(name)], name
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert read["charger_costs"]["discounted_usd"].sum() == pytest.approx(manifest["cost_usd"], rel=1e-6)
    sites = read["charger_sites"]
    assert (sites["headroom_left_kw"] >= -1e-6).all()
    assert (sites["new_kw"] <= sites["headroom_kw"] + 1e-6).all()
    last = read["chargers"].filter(year=2030)
    assert last["chargers"].sum() == sites["chargers"].sum()
    assert (read["chargers"]["wait_min"].drop_nulls() <= 10.0 + 1e-3).all()
    # every kWh of the demand is in a catchment or unserved
    asked = pl.read_csv(city / "demand.csv")["kwh_per_day"].sum()
    caught = pl.read_csv(tmp_path / "out" / "catchments.csv").filter(model="build_out", year=2030)
    missed = read["charger_unserved"].filter(year=2030)
    assert caught["kwh_per_day"].sum() + missed["kwh_per_day"].sum() == pytest.approx(asked, rel=1e-5)
    grid = read["charger_grid"].filter(year=2030)
    assert grid["kw"].sum() == pytest.approx(caught["kwh_per_day"].sum(), rel=1e-5)
    assert (read["charger_regret"]["regret_usd"] >= 0.0).all()
    assert set(missed["reason"].to_list()) <= {"too_far", "limits_or_cost"}
    flows = read["charger_flows"]
    models = pl.read_csv(tmp_path / "out" / "siting_models.csv").filter(model="flow_refuelling")
    driven = flows.filter(served="yes")["vehicles_per_day"].sum()
    assert driven == pytest.approx(models["objective"][0])
    # nobody needs a charger whose round trip is within the range; who does not fit has too few sites on the way
    assert set(flows.filter(pl.col("km") * 2.0 <= 25.0)["served"]) == {"yes"}
    assert flows.filter((pl.col("served") == "yes") & (pl.col("km") * 2.0 > 25.0))["stops"].null_count() == 0
    spent = read["charger_costs"].filter(line="sites")["spent_usd"].sum()
    assert spent == pytest.approx(sites["cost_usd"].sum(), rel=1e-6)


def test_the_map_opens_drawn_and_the_page_speaks_two_languages(run: Path) -> None:
    path = run / "out" / "chargers.gpkg"
    layers = {str(name): str(kind) for name, kind in pyogrio.list_layers(path)}
    assert layers.keys() >= {"charger_sites", "charger_demand", "catchments", "chargers", "charger_grid"}
    assert (layers["charger_sites"], layers["catchments"]) == ("Point", "LineString")
    demand = pyogrio.read_dataframe(path, layer="charger_demand")
    assert len(demand) == 100
    assert demand.loc[demand["reason"].isna(), "served_pct"].min() == 100.0
    sites = pyogrio.read_dataframe(path, layer="charger_sites")
    assert sites["new_kw"].sum() == pl.read_csv(run / "out" / "charger_sites.csv")["new_kw"].sum()
    with closing(sqlite3.connect(path)) as database:
        styled = {row[0] for row in database.execute("SELECT f_table_name FROM layer_styles WHERE styleSLD != ''")}
        names = dict(database.execute("SELECT column_name, name FROM gpkg_data_columns WHERE table_name = 'chargers'"))
    assert styled == {"charger_sites", "charger_demand", "catchments"}
    assert names["kw"] == "Power (kW)"
    english = (run / "out" / "chargers.html").read_text(encoding="utf-8")
    chinese = (run / "out" / "chargers.zh.html").read_text(encoding="utf-8")
    figures = [re.findall(r'<td class="n">([^<]*)</td>', page) for page in (english, chinese)]
    numbers = [[f for f in own if re.fullmatch(r"[−\d.,% ]+", f)] for own in figures]
    assert numbers[0] == numbers[1]
    assert len(numbers[0]) > 100
    assert "no limit broken" in english
    assert "未违反任何约束" in chinese
    assert english.count("<circle") >= 100


def test_a_service_out_of_reach_says_which_demand_and_why(city: Path, tmp_path: Path) -> None:
    for name in ("demand.csv", "sites.csv", "flows.csv"):
        (tmp_path / name).write_text((city / name).read_text(encoding="utf-8"), encoding="utf-8")
    text = PLAN.replace("cut_off_km = 3.0", "cut_off_km = 1.0\nleast_served = 1.0")
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    done = sited(tmp_path, tmp_path / "out")
    assert done.exit_code == 1
    assert "too_far" in done.output
    assert "% of the energy can be served" in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("table", "old", "new", "told"),
    [
        ("demand.csv", "rigid_truck", "rigid_trck", "stream"),
        ("demand.csv", "ccs", "css", "connector"),
        ("sites.csv", "s1,", "s0,", "two sites have the same name"),
        ("sites.csv", "parking", "parkng", "kind"),
    ],
)
def test_wrong_tables_are_told_by_row_and_column(
    city: Path, tmp_path: Path, table: str, old: str, new: str, told: str
) -> None:
    for name in ("demand.csv", "sites.csv", "plan.toml"):
        text = (city / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(old, new, 1) if name == table else text, encoding="utf-8")
    done = sited(tmp_path, tmp_path / "out")
    assert done.exit_code == 1
    assert told in done.output
    assert "row " in done.output
    assert not (tmp_path / "out").exists()


def test_a_plan_without_chargers_says_what_to_set(tmp_path: Path) -> None:
    text = PLAN.replace('demand = "demand.csv"\n', "")
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    done = sited(tmp_path, tmp_path / "out")
    assert done.exit_code == 1
    assert "Set chargers.demand" in done.output


FLEET_PLAN = """
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
[turnover]
to_year = 2032
[[scenario]]
name = "electric"
title = "Electric buses"
title_zh = "电动公交"
[[scenario.measure]]
measure = "bev_bus"
streams = ["urban_bus"]
uptake_by_year = { 2026 = 0.5, 2030 = 1.0 }
[chargers]
scenario = "electric"
candidates = "sites.csv"
years = [2026, 2030]
cut_off_km = 2.0
seconds = 2.0
regret = false
curve_points = 0
diagnostics = []
"""
REGISTRY = (
    "vehicle_id,category,fuel,segment,model_year,stream,km_per_year,count,depot\n"
    "a,bus,diesel,Urban Buses Standard 15 - 18 t,2015,urban_bus,36525,10,yard\n"
    "b,bus,diesel,Urban Buses Standard 15 - 18 t,2015,urban_bus,36525,5,\n"
)
"""A hundred km a day each."""


def test_demand_comes_from_the_electric_vehicles_of_a_scenario(city: Path, tmp_path: Path) -> None:
    place = pl.read_csv(city / "sites.csv").row(0, named=True)
    (tmp_path / "plan.toml").write_text(FLEET_PLAN, encoding="utf-8")
    (tmp_path / "registry.csv").write_text(REGISTRY, encoding="utf-8")
    (tmp_path / "depots.csv").write_text(f"name,lon,lat\nyard,{place['lon']},{place['lat']}\n", encoding="utf-8")
    (tmp_path / "sites.csv").write_text(
        f"site_id,lon,lat,kind,headroom_central_kw\nat the yard,{place['lon']},{place['lat']},depot,900\n",
        encoding="utf-8",
    )
    done = sited(tmp_path, tmp_path / "out")
    assert done.exit_code == 0, done.output
    caught = pl.read_csv(tmp_path / "out" / "catchments.csv").filter(model="build_out").sort("year")
    # 1.565 kWh/km of a standard bus at the plug, 100 km a day; half of the 15 buses, then all; two thirds at the yard
    assert caught["kwh_per_day"].to_list() == pytest.approx([5.0 * 156.5, 10.0 * 156.5], rel=1e-6)
    assert caught["demand_id"].unique().to_list() == ["yard urban_bus"]
    chargers = pl.read_csv(tmp_path / "out" / "chargers.csv")
    assert set(chargers["type"]) <= {"depot_100", "depot_150"}
    assert (chargers["busiest_pct"] <= 90.0 + 1e-6).all()
    # the sites as the least-cost mix reads them: all that the yard has is the depot's
    capacity = pl.read_csv(tmp_path / "out" / "site_capacity.csv")
    assert capacity.columns == [c.column for c in columns("site_capacity")]
    assert read_table(tmp_path / "out" / "site_capacity.csv", "site_capacity").height == 1
    row = capacity.row(0, named=True)
    assert (row["kind"], row["place"], row["headroom_central_kw"]) == ("depot", "yard", 900.0)
    built = chargers.filter(year=2030)["chargers"].sum()
    assert row["chargers_per_year"] == -(-built // 14)  # 2026 to 2030, and ten years more
    assert row["charger_kw"] == pytest.approx(chargers.filter(year=2030)["kw"].sum() / built)
    assert "33.33 % of the energy of electric vehicles in 2030 has no place" in done.output


def test_the_example_of_the_embedded_city_runs(repository: Path, tmp_path: Path) -> None:
    example = repository / "inputs" / "coquimbo"
    for name in ("charging_demand.csv", "charging_sites.csv", "grid_nodes.csv"):
        shutil.copy(example / name, tmp_path / name)
    text = (example / "chargers.toml").read_text(encoding="utf-8")
    quick = text.replace("seconds = 20.0", "seconds = 0.0\nregret = false\ncurve_points = 0")
    assert quick != text
    (tmp_path / "plan.toml").write_text(quick, encoding="utf-8")
    done = sited(tmp_path, tmp_path / "out")
    assert done.exit_code == 0, done.output
    own = pl.read_csv(tmp_path / "out" / "siting_models.csv").row(0, named=True)
    assert own["covered_pct"] >= 90.0
    assert own["bound"] <= own["objective"] <= 1.25 * own["bound"]
    sites = pl.read_csv(tmp_path / "out" / "charger_grid.csv").filter(year=2034)
    # sites on one node share its 2,000 kW
    power = sites.unique(["site_id"]).group_by("feeder").agg(pl.col("installed_kw").sum())
    assert (power["installed_kw"] <= 2000.0).all()
    # connections that are asked for in 2026 serve in 2028
    assert set(pl.read_csv(tmp_path / "out" / "charger_sites.csv")["opens"]) <= {2028, 2034}


def test_the_tables_of_the_example_are_what_their_script_gives(repository: Path) -> None:
    script = repository / "scripts" / "generate_coquimbo_charging.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_verify_finds_an_altered_figure(run: Path, tmp_path: Path) -> None:
    places: dict[str, tuple[str, ...]] = {
        "chargers.csv": ("added",),
        "charger_sites.csv": ("kwh_per_day",),
        "charger_grid.csv": ("kw",),
        "charger_costs.csv": ("discounted_usd", "usd_per_year"),
        "catchments.csv": ("kwh_per_day",),
        "charger_regret.csv": ("cost_usd",),
    }
    assert not_found(run / "out", tmp_path, places) == []
