"""All candidates of a plan: tables, layers, stations and OpenStreetMap, with grid nodes, land and flood."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.chargers.building.options import DEPOT
from fleet_planner.chargers.candidates import Sites, completed, read_sites
from fleet_planner.chargers.osm_sites import read_osm_sites
from fleet_planner.chargers.stations import read_stations
from fleet_planner.errors import InputError, PlanError
from fleet_planner.findings import Finding
from fleet_planner.network.areas import read_area
from fleet_planner.units import EARTH_RADIUS_M, M_PER_KM

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.chargers.demand import Demand
    from fleet_planner.plan.chargers import ChargersSection

NODES = "grid_nodes"
NAMED = 5
"""Depots that a finding names."""
NEAR_KM = 0.3
"""A candidate so near to a depot is the depot's."""
LEVELS = ("low", "central", "high")


def gather_sites(
    section: ChargersSection, base: Path, depots: pl.DataFrame | None = None
) -> tuple[Sites, tuple[Finding, ...]]:
    """Return the candidates of a plan and what was found with them.

    Parameters
    ----------
    section, base
        ``[chargers]``, and the folder of the plan.
    depots
        Depots and bases as candidates (`depot_sites`), where no other one is near.

    Raises
    ------
    InputError, PlanError
        A file is wrong, a name stands twice, or no candidate is left.
    """
    parts: list[pl.DataFrame] = []
    findings: list[Finding] = []
    if section.candidates:
        parts.append(read_sites(base / section.candidates).table)
    for name in section.stations:
        table, told = read_stations(base / name, section.stations_least_kw)
        parts.append(completed(table))
        findings += told
    if section.osm:
        table, told = read_osm_sites(base / section.osm, section.osm_kinds, section.osm_least_m2)
        parts.append(completed(table))
        findings += told
    near = np.concatenate([p.select("lon", "lat").to_numpy() for p in parts]) if parts else np.zeros((0, 2))
    if depots is not None and depots.height:
        own = _far_from(depots, near)
        parts.append(completed(own))
        findings.append(Finding("chargers.depot_sites", "assumption", {"km": NEAR_KM}, own.height))
    if not parts:
        raise PlanError(
            "the plan names no candidates of chargers", "Set chargers.candidates, chargers.stations or chargers.osm."
        )
    whole = pl.concat(parts)
    twice = whole.filter(pl.col("site_id").is_duplicated())
    if twice.height:
        raise InputError(
            "two candidates of different files have the same name", "Rename one.", column="site_id",
            value=twice["site_id"][0],
        )  # fmt: skip
    sites, told = _on_land(Sites(whole), section, base)
    findings += told
    if section.grid:
        sites, told = _on_grid(sites, base / section.grid, section)
        findings += told
    if sites.size == 0:
        raise PlanError("no candidate of a charger is left", "Add candidates, or take polygons of chargers.land away.")
    return sites, tuple(findings)


def _on_land(sites: Sites, section: ChargersSection, base: Path) -> tuple[Sites, list[Finding]]:
    """Leave out sites where nothing may be built, but for those with chargers, and mark those in flood areas."""
    import shapely

    findings = []
    points = sites.lonlat
    if section.land:
        area = read_area(base / section.land, "chargers.land")
        barred = np.asarray(shapely.contains_xy(area, points)) & (sites.table["existing_chargers"] == 0).to_numpy()
        findings.append(Finding("chargers.land_barred", "info", {}, int(barred.sum())))
        sites = replace(sites, table=sites.table.filter(pl.Series(~barred)))
    if section.flood:
        area = read_area(base / section.flood, "chargers.flood")
        wet = np.asarray(shapely.contains_xy(area, sites.lonlat))
        code = "chargers.flood_barred" if section.flood_bars else "chargers.flood_marked"
        findings.append(Finding(code, "warning", {}, int(wet.sum())))
        if section.flood_bars:
            sites = replace(sites, table=sites.table.filter(pl.Series(~wet)))
        else:
            sites = replace(sites, flooded=frozenset(sites.table.filter(pl.Series(wet))["site_id"]))
    return sites, findings


def depot_sites(demand: Demand) -> pl.DataFrame:
    """Return a candidate at every depot and base that asks for energy: ``site_id, lon, lat, kind``."""
    rows = [
        (place or zone or name, *at)
        for name, zone, place, kind, at in zip(
            demand.ids,
            demand.zone,
            demand.place or ("",) * demand.size,
            demand.kind,
            demand.lonlat.tolist(),
            strict=True,
        )
        if kind == DEPOT
    ]
    table = pl.DataFrame(rows, schema=["name", "lon", "lat"], orient="row")
    table = table.with_columns(pl.col("name").cast(pl.String), pl.col("lon", "lat").cast(pl.Float64))
    one = table.unique(["lon", "lat"], keep="first", maintain_order=True).unique(
        "name", keep="first", maintain_order=True
    )
    return one.select(
        pl.concat_str(pl.lit("at "), "name").alias("site_id"), "lon", "lat", pl.lit("depot").alias("kind")
    )


def _far_from(depots: pl.DataFrame, others: NDArray[np.float64]) -> pl.DataFrame:
    """Return the depots that have no candidate within `NEAR_KM`."""
    if not len(others):
        return depots
    _, km = _nearest(depots.select("lon", "lat").to_numpy().astype(np.float64), others.astype(np.float64))
    return depots.filter(pl.Series(km > NEAR_KM))


def flooded_depots(demand: Demand, section: ChargersSection, base: Path) -> tuple[frozenset[str], tuple[Finding, ...]]:
    """Return the demand of depots and bases that lies in a flood area, and tell their names.

    Raises
    ------
    InputError
        The polygons cannot be read.
    """
    import shapely

    if not section.flood:
        return frozenset(), ()
    wet = np.asarray(shapely.contains_xy(read_area(base / section.flood, "chargers.flood"), demand.lonlat))
    depots = [(name, w) for name, kind, w in zip(demand.ids, demand.kind, wet.tolist(), strict=True) if kind == DEPOT]
    found = [name for name, w in depots if w]
    values: dict[str, str | int | float] = {"depots": len(depots)}
    if not depots:
        return frozenset(), ()
    if not found:
        return frozenset(), (Finding("chargers.depots_dry", "info", values),)
    shown = ", ".join(found[:NAMED]) + (", ..." if len(found) > NAMED else "")
    return frozenset(found), (Finding("chargers.depots_flooded", "warning", values | {"names": shown}, len(found)),)


def _on_grid(sites: Sites, path: Path, section: ChargersSection) -> tuple[Sites, list[Finding]]:
    """Connect sites without feeder to the nearest grid node within reach: its headroom, its name, the way to it."""
    nodes = typed(read_cells(path, "chargers.grid"), NODES, path)
    refuse(
        nodes, pl.col("node_id").is_duplicated(), "node_id", path, "two grid nodes have the same name", "Rename one."
    )
    near, km = _nearest(sites.lonlat, nodes.select("lon", "lat").to_numpy().astype(np.float64))
    own = nodes[near]
    reached = pl.Series(km <= section.grid_reach_km)
    free = sites.table["feeder"].is_null() & reached
    fill = {
        f"headroom_{level}_kw": pl.coalesce(
            pl.col(f"headroom_{level}_kw"), pl.when(pl.lit(free)).then(pl.lit(own[f"headroom_{level}_kw"]))
        )
        for level in LEVELS
    }
    table = sites.table.with_columns(
        grid_km=pl.coalesce(pl.col("grid_km"), pl.when(pl.lit(free)).then(pl.lit(pl.Series(km)))),
        feeder=pl.when(pl.lit(free)).then(pl.lit(own["node_id"])).otherwise(pl.col("feeder")),
        **fill,
    )
    power: dict[str, dict[str, float]] = {level: {} for level in LEVELS}
    for row in nodes.iter_rows(named=True):
        for k, level in enumerate(LEVELS):
            known = [row[f"headroom_{name}_kw"] for name in LEVELS[: k + 1][::-1]]
            value = next((v for v in known if v is not None), None)
            if value is not None:
                power[level][row["node_id"]] = float(value)
    told = Finding("chargers.grid_joined", "info", {"nodes": nodes.height}, int(free.sum()))
    return replace(sites, table=table, feeder_kw=power), [told]


def _nearest(points: NDArray[np.float64], others: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the nearest of the others to each point, and the straight way, km."""
    from scipy.spatial import cKDTree

    def sphere(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        lon, lat = np.radians(lonlat).T
        return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])

    chord, found = cKDTree(sphere(others)).query(sphere(points))
    km = 2.0 * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0)) * EARTH_RADIUS_M / M_PER_KM
    return np.asarray(found, dtype=np.int64), np.asarray(km, dtype=np.float64)
