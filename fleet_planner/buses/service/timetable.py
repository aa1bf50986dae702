"""One day's trips as all sources tell them, and the places where they begin and end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.units import EARTH_RADIUS_M

if TYPE_CHECKING:
    from datetime import date

    from fleet_planner.buses.model import Ways
    from fleet_planner.findings import Finding

Float = NDArray[np.float64]
Int = NDArray[np.int64]

PLACE_SCHEMA = {"place": pl.String, "name": pl.String, "lon": pl.Float64, "lat": pl.Float64, "is_depot": pl.Boolean}
TRIP_SCHEMA = {
    "trip_id": pl.String,
    "kind": pl.String,
    "route_id": pl.String,
    "route": pl.String,
    "block_id": pl.String,
    "depot_id": pl.String,
    "bus_type": pl.String,
    "start_s": pl.Float64,
    "end_s": pl.Float64,
    "km": pl.Float64,
    "stops": pl.Int64,
    "load": pl.Float64,
    "from_place": pl.String,
    "to_place": pl.String,
    "from_lon": pl.Float64,
    "from_lat": pl.Float64,
    "to_lon": pl.Float64,
    "to_lat": pl.Float64,
    "way": pl.Int64,
}


@dataclass(frozen=True)
class Timetable:
    """Trips of one kind of day.

    Parameters
    ----------
    kind, day
        As in `ServiceDay`.
    trips
        Columns `TRIP_SCHEMA`: ``kind`` of `MOVEMENT_KINDS` (a table may tell empty ways too); ``block_id``,
        ``depot_id`` and ``load`` (passengers over places) null where nothing tells them, coordinates null where no
        place of them is known, ``way`` -1 where no road is known.
    places
        Columns `PLACE_SCHEMA`: ends of trips.
    ways
        Roads of the trips.
    findings
        What was chosen, counted or replaced.
    """

    kind: str
    day: date | None
    trips: pl.DataFrame
    places: pl.DataFrame
    ways: Ways
    findings: tuple[Finding, ...] = field(default=())


def terminals(ends: pl.DataFrame, reach_m: float) -> pl.DataFrame:
    """Make one terminal of the ends of trips that lie close together.

    Parameters
    ----------
    ends
        ``stop, lon, lat, uses``, a row per stop where trips begin or end.
    reach_m
        Ends up to so far from a busier one belong to it.

    Returns
    -------
    ``stop, place`` (the id of the busiest stop of its terminal).
    """
    ordered = ends.sort("uses", "stop", descending=[True, False])
    xy = plane_m(ordered["lon"].to_numpy(), ordered["lat"].to_numpy())
    owner = np.full(ordered.height, -1, dtype=np.int64)
    for k in range(ordered.height):
        if owner[k] >= 0:
            continue
        near = np.hypot(*(xy - xy[k]).T) <= reach_m
        owner[near & (owner < 0)] = k
    stops = ordered["stop"].to_numpy()
    return pl.DataFrame({"stop": stops, "place": stops[owner]}, schema={"stop": pl.String, "place": pl.String})


def plane_m(lon: Float, lat: Float) -> Float:
    """Return metres on a plane at the middle latitude (equirectangular), shape (points, 2)."""
    known = lat[np.isfinite(lat)]
    middle = np.radians(known.mean()) if known.size else 0.0
    return np.column_stack([np.radians(lon) * np.cos(middle), np.radians(lat)]) * EARTH_RADIUS_M
