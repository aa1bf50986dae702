"""Targets set by law or by the city."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from fleet_planner.plan.base import Positive, Section

Percent = Annotated[float, Field(gt=0.0, le=100.0)]
Year = Annotated[int, Field(ge=1980, le=2060)]


class Target(Section):
    """A cut of a pollutant by a year, or a year before which it has to peak."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,30}$", description="short name, used in tables")
    title: str = Field(default="", description="title on the report; empty: the packaged one, or the name")
    title_zh: str = Field(default="", description="title in Chinese")
    use: str = Field(
        default="", description="packaged target that gives what is not named here, such as diesel_pm_85 or nox_50"
    )
    pollutant: str = Field(
        default="",
        description="reported pollutant, or a sum: PM2.5, CO2_total, GHG (the last two with electricity)",
    )
    cut_pct: Percent | None = Field(default=None, description="cut against the base year, %")
    year: Year | None = Field(default=None, description="year by which the cut is reached")
    base_year: Year | None = Field(
        default=None, description="year that the cut is against; the law often names none, so say it"
    )
    base_per_year: Positive | None = Field(
        default=None, description="emission of the base year, t a year; needed where it is not the plan's year"
    )
    interim: dict[str, Percent] = Field(default={}, description="cuts on the way, by year, such as 2030 = 40")
    peak_before: Year | None = Field(default=None, description="instead of a cut: the year before which it peaks")
    streams: list[str] = Field(default=[], description="streams that count; empty: all")
    fuels: list[str] = Field(default=[], description="fuels that count, such as diesel; empty: all")
    categories: list[str] = Field(default=[], description="categories that count; empty: all")
    visiting: bool = Field(default=True, description="whether visiting vehicles count")

    @model_validator(mode="after")
    def _is_one_thing(self) -> Target:
        if self.peak_before is not None and (self.cut_pct is not None or self.year is not None or self.interim):
            raise ValueError("a target is either a cut by a year or a year before which it peaks (peak_before)")
        if not self.use:
            if not self.pollutant:
                raise ValueError("a target needs a pollutant, or use = a packaged target")
            if self.peak_before is None and (self.cut_pct is None or self.year is None):
                raise ValueError("a target needs cut_pct and year, or peak_before")
        if wrong := [y for y in self.interim if not (y.isdecimal() and len(y) == 4)]:
            raise ValueError(f"interim needs years as keys (found: {', '.join(wrong)})")
        return self
