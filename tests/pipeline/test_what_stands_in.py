"""Gas vehicles, Euro 7 vans and odd factors: what stands in is counted in the run, in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.factors.processes.shares import find_share, load_shares
from fleet_planner.inventory.compute import _above_range

REGISTRY = """vehicle_id,category,fuel,standard,stream,model_year,km_per_year,count,segment
a,bus,cng,eev,urban_bus,2012,60000,10,Urban CNG Buses
b,bus,diesel,euro_V,urban_bus,2012,60000,10,Urban Buses Standard 15 - 18 t
c,heavy_truck,lng,euro_V,rigid_truck,2014,60000,20,Rigid 14 - 20 t
d,heavy_truck,diesel,euro_V,rigid_truck,2014,60000,20,Rigid 14 - 20 t
e,light_commercial,diesel,euro_7,van,2027,20000,100,N1-III
g,heavy_truck,diesel,euro_III,articulated_truck,2008,60000,5,Articulated 34 - 40 t
f,passenger_car,cng,euro_5,car,2012,12000,100,Medium
"""
PLAN = """[city]
name = "Test"
country = "EU"
year = 2027
[network]
builtin = "coquimbo"
[fleet]
registry = "registry.csv"
[factors]
hot = "emep_eea_2025"
wear = "emep_eea_2025"
[idling]
enabled = false
[[scenario]]
name = "gas"
title = "Liquefied gas"
[[scenario.measure]]
measure = "lng"
streams = ["articulated_truck"]
"""
NO2, BC, OC = (load_shares(f"{n}_share.csv", f"{n}_share") for n in ("no2", "bc", "oc"))


@pytest.mark.parametrize(
    ("shares", "category", "fuel", "standard", "value", "used"),
    [
        (BC, "bus", "cng", "eev", 0.10, "light_commercial / petrol / euro_5"),
        (OC, "bus", "lng", "euro_V", 0.230769, "light_commercial / petrol / euro_5"),
        (NO2, "bus", "cng", "eev", 0.12, "bus / diesel / euro_V"),
        (NO2, "bus", "biodiesel", "euro_IV", 0.10, "bus / diesel / euro_IV"),
        (BC, "heavy_truck", "lng", "euro_VI_de", 0.15, "heavy_truck / diesel / euro_VI_abc"),
        (BC, "passenger_car", "cng_bifuel_on_cng", "euro_5", 0.15, "passenger_car / petrol / euro_5"),
        (NO2, "passenger_car", "cng_bifuel_on_cng", "euro_5", 0.03, ""),
        (NO2, "passenger_car", "lpg", "conventional", 0.05, "passenger_car / lpg / euro_1"),
        (NO2, "passenger_car", "petrol_phev_on_fuel", "euro_6d", 0.03, ""),
        (BC, "l_category", "petrol", "euro_5", 0.25, "l_category / petrol / euro_3"),
        (BC, "bus", "diesel", "euro_V", 0.15, ""),
        (BC, "l_category", "wood", "euro_5", 0.0, "none"),
    ],
)
def test_shares_and_what_stands_in_by_hand(
    shares: Any, category: str, fuel: str, standard: str, value: float, used: str
) -> None:
    found = find_share(shares, {"category": category, "fuel": fuel, "standard": standard})
    assert found.value == pytest.approx(value, rel=1e-5)
    assert found.replaced == used


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stand_ins")
    (folder / "registry.csv").write_text(REGISTRY, encoding="utf-8")
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    result = CliRunner().invoke(main, ["run", str(folder / "plan.toml"), "--out", str(folder / "out")])
    assert result.exit_code == 0, result.output
    return folder / "out"


def test_everything_that_stands_in_is_counted(out: Path) -> None:
    found = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["findings"]
    text: dict[str, list[str]] = {}
    for finding in found:
        text.setdefault(finding["code"], []).append(finding["text"])
    shares = "\n".join(text["inventory.share_stand_in"])
    assert "bus cng: light_commercial / petrol / euro_5" in shares
    assert "heavy_truck lng: heavy_truck / diesel / euro_V" in shares
    odd = "\n".join(text["inventory.odd_factor"])
    for pollutant in ("VOC", "CH4"):
        assert f"emep_eea_2025: {pollutant} of light_commercial / diesel / N1-III / euro_7" in odd
    # gas bus, three kinds of trucks, gas car; the diesel bus and the van have a number
    assert text["inventory.particle_number"][0].startswith("5 technologies")
    stood = "\n".join(text["inventory.stand_in"])
    assert "heavy_truck / lng / Rigid 14 - 20 t / euro_V" in stood
    assert "fuel diesel for lng" in stood
    assert "passenger_car / cng" in stood
    assert all(
        t.startswith("Liquefied gas: no published factors for heavy_truck / lng") for t in text["scenario.stand_in"]
    )
    # trucks drive up to 90 km/h on the embedded motorways, their curves end at 85 or 86
    assert "held at that speed" in text["inventory.above_range"][0]
    # five kinds of heavy vehicles; the van has its own cold starts, the gas car those of petrol
    assert text["inventory.no_cold_start"][0].startswith("5 technologies")
    assert text["inventory.no_cold_start"][0].endswith(": bus cng, bus diesel, heavy_truck diesel, heavy_truck lng.")


def test_driving_above_the_curves_by_hand() -> None:
    factors = SimpleNamespace(
        technologies=pl.DataFrame({"v_max_kmh": [86.0, None]}), grid_kmh=np.array([10.0, 50.0, 86.0, 90.0, 100.0])
    )
    fleet = SimpleNamespace(entry_stream=np.array([0, 0, 1]), entry_technology=np.array([0, 1, 0]))
    histogram = np.zeros((2, 1, 1, 5))
    histogram[0, 0, 0] = [10.0, 20.0, 30.0, 25.0, 15.0]
    above = _above_range(factors, fleet, histogram, np.array([60.0, 40.0, 7.0]))  # type: ignore[arg-type]
    assert above.tolist() == [pytest.approx(0.4 * 60.0), 0.0]


def test_a_gas_truck_has_its_own_carbon_and_the_curves_that_stand_in(out: Path) -> None:
    rows = pl.read_csv(out / "by_process.csv").filter(
        (pl.col("process") == "hot") & (pl.col("stream") == "rigid_truck") & (pl.col("scenario") == "baseline")
    )
    value = dict(rows.group_by("pollutant").agg(pl.col("value_per_year").sum()).iter_rows())
    assert value["BC"] == pytest.approx(0.15 * value["PM_exhaust"], rel=1e-9)
    assert value["NO2"] == pytest.approx(0.12 * value["NOx"], rel=1e-9)
    # EGR stands in for the gas truck, SCR is the diesel truck's: their energy differs by a percent
    # half of the energy is gas: 1000 x 2.7433 / 49.4 = 55.53 g/MJ, half is diesel: 1000 x 3.1695 / 42.695 = 74.24 g/MJ
    tons_per_mj = (2743.3 / 49.4 + 3169.5 / 42.695) / 2.0
    assert value["CO2"] / value["energy_MJ"] == pytest.approx(tons_per_mj / 1000.0, rel=5e-3)


def test_wear_and_cold_starts_of_the_newer_edition_reach_the_run(out: Path) -> None:
    rows = pl.read_csv(out / "by_process.csv").filter((pl.col("stream") == "van") & (pl.col("scenario") == "baseline"))
    value = {(p, c): v for p, c, v in rows.select("process", "pollutant", "value_per_year").iter_rows()}
    # 100 vans x 20,000 km x 21 mg/km x half of it PM10
    assert value["road", "PM10_non_exhaust"] == pytest.approx(100 * 20_000 * 0.021 * 0.5 / 1e6)
    # 15 degrees, trips of 12.4 km: cold over hot energy 1.34 - 0.008 x 15 = 1.22 on the share driven cold
    share = 0.6474 - 0.02545 * 12.4 - (0.00974 - 0.000385 * 12.4) * 15.0
    cold, hot = value["cold", "energy_MJ"], value["hot", "energy_MJ"]
    assert cold / hot == pytest.approx(share * 0.22, rel=1e-6)


def test_the_chinese_report_says_the_same(out: Path) -> None:
    result = CliRunner().invoke(main, ["report", str(out), "--language", "zh"])
    assert result.exit_code == 0, result.output
    page = next(p for p in out.glob("*.html") if "没有公布的BC比例" in p.read_text(encoding="utf-8"))
    text = page.read_text(encoding="utf-8")
    assert "相邻阶段的" in text
    assert "没有公布的颗粒物数量" in text
