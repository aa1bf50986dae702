"""Distances on the drive network from demand to candidate sites within a cut-off, sparse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from fleet_planner.kernels import reach
from fleet_planner.network.turns import turns_of, without_turns
from fleet_planner.units import EARTH_RADIUS_M, M_PER_KM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.network.model import Network

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

NO_ENTRY = ("motorway", "motorway_link", "trunk_link")
"""Classes of roads that one does not turn off from into a site."""
BLOCK_CELLS = 20_000_000
"""Cells of a dense block of distances: 160 MB."""


@dataclass(frozen=True)
class Ways:
    """The drive network of one kind of vehicle, turned round: searches run from a site back to the demand.

    Parameters
    ----------
    graph
        ``head, out_first, out_link, weight, home``: see `kernels.reach.many_to_many`.
    entry
        Nodes at which places may be, shape (entries,).
    tree
        Of the entries, on the unit sphere.
    """

    graph: tuple[Int, Int, Int, Float, Int]
    entry: Int
    tree: cKDTree

    @classmethod
    def of(cls, network: Network, *, trucks: bool) -> Ways:
        """Index a network for trucks (their bans and turns) or for light vehicles.

        Parameters
        ----------
        network
            Roads.
        trucks
            Whether roads closed to heavy goods vehicles are left out.

        Notes
        -----
        Distances are those of the way from the demand to the site. On the network turned round, a forbidden pair of
        links is met in the opposite order. Places are joined to the nearest node of the largest part in which every
        node reaches every other.
        """
        links = network.links
        usable: Bool = links["in_main"].to_numpy().astype(np.bool_) & ~links["bus_only"].to_numpy().astype(np.bool_)
        if trucks:
            usable &= links["hgv_allowed"].to_numpy().astype(np.bool_)
        u, v = (links[c].to_numpy() for c in ("u", "v"))
        nodes, ends = np.unique(np.concatenate([u, v]), return_inverse=True)
        tail, head = ends[: u.size].astype(np.int64), ends[u.size :].astype(np.int64)
        usable &= _strong(tail, head, usable, nodes.size)
        own = np.flatnonzero(usable)
        out_link = own[np.argsort(head[own], kind="stable")]
        out_first = _firsts(head[own], nodes.size)
        first, second = turns_of(network.turns, "truck" if trucks else "light")
        both = usable[first] & usable[second]
        turned = np.ascontiguousarray(tail)
        graph = without_turns(turned, out_first, out_link, second[both], first[both])
        home = np.concatenate([np.arange(nodes.size), tail[np.unique(second[both])]]).astype(np.int64)
        entry = _entries(network, tail, head, usable)
        place = _places(network, tail, head, nodes.size)
        weight = np.ascontiguousarray(links["length_km"].to_numpy().astype(np.float64))
        return cls((*graph, weight, home), entry, cKDTree(_sphere(place[entry])))

    def join(self, lonlat: Float) -> tuple[Int, Float]:
        """Return the nearest entry of each place, and how far it is in a straight line, km."""
        chord, found = self.tree.query(_sphere(lonlat))
        arc_km = 2.0 * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0)) * EARTH_RADIUS_M / M_PER_KM
        return self.entry[found], np.asarray(arc_km, dtype=np.float64)


@dataclass(frozen=True)
class Reach:
    """Sparse distances: the demand that each site can be reached from.

    Parameters
    ----------
    first
        Pairs of site ``i`` are ``first[i]:first[i + 1]``, shape (sites + 1,).
    demand
        Shape (pairs,), ascending within a site.
    km
        By road from the demand to the site, shape (pairs,).
    demands
        How many there are in all.
    """

    first: Int
    demand: Int
    km: Float
    demands: int

    @property
    def sites(self) -> int:
        """Number of sites."""
        return self.first.size - 1

    @property
    def site(self) -> Int:
        """Site of each pair, shape (pairs,)."""
        return np.repeat(np.arange(self.sites, dtype=np.int64), np.diff(self.first))

    def keep(self, pairs: Bool) -> Reach:
        """Return the pairs for which ``pairs`` holds, shape (pairs,)."""
        return of_pairs(self.site[pairs], self.demand[pairs], self.km[pairs], self.sites, self.demands)


def of_pairs(site: Int, demand: Int, km: Float, sites: int, demands: int) -> Reach:
    """Return the sparse form of pairs in any order; every pair stands once."""
    order = np.lexsort((demand, site))
    return Reach(
        _firsts(site, sites),
        np.ascontiguousarray(demand[order], dtype=np.int64),
        np.ascontiguousarray(km[order], dtype=np.float64),
        demands,
    )


def of_matrix(km: Float, cut_off_km: float = np.inf) -> Reach:
    """Return the sparse form of a dense matrix, shape (sites, demands), of what lies within the cut-off."""
    site, demand = np.nonzero(km <= cut_off_km)
    return of_pairs(site.astype(np.int64), demand.astype(np.int64), km[site, demand], *km.shape)


def road_reach(ways: Ways, sites: Float, demand: Float, cut_off_km: float) -> Reach:
    """Return the distances by road from demand to sites within a cut-off.

    Parameters
    ----------
    ways
        Of the kind of vehicle.
    sites, demand
        Longitude and latitude, shapes (sites, 2) and (demands, 2).
    cut_off_km
        Longest way, the straight ways to the roads at both ends included.
    """
    node, way_in_km = ways.join(sites)
    target, way_out_km = ways.join(demand)
    places = int(ways.graph[4].max()) + 1
    order = np.argsort(target, kind="stable").astype(np.int64)
    at_first = _firsts(target, places)
    rows = max(1, BLOCK_CELLS // max(target.size, 1))
    found: list[tuple[Int, Int, Float]] = []
    for a in range(0, node.size, rows):
        part = slice(a, a + rows)
        blocks = min(numba.get_num_threads(), node[part].size)
        limit = np.maximum(cut_off_km - way_in_km[part], 0.0)
        km = reach.many_to_many(np.ascontiguousarray(node[part]), limit, at_first, order, blocks, ways.graph)
        km += way_in_km[part, None] + way_out_km[None, :]
        i, j = np.nonzero(km <= cut_off_km)
        found.append((i.astype(np.int64) + a, j.astype(np.int64), km[i, j]))
    site, who, km = (np.concatenate([f[k] for f in found]) for k in range(3)) if found else (_NO, _NO, np.zeros(0))
    return of_pairs(site, who, km, node.size, target.size)


_NO = np.zeros(0, dtype=np.int64)


def road_reach_by_kind(
    network: Network, sites: Float, demand: Float, trucks: Sequence[bool], cut_off_km: Float
) -> Reach:
    """Return the distances of demand of trucks and of light vehicles, each on the roads open to it.

    Parameters
    ----------
    network
        Roads.
    sites, demand
        Longitude and latitude.
    trucks
        Of each demand: whether its vehicles are heavy goods vehicles.
    cut_off_km
        Of each demand.
    """
    heavy = np.asarray(trucks, dtype=np.bool_)
    parts: list[tuple[Int, Int, Float]] = []
    for kind in (False, True):
        own = np.flatnonzero(heavy == kind)
        if own.size == 0:
            continue
        found = road_reach(Ways.of(network, trucks=kind), sites, demand[own], float(cut_off_km[own].max()))
        near = found.km <= cut_off_km[own][found.demand]
        parts.append((found.site[near], own[found.demand[near]], found.km[near]))
    same_site, same_who = _same_place(sites, demand)
    parts.append((same_site, same_who, np.zeros(same_site.size)))
    site, who, km = (np.concatenate([p[k] for p in parts]) for k in range(3))
    # who asks for energy where a site stands need not drive to a road and back
    known = np.unique(np.stack([site, who]), axis=1, return_index=False, return_inverse=True)
    pairs, at = known[0], known[1].ravel()
    shortest = np.full(pairs.shape[1], np.inf)
    np.minimum.at(shortest, at, km)
    return of_pairs(pairs[0], pairs[1], shortest, len(sites), len(demand))


def _same_place(sites: Float, demand: Float) -> tuple[Int, Int]:
    """Return the pairs of a site and a demand with the same longitude and latitude."""
    at: dict[tuple[float, float], list[int]] = {}
    for i, (lon, lat) in enumerate(np.round(sites, 7).tolist()):
        at.setdefault((lon, lat), []).append(i)
    pairs = [(i, j) for j, (lon, lat) in enumerate(np.round(demand, 7).tolist()) for i in at.get((lon, lat), [])]
    both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _firsts(group: Int, groups: int) -> Int:
    return np.concatenate([[0], np.cumsum(np.bincount(group, minlength=groups))]).astype(np.int64)


def _strong(tail: Int, head: Int, usable: Bool, nodes: int) -> Bool:
    """Return which links lie within the largest strongly connected part of the usable ones."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    own = np.flatnonzero(usable)
    matrix = coo_matrix((np.ones(own.size), (tail[own], head[own])), shape=(nodes, nodes))
    _, part = connected_components(matrix, directed=True, connection="strong")
    largest = np.bincount(part[head[own]]).argmax() if own.size else -1
    return np.asarray((part[tail] == largest) & (part[head] == largest))


def _entries(network: Network, tail: Int, head: Int, usable: Bool) -> Int:
    """Return the nodes where a street ends or begins that one may turn off from; all nodes where there is none."""
    street = usable & ~network.links["road_class"].is_in(NO_ENTRY).to_numpy()
    chosen = street if street.any() else usable
    return np.unique(np.concatenate([tail[chosen], head[chosen]])).astype(np.int64)


def _places(network: Network, tail: Int, head: Int, nodes: int) -> Float:
    """Return longitude and latitude of the nodes, from the ends of their links."""
    place = np.full((nodes, 2), np.nan)
    place[tail] = network.coordinates[network.offsets[:-1]]
    place[head] = network.coordinates[network.offsets[1:] - 1]
    return place


def _sphere(lonlat: Float) -> Float:
    lon, lat = np.radians(lonlat).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
