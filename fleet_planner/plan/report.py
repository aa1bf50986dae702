"""How the report is written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fleet_planner.plan.base import Section


class ReportSection(Section):
    """The one-file report: its areas, its map and its units."""

    units: Literal["plan", "si", "us", "kg_day"] = Field(
        default="plan",
        description="unit of the report's totals: that of outputs.mass_unit, or t, US short tons or kg per day",
    )
    currency: Literal["usd", "rmb"] = Field(
        default="usd", description="currency of the costs of measures in the report, at the mean rate of 2024"
    )
    areas: str = Field(
        default="", description="polygon file of areas (districts, a ring road) that the run tells one by one"
    )
    area_name: str = Field(
        default="", description="column of the areas' names; default: name, id or the number of the row"
    )
    map_roads: Annotated[int, Field(ge=100, le=500_000)] = Field(
        default=60_000,
        description="roads drawn one by one on the report's map; weaker ones of a larger city are drawn as squares",
    )
    map_square_m: Annotated[float, Field(ge=50.0, le=5000.0)] = Field(
        default=300.0, description="side of the squares that weaker roads are drawn as, metres"
    )
