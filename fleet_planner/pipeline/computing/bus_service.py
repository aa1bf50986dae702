"""Registry and timetable side by side: how far urban buses drive, and where and how the timetable runs them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import shapely

from fleet_planner.activity import vkt_by_stream
from fleet_planner.activity.timetables.buses import BUS_STREAM, average_of
from fleet_planner.activity.timetables.paths import Roads
from fleet_planner.activity.timetables.transit import bus_km
from fleet_planner.errors import InputError
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.activity.days import DayType
    from fleet_planner.activity.timetables.transit import BusKm
    from fleet_planner.findings import Kind
    from fleet_planner.fleet import Fleet
    from fleet_planner.network.home_places import Places
    from fleet_planner.network.model import Network
    from fleet_planner.plan.models import ActivitySection, Plan
    from fleet_planner.transit_feed.gtfs import Feed

UNLIKELY = (0.5, 2.0)
"""Registry over timetable beyond these is warned of: one of the two is not of this city's buses."""


def buses_on_roads(
    network: Network, feeds: Mapping[str, Feed], plan: Plan, vehicles: pl.DataFrame, depots: Places | None
) -> dict[str, BusKm]:
    """Return the buses of each kind of day on the links; nothing without a timetable.

    Blocks begin and end at the depots that urban buses of the registry name, at all depots where none names one.
    """
    if not feeds:
        return {}
    roads = Roads.of(network)
    section_km = plan.traffic.speeds.corridor_km
    at = _bus_depots(vehicles, depots)
    return {kind: bus_km(network, feed, roads, section_km, at) for kind, feed in feeds.items()}


def _bus_depots(vehicles: pl.DataFrame, depots: Places | None) -> NDArray[np.float64]:
    """Return longitude and latitude of the depots of urban buses, shape (depots, 2)."""
    if depots is None:
        return np.zeros((0, 2))
    named = set(vehicles.filter(pl.col("stream") == BUS_STREAM)["depot"].to_list())
    own = [i for i, name in enumerate(depots.names) if name in named] or list(range(len(depots.names)))
    return np.asarray(shapely.get_coordinates(depots.geometry[own]))


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
    share = section.bus_deadhead_share
    revenue_km = average_of(buses, days, lambda bus: bus.revenue_km)
    empty_km = average_of(buses, days, lambda bus: bus.duties.empty_km(bus.revenue_km, share))
    inside_km = revenue_km + empty_km
    if registry_km <= 0.0 or inside_km <= 0.0:
        return fleet, []  # said when the buses are placed
    ratio = registry_km / inside_km
    values: dict[str, str | int | float] = {
        "revenue": f"{revenue_km:,.0f}",
        "empty": f"{empty_km:,.0f}",
        "inside": f"{inside_km:,.0f}",
        "registry": f"{registry_km:,.0f}",
        "ratio": f"{ratio:.2f}",
    }
    code = "activity.bus_km_timetable" if wins else "activity.bus_km_registry"
    likely = UNLIKELY[0] <= ratio <= UNLIKELY[1]
    findings = [Finding(code, "assumption" if likely else "warning", values), *_duties(fleet, buses, section, days)]
    if not wins:
        return fleet, findings
    scaled = pl.when(pl.col("stream") == BUS_STREAM).then(pl.col("km_per_year") / ratio).otherwise("km_per_year")
    return replace(fleet, vehicles=fleet.vehicles.with_columns(km_per_year=scaled)), findings


def _duties(
    fleet: Fleet, buses: Mapping[str, BusKm], section: ActivitySection, days: tuple[DayType, ...]
) -> list[Finding]:
    """Say where the ways without passengers are from, and how long buses stand at terminals."""
    first = next(iter(buses.values())).duties
    out = []
    if first.blocks:
        values: dict[str, str | int | float] = {
            "between": f"{average_of(buses, days, lambda bus: bus.duties.between_km):,.0f}",
            "depot": f"{average_of(buses, days, lambda bus: bus.duties.depot_km):,.0f}",
        }
        code = "activity.bus_blocks" if first.depots else "activity.bus_blocks_no_depots"
        kind: Kind = "info" if first.depots else "assumption"
        out.append(Finding(code, kind, values, first.blocks, first.covered_share))
    if first.covered_share < 1.0:
        percent = f"{100.0 * section.bus_deadhead_share:g}"
        out.append(Finding("activity.bus_deadhead", "assumption", {"empty": percent}, share=1.0 - first.covered_share))
    hours = average_of(buses, days, lambda bus: bus.duties.layover_h(section.bus_layover_share))
    count = float(fleet.vehicles.filter(pl.col("stream") == BUS_STREAM)["count"].sum())
    told: dict[str, str | int | float] = {
        "hours": f"{hours:,.1f}",
        "each": f"{hours / count:.2f}",
        "rest": f"{100.0 * section.bus_layover_share:g}",
    }
    code = "activity.bus_layover_blocks" if first.covered_share >= 1.0 else "activity.bus_layover"
    return [*out, Finding(code, "info" if first.covered_share >= 1.0 else "assumption", told)]


def bus_links(buses: Mapping[str, BusKm], link_id: NDArray[np.int64]) -> pl.DataFrame:
    """Return the timetable on the links, as ``tables/columns/bus_links.csv``; no rows without one."""
    return pl.concat([bus.table(kind, link_id) for kind, bus in buses.items()]) if buses else pl.DataFrame()


def bus_routes(buses: Mapping[str, BusKm]) -> pl.DataFrame:
    """Return the timetable by route, as ``tables/columns/bus_routes.csv``; no rows without one."""
    tables = [bus.routes.select(pl.lit(kind).alias("kind_of_day"), pl.all()) for kind, bus in buses.items()]
    return pl.concat(tables) if tables else pl.DataFrame()
