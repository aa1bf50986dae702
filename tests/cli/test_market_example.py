"""The example market of four cities, by the README's command."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path

import polars as pl
import pyogrio
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.outputs.numbers import significant

COMMAND = "fleet-planner market inputs/four_cities/plan.toml --out outputs/four_cities"
CITIES = ["Beijing", "Tokyo", "Seoul", "Los Angeles"]


@pytest.fixture(scope="module")
def out(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    for page in ("README.md", "inputs/four_cities/README.md", "docs/markets.md"):
        assert COMMAND in (repository / page).read_text(encoding="utf-8"), page
    folder = tmp_path_factory.mktemp("four") / "out"
    words = shlex.split(COMMAND)[1:]
    words[words.index("inputs/four_cities/plan.toml")] = str(repository / "inputs/four_cities/plan.toml")
    words[words.index("outputs/four_cities")] = str(folder)
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return folder


def test_the_ledger_closes_in_every_form_and_no_city_pays_more(out: Path) -> None:
    ledger, market = pl.read_csv(out / "ledger.csv"), pl.read_csv(out / "market.csv")
    assert market["city"].unique(maintain_order=True).to_list() == CITIES
    assert ledger["form"].n_unique() == 6
    assert ledger["balance_t"].abs().max() < 1e-4
    assert (market["cost_usd"] <= market["cost_unlinked_usd"] + 1.0).all()
    sums = ledger.group_by("form", "year").agg(pl.col("bought_units").sum() - pl.col("sold_units").sum())
    assert sums["bought_units"].abs().max() < 1e-3


def test_the_link_of_2029_moves_the_price_between_those_alone(out: Path) -> None:
    direct = pl.read_csv(out / "market.csv").filter(form="direct", year=2030)
    price = direct["price_usd_per_t"]
    assert price.max() - price.min() < 1e-2
    assert direct["price_unlinked_usd_per_t"].min() <= price.mean() <= direct["price_unlinked_usd_per_t"].max()
    early = pl.read_csv(out / "trades.csv").filter(pl.col("year") < 2029)
    assert early.height > 0
    assert "Los Angeles" not in set(early["seller"]) | set(early["buyer"])


def test_tokyo_takes_no_more_than_its_quota(out: Path) -> None:
    ledger = pl.read_csv(out / "ledger.csv").filter(city="Tokyo", form="restricted")
    needed = 54000.0 - ledger["allocated_t"]
    assert (ledger["bought_t"] <= 0.333 * needed + 1e-3).all()
    assert ledger["bought_t"].sum() > 0.0


def test_published_prices_are_those_of_the_package(out: Path) -> None:
    table = pl.read_csv(out / "published_prices.csv")
    beijing = table.filter(city="Beijing", year=2024).row(0, named=True)
    # 102 CNY (ICAP), 7.189 CNY per US$ in 2024
    assert (beijing["price"], beijing["currency"], beijing["checked"]) == (102.0, "CNY", "yes")
    assert beijing["price_usd2024_per_t"] == pytest.approx(102.0 / 7.189, rel=1e-4)
    assert set(table["market"]) == {"bj_ets", "tokyo", "kau", "ca_ct"}
    page = (out / "market.html").read_text(encoding="utf-8")
    assert "What a tonne costs in the cities" in page
    assert "102.0 CNY" in page
    told = {f["code"] for f in json.loads((out / "manifest.json").read_text(encoding="utf-8"))["findings"]}
    assert "economics.market_published_unchecked" in told


def test_the_pages_have_the_same_figures_and_chinese_names(out: Path) -> None:
    chinese = (out / "market.zh.html").read_text(encoding="utf-8")
    for name in ("北京", "东京", "首尔", "洛杉矶", "各城市现有碳市场的价格", "谁卖给谁"):
        assert name in chinese
    assert "Los Angeles" not in chinese
    moved = pl.read_csv(out / "market.csv").filter(form="direct", city="Seoul")["benefit_moved_usd"].sum()
    assert moved < 0.0
    for page in ("market.html", "market.zh.html"):
        assert significant(moved / 1e3) in (out / page).read_text(encoding="utf-8")


def test_the_page_begins_with_the_result(out: Path) -> None:
    market = pl.read_csv(out / "market.csv").filter(form="direct")
    cost, alone = (market[c].sum() / 1e6 for c in ("cost_usd", "cost_unlinked_usd"))
    english = (out / "market.html").read_text(encoding="utf-8")
    assert f"pay {significant(cost)} instead of {significant(alone)} million US$ together" in english
    assert "Los Angeles sells most" in english
    lost = -market.filter(city="Seoul")["benefit_moved_usd"].sum() / 1e3
    assert f"loses a local health benefit of {significant(lost)} thousand US$" in english
    assert f"首尔以购入代替本地减排，因而少获本地健康效益{significant(lost)}千美元" in (
        out / "market.zh.html"
    ).read_text(encoding="utf-8")


def test_all_cities_are_on_the_map(out: Path) -> None:
    cities = pyogrio.read_dataframe(out / "market.gpkg", layer="cities")
    assert cities["city"].tolist() == CITIES
    assert cities.geometry.x.tolist() == [116.40, 139.69, 126.98, -118.24]


def test_every_figure_of_the_fleets_has_a_source(repository: Path) -> None:
    with (repository / "scripts/four_cities_figures.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert {r["checked"] for r in rows} <= {"yes", "no"}
    assert all(r["source"] and r["year"] and r["unit"] for r in rows)
    assert all(("to be checked" in r["source"]) == (r["checked"] == "no") for r in rows)
