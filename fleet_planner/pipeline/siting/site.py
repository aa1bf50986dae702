"""The chargers of a plan: demand and candidates on the roads, models, tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.chargers.candidates import Sites, read_sites
from fleet_planner.chargers.demand import Demand, read_demand
from fleet_planner.chargers.diagnostics import catchments, diagnose, models_table
from fleet_planner.chargers.distances import Reach, road_reach_by_kind
from fleet_planner.chargers.models.nearest import Effort
from fleet_planner.errors import PlanError
from fleet_planner.findings import Finding
from fleet_planner.network import Network, load_network
from fleet_planner.pipeline.computing.places import HomePlaces, read_home_places

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from fleet_planner.plan.models import Plan
    from fleet_planner.progress import Progress

TENTH = 10


@dataclass(frozen=True)
class Siting:
    """What the command hands over.

    Parameters
    ----------
    network, sites, demand, reach
        What was planned on.
    models
        ``tables/columns/siting_models.csv``.
    catchments
        ``tables/columns/catchments.csv``.
    opened
        By model, which sites are open.
    findings
        What rests on defaults, what no site can serve.
    """

    network: Network
    sites: Sites
    demand: Demand
    reach: Reach
    models: pl.DataFrame
    catchments: pl.DataFrame
    opened: dict[str, list[str]]
    findings: tuple[Finding, ...]


def site_chargers(plan: Plan, base: Path, progress: Progress) -> Siting:
    """Site the chargers of a plan.

    Parameters
    ----------
    plan
        With ``[chargers]``.
    base
        Folder of the plan.
    progress
        Told what is under way.

    Raises
    ------
    UserError
        The section or a file has to be mended.
    """
    section = plan.chargers
    if not section.demand or not section.candidates:
        missing = "demand" if not section.demand else "candidates"
        raise PlanError(f"the plan names no {missing} of chargers", f"Set chargers.{missing} to a table.")
    places = read_home_places(plan.places, base)
    demand = read_demand(base / section.demand, section.years, plan.city.year, _spots(places))
    sites = read_sites(base / section.candidates)
    progress("reading the roads", 0.1)
    network = load_network(plan.network, base, plan.city.country, progress)
    progress("distances by road", 0.4)
    cut_off = np.full(demand.size, section.cut_off_km)
    reach = road_reach_by_kind(network, sites.lonlat, demand.lonlat, demand.trucks.tolist(), cut_off)
    weight = demand.per_day[:, -1]
    p = section.sites if section.sites is not None else max(1, -(-sites.size // TENTH))
    p = min(max(p, int(sites.locked.sum())), sites.size)
    progress("siting", 0.5)
    effort = Effort(seconds=section.seconds, gap=section.gap)
    far_km = section.far_factor * section.cut_off_km
    found = diagnose(section.diagnostics, reach, weight, p, sites.locked, far_km, effort)
    names = (sites.ids, demand.ids)
    return Siting(
        network,
        sites,
        demand,
        reach,
        models_table(found, reach, weight),
        catchments(found, reach, weight, names, demand.years[-1]),
        {one.model: [sites.ids[i] for i in np.flatnonzero(one.answer.is_open).tolist()] for one in found},
        (*network.findings, *demand.findings, *_unreached(reach, demand)),
    )


def _spots(places: HomePlaces) -> dict[str, tuple[float, float]]:
    """Return a point of each zone and depot of the plan; depots go before zones of the same name."""
    import shapely

    out: dict[str, tuple[float, float]] = {}
    for kind in (places.zones, places.depots):
        if kind is None:
            continue
        points = shapely.point_on_surface(kind.geometry)
        out |= {n: (float(p.x), float(p.y)) for n, p in zip(kind.names, points, strict=True)}
    return out


def _unreached(reach: Reach, demand: Demand) -> list[Finding]:
    lonely = np.setdiff1d(np.arange(demand.size), reach.demand)
    if lonely.size == 0:
        return []
    energy = demand.per_day[:, -1]
    names = ", ".join(demand.ids[j] for j in lonely[np.argsort(-energy[lonely])][:5].tolist())
    share = float(energy[lonely].sum() / max(energy.sum(), 1e-12))
    return [Finding("chargers.unreached", "warning", {"names": names}, int(lonely.size), share)]
