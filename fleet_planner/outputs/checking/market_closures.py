"""Sums that the tables of a carbon market must share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.outputs.checking.closure import Pair, read_table, table_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_planner.outputs.checking.closure import Closure

ROUNDED = 1e-6
"""The tables write six decimals."""
KEY = ("city", "year", "form")
LEDGER, MARKET, TRADES = "ledger.csv", "market.csv", "trades.csv"


def market_closures(folder: Path, *, adjusted: bool) -> Iterator[Closure]:
    """Yield the ledger's account, trades beside the ledger, prices alone, leakage, shocks and orders.

    Parameters
    ----------
    folder
        Of `market`.
    adjusted
        Whether units sold are added back to the seller's emission (corresponding adjustment).
    """
    ledger, market = read_table(folder / LEDGER), read_table(folder / MARKET)
    yield from _account(ledger, adjusted=adjusted)
    own = Pair(MARKET, LEDGER, KEY, 2.0 * ROUNDED)
    net = ledger.select(*KEY, traded_units=pl.col("bought_units") - pl.col("sold_units"))
    yield from own.tables(market, net, {"traded_units": "units bought less sold"})
    trades = table_in(folder, TRADES)
    if trades is not None:
        yield from _trades(trades, ledger)
    yield from _alone(market)
    leakage = table_in(folder, "leakage.csv")
    if leakage is not None:
        pair = Pair("leakage.csv", MARKET, KEY, 2.0 * ROUNDED)
        both = leakage.join(market.select(*KEY, cut="abated_t", price="price_usd_per_t"), on=list(KEY), how="left")
        yield from pair.rows(both, "tonnes cut", pl.col("abated_t"), pl.col("cut"))
        yield from pair.rows(both, "price", pl.col("price_usd_per_t"), pl.col("price"))
        rest = pl.col("abated_t") - pl.col("leakage_t")
        own = Pair("leakage.csv", "leakage.csv", KEY, 2.0 * ROUNDED)
        yield from own.rows(both, "cut less leakage", pl.col("net_cut_t"), rest)
    draws, volatility = table_in(folder, "draws.csv"), table_in(folder, "volatility.csv")
    if draws is not None and volatility is not None:
        yield from _shocks(draws, volatility)
    if (folder / "orders_log.csv").is_file():
        yield from _orders(folder)


def _account(ledger: pl.DataFrame, *, adjusted: bool) -> Iterator[Closure]:
    """Yield what each city has beside what it gives away: the ledger's own equation."""
    pair = Pair(LEDGER, LEDGER, KEY, 10.0 * ROUNDED)
    has = pl.sum_horizontal("allocated_t", "bought_t", "offsets_t", "ceiling_t")
    gives = pl.sum_horizontal("sold_units", "retired_t", "verified_t", "unused_t", "balance_t")
    yield from pair.rows(ledger, "what it has beside what it gives up", has, gives)
    exported = pl.col("sold_units") - pl.col("bought_units") if adjusted else pl.lit(0.0)
    yield from pair.rows(ledger, "adjusted emission", pl.col("adjusted_t"), pl.col("verified_t") + exported)


def _trades(trades: pl.DataFrame, ledger: pl.DataFrame) -> Iterator[Closure]:
    pair = Pair(TRADES, LEDGER, KEY, 1e3 * ROUNDED)
    key = ["city", "year", "form"]
    bought = trades.rename({"buyer": "city"}).group_by(key, maintain_order=True)
    sold = trades.rename({"seller": "city"}).group_by(key, maintain_order=True)
    for table, what in (
        (bought.agg(bought_units=pl.col("units").sum(), bought_t=pl.col("counted_t").sum()), "bought"),
        (sold.agg(sold_units=pl.col("units").sum()), "sold"),
    ):
        columns = {c: f"{what}, {c}" for c in table.columns if c not in KEY}
        yield from pair.tables(table, ledger, columns)
    # six decimals of a price times the units of the trade
    slack = ROUNDED * (1.0 + float(trades["units"].abs().max() or 0.0))  # type: ignore[arg-type]
    paid = Pair(TRADES, TRADES, ("seller", "buyer", "year", "form"), slack)
    price = pl.col("units") * pl.col("price_usd_per_unit")
    yield from paid.rows(trades, "payment", pl.col("payment_usd"), price)


def _alone(market: pl.DataFrame) -> Iterator[Closure]:
    """Yield what each city has alone, as the rows of every form repeat it."""
    names = {
        "price_usd_per_t": "price_unlinked_usd_per_t",
        "abated_t": "abated_unlinked_t",
        "cost_usd": "cost_unlinked_usd",
    }
    alone = market.filter(pl.col("form") == "none").select(
        "city", "year", *(pl.col(c).alias(f"{c}_alone") for c in names)
    )
    both = market.join(alone, on=["city", "year"], how="left")
    pair = Pair(MARKET, MARKET, KEY, 2.0 * ROUNDED)
    for column, repeated in names.items():
        yield from pair.rows(both, f"{repeated} beside the form none", pl.col(repeated), pl.col(f"{column}_alone"))


def _shocks(draws: pl.DataFrame, volatility: pl.DataFrame) -> Iterator[Closure]:
    price = pl.col("price_usd_per_t")
    told = draws.group_by(KEY, maintain_order=True).agg(
        draws=pl.len(), price_mean_usd_per_t=price.mean(), price_sd_usd_per_t=price.std(ddof=1)
    )
    pair = Pair("draws.csv", "volatility.csv", KEY, 3.0 * ROUNDED)
    columns = {"draws": "draws", "price_mean_usd_per_t": "mean price", "price_sd_usd_per_t": "spread of prices"}
    yield from pair.tables(told, volatility, columns)


def _orders(folder: Path) -> Iterator[Closure]:
    log = read_table(folder / "orders_log.csv").filter(pl.col("event") == "trades")
    orders, summary = read_table(folder / "orders.csv"), read_table(folder / "orders_summary.csv")
    units, price = pl.col("units"), pl.col("price_usd_per_unit")
    sides = [log.select("units", "price_usd_per_unit", order_id=pl.col(side)) for side in ("buy_order", "sell_order")]
    filled = pl.concat(sides).group_by("order_id", maintain_order=True)
    found = filled.agg(filled_units=units.sum(), mean_price_usd_per_unit=(units * price).sum() / units.sum())
    pair = Pair("orders_log.csv", "orders.csv", ("order_id",), 1e3 * ROUNDED)
    yield from pair.tables(found, orders, {"filled_units": "units", "mean_price_usd_per_unit": "mean price"})
    book = log.group_by("year", "unit", maintain_order=True).agg(
        trades=pl.len(),
        volume_units=units.sum(),
        mean_price_usd_per_unit=(units * price).sum() / units.sum(),
        last_price_usd_per_unit=price.last(),
        low_usd_per_unit=price.min(),
        high_usd_per_unit=price.max(),
    )
    pair = Pair("orders_log.csv", "orders_summary.csv", ("year", "unit"), 1e3 * ROUNDED)
    yield from pair.tables(book, summary, {c: c for c in book.columns if c not in {"year", "unit"}})
