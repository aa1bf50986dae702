"""A number of sites with least cost to the nearest: the problem, its radius form and its relaxation's multipliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.chargers.solver import Programme, solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.chargers.distances import Reach

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]

MOST_PAIRS = 600_000
"""Pairs up to which the relaxation is solved; beyond them the interior point may take minutes."""


@dataclass(frozen=True)
class Nearest:
    """A problem: sparse costs below ``far``, weights, sites that stay open.

    Parameters
    ----------
    reach
        Cost of a pair in ``km``; pairs of ``far`` or more do not count.
    weight, far
        Shape (demands,), 0 or more; above 0.
    locked
        Shape (sites,).
    whole
        Whether every cost is a whole number, so that a bound may be rounded up.
    """

    reach: Reach
    weight: Float
    far: Float
    locked: Bool
    whole: bool = False


@dataclass(frozen=True)
class RadiusForm:
    """The integer programme over the sites kept.

    Parameters
    ----------
    programme
        Columns: sites, levels, and a constant.
    index
        Numbers of the sites kept.
    given
        The known sites as values of the columns.
    demand, km, head
        Of each level: its demand, its cost, whether it is the first of its demand; row ``k`` is level ``k``'s.
    ceiling
        What each demand pays at most, with the sites that are fixed.
    """

    programme: Programme
    index: Int
    given: Float
    demand: Int
    km: Float
    head: Bool
    ceiling: Float


def multipliers(problem: Nearest, p: int, is_open: Bool, seconds: float) -> Float | None:
    """Return the duals of a covering problem's relaxation as multipliers of the Lagrangian bound, shape (demands,).

    Parameters
    ----------
    problem, p
        What it costs; number of sites.
    is_open
        Known sites.
    seconds
        Time limit.

    Returns
    -------
    NDArray or None
        None where costs are distances, the problem is too large or the time is up.

    Notes
    -----
    ``v = weight * first cost + dual of the first level's row`` (at most ``weight * ceiling``). The bound is computed
    from them anew, so that it is true however exact the solver is.
    """
    km = problem.reach.km
    near = km < problem.far[problem.reach.demand]
    covers = not km[near].any()  # with distances there are rows by the hundred thousand, and subgradients do well
    if not covers or int(near.sum()) > MOST_PAIRS or seconds <= 0.0:
        return None
    form = radius_form(problem, p, np.ones(is_open.size, dtype=np.bool_), problem.locked, is_open)
    found = solve(form.programme, seconds, relax=True, inner=True)
    if not np.isfinite(found.bound):
        return None
    v = problem.weight * form.ceiling  # of a demand without rows: what it pays whatever opens
    first = form.demand[form.head]
    raw = problem.weight[first] * form.km[form.head] + found.duals[: form.head.size][form.head]
    v[first] = np.clip(raw, 0.0, v[first])
    return v


def radius_form(problem: Nearest, p: int, kept: Bool, fixed: Bool, is_open: Bool) -> RadiusForm:
    """Return the integer programme over the sites kept, their numbers, and ``is_open`` as its start.

    Columns: ``x`` of each kept site; ``z[j, k]``, 1 where no open site lies within the ``k``-th distinct cost of demand
    ``j`` and the next one, or ``far``, is paid. ``z[j, k] >= z[j, k - 1] - sum of x at cost k`` with ``z[j, 0] = 1``.
    """
    near = problem.reach.keep(kept[problem.reach.site] & (problem.reach.km < problem.far[problem.reach.demand]))
    index = np.flatnonzero(kept)
    place = np.full(kept.size, -1, dtype=np.int64)
    place[index] = np.arange(index.size)
    # what a fixed site offers bounds what is paid: further sites never matter
    ceiling = problem.far.copy()
    sure = fixed[near.site]
    np.minimum.at(ceiling, near.demand[sure], near.km[sure])
    nearer = (near.km < ceiling[near.demand]) & (problem.weight[near.demand] > 0.0)
    site, demand, km = near.site[nearer], near.demand[nearer], near.km[nearer]
    order = np.lexsort((km, demand))
    site, demand, km = site[order], demand[order], km[order]
    new = np.ones(demand.size, dtype=np.bool_)
    new[1:] = (demand[1:] != demand[:-1]) | (km[1:] != km[:-1])
    level = np.cumsum(new) - 1
    z_demand, z_km = demand[new], km[new]
    levels = z_demand.size
    head = np.ones(levels, dtype=np.bool_)
    head[1:] = z_demand[1:] != z_demand[:-1]
    following = np.where(np.append(head[1:], True), ceiling[z_demand], np.append(z_km[1:], 0.0))
    weight = problem.weight[z_demand]
    cost = np.concatenate([np.zeros(index.size), weight * (following - z_km)])
    base = problem.weight * ceiling
    np.add.at(base, z_demand[head], weight[head] * (z_km[head] - ceiling[z_demand[head]]))
    lower = np.concatenate([fixed[index].astype(np.float64), np.zeros(levels), [1.0]])
    upper = np.concatenate([np.ones(index.size + levels), [1.0]])
    rows = np.arange(levels)
    later = rows[~head]
    row = np.concatenate([level, rows, later, np.full(index.size, levels)])
    column = np.concatenate([place[site], index.size + rows, index.size + later - 1, np.arange(index.size)])
    entry = np.concatenate([np.ones(level.size + levels), -np.ones(later.size), np.ones(index.size)])
    low = np.concatenate([head.astype(np.float64), [float(p)]])
    high = np.concatenate([np.full(levels, np.inf), [float(p)]])
    whole = np.concatenate([np.ones(index.size, np.bool_), np.zeros(levels + 1, np.bool_)])
    programme = Programme(np.append(cost, float(base.sum())), lower, upper, whole, row, column, entry, low, high)
    open_now = is_open[index].astype(np.float64)
    covered = np.zeros(levels)
    np.maximum.at(covered, level, open_now[place[site]])
    z = _running(covered, head)
    return RadiusForm(programme, index, np.concatenate([open_now, z, [1.0]]), z_demand, z_km, head, ceiling)


def _running(covered: Float, head: Bool) -> Float:
    """Return 1 until a level of a demand is covered, 0 from there on; demands begin at ``head``."""
    total = np.cumsum(covered)
    group = np.cumsum(head) - 1
    before = (total - covered)[head][group] if head.size else total
    return (total - before <= 0.0).astype(np.float64)
