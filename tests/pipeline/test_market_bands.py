"""Bands of a market: a draw is a whole market with other costs and baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.pipeline.market.market import market_of
from fleet_planner.pipeline.market.market_bands import _drawn as drawn_of
from fleet_planner.plan.load import load_plan
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from pathlib import Path

CURVES = "city,year,avoided_t,usd_per_t\n" + "".join(
    f"{city},2026,{t},{usd}\n"
    for city, steps in {"north": ((100, -20), (300, 50), (400, 120)), "south": ((200, 30), (500, 90))}.items()
    for t, usd in steps
)
PLAN = """[city]
name = "x"
country = "CN"
year = 2026
[network]
file = "n.osm"
[fleet]
registry = "r.csv"
[uncertainty]
draws = {draws}
off = {off}
[market]
forms = ["direct"]
{ceiling}
curves = "curves.csv"
[[market.city]]
name = "north"
baseline_t = {{ 2026 = {north} }}
cap_t = {{ 2026 = 700.0 }}
[[market.city]]
name = "south"
baseline_t = {{ 2026 = {south} }}
cap_t = {{ 2026 = 900.0 }}
"""


def written(folder: Path, draws: int = 1, off: str = "[]", baselines: tuple[float, float] = (1000.0, 1000.0)) -> Path:
    given = {"draws": draws, "off": off, "north": baselines[0], "south": baselines[1]}
    (folder / "plan.toml").write_text(PLAN.format(ceiling="ceiling_usd_per_t = 500.0", **given), encoding="utf-8")
    (folder / "curves.csv").write_text(CURVES, encoding="utf-8")
    return folder / "plan.toml"


def test_one_draw_is_a_whole_market_with_other_inputs(tmp_path: Path) -> None:
    plan = load_plan(written(tmp_path))
    bands = market_of(plan, tmp_path).bands
    assert bands is not None
    costs, baselines = drawn_of(plan)
    assert abs(costs[0] - 1.0).min() > 1e-4
    altered = load_plan(written(tmp_path, 0, baselines=(1000.0 * baselines[0, 0], 1000.0 * baselines[0, 1])))
    by_city = dict(zip(("north", "south"), costs[0], strict=True))
    curves = pl.read_csv(tmp_path / "curves.csv").with_columns(pl.col("usd_per_t").cast(pl.Float64))
    factor = pl.col("city").replace_strict(by_city, return_dtype=pl.Float64)
    curves.with_columns(pl.col("usd_per_t") * factor).write_csv(tmp_path / "curves.csv")
    whole = market_of(altered, tmp_path)
    assert whole.bands is None
    told = whole.market.select("city", "form", "price_usd_per_t", gain=pl.col("cost_unlinked_usd") - pl.col("cost_usd"))
    both = bands.select("city", "form", "price_low_usd_per_t", "gain_low_usd").join(told, on=["city", "form"])
    assert both.height == 4
    assert both["price_low_usd_per_t"].to_list() == pytest.approx(both["price_usd_per_t"].to_list(), abs=1e-4)
    assert both["gain_low_usd"].to_list() == pytest.approx(both["gain"].to_list(), abs=1e-2)


def test_nothing_drawn_is_the_market(tmp_path: Path) -> None:
    found = market_of(load_plan(written(tmp_path, 3, '["costs", "activity"]')), tmp_path)
    assert found.bands is not None
    for value, low, high in (
        ("price_usd_per_t", "price_low_usd_per_t", "price_high_usd_per_t"),
        ("gain_usd", "gain_low_usd", "gain_high_usd"),
    ):
        assert found.bands[low].to_list() == pytest.approx(found.bands[value].to_list(), abs=1e-6)
        assert found.bands[high].to_list() == pytest.approx(found.bands[value].to_list(), abs=1e-6)


def test_bands_reach_the_page_and_without_a_ceiling_a_finding_says_why_there_are_none(tmp_path: Path) -> None:
    path = written(tmp_path, 0)
    command = ["market", str(path), "--draws", "16", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert "16 draws are few" in done.output
    table = pl.read_csv(tmp_path / "out" / "bands.csv")
    assert table.columns == [c.column for c in columns("market_bands")]
    assert (table["draws"] == 16).all()
    linked = table.filter(form="direct")
    assert (linked["price_low_usd_per_t"] < linked["price_high_usd_per_t"]).all()
    assert linked["gain_share"].is_between(0.0, 1.0).all()
    page = (tmp_path / "out" / "market.html").read_text(encoding="utf-8")
    assert "How sure prices and gains are" in page
    assert "碳价与收益的不确定性" in (tmp_path / "out" / "market.zh.html").read_text(encoding="utf-8")
    text = path.read_text(encoding="utf-8").replace("ceiling_usd_per_t = 500.0", "")
    path.write_text(text, encoding="utf-8")
    bare = CliRunner().invoke(main, [*command[:-1], str(tmp_path / "bare")])
    assert bare.exit_code == 0, bare.output
    assert "there is no ceiling price" in bare.output
    assert not (tmp_path / "bare" / "bands.csv").exists()
