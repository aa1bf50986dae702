"""`fleet-planner sweep`: many scenarios, each as the whole run has it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.tables import columns
from tests.cli.test_portfolio import REGISTRY
from tests.cli.test_traffic import OSM, PLAN

SCENARIO = """
[comparison]
enabled = false
[[scenario]]
name = "mixed"
title = "Mixed"
[[scenario.measure]]
measure = "dpf_passive"
uptake = 0.5
[[scenario.measure]]
measure = "rd99"
streams = ["rigid_truck"]
[[scenario.measure]]
measure = "bev_bus"
uptake = 0.25
"""


@pytest.fixture
def town(tmp_path: Path) -> Path:
    (tmp_path / "plan.toml").write_text(PLAN + SCENARIO, encoding="utf-8")
    (tmp_path / "r.csv").write_text(REGISTRY, encoding="utf-8")
    (tmp_path / "n.osm").write_text(OSM, encoding="utf-8")
    return tmp_path


def call(*arguments: object):
    return CliRunner().invoke(main, [str(a) for a in arguments])


def test_each_scenario_is_as_the_whole_run_has_it(town: Path) -> None:
    done = call("sweep", town / "plan.toml", "--levels", "0,0.25,0.5,1", "--out", town / "sweep.csv")
    assert done.exit_code == 0, done.output
    table = pl.read_csv(town / "sweep.csv")
    assert table.columns == [c.column for c in columns("sweep")]
    assert table["scenario"].n_unique() == 64
    assert call("run", town / "plan.toml", "--out", town / "out").exit_code == 0
    whole = pl.read_csv(town / "out" / "summary.csv").filter(scenario="mixed")
    mine = table.filter(scenario="dpf_passive 0.5, rd99 1, bev_bus 0.25")
    joined = whole.join(mine, on="pollutant")
    assert joined.height == whole.height
    for row in joined.filter(pl.col("value_per_year") > 0.0).iter_rows(named=True):
        assert row["value_per_year_right"] == pytest.approx(row["value_per_year"], rel=1e-9), row["pollutant"]
    untouched = table.filter(scenario="nothing")
    assert untouched["change_pct"].abs().max() == 0.0
    assert untouched["cost_usd2024_per_year"].max() == 0.0


@pytest.mark.parametrize(
    ("levels", "parts"),
    [
        ("0,2", ["between 0 and 1"]),
        ("a", ["--levels"]),
        (",".join(f"{k / 40}" for k in range(41)), ["68,921", "fewer"]),
    ],
)
def test_wrong_levels_are_refused(town: Path, levels: str, parts: list[str]) -> None:
    done = call("sweep", town / "plan.toml", "--levels", levels, "--out", town / "sweep.csv")
    assert done.exit_code == 1
    for part in parts:
        assert part in done.output
    assert not (town / "sweep.csv").exists()


def test_what_is_there_is_not_overwritten(town: Path) -> None:
    (town / "sweep.csv").write_text("mine", encoding="utf-8")
    assert call("sweep", town / "plan.toml", "--out", town / "sweep.csv").exit_code == 1
    assert (town / "sweep.csv").read_text(encoding="utf-8") == "mine"
