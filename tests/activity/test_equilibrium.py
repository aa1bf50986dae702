"""User equilibrium: a published case, cases that are solved by hand, conservation, classes."""

from __future__ import annotations

import sqlite3
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fleet_planner.activity.assignment.equilibrium import (
    Equilibrium,
    RoadGraph,
    UserClass,
    assign,
    bpr_time_factor,
    skim,
)

Float = NDArray[np.float64]
GOLDEN = Path(__file__).parent.parent / "golden" / "sioux_falls_flows.csv"


def graph(
    zones: int, links: list[tuple[int, int]], time: list[float], capacity: list[float], alpha: float, beta: float
) -> RoadGraph:
    tail, head = np.array(links, dtype=np.int64).T
    n = len(links)
    return RoadGraph(
        zones, tail, head, np.array(time), np.array(time), np.array(capacity), np.full(n, alpha), np.full(n, beta)
    )


def with_connectors(roads: RoadGraph) -> RoadGraph:
    """Put a zone beside each node, with links to it and back that take next to no time."""
    n = roads.zones
    own = np.arange(n)
    many = 2 * n

    def more(values: Float, value: float) -> Float:
        return np.concatenate([values, np.full(many, value)])

    return RoadGraph(
        n,
        np.concatenate([roads.tail + n, own, own + n]),
        np.concatenate([roads.head + n, own + n, own]),
        more(roads.length_km, 0.0),
        more(roads.time_h, 1e-7),
        more(roads.capacity, 1e9),
        more(roads.alpha, 0.0),
        more(roads.beta, 1.0),
    )


def sioux_falls(folder: Path) -> tuple[RoadGraph, Float, pl.DataFrame]:
    """Return the network and trips that AequilibraE ships; its example project is not opened."""
    import openmatrix

    spec = find_spec("aequilibrae")
    assert spec is not None
    assert spec.origin is not None
    with zipfile.ZipFile(Path(spec.origin).parent / "reference_files" / "sioux_falls.zip") as archive:
        archive.extractall(folder)
    with sqlite3.connect(folder / "project_database.sqlite") as base:
        rows = base.execute(
            "select a_node, b_node, free_flow_time, capacity_ab, b, power from links order by link_id"
        ).fetchall()
    links = pl.DataFrame(rows, schema=["from", "to", "time", "capacity", "alpha", "beta"], orient="row")
    with openmatrix.open_file(folder / "matrices" / "demand.omx") as matrix:
        trips = np.array(matrix["matrix"])
    columns = {c: links[c].to_numpy().astype(np.float64) for c in ("time", "capacity", "alpha", "beta")}
    tail, head = (links[c].to_numpy().astype(np.int64) - 1 for c in ("from", "to"))
    return RoadGraph(24, tail, head, columns["time"], *columns.values()), trips, links


def whole(roads: RoadGraph) -> NDArray[np.bool_]:
    return np.ones(roads.tail.size, dtype=bool)


def test_sioux_falls_agrees_with_the_published_equilibrium(tmp_path: Path) -> None:
    roads, trips, links = sioux_falls(tmp_path)
    golden = pl.read_csv(GOLDEN)
    assert trips.sum() == pytest.approx(360_600.0)
    assert links.select("from", "to").equals(golden.select("from", "to"))
    found = assign(
        with_connectors(roads),
        [UserClass("light", 1.0, whole(with_connectors(roads)), trips)],
        target_gap=1e-5,
        max_iterations=1000,
    )
    flow, published = found.flow[0, :76], golden["flow"].to_numpy()
    assert found.relative_gap <= 1e-5
    # every link within 0.5 %, all together within 0.1 %
    assert np.abs(flow / published - 1.0).max() < 5e-3
    assert np.abs(flow - published).sum() / published.sum() < 1e-3
    time = roads.time_h * bpr_time_factor(flow, roads.capacity, roads.alpha, roads.beta)
    np.testing.assert_allclose(time, golden["time_min"], rtol=1e-2)

    def beckmann(q: Float) -> float:
        x = (q / roads.capacity) ** roads.beta
        return float((roads.time_h * q * (1.0 + roads.alpha * x / (roads.beta + 1.0))).sum())

    # the published flows minimise this; ours may not be below, nor above by more than the gap allows
    assert -1e-7 < beckmann(flow) / beckmann(published) - 1.0 < 1e-5


def test_a_loose_gap_is_told_as_it_is(tmp_path: Path) -> None:
    roads, trips, _ = sioux_falls(tmp_path)
    roads = with_connectors(roads)
    found = assign(roads, [UserClass("light", 1.0, whole(roads), trips)], target_gap=1e-6, max_iterations=5)
    assert found.iterations == 5
    assert found.relative_gap > 1e-3


def test_two_routes_share_the_trips_as_by_hand() -> None:
    # t1 = 1 + q1 / 100, t2 = 2 + 2 q2 / 100; q1 + q2 = 400: both take 4 when q1 = 300
    links = [(0, 2), (2, 3), (2, 4), (4, 3), (3, 1), (1, 3), (3, 2), (2, 0)]
    roads = graph(2, links, [1e-6, 1.0, 2.0, 1e-6, 1e-6, 1e-6, 9.0, 1e-6], [100.0] * 8, 1.0, 1.0)
    alpha = np.where(np.isin(np.arange(8), [1, 2]), 1.0, 0.0)
    roads = RoadGraph(2, roads.tail, roads.head, roads.length_km, roads.time_h, roads.capacity, alpha, roads.beta)
    trips = np.array([[0.0, 400.0], [0.0, 0.0]])
    found = assign(roads, [UserClass("light", 1.0, whole(roads), trips)], target_gap=1e-6, max_iterations=500)
    assert found.flow[0, 1] == pytest.approx(300.0, rel=1e-3)
    assert found.flow[0, 2] == pytest.approx(100.0, rel=1e-3)
    assert found.flow[0, 0] == pytest.approx(400.0)


def braess(shortcut: bool) -> tuple[Equilibrium, RoadGraph]:
    # 6 travellers from 2 to 5; times 10 q on 2-3 and 4-5, 50 + q on 3-5 and 2-4, 10 + q on the shortcut 3-4
    links = [(0, 2), (5, 1), (2, 3), (4, 5), (3, 5), (2, 4), (3, 4), (1, 5), (2, 0), (5, 2)]
    tiny = 1e-6
    time = [tiny, tiny, tiny, tiny, 50.0, 50.0, 10.0, tiny, tiny, 1e3]
    roads = graph(2, links, time, [1.0] * len(links), 0.0, 1.0)
    alpha = np.array([0.0, 0.0, 10.0 / tiny, 10.0 / tiny, 1.0 / 50.0, 1.0 / 50.0, 1.0 / 10.0, 0.0, 0.0, 0.0])
    roads = RoadGraph(2, roads.tail, roads.head, roads.length_km, roads.time_h, roads.capacity, alpha, roads.beta)
    allowed = whole(roads)
    allowed[6] = shortcut
    trips = np.array([[0.0, 6.0], [0.0, 0.0]])
    return assign(roads, [UserClass("light", 1.0, allowed, trips)], target_gap=1e-5, max_iterations=300), roads


def test_braess_a_new_road_makes_everybody_slower() -> None:
    # Braess, Über ein Paradoxon aus der Verkehrsplanung, Unternehmensforschung 12 (1968): 83 without, 92 with it
    for shortcut, flow, total in ((False, [3.0, 3.0, 3.0, 3.0, 0.0], 83.0), (True, [4.0, 4.0, 2.0, 2.0, 2.0], 92.0)):
        found, roads = braess(shortcut)
        np.testing.assert_allclose(found.flow[0, 2:7], flow, atol=0.02)
        time = roads.time_h * bpr_time_factor(found.flow[0], roads.capacity, roads.alpha, roads.beta)
        assert time[2] + time[4] == pytest.approx(total, rel=3e-3)


def random_case(seed: int) -> tuple[RoadGraph, list[UserClass]]:
    """A ring of nodes with chords, a zone at each, two classes, the second kept off some chords."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 8))
    ring = [(k, (k + 1) % n) for k in range(n)] + [((k + 1) % n, k) for k in range(n)]
    chords = [(int(a), int(b)) for a, b in rng.integers(0, n, (n, 2)) if a != b]
    links = ring + chords
    roads = graph(
        n, links, rng.uniform(0.1, 1.0, len(links)).tolist(), rng.uniform(50, 500, len(links)).tolist(), 0.15, 4.0
    )
    roads = with_connectors(roads)
    barred = whole(roads)
    barred[2 * n : len(links)] = rng.random(len(chords)) < 0.5
    trips = rng.uniform(0.0, 60.0, (2, n, n))
    return roads, [UserClass("light", 1.0, whole(roads), trips[0]), UserClass("truck", 2.0, barred, trips[1])]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_flow_is_conserved_and_bans_hold(seed: int) -> None:
    roads, classes = random_case(seed)
    found = assign(roads, classes, target_gap=1e-3, max_iterations=30)
    for flow, one in zip(found.flow, classes, strict=True):
        trips = one.trips - np.diag(np.diag(one.trips))
        nodes = int(max(roads.tail.max(), roads.head.max())) + 1
        out = np.bincount(roads.tail, weights=flow, minlength=nodes)
        into = np.bincount(roads.head, weights=flow, minlength=nodes)
        wanted = np.zeros(nodes)
        wanted[: roads.zones] = trips.sum(axis=1) - trips.sum(axis=0)
        np.testing.assert_allclose(out - into, wanted, atol=1e-6)
        np.testing.assert_allclose(out[: roads.zones], trips.sum(axis=1), rtol=1e-9)
        assert np.all(flow[~one.allowed] == 0.0)
        assert np.all(flow >= 0.0)


def test_trucks_count_for_more_cars_and_leave_their_flow_in_vehicles() -> None:
    roads, classes = random_case(7)
    light = UserClass("light", 1.0, whole(roads), 2.0 * classes[0].trips)
    truck = UserClass("truck", 2.0, whole(roads), classes[0].trips)
    one = assign(roads, [light], target_gap=1e-4, max_iterations=100)
    two = assign(roads, [truck], target_gap=1e-4, max_iterations=100)
    np.testing.assert_allclose(two.flow[0], one.flow[0] / 2.0, rtol=1e-6, atol=1e-6)


def test_fixed_flows_push_traffic_to_the_other_route() -> None:
    links = [(0, 2), (2, 3), (2, 4), (4, 3), (3, 1), (1, 3), (3, 2), (2, 0)]
    roads = graph(2, links, [1e-6, 1.0, 1.0, 1e-6, 1e-6, 1e-6, 9.0, 1e-6], [100.0] * 8, 1.0, 1.0)
    alpha = np.where(np.isin(np.arange(8), [1, 2]), 1.0, 0.0)
    roads = RoadGraph(2, roads.tail, roads.head, roads.length_km, roads.time_h, roads.capacity, alpha, roads.beta)
    one = UserClass("light", 1.0, whole(roads), np.array([[0.0, 400.0], [0.0, 0.0]]))
    fixed = np.zeros(8)
    fixed[1] = 50.0
    # 50 of 100 are taken: 1 + q1 / 50 = 1 + q2 / 100, q1 + q2 = 400
    found = assign(roads, [one], fixed, target_gap=1e-6, max_iterations=500)
    assert found.flow[0, 1] == pytest.approx(400.0 / 3.0, rel=1e-3)
    assert found.flow[0, 2] == pytest.approx(800.0 / 3.0, rel=1e-3)


def test_assignments_repeat_bit_for_bit() -> None:
    roads, classes = random_case(3)
    first = assign(roads, classes, target_gap=1e-4, max_iterations=40)
    again = assign(roads, classes, target_gap=1e-4, max_iterations=40)
    assert np.array_equal(first.flow, again.flow)


def test_skims_are_shortest_and_infinite_where_no_road_leads() -> None:
    links = [(0, 3), (3, 0), (1, 4), (4, 1), (2, 5), (5, 2), (3, 4), (4, 3), (4, 5), (3, 5)]
    time = [0.1] * 6 + [1.0, 1.0, 2.0, 9.0]
    roads = graph(3, links, time, [100.0] * 10, 0.15, 4.0)
    found = skim(roads, whole(roads))
    assert found.time_h[0, 1] == pytest.approx(1.2)
    assert found.time_h[0, 2] == pytest.approx(3.2)
    assert found.length_km[0, 2] == pytest.approx(3.2)
    assert np.isinf(found.time_h[2, 0])
    assert np.isinf(found.length_km[2, 1])
    assert np.all(np.diag(found.time_h) == 0.0)
    allowed = whole(roads)
    allowed[8] = False
    assert skim(roads, allowed).time_h[0, 2] == pytest.approx(9.2)


def test_nothing_is_written_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    roads, classes = random_case(1)
    assign(roads, classes, target_gap=1e-3, max_iterations=5)
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_zones_and_classes_that_no_road_serves_are_harmless() -> None:
    # zones 0 and 1 are joined, zones 2 to 60 are on no road at all: more zones than roads
    links = [(0, 61), (61, 62), (62, 1), (1, 63), (63, 64), (64, 0)]
    roads = graph(61, links, [0.1] * 6, [100.0] * 6, 0.15, 4.0)
    found = skim(roads, whole(roads))
    assert found.time_h[0, 1] == pytest.approx(0.3)
    assert found.length_km[1, 0] == pytest.approx(0.3)
    assert np.isinf(found.time_h[2, 0])
    assert np.isinf(found.time_h[0, 2])
    assert np.isfinite(found.time_h).sum() == 61 + 2
    trips = np.zeros((61, 61))
    trips[0, 1] = 50.0
    nobody = UserClass("nobody", 1.0, np.zeros(6, dtype=bool), np.eye(61))
    done = assign(roads, [nobody, UserClass("light", 1.0, whole(roads), trips)], target_gap=1e-6)
    assert done.flow.tolist() == [[0.0] * 6, pytest.approx([50.0] * 3 + [0.0] * 3)]
    assert assign(roads, [nobody]).iterations == 0


def test_trips_without_a_route_touch_no_road() -> None:
    roads = graph(3, [(0, 3), (3, 1), (1, 3), (3, 0)], [0.1] * 4, [100.0] * 4, 0.15, 4.0)
    trips = np.zeros((3, 3))
    trips[0, 1], trips[0, 2] = 30.0, 99.0
    done = assign(roads, [UserClass("light", 1.0, whole(roads), trips)], target_gap=1e-6)
    assert done.flow[0].tolist() == pytest.approx([30.0, 30.0, 0.0, 0.0])
