"""Chinese map coordinates (GCJ-02, BD-09) into WGS84.

China's public maps are shifted by some hundred metres against WGS84, by a rule that was never published; what is known
was found from it by others and is the same in every open implementation (eviltransform, github.com/googollee/
eviltransform, whose test points the tests use). The inverse is found by iteration, so that going there and back ends
within a millimetre.

A shift cannot be told from coordinates alone: shifted roads look like roads. What tells it here: OpenStreetMap is in
WGS84 by its own rules; outside China GCJ-02 does not shift; names in the file may say it; and a second network that is
known to be in WGS84 (``network.datum_reference``) shows under which assumption the roads of both lie on each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.units import EARTH_RADIUS_M

if TYPE_CHECKING:
    from fleet_planner.network.model import Network
    from fleet_planner.network.segments import Source

Float = NDArray[np.float64]
Convert = Callable[[Float], Float]

SEMI_MAJOR_M = 6_378_245.0
ECCENTRICITY2 = 0.006_693_421_622_965_943
"""Krasovsky ellipsoid of 1940, on which GCJ-02 rests."""

CHINA = ((72.004, 137.8347), (0.8293, 55.8271))
"""Longitudes and latitudes inside which GCJ-02 shifts."""

BAIDU_SHIFT = np.array([0.0065, 0.006])
ROUNDS = 12
WORDS = {
    "gcj02": ("gcj", "火星", "amap", "autonavi", "gaode", "高德", "tencent", "腾讯"),
    "bd09": ("bd09", "bd-09", "bd_09", "baidu", "百度"),
}
SAMPLE = 4_000
CLEARLY = 0.5
"""The best assumption must halve the distance of the second."""

AT_MOST_M = 50.0
"""Median distance to the reference beyond which the roads are not the same."""


def wgs84_to_gcj02(points: Float) -> Float:
    """Return GCJ-02 coordinates of WGS84 ones, longitude and latitude in degrees, shape (n, 2)."""
    lon, lat = points[:, 0], points[:, 1]
    x, y, pi = lon - 105.0, lat - 35.0, np.pi
    waves = 20.0 * np.sin(6.0 * pi * x) + 20.0 * np.sin(2.0 * pi * x)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    slow = 20.0 * np.sin(pi * x) + 40.0 * np.sin(pi * x / 3.0)
    east += (waves + slow + 150.0 * np.sin(pi * x / 12.0) + 300.0 * np.sin(pi * x / 30.0)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    slow = 20.0 * np.sin(pi * y) + 40.0 * np.sin(pi * y / 3.0)
    north += (waves + slow + 160.0 * np.sin(pi * y / 12.0) + 320.0 * np.sin(pi * y / 30.0)) * 2.0 / 3.0
    phi = np.radians(lat)
    w = 1.0 - ECCENTRICITY2 * np.sin(phi) ** 2
    d_lon = np.degrees(east / (SEMI_MAJOR_M / np.sqrt(w) * np.cos(phi)))
    d_lat = np.degrees(north / (SEMI_MAJOR_M * (1.0 - ECCENTRICITY2) / w**1.5))
    return np.asarray(np.where(in_china(points)[:, None], points + np.column_stack([d_lon, d_lat]), points))


def gcj02_to_bd09(points: Float) -> Float:
    """Return Baidu's BD-09 coordinates of GCJ-02 ones."""
    lon, lat = points[:, 0], points[:, 1]
    turn = 3000.0 / 180.0 * np.pi
    radius = np.hypot(lon, lat) + 2e-5 * np.sin(turn * lat)
    angle = np.arctan2(lat, lon) + 3e-6 * np.cos(turn * lon)
    return np.asarray(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]) + BAIDU_SHIFT)


def wgs84_to_bd09(points: Float) -> Float:
    """Return BD-09 coordinates of WGS84 ones."""
    return gcj02_to_bd09(wgs84_to_gcj02(points))


def gcj02_to_wgs84(points: Float) -> Float:
    """Return WGS84 coordinates of GCJ-02 ones."""
    return _inverse(wgs84_to_gcj02, points)


def bd09_to_wgs84(points: Float) -> Float:
    """Return WGS84 coordinates of BD-09 ones."""
    return gcj02_to_wgs84(_inverse(gcj02_to_bd09, points))


TO_WGS84: dict[str, Convert] = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}


def _inverse(forward: Convert, points: Float) -> Float:
    """Return what ``forward`` takes to ``points``; each round divides the error by several hundred."""
    guess = points.copy()
    for _ in range(ROUNDS):
        guess += points - forward(guess)
    return guess


def in_china(points: Float) -> NDArray[np.bool_]:
    """Return which points lie where GCJ-02 shifts, shape (n,)."""
    (west, east), (south, north) = CHINA
    lon, lat = points[:, 0], points[:, 1]
    return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))


def distance_m(a: Float, b: Float) -> Float:
    """Return the distance of points that are near each other, shape (n,)."""
    step = np.radians(b - a) * np.column_stack([np.cos(np.radians(a[:, 1])), np.ones(len(a))])
    return np.asarray(np.hypot(*step.T) * EARTH_RADIUS_M)


def to_wgs84(source: Source, datum: str, reference: Callable[[], Network] | None) -> tuple[Source, tuple[Finding, ...]]:
    """Return the source in WGS84, and what was converted or detected.

    Raises
    ------
    InputError
        OpenStreetMap data is declared as shifted, the network lies outside China, or no shift can be told.
    """
    points = source.segments.coordinates
    findings: list[Finding] = []
    if datum == "detect":
        datum, how = _detect(source, reference)
        findings.append(Finding("network.datum_detected", "assumption", {"datum": datum.upper(), "how": how}))
    if datum == "wgs84":
        return source, tuple(findings)
    if source.kind == "osm":
        raise InputError(
            "OpenStreetMap data is in WGS84 and must not be shifted",
            'Set network.datum = "wgs84".',
            file=source.where,
            value=datum,
        )
    shifted = in_china(points)
    if not shifted.any():
        raise InputError(
            "the network does not lie in China, where this shift is used",
            'Set network.datum = "wgs84".',
            file=source.where,
            value=datum,
        )
    moved = TO_WGS84[datum](points)
    mean = f"{distance_m(points, moved).mean():,.0f}"
    findings.append(Finding("network.datum_converted", "assumption", {"datum": datum.upper(), "metres": mean}))
    return replace(source, segments=replace(source.segments, coordinates=moved)), tuple(findings)


def _detect(source: Source, reference: Callable[[], Network] | None) -> tuple[str, str]:
    """Return the datum and by what it was told."""
    points = source.segments.coordinates
    if source.kind == "osm":
        return "wgs84", "OpenStreetMap"
    if not in_china(points).any():
        return "wgs84", "outside China"
    if reference is not None:
        return _compared(source, reference())
    text = source.words.lower()
    told = [(name, word) for name, words in WORDS.items() for word in words if word in text]
    if len({name for name, _ in told}) == 1:
        return told[0][0], f"'{told[0][1]}' in the file"
    raise InputError(
        "the datum of the network cannot be detected: no name in the file tells it",
        'Declare network.datum ("wgs84", "gcj02" or "bd09"), or name an OpenStreetMap extract of the same city as '
        "network.datum_reference.",
        file=source.where,
    )


def _compared(source: Source, other: Network) -> tuple[str, str]:
    """Return the datum under which the roads lie on those of ``other``."""
    import shapely

    points = source.segments.coordinates
    low, high = other.coordinates.min(axis=0), other.coordinates.max(axis=0)
    near = points[((points >= low - 0.02) & (points <= high + 0.02)).all(axis=1)]
    if len(near):
        near = near[:: max(len(near) // SAMPLE, 1)]
    scale = np.array([np.cos(np.radians(float(low[1]))), 1.0]) * np.radians(1.0) * EARTH_RADIUS_M
    counts = np.diff(other.offsets)
    lines = shapely.linestrings(other.coordinates * scale, indices=np.repeat(np.arange(counts.size), counts))
    tree = shapely.STRtree(lines)
    metres = {}  # an assumption that puts no road on the ground of the reference is out
    for name in ("wgs84", *TO_WGS84):
        moved = TO_WGS84[name](near) if name in TO_WGS84 else near
        inside = ((moved >= low) & (moved <= high)).all(axis=1)
        if inside.any():
            _, gap = tree.query_nearest(shapely.points(moved[inside] * scale), return_distance=True, all_matches=False)
            metres[name] = float(np.median(gap))
    ranked = sorted(metres, key=metres.__getitem__)
    second = metres[ranked[1]] if len(ranked) > 1 else np.inf
    if not ranked or metres[ranked[0]] > min(CLEARLY * second, AT_MOST_M):
        said = ", ".join(f"{name} {metres[name]:.0f} m" for name in ranked) or "no roads in common"
        raise InputError(
            f"the datum of the network cannot be told from the reference network ({said})",
            "Declare network.datum, or name a reference of the same city.",
            file=source.where,
        )
    others = "".join(f", as {name.upper()} {metres[name]:.0f} m" for name in ranked[1:])
    return ranked[0], f"median distance to the reference {metres[ranked[0]]:.0f} m{others}"
