"""A market of two cities reckoned by hand in every form, through the command line, and what new users get wrong."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from fleet_planner.plan.load import load_plan
from tests.cli.test_market import call
from tests.cli.test_traffic import PLAN

CITIES = """
[[market.city]]
name = "a"
baseline_t = { 2026 = 100.0, 2029 = 100.0 }
cap_t = { 2026 = 90.0 }
[[market.city]]
name = "b"
baseline_t = { 2026 = 100.0 }
cap_t = { 2026 = 80.0 }
"""
SECTION = """
[market]
curves = "curves.csv"
forms = ["indirect", "incremental", "restricted", "reciprocal", "direct"]
offsets_t_per_year = 500.0
price_usd_per_t = { 2026 = 20.0 }
"""
CURVES = "city,avoided_t,usd_per_t\na,50,10\nb,50,30\n"


def run(folder: Path, cities: str, section: str = SECTION) -> Path:
    (folder / "curves.csv").write_text(CURVES, encoding="utf-8")
    done = call(folder, section + cities)
    assert done.exit_code == 0, done.output
    return folder / "out"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("hand"), CITIES + "quota_pct = 50.0\ndiscount = 0.5\n")


@pytest.mark.parametrize(
    ("form", "cost", "units", "benefit"),
    [
        # alone: a cuts 10 t at 10, b 20 t at 30
        ("none", (100.0, 600.0), 0.0, 0.0),
        # b takes credits for half of its 20 t at 20; a's own tonnes are cheaper than a credit
        ("indirect", (100.0, 10 * 30.0 + 10 * 20.0), 0.0, 0.0),
        # in the first of four years b may buy a quarter of 20 t
        ("incremental", (100.0, 15 * 30.0 + 5 * 10.0), 5.0, 0.0),
        # half of 20 t may come from a, and each unit counts for half a tonne
        ("restricted", (100.0, 10 * 30.0 + 20 * 10.0), 20.0, 0.0),
        # units count one for one, within the quota
        ("reciprocal", (100.0, 10 * 30.0 + 10 * 10.0), 10.0, 0.0),
        # a cuts all 30 t and sells 20 of them at 10
        ("direct", (100.0, 20 * 10.0), 20.0, 0.0),
    ],
)
def test_the_first_year_of_every_form(
    out: Path, form: str, cost: tuple[float, float], units: float, benefit: float
) -> None:
    rows = pl.read_csv(out / "market.csv").filter(form=form, year=2026)
    assert rows["cost_usd"].to_list() == pytest.approx(cost, abs=1e-3)
    assert rows["traded_units"].to_list() == pytest.approx([-units, units], abs=1e-5)
    assert rows["benefit_moved_usd"].to_list() == [benefit, benefit]
    ledger = pl.read_csv(out / "ledger.csv").filter(form=form)
    assert ledger["balance_t"].abs().max() < 1e-5
    sums = ledger.group_by("year").agg(pl.col("bought_units").sum() - pl.col("sold_units").sum())
    assert sums["bought_units"].abs().max() < 1e-5


def test_a_quota_of_nothing_is_each_alone(tmp_path: Path) -> None:
    nothing = (
        CITIES.replace("cap_t = { 2026 = 90.0 }", "cap_t = { 2026 = 90.0 }\nquota_pct = 0.0") + "quota_pct = 0.0\n"
    )
    market = pl.read_csv(run(tmp_path, nothing) / "market.csv")
    for form in ("indirect", "restricted", "reciprocal"):
        own = market.filter(form=form)
        assert own["cost_usd"].to_list() == pytest.approx(own["cost_unlinked_usd"].to_list())
        assert own["traded_units"].abs().max() == 0.0
    assert market.filter(form="direct")["traded_units"].abs().max() > 0.0


def test_half_discount_doubles_the_units(out: Path, tmp_path: Path) -> None:
    plain = run(tmp_path, CITIES + "quota_pct = 50.0\n")
    units = [pl.read_csv(f / "trades.csv").filter(form="restricted")["units"].sum() for f in (plain, out)]
    counted = [pl.read_csv(f / "trades.csv").filter(form="restricted")["counted_t"].sum() for f in (plain, out)]
    assert units[1] == pytest.approx(2.0 * units[0])
    assert counted[1] == pytest.approx(counted[0])


def test_a_cap_above_what_is_emitted_is_told(tmp_path: Path) -> None:
    loose = CITIES.replace("cap_t = { 2026 = 90.0 }", "cap_t = { 2026 = 120.0 }")
    (tmp_path / "curves.csv").write_text(CURVES, encoding="utf-8")
    done = call(tmp_path, SECTION + loose)
    assert done.exit_code == 0, done.output
    assert "a has allowances above what it emits, 20 t in 2026" in done.output


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("cap_t = { 2026 = 80.0 }", "cap_t = 80.0", ["market.city[2].cap_t", "by year", "{ 2030 = 80.0 }"]),
        ("2026 = 80.0 }", "26 = 80.0 }", ["market.city[2].cap_t", "1990 to 2150", "26"]),
        ("2026 = 80.0 }", "9999 = 80.0 }", ["market.city[2].cap_t", "1990 to 2150", "9999"]),
        ("[market]", "[market]\nto_year = 9999", ["market.to_year", "2150", "9999"]),
        ("[market]", "[market]\nfrom_year = 1800", ["market.from_year", "1990", "1800"]),
        ("[market]", "[market]\nfull_year = 2020", ["market.full_year", "first year, 2026", "2020"]),
        ("[market]", "[market]\nfloor_usd_per_t = inf", ["market.floor_usd_per_t", "finite", "inf"]),
        ("[market]", "[market]\nceiling_usd_per_t = inf", ["market.ceiling_usd_per_t", "finite", "inf"]),
        (
            "[market]",
            "[market]\nfloor_usd_per_t = 50.0\nceiling_usd_per_t = 50.0",
            ["floor_usd_per_t is not below", "50", "lower it"],
        ),
        ("price_usd_per_t = { 2026 = 20.0 }", "price_usd_per_t = { 2026 = -5.0 }", ["price_usd_per_t", "2026", "-5"]),
        (
            "price_usd_per_t = { 2026 = 20.0 }",
            'price_path = "kau"\nfrom_year = 2021',
            ["kau has no price for 2021, 2025", "price_usd_per_t for 2021", "hold_last"],
        ),
        (
            "price_usd_per_t = { 2026 = 20.0 }",
            'price_path = "kau"\nhold_last = true\n[economics.exchange_rates]\nKRW = { 2024 = 0.0 }\n[market.x]',
            ["economics.exchange_rates.KRW.2024", "greater than 0"],
        ),
        ('name = "b"', 'name = "a"', ["names of market.city must differ", "a", "rename"]),
        ('name = "b"', 'name = "b"\nprice_path = "EUR"', ["market.city.price_path", "EUR", "bj_ets"]),
        ('name = "b"', 'name = "b"\naccepts_kinds = ["permit"]', ["accepts_kinds", "allowance", "permit"]),
        ('name = "b"', 'name = "b"\nnon_local_pct = 130.0', ["non_local_pct", "0 to 100", "130"]),
    ],
)
def test_what_new_users_get_wrong_has_one_message(tmp_path: Path, old: str, new: str, parts: list[str]) -> None:
    (tmp_path / "curves.csv").write_text(CURVES, encoding="utf-8")
    text = SECTION + CITIES
    assert old in text
    done = call(tmp_path, text.replace(old, new))
    assert done.exit_code == 1, done.output
    assert "plan.toml" in done.output
    for part in parts:
        assert part in done.output
    assert not (tmp_path / "out").exists()


def test_the_plan_of_the_documentation_is_valid(repository: Path, tmp_path: Path) -> None:
    page = (repository / "docs" / "markets.md").read_text(encoding="utf-8")
    block = page.split("```toml\n")[1].split("```")[0]
    (tmp_path / "plan.toml").write_text(PLAN + block, encoding="utf-8")
    market = load_plan(tmp_path / "plan.toml").market
    assert [c.name for c in market.city] == ["Beijing", "Tokyo"]
    assert market.city[1].accepts_kinds == ["allowance"]
