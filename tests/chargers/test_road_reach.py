"""Many-to-many distances against scipy, and against roads drawn by hand: one-way streets, truck bans, turn bans."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from fleet_planner.chargers.distances import Ways, road_reach, road_reach_by_kind
from fleet_planner.network import load_network
from fleet_planner.network.model import Network
from fleet_planner.network.turns import SCHEMA
from fleet_planner.plan.models import NetworkSection

KM_PER_DEGREE = 6_371.0088 * np.pi / 180.0


def network_of(
    place: np.ndarray,
    links: list[tuple[int, int, float]],
    banned: tuple[int, ...] = (),
    turns: tuple[tuple[int, int], ...] = (),
) -> Network:
    """A network of straight links; lengths as given."""
    u, v, km = (np.array([link[k] for link in links]) for k in range(3))
    n = len(links)
    frame = pl.DataFrame(
        {
            "link_id": np.arange(n),
            "u": u.astype(np.int64),
            "v": v.astype(np.int64),
            "road_class": ["residential"] * n,
            "length_km": km.astype(np.float64),
            "in_main": [True] * n,
            "bus_only": [False] * n,
            "hgv_allowed": [k not in banned for k in range(n)],
        }
    )
    coordinates = np.stack([place[u], place[v]], axis=1).reshape(-1, 2)
    kinds = dict.fromkeys(("light", "truck", "bus"), [True] * len(turns))
    forbidden = pl.DataFrame(
        {"from_link": [a for a, _ in turns], "to_link": [b for _, b in turns], "osm_id": [0] * len(turns)} | kinds,
        schema=SCHEMA,
    )
    return Network(frame, coordinates, np.arange(0, 2 * n + 1, 2), "", turns=forbidden if turns else None)


@pytest.mark.parametrize("seed", range(5))
def test_random_networks_agree_with_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    nodes, extra = 40, 80
    place = np.column_stack([rng.random(nodes), rng.random(nodes)])
    ring = [(k, (k + 1) % nodes) for k in range(nodes)]
    pairs = dict.fromkeys(ring + [(int(a), int(b)) for a, b in rng.integers(0, nodes, (extra, 2)) if a != b])
    links = [(a, b, float(rng.random() + 0.1)) for a, b in pairs]
    network = network_of(place, links)
    sites, demand = rng.choice(nodes, 8, replace=False), rng.choice(nodes, 15, replace=False)
    cut_off = 3.0
    found = road_reach(Ways.of(network, trucks=False), place[sites], place[demand], cut_off)
    a, b, km = zip(*links, strict=True)
    graph = coo_matrix((km, (a, b)), shape=(nodes, nodes)).tocsr()
    expected = dijkstra(graph, indices=demand)[:, sites].T
    dense = np.full((8, 15), np.inf)
    dense[found.site, found.demand] = found.km
    assert np.allclose(dense, np.where(expected <= cut_off, expected, np.inf))
    assert (expected <= cut_off).any()


def square() -> np.ndarray:
    return np.array([[0.0, 0.0], [0.01, 0.0], [0.01, 0.01], [0.0, 0.01]])


def both_ways(pairs: list[tuple[int, int]]) -> list[tuple[int, int, float]]:
    return [link for a, b in pairs for link in ((a, b, 1.0), (b, a, 1.0))]


def test_the_way_is_that_from_the_demand_to_the_site() -> None:
    """A one-way ring: from 0 to 1 it is one link, from 1 to 0 it is three."""
    network = network_of(square(), [(0, 1, 1.0), (1, 2, 1.0), (2, 3, 1.0), (3, 0, 1.0)])
    found = road_reach(Ways.of(network, trucks=False), square()[[1]], square()[[0]], 9.0)
    assert found.km.tolist() == [1.0]
    back = road_reach(Ways.of(network, trucks=False), square()[[0]], square()[[1]], 9.0)
    assert back.km.tolist() == [3.0]


def test_trucks_drive_round_a_road_that_bars_them() -> None:
    links = both_ways([(0, 1), (1, 2), (2, 3), (3, 0)])
    network = network_of(square(), links, banned=(0, 1))
    found = road_reach_by_kind(network, square()[[1]], square()[[0, 0]], [False, True], np.array([9.0, 9.0]))
    assert found.km.tolist() == [1.0, 3.0]
    short = road_reach_by_kind(network, square()[[1]], square()[[0, 0]], [False, True], np.array([9.0, 2.0]))
    assert short.demand.tolist() == [0]


def test_forbidden_turns_are_kept_and_junctions_still_reached() -> None:
    """From 0 over 1 to 2 is forbidden: the way goes round. 1 itself is reached by the link that has the ban."""
    links = both_ways([(0, 1), (1, 2), (2, 3), (3, 0)])
    links[4] = (2, 3, 5.0)
    links[5] = (3, 2, 5.0)
    turns = ((0, 2),)  # link 0 is 0→1, link 2 is 1→2
    network = network_of(square(), links, turns=turns)
    ways = Ways.of(network, trucks=False)
    at = square()
    assert road_reach(ways, at[[2]], at[[0]], 9.0).km.tolist() == [6.0]
    assert road_reach(ways, at[[1]], at[[0]], 9.0).km.tolist() == [1.0]
    assert road_reach(ways, at[[2]], at[[1]], 9.0).km.tolist() == [1.0]
    assert road_reach(ways, at[[0]], at[[2]], 9.0).km.tolist() == [2.0]


def test_places_beside_the_road_count_the_straight_way() -> None:
    network = network_of(square(), both_ways([(0, 1), (1, 2), (2, 3), (3, 0)]))
    beside = np.array([[0.0, -0.001]])
    found = road_reach(Ways.of(network, trucks=False), square()[[1]], beside, 9.0)
    assert found.km[0] == pytest.approx(1.0 + 0.001 * KM_PER_DEGREE, rel=1e-9)


def test_a_site_at_the_place_itself_is_no_way_off() -> None:
    """However far the next junction is."""
    network = load_network(NetworkSection(builtin="coquimbo"), Path(), "CL")
    place = np.array([[-71.20, -29.80], [-71.25, -29.95]])  # the first one away from all roads
    found = road_reach_by_kind(network, place, place, [True, False], np.full(2, 0.5))
    own = found.site == found.demand
    assert found.km[own].tolist() == [0.0, 0.0]
    assert np.unique(np.stack([found.site, found.demand]), axis=1).shape[1] == found.km.size
