"""Batteries and chargers of electric buses, and what makes a block feasible: `[buses.battery]`, `[[buses.station]]`."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleet_planner.plan.base import Fraction, Positive, Section

NotNegative = Annotated[float, Field(ge=0.0)]
Share = Annotated[float, Field(gt=0.0, le=1.0)]
Minutes = Annotated[float, Field(ge=0.0, le=240.0)]
Count = Annotated[int, Field(ge=0, le=100_000)]
CurvePoint = Annotated[list[Fraction], Field(min_length=2, max_length=2)]
TypeOfBus = Literal["midi", "standard", "articulated", "double_decker", "coach"]
Way = Literal["battery", "split", "station"]


class BatteryPlan(Section):
    """The batteries of electric buses, how they are charged, and what may make a block feasible."""

    kwh: dict[TypeOfBus, Positive] = Field(
        default={}, description="nominal capacity of the battery by type of bus, kWh; none: packaged"
    )
    vehicle_types: str = Field(
        default="", description="SimBA's table of vehicle types (JSON): batteries and charge curves before those above"
    )
    charging_type: Literal["depb", "oppb"] = Field(
        default="depb", description="its variant for blocks whose trips tell none (charging_type of SimBA's trips)"
    )
    stations: str = Field(
        default="", description="SimBA's table of stations (JSON), beside [[buses.station]] and depot_chargers"
    )
    larger_kwh: dict[TypeOfBus, list[Positive]] = Field(
        default={}, description="larger batteries on offer by type of bus, kWh; none: packaged"
    )
    age: Literal["end_of_life", "new"] = Field(
        default="end_of_life", description="age of the batteries with which a block must be driven"
    )
    end_of_life: Share | None = Field(
        default=None, description="capacity at the end of life over the nominal one; none: packaged"
    )
    reserve: Fraction | None = Field(
        default=None, description="state of charge below which no bus may fall; none: packaged"
    )
    start: Literal["full", "night"] = Field(
        default="night", description="buses start full, or with what the night before allowed, day after day"
    )
    charge_kw: dict[TypeOfBus, Positive] = Field(
        default={}, description="most power that a bus takes from a charger by type, kW; none: packaged"
    )
    charge_curve: Annotated[list[CurvePoint], Field(min_length=2)] | None = Field(
        default=None,
        description="pairs of state of charge and share of that power, straight between them; none: packaged",
    )
    efficiency: Share | None = Field(default=None, description="stored of what the battery takes; none: packaged")
    depot_kw: Positive | None = Field(default=None, description="power of a charger at a depot, kW; none: packaged")
    depot_chargers: dict[str, Count] = Field(
        default={}, description="chargers by depot; 0, or a depot that is not named: one for every bus"
    )
    depot_buffer_min: Minutes = Field(default=5.0, description="time from arrival to charging at a depot (own default)")
    station_kw: Positive | None = Field(
        default=None, description="power of a charger at a station on the way, kW; none: packaged"
    )
    station_buffer_min: Minutes = Field(
        default=1.0, description="time lost to docking at a station on the way, minutes (own default)"
    )
    charger_efficiency: Share | None = Field(
        default=None, description="power at the plug over that from the grid; none: packaged"
    )
    queue: Literal["first", "lowest"] = Field(
        default="first", description="who gets a charger that comes free: the first come, or the lowest battery"
    )
    wait_min: Minutes = Field(
        default=0.0, description="how late a bus may leave a charger to have what it needs; 0: never late"
    )
    ways: list[Way] = Field(
        default=["battery", "split", "station"],
        description="what may make a block feasible: a larger battery, a split with an extra bus, chargers on the way",
    )
    least_layover_min: Minutes = Field(
        default=5.0, description="a place is a candidate for a charger where some bus stands so long (own default)"
    )
    station_chargers: Count = Field(
        default=0, description="most chargers that a chosen station may get; 0: one for every bus that comes"
    )
    kg_per_kwh: NotNegative | None = Field(
        default=None, description="mass of a larger battery, kg per kWh added; none: packaged"
    )
    usd_per_kwh: NotNegative | None = Field(
        default=None, description="price of a battery, US$ 2024 per kWh; none: packaged"
    )
    bus_usd: dict[TypeOfBus, NotNegative] = Field(
        default={}, description="price of an extra bus without its battery by type, US$ 2024; none: packaged"
    )
    station_usd: NotNegative | None = Field(
        default=None, description="works and connection of a station on the way, US$ 2024; none: packaged"
    )
    charger_usd: NotNegative | None = Field(
        default=None, description="each charger at a station on the way, US$ 2024; none: packaged"
    )
    usd_per_driver_hour: NotNegative | None = Field(
        default=None, description="driver's hour on the ways that a split adds, US$ 2024; none: economics.ownership"
    )
    usd_per_empty_km: NotNegative = Field(
        default=0.5, description="energy and upkeep on the ways that a split adds, US$ 2024 per km (own default)"
    )
    service_days: Annotated[float, Field(gt=0.0, le=366.0)] = Field(
        default=300.0, description="days a year on which a block is driven (own default)"
    )
    seconds: Positive = Field(default=60.0, description="seconds for the choice of remedies; then its gap is told")
    temperature_year: bool = Field(
        default=True,
        description="drive all days of buses.energy.daily_temperature too; without it the mean day of each month",
    )
    plot_blocks: Annotated[int, Field(ge=0, le=24)] = Field(
        default=6, description="worst blocks whose state of charge is drawn on the page"
    )

    @model_validator(mode="after")
    def _curve_rises(self) -> BatteryPlan:
        if self.charge_curve is None:
            return self
        states = [p[0] for p in self.charge_curve]
        if states[0] != 0.0 or states[-1] != 1.0 or any(b <= a for a, b in pairwise(states)):
            raise ValueError(f"charge_curve must rise from state 0 to state 1 (found: {states})")
        return self


class BusStation(Section):
    """A charging station on the way that is there, or that must be built."""

    place: str = Field(description="stop or terminal, by its id or name in the timetable")
    chargers: Count = Field(default=1, description="number of chargers; 0: one for every bus that comes")
    kw: Positive | None = Field(default=None, description="power of a charger, kW; none: buses.battery.station_kw")
    grid_kw: NotNegative | None = Field(
        default=None, description="most power from the grid, kW: no more chargers run at once than it feeds; none: any"
    )
    buffer_min: Minutes | None = Field(
        default=None, description="time lost to docking, minutes; none: buses.battery.station_buffer_min"
    )
