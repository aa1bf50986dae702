"""Registry and timetable side by side: how far urban buses drive, and where and how the timetable runs them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.activity import vkt_by_stream
from fleet_planner.activity.timetables.buses import BUS_STREAM, average_scheduled
from fleet_planner.activity.timetables.paths import Roads
from fleet_planner.activity.timetables.transit import bus_km
from fleet_planner.errors import InputError
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from fleet_planner.activity.days import DayType
    from fleet_planner.activity.timetables.transit import BusKm
    from fleet_planner.fleet import Fleet
    from fleet_planner.network.model import Network
    from fleet_planner.plan.models import ActivitySection, Plan
    from fleet_planner.transit_feed.gtfs import Feed

UNLIKELY = (0.5, 2.0)
"""Registry over timetable beyond these is warned of: one of the two is not of this city's buses."""


def buses_on_roads(network: Network, feeds: Mapping[str, Feed], plan: Plan) -> dict[str, BusKm]:
    """Return the buses of each kind of day on the links; nothing without a timetable."""
    if not feeds:
        return {}
    roads = Roads.of(network)
    section_km = plan.traffic.speeds.corridor_km
    return {kind: bus_km(network, feed, roads, section_km) for kind, feed in feeds.items()}


def with_bus_km(
    fleet: Fleet, buses: Mapping[str, BusKm], section: ActivitySection, days: tuple[DayType, ...]
) -> tuple[Fleet, list[Finding]]:
    """Set the km of the registry's urban buses against those of the timetable, and let the plan say which wins.

    Parameters
    ----------
    fleet
        As read; where ``section.bus_km`` is ``timetable`` the km of its urban buses are scaled.
    buses
        The timetable on the links by kind of day; empty: none is given.
    section
        ``bus_km`` and ``bus_deadhead_share``.
    days
        Types of day.

    Raises
    ------
    InputError
        The timetable shall win, and the registry has no urban bus that drives.
    """
    if not buses:
        return fleet, []
    registry_km = vkt_by_stream(fleet.vehicles).get(BUS_STREAM, 0.0)
    wins = section.bus_km == "timetable"
    if registry_km <= 0.0 and wins:
        raise InputError(
            "the registry has no urban bus that could drive the timetable's km",
            f"Add vehicles of the stream {BUS_STREAM}, or set activity.bus_km to registry.",
            column="activity.bus_km",
        )
    revenue_km = average_scheduled(buses, days, inside=True)
    inside_km = revenue_km * (1.0 + section.bus_deadhead_share)
    if registry_km <= 0.0 or inside_km <= 0.0:
        return fleet, []  # said when the buses are placed
    ratio = registry_km / inside_km
    values: dict[str, str | int | float] = {
        "revenue": f"{revenue_km:,.0f}",
        "empty": f"{100.0 * section.bus_deadhead_share:g}",
        "inside": f"{inside_km:,.0f}",
        "registry": f"{registry_km:,.0f}",
        "ratio": f"{ratio:.2f}",
    }
    code = "activity.bus_km_timetable" if wins else "activity.bus_km_registry"
    likely = UNLIKELY[0] <= ratio <= UNLIKELY[1]
    findings = [Finding(code, "assumption" if likely else "warning", values)]
    if not wins:
        return fleet, findings
    scaled = pl.when(pl.col("stream") == BUS_STREAM).then(pl.col("km_per_year") / ratio).otherwise("km_per_year")
    return replace(fleet, vehicles=fleet.vehicles.with_columns(km_per_year=scaled)), findings


def bus_links(buses: Mapping[str, BusKm], link_id: NDArray[np.int64]) -> pl.DataFrame:
    """Return the timetable on the links, as ``tables/columns/bus_links.csv``; no rows without one."""
    return pl.concat([bus.table(kind, link_id) for kind, bus in buses.items()]) if buses else pl.DataFrame()


def bus_routes(buses: Mapping[str, BusKm]) -> pl.DataFrame:
    """Return the timetable by route, as ``tables/columns/bus_routes.csv``; no rows without one."""
    tables = [bus.routes.select(pl.lit(kind).alias("kind_of_day"), pl.all()) for kind, bus in buses.items()]
    return pl.concat(tables) if tables else pl.DataFrame()
