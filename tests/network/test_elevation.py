"""Grades from rasters: planes are recovered, noise adds little, bridges run straight, gaps are counted."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.transform import Affine

from fleet_planner.activity.model import Activity
from fleet_planner.errors import InputError
from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.factors.compiling.options import FactorOptions, load_sources
from fleet_planner.factors.compiling.table import FactorTable
from fleet_planner.factors.conditions import mild_conditions
from fleet_planner.inventory import compute_inventory
from fleet_planner.network import Network, load_network, with_grade
from fleet_planner.network import rasters as reading
from fleet_planner.network.assemble import Segments, assemble
from fleet_planner.plan.models import ColumnMap, NetworkSection
from fleet_planner.units import DAYS_PER_YEAR, EARTH_RADIUS_M

M_PER_DEGREE = np.pi / 180.0 * EARTH_RADIUS_M
CELL = 1.0 / 3600.0
NODES = '<node id="1" lat="0" lon="0"/><node id="2" lat="0" lon="0.02"/>'


def streets(lines: list[list[tuple[float, float]]], bridges: dict[int, list[bool]] | None = None) -> Network:
    """Two-way streets through points in metres east and north of (0, 0); equal points are one node.

    ``bridges[i]`` says for each point of line ``i`` whether the piece that leads to it is a bridge.
    """
    ids: dict[tuple[float, float], int] = {}
    ends = [[ids.setdefault(p, len(ids)) for p in (line[0], line[-1])] for line in lines]
    n = len(lines)
    frame = pl.DataFrame(
        {
            "u": [e[0] for e in ends],
            "v": [e[1] for e in ends],
            "osm_id": list(range(n)),
            "name": pl.Series([None] * n, dtype=pl.String),
            "road_class": ["primary"] * n,
            "hgv_allowed": [True] * n,
            "direction": [0] * n,
            **{k: pl.Series([None] * n, dtype=pl.Float64) for k in ("maxspeed_kmh", "lanes_forward", "lanes_backward")},
        }
    )
    offsets = np.concatenate([[0], np.cumsum([len(line) for line in lines])])
    coordinates = np.array([p for line in lines for p in line]) / M_PER_DEGREE
    flags = [(bridges or {}).get(i, [False] * len(line)) for i, line in enumerate(lines)]
    return assemble(Segments(frame, coordinates, offsets, structure=np.concatenate(flags)), "*", "test", "test")


def from_origin(west: float, north: float, width: float, height: float) -> Affine:
    """As rasterio's function of this name, which warns of the library below it."""
    return Affine(width, 0.0, west, 0.0, -height, north)


def raster(path: Path, z: np.ndarray, **profile: object) -> Path:
    """Write a raster whose lower left corner is 1,000 m south-west of (0, 0), in cells of one second of arc."""
    corner = -1000.0 / M_PER_DEGREE
    settings = {"crs": CRS.from_epsg(4326), "transform": from_origin(corner, corner + len(z) * CELL, CELL, CELL)}
    settings |= {"driver": "GTiff", "count": 1, "dtype": "float32", "height": len(z), "width": z.shape[1]} | profile
    with rasterio.open(path, "w", **settings) as out:
        out.write(z.astype(settings["dtype"]), 1)
    return path


def ground(east: float, north: float, noise_m: float = 0.0, seed: int = 0, size: int = 200) -> np.ndarray:
    """Heights of a plane that rises by so much a metre, 100 m high at (0, 0), with noise in each cell."""
    x = (np.arange(size) + 0.5) * CELL * M_PER_DEGREE - 1000.0
    plane = 100.0 + east * x[None, :] + north * x[::-1, None]
    return plane + np.random.default_rng(seed).normal(0.0, noise_m, (size, size))


def graded(net: Network, folder: Path, *names: str, **section: object) -> Network:
    return with_grade(net, NetworkSection(builtin="coquimbo", elevation=list(names), **section), folder).network


def codes(net: Network) -> dict[str, tuple[int | None, float | None]]:
    return {f.code: (f.count, f.share) for f in net.findings}


def town(blocks: int = 14, block_m: float = 120.0) -> Network:
    """A grid of streets with culs-de-sac on one side and a crooked road on the other."""
    at = [(k * block_m) for k in range(blocks + 1)]
    lines = [[(a, y), (b, y)] for y in at for a, b in pairwise(at)]
    lines += [[(x, a), (x, b)] for x in at for a, b in pairwise(at)]
    lines += [[(at[-1], y), (at[-1] + 70.0, y)] for y in at[::2]]
    lines += [[(0.0, y), (-60.0, y + 50.0), (-150.0, y + 40.0), (-160.0, y + 130.0), (0.0, y + 120.0)] for y in at[:-1]]
    return streets(lines)


def true_grade(net: Network, east: float, north: float) -> np.ndarray:
    ends = [net.coordinates[i] * M_PER_DEGREE for i in (net.offsets[:-1], net.offsets[1:] - 1)]
    return ((ends[1] - ends[0]) @ [east, north]) / net.links["length_km"].to_numpy() / 10.0


@settings(max_examples=15, deadline=None)
@given(st.floats(-0.06, 0.06), st.floats(-0.06, 0.06))
def test_the_grade_of_a_plane_is_recovered(tmp_path_factory: pytest.TempPathFactory, east: float, north: float) -> None:
    folder = tmp_path_factory.mktemp("plane")
    raster(folder / "z.tif", ground(east, north))
    net = town(blocks=4)
    found = graded(net, folder, "z.tif")
    np.testing.assert_allclose(found.links["grade_pct"], true_grade(net, east, north), atol=2e-3)
    assert codes(found)["network.grade"][1] == 1.0
    assert "network.flat" not in codes(found)


def test_a_way_back_has_the_opposite_grade_and_a_round_trip_ends_where_it_began(tmp_path: Path) -> None:
    raster(tmp_path / "z.tif", ground(0.02, 0.01, noise_m=3.0))
    links = graded(town(4), tmp_path, "z.tif").links
    back = links.join(links, left_on=["u", "v", "osm_id"], right_on=["v", "u", "osm_id"], suffix="_back")
    assert back.height == links.height
    assert float((back["grade_pct"] + back["grade_pct_back"]).abs().max()) < 1e-12  # lengths are summed either way
    # around the first block: east, north, west, south
    ring = [(0, 1), (1, 6), (6, 5), (5, 0)]
    rise = sum(
        links.filter(pl.col("u") == a, pl.col("v") == b).select(pl.col("grade_pct") * pl.col("length_km"))[0, 0]
        for a, b in ring
    )
    assert rise == pytest.approx(0.0, abs=1e-9)


TRUCKS = pl.DataFrame(
    [
        ("bus", "diesel", "Urban Buses Standard 15 - 18 t", "euro_III", "none"),
        ("heavy_truck", "diesel", "Articulated 34 - 40 t", "euro_IV", "EGR"),
        ("heavy_truck", "diesel", "Rigid 14 - 20 t", "euro_V", "SCR"),
    ],
    schema=list(TECHNOLOGY),
    orient="row",
)


@cache
def truck_factors() -> FactorTable:
    return compile_factors(TRUCKS, load_sources(grid_kg_per_kwh=0.3), mild_conditions(), FactorOptions(scr=None))


def truck_totals(net: Network, grade_pct: np.ndarray) -> np.ndarray:
    """Emissions of trucks that drive each link alike, at 30 to 60 km/h."""
    km = net.links["length_km"].to_numpy()
    vkt = np.zeros((1, km.size, 24))
    vkt[0, :, 8] = km
    vehicles = TRUCKS.with_columns(
        stream=pl.lit("truck"),
        km_per_year=pl.lit(km.sum() * DAYS_PER_YEAR / TRUCKS.height),
        share_inside=pl.lit(1.0),
        count=pl.lit(1.0),
        load_fraction=pl.lit(0.5),
        odometer_km=pl.lit(None, dtype=pl.Float64),
    )
    multipliers = pl.DataFrame({p: np.ones(TRUCKS.height) for p in POLLUTANTS}).with_columns(
        NO2_share_points=pl.lit(0.0)
    )
    speed = np.tile(np.linspace(30.0, 60.0, km.size)[:, None], 24)
    activity = Activity.dense(("truck",), vkt, speed, np.ones((km.size, 24), dtype=np.int8))
    links = net.links.with_columns(grade_pct=pl.Series(grade_pct))
    return compute_inventory(vehicles, multipliers, links, activity, truck_factors()).link.sum(axis=0)


@settings(max_examples=12, deadline=None)
@given(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05), st.integers(0, 1000))
def test_noise_of_two_metres_biases_round_trips_by_less_than_a_percent(
    tmp_path_factory: pytest.TempPathFactory, east: float, north: float, seed: int
) -> None:
    """White noise of 2 m in cells of 31 m, near that of SRTM; each street is driven there and back."""
    folder = tmp_path_factory.mktemp("noise")
    raster(folder / "z.tif", ground(east, north, noise_m=2.0, seed=seed))
    net = town()
    found = truck_totals(net, graded(net, folder, "z.tif").links["grade_pct"].to_numpy())
    exact = truck_totals(net, true_grade(net, east, north))
    for pollutant in ("NOx", "PM_exhaust", "CO", "energy_MJ"):
        p = POLLUTANTS.index(pollutant)
        assert found[p] == pytest.approx(exact[p], rel=0.01), pollutant


def test_without_smoothing_the_same_noise_would_bias_them_by_more(tmp_path: Path) -> None:
    """The property above can fail: heights read at the intersections alone break it many times over."""
    raster(tmp_path / "z.tif", ground(0.0, 0.0, noise_m=2.0))
    net = town()
    found = truck_totals(net, graded(net, tmp_path, "z.tif", elevation_window_m=30.0).links["grade_pct"].to_numpy())
    p = POLLUTANTS.index("energy_MJ")
    assert found[p] > 1.02 * truck_totals(net, np.zeros(net.links.height))[p]


def test_a_bridge_runs_straight_over_a_valley(tmp_path: Path) -> None:
    """A road rises by 3 % to the edge of a gorge of 40 m, and goes on behind it."""
    z = ground(0.03, 0.0)
    x = (np.arange(200) + 0.5) * CELL * M_PER_DEGREE - 1000.0
    z[:, (x > 1210) & (x < 1390)] -= 40.0
    raster(tmp_path / "z.tif", z)
    line = [(0.0, 0.0), (1200.0, 0.0), (1400.0, 0.0), (2600.0, 0.0)]
    cut = [[line[0], (600.0, 0.0)], [(600.0, 0.0), *line[1:3], (2000.0, 0.0)], [(2000.0, 0.0), line[3]]]
    bridge = streets(cut, {1: [False, False, True, False]})
    found = graded(bridge, tmp_path, "z.tif")
    grade = found.links["grade_pct"].to_numpy()
    np.testing.assert_allclose(np.abs(grade), 3.0, atol=0.02)
    assert codes(found)["network.grade_structures"][1] == pytest.approx(200 / 2600, abs=0.01)
    untagged = graded(streets(cut), tmp_path, "z.tif")
    tagged, flagless = ({f.code: f for f in n.findings}["network.grade"].values["within"] for n in (found, untagged))
    assert tagged == "3.00"
    assert float(flagless) > 3.5


def test_junctions_on_a_long_bridge_lie_on_the_line_between_its_ends(tmp_path: Path) -> None:
    """A viaduct of 1,500 m with a fork in the middle, over ground 50 m deep."""
    z = ground(0.02, 0.0, size=250)
    x = (np.arange(250) + 0.5) * CELL * M_PER_DEGREE - 1000.0
    z[:, (x > 505) & (x < 1995)] = 10.0
    raster(tmp_path / "z.tif", z)
    lines = [[(0.0, 0.0), (500.0, 0.0)], [(500.0, 0.0), (1250.0, 0.0)], [(1250.0, 0.0), (2000.0, 0.0)]]
    lines += [[(2000.0, 0.0), (2500.0, 0.0)], [(1250.0, 0.0), (1250.0, 300.0)]]
    on = [False, True]
    links = graded(streets(lines, {1: on, 2: on, 4: on}), tmp_path, "z.tif").links
    grade = dict(zip(links["osm_id"].to_list()[::2], links["grade_pct"].to_list()[::2], strict=True))
    assert grade[1] == pytest.approx(2.0, abs=0.05)
    assert grade[2] == pytest.approx(2.0, abs=0.05)
    assert grade[4] == pytest.approx(0.0, abs=1e-9)  # a stump that ends in the air keeps the fork's height


def test_what_the_raster_does_not_cover_is_flat_and_counted(tmp_path: Path) -> None:
    raster(tmp_path / "z.tif", ground(0.03, 0.0, size=65))  # 2,009 m: to 1,009 m east of (0, 0)
    net = streets([[(x, 0.0), (x + 500.0, 0.0)] for x in (0.0, 500.0, 1000.0, 1500.0, 2000.0)])
    found = graded(net, tmp_path, "z.tif")
    grade = found.links["grade_pct"].to_numpy()[::2]
    np.testing.assert_allclose(grade[:2], 3.0, atol=0.02)
    assert grade[2:].tolist() == [0.0, 0.0, 0.0]
    assert codes(found)["network.grade_missing"] == (6, pytest.approx(0.6))
    assert codes(found)["network.grade"][1] == pytest.approx(0.4)


def test_gaps_in_the_raster_are_closed_by_the_roads_around(tmp_path: Path) -> None:
    z = ground(0.02, 0.03)
    z[158:162] = -32768.0  # an undeclared mark
    raster(tmp_path / "z.tif", z)
    net = town(6)
    found = graded(net, tmp_path, "z.tif")
    np.testing.assert_allclose(found.links["grade_pct"], true_grade(net, 0.02, 0.03), atol=0.02)
    assert 0.0 < (codes(found)["network.grade_voids"][1] or 0.0) < 0.3


def test_tiles_of_a_folder_and_feet_and_metres_agree(tmp_path: Path) -> None:
    z = ground(0.02, -0.01, noise_m=1.0)
    raster(tmp_path / "whole.tif", z)
    folder = tmp_path / "tiles"
    folder.mkdir()
    corner = -1000.0 / M_PER_DEGREE
    for k, (top, left) in enumerate([(0, 0), (0, 99), (99, 0), (99, 99)]):
        part = z[top : top + 101, left : left + 101]
        at = from_origin(corner + left * CELL, corner + (200 - top) * CELL, CELL, CELL)
        raster(folder / f"{k}.tif", part, transform=at)
    net = town(6)
    one, many = (graded(net, tmp_path, name).links["grade_pct"] for name in ("whole.tif", "tiles"))
    np.testing.assert_allclose(one, many, atol=1e-3)
    raster(tmp_path / "feet.tif", z / 0.3048)
    with rasterio.open(tmp_path / "feet.tif", "r+") as file:
        file.units = ("US survey foot",)
    np.testing.assert_allclose(one, graded(net, tmp_path, "feet.tif").links["grade_pct"], atol=1e-3)


def test_a_projected_raster_agrees_with_one_in_degrees(tmp_path: Path) -> None:
    raster(tmp_path / "degrees.tif", ground(0.03, 0.02))
    x = np.arange(-1000.0, 4000.0, 30.0) + 15.0
    plane = 100.0 + 0.03 * x[None, :] + 0.02 * x[::-1, None]
    at = Affine(30.0, 0.0, -1000.0, 0.0, -30.0, x[-1] + 15.0)
    local = CRS.from_string("+proj=eqc +R=6371008.8 +units=m")
    raster(tmp_path / "metres.tif", plane, crs=local, transform=at)
    net = town(4)
    first, second = (graded(net, tmp_path, n).links["grade_pct"] for n in ("degrees.tif", "metres.tif"))
    np.testing.assert_allclose(first, second, atol=0.03)


def test_srtm_tiles_are_read(tmp_path: Path) -> None:
    """A tile of three seconds of arc is 1,201 rows of big-endian whole metres, from the north."""
    row, column = np.mgrid[0:1201, 0:1201]
    z = np.round(500.0 + 0.03 * (column * 3 * CELL * M_PER_DEGREE - 20_000.0)) + 0 * row
    z[:, 900:] = -32768
    z.astype(">i2").tofile(tmp_path / "N00E000.hgt")
    net = streets([[(20_000.0 + 500.0 * k, 30_000.0), (20_500.0 + 500.0 * k, 30_000.0)] for k in range(5)])
    found = graded(net, tmp_path, "N00E000.hgt")
    np.testing.assert_allclose(found.links["grade_pct"].to_numpy()[::2], 3.0, atol=0.1)
    with pytest.raises(InputError, match="no height for any road"):
        graded(streets([[(90_000.0, 30_000.0), (95_000.0, 30_000.0)]]), tmp_path, "N00E000.hgt")


def test_the_step_and_the_window_of_the_plan_are_used_and_told(tmp_path: Path) -> None:
    raster(tmp_path / "z.tif", ground(0.0, 0.0, noise_m=2.0))
    net = town(6)
    wide, narrow = (graded(net, tmp_path, "z.tif", elevation_step_m=10.0, elevation_window_m=w) for w in (400.0, 50.0))
    assert wide.links["grade_pct"].abs().mean() < 0.3 * narrow.links["grade_pct"].abs().mean()
    told = {f.code: f for f in wide.findings}["network.grade"].values
    assert (told["step"], told["window"]) == ("10", "800")


def bad_file(folder: Path, kind: str) -> None:
    z = ground(0.0, 0.0)
    if kind == "elsewhere":
        raster(folder / "z.tif", z, transform=from_origin(10.0, 10.0, CELL, CELL))
    elif kind == "nowhere":
        raster(folder / "z.tif", z, crs=None)
    elif kind == "picture":
        with rasterio.open(
            folder / "z.tif",
            "w",
            driver="GTiff",
            count=3,
            dtype="uint8",
            height=9,
            width=9,
            crs=CRS.from_epsg(4326),
            transform=from_origin(0, 0.1, 0.01, 0.01),
        ) as out:
            out.write(np.zeros((3, 9, 9), dtype=np.uint8))
    elif kind == "text":
        (folder / "z.tif").write_text("no raster", encoding="utf-8")
    elif kind == "truncated":
        raster(folder / "whole.tif", z)
        (folder / "z.tif").write_bytes((folder / "whole.tif").read_bytes()[:60_000])
    elif kind == "empty folder":
        (folder / "z.tif").mkdir()
    elif kind == "void":
        raster(folder / "z.tif", np.full((200, 200), -9999.0), nodata=-9999.0)


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("missing", ["z.tif", "no such elevation raster", "network.elevation"]),
        ("elsewhere", ["z.tif", "no height for any road", "10.000..10.056 E", "cover the network (0.000..0.020 E"]),
        ("nowhere", ["z.tif", "does not say where it lies", "gdal_edit.py"]),
        ("picture", ["z.tif", "one band of numbers", "3 bands of uint8"]),
        ("text", ["z.tif", "not a raster that can be read"]),
        ("truncated", ["z.tif", "Download it again"]),
        ("empty folder", ["z.tif", "holds no elevation raster"]),
        ("void", ["z.tif", "no height for any road"]),
    ],
)
def test_bad_rasters_are_named(tmp_path: Path, kind: str, parts: list[str]) -> None:
    bad_file(tmp_path, kind)
    net = streets([[(0.0, 0.0), (0.02 * M_PER_DEGREE, 0.0)]])
    with pytest.raises(InputError) as caught:
        graded(net, tmp_path, "z.tif")
    for part in parts:
        assert part in str(caught.value)


def test_the_extra_is_named_where_rasterio_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "rasterio", None)
    with pytest.raises(InputError, match=r"extra `elevation`.*pip install rasterio"):
        reading.find_rasters(["z.tif"], tmp_path)


def test_bridges_and_tunnels_of_openstreetmap_are_kept_by_point(tmp_path: Path) -> None:
    """1-2 on the ground, 2-3 a bridge, 4-3 a tunnel drawn the other way, 4-5 below a building: one road."""
    nodes = "".join(f'<node id="{k}" lat="0" lon="{k / 100}"/>' for k in range(1, 6))
    ways = [
        ("1 2", ""),
        ("2 3", 'k="bridge" v="viaduct"'),
        ("4 3", 'k="tunnel" v="yes"'),
        ("4 5", 'k="tunnel" v="building_passage"'),
    ]
    text = "".join(
        f'<way id="{n}">{"".join(f"<nd ref={chr(34)}{r}{chr(34)}/>" for r in refs.split())}'
        f'<tag k="highway" v="primary"/>{f"<tag {tag}/>" if tag else ""}</way>'
        for n, (refs, tag) in enumerate(ways, 1)
    )
    (tmp_path / "n.osm").write_text(f"<osm version='0.6'>{nodes}{text}</osm>", encoding="utf-8")
    net = load_network(NetworkSection(file="n.osm"), tmp_path, "*")
    assert sorted(net.links.select("u", "v").rows()) == [(1, 5), (5, 1)]
    assert net.structure is not None
    for a, b in zip(net.offsets[:-1], net.offsets[1:], strict=True):
        lon, flags = net.coordinates[a:b, 0], net.structure[a:b]
        middle = (lon[1:] + lon[:-1]) / 2.0
        assert not flags[0]
        assert flags[1:].tolist() == [bool(0.02 < m < 0.04) for m in middle]


def test_a_table_may_name_its_column_of_bridges(tmp_path: Path) -> None:
    (tmp_path / "n.geojson").write_text(
        '{"type":"FeatureCollection","features":['
        '{"type":"Feature","properties":{"u":1,"v":2,"road_class":"primary","bridge":"yes"},"geometry":{"type":"LineString","coordinates":[[0,0],[0.01,0]]}},'
        '{"type":"Feature","properties":{"u":2,"v":3,"road_class":"primary","bridge":"no"},"geometry":{"type":"LineString","coordinates":[[0.01,0],[0.02,0]]}}]}',
        encoding="utf-8",
    )
    section = NetworkSection(file="n.geojson", columns=ColumnMap(structure="bridge"))
    assert load_network(section, tmp_path, "*").structure.tolist() == [False, True, False, False]
    plain = load_network(
        section.model_copy(update={"columns": ColumnMap(road_class="road_class", name="road_class")}), tmp_path, "*"
    )
    assert plain.structure is None
    raster(tmp_path / "z.tif", ground(0.0, 0.0, size=100))
    assert "network.grade_structures_unknown" in codes(graded(plain, tmp_path, "z.tif"))
    assert "network.grade_structures_unknown" not in codes(
        graded(replace(plain, structure=np.zeros(4, dtype=bool)), tmp_path, "z.tif")
    )


@pytest.mark.city
def test_a_real_town_on_a_noisy_plane(tmp_path: Path, shared_data: Path) -> None:
    """Santa Monica: grades of a plane of 3 % with 2 m of noise are right within half a percent of grade."""
    net = load_network(
        NetworkSection(file=str(shared_data / "santa_monica" / "santa_monica_drive.osm.pbf")), tmp_path, "US-CA"
    )
    low = net.coordinates.min(axis=0) - 0.005
    size = np.ceil((net.coordinates.max(axis=0) + 0.005 - low) / CELL).astype(int)
    x, y = ((np.arange(n) + 0.5) * CELL * M_PER_DEGREE for n in size)
    x *= np.cos(np.radians(34.025))
    z = 50.0 + 0.03 * x[None, :] + np.random.default_rng(0).normal(0.0, 2.0, (y.size, x.size))
    raster(tmp_path / "z.tif", z, transform=from_origin(low[0], low[1] + size[1] * CELL, CELL, CELL))
    found = graded(net, tmp_path, "z.tif")
    ends = [
        net.coordinates[i, 0] * M_PER_DEGREE * np.cos(np.radians(34.025))
        for i in (net.offsets[:-1], net.offsets[1:] - 1)
    ]
    km = net.links["length_km"].to_numpy()
    off = found.links["grade_pct"].to_numpy() - 0.03 * (ends[1] - ends[0]) / km / 10.0
    assert np.sqrt((off**2 * km).sum() / km.sum()) < 0.5
    assert 0.0 < (codes(found)["network.grade_structures"][1] or 0.0) < 0.05
