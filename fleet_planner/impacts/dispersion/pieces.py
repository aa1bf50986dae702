"""Roads as straight pieces on a plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.impacts.gridded.grid import on_plane

if TYPE_CHECKING:
    from fleet_planner.network import Network

Float = NDArray[np.float64]
Int = NDArray[np.int64]
STRAIGHT_M = 3.0
"""A road is taken to be straight where it strays no farther."""


@dataclass(frozen=True)
class Pieces:
    """Straight pieces of roads; both directions of a road share theirs.

    Parameters
    ----------
    ends
        Metres: x, y, x, y; shape (pieces, 4).
    owner
        Road of each piece, ascending, shape (pieces,).
    share
        Of the road's length, shape (pieces,).
    road
        Road of each link, shape (links,).
    """

    ends: Float
    owner: Int
    share: Float
    road: Int

    @property
    def roads(self) -> int:
        """Number of roads."""
        return int(self.road.max()) + 1 if self.road.size else 0

    def of_roads(self, by_piece: Float) -> Float:
        """Return what a unit emitted on each road does, from what one on each piece does; first axis pieces, roads."""
        out = np.zeros((self.roads, *by_piece.shape[1:]))
        np.add.at(out, self.owner, by_piece * self.share.reshape(-1, *[1] * (by_piece.ndim - 1)))
        return out

    def on_pieces(self, by_link: Float) -> Float:
        """Return what is emitted on each piece, from what is on each link; first axis links, pieces."""
        on_roads = np.zeros((self.roads, *by_link.shape[1:]))
        np.add.at(on_roads, self.road, by_link)
        return np.asarray(on_roads[self.owner] * self.share.reshape(-1, *[1] * (by_link.ndim - 1)))


def pieces_of(network: Network, epsg: int) -> Pieces:
    """Return the straight pieces of all roads, each stretch once for both directions."""
    import shapely

    links = network.links
    key = links.select(
        pl.min_horizontal("u", "v").alias("a"),
        pl.max_horizontal("u", "v").alias("b"),
        pl.col("osm_id") if "osm_id" in links.columns else pl.lit(0).alias("osm_id"),
        (pl.col("length_km") * 1e5).round(0).alias("length"),
    ).with_row_index("link")
    first = key.select(pl.col("link").first().over("a", "b", "osm_id", "length"))["link"].to_numpy()
    kept, road = np.unique(first, return_inverse=True)
    x, y = on_plane(epsg, network.coordinates[:, 0], network.coordinates[:, 1])
    sizes = np.diff(network.offsets)[kept]
    points = np.concatenate([np.arange(network.offsets[k], network.offsets[k + 1]) for k in kept])
    lines = shapely.linestrings(
        np.stack([x[points], y[points]], axis=1), indices=np.repeat(np.arange(kept.size), sizes)
    )
    coordinates, index = shapely.get_coordinates(shapely.simplify(lines, STRAIGHT_M), return_index=True)
    inside = np.flatnonzero(index[1:] == index[:-1])
    ends = np.concatenate([coordinates[inside], coordinates[inside + 1]], axis=1)
    owner = index[inside].astype(np.int64)
    length = np.maximum(np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]), 1e-9)
    whole = np.bincount(owner, length, kept.size)
    return Pieces(
        np.ascontiguousarray(ends, dtype=np.float64), owner, length / whole[owner], road.ravel().astype(np.int64)
    )
