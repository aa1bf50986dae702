"""Speeds by profile and by volume, averaged along roads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small_city import fleet, network

from fleet_planner.activity import build_activity
from fleet_planner.activity.corridors import Corridors
from fleet_planner.activity.profiles import stream_profile
from fleet_planner.activity.speeds import passenger_cars
from fleet_planner.network import Network, load_network
from fleet_planner.plan.models import ActivitySection, NetworkSection
from fleet_planner.plan.traffic import SpeedsSection, TrafficSection
from fleet_planner.reference import reference_table


def straight_road(n: int, **columns: pl.Series) -> Network:
    """Links of 0.1 km one behind the other, one class, one name."""
    net = network(n)
    one = {
        "road_class": pl.lit("primary"),
        "name": pl.lit("Main"),
        "length_km": pl.lit(0.1),
        "free_flow_kmh": pl.lit(50.0),
    }
    return replace(net, links=net.links.with_columns(**(one | columns)))


def built(net: Network, section: TrafficSection, streams: tuple[str, ...] = ("car",)):
    return build_activity(net, fleet(1, list(streams)), ActivitySection(), Path(), traffic=section)


def test_speeds_are_averaged_along_the_road_and_not_beyond_it() -> None:
    free = pl.Series([20.0, 80.0] * 7 + [30.0] * 6)
    names = pl.Series(["A"] * 14 + ["B"] * 6)
    net = straight_road(20, free_flow_kmh=free, name=names)
    got = built(net, TrafficSection(speeds=SpeedsSection(corridor_km=0.7)))
    plain = built(net, TrafficSection(speeds=SpeedsSection(corridor_km=0.0)))
    share = plain.speed_kmh[:, 8] / free.to_numpy()
    # 7 links of 100 m: 4 at 20 and 3 at 80 km/h, then 3 and 4
    assert got.speed_kmh[0, 8] == pytest.approx(share[0] * 7 / (4 / 20 + 3 / 80))
    assert got.speed_kmh[7, 8] == pytest.approx(share[0] * 7 / (3 / 20 + 4 / 80))
    assert got.speed_kmh[14, 8] == pytest.approx(share[0] * 30.0)
    found = next(f for f in got.findings if f.code == "activity.corridors")
    assert found.count == 3
    assert not [f for f in plain.findings if f.code == "activity.corridors"]


def test_other_lengths_start_from_the_links_own_speeds() -> None:
    net = straight_road(20, free_flow_kmh=pl.Series(np.linspace(20.0, 90.0, 20)))
    once = built(net, TrafficSection(speeds=SpeedsSection(corridor_km=0.5)))
    other = built(net, TrafficSection(speeds=SpeedsSection(corridor_km=1.0)))
    np.testing.assert_array_equal(once.with_corridors(1.0).speed_kmh, other.speed_kmh)
    assert not np.array_equal(once.speed_kmh, other.speed_kmh)


def test_two_directions_are_two_roads() -> None:
    there = straight_road(6)
    back = there.links.with_columns(u="v", v="u", link_id=pl.col("link_id") + 6)
    points = np.concatenate([there.coordinates, there.coordinates.reshape(6, 2, 2)[:, ::-1].reshape(12, 2)])
    both = Network(pl.concat([there.links, back]), points, np.arange(0, 25, 2), "test")
    found = Corridors.of(both)
    roads = {tuple(found.order[a:b]) for a, b in zip(found.first[:-1], found.first[1:], strict=True)}
    assert roads == {(0, 1, 2, 3, 4, 5), (11, 10, 9, 8, 7, 6)}


def test_more_traffic_is_slower_and_the_formula_holds() -> None:
    net = straight_road(3, capacity_veh_h=pl.Series([300.0] * 3), lanes=pl.Series([1.0] * 3))
    section = TrafficSection(speeds=SpeedsSection(method="volume_delay", corridor_km=0.0))
    few = built(net, section)
    doubled = build_activity(
        net, fleet(1, ["car"]).with_columns(pl.col("count") * 2.0), ActivitySection(), Path(), traffic=section
    )
    assert np.all(doubled.speed_kmh <= few.speed_kmh)
    assert np.any(doubled.speed_kmh < few.speed_kmh)
    calm = (
        reference_table("speed_profiles.csv")
        .filter((pl.col("class_group") == "arterial") & (pl.col("day_type") == "weekday"))["fraction_of_free_flow"]
        .max()
    )
    flow = few.vkt.sum(axis=0) / 0.1
    np.testing.assert_allclose(
        few.speed_kmh, np.maximum(50.0 * calm / (1 + 0.15 * (flow / 300.0) ** 4), 5.0), rtol=1e-9
    )
    whole = built(net, TrafficSection(speeds=SpeedsSection(method="volume_delay", corridor_km=0.0, fleet_share=0.5)))
    np.testing.assert_allclose(whole.speed_kmh, doubled.speed_kmh, rtol=1e-12)


def test_volume_of_a_type_of_day_is_that_of_such_a_day() -> None:
    net = straight_road(3, capacity_veh_h=pl.Series([300.0] * 3), lanes=pl.Series([1.0] * 3))
    speeds = SpeedsSection(method="volume_delay", corridor_km=0.0)
    week = built(net, TrafficSection(day_types="weekday_weekend", speeds=speeds), ("rigid_truck",))
    one = built(net, TrafficSection(speeds=speeds), ("rigid_truck",))
    assert np.all(week.speed_kmh[:, :24].min() < one.speed_kmh.min())
    assert np.all(week.speed_kmh[:, 24:].min() > one.speed_kmh.min())


def test_overload_is_floored_and_counted() -> None:
    net = straight_road(3, capacity_veh_h=pl.Series([1.0] * 3))
    activity = built(net, TrafficSection(speeds=SpeedsSection(method="volume_delay")))
    assert activity.speed_kmh.min() == pytest.approx(5.0)
    found = next(f for f in activity.findings if f.code == "activity.speeds_floored")
    assert found.share > 0.5


def test_heavy_vehicles_take_more_room() -> None:
    cars = {
        s: passenger_cars(stream_profile(s))
        for s in ("car", "visiting_car", "rigid_truck", "articulated_truck", "urban_bus")
    }
    assert cars["car"] == cars["visiting_car"] == 1.0
    assert cars["articulated_truck"] >= cars["rigid_truck"] > 1.0
    assert cars["urban_bus"] > 1.0


def test_corridors_of_the_embedded_city_are_as_long_as_its_roads_allow() -> None:
    net = load_network(NetworkSection(builtin="coquimbo"), Path(), "CL")
    found = Corridors.of(net)
    length = net.links["length_km"].to_numpy()
    piece = found.piece_km(0.7)
    road = np.repeat(np.add.reduceat(length[found.order], found.first[:-1]), np.diff(found.first))
    whole = np.empty_like(road)
    whole[found.order] = road
    short_links = length < 0.2
    long_roads = (whole > 1.1) & short_links
    assert long_roads.sum() > 5000
    assert np.quantile(piece[long_roads], 0.02) > 0.4
    assert np.quantile(piece[long_roads], 0.98) < 1.1
    np.testing.assert_allclose(piece[whole < 1.0], whole[whole < 1.0], rtol=1e-9)
