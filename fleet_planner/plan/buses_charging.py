"""Charging of electric buses: tariff, strategies, limits of sites, sun, storage, damage of electricity."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from fleet_planner.plan.base import Fraction, Section

NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Efficiency = Annotated[float, Field(gt=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]
Strategy = Literal["unmanaged", "balanced", "least_cost", "cost_and_damage"]


def _days(values: list[str]) -> list[str]:
    for value in values:
        try:
            date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value!r} is no day: write such as 2024-12-25") from None
    return values


class ChargingSite(Section):
    """What one depot or station has otherwise than [buses.charging]."""

    site_id: str = Field(min_length=1, description="name of the depot or station, as in the stays")
    tariff: str = Field(default="", description="its tariff; empty: that of [buses.charging]")
    grid_cap_kw: Positive | None = Field(default=None, description="most that it may draw; none: [buses.charging]'s")
    chargers: Count | None = Field(default=None, description="chargers; none: [buses.charging]'s")
    solar_kwp: NotNegative | None = Field(default=None, description="panels, kWp; none: [buses.charging]'s")
    battery_kwh: NotNegative | None = Field(default=None, description="battery, kWh; none: [buses.charging]'s")
    battery_kw: NotNegative | None = Field(default=None, description="its power, kW; none: [buses.charging]'s")


class ChargingSection(Section):
    """When buses charge, what it costs and what it needs."""

    sessions: str = Field(
        default="", description="table of stays at chargers (CSV, docs/charging.md); empty: those of the simulation"
    )
    strategies: list[Strategy] = Field(
        default=["unmanaged", "balanced", "least_cost", "cost_and_damage"],
        min_length=1,
        description="ways to charge that are compared",
    )
    plan_with: Strategy = Field(default="least_cost", description="strategy whose load goes to siting and to the map")
    tariff: str = Field(
        default="",
        description="packaged tariff (sce_tou_ev_9_2024, sce_tou_ev_9_2030, ladwp_a3_2009, beijing_public_2016) or a "
        "CSV; empty: that of the country, else economics.electricity_usd_per_kwh at all hours",
    )
    holidays: Annotated[list[str], AfterValidator(_days)] = Field(
        default=[], description="days of city.year that run and are billed as Sundays, YYYY-MM-DD"
    )
    grid_cap_kw: Positive | None = Field(default=None, description="most that a site may draw, kW; none: no limit")
    chargers: Count | None = Field(
        default=None, description="most buses that charge at a time at a site; none: one charger for each"
    )
    least_charger_kw: NotNegative = Field(
        default=0.0, description="a charger gives this or nothing, kW on the grid side (an integer programme); 0: any"
    )
    integer_seconds: Positive = Field(default=20.0, description="longest search of an integer programme, seconds")
    charger_powers_kw: list[Positive] = Field(
        default=[], description="powers of chargers that are compared, kW on the grid side; empty: that of the stays"
    )
    solar_kwp: NotNegative = Field(default=0.0, description="panels at a site, kWp")
    solar_profile: str = Field(
        default="", description="yield of the panels (CSV: month, hour, kw_per_kwp); empty: by the sun's height"
    )
    solar_kwh_per_kwp: Positive = Field(
        default=1400.0, description="yield a year where there is no profile, kWh per kWp (own default)"
    )
    solar_latitude: Annotated[float, Field(ge=-66.0, le=66.0)] | None = Field(
        default=None, description="latitude where there is no profile, degrees; none: that of the sites"
    )
    battery_kwh: NotNegative = Field(default=0.0, description="stationary battery at a site, usable kWh")
    battery_kw: NotNegative | None = Field(default=None, description="its power, kW; none: half of battery_kwh an hour")
    battery_efficiency: Efficiency = Field(default=0.9, description="in and out again (own default)")
    battery_chosen: bool = Field(
        default=False, description="the schedule chooses the capacity, up to battery_kwh, against battery_usd_per_kwh"
    )
    battery_usd_per_kwh: NotNegative = Field(
        default=350.0, description="installed price, US$ 2024 per kWh (own default; paid where it is chosen or given)"
    )
    battery_life_years: Positive = Field(default=15.0, description="its life (own default)")
    damage: str = Field(
        default="",
        description="marginal CO2 and damage to health by hour (CSV, docs/charging.md); empty: one factor at all hours",
    )
    vehicle_to_grid: bool = Field(default=False, description="buses may feed back to the site while they stay")
    feedback_kw: Positive = Field(default=50.0, description="most that a bus feeds back, kW on the grid side")
    feedback_reserve: Fraction = Field(default=0.4, description="charge that stays in the battery, share of it")
    feedback_usd_per_kwh: NotNegative = Field(
        default=0.08, description="wear of the battery for a kWh fed back, US$ 2024 (own default)"
    )
    site: list[ChargingSite] = Field(default_factory=list[ChargingSite], description="sites that differ")

    @model_validator(mode="after")
    def _fits(self) -> ChargingSection:
        if twice := sorted({str(s) for s in self.strategies if self.strategies.count(s) > 1}):
            raise ValueError(f"buses.charging.strategies names {twice[0]} twice: name each strategy once")
        if self.plan_with not in self.strategies:
            raise ValueError(f"buses.charging.plan_with is {self.plan_with!r}: name it in strategies too")
        names = [s.site_id for s in self.site]
        if again := sorted({n for n in names if names.count(n) > 1}):
            raise ValueError(f"buses.charging.site names {again[0]} twice: name each site once")
        if self.battery_chosen and self.battery_kwh == 0.0:
            raise ValueError("buses.charging.battery_chosen needs battery_kwh, the largest capacity to choose")
        return self
