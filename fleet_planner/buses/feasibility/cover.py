"""Cheapest stations and remedies by set cover with cuts.

Whether a block holds grows with the set of stations while chargers are plentiful: a station more never harms. So where
a block fails with a set of stations, at least one of its other stations is needed. The integer programme starts
without such cuts; its stations are replayed, every block that fails gives a cut, and the next solve knows it. When no
block fails, the answer is the cheapest, and the last bound of the solver proves it: every cut holds for every answer.

A cut is made strong first: stations are added to the set as long as the block still fails, so that only those are left
of which one is truly needed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.sparse import csr_matrix

from fleet_planner.highs import Lines, solve_lines
from fleet_planner.searches import searches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.buses.feasibility.model import Bool, Float, Int


class Holds(Protocol):
    """Says of blocks, each with an option and a set of stations, whether they hold: shapes (P,), (P,), (P, S)."""

    def __call__(self, block: Int, option: Int, stations: Bool) -> Bool:
        """Return what holds, shape (P,)."""
        ...


@dataclass(frozen=True)
class Question:
    """What is to be chosen: stations that all share, and one option for every block.

    Parameters
    ----------
    station_cost
        Of each station, above 0, shape (S,).
    option_cost
        Of each option, infinite where a block cannot have it, shape (B, K).
    needs
        The option holds only with some station, shape (B, K).
    reach
        Stations that a block can use, shape (B, S).
    """

    station_cost: Float
    option_cost: Float
    needs: Bool
    reach: Bool


@dataclass(frozen=True)
class Answer:
    """Chosen stations (S,) and the option of each block (B,), with cost, proved lower bound, rounds and cuts."""

    stations: Bool
    option: Int
    cost: float
    bound: float
    rounds: int
    cuts: int

    @property
    def gap(self) -> float:
        """Cost above the bound as a share of the cost."""
        return max(self.cost - self.bound, 0.0) / self.cost if self.cost > 0.0 else 0.0


@dataclass(frozen=True)
class _Cut:
    block: int
    option: int
    stations: tuple[int, ...]


def cheapest(question: Question, holds: Holds, *, seconds: float = 60.0) -> Answer:
    """Choose stations and options at least cost so that every block holds.

    Parameters
    ----------
    question
        Every block has at least one option that holds with all stations.
    holds
        Tells by replay whether blocks hold.
    seconds
        After which the best answer so far is returned, with the bound proved by then.

    Raises
    ------
    ValueError
        A block has no option.
    """
    if not np.isfinite(question.option_cost).any(axis=1).all():
        raise ValueError("a block has no option")
    begin = time.perf_counter()
    cuts: dict[_Cut, None] = {}
    best = _alone(question)
    rounds, bound = 0, 0.0
    while True:
        rounds += 1
        left = max(seconds - (time.perf_counter() - begin), 1.0)
        found = _solve(question, list(cuts), left)
        stations, option, bound_now = found
        bound = max(bound, bound_now)
        new = _failing(question, holds, stations, option)
        if not new:
            cost = _cost(question, stations, option)
            if best is None or cost <= best.cost + 1e-9:
                best = Answer(stations, option, cost, min(bound, cost), rounds, len(cuts))
            return Answer(best.stations, best.option, best.cost, min(bound, best.cost), rounds, len(cuts))
        cuts |= dict.fromkeys(new)
        mended = _mended(question, holds, stations)
        if mended is not None and (best is None or mended.cost < best.cost):
            best = mended
        if searches().over(begin, seconds):
            known = _thinned(question, holds, _all_stations(question) if best is None else best)
            return Answer(known.stations, known.option, known.cost, min(bound, known.cost), rounds, len(cuts))


def _cost(question: Question, stations: Bool, option: Int) -> float:
    each = question.option_cost[np.arange(option.size), option]
    return float(question.station_cost[stations].sum() + each.sum())


def _alone(question: Question) -> Answer | None:
    """Return the answer in which every block takes its cheapest option without stations; none where one has none."""
    own = np.where(question.needs, np.inf, question.option_cost)
    if not np.isfinite(own).any(axis=1).all():
        return None
    none = np.zeros(question.station_cost.size, dtype=np.bool_)
    option = own.argmin(axis=1).astype(np.int64)
    return Answer(none, option, _cost(question, none, option), 0.0, 0, 0)


def _held_cost(question: Question, holds: Holds, stations: Bool, rows: Int) -> Float:
    """Return what the options of some blocks cost with these stations, infinite where they do not hold."""
    able = np.isfinite(question.option_cost[rows])
    held = able & ~question.needs[rows]
    row, option = np.nonzero(able & question.needs[rows])
    if row.size and stations.any():
        sets = question.reach[rows[row]] & stations
        held[row, option] = holds(rows[row], option.astype(np.int64), sets)
    return np.where(held, question.option_cost[rows], np.inf)


def _mended(question: Question, holds: Holds, stations: Bool) -> Answer | None:
    """Return the answer with these stations in which every block takes its cheapest option that holds with them."""
    cost = _held_cost(question, holds, stations, np.arange(question.option_cost.shape[0]))
    if not np.isfinite(cost).any(axis=1).all():
        return None
    chosen = cost.argmin(axis=1).astype(np.int64)
    return Answer(stations, chosen, _cost(question, stations, chosen), 0.0, 0, 0)


def _thinned(question: Question, holds: Holds, answer: Answer) -> Answer:
    """Close stations one by one, the dearest first, where that makes an answer cheaper."""
    stations, option = answer.stations.copy(), answer.option.copy()
    for s in np.argsort(-question.station_cost, kind="stable"):
        if not stations[s]:
            continue
        fewer = stations.copy()
        fewer[s] = False
        rows = np.flatnonzero(question.reach[:, s]).astype(np.int64)
        now = question.option_cost[rows, option[rows]].sum()
        cost = _held_cost(question, holds, fewer, rows)
        if cost.min(axis=1).sum() - now < question.station_cost[s] - 1e-9:
            stations, option[rows] = fewer, cost.argmin(axis=1)
    return Answer(stations, option, _cost(question, stations, option), 0.0, 0, 0)


def _all_stations(question: Question) -> Answer:
    every = np.ones(question.station_cost.size, dtype=np.bool_)
    option = question.option_cost.argmin(axis=1).astype(np.int64)
    return Answer(every, option, _cost(question, every, option), 0.0, 0, 0)


def _solve(question: Question, cuts: Sequence[_Cut], seconds: float) -> tuple[Bool, Int, float]:
    """Solve the programme with the cuts so far; return stations, options and the proved bound."""
    blocks, options = question.option_cost.shape
    many = question.station_cost.size
    column = np.full((blocks, options), -1, dtype=np.int64)
    able = np.isfinite(question.option_cost)
    column[able] = many + np.arange(int(able.sum()))
    cost = np.concatenate([question.station_cost, question.option_cost[able]])
    block_of = np.nonzero(able)[0]
    rows, cols, values = [block_of], [column[able]], [np.ones(block_of.size)]
    low, high = [np.ones(blocks)], [np.ones(blocks)]
    for n, cut in enumerate(cuts):
        row = blocks + n
        needed = np.array(cut.stations, dtype=np.int64)
        rows.append(np.full(needed.size + 1, row))
        cols.append(np.append(needed, column[cut.block, cut.option]))
        values.append(np.append(np.ones(needed.size), -1.0))
    low.append(np.zeros(len(cuts)))
    high.append(np.full(len(cuts), np.inf))
    matrix = csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(cols))),
        shape=(blocks + len(cuts), cost.size),
    )
    whole = np.arange(cost.size) < many  # the options are whole by themselves then: every bound on them is
    zero, one = np.zeros(cost.size), np.ones(cost.size)
    lines = Lines(cost, zero, one, matrix, np.concatenate(low), np.concatenate(high), whole)
    found = solve_lines(lines, seconds=seconds)
    if not found.values.size:
        everywhere = _all_stations(question)
        return everywhere.stations, everywhere.option, 0.0
    stations = np.asarray(found.values[:many] > 0.5)
    # the cheapest option that the cuts allow with these stations
    allowed = able.copy()
    for cut in cuts:
        allowed[cut.block, cut.option] &= bool(stations[list(cut.stations)].any())
    option = np.where(allowed, question.option_cost, np.inf).argmin(axis=1).astype(np.int64)
    return stations, option, found.bound


def _failing(question: Question, holds: Holds, stations: Bool, option: Int) -> list[_Cut]:
    """Return a strong cut for every block that fails with the chosen stations."""
    block = np.flatnonzero(question.needs[np.arange(option.size), option])
    if not block.size:
        return []
    chosen = option[block]
    sets = np.broadcast_to(stations, (block.size, stations.size)) & question.reach[block]
    failed = ~holds(block, chosen, sets)
    block, chosen, sets = block[failed], chosen[failed], sets[failed].copy()
    if not block.size:
        return []
    # the dearest stations first: the cheap ones are left in the cut
    order = np.argsort(-question.station_cost, kind="stable")
    for s in order:
        open_to = np.flatnonzero(question.reach[block, s] & ~sets[:, s])
        if not open_to.size:
            continue
        tried = sets[open_to].copy()
        tried[:, s] = True
        still = ~holds(block[open_to], chosen[open_to], tried)
        sets[open_to[still]] = tried[still]
    needed = question.reach[block] & ~sets
    return [
        _Cut(int(b), int(k), tuple(int(s) for s in np.flatnonzero(row)))
        for b, k, row in zip(block, chosen, needed, strict=True)
    ]
