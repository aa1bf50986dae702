"""`fleet-planner buses replace` from end to end on a small town."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pyogrio
import pytest
from click.testing import CliRunner, Result

from fleet_planner.buses.transition.forms import BLANK
from fleet_planner.cli.main import main
from fleet_planner.outputs.buses.bus_replacement import dictionary
from fleet_planner.tables import columns
from tests.cli.altered import not_found
from tests.cli.test_traffic import OSM, PLAN

REGISTRY = (
    "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,odometer_km,depot,count\n"
    + "".join(f"n{y},bus,diesel,17000,{y},urban_bus,60000,{60000 * (2024 - y)},north,2\n" for y in range(2006, 2024, 3))
    + "".join(f"s{y},bus,diesel,17000,{y},urban_bus,60000,{60000 * (2024 - y)},south,1\n" for y in range(2008, 2024, 2))
    + "c1,passenger_car,petrol,,2015,car,12000,,,2000\nt1,heavy_truck,diesel,12000,2015,rigid_truck,30000,,,40\n"
    + "t2,heavy_truck,diesel,40000,2018,articulated_truck,110000,,,20\nv1,light_commercial,diesel,,2019,light_commercial,"
    + "18000,,,300\n"
)
BLOCKS = "block_id,depot_id,route,km,ways,stations\n" + "".join(
    [
        *(f"n{k},north,1,{140 + 5 * k},,\n" for k in range(8)),
        "n8,north,2,420,,\nn9,north,2,300,station,x|y\n",
        *(f"s{k},south,3,{120 + 10 * k},,\n" for k in range(7)),
    ]
)
SECTION = """
[buses.transition]
blocks = "blocks.csv"
to_year = 2036
target_share = 1.0
purchase_share = { 2026 = 0.25, 2029 = 1.0 }
route_weight = { 3 = 2.0 }
[[buses.transition.depot]]
depot_id = "north"
ready_year = 2028
utility = "City Power"
"""
TABLES = (
    *("replacement", "new_buses", "block_transition", "purchases", "fleet_by_year", "compliance", "rules_checked"),
    *("transition_costs", "facilities", "transition_emissions", "workforce"),
)


def call(folder: Path, section: str) -> Result:
    (folder / "plan.toml").write_text(PLAN + section, encoding="utf-8")
    (folder / "r.csv").write_text(REGISTRY, encoding="utf-8")
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    (folder / "blocks.csv").write_text(BLOCKS, encoding="utf-8")
    return CliRunner().invoke(main, ["buses", "replace", str(folder / "plan.toml"), "--out", str(folder / "out")])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replacement")
    done = call(folder, SECTION)
    assert done.exit_code == 0, done.output
    assert "Status: met" in done.output
    return folder / "out"


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_as_the_dictionary_says(out: Path, name: str) -> None:
    table = pl.read_csv(out / f"{name}.csv")
    assert table.height > 0
    assert table.columns == [c.column for c in columns(dictionary(name))]


def test_every_bus_of_today_has_its_year_and_none_goes_before_its_life(out: Path) -> None:
    table = pl.read_csv(out / "replacement.csv")
    assert table.height == 20
    gone = table.filter(pl.col("retired_year").is_not_null())
    assert (gone["retired_year"] >= gone["life_year"]).all()
    for (depot,), own in gone.group_by("depot_id"):
        by_age = own.sort("model_year")["retired_year"].to_list()
        assert by_age == sorted(by_age), depot
    assert gone["new_vehicle_id"].drop_nulls().is_in(pl.read_csv(out / "new_buses.csv")["vehicle_id"]).all()


def test_costs_add_up_to_the_manifest_line_by_line(out: Path) -> None:
    table = pl.read_csv(out / "transition_costs.csv")
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert told["status"] == "met"
    assert 0.0 <= told["gap"] < 0.02
    assert table["present_usd2024"].sum() == pytest.approx(told["present_value_usd2024"], rel=1e-9)
    new = pl.read_csv(out / "new_buses.csv")
    assert table.filter(pl.col("line") == "vehicles")["usd2024"].sum() == pytest.approx(new["price_usd2024"].sum())


def test_no_battery_bus_comes_before_its_depot_has_power(out: Path) -> None:
    bought = pl.read_csv(out / "purchases.csv").filter(pl.col("powertrain").str.starts_with("battery"))
    assert bought.filter(pl.col("depot_id") == "north")["year"].min() >= 2028  # type: ignore[operator]  # years
    assert bought.filter(pl.col("depot_id") == "south")["year"].min() >= 2027  # type: ignore[operator]  # two years' lead


def test_no_block_asks_more_than_its_battery_without_opportunity_charging(out: Path) -> None:
    blocks = pl.read_csv(out / "block_transition.csv")
    alone = blocks.filter(pl.col("powertrain").is_in(["battery", "battery_large"]))
    assert alone.height > 0
    assert (alone["need_kwh"] / alone["buses"] <= alone["usable_kwh"] * (1 + 1e-9)).all()
    longest = blocks.filter(pl.col("block_id") == "n8").row(0, named=True)
    assert longest["buses"] > 1 or longest["powertrain"] == "hydrogen"


def test_forms_are_filled_and_what_a_run_cannot_know_is_marked_and_counted(out: Path) -> None:
    cross = pl.read_csv(out / "forms" / "crosswalk.csv")
    assert {s[0] for s in cross["ict_section"].drop_nulls() if s} == set("ABCDEFGHI")
    assert {s[0] for s in cross["fta_element"].drop_nulls() if s} == set("123456")
    marked = 0
    for name, rows in cross.select("table", "rows").iter_rows():
        table = pl.read_csv(out / "forms" / name, infer_schema=False)
        assert table.height == rows > 0
        marked += sum((table[c] == BLANK).sum() for c in table.columns)
    assert marked == cross["cells_to_be_filled"].sum()
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["cells_to_be_filled"] == marked
    now = pl.read_csv(out / "forms" / "ict_D1_current_fleet.csv")
    assert now["buses"].sum() == 20
    utility = pl.read_csv(out / "forms" / "fta_5_utility.csv")
    assert dict(utility.select("depot_id", "utility").iter_rows()) == {"north": "City Power", "south": BLANK}


def test_people_are_trained_for_the_buses_that_are_bought(out: Path) -> None:
    people = pl.read_csv(out / "workforce.csv")
    fleet = pl.read_csv(out / "fleet_by_year.csv")
    clean = fleet.filter(~pl.col("powertrain").is_in(["existing", "conventional", "diesel_hybrid"]))
    last = clean.filter(pl.col("year") == 2036)["buses"].sum()
    assert people.filter(pl.col("staff") == "operators")["to_retrain"].sum() == pytest.approx(2.0 * last)


def test_pages_in_two_languages_show_the_same_figures(out: Path) -> None:
    english = (out / "replacement.html").read_text(encoding="utf-8")
    chinese = (out / "replacement.zh.html").read_text(encoding="utf-8")
    assert "Rules on purchases" in english
    assert "采购比例规定" in chinese
    for text in (english, chinese):
        assert text.count("<svg") == 4
        assert "City Power" not in text


def test_trucks_and_vans_have_their_year(out: Path) -> None:
    table = pl.read_csv(out / "duty_feasibility.csv")
    assert table.columns == [c.column for c in columns("duty_feasibility")]
    assert set(table["stream"]) == {"rigid_truck", "articulated_truck", "light_commercial"}
    by_class = dict(table.filter(pl.col("year") == 2040).select("duty_class", "electric_vehicles_pct").iter_rows())
    assert by_class["van"] > by_class["long_haul_heavy"]
    each = pl.read_parquet(out / "duty_vehicles.parquet")
    assert each.columns == [c.column for c in columns("duty_vehicles")]
    assert each["count"].sum() == 360
    assert "Trucks and vans" in (out / "replacement.html").read_text(encoding="utf-8")


def test_a_share_that_cannot_be_met_is_flagged_with_year_and_gap(tmp_path: Path) -> None:
    more = (
        'blocks = "blocks.csv"\nto_year = 2030\ntarget_share = 0.0\npurchase_share = { 2025 = 1.0 }\n'
        'powertrains = ["battery", "battery_large", "battery_station", "conventional"]\noverdue_years = 1\n'
    )
    done = call(tmp_path, f"[buses.transition]\n{more}")
    assert done.exit_code == 0, done.output
    kept = pl.read_csv(tmp_path / "out" / "compliance.csv")
    missed = kept.filter(pl.col("verdict") == "missed")
    rules = pl.read_csv(tmp_path / "out" / "rules_checked.csv")
    flagged = rules.filter((pl.col("verdict") == "missed") & (pl.col("rule") == "purchase_share"))
    overdue = rules.filter((pl.col("verdict") == "missed") & (pl.col("rule") == "overdue"))
    assert missed.height + overdue.height > 0
    assert dict(flagged.select("year", "gap").iter_rows()) == dict(missed.select("year", "gap").iter_rows())
    told = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert told["status"] == "conflict"
    assert {"purchase_share", "overdue"} <= set(told["conflicts"]) <= {"purchase_share", "overdue", "power"}


def test_emissions_first_clears_the_route_of_most_weight_first(tmp_path: Path) -> None:
    more = (
        'blocks = "blocks.csv"\nto_year = 2032\ntarget_share = 0.0\nobjective = "emissions"\npollutant = "NOx"\n'
        "route_weight = { 1 = 10.0, 2 = 0.1, 3 = 0.1 }\ncapital_budget_usd_per_year = 1500000.0\n"
        'early_retirement = "allowed"\n'
    )
    done = call(tmp_path, f"[buses.duty]\nenabled = false\n[buses.transition]\n{more}")
    assert done.exit_code == 0, done.output
    costs = pl.read_csv(tmp_path / "out" / "transition_costs.csv")
    assert costs.filter(pl.col("capital")).group_by("year").agg(pl.col("usd2024").sum())["usd2024"].max() <= 1.5e6 * (
        1 + 1e-6
    )  # type: ignore[operator]  # a column of numbers
    assert costs.filter(pl.col("line") == "early_retirement")["usd2024"].sum() >= 0.0
    blocks = pl.read_csv(tmp_path / "out" / "block_transition.csv").with_columns(
        pl.col("zero_emission_from").fill_null(9999)
    )
    mean = dict(blocks.group_by("route").agg(pl.col("zero_emission_from").mean()).iter_rows())
    assert mean[1] < mean[3]
    air = (
        pl.read_csv(tmp_path / "out" / "transition_emissions.csv")
        .group_by("year")
        .agg(pl.col("nox_t").sum())
        .sort("year")
    )
    assert air["nox_t"][-1] < air["nox_t"][0]


def test_california_asks_a_large_agency_for_half_then_all_and_limits_spare_buses(tmp_path: Path) -> None:
    rows = "".join(
        f"{d}{y},bus,diesel,17000,{y},urban_bus,60000,{60000 * (2025 - y)},{d},6\n"
        for d in ("north", "south")
        for y in range(2010, 2025, 1)
    )
    (tmp_path / "r.csv").write_text(REGISTRY.splitlines()[0] + "\n" + rows, encoding="utf-8")
    (tmp_path / "n.osm").write_text(OSM, encoding="utf-8")
    blocks = "".join(f"{d}{k},{d},1,{120 + k % 60}\n" for d in ("north", "south") for k in range(75))
    (tmp_path / "blocks.csv").write_text(f"block_id,depot_id,route,km\n{blocks}", encoding="utf-8")
    plan = PLAN.replace('"CL"', '"US-CA"').replace("2024", "2025")
    section = '[buses.duty]\nenabled = false\n[buses.transition]\nblocks = "blocks.csv"\nto_year = 2036\ngap = 0.01\n'
    (tmp_path / "plan.toml").write_text(plan + section, encoding="utf-8")
    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["buses", "replace", str(tmp_path / "plan.toml"), "--out", str(out)])
    assert done.exit_code == 0, done.output
    kept = pl.read_csv(out / "compliance.csv")
    assert set(kept["rules"]) == {"ict_large"}
    assert dict(kept.select("year", "required_share").iter_rows()) == {
        y: 0.5 if y < 2029 else 1.0 for y in range(2026, 2037)
    }
    assert (kept["verdict"] == "kept").all()
    # the number asked for is reckoned here again, from the buses bought
    bought = (
        pl.read_csv(out / "new_buses.csv")
        .group_by("year")
        .agg(pl.len().alias("all"), pl.col("powertrain").str.contains("battery|hydrogen").sum().alias("clean"))
    )
    for year, number, clean in bought.iter_rows():
        assert clean >= int(number * (0.5 if year < 2029 else 1.0) + 0.5)
    fleet = pl.read_csv(out / "fleet_by_year.csv").group_by("year").agg(pl.col("buses", "in_service").sum())
    assert (fleet["buses"] <= 1.2 * fleet["in_service"] + 1e-9).all()
    assert not (out / "duty_feasibility.csv").exists()
    policy = pl.read_csv(out / "forms" / "fta_3_policy.csv")
    assert policy["rule"][0] == "ict_large"


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("", "the plan has no blocks to be run"),
        ('blocks = "blocks.csv"\nstreams = ["tram"]\n', "no vehicle of the registry drives the blocks"),
        ('blocks = "blocks.csv"\nto_year = 2020\n', "do not follow the base year"),
        ('blocks = "blocks.csv"\npurchase_rules = ["ict_huge"]\n', "no such rule on purchases of buses"),
    ],
)
def test_a_wrong_plan_is_told_in_one_message(tmp_path: Path, section: str, message: str) -> None:
    done = call(tmp_path, f"[buses.transition]\n{section}")
    assert done.exit_code == 1
    assert message in done.output
    assert not (tmp_path / "out").exists()


def call_with_timetable(folder: Path) -> Result:
    at = {"A": "-71.25,-29.90", "B": "-71.30,-29.95"}
    rows = ["block_id,route,start,end,from_place,to_place,distance,stops,from_lon,from_lat,to_lon,to_lat"]
    for k in range(6):
        for trip in range(3 + 5 * (k % 3)):
            ends = ("A", "B") if trip % 2 == 0 else ("B", "A")
            start = 330 + 60 * trip + k
            times = [f"{m // 60:02d}:{m % 60:02d}" for m in (start, start + 50)]
            rows.append(f"b{k},{k % 2},{times[0]},{times[1]},{ends[0]},{ends[1]},16,20,{at[ends[0]]},{at[ends[1]]}")
    (folder / "trips.csv").write_text("\n".join(rows), encoding="utf-8")
    section = (
        '[buses]\ntrips = "trips.csv"\non_roads = false\ndays = ["weekday"]\n[buses.battery]\nkwh = { standard = 150.0 }\n'
        "larger_kwh = { standard = [260.0] }\nways = ['battery']\n[buses.duty]\nenabled = false\n[buses.transition]\n"
        "to_year = 2040\ntarget_share = 1.0\npowertrains = ['battery', 'battery_large', 'hydrogen', 'conventional']\n"
    )
    return call(folder, section)


def test_blocks_of_a_timetable_are_run_as_their_simulation_allows(tmp_path: Path) -> None:
    done = call_with_timetable(tmp_path)
    assert done.exit_code == 0, done.output
    blocks = pl.read_csv(tmp_path / "out" / "block_transition.csv")
    assert blocks.height == 6
    ways = {b: set((w or "").split("|")) for b, w in blocks.select("block_id", "ways").iter_rows()}
    assert "depot" in ways["b0"]
    assert "depot" not in ways["b5"]
    for row in blocks.iter_rows(named=True):
        if row["powertrain"] in {"battery", "battery_large"}:
            assert row["need_kwh"] <= row["usable_kwh"] * (1.0 + 1e-9)
        if row["powertrain"] == "battery":
            assert "depot" in ways[row["block_id"]]
    assert (
        dict(blocks.select("block_id", "km").iter_rows())["b5"]
        > dict(blocks.select("block_id", "km").iter_rows())["b0"]
    )
    layers = {name for name, _ in pyogrio.list_layers(tmp_path / "out" / "replacement.gpkg")}
    assert {"replacement_routes", "replacement_depots"} <= layers
    routes = pyogrio.read_dataframe(tmp_path / "out" / "replacement.gpkg", layer="replacement_routes")
    assert sorted(routes["route"]) == ["0", "1"]
    assert routes["blocks"].sum() == 6
    clean = blocks.group_by("route").agg(pl.col("zero_emission_from").max())
    for route, year in clean.iter_rows():
        assert routes.loc[routes["route"] == str(route), "zero_emission_from"].item() == year
    assert not routes.geometry.is_empty.any()


def test_ways_of_charging_are_compared_where_asked(tmp_path: Path) -> None:
    done = call(tmp_path, SECTION.replace("target_share = 1.0", "target_share = 1.0\ncompare_charging = true"))
    assert done.exit_code == 0, done.output
    table = pl.read_csv(tmp_path / "out" / "charging_strategies.csv")
    assert table.columns == [c.column for c in columns("replacement_charging_strategies")]
    assert table["strategy"].to_list() == ["free", "depot_only", "on_the_way_only"]
    summary = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert table["total_usd2024"][0] == pytest.approx(summary["present_value_usd2024"])
    kept = table.filter(status="met")
    assert kept.height >= 1
    assert (kept["more_usd2024"] >= 0.0).all()
    for name, words in (("replacement.html", "Depots only"), ("replacement.zh.html", "仅场站充电")):
        page = (tmp_path / "out" / name).read_text(encoding="utf-8")
        assert '<table id="bus-strategies">' in page
        assert words in page


def test_verify_finds_an_altered_figure(out: Path, tmp_path: Path) -> None:
    places: dict[str, tuple[str, ...]] = {
        "purchases.csv": ("buses", "price_usd2024"),
        "transition_costs.csv": ("present_usd2024",),
        "compliance.csv": ("bought",),
        "facilities.csv": ("new_chargers",),
        "transition_emissions.csv": ("electricity_mwh",),
        "block_transition.csv": ("km_per_year",),
        "fleet_by_year.csv": ("buses",),
    }
    assert not_found(out, tmp_path, places) == []
