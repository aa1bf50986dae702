"""Vehicle-km close, access rules hold, buses follow their timetable."""

from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_city import feed_zip, fleet, network

from fleet_planner.activity import build_activity, vkt_by_stream
from fleet_planner.activity.profiles import GROUPS, hourly_speeds, stream_profile
from fleet_planner.activity.timetables.transit import bus_km
from fleet_planner.errors import InputError, PlanError
from fleet_planner.network import Network, builtin_gtfs, load_network
from fleet_planner.plan.models import AccessRule, ActivitySection, NetworkSection
from fleet_planner.reference import reference_table
from fleet_planner.transit_feed import read_feed


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 999),
    st.integers(1, 30),
    st.lists(st.sampled_from(["car", "rigid_truck", "visiting_car", "coach", "spaceship"]), min_size=1, max_size=12),
)
def test_vehicle_km_close_by_stream(seed: int, links: int, streams: list[str]) -> None:
    vehicles = fleet(seed, streams)
    activity = build_activity(network(links, seed), vehicles, ActivitySection(), Path())
    for s, (name, km) in enumerate(vkt_by_stream(vehicles).items()):
        assert activity.streams[s] == name
        assert activity.vkt[s].sum() == pytest.approx(km, rel=1e-11)
    assert np.all(activity.vkt >= 0.0)


def test_unknown_stream_is_counted() -> None:
    activity = build_activity(network(3), fleet(1, ["spaceship"]), ActivitySection(), Path())
    found = next(f for f in activity.findings if f.code == "activity.unknown_stream")
    assert found.values == {"stream": "spaceship", "used": "car"}


def test_trucks_stay_out_by_day_and_their_km_are_kept() -> None:
    rule = AccessRule(streams=["rigid_truck"], road_classes=["primary"], hours=list(range(6, 23)))
    net = network(20)
    vehicles = fleet(2, ["rigid_truck", "car"])
    activity = build_activity(net, vehicles, ActivitySection(access=[rule]), Path())
    primary = (net.links["road_class"] == "primary").to_numpy()
    truck = activity.vkt[activity.streams.index("rigid_truck")]
    assert primary.any()
    assert truck[primary][:, 6:23].sum() == 0.0
    assert truck[primary][:, :6].sum() > 0.0
    assert truck.sum() == pytest.approx(vkt_by_stream(vehicles)["rigid_truck"], rel=1e-12)
    assert activity.vkt[activity.streams.index("car")][primary][:, 8].sum() > 0.0


def test_area_rule_uses_the_polygon(tmp_path: Path) -> None:
    square = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[-1,-1],[0.0455,-1],[0.0455,1],[-1,1],[-1,-1]]]}}]}'
    (tmp_path / "zone.geojson").write_text(square, encoding="utf-8")
    rule = AccessRule(streams=["rigid_truck"], area="zone.geojson")
    activity = build_activity(network(10), fleet(3, ["rigid_truck"]), ActivitySection(access=[rule]), tmp_path)
    by_link = activity.vkt[0].sum(axis=1)
    assert np.all(by_link[:5] == 0.0)
    assert np.all(by_link[5:] > 0.0)


def test_a_stream_without_any_open_road_is_an_error() -> None:
    rule = AccessRule(streams=["rigid_truck"])
    with pytest.raises(InputError, match="rigid_truck has nowhere to drive"):
        build_activity(network(5), fleet(4, ["rigid_truck"]), ActivitySection(access=[rule]), Path())


def test_unconnected_and_barred_links_carry_nothing() -> None:
    net = network(6)
    links = net.links.with_columns(
        in_main=pl.Series([False, True, True, True, True, True]),
        hgv_allowed=pl.Series([True, False, True, True, True, True]),
    )
    changed = Network(links, net.coordinates, net.offsets, "test")
    activity = build_activity(changed, fleet(5, ["rigid_truck", "car"]), ActivitySection(), Path())
    car, truck = activity.vkt[0].sum(axis=1), activity.vkt[1].sum(axis=1)
    assert car[0] == truck[0] == truck[1] == 0.0
    assert car[1] > 0.0


def test_allocation_does_not_depend_on_threads() -> None:
    vehicles = fleet(6, ["car", "taxi", "coach", "rigid_truck"])
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one = build_activity(network(200), vehicles, ActivitySection(), Path())
        numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
        two = build_activity(network(200), vehicles, ActivitySection(), Path())
    finally:
        numba.set_num_threads(before)
    assert np.array_equal(one.vkt, two.vkt)


def test_modes_follow_the_stated_rule() -> None:
    net = network(30)
    activity = build_activity(net, fleet(7, ["car"]), ActivitySection(peak_hours=[8]), Path())
    for i, (road_class, speed) in enumerate(net.links.select("road_class", "free_flow_kmh").iter_rows()):
        want = 3 if road_class == "motorway" and speed >= 80 else 2 if speed >= 70 and road_class != "motorway" else 1
        if road_class == "motorway" and speed < 80:
            want = 1
        assert activity.mode[i, 12] == want
        assert activity.mode[i, 8] == (0 if want == 1 else want)


def test_profiles_add_up() -> None:
    days = pl.DataFrame({"day_type": ["weekday", "saturday", "sunday"], "days": [5.0, 1.0, 1.0]})
    shares = (
        reference_table("hourly_profiles.csv")
        .join(days, on="day_type")
        .with_columns(pl.col("share") * pl.col("days") / 7)
    )
    shares = shares.group_by("profile").agg(pl.col("share").sum(), pl.len())
    assert shares["share"].to_list() == pytest.approx([1.0] * shares.height)
    assert set(shares["len"]) == {72}
    months = reference_table("monthly_profiles.csv").group_by("profile").agg(pl.col("share").sum(), pl.len())
    assert months["share"].to_list() == pytest.approx([1.0] * months.height, abs=1e-6)
    assert set(months["len"]) == {12}
    assert set(months["profile"]) == set(shares["profile"])
    for stream in reference_table("streams.csv")["stream"]:
        assert stream_profile(stream).base == ""
    speeds = hourly_speeds(np.array([100.0, 60.0, 30.0]), np.array([0, 1, 2]))
    assert np.all((speeds > 0.0) & (speeds <= np.array([[100.0], [60.0], [30.0]])))


@pytest.mark.city
def test_motorway_speeds_have_the_daily_shape_of_metr_la(shared_data: Path) -> None:
    speeds = pl.read_parquet(shared_data / "los_angeles" / "metr_la_speed_mph_5min.parquet")
    values = speeds.drop("time").to_numpy().astype(float)
    values[values <= 0.0] = np.nan
    free = np.nanquantile(values, 0.95, axis=0)
    weekday = (speeds["time"].dt.weekday() <= 5).to_numpy()
    hour = speeds["time"].dt.hour().to_numpy()
    measured = np.array([np.nanmean(values[weekday & (hour == h)] / free) for h in range(24)])
    packaged = hourly_speeds(np.ones(3), np.arange(3))
    assert GROUPS[0] == "motorway"
    np.testing.assert_allclose(packaged[0], measured, atol=5e-4)
    for group in packaged:
        assert np.corrcoef(group, measured)[0, 1] > 0.95
        assert int(np.argmin(group[5:12])) + 5 in {7, 8, 9}
        assert int(np.argmin(group[13:22])) + 13 in {16, 17, 18}


def test_buses_fall_on_the_links_and_hours_they_pass(tmp_path: Path) -> None:
    feed = read_feed(feed_zip(tmp_path))
    assert feed.trips["trip_id"].to_list() == ["t1", "t2"]
    net = network(8)
    found = bus_km(net, feed)
    km, scheduled = found.km, found.scheduled_km
    unmatched = found.unmatched_share + found.outside_share
    assert unmatched == pytest.approx(0.0, abs=1e-9)
    assert km.sum() == pytest.approx(scheduled, rel=2e-3)  # the line on a sphere, the roads on the ellipsoid
    assert km[5:].sum() == 0.0
    assert km[:, 1].sum() == pytest.approx(scheduled / 2, rel=2e-3)
    assert km[0, 8] > 0.0
    assert km[0, 9] == 0.0
    assert km[4, 9] > 0.0
    vehicles = fleet(8, ["urban_bus", "car"])
    activity = build_activity(net, vehicles, ActivitySection(gtfs="feed.zip"), tmp_path, {"average": feed})
    bus = activity.vkt[activity.streams.index("urban_bus")]
    assert bus.sum() == pytest.approx(vkt_by_stream(vehicles)["urban_bus"], rel=1e-12)
    np.testing.assert_allclose(bus / bus.sum(), km / km.sum(), rtol=1e-9)


def test_feed_without_shapes_is_routed_by_road(tmp_path: Path) -> None:
    feed = read_feed(feed_zip(tmp_path, shapes="", trips="route_id,service_id,trip_id\nr,wk,t1\n"))
    assert next(f for f in feed.findings if f.code == "transit.no_shape").count == 1
    assert bus_km(network(8), feed).scheduled_km == pytest.approx(4.98, abs=0.02)


def test_frequencies_repeat_trips(tmp_path: Path) -> None:
    table = "trip_id,start_time,end_time,headway_secs\nt1,06:00:00,08:00:00,1200\n"
    feed = read_feed(feed_zip(tmp_path, frequencies=table))
    starts = feed.trips.filter(pl.col("trip_id") == "t1")["start_s"].sort().to_list()
    assert starts == [21_600 + 1200 * k for k in range(6)]
    assert (feed.trips["end_s"] - feed.trips["start_s"]).max() == 3600


def test_calendar_dates_alone_choose_the_busiest_day(tmp_path: Path) -> None:
    trips = "route_id,service_id,trip_id,shape_id\nr,wk,t1,s\nr,sat,t2,s\nr,sat,t3,s\n"
    dates = "service_id,date,exception_type\nwk,20240102,1\nsat,20240106,1\nwk,20240107,2\n"
    feed = read_feed(feed_zip(tmp_path, calendar="", calendar_dates=dates, trips=trips))
    assert str(feed.day) == "2024-01-06"
    assert feed.trips.height == 2


@pytest.mark.parametrize(
    ("tables", "part"),
    [
        ({"stop_times": ""}, "has no stop_times.txt"),
        ({"calendar": ""}, "neither calendar.txt nor calendar_dates.txt"),
        ({"routes": "route_id\nr\n"}, "column route_type"),
        (
            {"stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nt1,8 o'clock,08:30:00,a,1\n"},
            "row 2, column arrival_time",
        ),
        ({"routes": "route_id,route_type\nr,2\n"}, "no bus runs"),
    ],
)
def test_broken_feeds_are_named(tmp_path: Path, tables: dict[str, str], part: str) -> None:
    with pytest.raises(InputError) as error:
        read_feed(feed_zip(tmp_path, **tables))
    assert part in str(error.value)
    assert "feed.zip" in str(error.value)


def test_feed_that_is_no_zip(tmp_path: Path) -> None:
    (tmp_path / "feed.zip").write_text("no zip", encoding="utf-8")
    with pytest.raises(InputError, match="not a readable zip"):
        read_feed(tmp_path / "feed.zip")


def test_embedded_feed_lies_on_the_embedded_network() -> None:
    net = load_network(NetworkSection(builtin="coquimbo"), Path(), "CL")
    feed = read_feed(builtin_gtfs())
    assert feed.trips.height == 360
    found = bus_km(net, feed)
    km, scheduled = found.km, found.scheduled_km
    unmatched = found.unmatched_share + found.outside_share
    assert unmatched < 0.01
    assert km.sum() == pytest.approx(scheduled * (1 - unmatched), rel=5e-3)
    assert np.count_nonzero(km.sum(axis=1)) > 300


def test_both_directions_of_a_road_fall_on_the_same_side_of_an_area(tmp_path: Path) -> None:
    net = network(1)
    links = pl.concat([net.links, net.links.with_columns(link_id=pl.col("link_id") + 1), net.links])
    far = np.array([[0.1, 0.0], [0.11, 0.0]])
    coordinates = np.concatenate([net.coordinates, net.coordinates[::-1], far])
    two_way = Network(links, coordinates, np.array([0, 2, 4, 6]), "test")
    ring = "[[-1,-1],[0.003,-1],[0.003,1],[-1,1],[-1,-1]]"
    (tmp_path / "zone.geojson").write_text(f'{{"type":"Polygon","coordinates":[{ring}]}}', encoding="utf-8")
    rule = AccessRule(streams=["car"], area="zone.geojson")
    activity = build_activity(two_way, fleet(3, ["car"]), ActivitySection(access=[rule]), tmp_path)
    assert np.all(activity.vkt[0].sum(axis=1) > 0.0)


def test_area_without_a_polygon_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "line.geojson").write_text('{"type":"LineString","coordinates":[[0,0],[1,1]]}', encoding="utf-8")
    rule = AccessRule(streams=["car"], area="line.geojson")
    with pytest.raises(InputError, match="this is no polygon"):
        build_activity(network(2), fleet(3, ["car"]), ActivitySection(access=[rule]), tmp_path)


def test_rule_for_a_stream_that_nobody_drives_is_reported() -> None:
    rule = AccessRule(streams=["coach"])
    activity = build_activity(network(2), fleet(3, ["rigid_truck"]), ActivitySection(access=[rule]), Path())
    found = next(f for f in activity.findings if f.code == "activity.access_idle")
    assert found.values == {"streams": "coach"}
    assert not [f for f in activity.findings if f.code == "activity.access"]


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        (AccessRule(streams=["rigid_trucks"]), ("activity.access.streams", "'rigid_trucks'", "rigid_truck")),
        (
            AccessRule(streams=["rigid_truck"], road_classes=["primry"]),
            ("activity.access.road_classes", "'primry'", "primary"),
        ),
    ],
)
def test_misspelt_word_of_an_access_rule_is_refused(rule: AccessRule, parts: tuple[str, ...]) -> None:
    with pytest.raises(PlanError) as caught:
        build_activity(network(2), fleet(3, ["rigid_truck"]), ActivitySection(access=[rule]), Path())
    for part in parts:
        assert part in str(caught.value)


def test_bus_that_waits_at_a_stop_passes_later_links_later(tmp_path: Path) -> None:
    stops = "stop_id,stop_lat,stop_lon\na,0,0.0001\nm,0,0.0225\nb,0,0.0449\n"
    times = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nt1,08:00:00,08:00:00,a,1\nt1,08:10:00,10:30:00,m,2\nt1,10:40:00,10:40:00,b,3\n"
    found = bus_km(network(8), read_feed(feed_zip(tmp_path, stops=stops, stop_times=times)))
    km, scheduled = found.km, found.scheduled_km
    assert np.flatnonzero(km.sum(axis=0)).tolist() == [8, 10]
    assert km[:, 8].sum() == pytest.approx(scheduled / 2, abs=0.02)


def test_totals_repeat_bit_for_bit() -> None:
    rng = np.random.default_rng(0)
    vehicles = fleet(0, [f"s{i}" for i in rng.integers(0, 9, 50_000)])
    first = vkt_by_stream(vehicles)
    assert list(first) == sorted(first)
    assert all(vkt_by_stream(vehicles) == first for _ in range(20))
