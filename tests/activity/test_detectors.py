"""Measured speeds: read, matched to links, averaged over time and carried along the road."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small_city import fleet, network
from test_speeds import straight_road

from fleet_planner.activity import Activity, build_activity
from fleet_planner.errors import InputError
from fleet_planner.network import Network, load_network
from fleet_planner.plan.models import ActivitySection, NetworkSection
from fleet_planner.plan.traffic import SpeedsSection, TrafficSection


def built(net: Network, folder: Path, text: str, day_types: str = "average", **keys: object) -> Activity:
    (folder / "speeds.csv").write_text(text, encoding="utf-8")
    section = SpeedsSection.model_validate({"file": "speeds.csv", "corridor_km": 0.0, "reach_km": 0.0} | keys)
    traffic = TrafficSection(day_types=day_types, speeds=section)  # type: ignore[arg-type]
    return build_activity(net, fleet(1, ["car"]), ActivitySection(), folder, traffic=traffic)


def test_readings_of_an_hour_are_averaged_as_times(tmp_path: Path) -> None:
    # 2024-05-29 is a Wednesday; 30 and 60 km/h: 40 km/h over space
    text = "link_id,time,speed\n2,2024-05-29T08:05:00,30\n2,2024-05-29 08:35,60\n2,2024-05-29T09:00:00,\n2,2024-05-29T10:00:00,0\n"
    plain = built(straight_road(5), tmp_path, "link_id,hour,speed\n4,23,1\n")
    got = built(straight_road(5), tmp_path, text)
    assert got.speed_kmh[2, 8] == pytest.approx(40.0)
    changed = got.speed_kmh != plain.speed_kmh
    assert np.argwhere(changed).tolist() == [[2, 8], [4, 23]]
    found = next(f for f in got.findings if f.code == "activity.speed_gaps")
    assert found.count == 2


def test_types_of_day_take_their_own_readings_then_wider_words(tmp_path: Path) -> None:
    text = (
        "link_id,time,day_type,hour,speed\n"
        "1,2024-05-29T08:00:00,,,20\n"  # Wednesday
        "1,2024-06-01T08:00:00,,,40\n"  # Saturday
        "1,,average,9,33\n1,,weekend,8,80\n"
    )
    week = built(straight_road(3), tmp_path, text, "weekday_saturday_sunday")
    assert week.speed_kmh[1, 8] == pytest.approx(20.0)
    assert week.speed_kmh[1, 24 + 8] == pytest.approx(40.0)
    assert week.speed_kmh[1, 48 + 8] == pytest.approx(80.0)
    np.testing.assert_allclose(week.speed_kmh[1, [9, 33, 57]], 33.0)
    one = built(straight_road(3), tmp_path, text)
    assert one.speed_kmh[1, 8] == pytest.approx(7 / (5 / 20 + 1 / 40 + 1 / 80))


def test_points_are_matched_by_distance_and_direction(tmp_path: Path) -> None:
    there = straight_road(4)
    back = there.links.with_columns(u="v", v="u", link_id=pl.col("link_id") + 4)
    points = np.concatenate([there.coordinates, there.coordinates.reshape(4, 2, 2)[:, ::-1].reshape(8, 2)])
    both = Network(pl.concat([there.links, back]), points, np.arange(0, 17, 2), "test")
    # 0.0003 degrees are 33 m, 0.0009 are 100 m
    text = "site_id,lon,lat,direction,hour,speed\na,0.0135,0.0003,WB,8,11\nb,0.0045,0.0003,90,8,12\nc,0.0225,0.0009,E,8,13\n"
    got = built(both, tmp_path, text)
    assert np.isclose(got.speed_kmh, 11.0).nonzero()[0].tolist() == [5]
    assert np.isclose(got.speed_kmh, 12.0).nonzero()[0].tolist() == [0]
    assert not np.isclose(got.speed_kmh, 13.0).any()
    off = next(f for f in got.findings if f.code == "activity.speed_sites_off")
    assert off.count == 1
    assert off.values["names"] == "c"


def test_a_table_with_a_column_per_site_and_miles(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text(
        "sensor_id,latitude,longitude\n77,0.0,0.0045\n78,0.0,0.0225\n", encoding="utf-8"
    )
    text = "time,77,78,note\n2024-05-29 08:00:00,30,,x\n2024-05-29 08:30:00,30,50,y\n"
    got = built(straight_road(4), tmp_path, text, sites="sites.csv", unit="mph")
    assert got.speed_kmh[0, 8] == pytest.approx(30 * 1.609344)
    assert got.speed_kmh[2, 8] == pytest.approx(50 * 1.609344)


def test_speeds_reach_along_the_road_and_no_further(tmp_path: Path) -> None:
    text = "link_id,hour,speed\n2,8,20\n6,8,40\n"
    got = built(straight_road(20), tmp_path, text, reach_km=0.3)
    speed = got.speed_kmh[:, 8]
    # links of 100 m: 3 is 100 m from the one and 300 m from the other
    assert speed[3] == pytest.approx(1 / ((3 / 20 + 1 / 40) / 4))
    assert speed[4] == pytest.approx(1 / ((1 / 20 + 1 / 40) / 2))
    assert speed[9] == pytest.approx(40.0)
    assert speed[10] == speed[19]
    share = next(f for f in got.findings if f.code == "activity.speeds_known").share
    assert 0.0 < share < 0.05


@pytest.mark.parametrize(
    ("text", "keys", "parts"),
    [
        ("link_id,hour,speed\n9,8,30\n", {}, ["row 2, column link_id", "no such link", "found: 9"]),
        ("lon,lat,hour,speed\n1,1,8,30\n", {}, ["none of the places lies on a road"]),
        ("link_id,hour,speed\n1,24,30\n", {}, ["row 2, column hour", "out of range", "'24'", "0 to 23"]),
        ("link_id,hour,speed\n1,8,-3\n", {}, ["row 2, column speed", "out of range", "'-3'"]),
        ("link_id,hour,speed\n1,8,fast\n", {}, ["row 2, column speed", "no number", "'fast'"]),
        ("link_id,speed\n1,30\n", {}, ["row 2, column hour", "no hour"]),
        ("hour,speed\n8,30\n", {}, ["row 2, column link_id", "names no place"]),
        ("link_id,time,speed\n1,noon,30\n", {}, ["row 2, column time", "no time", "'noon'"]),
        ("link_id,direction,hour,speed\n1,up,8,30\n", {}, ["row 2, column direction", "not understood", "'up'"]),
        ("link_id,hour,speed\n1,8,0\n", {}, ["no speed above 0"]),
        ("link_id,hour,speed\n", {}, ["no row"]),
        ("time,1\n2024-05-29 08:00,30\n", {"sites": "none.csv"}, ["none.csv", "no such file", "traffic.speeds.sites"]),
        ("time,1\n2024-05-29 08:00,30\n", {"sites": "s.csv"}, ["no column of the table is a site"]),
        ("time,a\n2024-05-29 08:00,x\n", {"sites": "s.csv"}, ["row 2, column speed", "no speed", "'x'"]),
    ],
)
def test_wrong_tables_are_named(tmp_path: Path, text: str, keys: dict[str, str], parts: list[str]) -> None:
    (tmp_path / "s.csv").write_text("site_id,link_id\na,1\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        built(network(5), tmp_path, text, **keys)
    for part in parts:
        assert part in str(error.value)


@pytest.mark.city
def test_metr_la_detectors_lie_on_motorways_of_los_angeles(shared_data: Path) -> None:
    net = load_network(NetworkSection(file="los_angeles/socal_major_roads.osm.pbf"), shared_data, "US")
    speeds = SpeedsSection(
        file="metr_la_speed_mph_5min.parquet", sites="metr_la_sensors.csv", unit="mph", corridor_km=0.0
    )
    vehicles = fleet(1, ["car"])
    folder = shared_data / "los_angeles"
    section = TrafficSection(day_types="weekday_weekend", speeds=speeds)
    got = build_activity(net, vehicles, ActivitySection(), folder, traffic=section)
    plain = build_activity(
        net, vehicles, ActivitySection(), folder, traffic=TrafficSection(day_types="weekday_weekend")
    )
    assert next(f for f in got.findings if f.code == "activity.speed_sites").count > 160
    changed = np.flatnonzero((got.speed_kmh != plain.speeds.link_kmh).any(axis=1))
    classes = net.links["road_class"].gather(changed).value_counts(sort=True)
    assert classes["road_class"][0] == "motorway"
    assert classes["count"][0] > 0.8 * changed.size
    weekday, weekend = got.speed_kmh[changed, 17].mean(), got.speed_kmh[changed, 24 + 17].mean()
    assert 40.0 < weekday < weekend < 115.0
