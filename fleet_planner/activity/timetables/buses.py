"""Put the urban buses where and when their timetable runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.days import AVERAGE, KINDS
from fleet_planner.activity.timetables.paths import REACH_M
from fleet_planner.activity.timetables.transit import FASTEST_KMH, BusKm
from fleet_planner.errors import InputError
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleet_planner.activity.days import DayType
    from fleet_planner.activity.spread import Spread
    from fleet_planner.findings import Kind
    from fleet_planner.transit_feed.gtfs import Feed

Float = NDArray[np.float64]
BUS_STREAM = "urban_bus"
LEAST_OUTSIDE = 1e-3
MUCH_UNMATCHED = 0.02
"""Of the km on the map: terminals and yards are that much; more is a warning."""
WORST = 3
"""Routes that are named."""


def place_buses(
    spread: Spread,
    streams: list[str],
    total_km: float,
    feeds: Mapping[str, Feed],
    days: tuple[DayType, ...],
    placed: Mapping[str, BusKm],
    deadhead_share: float,
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
    feeds
        Timetable by kind of day (`KINDS`), or of one day that stands for all (``average``); empty: none is given.
    days
        Types of day.
    placed
        Their buses on the links.
    deadhead_share
        Km without passengers over those of the timetable, where no blocks tell them.

    Raises
    ------
    InputError
        No bus of the timetable runs on a road of the network.
    """
    if BUS_STREAM not in streams:
        return spread, []
    if not feeds:
        return spread, [Finding("activity.buses_without_feed", "assumption")]
    km = np.concatenate([_of_day(day, placed, deadhead_share) for day in days], axis=1)
    if not km.any():
        raise InputError(
            "no bus of the timetable runs on a road of the network",
            "Check that the feed and the network are of the same city.",
            column="activity.gtfs",
        )
    return spread.placed(streams.index(BUS_STREAM), km), _findings(total_km, feeds, placed, days)


def kinds_of(day: DayType, placed: Mapping[str, BusKm]) -> list[tuple[float, BusKm]]:
    """Return the kinds of day that a type of day is made of, with their share of the average day."""
    if AVERAGE.name in placed:
        return [(day.share, placed[AVERAGE.name])]
    mixed = zip(KINDS, day.mix, strict=True)
    return [(day.share * part, placed[kind]) for kind, part in mixed if kind in placed and part > 0.0]


def _of_day(day: DayType, placed: Mapping[str, BusKm], deadhead_share: float) -> Float:
    """Return a type of day's part of the average day, shape (links, 24)."""
    out = np.zeros(next(iter(placed.values())).km.shape)
    for share, bus in kinds_of(day, placed):
        out += share * bus.all_km(deadhead_share)
    return out


def _findings(
    total_km: float, feeds: Mapping[str, Feed], placed: Mapping[str, BusKm], days: tuple[DayType, ...]
) -> list[Finding]:
    scheduled = average_scheduled(placed, days)
    values: dict[str, str | int | float] = {
        "trips": ", ".join(str(feed.trips.height) for feed in feeds.values()),
        "date": ", ".join(str(feed.day) for feed in feeds.values()),
        "km": ", ".join(f"{bus.scheduled_km:,.0f}" for bus in placed.values()),
        "ratio": f"{total_km / scheduled:.2f}",
    }
    out = [*_of_feeds(feeds), Finding("activity.buses_on_feed", "assumption", values)]
    wanted = [k for i, k in enumerate(KINDS) if any(d.mix[i] > 0.0 for d in days)]
    if AVERAGE.name not in feeds and (idle := [k for k in wanted if k not in feeds]):
        out.append(Finding("activity.no_service", "info", {"days": ", ".join(idle)}))
    return [*out, *_matching(placed)]


def _of_feeds(feeds: Mapping[str, Feed]) -> list[Finding]:
    """Return what was found in the first day of the feed, and what only later ones have."""
    out: dict[str, Finding] = {}
    for feed in feeds.values():
        for finding in feed.findings:
            out.setdefault(finding.code, finding)
    return list(out.values())


def _matching(placed: Mapping[str, BusKm]) -> list[Finding]:
    """Tell how much of the timetable follows roads, and name the routes that do so least."""
    first = next(iter(placed.values()))
    whole = sum(bus.scheduled_km for bus in placed.values())
    outside, unmatched = (
        sum(getattr(bus, name) * bus.scheduled_km for bus in placed.values()) / whole
        for name in ("outside_share", "unmatched_share")
    )
    out = []
    inside = first.routes.filter(pl.col("matched_share").is_not_null())
    if inside.height:
        on = (pl.col("timetable_km") - pl.col("outside_km")) * pl.col("matched_share")
        own_km, road_km = inside.select(on.sum(), (on * pl.col("road_over_line")).sum().alias("road")).row(0)
        worst = inside.head(WORST).select("route", "matched_share").iter_rows()
        values: dict[str, str | int | float] = {
            "ratio": f"{road_km / own_km if own_km > 0.0 else 1.0:.3f}",
            "routed": int(first.routes["routed_trips"].sum()),
            "worst": ", ".join(f"{route} ({100.0 * share:.0f} %)" for route, share in worst),
        }
        out.append(Finding("activity.bus_matched", "info", values, share=1.0 - unmatched / max(1.0 - outside, 1e-9)))
    if outside > LEAST_OUTSIDE:
        out.append(Finding("activity.bus_outside", "info", {}, share=outside))
    if unmatched > 0.0:
        kind: Kind = "warning" if unmatched > MUCH_UNMATCHED * (1.0 - outside) else "info"
        out.append(Finding("activity.bus_unmatched", kind, {"tolerance": f"{REACH_M:g}"}, share=unmatched))
    count, trip = first.too_fast
    if count:
        out.append(Finding("activity.bus_too_fast", "warning", {"limit": f"{FASTEST_KMH:g}", "trip": trip}, count))
    pairs, block = first.duties.impossible
    if pairs:
        out.append(Finding("activity.bus_block_broken", "warning", {"block": block}, pairs))
    return out


def average_scheduled(placed: Mapping[str, BusKm], days: tuple[DayType, ...]) -> float:
    """Return the timetable's km on the average day."""
    return average_of(placed, days, lambda bus: bus.scheduled_km)


def average_of(placed: Mapping[str, BusKm], days: tuple[DayType, ...], figure: Callable[[BusKm], float]) -> float:
    """Return a figure of the kinds of day as that of the average day."""
    return sum(share * figure(bus) for day in days for share, bus in kinds_of(day, placed))
