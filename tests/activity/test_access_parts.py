"""Weight limits and low-emission zones bind the vehicles that they are for, and no others."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box
from small_city import network

from fleet_planner.activity import Activity, build_activity
from fleet_planner.activity.assignment.assigned import assign_traffic
from fleet_planner.activity.build import scaled_activity, traffic_setting, vkt_by_stream
from fleet_planner.activity.parts import access_parts, gross_mass_t
from fleet_planner.errors import InputError, PlanError
from fleet_planner.network import Network
from fleet_planner.network.zones import Zones
from fleet_planner.plan.models import AccessRule, ActivitySection
from fleet_planner.plan.traffic import TrafficSection

CATEGORY = {"car": "passenger_car", "light_commercial": "light_commercial", "coach": "bus", "urban_bus": "bus"}


def vehicles(*rows: tuple[str, str, float | None, str, str]) -> pl.DataFrame:
    """Stream, segment, gross mass in kg, standard, fuel; a hundred km a day each."""
    stream, segment, mass, standard, fuel = zip(*rows, strict=True)
    return pl.DataFrame(
        {
            "stream": stream,
            "category": [CATEGORY.get(s.removeprefix("visiting_"), "heavy_truck") for s in stream],
            "segment": segment,
            "gross_mass_kg": pl.Series(mass, dtype=pl.Float64),
            "standard": standard,
            "fuel": fuel,
            "km_per_year": [36_525.0 * (1 + i) for i in range(len(rows))],
            "share_inside": [1.0] * len(rows),
            "count": [1.0] * len(rows),
        }
    )


VAN = ("light_commercial", "N1-III", 3500.0, "euro_4", "diesel")
CAR = ("car", "Medium", None, "euro_4", "petrol")
LIGHT_TRUCK = ("rigid_truck", "Rigid <=7.5 t", 7490.0, "euro_III", "diesel")
HEAVY_TRUCK = ("rigid_truck", "Rigid 20 - 26 t", None, "euro_VI", "diesel")
COACH = ("coach", "Coaches Standard <=18 t", 17_000.0, "euro_V", "diesel")


def limited(**columns: Any) -> Network:
    """A row of six links with limits of their own."""
    net = network(6)
    own = [pl.Series(name, values) for name, values in columns.items()]
    return Network(net.links.with_columns(own), net.coordinates, net.offsets, "test")


def by_link(activity: Activity, name: str) -> np.ndarray[Any, Any]:
    """Vehicle-km of a stream by link, all its parts."""
    own = [i for i, s in enumerate(activity.streams) if s.split(":")[0] == name]
    return activity.km[own].sum(axis=0)


def part(activity: Activity, name: str) -> np.ndarray[Any, Any]:
    return activity.km[activity.streams.index(name)]


def test_a_limit_bars_what_is_heavier_and_nothing_else() -> None:
    """3.5 t: trucks and coaches, not vans; 18 t: the heavy truck alone; 7.5 t for goods vehicles: not the coach."""
    none = None
    net = limited(
        max_weight_t=[3.5, 18.0, none, none, none, none], max_weight_hgv_t=[none, none, 7.495, none, none, none]
    )
    activity = build_activity(net, vehicles(VAN, CAR, LIGHT_TRUCK, HEAVY_TRUCK, COACH), ActivitySection(), Path())
    driven = {name: (part(activity, name) > 0.0).tolist() for name in activity.streams}
    assert driven == {
        "car": [True] * 6,
        "coach": [False, True, True, True, True, True],
        "light_commercial": [True] * 6,
        "rigid_truck:over_t_3.5": [False, True, True, True, True, True],
        "rigid_truck:over_t_18": [False, False, False, True, True, True],
    }
    found = next(f for f in activity.findings if f.code == "activity.weight_limits")
    assert (found.count, found.values["heaviest"]) == (3, "18")
    assert found.share == pytest.approx(12 / 15)


def test_without_limits_that_matter_nothing_falls_apart() -> None:
    net = limited(max_weight_t=[40.0, None, None, None, None, None])
    activity = build_activity(net, vehicles(VAN, LIGHT_TRUCK, HEAVY_TRUCK), ActivitySection(), Path())
    assert activity.streams == ("light_commercial", "rigid_truck")
    assert (activity.km > 0.0).all()
    assert not [f for f in activity.findings if f.code == "activity.weight_limits"]


def test_mass_is_the_registrys_else_the_segments() -> None:
    own = vehicles(HEAVY_TRUCK, LIGHT_TRUCK, CAR, ("rigid_truck", "Rigid >32 t", None, "euro_V", "diesel"))
    assert gross_mass_t(own).tolist() == [26.0, 7.49, 0.0, 32.0]


def test_urban_buses_stay_one() -> None:
    """The midi bus may cross the bridge of 18 t, the articulated one not: they stay together, and both shun 3.5 t."""
    midi = ("urban_bus", "Urban Buses Midi <=15 t", 12_000.0, "euro_V", "diesel")
    long = ("urban_bus", "Urban Buses Articulated >18 t", 28_000.0, "euro_V", "diesel")
    net = limited(max_weight_t=[18.0, 3.5, None, None, None, None])
    activity = build_activity(net, vehicles(midi, long), ActivitySection(), Path())
    assert activity.streams == ("urban_bus",)
    assert (activity.km[0] > 0.0).tolist() == [True, False, True, True, True, True]


def test_zone_rule_binds_standards_and_fuels() -> None:
    """The zone closes to diesel cars before Euro 5; a measure that renews one of them opens it."""
    zone = [True, True, False, False, False, False]
    net = limited(low_emission_zone=zone)
    old, new = ("car", "Medium", None, "euro_3", "diesel"), ("car", "Medium", None, "euro_6_d", "diesel")
    rule = AccessRule(streams=["car"], standards=["euro_3", "euro_4"], fuels=["diesel"], low_emission_zones=True)
    section = ActivitySection(access=[rule])
    fleet = vehicles(old, new, CAR, ("visiting_car", "Medium", None, "euro_4", "diesel"))
    activity = build_activity(net, fleet, section, Path())
    assert activity.streams == ("car", "car:rule_1", "visiting_car:rule_1")
    assert (part(activity, "car") > 0.0).all()
    for barred in ("car:rule_1", "visiting_car:rule_1"):
        assert (part(activity, barred) > 0.0).tolist() == [not z for z in zone]
    assert by_link(activity, "car").sum() == pytest.approx(600.0)
    found = next(f for f in activity.findings if f.code == "activity.access_vehicles")
    assert found.values["vehicles"] == "euro_3, euro_4, diesel"
    renewed = fleet.with_columns(standard=pl.lit("euro_6_d"))
    assert activity.parts.named(renewed)["stream"].unique().sort().to_list() == ["car", "visiting_car"]
    assert scaled_activity(activity, fleet, renewed) is None  # visitors drive on roads that they had not
    half = fleet.with_columns(standard=pl.Series(["euro_6_d", "euro_6_d", "euro_4", "euro_4"]))
    scaled = scaled_activity(activity, fleet, half)
    assert scaled is not None
    assert part(scaled, "car:rule_1").sum() == 0.0
    assert part(scaled, "car").sum() == pytest.approx(600.0)


def test_polygon_of_the_plan_binds_standards(tmp_path: Path) -> None:
    gpd.GeoDataFrame(geometry=[box(-1.0, -1.0, 0.0265, 1.0)], crs=4326).to_file(tmp_path / "zone.geojson")
    rule = AccessRule(streams=["rigid_truck"], standards=["euro_III"], area="zone.geojson")
    activity = build_activity(limited(), vehicles(LIGHT_TRUCK, HEAVY_TRUCK), ActivitySection(access=[rule]), tmp_path)
    assert (part(activity, "rigid_truck:rule_1") > 0.0).tolist() == [False] * 3 + [True] * 3
    assert (part(activity, "rigid_truck") > 0.0).all()


@pytest.mark.parametrize(
    ("shape", "crs", "problem"),
    [
        (Polygon([(0, 0), (0.02, 0.02), (0.02, 0), (0, 0.02)]), 4326, "crosses itself"),
        (Polygon(), 4326, "empty"),
        (box(0, 0, 1, 1), None, "no coordinate reference system"),
    ],
)
def test_bad_polygons_of_rules_are_told(tmp_path: Path, shape: Polygon, crs: int | None, problem: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        gpd.GeoDataFrame(geometry=[shape], crs=crs).to_file(tmp_path / "zone.gpkg")
    rule = AccessRule(streams=["rigid_truck"], area="zone.gpkg")
    with pytest.raises(InputError, match=problem) as error:
        build_activity(limited(), vehicles(LIGHT_TRUCK), ActivitySection(access=[rule]), tmp_path)
    assert "zone.gpkg" in str(error.value)


def test_a_rule_that_binds_nobody_is_told() -> None:
    rule = AccessRule(streams=["rigid_truck"], standards=["euro_I"])
    section = ActivitySection(access=[rule])
    activity = build_activity(limited(), vehicles(LIGHT_TRUCK, HEAVY_TRUCK), section, Path())
    assert (activity.km > 0.0).all()
    found = {f.code: f for f in activity.findings}
    assert found["activity.access_nobody"].values["vehicles"] == "euro_I"
    assert "activity.access_vehicles" not in found


@pytest.mark.parametrize(
    ("key", "word", "near"), [("standards", "euro_IIII", "euro_III"), ("fuels", "disel", "diesel")]
)
def test_misspelt_words_are_refused(key: str, word: str, near: str) -> None:
    rule = AccessRule.model_validate({"streams": ["rigid_truck"], key: [word]})
    with pytest.raises(PlanError, match=f"unknown word under {key}") as error:
        build_activity(limited(), vehicles(LIGHT_TRUCK), ActivitySection(access=[rule]), Path())
    assert near in str(error.value)


masses = st.one_of(st.none(), st.floats(1_000.0, 60_000.0))
limit = st.one_of(st.none(), st.sampled_from([2.0, 3.5, 7.5, 12.0, 18.0, 30.0, 44.0]))


@given(st.lists(masses, min_size=1, max_size=6), st.lists(limit, min_size=6, max_size=6), st.lists(limit, min_size=6))
@settings(max_examples=60, deadline=None)
def test_every_vehicle_drives_only_where_its_mass_allows(
    mass_kg: list[float | None], everyone: list[float | None], goods: list[float | None]
) -> None:
    """Parts against the plain rule, vehicle by vehicle; totals close."""
    everyone[5] = goods[5] = None
    limits = {"max_weight_t": everyone, "max_weight_hgv_t": [*goods[:5], None]}
    net = limited(**{name: pl.Series(values, dtype=pl.Float64) for name, values in limits.items()})
    own = vehicles(*(("rigid_truck", "Rigid 12 - 14 t", m, "euro_V", "diesel") for m in mass_kg))
    activity = build_activity(net, own, ActivitySection(), Path())
    assert activity.km.sum() == pytest.approx(sum(vkt_by_stream(own).values()), rel=1e-12)
    names = activity.parts.named(own)["stream"].to_list()
    for name, mass in zip(names, gross_mass_t(own).tolist(), strict=True):
        free = [all(x is None or mass <= x for x in pair) for pair in zip(everyone, [*goods[:5], None], strict=True)]
        assert (part(activity, name) > 0.0).tolist() == free


def two_ways(**columns: Any) -> tuple[Network, Zones]:
    """Two zones, a short road between them (the last two links) and a way around over node 2."""
    ends = [(1, 2), (2, 1), (2, 3), (3, 2), (1, 3), (3, 1)]
    place = {1: (0.0, 0.0), 2: (0.01, 0.01), 3: (0.02, 0.0)}
    n = len(ends)
    links = pl.DataFrame(
        {
            "link_id": range(n),
            "u": [u for u, _ in ends],
            "v": [v for _, v in ends],
            "name": pl.Series([None] * n, dtype=pl.String),
            "road_class": ["residential"] * n,
            "length_km": [2.0] * 4 + [2.2] * 2,
            "lanes": [1.0] * n,
            "free_flow_kmh": [30.0] * n,
            "capacity_veh_h": [5000.0] * n,
            "in_main": [True] * n,
            "hgv_allowed": [True] * n,
            "bus_only": [False] * n,
            "low_emission_zone": [False] * n,
        }
    ).with_columns(**columns)
    net = Network(links, np.array([place[k] for pair in ends for k in pair]), np.arange(0, 2 * n + 1, 2), "test")
    geometry = np.array([box(x - 1e-4, y - 1e-4, x + 1e-4, y + 1e-4) for x, y in (place[1], place[3])], dtype=object)
    return net, Zones(("a", "b"), geometry, np.array([100.0, 100.0]), None, None)


def assigned_activity(net: Network, zones: Zones, own: pl.DataFrame, rules: list[AccessRule]) -> Activity:
    traffic = TrafficSection.model_validate({"method": "assigned"})
    section = ActivitySection(access=rules)
    setting = traffic_setting(net, own, section, traffic, Path(), {})
    assigned = assign_traffic(setting, zones, {"truck": np.array([[0.0, 50.0], [50.0, 0.0]])})
    return build_activity(net, own, section, Path(), traffic=traffic, assigned=assigned)


def test_assigned_trucks_keep_off_what_they_are_too_heavy_for() -> None:
    """The short road is limited to 18 t: the light truck takes it, the heavy one goes around."""
    net, zones = two_ways(max_weight_t=pl.Series([None] * 4 + [18.0] * 2, dtype=pl.Float64))
    activity = assigned_activity(net, zones, vehicles(LIGHT_TRUCK, HEAVY_TRUCK), [])
    light, heavy = part(activity, "rigid_truck"), part(activity, "rigid_truck:over_t_18")
    assert (light[:4].max() < 0.05 * light.sum(), heavy[4:].sum()) == (True, 0.0)
    assert heavy[:4].sum() == pytest.approx(200.0)


def test_assigned_trucks_keep_out_of_a_zone_by_their_standard() -> None:
    net, zones = two_ways(low_emission_zone=pl.Series([False] * 4 + [True] * 2))
    rule = AccessRule(streams=["rigid_truck"], standards=["euro_III"], low_emission_zones=True)
    activity = assigned_activity(net, zones, vehicles(LIGHT_TRUCK, HEAVY_TRUCK), [rule])
    old, new = part(activity, "rigid_truck:rule_1"), part(activity, "rigid_truck")
    assert (new[:4].max() < 0.05 * new.sum(), old[4:].sum()) == (True, 0.0)
    assert (old.sum(), new.sum()) == (pytest.approx(100.0), pytest.approx(200.0))


def test_parts_are_the_same_for_every_row() -> None:
    net = limited(max_weight_t=[7.5, 18.0, None, None, None, None])
    own = vehicles(LIGHT_TRUCK, HEAVY_TRUCK, COACH, CAR)
    parts = access_parts(net.links, own, [])
    whole = parts.named(own)["stream"].to_list()
    assert whole == [parts.named(own[i : i + 1])["stream"].item() for i in range(own.height)]
