"""From a timetable to the load of its depots: simulation and schedule of one small plan."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pyogrio
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from tests.cli.test_buses_feasibility import PLAN, trips_table

MORE = """
depots = "depots.csv"
[buses.battery]
kwh = { standard = 350.0 }
ways = ["battery", "station"]
[buses.charging]
strategies = ["unmanaged", "least_cost"]
tariff = "ladwp_a3_2009"
"""


def call(folder: Path, command: str, out: str, more: str = MORE) -> str:
    depots, _, sections = more.partition("[")
    text = PLAN.replace("on_roads = false", f"on_roads = false{depots}") + "[" + sections
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["buses", command, str(folder / "plan.toml"), "--out", str(folder / out)])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("timetable")
    trips_table(made)
    call(made, "simulate", "sim")
    call(made, "schedule", "plan")
    return made


def test_the_depot_charges_what_the_simulated_days_need(folder: Path) -> None:
    sessions = pl.read_csv(folder / "sim" / "sessions.csv")
    need = sessions.select((pl.col("need_battery_kwh") / pl.col("charger_efficiency")).sum()).item()
    assert need > 100.0
    load = pl.read_csv(folder / "plan" / "load_profile.csv").filter(strategy="least_cost")
    kwh = (load["charging_kw"] * 0.25 * load["days_per_year"]).sum()
    # weekdays only: 262 of 2024, less what is left of the nights at the ends of seasons
    assert kwh == pytest.approx(262 * need, rel=5e-3)
    missed = pl.read_csv(folder / "plan" / "missed.csv", infer_schema_length=None)
    assert missed.filter(strategy="least_cost").is_empty()


def test_the_simulation_tells_the_same_as_the_schedule(folder: Path) -> None:
    for name in ("sites", "site_costs", "chargers_needed", "site_demand", "load_profile"):
        assert (folder / "sim" / f"charging_{name}.csv").read_bytes() == (folder / "plan" / f"{name}.csv").read_bytes()
    page = (folder / "sim" / "buses.html").read_text(encoding="utf-8")
    assert '<section id="charging">' in page
    assert "on arrival" in page
    assert '<section id="charging">' in (folder / "sim" / "buses.zh.html").read_text(encoding="utf-8")
    depots = pyogrio.read_dataframe(folder / "sim" / "buses.gpkg", layer="bus_depots")
    sites = pl.read_csv(folder / "sim" / "charging_sites.csv").filter(strategy="unmanaged")
    peaks = dict(sites.select("site_id", "peak_kw").iter_rows())
    assert depots["peak_kw_unmanaged"].tolist() == pytest.approx([peaks[p] for p in depots["place"]])
    told = json.loads((folder / "sim" / "manifest.json").read_text(encoding="utf-8"))
    assert "buses.charging_hardest" in {f["code"] for f in told["findings"]}


def test_the_stays_of_a_simulation_can_be_scheduled_again(folder: Path) -> None:
    again = MORE.replace('tariff = "ladwp_a3_2009"', 'tariff = "ladwp_a3_2009"\nsessions = "sim/sessions.csv"')
    told = call(folder, "schedule", "again", again)
    first, second = (pl.read_csv(folder / o / "sites.csv") for o in ("plan", "again"))
    assert second["cost_usd2024_per_year"].to_list() == pytest.approx(
        first["cost_usd2024_per_year"].to_list(), rel=1e-9
    )
    # the hardest day is no longer known: the mean day asks for no larger connection
    assert (second["least_cap_kw"] <= first["least_cap_kw"] + 1e-6).all()
    assert "hardest" not in told
