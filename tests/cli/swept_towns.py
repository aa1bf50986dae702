"""Towns and a sweep of them, for the tests of tasks here and on workers."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from tests.cli.test_portfolio import REGISTRY
from tests.cli.test_sweep import SCENARIO
from tests.cli.test_traffic import OSM, PLAN

SWEEP = """
[sweep]
scenarios = ["mixed"]
retries = 1
[[plan]]
file = "a/plan.toml"
[[plan]]
file = "b/plan.toml"
[alter]
"scenario.mixed.measure.dpf_passive.uptake" = {levels}
"""
LATER = """
[turnover]
to_year = 2030
[[scenario]]
name = "slower"
title = "Slower, then electric"
[[scenario.operation.speed_limit]]
limit_kmh = 30.0
[[scenario.measure]]
measure = "bev_bus"
uptake_by_year = { 2026 = 0.1, 2030 = 0.5 }
"""
"""Later years and a measure in operation, for the end of a town's plan."""


def write_towns(folder: Path, levels: str = "[0.2, 0.5]", names: tuple[str, ...] = ("a", "b")) -> Path:
    """Write towns, a folder each, and a sweep; return its file."""
    for name in names:
        town = folder / name
        town.mkdir(parents=True, exist_ok=True)
        (town / "plan.toml").write_text(PLAN.replace('"x"', f'"{name}"') + SCENARIO, encoding="utf-8")
        (town / "r.csv").write_text(REGISTRY, encoding="utf-8")
        (town / "n.osm").write_text(OSM, encoding="utf-8")
    (folder / "sweep.toml").write_text(SWEEP.replace("{levels}", levels), encoding="utf-8")
    return folder / "sweep.toml"


def call(*arguments: object) -> Result:
    """Call the program."""
    return CliRunner().invoke(main, [str(a) for a in arguments])
