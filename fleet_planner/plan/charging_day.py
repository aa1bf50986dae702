"""The working day of electric vans and trucks, as far as it says where they charge: `[chargers.day]`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fleet_planner.plan.base import Fraction, Positive, Section

NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Hour = Annotated[float, Field(ge=0.0, lt=24.0)]


class ChargingDaySection(Section):
    """Vans and trucks of chargers.scenario as chains of trips and stops."""

    enabled: bool = Field(
        default=True, description="vans and trucks charge by their working day; false: all at depot or home zone"
    )
    weather: Literal["mean", "coldest", "hottest"] = Field(
        default="mean",
        description="day of [climate] and [buses.energy] that vans and trucks are looked at on: a cold day takes more",
    )
    stops: str = Field(
        default="",
        description="table of freight stops: stop_id, lon, lat, weight; empty: the zones of network.zones by freight "
        "sites, jobs or inhabitants (traffic.assignment), else those of places.zones",
    )
    places: Annotated[int, Field(ge=1, le=5000)] = Field(
        default=30,
        description="most zones at which stops and bases are put; smaller ones count to the nearest of these",
    )
    corridors: Annotated[int, Field(ge=0, le=200)] = Field(
        default=6, description="places on the roads with most trucks at which vehicles charge on the way; 0: none"
    )
    corridor_apart_km: Positive = Field(default=4.0, description="least distance between them in a straight line")
    classes: Annotated[int, Field(ge=1, le=200)] = Field(
        default=20, description="classes of short and long days that each vehicle's days are put into"
    )
    start_h: dict[str, Hour] = Field(default={}, description="hour at which the day begins by stream; none: packaged")
    battery_kwh: dict[str, Positive] = Field(
        default={}, description="rated battery by stream; none: that of the energy model's vehicle"
    )
    kwh_per_km: dict[str, Positive] = Field(
        default={}, description="use at the plug by stream, kWh/km; none: that of the inventory"
    )
    return_share: dict[str, Fraction] = Field(
        default={}, description="share of a stream that spends the night at its base; none: packaged"
    )
    base_kw: dict[str, NotNegative] = Field(
        default={},
        description="power per vehicle at base by stream; none: buses.duty.charger_kw, else that of its class",
    )
    stop_kw: dict[str, NotNegative] = Field(
        default={}, description="power of chargers at stops by stream; 0: vehicles do not charge there; none: packaged"
    )
    way_kw: dict[str, NotNegative] = Field(
        default={}, description="least power of chargers on the way by stream; none: packaged"
    )
    least_stop_min: NotNegative | None = Field(
        default=None, description="shorter stops are no time to charge, min; none: packaged"
    )
