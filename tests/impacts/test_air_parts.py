"""Weather, pieces of roads, graded points, people, NO2."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import polars as pl
import pytest
import shapely

from fleet_planner.errors import InputError, PlanError
from fleet_planner.impacts.dispersion.meteorology import MOST_CLASSES, read_meteorology
from fleet_planner.impacts.dispersion.pieces import Pieces, pieces_of
from fleet_planner.impacts.dispersion.receptors import graded_points, with_people
from fleet_planner.impacts.exposure.near_road import by_group, no2
from fleet_planner.impacts.gridded.grid import on_plane
from fleet_planner.network.model import Network


def met(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "met.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_has_weather_at_every_hour() -> None:
    weather = read_meteorology(None, 0.5, 10.0, 0.5)
    assert weather.example
    assert weather.often.sum(axis=(1, 2)) == pytest.approx(np.ones(weather.often.shape[0]))
    assert weather.group.shape == (12, 24)
    assert weather.seasons == {"cool": (1, 2, 3, 10, 11, 12), "warm": (4, 5, 6, 7, 8, 9)}
    night, noon = weather.group[0, 2], weather.group[0, 13]
    assert night != noon
    stable = np.array([w.stable and np.isfinite(w.obukhov_m) for w in weather.classes])
    assert weather.often[night][stable].sum() == pytest.approx(1.0)
    assert weather.often[noon][stable].sum() == 0.0


def test_wind_from_the_west_blows_east(tmp_path: Path) -> None:
    weather = read_meteorology(met(tmp_path, "wind_from_deg,wind_speed_m_s,stability\n270,3,D\n"), 0.5, 10.0, 0.5)
    blowing = np.flatnonzero(weather.often[0, 0] > 0)
    assert weather.wind[blowing[0]] == pytest.approx([1.0, 0.0], abs=1e-12)
    assert float(weather.classes[0].wind_m_s(10.0)) == pytest.approx(3.0)


def test_frequencies_count_within_their_hours(tmp_path: Path) -> None:
    text = "hour_from,hour_to,wind_from_deg,wind_speed_m_s,obukhov_m,frequency\n7,18,0,3,-50,3\n7,18,180,2,-50,1\n19,6,90,1,30,5\n"
    weather = read_meteorology(met(tmp_path, text), 0.5, 10.0, 0.5)
    day, night = weather.group[5, 12], weather.group[5, 0]
    assert sorted(weather.often[day].sum(axis=0)[[0, 8]].tolist()) == pytest.approx([0.25, 0.75])
    assert weather.often[night].sum(axis=0)[4] == pytest.approx(1.0)


def test_many_kinds_of_weather_are_put_together(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = "".join(
        f"{h},{h},{d:.0f},{s:.2f},{length:.0f},1\n"
        for h, d, s, length in zip(
            np.arange(2000) % 24,
            rng.uniform(0, 360, 2000),
            rng.uniform(0.2, 8, 2000),
            rng.choice([-200, -20, 30, 300], 2000),
            strict=True,
        )
    )
    path = met(tmp_path, "hour_from,hour_to,wind_from_deg,wind_speed_m_s,obukhov_m,frequency\n" + rows)
    weather = read_meteorology(path, 0.5, 10.0, 0.5)
    assert 5 < len(weather.classes) <= 30
    assert weather.often.shape == (24, len(weather.classes), 16)
    assert weather.often.sum(axis=(1, 2)) == pytest.approx(np.ones(24))
    assert 0.02 < weather.calm_share < 0.06
    assert len(weather.classes) != MOST_CLASSES or weather.rows == 2000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("wind_from_deg,wind_speed_m_s\n0,3\n", "neither a stability nor an Obukhov length"),
        ("hour_from,hour_to,wind_speed_m_s,stability\n7,18,3,D\n", "an hour of the day has no weather"),
        ("wind_speed_m_s,stability\n3,G\n", "unknown word"),
        ("wind_speed_m_s,stability,frequency\n3,D,0\n", "an hour of the day has no weather"),
    ],
)
def test_wrong_weather_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_meteorology(met(tmp_path, text), 0.5, 10.0, 0.5)


def test_months_of_the_example_are_turned_round_in_the_south() -> None:
    south = read_meteorology(None, 0.5, 10.0, 0.5, south=True)
    north = read_meteorology(None, 0.5, 10.0, 0.5)
    assert south.seasons["cool"] == (4, 5, 6, 7, 8, 9)
    same = [np.allclose(north.often[north.group[m]], south.often[south.group[(m + 6) % 12]]) for m in range(12)]
    assert all(same)


def test_seasons_named_by_their_rows_and_by_their_months(tmp_path: Path) -> None:
    text = (
        "season,month_from,month_to,wind_speed_m_s,stability\n"
        "winter,11,2,1,F\n,3,6,3,D\nsummer,7,10,2,B\nsummer,7,10,3,B\n"
    )
    weather = read_meteorology(met(tmp_path, text), 0.5, 10.0, 0.5)
    assert weather.seasons == {"winter": (1, 2, 11, 12), "3-6": (3, 4, 5, 6), "summer": (7, 8, 9, 10)}
    given = read_meteorology(met(tmp_path, text), 0.5, 10.0, 0.5, {"a": [1, 2, 3, 4, 5, 6], "b": [7, 8, 9, 10, 11, 12]})
    assert list(given.seasons) == ["a", "b"]
    assert weather.often.shape[0] == 3
    shares = weather.shares([tuple(range(1, 13))])
    assert shares.sum(axis=1) == pytest.approx(np.ones(24))
    winter = (31 + 28.25 + 30 + 31) / 365.25
    assert shares[:, weather.group[0, 0]] == pytest.approx(np.full(24, winter))
    only = weather.shares([(12, 1, 2), (3, 4, 5, 6, 7, 8, 9, 10, 11)], weather.seasons["winter"])
    assert only[:24].sum(axis=1) == pytest.approx(np.ones(24))
    assert only[24:].sum(axis=1) == pytest.approx(np.full(24, 30 / (365.25 - 90.25)))


def test_a_year_of_hours_is_pooled_and_each_month_counts_by_its_days(tmp_path: Path) -> None:
    """Every hour of a year: stable at night in January alone; hour by hour the share of stable air is kept."""
    times = [(m, d, h) for m in range(1, 13) for d in range(1, 29) for h in range(24)]
    rows = "".join(
        f"2023-{m:02d}-{d:02d}T{h:02d}:00,{(7 * d + h) % 360},2,{30 if m == 1 and h < 6 else -200}\n"
        for m, d, h in times
    )
    weather = read_meteorology(met(tmp_path, "time,wind_from_deg,wind_speed_m_s,obukhov_m\n" + rows), 0.5, 10.0, 0.5)
    assert weather.pooled
    assert weather.often.shape[0] == 24
    assert weather.seasons == {"12-2": (12, 1, 2), "3-5": (3, 4, 5), "6-8": (6, 7, 8), "9-11": (9, 10, 11)}
    assert weather.often.sum(axis=(1, 2)) == pytest.approx(np.ones(24))
    stable = np.array([w.stable for w in weather.classes])
    assert weather.often[weather.group[0, 3]][stable].sum() == pytest.approx(
        31 / 90.25 * 6 / 8
    )  # 22 to 5: six of eight
    assert weather.often[weather.group[6, 3]][stable].sum() == 0.0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("month_from,month_to,wind_speed_m_s,stability\n3,11,3,D\n", "an hour of the day has no weather"),
        ("time,wind_speed_m_s,stability\n2023-13-01T00:00,3,D\n", "this is no time"),
        ("time,wind_speed_m_s,stability\nnoon,3,D\n", "this is no time"),
    ],
)
def test_wrong_months_are_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_meteorology(met(tmp_path, text), 0.5, 10.0, 0.5)


def town() -> Network:
    """A street in both directions with a bend, and one more."""
    lines = [
        [[3.0, 0.0], [3.001, 0.0], [3.001, 0.001]],
        [[3.001, 0.001], [3.001, 0.0], [3.0, 0.0]],
        [[3.0, 0.0], [3.0, 0.002]],
    ]
    links = pl.DataFrame(
        {
            "link_id": [0, 1, 2],
            "u": ["a", "b", "a"],
            "v": ["b", "a", "c"],
            "osm_id": [1, 1, 2],
            "length_km": [0.2222, 0.2222, 0.2211],
        }
    )
    offsets = np.cumsum([0, *(len(line) for line in lines)])
    return Network(links, np.concatenate([np.array(line) for line in lines]), offsets, "made up")


def test_both_directions_share_their_pieces() -> None:
    pieces = pieces_of(town(), 32631)
    assert pieces.road.tolist() == [0, 0, 1]
    assert pieces.ends.shape == (3, 4)
    assert np.bincount(pieces.owner, pieces.share).tolist() == pytest.approx([1.0, 1.0])
    on = pieces.on_pieces(np.array([1.0, 2.0, 5.0]))
    assert on.sum() == pytest.approx(8.0)
    assert on[pieces.owner == 0].sum() == pytest.approx(3.0)


def test_points_are_fine_beside_busy_roads() -> None:
    pieces = Pieces(np.array([[0.0, 0.0, 0.0, 2000.0]]), np.zeros(1, int), np.ones(1), np.zeros(1, int))
    cells = graded_points(pieces, np.array([True]), np.array([-3200.0, -400.0, 3200.0, 2400.0]), 100.0, 800.0)
    assert (cells[:, 2] ** 2).sum() == pytest.approx(6400.0 * 3200.0)
    near = np.abs(cells[:, 0]) < 100.0
    assert set(cells[near & (cells[:, 1] > 0) & (cells[:, 1] < 2000), 2]) == {100.0}
    assert set(cells[np.abs(cells[:, 0]) > 1700.0, 2]) == {800.0}
    with pytest.raises(PlanError, match="points of air"):
        graded_points(pieces, np.array([True]), np.array([-3e5, -3e5, 3e5, 3e5]), 10.0, 1000.0)


def test_people_are_spread_over_their_zone_and_none_is_lost() -> None:
    lon = [3.0, 3.01]
    zones = gpd.GeoDataFrame(
        {"population": [1000.0, 7.0, 0.0]},
        geometry=[
            shapely.box(lon[0], 0.0, lon[1], 0.01),
            shapely.box(3.02, 0.02, 3.0201, 0.0201),
            shapely.box(3.03, 0, 3.04, 0.01),
        ],
        crs="EPSG:4326",
    )
    x, y = on_plane(32631, np.array([2.99, 3.05]), np.array([-0.01, 0.03]))
    gx, gy = np.meshgrid(np.arange(x[0], x[1], 200.0), np.arange(y[0], y[1], 200.0))
    cells = np.column_stack([gx.ravel(), gy.ravel(), np.full(gx.size, 200.0)])
    found = with_people(cells, zones, 32631)
    assert found.people.sum() == pytest.approx(1007.0)
    assert len(found.xy) == len(cells) + 1
    assert found.people[found.zone == 0].std() == pytest.approx(0.0, abs=1e-9)
    assert with_people(cells, None, 32631).people.sum() == 0.0


def test_no2_of_the_standard_method_by_hand() -> None:
    """20 of NOx with 4 primary and 40 of ozone: 4 + 0.6 * 40 * 16 / (16 + 100)."""
    assert float(no2(np.array(20.0), np.array(4.0), 40.0, 0.6, 100.0)) == pytest.approx(4 + 24 * 16 / 116)
    assert float(no2(np.array(0.0), np.array(0.0), 40.0, 0.6, 100.0)) == 0.0


def test_hours_add_up_to_groups() -> None:
    hours = np.arange(24.0)[:, None, None] * np.ones((1, 2, 3))
    out = by_group(hours, np.repeat(np.eye(2), [8, 16], axis=0))
    assert out.shape == (2, 2, 3)
    assert out[0, 0, 0] == sum(range(8))
    assert out[1, 1, 2] == sum(range(8, 24))
