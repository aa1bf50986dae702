"""Road segments as readers find them, before they become directed links."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fleet_planner.kernels import geometry
from fleet_planner.units import M_PER_KM, WGS84_ECCENTRICITY2, WGS84_SEMI_MAJOR_M

if TYPE_CHECKING:
    from collections import Counter

    import polars as pl

    from fleet_planner.findings import Finding
    from fleet_planner.network.turns import Restriction

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class Segments:
    """Road segments.

    Parameters
    ----------
    frame
        One row per segment: ``u, v, osm_id, name, road_class, hgv_allowed``; ``direction``: 0 (both ways),
        1 (as drawn) or -1 (against); null where unknown ``maxspeed_kmh``, ``lanes_forward, lanes_backward``.
        Optional: ``maxspeed_backward_kmh`` (else as forward), ``length_km`` (else from the geometry),
        ``capacity_veh_h`` (of a direction), ``capacity_veh_h_lane``, ``max_weight_t``, ``max_weight_hgv_t``,
        ``bus_only``, ``bus_lanes_forward, bus_lanes_backward``, ``urban``, ``low_emission_zone``, ``first_way,
        last_way`` (ways of OpenStreetMap that it begins and ends with). A finished link table has the columns of
        ``tables/columns/links.csv`` instead.
    coordinates, offsets
        Geometry as in `Network`.
    directed
        The rows are directions of roads already, so a road is one-way where no other row leads back.
    structure
        Bridges and tunnels as in `Network`.
    """

    frame: pl.DataFrame
    coordinates: Float
    offsets: Int
    directed: bool = False
    structure: Bool | None = None

    def take(self, rows: Int | Bool) -> Segments:
        """Return some of the segments, in the order of ``rows``."""
        picked = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        first, last = self.offsets[picked], self.offsets[picked + 1] - 1
        index, offsets = line_points(first, last, np.zeros(picked.size, dtype=np.bool_))
        return replace(
            self,
            frame=self.frame[picked],
            coordinates=np.ascontiguousarray(self.coordinates[index]),
            offsets=offsets,
            structure=None if self.structure is None else self.structure[index],
        )


@dataclass(frozen=True)
class LandUse:
    """Polygons of the source.

    Parameters
    ----------
    built_up, open_land
        Shapely polygons of land use, EPSG:4326.
    low_emission
        Shapely polygons of low-emission zones.
    broken
        Areas that could not be put together, mostly cut at the border of the file.
    """

    built_up: Any
    open_land: Any
    low_emission: Any
    broken: int = 0


@dataclass(frozen=True)
class Source:
    """What a reader hands over.

    Parameters
    ----------
    segments
        The roads.
    attribution
        Who made the data and its licence.
    where
        File or place, for messages.
    findings
        What the reader dropped, cut or assumed.
    kind
        ``osm``: OpenStreetMap data, in WGS84 by its own rules; ``table``: anything else; ``links``: a link table of
        this program, which keeps what it has.
    all_roads
        Lines that measure the density of roads, where more was read than ``segments`` holds: coordinates, offsets.
    land_use
        Polygons of land use and of low-emission zones, where the source has them.
    words
        What the file says of itself (names of file, layer and columns): may tell a datum.
    restricted
        Turn restrictions, and how many others are left out by reason (see `restrictions_of`).
    turns
        Forbidden turns between the rows, of a link table.
    """

    segments: Segments
    attribution: str
    where: str
    findings: tuple[Finding, ...] = ()
    kind: str = "table"
    all_roads: tuple[Float, Int] | None = None
    land_use: LandUse | None = None
    words: str = ""
    restricted: tuple[tuple[Restriction, ...], Counter[str]] | None = None
    turns: pl.DataFrame | None = None


def line_points(first: Int, last: Int, turned: Bool) -> tuple[Int, Int]:
    """Return the points ``first[i]..last[i]`` of each line, backwards where ``turned``, and the lines' offsets."""
    counts = last - first + 1
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    step = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
    begin, sign = np.where(turned, last, first), np.where(turned, -1, 1)
    return np.repeat(begin, counts) + np.repeat(sign, counts) * step, offsets


def lengths_km(coordinates: Float, offsets: Int) -> Float:
    """Return the length of each line on the WGS84 ellipsoid."""
    return np.asarray(geometry.line_lengths_m(coordinates, offsets, WGS84_SEMI_MAJOR_M, WGS84_ECCENTRICITY2) / M_PER_KM)


def middle_points(coordinates: Float, offsets: Int) -> Float:
    """Return the point halfway along each line, shape (lines, 2), the same for both directions of a road.

    Parameters
    ----------
    coordinates
        Longitude, latitude of all points, shape (points, 2).
    offsets
        Line ``i`` is ``coordinates[offsets[i]:offsets[i + 1]]``, two points or more; shape (lines + 1,).
    """
    mean = np.radians(coordinates[:, 1].mean()) if len(coordinates) else 0.0
    step = np.diff(coordinates, axis=0) * np.array([np.cos(mean), 1.0])
    length = np.hypot(*step.T)
    length[offsets[1:-1] - 1] = 0.0  # from the end of one line to the start of the next is no road
    along = np.concatenate([[0.0], np.cumsum(length)])
    first, last = offsets[:-1], offsets[1:] - 1
    half = (along[first] + along[last]) / 2.0
    piece = np.clip(np.searchsorted(along, half, side="right") - 1, first, np.maximum(last - 1, first))
    own = length[np.minimum(piece, len(length) - 1)] if len(length) else np.zeros(len(first))
    part = np.divide(half - along[piece], own, out=np.zeros(len(half)), where=own > 0.0)
    after = np.minimum(piece + 1, last)
    return np.asarray(coordinates[piece] + np.clip(part, 0.0, 1.0)[:, None] * (coordinates[after] - coordinates[piece]))
