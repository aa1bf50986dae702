"""Where the trips of a zone get onto the roads, and the local streets that they use in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fleet_planner.activity.places import Plane
from fleet_planner.network.components import components
from fleet_planner.units import M_PER_KM

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
LEAST_KM = 0.05
"""A driveway and a corner: no zone is nearer to its nodes."""


@dataclass(frozen=True)
class Connectors:
    """Ties between zones and nodes.

    Parameters
    ----------
    zone, node
        Shape (connectors,).
    length_km
        Mean way from the streets of the zone to the node, shape (connectors,).
    """

    zone: Int
    node: Int
    length_km: Float


def two_way_core(tail: Int, head: Int, length_km: Float, allowed: Bool) -> Bool:
    """Return which allowed links belong to the largest part in which every place can be reached and left."""
    out = np.zeros(allowed.size, dtype=bool)
    if allowed.any():
        out[allowed] = components(tail[allowed], head[allowed], length_km[allowed]).both_ways
    return out


def connect(
    geometry: NDArray[np.object_], lonlat: Float, candidate: Bool, inside: tuple[Int, Int], most: int, reach_km: float
) -> Connectors:
    """Tie each zone to nodes spread over it, or to the nearest one in reach.

    Parameters
    ----------
    geometry
        Polygons or points of the zones, EPSG:4326, shape (zones,).
    lonlat
        Of the nodes, shape (nodes, 2).
    candidate
        Nodes that may be tied, shape (nodes,).
    inside
        Pairs of zone and node that lies in it (see `pairs_inside`).
    most
        Nodes of a zone at most. Where it has more, they are chosen apart from each other (farthest first, then each
        moved to the middle of the nodes that it is nearest to), and the way to one is the mean of those nodes' ways.
    reach_km
        How far from its middle a zone without nodes looks for one.
    """
    import shapely

    plane = Plane.around(lonlat)
    xy = plane.project(lonlat) / M_PER_KM
    zone_xy = plane.project(shapely.get_coordinates(shapely.centroid(geometry))) / M_PER_KM
    tied = candidate[inside[1]]
    zone_of, node_of = inside[0][tied], inside[1][tied]
    order = np.argsort(zone_of, kind="stable")
    zone_of, node_of = zone_of[order], node_of[order]
    bounds = np.searchsorted(zone_of, np.arange(len(geometry) + 1))
    nodes_left = np.flatnonzero(candidate)
    rows: list[tuple[int, int, float]] = []
    for z in range(len(geometry)):
        own = node_of[bounds[z] : bounds[z + 1]]
        if own.size:
            chosen, way = _spread(xy[own], most)
            rows += [(z, int(own[k]), float(w)) for k, w in zip(chosen, way, strict=True)]
        elif nodes_left.size:
            distance = np.hypot(*(xy[nodes_left] - zone_xy[z]).T)
            nearest = int(np.argmin(distance))
            if distance[nearest] <= reach_km:
                rows.append((z, int(nodes_left[nearest]), float(distance[nearest])))
    zone, node, length = (np.array(c) for c in zip(*rows, strict=True)) if rows else (np.zeros(0),) * 3
    return Connectors(zone.astype(np.int64), node.astype(np.int64), np.maximum(length.astype(np.float64), LEAST_KM))


def pairs_inside(geometry: NDArray[np.object_], lonlat: Float) -> tuple[Int, Int]:
    """Return pairs of zone and point that lies in it; zones that are points hold none."""
    import shapely

    tree = shapely.STRtree(shapely.points(lonlat))
    zone, point = tree.query(geometry, predicate="intersects")
    area = shapely.get_dimensions(geometry) == 2
    keep = area[zone]
    return zone[keep].astype(np.int64), point[keep].astype(np.int64)


def local_km(zone_km: Float, weight: Float, inside: tuple[Int, Int]) -> Float:
    """Spread the km that are driven inside zones over their streets, shape (links,).

    Parameters
    ----------
    zone_km
        Shape (zones,).
    weight
        Of the streets, shape (links,).
    inside
        Pairs of zone and link whose middle lies in it. What a zone without a street of some weight has goes to all
        streets.
    """
    zone, link = inside
    total = np.bincount(zone, weights=weight[link], minlength=zone_km.size)
    per_weight = np.divide(zone_km, total, out=np.zeros_like(zone_km), where=total > 0.0)
    out = np.bincount(link, weights=per_weight[zone] * weight[link], minlength=weight.size).astype(np.float64)
    rest = float(zone_km[total <= 0.0].sum())
    if rest > 0.0 and weight.sum() > 0.0:
        out += rest * weight / weight.sum()
    return out


def _spread(xy: Float, most: int) -> tuple[Int, Float]:
    """Return at most so many of the points, apart from each other, and the mean way to each from the points near it."""
    count = min(most, len(xy))
    first = int(np.argmin(np.hypot(*(xy - xy.mean(axis=0)).T)))
    chosen = [first]
    nearest = np.hypot(*(xy - xy[first]).T)
    while len(chosen) < count and nearest.max() > 0.0:
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, np.hypot(*(xy - xy[chosen[-1]]).T))
    owner = _owner(xy, xy[chosen])
    moved = []
    for k in range(len(chosen)):
        members = np.flatnonzero(owner == k)
        middle = xy[members].mean(axis=0)
        moved.append(int(members[np.argmin(np.hypot(*(xy[members] - middle).T))]))
    picked = np.array(sorted(set(moved)), dtype=np.int64)
    owner = _owner(xy, xy[picked])
    way = np.hypot(*(xy - xy[picked][owner]).T)
    count_of = np.bincount(owner, minlength=picked.size)
    return picked, np.bincount(owner, weights=way, minlength=picked.size) / np.maximum(count_of, 1)


def _owner(xy: Float, centres: Float) -> Int:
    distance = ((xy[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    return np.asarray(np.argmin(distance, axis=1), dtype=np.int64)
