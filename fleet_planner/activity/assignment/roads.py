"""The road network as a graph that traffic is assigned to, with zones tied to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.assignment.connectors import Connectors, connect, pairs_inside, two_way_core
from fleet_planner.activity.assignment.equilibrium import NEVER_CLOGS, RoadGraph
from fleet_planner.activity.assignment.turning import Bans, with_turns
from fleet_planner.activity.parts import LIMITS, limits_t
from fleet_planner.activity.places import middle_points
from fleet_planner.activity.profiles import class_groups, quiet_speeds
from fleet_planner.activity.speeds import delay_parameters
from fleet_planner.network.turns import CLASSES, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.network.model import Network
    from fleet_planner.network.zones import Zones
    from fleet_planner.plan.assignment import AssignmentSection

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
Turns = tuple[Int, Int, Bool]


@dataclass(frozen=True)
class Roads:
    """Links of the network as arrays.

    Parameters
    ----------
    tail, head
        Nodes 0..nodes - 1, shape (links,).
    lonlat
        Of the nodes, shape (nodes, 2).
    length_km, capacity, alpha, beta
        Shape (links,); capacity in passenger cars an hour.
    quiet_kmh
        Speed without other traffic, shape (links,).
    usable
        In the main part of the network and of some capacity, shape (links,).
    hgv
        Not barred to heavy goods vehicles, shape (links,).
    limit_t, limit_goods_t
        Greatest mass of a vehicle, and of a goods vehicle; infinite without a limit; shape (links,).
    bus_only
        Open to buses alone, shape (links,).
    street
        Neither motorway nor trunk road: trips begin and end there, shape (links,).
    turns
        Forbidden turns, as pairs of links and whether they bind each of `CLASSES`, shape (turns,) and (classes, turns).
    zone_node, zone_link
        Pairs of zone and node, and of zone and link, that lies in it.
    """

    tail: Int
    head: Int
    lonlat: Float
    length_km: Float
    capacity: Float
    alpha: Float
    beta: Float
    quiet_kmh: Float
    usable: Bool
    hgv: Bool
    limit_t: Float
    limit_goods_t: Float
    bus_only: Bool
    street: Bool
    turns: Turns
    zone_node: tuple[Int, Int]
    zone_link: tuple[Int, Int]


@dataclass(frozen=True)
class ZoneGraph:
    """Roads and zones in one graph.

    Parameters
    ----------
    graph
        Its first links are those of the network.
    allowed
        Links that each group may use, shape (groups, links of the graph).
    tied
        Zones that the group's trips can begin and end in, shape (groups, zones).
    access_km
        Mean way between a zone's streets and its nodes, shape (groups, zones); zero where it is not tied.
    """

    graph: RoadGraph
    allowed: Bool
    tied: Bool
    access_km: Float


def roads_of(network: Network, zones: Zones, section: AssignmentSection) -> Roads:
    """Return the links as arrays, with the volume-delay function of their class."""
    links = network.links
    ends = np.concatenate([links["u"].to_numpy(), links["v"].to_numpy()])
    first = np.concatenate([network.offsets[:-1], network.offsets[1:] - 1])
    _, where, node = np.unique(ends, return_index=True, return_inverse=True)
    lonlat = np.ascontiguousarray(network.coordinates[first[where]])
    group = class_groups(links["road_class"])
    length = links["length_km"].to_numpy().astype(np.float64)
    capacity = links["capacity_veh_h"].to_numpy().astype(np.float64)
    alpha, beta = delay_parameters(links["road_class"], section.volume_delay)
    usable = links["in_main"].to_numpy() & (capacity > 0.0)
    return Roads(
        tail=node[: links.height].astype(np.int64),
        head=node[links.height :].astype(np.int64),
        lonlat=lonlat,
        length_km=length,
        capacity=np.where(capacity > 0.0, capacity, 1.0),
        alpha=alpha,
        beta=beta,
        quiet_kmh=quiet_speeds(links["free_flow_kmh"].to_numpy().astype(np.float64), group),
        usable=usable,
        hgv=links["hgv_allowed"].to_numpy(),
        limit_t=limits_t(links, LIMITS[:1]).fill_null(np.inf).to_numpy(),
        limit_goods_t=limits_t(links, LIMITS).fill_null(np.inf).to_numpy(),
        bus_only=links["bus_only"].to_numpy(),
        street=group != 0,
        turns=_turns(network.turns),
        zone_node=pairs_inside(zones.geometry, lonlat),
        zone_link=pairs_inside(zones.geometry, middle_points(network.coordinates, network.offsets)),
    )


def _turns(turns: pl.DataFrame | None) -> Turns:
    table = pl.DataFrame(schema=SCHEMA) if turns is None else turns
    first, second = (table[name].to_numpy().astype(np.int64) for name in ("from_link", "to_link"))
    binds = np.array([table[kind].to_numpy() for kind in CLASSES], dtype=np.bool_)
    return first, second, binds


def zone_graph(
    roads: Roads, zones: Zones, open_links: list[Bool], section: AssignmentSection, kinds: Sequence[str] = ()
) -> ZoneGraph:
    """Tie the zones to the roads that each group may use.

    A group drives in the largest part of its links in which every place can be reached and left; its zones are tied
    to nodes of that part, away from motorways where it has streets. Groups that may use the same links share ties.

    Parameters
    ----------
    open_links
        Links that are open to each group, shape (links,) each.
    section
        Of the plan.
    kinds
        Which of `CLASSES` each group is, so that it heeds the turns that are forbidden to it; empty: none does.
    """
    count, links, nodes = len(zones.ids), roads.tail.size, len(roads.lonlat)
    made: dict[bytes, tuple[int, Bool, Connectors]] = {}
    number = []
    for own in open_links:
        key = np.packbits(own).tobytes()
        if key not in made:
            core = two_way_core(roads.tail, roads.head, roads.length_km, own)
            found = connect(
                zones.geometry,
                roads.lonlat,
                _candidates(roads, core, nodes),
                roads.zone_node,
                section.connectors,
                section.connector_reach_km,
            )
            made[key] = (len(made), core, found)
        number.append(made[key][0])
    cores = [core for _, core, _ in made.values()]
    ties = [t for _, _, t in made.values()]
    zone, node, length = (np.concatenate([getattr(t, name) for t in ties]) for name in ("zone", "node", "length_km"))
    owner = np.repeat(np.arange(len(ties)), [t.zone.size for t in ties])
    tail = np.concatenate([roads.tail + count, zone, node + count])
    head = np.concatenate([roads.head + count, node + count, zone])
    more = tail.size - links
    way = np.concatenate([length, length])
    graph = RoadGraph(
        zones=count,
        tail=tail,
        head=head,
        length_km=np.concatenate([roads.length_km, way]),
        time_h=np.concatenate([roads.length_km / roads.quiet_kmh, way / section.connector_kmh]),
        capacity=np.concatenate([roads.capacity, np.full(more, NEVER_CLOGS)]),
        alpha=np.concatenate([roads.alpha, np.zeros(more)]),
        beta=np.concatenate([roads.beta, np.ones(more)]),
    )
    allowed = np.zeros((len(open_links), tail.size), dtype=bool)
    tied = np.zeros((len(open_links), count), dtype=bool)
    access = np.zeros((len(open_links), count))
    for g, k in enumerate(number):
        allowed[g, :links] = cores[k]
        allowed[g, links : links + 2 * zone.size] = np.tile(owner == k, 2)
        ways = np.bincount(ties[k].zone, minlength=count)
        tied[g] = ways > 0
        total = np.bincount(ties[k].zone, weights=ties[k].length_km, minlength=count)
        access[g] = total / np.maximum(ways, 1)
    if kinds:
        first, second, binds = roads.turns
        bans = Bans(first, second, binds[[CLASSES.index(kind) for kind in kinds]])
        graph, allowed = with_turns(graph, allowed, bans)
    return ZoneGraph(graph, allowed, tied, access)


def _candidates(roads: Roads, core: Bool, nodes: int) -> Bool:
    """Return the nodes that zones may be tied to: ends of streets, or of any road where there is no street."""
    out = np.zeros(nodes, dtype=bool)
    some = core & roads.street
    picked = some if some.any() else core
    out[roads.tail[picked]] = True
    out[roads.head[picked]] = True
    return out
