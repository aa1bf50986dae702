"""A timetable from the command line: where buses drive, how fast, and whose kilometres win."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pyogrio
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.tables import columns
from tests.cli.test_traffic import OSM, PLAN

ROWS = (
    "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count,depot\n"
    "b1,bus,diesel,17000,2014,urban_bus,60000,2,yard\nt1,heavy_truck,diesel,12000,2014,rigid_truck,40000,300,\n"
)
STREET_KM = 0.4448
FEED = {
    "routes": "route_id,route_type,route_short_name\nr,3,7\n",
    "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "all,1,1,1,1,1,1,1,20240101,20241231\n",
    "trips": "route_id,service_id,trip_id,shape_id,block_id\nr,all,out,s,1\nr,all,back,,1\n",
    "shapes": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n"
    + "".join(f"s,0.00005,{0.002 + 0.001 * k:.3f},{k}\n" for k in range(21)),
    "stops": "stop_id,stop_lat,stop_lon\na,0,0.002\nb,0,0.012\nc,0,0.022\nd,0.004,0.022\nm,0.004,0.012\ne,0.004,0.002\n",
    "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "out,08:00:00,08:00:00,a,1\nout,18:05:00,18:05:00,b,2\nout,08:10:00,08:10:00,c,3\n"
    "back,08:20:00,08:20:00,d,1\nback,,,m,2\nback,08:30:00,08:30:00,e,3\n",
}


def run(folder: Path, activity: str = "", **tables: str) -> Result:
    text = PLAN + '[places]\ndepots = "depots.csv"\n[activity]\ngtfs = "feed.zip"\n' + activity
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    (folder / "r.csv").write_text(ROWS, encoding="utf-8")
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    (folder / "depots.csv").write_text("name,lon,lat\nyard,0,0\nfar,0.028,0.008\n", encoding="utf-8")
    with zipfile.ZipFile(folder / "feed.zip", "w") as archive:
        for name, rows in (FEED | tables).items():
            archive.writestr(f"{name}.txt", rows)
    return CliRunner().invoke(main, ["run", str(folder / "plan.toml"), "--out", str(folder / "out")])


def told(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert max(v for c in manifest["closure"].values() for v in c.values()) < 1e-9
    return {f["code"]: f for f in manifest["findings"]}


def test_a_timetable_from_end_to_end(tmp_path: Path) -> None:
    """One bus: out along the first street by shape, back along the second by its stops, from and to its depot.

    Five blocks each way; between them half a block on, one up, half back; half a block out of the depot, 1.5 into it.
    """
    result = run(tmp_path, 'bus_km = "timetable"\n')
    assert result.exit_code == 0, result.output
    found = told(tmp_path)
    links = pl.read_parquet(tmp_path / "out" / "bus_links.parquet")
    assert links.columns == [c.column for c in columns("bus_links")]
    assert set(links["kind_of_day"]) == {"weekday", "saturday", "sunday"}
    day = links.filter(pl.col("kind_of_day") == "weekday")
    assert day["bus_km"].sum() == pytest.approx(10 * STREET_KM, rel=0.01)
    assert day["empty_km"].sum() == pytest.approx(4 * STREET_KM, rel=0.03)
    assert day.filter(pl.col("hour") == 7)["empty_km"].sum() == pytest.approx(0.5 * STREET_KM, rel=0.05)
    speeds = day.filter((pl.col("hour") == 8) & (pl.col("bus_km") > 0.0))["speed_kmh"]
    assert (speeds.min(), speeds.max()) == pytest.approx((6 * 2.224, 6 * 2.224), rel=0.02)
    routes = pl.read_csv(tmp_path / "out" / "bus_routes.csv")
    assert routes.columns == [c.column for c in columns("bus_routes")]
    row = routes.filter(pl.col("kind_of_day") == "weekday").row(0, named=True)
    assert (row["route"], row["trips"], row["routed_trips"]) == (7, 2, 1)
    assert row["matched_share"] == pytest.approx(1.0, abs=0.02)
    assert row["road_over_line"] == pytest.approx(1.0, abs=0.02)
    assert row["stops_per_km"] == pytest.approx(6 / (10 * STREET_KM), rel=0.02)
    broken = found["transit.times_back"]
    assert "stop_times.txt, row 3, arrival_time 18:05:00" in broken["text"]
    assert found["activity.bus_blocks"]["count"] == 1
    assert found["activity.bus_layover_blocks"]
    # 4.45 km at 13.3 km/h with passengers, 0.67 km at the roads' speed on the same links without
    assert "14.7 km/h" in found["activity.bus_speed_timetable"]["text"]
    total = float(re.findall(r"make ([0-9.]+) km", found["activity.bus_km_timetable"]["text"])[0])
    assert total == pytest.approx(14 * STREET_KM, abs=0.6)
    vehicles = pl.read_parquet(tmp_path / "out" / "vehicles.parquet").filter(
        (pl.col("stream") == "urban_bus") & (pl.col("scenario") == "baseline")
    )
    driven = (vehicles["km_per_year"] * vehicles["share_inside"] * vehicles["count"]).sum() / 365.25
    assert driven == pytest.approx(14 * STREET_KM, rel=0.02)
    drawn = pyogrio.read_dataframe(tmp_path / "out" / "city.gpkg", layer="buses")
    assert [c for c in drawn.columns if c != "geometry"] == [c.column for c in columns("buses")]
    assert drawn["bus_km_per_day"].sum() == pytest.approx(day["bus_km"].sum())
    assert drawn["empty_km_per_day"].sum() == pytest.approx(day["empty_km"].sum())
    stops = (drawn["bus_km_per_day"] * drawn["stops_per_km"].fillna(0.0)).sum()
    assert stops == pytest.approx(6.0)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert 'id="buses"' in page
    assert "The 1 of 1 routes that follow" in page
    again = CliRunner().invoke(main, ["report", str(tmp_path / "out"), "--language", "zh"])
    assert again.exit_code == 0, again.output
    chinese = (tmp_path / "out" / "report.zh.html").read_text(encoding="utf-8")
    for part in ("车次链", "匹配最差的线路", "stop_times.txt第3行", "按站点推算的班次"):
        assert part in chinese


def test_buses_may_drive_with_the_traffic_and_the_registry_wins(tmp_path: Path) -> None:
    result = run(tmp_path, 'bus_speeds = "roads"\n')
    assert result.exit_code == 0, result.output
    found = told(tmp_path)
    ratio = float(re.findall(r"([0-9.]+) times as much", found["activity.bus_km_registry"]["text"])[0])
    assert ratio == pytest.approx(2 * 60_000 / 365.25 / (14 * STREET_KM), rel=0.2)
    assert "activity.bus_speed_roads" in found


@pytest.mark.parametrize(
    ("table", "text", "parts"),
    [
        (
            "stop_times",
            FEED["stop_times"].replace("08:20:00,08:20:00", "8:2,08:20:00"),
            ("row 5", "arrival_time", "8:2"),
        ),
        ("calendar", FEED["calendar"].replace("20240101", "2024"), ("calendar.txt", "row 2", "start_date", "2024")),
        ("stops", FEED["stops"].replace("0.004,0.022", "0.004,east"), ("stops.txt", "row 5", "stop_lon", "east")),
        ("stops", FEED["stops"].replace(",0.0", ",3.0"), ("no bus of the timetable runs on a road",)),
    ],
)
def test_a_broken_feed_is_one_message(tmp_path: Path, table: str, text: str, parts: tuple[str, ...]) -> None:
    tables = {table: text}
    if "no bus" in parts[0]:
        tables["shapes"] = FEED["shapes"].replace(",0.0", ",3.0")
    result = run(tmp_path, **tables)
    assert result.exit_code == 1
    for part in parts:
        assert part in result.output
    assert not (tmp_path / "out").exists()
