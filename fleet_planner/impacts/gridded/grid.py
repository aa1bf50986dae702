"""The cells of a plane, and what part of each road lies in which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fleet_planner.errors import PlanError
from fleet_planner.kernels.cells import line_cells

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_planner.network import Network

Float = NDArray[np.float64]
MOST_CELLS = 4_000_000
"""Above, a day of hours in all pollutants would take tens of gigabytes."""


@dataclass(frozen=True)
class Grid:
    """Even square cells on a projected plane.

    Parameters
    ----------
    epsg
        Of the plane; its unit is the metre.
    cell_m
        Side of a cell.
    west_m, south_m
        The grid's corner.
    columns, rows
        From west to east and from south to north.
    """

    epsg: int
    cell_m: float
    west_m: float
    south_m: float
    columns: int
    rows: int

    @property
    def x_m(self) -> Float:
        """Middles of the columns, shape (columns,)."""
        return np.asarray(self.west_m + (np.arange(self.columns) + 0.5) * self.cell_m, dtype=np.float64)

    @property
    def y_m(self) -> Float:
        """Middles of the rows, shape (rows,)."""
        return np.asarray(self.south_m + (np.arange(self.rows) + 0.5) * self.cell_m, dtype=np.float64)

    @property
    def area_m2(self) -> float:
        """Area of a cell on the plane."""
        return self.cell_m**2

    def in_cells(self, lon: Float, lat: Float) -> tuple[Float, Float]:
        """Return places (EPSG:4326) in cells from the corner."""
        x, y = on_plane(self.epsg, lon, lat)
        return (x - self.west_m) / self.cell_m, (y - self.south_m) / self.cell_m

    def middles(self) -> tuple[Float, Float]:
        """Return longitude and latitude of the cells' middles, each of shape (rows, columns)."""
        from pyproj import Transformer

        x, y = np.meshgrid(self.x_m, self.y_m)
        lon, lat = Transformer.from_crs(self.epsg, 4326, always_xy=True).transform(x, y)
        return np.asarray(lon), np.asarray(lat)

    def corners(self, cells: NDArray[np.int64]) -> Float:
        """Return longitude and latitude of the corners of some cells, closed rings, shape (cells, 5, 2)."""
        from pyproj import Transformer

        row, column = np.divmod(cells, self.columns)
        x = self.west_m + (column[:, None] + np.array([0, 1, 1, 0, 0])) * self.cell_m
        y = self.south_m + (row[:, None] + np.array([0, 0, 1, 1, 0])) * self.cell_m
        lon, lat = Transformer.from_crs(self.epsg, 4326, always_xy=True).transform(x, y)
        return np.stack([lon, lat], axis=-1)


def on_plane(epsg: int, lon: Float, lat: Float) -> tuple[Float, Float]:
    """Return places (EPSG:4326) on a plane, metres."""
    from pyproj import Transformer

    x, y = Transformer.from_crs(4326, epsg, always_xy=True).transform(lon, lat)
    return np.asarray(x), np.asarray(y)


def utm_epsg(lon: float, lat: float) -> int:
    """Return the zone of the universal transverse Mercator plane that a place lies in."""
    zone = int(np.clip((lon + 180.0) // 6.0 + 1, 1, 60))
    return (32600 if lat >= 0.0 else 32700) + zone


def grid_over(network: Network, cell_m: float, epsg: int | None, points: Float) -> Grid:
    """Return the smallest grid that covers the roads and some places; its corner lies on a multiple of ``cell_m``.

    Parameters
    ----------
    network
        Roads.
    cell_m
        Side of a cell.
    epsg
        Of the plane; nothing: the UTM zone of the roads' middle.
    points
        Longitude and latitude of other places, shape (places, 2).

    Raises
    ------
    PlanError
        The plane is unknown, not in metres, does not hold the city, or there would be too many cells.
    """
    places = np.concatenate([network.coordinates, points]) if points.size else network.coordinates
    code = utm_epsg(*((places.min(axis=0) + places.max(axis=0)) / 2.0)) if epsg is None else epsg
    _refuse_other_than_metres(code)
    x, y = on_plane(code, places[:, 0], places[:, 1])
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise PlanError(
            "the plane does not hold the city",
            "Choose a projection made for this part of the world, or leave the key out.",
            column="gridded.epsg",
            value=str(code),
        )
    west, south = (float(np.floor(v.min() / cell_m) * cell_m) for v in (x, y))
    columns, rows = (int((v.max() - low) // cell_m) + 1 for v, low in ((x, west), (y, south)))
    if columns * rows > MOST_CELLS:
        raise PlanError(
            f"the grid would have {columns * rows:,} cells, more than {MOST_CELLS:,}",
            "Choose larger cells, or clip the network (network.clip).",
            column="gridded.cell_m",
            value=f"{cell_m:g}",
        )
    return Grid(code, cell_m, west, south, columns, rows)


def _refuse_other_than_metres(epsg: int) -> None:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        crs = CRS.from_epsg(epsg)
    except CRSError as error:
        raise PlanError(
            "no such projection", "Give the EPSG code of a projected plane.", column="gridded.epsg", value=str(epsg)
        ) from error
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info):
        raise PlanError(
            f"{crs.name} is no plane in metres",
            "Give the EPSG code of a projected plane in metres, such as a UTM zone (326xx, 327xx).",
            column="gridded.epsg",
            value=str(epsg),
        )


def links_in_cells(grid: Grid, network: Network) -> sparse.csr_array:
    """Return the part of each link that lies in each cell, shape (cells, links); columns add up to one."""
    x, y = grid.in_cells(network.coordinates[:, 0], network.coordinates[:, 1])
    first, cell, share = line_cells(x, y, network.offsets, grid.columns, grid.rows)
    link = np.repeat(np.arange(network.links.height), np.diff(first))
    inside = cell >= 0
    return sparse.csr_array(
        (share[inside], (cell[inside], link[inside])), shape=(grid.columns * grid.rows, network.links.height)
    )


def gridded_hours(in_cells: sparse.csr_array, hours: Iterable[Float]) -> Float:
    """Return emissions by cell of each hour, shape (hours, cells, P).

    Parameters
    ----------
    in_cells
        From `links_in_cells`.
    hours
        Emissions by link of each hour, each of shape (links, P).
    """
    return np.array([in_cells @ one for one in hours])
