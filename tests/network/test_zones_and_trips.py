"""Zones and trips are read whole, or refused by file, row and column."""

from __future__ import annotations

import warnings
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import Point, Polygon, box

from fleet_planner.errors import InputError, OutputError, UserError
from fleet_planner.network.omx import read_omx
from fleet_planner.network.trips import read_trips
from fleet_planner.network.zones import demand_zones, map_zones, read_zone_layer
from fleet_planner.plan.assignment import AssignmentSection

SECTION = AssignmentSection()


def layer(**columns: Any) -> gpd.GeoDataFrame:
    given = {"zone_id": [1, 2], "population": [10.0, 30.0], "geometry": [box(0, 0, 1, 1), box(1, 0, 2, 1)], **columns}
    return gpd.GeoDataFrame(given, crs=4326)


def test_zones_keep_names_and_numbers() -> None:
    mapped = AssignmentSection(zone_id="name", population="people", jobs="work", freight="sites")
    frame = layer(name=["north", "south"], people=[1, 2], work=[3, 4], sites=[0.5, 0.0])
    zones = demand_zones(frame, mapped, "z")
    assert zones.ids == ("north", "south")
    assert zones.population.tolist() == [1.0, 2.0]
    assert zones.jobs is not None
    assert zones.jobs.tolist() == [3.0, 4.0]
    assert zones.freight is not None
    assert zones.freight.tolist() == [0.5, 0.0]
    plain = demand_zones(layer(zone_id=[7.0, 8.0]), SECTION, "z")
    assert plain.ids == ("7", "8")
    assert plain.jobs is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"population": [10.0, -1.0]}, "row 3, column population: this is no number of population (found: -1.0)"),
        ({"population": ["ten", "3"]}, "row 2, column population: this is no number of population (found: 'ten')"),
        ({"population": [1.0, None]}, "row 3, column population"),
        ({"population": [0.0, 0.0]}, "nobody lives in the zones"),
        ({"zone_id": [5, 5]}, "row 3, column zone_id: two zones have the same name (found: '5')"),
        ({"geometry": [box(0, 0, 1, 1), Polygon()]}, "row 3: a zone has no geometry (found: '2')"),
        ({"geometry": [None, box(0, 0, 1, 1)]}, "row 2: a zone has no geometry"),
    ],
)
def test_bad_zones_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        demand_zones(layer(**change), SECTION, "zones.gpkg")
    assert message in str(caught.value)
    assert str(caught.value).startswith("zones.gpkg")


def test_a_missing_column_names_those_that_there_are() -> None:
    with pytest.raises(InputError, match=r"no column 'work'.*traffic.assignment.jobs.*zone_id, population"):
        demand_zones(layer(), AssignmentSection(jobs="work"), "z")
    with pytest.raises(InputError, match="no jobs at all"):
        demand_zones(layer(work=[0, 0]), AssignmentSection(jobs="work"), "z")


def test_one_zone_is_too_few() -> None:
    with pytest.raises(InputError, match="two zones at least"):
        demand_zones(layer().iloc[:1], SECTION, "z")


def test_crossed_outlines_are_mended_and_counted() -> None:
    bow = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    zones = demand_zones(layer(geometry=[bow, Point(3, 3)]), SECTION, "z")
    assert zones.geometry[0].is_valid
    assert zones.geometry[0].area == pytest.approx(0.5)
    assert [(f.code, f.count) for f in zones.findings] == [("network.zones_mended", 1)]


def test_the_layer_needs_a_place_on_earth(tmp_path: Path) -> None:
    layer().to_file(tmp_path / "z.shp")
    (tmp_path / "z.prj").unlink()
    with pytest.raises(InputError, match="no coordinate reference system"):
        read_zone_layer("z.shp", tmp_path)
    with pytest.raises(InputError, match="there is no such zone file"):
        read_zone_layer("other.gpkg", tmp_path)
    (tmp_path / "bad.gpkg").write_text("no database", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        read_zone_layer("bad.gpkg", tmp_path)


def test_the_map_takes_renamed_columns_and_numbers_zones() -> None:
    frame = layer(people=[1, 2]).drop(columns=["population", "zone_id"])
    zones = map_zones(frame, AssignmentSection(population="people"), "z")
    assert zones.columns.tolist() == ["zone_id", "population", "geometry"]
    assert zones["zone_id"].tolist() == [1, 2]
    with pytest.raises(InputError, match="no population"):
        map_zones(frame, SECTION, "z")


def trips(tmp_path: Path, text: str, zones: tuple[str, ...] = ("1", "2", "x")) -> dict[str, Any]:
    path = tmp_path / "trips.csv"
    path.write_text(text, encoding="utf-8")
    return read_trips(path, zones)


def test_lists_of_trips_add_up(tmp_path: Path) -> None:
    found = trips(tmp_path, "from;to;class;trips\n1;2;light;3\n1;2;light;1.5\nx;1;truck;2\n")
    assert set(found) == {"light", "truck"}
    assert found["light"][0, 1] == 4.5
    assert found["light"].sum() == 4.5
    assert found["truck"][2, 0] == 2.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from,to,class\n1,2,light\n", "column trips: a column is missing"),
        (
            "from,to,class,trips\n1,2,light,1\n9,2,light,1\n8,1,light,1\n",
            "row 3, column from: there is no such zone (2",
        ),
        ("from,to,class,trips\n1,2,cars,1\n", "row 2, column class: there is no such class (1"),
        ("from,to,class,trips\n1,2,light,-4\n", "row 2, column trips: this is no number of trips (found: '-4')"),
        ("from,to,class,trips\n1,2,light,many\n", "row 2, column trips: this is no number of trips (found: 'many')"),
        ("from,to,class,trips\n1,,light,1\n", "row 2, column to: there is no such zone"),
        ("from,to,class,trips\n", "the file holds no trip"),
        ("from,to,class,trips\n1,2,light,0\n", "the file holds no trip"),
        ("from,to,class,trips\n1,2,light,1,5,6\n", "this is not a CSV table"),
    ],
)
def test_bad_lists_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        trips(tmp_path, text)
    assert message in str(caught.value)


def omx(path: Path, name: str, matrix: np.ndarray, mapping: list[int] | None) -> Path:
    import openmatrix

    with openmatrix.open_file(path, "w") as handle:
        handle[name] = matrix
        if mapping:
            handle.create_mapping("zones", mapping)
    return path


def test_matrices_follow_their_mapping(tmp_path: Path) -> None:
    path = omx(tmp_path / "t.omx", "light", np.array([[0.0, 5.0], [7.0, 1.0]]), [20, 10])
    found = read_trips(path, ("10", "15", "20"))
    assert found["light"].tolist() == [[1.0, 0.0, 7.0], [0.0, 0.0, 0.0], [5.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("name", "values", "mapping", "message"),
    [
        ("light", [[0.0, 1.0], [1.0, 0.0]], None, "no usable OMX file"),
        ("light", [[0.0, 1.0], [1.0, 0.0]], [1, 99], "no such zone (1 of the mapping"),
        ("cars", [[0.0, 1.0], [1.0, 0.0]], [1, 2], "no such class"),
        ("light", [[0.0, -1.0], [1.0, 0.0]], [1, 2], "missing or below 0"),
    ],
)
def test_bad_matrices_are_refused(
    tmp_path: Path, name: str, values: list[list[float]], mapping: list[int] | None, message: str
) -> None:
    path = omx(tmp_path / "t.omx", name, np.array(values), mapping)
    with pytest.raises(InputError) as caught:
        read_trips(path, ("1", "2"))
    assert message in str(caught.value)


def test_what_is_no_matrix_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.omx"
    path.write_text("nothing", encoding="utf-8")
    with pytest.raises(InputError, match="no usable OMX file"):
        read_trips(path, ("1", "2"))
    with pytest.raises(InputError, match="no such file of trips"):
        read_trips(tmp_path / "none.csv", ("1", "2"))


def test_no_code_of_the_folder_is_run_to_read_matrices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = omx(tmp_path / "t.omx", "light", np.array([[0.0, 5.0], [7.0, 1.0]]), [10, 20])
    (tmp_path / "openmatrix.py").write_text("open('seen', 'w').close()\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert read_trips(path, ("10", "20"))["light"].tolist() == [[0.0, 5.0], [7.0, 1.0]]
    assert not (tmp_path / "seen").exists()


@pytest.mark.parametrize(
    ("status", "said", "kind", "message"),
    [
        (1, "Traceback\nModuleNotFoundError: No module named 'openmatrix'\n", InputError, "does not work here: Module"),
        (4, "\nNo space left on device\n", OutputError, "no room for a copy of its matrices: No space left"),
        (-9, "", InputError, "out of memory"),
        (-11, "", InputError, "breaks down on it"),
    ],
)
def test_a_reader_that_fails_does_not_call_the_file_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, said: str, kind: type[UserError], message: str
) -> None:
    ended = CompletedProcess([], status, "", said)
    monkeypatch.setattr("fleet_planner.network.omx.subprocess.run", lambda *_, **__: ended)
    with pytest.raises(kind, match=message):
        read_omx(tmp_path / "t.omx")


LOCAL = 'LOCAL_CS["site grid",LOCAL_DATUM["site",0],UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'


@pytest.mark.parametrize(("crs", "message"), [(None, "no coordinate reference system"), (LOCAL, "cannot be used")])
def test_zones_that_are_nowhere_on_earth_are_refused(tmp_path: Path, crs: str | None, message: str) -> None:
    frame = layer().set_crs(crs, allow_override=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        frame.to_file(tmp_path / "zones.gpkg")
    with pytest.raises(InputError, match=message) as caught:
        read_zone_layer("zones.gpkg", tmp_path)
    assert "zones.gpkg" in str(caught.value)
