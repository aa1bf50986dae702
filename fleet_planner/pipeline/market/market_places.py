"""Where the cities of a market lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_planner.findings import Finding
from fleet_planner.network.city_area import read_area

if TYPE_CHECKING:
    from pathlib import Path

    import shapely

    from fleet_planner.plan.market import MarketSection

KEY = "market.city.area"


@dataclass(frozen=True)
class CityPlace:
    """A city on the map: its point, degrees of EPSG:4326, and its area where the plan names one."""

    name: str
    lon: float
    lat: float
    area: shapely.MultiPolygon | None = None


def places_of(section: MarketSection, base: Path) -> tuple[tuple[CityPlace, ...], list[Finding]]:
    """Return the cities that the plan puts on the map, and which it does not where it does so with others.

    A city with an area and no ``lon, lat`` has a point within its area.

    Raises
    ------
    InputError
        The file of an area is wrong.
    """
    out, silent = [], []
    for city in section.city:
        area = read_area(base / city.area, KEY) if city.area else None
        if city.lon is not None and city.lat is not None:
            out.append(CityPlace(city.name, city.lon, city.lat, area))
        elif area is not None:
            within = area.representative_point()
            out.append(CityPlace(city.name, float(within.x), float(within.y), area))
        else:
            silent.append(city.name)
    if not out or not silent:
        return tuple(out), []
    return tuple(out), [Finding("economics.market_no_place", "info", {"cities": ", ".join(silent)}, len(silent))]
