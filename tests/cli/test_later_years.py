"""Turnover from the command line: the fleet alone, and emissions by projected year."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.tables import columns

OF_DRAWS = {"low_per_year", "high_per_year", "change_low_pct", "change_high_pct"}
"""Columns of plans with draws alone."""

PLAN = (
    '[city]\nname = "x"\ncountry = "CN"\nyear = 2024\n[network]\nfile = "n.osm"\n'
    '[fleet]\nregistry = "r.csv"\nvisiting_share = { rigid_truck = 0.5 }\n'
)
NODES = "".join(f"<node id='{i + 1}' lat='{0.004 * (i % 2)}' lon='{0.004 * i}'/>" for i in range(6))
REFS = "".join(f"<nd ref='{i + 1}'/>" for i in range(6))
OSM = f"<osm version='0.6'>{NODES}<way id='1'>{REFS}<tag k='highway' v='primary'/></way></osm>"
REGISTRY = "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count\n" + "".join(
    f"t{y},heavy_truck,diesel,12000,{y},rigid_truck,40000,300\nb{y},bus,diesel,17500,{y},urban_bus,60000,50\n"
    f"c{y},passenger_car,petrol,,{y},car,12000,2000\n"
    for y in range(2010, 2024)
)
TURNOVER = "[turnover]\nto_year = 2036\nyears = [2028, 2032]\ngrowth_per_year = 0.0\nreregistration_share = { rigid_truck = 0.05 }\n"


def call(folder: Path, turnover: str, *arguments: str) -> Result:
    (folder / "plan.toml").write_text(PLAN + turnover, encoding="utf-8")
    (folder / "r.csv").write_text(REGISTRY, encoding="utf-8")
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    return CliRunner().invoke(main, [*arguments[:-1], str(folder / "plan.toml"), "--out", str(folder / arguments[-1])])


def test_a_run_tells_the_emissions_of_later_years(tmp_path: Path) -> None:
    result = call(tmp_path, TURNOVER, "run", "out")
    assert result.exit_code == 0, result.output
    out = tmp_path / "out"
    table = pl.read_csv(out / "by_year.csv")
    assert table.columns == [c.column for c in columns("by_year") if c.column not in OF_DRAWS]
    nox = table.filter(pl.col("pollutant") == "NOx").sort("year")
    assert nox["year"].to_list() == [2024, 2028, 2032, 2036]
    summary = pl.read_csv(out / "summary.csv").filter(pl.col("pollutant") == "NOx")
    assert nox["value_per_year"][0] == pytest.approx(summary["value_per_year"][0], rel=1e-12)
    falling = nox["value_per_year"].to_list()
    assert falling == sorted(falling, reverse=True)  # newer standards, electric buses, no growth
    assert falling[-1] < 0.7 * falling[0]
    assert nox["vkt_km_per_day"].to_list() == pytest.approx([nox["vkt_km_per_day"][0]] * 4, rel=1e-9)
    away = nox["outside_per_year"].to_list()
    assert away[0] == 0.0
    assert min(away[1:]) > 0.0
    stock = pl.read_csv(out / "stock.csv")
    assert stock.columns == [c.column for c in columns("stock")]
    assert set(stock["year"]) == set(range(2024, 2037))
    flows = pl.read_csv(out / "stock_flows.csv")
    assert flows.columns == [c.column for c in columns("stock_flows")]
    comes = flows["at_start"] + flows["sold"] + flows["used_imports"]
    goes = flows["scrapped"] + flows["scrapped_early"] + flows["reregistered_out"]
    assert (comes - goes - flows["at_end"]).abs().max() < 1e-6
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'id="years"' in page
    assert "base year = 100 %" in page
    assert "public fleets (China) (in force in key areas" in page
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert {"by_year.csv", "stock.csv", "stock_flows.csv"} <= set(told["files"])
    assert any(s["item"] == "survival of vehicles" for s in told["sources"])
    assert any(a["item"] == "turnover.to_year" and a["value"] == "2036" for a in told["assumptions"])
    again = CliRunner().invoke(main, ["report", str(out), "--language", "zh"])
    assert again.exit_code == 0, again.output
    chinese = (out / "report.zh.html").read_text(encoding="utf-8")
    assert "未来年份的车队" in chinese
    assert "基准年 = 100 %" in chinese


def test_without_a_turnover_a_run_is_as_before(tmp_path: Path) -> None:
    assert call(tmp_path, "", "run", "out").exit_code == 0
    assert not {"by_year.csv", "stock.csv"} & {p.name for p in (tmp_path / "out").iterdir()}
    assert 'id="years"' not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_the_fleet_alone_needs_no_roads(tmp_path: Path) -> None:
    result = call(tmp_path, TURNOVER, "fleet", "project", "stock")
    assert result.exit_code == 0, result.output
    assert "largest difference 0 vehicles" in result.output
    assert "reregistered_out" in result.output
    assert {p.name for p in (tmp_path / "stock").iterdir()} == {"stock.csv", "stock_flows.csv", "columns.csv"}
    (tmp_path / "n.osm").unlink()
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    arguments = ["fleet", "project", str(tmp_path / "plan.toml"), "--out", str(tmp_path / "later"), "--to-year", "2030"]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert pl.read_csv(tmp_path / "later" / "stock.csv")["year"].max() == 2030


@pytest.mark.parametrize(
    ("turnover", "found"),
    [
        ("", "Error: {plan}, column turnover.to_year: the plan does not say until when the fleet is carried forward."),
        ("[turnover]\nto_year = 2020\n", "turnover.to_year must be after city.year, 2024 (found: 2020)"),
        (
            "[turnover]\nto_year = 2070\n",
            "key turnover.to_year: input should be less than or equal to 2060 (found: 2070)",
        ),
        (
            "[turnover]\nto_year = 2030\nyears = [2010]\n",
            "turnover.years must not be before city.year, 2024 (found: 2010)",
        ),
        ("[turnover]\nto_yaer = 2030\n", "unknown key turnover.to_yaer; did you mean 'to_year'?"),
        (
            "[turnover]\nto_year = 2030\nrules = { acf = true }\n",
            "{plan}, column turnover.rules.acf: the plan switches a rule",
        ),
        (
            "[turnover]\nto_year = 2030\ngrowth_by_stream = { tram = 0.1 }\n",
            "{plan}, column turnover.growth_by_stream: ",
        ),
        ("[turnover]\nto_year = 2030\nsurvival = 'no.csv'\n", "no.csv: there is no such table of survival curves."),
    ],
)
def test_a_wrong_turnover_gives_one_message(tmp_path: Path, turnover: str, found: str) -> None:
    result = call(tmp_path, turnover, "fleet", "project", "stock")
    assert result.exit_code == 1
    assert found.format(plan=tmp_path / "plan.toml") in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert "Traceback" not in result.output
    assert not (tmp_path / "stock").exists()


def test_stock_goes_into_an_empty_folder_only(tmp_path: Path) -> None:
    (tmp_path / "stock").mkdir()
    (tmp_path / "stock" / "mine.txt").write_text("x", encoding="utf-8")
    result = call(tmp_path, TURNOVER, "fleet", "project", "stock")
    assert result.exit_code == 1
    assert "not empty" in result.output
    assert [p.name for p in (tmp_path / "stock").iterdir()] == ["mine.txt"]
