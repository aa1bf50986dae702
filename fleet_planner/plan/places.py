"""Where the vehicles of the registry are at home."""

from __future__ import annotations

from pydantic import Field

from fleet_planner.plan.base import Section


class PlacesSection(Section):
    """Zones and depots that the registry's columns `zone` and `depot` name."""

    zones: str = Field(default="", description="polygon file of home zones; a zone's name is what the registry says")
    zone_name: str = Field(default="name", description="column of the polygons that holds the name")
    depots: str = Field(default="", description="points of depots: a CSV (name, lon, lat) or a point layer")
    depot_name: str = Field(default="name", description="column of the points that holds the name")
