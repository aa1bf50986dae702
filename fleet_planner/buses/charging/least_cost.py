"""The schedule of a site at least cost: a linear programme over the stays, the grid, the sun and a battery.

For each season, with x the energy of a bus in a step, g bought, o fed in, s sun used, c and d into and out of the
battery of state b, P_k the peak of demand charge k:

    minimise  sum days · price · g - sum days · export · o + sum months · charge_k · P_k + wear
    subject to  sum of x over the steps of a stay = its need,   0 <= x <= power · time of the stay in the step
                g - o = sum x (own day) + sum x (what is left of the day before) + c - d - s,  0 <= g <= cap · time
                g / time <= P_k in the slots of k,   o <= s,   s <= sun
                b' = b + sqrt(e) c - d / sqrt(e),  b the same at every midnight,  0 <= b <= capacity
                sum x / power <= chargers · time

A day is told by its kind and that of the day before. The last row is exact for buses that take turns at a plug in
a step: by McNaughton's rule of wrapping round, time shares that add up to the number of plugs can be laid out so that
no bus stands at two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.charging.extras import battery_rows, curve_rows, feedback_rows, panels_rows, plugs_rows
from fleet_planner.buses.charging.integer import solve_switched, switch_rows
from fleet_planner.buses.charging.linear import Programme, solve
from fleet_planner.buses.charging.site import Dispatch, Site, sun_kwh
from fleet_planner.buses.charging.slots import KINDS, SLOT_H, SLOTS
from fleet_planner.buses.charging.stays import by_calendar, two_ways
from fleet_planner.buses.charging.steps import Steps, on_days, steps_of
from fleet_planner.buses.charging.terms import Peak
from fleet_planner.highs import INFEASIBLE, OPTIMAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.buses.charging.integer import Switches
    from fleet_planner.buses.charging.stays import Stays
    from fleet_planner.buses.charging.terms import Season

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]

TIE_USD_PER_KW = 1e-5
"""Of schedules that cost the same the one with the lower peak is taken: where no demand is charged a kW and month has
this price, which is in the value and the bound."""

SHAPE = (len(KINDS), len(KINDS), SLOTS)


@dataclass(frozen=True)
class Limits:
    """For how long integer programmes are searched, and the gap at which they may stop."""

    seconds: float = 20.0
    gap: float = 1e-3


@dataclass(frozen=True)
class Optimum:
    """Schedules of the seasons that were solved together.

    Parameters
    ----------
    status
        As in `linear`.
    dispatch
        By season.
    battery_kwh
        Capacity, chosen or given.
    value, bound
        US$ 2024 a year of what depends on the schedule, and a lower bound of it from the prices of the rows.
    """

    status: str
    dispatch: tuple[Dispatch, ...]
    battery_kwh: float
    value: float
    bound: float


@dataclass(frozen=True)
class Columns:
    """Indices of the columns of one season, and of the rows of needs.

    ``grid`` and the flows have shape (kinds of calendar day, steps); what the site does not have is empty.
    """

    x: Int
    needs: Int
    grid: Int
    sun: Int
    charge: Int
    discharge: Int
    export: Int
    back: Int
    switches: Switches | None = None


def least_cost(
    stays: Stays,
    site: Site,
    seasons: Sequence[Season],
    *,
    damage: bool = False,
    given: Sequence[Float] | None = None,
    limits: Limits | None = None,
) -> Optimum:
    """Return the cheapest schedule of a site.

    Parameters
    ----------
    stays, site, seasons
        What is asked, what there is, what it costs.
    damage
        Whether a kWh costs its damage too.
    given
        kWh per entry by season that the buses draw anyway: only sun and battery are dispatched.
    limits
        Of integer programmes.
    """
    limits = limits or Limits()
    joined = site.battery.there and site.battery.chosen
    if given is not None and not site.battery.there:
        return _carried(stays, site, seasons, given, damage=damage)
    groups = [list(range(len(seasons)))] if joined else [[k] for k in range(len(seasons))]
    found: dict[int, Dispatch] = {}
    value = bound = capacity = 0.0
    status = ""
    for group in groups:
        fixed = None if given is None else [given[k] for k in group]
        part = _solved(stays, site, [seasons[k] for k in group], damage, fixed, limits)
        if part.status == INFEASIBLE or not part.dispatch:
            return part
        status = part.status if status in {"", part.status} else "stopped"
        found |= dict(zip(group, part.dispatch, strict=True))
        value, bound, capacity = value + part.value, bound + part.bound, part.battery_kwh
    return Optimum(status, tuple(found[k] for k in range(len(seasons))), capacity, value, bound)


def _carried(stays: Stays, site: Site, seasons: Sequence[Season], given: Sequence[Float], *, damage: bool) -> Optimum:
    """Return what a given load draws without a battery: the sun first, what is left of it fed in where that pays."""
    out, value = [], 0.0
    for season, kwh in zip(seasons, given, strict=True):
        there = season.days > 0
        load = by_calendar(stays.load_kwh(kwh)) * there[:, :, None]
        sun = np.broadcast_to(sun_kwh(site, season), SHAPE) * there[:, :, None]
        used = np.minimum(load, sun)
        fed = (sun - used) * (season.export > 0.0)[None]
        none = np.zeros(SHAPE)
        grid = load - used
        out.append(Dispatch(kwh, np.zeros(kwh.size), grid, used + fed, none, none, fed))
        value += season_usd(season, out[-1], damage=damage)
    return Optimum(OPTIMAL, tuple(out), 0.0, value, value)


def season_usd(season: Season, dispatch: Dispatch, *, damage: bool) -> float:
    """Return what a season's energy, feed-in and demand cost, US$ 2024; with ``damage`` the damage too."""
    more = season.damage_usd if damage else 0.0
    flow = (season.price + more)[None] * dispatch.grid - (season.export + more)[None] * dispatch.export
    energy = float((season.days[:, :, None] * flow).sum())
    kw = dispatch.grid / SLOT_H
    tops = [p.usd_per_kw * float((kw * p.slots[None]).max(initial=0.0)) for p in season.peaks]
    return energy + len(season.months) * sum(tops)


def _solved(
    stays: Stays,
    site: Site,
    seasons: Sequence[Season],
    damage: bool,
    given: list[Float] | None,
    limits: Limits,
) -> Optimum:
    # a load that is given changes from slot to slot, and least powers hold slot by slot
    steps = steps_of(stays, seasons, merge=site.least_kw == 0.0 and given is None)
    programme = Programme()
    battery = site.battery
    chosen = battery.there and battery.chosen
    size = programme.add_columns(
        np.array([battery.usd_per_kwh_year if chosen else 0.0]),
        np.array([battery.kwh if battery.there else 0.0]),
        np.array([0.0 if chosen or not battery.there else battery.kwh]),
    )
    columns = []
    for k, season in enumerate(seasons):
        fixed = None if given is None else given[k]
        columns.append(season_rows(programme, stays, site, season, steps, size, damage=damage, given=fixed))
    if site.least_kw > 0.0 and given is None:
        switches = [c.switches for c in columns if c.switches is not None]
        answer = solve_switched(
            programme, stays, steps, switches, site.least_kw, seconds=limits.seconds, gap=limits.gap
        )
    else:
        answer = solve(programme)
    if answer.values.size == 0:
        return Optimum(answer.status, (), 0.0, answer.value, answer.bound)
    dispatch = tuple(
        _dispatch(answer.values, own, stays, site, season, steps, None if given is None else given[k])
        for k, (own, season) in enumerate(zip(columns, seasons, strict=True))
    )
    return Optimum(answer.status, dispatch, float(answer.values[size[0]]), answer.value, answer.bound)


def season_rows(
    programme: Programme,
    stays: Stays,
    site: Site,
    season: Season,
    steps: Steps,
    size: Int,
    *,
    damage: bool = False,
    given: Float | None = None,
) -> Columns:
    """Add the columns and rows of a season; ``size`` is the column of the battery's capacity."""
    before, kind = season.pairs
    days = season.days[before, kind].astype(np.float64)
    steps_many = steps.wide.size
    hours = steps.hours
    cost = season.price + (season.damage_usd if damage else 0.0)
    earned = season.export + (season.damage_usd if damage else 0.0)
    sun = sun_kwh(site, season)[steps.first] * steps.wide
    battery = site.battery
    shape = (kind.size, steps_many)
    most = float(stays.limit_kwh.sum()) + battery.kw * hours.max() + 1.0
    grid = programme.add_columns(
        (days[:, None] * cost[kind][:, steps.first]).ravel(),
        np.broadcast_to(np.minimum(site.cap_kw * hours, most), shape).ravel(),
    ).reshape(shape)
    balance = programme.add_rows(np.zeros(grid.size), np.zeros(grid.size)).reshape(shape)
    programme.put(balance, grid, 1.0)
    x = back = needs = np.zeros(0, dtype=np.int64)
    switches = None
    if given is None:
        x, needs, back = _buses(programme, stays, site, season, steps, balance)
        if site.least_kw > 0.0:
            switches = switch_rows(programme, stays, steps, x, site.least_kw)
    else:
        load = _given_load(stays, given, before, kind, steps)
        programme.row_lower[-1] = programme.row_upper[-1] = load.ravel()
    none = np.zeros((0, 0), dtype=np.int64)
    used = export = charge = discharge = none
    if site.solar_kwp > 0.0:
        used, export = panels_rows(programme, season, sun, days[:, None] * earned[kind][:, steps.first], balance)
    if battery.there:
        charge, discharge = battery_rows(programme, site, shape, hours, size)
        programme.put(balance, charge, -1.0)
        programme.put(balance, discharge, 1.0)
    peaks = [p for p in season.peaks if p.usd_per_kw > 0.0 and p.slots[kind].any()]
    if not any(p.slots[kind].all() for p in peaks):
        peaks.append(Peak("", TIE_USD_PER_KW, np.ones((len(KINDS), SLOTS), dtype=bool)))
    for peak in peaks:
        under = peak.slots[kind][:, steps.first]
        top = programme.add_columns(np.array([peak.usd_per_kw * len(season.months)]), np.array([most / hours.min()]))
        rows = programme.add_rows(np.full(under.sum(), -np.inf), np.zeros(under.sum()))
        programme.put(rows, grid[under], 1.0 / np.broadcast_to(hours, shape)[under])
        programme.put(rows, top, -1.0)
    return Columns(x, needs, grid, used, charge, discharge, export, back, switches)


def _buses(
    programme: Programme, stays: Stays, site: Site, season: Season, steps: Steps, balance: Int
) -> tuple[Int, Int, Int]:
    """Add what buses draw and feed back; return these columns and the rows of needs."""
    x = programme.add_columns(np.zeros(steps.stay.size), steps.limit_kwh)
    needs = programme.add_rows(stays.need_kwh, stays.need_kwh)
    programme.put(needs[steps.stay], x, 1.0)
    on_days(stays, steps, season, lambda own, c: programme.put(balance[c, steps.step[own]], x[own], -1.0))
    back = np.zeros(0, dtype=np.int64)
    if site.feedback is not None:
        back = feedback_rows(programme, stays, site.feedback, steps, x, season)
        programme.put(needs[steps.stay], back, -1.0 / two_ways(stays)[steps.stay])
        on_days(stays, steps, season, lambda own, c: programme.put(balance[c, steps.step[own]], back[own], 1.0))
    plugs_rows(programme, stays, site, steps, (x, back), season)
    curve_rows(programme, stays, steps, (x, back))
    return x, needs, back


def _given_load(stays: Stays, given: Float, before: Int, kind: Int, steps: Steps) -> Float:
    load = stays.load_kwh(given)
    slots = load[kind, :SLOTS] + load[before, SLOTS:]
    out = np.zeros((kind.size, steps.wide.size))
    for c in range(kind.size):
        out[c] = np.bincount(steps.of_slot, slots[c], minlength=steps.wide.size)
    return out


def _dispatch(
    values: Float, own: Columns, stays: Stays, site: Site, season: Season, steps: Steps, given: Float | None
) -> Dispatch:
    """Return the schedule by slot; what buses draw is made to meet their needs to the last digit."""
    before, kind = season.pairs
    back = np.zeros(stays.stay.size)
    if given is not None:
        kwh = given
    else:
        kwh = np.clip(steps.spread(values[own.x], stays), 0.0, stays.limit_kwh)
        target = stays.need_kwh.copy()
        if own.back.size:
            back = np.maximum(steps.spread(values[own.back], stays), 0.0)
            target += stays.summed(back) / two_ways(stays)
        kwh = _exact(kwh, stays, target)

    def by_day(index: Int) -> Float:
        out = np.zeros(SHAPE)
        if index.size:
            out[before, kind] = np.maximum(values[index] / steps.wide, 0.0)[:, steps.of_slot]
        return out

    sun, charge, discharge, export = (by_day(i) for i in (own.sun, own.charge, own.discharge, own.export))
    load = stays.load_kwh(kwh - back)
    net = np.zeros(SHAPE)
    net[before, kind] = load[kind, :SLOTS] + load[before, SLOTS:]
    grid = np.maximum(net + charge - discharge - sun + export, 0.0)
    # rounding of the solver's sun: no more is used than the balance has
    sun = np.clip(net + charge - discharge + export - grid, 0.0, np.inf) if site.solar_kwp > 0.0 else sun
    return Dispatch(kwh, back, grid, sun, charge, discharge, export)


def _exact(kwh: Float, stays: Stays, target: Float) -> Float:
    """Move what is missing or too much by stay, in proportion to what is free or used."""
    for _ in range(3):
        miss = target - stays.summed(kwh)
        free = stays.summed(stays.limit_kwh - kwh)
        used = stays.summed(kwh)
        up = np.divide(miss, free, out=np.zeros_like(miss), where=(miss > 0.0) & (free > 0.0))
        down = np.divide(miss, used, out=np.zeros_like(miss), where=(miss < 0.0) & (used > 0.0))
        kwh = kwh + up[stays.stay] * (stays.limit_kwh - kwh) + down[stays.stay] * kwh
    return np.clip(kwh, 0.0, stays.limit_kwh)
