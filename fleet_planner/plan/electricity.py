"""CO2 of the city's electricity over the years and the hours."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from fleet_planner.plan.base import Section
from fleet_planner.plan.economics import CostsByYear  # noqa: TC001  # pydantic reads the annotation

HOURS = 24


def _shares(values: list[float]) -> list[float]:
    if values and len(values) != HOURS:
        raise ValueError(f"give 24 shares, one for each hour from 0 to 23 (found: {len(values)})")
    if values and sum(values) <= 0.0:
        raise ValueError("the shares are all 0: give those of the hours in which vehicles charge")
    return values


class ElectricitySection(Section):
    """How clean electricity is: a packaged course, years of the plan's own, or a series by hour."""

    path: Literal["frozen", "policy", "fast", "slow"] = Field(
        default="frozen",
        description="CO2 of electricity in later years: frozen (as in city.year) or the packaged course of the region: "
        "policy, or the fast or slow end of its range",
    )
    path_region: str = Field(
        default="", description="region of the course (CN-BJ, CN-NORTH, US-CA, US-CA-LA, KR, JP); empty: the city's"
    )
    average_by_year: CostsByYear = Field(
        default={}, description="kg CO2 per kWh of all electricity, by year, in place of packaged ones; interpolated"
    )
    marginal_by_year: CostsByYear = Field(
        default={}, description="kg CO2 per kWh of new demand in the long run, by year; empty: packaged, in proportion"
    )
    hourly: str = Field(
        default="",
        description="CSV by hour (and month, year): kg CO2e, g SO2, NOx and PM2.5 per kWh (docs/electricity.md)",
    )
    charging_hours: Annotated[list[Annotated[float, Field(ge=0.0)]], AfterValidator(_shares)] = Field(
        default=[], description="shares of the hours 0 to 23 in what vehicles charge; empty: those of charging_profile"
    )
    charging_profile: Literal["depot", "destination", "en_route", "flat"] = Field(
        default="depot", description="packaged shares by hour that weigh the series where no hours are given"
    )

    @model_validator(mode="after")
    def _one_source(self) -> ElectricitySection:
        given = [
            key
            for key, used in (
                ("path", self.path != "frozen"),
                ("average_by_year", bool(self.average_by_year)),
                ("hourly", bool(self.hourly)),
            )
            if used
        ]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} would both say how clean electricity is: keep one of them")
        return self
