"""How the report is written."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fleet_planner.plan.base import Section


class ReportSection(Section):
    """The one-file report: its map and its units."""

    map_roads: Annotated[int, Field(ge=100, le=500_000)] = Field(
        default=60_000,
        description="roads drawn one by one on the report's map; weaker ones of a larger city are drawn as squares",
    )
    map_square_m: Annotated[float, Field(ge=50.0, le=5000.0)] = Field(
        default=300.0, description="side of the squares that weaker roads are drawn as, metres"
    )
