"""How greenhouse gases are weighed, and what they are held against."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fleet_planner.plan.base import Positive, Section
from fleet_planner.plan.economics import CostsByYear  # noqa: TC001  # pydantic reads the annotation

Amount = Annotated[float, Field(ge=0.0)]


class ImpactsClimate(Section):
    """CO2 equivalents over 20 and 100 years, a carbon budget and the way to neutrality."""

    assessment: Literal["ar4", "ar5", "ar6"] = Field(
        default="ar6", description="report of the IPCC whose warming potentials count"
    )
    budget_mt: Positive | None = Field(
        default=None, description="greenhouse gases that may still be emitted from city.year on, Mt CO2e; empty: none"
    )
    neutral_year: Annotated[int, Field(ge=2020, le=2100)] = Field(
        default=2060, description="by when nothing may be left but what is offset; the last computed year stands in"
    )
    offsets_t_per_year: Amount = Field(default=0.0, description="t CO2e that are taken up elsewhere in that year")
    offset_usd_per_t: Amount | None = Field(
        default=None, description="price of offsetting what is left, US$ 2024 per t CO2e; empty: not priced"
    )
    gdp_million_by_year: CostsByYear = Field(
        default={},
        description="the city's economic output by year, millions of one money; empty: no such intensity",
    )
