"""Figures and rules of a replacement from the plan, the packaged tables and the prices of energy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.transition.model import (
    CONVENTIONAL,
    ELECTRIC,
    EXISTING,
    HYBRID,
    HYDROGEN,
    POWERTRAINS,
    ZERO_EMISSION,
    Figures,
    Needs,
    Pools,
    Rules,
)
from fleet_planner.buses.transition.needs import Batteries
from fleet_planner.economics.learning import battery_price
from fleet_planner.economics.vehicle_costs import residual_share
from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.factors.processes.electricity import load_electricity_use
from fleet_planner.factors.processes.hydrogen import load_hydrogen_use
from fleet_planner.findings import Finding
from fleet_planner.fleet.dates import region_order
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.buses.transition.model import Float, Int
    from fleet_planner.buses.transition.packaged import Packaged
    from fleet_planner.economics.prices import Prices
    from fleet_planner.plan.buses_transition import TransitionSection

SEGMENTS = {
    "midi": "Urban Buses Midi <=15 t",
    "standard": "Urban Buses Standard 15 - 18 t",
    "articulated": "Urban Buses Articulated >18 t",
    "double_decker": "Urban Buses Articulated >18 t",
    "coach": "Urban Buses Standard 15 - 18 t",
}
"""Segment whose use per km a size has; a double-decker is taken for an articulated bus."""

HYBRID_MEASURE = "hybrid"
MONTHS = 12
SMALL_AGENCY_BUSES = 100
"""Below it, California's rule for small agencies holds (13 CCR 2023: annual maximum service)."""

ICT = {"ict_large", "ict_small"}
ICT_OTHER_TYPES_FROM = 2026
"""Until then articulated buses, double-deckers and coaches do not count for California's rule."""


@dataclass(frozen=True)
class Engine:
    """What engine buses use and emit per km, by pool: those of today, and new ones.

    Parameters
    ----------
    fuel
        In the tank of new conventional buses and hybrids.
    mj, mj_new
        Energy of today's and of new ones, shape (L,).
    usd_per_mj
        Price of the energy of today's by year, the mean of its fuels, shape (T,).
    harm, harm_new
        Weighted emissions, shape (L,).
    """

    fuel: str
    mj: Float
    mj_new: Float
    usd_per_mj: Float
    harm: Float
    harm_new: Float


def use_per_km(bus_types: Sequence[str]) -> tuple[dict[str, float], dict[str, float]]:
    """Return kWh at the plug and kg of hydrogen per km by size of bus."""
    power, hydrogen = load_electricity_use(), load_hydrogen_use()
    kwh = {b: power.get(("bus", SEGMENTS[b]), power["bus", ""]) for b in bus_types}
    kg = {b: hydrogen.get(("bus", SEGMENTS[b]), hydrogen["bus", ""]) for b in bus_types}
    return kwh, kg


def batteries_of(section: TransitionSection, packaged: Packaged) -> Batteries:
    """Return what the plan's batteries hold for blocks without figures of their own.

    The battery of another size than standard is larger as its use per km is.
    """
    kwh, _ = use_per_km(tuple(SEGMENTS))
    window = (1.0 - packaged.battery("reserve")) * packaged.battery("end_of_life")
    standard = kwh["standard"]

    def usable(powertrain: str) -> dict[str, float]:
        size = battery_kwh(section, packaged, powertrain)
        return {b: size * window * kwh[b] / standard for b in SEGMENTS}

    return Batteries(
        usable=usable("battery"),
        usable_large=usable("battery_large"),
        plug_kwh_per_km=kwh,
        efficiency=packaged.battery("charger_efficiency") * packaged.battery("efficiency"),
        worst_day=packaged.figure("worst_day_factor"),
    )


def battery_kwh(section: TransitionSection, packaged: Packaged, powertrain: str) -> float:
    """Return the battery of a standard bus, kWh; 0 without one."""
    own = section.costs.get(powertrain)  # type: ignore[call-overload]  # powertrains are words of the plan
    if own is not None and own.battery_kwh is not None:
        return float(own.battery_kwh)
    return packaged.figure("battery_kwh", powertrain, "standard") if powertrain.startswith("battery") else 0.0


def figures_of(
    section: TransitionSection,
    packaged: Packaged,
    prices: Prices,
    pools: Pools,
    needs: Needs,
    engine: Engine,
    stations: Sequence[str],
    years: Int,
    *,
    rate: float,
    lead_years: int,
    powered: Sequence[bool],
    harm_per_kwh: float,
    packs: Mapping[tuple[str, str], float] | None = None,
    points: Mapping[str, int] | None = None,
) -> Figures:
    """Return the figures of a plan.

    Parameters
    ----------
    section, packaged, prices
        What the plan and the packaged tables say.
    pools, needs, stations
        Of the fleet.
    engine
        Of engine buses.
    years
        Of the plan, shape (T,).
    rate
        Real discount rate.
    lead_years
        Where neither section nor depot says.
    powered
        Depots with electric buses today.
    harm_per_kwh
        Weighted emissions of a kWh at the plug.
    packs
        Batteries by powertrain and size of bus, kWh, where a simulation of the blocks knows them.
    points
        Chargers of stations that a simulation knows; others have one for `blocks_per_station_charger` blocks.
    """
    kwh_per_km, kg_per_km = use_per_km(tuple(SEGMENTS))
    lots, count, t = len(pools.bus_type), len(POWERTRAINS), years.size
    price, pack, upkeep = np.zeros((lots, count, t)), np.zeros((lots, count, t)), np.zeros((lots, count))
    cells = np.array([battery_price().at(int(y)) for y in years])
    base = prices.base_year
    for p, name in enumerate(POWERTRAINS):
        like = "conventional" if p == EXISTING else name
        own = section.costs.get(like)  # type: ignore[call-overload]  # as above
        bare = own.price if own is not None and own.price is not None else _price(packaged, like)
        change = own.price_change_per_year if own is not None and own.price_change_per_year is not None else 0.0
        per_km = own.maintenance_per_km if own is not None else None
        battery = battery_kwh(section, packaged, like)
        for lot, size in enumerate(pools.bus_type):
            factor = packaged.figure("size_factor", bus_type=size)
            upkeep[lot, p] = per_km if per_km is not None else packaged.figure("maintenance_per_km", like, "standard")
            if p == EXISTING:
                continue
            own_kwh = battery * kwh_per_km[size] / kwh_per_km["standard"]
            pack[lot, p] = (packs or {}).get((like, size), own_kwh) * cells
            price[lot, p] = bare * factor * (1.0 + change) ** (years - base) + pack[lot, p]
    depots = {d.depot_id: d for d in section.depot}
    of_depot = [depots.get(d) for d in pools.depots]
    general = section.lead_years if section.lead_years is not None else lead_years
    lead = np.array([d.lead_years if d is not None and d.lead_years is not None else general for d in of_depot])
    ready = [d.ready_year if d is not None and d.ready_year is not None else 0 for d in of_depot]
    site = packaged.figure("site_fixed")
    demand = section.demand_charge_usd_per_kw_month
    hydrogen = packaged.figure("hydrogen_site")
    per_kw = packaged.figure("charger_per_kw") + packaged.figure("grid_per_kw")
    users = (needs.blocks[:, None] * needs.stations).sum(axis=0)
    usual = np.maximum(np.ceil(users / section.blocks_per_station_charger), 1.0)
    plugs = np.array([max((points or {}).get(name, 0), 0) or usual[k] for k, name in enumerate(stations)])
    station = packaged.figure("station_fixed") + packaged.figure("station_point") * plugs
    return Figures(
        years=years,
        base_year=base,
        rate=rate,
        price=price,
        pack=pack,
        battery_life=max(1, round(packaged.figure("battery_life_years"))),
        bus_life=section.new_life_years,
        charger_life=20,
        residual_share=np.array([residual_share(age) for age in range(t + 1)]),
        upkeep=upkeep,
        energy=_energy(pools, needs, engine, prices, years, kg_per_km),
        demand_per_kw=MONTHS * (demand if demand is not None else packaged.figure("demand_charge")),
        charger=section.charger_kw * per_kw,
        charger_upkeep_share=packaged.figure("charger_upkeep_share"),
        buses_per_charger=section.buses_per_charger,
        site=np.array([d.site_cost_usd if d and d.site_cost_usd is not None else site for d in of_depot]),
        hydrogen_site=np.full(len(of_depot), hydrogen),
        station=np.broadcast_to(station, (len(stations),)).astype(np.float64),
        lead=lead,
        ready=np.array([r or years[0] + lead[k] for k, r in enumerate(ready)]),
        powered=np.array(list(powered), dtype=bool),
        station_ready=int(years[0]) + general,
        grid_cap_kw=np.array([d.grid_cap_kw if d and d.grid_cap_kw is not None else np.inf for d in of_depot]),
        harm=_harm(pools, engine, harm_per_kwh, kwh_per_km),
    )


def _price(packaged: Packaged, powertrain: str) -> float:
    """Return the price of a standard bus without battery; one with a larger battery costs what the usual one does."""
    return packaged.figure("price", "battery" if powertrain == "battery_large" else powertrain, "standard")


def hybrid_share(pollutant: str) -> float:
    """Return what a diesel hybrid keeps of a conventional bus's emission or energy (``mj``)."""
    rows = reference_table("measures.csv").filter(pl.col("measure_id") == HYBRID_MEASURE)
    if pollutant == "mj":
        return 1.0 + float(rows["fuel_penalty_pct"][0]) / 100.0
    of = rows.filter(pl.col("pollutant") == pollutant)
    return 1.0 + float(of["change_pct"][0]) / 100.0 if of.height else 1.0


def _energy(
    pools: Pools, needs: Needs, engine: Engine, prices: Prices, years: Int, kg_per_km: Mapping[str, float]
) -> Float:
    """Return what the energy of one block costs a year, shape (C, P, T), with taxes."""
    power = np.array([prices.power(int(y)) + prices.electricity_tax_per_kwh for y in years])
    fuel = np.array([prices.fuel(engine.fuel, int(y)) + prices.fuel_tax(engine.fuel) for y in years])
    heat = reference_table("fuels.csv").filter(pl.col("fuel") == "hydrogen")["lower_heating_mj_kg"]
    gas = np.array([prices.fuel("hydrogen", int(y)) * float(heat[0]) for y in years])
    out = np.zeros((needs.pool.size, len(POWERTRAINS), years.size))
    kg = np.array([kg_per_km[size] for size in pools.bus_type])[needs.pool]
    for p in ELECTRIC:
        out[:, p] = needs.kwh[:, None] * power
    out[:, HYDROGEN] = (needs.km * kg)[:, None] * gas
    out[:, CONVENTIONAL] = (needs.km * engine.mj_new[needs.pool])[:, None] * fuel
    out[:, HYBRID] = out[:, CONVENTIONAL] * hybrid_share("mj")
    out[:, EXISTING] = (needs.km * engine.mj[needs.pool])[:, None] * engine.usd_per_mj
    return out


def _harm(pools: Pools, engine: Engine, harm_per_kwh: float, kwh_per_km: Mapping[str, float]) -> Float:
    out = np.zeros((len(pools.bus_type), len(POWERTRAINS)))
    electric = np.array([kwh_per_km[size] for size in pools.bus_type]) * harm_per_kwh
    for p in ELECTRIC:
        out[:, p] = electric
    out[:, CONVENTIONAL] = engine.harm_new
    out[:, HYBRID] = engine.harm_new * hybrid_share("CO2")
    out[:, EXISTING] = engine.harm
    return out


def rules_of(
    section: TransitionSection,
    region: str,
    streams: Sequence[str],
    pools: Pools,
    service: Float,
    fleet: Float,
    years: Int,
) -> tuple[Rules, list[Finding], list[str]]:
    """Return the rules of a plan, what they rest on, and the names of those on purchases.

    Parameters
    ----------
    section, region, streams
        Of the plan.
    pools
        Of the fleet.
    service, fleet
        Buses in service and of today by pool, shape (L,).
    years
        Shape (T,).
    """
    share, names, findings = purchase_shares(section, region, streams, float(service.sum()), years)
    counts = np.ones((len(pools.bus_type), years.size), dtype=bool)
    if set(names) & ICT:
        other = np.array([size in {"articulated", "double_decker", "coach"} for size in pools.bus_type])
        counts &= ~(other[:, None] & (years < ICT_OTHER_TYPES_FROM)[None, :])
    buyable = np.zeros((len(POWERTRAINS), years.size), dtype=bool)
    for name in section.powertrains:
        buyable[POWERTRAINS.index(name)] = True
    if section.last_combustion_year is not None:
        engines = [p for p in range(len(POWERTRAINS)) if p not in ZERO_EMISSION]
        late = years > section.last_combustion_year
        buyable[engines] &= ~late[None, :]
    budget = np.full(years.size, np.inf)
    if section.capital_budget_usd_per_year is not None:
        budget[:] = section.capital_budget_usd_per_year
    for year, money in sorted((int(y), m) for y, m in section.capital_budget_by_year.items()):
        budget[years >= year] = money
    supply = np.full((len(POWERTRAINS), years.size), np.inf)
    for name, most in section.supply_per_year.items():
        supply[POWERTRAINS.index(name)] = most
    holds = service.sum() >= section.spare_rule_from_buses
    excess = max(0.0, float(fleet.sum()) - (1.0 + section.spare_ratio_max) * float(service.sum()))
    short = np.maximum((1.0 + section.spare_ratio_min) * service - fleet, 0.0)
    if holds and excess > 0.0:
        values = {"most": f"{100 * section.spare_ratio_max:.0f} %"}
        findings.append(Finding("buses.transition_spares_above", "warning", values, round(excess)))
    if short.sum() > 0.0:
        values = {"least": f"{100 * section.spare_ratio_min:.0f} %"}
        findings.append(Finding("buses.transition_spares_below", "warning", values, int(np.ceil(short.sum()))))
    rules = Rules(
        buyable=buyable,
        share=share,
        counts=counts,
        target_share=section.target_share,
        budget=budget,
        supply=supply,
        spare_min=section.spare_ratio_min,
        spare_max=section.spare_ratio_max if holds else np.inf,
        spare_short=short,
        spare_excess=excess,
    )
    return rules, findings, names


def purchase_shares(
    section: TransitionSection, region: str, streams: Sequence[str], in_service: float, years: Int
) -> tuple[Float, list[str], list[Finding]]:
    """Return the least zero-emission share of purchases by year, the rules that ask for it, and how they stand.

    Raises
    ------
    PlanError
        The plan names a rule that is not known.
    """
    table = reference_table("zero_emission_rules.csv")
    of_streams = table.filter(pl.col("streams").str.split("|").list.eval(pl.element().is_in(list(streams))).list.any())
    known = of_streams["rule"].unique(maintain_order=True).to_list()
    for name in section.purchase_rules:
        if name not in known:
            raise PlanError(
                "no such rule on purchases of buses",
                use_one_of(name, known),
                column="buses.transition.purchase_rules",
                value=name,
            )
    chosen = list(section.purchase_rules)
    if not chosen:
        regions = set(region_order(region))
        on = of_streams.filter((pl.col("default_on") == "yes") & pl.col("region").is_in(regions))
        chosen = on["rule"].unique(maintain_order=True).to_list()
        if "ict_large" in chosen and in_service < SMALL_AGENCY_BUSES:
            chosen[chosen.index("ict_large")] = "ict_small"
    out = np.zeros(years.size)
    findings = []
    for name in chosen:
        rows = of_streams.filter(pl.col("rule") == name).sort("from_year")
        step = np.zeros(years.size)
        for first, share in rows.select("from_year", "share").iter_rows():
            step[years >= first] = share
        out = np.maximum(out, step)
        values = {"rule": name, "status": str(rows["status"][0])}
        findings.append(Finding("buses.transition_rule", "assumption", values))
    own = np.zeros(years.size)
    for year, share in sorted((int(y), s) for y, s in section.purchase_share.items()):
        own[years >= year] = share
    if section.purchase_share:
        chosen = [*chosen, "plan"]
    return np.maximum(out, own), chosen, findings
