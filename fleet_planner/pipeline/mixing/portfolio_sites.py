"""Depots, chargers and the grid of a plan: the table read, its vehicles found, their draw reckoned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.vehicle_costs import vehicle_costs
from fleet_planner.errors import InputError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.fleet.use import usual
from fleet_planner.portfolio.figures import in_force
from fleet_planner.portfolio.sites import Draw, SiteRows, Sites, site_rows
from fleet_planner.tables.read import read_table
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.pipeline.mixing.ground import Ground
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.plan.portfolio import Headroom, PortfolioSites
    from fleet_planner.portfolio.figures import Figures

    Array = NDArray[np.float64]

DEPOT, ZONE, ELSEWHERE = "depot", "zone", "elsewhere"
HEADROOM = {"low": "headroom_low_kw", "central": "headroom_central_kw", "high": "headroom_high_kw"}
RANK = {ELSEWHERE: 0, ZONE: 1, DEPOT: 2}
IN_MOTION = frozenset({"trolley_imc"})
"""Measures whose vehicles take their power from the line."""

TERMS = "bus"
"""Class whose prices per kW of chargers and connections stand in where a site has none of its own."""


@dataclass(frozen=True)
class PlanSites:
    """Sites of a plan.

    Parameters
    ----------
    table
        As read (``tables/columns/site_capacity.csv``).
    sites
        With all figures filled in.
    draw
        What the groups' vehicles ask of them.
    findings
        What was assumed.
    """

    table: pl.DataFrame
    sites: Sites
    draw: Draw
    findings: tuple[Finding, ...]


def read_sites(section: PortfolioSites, base: Path) -> pl.DataFrame | None:
    """Return the table of sites that a plan names; none where it names none.

    Raises
    ------
    InputError
        See `read_table`.
    """
    return read_table(base / section.file, "site_capacity") if section.file else None


def plan_sites(ready: Prepared, ground: Ground, table: pl.DataFrame | None) -> PlanSites | None:
    """Return the sites of a plan; none where it has no table of them.

    Raises
    ------
    InputError
        The table names a place twice, or none that the registry has.
    """
    section = ready.plan.portfolio.sites
    if table is None:
        return None
    path = ready.base / section.file
    places = site_of_groups(ground.groups, table, path)
    findings: list[Finding] = []
    sites = _filled(ready, table, ground.years, findings)
    shares = _shares(ground.groups, places, table.height)
    draw = _draw(ready, ground, table, shares)
    mine = draw.takes[None, :] & ground.figures.able
    could = mine.any(axis=1)
    free = float((ground.figures.count * (1.0 - shares.sum(axis=1)))[could].sum())
    if free >= 1.0:
        share = free / float(ground.figures.count[could].sum())
        findings.append(Finding("economics.sites_unlimited", "warning", {"vehicles": f"{free:,.0f}"}, share=share))
    unchecked = table.filter(pl.col("checked") == "no").height
    if unchecked:
        findings.append(Finding("economics.sites_unchecked", "warning", {"rows": table.height}, unchecked))
    hours = {"hours": f"{section.charging_hours:g}"}
    findings.append(Finding("economics.sites_hours", "assumption", hours))
    return PlanSites(table, sites, draw, tuple(findings))


def rows_of_sites(
    ready: Prepared,
    ground: Ground,
    found: PlanSites,
    figures: Figures,
    headroom: Headroom | None = None,
    delay: int = 0,
) -> SiteRows:
    """Return the rows of sites for a plan or one of its futures.

    Parameters
    ----------
    ready, ground, found
        The plan, its groups, its sites.
    figures
        Of the groups in the future.
    headroom
        Scenario of it; none: the plan's.
    delay
        Years that connections come later.
    """
    sites = replace(found.sites, delay=delay)
    if headroom is not None:
        sites = replace(sites, headroom_kw=_headroom(ready, found.table, headroom)[0])
    rate = ready.plan.economics.discount_rate
    discount = (1.0 + rate) ** -np.arange(1.0, len(ground.years) + 1.0)
    return site_rows(sites, found.draw, figures, in_force(figures), discount, rate)


def site_of_groups(groups: pl.DataFrame, table: pl.DataFrame, path: Path) -> NDArray[np.int64]:
    """Return the site of each group: that of its depot, else of its home zone, else the one for all others."""
    twice = table["site_id"].is_duplicated().to_list()
    sites: list[tuple[str, str | None, frozenset[str]]] = []
    for row, (name, kind, place, streams) in enumerate(
        table.select("site_id", "kind", "place", "streams").iter_rows(), 2
    ):
        if twice[row - 2]:
            raise InputError("two sites have the same name", "Give each its own.", path, row, "site_id", name)
        if (kind == ELSEWHERE) != (place is None):
            problem = "a site elsewhere has no place" if place is not None else f"a {kind} needs the name of its place"
            raise InputError(problem, "Mend one of the two.", path, row, "place", place)
        known = set(groups[kind].to_list()) - {"", None} if kind in groups.columns else set()
        if kind != ELSEWHERE and place not in known:
            remedy = use_one_of(str(place), known) if known else f"Fill in the column {kind} of the registry."
            raise InputError(f"no vehicle of the mix has this {kind}", remedy, path, row, "place", place)
        own = frozenset((streams or "").split("|")) - {""}
        for word in sorted(own - set(groups["stream"].to_list())):
            remedy = use_one_of(word, set(groups["stream"].to_list()))
            raise InputError("the mix has no vehicle of this stream", remedy, path, row, "streams", word)
        if any(k == kind and p == place and (bool(own & o) or own == o) for k, p, o in sites):
            raise InputError("two sites are of the same place", "Add them up.", path, row, "place", place)
        sites.append((kind, place, own))
    out = np.full(groups.height, -1, dtype=np.int64)
    streams_of = groups["stream"].to_list()
    # a depot goes before the zone that it lies in, and a site of some streams before that of all
    order = sorted(range(len(sites)), key=lambda k: (RANK[sites[k][0]], bool(sites[k][2])))
    for k in order:
        kind, place, own = sites[k]
        at = groups[kind].to_list() if kind != ELSEWHERE else [place] * groups.height
        for g, (home, stream) in enumerate(zip(at, streams_of, strict=True)):
            if home == place and (not own or stream in own):
                out[g] = k
    return out


def _shares(groups: pl.DataFrame, places: NDArray[np.int64], sites: int) -> Array:
    """Return the share of each group at each site; vehicles yet to be sold are where today's of their stream are."""
    out = np.zeros((groups.height, sites))
    own = places >= 0
    out[own, places[own]] = 1.0
    sold = groups["sold"].to_numpy() > 0
    count, streams = groups["vehicles"].to_numpy(), groups["stream"].to_numpy()
    for stream in groups["stream"].unique().to_list():
        today = (streams == stream) & ~sold
        if count[today].sum() > 0.0:
            out[(streams == stream) & sold] = count[today] @ out[today] / count[today].sum()
    return out


def _headroom(ready: Prepared, table: pl.DataFrame, scenario: Headroom) -> tuple[Array, int]:
    """Return the headroom of each site in a scenario, and of how many sites nothing is known."""
    unknown = ready.plan.portfolio.sites.unknown_headroom_kw[scenario]
    given = table.select(pl.coalesce(HEADROOM[scenario], "headroom_central_kw", "headroom_low_kw")).to_series()
    return given.fill_null(unknown).to_numpy().astype(np.float64), given.null_count()


def _filled(ready: Prepared, table: pl.DataFrame, years: Sequence[int], findings: list[Finding]) -> Sites:
    plan = ready.plan
    terms = vehicle_costs(plan.economics)[TERMS]
    headroom, unknown = _headroom(ready, table, plan.portfolio.sites.headroom)
    if unknown:
        told = plan.portfolio.sites.unknown_headroom_kw
        values: dict[str, str | int | float] = {"sites": table.height}
        values |= {str(k): f"{v:,.0f}" for k, v in told.items()}
        findings.append(Finding("economics.sites_headroom_unknown", "warning", values, unknown))
    priced = table.with_columns(
        charger_usd=pl.col("charger_usd").fill_null(pl.col("charger_kw") * terms.charger_per_kw),
        connection_usd=pl.col("connection_usd").fill_null(pl.col("upgrade_kw") * terms.grid_per_kw),
        energised=pl.col("request_year").fill_null(plan.city.year)
        + pl.col("lead_years").fill_null(plan.economics.charging.upgrade_lead_years),
        bays=pl.col("bays").fill_null(np.inf),
    )
    packaged = table.filter(pl.col("charger_usd").is_null() | pl.col("connection_usd").is_null()).height
    if packaged:
        findings.append(Finding("economics.sites_prices", "assumption", {"sites": table.height}, packaged))
    some = np.ones(table.height)
    column = {c: priced[c].to_numpy().astype(np.float64) for c in priced.columns if priced[c].dtype.is_numeric()}
    return Sites(
        names=tuple(table["site_id"].to_list()),
        bays=column["bays"],
        chargers=column["chargers"],
        chargers_per_year=column["chargers_per_year"],
        charger_usd=column["charger_usd"],
        headroom_kw=headroom,
        upgrade_kw=column["upgrade_kw"],
        connection_usd=column["connection_usd"],
        energised=np.maximum(column["energised"].astype(np.int64) - years[0], 0),
        charger_life=some * terms.charger_life_years,
        connection_life=some * terms.grid_life_years,
        upkeep_share=terms.charger_maintenance_share,
    )


def _draw(ready: Prepared, ground: Ground, table: pl.DataFrame, shares: Array) -> Draw:
    """Return what a vehicle of each group and option draws on a working day, and the chargers that it takes up."""
    hours = ready.plan.portfolio.sites.charging_hours
    days = np.array(
        [
            (usual("days_per_year", s, c, ready.plan.city.country) or (DAYS_PER_YEAR, "no"))[0]
            for s, c in ground.groups.select("stream", "category").iter_rows()
        ]
    )
    kwh = np.maximum(ground.kwh, 0.0) / days[:, None]
    takes = np.array([not IN_MOTION & set(o.measures) for o in ground.options]) & (kwh > 0.0).any(axis=0)
    # of a group at several sites the mean of what its vehicles take up there
    weight = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)
    chargers = np.zeros_like(kwh)
    for s, (power, shared) in enumerate(table.select("charger_kw", "vehicles_per_charger").iter_rows()):
        chargers += weight[:, s][:, None] * np.maximum(kwh / (power * hours), 1.0 / shared)
    return Draw(shares, takes, kwh / hours, chargers)
