"""Place the buses of a timetable on the links: trip by trip, hour by hour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.timetables.duties import Duties, duties
from fleet_planner.activity.timetables.paths import Paths, Roads, follow_lines
from fleet_planner.kernels import matching
from fleet_planner.units import M_PER_KM, S_PER_H

if TYPE_CHECKING:
    from fleet_planner.network.model import Network
    from fleet_planner.transit_feed.gtfs import Feed

Float = NDArray[np.float64]
Int = NDArray[np.int64]
SECTION_KM = 0.5
LONGEST_CALL_S = 300.0
FASTEST_KMH = 110.0
"""A timetable that is faster over a section is wrong: that section tells no speed."""


@dataclass(frozen=True)
class BusKm:
    """Buses on the links.

    Parameters
    ----------
    km
        Shape (links, 24), vehicle-km of the service day, with passengers.
    scheduled_km
        All km of the timetable.
    outside_share
        Share of them beyond the network's convex hull.
    unmatched_share
        Share of them inside it without a link.
    timed_km, seconds
        Shape (links, 24): km whose time the timetable tells, and that time, with that at stops.
    stops
        Shape (links, 24): stops.
    routes
        By route: ``tables/columns/bus_routes.csv`` without the kind of day.
    duties
        Ways without passengers and rests, as far as blocks tell them.
    too_fast
        Trips with a section faster than `FASTEST_KMH`, and the first of them.
    route_links
        Km of the day by route and link: ``route, link`` (index), ``km``.
    """

    km: Float
    scheduled_km: float
    outside_share: float
    unmatched_share: float
    timed_km: Float
    seconds: Float
    stops: Float
    routes: pl.DataFrame
    duties: Duties
    too_fast: tuple[int, str] = (0, "")
    route_links: pl.DataFrame = field(default_factory=pl.DataFrame)

    @property
    def revenue_km(self) -> float:
        """The timetable's km in the network's area."""
        return self.scheduled_km * (1.0 - self.outside_share)

    def all_km(self, deadhead_share: float) -> Float:
        """Return vehicle-km with and without passengers by link and hour, shape (links, 24).

        Ways that blocks tell lie where they are driven; what `Duties.empty_km` adds to them lies where the trips are.
        """
        placed = self.duties.between_km + self.duties.depot_km
        rest = self.duties.empty_km(self.revenue_km, deadhead_share) - placed
        more = rest / self.revenue_km if self.revenue_km > 0.0 else 0.0
        return np.asarray(self.km * (1.0 + more) + self.duties.km)

    def table(self, kind: str, link_id: Int) -> pl.DataFrame:
        """Return the columns of ``tables/columns/bus_links.csv``, a row per link and hour that a bus passes in."""
        link, hour = np.nonzero(self.km + self.duties.km)
        own = (link, hour)
        km = self.km[own]
        known = self.seconds[own] > 0.0
        speed = np.divide(self.timed_km[own], self.seconds[own], out=np.full(link.size, np.nan), where=known) * S_PER_H
        stops = np.divide(self.stops[own], km, out=np.full(link.size, np.nan), where=km > 0.0)
        return pl.DataFrame(
            {
                "kind_of_day": pl.Series([kind] * link.size, dtype=pl.String),
                "link_id": link_id[link],
                "hour": hour,
                "bus_km": km,
                "empty_km": self.duties.km[own],
                "speed_kmh": pl.Series(speed).fill_nan(None),
                "stops_per_km": pl.Series(stops).fill_nan(None),
            }
        )


def bus_km(
    network: Network,
    feed: Feed,
    roads: Roads | None = None,
    section_km: float = SECTION_KM,
    depots: Float | None = None,
) -> BusKm:
    """Return the km, speed and stops of buses by link and hour.

    Each shape is matched to a connected path of roads, trips without one take the quickest way between their stops
    (`follow_lines`); each piece of road falls, trip by trip, into the hour in which the bus passes it.

    Parameters
    ----------
    network, feed
        The roads and a day of the timetable.
    roads
        The roads ready to be searched, where that is done already.
    section_km
        Speeds are those of runs of stops this long or longer.
    depots
        Longitude and latitude of the depots that blocks begin and end at, shape (depots, 2).
    """
    roads = roads or Roads.of(network)
    paths = follow_lines(roads, feed.coordinates, feed.offsets, feed.along_m, feed.stops_only)
    timing = (feed.timing_m, feed.timing_arrival_s, feed.timing_departure_s, feed.timing_offsets)
    pace = matching.section_paces(*timing, max(section_km, 0.0) * M_PER_KM, LONGEST_CALL_S)
    too_fast = pace * FASTEST_KMH * M_PER_KM < S_PER_H
    slow = np.where(too_fast, -1.0, pace)
    trips = feed.trips
    shape, own_timing = trips["shape"].to_numpy(), trips["timing"].to_numpy()
    start_s = trips["start_s"].to_numpy().astype(np.float64)
    km, timed_km, seconds, stops = matching.service_by_hour(
        network.links.height,
        *(paths.link, paths.middle_m, paths.span_m, paths.km, paths.first),
        *(shape, own_timing, start_s),
        *timing,
        slow,
    )
    of_line = _line_km(feed, paths)
    scheduled = float(of_line["line_km"][shape].sum())
    whole = scheduled or 1.0
    return BusKm(
        km,
        scheduled,
        float(of_line["outside_km"][shape].sum()) / whole,
        float(of_line["off_km"][shape].sum()) / whole,
        timed_km,
        seconds,
        stops,
        _routes(feed, of_line),
        duties(
            network,
            roads,
            trips.with_columns(distance_km=of_line["line_km"][shape]),
            np.zeros((0, 2)) if depots is None else depots,
        ),
        _too_fast(feed, too_fast & (pace > 0.0)),
        _route_links(feed, paths),
    )


def _line_km(feed: Feed, paths: Paths) -> dict[str, Float]:
    """Return the km of each line: all, on roads by the line and by the road, off roads, beyond the area.

    Lines of stops alone have no length of their own: that of the road stands for it.
    """
    on = paths.link >= 0
    road = paths.line_km(on)
    own = np.where(feed.stops_only, road, paths.line_span_m(on) / M_PER_KM)
    outside = paths.line_km(paths.outside)
    off = paths.line_km(~on & ~paths.outside)
    return {"line_km": own + outside + off, "own_km": own, "road_km": road, "off_km": off, "outside_km": outside}


def _routes(feed: Feed, of_line: dict[str, Float]) -> pl.DataFrame:
    """Return by route how many km its trips make and how many of them follow roads, the worst first."""
    shape = feed.trips["shape"].to_numpy()
    first, last = feed.timing_offsets[:-1], feed.timing_offsets[1:] - 1
    timing = feed.trips["timing"].to_numpy()
    rows = feed.trips.select("route").with_columns(
        *(pl.Series(name, values[shape]) for name, values in of_line.items()),
        routed=pl.Series(feed.stops_only[shape]),
        stops=pl.Series((last - first + 1)[timing]),
        hours=pl.Series((feed.timing_arrival_s[last] - feed.timing_departure_s[first])[timing] / S_PER_H),
    )
    table = rows.group_by("route", maintain_order=True).agg(
        pl.len().alias("trips"), pl.col("routed").sum().alias("routed_trips"), pl.col(*of_line, "stops", "hours").sum()
    )
    inside = pl.col("line_km") - pl.col("outside_km")
    return table.select(
        "route",
        "trips",
        "routed_trips",
        timetable_km="line_km",
        outside_km="outside_km",
        off_road_km="off_km",
        matched_share=pl.when(inside > 0.0).then(pl.col("own_km") / inside),
        road_over_line=pl.when(pl.col("own_km") > 0.0).then(pl.col("road_km") / pl.col("own_km")),
        speed_kmh=pl.when(pl.col("hours") > 0.0).then(pl.col("line_km") / pl.col("hours")),
        stops_per_km=pl.when(pl.col("line_km") > 0.0).then(pl.col("stops") / pl.col("line_km")),
    ).sort("matched_share", "route", nulls_last=True)


def _route_links(feed: Feed, paths: Paths) -> pl.DataFrame:
    """Return the km of a day by route and link: ``route, link`` (index), ``km``; sorted."""
    line = np.repeat(np.arange(paths.first.size - 1), np.diff(paths.first))
    pieces = pl.DataFrame({"shape": line, "link": paths.link, "km": paths.km}).filter(pl.col("link") >= 0)
    runs = feed.trips.group_by("route", pl.col("shape").cast(pl.Int64)).len()
    joined = pieces.with_columns(pl.col("shape").cast(pl.Int64)).join(runs, on="shape")
    summed = joined.group_by("route", "link").agg((pl.col("km") * pl.col("len")).sum())
    return summed.sort("route", "link")


def _too_fast(feed: Feed, stops: NDArray[np.bool_]) -> tuple[int, str]:
    """Return how many trips have a section that is too fast, and the first of them."""
    of_timing = np.add.reduceat(stops, feed.timing_offsets[:-1]) > 0 if stops.size else np.zeros(0, dtype=np.bool_)
    wrong = feed.trips.filter(pl.Series(of_timing[feed.trips["timing"].to_numpy()]))
    return wrong.height, str(wrong["trip_id"][0]) if wrong.height else ""
