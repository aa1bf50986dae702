"""Put the urban buses where and when their timetable runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.activity.days import AVERAGE, KINDS
from fleet_planner.activity.timetables.transit import REACH_M, BusKm, bus_km
from fleet_planner.errors import InputError
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.activity.days import DayType
    from fleet_planner.activity.spread import Spread
    from fleet_planner.network.model import Network
    from fleet_planner.transit_feed.gtfs import Feed

Float = NDArray[np.float64]
BUS_STREAM = "urban_bus"
LEAST_OUTSIDE = 1e-3


def place_buses(
    spread: Spread,
    streams: list[str],
    total_km: float,
    network: Network,
    feeds: Mapping[str, Feed],
    days: tuple[DayType, ...],
    placed: Mapping[str, BusKm] | None = None,
) -> tuple[Spread, list[Finding]]:
    """Spread the urban buses like their timetable.

    Parameters
    ----------
    spread
        Of all streams.
    streams
        Their names.
    total_km
        Vehicle-km of the urban buses on the average day.
    network
        The roads.
    feeds
        Timetable by kind of day (`KINDS`), or of the one average day; empty: none is given.
    days
        Types of day.
    placed
        Their buses on the links, where that is done already.

    Raises
    ------
    InputError
        No bus of the timetable runs on a road of the network.
    """
    if BUS_STREAM not in streams:
        return spread, []
    if not feeds:
        return spread, [Finding("activity.buses_without_feed", "assumption")]
    placed = placed or {kind: bus_km(network, feed) for kind, feed in feeds.items()}
    km = np.concatenate([_of_day(day, placed) for day in days], axis=1)
    if not km.any():
        raise InputError(
            "no bus of the timetable runs on a road of the network",
            "Check that the feed and the network are of the same city.",
            column="activity.gtfs",
        )
    return spread.placed(streams.index(BUS_STREAM), km), _findings(total_km, feeds, placed, days)


def _of_day(day: DayType, placed: Mapping[str, BusKm]) -> Float:
    """Return a type of day's part of the average day, shape (links, 24)."""
    if day.name == AVERAGE.name:
        return day.share * next(iter(placed.values())).km
    shape = next(iter(placed.values())).km.shape
    out = np.zeros(shape)
    for kind, part in zip(KINDS, day.mix, strict=True):
        if kind in placed and part > 0.0:
            out += day.share * part * placed[kind].km
    return out


def _findings(
    total_km: float, feeds: Mapping[str, Feed], placed: Mapping[str, BusKm], days: tuple[DayType, ...]
) -> list[Finding]:
    first = next(iter(feeds.values()))
    scheduled = average_scheduled(placed, days)
    values: dict[str, str | int | float] = {
        "trips": ", ".join(str(feed.trips.height) for feed in feeds.values()),
        "date": ", ".join(str(feed.day) for feed in feeds.values()),
        "km": ", ".join(f"{bus.scheduled_km:,.0f}" for bus in placed.values()),
        "ratio": f"{total_km / scheduled:.2f}",
    }
    out = [*first.findings, Finding("activity.buses_on_feed", "assumption", values)]
    wanted = [k for i, k in enumerate(KINDS) if any(d.mix[i] > 0.0 for d in days)]
    if days[0].name != AVERAGE.name and (idle := [k for k in wanted if k not in feeds]):
        out.append(Finding("activity.no_service", "info", {"days": ", ".join(idle)}))
    whole = sum(bus.scheduled_km for bus in placed.values())
    outside, unmatched = (
        sum(getattr(bus, name) * bus.scheduled_km for bus in placed.values()) / whole
        for name in ("outside_share", "unmatched_share")
    )
    if outside > LEAST_OUTSIDE:
        out.append(Finding("activity.bus_outside", "info", {}, share=outside))
    if unmatched > 0.0:
        out.append(Finding("activity.bus_unmatched", "warning", {"tolerance": f"{REACH_M:g}"}, share=unmatched))
    return out


def average_scheduled(placed: Mapping[str, BusKm], days: tuple[DayType, ...], *, inside: bool = False) -> float:
    """Return the timetable's km on the average day; with ``inside`` those on the network's area alone."""
    km = {kind: bus.scheduled_km * (1.0 - bus.outside_share if inside else 1.0) for kind, bus in placed.items()}
    if days[0].name == AVERAGE.name:
        return next(iter(km.values()))
    return sum(
        day.share * part * km[kind] for day in days for kind, part in zip(KINDS, day.mix, strict=True) if kind in placed
    )
