"""Days of service: every block is one bus that goes from place to place without a leap, on the roads there are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.activity.timetables.paths import Roads
from fleet_planner.buses.model import ServiceDay
from fleet_planner.buses.service.day import service_day
from fleet_planner.buses.service.drives import drives_between
from fleet_planner.buses.service.from_feed import of_feed
from fleet_planner.buses.service.table_of_trips import read_trips
from fleet_planner.buses.service.timetable import PLACE_SCHEMA, terminals
from fleet_planner.buses.service.ways import way_km
from fleet_planner.network.home_places import Places
from fleet_planner.plan.buses import BusesPlan
from fleet_planner.transit_feed import read_feeds
from tests.activity.test_bus_paths import BLOCK_DEG, BLOCK_KM, grid
from tests.transit_feed.test_feed import TIMES, write

HEAD = "trip_id,block_id,start,end,from_place,to_place,distance,from_lon,from_lat,to_lon,to_lat\n"
AT = {"A": (0.0, 0.0), "B": (0.1, 0.0), "C": (0.1, 0.1)}
ONE_DEGREE_KM = 111.195


def table(
    folder: Path, rows: list[tuple[str, str, str, str, str, str]], **keys: object
) -> tuple[ServiceDay, BusesPlan]:
    """Rows of trip, block, start, end, from, to."""
    text = [",".join((*row[:4], row[4], row[5], "12", *map(str, (*AT[row[4]], *AT[row[5]])))) for row in rows]
    (folder / "t.csv").write_text(HEAD + "\n".join(text) + "\n", encoding="utf-8")
    section = BusesPlan(on_roads=False, **keys)
    return service_day(read_trips(folder / "t.csv", section)["weekday"], section, DEPOT), section


DEPOT = Places("depot", ("Yard",), shapely.points([[0.0, 0.05]]))


def legs(day: ServiceDay) -> list[tuple[str, str, str]]:
    return day.movements.select("kind", "from_place", "to_place").rows()


def check_whole(day: ServiceDay) -> None:
    """No bus leaps in place or time, and every block begins and ends at its depot."""
    moves = day.movements
    assert moves["block_id"].to_list() == sorted(moves["block_id"].to_list())
    for row in day.blocks.iter_rows(named=True):
        own = moves[row["first"] : row["first"] + row["movements"]]
        assert own["block_id"].unique().to_list() == [row["block_id"]]
        assert own["sequence"].to_list() == list(range(own.height))
        assert own["from_place"].to_list() == [row["depot_id"], *own["to_place"].to_list()[:-1]]
        assert own["to_place"].to_list()[-1] == row["depot_id"]
        assert (own["end_s"] >= own["start_s"]).all()
        assert np.all(own["start_s"].to_numpy()[1:] >= own["end_s"].to_numpy()[:-1] - 1e-6)
        assert row["km"] == pytest.approx(own["km"].sum())
        assert (row["start_s"], row["end_s"]) == (own["start_s"].min(), own["end_s"].max())


def test_a_bus_leaves_turns_drives_empty_and_comes_back(tmp_path: Path) -> None:
    day, section = table(tmp_path, [("1", "x", "08:00", "08:40", "A", "B"), ("2", "x", "09:30", "10:00", "C", "A")])
    assert legs(day) == [
        ("pull_out", "Yard", "A"),
        ("trip", "A", "B"),
        ("dead_head", "B", "C"),
        ("trip", "C", "A"),
        ("pull_in", "A", "Yard"),
    ]
    check_whole(day)
    out, empty = day.movements.row(0, named=True), day.movements.row(2, named=True)
    assert out["km"] == pytest.approx(0.05 * ONE_DEGREE_KM * section.detour, rel=1e-3)
    assert out["start_s"] == pytest.approx(8 * 3600 - out["km"] / section.off_road_kmh * 3600)
    assert empty["start_s"] == 8 * 3600 + 2400
    assert empty["km"] == pytest.approx(0.1 * ONE_DEGREE_KM * section.detour, rel=1e-3)
    assert empty["stops"] == 0


def test_a_long_stay_is_at_the_depot_and_a_short_one_is_not(tmp_path: Path) -> None:
    rows = [("1", "x", "08:00", "08:40", "A", "A"), ("2", "x", "10:50", "11:00", "A", "A")]
    day, _ = table(tmp_path, rows)
    assert [kind for kind, *_ in legs(day)] == ["pull_out", "trip", "pull_in", "pull_out", "trip", "pull_in"]
    check_whole(day)
    day, _ = table(tmp_path, rows, longest_layover_min=180.0)
    assert [kind for kind, *_ in legs(day)] == ["pull_out", "trip", "trip", "pull_in"]


def test_an_empty_way_without_time_takes_what_there_is_and_is_counted(tmp_path: Path) -> None:
    day, _ = table(tmp_path, [("1", "x", "08:00", "08:40", "A", "B"), ("2", "x", "08:50", "09:20", "C", "A")])
    check_whole(day)
    empty = day.movements.filter(kind="dead_head").row(0, named=True)
    assert (empty["start_s"], empty["end_s"]) == (8 * 3600 + 2400, 8 * 3600 + 3000)
    assert next(f for f in day.findings if f.code == "buses.hurried").count == 1


def test_types_of_bus_do_not_share_one(tmp_path: Path) -> None:
    rows = [("1", "", "08:00", "08:40", "A", "A"), ("2", "", "09:00", "09:40", "A", "A")]
    day, section = table(tmp_path, rows)
    assert day.blocks.height == 1
    text = (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()
    named = [f"{line},{word}" for line, word in zip(text, ("bus_type", "midi", "coach"), strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(named) + "\n", encoding="utf-8")
    both = service_day(read_trips(tmp_path / "t.csv", section)["weekday"], section, DEPOT)
    assert both.blocks["bus_type"].to_list() == ["coach", "midi"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 40), st.sampled_from(["feed", "minimum"]), st.booleans())
def test_whatever_the_timetable_blocks_are_whole_and_trips_are_kept(
    tmp_path_factory: pytest.TempPathFactory, seed: int, trips: int, blocks: str, depot: bool
) -> None:
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 24 * 60, trips)
    end = start + rng.integers(0, 90, trips)
    at = rng.choice(list(AT), (trips, 2))
    known = rng.choice(["x", "y", ""], trips)
    clock = [[f"{m // 60:02d}:{m % 60:02d}" for m in times] for times in (start, end)]
    rows = [",".join(map(str, (k, known[k], clock[0][k], clock[1][k], *at[k], 5, *AT[at[k, 0]], *AT[at[k, 1]]))) for k in range(trips)]  # fmt: skip
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    section = BusesPlan(on_roads=False, blocks=blocks)
    day = service_day(read_trips(path, section)["weekday"], section, DEPOT if depot else None)
    check_whole(day)
    kept = day.movements.filter(kind="trip")
    assert sorted(kept["trip_id"], key=int) == [str(k) for k in range(trips)]
    assert kept.sort(pl.col("trip_id").cast(pl.Int64))["start_s"].to_list() == (start * 60.0).tolist()


def test_terminals_gather_the_stops_about_the_busiest() -> None:
    ends = pl.DataFrame({"stop": ["a", "b", "c"], "lon": [0.0, 0.0005, 0.001], "lat": [0.0] * 3, "uses": [1, 5, 1]})
    assert dict(terminals(ends, 60.0).iter_rows()) == {"a": "b", "b": "b", "c": "b"}
    assert dict(terminals(ends, 40.0).iter_rows()) == {"a": "a", "b": "b", "c": "c"}


def places_at(*at: tuple[float, float]) -> pl.DataFrame:
    rows = [(f"p{k}", f"p{k}", x * BLOCK_DEG, y * BLOCK_DEG, False) for k, (x, y) in enumerate(at)]
    return pl.DataFrame(rows, schema=PLACE_SCHEMA, orient="row")


def test_empty_ways_follow_one_way_streets_and_are_straight_where_no_road_leads() -> None:
    section = BusesPlan()
    two_way = grid(3)
    places = places_at((0, 0), (1, 0))
    drives = drives_between(places, section, two_way.__class__(two_way.links.with_columns(length_km=pl.lit(BLOCK_KM)), two_way.coordinates, two_way.offsets, "test"))  # fmt: skip
    assert drives.km == pytest.approx(np.array([[0.0, BLOCK_KM], [BLOCK_KM, 0.0]]), rel=1e-3)
    assert drives.time_s[0, 1] == pytest.approx(BLOCK_KM / 50.0 * 3600.0 * section.dead_head_pace, rel=1e-3)
    # (0, 0) to (1, 0) is one-way: back it is around the block; from (2, 2) no road leads
    corner = frozenset({((2, 2), (1, 2)), ((2, 2), (2, 1))})
    bare = grid(3, oneway=frozenset({((0, 0), (1, 0))}), without=corner)
    net = replace(bare, links=bare.links.with_columns(length_km=pl.lit(BLOCK_KM)))
    drives = drives_between(places_at((0, 0), (1, 0), (2, 2)), section, net)
    assert drives.km[0, 1] == pytest.approx(BLOCK_KM, rel=1e-3)
    assert drives.km[1, 0] == pytest.approx(3 * BLOCK_KM, rel=1e-3)
    assert drives.km[0, 2] == pytest.approx(4 * BLOCK_KM, rel=1e-3)
    assert drives.km[2, 0] == pytest.approx(np.hypot(2, 2) * BLOCK_KM * section.detour, rel=1e-2)


LOOP = "stop_id,stop_lat,stop_lon\na,0,0\nb,0,0.004\nc,0.004,0.004\n"
BROKEN = (
    "t,08:00:00,08:00:00,a,1\nt,08:10:00,08:10:00,b,2\nt,08:15:00,08:15:00,c,3\nt,08:30:00,08:30:00,a,4\n"  # a loop
    "z,09:00:00,09:00:00,a,1\nz,09:00:00,09:00:00,a,2\n"  # no way, no time
    "n,25:10:00,25:10:00,a,1\nn,25:30:00,25:30:00,c,2\n"  # after midnight
    "u,10:00:00,10:00:00,nowhere,1\nu,10:20:00,10:20:00,a,2\n"  # from a stop that nobody knows
)


def test_a_broken_feed_is_survived_and_told_of(tmp_path: Path) -> None:
    trips = "trip_id,route_id,service_id,block_id\nt,r,wk,B\nz,r,wk,B\nn,r,wk,\nu,r,wk,B\n"
    feed = read_feeds(write(tmp_path, stops=LOOP, stop_times=TIMES + BROKEN, trips=trips), {"weekday": range(5)})[
        "weekday"
    ]
    bare = grid(3)
    net = replace(bare, links=bare.links.with_columns(length_km=pl.lit(BLOCK_KM)))
    roads = Roads.of(net)
    section = BusesPlan()
    day = service_day(of_feed("weekday", feed, section, roads), section, None, None, net, roads)
    check_whole(day)
    kept = day.movements.filter(kind="trip")
    assert sorted(kept["trip_id"]) == ["n", "t", "z"]
    loop = kept.filter(trip_id="t").row(0, named=True)
    assert loop["from_place"] == loop["to_place"] == "a"
    assert loop["km"] == pytest.approx(8 * BLOCK_KM, rel=0.02)
    assert kept.filter(trip_id="z").select("km", "start_s", "end_s").row(0) == (0.0, 32400.0, 32400.0)
    assert kept.filter(trip_id="n")["end_s"].to_list() == [91800.0]
    codes = {f.code: f for f in day.findings}
    assert codes["transit.untimed"].values["value"] == "u"
    assert codes["transit.stop_unplaced"].values["row"] == 10
    assert codes["buses.still_trip"].values["trip"] == "z"
    ways = way_km(day.ways)[day.movements["way"].to_numpy()]
    assert day.movements["km"].to_numpy() == pytest.approx(ways)
