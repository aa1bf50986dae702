"""Orders of a plan replayed on an exchange, beside what the model clears."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.errors import InputError, PlanError, use_one_of
from fleet_planner.markets import Linking
from fleet_planner.markets.clearing import worth_of
from fleet_planner.markets.orders import Order, call_auction, filled, gain_of, orders_of, replay
from fleet_planner.pipeline.market.market_cities import city_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fleet_planner.markets.orders import Entry
    from fleet_planner.plan.market import MarketSection

ORDERS = "market_orders"
KEY = "market.orders.file"
MAY_BE_NONE = (
    *("mean_price_usd_per_unit", "last_price_usd_per_unit", "low_usd_per_unit", "high_usd_per_unit"),
    *("call_price_usd_per_unit", "model_price_usd_per_unit"),
)


@dataclass(frozen=True)
class Exchange:
    """A replayed book of orders.

    Parameters
    ----------
    orders
        Every order with what was filled: ``tables/columns/market_orders_output.csv``.
    log
        Every event in sequence: ``tables/columns/market_orders_log.csv``.
    summary
        By year and unit, beside the model: ``tables/columns/market_orders_summary.csv``.
    """

    orders: pl.DataFrame
    log: pl.DataFrame
    summary: pl.DataFrame


def exchange_of(
    section: MarketSection,
    base: Path,
    years: Sequence[int],
    curves: Mapping[str, pl.DataFrame],
    trades: pl.DataFrame,
) -> Exchange | None:
    """Replay the plan's orders; none where it has no file and asks for none to be made.

    Parameters
    ----------
    section
        With ``orders``.
    base
        Folder of the plan.
    years, curves
        Of the market.
    trades
        What the model clears, for the comparison.

    Raises
    ------
    UserError
        The file is wrong, or the plan asks for both a file and made orders.
    """
    asked = section.orders
    if asked.file and asked.generate:
        raise PlanError(
            "orders are read or made, not both",
            "Leave out market.orders.file or generate.",
            None,
            None,
            KEY,
            asked.file,
        )
    if not asked.file and not asked.generate:
        return None
    form = asked.form or ("direct" if "direct" in section.forms else section.forms[0])
    if form not in section.forms:
        raise PlanError(
            "the form to compare with is not cleared",
            use_one_of(form, section.forms),
            column="market.orders.form",
            value=form,
        )
    table = _read(section, base / asked.file, years) if asked.file else _made(section, years, curves)
    full = section.full_year if section.full_year is not None else years[-1]
    parts = []
    for (year, _), book in table.group_by("year", "unit", maintain_order=True):
        cities = [city_of(c, int(str(year)), curves) for c in section.city]
        worth = worth_of(cities, int(str(year)), Linking(form, years[0], full))
        at = {c.name: k for k, c in enumerate(cities)}
        orders = [Order(*row) for row in book.select("order_id", "city", "side", "units", "limit_usd_per_unit").rows()]
        pairs = {(a, b) for a, j in at.items() for b, i in at.items() if worth[j, i] > 0.0}
        log = replay(orders, pairs)
        cleared = trades.filter(pl.col("form") == form, pl.col("year") == year)
        told = _summary(book, orders, log, form, cleared)
        parts.append((_orders(book, orders, log), _log(book, log), told))
    kept, logs, sums = (pl.concat([part[k] for part in parts]) for k in range(3))
    return Exchange(kept, logs.with_row_index("event_number", 1), sums)


def _read(section: MarketSection, path: Path, years: Sequence[int]) -> pl.DataFrame:
    """Return the orders of a file in the order of time, of equal times in that of the rows."""
    table = typed(read_cells(path, KEY), ORDERS, path)
    names = [c.name for c in section.city]
    for row in table.filter(~pl.col("city").is_in(names)).head(1).iter_rows(named=True):
        raise InputError(
            "this city is not in the plan", use_one_of(row["city"], names), path, row["row"], "city", row["city"]
        )
    table = table.with_columns(pl.col("year").fill_null(years[-1]), pl.col("unit").fill_null(""))
    span = f"Use a year of the market, {years[0]} to {years[-1]}."
    refuse(table, ~pl.col("year").is_in(list(years)), "year", path, "no market is cleared in this year", span)
    refuse(table, pl.col("units") <= 0.0, "units", path, "an order needs units", "Give more than 0.")
    twice = pl.col("order_id").is_duplicated()
    refuse(table, twice, "order_id", path, "two orders have the same name", "Give each its own.")
    return table.with_columns(at=pl.Series(_times(table, path))).sort("at", maintain_order=True).drop("at", "row")


def _times(table: pl.DataFrame, path: Path) -> list[float]:
    """Return times as seconds or numbers; all of a file are of one kind."""
    numbers = table["time"].cast(pl.Float64, strict=False)
    if numbers.null_count() == 0 and numbers.is_finite().all():
        return numbers.to_list()
    out = []
    for row, text in table.select("row", "time").iter_rows():
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise InputError(
                "this is no time",
                "Write all times as 2026-03-01T09:30:00, or all as numbers.",
                path,
                row,
                "time",
                text,
            ) from None
        out.append((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return out


def _made(section: MarketSection, years: Sequence[int], curves: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the orders that the plan's cities place in one year."""
    asked = section.orders
    year = years[-1] if asked.year is None else asked.year
    if year not in years:
        raise PlanError(
            f"the year of the orders is not one of the market, {years[0]} to {years[-1]}",
            "Name one of them.",
            column="market.orders.year",
            value=year,
        )
    cities = [city_of(c, year, curves) for c in section.city]
    generator = np.random.default_rng(asked.seed)
    made = orders_of(cities, asked.lots, asked.spread_pct / 100.0, section.ceiling_usd_per_t, generator)
    if not made:
        raise PlanError("no city has anything to buy or sell", "Check the caps.", column="market.orders.generate")
    return pl.DataFrame(
        {
            "order_id": [o.order_id for o in made],
            "time": [str(k) for k in range(1, len(made) + 1)],
            "city": [o.city for o in made],
            "year": year,
            "unit": "",
            "side": [o.side for o in made],
            "units": [o.units for o in made],
            "limit_usd_per_unit": [o.limit for o in made],
        },
        schema_overrides={"year": pl.Int64},
    )


def _orders(book: pl.DataFrame, orders: Sequence[Order], log: Sequence[Entry]) -> pl.DataFrame:
    units, money = filled(len(orders), log)
    mean = np.divide(money, units, out=np.full(units.size, np.nan), where=units > 0.0)
    return book.select("order_id", "time", "city", "year", "unit", "side", "units", "limit_usd_per_unit").with_columns(
        filled_units=pl.Series(units),
        unmatched_units=pl.col("units") - pl.Series(units),
        mean_price_usd_per_unit=pl.Series(mean).fill_nan(None),
    )


def _log(book: pl.DataFrame, log: Sequence[Entry]) -> pl.DataFrame:
    ids, sides = book["order_id"].to_list(), book["side"].to_list()

    def of(entry: Entry, side: str) -> str | None:
        return next((ids[k] for k in (entry.order, entry.against) if k >= 0 and sides[k] == side), None)

    return pl.DataFrame(
        {
            "year": [book["year"][0]] * len(log),
            "unit": [book["unit"][0]] * len(log),
            "time": [book["time"][e.order] for e in log],
            "event": [e.event for e in log],
            "buy_order": [of(e, "buy") for e in log],
            "sell_order": [of(e, "sell") for e in log],
            "units": [e.units for e in log],
            "price_usd_per_unit": [e.price for e in log],
        },
        schema_overrides={"buy_order": pl.String, "sell_order": pl.String},
    )


def _summary(
    book: pl.DataFrame, orders: Sequence[Order], log: Sequence[Entry], form: str, cleared: pl.DataFrame
) -> pl.DataFrame:
    units, _ = filled(len(orders), log)
    called = call_auction(orders)
    prices = [e.price for e in log if e.event == "trades"]
    volume = sum(e.units for e in log if e.event == "trades")
    mean = sum(e.units * e.price for e in log if e.event == "trades") / volume if volume > 0.0 else None
    model = float(cleared["payment_usd"].sum()) / float(cleared["units"].sum()) if cleared.height else None
    missing = {s: sum(o.units - u for o, u in zip(orders, units, strict=True) if o.side == s) for s in ("buy", "sell")}
    return pl.DataFrame(
        {
            "year": [book["year"][0]],
            "unit": [book["unit"][0]],
            "orders": [len(orders)],
            "trades": [len(prices)],
            "volume_units": [float(volume)],
            "mean_price_usd_per_unit": [mean],
            "last_price_usd_per_unit": [prices[-1] if prices else None],
            "low_usd_per_unit": [min(prices, default=None)],
            "high_usd_per_unit": [max(prices, default=None)],
            "unmatched_buy_units": [float(missing["buy"])],
            "unmatched_sell_units": [float(missing["sell"])],
            "call_price_usd_per_unit": [called.price],
            "call_units": [called.units],
            "gain_usd": [gain_of(orders, log)],
            "gain_possible_usd": [called.gain],
            "form": [form],
            "model_price_usd_per_unit": [model],
            "model_units": [float(cleared["units"].sum())],
        },
        schema_overrides=dict.fromkeys(MAY_BE_NONE, pl.Float64),
    )
