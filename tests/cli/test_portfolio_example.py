"""The example of the least-cost mix of La Serena-Coquimbo."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.plan.load import load_plan
from fleet_planner.tables import columns

FOLDER = Path(__file__).resolve().parents[2] / "inputs" / "coquimbo"


def test_the_example_is_a_plan_with_targets_sites_and_futures() -> None:
    plan = load_plan(FOLDER / "mix.toml")
    assert len(plan.target) == 3
    assert (FOLDER / plan.portfolio.sites.file).is_file()
    assert {f.name for f in plan.portfolio.future} >= {"mandate", "slow_grid", "cheap_batteries", "short_range"}


@pytest.mark.slow
def test_the_example_runs_within_its_limits(tmp_path: Path) -> None:
    """With its last two futures and without the front, to be short."""
    text = (FOLDER / "mix.toml").read_text(encoding="utf-8").replace('front = "nox"', "")
    start = text.index("[[portfolio.future]]")
    kept = text[text.index('[[portfolio.future]]\nname = "short_range"') :]
    for name in ("registry.csv", "assumptions.csv", "mix_sites.csv"):
        (tmp_path / name).symlink_to(FOLDER / name)
    (tmp_path / "mix.toml").write_text(text[:start] + kept, encoding="utf-8")
    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["portfolio", str(tmp_path / "mix.toml"), "--out", str(out)])
    assert done.exit_code == 0, done.output
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert told["status"] in {"met", "time limit"}
    assert told["gap"] < 0.05
    for name in ("cash", "workforce", "market", "curve", "sites", "limits"):
        table = pl.read_csv(out / f"portfolio_{name}.csv", infer_schema_length=None)
        assert table.columns == [c.column for c in columns(f"portfolio_{name}")]
        assert table.height > 0
    sites = pl.read_csv(out / "portfolio_sites.csv")
    assert (sites["kw_drawn"] <= sites["kw_available"] + 1e-6).all()
    check = pl.read_csv(out / "portfolio_check.csv").filter(pollutant="NOx").row(0, named=True)
    assert check["inventory_per_year"] == pytest.approx(check["optimiser_per_year"], rel=1e-6)
    for page, words in (
        ("portfolio.html", ("Jobs to retrain", "Cash need by source of money", "Market size", "Curve of the mix")),
        ("portfolio.zh.html", ("需再培训的岗位", "按资金来源的现金需求", "市场规模", "组合减排曲线")),
    ):
        text = (out / page).read_text(encoding="utf-8")
        for word in words:
            assert word in text
