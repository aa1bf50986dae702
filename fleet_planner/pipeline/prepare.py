"""The first half of a run: everything read, and the inventories of the base year and of later ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from fleet_planner.activity.days import AVERAGE, day_types
from fleet_planner.economics.batteries import making_of
from fleet_planner.economics.grid_path import city_grid
from fleet_planner.errors import PlanError
from fleet_planner.factors.processes.upstream import load_upstream, with_hydrogen
from fleet_planner.fleet import load_fleet
from fleet_planner.fleet.dates import REGION_FALLBACK, region_order
from fleet_planner.fleet.identifiers import key_of
from fleet_planner.network import Network, builtin_gtfs, load_network, with_grade
from fleet_planner.network.zones import map_zones, read_zone_layer
from fleet_planner.nonroad import NonRoad, load_nonroad
from fleet_planner.pipeline.comparing.options import Elsewhere
from fleet_planner.pipeline.computing.bus_service import buses_on_roads, with_bus_km
from fleet_planner.pipeline.computing.by_year import by_year
from fleet_planner.pipeline.computing.inventories import Clock, Inventories, scaled_to_fuel_sold
from fleet_planner.pipeline.computing.places import read_home_places, tied_to_places
from fleet_planner.pipeline.computing.room import refuse_large_assignment
from fleet_planner.pipeline.computing.targets import aims_of, years_asked
from fleet_planner.pipeline.computing.tiling import tiles_of
from fleet_planner.pipeline.computing.traffic import assigned_traffic
from fleet_planner.pipeline.computing.wanted import ALL, Wanted
from fleet_planner.pipeline.costing.economics import Setting, setting_of
from fleet_planner.pipeline.spread.engine import Here
from fleet_planner.scenarios import measures_table
from fleet_planner.transit_feed import Feed, read_feed, read_feeds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from fleet_planner.activity.assigned_traffic import AssignedTraffic
    from fleet_planner.activity.timetables.transit import BusKm
    from fleet_planner.findings import Finding
    from fleet_planner.fleet import Fleet
    from fleet_planner.pipeline.computing.by_year import ByYear
    from fleet_planner.pipeline.computing.inventories import Computed
    from fleet_planner.pipeline.computing.places import HomePlaces
    from fleet_planner.pipeline.spread.engine import Engine
    from fleet_planner.plan.models import Plan
    from fleet_planner.progress import Progress
    from fleet_planner.scenarios.targets import Aim


@dataclass(frozen=True)
class Prepared:
    """A city that is ready to be judged.

    Parameters
    ----------
    plan, base
        The plan and its folder.
    network, rasters
        Roads, and the rasters of heights that they lie on.
    fleet, places, zones, nonroad
        Vehicles; zones and depots that they are tied to; zones with inhabitants; machines beside the roads.
    run, computed
        What computes inventories, and those of the base year and the scenarios.
    later, aims
        Emissions of later years, where the plan has a turnover; the targets.
    priced, grid
        What costs are computed with; the electricity's factor, its source, ``checked``.
    buses
        The timetable on the roads.
    findings
        What was assumed of buses and of fuel sold.
    """

    plan: Plan
    base: Path
    network: Network
    rasters: tuple[Path, ...]
    fleet: Fleet
    places: HomePlaces
    zones: Any  # geopandas.GeoDataFrame or None
    nonroad: NonRoad | None
    run: Inventories
    computed: Computed
    later: ByYear | None
    aims: list[Aim]
    priced: Setting
    grid: tuple[float, str, str]
    buses: Mapping[str, BusKm]
    findings: tuple[Finding, ...]

    @property
    def elsewhere(self) -> Elsewhere:
        """Greenhouse gases that arise away from the road, for differences."""
        country = self.plan.city.country
        upstream = load_upstream([country, REGION_FALLBACK.get(country, country)])
        marginal = self.priced.grid.of_differences
        section = self.plan.impacts.upstream
        batteries = making_of(section, self.priced.outlook.classes)
        return Elsewhere(with_hydrogen(upstream, section.hydrogen, marginal), marginal, batteries)


@dataclass(frozen=True)
class ReadCity:
    """What a plan names, read: roads, vehicles, timetable, zones and assigned traffic, before anything is computed.

    Parameters
    ----------
    network, rasters
        Roads, and the rasters of heights that they lie on.
    fleet, places
        Vehicles; zones and depots that they are tied to.
    feeds, buses
        The timetable by kind of day, and on the roads.
    zones
        Zones with inhabitants.
    assigned
        Traffic in equilibrium, where the plan asks for it.
    findings
        What was assumed of buses.
    seconds
        Time by step.
    """

    network: Network
    rasters: tuple[Path, ...]
    fleet: Fleet
    places: HomePlaces
    feeds: Mapping[str, Feed]
    buses: Mapping[str, BusKm]
    zones: Any  # geopandas.GeoDataFrame or None
    assigned: AssignedTraffic | None
    findings: tuple[Finding, ...]
    seconds: Mapping[str, float]


class Reading:
    """What a plan names, read when first asked for and kept."""

    def __init__(self, plan: Plan, base: Path) -> None:
        self._plan, self._base = plan, base
        self._city: ReadCity | None = None

    def now(self, progress: Progress, counted: Callable[[int], None] = lambda _: None) -> ReadCity:
        """Return what is read; no time is told of what was read before.

        ``counted`` is told the number of links as soon as it is known.

        Raises
        ------
        UserError
            As of `read_city`.
        """
        if self._city is not None:
            counted(self._city.network.links.height)
            return self._city
        city = read_city(self._plan, self._base, progress, counted)
        self._city = replace(city, seconds={})
        return city


READ_BY = ("city", "network", "fleet", "places", "activity", "traffic")
"""Sections of the plan that `read_city` reads whole."""


def same_reading(one: Plan, other: Plan) -> bool:
    """Return whether two plans of one folder read the same: then what was read for one serves the other."""
    return _read_by(one) == _read_by(other)


def _read_by(plan: Plan) -> tuple[object, ...]:
    """Return all of a plan that `read_city` looks at, given keys apart from defaults."""
    sections = [getattr(plan, name).model_dump(exclude_unset=True) for name in READ_BY]
    trip = plan.climate.mean_trip_km if "mean_trip_km" in plan.climate.model_fields_set else None
    return (*sections, plan.factors.default_load, plan.factors.stream_loads, trip if plan.traffic.assigns else None)


def read_city(plan: Plan, base: Path, progress: Progress, counted: Callable[[int], None]) -> ReadCity:
    """Read the roads, vehicles and timetable that a plan names; ``counted`` is told the number of links at once.

    Raises
    ------
    UserError
        Something in the plan or its inputs has to be mended by the user.
    """
    clock = Clock()
    with clock.step("network"):
        network = load_network(plan.network, base, plan.city.country, progress)
        counted(network.links.height)
    with clock.step("elevation"):
        graded = with_grade(network, plan.network, base, progress)
        network = graded.network
    with clock.step("fleet"):
        progress("reading the fleet", 0.2)
        fleet = load_fleet(
            plan.fleet, base, plan.city, plan.factors.default_load, stream_loads=plan.factors.stream_loads
        )
        places = read_home_places(plan.places, base)
        fleet = tied_to_places(fleet, places)
    with clock.step("activity"):
        feeds = _feeds(plan, base)
        buses = buses_on_roads(network, feeds, plan, fleet.vehicles, places.depots)
        fleet, reconciled = with_bus_km(fleet, buses, plan.activity, day_types(plan.traffic))
        layer = read_zone_layer(plan.network.zones, base) if plan.network.zones else None
        where = plan.network.zones
        zones = None if layer is None else map_zones(layer, plan.traffic.assignment, where)
        refuse_large_assignment(plan, network.links.height, 0 if layer is None else len(layer))
        assigned = assigned_traffic(plan, base, network, fleet.vehicles, layer, feeds, buses, progress)
    return ReadCity(
        network, graded.files, fleet, places, feeds, buses, zones, assigned, tuple(reconciled), clock.seconds
    )


def prepare(
    plan: Plan,
    base: Path,
    progress: Progress,
    reading: Reading | None = None,
    engine: Engine | None = None,
    wanted: Wanted = ALL,
    counted: Callable[[int], None] = lambda _: None,
) -> Prepared:
    """Read everything that a plan names, and compute its inventories.

    Parameters
    ----------
    plan, base
        The plan and its folder.
    progress
        Is told how far it is.
    reading
        Of a plan of the `same_reading`; nothing: all is read now.
    engine
        Computes the inventories; nothing: this process.
    wanted
        Which of the later years are computed; where the plan has draws, these have the inputs of all years.
    counted
        Is told the number of links before anything is done with them; may refuse so many.

    Raises
    ------
    UserError
        Something in the plan or its inputs has to be mended by the user.
    """
    region_order(plan.city.country)  # an unknown country is refused before anything is read
    grid = city_grid(plan.electricity, plan.city.grid_region or plan.city.country, plan.city.year, base)
    measures = measures_table()
    priced = setting_of(plan, measures, grid)
    city = (reading or Reading(plan, base)).now(progress, counted)
    clock = Clock(dict(city.seconds))
    network, fleet, buses = city.network, city.fleet, city.buses
    with clock.step("fleet"):
        plan = _with_key_name(plan, base)
        nonroad = load_nonroad(plan.nonroad, base, plan.city, grid.average)
        aims = aims_of(plan, fleet.vehicles, nonroad)
    tiles = tiles_of(plan.run, network.links.height, base)
    given = (measures, clock, progress, city.assigned, buses, city.zones, tiles, engine or Here())
    run = Inventories(plan, base, network, city.feeds, grid.average, *given)
    computed = run.of(fleet)
    scaled: list[Finding] = []
    if plan.fuel_sold.scale_activity:
        fleet, scaled = scaled_to_fuel_sold(fleet, computed, sold_t(plan), run.baseline_of)
        computed = run.of(fleet)
    later = None
    needed = wanted.after(plan.city.year) or plan.uncertainty.draws or aims
    if plan.turnover.to_year is not None and needed:
        later = by_year(plan, run, computed, fleet, years_asked(plan, aims), nonroad, priced.grid, wanted)
    return Prepared(
        plan=plan,
        base=base,
        network=network,
        rasters=city.rasters,
        fleet=fleet,
        places=city.places,
        zones=city.zones,
        nonroad=nonroad,
        run=run,
        computed=computed,
        later=later,
        aims=aims,
        priced=priced,
        grid=grid.told,
        buses=buses,
        findings=(*scaled, *city.findings),
    )


def only_scenarios(plan: Plan, only: tuple[str, ...], path: Path) -> Plan:
    """Return a plan with some of its scenarios; all where none is named.

    Raises
    ------
    PlanError
        A name is none of the plan's scenarios.
    """
    if not only:
        return plan
    known = [s.name for s in plan.scenario]
    for name in only:
        if name not in known and name != "baseline":
            raise PlanError(
                "no such scenario",
                f"The plan has {', '.join(known)}.",
                file=path,
                column="--scenario",
                value=name,
            )
    return plan.model_copy(update={"scenario": [s for s in plan.scenario if s.name in only]})


def _feeds(plan: Plan, base: Path) -> dict[str, Feed]:
    """Return the bus timetable of a weekday, a Saturday and a Sunday, or of the one day that the plan names for all."""
    given = plan.activity.gtfs
    if not given:
        return {}
    try:
        day = date.fromisoformat(plan.activity.gtfs_date) if plan.activity.gtfs_date else None
    except ValueError as error:
        raise PlanError(
            "not a date", "Write YYYY-MM-DD.", column="activity.gtfs_date", value=plan.activity.gtfs_date
        ) from error
    path = builtin_gtfs() if given == "builtin" else base / given
    if day is not None and plan.traffic.day_types == AVERAGE.name:
        return {AVERAGE.name: read_feed(path, day)}
    return read_feeds(path, {"weekday": range(5), "saturday": [5], "sunday": [6]}, day)


def _with_key_name(plan: Plan, base: Path) -> Plan:
    """Return the plan with the name of its key of identifiers: who runs it again from the manifest needs that key."""
    key = key_of(plan.fleet, base)
    if key is None:
        return plan
    return plan.model_copy(update={"fleet": plan.fleet.model_copy(update={"identifier_key_id": key.name})})


def sold_t(plan: Plan) -> dict[str, float]:
    """Return the fuel sold a year, t, by fuel, that the plan names."""
    return {str(fuel): t for fuel, t in plan.fuel_sold.t_per_year.items()}
