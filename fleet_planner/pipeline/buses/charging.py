"""The charging of a plan: stays and terms of every site, its schedules by strategy, what chargers it needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.charging.damage import Damage, damage_by_hour, flat_damage, read_damage
from fleet_planner.buses.charging.least_cost import Limits
from fleet_planner.buses.charging.read import read_sessions
from fleet_planner.buses.charging.schedule import LEAST_COST, ROUND, WITH_DAMAGE, schedule
from fleet_planner.buses.charging.site import Battery, Feedback, Site
from fleet_planner.buses.charging.slots import KINDS, MONTHS, SLOTS, days_of_year
from fleet_planner.buses.charging.smallest import missed_kwh, plugs_of, smallest_cap_kw
from fleet_planner.buses.charging.stays import UNMET, Stays, stays_of
from fleet_planner.buses.charging.sun import read_sun, sun_by_height
from fleet_planner.buses.charging.tables import (
    Option,
    SiteYear,
    chargers,
    costs,
    demand,
    load_profile,
    missed,
    stay_schedule,
    summary,
)
from fleet_planner.buses.charging.tariff import PACKAGED, Tariff, flat_tariff, read_tariff
from fleet_planner.buses.charging.terms import seasons_of
from fleet_planner.economics.finance import capital_recovery_factor
from fleet_planner.economics.grid import grid_pair
from fleet_planner.economics.grid_hours import AVERAGE, MARGINAL
from fleet_planner.economics.grid_path import city_grid
from fleet_planner.economics.money import Price, levels_of
from fleet_planner.economics.valuation import valuation
from fleet_planner.economics.vehicle_costs import vehicle_costs
from fleet_planner.errors import InputError, PlanError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.progress import silent
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.buses.charging.terms import Season
    from fleet_planner.buses.model import Charging
    from fleet_planner.economics.vehicle_costs import VehicleCosts
    from fleet_planner.plan.buses_charging import ChargingSection, ChargingSite
    from fleet_planner.plan.models import Plan
    from fleet_planner.progress import Progress

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]

KEY = "buses.charging"


@dataclass(frozen=True)
class ChargingYear:
    """The charging of all sites.

    Parameters
    ----------
    sites
        In the order of their names.
    load, stays, costs, summary, chargers, missed, demand
        See ``tables/columns/bus_charging_*.csv``.
    findings
        What rests on defaults.
    """

    sites: tuple[SiteYear, ...]
    load: pl.DataFrame
    stays: pl.DataFrame
    costs: pl.DataFrame
    summary: pl.DataFrame
    chargers: pl.DataFrame
    missed: pl.DataFrame
    demand: pl.DataFrame
    findings: tuple[Finding, ...]


def charging_of(
    plan: Plan,
    base: Path,
    found: Charging | None = None,
    hardest: Charging | None = None,
    progress: Progress = silent,
) -> ChargingYear:
    """Schedule the charging of a plan.

    Parameters
    ----------
    plan
        With ``[buses.charging]``.
    base
        Folder of the plan; its files are named from there.
    found
        Stays of the simulation; none: those of ``buses.charging.sessions``.
    hardest
        The stays on the day that asks most: chargers and the grid connection must serve it; none: ``found``.
    progress
        Told site by site.

    Raises
    ------
    UserError
        A file is wrong, a site is unknown, or a tariff's currency has no rate.
    """
    section = plan.buses.charging
    if section.sessions:
        found, hardest = read_sessions(base / section.sessions), None
    if found is None or found.sessions.is_empty():
        raise PlanError(
            "there is no stay at a charger to schedule",
            "Name a table of stays in buses.charging.sessions.",
            column=f"{KEY}.sessions",
        )
    sessions = _complete(found.sessions)
    hard = sessions if hardest is None or hardest.sessions.is_empty() else _complete(hardest.sessions)
    names = sessions["site_id"].unique().sort().to_list()
    _known_sites(section, names)
    findings = [*found.findings, *_kinds(sessions)]
    days = days_of_year(plan.city.year, _holidays(plan))
    damage, told = _damage(plan, base)
    findings += told
    tariffs: dict[str, tuple[Tariff, float]] = {}
    costs_of = vehicle_costs(plan.economics)["bus"]
    sites = []
    for k, name in enumerate(names):
        progress(f"charging of {name}", k / len(names))
        own = next((s for s in section.site if s.site_id == name), None)
        asked = own.tariff if own and own.tariff else section.tariff
        if asked not in tariffs:
            tariff, told = _tariff(plan, base, asked)
            findings += told
            tariffs[asked] = (tariff, _usd(plan, tariff))
        frame = sessions.filter(site_id=name)
        frames = (frame, hard.filter(site_id=name))
        sites.append(_site_year(plan, base, frames, own, tariffs[asked], days, damage, costs_of))
    findings += _told(section, sites)
    if hard is not sessions:
        findings.append(Finding("buses.charging_hardest", "info", {}))
    lines = costs(sites)
    table = summary(sites, lines)
    findings += _heeded(table)
    return ChargingYear(
        tuple(sites),
        load_profile(sites),
        stay_schedule(sites),
        lines,
        table,
        chargers(sites),
        missed(sites),
        demand(sites, section.plan_with, plan.city.year),
        tuple(findings),
    )


def _holidays(plan: Plan) -> set[date]:
    days = {date.fromisoformat(d) for d in plan.buses.charging.holidays}
    if other := sorted(d for d in days if d.year != plan.city.year):
        raise PlanError(
            f"this holiday is not in {plan.city.year}, the year that is billed",
            "Name the days of city.year.",
            column=f"{KEY}.holidays",
            value=str(other[0]),
        )
    return days


def _complete(sessions: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that only some tables have."""
    more = [c for c in ("battery_kwh", "leave_soc", "lon", "lat") if c not in sessions.columns]
    return sessions.with_columns(pl.lit(None, dtype=pl.Float64).alias(c) for c in more)


def _known_sites(section: ChargingSection, names: list[str]) -> None:
    for k, own in enumerate(section.site):
        if own.site_id not in names:
            raise PlanError(
                "no bus stays at this site",
                use_one_of(own.site_id, names),
                column=f"{KEY}.site[{k + 1}].site_id",
                value=own.site_id,
            )


def _kinds(sessions: pl.DataFrame) -> list[Finding]:
    missing = [k for k in KINDS if k not in sessions["kind_of_day"].unique().to_list()]
    return [Finding("buses.charging_days", "warning", {"kinds": ", ".join(missing)})] if missing else []


def _tariff(plan: Plan, base: Path, asked: str) -> tuple[Tariff, list[Finding]]:
    usual = reference_table(PACKAGED).filter(usual_in=plan.city.country)["tariff"]
    price = plan.economics.electricity_usd_per_kwh
    if not asked and usual.is_empty():
        tariff = flat_tariff(price, "one price at all hours", "全时段单一电价")
        return tariff, [Finding("buses.charging_flat_tariff", "assumption", {"price": f"{price:g}"})]
    tariff = read_tariff(asked or str(usual[0]), base)
    findings = []
    if not asked:
        findings.append(Finding("buses.charging_usual_tariff", "assumption", {"tariff": tariff.name}))
    if unread := sum(not c.checked for c in tariff.charges):
        findings.append(Finding("buses.charging_tariff_unchecked", "assumption", {"tariff": tariff.name}, unread))
    return tariff, findings


def _usd(plan: Plan, tariff: Tariff) -> float:
    """Return US$ 2024 for a unit of the tariff's currency."""
    price = Price(tariff.currency, tariff.price_year)
    first = plan.economics.conversion == "deflate_first"
    return levels_of(plan.economics).inside(1.0, price, f"{KEY}.tariff", deflate_first=first)


def _damage(plan: Plan, base: Path) -> tuple[Damage, list[Finding]]:
    section, city = plan.buses.charging, plan.city
    values = valuation(city.country, city.year, plan.comparison, plan.economics.social_carbon_usd_per_t)
    carbon = values.carbon.usd_per_t
    if section.damage:
        damage = read_damage(base / section.damage, carbon)
        return damage, [] if damage.varies else [Finding("buses.charging_damage_flat", "info", {})]
    region = city.grid_region or city.country
    grid = city_grid(plan.electricity, region, city.year, base)
    if grid.course.hours is not None:
        kind = MARGINAL if grid.course.hours.years(MARGINAL) else AVERAGE
        by_hour = grid.course.hours.nearest(kind, city.year)
        assert by_hour is not None
        return damage_by_hour(by_hour, carbon), [Finding("buses.charging_damage_hours", "info", {"kind": kind})]
    known = grid.checked == "yes"
    pair = grid_pair(plan.economics, region, grid.average, average_checked=known, course=grid.course, year=city.year)
    return flat_damage(pair.of_differences, carbon), [
        Finding("buses.charging_damage_default", "assumption", {"factor": f"{pair.of_differences:.3f}"})
    ]


def _site_year(
    plan: Plan,
    base: Path,
    frames: tuple[pl.DataFrame, pl.DataFrame],
    own: ChargingSite | None,
    priced: tuple[Tariff, float],
    days: Int,
    damage: Damage,
    prices: VehicleCosts,
) -> SiteYear:
    section = plan.buses.charging
    frame, hard = frames
    tariff, usd = priced
    storage = section.battery_usd_per_kwh * capital_recovery_factor(
        plan.economics.discount_rate, section.battery_life_years
    )
    site = _site(section, frame, own, storage)
    lon, lat = (frame[c].drop_nulls()[0] if frame[c].drop_nulls().len() else None for c in ("lon", "lat"))
    sun = _sun(section, base, site, lat, days)
    seasons = tuple(seasons_of(tariff, usd, days, damage, sun))
    stays = stays_of(frame)
    most = stays if hard.equals(frame) or hard.is_empty() else stays_of(hard)
    limits = Limits(seconds=section.integer_seconds)
    made = tuple(schedule(stays, site, seasons, s, limits) for s in section.strategies)
    powers = sorted(section.charger_powers_kw)
    rate = plan.economics.discount_rate
    wide = replace(site, chargers=None)
    options = [_option(most, wide, seasons, float(most.power_kw.max(initial=0.0)), prices, rate)]
    options += [_option(_slower(most.sessions, kw), wide, seasons, kw, prices, rate) for kw in powers]
    kind = str(frame["site_kind"][0])
    return SiteYear(
        *(site, kind, lon, lat, stays, seasons, tariff, usd, made),
        least_kw=options[0].cap_kw if site.chargers is None else smallest_cap_kw(most, site, seasons),
        options=tuple(options),
        storage_usd_per_year=storage,
        hardest=most,
        hardest_missed_kwh=_missed(most, site, seasons) if most is not stays else np.zeros(0),
    )


def _site(section: ChargingSection, frame: pl.DataFrame, own: ChargingSite | None, storage: float) -> Site:
    def of(key: str) -> float | int | None:
        value = getattr(own, key) if own is not None else None
        found: float | int | None = value if value is not None else getattr(section, key)
        return found

    kwh = float(of("battery_kwh") or 0.0)
    kw = of("battery_kw")
    cap, plugs = of("grid_cap_kw"), of("chargers")
    feedback = None
    if section.vehicle_to_grid:
        if frame["battery_kwh"].null_count():
            raise InputError(
                f"buses at {frame['site_id'][0]} cannot feed back: the stays do not tell their batteries",
                f"Fill battery_kwh in the table of {KEY}.sessions, or set {KEY}.vehicle_to_grid = false.",
                column="battery_kwh",
            )
        feedback = Feedback(section.feedback_kw, section.feedback_reserve, section.feedback_usd_per_kwh)
    return Site(
        str(frame["site_id"][0]),
        np.inf if cap is None else float(cap),
        None if plugs is None else int(plugs),
        section.least_charger_kw,
        float(of("solar_kwp") or 0.0),
        Battery(
            kwh, kwh / 2.0 if kw is None else float(kw), section.battery_efficiency, section.battery_chosen, storage
        ),
        feedback,
    )


def _sun(section: ChargingSection, base: Path, site: Site, lat: float | None, days: Int) -> Float:
    if site.solar_kwp == 0.0:
        return np.zeros((MONTHS, SLOTS))
    if section.solar_profile:
        return read_sun(base / section.solar_profile)
    latitude = section.solar_latitude if section.solar_latitude is not None else lat
    if latitude is None:
        raise PlanError(
            f"the panels of {site.site_id} have no profile and no latitude",
            f"Name {KEY}.solar_profile or {KEY}.solar_latitude.",
            column=f"{KEY}.solar_kwp",
        )
    return sun_by_height(latitude, section.solar_kwh_per_kwp, days.sum(axis=(1, 2)))


def _missed(stays: Stays, site: Site, seasons: Sequence[Season]) -> Float:
    """Return what each stay of the hardest day misses under the site's limits, battery side."""
    grid = missed_kwh(stays, site, seasons) + stays.asked_kwh - stays.need_kwh
    grid[grid <= ROUND * stays.asked_kwh] = 0.0
    out: Float = grid * stays.sessions["charger_efficiency"].to_numpy()
    return out


def _slower(frame: pl.DataFrame, kw: float) -> Stays:
    """Return the stays at chargers of another power, grid side; a bus takes no more than before."""
    return stays_of(
        frame.with_columns(max_battery_kw=pl.min_horizontal("max_battery_kw", kw * pl.col("charger_efficiency")))
    )


def _option(
    stays: Stays, site: Site, seasons: Sequence[Season], kw: float, prices: VehicleCosts, rate: float
) -> Option:
    cap = smallest_cap_kw(stays, site, seasons)
    plugs = plugs_of(stays, site, seasons)
    served = bool((stays.asked_kwh - stays.need_kwh <= UNMET + 1e-9 * stays.asked_kwh).all()) and cap <= site.cap_kw
    chargers_usd, grid_usd = plugs.fewest * kw * prices.charger_per_kw, cap * prices.grid_per_kw
    yearly = chargers_usd * (
        capital_recovery_factor(rate, prices.charger_life_years) + prices.charger_maintenance_share
    ) + grid_usd * capital_recovery_factor(rate, prices.grid_life_years)
    return Option(kw, plugs, served, chargers_usd + grid_usd, yearly, cap)


def _heeded(table: pl.DataFrame) -> list[Finding]:
    """Return what heeding the damage of electricity costs and spares against cost alone, all sites."""
    columns = ("cost_usd2024_per_year", "co2_t_per_year", "damage_usd2024_per_year")
    sums = {s: table.filter(strategy=s).select(pl.col(*columns).sum()).row(0) for s in (LEAST_COST, WITH_DAMAGE)}
    if not all(table["strategy"].is_in([s]).any() for s in sums):
        return []
    dearer, tonnes, spared = (a - b for a, b in zip(sums[WITH_DAMAGE], sums[LEAST_COST], strict=True))
    values = {"dearer": f"{dearer:,.0f}", "tonnes": f"{-tonnes:,.1f}", "spared": f"{-spared:,.0f}"}
    return [Finding("buses.charging_heeded", "info", values)] if abs(spared) >= 1.0 else []


def _told(section: ChargingSection, sites: Sequence[SiteYear]) -> list[Finding]:
    out = []
    for year in sites:
        lacked = year.hardest_missed_kwh
        if (lacked > 0.0).any():
            values = {"site": year.site.site_id, "kwh": f"{lacked.sum():,.0f}"}
            out.append(Finding("buses.charging_hardest_missed", "warning", values, int((lacked > 0.0).sum())))
        short = year.stays.asked_kwh - year.stays.need_kwh > UNMET + 1e-9 * year.stays.asked_kwh
        if short.any():
            values = {
                "site": year.site.site_id,
                "kwh": f"{(year.stays.asked_kwh - year.stays.need_kwh)[short].sum():,.0f}",
            }
            out.append(Finding("buses.charging_too_short", "warning", values, int(short.sum())))
        plugs = year.options[0].plugs.fewest
        if year.site.chargers is not None and plugs > year.site.chargers:
            values = {"site": year.site.site_id, "chargers": f"{year.site.chargers}", "least": f"{plugs}"}
            out.append(Finding("buses.charging_few_chargers", "warning", values))
        elif np.isfinite(year.site.cap_kw) and year.least_kw > year.site.cap_kw * (1.0 + 1e-7):
            values = {"site": year.site.site_id, "cap": f"{year.site.cap_kw:,.0f}", "least": f"{year.least_kw:,.1f}"}
            out.append(Finding("buses.charging_cap", "warning", values))
    if any(y.site.solar_kwp > 0.0 for y in sites) and not section.solar_profile:
        out.append(Finding("buses.charging_sun", "assumption", {"yield": f"{section.solar_kwh_per_kwp:,.0f}"}))
    if any(y.site.battery.there for y in sites):
        values = {"price": f"{section.battery_usd_per_kwh:,.0f}", "years": f"{section.battery_life_years:g}"}
        out.append(Finding("buses.charging_storage", "assumption", values))
    return out
