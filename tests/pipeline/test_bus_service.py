"""Registry and timetable side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from fleet_planner.activity import vkt_by_stream
from fleet_planner.activity.days import day_types
from fleet_planner.activity.timetables.transit import BusKm, bus_km
from fleet_planner.errors import InputError
from fleet_planner.pipeline.bus_service import bus_links, with_bus_km
from fleet_planner.plan.models import ActivitySection
from fleet_planner.plan.traffic import TrafficSection
from fleet_planner.tables import columns
from fleet_planner.transit_feed import read_feed
from fleet_planner.units import DAYS_PER_YEAR
from tests.activity.small_city import feed_zip, network

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
    assert [f.code for f in found] == ["activity.bus_km_registry", "activity.bus_speed"]
    assert found[0].kind == "assumption"
    assert found[0].values["ratio"] == "2.00"
    assert float(found[1].values["kmh"]) == pytest.approx(2.0 * 4.98 / (3600.0 + 600.0) * 3600.0, abs=0.1)
    assert float(found[1].values["stops"]) == pytest.approx(4.0 / km, abs=0.01)


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
