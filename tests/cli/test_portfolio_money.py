"""Budgets, costs and benefits that bound nothing or everything, in `fleet-planner portfolio`."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from tests.cli.test_portfolio import REGISTRY, TARGETS
from tests.cli.test_traffic import OSM, PLAN


def call(folder: Path, more: str) -> Result:
    for name, text in (("plan.toml", PLAN + more), ("r.csv", REGISTRY), ("n.osm", OSM)):
        (folder / name).write_text(text, encoding="utf-8")
    return CliRunner().invoke(main, ["portfolio", str(folder / "plan.toml"), "--out", str(folder / "out")])


def test_a_zero_budget_leaves_fuels_and_is_named_in_the_conflict(tmp_path: Path) -> None:
    section = "[portfolio]\nmeasures = ['dpf_scr', 'rd99']\nbudget_usd_per_year = 0.0\n"
    done = call(tmp_path, TARGETS + section)
    assert done.exit_code == 0, done.output
    assert "No mix keeps these together" in done.output
    assert "budget (" in done.output
    years = pl.read_csv(tmp_path / "out" / "portfolio_years.csv", infer_schema_length=None)
    assert years["capital_usd2024"].sum() == 0.0
    assert "The budget is nought" in (tmp_path / "out" / "portfolio.html").read_text(encoding="utf-8")
    assert "预算为零" in (tmp_path / "out" / "portfolio.zh.html").read_text(encoding="utf-8")


def test_a_benefit_without_budget_is_finite_and_told(tmp_path: Path) -> None:
    """Free renewable diesel: an option that costs nothing is used wherever it brings anything."""
    prices = "[economics.fuel_premium_usd_per_l]\nrd99 = 0.0\n"
    section = "[turnover]\nto_year = 2026\n[portfolio]\nobjective = 'benefit'\nmeasures = ['rd99']\n"
    done = call(tmp_path, section + prices)
    assert done.exit_code == 0, done.output
    page = (tmp_path / "out" / "portfolio.html").read_text(encoding="utf-8")
    assert "No budget bounds the benefit" in page
    limits = tmp_path / "out" / "portfolio_limits.csv"
    assert not limits.exists()
    mix = pl.read_csv(tmp_path / "out" / "portfolio.csv", infer_schema_length=None)
    assert 0.0 < mix["vehicles"].sum() < 1e4
