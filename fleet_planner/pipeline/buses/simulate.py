"""`fleet-planner buses simulate`: the timetable of a plan as days of buses on the roads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.activity.timetables.paths import Roads
from fleet_planner.buses.service.day import service_day
from fleet_planner.buses.service.depots import depot_places, read_depot_of_block
from fleet_planner.buses.service.from_feed import of_feed
from fleet_planner.buses.service.table_of_trips import read_trips
from fleet_planner.errors import InputError, PlanError
from fleet_planner.findings import Finding
from fleet_planner.network import builtin_gtfs, load_network, with_grade
from fleet_planner.network.home_places import read_places
from fleet_planner.pipeline.buses.charging import charging_of
from fleet_planner.pipeline.buses.energy import bus_energy
from fleet_planner.pipeline.buses.feasibility import bus_feasibility
from fleet_planner.pipeline.buses.flood import in_flood_zones
from fleet_planner.pipeline.buses.hardest import hardest_stays
from fleet_planner.pipeline.buses.route_emissions import by_route, exposure_by, route_emissions
from fleet_planner.pipeline.telling.health import usd_per_exposure
from fleet_planner.transit_feed import read_feeds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_planner.buses.model import ServiceDay
    from fleet_planner.network import Network
    from fleet_planner.network.home_places import Places
    from fleet_planner.pipeline.buses.charging import ChargingYear
    from fleet_planner.pipeline.buses.energy import BusEnergy
    from fleet_planner.pipeline.buses.feasibility import BusFeasibility
    from fleet_planner.plan.models import Plan
    from fleet_planner.progress import Progress
    from fleet_planner.transit_feed import Feed

WEEKDAYS = {"weekday": range(5), "saturday": [5], "sunday": [6]}


@dataclass(frozen=True)
class Simulated:
    """Electric buses of a plan.

    Parameters
    ----------
    plan, base
        The plan and its folder.
    network
        The roads; nothing where the plan wants none.
    days
        A day of service by kind of day.
    energy
        What the movements of each day draw in each case of weather.
    feasibility
        The state of charge of every block, and what makes it feasible.
    files
        Files that were read, as the plan names them, by what they are.
    findings
        What was chosen, assumed and counted.
    route_emissions
        What routes emit today and what feasible blocks cut, ``tables/columns/route_emissions.csv``; no rows where it is
        not known.
    charging
        When buses charge, where the plan has ``[buses.charging]``.
    flooded
        Places that lie in a flood zone.
    breathed
        ``block_exposure`` and ``route_exposure``: what people breathe of the buses today; no rows where the plan does
        not follow the air.
    """

    plan: Plan
    base: Path
    network: Network | None
    days: dict[str, ServiceDay]
    energy: BusEnergy
    feasibility: BusFeasibility
    files: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    route_emissions: pl.DataFrame = field(default_factory=pl.DataFrame)
    charging: ChargingYear | None = None
    flooded: frozenset[str] = frozenset()
    breathed: Mapping[str, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class Served:
    """The timetable of a plan as days of buses.

    Parameters
    ----------
    network, days, files
        See `Simulated`.
    feeds
        The days of the feed by kind; none of a table of trips.
    """

    network: Network | None
    feeds: dict[str, Feed]
    days: dict[str, ServiceDay]
    files: tuple[tuple[str, str], ...]


def simulate(plan: Plan, base: Path, progress: Progress) -> Simulated:
    """Put the timetable of a plan into days of buses, with their energy and what routes emit today.

    Parameters
    ----------
    plan, base
        The plan and its folder.
    progress
        Told of the steps.

    Raises
    ------
    UserError
        The plan names no timetable, or a file is missing or wrong.
    """
    served = serve(plan, base, progress)
    emitted, told, files = _emitted(plan, base, served, progress)
    progress("energy of the movements", 0.8)
    energy = bus_energy(plan, base, served.network, served.days)
    progress("state of charge of the blocks", 0.9)
    feasibility = bus_feasibility(plan, base, served.network, served.days, energy)
    files = (*served.files, *files, *energy.files, *feasibility.files)
    findings = (*_findings(served.days), *told, *energy.findings, *feasibility.findings)
    charging = None
    if "charging" in plan.buses.model_fields_set:
        charging = charging_of(plan, base, feasibility.charging, hardest_stays(feasibility), progress)
        findings = (*findings, *charging.findings)
    breathed = _breathed(plan, emitted)
    emitted = by_route(emitted, feasibility.blocks)
    flooded: frozenset[str] = frozenset()
    if plan.buses.flood_zones:
        flooded, told = in_flood_zones(base / plan.buses.flood_zones, served.days)
        findings, files = (*findings, *told), (*files, ("flood zones", plan.buses.flood_zones))
    return Simulated(
        plan,
        base,
        served.network,
        served.days,
        energy,
        feasibility,
        files,
        findings,
        emitted,
        charging,
        flooded,
        breathed,
    )


def _breathed(plan: Plan, emitted: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return what people breathe of blocks and routes and, where the plan values it, the damage of a kilometre."""
    known = "pm_exhaust_exposure_people_ug_m3" in emitted.columns
    worth = usd_per_exposure(plan) if known else None
    usd = None if worth is None else worth.value
    parts = {"block_exposure": "block_id", "route_exposure": "route"}
    return {name: exposure_by(emitted, ("kind_of_day", of), usd) for name, of in parts.items()}


def serve(plan: Plan, base: Path, progress: Progress) -> Served:
    """Read what ``[buses]`` names and put it into days of buses; arguments and errors as of `simulate`."""
    section = plan.buses
    feed = _feed_of(plan)
    if not feed and not section.trips:
        remedy = "Name a GTFS feed in buses.gtfs or a table of trips in buses.trips."
        raise PlanError("the plan has no timetable for electric buses", remedy, column="buses")
    depots, named = _depots(plan, base)
    network, roads = None, None
    if section.on_roads:
        flat = load_network(plan.network, base, plan.city.country, progress)
        network = with_grade(flat, plan.network, base, progress).network
        roads = Roads.of(network)
    progress("reading the timetable", 0.3)
    feeds: dict[str, Feed] = {}
    if section.trips:
        timetables = read_trips(base / section.trips, section)
        named.append(("trips", section.trips))
    else:
        feeds = _feeds(plan, base, feed)
        timetables = {kind: of_feed(kind, own, section, roads) for kind, own in feeds.items()}
        named += [("timetable", feed)] if feed != "builtin" else []
    of_block = {}
    if section.depot_of_block:
        of_block = read_depot_of_block(base / section.depot_of_block, depot_places(depots, set()))
        named.append(("depots of blocks", section.depot_of_block))
    progress("chaining trips into blocks", 0.6)
    days = {k: service_day(t, section, depots, of_block, network, roads) for k, t in timetables.items()}
    return Served(network, feeds, days, tuple(named))


def _feed_of(plan: Plan) -> str:
    """Return the feed that the plan names; nothing where it names a table of trips or none."""
    return plan.buses.gtfs or ("" if plan.buses.trips else plan.activity.gtfs)


def _emitted(
    plan: Plan, base: Path, served: Served, progress: Progress
) -> tuple[pl.DataFrame, list[Finding], tuple[tuple[str, str], ...]]:
    """Return what routes emit today, what was found, and the files that were read."""
    if not (plan.buses.emissions and served.network is not None and served.feeds):
        return pl.DataFrame(), [], ()
    driven = plan.model_copy(update={"activity": plan.activity.model_copy(update={"gtfs": _feed_of(plan)})})
    emitted, told = route_emissions(driven, base, served.network, served.feeds, served.days, progress)
    return emitted, told, (("registry", plan.fleet.registry),) if emitted.height else ()


def _depots(plan: Plan, base: Path) -> tuple[Places | None, list[tuple[str, str]]]:
    """Return the depots that the plan names, and their file."""
    file, column = plan.buses.depots, plan.buses.depot_name
    if not file:
        file, column = plan.places.depots, plan.places.depot_name
    if not file:
        return None, []
    try:
        return read_places(base / file, "depot", column), [("depots", file)]
    except InputError as error:
        error.remedy = error.remedy.replace("places.", "buses.") if plan.buses.depots else error.remedy
        raise


def _feeds(plan: Plan, base: Path, feed: str) -> dict[str, Feed]:
    """Read the feed's representative day of each kind."""
    section = plan.buses
    given = section.gtfs_date
    try:
        day = date.fromisoformat(given) if given else None
    except ValueError as error:
        raise PlanError("not a date", "Write YYYY-MM-DD.", column="buses.gtfs_date", value=given) from error
    path = builtin_gtfs() if feed == "builtin" else base / feed
    return read_feeds(path, {kind: WEEKDAYS[kind] for kind in section.days}, day)


def _findings(days: dict[str, ServiceDay]) -> tuple[Finding, ...]:
    """Return what each day stands for, and what was found on the first day that has it."""
    out = [_day(day) for day in days.values()]
    seen: set[str] = set()
    for day in days.values():
        fresh = [f for f in day.findings if f.code not in seen]
        out += fresh
        seen |= {f.code for f in fresh}
    return tuple(out)


def _day(day: ServiceDay) -> Finding:
    empty = day.movements.filter(day.movements["kind"] != "trip")
    values: dict[str, str | int | float] = {
        "kind": day.kind,
        "date": str(day.day or "the table"),
        "trips": f"{day.movements.height - empty.height:,}",
        "blocks": f"{day.blocks.height:,}",
        "km": f"{day.movements['km'].sum():,.0f}",
        "empty": f"{empty['km'].sum():,.0f}",
    }
    return Finding("buses.day", "info", values)
