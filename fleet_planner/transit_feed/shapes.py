"""The lines that trips follow, and how far along them each stop is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.kernels import matching
from fleet_planner.transit_feed.tables import filled, need, numbers
from fleet_planner.units import EARTH_RADIUS_M

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Float = NDArray[np.float64]
Int = NDArray[np.int64]
LARGEST_SEQUENCE = 2**53


def stop_places(tables: Mapping[str, pl.DataFrame], path: Path) -> pl.DataFrame:
    """Return ``stop_id, lon, lat`` of the stops that have a place."""
    name = "stops.txt"
    stops = need(tables, name, ("stop_id", "stop_lat", "stop_lon"), path)
    stops = numbers(stops, name, "stop_lat", path, -90, 90)
    stops = numbers(stops, name, "stop_lon", path, -180, 180)
    placed = stops.select("stop_id", lon="stop_lon", lat="stop_lat").drop_nulls()
    return placed.unique("stop_id", keep="first", maintain_order=True)


def stop_names(tables: Mapping[str, pl.DataFrame], path: Path) -> pl.DataFrame:
    """Return ``stop_id, name, station`` of the stops; what the feed does not tell is the stop's id."""
    stops = need(tables, "stops.txt", ("stop_id",), path)
    own = pl.col("stop_id")
    told = {"name": "stop_name", "station": "parent_station"}
    named = {k: pl.coalesce(c, own) if c in stops.columns else own for k, c in told.items()}
    return stops.select(own, **named).unique("stop_id", keep="first", maintain_order=True)


def trip_shapes(
    trips: pl.DataFrame, visits: pl.DataFrame, tables: Mapping[str, pl.DataFrame], path: Path
) -> tuple[Float, Int, pl.Series, pl.Series]:
    """Return the lines that the trips follow.

    Parameters
    ----------
    trips
        ``trip_id`` and, where the feed has it, ``shape_id``.
    visits
        ``trip_id, lon, lat`` of every stop with a place, in driving order.
    tables, path
        The feed.

    Returns
    -------
    coordinates, offsets
        Longitude and latitude; line ``i`` is ``coordinates[offsets[i]:offsets[i + 1]]``.
    shape
        Line of each trip.
    known
        Whether a trip has a shape of two points or more; straight lines between its stops stand in, one for all trips
        of the same stops.
    """
    given = pl.col("shape_id") if "shape_id" in trips.columns else pl.lit(None, dtype=pl.String)
    keys = trips.select("trip_id", shape_id=given)
    points = _points(keys, tables, path)
    keys = keys.join(points.select("shape_id").unique(), on="shape_id", how="left", maintain_order="left")
    known = pl.col("shape_id").is_in(points["shape_id"].unique().to_list())
    keys = keys.join(_same_stops(visits), on="trip_id", how="left", maintain_order="left")
    keys = keys.with_columns(known=known.fill_null(value=False))
    keys = keys.with_columns(
        key=pl.when("known").then(pl.lit("s ") + pl.col("shape_id")).otherwise(pl.lit("t ") + pl.col("same_stops"))
    )
    drawn = keys.filter(~pl.col("known") & pl.col("key").is_first_distinct())
    between = visits.join(drawn, on="trip_id", how="inner", maintain_order="left")
    lines = pl.concat(
        [
            points.select(pl.lit("s ") + pl.col("shape_id"), "lon", "lat").rename({"literal": "key"}),
            between.select("key", "lon", "lat"),
        ]
    )
    counts = lines.group_by("key", maintain_order=True).len()
    index = counts.select("key").with_row_index("shape")
    shape = keys.join(index, on="key", how="left", maintain_order="left")["shape"].cast(pl.Int64)
    offsets = np.concatenate([[0], np.cumsum(counts["len"].to_numpy())]).astype(np.int64)
    coordinates = np.ascontiguousarray(lines.select("lon", "lat").to_numpy(), dtype=np.float64)
    return coordinates, offsets, shape, keys["known"]


def _same_stops(visits: pl.DataFrame) -> pl.DataFrame:
    """Return ``trip_id, same_stops``: the first trip that calls at the same stops in the same order."""
    of_trip = visits.group_by("trip_id", maintain_order=True).agg(stops=pl.col("stop_id").str.join("\n"))
    return of_trip.select("trip_id", same_stops=pl.col("trip_id").first().over("stops"))


def _points(keys: pl.DataFrame, tables: Mapping[str, pl.DataFrame], path: Path) -> pl.DataFrame:
    """Return ``shape_id, lon, lat`` of the shapes that are used and have two points or more, in driving order."""
    name = "shapes.txt"
    empty = pl.DataFrame(schema={"shape_id": pl.String, "lon": pl.Float64, "lat": pl.Float64})
    if name not in tables:
        return empty
    raw = need(tables, name, ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"), path)
    raw = raw.join(keys.select("shape_id").drop_nulls().unique(), on="shape_id", how="semi", maintain_order="left")
    raw = numbers(raw, name, "shape_pt_sequence", path, 0, LARGEST_SEQUENCE, whole=True)
    raw = numbers(raw, name, "shape_pt_lat", path, -90, 90)
    raw = numbers(raw, name, "shape_pt_lon", path, -180, 180)
    filled(raw, name, ("shape_pt_sequence", "shape_pt_lat", "shape_pt_lon"), path)
    ordered = raw.sort("shape_id", "shape_pt_sequence", maintain_order=True)
    ordered = ordered.filter(pl.len().over("shape_id") > 1)
    return ordered.select("shape_id", lon="shape_pt_lon", lat="shape_pt_lat")


def metres_along(coordinates: Float, offsets: Int) -> Float:
    """Return the metres from the start of its line to each point, shape (points,).

    Each step is measured on the plane at its own latitude (equirectangular; 1e-6 for steps under 1 km).
    """
    if len(coordinates) == 0:
        return np.zeros(0)
    lon, lat = np.radians(coordinates).T
    east = np.diff(lon) * np.cos((lat[1:] + lat[:-1]) / 2.0)
    total = np.concatenate([[0.0], np.cumsum(np.hypot(east, np.diff(lat)) * EARTH_RADIUS_M)])
    start = np.repeat(offsets[:-1], np.diff(offsets))
    return np.ascontiguousarray(total - total[start])


def stops_along(visits: pl.DataFrame, coordinates: Float, offsets: Int, along_m: Float) -> Float:
    """Return how far along its trip's line each visit is, in metres, never falling within a trip.

    Parameters
    ----------
    visits
        ``trip_id, stop_id, shape, lon, lat``, sorted by trip and driving order.
    coordinates, offsets, along_m
        The lines and the metres along them.
    """
    of_trip = visits.group_by("trip_id", maintain_order=True).agg(
        pattern=pl.concat_str(pl.col("shape").first().cast(pl.String), pl.col("stop_id").str.join("\n"), separator="\n")
    )
    numbered = visits.join(of_trip, on="trip_id", how="left", maintain_order="left").with_columns(
        place=pl.int_range(pl.len()).over("trip_id")
    )
    one_each = of_trip.unique("pattern", keep="first", maintain_order=True).select("trip_id")
    pattern = numbered.join(one_each, on="trip_id", how="semi", maintain_order="left")
    lengths = pattern.group_by("trip_id", maintain_order=True).agg(pl.len(), pl.col("shape").first())
    first = np.concatenate([[0], np.cumsum(lengths["len"].to_numpy())]).astype(np.int64)
    scale = np.array([np.cos(np.radians(coordinates[:, 1].mean())) if len(coordinates) else 1.0, 1.0])
    metres = np.pi / 180.0 * EARTH_RADIUS_M * scale
    at = matching.project_in_order(
        np.ascontiguousarray(pattern.select("lon", "lat").to_numpy() * metres),
        first,
        lengths["shape"].to_numpy().astype(np.int64),
        np.ascontiguousarray(coordinates * metres),
        offsets,
        along_m,
    )
    found = pattern.select("pattern", "place").with_columns(m=pl.Series(at))
    joined = numbered.join(found, on=["pattern", "place"], how="left", maintain_order="left")
    return joined["m"].to_numpy().astype(np.float64)
