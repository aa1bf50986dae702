"""Making blocks feasible: a larger battery, a split with an extra bus, or chargers on the way; the cheapest together.

Each block that fails may take any of them; stations are shared by all that come by. The choice is that of
`cover.cheapest`, exact with proof while a station has a charger for every bus that comes. Then the whole day is driven
with one charger at each station, in queues; where a bus comes too late to its charge, the station at which most is
waited for gets one more. What that adds to the cost is the gap to the proved bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.feasibility.choosing import Checker, added_mass, alone_usd, question_of, sizes_on_offer
from fleet_planner.buses.feasibility.cover import Answer, Question, cheapest
from fleet_planner.buses.feasibility.load import Load, Part, assemble, whole
from fleet_planner.buses.feasibility.replay import replay, site_of_rest
from fleet_planner.buses.feasibility.setup import batteries_of, candidate_places, nominal_kwh, rules_of, sites_of
from fleet_planner.buses.feasibility.split import chain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.buses.feasibility.choosing import Task
    from fleet_planner.buses.feasibility.model import Bool, Float, Int, Replay, Rules, Sites

AS_IT_IS, LARGER, STATION, SPLIT, NONE = "as_it_is", "battery", "station", "split", "none"
MOST_REPAIRS = 2000
MANY_FAIL = 0.02
"""Share of buses that fail above which several stations get a charger at once."""


@dataclass(frozen=True)
class Making:
    """A day made feasible.

    Parameters
    ----------
    base
        The day with usual batteries and the sites that there are.
    made
        The day as it can be driven; its blocks are buses, several for a block that is split.
    load
        Of the buses.
    parts
        Of each bus.
    kwh
        Nominal battery of each bus.
    way
        What each block got: ``as_it_is``, ``battery``, ``station`` (perhaps with a larger battery), ``split``, or
        ``none`` where nothing that is allowed makes it feasible.
    possible
        What alone would make each block feasible, of ``battery``, ``station`` (all that could be built) and ``split``;
        ``as_it_is`` where nothing is needed.
    alone
        What a larger battery, stations and a split would cost each block alone, shape (blocks, 3); NaN where it does
        not help or nothing is needed.
    splits
        Parts that each failing block can be split into, whether it was or not.
    usd_per_year
        Of each block, without stations.
    chosen
        Sites of ``made.sites`` that were added; their chargers stand there.
    answer
        Of the choice; none where no block failed or nothing could help.
    station_usd_per_year
        Of the added stations, all chargers counted.
    buses_shared
        Extra buses that splits need less, because a bus drives parts of several blocks.
    """

    base: Replay
    made: Replay
    load: Load
    parts: tuple[tuple[Part, ...], ...]
    kwh: Float
    way: tuple[str, ...]
    possible: tuple[tuple[str, ...], ...]
    alone: Float
    splits: Mapping[int, Sequence[Part]]
    usd_per_year: Float
    chosen: tuple[int, ...]
    answer: Answer | None
    station_usd_per_year: float
    buses_shared: int

    @property
    def cost(self) -> float:
        """What all remedies cost a year, before buses are shared."""
        return float(self.usd_per_year.sum()) + self.station_usd_per_year

    @property
    def bound(self) -> float:
        """Proved least cost of the choice with chargers for every bus, one paid for at each station."""
        return 0.0 if self.answer is None else self.answer.bound

    @property
    def gap(self) -> float:
        """Cost above the bound as a share of the cost."""
        return max(self.cost - self.bound, 0.0) / self.cost if self.cost > 0.0 else 0.0

    @property
    def replacement_ratio(self) -> float:
        """Electric buses over the buses of today."""
        return len(self.parts) / len(self.way) if self.way else 1.0


def make_feasible(task: Task, *, seconds: float = 60.0) -> Making:
    """Choose for every failing block what makes it feasible, at least cost together.

    Parameters
    ----------
    task
        The day.
    seconds
        For the choice.
    """
    load, figures, plan = task.load, task.figures, task.plan
    ground = load.ground
    sites = sites_of(task.places, plan, figures, task.stations)
    usual = batteries_of(ground, figures, task.cold)
    rules = rules_of(plan)
    base = replay(load, usual, sites, rules, keep=True)
    failing = np.flatnonzero(~base.holds).astype(np.int64)
    if not failing.size or not plan.ways:
        way = [NONE if b in set(failing.tolist()) else AS_IT_IS for b in range(len(ground.block_ids))]
        return _unchanged(task, base, way)
    candidates = candidate_places(ground, plan, sites, failing) if "station" in plan.ways else []
    offered = sites_of(task.places, plan, figures, task.stations, candidates)
    sizes = sizes_on_offer(task, failing)
    checker = Checker(task, failing, sizes, offered, len(sites.ids))
    splits = task.splitter.split(failing.tolist()) if "split" in plan.ways else {}
    question = question_of(task, checker, splits)
    able: Bool = np.asarray(np.isfinite(question.option_cost).any(axis=1))
    answer = None
    if able.any():
        sub = _Rows(checker, np.flatnonzero(able).astype(np.int64))
        asked = Question(question.station_cost, question.option_cost[able], question.needs[able], question.reach[able])
        answer = cheapest(asked, sub, seconds=seconds)
    return _driven(_Choice(task, base, checker, question, splits, able, answer, rules))


@dataclass(frozen=True)
class _Rows:
    """A checker of some of its rows."""

    checker: Checker
    rows: Int

    def __call__(self, block: Int, option: Int, stations: Bool) -> Bool:
        return self.checker(self.rows[block], option, stations)


def _unchanged(task: Task, base: Replay, way: Sequence[str]) -> Making:
    ground = task.load.ground
    many = len(ground.block_ids)
    return Making(
        base,
        base,
        task.load,
        tuple((whole(ground, b),) for b in range(many)),
        nominal_kwh(ground, task.figures),
        tuple(way),
        tuple((AS_IT_IS,) if w == AS_IT_IS else () for w in way),
        np.full((many, 3), np.nan),
        {},
        np.zeros(many),
        (),
        None,
        0.0,
        0,
    )


@dataclass
class _Choice:
    """The answer on its way to a day that is driven; `option` changes where queues ask for more."""

    task: Task
    base: Replay
    checker: Checker
    question: Question
    splits: Mapping[int, Sequence[Part]]
    able: Bool
    answer: Answer | None
    rules: Rules
    option: Int = field(init=False)
    open_to: Bool = field(init=False)
    plugs: Int = field(init=False)
    apart: set[int] = field(default_factory=set[int])

    def __post_init__(self) -> None:
        blocks, stations = self.checker.blocks.size, self.question.station_cost.size
        self.option = np.zeros(blocks, dtype=np.int64)
        self.open_to = np.zeros(stations, dtype=np.bool_)
        if self.answer is not None:
            self.option[self.able] = self.answer.option
            self.open_to = self.answer.stations.copy()
        self.plugs = np.where(self.open_to, 1, 0).astype(np.int64)

    @property
    def split_option(self) -> int:
        return int(self.question.option_cost.shape[1]) - 1

    def sites(self) -> Sites:
        """Return existing sites and the stations that were chosen, with their chargers."""
        existing = self.checker.existing
        sites = self.checker.sites
        chargers = np.concatenate([sites.chargers[:existing], self.plugs])
        keep = np.concatenate([np.ones(existing, dtype=np.bool_), self.open_to])
        return replace(sites, chargers=chargers).only(keep)

    def buses(self) -> tuple[list[tuple[Part, ...]], Float]:
        """Return the parts and the nominal battery of each bus."""
        ground, failing = self.task.load.ground, self.checker.blocks
        place = {int(b): k for k, b in enumerate(failing)}
        split = {int(b) for k, b in enumerate(failing) if self.able[k] and self.option[k] == self.split_option}
        usual = nominal_kwh(ground, self.task.figures)
        buses: list[tuple[Part, ...]] = []
        kwh: list[float] = []
        for b in range(len(ground.block_ids)):
            if b in split:
                continue
            buses.append((whole(ground, b),))
            k = place.get(b)
            kwh.append(usual[b] if k is None or not self.able[k] else self.checker.sizes[k, self.option[k]])
        shared = [p for b in sorted(split - self.apart) for p in self.splits[b]]
        for one in [
            *chain(self.task.splitter, shared),
            *([p] for b in sorted(self.apart & split) for p in self.splits[b]),
        ]:
            buses.append(tuple(one))
            kwh.append(usual[one[0].block])
        return buses, np.array(kwh)


def bus_names(ground_ids: Sequence[str], buses: Sequence[tuple[Part, ...]], whole_of: Mapping[int, int]) -> list[str]:
    """Return the block's name for a bus that drives it whole, with a number where it drives parts."""
    seen: dict[int, int] = {}
    names = []
    for parts in buses:
        block = parts[0].block
        if len(parts) == 1 and parts[0].high - parts[0].low == whole_of[block]:
            names.append(ground_ids[block])
            continue
        seen[block] = seen.get(block, 0) + 1
        names.append(f"{ground_ids[block]}/{seen[block]}")
    return names


def _driven(choice: _Choice) -> Making:
    """Drive the day as chosen; chargers are added where buses wait, other remedies taken where that does not help."""
    task = choice.task
    ground = task.load.ground
    sizes_of = {b: int(ground.first[b + 1] - ground.first[b]) for b in range(len(ground.block_ids))}
    while True:
        buses, kwh = choice.buses()
        named = list(zip(bus_names(ground.block_ids, buses, sizes_of), buses, strict=True))
        made_load = assemble(task.load, named)
        heavier = made_load.heavier(added_mass(made_load, task.figures, kwh))
        made_load = replace(made_load, kwh=np.ascontiguousarray(heavier))
        batteries = batteries_of(made_load.ground, task.figures, task.cold, kwh)
        made = replay(made_load, batteries, choice.sites(), choice.rules, keep=True)
        failed = ~made.holds
        if not failed.any() or not _repaired(choice, made, buses, failed):
            break
    return _told(choice, made, made_load, buses, kwh)


def _repaired(choice: _Choice, made: Replay, buses: Sequence[tuple[Part, ...]], failed: Bool) -> bool:
    """Change one thing for buses that fail; return whether anything could be changed."""
    bus_of = made.ground.block
    site = site_of_rest(made.ground, made.sites)
    # waiting of failing buses at the added stations
    docked = made.ground.end_h + np.append(made.sites.buffer_h, 0.0)[site]
    leaves = made.ground.end_h + made.ground.rest_h
    plugged = np.where(np.isnan(made.plug_in_h), leaves, made.plug_in_h)
    waited = np.clip(plugged - docked, 0.0, None).max(axis=0)
    added = (site >= choice.checker.existing) & failed[bus_of]
    opened = np.flatnonzero(choice.open_to)
    by_station = np.zeros(choice.open_to.size)
    np.add.at(by_station, opened[site[added] - choice.checker.existing], waited[added])
    most = choice.task.plan.station_chargers or len(buses)
    by_station[choice.plugs >= most] = 0.0
    if by_station.max(initial=0.0) > 1e-9 and choice.plugs.sum() < MOST_REPAIRS:
        # while many fail, all stations with much waiting get one; the last ones one by one
        share = 0.5 if failed.mean() > MANY_FAIL else 1.0
        choice.plugs[by_station >= share * by_station.max() * (1.0 - 1e-12)] += 1
        return True
    place = {int(b): k for k, b in enumerate(choice.checker.blocks)}
    changed = False
    for n in np.flatnonzero(failed).tolist():
        parts = buses[n]
        if len(parts) > 1 and not {p.block for p in parts} <= choice.apart:
            choice.apart |= {p.block for p in parts}
            changed = True
            continue
        k = place.get(parts[0].block)
        if k is None or not choice.able[k]:
            continue
        own = np.where(choice.question.needs[k], np.inf, choice.question.option_cost[k])
        now = (
            choice.question.option_cost[k, choice.option[k]] if not choice.question.needs[k, choice.option[k]] else -1.0
        )
        dearer = np.where(own > now + 1e-9, own, np.inf)
        if np.isfinite(dearer).any():
            choice.option[k] = int(dearer.argmin())
            changed = True
    return changed


def _told(choice: _Choice, made: Replay, load: Load, buses: Sequence[tuple[Part, ...]], kwh: Float) -> Making:
    task, question = choice.task, choice.question
    ground, prices = task.load.ground, task.prices
    many = len(ground.block_ids)
    holds = made.holds
    failed_blocks = {p.block for n, parts in enumerate(buses) if not holds[n] for p in parts}
    way, usd = [AS_IT_IS] * many, np.zeros(many)
    for k, b in enumerate(choice.checker.blocks.tolist()):
        option = int(choice.option[k])
        if choice.able[k]:
            usd[b] = question.option_cost[k, option]
            way[b] = SPLIT if option == choice.split_option else (STATION if question.needs[k, option] else LARGER)
            if way[b] == LARGER and option == 0:
                way[b] = AS_IT_IS
    for b in failed_blocks:
        way[b] = NONE
    extra = sum(len(choice.splits[b]) for b in range(many) if way[b] == SPLIT)
    driven = sum(1 for parts in buses if way[parts[0].block] == SPLIT)
    station_usd = float((prices.station * choice.open_to + prices.charger * choice.plugs).sum())
    existing = choice.checker.existing
    return Making(
        base=choice.base,
        made=made,
        load=load,
        parts=tuple(buses),
        kwh=kwh,
        way=tuple(way),
        possible=_possible(choice),
        alone=_alone(choice),
        splits=choice.splits,
        usd_per_year=usd,
        chosen=tuple(range(existing, existing + int(choice.open_to.sum()))),
        answer=choice.answer,
        station_usd_per_year=station_usd,
        buses_shared=extra - driven,
    )


def _alone(choice: _Choice) -> Float:
    """Return what each way would cost a block alone."""
    out = np.full((len(choice.task.load.ground.block_ids), 3), np.nan)
    found = alone_usd(choice.question, choice.checker)
    out[choice.checker.blocks] = np.where(np.isfinite(found), found, np.nan)
    return out


def _possible(choice: _Choice) -> tuple[tuple[str, ...], ...]:
    """Return what alone would make each block feasible."""
    out: list[tuple[str, ...]] = [(AS_IT_IS,)] * len(choice.task.load.ground.block_ids)
    cost, needs = choice.question.option_cost, choice.question.needs
    for k, b in enumerate(choice.checker.blocks.tolist()):
        able = np.isfinite(cost[k])
        ways = (
            (LARGER, bool((able[:-1] & ~needs[k, :-1]).any())),
            (STATION, bool((able[:-1] & needs[k, :-1]).any())),
            (SPLIT, bool(able[-1])),
        )
        out[b] = tuple(name for name, can in ways if can)
    return tuple(out)
