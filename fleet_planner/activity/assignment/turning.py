"""Forbidden turns on a graph of nodes: only junctions that have some are opened into their turns."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fleet_planner.activity.assignment.equilibrium import MIN_TIME_H, NEVER_CLOGS, RoadGraph

Int = NDArray[np.int64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class Bans:
    """Pairs of links that may not follow each other.

    Parameters
    ----------
    first, second
        Links, shape (turns,); the second begins where the first ends.
    bound
        Which groups of vehicles a turn is forbidden to, shape (groups, turns).
    """

    first: Int
    second: Int
    bound: Bool

    @classmethod
    def none(cls, groups: int) -> Bans:
        """Return no bans."""
        nothing = np.zeros(0, dtype=np.int64)
        return cls(nothing, nothing, np.zeros((groups, 0), dtype=np.bool_))


def with_turns(graph: RoadGraph, allowed: Bool, bans: Bans) -> tuple[RoadGraph, Bool]:
    """Return the graph with the forbidden turns out of it, and the links that each group may use.

    A junction with forbidden turns becomes several nodes: one for all links that lead to it freely (the old one), one
    for each link with a forbidden turn, one where each link begins that some may not turn into, and one where all
    others begin. Links without length or time join them as far as the turns are allowed, to each group its own. They
    follow the graph's own links, whose places do not change.

    Parameters
    ----------
    graph
        The roads and the ties of zones.
    allowed
        Shape (groups, links).
    bans
        Of links of ``graph``.
    """
    if not bans.first.size:
        return graph, allowed
    tail, head = graph.tail.copy(), graph.head.copy()
    banned = {(int(a), int(b)): k for k, (a, b) in enumerate(zip(bans.first, bans.second, strict=True))}
    new = int(max(tail.max(), head.max(), graph.zones)) + 1
    turns: list[tuple[int, int, int]] = []
    for node in np.unique(graph.head[bans.first]).tolist():
        own = graph.head[bans.first] == node
        into, out = (np.unique(x[own]).tolist() for x in (bans.first, bans.second))
        others = np.setdiff1d(np.flatnonzero(graph.tail == node), out)
        starts = {link: new + k for k, link in enumerate(into)}
        ends = {link: new + len(into) + k for k, link in enumerate(out)}
        new += len(into) + len(out)
        for link, place in starts.items():
            head[link] = place
        for link, place in ends.items():
            tail[link] = place
        places = [node, *starts.values()]
        if others.size:
            tail[others] = new
            turns += [(place, new, -1) for place in places]
            new += 1
        turns += [(node, place, -1) for place in ends.values()]
        turns += [(a, b, banned.get((x, y), -1)) for x, a in starts.items() for y, b in ends.items()]
    begin, end, ban = (np.array(column, dtype=np.int64) for column in zip(*turns, strict=True))
    more = begin.size
    open_to = np.ones((len(allowed), more), dtype=np.bool_)
    open_to[:, ban >= 0] = ~bans.bound[:, ban[ban >= 0]]
    grown = replace(
        graph,
        tail=np.concatenate([tail, begin]),
        head=np.concatenate([head, end]),
        length_km=np.concatenate([graph.length_km, np.zeros(more)]),
        time_h=np.concatenate([graph.time_h, np.full(more, MIN_TIME_H)]),
        capacity=np.concatenate([graph.capacity, np.full(more, NEVER_CLOGS)]),
        alpha=np.concatenate([graph.alpha, np.zeros(more)]),
        beta=np.concatenate([graph.beta, np.ones(more)]),
    )
    return grown, np.concatenate([allowed, open_to], axis=1)
