"""How the fleet changes from year to year."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from fleet_planner.plan.base import Fraction, Positive, Section

LAST_YEAR = 2060
Growth = Annotated[float, Field(gt=-0.5, le=0.5)]
Year = Annotated[int, Field(ge=1990, le=LAST_YEAR)]
Age = Annotated[int, Field(ge=0, le=39)]


class EarlyScrappage(Section):
    """A programme that takes vehicles off the road before their time."""

    streams: list[str] = Field(default=[], description="streams concerned; empty: all")
    standards: list[str] = Field(default=[], description="standards concerned; empty: all")
    from_year: Year = Field(description="first year")
    to_year: Year = Field(default=LAST_YEAR, description="last year")
    share_per_year: Fraction = Field(description="share of the vehicles that is taken each year, beside the usual")

    @model_validator(mode="after")
    def _years_in_order(self) -> EarlyScrappage:
        if self.from_year > self.to_year:
            raise ValueError("from_year must not be after to_year")
        return self


class TurnoverSection(Section):
    """The fleet in later years; without `to_year` it stays as it is."""

    to_year: Year | None = Field(default=None, description="last year that the fleet is carried to, at most 2060")
    years: list[Year] = Field(
        default=[], description="years whose emissions are computed; empty: every fifth year and the last"
    )
    growth_per_year: Growth = Field(default=0.0, description="growth of vehicles and of vehicle-km a year")
    growth_by_stream: dict[str, Growth] = Field(default={}, description="the same by stream, in place of it")
    survival: str = Field(
        default="", description="CSV of survival curves (applies, form, a, b) that come before the packaged ones"
    )
    rules: dict[str, bool] = Field(
        default={}, description="packaged rules switched on or off, such as act = true (docs/turnover.md lists them)"
    )
    zero_emission_share: dict[str, dict[str, Fraction]] = Field(
        default={}, description="share of zero-emission vehicles in sales by stream and first year, such as 2030 = 0.5"
    )
    max_zero_emission_per_year: dict[str, Positive] = Field(
        default={}, description="most zero-emission vehicles that can be had new a year, by stream"
    )
    early_scrappage: list[EarlyScrappage] = Field(default=[], description="programmes of early scrappage")
    reregistration_share: dict[str, Fraction] = Field(
        default={}, description="share of the old vehicles that is registered outside the city each year, by stream"
    )
    reregistration_min_age: Age = Field(default=8, description="age from which vehicles are registered outside")
    used_import_share: dict[str, Fraction] = Field(
        default={}, description="share of the vehicles needed that come used from outside, by stream"
    )
    used_import_age: Age = Field(default=5, description="age of vehicles that come used")
    visiting_years_behind: dict[str, Age] = Field(
        default={}, description="how many years visiting vehicles are behind the local ones, by stream"
    )
    sales_mix_years: Annotated[int, Field(ge=1, le=40)] = Field(
        default=5,
        description="fuels and segments of new vehicles are those of the base fleet's vehicles up to this age",
    )

    @model_validator(mode="after")
    def _years_within(self) -> TurnoverSection:
        if self.to_year is None and self.years:
            raise ValueError("years needs to_year, the last year that the fleet is carried to")
        if self.to_year is not None and (late := [y for y in self.years if y > self.to_year]):
            raise ValueError(f"years must not be after to_year: {', '.join(map(str, late))}")
        for stream, shares in self.zero_emission_share.items():
            if wrong := [y for y in shares if not (y.isdecimal() and len(y) == 4)]:
                raise ValueError(f"zero_emission_share.{stream} needs years as keys (found: {', '.join(wrong)})")
        return self
