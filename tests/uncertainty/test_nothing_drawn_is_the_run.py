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
    '[[target]]\nname = "clean"\npollutant = "PM_exhaust"\ncut_pct = 45.0\nbase_year = 2024\nyear = 2025\n'
    '[[target]]\nname = "peak"\npollutant = "CO2"\npeak_before = 2026\n'
)
BANDED = {
    "present_value": ("private", "public"),
    "costs_by_year": ("private", "public"),
    "ownership": ("private_without", "private_with", "public_without", "public_with"),
    "cash_flow": ("net", "cumulative"),
    "cost_effectiveness": ("usd2024_per_t",),
}


def test_every_figure_is_the_run(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["run", str(write_city(tmp_path, MORE)), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    table = pl.read_csv(tmp_path / "out" / "uncertainty.csv", infer_schema_length=None)
    assert {"emission", "cost", "health", "health_avoided", "net_present_value"} <= set(table["figure"])
    assert table.filter(off("value", "mean", "low", "high") > 1e-9).is_empty()
    for name in ("summary", "by_year", "targets"):
        banded = pl.read_csv(tmp_path / "out" / f"{name}.csv", infer_schema_length=None)
        assert banded["low_per_year"].null_count() == 0, name
        assert banded.filter(off("value_per_year", "low_per_year", "high_per_year") > 1e-9).is_empty(), name
    for name, columns in BANDED.items():
        table = pl.read_csv(tmp_path / "out" / f"{name}.csv", infer_schema_length=None)
        for column in columns:
            assert table[column].null_count() < table.height, (name, column)
            ends = (f"{column}_low", f"{column}_high")
            assert table.filter(off(column, *ends) > 1e-9).is_empty(), (name, column)
            assert table.filter(pl.col(column).is_not_null() & pl.any_horizontal(pl.col(ends).is_null())).is_empty()
    assert set(banded["verdict"]) == {"met", "missed"}
    assert ((banded["verdict"] == "met") == (banded["met_probability"] == 1.0)).all()


def off(value: str, *columns: str) -> pl.Expr:
    """Return how far columns are from a value, beside the value and one."""
    far = pl.max_horizontal((pl.col(c) - pl.col(value)).abs() for c in columns)
    return far / (pl.col(value).abs() + 1.0)
