"""Credits of small owners and the prices that they are paid."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import Result

from tests.cli.test_market import call

TEXT = """
[market]
price_path = "bj_ets"
forward_pct = 5.0
curves = "curves.csv"
[[market.city]]
name = "beijing"
baseline_t = { 2024 = 1000.0, 2026 = 1000.0 }
cap_t = { 2024 = 950.0 }
[market.small_owners]
file = "people.csv"
"""
KEYS = "baseline_g_per_km = 200.0\nactual_g_per_km = 50.0\nt_per_scrapped = 3.0\nadditionality = 0.5\n"
PEOPLE = (
    "owner,year,baseline_t,actual_t,ev_km,scrapped\n"
    "li,2024,8,2,,\nwang,2026,,,20000,\nzhao,2026,,,,2\nsun,2026,1,1,10000,1\n"
)


def run(folder: Path, keys: str, people: str = PEOPLE) -> Result:
    (folder / "curves.csv").write_text("city,avoided_t,usd_per_t\nbeijing,100,30\n", encoding="utf-8")
    (folder / "people.csv").write_text(people, encoding="utf-8")
    return call(folder, TEXT + keys)


def test_electric_km_and_scrapped_vehicles_earn_credits_at_forward_prices(tmp_path: Path) -> None:
    done = run(tmp_path, KEYS)
    assert done.exit_code == 0, done.output
    owners = pl.read_csv(tmp_path / "out" / "owners.csv")
    # half of 6 t; of 20,000 km x (200 - 50) g; of 2 x 3 t; of 10,000 km x 150 g and 3 t
    assert owners["credit_t"].to_list() == pytest.approx([3.0, 1.5, 3.0, 2.25])
    assert (owners["credit_t"] <= owners["baseline_t"] - owners["actual_t"]).all()
    prices = pl.read_csv(tmp_path / "out" / "prices.csv")
    assert prices["basis"].to_list() == ["published", "forward", "forward"]
    spot = 102.0 / 7.189
    assert prices["price_usd2024_per_t"].to_list() == pytest.approx([spot, spot * 1.05, spot * 1.05**2], rel=1e-4)
    assert owners["revenue_usd"].to_list() == pytest.approx(
        [3.0 * spot, *(c * spot * 1.05**2 for c in (1.5, 3.0, 2.25))], rel=1e-4
    )
    assert "grows by 5.0 % a year" in done.output


def test_counting_all_as_additional_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, KEYS.replace("additionality = 0.5\n", ""))
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["findings"]
    assert "economics.market_owners_additional" in {f["code"] for f in told}


@pytest.mark.parametrize(
    ("keys", "people", "parts"),
    [
        ("t_per_scrapped = 3.0\n", PEOPLE, ["market.small_owners.baseline_g_per_km", "ev_km"]),
        ("baseline_g_per_km = 200.0\n", PEOPLE, ["market.small_owners.t_per_scrapped", "scrapped"]),
        (KEYS, PEOPLE.replace("8,2", "8,"), ["people.csv", "row 2", "go together"]),
        (KEYS, PEOPLE.replace("8,2", ","), ["people.csv", "row 2", "nothing to reckon"]),
        (KEYS, PEOPLE.replace("20000", "-1"), ["people.csv", "row 3", "ev_km", "0 or more"]),
    ],
)
def test_wrong_tables_of_owners_are_told(tmp_path: Path, keys: str, people: str, parts: list[str]) -> None:
    done = run(tmp_path, keys, people)
    assert done.exit_code == 1, done.output
    for part in parts:
        assert part in done.output
    assert not (tmp_path / "out").exists()
