"""The roads that lines of a timetable follow: matched along a shape, or routed from stop to stop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from fleet_planner.kernels import matching, routes
from fleet_planner.network.segments import lengths_km
from fleet_planner.network.turns import turns_of, without_turns
from fleet_planner.units import EARTH_RADIUS_M, M_PER_KM

if TYPE_CHECKING:
    from fleet_planner.network.model import Network

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

SAMPLE_M = 25.0
"""Points of a shape that are matched are this far apart, or closer."""
REACH_M = 50.0
SPREAD_M = 12.0
"""Standard deviation of the distance between a shape and the middle of its road."""
TUNING = (10.0, 1.0, 200.0, 6.0, 4.0, 15.0, 0.0)
"""See `routes.likeliest`: shapes tell where the bus is every few metres, so a detour is dear."""

STOP_REACH_M = 120.0
STOP_SPREAD_M = 25.0
STOP_TUNING = (150.0, 3.0, 1500.0, 12.0, 6.0, 10.0, 1.0)
REFERENCE_KMH = 50.0
"""Between stops ways are compared by the time at free flow, told in metres at this speed."""
TURN_BACK_M = 80.0
"""A turn back in the street counts like this way."""
CELL_M = 120.0
MARGIN_DEG = 0.01
LONGEST_PIECE_M = 25.0
"""Of a line: longer pieces are cut, so that each falls into one hour and lies inside or outside the area."""
M_TO_MM = 1e3


@dataclass(frozen=True)
class Plane:
    """A plane in metres at the middle latitude of a city (equirectangular: 1 % at 60 km from the middle)."""

    corner: Float
    scale: Float

    @classmethod
    def around(cls, lonlat: Float) -> Plane:
        """Return the plane whose corner lies below and left of all points, shape (n, 2)."""
        low, high = lonlat.min(axis=0), lonlat.max(axis=0)
        middle = np.radians((low[1] + high[1]) / 2.0)
        return cls(low - MARGIN_DEG, np.array([np.cos(middle), 1.0]) * np.pi / 180.0 * EARTH_RADIUS_M)

    def project(self, lonlat: Float) -> Float:
        """Return metres east and north of the corner, shape (n, 2)."""
        return np.ascontiguousarray((lonlat - self.corner) * self.scale)


@dataclass(frozen=True)
class Roads:
    """The directed links that buses may use, ready to be searched.

    Parameters
    ----------
    plane
        Metres.
    ends
        Straight pieces of links: x and y of their start, x and y of their end, (pieces,) each.
    piece_link, piece_m
        Link of a piece, and metres from the start of the link to it.
    cells
        Pieces by square cell: ``first, member, nx, ny``, see `matching.grid_index`.
    graph
        See `routes.likeliest`, without the cost of turning back.
    link_m
        Length of the links on the plane, shape (links,).
    link_km
        Their length on the ellipsoid.
    turns
        Pairs of links that follow each other.
    area
        Convex hull of the network with `REACH_M` around it, a shapely polygon on the plane.
    """

    plane: Plane
    ends: tuple[Float, Float, Float, Float]
    piece_link: Int
    piece_m: Float
    cells: tuple[Int, Int, int, int]
    graph: tuple[Int, Int, Int, Int, Float]
    link_m: Float
    link_km: Float
    turns: int
    area: Any

    @classmethod
    def of(cls, network: Network) -> Roads:
        """Index a network: all links of its main part, those for buses alone among them."""
        plane = Plane.around(network.coordinates)
        xy = plane.project(network.coordinates)
        n = network.links.height
        step_m = np.hypot(*np.diff(xy, axis=0).T)
        step_m[network.offsets[1:-1] - 1] = 0.0
        along_m = np.concatenate([[0.0], np.cumsum(step_m)])
        link_m = np.maximum(along_m[network.offsets[1:] - 1] - along_m[network.offsets[:-1]], 1e-3)
        link = np.repeat(np.arange(n), np.diff(network.offsets) - 1)
        start = np.delete(np.arange(len(xy)), network.offsets[1:] - 1)
        usable = network.links["in_main"].to_numpy().astype(np.bool_)
        start, link = start[usable[link]], link[usable[link]]
        x0, y0, x1, y1 = (np.ascontiguousarray(xy[start + k, axis]) for k in (0, 1) for axis in (0, 1))
        nx, ny = (int(v // CELL_M) + 2 for v in xy.max(axis=0))
        first, member = matching.grid_index(x0, y0, x1, y1, CELL_M, nx, ny)
        graph, turns = _graph(network, usable, link_m)
        return cls(
            plane,
            (x0, y0, x1, y1),
            link,
            along_m[start] - along_m[network.offsets[:-1]][link],
            (first, member, nx, ny),
            graph,
            link_m,
            lengths_km(network.coordinates, network.offsets),
            turns,
            shapely.linestrings(xy).convex_hull.buffer(REACH_M),
        )


def _graph(network: Network, usable: Bool, link_m: Float) -> tuple[tuple[Int, Int, Int, Int, Float], int]:
    """Return heads, the usable links that leave each node, the links back, their cost; and the number of turns."""
    u, v = (network.links[c].to_numpy() for c in ("u", "v"))
    nodes, ends = np.unique(np.concatenate([u, v]), return_inverse=True)
    tail, head = np.ascontiguousarray(ends[: u.size]), np.ascontiguousarray(ends[u.size :])
    own = np.flatnonzero(usable)
    out_link = own[np.argsort(tail[own], kind="stable")]
    leaving = np.bincount(tail[own], minlength=nodes.size)
    out_first = np.concatenate([[0], np.cumsum(leaving)]).astype(np.int64)
    slow = REFERENCE_KMH / network.links["free_flow_kmh"].to_numpy().astype(np.float64)
    cost = np.stack([link_m, link_m * slow])
    turns = int(leaving[head[own]].sum())
    barred = without_turns(head, out_first, out_link, *turns_of(network.turns, "bus"))
    return (*barred, _twins(tail, head, link_m), cost), turns


def _twins(tail: Int, head: Int, link_m: Float) -> Int:
    """Return for each link the one that leads back the same way, or -1; parallel links go by like length."""
    nodes = int(max(tail.max(initial=0), head.max(initial=0))) + 1
    pairs = np.concatenate([tail * nodes + head, head * nodes + tail])
    _, pair = np.unique(pairs, return_inverse=True)
    millimetres = np.round(link_m * M_TO_MM).astype(np.int64)
    longest = int(millimetres.max(initial=0)) + 1
    key = pair.ravel() * longest + np.concatenate([millimetres, millimetres])
    forward, back = key[: tail.size], key[tail.size :]
    order = np.argsort(forward, kind="stable")
    place = np.minimum(np.searchsorted(forward[order], back), max(tail.size - 1, 0))
    found = order[place]
    return np.where(forward[found] == back, found, -1)


@dataclass(frozen=True)
class Paths:
    """Lines as pieces of links, in driving order.

    Parameters
    ----------
    first
        Pieces of line ``i`` are ``first[i]:first[i + 1]``, shape (lines + 1,).
    link
        -1 where the line is off the roads.
    middle_m, span_m
        Middle of a piece along its line, and the metres of the line that it stands for.
    km
        Its length on the road; off the roads that of the line.
    outside
        Whether it lies beyond the network's convex hull.
    """

    first: Int
    link: Int
    middle_m: Float
    span_m: Float
    km: Float
    outside: Bool

    def line_km(self, where: Bool | None = None) -> Float:
        """Return the km of each line, of the pieces ``where`` alone if given, shape (lines,)."""
        km = self.km if where is None else np.where(where, self.km, 0.0)
        return np.diff(np.concatenate([[0.0], np.cumsum(km)])[self.first])

    def line_span_m(self, where: Bool) -> Float:
        """Return the metres of each line itself in the pieces ``where``, shape (lines,)."""
        return np.diff(np.concatenate([[0.0], np.cumsum(np.where(where, self.span_m, 0.0))])[self.first])


def follow_lines(roads: Roads, coordinates: Float, offsets: Int, along_m: Float, stops_only: Bool) -> Paths:
    """Return the roads that lines follow.

    Parameters
    ----------
    roads
        To drive on.
    coordinates, offsets, along_m
        Lines as longitude and latitude, and the metres along them.
    stops_only
        Which lines are no more than the stops: the quickest way by road between them is taken, shape (lines,).
    """
    xy = roads.plane.project(coordinates)
    cuts = [
        (xy[a:b], np.zeros((b - a, 2)), along_m[a:b]) if bare else _even(xy[a:b], along_m[a:b])
        for a, b, bare in zip(offsets[:-1], offsets[1:], stops_only, strict=True)
    ]
    points, direction, line_m = (np.concatenate([c[k] for c in cuts] or [_NONE[k]]) for k in range(3))
    counts = np.array([len(c[2]) for c in cuts], dtype=np.int64)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    bare_points = np.repeat(stops_only, counts)
    cell_first, member, nx, ny = roads.cells
    columns = (np.ascontiguousarray(a) for a in (*points.T, *direction.T))
    link, at_m, cost = routes.candidates(
        *columns,
        *roads.ends,
        roads.piece_link,
        roads.piece_m,
        cell_first,
        member,
        CELL_M,
        nx,
        ny,
        np.where(bare_points, STOP_REACH_M, REACH_M),
        np.where(bare_points, STOP_SPREAD_M, SPREAD_M),
    )
    kept, first = _in_reach(link, bare_points, first)
    points, line_m, link, at_m, cost = points[kept], line_m[kept], link[kept], at_m[kept], cost[kept]
    counts = np.diff(first)
    step_m = np.diff(line_m, prepend=0.0)
    step_m[first[:-1][counts > 0]] = 0.0
    tuning = np.where(stops_only[:, None], np.array(STOP_TUNING), np.array(TUNING))
    graph: tuple[Any, ...] = (*roads.graph, TURN_BACK_M)
    chosen = routes.likeliest(first, step_m, link, at_m, cost, graph, roads.link_m, roads.turns, tuning)
    piece_first, piece, middle_m, span_m, road_m = routes.follow(
        first, line_m, link, at_m, chosen, graph, roads.link_m, roads.turns, tuning
    )
    km = road_m * np.where(piece >= 0, (roads.link_km / roads.link_m)[piece], 1.0 / M_PER_KM)
    return _told_outside(_split(piece_first, piece, middle_m, span_m, km), roads, points, line_m, first)


def _in_reach(link: Int, stops: Bool, first: Int) -> tuple[Bool, Int]:
    """Return which points are kept, and the lines' new first points.

    A stop that no road reaches, between two that one does (a terminal off the streets), would tear the way in two: the
    bus drives by.
    """
    known: Bool = np.asarray((link >= 0).any(axis=1))
    inner = np.ones(known.size, dtype=np.bool_)
    some = np.diff(first) > 0
    inner[first[:-1][some]] = inner[first[1:][some] - 1] = False
    between: Bool = np.zeros(known.size, dtype=np.bool_)
    between[1:-1] = known[:-2] & known[2:]
    kept = ~(stops & inner & ~known & between)
    return kept, np.concatenate([[0], np.cumsum(kept)])[first].astype(np.int64)


_NONE = (np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0))


def _even(line: Float, along_m: Float) -> tuple[Float, Float, Float]:
    """Return points of a line at even steps, the direction there over a step, and the metres along it."""
    total = along_m[-1] if len(along_m) else 0.0
    if total <= 0.0:
        return _NONE
    at_m = np.linspace(0.0, total, max(int(np.ceil(total / SAMPLE_M)), 1) + 1)

    def at(position: Float) -> Float:
        return np.column_stack([np.interp(position, along_m, line[:, 0]), np.interp(position, along_m, line[:, 1])])

    delta = at(at_m + SAMPLE_M / 2.0) - at(at_m - SAMPLE_M / 2.0)
    return at(at_m), delta / np.maximum(np.hypot(*delta.T), 1e-9)[:, None], at_m


def _split(first: Int, link: Int, middle_m: Float, span_m: Float, km: Float) -> Paths:
    """Cut long pieces into even parts; none is told to lie outside yet."""
    times = np.ceil(span_m / LONGEST_PIECE_M).clip(min=1.0).astype(np.int64)
    total = np.concatenate([[0], np.cumsum(times)]).astype(np.int64)
    order = np.arange(total[-1]) - np.repeat(total[:-1], times)
    part_m = np.repeat(span_m / times, times)
    start_m = np.repeat(middle_m - span_m / 2.0, times)
    outside = np.zeros(total[-1], dtype=np.bool_)
    return Paths(
        total[first],
        np.repeat(link, times),
        start_m + (order + 0.5) * part_m,
        part_m,
        np.repeat(km / times, times),
        outside,
    )


def _told_outside(paths: Paths, roads: Roads, points: Float, line_m: Float, first: Int) -> Paths:
    """Tell which pieces off the roads lie beyond the network's area."""
    shapely.prepare(roads.area)
    outside = paths.outside.copy()
    for i in range(len(first) - 1):
        line = slice(first[i], first[i + 1])
        off = paths.first[i] + np.flatnonzero(paths.link[paths.first[i] : paths.first[i + 1]] < 0)
        if off.size:
            at = np.column_stack([np.interp(paths.middle_m[off], line_m[line], points[line, k]) for k in (0, 1)])
            outside[off] = ~shapely.contains_xy(roads.area, at)
    return replace(paths, outside=outside)
