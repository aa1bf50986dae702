"""Mixes under other futures: mandates, grid, batteries, range, visiting vehicles."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.tables import columns
from tests.cli.test_portfolio import REGISTRY
from tests.cli.test_traffic import OSM, PLAN

PLAN_OF = """
[turnover]
to_year = 2030
zero_emission_share = { urban_bus = { 2026 = 0.5 } }
[[target]]
name = "ghg"
pollutant = "GHG"
streams = ["urban_bus"]
cut_pct = 15.0
year = 2030
base_year = 2024
[[target]]
name = "nox"
pollutant = "NOx"
cut_pct = 50.0
year = 2030
base_year = 2024
[portfolio]
measures = ["dpf_scr", "bev_bus"]
range_km = { bus = 260.0 }
[portfolio.sites]
file = "sites.csv"
"""
FUTURES = """
[[portfolio.future]]
name = "no_mandate"
title = "No sales mandate"
title_zh = "无销售强制"
zero_emission_share = {}
[[portfolio.future]]
name = "slow_grid"
grid_factor_by_year = { 2026 = 1.0, 2030 = 1.5 }
grid_delay_years = 2
headroom = "low"
[[portfolio.future]]
name = "cheap_batteries"
battery_price_factor = 0.3
electric_capex_factor = 0.4
[[portfolio.future]]
name = "short_range"
range_factor = 0.7
[[portfolio.future]]
name = "more_visitors"
visiting_factor = 1.5
"""
SITES = (
    "site_id,kind,charger_kw,chargers_per_year,headroom_low_kw,headroom_central_kw,upgrade_kw,connection_usd\n"
    "all,elsewhere,100,40,100,2000,4000,500000\n"
)
VISITING = "[fleet]\nvisiting_share = { rigid_truck = 0.3 }\n"


def call(folder: Path, more: str, section: str = PLAN_OF) -> Result:
    for name, text in (("r.csv", REGISTRY), ("n.osm", OSM), ("sites.csv", SITES)):
        (folder / name).write_text(text, encoding="utf-8")
    plan = PLAN.replace("[fleet]\n", VISITING)
    (folder / "plan.toml").write_text(plan + section + more, encoding="utf-8")
    return CliRunner().invoke(main, ["portfolio", str(folder / "plan.toml"), "--out", str(folder / "out")])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("futures")
    done = call(folder, FUTURES)
    assert done.exit_code == 0, done.output
    return folder / "out"


def test_every_mix_is_judged_in_every_future(out: Path) -> None:
    regret = pl.read_csv(out / "portfolio_regret.csv")
    names = ["plan", "no_mandate", "slow_grid", "cheap_batteries", "short_range", "more_visitors"]
    assert regret["mix"].unique(maintain_order=True).to_list() == names
    assert regret.height == len(names) ** 2
    assert (regret["regret_usd2024"] >= 0.0).all()
    for _, part in regret.group_by("future"):
        assert part["regret_usd2024"].min() == 0.0
    for _, part in regret.group_by("mix"):
        assert part["worst_regret_usd2024"][0] == pytest.approx(part["regret_usd2024"].max())


def test_futures_bite_where_they_should(out: Path) -> None:
    """A mix made for the plan misses targets or limits where there are no sales by rule, no grid, more visitors."""
    plan = pl.read_csv(out / "portfolio_regret.csv").filter(mix="plan")
    missed = dict(plan.select("future", "targets_missed").iter_rows())
    assert missed["plan"] == pytest.approx(0.0, abs=1e-6)
    assert missed["no_mandate"] > 0.0
    assert missed["more_visitors"] > 0.0
    assert missed["cheap_batteries"] == pytest.approx(0.0, abs=1e-6)
    cost = dict(plan.select("future", "cost_usd2024").iter_rows())
    assert cost["cheap_batteries"] < cost["plan"]
    assert cost["slow_grid"] == pytest.approx(cost["plan"])


def test_switching_values_lie_between_the_plan_and_the_future(out: Path) -> None:
    table = pl.read_csv(out / "portfolio_switching.csv")
    assert table.columns == [c.column for c in columns("portfolio_switching")]
    batteries = table.filter(future="cheap_batteries")
    assert set(batteries["parameter"]) == {"electric_capex_factor", "battery_price_factor"}
    for row in batteries.iter_rows(named=True):
        if row["switching_point"] is not None:
            value = 1.0 + row["switching_point"] * (row["value_in_future"] - 1.0)
            assert row["switching_value"] == pytest.approx(value)
    assert "无销售强制" in (out / "portfolio.zh.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("section", "more", "parts"),
    [
        ("[portfolio]\n", "[[portfolio.future]]\nname = 'a'\nrange_factor = 0.5\n", ["range_factor", "range_km"]),
        ("[portfolio]\n", "[[portfolio.future]]\nname = 'a'\ngrid_delay_years = 2\n", ["grid_delay_years", "sites"]),
        ("[portfolio]\n", "[[portfolio.future]]\nname = 'a'\ngrid_factor_by_year = { soon = 1.0 }\n", ["soon"]),
        ("[portfolio]\nrange_km = { bike = 50.0 }\n", "", ["bike"]),
    ],
)
def test_bad_futures_get_one_message(tmp_path: Path, section: str, more: str, parts: list[str]) -> None:
    done = call(tmp_path, more, section)
    assert done.exit_code == 1, done.output
    for part in parts:
        assert part in done.output
    assert not (tmp_path / "out").exists()
