"""Fuel sold, faults and emission tests change a run as the plan says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.factors.in_use.high_emitters import FaultPlan, Inspection
from fleet_planner.factors.in_use.measured import MeasuredMultipliers
from fleet_planner.pipeline.computing.fuel_check import closure, scaled_km
from fleet_planner.pipeline.computing.vehicle_adjustments import Adjustments

REGISTRY = """vehicle_id,category,fuel,standard,stream,model_year,km_per_year,count,segment
a,bus,diesel,euro_III,urban_bus,2005,60000,20,Urban Buses Standard 15 - 18 t
b,bus,diesel,euro_V,urban_bus,2012,60000,20,Urban Buses Standard 15 - 18 t
c,passenger_car,petrol,euro_4,car,2010,12000,3000,Medium
"""
PLAN = """[city]
name = "Test"
country = "CL"
year = 2020

[network]
builtin = "coquimbo"

[fleet]
registry = "registry.csv"
"""


def ran(folder: Path, more: str = "", tests: str = "") -> tuple[dict[str, Any], pl.DataFrame, Path]:
    folder.mkdir()
    (folder / "registry.csv").write_text(REGISTRY, encoding="utf-8")
    if tests:
        (folder / "tests.csv").write_text(tests, encoding="utf-8")
    (folder / "plan.toml").write_text(PLAN + more, encoding="utf-8")
    result = CliRunner().invoke(main, ["run", str(folder / "plan.toml"), "--out", str(folder / "out")])
    assert result.exit_code == 0, result.output
    manifest = json.loads((folder / "out" / "manifest.json").read_text(encoding="utf-8"))
    return manifest, pl.read_csv(folder / "out" / "summary.csv"), folder / "out"


def total(summary: pl.DataFrame, pollutant: str) -> float:
    return float(summary.filter(pl.col("pollutant") == pollutant)["value_per_year"][0])


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], pl.DataFrame, Path]:
    return ran(tmp_path_factory.mktemp("plain") / "city")


@pytest.mark.slow
def test_scaled_activity_burns_what_is_sold(tmp_path: Path, plain: tuple[dict[str, Any], pl.DataFrame, Path]) -> None:
    table = pl.read_csv(plain[2] / "fuel_check.csv").filter(pl.col("fuel") == "diesel")
    burnt = float(table["fuel_t_per_year"][0])
    more = f"\n[fuel_sold]\nt_per_year = {{ diesel = {2.0 * burnt} }}\nscale_activity = true\n"
    manifest, _, out = ran(tmp_path / "scaled", more)
    now = pl.read_csv(out / "fuel_check.csv").filter(pl.col("fuel") == "diesel")
    assert float(now["fuel_t_per_year"][0]) == pytest.approx(2.0 * burnt, rel=1e-4)
    texts = [f["text"] for f in manifest["findings"]]
    assert any("(100.0 %)" in t for t in texts)
    assert any(t.startswith("The kilometres of vehicles on diesel are scaled by 2.") for t in texts)


@pytest.mark.slow
def test_an_inspection_programme_cuts_and_is_told(
    tmp_path: Path, plain: tuple[dict[str, Any], pl.DataFrame, Path]
) -> None:
    manifest, summary, _ = ran(tmp_path / "inspected", "\n[faults.inspection]\nidentification = 0.8\n")
    assert total(summary, "CO") <= total(plain[1], "CO")
    assert total(summary, "PM_exhaust") < total(plain[1], "PM_exhaust")
    assert any(f["code"] == "inventory.faults" for f in manifest["findings"])


@pytest.mark.slow
def test_emission_tests_of_the_city_move_its_factors(
    tmp_path: Path, plain: tuple[dict[str, Any], pl.DataFrame, Path]
) -> None:
    head = "test_id,vehicle_id,category,fuel,standard,method,pollutant,value,unit,speed_kmh\n"
    rows = [f"t{i},,bus,diesel,euro_III,pems,NOx,40,g/km,20\n" for i in range(30)]
    bad = "t99,,bus,diesel,euro_III,pems,NOx,many,g/km,20\n"
    manifest, summary, out = ran(tmp_path / "tested", '\n[measured]\nfile = "tests.csv"\n', head + "".join(rows) + bad)
    assert total(summary, "NOx") > 1.2 * total(plain[1], "NOx")
    assert total(summary, "CO2") == pytest.approx(total(plain[1], "CO2"))
    rejected = pl.read_csv(out / "rejected_tests.csv")
    assert rejected.select("row", "column", "value").rows() == [(32, "value", "many")]
    assert any(f["code"] == "inventory.measured" and f["count"] == 30 for f in manifest["findings"])


def fleet() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "vehicle_id": ["a", "b"],
            "category": ["bus", "bus"],
            "fuel": ["diesel", "diesel"],
            "segment": ["x", "x"],
            "standard": ["euro_V", "euro_V"],
            "aftertreatment": ["SCR", "SCR"],
            "model_year": [2012, None],
            "km_per_year": [100.0, 50.0],
        }
    )


def ones() -> pl.DataFrame:
    return pl.DataFrame({n: [1.0, 1.0] for n in ("CO", "VOC", "NOx", "PM_exhaust", "BC", "SPN23", "CH4", "N2O", "NH3")})


def test_nothing_is_adjusted_where_the_plan_is_silent() -> None:
    assert Adjustments(None, 2020, None).applied(fleet(), ones()).equals(ones())


def test_a_tested_vehicle_takes_its_own_multiplier_and_others_their_groups() -> None:
    keys = {"category": ["bus"], "fuel": ["diesel"], "standard": ["euro_V"], "pollutant": ["PM_exhaust"]}
    measured = MeasuredMultipliers(
        pl.DataFrame({"vehicle_id": ["a"], **keys, "multiplier": [3.0]}),
        pl.DataFrame({**keys, "multiplier": [1.5]}),
        pl.DataFrame(),
    )
    got = Adjustments(None, 2020, measured).applied(fleet(), ones())
    for column in ("PM_exhaust", "BC", "SPN23"):
        assert got[column].to_list() == [3.0, 1.5]
    assert got["NOx"].to_list() == [1.0, 1.0]


def test_a_perfect_inspection_leaves_no_excess() -> None:
    got = Adjustments(FaultPlan(inspection=Inspection()), 2020, None).applied(fleet(), ones())
    assert np.all(got["NOx"].to_numpy() < 1.0)


def test_kilometres_follow_the_fuel_in_the_tank() -> None:
    assert closure({"diesel": 50.0}, {"diesel": 100.0, "petrol": 10.0}) == {"diesel": 0.5, "petrol": 0.0}
    hybrid = fleet().with_columns(fuel=pl.Series(["diesel_hybrid", "petrol"]))
    assert scaled_km(hybrid, {"diesel": 0.5})["km_per_year"].to_list() == [200.0, 50.0]


def test_single_vehicles_scatter_and_groups_keep_the_mean() -> None:
    rows = 4000
    many = pl.DataFrame(
        {
            "vehicle_id": [f"v{i}" for i in range(rows)] + ["group"],
            "category": "heavy_truck",
            "fuel": "diesel",
            "segment": "x",
            "standard": "euro_III",
            "aftertreatment": "none",
            "model_year": 2005,
            "count": [1.0] * rows + [50.0],
            "visiting": False,
        }
    )
    same = pl.DataFrame({n: [1.0] * (rows + 1) for n in ones().columns})
    nox = Adjustments(None, 2020, None, by_vehicle=True).applied(many, same)["NOx"].to_numpy()
    assert nox[-1] == 1.0
    assert nox[:-1].mean() == pytest.approx(1.0, abs=0.15)
    worst = np.sort(nox[:-1])[-rows // 10 :].sum() / nox[:-1].sum()
    assert worst > 0.25


@pytest.mark.slow
def test_a_run_says_what_its_factors_rest_on(plain: tuple[dict[str, Any], pl.DataFrame, Path]) -> None:
    manifest, summary, out = plain
    codes = {f["code"] for f in manifest["findings"]}
    assert {
        "inventory.climate_default",
        "inventory.idling",
        "fleet.odometer_default",
        "inventory.scr_cold",
    } <= codes
    by_process = pl.read_csv(out / "by_process.csv")
    assert {"hot", "cold", "evaporation", "tyre", "brake", "road", "idling", "lubricant", "urea"} <= set(
        by_process["process"]
    )
    for pollutant in ("NOx", "NMVOC", "CO2", "PM2.5_non_exhaust"):
        parts = by_process.filter(pl.col("pollutant") == pollutant)["value_per_year"].sum()
        assert parts == pytest.approx(total(summary, pollutant), rel=1e-9)
    assert total(summary, "SPN23") > 0.0


@pytest.mark.slow
def test_nmvoc_is_split_to_species(plain: tuple[dict[str, Any], pl.DataFrame, Path]) -> None:
    manifest, summary, out = plain
    table = pl.read_csv(out / "voc_species.csv")
    assert table["value_per_year"].sum() == pytest.approx(total(summary, "NMVOC"), rel=1e-9)
    process = pl.read_csv(out / "by_process.csv").filter(pl.col("pollutant") == "NMVOC")
    vapour = process.filter(pl.col("process") == "evaporation")["value_per_year"].sum()
    whole = table.filter(pl.col("group") == "not_split")
    assert whole["species"].to_list() == ["evaporation"]
    assert whole["value_per_year"][0] == pytest.approx(vapour, rel=1e-9)
    # buses are split like light diesels (12 % formaldehyde), cars of Euro 4 by their own column (1.7 %)
    exhaust = process.filter(pl.col("process") != "evaporation")
    bus, car = (exhaust.filter(pl.col("stream") == s)["value_per_year"].sum() for s in ("urban_bus", "car"))
    row = table.filter(pl.col("species") == "formaldehyde").row(0, named=True)
    assert row["value_per_year"] == pytest.approx(0.12 * bus + 0.017 * car, rel=1e-9)
    assert row["stand_in_per_year"] == pytest.approx(0.12 * bus, rel=1e-9)
    found = {f["code"]: f["text"] for f in manifest["findings"]}
    share = 100.0 * bus / total(summary, "NMVOC")
    assert float(found["inventory.voc_stand_in"].split(" %")[0]) == pytest.approx(share, abs=0.06)
    assert "inventory.voc_not_split" in found
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "formaldehyde" in page.split('id="voc"')[1].split("</table>")[0]


@pytest.mark.slow
def test_options_of_factors_reach_the_run(tmp_path: Path, plain: tuple[dict[str, Any], pl.DataFrame, Path]) -> None:
    more = (
        "\n[climate]\nmonthly_min_c = ["
        + ", ".join(["-15.0"] * 12)
        + "]\nmonthly_max_c = ["
        + ", ".join(["-5.0"] * 12)
        + "]\n[factors]\nspeed_spread = true\ndiesel_quality = { density_kg_m3 = 870.0 }\n"
        "resuspension = { enabled = true }\n[idling.hours_per_day.nobody]\ncurb = 1.0\n"
    )
    manifest, summary, out = ran(tmp_path / "options", more)
    codes = {f["code"] for f in manifest["findings"]}
    assert {"inventory.climate", "inventory.speed_spread", "inventory.diesel_quality", "inventory.idle_stream"} <= codes
    assert total(summary, "CO") > 1.5 * total(plain[1], "CO")
    assert total(summary, "PM10_non_exhaust") > 2.0 * total(plain[1], "PM10_non_exhaust")
    assert "resuspension" in set(pl.read_csv(out / "by_process.csv")["process"])


NEAT = """
[[scenario]]
name = "renewable"
title = "Renewable diesel"
[[scenario.measure]]
measure = "rd99"
"""


def test_renewable_diesel_is_not_also_the_diesel_that_it_replaces(tmp_path: Path) -> None:
    poor = "\n[factors]\ndiesel_quality = { density_kg_m3 = 860.0, cetane = 45.0 }\n"
    manifest, worse, out = ran(tmp_path / "poor", poor + NEAT)
    _, base, _ = ran(tmp_path / "base", NEAT)
    both = worse.join(base, on=["scenario", "pollutant"], suffix="_base").with_columns(
        ratio=pl.col("value_per_year") / pl.col("value_per_year_base")
    )
    ratio = {(s, p): r for s, p, r in both.select("scenario", "pollutant", "ratio").iter_rows()}
    for pollutant in ("NOx", "PM_exhaust", "BC", "CO", "NMVOC", "NO2", "OC"):
        assert abs(ratio["baseline", pollutant] - 1.0) > 0.001
        assert ratio["renewable", pollutant] == pytest.approx(1.0, abs=1e-12)
    buses = pl.read_csv(out / "by_process.csv").filter(
        (pl.col("stream") == "urban_bus") & (pl.col("pollutant") == "SO2")
    )
    so2 = dict(buses.group_by("scenario").agg(pl.col("value_per_year").sum()).iter_rows())
    # 5 ppm at 44 MJ/kg over 10 ppm at 42.695 MJ/kg
    assert so2["renewable"] / so2["baseline"] == pytest.approx((5.0 / 44.0) / (10.0 / 42.695))
    told = [f for f in manifest["findings"] if f["code"] == "inventory.neat_fuel"]
    assert [f["count"] for f in told] == [40]
