"""Orders on an exchange, replayed by price, then time; and the orders that cities with true curves would place.

An order meets the best price on the other side, of equal prices the oldest, at the price of the order that was there
first; what is left of it rests. The call auction of the same orders is the measure: at its one price most units meet,
and the gain of buyers and sellers is the greatest that the orders allow.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from fleet_planner.markets.model import City

    Array = NDArray[np.float64]

Side = Literal["buy", "sell"]
Event = Literal["trades", "rests", "passes"]

LEAST = 1e-9
"""Units below it are nothing."""


@dataclass(frozen=True)
class Order:
    """An order: at most ``limit`` (US$ per unit) is paid, or at least it is taken."""

    order_id: str
    city: str
    side: Side
    units: float
    limit: float


@dataclass(frozen=True)
class Entry:
    """One line of the log.

    Parameters
    ----------
    event
        ``trades`` with a resting order, ``rests`` in the book, ``passes`` a resting order whose city's units do not
        count for the buyer.
    order, against
        Places in the sequence of orders; ``against`` is -1 where the order rests.
    units, price
        Traded or resting units; price of the trade, or the limit.
    """

    event: Event
    order: int
    against: int
    units: float
    price: float


@dataclass(frozen=True)
class Called:
    """The call auction of a set of orders: price (none where nothing meets), units, and the gain of both sides, US$."""

    price: float | None
    units: float
    gain: float


def replay(orders: Sequence[Order], counts: Collection[tuple[str, str]]) -> list[Entry]:
    """Return what happens when orders come one after the other.

    Parameters
    ----------
    orders
        In the order of time.
    counts
        Pairs of seller and buyer whose units count there; a city never trades with itself.
    """
    left = [order.units for order in orders]
    books: dict[Side, list[tuple[float, int]]] = {"buy": [], "sell": []}
    log: list[Entry] = []
    for k, order in enumerate(orders):
        other: Side = "sell" if order.side == "buy" else "buy"
        sign = 1.0 if other == "sell" else -1.0
        book, place = books[other], 0
        while place < len(book) and left[k] > LEAST:
            j = book[place][1]
            price = orders[j].limit
            if sign * (price - order.limit) > 0.0:
                break
            seller, buyer = (orders[j], order) if other == "sell" else (order, orders[j])
            if (seller.city, buyer.city) not in counts or seller.city == buyer.city:
                if seller.city != buyer.city:
                    log.append(Entry("passes", k, j, 0.0, price))
                place += 1
                continue
            units = min(left[k], left[j])
            left[k] -= units
            left[j] -= units
            log.append(Entry("trades", k, j, units, price))
            if left[j] <= LEAST:
                del book[place]
        if left[k] > LEAST:
            own = -order.limit if order.side == "buy" else order.limit
            insort(books[order.side], (own, k))
            log.append(Entry("rests", k, -1, left[k], order.limit))
    return log


def filled(count: int, log: Sequence[Entry]) -> tuple[Array, Array]:
    """Return units and money that each of ``count`` orders traded, shape (orders,)."""
    units, money = np.zeros(count), np.zeros(count)
    for entry in log:
        if entry.event == "trades":
            for k in (entry.order, entry.against):
                units[k] += entry.units
                money[k] += entry.units * entry.price
    return units, money


def call_auction(orders: Sequence[Order]) -> Called:
    """Return the one price at which most units meet, every city's alike: the middle of those that do."""
    bids = sorted(((o.limit, o.units) for o in orders if o.side == "buy"), reverse=True)
    asks = sorted((o.limit, o.units) for o in orders if o.side == "sell")
    met, gain = 0.0, 0.0
    i = j = 0
    need, have = (bids[0][1] if bids else 0.0), (asks[0][1] if asks else 0.0)
    low, high = -np.inf, np.inf
    while i < len(bids) and j < len(asks) and bids[i][0] >= asks[j][0]:
        units = min(need, have)
        met += units
        gain += units * (bids[i][0] - asks[j][0])
        low, high = asks[j][0], bids[i][0]
        need, have = need - units, have - units
        if need <= LEAST:
            i += 1
            need = bids[i][1] if i < len(bids) else 0.0
        if have <= LEAST:
            j += 1
            have = asks[j][1] if j < len(asks) else 0.0
    if met <= 0.0:
        return Called(None, 0.0, 0.0)
    # who is left out must not want to trade at the price
    low = max(low, bids[i][0]) if i < len(bids) else low
    high = min(high, asks[j][0]) if j < len(asks) else high
    return Called(0.5 * (low + high), met, gain)


def gain_of(orders: Sequence[Order], log: Sequence[Entry]) -> float:
    """Return what buyers and sellers gain in a replay against their limits, US$."""
    out = 0.0
    for entry in log:
        if entry.event == "trades":
            first, second = orders[entry.order], orders[entry.against]
            bid, ask = (first, second) if first.side == "buy" else (second, first)
            out += entry.units * (bid.limit - ask.limit)
    return out


def orders_of(
    cities: Sequence[City], lots: int, spread: float, ceiling: float | None, generator: np.random.Generator
) -> list[Order]:
    """Return the orders that cities place, in random sequence: bids for steps they would save, asks for what is left.

    Parameters
    ----------
    cities
        Markets of one year.
    lots
        Orders that each step is cut into.
    spread
        Standard deviation of the logarithm of limit over cost; 0: cities ask and bid what a tonne costs them.
    ceiling
        What a city bids for tonnes beyond the end of its curve; None: it has none.
    generator
        Of the sequence and the spread.
    """
    whole: list[tuple[str, Side, float, float]] = []
    for city in cities:
        order = np.argsort(city.step_usd_per_t, kind="stable")
        needed = max(city.required_t, 0.0)
        if city.required_t < 0.0:
            whole.append((city.name, "sell", -city.required_t, 0.0))
        for tonnes, usd in zip(city.credited * city.step_t[order], city.step_usd_per_t[order], strict=True):
            own = min(float(tonnes), needed)
            needed -= own
            cost = float(usd) / city.credited if city.credited > 0.0 else 0.0
            if cost > 0.0:
                whole.append((city.name, "buy", own, cost))
            whole.append((city.name, "sell", float(tonnes) - own, max(cost, 0.0)))
        if ceiling is not None:
            whole.append((city.name, "buy", needed, ceiling))
    cut = [part for part in whole if part[2] > LEAST for _ in range(lots)]
    limits = np.array([part[3] for part in cut]) * np.exp(spread * generator.standard_normal(len(cut)))
    sequence = generator.permutation(len(cut))
    return [
        Order(f"o{place + 1}", cut[k][0], cut[k][1], cut[k][2] / lots, float(limits[k]))
        for place, k in enumerate(sequence)
    ]
