"""Forms of registries from the command line: the guess of `fleet check`, and a run on a Chinese stock table."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.fleet.forms import FORMS

STOCK = "车型,燃料,国三,国四,国五,国六\n重型货车,柴油,0.012,0.034,0.056,0.008\n公交车,天然气,,0.005,0.01,0.002\n飞船,柴油,1,,,\n"
NODES = "".join(f"<node id='{i + 1}' lat='{0.004 * (i % 2)}' lon='{0.004 * i}'/>" for i in range(6))
REFS = "".join(f"<nd ref='{i + 1}'/>" for i in range(6))
OSM = f"<osm version='0.6'>{NODES}<way id='1'>{REFS}<tag k='highway' v='primary'/></way></osm>"
PLAN = (
    '[city]\nname = "x"\ncountry = "CN"\nyear = 2023\n[network]\nfile = "n.osm"\n'
    '[fleet]\nregistry = "stock.csv"\nformat = "china_stock"\ncount_unit = "ten_thousand"\n'
    'keep = { "车型" = ["*车"] }\n'
)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def city(folder: Path) -> Path:
    (folder / "stock.csv").write_bytes(STOCK.encode("gbk"))
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    return folder / "plan.toml"


def test_a_run_on_a_stock_table_by_type_and_standard(tmp_path: Path) -> None:
    result = call("run", city(tmp_path), "--out", tmp_path / "out", "--language", "zh")
    assert result.exit_code == 0, result.output
    vehicles = pl.read_parquet(tmp_path / "out" / "vehicles.parquet")
    assert vehicles["count"].sum() == pytest.approx(1100 + 170)
    by_standard = dict(vehicles.group_by("standard").agg(pl.col("count").sum()).iter_rows())
    assert by_standard["euro_V"] == pytest.approx(560 + 100)
    told = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    texts = {f["code"]: f["text"] for f in told["findings"]}
    assert "3 rows" not in texts["fleet.imported"]
    assert "china_stock: 2 rows with 1,270 vehicles gave 1,270 vehicles" in texts["fleet.imported"]
    assert "left out 1 of 3 rows" in texts["fleet.left_out"]
    assert any(s["item"] == "vehicles of the classes of public forms" for s in told["sources"])
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "登记表按china_stock格式读取：2行共1,270辆车" in page
    checked = call("fleet", "check", tmp_path / "plan.toml")
    assert checked.exit_code == 0, checked.output
    assert "Form: china_stock (as given)" in checked.stdout
    assert "Rows: 3 read = 2 kept + 0 rejected + 1 left out" in checked.stdout
    assert "Vehicles: 1,270 read = 1,270 kept + 0 rejected" in checked.stdout


def test_the_check_prints_the_form_that_it_recognised(tmp_path: Path) -> None:
    city(tmp_path)
    options = ("--country", "CN", "--year", 2023, "--max-rejected", 1)
    result = call("fleet", "check", tmp_path / "stock.csv", *options, "--fix", tmp_path / "own.csv")
    assert result.exit_code == 0, result.output
    assert "Form: china_stock (recognised by its header)" in result.stdout
    assert 'format = "china_stock"' in result.stdout
    assert 'columns = { "type" = "车型", "fuel" = "燃料" }' in result.stdout
    assert "this word is unknown in the form china_stock" in result.stdout
    again = call("fleet", "check", tmp_path / "own.csv", *options)
    assert "Form: native (recognised by its header)" in again.stdout
    other = call("fleet", "check", tmp_path / "stock.csv", *options, "--format", "emfac")
    assert other.exit_code == 1
    assert "a column that the form emfac needs is missing" in other.stderr


def test_columns_in_spanish_are_recognised_and_printed(tmp_path: Path) -> None:
    text = "vehicle_id,categoria,combustible,peso_bruto_kg,año,uso,km_anuales\na,autobús,diésel,17500,2014,urban_bus,60000\n"
    (tmp_path / "r.csv").write_text(text, encoding="utf-8")
    result = call("fleet", "check", tmp_path / "r.csv", "--country", "CL", "--year", 2024)
    assert result.exit_code == 0, result.output
    assert '"fuel" = "combustible"' in result.stdout
    assert "Columns of the registry were recognised by their headers" in result.stdout


def test_the_documentation_names_every_form(repository: Path) -> None:
    page = (repository / "docs" / "registry.md").read_text(encoding="utf-8")
    for form in FORMS:
        assert f"`{form}`" in page
