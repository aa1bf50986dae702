"""The report's chapters from the command line: data quality, intensities, hours, and the files beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

NODES = "".join(f"<node id='{i + 1}' lat='{0.004 * (i % 3)}' lon='{3.0 + 0.004 * i}'/>" for i in range(8))
REFS = "".join(f"<nd ref='{i + 1}'/>" for i in range(8))
OSM = f"<osm version='0.6'>{NODES}<way id='1'>{REFS}<tag k='highway' v='primary'/></way></osm>"
REGISTRY = "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count\n" + "".join(
    f"b{y},bus,diesel,16000,{y},urban_bus,50000,30\nc{y},passenger_car,petrol,,{y},car,12000,900\n"
    for y in (2008, 2016)
)
PLAN = """[city]
name = "<script>alert(1)</script>"
name_zh = "<b>城</b>"
country = "CL"
year = 2024
[network]
file = "n.osm"
[fleet]
registry = "r.csv"
[economics]
diesel_usd_per_l = 1.2
[[scenario]]
name = "electric"
title = "Electric <buses> & more"
[[scenario.measure]]
measure = "bev_bus"
streams = ["urban_bus"]
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chapters")
    for name, text in {"n.osm": OSM, "r.csv": REGISTRY, "plan.toml": PLAN}.items():
        (folder / name).write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["run", str(folder / "plan.toml"), "--out", str(folder / "out")])
    assert result.exit_code == 0, result.output
    return folder / "out"


def test_where_the_inputs_come_from(out: Path) -> None:
    table = pl.read_csv(out / "data_quality.csv")
    tiers = dict(table.select("input", "tier").iter_rows())
    assert tiers["distance"] == "A"
    assert tiers["grade"] == tiers["weather"] == tiers["limits"] == "D"
    assert tiers["standard"] == "B"
    assert table.filter(input="prices")["given_pct"][0] > 0.0
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'id="data-quality"' in page
    assert f"Of {table.height} kinds of inputs" in page


def test_intensities_beside_published_fleets(out: Path) -> None:
    table = pl.read_csv(out / "intensity.csv")
    own = table.filter(who="own", vehicle="diesel_bus", metric="nox").row(0, named=True)
    assert 1.0 < own["value"] < 30.0
    assert table.filter(vehicle="diesel_bus", metric="nox")["rank"].sort().to_list() == [1, 2, 3, 4]
    assert table.filter(who="own", vehicle="electric_bus").height == 1
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "California, urban buses, 2015" in page
    assert "no published fleet with a source" in page
    outside = table.filter(outside="yes").height
    findings = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["findings"]
    assert sum(f["code"] == "inventory.intensity_outside" for f in findings) == outside


def test_hours_of_the_map_are_measured_against_the_exact_ones(out: Path) -> None:
    errors = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["map_hours"]
    assert {e["scenario"] for e in errors} == {"baseline", "electric"}
    # one road class and one way: every link has the hours of its class, to the rounding of the speeds
    assert max(e["mean_error_pct"] for e in errors) < 2.0
    assert all(e["largest_error_pct"] >= e["mean_error_pct"] - 1e-9 for e in errors)


def test_names_of_the_plan_cannot_become_markup(out: Path) -> None:
    zh = CliRunner().invoke(main, ["report", str(out), "--language", "zh"])
    assert zh.exit_code == 0
    for name in ("report.html", "report.zh.html"):
        text = (out / name).read_text(encoding="utf-8")
        assert "alert(1)</script>" not in text
        assert "<b>城</b>" not in text
        assert "Electric &lt;buses&gt; &amp; more" in text or name == "report.zh.html"
        assert text.count("<script") == 5
        assert text.count("</script>") == 5
