"""Tie vehicles to zones and depots, and say how many are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.findings import Finding
from fleet_planner.fleet.check import VKT
from fleet_planner.network.home_places import Kind, Places, read_places

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.fleet import Fleet
    from fleet_planner.plan.places import PlacesSection

KINDS: tuple[Kind, ...] = ("zone", "depot")
MOST_NAMES = 10
COVERAGE = {"zone": "fleet.zone_coverage", "depot": "fleet.depot_coverage"}
UNKNOWN = {"zone": "fleet.zone_unknown", "depot": "fleet.depot_unknown"}
EMPTY = {"zone": "fleet.zone_empty", "depot": "fleet.depot_empty"}
NONE, VISITING, NAME_ONLY, PLACED = "none", "visiting", "name_only", "placed"


@dataclass(frozen=True)
class HomePlaces:
    """Zones and depots of a plan, as far as it names files of them."""

    zones: Places | None = None
    depots: Places | None = None

    def of(self, kind: Kind) -> Places | None:
        """Return the places of a kind."""
        return self.zones if kind == "zone" else self.depots


def read_home_places(section: PlacesSection, base: Path) -> HomePlaces:
    """Read the files that a plan names.

    Raises
    ------
    InputError
        See `read_places`.
    """
    zones = read_places(base / section.zones, "zone", section.zone_name) if section.zones else None
    depots = read_places(base / section.depots, "depot", section.depot_name) if section.depots else None
    return HomePlaces(zones, depots)


def tied_to_places(fleet: Fleet, places: HomePlaces) -> Fleet:
    """Return a fleet whose vehicles without zone have that of their depot, with findings on what is tied to where."""
    vehicles, moved = _zones_of_depots(fleet.vehicles, places)
    findings = [*moved, *(f for kind in KINDS for f in _told(vehicles, places.of(kind), kind))]
    return replace(fleet, vehicles=vehicles, findings=(*fleet.findings, *findings))


def how_tied(kind: Kind, places: Places | None) -> pl.Expr:
    """Return how a vehicle is tied: ``placed``, ``name_only`` (no geometry has that name), ``none``, ``visiting``."""
    known = list(places.names) if places else []
    return (
        pl.when(pl.col("visiting"))
        .then(pl.lit(VISITING))
        .when(pl.col(kind).fill_null("") == "")
        .then(pl.lit(NONE))
        .when(pl.col(kind).is_in(known))
        .then(pl.lit(PLACED))
        .otherwise(pl.lit(NAME_ONLY))
    )


def _zones_of_depots(vehicles: pl.DataFrame, places: HomePlaces) -> tuple[pl.DataFrame, list[Finding]]:
    if places.zones is None or places.depots is None:
        return vehicles, []
    zone_of, outside = zones_around(places.depots, places.zones)
    found = pl.col("depot").replace_strict(zone_of, default="", return_dtype=pl.String)
    which = (pl.col("zone").fill_null("") == "") & (found != "") & ~pl.col("visiting")
    picked = vehicles.filter(which)
    findings = []
    if picked.height:
        share = _share(picked, vehicles)
        findings.append(Finding("fleet.zone_by_depot", "assumption", {}, round(picked["count"].sum()), share))
    if outside:
        findings.append(Finding("fleet.depot_outside", "warning", {"names": _listed(outside)}, len(outside)))
    return vehicles.with_columns(zone=pl.when(which).then(found).otherwise("zone")), findings


def zones_around(depots: Places, zones: Places) -> tuple[dict[str, str], list[str]]:
    """Return the zone around each depot, the first one on a border, and the depots that lie in none."""
    import shapely

    point, polygon = shapely.STRtree(zones.geometry).query(depots.geometry, predicate="intersects")
    owner = np.full(len(depots.names), len(zones.names), dtype=np.int64)
    np.minimum.at(owner, point, polygon)
    pairs = zip(depots.names, owner.tolist(), strict=True)
    inside = {name: zones.names[k] for name, k in pairs if k < len(zones.names)}
    return inside, [name for name in depots.names if name not in inside]


def _told(vehicles: pl.DataFrame, places: Places | None, kind: Kind) -> list[Finding]:
    """Return how many vehicles are tied, which names have no geometry, which places have no vehicle."""
    local = vehicles.filter(~pl.col("visiting")).with_columns(tie=how_tied(kind, places))
    named = local.filter(pl.col("tie") != NONE)
    if named.is_empty() and places is None:
        return []
    without = float(local.filter(tie=NONE)["count"].sum())
    values = {"names": f"{named[kind].n_unique():,}", "without": f"{without:,.0f}"}
    share = _share(named, local)
    out = [Finding(COVERAGE[kind], "info", values, round(named["count"].sum()), share)]
    if places is None:
        return out
    unknown = local.filter(tie=NAME_ONLY)
    if unknown.height:
        words = [_with_nearest(name, places.names) for name in unknown[kind].unique().sort()]
        told = {"names": _listed(words)}
        count, part = round(unknown["count"].sum()), _share(unknown, local)
        out.append(Finding(UNKNOWN[kind], "warning", told, count, part))
    if empty := sorted(set(places.names) - set(local[kind].to_list())):
        out.append(Finding(EMPTY[kind], "info", {"names": _listed(empty)}, len(empty)))
    return out


def _share(part: pl.DataFrame, whole: pl.DataFrame) -> float:
    total = float(whole.select(VKT.sum()).item() or 0.0)
    return float(part.select(VKT.sum()).item() or 0.0) / total if total else 0.0


def _with_nearest(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.7)
    return f"{name} (~ {near[0]})" if near else name


def _listed(names: list[str]) -> str:
    more = [f"... ({len(names)})"] if len(names) > MOST_NAMES else []
    return ", ".join([*names[:MOST_NAMES], *more])
