"""How measures are compared with each other."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fleet_planner.plan.base import Fraction, Positive, Section

Valued = Literal["PM2.5", "NOx", "SO2", "NMVOC", "NH3"]


class ComparisonSection(Section):
    """Measures head to head on the same vehicles: cost per tonne, abatement curves, break-evens, grants."""

    enabled: bool = Field(default=True, description="compare the measures of the scenarios with each other")
    measures: list[str] = Field(
        default=[], description="retrofits, fuels and replacements to compare; empty: those of the scenarios"
    )
    damage_usd_per_t: dict[Valued, Positive] = Field(
        default={}, description="damage of a tonne emitted in the city, US$ 2024; those not named as packaged"
    )
    carbon_usd_per_t: Positive | None = Field(
        default=None, description="what a tonne of CO2e counts, US$ 2024; none: the social cost of the year"
    )
    moyer_guideline: int = Field(default=2022, description="year of the Carl Moyer rules")
    moyer_usage_cap_km: Positive | None = Field(
        default=None, description="kilometres a year of a vehicle above which a grant counts nothing"
    )
    km_falls_per_year: Fraction = Field(
        default=0.0, description="share by which the kilometres of an ageing vehicle fall every year"
    )
