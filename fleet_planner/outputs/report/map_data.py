"""The roads and their emissions, packed small for the map of the report."""

from __future__ import annotations

import base64
import gzip
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from fleet_planner.outputs.layers import frames
from fleet_planner.outputs.layers.roads import road_of_link, round_breaks
from fleet_planner.outputs.report.map_squares import squares_of
from fleet_planner.pipeline.telling.hours_rebuilt import hour_shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.inventory.model import Inventory
    from fleet_planner.pipeline.telling.results import Results, ScenarioResult
    from fleet_planner.tables import PollutantSpec

DEGREE = 1e5
"""Geometry is kept to 1e-5 degrees, about a metre."""

LEVELS = 65535
DECADES = 7.0
COMPRESSION = 6
HOUR_DIGITS = 7
ZONE_TOLERANCE_DEGREES = 2e-4
STATIC_WIDTH = 1000
STATIC_ROADS = 7000
MAP_UNIT = {"g": "kg", "MJ": "MJ", "kWh": "kWh", "1e12": "10¹²"}


def pack_map(results: Results) -> dict[str, Any]:
    """Return what the map draws: packed geometry and values, names, classes, layers.

    A large city's weaker roads are drawn as squares (see `map_squares`), which follow the roads in every array: a
    square has two points, its south-west and north-east corners, and the mean of its roads per km.

    The binary part is little-endian: per road its number of points (uint16); then the steps of all
    longitudes, then of all latitudes, in 1e-5 degrees (int32, each from the point before); then, per
    layer, one level per road (uint16) on a logarithmic scale: value = top * 10 ** (-7 * (1 - level / 65535)),
    0 for level 0; the levels of a scenario are stored as differences (modulo 65536) to those of the baseline,
    which comes first for each pollutant; then the rings of the zones as the roads' points, then those of the areas.

    ``hours`` of a layer has, by scenario, the share of the day that each hour has in each group of roads of like days,
    the squares' own last; ``hour_group`` the group of each road (those of a class that are like most of it have the
    class's number); ``totals`` the city's exact hours.
    """
    road, first = road_of_link(results.network.links)
    offsets = results.network.offsets
    links = results.network.links[first.tolist()]
    km = np.maximum(links["length_km"].to_numpy(), 1e-9)
    specs = frames.map_specs(results)
    days: list[list[NDArray[np.float64]]] = [
        [np.bincount(road, frames.day_values(s, spec), first.size).astype(np.float64) for s in results.scenarios]
        for spec in specs
    ]
    wanted = results.plan.report
    middle = results.network.coordinates[(offsets[first] + offsets[first + 1]) // 2]
    squares = squares_of(days[0][0] / km if days else km, middle, wanted.map_roads, wanted.map_square_m)
    shown = links[squares.kept.tolist()]
    coordinates, counts = _points(results, first[squares.kept])
    classes = sorted(set(links["road_class"].to_list()))
    of_road = np.array([classes.index(c) for c in links["road_class"].to_list()], dtype=np.int64)
    like = results.map_hours
    group = of_road if like is None else like.groups.of_link[first]
    parts = [np.concatenate([counts, squares.counts]).astype("<u2").tobytes()]
    parts.append(_steps(np.concatenate([coordinates, squares.corners])))
    layers = []
    for spec, values in zip(specs, days, strict=True):
        per_km = [squares.per_km(day, km) for day in values]
        shares = [_shares(results, s, spec.pollutant, classes) for s in results.scenarios]
        layer, packed = _pack_layer(spec, per_km, [s.fleet.name for s in results.scenarios])
        layer["hours"] = {
            s.fleet.name: np.round(squares.with_own_hours(share, group, day), HOUR_DIGITS).tolist()
            for s, share, day in zip(results.scenarios, shares, values, strict=True)
        }
        layer["totals"] = {s.fleet.name: _city_hours(results, s, spec) for s in results.scenarios}
        top_hour = int(np.argmax(next(iter(layer["totals"].values()))))
        layer["hour_breaks"] = round_breaks((values[0] / km) * shares[0][group, top_hour])
        layers.append(layer)
        parts.append(packed)
    zones, rings = _zones(results)
    outlines, borders = _outlines(results)
    names = shown["name"].fill_null("").to_list()
    table = sorted(set(names))
    index = {n: i for i, n in enumerate(table)}
    fallback = (days[0][0] / km)[squares.kept] if days else None
    return {
        "roads": len(names),
        "squares": {
            "roads": squares.roads.tolist(),
            "side_m": wanted.map_square_m,
            "total": int(first.size) - len(names),
            "by": specs[0].pollutant if specs else "",
        },
        "points": len(coordinates) + len(squares.corners),
        "layers": layers,
        "zones": zones,
        "areas": outlines,
        "blob": base64.b64encode(gzip.compress(b"".join([*parts, rings, borders]), COMPRESSION, mtime=0)).decode(),
        "names": table,
        "name": [index[n] for n in names],
        "classes": classes,
        "class": of_road[squares.kept].tolist(),
        "hour_group": group[squares.kept].tolist() if like is not None else None,
        "static": _static(coordinates, counts, fallback, layers[0]["breaks"]) if fallback is not None else None,
    }


def _points(results: Results, first: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the points of some links one after the other, and how many each has."""
    offsets = results.network.offsets
    counts = np.diff(offsets)[first]
    point = np.repeat(offsets[first] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    point += np.arange(int(counts.sum()))
    return results.network.coordinates[point], counts


def _shares(results: Results, scenario: ScenarioResult, pollutant: str, classes: list[str]) -> NDArray[np.float64]:
    """Return the hours of the groups of roads of like days; of the road classes where none were told apart."""
    if results.map_hours is None:
        return class_shares(scenario.inventory, pollutant, classes)
    return np.asarray(results.map_hours.shares[scenario.fleet.name, pollutant])


def class_shares(inventory: Inventory, pollutant: str, classes: list[str]) -> NDArray[np.float64]:
    """Return the part of the day that each hour has on each of some road classes, shape (classes, 24)."""
    place = [inventory.road_classes.index(c) for c in classes]
    return hour_shares(inventory, pollutant)[place]


def _city_hours(results: Results, scenario: ScenarioResult, spec: PollutantSpec) -> list[float]:
    """Return what the city's roads emit in each hour of the average day, the map's unit."""
    inventory = scenario.inventory
    by_hour = inventory.stream_hour[:, :, inventory.pollutants.index(spec.pollutant)].sum(axis=0)
    return [float(f"{v:.7g}") for v in results.activity.average_day(by_hour) / frames.scale_of(spec)]


def _steps(points: NDArray[np.float64]) -> bytes:
    """Return longitudes, then latitudes, each as steps from the point before."""
    whole = np.round(points * DEGREE).astype(np.int64)
    return np.ascontiguousarray(np.diff(whole, axis=0, prepend=0).T).astype("<i4").tobytes()


def _pack_layer(
    spec: PollutantSpec, values: list[NDArray[np.float64]], scenarios: list[str]
) -> tuple[dict[str, Any], bytes]:
    """Return the description of a pollutant's layer and the levels of its scenarios."""
    top = max(float(max(v.max(initial=0.0) for v in values)), 1e-12)
    packed, base = b"", np.zeros(values[0].size, dtype=np.int64)
    for k, value in enumerate(values):
        level = np.zeros(value.size)
        some = value > 0.0
        level[some] = np.clip(np.round(LEVELS * (1.0 + np.log10(value[some] / top) / DECADES)), 1, LEVELS)
        whole = level.astype(np.int64)
        packed += ((whole - base) % (LEVELS + 1)).astype("<u2").tobytes()
        base = whole if k == 0 else base
    layer = {
        "pollutant": spec.pollutant,
        "scenarios": scenarios,
        "top": top,
        "unit": MAP_UNIT[spec.unit],
        "breaks": round_breaks(values[0]),
    }
    return layer, packed


def _outlines(results: Results) -> tuple[dict[str, Any], bytes]:
    """Return the rings of the plan's areas (points each), the area's name at the largest of them, the packed points."""
    cut = results.districts.areas
    if cut is None:
        return {"rings": [], "names": []}, b""
    import shapely

    sizes, names, points = [], [], []
    for name, shape in zip(cut.shares.names, cut.shapes, strict=False):  # the rest of the city has no shape
        parts = sorted(shapely.get_parts(shapely.simplify(shape, ZONE_TOLERANCE_DEGREES)), key=lambda p: -p.area)
        for k, part in enumerate(parts):
            points.append(shapely.get_coordinates(part.exterior))
            sizes.append(len(points[-1]))
            names.append("" if k else name)
    return {"rings": sizes, "names": names}, _steps(np.concatenate(points))


def _zones(results: Results) -> tuple[dict[str, Any], bytes]:
    """Return the zones' rings (points each), their shade 0..1 by population density, and the packed points."""
    frame = frames.zones_frame(results)
    if frame is None:
        return {"rings": [], "shade": []}, b""
    import shapely

    density = frame["population_per_km2"].to_numpy()
    full = float(np.quantile(density, 0.95)) or 1.0
    sizes, shades, points = [], [], []
    for shape, value in zip(frame.geometry, density, strict=True):
        simple = shapely.simplify(shape, ZONE_TOLERANCE_DEGREES)
        for part in shapely.get_parts(simple):
            ring = shapely.get_coordinates(part.exterior)
            if len(ring) >= 4:
                sizes.append(len(ring))
                shades.append(round(math.sqrt(min(value / full, 1.0)), 2))
                points.append(ring)
    packed = _steps(np.concatenate(points)) if points else b""
    return {"rings": sizes, "shade": shades}, packed


def frame_of(coordinates: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return west, east, south, north around all but the outermost hundredth of the points."""
    west, south = np.quantile(coordinates, 0.01, axis=0)
    east, north = np.quantile(coordinates, 0.99, axis=0)
    return float(west), float(east), float(south), float(north)


def _static(
    coordinates: NDArray[np.float64], counts: NDArray[np.int64], values: NDArray[np.float64], breaks: list[float]
) -> dict[str, Any]:
    """Return SVG paths of the strongest roads by class, for readers without JavaScript."""
    west, east, south, north = frame_of(coordinates)
    narrow = math.cos(math.radians((south + north) / 2.0))
    scale = STATIC_WIDTH / max((east - west) * narrow, 1e-9)
    height = min(max(int(scale * (north - south)), 200), 1600)
    scale = min(scale, height / max(north - south, 1e-9))
    x = np.round((coordinates[:, 0] - west) * narrow * scale).astype(np.int64)
    y = np.round((north - coordinates[:, 1]) * scale).astype(np.int64)
    ends = np.cumsum(counts)
    starts = ends - counts
    kept = np.sort(np.argsort(-values, kind="stable")[:STATIC_ROADS])
    visible = (x >= 0) & (x <= STATIC_WIDTH) & (y >= 0) & (y <= height)
    classes = np.searchsorted(breaks, values, side="left")
    paths: list[list[str]] = [[] for _ in range(len(breaks) + 1)]
    for i in kept.tolist():
        a, b = int(starts[i]), int(ends[i])
        if visible[a:b].all():
            paths[int(classes[i])].append(_path(x[a:b].tolist(), y[a:b].tolist()))
    return {"width": STATIC_WIDTH, "height": height, "paths": ["".join(p) for p in paths]}


def _path(x: list[int], y: list[int]) -> str:
    """Return an SVG path with relative steps; points that fall on the one before are left out."""
    text, px, py = f"M{x[0]} {y[0]}", x[0], y[0]
    steps = []
    for qx, qy in zip(x[1:], y[1:], strict=True):
        if (qx, qy) != (px, py):
            steps.append(f"{qx - px} {qy - py}")
            px, py = qx, qy
    return text + ("l" + " ".join(steps) if steps else "h1")


def script_json(data: object) -> str:
    """Return data as JSON that may stand inside a script element."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/").replace("<!", "<\\u0021")
