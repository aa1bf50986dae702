"""What failing blocks may take, what it costs, and whether it holds: the question that `cover.cheapest` answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.feasibility.cover import Question
from fleet_planner.buses.feasibility.load import take
from fleet_planner.buses.feasibility.replay import replay, site_of_rest
from fleet_planner.buses.feasibility.setup import batteries_of, nominal_kwh, rules_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from fleet_planner.buses.feasibility.figures import Figures, Prices
    from fleet_planner.buses.feasibility.load import Load, Part
    from fleet_planner.buses.feasibility.model import Bool, Float, Int, Sites
    from fleet_planner.buses.feasibility.setup import Cold
    from fleet_planner.buses.feasibility.split import Splitter
    from fleet_planner.plan.buses_battery import BatteryPlan, BusStation


@dataclass(frozen=True)
class Task:
    """A day whose blocks are to be made feasible.

    Parameters
    ----------
    load
        Movements and their energy in every case of weather that counts.
    splitter
        What splits blocks; its batteries are the usual ones, its sites those that there are, never scarce.
    places
        Ends of movements.
    plan, figures, prices, cold, stations
        Of the plan.
    """

    load: Load
    splitter: Splitter
    places: pl.DataFrame
    plan: BatteryPlan
    figures: Figures
    prices: Prices
    cold: Cold
    stations: Sequence[BusStation]


def plentiful(sites: Sites) -> Sites:
    """Return the sites as if each had a charger for every bus."""
    return replace(sites, chargers=np.zeros_like(sites.chargers))


@dataclass(frozen=True)
class Checker:
    """Replays failing blocks with a battery and a set of candidate stations (`cover.Holds`).

    Parameters
    ----------
    task, blocks
        The day, and the failing blocks by index.
    sizes
        Nominal battery by failing block and option, shape (B, K); NaN where there is none.
    sites
        Existing sites first, then the candidates.
    existing
        How many sites there are.
    """

    task: Task
    blocks: Int
    sizes: Float
    sites: Sites
    existing: int

    def __call__(self, block: Int, option: Int, stations: Bool) -> Bool:
        """Return what holds in every case."""
        of = self.blocks[block]
        sub = take(self.task.load, of)
        kwh = self.sizes[block, option]
        site = site_of_rest(sub.ground, self.sites)
        owner = sub.ground.block
        added = site >= self.existing
        open_to = np.zeros(site.size, dtype=np.bool_)
        open_to[added] = stations[owner[added], site[added] - self.existing]
        site = np.where(added & ~open_to, -1, site)
        rules = replace(rules_of(self.task.plan), wait_h=0.0)
        batteries = batteries_of(sub.ground, self.task.figures, self.task.cold, kwh)
        heavy = replace(sub, kwh=np.ascontiguousarray(sub.heavier(added_mass(sub, self.task.figures, kwh))))
        return replay(heavy, batteries, plentiful(self.sites), rules, site=site).holds


def added_mass(load: Load, figures: Figures, kwh: Float) -> Float:
    """Return what larger batteries weigh over the bus's own mass, by block."""
    own = np.array([figures.empty_kg[t] for t in load.ground.bus_types])
    return np.asarray(np.maximum(kwh - nominal_kwh(load.ground, figures), 0.0) * figures.kg_per_kwh / own)


def sizes_on_offer(task: Task, failing: Int) -> Float:
    """Return the batteries on offer by failing block, the usual one first, NaN where there are fewer."""
    ground, figures = task.load.ground, task.figures
    larger = "battery" in task.plan.ways
    rows = []
    for b in failing:
        kind = ground.batteries[b]
        rows.append([figures.kwh[kind], *(figures.larger_kwh[kind] if larger else ())])
    most = max(len(r) for r in rows)
    return np.array([r + [np.nan] * (most - len(r)) for r in rows])


def question_of(task: Task, checker: Checker, splits: Mapping[int, Sequence[Part]]) -> Question:
    """Return costs, needs and reach; the last option is the split."""
    load, prices = task.load, task.prices
    ground = load.ground
    failing, sizes = checker.blocks, checker.sizes
    many = len(checker.sites.ids) - checker.existing
    blocks = sizes.shape[0]
    block, option = np.nonzero(np.isfinite(sizes))
    alone = np.zeros(sizes.shape, dtype=np.bool_)
    helped = np.zeros(sizes.shape, dtype=np.bool_)
    alone[block, option] = checker(block, option, np.zeros((block.size, many), dtype=np.bool_))
    helped[block, option] = checker(block, option, np.ones((block.size, many), dtype=np.bool_))
    cost = np.where(alone | helped, (sizes - sizes[:, :1]) * prices.battery_per_kwh, np.inf)
    # a battery dearer than one that needs no station is never chosen
    enough = np.where(alone, cost, np.inf).min(axis=1)
    cost = np.where(cost > enough[:, None] + 1e-9, np.inf, cost)
    split_cost = np.full((blocks, 1), np.inf)
    for k, b in enumerate(failing.tolist()):
        if parts := splits.get(b):
            split_cost[k, 0] = split_usd(parts, task)
    site = site_of_rest(ground, checker.sites) - checker.existing
    reach = np.zeros((blocks, many), dtype=np.bool_)
    for k, b in enumerate(failing):
        rows = np.arange(ground.first[b], ground.last[b])
        reach[k, site[rows][site[rows] >= 0]] = True
    return Question(
        station_cost=np.full(many, prices.station + prices.charger),
        option_cost=np.hstack([cost, split_cost]),
        needs=np.hstack([~alone, np.zeros((blocks, 1), dtype=np.bool_)]),
        reach=reach,
    )


MOST_PAIRS = 12
"""Pairs of stations are tried for blocks that can use at most so many."""


def alone_usd(question: Question, checker: Checker) -> Float:
    """Return what each way costs a year when a failing block pays for it alone, shape (B, 3).

    Ways are a larger battery, one or two stations (with the larger battery that they need, if any) and a split;
    infinite where the way does not make the block feasible. Stations that blocks share cost each of them less.
    """
    blocks, options = question.option_cost.shape
    own = np.where(question.needs[:, :-1], np.inf, question.option_cost[:, :-1])
    battery = own[:, 1:].min(axis=1, initial=np.inf)
    station = np.full(blocks, np.inf)
    pairs = np.isfinite(question.option_cost[:, :-1]) & question.needs[:, :-1]
    for many in (1, 2):
        tried = [
            (b, k, chosen)
            for b, k in zip(*np.nonzero(pairs & ~np.isfinite(station)[:, None]), strict=True)
            for chosen in _sets(np.flatnonzero(question.reach[b]), many)
        ]
        if not tried:
            break
        block, option = (np.array([t[n] for t in tried], dtype=np.int64) for n in (0, 1))
        sets = np.zeros((len(tried), question.station_cost.size), dtype=np.bool_)
        for n, (_, _, chosen) in enumerate(tried):
            sets[n, list(chosen)] = True
        cost = sets @ question.station_cost + question.option_cost[block, option]
        np.minimum.at(station, block, np.where(checker(block, option, sets), cost, np.inf))
    return np.stack([battery, station, question.option_cost[:, options - 1]], axis=1)


def _sets(stations: Int, many: int) -> list[tuple[int, ...]]:
    """Return the sets of so many of some stations; no pairs of very many."""
    if many > 1 and stations.size > MOST_PAIRS:
        return []
    return list(combinations(stations.tolist(), many))


def split_usd(parts: Sequence[Part], task: Task) -> float:
    """Return what a split costs a year: extra buses with their batteries, and drivers and km of added ways."""
    prices = task.prices
    ground, block = task.load.ground, parts[0].block
    bus = prices.bus[ground.bus_types[block]] + task.figures.kwh[ground.batteries[block]] * prices.battery_per_kwh
    hours, km = sum(p.added_h for p in parts), sum(p.added_km for p in parts)
    return (len(parts) - 1) * bus + hours * prices.driver_hour + km * prices.empty_km
