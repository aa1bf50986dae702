"""Lines of a timetable follow real streets: one way only, past gaps, along roads for buses alone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fleet_planner.activity.timetables.paths import Paths, Roads, _twins, follow_lines
from fleet_planner.kernels import matching, routes
from fleet_planner.network import Network, load_network
from fleet_planner.plan.models import NetworkSection
from fleet_planner.transit_feed import read_feed
from fleet_planner.transit_feed.shapes import metres_along
from tests.activity.small_city import network as street_row

BLOCK_DEG = 0.002
BLOCK_KM = 0.2224
Line = list[tuple[float, float]]
Street = tuple[tuple[int, int], tuple[int, int]]


def grid(side: int, oneway: frozenset[Street] = frozenset(), without: frozenset[Street] = frozenset()) -> Network:
    """A square grid of two-way streets at the equator, blocks of 222 m; nodes are (column, row)."""
    streets: list[Street] = []
    for x in range(side):
        for y in range(side):
            for to in ((x + 1, y), (x, y + 1)):
                if max(to) < side:
                    streets += [((x, y), to), (to, (x, y))]
    streets = [s for s in streets if s not in without and (s[1], s[0]) not in oneway]
    number = {s: i for i, s in enumerate(streets)}
    coordinates = np.array([p for s in streets for p in s], dtype=np.float64) * BLOCK_DEG
    n = len(streets)
    links = pl.DataFrame(
        {
            "link_id": range(n),
            "u": [a[0] * side + a[1] for a, _ in streets],
            "v": [b[0] * side + b[1] for _, b in streets],
            "free_flow_kmh": [50.0] * n,
            "in_main": [True] * n,
        }
    )
    assert len(number) == n
    return Network(links, coordinates, np.arange(0, 2 * n + 1, 2), "test")


def street(network: Network, link: int) -> Street:
    a, b = np.round(network.coordinates[2 * link : 2 * link + 2] / BLOCK_DEG).astype(int).tolist()
    return (a[0], a[1]), (b[0], b[1])


def follow(network: Network, line: Line, *, stops_only: bool = False, shift_m: float = 0.0) -> Paths:
    """``line`` in blocks, shifted to the north-east."""
    lonlat = np.array(line, dtype=np.float64) * BLOCK_DEG + shift_m / 111_195.0
    offsets = np.array([0, len(line)])
    return follow_lines(
        Roads.of(network), lonlat, offsets, metres_along(lonlat, offsets), np.array([stops_only], dtype=np.bool_)
    )


def driven(network: Network, paths: Paths) -> list[Street | None]:
    """Streets in driving order, each passage once; None off the roads."""
    out: list[Street | None] = []
    for link in paths.link:
        found = street(network, int(link)) if link >= 0 else None
        if not out or out[-1] != found:
            out.append(found)
    return out


def connected(network: Network, paths: Paths) -> bool:
    """Whether on each line each link begins where the one before ends."""
    u, v = network.links["u"].to_numpy(), network.links["v"].to_numpy()
    lines = [paths.link[a:b].tolist() for a, b in pairwise(paths.first)]
    pairs = [(a, b) for line in lines for a, b in pairwise(line) if a >= 0 and b >= 0 and a != b]
    return all(v[a] == u[b] for a, b in pairs)


@pytest.mark.parametrize("shift_m", [0.0, 12.0, -12.0])
def test_a_shape_beside_the_road_follows_it_round_corners(shift_m: float) -> None:
    net = grid(5)
    found = follow(net, [(0, 1), (2, 1), (2, 3), (4, 3)], shift_m=shift_m)
    inner = driven(net, found)
    want = [((0, 1), (1, 1)), ((1, 1), (2, 1)), ((2, 1), (2, 2)), ((2, 2), (2, 3)), ((2, 3), (3, 3)), ((3, 3), (4, 3))]
    assert [s for s in inner if s in want] == want
    assert connected(net, found)
    assert found.line_km(found.link >= 0)[0] == pytest.approx(6 * BLOCK_KM, abs=0.03)


def test_direction_of_travel_chooses_the_side_of_the_street() -> None:
    net = grid(3)
    there = set(driven(net, follow(net, [(0, 1), (2, 1)])))
    back = set(driven(net, follow(net, [(2, 1), (0, 1)])))
    assert there == {((0, 1), (1, 1)), ((1, 1), (2, 1))}
    assert back == {(b, a) for a, b in there if a is not None}  # type: ignore[misc]


def test_a_bus_that_turns_back_drives_both_ways() -> None:
    net = grid(4)
    found = follow(net, [(0, 1), (3, 1), (0, 1)])
    streets = driven(net, found)
    assert len(streets) == 6
    assert found.line_km()[0] == pytest.approx(6 * BLOCK_KM, rel=0.02)


def test_a_street_is_never_driven_against_its_one_way() -> None:
    """The shape runs up a street that the map allows down only: those metres are off the roads, and counted."""
    wrong: Street = ((2, 2), (1, 2))
    net = grid(4, oneway=frozenset({wrong}))
    found = follow(net, [(0, 2), (3, 2)])
    assert ((1, 2), (2, 2)) not in [street(net, i) for i in range(net.links.height)]
    assert None in driven(net, found)
    off_km = found.line_km((found.link < 0) & ~found.outside)[0]
    assert off_km == pytest.approx(BLOCK_KM, abs=0.06)
    assert found.line_km()[0] == pytest.approx(3 * BLOCK_KM, rel=0.02)


def test_a_gap_in_the_map_costs_that_gap_alone() -> None:
    gone = frozenset({((1, 2), (2, 2)), ((2, 2), (1, 2))})
    net = grid(4, without=gone)
    found = follow(net, [(0, 2), (3, 2)])
    assert driven(net, found) == [((0, 2), (1, 2)), None, ((2, 2), (3, 2))]


def test_between_stops_the_way_goes_by_road() -> None:
    """Two stops diagonally across two blocks: four blocks by road, no straight line."""
    net = grid(4)
    found = follow(net, [(0, 0.5), (2, 2.5)], stops_only=True)
    assert (found.link >= 0).all()
    assert connected(net, found)
    assert found.line_km()[0] == pytest.approx(4 * BLOCK_KM, rel=0.01)
    straight_m = found.line_span_m(found.link >= 0)[0]
    assert straight_m == pytest.approx(2 * np.sqrt(2.0) * 1000 * BLOCK_KM, rel=0.01)


def test_between_stops_one_way_streets_hold() -> None:
    """With the direct street one way the wrong way, the bus drives round the block."""
    net = grid(4, oneway=frozenset({((2, 1), (1, 1))}))
    found = follow(net, [(0.5, 1), (2.5, 1)], stops_only=True)
    assert (found.link >= 0).all()
    assert found.line_km()[0] == pytest.approx(4 * BLOCK_KM, rel=0.01)


def test_a_stop_that_no_road_reaches_does_not_tear_the_way() -> None:
    """Half a block off the only street, between two stops on it; at an end it is off the roads."""
    net = street_row(8)
    lonlat = np.array([[0.5, 0.0], [2.5, 0.3], [4.5, 0.0], [5.5, 0.3]]) * 0.009
    for places, off in (([0, 1, 2], False), ([0, 2, 3], True)):
        line, offsets = lonlat[places], np.array([0, 3])
        found = follow_lines(Roads.of(net), line, offsets, metres_along(line, offsets), np.array([True]))
        assert bool((found.link < 0).any()) == off
        assert found.line_km(found.link >= 0)[0] == pytest.approx(4.0, abs=0.02)


def test_fast_roads_go_before_short_ones_between_stops() -> None:
    net = grid(4)
    ends = [street(net, i) for i in range(net.links.height)]
    quick = [50.0 if 1 not in {a[1], b[1]} or a[1] != b[1] else 10.0 for a, b in ends]
    slow_row = Network(net.links.with_columns(free_flow_kmh=pl.Series(quick)), net.coordinates, net.offsets, "test")
    found = follow(slow_row, [(0, 1), (3, 1)], stops_only=True)
    assert found.line_km()[0] == pytest.approx(5 * BLOCK_KM, rel=0.01)


def test_lines_that_leave_the_map_are_told_apart_from_those_without_a_road() -> None:
    net = grid(3)
    found = follow(net, [(0, 1), (2, 1), (5, 1)])
    assert found.line_km(found.outside)[0] == pytest.approx(3 * BLOCK_KM, abs=0.08)
    assert found.line_km((found.link < 0) & ~found.outside)[0] < 0.1
    assert found.line_km()[0] == pytest.approx(5 * BLOCK_KM, rel=0.01)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_random_walks_are_found_again(seed: int) -> None:
    """A walk without turning back, its corners shaken by a GPS's error: the path is connected and as long as the line."""
    rng = np.random.default_rng(seed)
    net = grid(6)
    walk = [(int(rng.integers(1, 5)), int(rng.integers(1, 5)))]
    while len(walk) < 9:
        x, y = walk[-1]
        ways = [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)]
        ways = [w for w in ways if min(w) >= 0 and max(w) < 6 and (len(walk) < 2 or w != walk[-2])]
        walk.append(ways[int(rng.integers(len(ways)))])
    shaken: Line = [(x + rng.normal(0, 0.02), y + rng.normal(0, 0.02)) for x, y in walk]
    found = follow(net, shaken)
    assert connected(net, found)
    streets = list(pairwise(walk))
    km = dict.fromkeys(streets, 0.0)
    for link, length in zip(found.link, found.km, strict=True):
        if link >= 0 and street(net, int(link)) in km:
            km[street(net, int(link))] += length
    inner = sum(km.values()) / (8 * BLOCK_KM)
    assert inner > 0.93
    assert found.line_km()[0] == pytest.approx(8 * BLOCK_KM, rel=0.07)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_candidates_equal_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m, cell, reach, spread = 40, 60, 100.0, 60.0, 12.0
    x0, y0 = rng.uniform(0, 900, (2, n))
    x1, y1 = x0 + rng.uniform(-90, 90, n), y0 + rng.uniform(-90, 90, n)
    px, py = rng.uniform(0, 900, (2, m))
    angle = rng.uniform(0, 2 * np.pi, m)
    dx, dy = np.cos(angle), np.sin(angle)
    first, member = matching.grid_index(x0, y0, x1, y1, cell, 12, 12)
    even: NDArray[np.float64] = np.full(m, 1.0)
    pieces = (x0, y0, x1, y1, np.arange(n), np.zeros(n), first, member, cell, 12, 12)
    link, at_m, cost = routes.candidates(px, py, dx, dy, *pieces, reach * even, spread * even)
    for i in range(m):
        want = {}
        for k in range(n):
            ex, ey = x1[k] - x0[k], y1[k] - y0[k]
            length = np.hypot(ex, ey)
            cosine = (ex * dx[i] + ey * dy[i]) / length
            t = np.clip(((px[i] - x0[k]) * ex + (py[i] - y0[k]) * ey) / length**2, 0, 1)
            d = np.hypot(x0[k] + t * ex - px[i], y0[k] + t * ey - py[i])
            if cosine >= -0.3 and d <= reach:
                want[k] = (t * length, 0.5 * (d / spread) ** 2 + 3.0 * (1.0 - cosine))
        best = sorted(want, key=lambda k: want[k][1])[: routes.MOST]
        got = {int(k): (at_m[i, s], cost[i, s]) for s, k in enumerate(link[i]) if k >= 0}
        assert sorted(got) == sorted(best)
        for k in best:
            assert got[k] == pytest.approx(want[k], abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_the_way_back_is_the_link_of_the_same_ends_and_length(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tail, head = rng.integers(0, 5, (2, 30))
    length = rng.choice([100.0, 100.001, 250.0], 30)
    got = _twins(tail, head, length)
    for i in range(30):
        same = (tail == head[i]) & (head == tail[i]) & (np.abs(length - length[i]) < 1e-4)
        assert (got[i] == -1) == (not same.any())
        assert got[i] == -1 or same[got[i]]


@pytest.mark.city
def test_sao_paulo_lines_are_as_long_by_road_as_by_shape(shared_data: Path) -> None:
    """Ten real lines on real streets; what is off the roads are terminals and the border of the extract."""
    folder = shared_data / "sao_paulo"
    net = load_network(NetworkSection(file=str(folder / "sao_paulo_centre.osm.pbf")), Path("/"), "BR")
    feed = read_feed(folder / "sao_paulo_centre_gtfs.zip")
    found = follow_lines(Roads.of(net), feed.coordinates, feed.offsets, feed.along_m, feed.stops_only)
    on = found.link >= 0
    ratio = found.line_km(on) / (found.line_span_m(on) / 1e3)
    assert ratio.size == 10
    assert np.abs(ratio - 1.0).max() < 0.02
    inside_km = found.line_km(~found.outside)
    assert (found.line_km(on) / inside_km).min() > 0.6
    assert found.line_km(on).sum() / inside_km.sum() > 0.8
    assert connected(net, found)
