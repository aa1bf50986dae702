"""Trucks and vans by duty: which could be electric in which year: `[buses.duty]`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fleet_planner.plan.base import Fraction, Positive, Section

NotNegative = Annotated[float, Field(ge=0.0)]
Share = Annotated[float, Field(gt=0.0, lt=1.0)]
DutyYear = Annotated[int, Field(ge=1990, le=2100)]
DutyClass = Literal["van", "short_haul_heavy", "long_haul_heavy"]


class DutySection(Section):
    """Trucks and vans of the registry that batteries could move."""

    enabled: bool = Field(default=True, description="look at trucks and vans too")
    streams: list[str] = Field(default=[], description="streams that are looked at; empty: all of vans and trucks")
    classes: list[DutyClass] = Field(
        default=["van", "short_haul_heavy", "long_haul_heavy"],
        description="classes that are looked at; short haul: trucks whose long days are within short_haul_km",
    )
    short_haul_km: Positive = Field(
        default=250.0, description="longest of the days that are covered, km, up to which a truck is short-haul"
    )
    from_year: DutyYear | None = Field(default=None, description="first year; none: the base year")
    to_year: DutyYear = Field(default=2040, description="last year")
    days_covered: Share = Field(
        default=0.95, description="share of a vehicle's working days that its battery must be enough for (own default)"
    )
    payload_loss: Fraction = Field(
        default=0.05, description="share of the largest payload that the battery may take away (own default)"
    )
    weight_allowance_kg: NotNegative | None = Field(
        default=None, description="mass by which the law lets electric trucks be heavier, kg; none: packaged by region"
    )
    public_charging_from: DutyYear | None = Field(
        default=None,
        description="year from which vehicles that do not return to base can charge elsewhere; none: never",
    )
    dwell_h: dict[str, Annotated[float, Field(gt=0.0, le=24.0)]] = Field(
        default={}, description="hours at base between two working days, by stream; none: packaged"
    )
    charger_kw: dict[str, Positive] = Field(
        default={}, description="charging power per vehicle by stream, kW; none: that of economics.ownership"
    )
    kwh_per_km: dict[str, Positive] = Field(
        default={}, description="use by stream at the battery on the worst day in place of physics, kWh/km"
    )
    wh_per_kg: dict[str, Positive] = Field(
        default={}, description="energy density of packs by year, such as 2030 = 180.0; none: packaged"
    )
