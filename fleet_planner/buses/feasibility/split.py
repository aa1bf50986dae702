"""Blocks split into parts that a battery can drive, and parts put on the fewest buses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from fleet_planner.buses.feasibility.load import Added, Part, assemble, batteries_for
from fleet_planner.buses.feasibility.replay import replay
from fleet_planner.kernels.state_of_charge import charge
from fleet_planner.units import EARTH_RADIUS_M, M_PER_KM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.buses.feasibility.load import Load
    from fleet_planner.buses.feasibility.model import Batteries, Bool, Float, Int, Rules, Sites
    from fleet_planner.buses.model import ServiceDay

MOST_PARTS = 8
"""A block that would need more is not split."""

NO_TIME_LIMIT_H = 1000.0


@dataclass(frozen=True)
class EmptyWays:
    """Empty ways between places and depots.

    Parameters
    ----------
    known
        (km, hours) by place and depot, from the day's own pull-outs and pull-ins.
    lon, lat
        Of the places.
    detour, kmh
        Way over the straight line, and speed, where none is known.
    """

    known: dict[tuple[int, int], tuple[float, float]]
    lon: Float
    lat: Float
    detour: float
    kmh: float

    def of(self, place: int, depot: int) -> tuple[float, float]:
        """Return (km, hours) between a place and a depot; NaN where one has no coordinates and no bus drives there."""
        if place == depot:
            return 0.0, 0.0
        if (place, depot) in self.known:
            return self.known[place, depot]
        a, b = np.radians(self.lat[[place, depot]])
        d = np.radians(self.lon[depot] - self.lon[place])
        half = np.sin((b - a) / 2.0) ** 2 + np.cos(a) * np.cos(b) * np.sin(d / 2.0) ** 2
        km = float(2.0 * EARTH_RADIUS_M / M_PER_KM * np.arcsin(np.sqrt(half)) * self.detour)
        return km, km / self.kmh


def empty_ways(day: ServiceDay, detour: float, kmh: float) -> EmptyWays:
    """Return the empty ways that a day knows, the shortest of each pair."""
    index = {p: k for k, p in enumerate(day.places["place"].to_list())}
    known: dict[tuple[int, int], tuple[float, float]] = {}
    columns = ("kind", "from_place", "to_place", "km", "start_s", "end_s")
    for kind, start, end, km, begin_s, end_s in day.movements.select(columns).iter_rows():
        if kind not in {"pull_out", "pull_in"}:
            continue
        place, depot = (end, start) if kind == "pull_out" else (start, end)
        key = (index[place], index[depot])
        way = (float(km), (end_s - begin_s) / 3600.0)
        known[key] = min(known.get(key, way), way)
    lon, lat = (day.places[c].to_numpy().astype(np.float64) for c in ("lon", "lat"))
    return EmptyWays(known, lon, lat, detour, kmh)


@dataclass(frozen=True)
class Splitter:
    """What splits blocks: movements and their kinds, empty ways, and who can drive a part.

    Parameters
    ----------
    load
        Of the day.
    kinds
        Of its movements.
    from_place
        Where each movement begins.
    km
        Of each movement.
    ways
        To the depots.
    batteries
        Of each block.
    sites
        As if every site had a charger for every bus.
    rules
        Of driving.
    """

    load: Load
    kinds: Sequence[str]
    from_place: Int
    km: Float
    ways: EmptyWays
    batteries: Batteries
    sites: Sites
    rules: Rules

    def kwh_per_km(self, block: int) -> Float:
        """Return what a block's empty ways take per km, all its ways where it has none, by case."""
        first = self.load.ground.first
        rows = np.arange(first[block], first[block + 1])
        empty = np.array([self.kinds[m] != "trip" for m in rows]) & (self.km[rows] > 0.0)
        chosen = rows[empty] if empty.any() else rows
        km = float(self.km[chosen].sum())
        total = self.load.kwh[:, chosen].sum(axis=1)
        return np.maximum(total / km, 0.0) if km > 0.0 else np.zeros(total.size)

    def depot_of(self, block: int) -> int:
        """Return the place of a block's depot."""
        ground = self.load.ground
        return int(ground.place[ground.last[block]])

    def cuts(self, block: int, low: int, out: Added | None) -> list[tuple[Part, int, Added | None]]:
        """Return the parts that begin at ``low``, the shortest first, each with the next part's begin and way out."""
        ground, depot = self.load.ground, self.depot_of(block)
        per_km = self.kwh_per_km(block)
        end = int(ground.first[block + 1])
        found: list[tuple[Part, int, Added | None]] = []
        for m in range(low, end - 1):
            if ground.depot[m]:
                found.append((Part(block, low, m + 1, out), m + 1, None))
                continue
            following = m + 1
            while following < end and self.kinds[following] == "dead_head":
                following += 1
            if self.kinds[m] != "trip" or following >= end or self.kinds[following] != "trip":
                continue
            begin = int(self.from_place[following])
            if np.isnan([self.ways.of(place, depot)[0] for place in (int(ground.place[m]), begin)]).any():
                continue  # nobody knows how far it is from here to the depot
            km, hours = self.ways.of(int(ground.place[m]), depot)
            if not np.isfinite(km + self.ways.of(int(self.from_place[following]), depot)[0]):
                continue  # no coordinates: no way to the depot is known
            home = Added(ground.end_h[m], ground.end_h[m] + hours, km, depot, True, per_km * km)  # at a depot
            km, hours = self.ways.of(begin, depot)
            start = float(ground.start_h[following])
            way_out = Added(start - hours, start, km, begin, False, per_km * km)  # away from it
            found.append((Part(block, low, m + 1, out, home), following, way_out))
        return found

    def hold(self, parts: Sequence[Part]) -> Bool:
        """Return which parts hold, each driven by a bus of its own that starts full."""
        made = assemble(self.load, [("", [p]) for p in parts])
        own = batteries_for(self.batteries, np.array([p.block for p in parts], dtype=np.int64))
        return replay(made, own, self.sites, self.rules).holds

    def split(self, blocks: Sequence[int]) -> dict[int, tuple[Part, ...]]:
        """Split blocks into parts that hold, each as long as can be; those that cannot be split are absent."""
        ground = self.load.ground
        state: dict[int, tuple[int, Added | None, tuple[Part, ...]]] = {
            b: (int(ground.first[b]), None, ()) for b in blocks
        }
        done: dict[int, tuple[Part, ...]] = {}
        for _ in range(MOST_PARTS):
            tried: list[Part] = []
            offered: dict[int, list[tuple[int, Added | None]]] = {}
            for b, (low, out, _parts) in state.items():
                rest = Part(b, low, int(ground.first[b + 1]), out)
                offers = self.cuts(b, low, out)
                tried += [part for part, _, _ in offers] + [rest]
                offered[b] = [(following, way) for _, following, way in offers]
            if not tried:
                break
            held = self.hold(tried)
            state, done = self._longest(state, done, offered, tried, held)
        return done

    @staticmethod
    def _longest(
        state: dict[int, tuple[int, Added | None, tuple[Part, ...]]],
        done: dict[int, tuple[Part, ...]],
        offered: dict[int, list[tuple[int, Added | None]]],
        tried: Sequence[Part],
        held: Bool,
    ) -> tuple[dict[int, tuple[int, Added | None, tuple[Part, ...]]], dict[int, tuple[Part, ...]]]:
        """Take the longest part that holds of each block; blocks whose rest holds are done."""
        left: dict[int, tuple[int, Added | None, tuple[Part, ...]]] = {}
        at = 0
        for b, (_, _, parts) in state.items():
            many = len(offered[b])
            if held[at + many]:
                done[b] = (*parts, tried[at + many])
            elif held[at : at + many].any():
                k = int(np.flatnonzero(held[at : at + many])[-1])
                following, way = offered[b][k]
                left[b] = (following, way, (*parts, tried[at + k]))
            at += many + 1
        return left, done


def chain(splitter: Splitter, parts: Sequence[Part]) -> list[list[Part]]:
    """Put parts on the fewest buses: a bus drives a part after another when its depot has made it full in between.

    Buses stay with their depot and type. The fewest chains of parts are a largest matching of parts and successors.
    """
    if not parts:
        return []
    ground = splitter.load.ground
    made = assemble(splitter.load, [("", [p]) for p in parts])
    own = batteries_for(splitter.batteries, np.array([p.block for p in parts], dtype=np.int64))
    run = replay(made, own, splitter.sites, splitter.rules)
    spans = [p.span(ground) for p in parts]
    ready = [spans[k][1] + _refill_h(own, splitter.sites, run.ended[:, k], k, made.ground.place[made.ground.last[k]])
             for k in range(len(parts))]  # fmt: skip
    rows, cols = [], []
    for i, p in enumerate(parts):
        for j, q in enumerate(parts):
            same = ground.depot_ids[p.block] == ground.depot_ids[q.block]
            alike = (ground.bus_types[p.block], ground.batteries[p.block]) == (
                ground.bus_types[q.block],
                ground.batteries[q.block],
            )
            if i != j and same and alike and ready[i] <= spans[j][0]:
                rows.append(i)
                cols.append(j)
    graph = csr_matrix((np.ones(len(rows)), (rows, cols)), shape=(len(parts), len(parts)))
    following = maximum_bipartite_matching(graph, perm_type="column")
    firsts = sorted(set(range(len(parts))) - {int(j) for j in following if j >= 0}, key=lambda k: spans[k])
    chains = []
    for k in firsts:
        one, at = [parts[k]], int(following[k])
        while at >= 0:
            one.append(parts[at])
            at = int(following[at])
        chains.append(one)
    return chains


def _refill_h(batteries: Batteries, sites: Sites, soc: Float, block: int, depot: int) -> float:
    """Return the hours until a depot has filled a bus, in the slowest case; infinite where it never does."""
    site = int(sites.of_place[depot]) if depot >= 0 else -1
    if site < 0:
        return np.inf
    curve = int(batteries.curve_of[block])
    points = slice(int(batteries.curve_first[curve]), int(batteries.curve_first[curve + 1]))
    hours = [
        charge(
            float(soc[c]),
            NO_TIME_LIMIT_H,
            1.0,
            float(batteries.capacity_kwh[c, block]),
            batteries.curve_soc[points],
            batteries.curve_kw[points],
            float(batteries.limit_kw[c, block]),
            float(sites.plug_kw[site]),
            0.0,
            float(batteries.efficiency[block]),
        )[1]
        for c in range(soc.size)
    ]
    longest = max(hours)
    return float(sites.buffer_h[site]) + longest if longest < NO_TIME_LIMIT_H else np.inf
