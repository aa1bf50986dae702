"""The road network as the rest of the program sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from fleet_planner.findings import Finding


@dataclass(frozen=True)
class Network:
    """Directed links between intersections.

    Parameters
    ----------
    links
        One row per directed link, columns of ``tables/columns/links.csv``; ``link_id`` is 0..n-1 and
        equals the row number.
    coordinates
        Longitude, latitude (EPSG:4326) of all geometry points, shape (points, 2), in driving order.
    offsets
        Geometry of link ``i`` is ``coordinates[offsets[i]:offsets[i + 1]]``, shape (links + 1,), int64.
    attribution
        Who made the data and its licence, shown wherever the network is shown.
    findings
        What was imputed, dropped or disconnected.
    structure
        Whether the piece of geometry that leads to a point, from the one before it, is a bridge or a tunnel,
        shape (points,); nothing where the source does not say.
    turns
        Turns that are forbidden, columns of ``tables/columns/turns.csv``; nothing where the source does not say.
    """

    links: pl.DataFrame
    coordinates: NDArray[np.float64]
    offsets: NDArray[np.int64]
    attribution: str
    findings: tuple[Finding, ...] = ()
    structure: NDArray[np.bool_] | None = None
    turns: pl.DataFrame | None = None
