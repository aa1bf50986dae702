"""Electric buses by year behind `fleet-planner chargers site`: the replacement's electricity at the schedule's hours."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.pipeline.siting.bus_years import bus_demand
from fleet_planner.plan.load import load_plan

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
[turnover]
to_year = 2032
[[scenario]]
name = "electric"
title = "Electric buses and vans"
title_zh = "公交车和货车电动化"
[[scenario.measure]]
measure = "bev_bus"
[[scenario.measure]]
measure = "bev_van"
[chargers]
scenario = "electric"
bus_years = "facilities.csv"
bus_hours = "site_demand.csv"
candidates = "sites.csv"
years = [2026, 2030]
cut_off_km = 3.0
headroom_kw = { low = 500.0, central = 9000.0, high = 20000.0 }
room = 100
seconds = 1.0
regret = false
curve_points = 0
diagnostics = []
[chargers.day]
enabled = false
"""
FACILITIES = """year,depot_id,powered,battery_buses,electricity_mwh
2025,yard,true,4,365.25
2026,yard,true,6,547.875
2030,yard,true,12,1095.75
2026,wharf,false,0,0
2030,wharf,true,10,730.5
"""
"""1,000, 1,500 and 3,000 kWh a day at the yard; none, then 2,000 at the wharf."""
REGISTRY = (
    "vehicle_id,category,fuel,segment,model_year,stream,km_per_year,count,depot\n"
    "a,bus,diesel,Urban Buses Standard 15 - 18 t,2015,urban_bus,36525,22,yard\n"
    "c,light_commercial,diesel,N1-III,2020,light_commercial,18262.5,10,yard\n"
)


@pytest.fixture
def city(tmp_path: Path) -> Path:
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    (tmp_path / "registry.csv").write_text(REGISTRY, encoding="utf-8")
    (tmp_path / "facilities.csv").write_text(FACILITIES, encoding="utf-8")
    (tmp_path / "depots.csv").write_text("name,lon,lat\nyard,-71.25,-29.95\nwharf,-71.335,-29.955\n", encoding="utf-8")
    rows = ["demand_id,lon,lat,place,year,kind,stream,min_kw,hour,kwh_per_day,kw"]
    # the yard by night in two hours, the wharf in one, and a station on the way with a tenth of all energy
    rows += [f"yard,,,yard,2024,depot,urban_bus,40,{h},{k},90" for h, k in ((1, 300), (2, 150))]
    rows += ["wharf,-71.335,-29.955,,2024,depot,urban_bus,40,3,450,90"]
    rows += ["terminal,-71.26,-29.92,,2024,en_route,urban_bus,150,12,100,150"]
    (tmp_path / "site_demand.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "sites.csv").write_text(
        "site_id,lon,lat,kind\nat the yard,-71.25,-29.95,depot\nwharf,-71.335,-29.955,depot\n"
        "terminal,-71.26,-29.92,bus_station\n",
        encoding="utf-8",
    )
    return tmp_path


def sited(city: Path) -> Result:
    return CliRunner().invoke(main, ["chargers", "site", str(city / "plan.toml"), "--out", str(city / "out")])


def test_depots_and_stations_add_up_to_the_electricity_of_each_year(city: Path) -> None:
    done = sited(city)
    assert done.exit_code == 0, done.output
    caught = pl.read_csv(city / "out" / "catchments.csv").filter(model="build_out")
    missed = pl.read_csv(city / "out" / "charger_unserved.csv")
    assert missed.is_empty()
    buses = caught.filter(pl.col("demand_id").str.ends_with("urban_bus"))
    by_year = dict(buses.group_by("year").agg(pl.col("kwh_per_day").sum()).iter_rows())
    assert by_year == pytest.approx({2026: 1500.0, 2030: 5000.0}, rel=1e-6)
    of_site = dict(buses.filter(year=2030).select("site_id", "kwh_per_day").iter_rows())
    assert of_site == pytest.approx({"at the yard": 2700.0, "wharf": 1800.0, "terminal": 500.0}, rel=1e-6)
    load = pl.read_csv(city / "out" / "charger_grid.csv").filter(year=2030, site_id="wharf")
    assert load.filter(pl.col("kw") > 0.0)["hour"].to_list() == [3]
    # the buses of the scenario would be counted twice; its vans are counted
    needs = pl.read_csv(city / "out" / "charging_needs.csv")
    assert set(needs["stream"]) == {"light_commercial"}
    assert "those of the scenario are left out" in done.output
    assert "from 2026 to 2030" in done.output


def test_without_a_schedule_packaged_hours_stand_in(city: Path) -> None:
    text = PLAN.replace('bus_hours = "site_demand.csv"\n', "").replace("years = [2026, 2030]\n", "")
    (city / "plan.toml").write_text(text, encoding="utf-8")
    spots = {"yard": (-71.25, -29.95), "wharf": (-71.335, -29.955)}
    demand = bus_demand(load_plan(city / "plan.toml"), city, spots, [])
    assert demand.years == (2025, 2030)
    assert demand.per_day.sum(axis=0) == pytest.approx([1000.0, 5000.0])
    assert "chargers.buses_hours_packaged" in {f.code for f in demand.findings}
    # a night's energy of a bus
    assert demand.session_kwh[demand.ids.index("wharf urban_bus")] == pytest.approx(200.0)
    between = bus_demand(load_plan(city / "plan.toml"), city, spots, [2028])
    assert between.per_day.sum() == pytest.approx(0.5 * (1500.0 + 5000.0))


@pytest.mark.parametrize(
    ("table", "old", "new", "told"),
    [
        ("facilities.csv", "2030,wharf", "2030,wharves", "wharf"),
        ("facilities.csv", "2026,yard", "2025,yard", "stands twice in one year"),
        ("site_demand.csv", ",12,100,", ",,100,", "names no hour"),
        ("plan.toml", 'bus_years = "facilities.csv"\n', "", "chargers.bus_hours goes with chargers.bus_years"),
    ],
)
def test_wrong_tables_are_told(city: Path, table: str, old: str, new: str, told: str) -> None:
    text = (city / table).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (city / table).write_text(text.replace(old, new), encoding="utf-8")
    done = sited(city)
    assert done.exit_code == 1
    assert told in done.output
    assert not (city / "out").exists()
