"""Types of day: weights of a year, profiles, timetables, rules; every sum stays the average day."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from small_city import feed_zip, fleet, network

from fleet_planner.activity import build_activity, vkt_by_stream
from fleet_planner.activity.days import AVERAGE, day_types, hourly_shares, speed_fractions
from fleet_planner.activity.profiles import GROUPS
from fleet_planner.factors.weather import conditions_of
from fleet_planner.plan.models import AccessRule, ActivitySection
from fleet_planner.plan.traffic import TrafficSection
from fleet_planner.transit_feed import read_feeds

WEEK = TrafficSection(day_types="weekday_weekend")
SEASONS = {"cold": [12, 1, 2], "rest": [3, 4, 5, 6, 7, 8, 9, 10, 11]}
CHOICES = [
    TrafficSection(),
    WEEK,
    TrafficSection(day_types="weekday_saturday_sunday", holidays_per_year=9.0),
    TrafficSection(day_types="weekday_weekend", seasons=SEASONS),
    TrafficSection(seasons=SEASONS),
]


@pytest.mark.parametrize("section", CHOICES)
def test_weights_add_up_to_a_year(section: TrafficSection) -> None:
    days = day_types(section)
    assert sum(d.share for d in days) == pytest.approx(1.0, abs=1e-12)
    assert sum(d.days_per_year for d in days) == pytest.approx(365.25)
    for kind in range(3):
        of_kind = sum(d.share * d.mix[kind] for d in days)
        want = [5 / 7, 1 / 7, 1 / 7][kind] + [-1, 0, 1][kind] * section.holidays_per_year / 365.25
        assert of_kind == pytest.approx(want)
    cold = [d for d in days if d.season == "cold"]
    if cold:
        assert sum(d.days_per_year for d in cold) == pytest.approx(31 + 31 + 28.25)


@pytest.mark.parametrize("section", CHOICES[1:])
def test_types_of_day_add_up_to_the_average_day(section: TrafficSection) -> None:
    average = hourly_shares("passenger", (AVERAGE,))
    days = day_types(section)
    shares = hourly_shares("passenger", days)
    assert shares.sum() == pytest.approx(1.0)
    if section.holidays_per_year == 0.0:
        np.testing.assert_allclose(shares.reshape(-1, 24).sum(axis=0), average, rtol=1e-5)


def test_trucks_rest_at_the_weekend_and_nights_are_livelier() -> None:
    weekday, weekend = day_types(WEEK)
    by_day = {p: hourly_shares(p, (weekday, weekend)).reshape(2, 24) for p in ("truck", "passenger")}
    per_day = {p: v / np.array([[weekday.share], [weekend.share]]) for p, v in by_day.items()}
    # emiproc heavy.yaml: Saturday 0.0978, Sunday 0.0700, Monday to Friday 0.8322 of the week
    assert per_day["truck"][1].sum() / per_day["truck"][0].sum() == pytest.approx(
        (0.0978 + 0.0700) / 2 / (0.8322 / 5), rel=1e-3
    )
    assert per_day["passenger"][1].sum() > 0.8 * per_day["passenger"][0].sum()
    assert per_day["passenger"][1, 1] > 1.5 * per_day["passenger"][0, 1]


def test_weekend_is_faster_at_the_weekdays_peak() -> None:
    fractions = speed_fractions(GROUPS, day_types(WEEK)).reshape(3, 2, 24)
    assert np.all(fractions[:, 1, 17] > fractions[:, 0, 17])
    assert np.all((fractions > 0.0) & (fractions <= 1.0))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 999), st.integers(1, 20), st.sampled_from(CHOICES), st.booleans())
def test_every_stream_closes_with_types_of_day(seed: int, links: int, section: TrafficSection, ban: bool) -> None:
    vehicles = fleet(seed, ["car", "rigid_truck", "visiting_car", "coach"])
    rule = AccessRule(streams=["car"], hours=[7, 8], days=["weekday"])
    activity = build_activity(
        network(links, seed), vehicles, ActivitySection(access=[rule] if ban else []), Path(), traffic=section
    )
    assert activity.hours == 24 * len(activity.days)
    vkt = activity.vkt
    for s, km in enumerate(vkt_by_stream(vehicles).values()):
        assert vkt[s].sum() == pytest.approx(km, rel=1e-11)
        assert activity.km[s].sum() == pytest.approx(km, rel=1e-11)
    np.testing.assert_allclose(activity.vkt_by_hour(), vkt.sum(axis=(0, 1)), rtol=1e-10)
    np.testing.assert_allclose(activity.average_day(activity.vkt_by_hour()).sum(), vkt.sum(), rtol=1e-10)


def test_rule_for_working_days_leaves_the_weekend_open() -> None:
    rule = AccessRule(streams=["rigid_truck"], hours=[8], days=["weekday"])
    activity = build_activity(
        network(5), fleet(1, ["rigid_truck"]), ActivitySection(access=[rule]), Path(), traffic=WEEK
    )
    by_hour = activity.vkt_by_hour().reshape(2, 24)
    assert by_hour[0, 8] == 0.0
    assert by_hour[1, 8] > 0.0
    assert not [f for f in activity.findings if f.code == "activity.access_days"]


def test_rule_for_a_day_that_the_plan_does_not_tell_apart_is_reported() -> None:
    rule = AccessRule(streams=["rigid_truck"], hours=[8], days=["sunday"])
    activity = build_activity(
        network(5), fleet(1, ["rigid_truck"]), ActivitySection(access=[rule]), Path(), traffic=WEEK
    )
    found = next(f for f in activity.findings if f.code == "activity.access_days")
    assert found.values == {"named": "sunday", "days": "weekend"}


def test_no_peak_at_the_weekend() -> None:
    activity = build_activity(network(30), fleet(1, ["car"]), ActivitySection(peak_hours=[8]), Path(), traffic=WEEK)
    assert (activity.mode[:, 8] == 0).any()
    assert not (activity.mode[:, 24:] == 0).any()


def test_weekend_buses_follow_the_weekend_timetable(tmp_path: Path) -> None:
    calendar = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nwk,1,1,1,1,1,0,0,20240101,20241231\nsat,0,0,0,0,0,1,0,20240101,20241231\n"
    trips = "route_id,service_id,trip_id,shape_id\nr,wk,t1,s\nr,sat,t2,s\n"
    path = feed_zip(tmp_path, calendar=calendar, trips=trips)
    feeds = read_feeds(path, {"weekday": range(5), "saturday": [5], "sunday": [6]})
    assert {k: f.day.isoformat() for k, f in feeds.items()} == {"weekday": "2024-01-01", "saturday": "2024-01-06"}
    vehicles = fleet(8, ["urban_bus"])
    activity = build_activity(
        network(8),
        vehicles,
        ActivitySection(gtfs="feed.zip"),
        tmp_path,
        feeds,
        traffic=TrafficSection(day_types="weekday_saturday_sunday"),
    )
    by_hour = activity.vkt_by_hour().reshape(3, 24)
    total = vkt_by_stream(vehicles)["urban_bus"]
    # one trip of the same length on each of 5 weekdays and on Saturday, none on Sunday
    np.testing.assert_allclose(by_hour.sum(axis=1), total * np.array([5 / 6, 1 / 6, 0.0]), rtol=1e-9)
    assert np.flatnonzero(by_hour[0]).tolist() == [8, 9]
    assert np.flatnonzero(by_hour[1]).tolist() == [1]
    found = next(f for f in activity.findings if f.code == "activity.no_service")
    assert found.values == {"days": "sunday"}


def test_seasons_have_the_weather_of_their_months() -> None:
    low, high = [float(m) for m in range(12)], [float(m) + 10.0 for m in range(12)]
    days = day_types(
        TrafficSection(
            day_types="weekday_weekend", seasons={"first": [1, 2, 3, 4, 5, 6], "second": [7, 8, 9, 10, 11, 12]}
        )
    )
    activity_months = np.array([[float(m + 1 in d.months) for m in range(12)] for d in days])
    city = conditions_of(np.ones(96), monthly_min_c=low, monthly_max_c=high, month_weight=activity_months)
    assert city.classes == 8
    assert np.array_equal(city.hour_class[:24], city.hour_class[24:48])
    assert not set(city.hour_class[:48]) & set(city.hour_class[48:])
    mean = city.mean(lambda t, _: t)
    of_day = np.array([mean[city.hour_class[d * 24 : d * 24 + 24]].mean() for d in range(4)])
    np.testing.assert_allclose(of_day, [7.5, 7.5, 13.5, 13.5], atol=0.01)


def test_types_of_day_in_the_same_months_share_the_classes_of_the_average_day() -> None:
    low, high = [5.0] * 12, [15.0] * 12
    one = conditions_of(np.ones(24), monthly_min_c=low, monthly_max_c=high)
    two = conditions_of(np.ones(48), monthly_min_c=low, monthly_max_c=high, month_weight=np.ones((2, 12)))
    assert np.array_equal(two.hour_class, np.tile(one.hour_class, 2))
    np.testing.assert_allclose(two.mean(lambda t, _: t), one.mean(lambda t, _: t))


@pytest.mark.parametrize(
    ("seasons", "text"),
    [
        ({"a": [1, 2], "b": [2, 3]}, "each month 1..12 once"),
        ({f"m{m}": [m] for m in range(1, 13)}, "6 at most"),
        ({"a": [13]}, "less than or equal to 12"),
    ],
)
def test_seasons_that_are_no_year_are_refused(seasons: dict[str, list[int]], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        TrafficSection(seasons=seasons)


@pytest.mark.city
def test_motorway_weekend_speeds_are_those_of_metr_la(shared_data: Path) -> None:
    speeds = pl.read_parquet(shared_data / "los_angeles" / "metr_la_speed_mph_5min.parquet")
    values = speeds.drop("time").to_numpy().astype(float)
    values[values <= 0.0] = np.nan
    free = np.nanquantile(values, 0.95, axis=0)
    sunday = (speeds["time"].dt.weekday() == 7).to_numpy()
    hour = speeds["time"].dt.hour().to_numpy()
    measured = np.array([np.nanmean(values[sunday & (hour == h)] / free) for h in range(24)])
    days = day_types(TrafficSection(day_types="weekday_saturday_sunday"))
    np.testing.assert_allclose(speed_fractions(GROUPS, days)[0, 48:], measured, atol=5e-4)
