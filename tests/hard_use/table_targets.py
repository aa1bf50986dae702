"""Readers of a user's tables, each with a whole small file to break."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fleet_planner.activity.tables import read_cells, typed
from fleet_planner.buses.charging.damage import read_damage
from fleet_planner.buses.charging.read import read_sessions
from fleet_planner.buses.charging.sun import read_sun
from fleet_planner.buses.charging.tariff import read_tariff
from fleet_planner.buses.energy.consumption import read_consumption
from fleet_planner.buses.energy.vehicles import bus_types
from fleet_planner.buses.energy.weather import daily_means
from fleet_planner.buses.feasibility.simba import charging_type_of_blocks, read_stations, read_vehicle_types
from fleet_planner.buses.service.table_of_trips import read_trips as read_bus_trips
from fleet_planner.chargers import stations
from fleet_planner.chargers.candidates import read_sites
from fleet_planner.chargers.demand import read_demand
from fleet_planner.economics.grid_hours import read_hours
from fleet_planner.factors.in_use.measured_read import read_measured_tests
from fleet_planner.factors.published.emfac_export import read_emfac_export
from fleet_planner.factors.published.user_read import read_user_factors, user_template
from fleet_planner.fleet.turnover.survival import load_curves
from fleet_planner.impacts.dispersion.meteorology import read_meteorology
from fleet_planner.impacts.exposure.monitors import read_monitors
from fleet_planner.impacts.gridded.species import read_species
from fleet_planner.impacts.receptors import read_coefficients
from fleet_planner.network.home_places import read_places
from fleet_planner.network.trips import read_trips
from fleet_planner.nonroad.read import check_machines, read_machines
from fleet_planner.pipeline.market.market_curves import curves_of, run_curve
from fleet_planner.pipeline.market.market_owners import owners_of
from fleet_planner.plan.load import load_plan
from fleet_planner.plan.sweep import load_sweep
from fleet_planner.reference import reference_path
from fleet_planner.reference.technology_map import load_technology_map
from tests.hard_use.target import Target

HERE = Path(__file__).resolve().parent
INPUTS = HERE.parent.parent / "inputs"
HOURS = range(24)


def table(header: str, *rows: str) -> bytes:
    """Return a CSV."""
    return ("\n".join((header, *rows)) + "\n").encode()


def hourly(header: str, cells: str) -> bytes:
    """Return a CSV with a row for each hour of the day."""
    return table(header, *(f"{h},{cells}" for h in HOURS))


def first_rows(path: Path, many: int) -> bytes:
    """Return the header and so many rows of a file."""
    return b"".join(path.read_bytes().splitlines(keepends=True)[: many + 1])


MARKET = """
[city]
name = "x"
country = "CN"
year = 2024
[network]
file = "n.osm"
[fleet]
registry = "r.csv"
[market]
curves = "CURVES"
price_usd_per_t = { 2026 = 20.0, 2027 = 20.0 }
from_year = 2026
to_year = 2027
small_owners = { file = "OWNERS", baseline_g_per_km = 150.0, t_per_scrapped = 2.0 }
[[market.city]]
name = "a"
lon = 116.40
lat = 39.91
baseline_t = { 2026 = 100000.0 }
cap_t = { 2026 = 90000.0 }
[[market.city]]
name = "b"
baseline_t = { 2026 = 100000.0 }
cap_t = { 2026 = 99000.0 }
"""
CURVES = table("city,year,avoided_t,usd_per_t,damage_usd_per_t", "a,,30000,20,3", "a,2027,10000,40,", "b,,30000,60,")
TRIPS = table(
    "trip_id,block_id,kind_of_day,route,start,end,from_place,to_place,from_lon,from_lat,to_lon,to_lat,distance,stops,bus_type",
    "1,b1,weekday,7,05:30,06:10,Depot,End,116.40,39.90,116.45,39.92,6.1,4,standard",
    "2,b1,weekday,7,06:20,07:00,End,Depot,116.45,39.92,116.40,39.90,6.1,4,standard",
    "3,b2,weekday,7,23:40,24:30,Depot,End,116.40,39.90,116.45,39.92,6.1,4,articulated",
)
TESTS = table(
    "test_id,vehicle_id,category,fuel,standard,method,pollutant,value,unit,speed_kmh,temperature_c,date",
    "1,v1,bus,diesel,euro_VI_abc,pems,NOx,2.5,g/km,25,12,2024-05-01",
    "2,,passenger_car,petrol,euro_4,remote_sensing,NOx,0.0004,nox_per_co2,40,20,2024-06-01",
    "3,v1,bus,diesel,euro_VI_abc,opacity,PM_exhaust,0.3,m-1,,,2024-06-01",
)
MACHINES = table(
    "machine_id,category,power_kw,stage,model_year,hours_per_year,load_factor,fuel,count,site,lon,lat",
    "m1,excavator,120,stage_III_A,2010,900,0.4,diesel,3,Quay,116.4,39.9",
    "m2,reach_stacker,250,,2018,,,diesel,1,Quay,116.4,39.9",
)
EMFAC = b"""EMFAC2017 (v1.0.2) Emission Rates
Region: South Coast

Region,Calendar Year,Vehicle Category,Model Year,Speed,Fuel,Population,VMT,NOx_RUNEX,PM2.5_RUNEX,CO2_RUNEX
South Coast,2020,T7 Tractor,2014,30,Diesel,10,100,3.0,0.02,1500
South Coast,2020,LDA,2014,30,Gasoline,1000,9000,0.1,0.001,300
South Coast,2020,T7 Tractor,2014,Aggregate,Diesel,10,100,2.5,0.015,1450
"""
AFDC = table(
    "Fuel Type Code,ID,Latitude,Longitude,EV DC Fast Count,EV Connector Types,Access Code",
    "ELEC,1,34.05,-118.24,4,CHADEMO J1772COMBO,public",
    "ELEC,2,34.06,-118.25,,J1772,public",
)
OPEN_CHARGE_MAP = table(
    "ID,AddressInfo_Latitude,AddressInfo_Longitude,StatusTypeID,Connections_0_ConnectionTypeID,Connections_0_PowerKW,Connections_0_Quantity",
    "9,39.9,116.4,50,33,150,2",
    "10,39.9,116.4,50,32,50,",
)
SIMBA_TYPES = json.dumps(
    {"AB": {"depb": {"capacity": 250, "charging_curve": [[0, 150], [0.8, 150], [1, 15]], "battery_efficiency": 0.95}}}
).encode()
SIMBA_STATIONS = json.dumps(
    {
        "Depot": {"type": "deps", "n_charging_stations": None},
        "End": {"type": "opps", "n_charging_stations": 3, "cs_power_opps": 140.0, "gc_power": 300.0},
    }
).encode()


def market(path: Path, role: str) -> object:
    """Read a table of the market in its role: CURVES or OWNERS."""
    text = MARKET.replace(role, path.name)
    for other, name in (("CURVES", "curves_.csv"), ("OWNERS", "")):
        text = text.replace(other, name)
    (path.parent / "curves_.csv").write_bytes(CURVES)
    place = path.parent / "plan.toml"
    place.write_text(text, encoding="utf-8")
    plan = load_plan(place)
    curves = curves_of(plan, path.parent)
    return owners_of(plan, path.parent) if role == "OWNERS" else curves


def cells(name: str) -> Target:
    """Return the reader that most tables share, for a table of the dictionary whose cells another target does not read."""
    rows = {
        "counts": b"site_id,lon,lat,vehicle_class,day_type,hour,count\n\xe5\xa4\xa9 1,0.01,0.002,total,weekday,8,310\nb,0.02,0,total,,,9000\n",
        "link_flows": b"link_id,vehicle_class,day_type,hour,flow,speed_kmh\n1,total,average,8,310,42.5\n2,total,,,9000,\n",
        "site_speeds": b"site_id,lon,lat,day_type,hour,speed_kmh\na,0.01,0.002,weekday,8,31.5\nb,0.02,0,weekend,9,40\n",
    }
    rows["market_orders"] = table(
        "order_id,time,city,year,side,units,limit_usd_per_unit",
        "1,2026-03-01T09:30:00,a,2026,buy,10,25",
        "2,2,b,,sell,5,20.5",
    )
    return Target(f"{name}.csv", lambda: rows[name], lambda path: typed(read_cells(path, "k"), name, path))


def bus_trips(path: Path) -> object:
    return read_bus_trips(path, load_plan(INPUTS / "coquimbo" / "buses.toml").buses), charging_type_of_blocks(path)


def machines(path: Path) -> object:
    return check_machines(read_machines(path), path, 2024, "EU")


def weather(path: Path) -> object:
    return read_meteorology(path, 0.5, 10.0, 1.0)


def plan_of(*places: str) -> bytes:
    """Return a plan of the examples."""
    return INPUTS.joinpath(*places).read_bytes()


def hours(path: Path) -> object:
    return read_hours(path, np.full(24, 1 / 24))


def demand(path: Path, years: Sequence[int] = (2028,)) -> object:
    return read_demand(path, years, 2024, {"Quay": (0.0, 0.0)})


TABLES: dict[str, Target] = {
    "plan_chargers": Target("p.toml", lambda: plan_of("coquimbo", "chargers.toml"), load_plan),
    "plan_buses": Target("p.toml", lambda: plan_of("coquimbo", "buses.toml"), load_plan),
    "plan_mix": Target("p.toml", lambda: plan_of("coquimbo", "mix.toml"), load_plan),
    "plan_market": Target("p.toml", lambda: plan_of("four_cities", "plan.toml"), load_plan),
    "plan_sweep": Target("s.toml", lambda: plan_of("coquimbo", "sweep.toml"), load_sweep),
    "counts": cells("counts"),
    "link_flows": cells("link_flows"),
    "site_speeds": cells("site_speeds"),
    "market_orders": cells("market_orders"),
    "depots": Target("d.csv", lambda: plan_of("coquimbo", "bus_depots.csv"), lambda p: read_places(p, "depot", "name")),
    "demand": Target("d.csv", lambda: first_rows(INPUTS / "coquimbo" / "charging_demand.csv", 6), demand),
    "candidates": Target("s.csv", lambda: first_rows(INPUTS / "coquimbo" / "charging_sites.csv", 4), read_sites),
    "stations_afdc": Target("s.csv", lambda: AFDC, lambda path: stations.read_stations(path, 20.0)),
    "stations_ocm": Target("s.csv", lambda: OPEN_CHARGE_MAP, lambda path: stations.read_stations(path, 20.0)),
    "trips": Target(
        "t.csv",
        lambda: table("from,to,class,trips", "10,20,light,5.5", "20,10,truck,2"),
        lambda path: read_trips(path, ("10", "20")),
    ),
    "bus_trips": Target("t.csv", lambda: TRIPS, bus_trips),
    "bus_types": Target("v.csv", lambda: reference_path("bus_types.csv").read_bytes(), bus_types),
    "bus_sessions": Target(
        "s.csv",
        lambda: table(
            "site_id,block_id,arrive_s,leave_s,arrive_soc,need_battery_kwh,max_battery_kw,battery_kwh,charge_curve",
            "Quay,b1,80000,100000,0.3,120,150,300,0 150;0.8 150;1 15",
            "Quay,b2,82000,101000,,90,100,,",
        ),
        read_sessions,
    ),
    "consumption": Target(
        "c.csv",
        lambda: table(
            "vehicle_type,level_of_loading,incline,mean_speed_kmh,t_amb,consumption_kwh_per_km",
            *(f"SB,{load},0,{v},{t},{1.1 + 0.2 * load + 0.01 * t}" for load in (0, 1) for v in (10, 30) for t in (-10, 20)),
        ),
        read_consumption,
    ),
    "daily_means": Target("t.csv", lambda: table("date,mean_c", "2024-01-01,3.5", "2024-01-02,-4"), lambda p: daily_means(str(p))),
    "simba_types": Target("t.json", lambda: SIMBA_TYPES, lambda path: read_vehicle_types(path, {"AB": "articulated"})),
    "simba_stations": Target("s.json", lambda: SIMBA_STATIONS, read_stations),
    "tariff": Target(
        "t.csv",
        lambda: table(
            "element,label,months,days,hours,value,currency,price_year,checked",
            "energy,night,all,all,0-7,0.08,USD,2024,yes",
            "energy,day,all,all,7-24,0.15,USD,2024,yes",
            "demand,peak,6-9,weekday,16-21,12.5,USD,2024,no",
        ),
        lambda path: read_tariff(path.name, path.parent),
    ),
    "sun": Target("s.csv", lambda: hourly("hour,kw_per_kwp", "0.2"), read_sun),
    "damage": Target("d.csv", lambda: hourly("hour,co2_kg_per_kwh,health_usd_per_kwh", "0.4,0.02"), lambda p: read_damage(p, 200.0)),
    "grid_hours": Target("g.csv", lambda: hourly("hour,co2e_kg_per_kwh,so2_g_per_kwh", "0.4,0.02"), hours),
    "market_curves": Target("c.csv", lambda: CURVES, lambda path: market(path, "CURVES")),
    "market_owners": Target(
        "o.csv",
        lambda: table("owner,year,baseline_t,actual_t,ev_km,scrapped", "王,2026,12,7,,", "Li,2027,,,15000,1"),
        lambda path: market(path, "OWNERS"),
    ),
    "market_run_curve": Target(
        "a.csv",
        lambda: table("pollutant,avoided_per_year,usd_per_unit", "GHG,100,20", "GHG,200,50", "NOx,3,900"),
        lambda path: run_curve(path, "a", "market.own_curve"),
    ),
    "measured_tests": Target("t.csv", lambda: TESTS, read_measured_tests),
    "user_factors": Target("f.csv", lambda: user_template().encode(), read_user_factors),
    "emfac_export": Target("e.csv", lambda: EMFAC, read_emfac_export),
    "machines": Target("m.csv", lambda: MACHINES, machines),
    "survival": Target(
        "s.csv", lambda: table("applies,form,a,b", "car,weibull,15,3", "urban_bus,fixed,12,0"), lambda p: load_curves("EU", p)
    ),
    "technology_map": Target(
        "m.csv", lambda: first_rows(reference_path("technology_map.csv"), 5), load_technology_map
    ),
    "meteorology": Target(
        "m.csv",
        lambda: table("wind_from_deg,wind_speed_m_s,stability,mixing_m,frequency", "90,2.5,D,800,0.6", "270,4,C,1200,0.4"),
        weather,
    ),
    "monitors": Target(
        "m.csv",
        lambda: table("monitor,lon,lat,year,pollutant,observed_ug_m3,background_ug_m3", "台 1,116.4,39.9,2024,NOx,40,12"),
        lambda path: read_monitors(path, ("NOx",), {}),
    ),
    "source_receptor": Target(
        "s.csv",
        lambda: table("pollutant,receptor,unit,low,central,high,source", "NOx,all,ug/m3,0.1,0.2,0.3,own"),
        lambda path: read_coefficients(path, "EU", ("NOx", "SO2")),
    ),
    "gridded_species": Target(
        "s.csv",
        lambda: table("species,pollutant,kg_per_kg,molar_mass_g", "NO,NOx,0.9,30", "NO2,NOx,0.1,46"),
        lambda path: read_species(path, ("NOx", "VOC")),
    ),
}  # fmt: skip
"""Tables read by `read_cells` and `typed` alone have one target each for the kinds of cells that they hold."""
