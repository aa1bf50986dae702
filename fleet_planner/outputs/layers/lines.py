"""The geometry of links as layers need it, formed some links at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.tiles import Tiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from fleet_planner.network import Network


@dataclass(frozen=True)
class LinkLines:
    """The links of a network as WKB; a slice of it is an array of as many lines.

    An object for every link of a large region, and its bytes beside it, would take more memory than all else.
    """

    network: Network

    def __getitem__(self, part: slice) -> NDArray[np.object_]:
        """Return the lines of some links that follow each other, shape (links,)."""
        return self.take(np.arange(*part.indices(self.network.links.height)))

    def __iter__(self) -> Iterator[bytes]:
        """Yield the lines one by one."""
        for part in Tiles().slices(self.network.links.height):
            yield from self[part]

    def take(self, links: NDArray[np.int64]) -> NDArray[np.object_]:
        """Return the lines of links by number, shape (len(links),)."""
        import shapely

        first, counts = self.network.offsets[links], np.diff(self.network.offsets)[links]
        owner = np.repeat(np.arange(links.size), counts)
        point = np.arange(owner.size) + np.repeat(first - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        lines: NDArray[np.object_] = shapely.to_wkb(shapely.linestrings(self.network.coordinates[point], indices=owner))
        return lines
