"""Gas and hydrogen in the embedded city, from the plan to the report."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main

SCENARIOS = """
[[scenario]]
name = "gas_buses"
title = "Natural gas buses"
[[scenario.measure]]
measure = "cng_bus"
streams = ["urban_bus"]

[[scenario]]
name = "hydrogen"
title = "Hydrogen buses"
[[scenario.measure]]
measure = "fcev_bus"
streams = ["urban_bus"]

[[scenario]]
name = "two_years"
title = "Euro VI two years earlier"
[[scenario.measure]]
measure = "newer_standard"
to_standard = "euro_VI_abc"
years_earlier = 2

[[scenario]]
name = "six_years"
title = "Euro VI six years earlier"
[[scenario.measure]]
measure = "newer_standard"
to_standard = "euro_VI_abc"
years_earlier = 6
"""


@pytest.fixture(scope="module")
def out(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the embedded city with its buses alone."""
    folder = tmp_path_factory.mktemp("coquimbo")
    source = repository / "inputs" / "coquimbo"
    text = (source / "plan.toml").read_text(encoding="utf-8")
    plan = text[: text.index("[[scenario]]")].replace('assumptions = "assumptions.csv"\n', "")
    plan = re.sub(r"visiting_share = .*\n", "", plan)
    (folder / "plan.toml").write_text(plan + SCENARIOS, encoding="utf-8")
    registry = pl.read_csv(source / "registry.csv", infer_schema=False)
    registry.filter(pl.col("category") == "bus").write_csv(folder / "registry.csv")
    result = CliRunner().invoke(main, ["run", str(folder / "plan.toml"), "--out", str(folder / "out")])
    assert result.exit_code == 0, result.output
    return folder / "out"


def test_gas_buses_emit_methane_and_hydrogen_nothing(out: Path) -> None:
    rows = pl.read_csv(out / "summary.csv").select("scenario", "pollutant", "value_per_year").iter_rows()
    value = {(s, p): v for s, p, v in rows}
    for pollutant in ("NOx", "PM_exhaust"):
        assert value["hydrogen", pollutant] < value["gas_buses", pollutant] < value["baseline", pollutant]
    assert value["gas_buses", "CH4"] > 2.0 * value["baseline", "CH4"]
    assert value["hydrogen", "CO2"] < value["baseline", "CO2"]
    for scenario in ("gas_buses", "hydrogen"):
        wear = value["baseline", "PM2.5_non_exhaust"]
        assert value[scenario, "PM2.5_non_exhaust"] == pytest.approx(wear)


def test_an_earlier_standard_never_raises_what_it_limits(out: Path) -> None:
    rows = pl.read_csv(out / "summary.csv").select("scenario", "pollutant", "value_per_year").iter_rows()
    value = {(s, p): v for s, p, v in rows}
    for pollutant in ("NOx", "PM_exhaust", "BC", "CO"):
        assert value["six_years", pollutant] < value["two_years", pollutant] <= value["baseline", pollutant]
    assert "Euro VI six years earlier" in (out / "report.html").read_text(encoding="utf-8")


def test_hydrogen_used_is_kilometres_times_use(out: Path) -> None:
    """Standard buses: 1.565 kWh/km at the plug x 0.9 / 0.5 x 3.6 / 120 = 0.0845 kg/km, 10.14 MJ/km."""
    with sqlite3.connect(out / "city.gpkg") as file:
        query = "select vkt_km_per_day, energy_mj_per_day, nox_kg_per_day from by_technology where fuel = 'hydrogen'"
        rows = list(file.execute(f"{query} and segment = 'Urban Buses Standard 15 - 18 t'"))
    assert rows
    for km, energy_mj, nox in rows:
        assert energy_mj == pytest.approx(km * 0.0845 * 120.0)
        assert nox == 0.0


def test_the_report_names_both_with_their_costs(out: Path) -> None:
    data = json.loads((out / "report_data.json").read_text(encoding="utf-8"))
    costs = {row["measure_id"]: row for row in data["costs"]}
    assert set(costs) == {"cng_bus", "fcev_bus", "newer_standard"}
    assert costs["newer_standard"]["annualised_capex_usd2024"] > 0.0
    # hydrogen at US$ 7 per kg is dearer than the diesel it saves, natural gas is cheaper
    assert costs["fcev_bus"]["energy_cost_usd2024_per_year"] > 0.0 > costs["cng_bus"]["energy_cost_usd2024_per_year"]
    report = (out / "report.html").read_text(encoding="utf-8")
    for words in (
        "Natural gas bus (EEV)",
        "Hydrogen fuel-cell bus",
        "emissions of making and bringing it are not counted",
    ):
        assert words in report
    codes = {f["code"] for f in json.loads((out / "manifest.json").read_text(encoding="utf-8"))["findings"]}
    assert {"scenario.own_factors", "scenario.hydrogen", "scenario.newer_standard"} <= codes
