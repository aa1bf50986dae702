"""Where chargers go."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleet_planner.plan.base import Fraction, Positive, Section
from fleet_planner.plan.charging_day import ChargingDaySection

NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Model = Literal[
    "maximal_covering", "set_covering", "p_median", "p_centre", "capacitated_covering", "capacitated_median"
]
Level = Literal["low", "central", "high"]
Kind = Literal["depot", "destination", "en_route"]
Connector = Literal["ccs", "gb_t", "chademo", "mcs"]


class ChargerType(Section):
    """A kind of charger of the plan's own, before the packaged ones."""

    name: str = Field(min_length=1, description="name, as in the tables")
    kw: Positive = Field(description="power taken from the grid")
    connectors: list[Connector] = Field(min_length=1, description="connectors that it is made with")
    usd: NotNegative = Field(description="bought and installed, US$ 2024 each")
    usd_per_year: NotNegative = Field(default=0.0, description="upkeep, US$ 2024 each and year")
    life_years: Positive = Field(default=20.0, description="years until it is renewed")
    queue: bool = Field(default=True, description="vehicles come as they like; false: scheduled, as at a depot")


class ChargersSection(Section):
    """Sites of chargers for the electric fleet."""

    demand: str = Field(default="", description="table of energy asked for: demand_id, lon, lat, kwh_per_day, ...")
    scenario: str = Field(
        default="", description="scenario whose electric vehicles ask for energy at depots and zones; beside demand"
    )
    chains: str = Field(
        default="",
        description="table of working days of vans and trucks, stop by stop: chain_id, stop, lon, lat, km, ...",
    )
    bus_years: str = Field(
        default="",
        description="facilities.csv of buses replace: electricity of the bus depots by year, beside the others",
    )
    bus_hours: str = Field(
        default="",
        description="site_demand.csv of buses schedule: hours and places of bus_years; empty: packaged hours",
    )
    day: ChargingDaySection = ChargingDaySection()
    candidates: str = Field(default="", description="table of sites that may be built: site_id, lon, lat, ...")
    depot_sites: bool = Field(
        default=True,
        description="depots and bases that ask for energy are sites too, where no candidate is within 0.3 km",
    )
    stations: list[str] = Field(
        default=[], description="tables of public stations, with the columns of AFDC or Open Charge Map"
    )
    stations_least_kw: NotNegative = Field(default=40.0, description="weaker chargers of stations do not count")
    osm: str = Field(default="", description="OpenStreetMap file whose places are candidates, such as network.file")
    osm_kinds: list[str] = Field(
        default=["fuel_station", "bus_station", "depot", "logistics", "rest_area", "charging_station", "parking"],
        description="kinds of places of that file; also industrial",
    )
    osm_least_m2: NotNegative = Field(
        default=2000.0, description="smaller parking and land use of that file is left out"
    )
    land: str = Field(default="", description="polygons where no new site may be built")
    flood: str = Field(default="", description="polygons of flood: sites in them are marked")
    flood_bars: bool = Field(default=False, description="leave sites in flood areas out")
    grid: str = Field(default="", description="table of grid nodes: node_id, lon, lat, headroom_central_kw, ...")
    grid_reach_km: NotNegative = Field(default=3.0, description="sites further from a grid node are not joined to it")
    years: list[Annotated[int, Field(ge=1990, le=2150)]] = Field(
        default=[], description="years that are planned; none: the years of the demand, else city.year"
    )
    cut_off_km: Positive = Field(default=5.0, description="longest way by road from demand to a site")
    cut_off_by_kind: dict[Kind, Positive] = Field(
        default={}, description="the same of a kind of demand, such as depot = 0.5"
    )
    types: list[str] = Field(
        default=["depot_100", "depot_150", "public_150", "public_350", "mcs_1000"],
        description="packaged kinds of chargers that may be built",
    )
    type: list[ChargerType] = Field(default_factory=list[ChargerType], description="kinds of chargers of one's own")
    connector: Connector | None = Field(
        default=None,
        description="connector of vehicles and chargers that name none; none: the usual one of the country",
    )
    wait_min: NotNegative = Field(default=10.0, description="mean wait that is accepted at chargers with a queue, min")
    depot_use: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        default=0.9, description="share of its power that a scheduled charger gives over its busiest hour"
    )
    room: Annotated[int, Field(ge=0)] = Field(default=20, description="most chargers of a site that names no other")
    site_usd: NotNegative | None = Field(default=None, description="works and land of a site, US$ 2024; none: packaged")
    connection_usd: NotNegative | None = Field(
        default=None, description="fixed part of a connection, US$ 2024; none: packaged"
    )
    connection_usd_per_km: NotNegative | None = Field(
        default=None, description="connection by length, US$ 2024; none: packaged"
    )
    connection_usd_per_kw: NotNegative | None = Field(
        default=None, description="connection by power, US$ 2024; none: packaged"
    )
    grid_km: NotNegative = Field(default=0.2, description="length of the connection of a site that names no other")
    headroom: Level = Field(default="central", description="scenario of what the grid can still give")
    headroom_kw: dict[Level, NotNegative] = Field(
        default={"low": 200.0, "central": 600.0, "high": 1500.0},
        description="headroom of a site of which nothing is known, kW",
    )
    grid_limit: Literal["installed", "hourly"] = Field(
        default="installed", description="headroom limits the power installed, or the energy of an hour (shared power)"
    )
    request_year: int | None = Field(default=None, description="year in which connections are asked for; none: first")
    lead_years: NotNegative = Field(default=0.0, description="years from the request until the utility connects")
    budget_usd: dict[str, NotNegative] = Field(
        default={}, description="most that may be spent in a planned year, US$ 2024, by year; none: no limit"
    )
    least_served: Fraction = Field(default=0.0, description="least share of every year's energy that must be served")
    least_served_by_zone: Fraction = Field(default=0.0, description="the same of each zone of the demand")
    groups: str = Field(default="", description="table of groups of people by zone: zone, group, people")
    least_served_by_group: Fraction = Field(
        default=0.0, description="the least share of every group's energy; needs groups"
    )
    unserved_usd_per_kwh: NotNegative = Field(
        default=1.5, description="what a kWh costs that nobody serves, US$ 2024 (own default)"
    )
    detour_usd_per_km: NotNegative = Field(
        default=1.2, description="vehicle and driver on the way to a charger and back, US$ 2024 per km (own default)"
    )
    energy_usd_per_kwh: NotNegative = Field(default=0.0, description="electricity, US$ 2024; 0: not counted")
    peak_usd_per_kw_year: NotNegative = Field(
        default=0.0, description="tariff on a site's highest hour, US$ 2024 per kW and year; 0: not counted"
    )
    last_years: Positive = Field(default=10.0, description="years that the last planned year stands for")
    regret: bool = Field(default=True, description="also plan year by year, and under other headroom")
    curve_points: Annotated[int, Field(ge=0, le=50)] = Field(
        default=5, description="points of the curve of cost against coverage; 0: none"
    )
    diagnostics: list[Model] = Field(
        default=["maximal_covering", "p_median"], description="coverage and median models shown beside the plan"
    )
    sites: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="number of sites of the diagnostics; none: as many as the plan opens"
    )
    far_factor: Annotated[float, Field(ge=1.0)] = Field(
        default=2.0, description="demand that no open site reaches counts this many cut-offs in the p-median"
    )
    flows: str = Field(default="", description="table of trucks between places: flow_id, from_lon, ... for corridors")
    range_km: Positive = Field(default=300.0, description="range of a full vehicle of a flow that names no other")
    detour_km: NotNegative = Field(default=2.0, description="a site is on the way of a flow up to this detour")
    longest_flow_km: Positive = Field(default=1000.0, description="flows of longer ways are not served")
    seconds: NotNegative = Field(default=60.0, description="time limit of the solver for each model")
    gap: Fraction = Field(default=0.005, description="relative gap at which the solver stops")

    @model_validator(mode="after")
    def _lists_are_sound(self) -> ChargersSection:
        if self.bus_hours and not self.bus_years:
            raise ValueError("chargers.bus_hours goes with chargers.bus_years: name the table as chargers.demand")
        if self.years != sorted(set(self.years)):
            raise ValueError("chargers.years must rise, each year once")
        if self.least_served_by_group > 0.0 and not self.groups:
            raise ValueError("chargers.least_served_by_group needs chargers.groups, a table of who lives in which zone")
        if len(set(self.diagnostics)) < len(self.diagnostics):
            raise ValueError("chargers.diagnostics names a model twice: name each once")
        if wrong := [y for y in self.budget_usd if not (y.isdecimal() and len(y) == 4)]:
            raise ValueError(f"chargers.budget_usd needs years as keys (found: {', '.join(wrong)})")
        if missing := [level for level in ("low", "central", "high") if level not in self.headroom_kw]:
            raise ValueError(f"chargers.headroom_kw lacks {missing[0]}: give low, central and high")
        names = [t.name for t in self.type]
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise ValueError(f"names of chargers.type must differ: {', '.join(twice)}")
        return self
