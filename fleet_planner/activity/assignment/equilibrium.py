"""User equilibrium of several classes of traffic on a road graph, by AequilibraE in memory.

Wardrop's first principle: nobody can shorten the own trip by another route. The link's travel time follows the BPR
function ``t = t0 (1 + alpha (q / c) ** beta)`` of the flow ``q`` of all classes in passenger cars an hour. The
distance from equilibrium is the relative gap, ``(sum q t - sum y t) / sum q t`` with ``y`` the flows if all trips
took the fastest route at these times. AequilibraE stops by a gap of the flows at the times before its last step; the
one reported here is computed anew, at the times of the flows that are returned. Algorithm: bi-conjugate Frank-Wolfe
(Mitradjieva and Lindberg, The stiff is moving, Transportation Science 47, 2013), as AequilibraE has it.
"""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
CORES = 1
"""Threads of AequilibraE: with more, sums are formed in another order in every run, and results must repeat."""

ALGORITHMS = ("bfw", "frank-wolfe")
"""The second where the first, which divides by differences of flows, returns numbers that are none."""

STRICTER = (0.5, 0.1, 0.01, 0.0)
"""AequilibraE's gap lags one step behind and may be small by chance: it gets a tighter target than ours, and an even
tighter one where the flows it stops at miss ours; in the end none, so that it makes all iterations."""

LEAST_CAPACITY = 0.1
"""Fixed flows leave at least this share of a link's capacity."""

MIN_TIME_H = 1e-7
FAR_H = 1e4
"""AequilibraE writes beyond its memory where a zone is on no link. Each zone is therefore joined to a place beside the
network, so far away that only trips without any route go there, and those touch no road."""

NEVER_CLOGS = 1e9
MODE = "c"


@dataclass(frozen=True)
class RoadGraph:
    """Directed links between nodes; the first ``zones`` nodes are where trips begin and end.

    Parameters
    ----------
    zones
        Number of zones; they are nodes 0..zones - 1, and no route leads through one.
    tail, head
        Nodes where links begin and end, shape (links,).
    length_km, time_h
        Length and time without other traffic, shape (links,).
    capacity
        Passenger cars an hour, positive, shape (links,).
    alpha, beta
        Of the BPR function, shape (links,); ``alpha`` 0 for links that never clog, ``beta`` 1 or more.
    """

    zones: int
    tail: Int
    head: Int
    length_km: Float
    time_h: Float
    capacity: Float
    alpha: Float
    beta: Float


@dataclass(frozen=True)
class UserClass:
    """Trips of one class of vehicles.

    Parameters
    ----------
    name
        Unique among the classes of an assignment.
    pce
        Passenger cars that one vehicle counts for.
    allowed
        Links that the class may use, shape (links,).
    trips
        Vehicles an hour from zone to zone, shape (zones, zones); the diagonal is not assigned.
    """

    name: str
    pce: float
    allowed: Bool
    trips: Float


@dataclass(frozen=True)
class Equilibrium:
    """Flows of an assignment.

    Parameters
    ----------
    flow
        Vehicles an hour, shape (classes, links).
    relative_gap
        Of these flows at their own times.
    iterations
        How many were made.
    """

    flow: Float
    relative_gap: float
    iterations: int


@dataclass(frozen=True)
class Skims:
    """Fastest routes without other traffic, each of shape (zones, zones); infinite where there is none.

    Parameters
    ----------
    time_h, length_km
        Of the fastest route; zero from a zone to itself.
    """

    time_h: Float
    length_km: Float


def bpr_time_factor(flow: Float, capacity: Float, alpha: Float, beta: Float) -> Float:
    """Return travel time over time without traffic, ``1 + alpha (flow / capacity) ** beta``; arrays broadcast."""
    return np.asarray(1.0 + alpha * (flow / capacity) ** beta)


def assign(
    graph: RoadGraph,
    classes: list[UserClass],
    fixed: Float | None = None,
    *,
    target_gap: float = 1e-4,
    max_iterations: int = 200,
) -> Equilibrium:
    """Return the user equilibrium of all classes together.

    Parameters
    ----------
    graph
        The roads.
    classes
        One or more; those without trips between zones have no flow.
    fixed
        Passenger cars an hour that are on the links whatever the routes (buses, local traffic), shape (links,).
        They take away capacity: AequilibraE's own way to load them first leaves them out of its line search.
    target_gap
        Stop at this relative gap.
    max_iterations
        Stop after so many, two or more.
    """
    if fixed is not None:
        graph = replace(graph, capacity=np.maximum(graph.capacity - fixed, LEAST_CAPACITY * graph.capacity))
    every = np.zeros((len(classes), graph.tail.size))
    moving = [k for k, one in enumerate(classes) if float(one.trips.sum() - np.trace(one.trips)) > 0.0]
    if not moving:
        return Equilibrium(every, 0.0, 0)
    classes = [classes[k] for k in moving]
    for stricter in STRICTER:
        for algorithm in ALGORITHMS:
            flow, iterations = _solve(graph, classes, algorithm, stricter * target_gap, max_iterations)
            if np.isfinite(flow).all():
                break
        gap = _relative_gap(graph, classes, flow)
        if gap <= target_gap or iterations >= max_iterations:
            break
    every[moving] = flow
    return Equilibrium(every, gap, iterations)


def _solve(
    graph: RoadGraph, classes: list[UserClass], algorithm: str, target_gap: float, max_iterations: int
) -> tuple[Float, int]:
    """Return flows, shape (classes, links), and iterations.

    Classes that may use the same links share their fastest routes: they are one class of AequilibraE's with a matrix
    each, in passenger cars.
    """
    alike = _alike(classes)
    with _quiet():
        from aequilibrae.paths import TrafficAssignment, TrafficClass

        members = []
        for own in alike:
            matrix = _matrix([(classes[k].name, classes[k].pce * classes[k].trips) for k in own])
            members.append(TrafficClass(classes[own[0]].name, _graph(graph, classes[own[0]].allowed), matrix))
        run = TrafficAssignment()
        run.set_classes(members)
        run.set_vdf("BPR")
        run.set_vdf_parameters({"alpha": "alpha", "beta": "beta"})
        run.set_capacity_field("capacity")
        run.set_time_field("time")
        run.set_cores(CORES)
        run.max_iter = int(max_iterations)
        run.rgap_target = float(target_gap)
        run.set_algorithm(algorithm)
        run.execute(log_specification=False)
        iterations = int(run.report()["iteration"].iloc[-1])
    flow = np.zeros((len(classes), graph.tail.size))
    for member, own in zip(members, alike, strict=True):
        # link ids are 1..n in one direction, so that AequilibraE's own order of links is ours
        flow[own] = member.results.link_loads[: graph.tail.size].T / np.array([classes[k].pce for k in own])[:, None]
    return flow, iterations


def _alike(classes: list[UserClass]) -> list[list[int]]:
    """Return the classes that may use the same links together."""
    out: dict[bytes, list[int]] = {}
    for k, one in enumerate(classes):
        out.setdefault(one.allowed.tobytes(), []).append(k)
    return list(out.values())


def _relative_gap(graph: RoadGraph, classes: list[UserClass], flow: Float) -> float:
    """Return how much time all would save, of all they spend, if each took the fastest route at the flows' times."""
    pce = np.array([one.pce for one in classes])
    time = graph.time_h * bpr_time_factor(pce @ flow, graph.capacity, graph.alpha, graph.beta)
    spent = float(pce @ (flow @ time))
    least = 0.0
    for own in _alike(classes):
        fastest = skim(replace(graph, time_h=time), classes[own[0]].allowed).time_h
        trips = np.sum([classes[k].pce * classes[k].trips for k in own], axis=0)
        moves = (trips > 0.0) & np.isfinite(fastest)
        least += float((trips[moves] * fastest[moves]).sum())
    return max(spent - least, 0.0) / spent if spent > 0.0 else 0.0


def skim(graph: RoadGraph, allowed: Bool) -> Skims:
    """Return times and lengths of the fastest routes over the allowed links without other traffic."""
    with _quiet():
        from aequilibrae.paths import NetworkSkimming

        roads = _graph(graph, allowed)
        roads.set_skimming(["time", "length"])
        skimming = NetworkSkimming(roads)
        skimming.set_cores(CORES)
        skimming.execute()
    found = np.array(skimming.results.skims.matrix_view).reshape(graph.zones, graph.zones, 2)
    none = ~np.isfinite(found[..., 0]) | (found[..., 0] >= FAR_H) | (found[..., 0] <= 0.0)
    np.fill_diagonal(none, val=False)
    found[none] = np.inf
    for k in (0, 1):
        np.fill_diagonal(found[..., k], 0.0)
    return Skims(np.ascontiguousarray(found[..., 0]), np.ascontiguousarray(found[..., 1]))


def _graph(graph: RoadGraph, allowed: Bool) -> Any:
    """Return AequilibraE's graph: links that are not allowed lead back to where they begin; those beside come last."""
    import pandas as pd
    from aequilibrae.paths import Graph

    out = Graph()
    zone = np.arange(graph.zones)
    beside = np.full(graph.zones, max(int(graph.tail.max()), int(graph.head.max()), graph.zones) + 1)
    count, more = graph.tail.size + 2 * graph.zones, 2 * graph.zones
    columns = {
        "a_node": (graph.tail, np.concatenate([zone, beside])),
        "b_node": (np.where(allowed, graph.head, graph.tail), np.concatenate([beside, zone])),
        "time": (np.maximum(graph.time_h, MIN_TIME_H), np.full(more, FAR_H)),
        "length": (graph.length_km, np.zeros(more)),
        "capacity": (graph.capacity, np.full(more, NEVER_CLOGS)),
        "alpha": (graph.alpha, np.zeros(more)),
        "beta": (graph.beta, np.ones(more)),
    }
    out.network = pd.DataFrame({name: np.concatenate(pair) for name, pair in columns.items()})
    out.network[["a_node", "b_node"]] += 1
    out.network.insert(0, "link_id", np.arange(1, count + 1))
    out.network.insert(3, "direction", np.ones(count, dtype=np.int8))
    out.mode = MODE
    out.prepare_graph(np.arange(1, graph.zones + 1))
    out.set_graph("time")
    out.set_blocked_centroid_flows(True)
    return out


def _matrix(trips: list[tuple[str, Float]]) -> Any:
    """Return AequilibraE's matrix of trips between zones by name."""
    from aequilibrae.matrix import AequilibraeMatrix

    zones = len(trips[0][1])
    names = [name for name, _ in trips]
    out = AequilibraeMatrix()
    out.create_empty(zones=zones, matrix_names=names, memory_only=True)
    out.index[:] = np.arange(1, zones + 1)
    for name, own in trips:
        between = np.array(own, dtype=np.float64)
        np.fill_diagonal(between, 0.0)
        out.matrix[name][:, :] = between
    out.computational_view(names)
    return out


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep AequilibraE's progress bars and warnings of no use to the user off the terminal."""
    name = "AEQ_SHOW_PROGRESS"  # read when it is imported
    before = os.environ.get(name)
    os.environ[name] = "FALSE"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            with np.errstate(all="ignore"):
                yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
