"""Net benefit in `fleet-planner portfolio` by the routes of ``[impacts.health]``."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from tests.cli.test_portfolio import REGISTRY
from tests.cli.test_traffic import OSM, PLAN

CELL = {
    "type": "Polygon",
    "coordinates": [[[-0.01, -0.01], [0.04, -0.01], [0.04, 0.02], [-0.01, 0.02], [-0.01, -0.01]]],
}
ZONES = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {"name": "town", "population": 450000}, "geometry": CELL}],
    }
)
SECTION = """
[portfolio]
to_year = 2026
objective = "benefit"
measures = ["bev_bus"]
"""
HEALTH = """
[impacts.health]
routes = { "PM2.5" = "intake_fraction", SO2 = "intake_fraction", NOx = "damage_per_t" }
population = 450000
life_usd = 1e9
"""
ELECTRIC = """
[[scenario]]
name = "electric"
title = "Electric buses"
[[scenario.measure]]
measure = "bev_bus"
streams = ["urban_bus"]
"""


def call(folder: Path, command: str, text: str) -> Result:
    for name, content in (("plan.toml", text), ("r.csv", REGISTRY), ("n.osm", OSM), ("z.geojson", ZONES)):
        (folder / name).write_text(content, encoding="utf-8")
    return CliRunner().invoke(main, [command, str(folder / "plan.toml"), "--out", str(folder / command)])


def test_the_benefit_is_that_of_an_evaluation_of_the_mix(tmp_path: Path) -> None:
    """At a huge value of life all buses turn electric; a run with that scenario avoids the same value of health."""
    done = call(tmp_path, "portfolio", PLAN + HEALTH + SECTION)
    assert done.exit_code == 0, done.output
    mix = pl.read_csv(tmp_path / "portfolio" / "portfolio.csv", infer_schema_length=None)
    assert mix.filter(stream="urban_bus")["vehicles"].sum() == pytest.approx(140.0)
    check = (
        pl.read_csv(tmp_path / "portfolio" / "portfolio_check.csv").filter(pollutant="health_value").row(0, named=True)
    )
    assert check["unit"] == "US$ 2024/year"
    assert check["optimiser_per_year"] == pytest.approx(check["inventory_per_year"], rel=0.01)
    assert call(tmp_path, "run", PLAN + HEALTH + ELECTRIC).exit_code == 0
    health = pl.read_csv(tmp_path / "run" / "health.csv")
    worth = health.filter(scenario="electric", part="total", effect="value")["avoided"][0]
    assert check["inventory_per_year"] == pytest.approx(worth, rel=1e-6)
    told = json.loads((tmp_path / "portfolio" / "manifest.json").read_text(encoding="utf-8"))["findings"]
    assert "economics.portfolio_worth" in {f["code"] for f in told}


def test_worthless_lives_pay_for_no_bus(tmp_path: Path) -> None:
    free = HEALTH.replace("1e9", "1e-9").replace('NOx = "damage_per_t"', 'NOx = "intake_fraction"')
    text = PLAN + free + SECTION + "[comparison]\ncarbon_usd_per_t = 1e-6\n"
    done = call(tmp_path, "portfolio", text)
    assert done.exit_code == 0, done.output
    mix = pl.read_csv(tmp_path / "portfolio" / "portfolio.csv", infer_schema_length=None)
    assert mix.height == 0 or mix["vehicles"].sum() == 0.0


def test_weights_in_dollars_beside_routes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("stream,pollutant,weight\nurban_bus,PM2.5,1\n", encoding="utf-8")
    done = call(tmp_path, "portfolio", PLAN + HEALTH + SECTION + 'weights = "w.csv"\nweights_in_usd = true\n')
    assert done.exit_code == 1
    assert "twice" in done.output
    assert "portfolio.weights_in_usd" in done.output


def test_concentrations_near_roads_are_worth_what_their_place_is(tmp_path: Path) -> None:
    near = HEALTH.replace(
        '"PM2.5" = "intake_fraction", SO2 = "intake_fraction", NOx = "damage_per_t"', '"PM2.5" = "concentration"'
    )
    plan = PLAN.replace('file = "n.osm"', 'file = "n.osm"\nzones = "z.geojson"')
    text = plan + '[impacts]\npollutants = ["PM2.5"]\nfinest_m = 200.0\n' + near
    done = call(tmp_path, "portfolio", text + SECTION)
    assert done.exit_code == 0, done.output
    rows = pl.read_csv(tmp_path / "portfolio" / "portfolio_check.csv")
    check = rows.filter(pollutant="weighted_value_of_PM2.5").row(0, named=True)
    assert check["optimiser_per_year"] > 0.0
    assert check["inventory_per_year"] == pytest.approx(check["optimiser_per_year"], rel=1e-6)
    assert call(tmp_path, "run", text + ELECTRIC).exit_code == 0
    health = pl.read_csv(tmp_path / "run" / "health.csv")
    worth = health.filter(scenario="electric", part="total", effect="value")["avoided"][0]
    assert check["optimiser_per_year"] == pytest.approx(worth, rel=0.01)  # deaths bend a little with the level
