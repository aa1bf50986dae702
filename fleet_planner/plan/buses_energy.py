"""What electric buses draw: weather of the design days, heating, load, own tables."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleet_planner.plan.base import Fraction, Section

Heating = Literal["heat_pump", "resistive", "diesel"]
DayKind = Literal["weekday", "saturday", "sunday"]
Degrees = Annotated[float, Field(ge=-60.0, le=60.0)]
Margin = Annotated[float, Field(ge=0.0, le=40.0)]

LOAD_BY_HOUR = (
    *(0.05, 0.05, 0.05, 0.05, 0.08, 0.12, 0.22, 0.35, 0.30, 0.20, 0.17, 0.18),
    *(0.20, 0.20, 0.20, 0.22, 0.28, 0.35, 0.30, 0.22, 0.15, 0.12, 0.10, 0.07),
)
"""Own estimate: a mean of about a fifth of the places, more in the peaks."""


class BusEnergyPlan(Section):
    """Energy of electric buses, from physics or from a table."""

    table: str = Field(
        default="",
        description="table of consumption in place of physics: our columns or SimBA's (docs/buses_energy.md)",
    )
    bus_types: str = Field(
        default="", description="CSV in the columns of reference/bus_types.csv whose rows replace packaged types"
    )
    heating: Heating = Field(default="heat_pump", description="how the cabin is heated (own default)")
    heating_by_type: dict[str, Heating] = Field(default={}, description="bus type -> heating, where it differs")
    cooling: bool = Field(default=True, description="the cabin is cooled where it is hot")
    cabin_heat_c: Annotated[float, Field(ge=0.0, le=30.0)] = Field(
        default=18.0, description="the cabin is heated to this temperature (own default)"
    )
    cabin_cool_c: Annotated[float, Field(ge=10.0, le=40.0)] = Field(
        default=24.0, description="the cabin is cooled to this temperature (own default)"
    )
    precondition: bool = Field(
        default=True, description="cabins are warmed or cooled at the plug before the first movement of a block"
    )
    battery_least_c: Degrees = Field(
        default=10.0,
        description="heaters keep the battery at least so warm (own default); -60: it is as cold as the air",
    )
    load_by_hour: list[Fraction] = Field(
        default=list(LOAD_BY_HOUR),
        min_length=24,
        max_length=24,
        description="passengers over places by hour of the day, on trips (own estimate)",
    )
    load_of_day: dict[DayKind, Annotated[float, Field(ge=0.0, le=3.0)]] = Field(
        default={"saturday": 0.8, "sunday": 0.7},
        description="passengers of a kind of day over load_by_hour (own estimate)",
    )
    cruise_kmh: Annotated[float, Field(ge=5.0, le=120.0)] = Field(
        default=45.0, description="cruising speed where no road is known, km/h (own default)"
    )
    dwell_s: Annotated[float, Field(ge=0.0, le=300.0)] = Field(
        default=15.0, description="standing with open doors at a stop within a trip, s (own default)"
    )
    doors_open_in_layover: Fraction = Field(
        default=0.2, description="share of the layover with open doors (own default)"
    )
    design_cold_c: Degrees | None = Field(
        default=None, description="mean temperature of the coldest day that the service must bear; none: see below"
    )
    design_hot_c: Degrees | None = Field(
        default=None, description="mean temperature of the hottest day that the service must bear; none: see below"
    )
    daily_temperature: str = Field(
        default="", description="CSV with a column mean_c of daily mean temperatures, from which the design days come"
    )
    design_percentile: Annotated[float, Field(gt=0.0, le=25.0)] = Field(
        default=1.0, description="percent of the days that are colder (or hotter) than the design day"
    )
    cold_margin_k: Margin = Field(
        default=10.0, description="without daily temperatures: coldest day below the mean of the coldest month"
    )
    hot_margin_k: Margin = Field(
        default=6.0, description="without daily temperatures: hottest day above the mean of the hottest month"
    )
    sun_w_m2: Annotated[float, Field(ge=0.0, le=1400.0)] = Field(
        default=500.0, description="sun on the glass at noon of the hottest day, W/m2; a third of it on the mean day"
    )

    @model_validator(mode="after")
    def _comfort(self) -> BusEnergyPlan:
        if self.cabin_heat_c > self.cabin_cool_c:
            raise ValueError(
                f"buses.energy.cabin_heat_c must not be above cabin_cool_c "
                f"(found: {self.cabin_heat_c} and {self.cabin_cool_c})"
            )
        cold, hot = self.design_cold_c, self.design_hot_c
        if cold is not None and hot is not None and cold > hot:
            raise ValueError(f"buses.energy.design_cold_c must not be above design_hot_c (found: {cold} and {hot})")
        return self
