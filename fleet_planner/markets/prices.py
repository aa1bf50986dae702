"""Packaged prices of carbon markets by year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLE = "carbon_prices.csv"


@dataclass(frozen=True)
class PricePath:
    """Prices of one market by year, in its own currency at the prices of each year.

    Parameters
    ----------
    market
        Id in ``carbon_prices.csv``.
    currency
        Of the prices.
    price
        By year: the mean of the year's published prices.
    unchecked
        Years with a price that was not read in its source.
    last
        Last year with a published price.
    held
        Years after the last published one, which have its price.
    """

    market: str
    currency: str
    price: dict[int, float]
    unchecked: frozenset[int]
    last: int
    held: tuple[int, ...] = ()


def known_markets() -> list[str]:
    """Return the ids of the packaged markets."""
    return sorted(reference_table(TABLE)["market"].unique())


def known_years(market: str, key: str) -> list[int]:
    """Return the years with a published price of a market.

    Raises
    ------
    PlanError
        The market is unknown.
    """
    table = reference_table(TABLE).filter(pl.col("in_path") == "yes", pl.col("market") == market)
    if table.is_empty():
        raise PlanError(
            "no such carbon market is packaged", use_one_of(market, known_markets()), None, None, key, market
        )
    return sorted(table["of_year"].unique().to_list())


def price_path(market: str, years: Sequence[int], key: str, *, hold: bool = False) -> PricePath:
    """Return the prices of a market in ``years``.

    Parameters
    ----------
    market
        Id of the packaged table.
    years
        That a price is needed for.
    key
        The plan's key that asks for it, for the messages.
    hold
        Give years after the last published one its price.

    Raises
    ------
    PlanError
        The market is unknown, or years have no price: all of them are named.
    """
    known_years(market, key)
    table = reference_table(TABLE).filter(pl.col("in_path") == "yes", pl.col("market") == market)
    by_year = table.group_by("of_year").agg(pl.col("value").mean(), checked=(pl.col("checked") == "yes").all())
    known: dict[int, float] = dict(by_year.select("of_year", "value").iter_rows())
    last = max(known)
    held = tuple(y for y in years if y > last) if hold else ()
    if missing := [y for y in years if y not in known and y not in held]:
        gaps = [y for y in missing if y < last]
        own = "give prices of your own in market.price_usd_per_t" + (f" for {_list(gaps)}" if gaps else "")
        keep = f"set market.hold_last = true to keep {last}'s" if any(y > last for y in missing) else ""
        raise PlanError(
            f"{market} has no price for {_list(missing)}",
            f"Known are {_list(sorted(known))}: {own}" + (f", {'and' if gaps else 'or'} {keep}." if keep else "."),
            column=key,
            value=market,
        )
    rows = by_year.filter(~pl.col("checked"))["of_year"].to_list()
    used = {last if y in held else y for y in years}
    return PricePath(
        market=market,
        currency=str(table["currency"][0]),
        price={y: known[last if y in held else y] for y in years},
        unchecked=frozenset(used & set(rows)),
        last=last,
        held=held,
    )


def _list(years: Sequence[int]) -> str:
    return ", ".join(map(str, years))
