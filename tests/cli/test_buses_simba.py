"""SimBA's files in place of our own: trips, vehicle types with charge curves, electrified stations."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.buses.feasibility.simba import read_stations, read_vehicle_types
from fleet_planner.cli.main import main
from fleet_planner.errors import InputError

PLAN = """
[city]
name = "Example"
country = "EU"
year = 2022
[network]
builtin = "coquimbo"
[fleet]
registry = "none.csv"
[buses]
trips = "trips_example.csv"
bus_type_words = { AB = "articulated", SB = "standard" }
on_roads = false
days = ["weekday"]
[buses.energy]
table = "energy_consumption_example.csv"
[buses.battery]
vehicle_types = "vehicle_types.json"
stations = "electrified_stations.json"
age = "new"
reserve = 0.0
"""
TYPES = """{
    "AB": {  // a type, see https://example.org
        "depb": {"name": "at depots // only", "capacity": 250, "charging_curve": [[0, 150], [0.8, 150], [1, 15]]},
        "oppb": {"capacity": 150, "charging_curve": [[0, 500], [1, 25]], "battery_efficiency": 0.9}
    }
}
"""
STATIONS = """{
    "Depot": {"type": "deps", "n_charging_stations": null},
    "End": {"type": "opps", "n_charging_stations": 3, "gc_power": 300, "cs_power_opps": 140}  // two fit the grid
}
"""


def test_vehicle_types_and_stations_are_read(tmp_path: Path) -> None:
    (tmp_path / "types.json").write_text(TYPES, encoding="utf-8")
    (tmp_path / "stations.json").write_text(STATIONS, encoding="utf-8")
    types = read_vehicle_types(tmp_path / "types.json", {"AB": "articulated"})
    assert set(types) == {"articulated/depb", "articulated/oppb"}
    depot, way = types["articulated/depb"], types["articulated/oppb"]
    assert (depot.kwh, depot.efficiency, depot.curve_kw.tolist()) == (250.0, 0.95, [150.0, 150.0, 15.0])
    assert (way.kwh, way.efficiency, way.curve_soc.tolist()) == (150.0, 0.9, [0.0, 1.0])
    listed = read_stations(tmp_path / "stations.json")
    assert listed.depot_chargers == {"Depot": 0}
    (station,) = listed.stations
    assert (station.place, station.chargers, station.kw, station.grid_kw) == ("End", 3, 140.0, 300.0)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('{"AB": {"depb": {"capacity": 250}}}', "AB.depb"),
        ('{"AB": {"depb": {"capacity": 0, "charging_curve": [[0, 1], [1, 1]]}}}', "cannot be"),
        ('{"AB": {"depb": {"capacity": 9, "charging_curve": [[0, 1], [0.9, 1]]}}}', "rise from state 0 to 1"),
        ('{\n"AB": {]}', "row 2"),
    ],
)
def test_wrong_vehicle_types_are_named(tmp_path: Path, text: str, part: str) -> None:
    (tmp_path / "types.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as told:
        read_vehicle_types(tmp_path / "types.json", {})
    assert part in str(told.value)
    assert "types.json" in str(told.value)


def test_a_station_of_no_type_is_named(tmp_path: Path) -> None:
    (tmp_path / "stations.json").write_text('{"End": {"type": "other"}}', encoding="utf-8")
    with pytest.raises(InputError, match=r"End.type.*other"):
        read_stations(tmp_path / "stations.json")


@pytest.mark.city
def test_the_published_example_runs(tmp_path: Path, repository: Path) -> None:
    example = repository.parent / "shared" / "reference" / "ebus_simba_example"
    if not example.is_dir():
        pytest.skip("SimBA's example is not beside the repository")
    for file in example.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["buses", "simulate", str(tmp_path / "plan.toml"), "--out", str(out)])
    assert done.exit_code == 0, done.output
    blocks = pl.read_csv(out / "feasibility.csv", schema_overrides={"block_id": pl.String})
    assert blocks["block_id"].unique().sort().to_list() == ["1", "11", "2", "21", "3", "31", "4", "41"]
    # rotations 1 and 11 are told to charge on the way: 150 kWh; all others at depots: 250 kWh
    on_the_way = blocks["block_id"].is_in(["1", "11"])
    assert set(blocks.filter(on_the_way)["battery_kwh"]) == {150.0}
    assert set(blocks.filter(~on_the_way)["battery_kwh"]) == {250.0}
    remedies = pl.read_csv(out / "remedies.csv")
    assert (remedies["made_deficit_kwh"] == 0.0).all()
    sites = pl.read_csv(out / "sites.csv").unique("site_id").sort("site_id")
    assert sites.select("site_id", "chargers", "charger_kw").rows() == [
        ("Station-0", 0, 100.0),
        ("Station-10", 1, 140.0),
        ("Station-3", 3, 450.0),
    ]
