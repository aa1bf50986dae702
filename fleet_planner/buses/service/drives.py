"""How long a bus drives empty from place to place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from fleet_planner.buses.service.timetable import plane_m
from fleet_planner.units import M_PER_KM, S_PER_H

if TYPE_CHECKING:
    import polars as pl

    from fleet_planner.network.model import Network
    from fleet_planner.plan.buses import BusesPlan

Float = NDArray[np.float64]
Int = NDArray[np.int64]
AT_ONCE = 64
"""Places whose ways are searched at once, for the memory."""


@dataclass(frozen=True)
class Drives:
    """Empty ways between places.

    Parameters
    ----------
    number
        Row and column of each place.
    time_s, km
        Of the quickest way, and the length of the shortest; infinite where there is none; shape (places, places).
    """

    number: dict[str, int]
    time_s: Float
    km: Float


def drives_between(places: pl.DataFrame, section: BusesPlan, network: Network | None) -> Drives:
    """Return times and lengths of empty ways between all places.

    On a network they are those of the quickest and the shortest way between the nearest junctions, at free flow times
    ``dead_head_pace``, with the ways to the junctions straight at ``off_road_kmh``; without one, straight lines times
    ``detour``, as where no road leads. Between two places of which one has no coordinates no way is known.
    """
    names = places["place"].to_list()
    xy = plane_m(places["lon"].to_numpy().astype(np.float64), places["lat"].to_numpy().astype(np.float64))
    pace_s = S_PER_H / section.off_road_kmh
    km = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) / M_PER_KM * section.detour
    time_s = km * pace_s
    if network is not None:
        road_s, road_km = _by_road(places, network, section.dead_head_pace, pace_s)
        there = np.isfinite(road_s)
        time_s, km = np.where(there, road_s, time_s), np.where(there, road_km, km)
    for matrix in (time_s, km):
        matrix[np.isnan(matrix)] = np.inf
        np.fill_diagonal(matrix, 0.0)
    return Drives({name: k for k, name in enumerate(names)}, time_s, km)


def _by_road(places: pl.DataFrame, network: Network, pace: float, off_road_s_per_km: float) -> tuple[Float, Float]:
    """Return seconds and km between places by way of their nearest junctions."""
    main = np.flatnonzero(network.links["in_main"].to_numpy())
    u, v = (network.links[c].to_numpy()[main] for c in ("u", "v"))
    nodes, ends = np.unique(np.concatenate([u, v]), return_inverse=True)
    tail, head = ends[: main.size], ends[main.size :]
    at = np.empty((nodes.size, 2))
    at[tail] = network.coordinates[network.offsets[main]]
    at[head] = network.coordinates[network.offsets[main + 1] - 1]
    lon = np.concatenate([at[:, 0], places["lon"].to_numpy()])
    lat = np.concatenate([at[:, 1], places["lat"].to_numpy()])
    xy = plane_m(lon, lat)
    known = np.isfinite(xy[nodes.size :]).all(axis=1)
    walk_m, nearest = np.full(known.size, np.nan), np.zeros(known.size, dtype=np.int64)
    walk_m[known], nearest[known] = cKDTree(xy[: nodes.size]).query(xy[nodes.size :][known])
    length_km = network.links["length_km"].to_numpy()[main]
    hours = length_km / network.links["free_flow_kmh"].to_numpy()[main]
    walk_km = walk_m / M_PER_KM
    both_km = walk_km[:, None] + walk_km[None]
    time_s = _shortest(tail, head, hours * S_PER_H * pace, nodes.size, nearest) + both_km * off_road_s_per_km
    return time_s, _shortest(tail, head, length_km, nodes.size, nearest) + both_km


def _shortest(tail: Int, head: Int, weight: Float, nodes: int, at: Int) -> Float:
    """Return the least sum of weights from each of the nodes ``at`` to each, shape (at, at)."""
    order = np.lexsort((weight, head, tail))
    pair = np.stack([tail[order], head[order]])
    own = np.ones(order.size, dtype=np.bool_)
    own[1:] = (pair[:, 1:] != pair[:, :-1]).any(axis=0)  # of parallel links the best; a sparse matrix would add them
    graph = coo_array((weight[order][own], pair[:, own]), shape=(nodes, nodes)).tocsr()
    distinct, back = np.unique(at, return_inverse=True)
    parts = [dijkstra(graph, indices=distinct[k : k + AT_ONCE])[:, distinct] for k in range(0, distinct.size, AT_ONCE)]
    return np.concatenate(parts)[np.ix_(back, back)] if parts else np.zeros((0, 0))
