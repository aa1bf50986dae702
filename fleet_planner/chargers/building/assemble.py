"""From candidates, demand and the plan's section to the arrays of the build-out, and why some demand has no site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.chargers.building.options import (
    connector_findings,
    connectors_of,
    groups_of,
    options_of,
    present_of,
    usual_connector,
)
from fleet_planner.chargers.building.problem import Build, Costs, Option, binding_hours, families_of, throughput_table
from fleet_planner.chargers.groups import Groups
from fleet_planner.chargers.queueing import throughput_kwh_per_h
from fleet_planner.economics.finance import capital_recovery_factor
from fleet_planner.findings import Finding
from fleet_planner.reference import reference_table
from fleet_planner.units import MINUTES_PER_HOUR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.chargers.building.options import Present, Wanted
    from fleet_planner.chargers.candidates import Sites
    from fleet_planner.chargers.demand import Demand
    from fleet_planner.chargers.distances import Reach
    from fleet_planner.plan.chargers import ChargersSection

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]

LARGEST = 200
"""Chargers of one kind at a site, at most."""
TOO_FAR, NO_CHARGER, WRONG_CONNECTOR, NO_POWER, NOT_YET, LIMITS = (
    *("too_far", "no_such_charger", "wrong_connector", "no_headroom", "not_connected_yet"),
    "limits_or_cost",
)


@dataclass(frozen=True)
class Assembled:
    """The build-out and what was noticed on the way.

    Parameters
    ----------
    build
        Arrays.
    headroom_known
        Whether the headroom of a site is known, shape (sites,).
    reason
        Why no site could ever serve a demand, "" where one can, shape (J,).
    first_year
        Place of the first planned year in which a site can serve a demand, T where none does, shape (J,).
    findings
        What rests on defaults.
    """

    build: Build
    headroom_known: Bool
    reason: tuple[str, ...]
    first_year: Int
    findings: tuple[Finding, ...]


def assemble(
    section: ChargersSection,
    sites: Sites,
    demand: Demand,
    reach: Reach,
    country: str,
    rate: float,
    level: str,
    groups: Groups | None = None,
) -> Assembled:
    """Return the build-out of a plan.

    Parameters
    ----------
    section
        ``[chargers]``.
    sites, demand, reach
        Candidates, demand, and the pairs within the cut-off.
    country
        Of the city, for the usual connector.
    rate
        Real discount rate a year.
    level
        Scenario of the headroom: low, central or high.
    groups
        Of people, for the least service of each; none: not asked for.
    """
    people = groups if groups is not None else Groups.none(demand.size)
    wanted, group = groups_of(demand)
    options, findings = options_of(section, demand, country)
    usual = usual_connector(section, country)
    present = present_of(sites, wanted, usual)
    findings += connector_findings(sites, usual)
    headroom, known = _headroom(section, sites, level)
    feeder, feeder_kw = _feeders(sites, headroom, level)
    serves = _serves(wanted, options, present)
    inside, option_in = families_of(serves)
    allowed = _allowed(sites, options)
    room = sites.table["max_chargers"].fill_null(section.room).to_numpy().astype(np.int64)
    kw = np.array([o.kw for o in options])
    fits = np.floor((headroom[:, None] + 1e-9) / kw[None, :]).astype(np.int64)
    if section.grid_limit == "hourly":
        fits = np.full_like(fits, LARGEST)
    most = np.where(allowed, np.minimum(np.minimum(room[:, None], fits), LARGEST), 0).astype(np.int64)
    kept = _kept_pairs(reach, group, serves, most, present, len(options))
    near = reach.keep(kept)
    hours = binding_hours(demand.kwh)
    session = _sessions(demand, group, serves)
    table = throughput_table(
        options,
        session[: len(options)].tolist(),
        int(most.max(initial=0)),
        section.wait_min / MINUTES_PER_HOUR,
        section.depot_use,
    )
    padded = np.zeros((serves.shape[1], table.shape[1] if len(options) else 1))
    padded[: len(options)] = table
    own, own_kw = _own(section, sites, present, option_in, session, len(options))
    zones = {z: k for k, z in enumerate(dict.fromkeys(demand.zone))}
    money, costs = _money(section, sites, options, rate)
    findings += money
    ghost = serves.shape[1] - len(options)
    budget = [section.budget_usd.get(str(y), np.inf) for y in demand.years]
    old = tuple(_ghost_options(ghost))
    price = np.concatenate([[o.usd + o.kw * costs.per_kw_usd for o in options], np.zeros(ghost)])
    upkeep = [
        o.usd * share + o.kw * costs.per_kw_usd * costs.grid_share + o.usd_per_year
        for o, share in zip(options, costs.option_share.tolist(), strict=True)
    ]
    build = Build(
        years=demand.years,
        weight=_weights(demand.years, section.last_years, rate),
        reach=near,
        kwh=np.ascontiguousarray(demand.kwh[:, :, hours]),
        hours=tuple(hours.tolist()),
        per_day=demand.per_day,
        group=group,
        inside=inside,
        option_in=option_in,
        options=(*options, *old),
        table=padded,
        most=np.ascontiguousarray(np.pad(most, ((0, 0), (0, ghost)))),
        room=room,
        own=own,
        own_kw=own_kw,
        opened=sites.locked | (own_kw > 0.0),
        ready=_ready(section, sites, demand.years),
        headroom=headroom,
        feeder=feeder,
        feeder_kw=feeder_kw,
        open_usd=costs.site_usd + costs.connection_usd,
        open_per_year=costs.site_usd * costs.site_share + costs.connection_usd * costs.grid_share,
        price=price,
        per_year=np.concatenate([upkeep, np.zeros(ghost)]),
        detour_usd=2.0 * near.km * section.detour_usd_per_km / demand.session_kwh[near.demand],
        unserved_usd=section.unserved_usd_per_kwh,
        energy_usd=section.energy_usd_per_kwh,
        peak_usd=section.peak_usd_per_kw_year,
        budget=np.array(budget),
        least=np.full(len(demand.years), section.least_served),
        least_by_zone=section.least_served_by_zone,
        zone=np.array([zones[z] for z in demand.zone], dtype=np.int64),
        least_by_group=section.least_served_by_group,
        people=people.share,
        hourly=section.grid_limit == "hourly",
        costs=costs,
    )
    reason, first = _reasons(build, reach, group, serves, allowed, present)
    if not known.all():
        kilowatts = section.headroom_kw[level]  # type: ignore[index]  # a level of the plan
        told: dict[str, str | float] = {"kw": kilowatts, "level": level}
        findings.append(Finding("chargers.headroom_unknown", "assumption", told, int((~known).sum())))
    return Assembled(build, known, tuple(reason), first, tuple(findings))


def _ghost_options(count: int) -> list[Option]:
    return [Option(f"present_{k + 1}", "", 0.0, 0.0, 0.0, 1.0, queue=False) for k in range(count)]


def _serves(wanted: list[Wanted], options: list[Option], present: Present) -> Bool:
    """Return which options, and after them which kinds of present chargers, serve which groups, shape (G, K)."""
    new = np.array([[w.served_by(o) for o in options] for w in wanted], dtype=np.bool_)
    new = new.reshape(len(wanted), len(options))
    return np.concatenate([new, present.serves.T], axis=1)


def _allowed(sites: Sites, options: list[Option]) -> Bool:
    rows = []
    for text in sites.table["connectors"].to_list():
        may = connectors_of(text)
        rows.append([not may or o.connector in may for o in options])
    return np.array(rows, dtype=np.bool_).reshape(sites.size, len(options))


def _headroom(section: ChargersSection, sites: Sites, level: str) -> tuple[Float, Bool]:
    """Return kW by site, and which are known; where one scenario is missing, the next lower one stands in."""
    names = ["low", "central", "high"]
    order = names[: names.index(level) + 1][::-1]
    text = sites.table.select(pl.coalesce([f"headroom_{n}_kw" for n in order])).to_series()
    known = text.is_not_null().to_numpy()
    default = float(section.headroom_kw[level])  # type: ignore[index]  # a level of the plan
    return text.fill_null(default).to_numpy().astype(np.float64), np.asarray(known)


def _feeders(sites: Sites, headroom: Float, level: str) -> tuple[Int, Float]:
    """Return the feeder of each site and the power of each: as the table of the grid says, else its largest site's."""
    names = sites.table["feeder"].to_list()
    known = {n: k for k, n in enumerate(dict.fromkeys(n for n in names if n))}
    feeder = np.array([known[n] if n else -1 for n in names], dtype=np.int64)
    power = np.zeros(len(known))
    np.maximum.at(power, feeder[feeder >= 0], headroom[feeder >= 0])
    given = sites.feeder_kw.get(level, {})
    for name, k in known.items():
        power[k] = given.get(name, power[k])
    return feeder, power


def _kept_pairs(reach: Reach, group: Int, serves: Bool, most: Int, present: Present, new: int) -> Bool:
    """Return the pairs whose site has, or may get, a charger that serves the demand."""
    site, wants = reach.site, serves[group[reach.demand]]
    may = (most[site] > 0) & wants[:, :new]
    old = np.zeros(site.size, dtype=np.bool_)
    has = present.kind[site] >= 0
    old[has] = wants[has, new + present.kind[site[has]]]
    return np.asarray(may.any(axis=1) | old)


def _sessions(demand: Demand, group: Int, serves: Bool) -> Float:
    """Return the mean energy of a stop at each option: of the demand that it serves, by energy."""
    energy = demand.per_day.sum(axis=1)
    stops = energy / demand.session_kwh
    out = np.ones(serves.shape[1])
    for k in range(serves.shape[1]):
        own = serves[group, k]
        if stops[own].sum() > 0.0:
            out[k] = energy[own].sum() / stops[own].sum()
    return out


def _own(
    section: ChargersSection, sites: Sites, present: Present, option_in: Bool, session: Float, new: int
) -> tuple[Float, Float]:
    """Return the energy an hour of the chargers that are there by family, and their power."""
    own = np.zeros((sites.size, len(option_in)))
    power = np.zeros(sites.size)
    columns = sites.table.select("existing_chargers", "existing_kw").iter_rows()
    for s, (count, kw) in enumerate(columns):
        if present.kind[s] < 0:
            continue
        k = new + int(present.kind[s])
        wait_h = section.wait_min / MINUTES_PER_HOUR
        gives = throughput_kwh_per_h(int(count), float(kw), float(session[k]), wait_h)[-1]
        own[s, option_in[:, k]] = gives
        power[s] = count * kw
    return own, power


def _money(section: ChargersSection, sites: Sites, options: list[Option], rate: float) -> tuple[list[Finding], Costs]:
    table = reference_table("charging_costs.csv")
    packaged = {row["item"]: float(row["value"]) for row in table.iter_rows(named=True)}
    unchecked = set(table.filter(pl.col("checked") == "no")["item"])
    given = {
        "site_usd": section.site_usd,
        "connection_usd": section.connection_usd,
        "connection_usd_per_km": section.connection_usd_per_km,
        "connection_usd_per_kw": section.connection_usd_per_kw,
    }
    used: Mapping[str, float] = packaged | {k: v for k, v in given.items() if v is not None}
    stand_in = sorted(k for k in unchecked if given.get(k) is None)
    findings = [Finding("chargers.costs_unchecked", "assumption", {"names": ", ".join(stand_in)}, len(stand_in))]
    site = sites.table["site_usd"].fill_null(used["site_usd"]).to_numpy().astype(np.float64)
    km = sites.table["grid_km"].fill_null(section.grid_km).to_numpy().astype(np.float64)
    return findings if stand_in else [], Costs(
        site_usd=site,
        connection_usd=used["connection_usd"] + used["connection_usd_per_km"] * km,
        per_kw_usd=used["connection_usd_per_kw"],
        site_share=capital_recovery_factor(rate, used["site_life_years"]),
        grid_share=capital_recovery_factor(rate, used["grid_life_years"]),
        option_share=np.array([capital_recovery_factor(rate, o.life_years) for o in options]),
    )


def _weights(years: tuple[int, ...], last_years: float, rate: float) -> Float:
    """Return the discounted years that each planned year stands for: those up to the next one; from the first year."""
    spans = [*np.diff(years).astype(float).tolist(), float(last_years)]
    out = []
    for year, span in zip(years, spans, strict=True):
        begin = year - years[0]
        whole = np.arange(int(span))
        part = (span - int(span)) * (1.0 + rate) ** -(begin + int(span))
        out.append(float(((1.0 + rate) ** -(begin + whole)).sum()) + part)
    return np.array(out)


def _ready(section: ChargersSection, sites: Sites, years: tuple[int, ...]) -> Int:
    """Return the first planned year in which a new connection of each site can serve; T: none."""
    first = section.request_year if section.request_year is not None else years[0]
    asked = sites.table["request_year"].fill_null(first).to_numpy().astype(np.float64)
    lead = sites.table["lead_years"].fill_null(section.lead_years).to_numpy().astype(np.float64)
    return np.searchsorted(np.array(years), asked + lead - 1e-9, side="left").astype(np.int64)


def _reasons(
    build: Build, reach: Reach, group: Int, serves: Bool, allowed: Bool, present: Present
) -> tuple[list[str], Int]:
    """Return why no site could serve a demand, and the first planned year in which one could."""
    years, new = len(build.years), allowed.shape[1]
    demand = build.per_day.shape[0]
    reached, can, fits = (np.zeros(demand, dtype=np.bool_) for _ in range(3))
    reached[reach.demand] = True
    can[build.reach.demand] = True
    first = np.full(demand, years, dtype=np.int64)
    site = build.reach.site
    when = np.where(build.opened[site] & (present.kind[site] >= 0), 0, build.ready[site])
    np.minimum.at(first, build.reach.demand, when)
    # a site that may have a fitting charger by its connectors, were there power and room
    may = np.asarray((serves[group[reach.demand], :new] & allowed[reach.site]).any(axis=1))
    fits[reach.demand[may]] = True
    served: Bool = np.asarray(serves.any(axis=1))
    out = []
    for j in range(demand):
        if can[j]:
            out.append(NOT_YET if first[j] >= years else "")
        elif not reached[j]:
            out.append(TOO_FAR)
        elif not served[group[j]]:
            out.append(NO_CHARGER)
        else:
            out.append(NO_POWER if fits[j] else WRONG_CONNECTOR)
    return out, first
