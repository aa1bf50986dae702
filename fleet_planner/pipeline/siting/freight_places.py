"""Where vans and trucks stop, spend the night and charge on the way: freight sites, zones and corridors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import shapely

from fleet_planner.activity.build import build_activity
from fleet_planner.activity.profiles import base_stream
from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.findings import Finding
from fleet_planner.network.zones import demand_zones, read_zone_layer
from fleet_planner.pipeline.computing.traffic import assigned_traffic
from fleet_planner.reference import reference_table
from fleet_planner.units import EARTH_RADIUS_M, M_PER_KM

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.network import Network
    from fleet_planner.pipeline.computing.places import HomePlaces
    from fleet_planner.plan.models import Plan

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]

STOPS = "charging_stops"
STOPS_BY = {
    "freight": "chargers.stops_by_freight",
    "jobs": "chargers.stops_by_jobs",
    "population": "chargers.stops_by_population",
}
MAIN = ("motorway", "trunk", "primary", "secondary")


@dataclass(frozen=True)
class Spread:
    """Places that a quantity is dealt to.

    Parameters
    ----------
    names, zones
        Of each place; the zone that it counts to.
    lonlat
        EPSG:4326, shape (N, 2).
    share
        Shape (N,), sums to 1; empty: there are no places.
    """

    names: tuple[str, ...]
    zones: tuple[str, ...]
    lonlat: Float
    share: Float

    @classmethod
    def of(cls, names: list[str], lonlat: Float, weight: Float, zones: list[str] | None = None) -> Spread:
        """Return places with weights; those without weight are left out."""
        kept = np.flatnonzero(weight > 0.0)
        labels = names if zones is None else zones
        return cls(
            tuple(names[k] for k in kept), tuple(labels[k] for k in kept), lonlat[kept],
            weight[kept] / max(float(weight[kept].sum()), 1e-300),
        )  # fmt: skip

    @classmethod
    def none(cls) -> Spread:
        """Return no places."""
        return cls((), (), np.zeros((0, 2)), np.zeros(0))

    def gathered(self, most: int) -> Spread:
        """Return the places of the largest shares, each with the shares of those that it is nearest to."""
        if len(self.names) <= most:
            return self
        kept = np.sort(np.argsort(-self.share, kind="stable")[:most])
        left = Spread(
            tuple(self.names[k] for k in kept), tuple(self.zones[k] for k in kept), self.lonlat[kept], self.share[kept]
        )
        share = np.bincount(left.nearest(self.lonlat), weights=self.share, minlength=most).astype(np.float64)
        return Spread(left.names, left.zones, left.lonlat, share)

    def nearest(self, lonlat: Float) -> Int:
        """Return the nearest place to each point, shape (points,); there must be a place."""
        own, other = _sphere(self.lonlat), _sphere(lonlat)
        return np.asarray(np.argmax(other @ own.T, axis=1), dtype=np.int64)


@dataclass(frozen=True)
class FreightPlaces:
    """Where vans and trucks stop, spend the night and charge on the way.

    ``people`` are the homes of vehicles that no depot or zone is known of; ``findings`` say what stands in.
    """

    stops: Spread
    people: Spread
    corridors: Spread
    findings: tuple[Finding, ...]


def freight_places(
    plan: Plan, base: Path, network: Network, homes: HomePlaces, vehicles: pl.DataFrame
) -> FreightPlaces:
    """Return the places of a plan at which its vans and trucks stand and stop.

    Parameters
    ----------
    plan, base
        The plan and its folder.
    network
        Roads.
    homes
        Zones and depots of the plan.
    vehicles
        Of the base year, whose traffic makes the corridors.

    Raises
    ------
    InputError
        The table of stops or the zones are wrong.
    """
    section, findings = plan.chargers.day, []
    stops, people = Spread.none(), Spread.none()
    layer = read_zone_layer(plan.network.zones, base) if plan.network.zones else None
    if layer is not None:
        zones = demand_zones(layer, plan.traffic.assignment, plan.network.zones)
        points = shapely.point_on_surface(zones.geometry)
        lonlat = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
        names = [f"zone {z}" for z in zones.ids]
        people = Spread.of(names, lonlat, zones.population)
        size = zones.freight if zones.freight is not None else zones.jobs
        stops = people if size is None else Spread.of(names, lonlat, size)
        what = "freight" if zones.freight is not None else "jobs" if zones.jobs is not None else "population"
        if not section.stops:
            findings.append(Finding(STOPS_BY[what], "assumption", {}, stops.share.size))
    elif homes.zones is not None:
        points = shapely.point_on_surface(homes.zones.geometry)
        lonlat = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
        people = stops = Spread.of(list(homes.zones.names), lonlat, np.ones(len(points)))
        if not section.stops:
            findings.append(Finding("chargers.stops_even", "assumption", {}, stops.share.size))
    if len(people.names) > section.places:
        findings.append(Finding("chargers.zones_gathered", "assumption", {"places": section.places}, len(people.names)))
    stops, people = stops.gathered(section.places), people.gathered(section.places)
    if section.stops:
        stops = read_stops(base / section.stops)
    corridors = Spread.none()
    if section.corridors:
        corridors = _corridors(plan, base, network, layer, vehicles)
        values: dict[str, str | int | float] = {"names": ", ".join(corridors.zones)}
        findings.append(Finding("chargers.corridors", "assumption", values, corridors.share.size))
    return FreightPlaces(stops, people, corridors, tuple(findings))


def read_stops(path: Path) -> Spread:
    """Read a table of freight stops (``tables/columns/charging_stops.csv``).

    Raises
    ------
    InputError
        A cell is wrong, a name stands twice, or nothing has a weight.
    """
    table = typed(read_cells(path, "chargers.day.stops"), STOPS, path)
    twice = pl.col("stop_id").is_duplicated()
    refuse(table, twice, "stop_id", path, "two stops have the same name", "Rename one.")
    weight = table["weight"].fill_null(1.0).to_numpy().astype(np.float64)
    refuse(table, pl.Series([weight.sum() <= 0.0] * table.height), "weight", path, "no stop has a weight", "Fill it.")
    names = table["stop_id"].to_list()
    zones = pl.select(pl.coalesce(table["zone"], table["stop_id"])).to_series().to_list()
    return Spread.of(names, table.select("lon", "lat").to_numpy().astype(np.float64), weight, zones)


def _corridors(plan: Plan, base: Path, network: Network, layer: object, vehicles: pl.DataFrame) -> Spread:
    """Return places on the roads with most trucks, some way apart; each has the truck-km that it is nearest to."""
    assigned = assigned_traffic(plan, base, network, vehicles, layer, {}, {})
    activity = build_activity(network, vehicles, plan.activity, base, traffic=plan.traffic, assigned=assigned)
    heavy = set(reference_table("streams.csv").filter(pl.col("heavy") == "yes")["stream"])
    own = np.array([base_stream(s) in heavy for s in activity.streams])
    km = activity.km[own].sum(axis=0) if own.any() else activity.km.sum(axis=0)
    links = network.links
    main = (links["road_class"].is_in(MAIN) & links["in_main"]).to_numpy()
    if not (main & (km > 0.0)).any():
        main = links["in_main"].to_numpy()
    flow = np.where(main, km / np.maximum(links["length_km"].to_numpy(), 1e-9), 0.0)
    middle = (network.offsets[:-1] + network.offsets[1:] - 1) // 2
    lonlat = network.coordinates[middle]
    place = _sphere(lonlat)
    apart = 2.0 * np.sin(plan.chargers.day.corridor_apart_km * M_PER_KM / EARTH_RADIUS_M / 2.0)
    left = flow.copy()
    chosen: list[int] = []
    while len(chosen) < plan.chargers.day.corridors and left.max(initial=0.0) > 0.0:
        k = int(np.argmax(left))
        chosen.append(k)
        left[np.linalg.norm(place - place[k], axis=1) < apart] = 0.0
    if not chosen:
        return Spread.none()
    nearest = np.argmax(place @ place[chosen].T, axis=1)
    weight = np.bincount(nearest, weights=km, minlength=len(chosen)).astype(np.float64)
    roads = links["name"].to_list() if "name" in links.columns else [None] * links.height
    named = [f"corridor {n + 1}" for n in range(len(chosen))]
    zones = [f"{n} ({roads[k]})" if roads[k] else n for n, k in zip(named, chosen, strict=True)]
    return Spread.of(named, lonlat[chosen], weight, zones)


def _sphere(lonlat: Float) -> Float:
    """Return points on the unit sphere, shape (N, 3)."""
    lon, lat = np.radians(lonlat).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
