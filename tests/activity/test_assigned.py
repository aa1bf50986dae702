"""Assigned traffic keeps the registry's totals, the bans and the zones' trips; what is left out is counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from shapely.geometry import Point, box

from fleet_planner.activity import build_activity, vkt_by_stream
from fleet_planner.activity.assigned_traffic import AssignedTraffic
from fleet_planner.activity.assignment.assigned import assign_traffic
from fleet_planner.activity.assignment.connectors import connect, local_km, pairs_inside
from fleet_planner.activity.build import traffic_setting
from fleet_planner.activity.model import Activity
from fleet_planner.activity.profiles import class_groups, quiet_speeds
from fleet_planner.errors import InputError
from fleet_planner.network import Network
from fleet_planner.network.zones import Zones
from fleet_planner.plan.assignment import AssignmentSection
from fleet_planner.plan.models import AccessRule, ActivitySection
from fleet_planner.plan.traffic import SpeedsSection, TrafficSection
from fleet_planner.units import DAYS_PER_YEAR

SIDE = 6
STEP_DEG = 0.005
LINK_KM = 0.55
LINK_BY_LINK = SpeedsSection(corridor_km=0.0)
Float = NDArray[np.float64]


def grid(**columns: Any) -> Network:
    """A square of two-way streets; the middle row is a primary road."""
    edges = [((r, c), (r, c + 1)) for r in range(SIDE) for c in range(SIDE - 1)]
    edges += [((r, c), (r + 1, c)) for r in range(SIDE - 1) for c in range(SIDE)]
    ends = [pair for edge in edges for pair in (edge, edge[::-1])]
    points = [(c * STEP_DEG, r * STEP_DEG) for pair in ends for r, c in pair]
    n = len(ends)
    middle = [a[0] == b[0] == SIDE // 2 for a, b in ends]
    frame = pl.DataFrame(
        {
            "link_id": range(n),
            "u": [10**10 + r * 100 + c for (r, c), _ in ends],
            "v": [10**10 + r * 100 + c for _, (r, c) in ends],
            "name": ["Main" if m else None for m in middle],
            "road_class": ["primary" if m else "residential" for m in middle],
            "length_km": [LINK_KM] * n,
            "lanes": [1.0] * n,
            "free_flow_kmh": [60.0 if m else 30.0 for m in middle],
            "capacity_veh_h": [1200.0 if m else 500.0 for m in middle],
            "in_main": [True] * n,
            "hgv_allowed": [True] * n,
            "bus_only": [False] * n,
            "low_emission_zone": [False] * n,
        }
    ).with_columns(**columns)
    return Network(frame, np.array(points), np.arange(0, 2 * n + 1, 2), "test")


def zones(**changes: Any) -> Zones:
    """Four quarters of the square."""
    half, whole = (SIDE - 1) * STEP_DEG / 2.0, (SIDE - 1) * STEP_DEG + 0.001
    low = -0.001
    squares = [
        box(x0, y0, x1, y1) for y0, y1 in ((low, half), (half, whole)) for x0, x1 in ((low, half), (half, whole))
    ]
    own = Zones(
        ("a", "b", "c", "d"), np.array(squares, dtype=object), np.array([100.0, 200.0, 300.0, 50.0]), None, None
    )
    return replace(own, **changes)


def fleet(**km_per_day: float) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "stream": list(km_per_day),
            "km_per_year": [v * DAYS_PER_YEAR for v in km_per_day.values()],
            "share_inside": [1.0] * len(km_per_day),
            "count": [1.0] * len(km_per_day),
        }
    )


def run(
    network: Network | None = None,
    vehicles: pl.DataFrame | None = None,
    own_zones: Zones | None = None,
    given: dict[str, Float] | None = None,
    rules: list[AccessRule] | None = None,
    base: Path = Path(),
    day_types: Any = "average",
    **keys: Any,
) -> tuple[Activity, AssignedTraffic, Network, pl.DataFrame]:
    net = network or grid()
    cars = fleet(car=30_000.0, rigid_truck=3000.0) if vehicles is None else vehicles
    section = ActivitySection(access=rules or [])
    assignment = AssignmentSection(**{"target_gap": 1e-3, "max_iterations": 60, **keys})
    traffic = TrafficSection(method="assigned", day_types=day_types, speeds=LINK_BY_LINK, assignment=assignment)
    setting = traffic_setting(net, cars, section, traffic, base, {})
    assigned = assign_traffic(setting, own_zones or zones(), given or {})
    return build_activity(net, cars, section, base, traffic=traffic, assigned=assigned), assigned, net, cars


def codes(assigned: AssignedTraffic) -> dict[str, Any]:
    return {f.code: f for f in assigned.findings}


def test_every_stream_keeps_its_total_and_its_hours() -> None:
    vehicles = fleet(car=30_000.0, taxi=0.0, rigid_truck=3000.0, visiting_articulated_truck=800.0, spaceship=10.0)
    activity, assigned, _, _ = run(vehicles=vehicles)
    for name, km in vkt_by_stream(vehicles).items():
        assert activity.vkt[activity.streams.index(name)].sum() == pytest.approx(km, rel=1e-12)
    assert activity.assigned is assigned
    assert set(assigned.groups["group"]) == {"light", "single_unit", "combination"}
    # what the registry needs is what is assigned, but for detours around congestion
    assert np.all(np.abs(assigned.groups["ratio"].to_numpy() - 1.0) < 0.05)
    assert np.allclose(assigned.pattern.sum(axis=2), 1.0)


def test_results_repeat_bit_for_bit() -> None:
    first, again = run()[0], run()[0]
    assert np.array_equal(first.vkt, again.vkt)
    assert np.array_equal(first.speed_kmh, again.speed_kmh)


def test_speeds_are_those_of_the_bpr_function_at_the_hours_flow() -> None:
    vehicles = fleet(car=200_000.0)
    activity, assigned, net, _ = run(vehicles=vehicles, periods="hours", max_iterations=40, target_gap=1e-2)
    quiet = quiet_speeds(net.links["free_flow_kmh"].to_numpy(), class_groups(net.links["road_class"]))
    capacity = net.links["capacity_veh_h"].to_numpy()[:, None]
    # turned around, speeds give flows: in every hour in proportion to the vehicle-km, and one for one over the day
    flow = capacity * ((quiet[:, None] / activity.speed_kmh - 1.0) / 0.15) ** 0.25
    for h in range(24):
        slowed = (activity.speed_kmh[:, h] < 0.99 * quiet) & (activity.speed_kmh[:, h] > 5.0)
        ratio = flow[slowed, h] * LINK_KM / activity.vkt[0][slowed, h]
        assert np.allclose(ratio, ratio[:1], rtol=1e-3)
        assert np.allclose(ratio, assigned.groups["ratio"][0], rtol=0.1)
    assert (activity.speed_kmh[:, 8] < 0.99 * quiet).sum() >= 10
    assert activity.speed_kmh[:, 8].min() < 0.8 * activity.speed_kmh[:, 3].min()


def test_two_periods_come_near_to_every_hour() -> None:
    vehicles = fleet(car=150_000.0)
    two, all_hours = run(vehicles=vehicles)[0], run(vehicles=vehicles, periods="hours")[0]
    km_two, km_all = two.vkt[0].sum(axis=1), all_hours.vkt[0].sum(axis=1)
    assert np.abs(km_two - km_all).sum() / km_all.sum() < 0.05
    assert len(run(vehicles=vehicles, periods="day")[1].periods) == 1


def test_trips_of_a_matrix_are_assigned_as_given() -> None:
    trips = np.zeros((4, 4))
    trips[0, 3] = 1000.0
    activity, assigned, _, _ = run(vehicles=fleet(car=10_000.0), given={"light": trips})
    row = assigned.groups.row(0, named=True)
    assert row["trips_per_day"] == pytest.approx(1000.0)
    # 1000 trips across a square of 5 by 5 links of 0.55 km: between half and the whole of its diagonal way
    assert 1000.0 * 2.5 * LINK_KM < row["assigned_km_per_day"] < 1000.0 * 10 * LINK_KM * 1.3
    assert row["ratio"] == pytest.approx(row["assigned_km_per_day"] / 10_000.0)
    assert activity.vkt[0].sum() == pytest.approx(10_000.0, rel=1e-12)
    found = next(f for f in assigned.findings if f.code == "activity.assigned_ratio")
    assert found.kind == ("info" if 0.5 <= row["ratio"] <= 2.0 else "warning")
    assert "activity.gravity" not in codes(assigned)


def test_a_class_that_the_matrix_lacks_comes_from_the_gravity_model() -> None:
    trips = np.full((4, 4), 100.0)
    found = codes(run(given={"light": trips})[1])
    assert found["activity.trips_class_missing"].values == {"class": "single_unit"}
    both = codes(run(given={"light": trips, "truck": trips})[1])
    assert "activity.trips_class_missing" not in both


def test_trucks_of_both_kinds_share_the_matrix_by_their_vehicle_km() -> None:
    trips = np.full((4, 4), 100.0)
    vehicles = fleet(rigid_truck=3000.0, articulated_truck=1000.0)
    table = run(vehicles=vehicles, given={"truck": trips})[1].groups.sort("traffic_class")
    assert table["trips_per_day"].to_list() == pytest.approx([400.0, 1200.0])


def test_trips_per_day_of_the_plan_win_over_the_registry() -> None:
    assigned = run(vehicles=fleet(car=30_000.0), trips_per_day={"light": 500.0})[1]
    assert assigned.groups["trips_per_day"][0] == pytest.approx(500.0)
    assert assigned.groups["ratio"][0] < 0.5
    assert "activity.trips_from_registry" not in codes(assigned)


def test_roads_for_buses_only_carry_no_cars() -> None:
    net = grid()
    lane = (net.links["road_class"] == "primary").to_numpy()
    net = replace(net, links=net.links.with_columns(bus_only=pl.Series(lane)))
    activity, _, _, _ = run(network=net, vehicles=fleet(car=30_000.0, urban_bus=3000.0))
    car, bus = (activity.vkt[activity.streams.index(s)] for s in ("car", "urban_bus"))
    assert car[lane].sum() == 0.0
    assert car.sum() == pytest.approx(30_000.0, rel=1e-12)
    assert bus[lane].sum() > 0.1 * bus.sum()


def test_trucks_stay_off_barred_roads_and_cars_use_them() -> None:
    net = grid()
    barred = (net.links["road_class"] == "primary").to_numpy()
    net = replace(net, links=net.links.with_columns(hgv_allowed=pl.Series(~barred)))
    activity, assigned, _, _ = run(network=net)
    car, truck = (activity.vkt[activity.streams.index(s)] for s in ("car", "rigid_truck"))
    assert truck[barred].sum() == 0.0
    assert truck.sum() == pytest.approx(3000.0, rel=1e-12)
    assert car[barred].sum() > 0.1 * car.sum()
    assert all(p.reached for p in assigned.periods)


def test_a_rule_of_some_hours_is_a_period_of_its_own() -> None:
    rule = AccessRule(streams=["rigid_truck"], road_classes=["primary"], hours=list(range(6, 21)))
    vehicles = fleet(car=30_000.0, rigid_truck=3000.0, sanitation=500.0)
    activity, assigned, net, _ = run(vehicles=vehicles, rules=[rule])
    primary = (net.links["road_class"] == "primary").to_numpy()
    rigid, waste = (activity.vkt[activity.streams.index(s)] for s in ("rigid_truck", "sanitation"))
    assert rigid[primary][:, 6:21].sum() == 0.0
    assert rigid[primary][:, :6].sum() > 0.0
    assert waste[primary][:, 6:21].sum() > 0.0
    assert rigid.sum() == pytest.approx(3000.0, rel=1e-12)
    assert {"single_unit_1", "single_unit_2"} <= set(assigned.groups["group"])
    assert len(assigned.periods) == 3
    assert sorted(h for p in assigned.periods for h in p.hours) == list(range(24))
    # on the way around, trucks drive where they did not have to before
    open_hours, closed_hours = rigid[~primary][:, 2], rigid[~primary][:, 12]
    assert not np.allclose(open_hours / open_hours.sum(), closed_hours / closed_hours.sum(), rtol=1e-3)


def test_hours_without_any_open_road_give_theirs_to_the_others() -> None:
    shut = list(range(7, 21))
    rule = AccessRule(streams=["rigid_truck"], hours=shut)
    activity, assigned, _, _ = run(rules=[rule])
    car, rigid = (activity.vkt[activity.streams.index(s)] for s in ("car", "rigid_truck"))
    assert rigid[:, shut].sum() == 0.0
    assert rigid.sum() == pytest.approx(3000.0, rel=1e-12)
    assert car[:, shut].sum() > 0.5 * car.sum()
    assert assigned.groups.filter(pl.col("group") == "single_unit")["ratio"][0] == pytest.approx(1.0, abs=0.05)


def test_types_of_day_have_speeds_and_totals_of_their_own() -> None:
    vehicles = fleet(car=200_000.0)
    activity, assigned, net, _ = run(vehicles=vehicles, day_types="weekday_weekend", periods="hours", target_gap=1e-2)
    assert activity.hours == 48
    assert activity.vkt.sum() == pytest.approx(200_000.0, rel=1e-12)
    weekday, weekend = activity.days
    # the morning peak of a weekday is slower than that hour of a weekend, and speeds follow flows of a real hour
    km = activity.vkt_by_hour()
    assert km[8] / weekday.share > km[24 + 8] / weekend.share
    assert activity.speed_kmh[:, 8].mean() < activity.speed_kmh[:, 24 + 8].mean()
    quiet = quiet_speeds(net.links["free_flow_kmh"].to_numpy(), class_groups(net.links["road_class"]))
    h = 8
    slowed = (activity.speed_kmh[:, h] < 0.99 * quiet) & (activity.speed_kmh[:, h] > 5.0)
    capacity = net.links["capacity_veh_h"].to_numpy()[slowed]
    flow = capacity * ((quiet[slowed] / activity.speed_kmh[slowed, h] - 1.0) / 0.15) ** 0.25
    of_day = activity.vkt[0][slowed, h] / LINK_KM / weekday.share
    assert np.allclose(flow / of_day, assigned.groups["ratio"][0], rtol=0.1)


def test_a_matrix_of_a_class_without_vehicles_is_told() -> None:
    trips = np.full((4, 4), 100.0)
    found = codes(run(vehicles=fleet(rigid_truck=3000.0), given={"light": trips, "truck": trips})[1])
    assert found["activity.trips_class_unused"].values == {"classes": "light"}


def test_a_zone_without_a_road_in_reach_is_counted() -> None:
    far = zones().geometry.copy()
    far[3] = box(1.0, 1.0, 1.1, 1.1)
    activity, assigned, _, _ = run(own_zones=zones(geometry=far))
    found = codes(assigned)["activity.zones_off"]
    assert found.kind == "warning"
    assert found.count == 1
    assert found.share == pytest.approx(50.0 / 650.0)
    assert found.values["zones"] == "d"
    assert activity.vkt[0].sum() == pytest.approx(30_000.0, rel=1e-12)


def test_given_trips_of_such_a_zone_are_left_out_and_their_share_told() -> None:
    far = zones().geometry.copy()
    far[3] = box(1.0, 1.0, 1.1, 1.1)
    trips = np.full((4, 4), 10.0)
    assigned = run(vehicles=fleet(car=1000.0), own_zones=zones(geometry=far), given={"light": trips})[1]
    assert codes(assigned)["activity.trips_unconnected"].share == pytest.approx(7.0 / 16.0)
    assert assigned.groups["trips_per_day"][0] == pytest.approx(90.0)


def test_zones_and_roads_of_two_cities_are_an_error() -> None:
    away = np.array([box(k, 50.0, k + 0.1, 50.1) for k in range(4)], dtype=object)
    with pytest.raises(InputError, match="zones and network are of the same city"):
        run(own_zones=zones(geometry=away))
    with pytest.raises(InputError, match="zones and network are of the same city"):
        run(own_zones=zones(geometry=away), vehicles=fleet(car=1.0), given={"light": np.ones((4, 4))})


def test_islands_and_roads_without_capacity_carry_nothing() -> None:
    net = grid()
    n = net.links.height
    in_main, capacity = np.ones(n, dtype=bool), net.links["capacity_veh_h"].to_numpy().copy()
    in_main[0], capacity[2] = False, 0.0
    net = replace(net, links=net.links.with_columns(in_main=pl.Series(in_main), capacity_veh_h=pl.Series(capacity)))
    activity, assigned, _, _ = run(network=net)
    assert activity.vkt[:, [0, 2]].sum() == 0.0
    assert codes(assigned)["activity.no_capacity"].count == 1


def test_one_way_ends_are_counted_and_not_used_by_trips() -> None:
    net = grid()
    # without its way back and its other street, the corner can only be entered
    corner = 10**10 + (SIDE - 1) * 100 + SIDE - 1
    keep = (net.links["u"] != corner).to_numpy()
    index = np.flatnonzero(keep)
    coordinates = net.coordinates.reshape(-1, 2, 2)[index].reshape(-1, 2)
    links = net.links.filter(pl.Series(keep)).with_columns(link_id=pl.int_range(pl.len()))
    net = Network(links, coordinates, np.arange(0, 2 * len(index) + 1, 2), "test")
    _, assigned, _, _ = run(network=net)
    assert codes(assigned)["activity.one_way_ends"].count == 2


def test_a_gap_that_is_missed_is_a_warning_with_the_number() -> None:
    assigned = run(vehicles=fleet(car=300_000.0), target_gap=1e-9, max_iterations=2)[1]
    found = codes(assigned)["activity.gap_missed"]
    assert found.kind == "warning"
    assert found.values["target"] == "1.0e-09"
    assert float(str(found.values["gap"])) == pytest.approx(max(p.relative_gap for p in assigned.periods), rel=0.1)
    assert not any(p.reached for p in assigned.periods)
    good = run()[1]
    assert "activity.gap_missed" not in codes(good)
    assert all(p.relative_gap <= 1e-3 for p in good.periods)


def test_jams_stop_at_the_floor_and_are_counted() -> None:
    activity, assigned, _, _ = run(vehicles=fleet(car=1_000_000.0))
    assert activity.speed_kmh.min() == 5.0
    found = codes(assigned)
    assert found["activity.speeds_floored"].kind == "warning"
    assert 0.0 < found["activity.speeds_floored"].share <= 1.0
    assert found["activity.over_capacity"].share >= found["activity.speeds_floored"].share


def test_the_worst_links_are_listed_with_their_delay() -> None:
    activity, assigned, net, _ = run(vehicles=fleet(car=200_000.0))
    worst = assigned.congested
    assert worst.height == 10
    assert worst["delay_h_per_day"].is_sorted(descending=True)
    row = worst.row(0, named=True)
    quiet = quiet_speeds(net.links["free_flow_kmh"].to_numpy(), class_groups(net.links["road_class"]))
    i = row["link_id"]
    delay = (activity.vkt[0, i] * (1.0 / activity.speed_kmh[i] - 1.0 / quiet[i])).sum()
    assert row["delay_h_per_day"] == pytest.approx(delay, rel=1e-3)
    assert row["speed_kmh"] == activity.speed_kmh[i].min()
    assert row["volume_capacity"] == pytest.approx(row["flow_pc_h"] / row["capacity_pc_h"])


def test_an_own_mean_trip_is_kept_or_its_miss_is_told() -> None:
    assigned = run(vehicles=fleet(car=1000.0), mean_trip_km={"light": 1.2})[1]
    assert assigned.groups["mean_trip_km"][0] == pytest.approx(1.2, abs=0.02)
    missed = codes(run(vehicles=fleet(car=1000.0), mean_trip_km={"light": 90.0})[1])["activity.trip_length_missed"]
    assert missed.values["wanted"] == "90.0"


def test_own_volume_delay_and_equivalents_are_used() -> None:
    free = run(vehicles=fleet(car=200_000.0), volume_delay={"primary": [0.0, 1.0], "residential": [0.0, 1.0]})[0]
    assert np.allclose(free.speed_kmh, free.speed_kmh[:, :1])
    light, heavy = (run(vehicles=fleet(rigid_truck=40_000.0), pce={"single_unit": p})[0] for p in (1.0, 3.0))
    assert heavy.speed_kmh.min() < light.speed_kmh.min()


def test_points_are_zones_too() -> None:
    spots = np.array([Point(x, y) for x in (0.0, 0.024) for y in (0.0, 0.024)], dtype=object)
    activity, assigned, _, _ = run(own_zones=zones(geometry=spots))
    assert activity.vkt[0].sum() == pytest.approx(30_000.0, rel=1e-12)
    assert "activity.zones_off" not in codes(assigned)


def test_local_streets_carry_what_stays_in_a_zone() -> None:
    square = np.array([box(-1, -1, 1, 1), box(2, -1, 3, 1)], dtype=object)
    places = np.array([[0.0, 0.0], [0.5, 0.5], [2.5, 0.0], [9.0, 9.0]])
    inside = pairs_inside(square, places)
    km = local_km(np.array([12.0, 5.0]), np.array([1.0, 3.0, 0.0, 4.0]), inside)
    # the second zone has no street of some weight: its 5 km go to all, 1 : 3 : 4
    assert km.tolist() == pytest.approx([3.0 + 0.625, 9.0 + 1.875, 0.0, 2.5])


def test_nodes_of_a_zone_are_chosen_apart() -> None:
    places = np.array([[x, y] for x in (0.0, 0.001, 0.1, 0.101) for y in (0.0, 0.001)])
    square = np.array([box(-1, -1, 1, 1)], dtype=object)
    found = connect(square, places, np.ones(8, dtype=bool), pairs_inside(square, places), 2, 1.0)
    assert found.zone.tolist() == [0, 0]
    assert sorted(found.node // 4) == [0, 1]
    near = connect(
        np.array([Point(0.105, 0.0)], dtype=object), places, np.ones(8, dtype=bool), (np.zeros(0, int),) * 2, 2, 1.0
    )
    assert near.node.tolist() == [6]
    none = connect(
        np.array([Point(1.0, 0.0)], dtype=object), places, np.ones(8, dtype=bool), (np.zeros(0, int),) * 2, 2, 1.0
    )
    assert none.zone.size == 0
