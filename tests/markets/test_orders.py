"""Orders replayed by price, then time: by hand, against brute force and against the cleared market."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.markets import City, Linking, clear
from fleet_planner.markets.orders import Order, call_auction, filled, gain_of, orders_of, replay
from tests.markets.test_clearing import linear, markets

ANYONE = frozenset((seller, buyer) for seller in "abcd" for buyer in "abcd")


def order(name: str, city: str, side: str, units: float, limit: float) -> Order:
    return Order(name, city, side, units, limit)


def test_price_goes_before_time_and_time_before_nothing() -> None:
    orders = [
        order("1", "a", "sell", 10.0, 50.0),
        order("2", "b", "sell", 10.0, 40.0),
        order("3", "c", "sell", 10.0, 40.0),
        order("4", "d", "buy", 25.0, 60.0),
    ]
    log = replay(orders, ANYONE)
    # the cheapest first, of equals the oldest, at the price of who was there first
    trades = [(e.against, e.units, e.price) for e in log if e.event == "trades"]
    assert trades == [(1, 10.0, 40.0), (2, 10.0, 40.0), (0, 5.0, 50.0)]
    units, money = filled(4, log)
    assert units.tolist() == [5.0, 10.0, 10.0, 25.0]
    assert money[3] == 10.0 * 40.0 + 10.0 * 40.0 + 5.0 * 50.0
    assert gain_of(orders, log) == pytest.approx(10.0 * 20.0 * 2 + 5.0 * 10.0)


def test_a_seller_that_comes_later_gets_the_resting_bid() -> None:
    orders = [
        order("1", "a", "buy", 4.0, 30.0),
        order("2", "b", "buy", 4.0, 35.0),
        order("3", "c", "sell", 6.0, 20.0),
        order("4", "c", "sell", 6.0, 32.0),
    ]
    log = replay(orders, ANYONE)
    assert [(e.against, e.units, e.price) for e in log if e.event == "trades"] == [(1, 4.0, 35.0), (0, 2.0, 30.0)]
    assert [(e.order, e.units) for e in log if e.event == "rests"] == [(0, 4.0), (1, 4.0), (3, 6.0)]


def test_a_city_does_not_trade_with_itself_and_passes_units_that_do_not_count() -> None:
    orders = [
        order("1", "a", "sell", 5.0, 10.0),
        order("2", "b", "sell", 5.0, 20.0),
        order("3", "c", "sell", 5.0, 30.0),
        order("4", "a", "buy", 5.0, 40.0),
    ]
    log = replay(orders, {(s, b) for s, b in ANYONE if s != "b"})
    assert [(e.event, e.against) for e in log if e.order == 3] == [("passes", 1), ("trades", 2)]


def test_the_call_auction_by_hand() -> None:
    orders = [
        order("1", "a", "buy", 10.0, 100.0),
        order("2", "a", "buy", 10.0, 60.0),
        order("3", "b", "sell", 15.0, 20.0),
        order("4", "b", "sell", 10.0, 80.0),
    ]
    # 15 units meet: 10 for 100 and 5 for 60, all from 20; at 60 who bids 60 is served in part
    called = call_auction(orders)
    assert called.units == pytest.approx(15.0)
    assert called.price == pytest.approx(60.0)
    assert called.gain == pytest.approx(10.0 * 80.0 + 5.0 * 40.0)
    assert call_auction(orders[:2]).price is None


sides = st.sampled_from(["buy", "sell"])
some_orders = st.lists(
    st.tuples(st.sampled_from("abcd"), sides, st.integers(1, 20), st.integers(0, 100)), min_size=1, max_size=25
).map(lambda rows: [order(str(k), c, s, float(u), float(p)) for k, (c, s, u, p) in enumerate(rows)])


@settings(max_examples=150, deadline=None)
@given(some_orders)
def test_what_holds_for_any_book(orders: list[Order]) -> None:
    log = replay(orders, ANYONE)
    units, money = filled(len(orders), log)
    size, limit = np.array([o.units for o in orders]), np.array([o.limit for o in orders])
    buys = np.array([o.side == "buy" for o in orders])
    assert (units <= size + 1e-9).all()
    assert units[buys].sum() == pytest.approx(units[~buys].sum())
    # nobody pays more, or takes less, than the limit
    assert (money[buys] <= units[buys] * limit[buys] + 1e-6).all()
    assert (money[~buys] >= units[~buys] * limit[~buys] - 1e-6).all()
    # what is left could not trade with another city
    rest = [(o, left) for o, left in zip(orders, size - units, strict=True) if left > 1e-9]
    for bid, _ in rest:
        for ask, _ in rest:
            if bid.side == "buy" and ask.side == "sell" and bid.city != ask.city:
                assert bid.limit < ask.limit
    # no replay gains more than the call auction, in which a city may meet itself
    assert gain_of(orders, log) <= call_auction(orders).gain + 1e-6


@settings(max_examples=100, deadline=None)
@given(some_orders)
def test_the_call_auction_meets_most_units(orders: list[Order]) -> None:
    called = call_auction(orders)
    bids, asks = ([o for o in orders if o.side == s] for s in ("buy", "sell"))

    def met(price: float) -> float:
        demand = sum(o.units for o in bids if o.limit >= price)
        return min(demand, sum(o.units for o in asks if o.limit <= price))

    best = max(met(o.limit) for o in orders)
    assert called.units == pytest.approx(best)
    if called.price is not None:
        assert met(called.price) == pytest.approx(best)


@settings(max_examples=60, deadline=None)
@given(markets(), st.integers(1, 3), st.integers(0, 9))
def test_true_orders_called_at_once_are_the_direct_market(cities: list[City], lots: int, seed: int) -> None:
    cleared = clear(cities, 2030, Linking("direct"))
    called = call_auction(orders_of(cities, lots, 0.0, None, np.random.default_rng(seed)))
    alone = clear(cities, 2030, Linking("none"))
    # what linking saves is what buyers and sellers gain
    assert called.gain == pytest.approx(alone.total_cost - cleared.total_cost, abs=1e-3)


def test_true_orders_have_the_price_of_the_closed_form() -> None:
    cities = [linear("a", 0.5, 40.0), linear("b", 2.0, 60.0)]
    orders = orders_of(cities, 1, 0.0, None, np.random.default_rng(1))
    called = call_auction(orders)
    price = 100.0 / (1 / 0.5 + 1 / 2.0)
    assert called.price == pytest.approx(price, rel=2e-3)
    assert called.units == pytest.approx(price / 0.5 - 40.0, rel=3e-3)
    log = replay(orders, ANYONE)
    assert 0.5 * called.gain < gain_of(orders, log) <= called.gain + 1e-6


def test_the_same_seed_gives_the_same_history() -> None:
    cities = [linear("a", 0.5, 40.0, reach=100.0), linear("b", 2.0, 60.0, reach=100.0)]
    cities = [City(c.name, c.step_t[:900:30] * 30, c.step_usd_per_t[:900:30], 10.0) for c in cities]

    def history(seed: int) -> list[object]:
        return list(replay(orders_of(cities, 2, 0.1, 90.0, np.random.default_rng(seed)), ANYONE))

    assert history(4) == history(4)
    assert history(4) != history(5)
