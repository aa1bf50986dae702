"""The build-out as one sparse integer programme."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.chargers.building.problem import TRIED
from fleet_planner.chargers.solver import Programme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.chargers.building.problem import Build

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]

MOST_LINKS = 150_000
"""Rows that tie each share to its site: they sharpen the bound; beyond so many only the capacities do."""


@dataclass(frozen=True)
class Layout:
    """Where the columns stand.

    Parameters
    ----------
    open
        Shape (S, T).
    step_site, step_option, step_first, step_added
        Site and option of each step; chargers that it begins after and adds; steps without queue are whole numbers
        of single chargers. Shape (M,).
    step
        Column of each step and year, shape (M, T).
    share
        Of each pair and year, shape (P, T).
    unserved
        Shape (J, T).
    peak
        Highest hour of each site and year, kW, shape (S, T); empty without a price.
    size
        Columns in all.
    """

    open: Int
    step_site: Int
    step_option: Int
    step_first: Int
    step_added: Int
    step: Int
    share: Int
    unserved: Int
    peak: Int
    size: int

    def count(self, values: Float, shape: tuple[int, int]) -> Int:
        """Return the chargers by site, option and year, shape (S, K, T)."""
        out = np.zeros((*shape, self.step.shape[1]))
        np.add.at(out, (self.step_site, self.step_option), values[self.step] * self.step_added[:, None])
        return np.rint(out).astype(np.int64)


def layout_of(build: Build) -> Layout:
    """Return the columns of a build-out."""
    sites, options, demand, years, _ = build.shape
    site, option, first, added = [], [], [], []
    for s in range(sites):
        for k in range(options):
            most = int(build.most[s, k])
            if most <= 0:
                continue
            ladder = [n for n in TRIED if n <= most] if build.options[k].queue else [1]
            for before, after in zip([0, *ladder[:-1]], ladder, strict=True):
                site.append(s)
                option.append(k)
                first.append(before)
                added.append(after - before)
    steps = len(site)
    at = np.cumsum([0, sites * years, steps * years, build.reach.km.size * years, demand * years])
    peaks = sites * years if build.peak_usd > 0.0 else 0

    def block(k: int, rows: int) -> Int:
        columns: Int = at[k] + np.arange(rows * years, dtype=np.int64)
        return columns.reshape(rows, years)

    return Layout(
        block(0, sites),
        np.array(site, dtype=np.int64),
        np.array(option, dtype=np.int64),
        np.array(first, dtype=np.int64),
        np.array(added, dtype=np.int64),
        block(1, steps),
        block(2, build.reach.km.size),
        block(3, demand),
        (at[4] + np.arange(peaks, dtype=np.int64)).reshape(-1, years),
        int(at[4]) + peaks,
    )


@dataclass
class _Rows:
    """Rows under construction."""

    row: list[Int] = field(default_factory=list)
    column: list[Int] = field(default_factory=list)
    value: list[Float] = field(default_factory=list)
    low: list[Float] = field(default_factory=list)
    high: list[Float] = field(default_factory=list)
    count: int = 0

    def add(self, low: Float, high: Float, *entries: tuple[Int, Int, Float]) -> None:
        """Add rows; entries have the row within the block, the column and the value."""
        for row, column, value in entries:
            self.row.append(row.ravel() + self.count)
            self.column.append(column.ravel())
            self.value.append(np.broadcast_to(value, row.shape).ravel())
        self.low.append(low)
        self.high.append(high)
        self.count += low.size


def programme_of(build: Build, layout: Layout) -> Programme:
    """Return the integer programme of a build-out: least discounted cost."""
    years = build.shape[3]
    rows = _Rows()
    _demand_rows(rows, build, layout)
    _capacity_rows(rows, build, layout)
    _limit_rows(rows, build, layout)
    _order_rows(rows, build, layout)
    _budget_rows(rows, build, layout)
    _service_rows(rows, build, layout)
    lower, upper = np.zeros(layout.size), np.full(layout.size, np.inf)
    upper[layout.open], upper[layout.unserved], upper[layout.share] = 1.0, 1.0, 1.0
    lower[layout.open[build.opened]] = 1.0
    late = np.arange(years)[None, :] < build.ready[:, None]
    upper[layout.open[late & ~build.opened[:, None]]] = 0.0
    queue = np.array([o.queue for o in build.options], dtype=np.bool_)
    most = build.most[layout.step_site, layout.step_option]
    limit = np.where(queue[layout.step_option], 1, most).astype(np.float64)
    upper[layout.step] = np.where(late[layout.step_site], 0.0, limit[:, None])
    asked = build.per_day > 0.0
    upper[layout.unserved[~asked]] = 0.0
    upper[layout.share[~asked[build.reach.demand]]] = 0.0
    whole = np.zeros(layout.size, dtype=np.bool_)
    whole[layout.open] = whole[layout.step] = True
    empty_i, empty_f = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Programme(
        cost_of(build, layout),
        lower,
        upper,
        whole,
        np.concatenate([empty_i, *rows.row]),
        np.concatenate([empty_i, *rows.column]),
        np.concatenate([empty_f, *rows.value]),
        np.concatenate([empty_f, *rows.low]),
        np.concatenate([empty_f, *rows.high]),
    )


def cost_of(build: Build, layout: Layout) -> Float:
    """Return the discounted cost of a unit of each column, US$ 2024."""
    cost = np.zeros(layout.size)
    weight = build.weight[None, :]
    paid = np.where(build.opened, 0.0, build.open_per_year)
    cost[layout.open] = weight * paid[:, None]
    cost[layout.step] = weight * (build.per_year[layout.step_option] * layout.step_added)[:, None]
    kwh = build.per_year_kwh
    served = build.detour_usd + build.energy_usd
    cost[layout.share] = weight * kwh[build.reach.demand] * served[:, None]
    cost[layout.unserved] = weight * kwh * build.unserved_usd
    if layout.peak.size:
        cost[layout.peak] = weight * build.peak_usd
    return cost


def _demand_rows(rows: _Rows, build: Build, layout: Layout) -> None:
    """All of each demand is served or not; a share needs an open site."""
    *_, demand, years, _ = build.shape
    number = np.arange(demand * years).reshape(demand, years)
    asked = (build.per_day > 0.0).astype(np.float64).ravel()
    rows.add(
        asked,
        asked,
        (number[build.reach.demand], layout.share, np.ones((1, 1))),
        (number, layout.unserved, np.ones((1, 1))),
    )
    new = ~build.opened[build.reach.site]
    if int(new.sum()) * years <= MOST_LINKS:
        share, site = layout.share[new], layout.open[build.reach.site[new]]
        link = np.arange(share.size).reshape(share.shape)
        ones = np.ones((1, 1))
        rows.add(np.full(share.size, -np.inf), np.zeros(share.size), (link, share, ones), (link, site, -ones))


def _capacity_rows(rows: _Rows, build: Build, layout: Layout) -> None:
    """By family of options, site, year and hour: energy within what the chargers give."""
    sites, _, _, years, hours = build.shape
    number = np.arange(sites * years).reshape(sites, years)
    step_kwh = (
        build.table[layout.step_option, layout.step_first + layout.step_added]
        - build.table[layout.step_option, layout.step_first]
    )
    for f in range(len(build.inside)):
        pairs = build.inside[f][build.group[build.reach.demand]]
        steps = build.option_in[f][layout.step_option]
        if not pairs.any():
            continue
        site, load = build.reach.site[pairs], build.kwh[build.reach.demand[pairs]]
        for h in range(hours):
            rows.add(
                np.full(number.size, -np.inf),
                np.repeat(build.own[:, f], years),
                (number[site], layout.share[pairs], load[:, :, h]),
                (number[layout.step_site[steps]], layout.step[steps], -step_kwh[steps][:, None]),
            )
    for h in range(hours if build.hourly or layout.peak.size else 0):
        load = build.kwh[build.reach.demand][:, :, h]
        entries = [(number[build.reach.site], layout.share, load)]
        if build.hourly:
            rows.add(np.full(number.size, -np.inf), np.repeat(build.yearly_kw_limit, years), *entries)
            _feeder_hours(rows, build, layout, load)
        if layout.peak.size:
            entries.append((number, layout.peak, -np.ones((1, 1))))
            rows.add(np.full(number.size, -np.inf), np.zeros(number.size), *entries)


def _feeder_hours(rows: _Rows, build: Build, layout: Layout, load: Float) -> None:
    feeders, years = build.feeder_kw.size, build.shape[3]
    on = build.feeder[build.reach.site]
    own = np.bincount(build.feeder[build.feeder >= 0], build.own_kw[build.feeder >= 0], feeders)
    number = np.arange(feeders * years).reshape(feeders, years)
    rows.add(
        np.full(number.size, -np.inf),
        np.repeat(build.feeder_kw + own, years),
        (number[on[on >= 0]], layout.share[on >= 0], load[on >= 0]),
    )


def _limit_rows(rows: _Rows, build: Build, layout: Layout) -> None:
    """Room and installed power of a site, installed power on a feeder."""
    sites, _, _, years, _ = build.shape
    number = np.arange(sites * years).reshape(sites, years)
    step = number[layout.step_site]
    added = layout.step_added.astype(np.float64)[:, None]
    rows.add(
        np.full(number.size, -np.inf),
        np.zeros(number.size),
        (step, layout.step, added),
        (number, layout.open, -build.room.astype(np.float64)[:, None]),
    )
    if build.hourly:
        return
    power = added * build.kw[layout.step_option][:, None]
    rows.add(np.full(number.size, -np.inf), np.repeat(build.headroom, years), (step, layout.step, power))
    feeders = build.feeder_kw.size
    on = build.feeder[layout.step_site]
    of = np.arange(feeders * years).reshape(feeders, years)
    limit = np.repeat(build.feeder_kw, years)
    rows.add(np.full(of.size, -np.inf), limit, (of[on[on >= 0]], layout.step[on >= 0], power[on >= 0]))


def _order_rows(rows: _Rows, build: Build, layout: Layout) -> None:
    """Keep steps in order, and what is open or built."""
    years = build.shape[3]
    ones = np.ones((1, 1))
    later = np.flatnonzero(layout.step_first > 0)
    number = np.arange(later.size * years).reshape(later.size, years)
    down = np.full(number.size, -np.inf), np.zeros(number.size)
    rows.add(*down, (number, layout.step[later], ones), (number, layout.step[later - 1], -ones))
    for columns in (layout.open, layout.step):
        now, before = columns[:, 1:], columns[:, :-1]
        place = np.arange(now.size).reshape(now.shape)
        rows.add(np.full(now.size, -np.inf), np.zeros(now.size), (place, before, ones), (place, now, -ones))


def _budget_rows(rows: _Rows, build: Build, layout: Layout) -> None:
    """Keep what is paid once in a planned year within its budget."""
    years = build.shape[3]
    if not np.isfinite(build.budget).any():
        return
    site = np.where(build.opened, 0.0, build.open_usd)[:, None]
    step = (build.price[layout.step_option] * layout.step_added)[:, None]
    entries = []
    for columns, usd in ((layout.open, site), (layout.step, step)):
        year = np.broadcast_to(np.arange(years), columns.shape)
        entries.append((year, columns, usd))
        entries.append((year[:, 1:], columns[:, :-1], -usd))
    rows.add(np.full(years, -np.inf), build.budget, *entries)


def _service_rows(rows: _Rows, build: Build, layout: Layout) -> None:
    """Ask for the least share of energy that is served: of all, of each zone and of each group of people."""
    demand, years = build.per_day.shape
    if (build.least > 0.0).any():
        year = np.broadcast_to(np.arange(years), (demand, years))
        limit = build.per_day.sum(axis=0) * (1.0 - build.least)
        rows.add(np.full(years, -np.inf), limit, (year, layout.unserved, build.per_day))
    if build.least_by_zone > 0.0:
        zones = int(build.zone.max(initial=-1)) + 1
        number = np.arange(zones * years).reshape(zones, years)
        whole = np.zeros((zones, years))
        np.add.at(whole, build.zone, build.per_day)
        limit = (whole * (1.0 - build.least_by_zone)).ravel()
        rows.add(np.full(limit.size, -np.inf), limit, (number[build.zone], layout.unserved, build.per_day))
    if build.least_by_group > 0.0:
        who, group = np.nonzero(build.people > 0.0)
        number = np.arange(build.people.shape[1] * years).reshape(-1, years)
        limit = ((build.people.T @ build.per_day) * (1.0 - build.least_by_group)).ravel()
        energy = build.people[who, group][:, None] * build.per_day[who]
        rows.add(np.full(limit.size, -np.inf), limit, (number[group], layout.unserved[who], energy))
