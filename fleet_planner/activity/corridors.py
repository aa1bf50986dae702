"""Mean speeds over stretches of the same road, as long as the trips that curves were measured on are smooth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.places import Plane, end_directions
from fleet_planner.kernels import corridors as kernel
from fleet_planner.tiles import Tiles

if TYPE_CHECKING:
    from fleet_planner.network.model import Network

Float = NDArray[np.float64]
Int = NDArray[np.int64]
MIN_COSINE = 0.5
"""A road goes on where it turns by less than 60 degrees."""


@dataclass(frozen=True)
class Corridors:
    """Roads as links that follow each other.

    Parameters
    ----------
    order
        Links, road by road, shape (links,).
    first
        Road ``r`` is ``order[first[r]:first[r + 1]]``.
    length_km
        Of the links.
    """

    order: Int
    first: Int
    length_km: Float

    @classmethod
    def of(cls, network: Network) -> Corridors:
        """Follow each link to the straightest next one of its class and name."""
        links = network.links
        nodes, ends = np.unique(np.concatenate([links["u"].to_numpy(), links["v"].to_numpy()]), return_inverse=True)
        u, v = np.ascontiguousarray(ends[: links.height]), np.ascontiguousarray(ends[links.height :])
        leaving = np.argsort(u, kind="stable")
        first = np.concatenate([[0], np.cumsum(np.bincount(u, minlength=nodes.size))]).astype(np.int64)
        start, end = end_directions(Plane.around(network.coordinates).project(network.coordinates), network.offsets)
        onward = kernel.successors(u, v, first, leaving, _kind(links), start, end, MIN_COSINE)
        order, chain_first = kernel.chains(onward)
        return cls(order, chain_first, links["length_km"].to_numpy().astype(np.float64))

    def pieces(self, target_km: float) -> Int:
        """Return where the pieces of about ``target_km`` begin in ``order``; the last entry is its length."""
        return np.asarray(kernel.cut(self.order, self.first, self.length_km, target_km))

    def mean_speeds(self, speed_kmh: Float, target_km: float, tiles: Tiles | None = None) -> Float:
        """Return speeds as space means over pieces of about ``target_km``, shape (links, H); 0 leaves them alone.

        Roads are taken so many at a time as ``tiles`` has links, and the speeds stand where it says.
        """
        if target_km <= 0.0:
            return speed_kmh
        tiles = tiles or Tiles()
        begins = self.pieces(target_km)
        out = tiles.empty(speed_kmh.shape)
        for part in tiles.slices(begins.size - 1):
            some = begins[part.start : part.stop + 1]
            kernel.space_means(speed_kmh, self.length_km, self.order, some, out)
        return out

    def piece_km(self, target_km: float) -> Float:
        """Return the length of the piece that each link is in, shape (links,)."""
        begins = self.pieces(target_km)
        whole = np.add.reduceat(self.length_km[self.order], begins[:-1])
        out = np.empty_like(self.length_km)
        out[self.order] = np.repeat(whole, np.diff(begins))
        return out


def _kind(links: pl.DataFrame) -> Int:
    """Return road class and name as one number."""
    name = links["name"] if "name" in links.columns else pl.Series("name", [""] * links.height)
    both = pl.DataFrame({"c": links["road_class"], "n": name.cast(pl.String).fill_null("")})
    codes = both.select(pl.struct("c", "n").rank("dense").cast(pl.Int64)).to_series()
    return codes.to_numpy().copy()
