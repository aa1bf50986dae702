"""How what people breathe is reckoned and valued."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from fleet_planner.plan.base import Fraction, Positive, Section

Followed = Literal["PM2.5", "NOx", "SO2", "NH3", "NMVOC", "BC", "NO2"]
Route = Literal["concentration", "intake_fraction", "damage_per_t"]
ALLOWED: dict[str, tuple[str, ...]] = {
    "PM2.5": ("concentration", "intake_fraction", "damage_per_t"),
    "NOx": ("intake_fraction", "damage_per_t"),
    "SO2": ("intake_fraction", "damage_per_t"),
    "NH3": ("intake_fraction", "damage_per_t"),
    "NMVOC": ("damage_per_t",),
    "BC": ("concentration", "intake_fraction"),
    "NO2": ("concentration",),
}


class ImpactsHealth(Section):
    """Deaths, years of life, cases and their value, by one route for each pollutant."""

    routes: dict[Followed, Route] = Field(
        default={},
        description="how each pollutant is valued: concentration, intake_fraction or damage_per_t; empty: not at all",
    )
    population: Positive | None = Field(default=None, description="inhabitants; empty: those of the zones")
    response: Literal["chen_hoek", "krewski", "hoek", "janssen", "gemm"] = Field(
        default="chen_hoek", description="function of PM2.5 and deaths; gemm needs pm25_ug_m3"
    )
    pm25_ug_m3: Positive | None = Field(default=None, description="annual mean PM2.5 of the city, for gemm")
    intake_fraction_ppm: Positive | None = Field(
        default=None, description="of primary particles; empty: that of cities of this size"
    )
    adult_share: Fraction | None = Field(default=None, description="people from 30 years on per inhabitant")
    adult_deaths_per_1000: Positive | None = Field(default=None, description="natural deaths of them a year")
    life_usd: Positive | None = Field(default=None, description="value of a statistical life, US$ 2024")

    @model_validator(mode="after")
    def _one_route(self) -> ImpactsHealth:
        for pollutant, route in self.routes.items():
            if route not in ALLOWED[pollutant]:
                raise ValueError(
                    f"routes: {pollutant} cannot be valued by {route}; use {', '.join(ALLOWED[pollutant])}"
                )
        if {"PM2.5", "BC"} <= self.routes.keys():
            raise ValueError("routes: PM2.5 and BC would count the same deaths twice: keep one of them")
        if "NO2" in self.routes and self.routes.get("NOx") == "damage_per_t":
            raise ValueError("routes: the damage of a tonne of NOx holds that of NO2: keep one of them")
        if self.response == "gemm" and self.pm25_ug_m3 is None:
            raise ValueError("response = 'gemm' is not linear and needs the level: set pm25_ug_m3")
        return self
