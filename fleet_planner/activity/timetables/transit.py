"""Place the buses of a timetable on the links: trip by trip, hour by hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.kernels import matching
from fleet_planner.units import EARTH_RADIUS_M, M_PER_KM, S_PER_H

if TYPE_CHECKING:
    from fleet_planner.network.model import Network
    from fleet_planner.transit_feed.gtfs import Feed

Float = NDArray[np.float64]
Int = NDArray[np.int64]
SAMPLE_M = 15.0
REACH_M = 60.0
CELL_M = 120.0
MARGIN_DEG = 0.01
MIN_COSINE = 0.5
"""A bus and the link it is on differ in direction by at most 60 degrees."""


@dataclass(frozen=True)
class BusKm:
    """Buses on the links.

    Parameters
    ----------
    km
        Shape (links, 24), vehicle-km of the service day.
    scheduled_km
        All km of the timetable.
    outside_share
        Share of them beyond the network's bounding box.
    unmatched_share
        Share of them inside it without a link.
    timed_km, seconds
        Shape (links, 24): km whose time the timetable tells, and that time, with that at stops.
    stops
        Shape (links, 24): stops that have a time.
    """

    km: Float
    scheduled_km: float
    outside_share: float
    unmatched_share: float
    timed_km: Float
    seconds: Float
    stops: Float

    def table(self, kind: str, link_id: Int) -> pl.DataFrame:
        """Return the columns of ``tables/columns/bus_links.csv``, a row per link and hour that a bus passes in."""
        link, hour = np.nonzero(self.km)
        own = (link, hour)
        known = self.seconds[own] > 0.0
        speed = np.divide(self.timed_km[own], self.seconds[own], out=np.full(link.size, np.nan), where=known) * S_PER_H
        return pl.DataFrame(
            {
                "kind_of_day": pl.Series([kind] * link.size, dtype=pl.String),
                "link_id": link_id[link],
                "hour": hour,
                "bus_km": self.km[own],
                "speed_kmh": pl.Series(speed).fill_nan(None),
                "stops_per_km": self.stops[own] / self.km[own],
            }
        )


def bus_km(network: Network, feed: Feed) -> BusKm:
    """Return the scheduled km of buses by link and hour.

    Each shape is cut into pieces of 15 m at most; each piece goes to the nearest link within 60 m that runs
    the same way, and, trip by trip, to the hour in which the bus passes it between its stops' times.
    """
    plane = _Plane.around(network.coordinates)
    index = _index(network, plane)
    cuts = [_cut(plane, feed, i) for i in range(len(feed.offsets) - 1)]
    points, direction, middle_m, length_m = (np.concatenate(part) for part in zip(*cuts, strict=True))
    link = _nearest_links(points, direction, index)
    sample_offsets = np.concatenate([[0], np.cumsum([len(c[0]) for c in cuts])]).astype(np.int64)
    trips = feed.trips
    km, timed_km, seconds, stops = matching.service_by_hour(
        network.links.height,
        link,
        middle_m,
        length_m / M_PER_KM,
        sample_offsets,
        trips["shape"].to_numpy(),
        trips["timing"].to_numpy(),
        trips["start_s"].to_numpy().astype(np.float64),
        feed.timing_m,
        feed.timing_arrival_s,
        feed.timing_departure_s,
        feed.timing_offsets,
    )
    scheduled = float(trips["distance_km"].sum())
    if scheduled <= 0.0:
        return BusKm(km, 0.0, 0.0, 0.0, timed_km, seconds, stops)

    def share(where: NDArray[np.bool_]) -> float:
        along_m = np.concatenate([[0.0], np.cumsum(np.where(where, length_m, 0.0))])
        of_shape_km = np.diff(along_m[sample_offsets]) / M_PER_KM
        return float(of_shape_km[trips["shape"].to_numpy()].sum()) / scheduled

    extent = plane.project(np.array([network.coordinates.min(axis=0), network.coordinates.max(axis=0)]))
    outside = ((points < extent[0] - REACH_M) | (points > extent[1] + REACH_M)).any(axis=1)
    return BusKm(km, scheduled, share(outside), share(~outside & (link < 0)), timed_km, seconds, stops)


@dataclass(frozen=True)
class _Plane:
    """A plane in metres at the middle latitude of a city (equirectangular: 1 % at 60 km from the middle)."""

    corner: Float
    scale: Float

    @classmethod
    def around(cls, lonlat: Float) -> _Plane:
        low, high = lonlat.min(axis=0), lonlat.max(axis=0)
        middle = np.radians((low[1] + high[1]) / 2.0)
        return cls(low - MARGIN_DEG, np.array([np.cos(middle), 1.0]) * np.pi / 180.0 * EARTH_RADIUS_M)

    def project(self, lonlat: Float) -> Float:
        return np.ascontiguousarray((lonlat - self.corner) * self.scale)


@dataclass(frozen=True)
class _Index:
    """Straight pieces of links sorted into square cells."""

    link: Int
    ends: tuple[Float, Float, Float, Float]
    first: Int
    member: Int
    nx: int
    ny: int


def _index(network: Network, plane: _Plane) -> _Index:
    xy = plane.project(network.coordinates)
    link = np.repeat(np.arange(network.links.height), np.diff(network.offsets) - 1)
    start = np.delete(np.arange(len(xy)), network.offsets[1:] - 1)
    drivable = network.links["in_main"].to_numpy()[link]
    start, link = start[drivable], link[drivable]
    ends = tuple(np.ascontiguousarray(xy[start + k, axis]) for k in (0, 1) for axis in (0, 1))
    nx, ny = (int(v // CELL_M) + 2 for v in xy.max(axis=0))
    first, member = matching.grid_index(*ends, CELL_M, nx, ny)
    x0, y0, x1, y1 = ends
    return _Index(link, (x0, y0, x1, y1), first, member, nx, ny)


def _nearest_links(points: Float, direction: Float, index: _Index) -> Int:
    """Return the nearest link of each point that runs its way, or -1."""
    piece = matching.nearest_pieces(
        *(np.ascontiguousarray(a) for a in (*points.T, *direction.T)),
        *index.ends,
        index.first,
        index.member,
        CELL_M,
        index.nx,
        index.ny,
        REACH_M,
        MIN_COSINE,
    )
    return np.where(piece >= 0, index.link[piece], -1) if index.link.size else np.full(len(points), -1)


def _cut(plane: _Plane, feed: Feed, shape: int) -> tuple[Float, Float, Float, Float]:
    """Cut a shape into even pieces: middle points, directions, metres along the shape, lengths in m."""
    own = slice(feed.offsets[shape], feed.offsets[shape + 1])
    line, along = plane.project(feed.coordinates[own]), feed.along_m[own]
    total = along[-1] if len(along) else 0.0
    if total <= 0.0:
        return np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.zeros(0)
    edges = np.linspace(0.0, total, max(int(np.ceil(total / SAMPLE_M)), 1) + 1)
    middle = (edges[:-1] + edges[1:]) / 2.0

    def at(position: Float) -> Float:
        return np.column_stack([np.interp(position, along, line[:, 0]), np.interp(position, along, line[:, 1])])

    delta = np.diff(at(edges), axis=0)
    length = np.maximum(np.hypot(*delta.T), 1e-9)
    return at(middle), delta / length[:, None], middle, np.diff(edges)
