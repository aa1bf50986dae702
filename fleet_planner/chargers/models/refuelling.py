"""Flow refuelling on corridors: sites so that most vehicles can drive their round trips within the range."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.chargers.models.nearest import HEURISTIC, USUAL, Answer, Effort
from fleet_planner.chargers.solver import Programme, solve
from fleet_planner.highs import OPTIMAL
from fleet_planner.kernels import refuelling as kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]

NEAR_KM = 1e-6


@dataclass(frozen=True)
class Corridors:
    """Flows as conditions on sites: a flow is served where each of its conditions has an open site.

    Parameters
    ----------
    flow_first
        Conditions of flow ``q`` are ``flow_first[q]:flow_first[q + 1]``, shape (flows + 1,).
    first, site
        Sites of condition ``a`` are ``site[first[a]:first[a + 1]]``.
    weight
        Vehicles of each flow, shape (flows,).
    sites
        How many there are.
    """

    flow_first: Int
    first: Int
    site: Int
    weight: Float
    sites: int


def corridors_of(length_km: Float, at_km: Float, weight: Float, range_km: float) -> Corridors:
    """Return the conditions of flows that drive there and back (Capar and others 2013, on both ways).

    A vehicle leaves its origin full. On the line of its round trip, 0 to twice the length, a site at ``s`` stands at
    ``s`` and on the way back. For each stretch between neighbouring places one site must lie before it so that the end
    of the stretch is within the range, unless the origin does.

    Parameters
    ----------
    length_km
        One way, shape (flows,).
    at_km
        Place of each site along each flow, from the origin, ``nan`` where it is off the way, shape (flows, sites).
    weight
        Vehicles of each flow.
    range_km
        That a full vehicle drives.
    """
    flow_first, first = [0], [0]
    site: list[int] = []
    for length, along in zip(length_km.tolist(), at_km, strict=True):
        on = np.flatnonzero(np.isfinite(along))
        place = np.concatenate([along[on], 2.0 * length - along[on]])
        who = np.concatenate([on, on])
        ends = np.unique(np.concatenate([place, [2.0 * length]]))
        begin = 0.0
        known: set[tuple[int, ...]] = set()
        for end in ends.tolist():
            if end > range_km + NEAR_KM:
                may = who[(place <= begin + NEAR_KM) & (end - place <= range_km + NEAR_KM)]
                condition = tuple(np.unique(may).tolist())
                if condition not in known:
                    known.add(condition)
                    site += condition
                    first.append(len(site))
            begin = end
        flow_first.append(len(first) - 1)
    return Corridors(
        np.array(flow_first, dtype=np.int64),
        np.array(first, dtype=np.int64),
        np.array(site, dtype=np.int64),
        weight.astype(np.float64),
        int(at_km.shape[1]),
    )


def served(corridors: Corridors, is_open: Bool) -> Bool:
    """Return which flows can be driven, shape (flows,)."""
    return np.asarray(kernel.served(is_open, corridors.flow_first, corridors.first, corridors.site), dtype=np.bool_)


def flow_refuelling(corridors: Corridors, p: int, locked: Bool | None = None, effort: Effort = USUAL) -> Answer:
    """Return the ``p`` sites with which most vehicles can drive their round trips (Kuby and Lim 2005).

    Parameters
    ----------
    corridors
        From `corridors_of`.
    p
        Number of sites, the locked ones among them.
    locked
        Sites that are there already.
    effort
        When to stop.

    Returns
    -------
    Answer
        Its objective are the vehicles served, its bound lies above.
    """
    begin = time.perf_counter()
    shut = np.zeros(corridors.sites, dtype=np.bool_) if locked is None else locked.astype(np.bool_)
    flows, conditions = corridors.weight.size, corridors.first.size - 1
    lists = (corridors.flow_first, corridors.first, corridors.site)
    is_open = np.asarray(kernel.greedy_and_swap(p, shut, corridors.weight, *lists))
    best = float(corridors.weight[served(corridors, is_open)].sum())
    start, ready = best, time.perf_counter() - begin
    sizes = np.diff(corridors.first)
    owner = np.repeat(np.arange(flows), np.diff(corridors.flow_first))
    condition = np.arange(conditions)
    programme = Programme(
        np.concatenate([np.zeros(corridors.sites), -corridors.weight]),
        np.concatenate([shut.astype(np.float64), np.zeros(flows)]),
        np.ones(corridors.sites + flows),
        np.concatenate([np.ones(corridors.sites, np.bool_), np.zeros(flows, np.bool_)]),
        np.concatenate([condition, np.repeat(condition, sizes), np.full(corridors.sites, conditions)]),
        np.concatenate([corridors.sites + owner, corridors.site, np.arange(corridors.sites)]),
        np.concatenate([np.ones(conditions), -np.ones(corridors.site.size), np.ones(corridors.sites)]),
        np.concatenate([np.full(conditions, -np.inf), [float(p)]]),
        np.concatenate([np.zeros(conditions), [float(p)]]),
    )
    relaxed = solve(programme, max(effort.seconds, 1.0), relax=True)
    bound, status = -relaxed.bound, HEURISTIC
    if effort.seconds > 0.0 and bound - best > 1e-9 * max(1.0, best):
        given = np.concatenate([is_open, served(corridors, is_open)]).astype(np.float64)
        found = solve(programme, effort.seconds, effort.gap, given)
        bound, status = min(bound, -found.bound), found.status
        if found.values is not None:
            other = found.values[: corridors.sites] > 0.5
            value = float(corridors.weight[served(corridors, other)].sum())
            if value > best:
                is_open, best = other, value
    if bound - best <= max(1e-7 * max(1.0, best), effort.gap * best):
        status = OPTIMAL
    return Answer(is_open, best, max(bound, best), start, status, ready, time.perf_counter() - begin)
