"""With all groups off every figure of every draw is the run's: totals, costs, health, present value; carbon worth nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import polars as pl
from click.testing import CliRunner
from drawn_city import write_city

from fleet_planner.cli.main import main
from fleet_planner.plan.uncertainty import InputGroup

if TYPE_CHECKING:
    from pathlib import Path

MORE = (
    f"[uncertainty]\ndraws = 4\noff = {list(get_args(InputGroup))}\n[turnover]\nto_year = 2026\nyears = [2026]\n"
    "[economics]\nsocial_carbon_usd_per_t = { 2024 = 0.0 }\n[impacts.health]\npopulation = 300000\n"
    'routes = { "PM2.5" = "intake_fraction", NOx = "damage_per_t" }\n'
)


def test_every_figure_is_the_run(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["run", str(write_city(tmp_path, MORE)), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    table = pl.read_csv(tmp_path / "out" / "uncertainty.csv", infer_schema_length=None)
    assert {"emission", "cost", "health", "health_avoided", "net_present_value"} <= set(table["figure"])
    off = pl.max_horizontal((pl.col(c) - pl.col("value")).abs() for c in ("mean", "low", "high"))
    assert table.filter(off > 1e-9 * pl.col("value").abs() + 1e-9).is_empty()
