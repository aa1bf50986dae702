"""Tags become lanes, limits, access and direction; the figures behind them are whole."""

from __future__ import annotations

import polars as pl
import pytest

from fleet_planner.network import graphs
from fleet_planner.network.access import is_drivable, max_weight_hgv_t, max_weight_t, trucks_allowed
from fleet_planner.network.attributes import lanes_by_direction, parse_maxspeed_kmh, speeds_kmh
from fleet_planner.network.impute import FIGURES, class_defaults
from fleet_planner.reference import reference_table


@pytest.mark.parametrize(
    ("tags", "direction", "lanes"),
    [
        ({"lanes": "4"}, 0, (2.0, 2.0)),
        ({"lanes": "3"}, 0, (1.5, 1.5)),
        ({"lanes": "1"}, 0, (1.0, 1.0)),
        ({"lanes": "3", "lanes:forward": "2"}, 0, (2.0, 1.0)),
        ({"lanes": "3", "lanes:backward": "2"}, 0, (1.0, 2.0)),
        ({"lanes:forward": "2"}, 0, (2.0, None)),
        ({"lanes": "3"}, 1, (3.0, 3.0)),
        ({"lanes": "2;3"}, -1, (2.5, 2.5)),
        ({}, 0, (None, None)),
    ],
)
def test_lanes_by_direction(tags: dict[str, str], direction: int, lanes: tuple[float | None, float | None]) -> None:
    assert lanes_by_direction(tags, direction) == lanes


def test_limits_by_direction() -> None:
    assert speeds_kmh({"maxspeed": "50", "maxspeed:backward": "30"}) == (50.0, 30.0)
    assert speeds_kmh({"maxspeed:forward": "60"}) == (60.0, None)


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("DE:rural", 100.0),
        ("CL:urban", 50.0),
        ("US-CA:urban", 40.2336),
        ("XX:rural", 90.0),
        ("30 knots", None),
        ("urban", 50.0),
    ],
)
def test_implied_limits_come_from_the_table(text: str, kmh: float | None) -> None:
    assert parse_maxspeed_kmh(text) == kmh


@pytest.mark.parametrize(
    ("tags", "open_"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "footway"}, False),
        ({"highway": "track"}, False),
        ({"highway": "construction"}, False),
        ({"highway": "residential", "area": "yes"}, False),
        ({"highway": "residential", "access": "private"}, False),
        ({"highway": "residential", "access": "no", "motor_vehicle": "yes"}, True),
        ({"highway": "residential", "motor_vehicle": "yes", "motorcar": "no"}, False),
        ({"highway": "residential", "motor_vehicle": "no"}, False),
        ({"highway": "residential", "access": "destination"}, True),
        ({"highway": "unclassified", "service": "driveway"}, False),
    ],
)
def test_drive_network(tags: dict[str, str], open_: bool) -> None:
    assert is_drivable(tags) is open_


@pytest.mark.parametrize(
    ("tags", "allowed"),
    [
        ({}, True),
        ({"hgv": "no"}, False),
        ({"hgv": "designated"}, True),
        ({"maxweight": "3.5"}, False),
        ({"maxweight": "7.5 t"}, True),
        ({"maxweight": "6000 lbs"}, False),
        ({"maxweight": "none"}, True),
    ],
)
def test_trucks(tags: dict[str, str], allowed: bool) -> None:
    assert trucks_allowed(tags) is allowed


@pytest.mark.parametrize("region", ["*", "US-CA", "CN-BJ", "CL", "BR", "XX"])
def test_every_class_has_every_default(region: str) -> None:
    defaults = class_defaults(region)
    assert defaults.select(FIGURES).null_count().row(0) == (0,) * len(FIGURES)
    assert defaults.height == class_defaults("*").height
    assert defaults.select((pl.col(FIGURES) > 0).all()).row(0) == (True,) * len(FIGURES)


def test_a_region_overrides_its_country_and_that_the_rest() -> None:
    speeds = {
        r: dict(class_defaults(r).select("road_class", "free_flow_kmh").iter_rows()) for r in ("*", "US-CA", "BR")
    }
    assert speeds["US-CA"]["motorway"] == 105.0
    assert speeds["BR"]["tertiary"] == 40.0
    assert speeds["BR"]["primary_link"] == speeds["*"]["primary_link"]
    keys = reference_table("road_class_defaults.csv").select("region", "road_class", "figure")
    assert keys.is_unique().all()


@pytest.mark.parametrize(("against", "speed", "lanes"), [(False, 60.0, 2.0), (True, 40.0, 1.0)])
def test_edges_of_a_graph_take_the_tags_of_their_direction(against: bool, speed: float, lanes: float) -> None:
    edge = {"oneway": False, "reversed": against, "highway": ["primary", "trunk"], "osmid": [7, 8], "lanes": "3"}
    edge |= {"lanes:forward": "2", "maxspeed:forward": "60", "maxspeed:backward": "40", "hgv": "no"}
    assert graphs._attributes(edge) == (7, None, "primary", 1, speed, lanes, False, None, None, False, 0.0, False)
    assert graphs._attributes(edge | {"bridge": ["no", "viaduct"]})[-1] is True
    assert graphs._attributes(edge | {"tunnel": "building_passage"})[-1] is False


@pytest.mark.parametrize(
    ("tags", "everyone", "goods", "trucks"),
    [
        ({"maxweight": "18"}, 18.0, None, True),
        ({"maxweight": "3,5 t"}, 3.5, None, False),
        ({"maxweight": "20", "maxweightrating": "7.5"}, 7.5, None, True),
        ({"maxweight": "6000 lbs"}, 2.72155422, None, False),
        ({"maxweight:hgv": "3 st"}, None, 2.72155422, False),
        ({"maxweightrating:hgv": "12"}, None, 12.0, True),
        ({"maxweight": "none"}, None, None, True),
        ({"maxweight": "default", "hgv": "designated"}, None, None, True),
        ({"hgv": "no"}, None, None, False),
    ],
)
def test_weight_limits(tags: dict[str, str], everyone: float | None, goods: float | None, *, trucks: bool) -> None:
    assert max_weight_t(tags) == (pytest.approx(everyone) if everyone else None)
    assert max_weight_hgv_t(tags) == (pytest.approx(goods) if goods else None)
    assert trucks_allowed(tags) is trucks
