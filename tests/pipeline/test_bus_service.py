"""Registry and timetable side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from fleet_planner.activity import build_activity, vkt_by_stream
from fleet_planner.activity.days import AVERAGE, day_types
from fleet_planner.activity.model import Activity
from fleet_planner.activity.timetables.bus_speeds import bus_speeds
from fleet_planner.activity.timetables.buses import average_scheduled
from fleet_planner.activity.timetables.transit import BusKm, bus_km
from fleet_planner.errors import InputError
from fleet_planner.pipeline.computing.bus_service import bus_links, with_bus_km
from fleet_planner.plan.models import ActivitySection
from fleet_planner.plan.traffic import TrafficSection
from fleet_planner.scenarios.operation.driving import _slower
from fleet_planner.tables import columns
from fleet_planner.transit_feed import read_feed
from fleet_planner.units import DAYS_PER_YEAR
from tests.activity.small_city import feed_zip, fleet, network

DAYS = day_types(TrafficSection())


@dataclass(frozen=True)
class Registry:
    """What the function uses of a fleet."""

    vehicles: pl.DataFrame


def registry(km_per_day: float) -> Any:
    return Registry(
        pl.DataFrame(
            {
                "stream": ["urban_bus", "car"],
                "km_per_year": [km_per_day * DAYS_PER_YEAR, 5.0 * DAYS_PER_YEAR],
                "share_inside": [1.0, 1.0],
                "count": [1.0, 1.0],
            }
        )
    )


def buses(folder: Path) -> dict[str, BusKm]:
    return {"average": bus_km(network(8), read_feed(feed_zip(folder)))}


def test_the_registry_wins_unless_the_plan_says_so(tmp_path: Path) -> None:
    """Two trips of 4.98 km, one in an hour and one in ten minutes; two stops each."""
    placed = buses(tmp_path)
    km = placed["average"].scheduled_km
    section = ActivitySection(gtfs="feed.zip", bus_deadhead_share=0.2)
    fleet, found = with_bus_km(registry(2.4 * km), placed, section, DAYS)
    assert vkt_by_stream(fleet.vehicles)["urban_bus"] == pytest.approx(2.4 * km)
    assert [f.code for f in found] == ["activity.bus_km_registry", "activity.bus_deadhead", "activity.bus_layover"]
    assert found[0].kind == "assumption"
    assert found[0].values["ratio"] == "2.00"


def test_buses_drive_at_the_speeds_of_their_timetable(tmp_path: Path) -> None:
    """Two trips of 4.98 km, one in an hour and one in ten minutes; two stops each; the car keeps the road's speed."""
    net, feed = network(8), read_feed(feed_zip(tmp_path))
    placed = {"average": bus_km(net, feed)}
    vehicles = fleet(8, ["urban_bus", "car"])
    for wanted in ("timetable", "roads"):
        section = ActivitySection.model_validate({"gtfs": "feed.zip", "bus_speeds": wanted})
        activity = build_activity(net, vehicles, section, tmp_path, {"average": feed}, buses=placed)
        said = next(f for f in activity.findings if f.code == f"activity.bus_speed_{wanted}")
        assert float(said.values["kmh"]) == pytest.approx(2.0 * 4.98 / (3600.0 + 600.0) * 3600.0, abs=0.1)
        assert float(said.values["stops"]) == pytest.approx(4.0 / placed["average"].scheduled_km, abs=0.01)
        assert said.share == pytest.approx(1.0)
        assert bool(activity.own_kmh) == (wanted == "timetable")
    section = ActivitySection(gtfs="feed.zip")
    own = build_activity(net, vehicles, section, tmp_path, {"average": feed}, buses=placed).own_kmh["urban_bus"]
    assert own[0, 8] == pytest.approx(4.98, abs=0.05)
    assert own[0, 1] == pytest.approx(6 * 4.98, abs=0.3)
    assert np.isnan(own[0, 12])


def test_the_average_day_is_the_mean_of_the_week(tmp_path: Path) -> None:
    """Twice as many trips on weekdays as on Saturdays, none on Sundays; speeds are km over time."""
    net, feed = network(8), read_feed(feed_zip(tmp_path))
    one = bus_km(net, feed)
    slow = replace(one, seconds=2.0 * one.seconds)
    placed = {"weekday": replace(one, km=2.0 * one.km, scheduled_km=2.0 * one.scheduled_km), "saturday": slow}
    assert average_scheduled(placed, (AVERAGE,)) == pytest.approx((5 * 2 + 1) / 7 * one.scheduled_km)
    want = (5 + 1) * one.timed_km[0, 8] / (5 * one.seconds[0, 8] + 2 * one.seconds[0, 8]) * 3600.0
    assert bus_speeds(placed, (AVERAGE,), np.full((8, 24), 30.0))[0, 8] == pytest.approx(want)


def test_the_timetable_wins_where_the_plan_says_so(tmp_path: Path) -> None:
    placed = buses(tmp_path)
    section = ActivitySection(gtfs="feed.zip", bus_km="timetable", bus_deadhead_share=0.1)
    fleet, found = with_bus_km(registry(1000.0), placed, section, DAYS)
    of_stream = vkt_by_stream(fleet.vehicles)
    assert of_stream["urban_bus"] == pytest.approx(1.1 * placed["average"].scheduled_km, rel=1e-12)
    assert of_stream["car"] == pytest.approx(5.0)
    assert (found[0].code, found[0].kind) == ("activity.bus_km_timetable", "warning")
    with pytest.raises(InputError, match="no urban bus"):
        with_bus_km(registry(0.0), placed, section, DAYS)


def test_a_timetable_that_shall_win_must_be_given() -> None:
    with pytest.raises(ValidationError, match="needs a timetable"):
        ActivitySection(bus_km="timetable")


def test_links_have_the_speed_and_stops_of_the_timetable(tmp_path: Path) -> None:
    placed = buses(tmp_path)
    net = network(8)
    table = bus_links(placed, net.links["link_id"].to_numpy())
    assert table.columns == [c.column for c in columns("bus_links")]
    assert table["bus_km"].sum() == pytest.approx(placed["average"].km.sum())
    assert (table["stops_per_km"] * table["bus_km"]).sum() == pytest.approx(4.0)
    night = table.filter(pl.col("hour") == 1)
    assert night["speed_kmh"].min() == pytest.approx(6.0 * 4.98, abs=0.1)
    assert bus_links({}, net.links["link_id"].to_numpy()).is_empty()


def test_a_lower_limit_makes_buses_take_as_much_longer_as_others() -> None:
    own = np.array([[20.0, np.nan]])
    activity = Activity.dense(("urban_bus",), np.ones((1, 1, 2)), np.array([[40.0, 40.0]]), np.zeros((1, 2), np.int8))
    slowed = _slower(replace(activity, own_kmh={"urban_bus": own}), np.full((1, 2), 0.01), 0.7)
    assert slowed.speed_kmh[0, 0] == pytest.approx(1.0 / (1.0 / 40.0 + 0.01))
    assert slowed.own_kmh["urban_bus"][0, 0] == pytest.approx(1.0 / (1.0 / 20.0 + 0.01))
    assert np.isnan(slowed.own_kmh["urban_bus"][0, 1])
