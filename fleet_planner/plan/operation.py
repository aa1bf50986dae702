"""Measures that change how vehicles are driven, not what they are: where, when, how far, how fast, by whom."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleet_planner.plan.base import Fraction, Positive, Section

Year = Annotated[int, Field(ge=1990, le=2060)]
Hour = Annotated[int, Field(ge=0, le=23)]
Amount = Annotated[float, Field(ge=0.0)]
DayKind = Literal["weekday", "saturday", "sunday"]
SUMS_TO_ONE = 1e-9


class Operational(Section):
    """What all measures in operation share."""

    streams: list[str] = Field(default=[], description="streams concerned; empty: all")
    standards: list[str] = Field(default=[], description="standards concerned; empty: all")
    fuels: list[str] = Field(default=[], description="fuels concerned, such as diesel; empty: all")
    from_year: Year | None = Field(default=None, description="first year; none: from the base year on")
    to_year: Year | None = Field(default=None, description="last year; none: it stays")
    capex_usd2024: Amount = Field(default=0.0, description="one-off cost of the measure as a whole, US$ 2024")
    life_years: Annotated[float, Field(ge=1.0, le=60.0)] = Field(
        default=10.0, description="years over which capex_usd2024 is paid back"
    )
    opex_usd2024_per_year: Amount = Field(default=0.0, description="cost a year of the measure as a whole, US$ 2024")

    @model_validator(mode="after")
    def _years_in_order(self) -> Operational:
        if self.from_year is not None and self.to_year is not None and self.from_year > self.to_year:
            raise ValueError("from_year must not be after to_year")
        return self

    def in_force(self, year: int) -> bool:
        """Whether the measure holds in a year."""
        return (self.from_year is None or self.from_year <= year) and (self.to_year is None or year <= self.to_year)


class EcoDriving(Operational):
    """Drivers that were trained and get feedback."""

    uptake: Fraction = Field(default=1.0, description="share of the vehicles whose drivers take part")
    fuel_change_pct: Annotated[float, Field(ge=-50.0, le=0.0)] | None = Field(
        default=None, description="lasting change of fuel and electricity used; none: packaged"
    )


class Placed(Operational):
    """What holds on some roads at some hours."""

    road_classes: list[str] = Field(default=[], description="road classes concerned; empty: all")
    area: str = Field(default="", description="polygon file (.geojson, .gpkg); empty: everywhere")
    low_emission_zones: bool = Field(
        default=False, description="only inside low-emission zones, of OpenStreetMap or network.low_emission_zones"
    )
    hours: list[Hour] = Field(default=list(range(24)), description="hours concerned, 0..23")
    days: list[DayKind] = Field(
        default=["weekday", "saturday", "sunday"], description="types of day concerned, where the plan tells them apart"
    )

    @model_validator(mode="after")
    def _some_time(self) -> Placed:
        if not self.hours or not self.days:
            raise ValueError("hours and days must name at least one each; leave them out for all")
        return self


class SpeedLimit(Placed):
    """A lower limit of speed on some roads."""

    limit_kmh: Annotated[float, Field(ge=10.0, le=130.0)] = Field(description="the new limit, km/h")
    adherence: Fraction | None = Field(
        default=None,
        description="share of the gap between the roads' free speed and the limit that closes; none: packaged (signs "
        "alone); 1: physically enforced",
    )

    @model_validator(mode="after")
    def _holds_for_all(self) -> SpeedLimit:
        if self.streams or self.standards or self.fuels:
            raise ValueError("a speed limit holds for all traffic: leave out streams, standards and fuels")
        return self


Responses = dict[
    Literal["ignore", "pay", "reroute", "replace", "cancel", "other_hours", "other_days"],
    Fraction,
]


class Zone(Placed):
    """Vehicles that are barred from some roads, or pay there."""

    charge: bool = Field(default=False, description="barred vehicles may enter for a charge; changes the defaults")
    responses: Responses = Field(
        default={},
        description="what becomes of the vehicle-km barred: shares of ignore, pay, reroute, replace, cancel, "
        "other_hours, other_days, together 1; empty: packaged",
    )
    replacement_standard: dict[str, str] = Field(
        default={},
        description="by category, the standard of the vehicles that replace barred ones; else the newest in force",
    )
    detour: Annotated[float, Field(ge=1.0, le=5.0)] | None = Field(
        default=None, description="length of the way round over that through the zone; none: packaged"
    )
    reroute_within_km: Positive | None = Field(
        default=None, description="the way round is on roads so near the area, km; none: packaged"
    )

    @model_validator(mode="after")
    def _all_of_it(self) -> Zone:
        total = sum(self.responses.values())
        if self.responses and abs(total - 1.0) > SUMS_TO_ONE:
            raise ValueError(f"responses must add up to 1 (found: {total:g}); give the rest to ignore or cancel")
        if self.responses.get("pay") and not self.charge:
            raise ValueError("responses.pay needs charge = true: else nobody can pay to enter")
        return self


class Ban(Zone):
    """Vehicles that are barred on some days of the year: odd and even plates, events, orders on polluted days."""

    days_per_year: Annotated[float, Field(gt=0.0, le=366.0)] = Field(description="days of the year that it holds")
    share_barred: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        default=1.0, description="share of the vehicles barred on such a day: 0.5 for odd and even plates"
    )


class RailShift(Operational):
    """Freight that goes by rail."""

    share: Annotated[float, Field(gt=0.0, le=1.0)] = Field(description="share of the streams' vehicle-km that leaves")
    load_t: Positive | None = Field(
        default=None, description="mean load of a vehicle-km, empty runs included, t; none: packaged by stream"
    )
    electric_share: Fraction = Field(default=0.0, description="share of the tonne-km by rail that is electric")
    distance_factor: Annotated[float, Field(ge=0.5, le=5.0)] | None = Field(
        default=None, description="km by rail for a km by road; none: packaged"
    )


class Consolidation(Operational):
    """The same freight in fewer, fuller vehicles."""

    share: Annotated[float, Field(gt=0.0, lt=1.0)] = Field(description="share of the vehicle-km that is saved")


class Scrappage(Operational):
    """Old vehicles that are scrapped before their time, each for a new one."""

    share: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        default=1.0, description="share of the vehicles concerned that is scrapped"
    )
    replacement_standard: dict[str, str] = Field(
        default={}, description="by category, the standard of the new vehicles; else the newest in force"
    )

    @model_validator(mode="after")
    def _which(self) -> Scrappage:
        if not self.standards:
            raise ValueError("scrappage needs standards: name those that are scrapped, such as euro_I")
        return self


class InspectionMeasure(Operational):
    """An inspection and maintenance programme; by default it finds and mends 36 % of the faulty vehicles (own)."""

    compliance: Fraction = Field(default=0.9, description="share of the vehicles that come to the inspection")
    identification: Fraction = Field(default=0.5, description="share of the faulty ones among them that it finds")
    repair: Fraction = Field(default=0.8, description="share of the found that are mended")
    repaired_excess: Fraction = Field(default=0.2, description="what is left of a fault's excess after the repair")


class Reassign(Operational):
    """The cleanest vehicles there are on the routes where most people live."""

    objective: dict[str, Positive] = Field(
        default={"PM_exhaust": 1.0}, description="pollutants that count, with their weight per gram"
    )
    duties: Annotated[int, Field(ge=2, le=400)] = Field(
        default=60, description="parts of equal length that the driving of a stream is cut into"
    )


class Operation(Section):
    """Measures in operation; their order does not matter."""

    scrappage: list[Scrappage] = Field(default=[], description="early scrappage")
    inspection: list[InspectionMeasure] = Field(default=[], description="inspection and maintenance")
    rail_shift: list[RailShift] = Field(default=[], description="freight from road to rail")
    consolidation: list[Consolidation] = Field(default=[], description="fuller vehicles")
    zone: list[Zone] = Field(default=[], description="low-emission and zero-emission zones, permanent bans")
    ban: list[Ban] = Field(default=[], description="bans on some days of the year")
    speed_limit: list[SpeedLimit] = Field(default=[], description="lower limits of speed")
    eco_driving: list[EcoDriving] = Field(default=[], description="eco-driving")
    reassign: list[Reassign] = Field(default=[], description="reassign before buying")

    @property
    def measures(self) -> list[tuple[str, Operational]]:
        """All measures with their kinds, in the canonical order of kinds."""
        return [(kind, one) for kind in type(self).model_fields for one in getattr(self, kind)]
