"""Energy that electric buses ask for in the years of their replacement, at the hours of their charging schedule."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.chargers.building.options import usual_connector
from fleet_planner.chargers.demand import demand_of, placed, profiles
from fleet_planner.errors import InputError, PlanError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.pipeline.siting.asked import Asked, Head
from fleet_planner.units import DAYS_PER_YEAR, HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.chargers.demand import Demand
    from fleet_planner.plan.models import Plan

    Float = NDArray[np.float64]
    Spots = Mapping[str, tuple[float, float]]

YEARS, HOURS = "charging_bus_years", "charging_demand"
STREAM = "urban_bus"
DEPOT = "depot"
KWH_PER_MWH = 1000.0


def bus_demand(plan: Plan, base: Path, spots: Spots, years: Sequence[int]) -> Demand:
    """Return the demand of electric buses by year: `facilities.csv` of ``buses replace``.

    A depot asks for its electricity of the year, spread evenly over the days, at the hours of the charging schedule
    (``chargers.bus_hours``), else at packaged ones. Of the schedule's stations on the way the share of all energy is
    kept, so that depots and stations add up to the electricity of every year. Between the years of the table energy
    is interpolated, beyond them it is that of the nearest.

    Parameters
    ----------
    plan, base
        The plan and its folder.
    spots
        Longitude and latitude of the zones and depots by name.
    years
        That are planned; none: the first year with electricity and the last.

    Raises
    ------
    InputError, PlanError
        A table is wrong, or a depot has no place.
    """
    section = plan.chargers
    path = base / section.bus_years
    table = typed(read_cells(path, "chargers.bus_years"), YEARS, path)
    twice = pl.struct("year", "depot_id").is_duplicated()
    refuse(table, twice, "depot_id", path, "a depot stands twice in one year", "Keep one row.")
    driving = table.filter(pl.col("electricity_mwh") > 0.0)
    if driving.is_empty():
        raise InputError("no depot has electric buses in any year", "Leave chargers.bus_years out.", path)
    planned = tuple(years) or tuple(sorted({*driving["year"].sort().head(1), *driving["year"].sort().tail(1)}))
    connector = usual_connector(section, plan.city.country)
    shapes, share, found = _hours(plan, base, spots)
    asked = Asked(planned)
    of_depots: dict[str, tuple[Float, Float]] = {}
    for (depot,), own in table.sort("year").group_by("depot_id", maintain_order=True):
        at = own["year"].to_numpy()
        kwh = np.interp(planned, at, own["electricity_mwh"].to_numpy()) * KWH_PER_MWH / DAYS_PER_YEAR
        of_depots[str(depot)] = kwh, np.interp(planned, at, own["battery_buses"].fill_null(0.0).to_numpy())
    whole = np.sum([kwh for kwh, _ in of_depots.values()], axis=0)
    for depot, (kwh, buses) in of_depots.items():
        head, shape = _of_depot(depot, shapes, spots, path)
        for t in range(len(planned)):
            asked.add(replace(head, connector=connector), t, kwh[t] * (1.0 - share) * shape, float(buses[t]))
    stations = {name: one for name, one in shapes.items() if one[0].kind != DEPOT}
    total = sum(float(shape.sum()) for _, shape in stations.values())
    for head, shape in stations.values():
        for t in range(len(planned)):
            asked.add(replace(head, connector=connector), t, whole[t] * share * shape / total, 0.0)
    told = Finding(
        "chargers.buses_by_year", "info", {"first": str(planned[0]), "last": str(planned[-1])}, len(of_depots)
    )
    demand = demand_of(asked.table(), path, planned, plan.city.year, spots)
    return replace(demand, findings=(*demand.findings, told, *found))


def _hours(plan: Plan, base: Path, spots: Spots) -> tuple[dict[str, tuple[Head, Float]], float, list[Finding]]:
    """Return head and hours by site of the charging schedule, and the share of its energy at stations on the way."""
    name = plan.chargers.bus_hours
    if not name:
        return {}, 0.0, [Finding("chargers.buses_hours_packaged", "assumption", {})]
    path = base / name
    table = placed(typed(read_cells(path, "chargers.bus_hours"), HOURS, path), path, spots)
    refuse(table, pl.col("hour").is_null(), "hour", path, "this row names no hour", "Give the table of buses schedule.")
    out: dict[str, tuple[Head, Float]] = {}
    energy = {True: 0.0, False: 0.0}
    for (site,), own in table.group_by("demand_id", maintain_order=True):
        first = own.row(0, named=True)
        hours = np.zeros(HOURS_PER_DAY)
        np.add.at(hours, own["hour"].to_numpy(), own["kwh_per_day"].to_numpy())
        kind = first["kind"] or DEPOT
        energy[kind == DEPOT] += float(hours.sum())
        head = Head(
            f"{site} {STREAM}", kind, STREAM, first["zone"] or str(site), place=first["place"],
            lon=first["lon"], lat=first["lat"], min_kw=float(first["min_kw"] or 0.0),
        )  # fmt: skip
        if hours.sum() > 0.0:
            out[str(site)] = head, hours
    both = energy[True] + energy[False]
    if both <= 0.0:
        raise InputError("the schedule has no energy", "Give the site_demand.csv of buses schedule.", path)
    return out, energy[False] / both, []


def _of_depot(depot: str, shapes: Mapping[str, tuple[Head, Float]], spots: Spots, path: Path) -> tuple[Head, Float]:
    """Return what a depot's demand is, and its share of the day's energy by hour."""
    if depot in shapes and shapes[depot][0].kind == DEPOT:
        head, hours = shapes[depot]
        return head, hours / hours.sum()
    if depot not in spots:
        known = [*spots, *(n for n, (head, _) in shapes.items() if head.kind == DEPOT)]
        remedy = use_one_of(depot, known) if known else "Set places.depots, or chargers.bus_hours."
        raise PlanError(f"the bus depot of {path.name} has no place", remedy, column="chargers.bus_years", value=depot)
    lon, lat = spots[depot]
    head = Head(f"{depot} {STREAM}", DEPOT, STREAM, depot, place=depot, lon=lon, lat=lat)
    return head, profiles()[DEPOT]
