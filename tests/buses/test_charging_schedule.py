"""Schedules of charging: needs met, limits kept, least cost proved, the bill recomputed day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.buses.charging.bill import bill
from fleet_planner.buses.charging.curve import curve_of, filling
from fleet_planner.buses.charging.least_cost import Limits, least_cost
from fleet_planner.buses.charging.linear import Programme, bound, solve
from fleet_planner.buses.charging.plain import balanced, plug_hours, under_limits, unmanaged
from fleet_planner.buses.charging.schedule import STRATEGIES, schedule
from fleet_planner.buses.charging.site import Battery, Feedback, Site, room_kwh
from fleet_planner.buses.charging.slots import days_of_year
from fleet_planner.buses.charging.smallest import once_plugged, plugs_of, smallest_cap_kw, whole_stays
from fleet_planner.buses.charging.stays import by_calendar, stays_of
from fleet_planner.buses.charging.sun import sun_by_height
from fleet_planner.buses.charging.tariff import read_tariff
from tests.buses.charging_stays import DAYS, flat, hourly_damage, night, seasons, stay, stays

YARD = Site("yard")


def test_the_days_of_a_year_by_kind_and_by_the_kind_before() -> None:
    days = days_of_year(2024)  # a leap year that begins on a Monday: 262 weekdays, 52 Saturdays, 52 Sundays
    assert days.sum() == 366
    assert days.sum(axis=(0, 1)).tolist() == [262, 52, 52]
    assert days[:, 1, 2].sum() == days.sum(axis=(0, 1))[2]  # every Sunday follows a Saturday
    assert days[:, 0, 2].sum() == 0
    christmas = days_of_year(2024, {date(2024, 12, 25)})  # a Wednesday
    assert christmas.sum(axis=(0, 1)).tolist() == [261, 52, 53]
    assert christmas[11, 0, 2] == christmas[11, 2, 0] - days[11, 2, 0] == 1


def test_rules_agree_with_steps_of_a_second() -> None:
    one = stays(stay("a", 18.13, 25.4, 130.0, 90.0), stay("b", 23.9, 24.3, 30.0, 100.0), stay("c", 1.01, 1.02, 50.0))
    for rule, even in ((unmanaged, False), (balanced, True)):
        kwh = rule(one)
        for k in range(one.count):
            row = one.sessions.row(k, named=True)
            second = np.arange(round(row["arrive_s"]), round(row["leave_s"]))
            power = row["max_battery_kw"]
            need = min(row["need_battery_kwh"], power * second.size / 3600.0)
            each = np.full(second.size, need / second.size)
            if not even:
                each = np.clip(need - np.arange(second.size) * power / 3600.0, 0.0, power / 3600.0)
            fine = np.bincount(second // 900, each, minlength=192)
            mine = one.stay == k
            assert np.abs(fine[one.slot[mine]] - kwh[mine]).max() < 1e-6 * need
            assert fine.sum() == pytest.approx(kwh[mine].sum(), rel=1e-9)
    assert one.asked_kwh[2] - one.need_kwh[2] == pytest.approx(50.0 - 100.0 * 0.01)


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 9), st.integers(0, 10_000), st.sampled_from(["sce_tou_ev_9_2030", "ladwp_a3_2009", "beijing_public_2016"]), st.floats(1.0, 2.5))  # fmt: skip
def test_needs_are_met_limits_kept_and_plans_never_dearer(many: int, seed: int, tariff: str, wide: float) -> None:
    asked, terms = night(many, seed), seasons(tariff)
    least = smallest_cap_kw(asked, YARD, terms)
    site = replace(YARD, cap_kw=least * wide * (1.0 + 1e-6))
    found = {s: schedule(asked, site, terms, s) for s in STRATEGIES}
    for strategy, plan in found.items():
        assert plan.peak_kw(terms) <= site.cap_kw * (1.0 + 1e-6)
        for dispatch in plan.dispatch:
            summed = asked.summed(dispatch.kwh)
            if strategy in {"least_cost", "cost_and_damage"}:
                assert np.abs(summed - asked.need_kwh).max() < 1e-9 * asked.need_kwh.max()
            assert (dispatch.kwh <= asked.limit_kwh * (1.0 + 1e-12)).all()
            assert (dispatch.kwh >= 0.0).all()
            # the load of the calendar's days is what the buses draw
            assert dispatch.grid[terms[0].days > 0] == pytest.approx(
                by_calendar(asked.load_kwh(dispatch.kwh))[terms[0].days > 0], rel=1e-9, abs=1e-9
            )
    best = found["least_cost"]
    assert best.missed_kwh.max() == 0.0
    assert abs(best.gap) < 1e-7
    for rule in ("unmanaged", "balanced"):
        if found[rule].missed_kwh.max() == 0.0:
            assert best.value <= found[rule].value * (1.0 + 1e-9)


def price_of_sce(month: int, weekday: bool, hour: float) -> float:
    """Schedule TOU-EV-9 as expected for 2030, typed again from the sheet's hours."""
    evening = 16.0 <= hour < 21.0
    if 6 <= month <= 9:
        return 0.15697 if not evening else 0.44992 if weekday else 0.23899
    return 0.28825 if evening else 0.09939 if 8.0 <= hour < 16.0 else 0.16941


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_bill_is_that_of_every_day_of_the_year(strategy: str) -> None:
    asked, terms = night(6, 3), seasons()
    plan = schedule(asked, YARD, terms, strategy)
    lines = bill(read_tariff("sce_tou_ev_9_2030", Path()), terms, plan.dispatch)
    loads = {m: asked.load_kwh(d.kwh) for s, d in zip(terms, plan.dispatch, strict=True) for m in s.months}
    energy = demand = 0.0
    tops = [0.0] * 12
    day = date(2023, 1, 1)  # the year of the tests' calendar
    while day.year == 2023:
        kind, before = (max(d.weekday() - 4, 0) for d in (day, day - timedelta(days=1)))
        load = loads[day.month - 1]
        for slot in range(96):
            kwh = load[kind, slot] + load[before, 96 + slot]
            energy += kwh * price_of_sce(day.month, kind == 0, slot / 4)
            tops[day.month - 1] = max(tops[day.month - 1], kwh * 4.0)
        day += timedelta(days=1)
    demand = sum(18.49374 * top for top in tops)
    told = {e: sum(line[6] for line in lines if line[1] == e) for e in ("energy", "demand", "fixed")}
    assert told == pytest.approx({"energy": energy, "demand": demand, "fixed": 12 * 434.84}, rel=1e-9)
    if strategy != "cost_and_damage":
        assert plan.value == pytest.approx(energy + demand, rel=1e-9)


def test_least_cost_of_one_bus_by_hand() -> None:
    # 100 kWh between 15 and 17 o'clock with 100 kW in summer: one hour at 0.15697 before 16 o'clock, 92 weekdays less
    asked = stays(stay("a", 15.0, 17.0, 100.0))
    terms = [s for s in seasons() if 6 in s.months]
    found = least_cost(asked, YARD, [replace(terms[0], peaks=())])
    weekdays = terms[0].days[:, 0].sum()
    assert found.value == pytest.approx(weekdays * 100.0 * 0.15697, rel=1e-5)  # the price of a tie is in it
    assert found.dispatch[0].kwh[:4] == pytest.approx([25.0] * 4)
    # with the charge on demand of 4 months power is spread: the k-th kW saved must outweigh the dearer energy
    spread = least_cost(asked, YARD, terms)
    dearer = (0.44992 - 0.15697) * weekdays
    assert dearer < 4 * 18.49374  # so the load is flat, 50 kW
    assert spread.dispatch[0].kwh == pytest.approx([12.5] * 8)


def test_of_schedules_that_cost_the_same_the_lowest_peak_is_taken() -> None:
    asked = stays(*(stay(f"b{k}", 20.0, 28.0, 100.0) for k in range(4)))
    plan = schedule(asked, YARD, seasons(flat()), "least_cost")
    assert plan.peak_kw(seasons(flat())) == pytest.approx(50.0)
    assert plan.value == pytest.approx(DAYS[:, :, 0].sum() * 400.0 * 0.1, rel=1e-6)


def test_a_demand_charge_is_of_the_site_and_not_of_the_buses() -> None:
    asked = stays(*(stay(f"b{k}", 20.0 + k, 21.0 + k, 100.0) for k in range(4)))  # one after the other
    terms = seasons()
    lines = bill(read_tariff("sce_tou_ev_9_2030", Path()), terms, schedule(asked, YARD, terms, "unmanaged").dispatch)
    demand = sum(line[6] for line in lines if line[1] == "demand")
    assert demand == pytest.approx(12 * 100.0 * 18.49374)


def test_a_cap_that_is_too_low_names_who_misses_what() -> None:
    # 3 buses of 100 kWh in 2 hours under 100 kW: 100 kWh are missed; 150 kW is the least that serves all
    asked = stays(*(stay(f"b{k}", 20.0, 22.0, 100.0) for k in range(3)))
    terms = seasons(flat())
    assert smallest_cap_kw(asked, YARD, terms) == pytest.approx(150.0)
    for strategy in STRATEGIES:
        plan = schedule(asked, replace(YARD, cap_kw=100.0), terms, strategy)
        assert plan.missed_kwh.sum() == pytest.approx(100.0, rel=1e-5)
        assert plan.peak_kw(terms) <= 100.0 * (1.0 + 1e-6)
        assert schedule(asked, replace(YARD, cap_kw=150.0001), terms, strategy).missed_kwh.max() < 100.1
    first = schedule(asked, replace(YARD, cap_kw=100.0), terms, "unmanaged").missed_kwh
    assert first == pytest.approx([0.0, 0.0, 100.0])  # first come, first served; equals by their order


def test_last_nights_buses_and_tonights_share_the_limit() -> None:
    # every night of a weekday ends at 6 o'clock with 90 kW; at 5 o'clock the next day's bus comes too
    asked = stays(stay("a", 23.0, 30.0, 90.0 * 7.0, 90.0), stay("b", 5.0, 7.0, 60.0, 60.0))
    terms = seasons(flat())
    follows = terms[0].days > 0
    kwh = under_limits(asked, room_kwh(replace(YARD, cap_kw=100.0), terms[0], asked), np.inf, follows, even=False)
    assert by_calendar(asked.load_kwh(kwh))[follows].max() <= 25.0 + 1e-9
    assert asked.summed(kwh) == pytest.approx([630.0, 60.0])  # 10 kWh before 6, 50 of 60 possible after
    lone = replace(YARD, cap_kw=85.0)
    assert schedule(asked, lone, terms, "least_cost").missed_kwh.sum() == pytest.approx(35.0, rel=1e-4)


def test_chargers_by_hand() -> None:
    # two overlapping, one that comes as one leaves
    asked = stays(stay("a", 8.0, 10.0, 50.0), stay("b", 9.0, 11.0, 50.0), stay("c", 10.0, 12.0, 50.0))
    terms = seasons(flat())
    assert whole_stays(asked, terms[0].days > 0) == 2
    assert once_plugged(asked, unmanaged(asked), terms[0].days > 0) == 1
    found = plugs_of(asked, YARD, terms)
    assert (found.whole_stay, found.fewest) == (2, 1)
    # three buses that need 40 minutes each within an hour at two plugs: McNaughton's case
    tight = stays(*(stay(f"b{k}", 8.0, 9.0, 100.0 * 40.0 / 60.0) for k in range(3)))
    assert plugs_of(tight, YARD, terms).fewest == 2
    assert plugs_of(tight, YARD, terms).proof == pytest.approx(2.0)


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 8), st.integers(0, 1000))
def test_the_fewest_chargers_serve_all_and_one_less_does_not(many: int, seed: int) -> None:
    asked, terms = night(many, seed), seasons(flat())
    fewest = plugs_of(asked, YARD, terms)
    assert fewest.proof <= fewest.fewest <= fewest.whole_stay
    site = replace(YARD, chargers=fewest.fewest)
    plan = schedule(asked, site, terms, "least_cost")
    assert plan.missed_kwh.max() == 0.0
    hours = by_calendar(asked.load_kwh(plug_hours(asked, plan.dispatch[0].kwh, even=False)))[terms[0].days > 0]
    assert hours.max() <= 0.25 * fewest.fewest * (1.0 + 1e-6)
    if fewest.fewest > 1:
        assert schedule(asked, replace(site, chargers=fewest.fewest - 1), terms, "least_cost").missed_kwh.max() > 0.0
    for rule, even in (("unmanaged", False), ("balanced", True)):
        kept = schedule(asked, site, terms, rule).dispatch[0].kwh
        used = by_calendar(asked.load_kwh(plug_hours(asked, kept, even=even)))[terms[0].days > 0]
        assert used.max() <= 0.25 * fewest.fewest * (1.0 + 1e-6)


def test_damage_moves_the_load_and_both_costs_are_told() -> None:
    asked = stays(stay("a", 9.0, 18.0, 100.0))
    terms = seasons(flat(), damage=hourly_damage(0.5, 0.1))
    cheap, kind = (schedule(asked, YARD, terms, s) for s in ("balanced", "cost_and_damage"))
    noon = (asked.slot >= 40) & (asked.slot < 64)
    assert kind.dispatch[0].kwh[noon].sum() == pytest.approx(0.0, abs=1e-9)
    assert cheap.dispatch[0].kwh[noon].sum() == pytest.approx(100.0 * 6.0 / 9.0)
    days = terms[0].days.sum(axis=0)[0]
    assert kind.value == pytest.approx(days * 100.0 * (0.1 + 0.4 * 0.2 + 0.1), rel=1e-5)


def test_the_sun_and_a_battery_never_cost_more_and_the_battery_closes_at_midnight() -> None:
    asked = night(5, 11)
    sun = sun_by_height(-30.0, 1500.0, DAYS.sum(axis=(1, 2)))
    assert (sun.sum(axis=1) * 0.25 * DAYS.sum(axis=(1, 2))).sum() == pytest.approx(1500.0)
    assert sun[0].sum() > sun[6].sum()  # summer of the south
    terms = seasons(sun=sun)
    none = least_cost(asked, YARD, terms).value
    panels = least_cost(asked, replace(YARD, solar_kwp=80.0), terms).value
    battery = Battery(200.0, 100.0, 0.81)
    both = least_cost(asked, replace(YARD, solar_kwp=80.0, battery=battery), terms)
    assert both.value < panels < none
    assert abs(both.value - both.bound) < 1e-7 * both.value
    for season, d in zip(terms, both.dispatch, strict=True):
        for before, kind in np.argwhere(season.days > 0):
            state = np.cumsum(0.9 * d.charge[before, kind] - d.discharge[before, kind] / 0.9)
            assert state[-1] == pytest.approx(0.0, abs=1e-6)
            assert state.max() - state.min() <= 200.0 + 1e-6
        assert d.charge.max() <= 25.0 + 1e-9
        assert d.discharge.max() <= 25.0 + 1e-9
        assert (d.solar <= 80.0 * season.sun * 0.25 + 1e-6).all()


def test_a_battery_is_chosen_only_where_it_pays() -> None:
    asked = stays(stay("a", 17.0, 19.0, 150.0))
    terms = seasons()
    free = Battery(500.0, 250.0, 1.0, chosen=True, usd_per_kwh_year=0.0)
    cheap = least_cost(asked, replace(YARD, battery=free), terms)
    dear = least_cost(asked, replace(YARD, battery=replace(free, usd_per_kwh_year=1e5)), terms)
    assert dear.battery_kwh == pytest.approx(0.0, abs=1e-6)
    assert dear.value == pytest.approx(least_cost(asked, YARD, terms).value)
    assert cheap.battery_kwh > 50.0
    given_one = least_cost(asked, replace(YARD, battery=Battery(cheap.battery_kwh, cheap.battery_kwh / 2, 1.0)), terms)
    assert given_one.value == pytest.approx(cheap.value, rel=1e-6)


def test_buses_feed_back_only_where_it_is_switched_on() -> None:
    # two buses: one stays over the dear evening, the other must charge in it
    asked = stays(stay("a", 12.0, 30.0, 50.0, arrive_soc=0.9), stay("b", 16.0, 19.0, 120.0))
    terms = seasons()
    without = schedule(asked, YARD, terms, "least_cost")
    assert all(d.back_kwh.max() == 0.0 for d in without.dispatch)
    back = Feedback(50.0, 0.4, 0.02)
    site = replace(YARD, feedback=back)
    with_it = schedule(asked, site, terms, "least_cost")
    assert with_it.value < without.value
    assert abs(with_it.gap) < 1e-7
    for d in with_it.dispatch:
        assert d.back_kwh.sum() > 1.0
        gained = asked.summed(d.kwh) - asked.summed(d.back_kwh)
        assert gained == pytest.approx(asked.need_kwh, rel=1e-8)
        state = 0.9 * 400.0 + np.cumsum((d.kwh - d.back_kwh)[asked.stay == 0])
        assert state.min() >= 0.4 * 400.0 - 1e-6
        assert state.max() <= 410.0 + 1e-6
    keep = replace(site, feedback=replace(back, usd_per_kwh=10.0))
    assert schedule(asked, keep, terms, "least_cost").value == pytest.approx(without.value)


def test_a_charger_with_a_least_power_gives_it_or_nothing() -> None:
    asked = stays(stay("a", 20.0, 23.0, 60.0), stay("b", 20.0, 23.0, 60.0))
    terms = [replace(s, days=s.days * 1) for s in seasons()]
    free = least_cost(asked, YARD, terms)
    held = least_cost(asked, replace(YARD, least_kw=50.0), terms, limits=Limits(30.0, 1e-6))
    assert free.value <= held.value + 1e-6
    assert held.bound <= held.value + 1e-6
    for d in held.dispatch:
        kw = d.kwh * 4.0
        # but for one slot of each bus
        assert ((kw > 1e-5) & (kw < 50.0 - 1e-4)).sum() <= 2
        assert asked.summed(d.kwh) == pytest.approx([60.0, 60.0])


def test_many_chargers_with_a_least_power_have_a_schedule_at_once() -> None:
    asked, terms = night(12, 4), seasons()[:1]
    held = schedule(asked, replace(YARD, least_kw=40.0), terms, "least_cost", Limits(0.5, 1e-3))
    free = schedule(asked, YARD, terms, "least_cost")
    assert free.value <= held.value * (1.0 + 1e-9)
    assert 0.0 <= held.gap < 0.1
    assert held.missed_kwh.max() == 0.0
    kw = held.dispatch[0].kwh / asked.limit_kwh * asked.power_kw[asked.stay]
    low = (kw > 1e-4) & (kw < 40.0 - 1e-3)
    assert np.bincount(asked.stay[low], minlength=asked.count).max() <= 1


def test_the_bound_holds_for_any_prices() -> None:
    programme = Programme()
    x = programme.add_columns(np.array([1.0, 2.0, -1.0]), np.array([4.0, 4.0, 1.5]))
    rows = programme.add_rows(np.array([3.0, -np.inf]), np.array([np.inf, 5.0]))
    programme.put(rows[[0, 0, 1, 1]], x[[0, 1, 1, 2]], np.array([1.0, 1.0, 1.0, 2.0]))
    answer = solve(programme)
    assert answer.value == pytest.approx(3.0 - 1.5)
    assert answer.bound == pytest.approx(answer.value)
    draw = np.random.default_rng(5)
    for _ in range(200):
        assert bound(*programme.arrays(), draw.normal(0.0, 3.0, 2)) <= answer.value + 1e-9


def test_a_site_without_need_draws_nothing() -> None:
    asked = stays(stay("a", 20.0, 23.0, 0.0, 0.0))
    terms = seasons()
    for strategy in STRATEGIES:
        plan = schedule(asked, YARD, terms, strategy)
        assert plan.peak_kw(terms) == 0.0
        assert plan.missed_kwh.max() == 0.0
        assert plan.gap == 0.0
    assert plugs_of(asked, YARD, terms).fewest == 0


CURVE = "0 150;0.8 150;1 15"


def power_at(kwh: float, battery: float, most: float) -> float:
    return min(most, float(np.interp(kwh / battery, [0.0, 0.8, 1.0], [150.0, 150.0, 15.0])))


def test_a_battery_fills_by_its_curve_as_in_steps_of_a_second() -> None:
    fills = filling(curve_of(CURVE), 300.0, 100.0)
    kwh, told = 60.0, []
    for second in range(4 * 3600):
        if second % 900 == 0:
            told.append(kwh)
        # midpoint rule
        half = kwh + power_at(kwh, 300.0, 100.0) / 7200.0
        kwh = min(kwh + power_at(half, 300.0, 100.0) / 3600.0, 300.0)
    found = fills.after(60.0, np.arange(16) * 0.25)
    assert found == pytest.approx(told, abs=1e-3)
    assert fills.before(float(found[8]), np.array([2.0]))[0] == pytest.approx(60.0, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 0.9), st.floats(0.2, 1.0), st.integers(6, 40), st.floats(40.0, 160.0))
def test_what_is_scheduled_late_still_gets_into_the_battery(soc: float, part: float, slots: int, kw: float) -> None:
    hours = slots / 4.0
    battery = 300.0
    need = part * (1.0 - soc) * battery
    row = stay("a", 20.0, 20.0 + hours, need, kw, arrive_soc=soc, battery_kwh=battery, charge_curve=CURVE)
    asked = stays_of(pl.DataFrame([row]))
    if asked.need_kwh[0] < need * 0.999:
        assert filling(curve_of(CURVE), battery, kw).after(soc * battery, np.array([hours]))[0] - soc * battery < need
        return
    terms = [
        replace(s, price=s.price * 0.0 + np.linspace(1.0, 0.5, 96), peaks=()) for s in seasons()[:1]
    ]  # later is cheaper
    for kwh in (schedule(asked, YARD, terms, "least_cost").dispatch[0].kwh, unmanaged(asked)):
        planned = np.zeros(192)
        planned[asked.slot] = kwh
        state = aim = soc * battery
        for second in range(20 * 3600, round((20.0 + hours) * 3600.0)):
            aim += planned[second // 900] / 900.0
            state = min(state + power_at(state, battery, kw) / 3600.0, max(aim, state))
        assert state - soc * battery == pytest.approx(need, abs=0.004 * battery)


def test_a_full_battery_takes_longer_than_an_empty_one() -> None:
    full, empty = (
        stays_of(pl.DataFrame([stay("a", 20.0, 30.0, 60.0, 100.0, arrive_soc=soc, charge_curve=CURVE)]))
        for soc in (0.85, 0.1)
    )
    assert (unmanaged(full) > 0.0).sum() > (unmanaged(empty) > 0.0).sum()
    assert unmanaged(full).sum() == pytest.approx(60.0, rel=1e-3)
    short = stays_of(pl.DataFrame([stay("a", 20.0, 20.5, 60.0, 150.0, arrive_soc=0.85, charge_curve=CURVE)]))
    assert short.need_kwh[0] < 40.0
    assert schedule(short, YARD, seasons(), "least_cost").missed_kwh[0] > 20.0


def test_merging_slots_changes_nothing() -> None:
    asked, terms = night(4, 21), seasons()
    merged = least_cost(asked, YARD, terms)
    # a least power of next to nothing keeps every slot apart
    apart = least_cost(asked, replace(YARD, least_kw=1e-9), terms, limits=Limits(60.0, 1e-9))
    assert merged.value == pytest.approx(apart.value, rel=1e-6)
    assert pl.Series(merged.dispatch[0].kwh).is_not_nan().all()
