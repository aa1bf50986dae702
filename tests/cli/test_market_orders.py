"""Orders replayed by `fleet-planner market`."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from tests.cli.test_market import call

MARKET = """
[market]
curves = "curves.csv"
[[market.city]]
name = "beijing"
baseline_t = { 2026 = 1000.0 }
cap_t = { 2026 = 900.0 }
[[market.city]]
name = "tokyo"
baseline_t = { 2026 = 1000.0 }
cap_t = { 2026 = 850.0 }
[market.orders]
"""
CURVES = "city,avoided_t,usd_per_t\nbeijing,100,20\nbeijing,300,50\ntokyo,100,60\ntokyo,200,120\n"
ORDERS = (
    "order_id,time,city,side,units,limit_usd_per_unit\n"
    "a1,2026-03-01T09:30:00,beijing,sell,60,55\n"
    "a2,2026-03-01T09:31:00,beijing,sell,60,50\n"
    "b1,2026-03-01T09:32:00,tokyo,buy,100,58\n"
    "b2,2026-03-01T09:29:00,tokyo,buy,10,30\n"
)


def run(folder: Path, orders: str, more: str) -> Path:
    (folder / "curves.csv").write_text(CURVES, encoding="utf-8")
    (folder / "exercise.csv").write_text(orders, encoding="utf-8")
    done = call(folder, MARKET + more)
    assert done.exit_code == 0, done.output
    return folder / "out"


def test_a_file_is_replayed_by_price_then_time(tmp_path: Path) -> None:
    out = run(tmp_path, ORDERS, 'file = "exercise.csv"')
    log = pl.read_csv(out / "orders_log.csv")
    trades = log.filter(event="trades").select("buy_order", "sell_order", "units", "price_usd_per_unit").rows()
    assert trades == [("b1", "a2", 60.0, 50.0), ("b1", "a1", 40.0, 55.0)]
    assert log.row(0, named=True)["buy_order"] == "b2"
    told = pl.read_csv(out / "orders_summary.csv").row(0, named=True)
    assert told["volume_units"] == 100.0
    assert told["mean_price_usd_per_unit"] == pytest.approx((60.0 * 50.0 + 40.0 * 55.0) / 100.0)
    assert (told["unmatched_buy_units"], told["unmatched_sell_units"]) == (10.0, 20.0)
    # the model: Tokyo buys the 150 t that cost it 60 and 120, from Beijing's step at 50
    assert told["model_price_usd_per_unit"] == pytest.approx(50.0, abs=1e-3)
    assert told["model_units"] == pytest.approx(150.0)
    orders = pl.read_csv(out / "orders.csv")
    assert orders.filter(order_id="b1")["mean_price_usd_per_unit"].to_list() == pytest.approx([52.0])
    english = (out / "market.html").read_text(encoding="utf-8")
    assert "Orders on an exchange" in english
    assert re.search(r"52\.00</td>", english)
    assert "交易所订单演练" in (out / "market.zh.html").read_text(encoding="utf-8")


def test_made_orders_are_a_template_that_replays_the_same(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in "abc")
    for folder in (first, second, third):
        folder.mkdir()
    made = run(first, ORDERS, "generate = true\nseed = 3")
    again = run(second, ORDERS, "generate = true\nseed = 3")
    for name in ("orders.csv", "orders_log.csv", "orders_summary.csv"):
        assert (made / name).read_bytes() == (again / name).read_bytes()
    other = run(third, (made / "orders.csv").read_text(encoding="utf-8"), 'file = "exercise.csv"')
    assert (made / "orders_log.csv").read_text(encoding="utf-8") == (other / "orders_log.csv").read_text(
        encoding="utf-8"
    )
    told = pl.read_csv(made / "orders_summary.csv").row(0, named=True)
    assert told["call_units"] == pytest.approx(told["model_units"])
    assert told["gain_possible_usd"] == pytest.approx(100.0 * (60.0 - 50.0) + 50.0 * (120.0 - 50.0))
    assert 0.0 < told["gain_usd"] <= told["gain_possible_usd"] + 1e-6


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("a1,", "a2,", ["exercise.csv", "row 2", "order_id", "same name"]),
        ("60,55", "0,55", ["row 2", "column units", "more than 0"]),
        ("60,55", "60,-5", ["row 2", "limit_usd_per_unit", "0 or more"]),
        ("beijing,sell", "peking,sell", ["row 2", "column city", "peking", "beijing"]),
        ("sell,60,55", "ask,60,55", ["row 2", "column side", "ask", "buy"]),
        ("2026-03-01T09:30:00", "half past nine", ["row 2", "column time", "2026-03-01T09:30:00"]),
    ],
)
def test_wrong_orders_are_told_by_row(tmp_path: Path, old: str, new: str, parts: list[str]) -> None:
    assert old in ORDERS
    (tmp_path / "curves.csv").write_text(CURVES, encoding="utf-8")
    (tmp_path / "exercise.csv").write_text(ORDERS.replace(old, new, 1), encoding="utf-8")
    done = call(tmp_path, MARKET + 'file = "exercise.csv"')
    assert done.exit_code == 1, done.output
    for part in parts:
        assert part in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ('file = "exercise.csv"\ngenerate = true', ["market.orders.file", "not both"]),
        ("generate = true\nyear = 2040", ["market.orders.year", "2026"]),
        ('generate = true\nform = "restricted"', ["market.orders.form", "direct"]),
        ("generate = true\nlots = 0", ["market.orders.lots"]),
    ],
)
def test_wrong_keys_of_orders_are_told(tmp_path: Path, more: str, parts: list[str]) -> None:
    (tmp_path / "curves.csv").write_text(CURVES, encoding="utf-8")
    done = call(tmp_path, MARKET + more)
    assert done.exit_code == 1, done.output
    for part in parts:
        assert part in done.output
