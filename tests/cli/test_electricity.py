"""How clean electricity is over the years and hours, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from fleet_planner.tables import columns
from tests.cli.test_later_years import TURNOVER, call

SCENARIO = """
[[scenario]]
name = "electric"
title = "Electric buses"
[[scenario.measure]]
measure = "bev_bus"
streams = ["urban_bus"]
uptake_by_year = { 2026 = 1.0 }
"""
NORTH = '[electricity]\npath = "policy"\npath_region = "CN-NORTH"\n'


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("grid")
    result = call(folder, NORTH + TURNOVER + SCENARIO, "run", "out")
    assert result.exit_code == 0, result.output
    return folder / "out"


def emitted(out: Path, pollutant: str) -> dict[tuple[str, int], float]:
    rows = pl.read_csv(out / "by_year.csv").filter(pollutant=pollutant)
    return {(s, y): v for s, y, v in rows.select("scenario", "year", "value_per_year").iter_rows()}


def test_each_year_counts_electricity_by_its_own_factor(out: Path) -> None:
    path = pl.read_csv(out / "grid_path.csv")
    assert path.columns == [c.column for c in columns("grid_path")]
    mean = dict(path.select("year", "average_kg_per_kwh").iter_rows())
    assert mean[2024] == pytest.approx(0.513)  # China's mean of 2024, packaged
    shape = {2024: 0.6776 - (0.6776 - 0.61) * 2 / 3, 2028: 0.61 - 0.11 * 3 / 5, 2032: 0.5 - 0.12 * 2 / 5}
    assert mean[2028] / mean[2024] == pytest.approx(shape[2028] / shape[2024], rel=1e-9)
    assert mean[2032] / mean[2024] == pytest.approx(shape[2032] / shape[2024], rel=1e-9)
    kwh, co2 = emitted(out, "electricity_kwh"), emitted(out, "CO2_grid")
    for scenario, year in co2:
        assert co2[scenario, year] == pytest.approx(kwh[scenario, year] * mean[year], rel=1e-9)  # MWh x kg/kWh = t
    later = pl.read_csv(out / "grid_differences.csv").filter(year=2032).row(0, named=True)
    assert later["average_kg_per_kwh"] == pytest.approx(mean[2032])
    assert later["marginal_kg_per_kwh"] == pytest.approx(0.83 * mean[2032] / mean[2024])
    electricity = later["electricity_mwh_per_year"] * later["marginal_kg_per_kwh"]
    assert later["change_marginal_t_per_year"] == pytest.approx(later["tailpipe_t_per_year"] + electricity)


def test_the_report_and_the_manifest_tell_the_course(out: Path) -> None:
    assert 'id="grid-path"' in (out / "report.html").read_text(encoding="utf-8")
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert any(s["item"] == "courses of the CO2 of electricity" for s in told["sources"])
    codes = {f["code"] for f in json.loads((out / "report_data.json").read_text())["findings"]}
    assert "economics.grid_course" in codes


def test_a_grid_without_carbon_leaves_no_upstream_carbon(tmp_path: Path) -> None:
    own = "[electricity]\naverage_by_year = { 2024 = 0.0 }\nmarginal_by_year = { 2024 = 0.0 }\n"
    assert call(tmp_path, own + TURNOVER + SCENARIO, "run", "out").exit_code == 0
    assert set(emitted(tmp_path / "out", "CO2_grid").values()) == {0.0}
    rows = pl.read_csv(tmp_path / "out" / "grid_differences.csv")
    assert rows["change_marginal_t_per_year"].to_list() == rows["tailpipe_t_per_year"].to_list()
    wheel = pl.read_csv(tmp_path / "out" / "well_to_wheel.csv")
    assert set(wheel["electricity_t_per_year"]) == {0.0}


@pytest.mark.parametrize(
    ("section", "word"),
    [
        ('path = "policy"\npath_region = "CL"', "CN-BJ, CN-NORTH, US-CA"),
        ('path = "policy"\naverage_by_year = { 2024 = 0.1 }', "keep one of them"),
        ('hourly = "no.csv"', "no.csv"),
        ("charging_hours = [1.0, 2.0]", "24 shares"),
    ],
)
def test_what_cannot_be_followed_is_refused(tmp_path: Path, section: str, word: str) -> None:
    result = call(tmp_path, f"[electricity]\n{section}\n", "run", "out")
    assert result.exit_code == 1
    assert word in result.output
    assert not (tmp_path / "out").exists()


def test_a_dirty_grid_turns_what_electric_buses_do(tmp_path: Path) -> None:
    """At 0.9 kg/kWh of new demand electric buses add CO2, with none they save; the border lies between and is told."""
    base = "[electricity]\naverage_by_year = { 2024 = 0.0 }\nmarginal_by_year = { 2024 = %s }\n" + SCENARIO.replace(
        "uptake_by_year = { 2026 = 1.0 }", ""
    )
    change = {}
    for factor in (0.0, 0.9):
        assert call(tmp_path, base % factor, "run", f"at{factor}").exit_code == 0
        row = pl.read_csv(tmp_path / f"at{factor}" / "grid_differences.csv").row(0, named=True)
        change[factor] = row["change_marginal_t_per_year"]
        assert 0.0 < row["break_even_kg_per_kwh"] < 0.9
    assert change[0.0] < 0.0 < change[0.9]
    page = (tmp_path / "at0.9" / "report.html").read_text(encoding="utf-8")
    assert "Adds CO2 above (kg per kWh)" in page


def test_hours_are_weighed_with_the_charging_and_their_stacks_are_told(tmp_path: Path) -> None:
    """0.2 by day, 0.8 by night, all charged by night; NOx of a kWh of all electricity over the thermal share of China."""
    night = [0.0 if 8 <= h < 20 else 1.0 for h in range(24)]
    rows = "".join(f"{h},{0.2 if 8 <= h < 20 else 0.8},{0.05 if night[h] else 0.5}\n" for h in range(24))
    (tmp_path / "hours.csv").write_text("hour,co2e_kg_per_kwh,nox_g_per_kwh\n" + rows, encoding="utf-8")
    plan = f'[electricity]\nhourly = "hours.csv"\ncharging_hours = {night}\n' + SCENARIO.replace(
        "uptake_by_year = { 2026 = 1.0 }", ""
    )
    assert call(tmp_path, plan, "run", "out").exit_code == 0
    out = tmp_path / "out"
    summary = pl.read_csv(out / "summary.csv").filter(scenario="electric")
    t = dict(summary.select("pollutant", "value_per_year").iter_rows())
    assert t["CO2_grid"] == pytest.approx(0.8 * t["electricity_kwh"], rel=1e-9)
    # 700 buses of 60,000 km at the plug: what the charger loses (10 %) is in the 1.565 kWh per km
    assert t["electricity_kwh"] * 1e3 / (700 * 60_000) == pytest.approx(1.565, rel=1e-3)
    power = pl.read_csv(out / "power_plants.csv").filter(scenario="electric", pollutant="NOx").row(0, named=True)
    assert power["emitted_t_per_year"] == pytest.approx(t["electricity_kwh"] / 0.952 * 0.05 / 1e3, rel=1e-9)
    assert power["added_t_per_year"] == pytest.approx(power["emitted_t_per_year"] / 0.67, rel=1e-9)  # all thermal
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert any(entry["role"] == "electricity by hour" for entry in told["inputs"])
    course = pl.read_csv(out / "grid_path.csv").row(0, named=True)
    assert (course["path"], course["average_kg_per_kwh"], course["checked"]) == ("hours", pytest.approx(0.8), "no")


BATTERIES = "[impacts.upstream]\nbattery_manufacturing = true\n"


def test_batteries_stand_in_the_path_when_bought_and_in_the_border_over_their_life(tmp_path: Path) -> None:
    both = SCENARIO + '[[scenario.measure]]\nmeasure = "dpf_passive"\nstreams = ["rigid_truck", "urban_bus"]\n'
    assert call(tmp_path, TURNOVER + both, "run", "without").exit_code == 0
    assert call(tmp_path, BATTERIES + TURNOVER + both, "run", "with").exit_code == 0
    before, after = (
        {r["scenario"]: r for r in pl.read_csv(tmp_path / d / "climate_path.csv").to_dicts()}
        for d in ("without", "with")
    )
    made = pl.read_csv(tmp_path / "with" / "battery_manufacturing.csv")
    assert made.columns == [c.column for c in columns("battery_manufacturing")]
    for scenario in ("baseline", "electric"):
        own = made.filter(scenario=scenario)
        added = after[scenario]["cumulative_t"] - before[scenario]["cumulative_t"]
        assert added == pytest.approx(own["co2e_t"].sum(), rel=1e-9)
    more = (
        made.filter(scenario="electric", year=2026)["batteries"][0]
        - made.filter(scenario="baseline", year=2026)["batteries"][0]
    )
    assert more > 100.0  # all buses of the city at once
    border = [
        pl.read_csv(tmp_path / d / "break_even.csv").filter(variable="grid_kg_per_kwh", against="dpf_passive")
        for d in ("without", "with")
    ]
    nets = [table["net_benefit_electric_usd2024_per_vehicle"][0] for table in border]
    carbon = pl.read_csv(tmp_path / "with" / "break_even.csv").filter(variable="carbon_usd_per_t")["now"][0]
    assert nets[0] - nets[1] == pytest.approx(250.0 * 61.5 / 7.0 / 1000.0 * carbon, rel=1e-6)
    assert 'id="batteries-made"' in (tmp_path / "with" / "report.html").read_text(encoding="utf-8")
    assert not (tmp_path / "without" / "battery_manufacturing.csv").exists()


def test_grey_hydrogen_is_worse_than_a_diesel_hybrid_and_green_better(tmp_path: Path) -> None:
    """Buses of 12 m: 0.0845 kg/km of grey hydrogen is 1.05 kg CO2e; a hybrid stays under 0.9 from well to wheel."""
    own = "".join(
        f'[[scenario]]\nname = "{n}"\ntitle = "{n}"\n[[scenario.measure]]\nmeasure = "{m}"\nstreams = ["urban_bus"]\n'
        for n, m in (("hydrogen", "fcev_bus"), ("hybrid", "hybrid"))
    )
    assert call(tmp_path, '[impacts.upstream]\nhydrogen = "grey"\n' + own, "run", "out").exit_code == 0
    out = tmp_path / "out"
    wheel = dict(pl.read_csv(out / "well_to_wheel.csv").select("scenario", "well_to_wheel_t_per_year").iter_rows())
    table = pl.read_csv(out / "hydrogen.csv")
    assert table.columns == [c.column for c in columns("hydrogen")]
    assert set(table["scenario"]) == {"hydrogen"}
    colour = {r["colour"]: r for r in table.iter_rows(named=True)}
    assert wheel["hydrogen"] == pytest.approx(colour["grey"]["well_to_wheel_t_per_year"], rel=1e-9)
    assert colour["green"]["well_to_wheel_t_per_year"] < wheel["hybrid"] < wheel["hydrogen"]
    assert wheel["hydrogen"] < colour["coal"]["well_to_wheel_t_per_year"]
    grey = colour["grey"]
    assert [r["colour"] for r in table.iter_rows(named=True) if r["in_plan"] == "yes"] == ["grey"]
    assert grey["made_t_per_year"] == pytest.approx(grey["hydrogen_t_per_year"] * 120.0 * 0.104, rel=2e-3)
    assert grey["change_pct"] == pytest.approx(100.0 * (wheel["hydrogen"] / wheel["baseline"] - 1.0))
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'id="hydrogen"' in page
    assert "grey, of natural gas" in page


def test_los_angeles_reaches_its_target_of_2050_or_tells_the_gap(tmp_path: Path) -> None:
    """By 2050 the packaged grid has no carbon left; what still burns is the gap to neutrality."""
    text = '[electricity]\npath = "policy"\npath_region = "US-CA-LA"\n[impacts.climate]\nneutral_year = 2050\n'
    horizon = TURNOVER.replace("2036", "2050").replace("[2028, 2032]", "[2045]")
    assert call(tmp_path, text + horizon, "run", "out").exit_code == 0
    grid, left = emitted(tmp_path / "out", "CO2_grid"), emitted(tmp_path / "out", "CO2")
    assert grid["baseline", 2045] == grid["baseline", 2050] == 0.0
    gap = pl.read_csv(tmp_path / "out" / "climate_path.csv").row(0, named=True)
    assert gap["neutral_year"] == 2050
    assert gap["gap_t_per_year"] == pytest.approx(gap["emitted_t_per_year"])
    assert gap["gap_t_per_year"] >= left["baseline", 2050] > 0.0


def test_break_evens_follow_the_course_of_electricity(tmp_path: Path) -> None:
    plan = "[electricity]\naverage_by_year = { 2024 = 0.8, 2040 = 0.0 }\n" + SCENARIO.replace(
        "uptake_by_year = { 2026 = 1.0 }", ""
    )
    both = plan + '[[scenario.measure]]\nmeasure = "dpf_passive"\nstreams = ["rigid_truck", "urban_bus"]\n'
    assert call(tmp_path, both, "run", "out").exit_code == 0
    table = pl.read_csv(tmp_path / "out" / "break_even.csv").filter(against="dpf_passive")
    grid = table.filter(variable="grid_kg_per_kwh").sort("year")
    assert grid["year"].to_list() == [2024, 2029, 2034, 2039, 2040]
    # what new demand brings stays in proportion to the mean, which falls to nothing in sixteen years
    left = [1.0 - (year - 2024) / 16.0 for year in grid["year"]]
    assert grid["now"].to_list() == pytest.approx([grid["now"][0] * share for share in left], abs=1e-12)
    # a kWh without carbon is worth what its carbon cost before; the border of the grid itself stays where it is
    nets = grid["net_benefit_electric_usd2024_per_vehicle"].to_list()
    assert nets == sorted(nets)
    assert nets[-1] > nets[0]
    assert grid["net_benefit_against_usd2024_per_vehicle"].n_unique() == 1
    borders = grid["border"].drop_nulls().to_list()
    assert borders == pytest.approx(borders[:1] * len(borders))
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "with the electricity of" in page
