"""How many people live about the roads: the weight of an emission by where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fleet_planner.activity.places import middle_points

if TYPE_CHECKING:
    from fleet_planner.network.model import Network

Float = NDArray[np.float64]
Int = NDArray[np.int64]
M2_PER_KM2 = 1e6
OUTSIDE = "outside"
TOWN, COUNTRY = "built-up", "not built-up"


@dataclass(frozen=True)
class Exposure:
    """People about the links.

    Parameters
    ----------
    weight
        Residents per km2 of the zone around each link's middle, 0 outside all zones; without zones 1 in built-up areas
        and 0 elsewhere; shape (links,).
    place
        Index of the zone, or of in and out of town, shape (links,).
    names
        Of the places.
    residents
        Whether the weights are residents.
    """

    weight: Float
    place: Int
    names: tuple[str, ...]
    residents: bool

    def of(self, link: Float) -> Float:
        """Return emissions weighted by people, shape (P,), of those by link, shape (links, P)."""
        return np.asarray(self.weight @ link)


def exposure_of(network: Network, zones: Any) -> Exposure:
    """Return the people about the links.

    Parameters
    ----------
    network
        The roads.
    zones
        A GeoDataFrame with ``zone_id, population, geometry``, or nothing.
    """
    if zones is None or not len(zones) or not float(zones["population"].sum()) > 0.0:
        urban = network.links["urban"].fill_null(value=False) if "urban" in network.links.columns else None
        town = np.ones(network.links.height, bool) if urban is None else urban.to_numpy().astype(np.bool_)
        return Exposure(town.astype(np.float64), np.where(town, 0, 1), (TOWN, COUNTRY), residents=False)
    import shapely
    from pyproj import Geod

    geod = Geod(ellps="WGS84")
    geometry = zones.geometry.to_numpy()
    area_km2 = np.array([abs(geod.geometry_area_perimeter(g)[0]) / M2_PER_KM2 for g in geometry])
    density = zones["population"].to_numpy().astype(np.float64) / np.maximum(area_km2, 1e-9)
    middle = middle_points(network.coordinates, network.offsets)
    link, zone = shapely.STRtree(geometry).query(shapely.points(middle), predicate="intersects")
    owner = np.full(middle.shape[0], len(zones), dtype=np.int64)
    np.minimum.at(owner, link, zone)  # a middle on a border belongs to the zone that comes first
    names = (*(str(z) for z in zones["zone_id"]), OUTSIDE)
    return Exposure(np.append(density, 0.0)[owner], owner, names, residents=True)
