"""Find the links that counts, detectors and probe data are of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.places import Plane
from fleet_planner.activity.tables import refuse
from fleet_planner.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.network.model import Network

Float = NDArray[np.float64]
Int = NDArray[np.int64]
COMPASS = {word: 45.0 * k for k, word in enumerate(("N", "NE", "E", "SE", "S", "SW", "W", "NW"))}
SAME_WAY = 0.5
"""Least cosine between a link and the direction asked for: 60 degrees."""

NEAR_M = 5.0
PLACES = ("link_id", "osm_id", "lon", "lat", "direction", "road_class")


@dataclass(frozen=True)
class Matches:
    """Links of places.

    Parameters
    ----------
    place
        Index of the place, ascending, shape (pairs,).
    link
        Link that is part of it.
    weight
        What the link counts for: 1 for each direction of a road, shared by length among the links of a way.
    distance_m
        From the point to the road; 0 for links named by id.
    """

    place: Int
    link: Int
    weight: Float
    distance_m: Float


def check_places(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Check that every row names a place, and read the directions: adds ``bearing_deg`` (null for none).

    Raises
    ------
    InputError
        A row has neither link_id, osm_id nor lon and lat, or a direction is not understood.
    """
    placed = frame["link_id"].is_not_null() | frame["osm_id"].is_not_null()
    if "lon" in frame.columns:
        placed |= frame["lon"].is_not_null() & frame["lat"].is_not_null()
    names = "lon and lat, link_id or osm_id" if "lon" in frame.columns else "link_id or osm_id"
    refuse(frame, ~placed, "link_id", path, "this row names no place", f"Give {names}.")
    word = frame["direction"].str.to_uppercase().str.strip_suffix("B").str.strip_suffix("BOUND")
    degrees = frame["direction"].cast(pl.Float64, strict=False)
    compass = word.replace_strict(COMPASS, default=None, return_dtype=pl.Float64)
    bearing = pl.select(pl.coalesce(compass, degrees)).to_series()
    remedy = f"Use {', '.join(COMPASS)} or degrees from north."
    unread = frame["direction"].is_not_null() & ~bearing.is_finite().fill_null(value=False)
    refuse(frame, unread, "direction", path, "this direction is not understood", remedy)
    return frame.with_columns(bearing_deg=bearing)


def match(network: Network, places: pl.DataFrame, tolerance_m: float, path: Path, *, both_ways: bool) -> Matches:
    """Find the links of places.

    Parameters
    ----------
    network
        The roads.
    places
        From `check_places`, one row per place: columns `PLACES` that there are, ``bearing_deg``, ``row``.
    tolerance_m
        Points further from a road have no link.
    path
        For the messages.
    both_ways
        Whether a place without a direction is both directions of its road; else it is the nearer one.

    Raises
    ------
    InputError
        A link_id is not one of the network's.
    """
    refuse(
        places,
        places["link_id"] >= network.links.height,
        "link_id",
        path,
        "the network has no such link",
        f"Links are numbered 0 to {network.links.height - 1}; use the link_id of links.parquet or city.gpkg of a run "
        "on this network, or osm_id.",
    )
    by_id = places["link_id"].is_not_null().to_numpy()
    by_way = ~by_id & places["osm_id"].is_not_null().to_numpy()
    by_point = ~by_id & ~by_way
    parts = [_of_links(places, by_id)]
    if by_way.any():
        parts.append(_of_ways(network, places, by_way))
    if by_point.any():
        parts.append(_of_points(network, places, by_point, tolerance_m, both_ways=both_ways))
    place, link, weight, distance = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((link, place))
    return Matches(place[order], link[order], weight[order], distance[order])


def none_matched(path: Path, what: str, tolerance_m: float) -> InputError:
    """Return the error that no row of a file is on the network."""
    return InputError(
        f"none of the {what} lies on a road of the network",
        f"Check that both are of the same city, coordinates in WGS84 and ids of the same source; points may be "
        f"{tolerance_m:g} m off.",
        file=path,
    )


Part = tuple[Int, Int, Float, Float]


def _of_links(places: pl.DataFrame, rows: NDArray[np.bool_]) -> Part:
    place = np.flatnonzero(rows)
    link = places["link_id"].fill_null(0).to_numpy()[place].astype(np.int64)
    return place, link, np.ones(place.size), np.zeros(place.size)


def _of_ways(network: Network, places: pl.DataFrame, rows: NDArray[np.bool_]) -> Part:
    """Match the links of ways by id; the links of one direction share its weight by length."""
    links = network.links.select("link_id", "osm_id", "length_km").with_columns(
        east=pl.Series(_chords(network)[:, 0]), north=pl.Series(_chords(network)[:, 1])
    )
    number = pl.Series("place", np.arange(places.height))
    asked = places.select(number, "osm_id", "bearing_deg").filter(pl.Series(rows))
    found = asked.join(links.drop_nulls("osm_id"), on="osm_id", how="inner")
    wanted = found["bearing_deg"].to_numpy()
    cosine = _cosine(found.select("east", "north").to_numpy(), wanted)
    found = found.filter(pl.Series(np.isnan(wanted) | (cosine >= SAME_WAY)))
    # links of opposite directions of a way are told apart by their bearing against that of its first link
    first = found.select(pl.col("east", "north").first().over("place")).to_numpy()
    along = (found.select("east", "north").to_numpy() * first).sum(axis=1) >= 0.0
    found = found.with_columns(along=pl.Series(along))
    weight = (
        found["length_km"] / found.select(pl.col("length_km").sum().over("place", "along")).to_series()
    ).to_numpy()
    place = found["place"].to_numpy().astype(np.int64)
    return place, found["link_id"].to_numpy().astype(np.int64), weight, np.zeros(place.size)


def _of_points(
    network: Network, places: pl.DataFrame, rows: NDArray[np.bool_], tolerance_m: float, *, both_ways: bool
) -> Part:
    """Match points to the nearest link of their class and direction, and to the opposite one of the same road."""
    import shapely

    drivable = np.flatnonzero(network.links["in_main"].to_numpy())
    plane = Plane.around(network.coordinates)
    lines = _lines(plane.project(network.coordinates), network.offsets)[drivable]
    own = np.flatnonzero(rows)
    points = shapely.points(plane.project(places.select("lon", "lat").to_numpy()[own].astype(np.float64)))
    point, near = shapely.STRtree(lines).query(points, predicate="dwithin", distance=tolerance_m)
    way = _directions_at(lines[near], points[point])
    pairs = pl.DataFrame(
        {
            "place": own[point],
            "link": drivable[near],
            "distance": shapely.distance(lines[near], points[point]),
            "east": way[:, 0],
            "north": way[:, 1],
            "class": network.links["road_class"].gather(drivable[near]),
            "bearing": places["bearing_deg"].gather(own[point]),
            "wanted": places["road_class"].gather(own[point]),
        }
    )
    pairs = pairs.filter(pl.col("wanted").is_null() | (pl.col("class") == pl.col("wanted")))
    bearing = pairs["bearing"].to_numpy()
    right = np.isnan(bearing) | (_cosine(pairs.select("east", "north").to_numpy(), bearing) >= SAME_WAY)
    ranked = pairs.filter(pl.Series(right)).sort("place", "distance", "link")
    nearest = ranked.unique("place", keep="first", maintain_order=True)
    chosen = [nearest.select("place", "link", "distance")]
    if both_ways:
        other = ranked.join(nearest, on="place", suffix="_first").filter(
            pl.col("bearing").is_null()
            & (pl.col("class") == pl.col("class_first"))
            & (pl.col("east") * pl.col("east_first") + pl.col("north") * pl.col("north_first") <= -SAME_WAY)
        )
        chosen.append(other.unique("place", keep="first", maintain_order=True).select("place", "link", "distance"))
    found = pl.concat(chosen)
    place, link = (found[c].to_numpy().astype(np.int64) for c in ("place", "link"))
    return place, link, np.ones(place.size), found["distance"].to_numpy()


def _chords(network: Network) -> Float:
    """Return the unit vector from the start of each link to its end, shape (links, 2)."""
    xy = Plane.around(network.coordinates).project(network.coordinates)
    chord = xy[network.offsets[1:] - 1] - xy[network.offsets[:-1]]
    return np.asarray(chord / np.maximum(np.hypot(*chord.T), 1e-12)[:, None])


def _cosine(way: Float, bearing_deg: Float) -> Float:
    angle = np.radians(bearing_deg)
    return np.asarray(way[:, 0] * np.sin(angle) + way[:, 1] * np.cos(angle))


def _lines(xy: Float, offsets: Int) -> Any:
    import shapely

    counts = np.diff(offsets)
    return shapely.linestrings(xy, indices=np.repeat(np.arange(counts.size), counts))


def _directions_at(lines: Any, points: Any) -> Float:
    """Return the direction of each line where it is nearest to its point, unit vectors, shape (n, 2)."""
    import shapely

    at = shapely.line_locate_point(lines, points)
    ends = [
        shapely.get_coordinates(shapely.line_interpolate_point(lines, np.clip(at + step, 0.0, shapely.length(lines))))
        for step in (-NEAR_M, NEAR_M)
    ]
    step = ends[1] - ends[0]
    return np.asarray(step / np.maximum(np.hypot(*step.T), 1e-12)[:, None])
