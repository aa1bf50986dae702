"""A plan computed anew: limits and costs from the chargers and shares alone, in plain loops, without the programme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import maximum_flow

from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.chargers.building.problem import Build
    from fleet_planner.chargers.building.start import Plan

    Float = NDArray[np.float64]

WH = 1000.0
"""Flows are whole watt-hours."""
SLACK_WH = 3.0
"""Of rounding, for each path."""
SHARE = 1e-6
LINES = (
    *("sites_usd", "connections_usd", "chargers_usd", "upkeep_usd"),
    *("detour_usd", "energy_usd", "peak_usd", "unserved_usd"),
)


@dataclass(frozen=True)
class Audit:
    """What a plan does and costs.

    Parameters
    ----------
    broken
        Limits that are exceeded, in words; empty: none.
    lines
        US$ of a year by line (`LINES`) and planned year, shape (8, T).
    spent
        US$ paid once in each planned year, shape (T,).
    load
        kWh an hour by site, option and year at the site's hours, shape (S, K, T, H).
    cost
        Discounted sum of the lines.
    """

    broken: tuple[str, ...]
    lines: Float
    spent: Float
    load: Float
    cost: float


def audit(build: Build, plan: Plan) -> Audit:
    """Check a plan and tell what it costs, line by line."""
    broken = [*_standing(build, plan), *_shares(build, plan), *_power(build, plan)]
    load, short = _flows(build, plan)
    broken += short
    lines, spent = _lines(build, plan)
    broken += [
        f"{build.years[t]}: {spent[t]:,.0f} US$ spent, budget {build.budget[t]:,.0f}"
        for t in range(len(build.years))
        if spent[t] > build.budget[t] * (1.0 + 1e-6) + 1.0
    ]
    return Audit(tuple(broken), lines, spent, load, float(build.weight @ lines.sum(axis=0)))


def _standing(build: Build, plan: Plan) -> list[str]:
    """Check that what is built stays, in sites that are open and connected, within their room."""
    out = []
    sites, _, _, years, _ = build.shape
    for s in range(sites):
        for t in range(years):
            chargers = plan.count[s, :, t]
            if chargers.sum() > 0 and not plan.is_open[s, t]:
                out.append(f"site {s}, {build.years[t]}: chargers in a closed site")
            if chargers.sum() > build.room[s]:
                out.append(f"site {s}, {build.years[t]}: {chargers.sum()} chargers, room for {build.room[s]}")
            if chargers.sum() > 0 and t < build.ready[s]:
                out.append(f"site {s}, {build.years[t]}: chargers before the connection")
            if t and ((chargers < plan.count[s, :, t - 1]).any() or plan.is_open[s, t] < plan.is_open[s, t - 1]):
                out.append(f"site {s}, {build.years[t]}: something that was built is gone")
            out += [
                f"site {s}: {build.options[k].name} may not be built there"
                for k in np.flatnonzero(chargers)
                if build.most[s, k] == 0
            ]
    return out


def _shares(build: Build, plan: Plan) -> list[str]:
    out = []
    demand, years = build.per_day.shape
    given = np.zeros((demand, years))
    for pair, (s, j) in enumerate(zip(build.reach.site.tolist(), build.reach.demand.tolist(), strict=True)):
        given[j] += plan.share[pair]
        out += [
            f"site {s}, {build.years[t]}: serves while closed"
            for t in range(years)
            if plan.share[pair, t] > SHARE and not plan.is_open[s, t]
        ]
    for j in range(demand):
        for t in range(years):
            if build.per_day[j, t] > 0.0 and abs(given[j, t] + plan.unserved[j, t] - 1.0) > 1e-5:
                out.append(f"demand {j}, {build.years[t]}: shares add up to {given[j, t] + plan.unserved[j, t]:.6f}")
    served = 1.0 - (plan.unserved * build.per_day).sum(axis=0) / np.maximum(build.per_day.sum(axis=0), 1e-12)
    out += [
        f"{build.years[t]}: {100 * served[t]:.2f} % served, {100 * build.least[t]:.2f} % are the least"
        for t in range(years)
        if served[t] < build.least[t] - 1e-5
    ]
    for z in np.unique(build.zone) if build.least_by_zone > 0.0 else ():
        own = build.zone == z
        for t in range(years):
            whole = build.per_day[own, t].sum()
            if (plan.unserved[own, t] * build.per_day[own, t]).sum() > whole * (1.0 - build.least_by_zone + 1e-5):
                out.append(f"zone {z}, {build.years[t]}: less is served than the least")
    for g in range(build.people.shape[1]) if build.least_by_group > 0.0 else ():
        for t in range(years):
            asked = sum(build.people[j, g] * build.per_day[j, t] for j in range(demand))
            missed = sum(build.people[j, g] * build.per_day[j, t] * plan.unserved[j, t] for j in range(demand))
            if missed > asked * (1.0 - build.least_by_group + 1e-5):
                out.append(f"group {g}, {build.years[t]}: less is served than the least")
    return out


def _power(build: Build, plan: Plan) -> list[str]:
    """Installed power, or the energy of every hour, within the headroom of sites and feeders."""
    out = []
    sites, options, _, years, hours = build.shape
    feeder: dict[tuple[int, int, int], float] = {}
    for t in range(years):
        hourly = np.zeros((sites, hours))
        for pair, (s, j) in enumerate(zip(build.reach.site.tolist(), build.reach.demand.tolist(), strict=True)):
            hourly[s] += plan.share[pair, t] * build.kwh[j, t]
        for s in range(sites):
            if build.hourly:
                drawn = hourly[s] - build.own_kw[s]
            else:
                drawn = np.array([sum(int(plan.count[s, k, t]) * build.options[k].kw for k in range(options))])
            if drawn.max(initial=0.0) > build.headroom[s] * (1.0 + 1e-6) + 1e-3:
                out.append(f"site {s}, {build.years[t]}: {drawn.max():,.1f} kW, headroom {build.headroom[s]:,.1f}")
            for h, value in enumerate(drawn.tolist()):
                key = (int(build.feeder[s]), t, h)
                feeder[key] = feeder.get(key, 0.0) + value
    out += [
        f"feeder {f}, {build.years[t]}: {value:,.1f} kW, headroom {build.feeder_kw[f]:,.1f}"
        for (f, t, _), value in feeder.items()
        if f >= 0 and value > build.feeder_kw[f] * (1.0 + 1e-6) + 1e-3
    ]
    return out


def _flows(build: Build, plan: Plan) -> tuple[Float, list[str]]:
    """Deal the energy of every hour to the chargers by a maximum flow; return it and where some is left."""
    sites, options, _, years, hours = build.shape
    load = np.zeros((sites, options, years, hours))
    short = []
    serves = np.array(
        [[bool(build.option_in[build.inside[:, g]][:, k].all()) for k in range(options)] for g in range(_groups(build))]
    ).reshape(_groups(build), options)
    for s in range(sites):
        pairs = np.arange(build.reach.first[s], build.reach.first[s + 1])
        who = build.reach.demand[pairs]
        for t in range(years):
            share = plan.share[pairs, t]
            if share.sum() <= 0.0:
                continue
            gives = _gives(build, plan, s, t)
            for h in range(hours):
                asked = np.zeros(_groups(build))
                np.add.at(asked, build.group[who], share * build.kwh[who, t, h])
                dealt = _dealt(asked, gives, serves)
                load[s, :, t, h] = dealt
                if asked.sum() - dealt.sum() > SLACK_WH * (asked.size + options) / WH + 1e-6 * asked.sum():
                    short.append(
                        f"site {s}, {build.years[t]}, {build.hours[h]} h: {asked.sum():,.1f} kWh asked, "
                        f"chargers give {dealt.sum():,.1f}"
                    )
    return load, short


def _groups(build: Build) -> int:
    return int(build.inside.shape[1])


def _gives(build: Build, plan: Plan, s: int, t: int) -> Float:
    """Return the kWh an hour of each option at a site: new chargers by the table, present ones by their family."""
    last = build.table.shape[1] - 1
    out = np.array([build.table[k, min(int(plan.count[s, k, t]), last)] for k in range(build.shape[1])])
    for k, option in enumerate(build.options):
        if not option.connector:  # chargers that are there stand as kinds without connector
            own = [build.own[s, f] for f in range(len(build.option_in)) if build.option_in[f, k]]
            alone = [float(v) for v in own if v > 0.0]
            out[k] += min(alone) if len(alone) == len(own) and own else 0.0
    return out


def _dealt(asked: Float, gives: Float, serves: NDArray[np.bool_]) -> Float:
    """Return what each option gives at the greatest flow from groups to options."""
    groups, options = serves.shape
    source, sink = groups + options, groups + options + 1
    row = [source] * groups + [groups + k for k in range(options)]
    column = list(range(groups)) + [sink] * options
    value = [round(v * WH) for v in asked] + [int(np.floor(v * WH)) + 1 for v in gives]
    for g in range(groups):
        for k in np.flatnonzero(serves[g]).tolist():
            row.append(g)
            column.append(groups + k)
            value.append(round(asked[g] * WH) + 1)
    graph = coo_matrix((np.array(value, dtype=np.int32), (row, column)), shape=(sink + 1, sink + 1)).tocsr()
    flow = maximum_flow(graph, source, sink).flow
    return np.array([flow[groups + k, sink] for k in range(options)], dtype=np.float64) / WH


def _lines(build: Build, plan: Plan) -> tuple[Float, Float]:
    """Return US$ of a year by line and planned year, and what is spent once in each."""
    sites, options, _, years, hours = build.shape
    costs = build.costs
    new = len(costs.option_share)
    lines = np.zeros((len(LINES), years))
    stock = np.zeros(years)
    for t in range(years):
        for s in range(sites):
            if plan.is_open[s, t] and not build.opened[s]:
                lines[0, t] += costs.site_usd[s] * costs.site_share
                lines[1, t] += costs.connection_usd[s] * costs.grid_share
                stock[t] += costs.site_usd[s] + costs.connection_usd[s]
            for k in range(min(options, new)):
                one, n = build.options[k], int(plan.count[s, k, t])
                lines[1, t] += n * one.kw * costs.per_kw_usd * costs.grid_share
                lines[2, t] += n * one.usd * costs.option_share[k]
                lines[3, t] += n * one.usd_per_year
                stock[t] += n * (one.usd + one.kw * costs.per_kw_usd)
        load = np.zeros((sites, hours))
        for pair, (s, j) in enumerate(zip(build.reach.site.tolist(), build.reach.demand.tolist(), strict=True)):
            kwh = plan.share[pair, t] * build.per_day[j, t] * DAYS_PER_YEAR
            lines[4, t] += kwh * build.detour_usd[pair]
            lines[5, t] += kwh * build.energy_usd
            load[s] += plan.share[pair, t] * build.kwh[j, t]
        lines[6, t] = load.max(axis=1).sum() * build.peak_usd
        lines[7, t] = (plan.unserved[:, t] * build.per_day[:, t]).sum() * DAYS_PER_YEAR * build.unserved_usd
    return lines, np.diff(stock, prepend=0.0)
