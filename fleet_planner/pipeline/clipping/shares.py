"""Which share of every link, and which machines, lie in each area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.network import Network

OVERLAP = 1e-6
"""Of the smaller area: two areas share no more than this along borders that were drawn twice."""


@dataclass(frozen=True)
class AreaShares:
    """Areas and the links in them.

    Parameters
    ----------
    names
        Of the areas; the last is the rest of the city where the areas do not overlap.
    share
        Of each link's length, shape (areas, links).
    apart
        Whether the areas do not overlap, so that they and the rest add up to the city.
    machines
        Which machines beside the roads work there, shape (areas, machines): 1, a half on a border of two, or 0.
    """

    names: tuple[str, ...]
    share: NDArray[np.float64]
    apart: bool
    machines: NDArray[np.float64]


def area_shares(
    network: Network, names: Sequence[str], shapes: Sequence[Any], rest: str, sites: NDArray[np.float64]
) -> AreaShares:
    """Return the share of each link's length in each area.

    A link along the border of two areas that do not overlap belongs to each by half; of areas that overlap each is told
    by itself, and there is no rest.

    Parameters
    ----------
    network
        Links.
    names, shapes
        Areas, shapely polygons of EPSG:4326.
    rest
        Name of what lies in no area.
    sites
        Longitude and latitude of each machine beside the roads, shape (machines, 2).
    """
    import shapely

    middle = float(np.mean(network.coordinates[:, 1])) if len(network.coordinates) else 0.0
    flat = np.array([np.cos(np.radians(middle)), 1.0])  # degrees of even length, near enough for shares of a link
    counts = np.diff(network.offsets)
    lines = shapely.linestrings(network.coordinates * flat, indices=np.repeat(np.arange(counts.size), counts))
    length = shapely.length(lines)
    polygons = [shapely.transform(shape, lambda xy: xy * flat) for shape in shapes]
    share = np.zeros((len(polygons), counts.size))
    tree = shapely.STRtree(lines)
    for row, polygon in enumerate(polygons):
        shapely.prepare(polygon)
        touched = np.sort(tree.query(polygon, predicate="intersects"))
        whole = shapely.contains(polygon, lines[touched]) | (length[touched] == 0.0)
        share[row, touched[whole]] = 1.0
        cut = touched[~whole]
        share[row, cut] = np.minimum(shapely.length(shapely.intersection(lines[cut], polygon)) / length[cut], 1.0)
    points = shapely.points(sites * flat)
    machines = np.array([shapely.intersects(polygon, points) for polygon in polygons], dtype=np.float64)
    apart = _apart(polygons)
    if not apart:
        return AreaShares(tuple(names), share, apart, machines)
    return AreaShares((*names, rest), _with_rest(share), apart, _with_rest(machines))


def _with_rest(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return shares that add up to one, the last row those of the rest; what lies on a border is halved."""
    even = share / np.maximum(share.sum(axis=0), 1.0)
    left = np.clip(1.0 - even.sum(axis=0), 0.0, 1.0)
    left[left < 1e-12] = 0.0
    return np.vstack([even, left])


def _apart(polygons: Sequence[Any]) -> bool:
    """Return whether no two areas overlap."""
    import shapely

    tree = shapely.STRtree(polygons)
    for row, polygon in enumerate(polygons):
        for other in tree.query(polygon, predicate="intersects"):
            if other > row:
                common = shapely.intersection(polygon, polygons[other]).area
                if common > OVERLAP * min(polygon.area, polygons[other].area):
                    return False
    return True
