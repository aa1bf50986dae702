"""Cities cleared alone and linked: closed forms, one test for each form, and what holds for any market."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.errors import InputError
from fleet_planner.markets import City, Linking, Pool, clear
from fleet_planner.markets.clearing import FORMS

STEPS = 4000
ALONE = Linking("none")


def linear(name: str, slope: float, required: float, reach: float = 200.0, **more: object) -> City:
    """A curve whose marginal cost is slope times tonnes, in fine steps."""
    width = reach / STEPS
    return City(name, np.full(STEPS, width), slope * width * (np.arange(STEPS) + 0.5), required, **more)


def flat(name: str, tonnes: float, usd: float, required: float, **more: object) -> City:
    return City(name, np.array([tonnes]), np.array([usd]), required, **more)


def test_two_cities_against_the_closed_form() -> None:
    cheap, dear = linear("a", 0.5, 40.0), linear("b", 2.0, 60.0)
    alone, linked = clear([cheap, dear], 2030, ALONE), clear([cheap, dear], 2030, Linking("direct"))
    assert alone.price == pytest.approx([0.5 * 40.0, 2.0 * 60.0], rel=2e-3)
    assert alone.total_cost == pytest.approx(0.5 * 40.0**2 / 2 + 2.0 * 60.0**2 / 2, rel=1e-6)
    price = 100.0 / (1 / 0.5 + 1 / 2.0)
    assert linked.price == pytest.approx([price, price], rel=2e-3)
    assert linked.abated == pytest.approx([price / 0.5, price / 2.0], rel=2e-3)
    assert linked.total_cost == pytest.approx(price**2 / 2 * (1 / 0.5 + 1 / 2.0), rel=1e-5)
    assert linked.sold_units == pytest.approx([price / 0.5 - 40.0, 0.0], rel=3e-3)
    # the buyer pays the price for what it does not cut itself
    assert linked.cost[1] == pytest.approx(price**2 / 2 / 2.0 + price * (60.0 - price / 2.0), rel=3e-3)


def test_direct_has_one_price_between_those_alone() -> None:
    cities = [linear("a", 0.5, 40.0), linear("b", 2.0, 60.0), linear("c", 1.0, 10.0)]
    alone, linked = clear(cities, 2030, ALONE), clear(cities, 2030, Linking("direct"))
    assert np.ptp(linked.price) < 1e-3
    assert alone.price.min() < linked.price[0] < alone.price.max()


def test_indirect_moves_only_credits_of_the_common_supply() -> None:
    cities = [flat("a", 100.0, 20.0, 50.0), flat("b", 100.0, 90.0, 50.0)]
    pool = Pool(np.array([30.0, 60.0]), np.array([10.0, 40.0]))
    linked = clear(cities, 2030, Linking("indirect"), pool)
    assert linked.bought_units.sum() == 0.0
    # 30 t at 10 for b (worth 90 to it), then 20 t at 40; a's own 20 is cheaper than the next credit
    assert linked.offsets == pytest.approx([0.0, 50.0])
    assert linked.price == pytest.approx([20.0, 40.0])
    assert linked.cost == pytest.approx([50.0 * 20.0, 50.0 * 40.0])
    assert clear(cities, 2030, Linking("direct"), pool).offsets.sum() == 0.0


def test_incremental_grows_from_alone_to_one_market() -> None:
    cities = [linear("a", 0.5, 40.0), linear("b", 2.0, 60.0)]
    linking = Linking("incremental", from_year=2026, full_year=2030)
    costs = [clear(cities, y, linking).total_cost for y in range(2025, 2031)]
    assert costs[0] == pytest.approx(clear(cities, 2025, ALONE).total_cost)
    assert costs[-1] == pytest.approx(clear(cities, 2030, Linking("direct")).total_cost)
    assert all(later <= earlier + 1e-6 for earlier, later in pairwise(costs))
    assert clear(cities, 2026, linking).bought_t[1] == pytest.approx(0.2 * 60.0)


def test_restricted_keeps_the_quota_and_names_it() -> None:
    cities = [linear("a", 0.5, 40.0), linear("b", 2.0, 60.0, quota=0.1)]
    linked = clear(cities, 2030, Linking("restricted"))
    assert linked.bought_t[1] == pytest.approx(6.0)
    assert linked.binding == ("", "quota")
    assert linked.price[1] == pytest.approx(2.0 * 54.0, rel=2e-3)


def test_quota_of_nothing_is_autarky() -> None:
    cities = [linear("a", 0.5, 40.0, quota=0.0), linear("b", 2.0, 60.0, quota=0.0)]
    alone, linked = clear(cities, 2030, ALONE), clear(cities, 2030, Linking("restricted"))
    for name in ("price", "abated", "cost"):
        np.testing.assert_allclose(getattr(linked, name), getattr(alone, name), rtol=1e-6)


@pytest.mark.parametrize(("discount", "units"), [(0.0, 10.0), (0.5, 20.0), (0.75, 40.0)])
def test_a_discount_multiplies_the_units_surrendered(discount: float, units: float) -> None:
    cities = [flat("a", 100.0, 1.0, 0.0), flat("b", 10.0, 500.0, 10.0, discount=discount)]
    linked = clear(cities, 2030, Linking("restricted"))
    assert linked.bought_units == pytest.approx([0.0, units])
    assert linked.bought_t == pytest.approx([0.0, 10.0])
    assert linked.abated == pytest.approx([units, 0.0])


def test_an_exchange_rate_sets_what_a_unit_is_worth() -> None:
    cities = [flat("a", 100.0, 1.0, 0.0, unit_worth_t=0.8), flat("b", 10.0, 500.0, 10.0)]
    assert clear(cities, 2030, Linking("restricted")).bought_units[1] == pytest.approx(10.0 / 0.8)


def test_reciprocal_needs_both_to_accept() -> None:
    seller, buyer = flat("a", 100.0, 1.0, 0.0), flat("b", 10.0, 500.0, 10.0)
    one_way = [replace(seller, accepts=frozenset()), buyer]
    both = [replace(seller, accepts=frozenset({"b"})), replace(buyer, accepts=frozenset({"a"}))]
    assert clear(one_way, 2030, Linking("reciprocal")).bought_units.sum() == 0.0
    assert clear(one_way, 2030, Linking("restricted")).bought_units[1] == pytest.approx(10.0)
    assert clear(both, 2030, Linking("reciprocal")).bought_units[1] == pytest.approx(10.0)


def test_a_city_is_linked_from_its_year_on() -> None:
    cities = [flat("a", 100.0, 1.0, 0.0), flat("b", 10.0, 500.0, 10.0, enters=2030)]
    assert clear(cities, 2029, Linking("direct")).bought_units.sum() == 0.0
    assert clear(cities, 2030, Linking("direct")).bought_units[1] == pytest.approx(10.0)


def test_what_is_bought_is_not_sold_on() -> None:
    # c takes units of b only, and b has none of its own to sell
    cities = [
        flat("a", 100.0, 1.0, 0.0),
        flat("b", 0.0, 1.0, 0.0),
        flat("c", 20.0, 300.0, 10.0, accepts=frozenset({"b"})),
    ]
    assert clear(cities, 2030, Linking("restricted")).sold_units.sum() == pytest.approx(0.0)


def test_conservative_credits_are_below_the_cut() -> None:
    cities = [flat("a", 100.0, 1.0, 0.0, credited=0.8), flat("b", 10.0, 500.0, 10.0)]
    linked = clear(cities, 2030, Linking("direct"))
    assert linked.abated[0] == pytest.approx(12.5)
    assert linked.sold_units[0] == pytest.approx(10.0)
    assert linked.price == pytest.approx([1.25, 1.25], abs=1e-4)


def test_a_surplus_is_sold_and_a_ceiling_is_paid() -> None:
    cities = [flat("a", 5.0, 50.0, -8.0), flat("b", 4.0, 30.0, 20.0)]
    linked = clear(cities, 2030, Linking("direct", ceiling_usd_per_t=40.0))
    assert linked.sold_units[0] == pytest.approx(8.0)
    assert linked.ceiling == pytest.approx([0.0, 8.0])
    assert "ceiling" in linked.binding[1]
    assert linked.price[1] == pytest.approx(40.0)


def test_a_cap_out_of_reach_is_told_with_the_tonnes() -> None:
    with pytest.raises(InputError, match=r"b cannot reach its cap of 2030 alone: its curve ends 6 t short"):
        clear([flat("a", 9.0, 1.0, 0.0), flat("b", 4.0, 30.0, 10.0)], 2030, Linking("direct"))


@pytest.mark.parametrize("scale", [1e-2, 1.0, 1e5, 1e9])
def test_a_cap_at_the_end_of_the_curve_is_reached_at_any_size(scale: float) -> None:
    generator = np.random.default_rng(3)
    tonnes = generator.lognormal(0.0, 2.0, 9) * scale
    city = City("a", tonnes, generator.uniform(0.0, 900.0, 9), sum(sorted(tonnes.tolist(), reverse=True)))
    other = City("b", tonnes[::-1].copy(), generator.uniform(0.0, 900.0, 9), sum(tonnes.tolist()))
    for form in ("none", "restricted", "direct"):
        cleared = clear([city, other], 2030, Linking(form))
        assert cleared.abated == pytest.approx([city.required_t, other.required_t], rel=1e-8)


def test_of_steps_of_equal_cost_the_most_beneficial_is_done_first() -> None:
    tonnes, usd = np.array([5.0, 5.0, 5.0]), np.array([10.0, 10.0, 3.0])
    city = City("a", tonnes, usd, 8.0, step_damage_usd_per_t=np.array([1.0, 40.0, 2.0]))
    cleared = clear([city], 2030, ALONE)
    assert cleared.damage_avoided[0] == pytest.approx(5.0 * 2.0 + 3.0 * 40.0)
    assert cleared.cost[0] == pytest.approx(5.0 * 3.0 + 3.0 * 10.0)


def test_a_floor_takes_units_off_and_holds_the_price() -> None:
    # steps at 10, 20, 60; the cap needs 4 t; at a floor of 30 all 10 t below it are cut, 6 t go to the authority
    city = City("a", np.array([5.0, 5.0, 5.0]), np.array([10.0, 20.0, 60.0]), 4.0)
    cleared = clear([city], 2030, Linking("none", floor_usd_per_t=30.0))
    assert cleared.retired == pytest.approx([6.0])
    assert cleared.price == pytest.approx([30.0])
    assert cleared.cost == pytest.approx([5.0 * 10.0 + 5.0 * 20.0 - 6.0 * 30.0])
    assert cleared.binding == ("floor",)
    above = clear([replace(city, required_t=12.0)], 2030, Linking("none", floor_usd_per_t=30.0))
    assert above.retired == pytest.approx([0.0])
    assert above.price == pytest.approx([60.0])


@pytest.mark.parametrize("surplus", [8.0, 0.0])
def test_a_city_that_only_sells_has_the_price_it_sells_at(surplus: float) -> None:
    for order in (1, -1):
        cities = [flat("a", 5.0, 30.0, -surplus), flat("b", 20.0, 70.0, 20.0)][::order]
        assert clear(cities, 2030, Linking("direct")).price == pytest.approx([70.0, 70.0], abs=1e-4)


def test_flows_are_the_sums_and_in_proportion_in_one_market() -> None:
    cities = [
        flat("a", 100.0, 1.0, -10.0),
        flat("b", 30.0, 2.0, 0.0),
        flat("c", 80.0, 500.0, 60.0),
        flat("d", 80.0, 500.0, 40.0),
    ]
    cleared = clear(cities, 2030, Linking("direct"))
    np.testing.assert_allclose(cleared.flow.sum(axis=0), cleared.bought_units, atol=1e-9)
    np.testing.assert_allclose(cleared.flow.sum(axis=1), cleared.sold_units, atol=1e-9)
    assert cleared.flow[0, 2] == pytest.approx(60.0)
    assert cleared.flow[0, 3] == pytest.approx(40.0)
    more = clear(
        [*cities[:2], replace(cities[2], required_t=78.0), replace(cities[3], required_t=52.0)], 2030, Linking()
    )
    # 110 t of a and 20 of b: each buyer takes 11 of 13 parts from a
    assert more.flow[0, 2] == pytest.approx(78.0 * 110.0 / 130.0)
    assert more.flow[1, 3] == pytest.approx(52.0 * 20.0 / 130.0)


def test_kinds_of_units_that_a_city_does_not_take_stay_out() -> None:
    credited = flat("a", 100.0, 1.0, 0.0, kind="credit")
    strict = flat("b", 10.0, 500.0, 10.0, accepts_kinds=frozenset({"allowance"}))
    for form in ("restricted", "reciprocal"):
        assert clear([credited, strict], 2030, Linking(form)).bought_units.sum() == 0.0
        allowed = clear([replace(credited, kind="allowance"), strict], 2030, Linking(form))
        assert allowed.bought_units[1] == pytest.approx(10.0)


@st.composite
def markets(draw: st.DrawFn) -> list[City]:
    count = draw(st.integers(2, 5))
    out = []
    for k in range(count):
        size = draw(st.integers(1, 5))
        tonnes = np.array(draw(st.lists(st.floats(0.5, 50.0), min_size=size, max_size=size)))
        usd = np.array(draw(st.lists(st.floats(-20.0, 300.0), min_size=size, max_size=size)))
        out.append(
            City(
                f"c{k}",
                tonnes,
                usd,
                draw(st.floats(-0.3, 1.0)) * float(tonnes.sum()),
                quota=draw(st.floats(0.0, 1.0)),
                unit_worth_t=draw(st.floats(0.5, 2.0)),
                discount=draw(st.floats(0.0, 0.9)),
            )
        )
    return out


@settings(max_examples=60, deadline=None)
@given(markets(), st.sampled_from(FORMS), st.booleans())
def test_linking_costs_no_city_more(cities: list[City], form: str, floored: bool) -> None:
    pool = Pool(np.array([20.0]), np.array([15.0]))
    floor = 12.0 if floored else None
    linking = Linking(form, from_year=2025, full_year=2034, floor_usd_per_t=floor)
    alone, linked = clear(cities, 2030, replace(ALONE, floor_usd_per_t=floor)), clear(cities, 2030, linking, pool)
    near = 1e-4 * (1.0 + np.abs(alone.cost).sum())
    assert linked.total_cost <= alone.total_cost + near
    assert (linked.cost <= alone.cost + near).all()
    assert linked.bought_units.sum() == pytest.approx(linked.sold_units.sum(), abs=1e-6)
    np.testing.assert_allclose(linked.flow.sum(axis=1), linked.sold_units, atol=1e-6)
    np.testing.assert_allclose((linked.flow * linked.counted).sum(axis=0), linked.bought_t, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(markets())
def test_one_more_market_costs_nothing_more(cities: list[City]) -> None:
    last = replace(cities[-1], enters=2040)
    before = clear([*cities[:-1], last], 2030, Linking("direct"))
    after = clear(cities, 2030, Linking("direct"))
    assert after.total_cost <= before.total_cost + 1e-4 * (1.0 + abs(before.total_cost))


@settings(max_examples=40, deadline=None)
@given(markets())
def test_direct_is_the_merit_order_of_all_steps(cities: list[City]) -> None:
    linked = clear(cities, 2030, Linking("direct"))
    tonnes, usd = np.concatenate([c.step_t for c in cities]), np.concatenate([c.step_usd_per_t for c in cities])
    order = np.argsort(usd)
    needed = sum(c.required_t for c in cities)
    before = np.cumsum(tonnes[order]) - tonnes[order]
    # steps that save money are done in any case
    done = np.where(usd[order] < 0, tonnes[order], np.clip(needed - before, 0.0, tonnes[order]))
    assert linked.total_cost == pytest.approx(float((done * usd[order]).sum()), abs=1e-3)
