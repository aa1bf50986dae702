"""Depots and terminals that may be flooded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.findings import Finding
from fleet_planner.network.areas import read_area

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_planner.buses.model import ServiceDay

KEY = "buses.flood_zones"
MOST_NAMES = 10


def in_flood_zones(path: Path, days: Mapping[str, ServiceDay]) -> tuple[frozenset[str], list[Finding]]:
    """Return the places that lie in a file's polygons, and say which depots do.

    Raises
    ------
    InputError
        See `read_area`.
    """
    import shapely

    area = read_area(path, KEY)
    places = pl.concat(day.places for day in days.values()).unique("place", maintain_order=True)
    known = places.drop_nulls(["lon", "lat"])
    wet = known.filter(pl.Series(shapely.intersects_xy(area, known["lon"].to_numpy(), known["lat"].to_numpy())))
    depots = places.filter("is_depot")
    names = wet.filter("is_depot")["name"].to_list()
    more = [f"... ({len(names)})"] if len(names) > MOST_NAMES else []
    told: dict[str, str | int | float] = {"depots": depots.height, "names": ", ".join([*names[:MOST_NAMES], *more])}
    code = "buses.depots_flooded" if names else "buses.depots_dry"
    return frozenset(wet["place"].to_list()), [Finding(code, "warning" if names else "info", told, len(names))]
