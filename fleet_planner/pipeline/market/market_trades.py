"""Who sells to whom: the units of a cleared year by pair of cities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.markets.program import SLACK_T

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.markets import City, Cleared

SCHEMA = {
    "year": pl.Int64,
    "form": pl.String,
    "seller": pl.String,
    "buyer": pl.String,
    "unit_kind": pl.String,
    "vintage": pl.Int64,
    "units": pl.Float64,
    "counted_t": pl.Float64,
    "price_usd_per_unit": pl.Float64,
    "payment_usd": pl.Float64,
}


def trades(cities: Sequence[City], year: int, form: str, cleared: Cleared) -> pl.DataFrame:
    """Return a row per pair of cities that trade (``tables/columns/market_trades.csv``).

    Units are of the year they are used in: there is no banking.
    """
    seller, buyer = np.nonzero(cleared.flow > SLACK_T)
    names, kinds = np.array([c.name for c in cities]), np.array([c.kind for c in cities])
    units, price = cleared.flow[seller, buyer], cleared.unit_price[seller]
    return pl.DataFrame(
        {
            "year": [year] * seller.size,
            "form": [form] * seller.size,
            "seller": names[seller],
            "buyer": names[buyer],
            "unit_kind": kinds[seller],
            "vintage": [year] * seller.size,
            "units": units,
            "counted_t": units * cleared.counted[seller, buyer],
            "price_usd_per_unit": price,
            "payment_usd": units * price,
        },
        schema=SCHEMA,
    )
