"""Fronts, chances and regrets: what solving the same problem again and again tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.portfolio.master import Master
from fleet_planner.portfolio.solve import INFEASIBLE, Mix, solve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from fleet_planner.portfolio.problem import Problem

    Array = NDArray[np.float64]

ROUNDS = 12
STEP_BACK = 0.5
SLIGHT = 1e-6
"""Share of what is asked of a limit below which it counts as kept: rounding."""


@dataclass(frozen=True)
class Point:
    """A point of the front: what is asked of the varied row, and the cheapest mix that brings it."""

    asked: float
    mix: Mix


def most(problem: Problem, name: str) -> float:
    """Return the most that any mix can bring to a row, other constraints left aside."""
    row = next(r for r in problem.rows if r.name == name)
    best = np.where(problem.able, row.coefficients, 0.0).reshape(problem.count.size, -1).max(axis=1)
    return float((problem.count * np.maximum(best, 0.0)).sum())


def front(problem: Problem, name: str, points: int, *, seconds: float, gap: float) -> list[Point]:
    """Return the front of cost against what a row asks, from nothing to the most (epsilon constraint).

    All other rows hold at every point. The solver's columns and basis are kept from point to point.

    Parameters
    ----------
    problem
        With the row that is varied.
    name
        Of that row.
    points
        How many.
    seconds, gap
        Of each integer solve.
    """
    place = next(k for k, r in enumerate(problem.rows) if r.name == name)
    top = most(problem, name)
    master, out = Master(problem), []
    bounds = np.array([r.bound for r in problem.rows])
    for asked in np.linspace(0.0, top, points).tolist():
        bounds[place] = asked
        master.set_bound(place, asked)
        mix = solve(problem.with_bounds(bounds), seconds=seconds, gap=gap, master=master, settle=False)
        if mix.status == INFEASIBLE:
            break
        out.append(Point(asked, mix))
    return out


@dataclass(frozen=True)
class Chance:
    """A mix that meets its targets with a probability, as counted on draws that it was not made with."""

    mix: Mix
    probability: float
    tightened: Array


def robust(
    problem: Problem,
    drawn: Callable[[Array, int], Array],
    probability: float,
    *,
    seconds: float,
    gap: float,
) -> Chance:
    """Return the cheapest mix found whose targets are all met with a probability.

    The targets are tightened by the same share until they are, by bisection on draws of the effects; the probability
    that is told comes from other draws than those that the tightening was chosen on. Where no mix reaches it, the one
    that comes nearest is returned with its probability. Costs are central figures.

    Parameters
    ----------
    problem
        On central figures.
    drawn
        Given a mix and a series (0 or 1), what it brings to each row in each draw, shape (draws, rows).
    probability
        Asked.
    seconds, gap
        Of each integer solve.
    """
    master = Master(problem)
    asked = np.array([r.bound for r in problem.rows])
    targets = np.array([r.sign > 0.0 for r in problem.rows])

    def at(share: float) -> tuple[Mix, float, float]:
        bounds = np.where(targets, asked * (1.0 + share), asked)
        for k in np.flatnonzero(targets).tolist():
            master.set_bound(k, float(bounds[k]))
        mix = solve(problem.with_bounds(bounds), seconds=seconds, gap=gap, master=master)
        met = [
            float((drawn(mix.x, series)[:, targets] >= asked[targets] * (1.0 - 1e-9)).all(axis=1).mean())
            for series in (0, 1)
        ]
        return mix, met[0], met[1]

    low, high = 0.0, 0.02
    found = at(0.0)
    if found[1] >= probability:
        return Chance(found[0], found[2], asked * 1.0)
    best = None
    for _ in range(ROUNDS):
        tried = at(high)
        if tried[0].status == INFEASIBLE:
            high = low + (high - low) * STEP_BACK
            continue
        found = max(found, tried, key=lambda f: f[1])
        if tried[1] >= probability:
            best = (tried, high)
            break
        low, high = high, high * 2.0
    for _ in range(ROUNDS // 2):
        if best is None:
            break
        middle = (low + best[1]) / 2.0
        tried = at(middle)
        if tried[0].status != INFEASIBLE and tried[1] >= probability:
            best = (tried, middle)
        else:
            low = middle
    chosen, share = best if best is not None else (found, low)
    return Chance(chosen[0], chosen[2], np.where(targets, asked * (1.0 + share), asked))


@dataclass(frozen=True)
class Regret:
    """Costs of mixes (rows) under futures (columns), what each misses there, and how much worse it is than the best."""

    cost: Array
    missed: Array
    regret: Array

    @property
    def worst(self) -> Array:
        """The worst regret of each mix."""
        return np.asarray(self.regret.max(axis=1))


def regrets(
    problems: Sequence[Problem],
    mixes: Sequence[Array],
    penalty: float,
    built: Sequence[Array] | None = None,
    carried: Callable[[int, int], Array] | None = None,
) -> Regret:
    """Judge mixes under futures.

    Parameters
    ----------
    problems
        One per future, same options, years and rows.
    mixes
        Each shape (G, O, T).
    penalty
        US dollars for missing a target whole; a miss counts by its share, so that a cheap mix that fails is not best.
        Of the kinds of limits the one counts that is exceeded most, by the share of what is asked that is not there.
    built
        What each mix builds, shape (K,); none: nothing.
    carried
        Mix ``i`` in the groups of future ``j``, where futures have groups of their own.
    """
    whole = built if built is not None else [np.zeros(p.builds.cost.size) for p in problems]
    own = carried if carried is not None else lambda i, _: mixes[i]
    there = [[own(i, j) for j in range(len(problems))] for i in range(len(mixes))]
    each = list(zip(there, whole, strict=True))
    cost = np.array([[p.cost_of(x, b) for p, x in zip(problems, xs, strict=True)] for xs, b in each])
    missed = np.array([[_missed(p, x, b) for p, x in zip(problems, xs, strict=True)] for xs, b in each])
    judged = cost + penalty * missed
    return Regret(cost, missed, judged - judged.min(axis=0))


def _missed(problem: Problem, x: Array, built: Array) -> float:
    """Return the sum of the shares of targets missed, and the largest share of what is asked of a kind of limit.

    Rows of a kind (budgets, grid, chargers, ranges ...) count together, so that a small site does not stand for all.
    """
    short = problem.shortfalls(x, built)
    targets = sum(
        short[r.name] / size for r, size in zip(problem.rows, problem.sizes.tolist(), strict=True) if r.sign > 0.0
    )
    beyond: dict[str, float] = {}
    needed: dict[str, float] = {}
    for row in problem.rows:
        if row.sign < 0.0:
            kind = row.name.partition(" ")[0]
            beyond[kind] = beyond.get(kind, 0.0) + short[row.name]
            needed[kind] = needed.get(kind, 0.0) + abs(row.brings(x))
    limits = [beyond[k] / needed[k] for k in beyond if beyond[k] > SLIGHT * needed[k]]
    return float(targets + max(limits, default=0.0))
