"""Street canyons: roads between walls, buildings of files, heights in words."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.errors import InputError
from fleet_planner.impacts.dispersion.canyons import lined
from fleet_planner.impacts.dispersion.pieces import Pieces
from fleet_planner.network.buildings import height_of, read_buildings


def street(x: float = 0.0, length: float = 200.0) -> Pieces:
    one = np.zeros(1, dtype=np.int64)
    return Pieces(np.array([[x, 0.0, x, length]]), one, np.ones(1), one)


def wall(side: float, begin: float = 0.0, end: float = 200.0) -> shapely.Polygon:
    return shapely.box(min(side, side + np.sign(side) * 10.0), begin, max(side, side + np.sign(side) * 10.0), end)


def test_two_walls_by_hand() -> None:
    """Walls of 12 and 18 m, 10 m either side of the axis: 15 / 20; lined over their common 100 of 200 m."""
    shapes = np.array([wall(-10.0), wall(10.0, 0.0, 100.0), shapely.box(25.0, 0.0, 60.0, 200.0)], dtype=object)
    found = lined(street(), shapes, np.array([12.0, 18.0, 100.0]), 20.0)
    assert found.share[0] == pytest.approx(0.5)
    assert found.aspect[0] == pytest.approx(0.75)
    far = lined(street(), shapes, np.array([12.0, 18.0, 100.0]), 30.0)  # beyond 100 m the tower behind stands free
    assert far.share[0] == pytest.approx(1.0)
    assert far.aspect[0] == pytest.approx((0.75 + 56.0 / 35.0) / 2.0)


def test_one_side_is_no_canyon() -> None:
    found = lined(street(), np.array([wall(10.0)], dtype=object), np.array([30.0]), 30.0)
    assert found.share[0] == 0.0
    assert found.aspect[0] == 0.0


@given(st.floats(0.0, 6.28), st.floats(4.0, 14.0), st.floats(4.0, 14.0), st.floats(3.0, 60.0))
def test_a_turned_street_has_the_same_aspect(turn: float, left: float, right: float, height: float) -> None:
    c, s = np.cos(turn), np.sin(turn)
    spin = np.array([[c, -s], [s, c]])
    shapes = shapely.transform(np.array([wall(-left), wall(right)], dtype=object), lambda xy: xy @ spin.T)
    ends = (street().ends.reshape(2, 2) @ spin.T).reshape(1, 4)
    one = np.zeros(1, dtype=np.int64)
    found = lined(Pieces(ends, one, np.ones(1), one), shapes, np.full(2, height), 30.0)
    assert found.share[0] == pytest.approx(1.0)
    assert found.aspect[0] == pytest.approx(height / (left + right), rel=1e-6)


@pytest.mark.parametrize(
    ("tags", "metres"),
    [
        ({"height": "12 m"}, 12.0),
        ({"height": "12,5"}, 12.5),
        ({"height": "40'"}, 12.192),
        ({"building:levels": "4"}, 12.0),
        ({"height": "tall", "building:levels": "2"}, 6.0),
        ({"height": 0, "levels": 3.0}, 9.0),
    ],
)
def test_heights_in_words(tags: dict[str, object], metres: float) -> None:
    assert height_of(tags, 3.0) == pytest.approx(metres)
    assert np.isnan(height_of({"height": None}, 3.0))


OSM = """<osm version='0.6'><node id='1' lat='0' lon='3'/><node id='2' lat='0' lon='3.001'/>
<node id='3' lat='0.001' lon='3.001'/><way id='7'><nd ref='1'/><nd ref='2'/><nd ref='3'/><nd ref='1'/>
<tag k='building' v='yes'/><tag k='building:levels' v='5'/></way>
<way id='8'><nd ref='1'/><nd ref='2'/><nd ref='3'/><nd ref='1'/><tag k='landuse' v='forest'/></way></osm>"""


def test_buildings_of_an_osm_file_and_of_a_layer(tmp_path: Path) -> None:
    (tmp_path / "b.osm").write_text(OSM, encoding="utf-8")
    found = read_buildings(tmp_path / "b.osm", 3.0, 6.0)
    assert found.height_m.tolist() == [15.0]
    assert found.shapes[0].area == pytest.approx(0.5e-6)
    boxes = [shapely.box(3.0, 0.0, 3.001, 0.001), shapely.box(3.0, 0.01, 3.001, 0.011), shapely.Point(3.0, 0.0)]
    frame = gpd.GeoDataFrame({"Height": [20.0, None, 5.0]}, geometry=boxes, crs="EPSG:4326").to_crs(32631)
    frame.to_file(tmp_path / "b.gpkg")
    layer = read_buildings(tmp_path / "b.gpkg", 3.0, 6.0)
    assert layer.height_m.tolist() == [20.0, 6.0]
    assert layer.told.tolist() == [True, False]
    assert layer.shapes[0].bounds == pytest.approx((3.0, 0.0, 3.001, 0.001), abs=1e-6)


def test_wrong_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file of buildings"):
        read_buildings(tmp_path / "none.osm", 3.0, 6.0)
    (tmp_path / "bad.gpkg").write_text("nothing", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        read_buildings(tmp_path / "bad.gpkg", 3.0, 6.0)
    (tmp_path / "empty.osm").write_text("<osm version='0.6'><node id='1' lat='0' lon='3'/></osm>", encoding="utf-8")
    with pytest.raises(InputError, match="holds no building"):
        read_buildings(tmp_path / "empty.osm", 3.0, 6.0)
