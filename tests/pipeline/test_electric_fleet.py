"""Electric vehicles of the planned years: the stock of each year times km times kWh per km is what they ask for."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from fleet_planner.errors import PlanError
from fleet_planner.fleet.turnover.model import PER_VEHICLE
from fleet_planner.network import load_network
from fleet_planner.pipeline.computing.by_year import project_plan
from fleet_planner.pipeline.computing.places import HomePlaces, read_home_places
from fleet_planner.pipeline.siting.electric_fleet import electric_fleet
from fleet_planner.pipeline.siting.fleet_demand import fleet_demand
from fleet_planner.plan.load import load_plan

PLAN = """
[city]
name = "Town"
country = "CL"
year = 2024
[network]
builtin = "coquimbo"
[fleet]
registry = "registry.csv"
[places]
depots = "depots.csv"
[turnover]
to_year = 2036
growth_by_stream = { light_commercial = 0.03 }
zero_emission_share = { light_commercial = { 2026 = 0.4, 2032 = 1.0 } }
[[scenario]]
name = "electric"
title = "Electric"
title_zh = "电动化"
[[scenario.measure]]
measure = "bev_bus"
streams = ["urban_bus"]
uptake_by_year = { 2026 = 0.5, 2030 = 1.0 }
[chargers]
scenario = "electric"
candidates = "sites.csv"
years = [2024, 2027, 2030, 2036]
[chargers.day]
enabled = false
"""
REGISTRY = (
    "vehicle_id,category,fuel,segment,model_year,stream,km_per_year,count,depot\n"
    "a,bus,diesel,Urban Buses Standard 15 - 18 t,2015,urban_bus,36525,10,yard\n"
    "b,bus,diesel,Urban Buses Standard 15 - 18 t,2015,urban_bus,36525,5,\n"
    "c,light_commercial,diesel,N1-III,2012,light_commercial,18262.5,300,yard\n"
    "d,light_commercial,diesel,N1-III,2020,light_commercial,18262.5,100,wharf\n"
)
"""Buses 100 km a day each, vans 50; three quarters of the vans at the yard."""
SPOTS = {"yard": (-71.25, -29.95), "wharf": (-71.33, -29.95)}
DAY_KWH = {"urban_bus": 100.0 * 1.565, "light_commercial": 50.0 * 0.33}


@pytest.fixture
def city(tmp_path: Path) -> Path:
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    (tmp_path / "registry.csv").write_text(REGISTRY, encoding="utf-8")
    rows = "".join(f"{name},{lon},{lat}\n" for name, (lon, lat) in SPOTS.items())
    (tmp_path / "depots.csv").write_text("name,lon,lat\n" + rows, encoding="utf-8")
    return tmp_path


def homes(city: Path) -> HomePlaces:
    return read_home_places(load_plan(city / "plan.toml").places, city)


def test_the_stock_of_each_year_asks_for_its_energy(city: Path) -> None:
    found = electric_fleet(load_plan(city / "plan.toml"), city, homes(city), SPOTS)
    projection = project_plan(city / "plan.toml")
    electric = (projection.technologies.frame["fuel"] == "electricity").to_numpy()
    van = (projection.technologies.frame["stream"] == "light_commercial").to_numpy()
    assert found.years == (2024, 2027, 2030, 2036)
    wanted = {2024: 0.0, 2027: 0.625 * 15.0, 2030: 15.0, 2036: 15.0}
    for year in found.years:
        of_year = found.rows.filter(pl.col("year") == year)
        vans = float(projection.stocks[year - 2024][electric & van].sum()) / PER_VEHICLE
        assert (vans > 0.0) == (year > 2026)
        for stream, count in (("light_commercial", vans), ("urban_bus", wanted[year])):
            own = of_year.filter(stream=stream)
            assert own["count"].sum() == pytest.approx(count, rel=1e-9)
            # stocks count in thousandths of a vehicle, which a stream's km are scaled to
            assert own["kwh_per_day"].sum() == pytest.approx(count * DAY_KWH[stream], rel=1e-5)
    # what an energy that is interpolated between two years would miss: sales rise, old vehicles go by their curves
    by_year = {y: float(found.rows.filter((pl.col("year") == y) & (pl.col("stream") == "light_commercial"))
                        ["kwh_per_day"].sum()) for y in found.years}  # fmt: skip
    straight = by_year[2027] + (by_year[2036] - by_year[2027]) / 3.0
    assert abs(by_year[2030] / straight - 1.0) > 0.02


def test_demand_has_the_years_of_the_turnover_and_the_homes_of_the_base_year(city: Path) -> None:
    plan = load_plan(city / "plan.toml")
    found = electric_fleet(plan, city, homes(city), SPOTS)
    network = load_network(plan.network, city, plan.city.country)
    demand = fleet_demand(plan, city, homes(city), SPOTS, network).demand
    assert demand.years == found.years
    placed = found.rows.filter(pl.col("depot").is_not_null())
    for t, year in enumerate(demand.years):
        asked = placed.filter(pl.col("year") == year)["kwh_per_day"].sum()
        assert demand.per_day[:, t].sum() == pytest.approx(asked, rel=1e-9)
    at = demand.ids.index("yard light_commercial"), demand.ids.index("wharf light_commercial")
    assert demand.per_day[at[0], 1:] == pytest.approx(3.0 * demand.per_day[at[1], 1:], rel=1e-9)
    assert [f.share for f in demand.findings if f.code == "chargers.fleet_without_place"][-1] == pytest.approx(
        5.0 * DAY_KWH["urban_bus"]
        / float(found.rows.filter(pl.col("year") == 2036)["kwh_per_day"].sum())
    )  # fmt: skip
    assert "chargers.fleet_constant" not in {f.code for f in demand.findings}


def test_years_beyond_the_turnover_are_refused(city: Path) -> None:
    text = PLAN.replace("2030, 2036]", "2030, 2040]")
    (city / "plan.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match="2024 to 2036") as told:
        electric_fleet(load_plan(city / "plan.toml"), city, homes(city), SPOTS)
    assert told.value.column == "chargers.years"


def test_without_years_those_of_the_run_are_planned(city: Path) -> None:
    (city / "plan.toml").write_text(PLAN.replace("years = [2024, 2027, 2030, 2036]\n", ""), encoding="utf-8")
    found = electric_fleet(load_plan(city / "plan.toml"), city, homes(city), SPOTS)
    assert found.years == (2025, 2030, 2035, 2036)
