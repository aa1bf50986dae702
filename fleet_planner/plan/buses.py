"""Electric buses: the timetable they run, their depots, and how trips become the days of buses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleet_planner.plan.base import Section
from fleet_planner.plan.buses_battery import BatteryPlan, BusStation
from fleet_planner.plan.buses_charging import ChargingSection
from fleet_planner.plan.buses_duty import DutySection
from fleet_planner.plan.buses_energy import BusEnergyPlan
from fleet_planner.plan.buses_transition import TransitionSection

BusType = Literal["midi", "standard", "articulated", "double_decker", "coach"]
DayKind = Literal["weekday", "saturday", "sunday"]
Minutes = Annotated[float, Field(ge=0.0, le=1440.0)]


class BusesPlan(Section):
    """Electric buses from the timetable."""

    gtfs: str = Field(default="", description="GTFS feed; empty: activity.gtfs; 'builtin' for the embedded city's own")
    gtfs_date: str = Field(
        default="", description="service day YYYY-MM-DD of its kind of day; empty: the busiest ordinary day of each"
    )
    trips: str = Field(default="", description="table of trips (CSV) in place of a feed, see docs/buses.md")
    trips_columns: dict[str, str] = Field(default={}, description="our column -> the table's own, where names differ")
    trips_distance: Literal["km", "m", "mile"] = Field(default="km", description="unit of the table's distances")
    bus_type_words: dict[str, BusType] = Field(
        default={}, description="the table's own words for types of bus -> ours, such as AB = 'articulated'"
    )
    days: list[DayKind] = Field(
        default=["weekday", "saturday", "sunday"], min_length=1, description="kinds of day that are looked at"
    )
    depots: str = Field(
        default="", description="points of bus depots: a CSV (name, lon, lat) or a point layer; empty: places.depots"
    )
    depot_name: str = Field(default="name", description="column of the points that holds the name")
    depot_of_block: str = Field(
        default="", description="CSV with block_id and depot_id; empty: each block has the depot that is nearest"
    )
    flood_zones: str = Field(default="", description="polygon file of flood zones; depots and terminals in it are told")
    bus_type: BusType = Field(default="standard", description="type of bus where nothing else tells it")
    bus_type_by_route: dict[str, BusType] = Field(default={}, description="type of bus by route, by its name or id")
    blocks: Literal["feed", "minimum"] = Field(
        default="feed", description="the feed's own blocks (trips without one are chained), or the fewest buses"
    )
    least_layover_min: Minutes = Field(
        default=5.0, description="a bus stands at least so long between two chained trips, minutes (own default)"
    )
    longest_layover_min: Minutes = Field(
        default=120.0, description="a bus that would stand longer goes back to its depot in between, minutes"
    )
    interline: bool = Field(default=True, description="chained trips may be of different routes")
    longest_dead_head_km: Annotated[float, Field(ge=0.0, le=500.0)] = Field(
        default=10.0, description="empty ways between two chained trips are at most so long, km (own default)"
    )
    dead_head_pace: Annotated[float, Field(ge=1.0, le=5.0)] = Field(
        default=1.25, description="time of empty ways over that at free flow (own default)"
    )
    off_road_kmh: Annotated[float, Field(gt=0.0, le=120.0)] = Field(
        default=25.0, description="speed of empty ways where no road is known, km/h (own default)"
    )
    detour: Annotated[float, Field(ge=1.0, le=3.0)] = Field(
        default=1.3, description="way over the straight line where no road is known (own default)"
    )
    terminal_m: Annotated[float, Field(ge=0.0, le=1000.0)] = Field(
        default=100.0, description="ends of trips that lie closer are one terminal, m"
    )
    stops_per_km: Annotated[float, Field(ge=0.0, le=20.0)] = Field(
        default=2.5, description="stops of a trip whose table tells none (own default)"
    )
    emissions: bool = Field(
        default=True, description="what the buses of each route emit today, by the registry, of a feed on roads"
    )
    on_roads: bool = Field(
        default=True, description="follow the roads of [network]; false: no network is read, ways are straight"
    )
    battery: BatteryPlan = Field(
        default=BatteryPlan(), description="batteries, chargers, and what may make a block feasible"
    )
    duty: DutySection = Field(default=DutySection(), description="trucks and vans: which could be electric when")
    transition: TransitionSection = Field(
        default=TransitionSection(), description="by when which bus is replaced, by what"
    )
    station: list[BusStation] = Field(
        default_factory=list[BusStation], description="charging stations on the way that are there or must be built"
    )
    energy: BusEnergyPlan = Field(default=BusEnergyPlan(), description="what buses draw, by physics or by a table")
    charging: ChargingSection = ChargingSection()

    @model_validator(mode="after")
    def _one_timetable(self) -> BusesPlan:
        if self.gtfs and self.trips:
            raise ValueError("buses.gtfs and buses.trips are two timetables: give one of them")
        if twice := sorted({d for d in self.days if self.days.count(d) > 1}):
            raise ValueError(f"buses.days names {twice[0]} twice: name each kind of day once")
        return self
