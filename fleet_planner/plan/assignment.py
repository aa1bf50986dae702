"""Keys of assigned traffic."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from fleet_planner.plan.base import Positive, Section

TrafficClass = Literal["light", "bus", "single_unit", "combination"]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]


class AssignmentSection(Section):
    """Traffic from trips between zones, on the routes of the user equilibrium (method "assigned")."""

    zone_id: str = Field(default="zone_id", description="column of the zones with their name or number")
    population: str = Field(default="population", description="column with the inhabitants")
    jobs: str = Field(default="", description="column with the jobs; empty: trips are attracted by inhabitants")
    freight: str = Field(
        default="", description="column with the size of freight sites; empty: trucks go where the jobs are"
    )
    trips: str = Field(
        default="",
        description="trips of a day: CSV of from,to,class,trips or OMX with a matrix per class; empty: gravity model",
    )
    trips_per_day: dict[TrafficClass, Positive] = Field(
        default={}, description="trips a day of a class; a class that is not named makes as many as its vehicle-km need"
    )
    deterrence: dict[TrafficClass, Pair] = Field(
        default={}, description="[alpha, beta] of t^alpha exp(-beta t), t in minutes, by class; default: packaged"
    )
    mean_trip_km: dict[TrafficClass, Positive] = Field(
        default={}, description="mean trip that beta is fitted to, km, by class; default: what the deterrence gives"
    )
    pce: dict[TrafficClass, Positive] = Field(
        default={}, description="passenger cars that a vehicle of a class counts for; default: packaged"
    )
    volume_delay: dict[str, Pair] = Field(
        default={}, description="[alpha, beta] of the BPR function by road class; default: packaged"
    )
    periods: Literal["peak_and_off_peak", "day", "hours"] = Field(
        default="peak_and_off_peak",
        description="what is assigned: the mean peak and off-peak hour, the mean hour of the day, or every hour",
    )
    target_gap: Annotated[float, Field(gt=0.0, lt=1.0)] = Field(
        default=1e-4, description="relative gap at which the equilibrium is good enough"
    )
    max_iterations: Annotated[int, Field(ge=2, le=10_000)] = Field(
        default=400, description="iterations after which it stops anyway"
    )
    connectors: Annotated[int, Field(ge=1, le=20)] = Field(
        default=4, description="nodes of the network at which the trips of a zone begin and end, at most"
    )
    connector_reach_km: Positive = Field(
        default=2.0, description="how far from its middle a zone without nodes of its own looks for one"
    )
    connector_kmh: Positive = Field(default=20.0, description="speed between the zone's middle and its nodes")

    @field_validator("volume_delay")
    @classmethod
    def _convex(cls, given: dict[str, list[float]]) -> dict[str, list[float]]:
        for road_class, (alpha, beta) in given.items():
            if alpha < 0.0 or beta < 1.0:
                raise ValueError(f"alpha must be 0 or more and beta 1 or more for {road_class}")
        return given

    @field_validator("deterrence")
    @classmethod
    def _falling(cls, given: dict[str, list[float]]) -> dict[str, list[float]]:
        for name, (alpha, beta) in given.items():
            if beta < 0.0 or (alpha > 0.0 and beta == 0.0):
                raise ValueError(f"far trips must be rarer: beta must be positive, or 0 with alpha below 0, for {name}")
        return given
