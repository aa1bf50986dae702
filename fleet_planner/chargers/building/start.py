"""A start for the build-out: greedy additions and sites closed on trial, year by year."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fleet_planner.chargers.building.problem import TRIED
from fleet_planner.kernels import build_out
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.chargers.building.problem import Build
    from fleet_planner.chargers.building.programme import Layout

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]

SEARCHES = 8
"""Prices of unserved energy that are tried for a share."""
MOST_TRIALS = 400
"""Sites that are closed on trial in a year."""


@dataclass
class State:
    """A year under construction; see `kernels.build_out.expand`."""

    count: Int
    is_open: Bool
    served: Float
    left: Float
    used: Float
    grid_left: Float
    kw_left: Float
    feeder_left: Float
    money_left: Float

    def copy(self) -> State:
        """Return a copy whose arrays are its own."""
        return State(**{name: array.copy() for name, array in vars(self).items()})


@dataclass(frozen=True)
class Plan:
    """Sites, chargers and shares by year: shapes (S, T), (S, K, T), (P, T), (J, T)."""

    is_open: Bool
    count: Int
    share: Float
    unserved: Float


def start_of(build: Build) -> Plan:
    """Return the better of two ways through the years.

    One opens in each year what pays in that year. The other first opens what pays in the last year, and then in each
    year nothing else.
    """
    forward = _through(build, build.most, None)
    last = build.shape[3] - 1
    wanted = _through(build.only(last), np.where(build.ready[:, None] <= last, build.most, 0), None)
    target = wanted.count[:, :, 0]
    inside = _through(build, np.minimum(build.most, target), ~wanted.is_open[:, 0] & ~build.opened)
    return min((forward, inside), key=lambda p: total_cost(build, p))


def start_from(year: Build, count: Int, is_open: Bool) -> Plan:
    """Return a start of one year on top of what stands, shapes (S, K) and (S,)."""
    return _through(year, year.most, None, (count, is_open))


def start_for_share(build: Build, share: float) -> Plan:
    """Return a start that serves at least a share of every year's energy, at the least price of unserved energy."""
    low, high, best = 0.0, max(build.unserved_usd, 1.0), None
    for _ in range(SEARCHES):
        price = high if best is None else 0.5 * (low + high)
        plan = start_of(replace(build, unserved_usd=price))
        missed = (plan.unserved * build.per_day).sum(axis=0) / np.maximum(build.per_day.sum(axis=0), 1e-12)
        enough = bool((1.0 - missed >= share).all())
        if enough:
            high, best = price, plan
        elif best is None:
            high *= 10.0
        else:
            low = price
    return best if best is not None else plan


def _through(build: Build, most: Int, barred: Bool | None, stands: tuple[Int, Bool] | None = None) -> Plan:
    """Return the years one after the other, each improved on its own; what is built stays."""
    sites, options, demand, years, _ = build.shape
    plan = Plan(
        np.zeros((sites, years), dtype=np.bool_),
        np.zeros((sites, options, years), dtype=np.int64),
        np.zeros((build.reach.km.size, years)),
        np.ones((demand, years)),
    )
    count, is_open = stands or (np.zeros((sites, options), dtype=np.int64), build.opened.copy())
    never = np.zeros(sites, dtype=np.bool_) if barred is None else barred
    for t in range(years):
        data = _data(build, t)
        state = _fresh(build, count, is_open, t)
        build_out.fill(state.is_open, state.count, state.served, state.left, state.used, state.grid_left, data)
        closed = (build.ready > t) | never
        _grow(state, most, closed, data)
        state = _improved(build, state, (count, is_open), most, closed, data, t)
        count, is_open = state.count, state.is_open
        plan.is_open[:, t], plan.count[:, :, t] = is_open, count
        plan.share[:, t], plan.unserved[:, t] = state.served, np.clip(state.left, 0.0, 1.0)
        plan.unserved[build.per_day[:, t] <= 0.0, t] = 0.0
        plan.share[build.per_day[build.reach.demand, t] <= 0.0, t] = 0.0
    return plan


def _fresh(build: Build, count: Int, is_open: Bool, t: int) -> State:
    sites, _, demand, _, hours = build.shape
    kw = (count * build.kw).sum(axis=1)
    on = build.feeder >= 0
    taken = np.bincount(build.feeder[on], kw[on], build.feeder_kw.size)
    big = np.full(sites, np.inf)
    return State(
        count.copy(),
        is_open.copy(),
        np.zeros(build.reach.km.size),
        np.ones(demand),
        np.zeros((sites, len(build.inside), hours)),
        np.repeat(build.yearly_kw_limit[:, None], hours, axis=1),
        big if build.hourly else build.headroom - kw,
        np.full(build.feeder_kw.size, np.inf) if build.hourly else build.feeder_kw - taken,
        np.array([build.budget[t]]),
    )


def _data(build: Build, t: int) -> tuple[Any, ...]:
    reach = build.reach
    value = build.unserved_usd - build.energy_usd - build.detour_usd
    worth = value * build.per_day[reach.demand, t] * DAYS_PER_YEAR
    # within a site the demand that pays most per kWh goes first: with one price of the detour that is the nearest
    order = np.lexsort((reach.demand, -value, reach.site)).astype(np.int64)
    most = int(build.most.max(initial=0))
    sizes = np.array([n for n in TRIED if n <= most] or [1], dtype=np.int64)
    return (
        reach.first,
        reach.demand,
        order,
        build.group,
        np.ascontiguousarray(build.kwh[:, t]),
        worth,
        build.inside,
        build.option_in,
        build.own,
        build.table,
        sizes,
        build.kw,
        build.per_year,
        build.price,
        build.open_per_year,
        build.open_usd,
        build.room,
        build.feeder,
    )


def _grow(state: State, most: Int, barred: Bool, data: tuple[Any, ...]) -> None:
    build_out.expand(
        state.count,
        most,
        state.is_open,
        barred,
        state.served,
        state.left,
        state.used,
        state.grid_left,
        state.kw_left,
        state.feeder_left,
        state.money_left,
        data,
    )


def _improved(
    build: Build, state: State, before: tuple[Int, Bool], most: Int, barred: Bool, data: tuple[Any, ...], t: int
) -> State:
    """Close each new site on trial and let others take its place (vertex interchange); keep what is cheaper."""
    count, was_open = before
    best, cost = state, _year_cost(build, state, data)
    new = np.flatnonzero(best.is_open & ~was_open)
    for s in new[:MOST_TRIALS].tolist():
        if not best.is_open[s]:
            continue
        kept, opened = best.count.copy(), best.is_open.copy()
        kept[s], opened[s] = count[s], False
        trial = _fresh(build, kept, opened, t)
        spent = _spent(build, trial, before)
        trial.money_left[0] -= spent
        build_out.fill(trial.is_open, trial.count, trial.served, trial.left, trial.used, trial.grid_left, data)
        shut = barred.copy()
        shut[s] = True
        _grow(trial, most, shut, data)
        now = _year_cost(build, trial, data)
        if now < cost - 1e-6 * abs(cost) - 1e-9:
            best, cost = trial, now
    return best


def _spent(build: Build, state: State, before: tuple[Int, Bool]) -> float:
    count, was_open = before
    chargers = float(((state.count - count) * build.price).sum())
    return chargers + float(build.open_usd[state.is_open & ~was_open & ~build.opened].sum())


def _year_cost(build: Build, state: State, data: tuple[Any, ...]) -> float:
    """Return what a year costs against serving nobody."""
    paid = build.open_per_year[state.is_open & ~build.opened].sum() + (state.count * build.per_year).sum()
    return float(paid - (state.served * data[5]).sum())


def total_cost(build: Build, plan: Plan) -> float:
    """Return the discounted cost of a plan without the price of its highest hours."""
    opened = np.where(build.opened, 0.0, build.open_per_year) @ plan.is_open
    chargers = np.einsum("skt,k->t", plan.count, build.per_year)
    kwh = build.per_year_kwh
    way = (plan.share * kwh[build.reach.demand] * (build.detour_usd + build.energy_usd)[:, None]).sum(axis=0)
    missed = (plan.unserved * kwh).sum(axis=0) * build.unserved_usd
    return float(build.weight @ (opened + chargers + way + missed))


def columns_of(build: Build, layout: Layout, plan: Plan) -> Float:
    """Return a plan as columns of the programme, shape (columns,)."""
    values = np.zeros(layout.size)
    values[layout.open] = plan.is_open
    values[layout.share], values[layout.unserved] = plan.share, plan.unserved
    have = plan.count[layout.step_site, layout.step_option]
    queue = np.array([o.queue for o in build.options], dtype=np.bool_)[layout.step_option]
    reached = (have >= (layout.step_first + layout.step_added)[:, None]).astype(np.float64)
    values[layout.step] = np.where(queue[:, None], reached, have)
    if layout.peak.size:
        sites, _, _, years, _ = build.shape
        for t in range(years):
            load = np.zeros((sites, build.kwh.shape[2]))
            np.add.at(load, build.reach.site, build.kwh[build.reach.demand, t] * plan.share[:, t, None])
            values[layout.peak[:, t]] = load.max(axis=1)
    return values
