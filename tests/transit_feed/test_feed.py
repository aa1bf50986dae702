"""Feeds as cities publish them, and feeds that are broken."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fleet_planner.errors import InputError
from fleet_planner.network import builtin_gtfs
from fleet_planner.transit_feed import Feed, read_feed

TIMES = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
DEFAULT = {
    "routes": "route_id,route_type\nr,3\n",
    "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "wk,1,1,1,1,1,0,0,20240101,20241231\n",
    "trips": "route_id,service_id,trip_id,shape_id\nr,wk,t,s\n",
    "shapes": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\ns,0,0,1\ns,0,0.01,2\ns,0,0.02,3\n",
    "stops": "stop_id,stop_lat,stop_lon\na,0,0\nb,0,0.015\nc,0,0.02\n",
    "stop_times": TIMES + "t,08:00:00,08:00:00,a,1\nt,08:50:00,09:10:00,b,2\nt,09:20:00,09:20:00,c,3\n",
}


def write(folder: Path, **tables: str | None) -> Path:
    path = folder / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (DEFAULT | tables).items():
            if text is not None:
                archive.writestr(f"{name}.txt", text)
    return path


def codes(feed: Feed) -> dict[str, int | None]:
    return {f.code: f.count for f in feed.findings}


def test_stops_have_a_time_and_a_place_along_the_shape(tmp_path: Path) -> None:
    feed = read_feed(write(tmp_path))
    total = feed.along_m[-1]
    assert total == pytest.approx(2223.9, abs=0.1)
    np.testing.assert_allclose(feed.timing_m, [0, total * 0.75, total], rtol=1e-9, atol=1e-6)
    assert feed.timing_arrival_s.tolist() == [0, 3000, 4800]
    assert feed.timing_departure_s.tolist() == [0, 4200, 4800]
    assert feed.trips["distance_km"][0] == pytest.approx(total / 1000)


def test_stops_without_a_time_are_passed_evenly_on_the_way(tmp_path: Path) -> None:
    feed = read_feed(write(tmp_path, stop_times=TIMES + "t,08:00:00,08:00:00,a,1\nt,,,b,2\nt,09:00:00,09:00:00,c,3\n"))
    np.testing.assert_allclose(feed.timing_arrival_s, [0, 2700, 3600], atol=1e-3)
    assert codes(feed)["transit.times_between"] == 1


def test_folder_is_read_like_a_zip(tmp_path: Path) -> None:
    for name, text in DEFAULT.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    assert read_feed(tmp_path).trips.height == 1


def test_trips_after_midnight_are_counted(tmp_path: Path) -> None:
    late = TIMES + "t,23:50:00,23:50:00,a,1\nt,24:10:00,24:10:00,c,2\n"
    feed = read_feed(write(tmp_path, stop_times=late))
    assert codes(feed)["transit.after_midnight"] == 1
    assert feed.trips["end_s"][0] == 86_400 + 600


def test_times_that_run_backwards_are_taken_away_and_filled_in(tmp_path: Path) -> None:
    back = TIMES + "t,08:00:00,08:00:00,a,1\nt,07:00:00,07:00:00,b,2\nt,09:00:00,09:00:00,c,3\n"
    feed = read_feed(write(tmp_path, stop_times=back))
    found = next(f for f in feed.findings if f.code == "transit.times_back")
    assert found.values == {"file": "stop_times.txt", "row": 3, "column": "arrival_time", "value": "07:00:00"}
    np.testing.assert_allclose(feed.timing_arrival_s, [0, 2700, 3600], atol=1e-3)


def test_trips_without_times_are_left_out_and_counted(tmp_path: Path) -> None:
    feed = read_feed(write(tmp_path, trips="route_id,service_id,trip_id,shape_id\nr,wk,t,s\nr,wk,none,s\n"))
    assert feed.trips["trip_id"].to_list() == ["t"]
    assert codes(feed)["transit.untimed"] == 1


def test_missing_shape_is_a_straight_line_and_counted(tmp_path: Path) -> None:
    feed = read_feed(write(tmp_path, shapes=None))
    assert codes(feed)["transit.no_shape"] == 1
    assert feed.trips["distance_km"][0] == pytest.approx(2.2239, abs=1e-4)


def test_day_on_which_two_timetables_overlap_is_not_the_busiest(tmp_path: Path) -> None:
    calendar = DEFAULT["calendar"].splitlines()[0] + (
        "\nold,1,1,1,1,1,1,1,20240101,20240601\nnew,1,1,1,1,1,1,1,20240601,20241231\n"
    )
    trips = "route_id,service_id,trip_id,shape_id\nr,old,t,s\nr,new,u,s\nr,new,v,s\n"
    times = "".join(f"{t},08:00:00,08:00:00,a,1\n{t},09:00:00,09:00:00,c,2\n" for t in "tuv")
    path = write(tmp_path, calendar=calendar, trips=trips, stop_times=TIMES + times)
    assert read_feed(path).trips["trip_id"].to_list() == ["u", "v"]
    assert read_feed(path, date(2024, 6, 1)).trips.height == 3


@pytest.mark.parametrize(
    ("table", "text", "parts"),
    [
        ("stops", "stop_id,stop_lat,stop_lon\na,0,0\nb,north,0\n", ("stops.txt", "row 3", "stop_lat", "north")),
        ("stops", "stop_id,stop_lat,stop_lon\na,95,0\n", ("stops.txt", "row 2", "stop_lat")),
        ("shapes", DEFAULT["shapes"] + "s,0,0.03,\n", ("shapes.txt", "row 5", "shape_pt_sequence", "empty")),
        ("stop_times", TIMES + "t,08:00:00,08:00:00,a,\n", ("stop_times.txt", "row 2", "stop_sequence", "empty")),
        ("shapes", DEFAULT["shapes"] + "s,0,0.03,four\n", ("shapes.txt", "row 5", "shape_pt_sequence", "four")),
        ("stop_times", TIMES + "t,08:00:00,8h,a,1\n", ("stop_times.txt", "row 2", "departure_time", "8h")),
        ("stop_times", TIMES + "t,08:00:00,08:00:00,a,first\n", ("stop_times.txt", "row 2", "stop_sequence")),
        ("calendar", DEFAULT["calendar"].replace("20240101", "1 Jan"), ("calendar.txt", "row 2", "start_date")),
        ("calendar", DEFAULT["calendar"].replace("sunday,", ""), ("calendar.txt", "sunday")),
        ("calendar_dates", "service_id,date,exception_type\nwk,20240102,3\n", ("calendar_dates.txt", "exception_type")),
        ("frequencies", "trip_id,start_time,end_time,headway_secs\nt,06:00:00,07:00:00,0\n", ("row 2", "headway_secs")),
        ("trips", DEFAULT["trips"] + "r,wk,t,s\n", ("trips.txt", "row 3", "trip_id")),
    ],
)
def test_broken_cell_is_named(tmp_path: Path, table: str, text: str, parts: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as error:
        read_feed(write(tmp_path, **{table: text}))
    for part in ("feed.zip", *parts):
        assert part in str(error.value)


def test_other_encoding_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, stops=None)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("stops.txt", "stop_id,stop_lat,stop_lon\nñandú,0,0\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"stops\.txt"):
        read_feed(path)


def test_embedded_feed() -> None:
    feed = read_feed(builtin_gtfs())
    day = next(f for f in feed.findings if f.code == "transit.service_day")
    assert day.values["all"] == 1007
    assert feed.trips.height == 360
    steps = np.delete(np.diff(feed.timing_m), feed.timing_offsets[1:-1] - 1)
    assert np.all(steps >= 0.0)
    assert (feed.timing_offsets[1:] - feed.timing_offsets[:-1]).min() > 1


@pytest.mark.city
@pytest.mark.parametrize(
    ("name", "trips", "weekday"),
    [
        ("los_angeles/gtfs/montebello.zip", 416, True),
        ("los_angeles/gtfs/alhambra.zip", 101, True),
        ("sao_paulo/sao_paulo_centre_gtfs.zip", 756, True),
    ],
)
def test_feeds_of_cities(shared_data: Path, name: str, trips: int, weekday: bool) -> None:
    feed = read_feed(shared_data / name)
    assert feed.trips.height == trips
    assert (feed.day.weekday() < 5) == weekday
    assert feed.trips.select(pl.col("distance_km").min()).item() > 1.0
    kmh = feed.trips["distance_km"] / (feed.trips["end_s"] - feed.trips["start_s"]) * 3600
    assert 8 < kmh.median() < 40
