"""Working days given stop by stop (`[chargers] chains`): where they are charged, alone and with a scenario."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

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
title = "Electric trucks"
title_zh = "货车电动化"
[[scenario.measure]]
measure = "bev_shorthaul"
[chargers]
chains = "chains.csv"
candidates = "sites.csv"
cut_off_km = 30.0
headroom_kw = { low = 500.0, central = 20000.0, high = 20000.0 }
room = 100
seconds = 1.0
regret = false
curve_points = 0
diagnostics = []
[chargers.day]
corridors = 2
corridor_apart_km = 8.0
"""
REGISTRY = (
    "vehicle_id,category,fuel,segment,model_year,stream,km_per_year,count,depot,share_inside\n"
    "t,heavy_truck,diesel,Rigid 14 - 20 t,2015,rigid_truck,36525,10,yard,1.0\n"
)
CHAINS = """chain_id,stop,stream,site,place,lon,lat,arrive_h,leave_h,km,charge,kw,vehicles,kwh_per_km,battery_kwh
short,1,rigid_truck,,yard,,,,6,,,,3,1.0,100
short,2,rigid_truck,port,,-71.335,-29.955,7,8,20,,,3,1.0,100
short,3,rigid_truck,,yard,,,9,,20,,50,3,1.0,100
long,1,rigid_truck,,yard,,,,5,,,,1,1.0,100
long,2,rigid_truck,port,,-71.335,-29.955,7,8,60,yes,30,1,1.0,100
long,3,rigid_truck,market,,-71.255,-29.905,9,11,60,no,,1,1.0,100
long,4,rigid_truck,,yard,,,13,,60,,50,1,1.0,100
away,1,articulated_truck,,yard,,,,6,,,,2,1.0,500
away,2,articulated_truck,port,,-71.335,-29.955,10,,50,,100,2,1.0,500
"""
"""A battery of 100 kWh holds 80 at the plug: long days take 80 at night, 30 at the port, 70 on the way."""


def sited(city: Path, out: Path) -> Result:
    return CliRunner().invoke(main, ["chargers", "site", str(city / "plan.toml"), "--out", str(out)])


def town(folder: Path, plan: str = PLAN, chains: str = CHAINS) -> Path:
    (folder / "plan.toml").write_text(plan, encoding="utf-8")
    (folder / "registry.csv").write_text(REGISTRY, encoding="utf-8")
    (folder / "chains.csv").write_text(chains, encoding="utf-8")
    (folder / "depots.csv").write_text("name,lon,lat\nyard,-71.25,-29.95\n", encoding="utf-8")
    (folder / "sites.csv").write_text(
        "site_id,lon,lat,kind\nat the yard,-71.25,-29.95,depot\nport,-71.335,-29.955,parking\n", encoding="utf-8"
    )
    return folder


def test_days_are_charged_where_their_vehicles_stand(tmp_path: Path) -> None:
    city = town(tmp_path)
    done = sited(city, city / "out")
    assert done.exit_code == 0, done.output
    needs = pl.read_csv(city / "out" / "charging_needs.csv")
    assert needs.columns == [c.column for c in columns("charging_needs")]
    rigid = needs.row(by_predicate=pl.col("stream") == "rigid_truck", named=True)
    assert rigid["vehicles"] == 4.0
    assert rigid["km_per_day"] == pytest.approx(3 * 40.0 + 180.0)
    assert rigid["base_kwh_per_day"] == pytest.approx(3 * 40.0 + 80.0)
    assert rigid["stops_kwh_per_day"] == pytest.approx(30.0)
    assert rigid["way_kwh_per_day"] == pytest.approx(70.0)
    away = needs.row(by_predicate=pl.col("stream") == "articulated_truck", named=True)
    assert away["night_kwh_per_day"] == pytest.approx(2 * 50.0)
    assert away["base_kwh_per_day"] == 0.0
    demand = pl.read_csv(city / "out" / "demand_by_hour.csv")
    port = demand.filter(pl.col("demand_id") == "port rigid_truck stops")
    assert port["hour"].to_list() == [7]
    assert port["kwh_per_day"].to_list() == pytest.approx([30.0])
    # runs empty 50 km after the port (80 + 30 - 60 = 50 left): on the leg to the market, and on the way back
    way = demand.filter((pl.col("kind") == "en_route") & (pl.col("stream") == "rigid_truck"))
    assert way["demand_id"].str.starts_with("corridor").all()
    assert set(way["hour"]) == {8, 11, 12}
    night = demand.filter(pl.col("demand_id") == "port articulated_truck night")
    assert set(night["kind"]) == {"en_route"}
    # stands from ten in the morning until six: nobody charges while it drives
    assert set(night["hour"]) == {h % 24 for h in range(10, 30)}
    base = demand.filter(pl.col("demand_id") == "yard rigid_truck")
    assert set(base["kind"]) == {"depot"}
    assert "3 working days of articulated_truck, rigid_truck were read" in done.output
    assert pl.read_csv(city / "out" / "site_capacity.csv")["place"].to_list() == ["yard"]


def test_with_a_scenario_days_take_the_energy_of_its_vehicles(tmp_path: Path) -> None:
    city = town(tmp_path, PLAN.replace('chains = "chains.csv"', 'chains = "chains.csv"\nscenario = "electric"'))
    done = sited(city, city / "out")
    assert done.exit_code == 0, done.output
    needs = pl.read_csv(city / "out" / "charging_needs.csv")
    assert needs["stream"].to_list() == ["rigid_truck"]
    row = needs.row(0, named=True)
    # ten trucks of 100 km a day at 1.35 kWh per km; the shares are those of the days
    assert row["kwh_per_day"] == pytest.approx(10 * 100.0 * 1.35)
    assert row["base_kwh_per_day"] == pytest.approx(1350.0 * 200.0 / 300.0)
    assert row["way_kwh_per_day"] == pytest.approx(1350.0 * 70.0 / 300.0)
    assert "no electric vehicles of articulated_truck" in done.output


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("short,2,rigid_truck,port,,-71.335,-29.955,7,8", "short,2,rigid_truck,port,,-71.335,-29.955,5,8", "before"),
        ("short,3,rigid_truck,,yard,,,9,,20", "short,3,rigid_truck,,yard,,,31,,20", "longer than 24 hours"),
        ("long,4,rigid_truck", "long,4,bicycle", "none of vans and trucks"),
        ("long,4,rigid_truck,,yard", "long,4,rigid_truck,,yrd", "no zone or depot"),
        ("away,1,articulated_truck,,yard,,,,6,,,,2,1.0,500\n", "", "this day has one row"),
        ("short,1,rigid_truck,,yard,,,,6,,,,3", "short,1,rigid_truck,,yard,,,,6,,,,4", "rows of one day differ"),
    ],
)
def test_wrong_days_are_told_by_row_and_column(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert CHAINS.count(old) == 1
    city = town(tmp_path, chains=CHAINS.replace(old, new))
    done = sited(city, city / "out")
    assert done.exit_code == 1
    assert told in done.output
    assert "row " in done.output
    assert not (city / "out").exists()
