"""Ways of a bus without passengers, from one place to another: the quickest by road, and their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.activity.timetables.paths import Paths, Roads, follow_lines
from fleet_planner.transit_feed.shapes import metres_along
from fleet_planner.units import EARTH_RADIUS_M, S_PER_H

if TYPE_CHECKING:
    import polars as pl

    from fleet_planner.network.model import Network

Float = NDArray[np.float64]
Int = NDArray[np.int64]
ENDS = ("from_lon", "from_lat", "to_lon", "to_lat")
SAME_PLACE_M = 30.0
FASTEST_KMH = 110.0
OFF_ROAD_KMH = 30.0
"""Speed beyond the network, straight as the crow flies."""
LEEWAY_S = 120.0
"""Times are in whole minutes: a pair of trips that lacks less is possible."""


def crow_m(pairs: pl.DataFrame) -> Float:
    """Return the metres between the two places (`ENDS`) of each row; missing ones make NaN."""
    ends = pairs.select(ENDS).to_numpy().reshape(-1, 2)
    east, north = np.radians(ends[1::2] - ends[::2]).T
    return np.asarray(np.hypot(east * np.cos(np.radians(ends[1::2, 1])), north) * EARTH_RADIUS_M)


def ways_between(roads: Roads, legs: pl.DataFrame) -> tuple[Paths, Int]:
    """Return the quickest ways by road of the distinct pairs of places (`ENDS`), and the pair of each row."""
    ends = legs.select(ENDS).to_numpy().astype(np.float64)
    distinct, line = np.unique(ends, axis=0, return_inverse=True)
    coordinates = np.ascontiguousarray(distinct.reshape(-1, 2))
    offsets = np.arange(0, len(coordinates) + 1, 2)
    along_m = metres_along(coordinates, offsets)
    along_m[1::2] = np.where(along_m[1::2] < SAME_PLACE_M, 0.0, along_m[1::2])
    paths = follow_lines(roads, coordinates, offsets, along_m, np.ones(len(distinct), dtype=np.bool_))
    return _standing(paths, along_m[1::2] == 0.0), line.ravel()


def _standing(paths: Paths, still: NDArray[np.bool_]) -> Paths:
    """Take the way off lines that go nowhere."""
    moves = np.repeat(~still, np.diff(paths.first))
    return Paths(
        np.concatenate([[0], np.cumsum(moves)])[paths.first].astype(np.int64),
        paths.link[moves],
        paths.middle_m[moves],
        paths.span_m[moves],
        paths.km[moves],
        paths.outside[moves],
    )


def drive_s(network: Network, paths: Paths) -> Float:
    """Return the time of each line at free flow, beyond the network at `OFF_ROAD_KMH`."""
    kmh = np.append(network.links["free_flow_kmh"].to_numpy().astype(np.float64), OFF_ROAD_KMH)[paths.link]
    return np.asarray(np.diff(np.concatenate([[0.0], np.cumsum(paths.km / kmh)])[paths.first]) * S_PER_H)
