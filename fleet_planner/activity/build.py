"""Spread the fleet's vehicle-km over links and hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.model import Activity
from fleet_planner.activity.places import middle_points
from fleet_planner.activity.profiles import (
    FALLBACK_CLASS,
    StreamProfile,
    class_groups,
    driving_modes,
    hourly_speeds,
    stream_profile,
)
from fleet_planner.activity.transit import REACH_M, bus_km
from fleet_planner.errors import InputError, PlanError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.kernels.allocation import allocate
from fleet_planner.progress import Progress, silent
from fleet_planner.reference import reference_table
from fleet_planner.units import DAYS_PER_YEAR, HOURS_PER_DAY

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.network.model import Network
    from fleet_planner.plan.models import AccessRule, ActivitySection
    from fleet_planner.transit_feed.gtfs import Feed

Float = NDArray[np.float64]
BUS_STREAM = "urban_bus"
LEAST_OUTSIDE = 1e-3


def vkt_by_stream(vehicles: pl.DataFrame) -> dict[str, float]:
    """Return the vehicle-km per average day inside the city of each stream, sorted by name.

    Sums are formed by numpy in the order of the rows: a parallel group-by adds in an order that changes
    from run to run, and results must repeat bit for bit.
    """
    km = pl.col("km_per_year") * pl.col("share_inside") * pl.col("count") / DAYS_PER_YEAR
    rows = vehicles.select("stream", km=km)
    parts = rows.partition_by("stream", as_dict=True, maintain_order=True)
    return {str(stream): float(np.sum(part["km"].to_numpy())) for (stream,), part in sorted(parts.items())}


def build_activity(
    network: Network,
    vehicles: pl.DataFrame,
    section: ActivitySection,
    base: Path,
    feed: Feed | None = None,
    progress: Progress = silent,
) -> Activity:
    """Spread each stream's vehicle-km in proportion to length x lanes x intensity x hourly share.

    Sums of a stream over links and hours equal `vkt_by_stream`. Access rules close link-hours; what a
    stream would have driven there moves to the link-hours that stay open, in proportion.

    Raises
    ------
    InputError
        A stream has no open link-hour, or a polygon of a rule cannot be read.
    PlanError
        An access rule names a stream or road class that is not known.
    """
    progress("spreading traffic over links and hours", 0.35)
    links = network.links
    totals = vkt_by_stream(vehicles)
    profiles = [stream_profile(s) for s in totals]
    group = class_groups(links["road_class"])
    weight = np.array([_link_weight(links, p) for p in profiles])
    hourly = np.array([np.tile(p.hourly, (3, 1)) for p in profiles])
    closed, findings = _closed(network, profiles, section.access, base)
    total_km = np.array(list(totals.values()))
    vkt = allocate(total_km, weight, hourly, group, closed)
    findings += _place_buses(network, feed, list(totals), total_km, closed, vkt)
    for s, name in enumerate(totals):
        if total_km[s] > 0.0 and not vkt[s].any():
            raise InputError(
                f"stream {name} has nowhere to drive",
                "Its access rules, or roads barred to heavy vehicles, close every road at every hour.",
                column="activity.access",
            )
    findings += _assumed(profiles, totals)
    return Activity(
        tuple(totals),
        vkt,
        hourly_speeds(links["free_flow_kmh"].to_numpy().astype(np.float64), group),
        driving_modes(links, section.peak_hours),
        tuple(findings),
    )


def _link_weight(links: pl.DataFrame, profile: StreamProfile) -> Float:
    """Return length x lanes x relative traffic of the class; zero off the main network and where barred."""
    fallback = profile.intensity[FALLBACK_CLASS]
    relative = links["road_class"].replace_strict(profile.intensity, default=fallback, return_dtype=pl.Float64)
    weight = links["length_km"] * links["lanes"] * relative * links["in_main"].cast(pl.Float64)
    if profile.heavy:
        weight = weight * links["hgv_allowed"].cast(pl.Float64)
    return weight.to_numpy().astype(np.float64)


def _closed(
    network: Network, profiles: list[StreamProfile], rules: list[AccessRule], base: Path
) -> tuple[NDArray[np.bool_], list[Finding]]:
    if not rules:
        return np.zeros((len(profiles), 0, 0), dtype=np.bool_), []
    links = network.links
    closed = np.zeros((len(profiles), links.height, HOURS_PER_DAY), dtype=np.bool_)
    findings = []
    streams = {p.stream for p in profiles} | {p.stream.removeprefix("visiting_") for p in profiles}
    for rule in rules:
        _check_words(rule, streams, set(links["road_class"].unique()))
        if idle := sorted(set(rule.streams) - streams):
            findings.append(Finding("activity.access_idle", "warning", {"streams": ", ".join(idle)}))
        if not (held := sorted(set(rule.streams) & streams)):
            continue
        where = np.ones(links.height, dtype=np.bool_)
        if rule.road_classes:
            where &= links["road_class"].is_in(rule.road_classes).to_numpy()
        if rule.area:
            where &= _inside(network, base / rule.area)
        hours = np.zeros(HOURS_PER_DAY, dtype=np.bool_)
        hours[rule.hours] = True
        for s, profile in enumerate(profiles):
            if profile.stream.removeprefix("visiting_") in rule.streams or profile.stream in rule.streams:
                closed[s] |= where[:, None] & hours[None, :]
        values: dict[str, str | int | float] = {"streams": ", ".join(held), "hours": int(hours.sum())}
        findings.append(Finding("activity.access", "info", values, int(where.sum())))
    return closed, findings


def _check_words(rule: AccessRule, streams: set[str], road_classes: set[str]) -> None:
    """Refuse a stream or road class that nothing is called: the rule would do less than it says."""
    known = {
        "streams": streams | set(reference_table("streams.csv")["stream"].to_list()),
        "road_classes": road_classes | set(reference_table("road_class_defaults.csv")["road_class"].to_list()),
    }
    for key, words in (("streams", rule.streams), ("road_classes", rule.road_classes)):
        for word in words:
            if word not in known[key]:
                raise PlanError(
                    f"an access rule has an unknown word under {key}",
                    use_one_of(word, known[key]),
                    column=f"activity.access.{key}",
                    value=word,
                )


def _inside(network: Network, path: Path) -> NDArray[np.bool_]:
    """Return which links have their middle point inside a polygon file."""
    import pyogrio
    import shapely

    if not path.is_file():
        raise InputError("there is no such polygon file", "Check activity.access.area in the plan.", file=path)
    try:
        area = pyogrio.read_dataframe(path).to_crs(4326).union_all()
    except (pyogrio.errors.DataSourceError, ValueError) as error:
        raise InputError(f"the polygons cannot be read: {error}", "Use GeoJSON or GeoPackage.", file=path) from error
    if area.area == 0.0:
        raise InputError("the file holds no polygon", "Draw the area as a polygon.", file=path)
    middle = middle_points(network.coordinates, network.offsets)
    return np.asarray(shapely.contains_xy(area, middle[:, 0], middle[:, 1]))


def _place_buses(
    network: Network,
    feed: Feed | None,
    streams: list[str],
    total_km: Float,
    closed: NDArray[np.bool_],
    vkt: Float,
) -> list[Finding]:
    """Put the urban buses on the timetable's shapes; ``vkt`` is changed in place."""
    if BUS_STREAM not in streams:
        return []
    if feed is None:
        return [Finding("activity.buses_without_feed", "assumption")]
    s = streams.index(BUS_STREAM)
    placed = bus_km(network, feed)
    km, scheduled = placed.km, placed.scheduled_km
    open_km = np.where(closed[s], 0.0, km) if closed.shape[1] else km
    if km.any() and not open_km.any():
        raise InputError(
            "the access rules close every road of the buses' timetable",
            "Loosen activity.access.",
            column="activity.access",
        )
    km = open_km
    if not km.any():
        raise InputError(
            "no bus of the timetable runs on a road of the network",
            "Check that the feed and the network are of the same city.",
            column="activity.gtfs",
        )
    vkt[s] = km * (total_km[s] / km.sum())
    values: dict[str, str | int | float] = {
        "trips": feed.trips.height,
        "date": str(feed.day),
        "km": f"{scheduled:,.0f}",
        "ratio": f"{total_km[s] / scheduled:.2f}",
    }
    out = [*feed.findings, Finding("activity.buses_on_feed", "assumption", values)]
    if placed.outside_share > LEAST_OUTSIDE:
        out.append(Finding("activity.bus_outside", "info", {}, share=placed.outside_share))
    if placed.unmatched_share > 0.0:
        share = placed.unmatched_share
        out.append(Finding("activity.bus_unmatched", "warning", {"tolerance": f"{REACH_M:g}"}, share=share))
    return out


def _assumed(profiles: list[StreamProfile], totals: dict[str, float]) -> list[Finding]:
    everything = sum(totals.values()) or 1.0
    spread = {s: km for s, km in totals.items() if s != BUS_STREAM}
    out = [
        Finding("activity.shares", "assumption", {}, len(spread), sum(spread.values()) / everything),
        Finding("activity.speeds", "assumption"),
    ]
    for profile in profiles:
        if profile.base:
            share = totals[profile.stream] / everything
            values = {"stream": profile.stream, "used": profile.base}
            out.append(Finding("activity.unknown_stream", "assumption", values, share=share))
    return out
