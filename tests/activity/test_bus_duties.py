"""Ways without passengers and rests, from the blocks of a feed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fleet_planner.activity.timetables.duties import Duties, duties
from fleet_planner.activity.timetables.paths import Roads
from fleet_planner.activity.timetables.transit import BusKm, bus_km
from fleet_planner.network import Network, load_network
from fleet_planner.plan.models import NetworkSection
from fleet_planner.transit_feed import read_feed
from tests.activity.small_city import feed_zip
from tests.activity.test_bus_paths import BLOCK_DEG, BLOCK_KM, grid

STOPS = [(0.5, 1.0), (2.5, 1.0), (2.5, 3.0), (0.5, 3.0)]
"""In blocks of the grid: along the second street there, along the fourth back."""
DEPOT = np.array([[0.0, 0.0]])


def trips(*rows: tuple[str | None, int, int, int, int]) -> pl.DataFrame:
    """Rows of block, first stop, last stop, start and end in minutes."""
    return pl.DataFrame(
        [
            {
                "trip_id": f"t{i}",
                "block_id": block,
                "first_lon": STOPS[a][0] * BLOCK_DEG,
                "first_lat": STOPS[a][1] * BLOCK_DEG,
                "last_lon": STOPS[b][0] * BLOCK_DEG,
                "last_lat": STOPS[b][1] * BLOCK_DEG,
                "start_s": 60 * start,
                "end_s": 60 * end,
                "distance_km": 2.0 * BLOCK_KM,
            }
            for i, (block, a, b, start, end) in enumerate(rows)
        ],
        schema_overrides={"block_id": pl.String},
    )


@pytest.fixture(scope="module")
def net() -> Network:
    return grid(5)


def found(net: Network, table: pl.DataFrame, depots: np.ndarray | None = None) -> Duties:
    return duties(net, Roads.of(net), table, np.zeros((0, 2)) if depots is None else depots)


def test_between_two_trips_the_bus_drives_by_road_and_rests(net: Network) -> None:
    """From the end of the one street to the start of the other: half, two and half a block; 30 minutes in all."""
    got = found(net, trips(("b", 0, 1, 480, 490), ("b", 2, 3, 520, 530), (None, 0, 1, 480, 510)))
    assert got.between_km == pytest.approx(3 * BLOCK_KM, rel=0.01)
    assert got.depot_km == 0.0
    assert got.rest_h == pytest.approx(0.5 - 3 * BLOCK_KM / 50.0, abs=1e-3)
    assert got.covered_share == pytest.approx(2 / 3)
    assert (got.running_h, got.covered_h) == pytest.approx((50 / 60, 20 / 60))
    assert got.blocks == 1
    assert got.km.sum() == pytest.approx(got.between_km)
    assert np.flatnonzero(got.km.sum(axis=0)).tolist() == [8]


def test_a_block_leaves_and_enters_the_depot(net: Network) -> None:
    """Out: one up, half along. Back from the end of the fourth street: half along, three down; before and after service."""
    got = found(net, trips(("b", 0, 1, 480, 490), ("b", 2, 3, 520, 540)), DEPOT)
    assert got.depot_km == pytest.approx((1.5 + 3.5) * BLOCK_KM, rel=0.01)
    assert got.km[:, 7].sum() == pytest.approx(1.5 * BLOCK_KM, rel=0.01)  # out before 8, in time for the first trip
    assert got.km[:, 9].sum() == pytest.approx(3.5 * BLOCK_KM, rel=0.01)
    assert got.depots


def test_a_long_pause_is_spent_in_the_depot(net: Network) -> None:
    table = trips(("b", 0, 1, 480, 490), ("b", 2, 3, 900, 910))
    got = found(net, table, DEPOT)
    assert got.between_km == 0.0
    assert got.rest_h == 0.0
    assert got.depot_km == pytest.approx((1.5 + 3.5 + 5.5 + 3.5) * BLOCK_KM, rel=0.01)
    assert found(net, table).depot_km == 0.0


def test_the_nearest_depot_is_taken(net: Network) -> None:
    far = np.array([[4.0, 4.0], [0.0, 0.0]]) * BLOCK_DEG
    table = trips(("b", 0, 0, 480, 490))
    assert found(net, table, far).depot_km == pytest.approx(2 * 1.5 * BLOCK_KM, rel=0.01)


def test_trips_that_overlap_or_lie_too_far_apart_tell_no_way(net: Network) -> None:
    overlap = trips(("b", 0, 1, 480, 490), ("b", 2, 3, 485, 500))
    far = trips(("b", 0, 1, 480, 490), ("b", 2, 3, 495, 505)).with_columns(pl.col("last_lon") + 0.2)
    for table in (overlap, far):
        got = found(net, table)
        assert got.impossible == (1, "b")
        assert got.between_km == 0.0


def test_a_bus_that_goes_on_from_where_it_came_drives_nothing(net: Network) -> None:
    got = found(net, trips(("b", 0, 1, 480, 490), ("b", 1, 0, 495, 505)))
    assert got.between_km == 0.0
    assert got.rest_h == pytest.approx(5 / 60)


def test_without_depots_the_plan_s_share_is_the_least() -> None:
    known = Duties(np.zeros((1, 24)), covered_share=0.5, between_km=4.0, running_h=20.0, covered_h=10.0, rest_h=1.0)
    assert known.empty_km(100.0, 0.1) == pytest.approx(5.0 + 5.0)
    assert known.empty_km(100.0, 0.02) == pytest.approx(4.0 + 1.0)
    assert replace(known, depots=True, depot_km=2.0).empty_km(100.0, 0.1) == pytest.approx(6.0 + 5.0)
    assert known.layover_h(0.2) == pytest.approx(1.0 + 2.0)


def test_all_kilometres_are_placed(tmp_path: Path, net: Network) -> None:
    """What the blocks tell lies on its roads, the plan's rest where the trips are: together the reconciled km."""
    stops = "stop_id,stop_lat,stop_lon\n" + "".join(
        f"{name},{y * BLOCK_DEG},{x * BLOCK_DEG}\n" for name, (x, y) in zip("abcd", STOPS, strict=True)
    )
    times = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + "".join(
        f"{t},{at},{at},{s},{i}\n"
        for t, calls in (("t1", (("08:00:00", "a"), ("08:10:00", "b"))), ("t2", (("08:30:00", "c"), ("08:40:00", "d"))))
        for i, (at, s) in enumerate(calls)
    )
    rows = "route_id,service_id,trip_id,block_id\nr,wk,t1,b\nr,wk,t2,b\n"
    feed = read_feed(feed_zip(tmp_path, stops=stops, stop_times=times, trips=rows, shapes=""))
    assert feed.trips["block_id"].to_list() == ["b", "b"]
    for depots in (None, DEPOT):
        bus: BusKm = bus_km(net, feed, depots=depots)
        for share in (0.0, 0.15, 2.0):
            want = bus.revenue_km + bus.duties.empty_km(bus.revenue_km, share)
            assert bus.all_km(share).sum() == pytest.approx(want, rel=1e-6)
        assert bus.table("average", np.arange(net.links.height))["empty_km"].sum() == pytest.approx(bus.duties.km.sum())


@pytest.mark.city
@pytest.mark.parametrize(("name", "blocks"), [("alhambra", 4), ("compton", 5), ("glendora", 3)])
def test_blocks_of_real_feeds(shared_data: Path, name: str, blocks: int) -> None:
    """Buses of the county of Los Angeles; the map of its major roads reaches them in part, the blocks are whole."""
    source = shared_data / "los_angeles" / "socal_major_roads.osm.pbf"
    net = load_network(NetworkSection(file=str(source)), Path("/"), "US")
    feed = read_feed(shared_data / "los_angeles" / "gtfs" / f"{name}.zip")
    got = duties(net, Roads.of(net), feed.trips, np.zeros((0, 2)))
    assert got.covered_share == pytest.approx(1.0)
    assert got.blocks >= blocks
    assert 0.0 < got.rest_h < got.running_h
