"""A number of sites so that the weighted cost to the nearest one is least: covering and the p-median in one form.

Start by greedy and interchange, bound by Lagrangian relaxation, sites that cannot be in a better set left out by their
reduced cost, and the rest proved by branch and bound with Lagrangian bounds (Beasley 1985); what is left open after
half the time by HiGHS in the radius form (Cornuéjols, Nemhauser and Wolsey 1980; telescoped as in García, Labbé and
Marín 2011).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.chargers.models.branching import branched
from fleet_planner.chargers.models.radius import multipliers, radius_form
from fleet_planner.chargers.solver import solve
from fleet_planner.highs import OPTIMAL
from fleet_planner.kernels import siting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.chargers.models.radius import Nearest

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]

HEURISTIC = "start only"
ROUND_WORK = 4e8
"""Pairs that the interchange may look at: it sets the rounds, not the clock, so that results repeat."""
MOST_ROUNDS = 400
STEPS = 600
OWN_SHARE = 0.5
"""Of the time, for the own branch and bound before HiGHS."""
TINY = 1e-9


@dataclass(frozen=True)
class Effort:
    """How hard to search.

    Parameters
    ----------
    seconds
        Time limit of the solver; 0: start and Lagrangian bound only.
    gap
        Relative gap at which it ends.
    rounds
        Random restarts of the interchange; none: by size.
    seed
        Of the restarts.
    steps
        Of the Lagrangian bound.
    """

    seconds: float = 60.0
    gap: float = 0.0
    rounds: int | None = None
    seed: int = 1
    steps: int = STEPS


USUAL = Effort()


@dataclass(frozen=True)
class Answer:
    """Sites, what they cost and the proof.

    Parameters
    ----------
    is_open
        Shape (sites,).
    objective, bound
        Of a minimum the bound lies below, of a maximum above.
    start
        Objective of the start.
    status
        ``optimal``, ``time limit`` (or what else the solver says) or ``start only``.
    seconds_start, seconds
        Of the start, and in all.
    """

    is_open: Bool
    objective: float
    bound: float
    start: float
    status: str
    seconds_start: float
    seconds: float

    @property
    def gap(self) -> float:
        """Distance of objective and bound as a share of the objective."""
        distance = abs(self.objective - self.bound)
        if distance <= TINY * max(1.0, abs(self.objective)):
            return 0.0
        return distance / max(abs(self.objective), TINY)


def solve_nearest(problem: Nearest, p: int, effort: Effort = USUAL) -> Answer:
    """Return ``p`` sites, the locked ones among them.

    Parameters
    ----------
    problem
        What it costs.
    p
        From the number of locked sites to that of all.
    effort
        When to stop.
    """
    begin = time.perf_counter()
    data = _arrays(problem)
    is_open = _start(problem, data, p, effort)
    upper = _cost(problem, data, is_open)
    ready = time.perf_counter() - begin
    first, member, cost, start, _, value = data
    root = _Root(
        *siting.lagrangian(
            p, problem.locked, problem.weight, problem.far, first, member, cost, start, value, upper, effort.steps
        )
    )
    raised = _rounded(root.bound, whole=problem.whole)
    status = OPTIMAL if _closed(upper, raised, effort.gap) else HEURISTIC
    start_cost = upper
    if status != OPTIMAL and effort.seconds > 0.0:
        is_open, upper, raised, status = _searched(problem, data, p, (is_open, upper), root, effort)
    told = (ready, time.perf_counter() - begin)
    return Answer(np.asarray(is_open), upper, min(raised, upper), start_cost, status, *told)


@dataclass(frozen=True)
class _Root:
    """The Lagrangian bound, what each site saves there, and the multipliers."""

    bound: float
    saving: Float
    multiplier: Float


def _searched(
    problem: Nearest,
    data: tuple[Int, Int, Float, Int, Int, Float],
    p: int,
    known: tuple[Bool, float],
    root: _Root,
    effort: Effort,
) -> tuple[Bool, float, float, str]:
    """Return the best set, its cost, the bound and the status: relaxation, own branch and bound, then HiGHS."""
    begin = time.perf_counter()
    is_open, upper = known
    root = _relaxation(problem, data, p, is_open, root, effort.seconds)
    better = upper - (1.0 if problem.whole else 0.0)
    sites = _by_reduced_cost(problem, p, root.saving, max(better - root.bound, 0.0))
    bound = _rounded(root.bound, whole=problem.whole)
    spent = time.perf_counter() - begin
    # of covering the relaxation is tight on the sites left: HiGHS ends it at once
    share = OWN_SHARE if problem.reach.km.any() else 0.0
    own = branched(
        problem, p, (is_open, upper, bound), sites, root.multiplier, share * max(effort.seconds - spent, 0.0)
    )
    is_open, upper, bound = own.is_open, own.upper, _rounded(own.bound, whole=problem.whole)
    if _closed(upper, bound, effort.gap):
        return is_open, upper, bound, OPTIMAL
    left = max(effort.seconds - (time.perf_counter() - begin), 0.0)
    return _prove(problem, p, is_open, (upper, bound), sites, replace(effort, seconds=left))


def _relaxation(
    problem: Nearest,
    data: tuple[Int, Int, Float, Int, Int, Float],
    p: int,
    is_open: Bool,
    known: _Root,
    seconds: float,
) -> _Root:
    """Return the better of a bound and that of the relaxation's duals, which the interior point finds for covering."""
    v = multipliers(problem, p, is_open, seconds)
    if v is None:
        return known
    bound, saving = siting.bound_at(v, p, problem.locked, problem.weight, *data[:3])
    return _Root(float(bound), saving, v) if bound > known.bound else known


def _arrays(problem: Nearest) -> tuple[Int, Int, Float, Int, Int, Float]:
    near = problem.reach.keep(problem.reach.km < problem.far[problem.reach.demand])
    return (near.first, near.demand, near.km, *siting.by_demand(near.first, near.demand, near.km, near.demands))


def _start(problem: Nearest, data: tuple[Int, Int, Float, Int, Int, Float], p: int, effort: Effort) -> Bool:
    first, member, cost, start, site, value = data
    rounds = effort.rounds
    if rounds is None:
        rounds = int(np.clip(ROUND_WORK / max(10 * member.size, 1), 5, MOST_ROUNDS))
    is_open = siting.greedy(p, problem.locked, problem.weight, problem.far, first, member, cost)
    return np.asarray(
        siting.interchange(
            is_open, problem.locked, problem.weight, problem.far, *data[:3], start, site, value, rounds, effort.seed
        )
    )


def _cost(problem: Nearest, data: tuple[Int, Int, Float, Int, Int, Float], is_open: Bool) -> float:
    return float(siting.objective(is_open, problem.weight, *data[3:], problem.far))


def _rounded(bound: float, *, whole: bool) -> float:
    return float(np.ceil(bound - 1e-6)) if whole else bound


def _closed(upper: float, bound: float, gap: float) -> bool:
    return upper - bound <= max(TINY * max(1.0, abs(upper)), gap * abs(upper))


def _by_reduced_cost(problem: Nearest, p: int, saving: Float, slack: float) -> tuple[Bool, Bool]:
    """Return which sites may be in a better set, and which must be.

    Opening a site outside the ``p`` best costs the difference to the ``p``-th, closing one of them that to the next;
    where that exceeds the gap between the known set and the bound, no better set does so.
    """
    free = np.flatnonzero(~problem.locked)
    left = p - int(problem.locked.sum())
    kept, fixed = np.ones(saving.size, dtype=np.bool_), problem.locked.copy()
    if left <= 0 or left >= free.size:
        return kept, fixed
    order = free[np.argsort(-saving[free], kind="stable")]
    last_in, first_out = saving[order[left - 1]], saving[order[left]]
    room = slack * (1.0 + 1e-6) + 1e-9
    out, inside = order[left:], order[:left]
    kept[out[last_in - saving[out] > room]] = False
    fixed[inside[saving[inside] - first_out > room]] = True
    return kept, fixed


def _prove(
    problem: Nearest,
    p: int,
    is_open: Bool,
    known: tuple[float, float],
    sites: tuple[Bool, Bool],
    effort: Effort,
) -> tuple[Bool, float, float, str]:
    """Return the better of the start and HiGHS's set, its cost, the bound and the status."""
    (upper, bound), (kept, fixed) = known, sites
    kept = kept | fixed
    form = radius_form(problem, p, kept, fixed, is_open)
    # a start with a site that reduced costs rule out is no better than any that is left: the solver does without it
    start = form.given if bool(kept[is_open].all() and is_open[fixed].all()) else None
    found = solve(form.programme, effort.seconds, effort.gap, start)
    bound = max(bound, min(_rounded(found.bound, whole=problem.whole), upper))
    if found.values is not None:
        other = np.zeros(is_open.size, dtype=np.bool_)
        other[form.index] = found.values[: form.index.size] > 0.5
        cost = _cost(problem, _arrays(problem), other)
        if cost < upper:
            is_open, upper = other, cost
    status = OPTIMAL if _closed(upper, bound, effort.gap) else found.status
    if status == OPTIMAL and not _closed(upper, bound, effort.gap):
        status = HEURISTIC
    return is_open, upper, bound, status
