"""Place the buses of a timetable on the links: trip by trip, hour by hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.kernels import matching
from fleet_planner.units import EARTH_RADIUS_M, M_PER_KM

if TYPE_CHECKING:
    from fleet_planner.network.model import Network
    from fleet_planner.transit_feed.gtfs import Feed

Float = NDArray[np.float64]
Int = NDArray[np.int64]
SAMPLE_M = 15.0
REACH_M = 60.0
CELL_M = 120.0
MIN_COSINE = 0.5
"""A bus and the link it is on differ in direction by at most 60 degrees."""


def bus_km(network: Network, feed: Feed) -> tuple[Float, float, float]:
    """Return the scheduled km of buses by link and hour.

    Each shape is sampled every 15 m; each sample goes to the nearest link within 60 m that runs the
    same way, and to the hour in which the trip passes it at even speed between its first and last stop.

    Returns
    -------
    km
        Shape (links, 24), vehicle-km of the service day.
    scheduled_km
        All km of the timetable.
    unmatched_share
        Share of them without a link.
    """
    xy, corner = _plane(network.coordinates)
    link = np.repeat(np.arange(network.links.height), np.diff(network.offsets) - 1)
    start = np.delete(np.arange(len(xy)), network.offsets[1:] - 1)
    drivable = network.links["in_main"].to_numpy()[link]
    start, link = start[drivable], link[drivable]
    x0, y0, x1, y1 = xy[start, 0], xy[start, 1], xy[start + 1, 0], xy[start + 1, 1]
    nx, ny = (int(v // CELL_M) + 2 for v in xy.max(axis=0))
    first, member = matching.grid_index(x0, y0, x1, y1, CELL_M, nx, ny)
    shapes, _ = _plane(feed.coordinates, corner)
    km = np.zeros((network.links.height, 24))
    scheduled = matched = 0.0
    by_shape = feed.trips.partition_by("shape", as_dict=True, maintain_order=True)
    for key, trips in by_shape.items():
        shape = int(key[0])
        line = shapes[feed.offsets[shape] : feed.offsets[shape + 1]]
        samples = _sample(line)
        if samples is None:
            continue
        points, direction, piece_m, at = samples
        piece = matching.nearest_pieces(
            *points.T, *direction.T, x0, y0, x1, y1, first, member, CELL_M, nx, ny, REACH_M, MIN_COSINE
        )
        found = piece >= 0
        where = link[piece[found]]
        part_km = piece_m[found] / M_PER_KM
        for begin, end in trips.select("start_s", "end_s").iter_rows():
            hour = ((begin + at[found] * (end - begin)) // 3600).astype(np.int64) % 24
            np.add.at(km, (where, hour), part_km)
        scheduled += trips.height * float(piece_m.sum()) / M_PER_KM
        matched += trips.height * float(part_km.sum())
    return km, scheduled, 1.0 - matched / scheduled if scheduled else 0.0


def _plane(lonlat: Float, corner: Float | None = None) -> tuple[Float, Float]:
    """Project to metres on the plane at the corner (equirectangular: exact enough for tens of km)."""
    corner = lonlat.min(axis=0) - 0.01 if corner is None else corner
    scale = np.array([np.cos(np.radians(corner[1])), 1.0]) * np.pi / 180.0 * EARTH_RADIUS_M
    return np.ascontiguousarray((lonlat - corner) * scale), corner


def _sample(line: Float) -> tuple[Float, Float, Float, Float] | None:
    """Return mid-points of even pieces of a line, directions, lengths in m, and position 0..1."""
    if len(line) < 2:
        return None
    step = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(step)])
    total = along[-1]
    if total <= 0.0:
        return None
    n = max(int(np.ceil(total / SAMPLE_M)), 1)
    edges = np.linspace(0.0, total, n + 1)
    middle = (edges[:-1] + edges[1:]) / 2.0

    def at(position: Float) -> Float:
        return np.column_stack([np.interp(position, along, line[:, 0]), np.interp(position, along, line[:, 1])])

    delta = at(edges[1:]) - at(edges[:-1])
    length = np.maximum(np.hypot(*delta.T), 1e-9)
    return at(middle), delta / length[:, None], np.diff(edges), middle / total
