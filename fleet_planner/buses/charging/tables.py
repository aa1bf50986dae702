"""Schedules of sites as tables: load by 15 minutes, stays by slot, costs by line, what each site needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.charging.bill import CLIMATE, HEALTH, OWNER, STORAGE, WEAR, bill, harm, peak_kw
from fleet_planner.buses.charging.slots import KINDS, SLOT_H, SLOT_S, SLOTS
from fleet_planner.buses.charging.stays import by_calendar
from fleet_planner.units import HOURS_PER_DAY, S_PER_H

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.buses.charging.schedule import Schedule
    from fleet_planner.buses.charging.site import Site
    from fleet_planner.buses.charging.smallest import Plugs
    from fleet_planner.buses.charging.stays import Stays
    from fleet_planner.buses.charging.tariff import Tariff
    from fleet_planner.buses.charging.terms import Season

    Float = NDArray[np.float64]

PARTS_PER_HOUR = SLOTS // HOURS_PER_DAY
SEEN_KWH = 1e-9
HARDEST = "hardest_day"
"""Stands for a strategy where stays of the hardest day are served as well as the limits let them."""


@dataclass(frozen=True)
class Option:
    """Chargers of one power at a site, buses taking turns.

    Parameters
    ----------
    kw
        Power of a charger, grid side.
    plugs
        How many.
    served
        Whether all needs can be met.
    capital_usd, usd_per_year
        Of chargers and of the least connection to the grid, US$ 2024.
    cap_kw
        That connection.
    """

    kw: float
    plugs: Plugs
    served: bool
    capital_usd: float
    usd_per_year: float
    cap_kw: float


@dataclass(frozen=True)
class SiteYear:
    """All that is known of a site.

    Parameters
    ----------
    site, kind
        Limits and name; ``depot`` or ``station``.
    lon, lat
        Degrees; none where unknown.
    stays, seasons, tariff
        What is asked and what it costs.
    usd
        US$ 2024 for a unit of the tariff's currency.
    schedules
        By strategy.
    least_kw
        Least grid limit that serves all.
    options
        Chargers by power; the first is that of the stays.
    storage_usd_per_year
        What a kWh of the stationary battery costs a year, US$ 2024.
    hardest
        The stays that chargers and connection must serve.
    hardest_missed_kwh
        What each of them misses under the site's limits, battery side; empty where they are those of the year.
    """

    site: Site
    kind: str
    lon: float | None
    lat: float | None
    stays: Stays
    seasons: tuple[Season, ...]
    tariff: Tariff
    usd: float
    schedules: tuple[Schedule, ...]
    least_kw: float
    options: tuple[Option, ...]
    storage_usd_per_year: float
    hardest: Stays
    hardest_missed_kwh: Float


def load_profile(sites: Sequence[SiteYear]) -> pl.DataFrame:
    """Return the load by site, strategy, season, day and slot: ``bus_charging_load``."""
    parts = []
    for year in sites:
        for plan in year.schedules:
            for season, d in zip(year.seasons, plan.dispatch, strict=True):
                before, kind = season.pairs
                battery = (d.discharge - d.charge)[before, kind]
                drawn = d.grid + d.solar + d.discharge - d.charge - d.export
                rows = kind.size * SLOTS
                parts.append(
                    pl.DataFrame(
                        {
                            "site_id": [year.site.site_id] * rows,
                            "strategy": [plan.strategy] * rows,
                            "months": [season.label] * rows,
                            "kind_of_day": np.repeat([KINDS[k] for k in kind], SLOTS),
                            "day_before": np.repeat([KINDS[k] for k in before], SLOTS),
                            "days_per_year": np.repeat(season.days[before, kind], SLOTS),
                            "start_s": np.tile(np.arange(SLOTS) * SLOT_S, kind.size),
                            "charging_kw": (drawn[before, kind] / SLOT_H).ravel(),
                            "solar_kw": (d.solar[before, kind] / SLOT_H).ravel(),
                            "battery_kw": (battery / SLOT_H).ravel(),
                            "export_kw": (d.export[before, kind] / SLOT_H).ravel(),
                            "grid_kw": (d.grid[before, kind] / SLOT_H).ravel(),
                        }
                    )
                )
    return pl.concat(parts)


def stay_schedule(sites: Sequence[SiteYear]) -> pl.DataFrame:
    """Return what each bus draws by slot, without slots in which it draws nothing: ``bus_charging_schedule``."""
    parts = []
    for year in sites:
        stays = year.stays
        frame = stays.sessions.select("kind_of_day", "block_id", "bus", "arrive_s")
        for plan in year.schedules:
            for season, d in zip(year.seasons, plan.dispatch, strict=True):
                seen = np.flatnonzero((d.kwh > SEEN_KWH) | (d.back_kwh > SEEN_KWH))
                parts.append(
                    frame[stays.stay[seen]].select(
                        pl.lit(year.site.site_id).alias("site_id"),
                        pl.lit(plan.strategy).alias("strategy"),
                        pl.lit(season.label).alias("months"),
                        pl.all(),
                        pl.Series("start_s", stays.slot[seen] * SLOT_S),
                        pl.Series("grid_kw", (d.kwh - d.back_kwh)[seen] / SLOT_H),
                    )
                )
    return pl.concat(parts)


def costs(sites: Sequence[SiteYear]) -> pl.DataFrame:
    """Return the lines of a year's cost by site and strategy: ``bus_charging_costs``."""
    rows: list[tuple[object, ...]] = []
    for year in sites:
        name, money, usd = year.site.site_id, year.tariff.currency, year.usd
        for plan in year.schedules:
            own = (name, plan.strategy)
            for label, element, what, quantity, unit, price, cost, checked in bill(
                year.tariff, year.seasons, plan.dispatch
            ):
                told = "yes" if checked else "no"
                rows.append(
                    (*own, "operator", label, element, what, quantity, unit, price, money, cost, cost * usd, told)
                )
            rows += [(*own, *line) for line in _other_lines(year, plan)]
    first = ("site_id", "strategy", "borne_by", "months", "element", "label", "quantity", "unit", "price", "currency")
    schema = (*first, "cost_per_year", "cost_usd2024_per_year", "checked")
    return pl.DataFrame(rows, schema=schema, orient="row", infer_schema_length=None)


def _other_lines(year: SiteYear, plan: Schedule) -> list[tuple[object, ...]]:
    """Return the lines that are no part of a tariff: storage, wear, damage; US$ 2024."""
    out: list[tuple[object, ...]] = []
    if plan.battery_kwh > 0.0:
        price = year.storage_usd_per_year
        cost = plan.battery_kwh * price
        out.append(("operator", "1-12", STORAGE, STORAGE, plan.battery_kwh, "kWh year", price, "USD", cost, cost, "no"))
    back = year.site.feedback
    for season, d in zip(year.seasons, plan.dispatch, strict=True):
        if back is not None and d.back_kwh.any():
            fed = float((year.stays.summed(d.back_kwh) * season.days.sum(axis=0)[year.stays.kind]).sum())
            cost = fed * back.usd_per_kwh
            out.append(("operator", season.label, WEAR, WEAR, fed, "kWh", back.usd_per_kwh, "USD", cost, cost, "no"))
        co2, usd = harm([season], [d])
        climate = co2 * season.usd_per_t
        price = season.usd_per_t
        out.append(("others", season.label, CLIMATE, CLIMATE, co2, "t CO2", price, "USD", climate, climate, "no"))
        if abs(usd - climate) > 1e-9 * max(abs(usd), 1.0):
            net = float((season.days[:, :, None] * (d.grid - d.export)).sum())
            mean = (usd - climate) / net if net else 0.0
            lost = usd - climate
            out.append(("others", season.label, HEALTH, HEALTH, net, "kWh", mean, "USD", lost, lost, "no"))
    return out


def summary(sites: Sequence[SiteYear], lines: pl.DataFrame) -> pl.DataFrame:
    """Return a row by site and strategy: ``bus_charging_sites``.

    Parameters
    ----------
    sites
        The sites.
    lines
        From `costs`.
    """
    rows = []
    for year in sites:
        stays = year.stays
        for plan in year.schedules:
            mine = lines.filter(site_id=year.site.site_id, strategy=plan.strategy)
            operator = mine.filter(pl.col("element").is_in(OWNER))
            others = mine.filter(~pl.col("element").is_in(OWNER))
            energy = sum(
                float((s.days[:, :, None] * by_calendar(stays.load_kwh(d.kwh - d.back_kwh))).sum())
                for s, d in zip(year.seasons, plan.dispatch, strict=True)
            )
            cost = float(operator["cost_usd2024_per_year"].sum())
            damage = float(others["cost_usd2024_per_year"].sum())
            rows.append(
                {
                    "site_id": year.site.site_id,
                    "site_kind": year.kind,
                    "strategy": plan.strategy,
                    "status": plan.status,
                    "stays": stays.count,
                    "buses": stays.sessions["bus"].n_unique(),
                    "energy_kwh_per_year": energy,
                    "peak_kw": plan.peak_kw(year.seasons),
                    "least_cap_kw": year.least_kw,
                    "chargers": plan.chargers(stays, year.seasons),
                    "tariff": year.tariff.name,
                    "cost_usd2024_per_year": cost,
                    "usd2024_per_kwh": cost / energy if energy > 0.0 else None,
                    "co2_t_per_year": float(others.filter(element=CLIMATE)["quantity"].sum()),
                    "damage_usd2024_per_year": damage,
                    "cost_and_damage_usd2024_per_year": cost + damage,
                    "missed_stays": int((plan.missed_kwh > 0.0).sum()),
                    "missed_kwh": float(plan.missed_kwh.sum()),
                    "battery_kwh": plan.battery_kwh,
                    "gap": plan.gap,
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def missed(sites: Sequence[SiteYear]) -> pl.DataFrame:
    """Return the stays whose need is not met, and by how much: ``bus_charging_missed``."""
    parts = []
    for year in sites:
        told = [(p.strategy, year.stays, p.missed_kwh) for p in year.schedules]
        if year.hardest_missed_kwh.size:
            told.append((HARDEST, year.hardest, year.hardest_missed_kwh))
        for strategy, stays, lacked in told:
            short = np.flatnonzero(lacked > 0.0)
            parts.append(
                stays.sessions[short].select(
                    pl.lit(year.site.site_id).alias("site_id"),
                    pl.lit(strategy).alias("strategy"),
                    "kind_of_day",
                    "block_id",
                    "bus",
                    "arrive_s",
                    "leave_s",
                    "need_battery_kwh",
                    pl.Series("missed_battery_kwh", lacked[short]),
                    pl.lit(year.least_kw).alias("least_cap_kw"),
                )
            )
    return pl.concat(parts)


def chargers(sites: Sequence[SiteYear]) -> pl.DataFrame:
    """Return how many chargers of which power a site needs: ``bus_charging_chargers``."""
    rows = []
    for year in sites:
        served = [o for o in year.options if o.served]
        cheapest = min(served, key=lambda o: o.usd_per_year, default=None)
        for option in year.options:
            plugs = option.plugs
            rows.append(
                {
                    "site_id": year.site.site_id,
                    "charger_kw": option.kw,
                    "one_each": plugs.whole_stay,
                    "in_turn": plugs.fewest,
                    "lower_bound": plugs.proof,
                    "all_served": "yes" if option.served else "no",
                    "least_cap_kw": option.cap_kw,
                    "capital_usd2024": option.capital_usd,
                    "cost_usd2024_per_year": option.usd_per_year,
                    "chosen": "yes" if option is cheapest else "no",
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def demand(sites: Sequence[SiteYear], strategy: str, year_of: int) -> pl.DataFrame:
    """Return the demand on the grid by site and hour as the siting of chargers reads it: ``bus_charging_demand``.

    Parameters
    ----------
    sites
        The sites.
    strategy
        Whose load it is.
    year_of
        Year that it is of.
    """
    parts = []
    for year in sites:
        plan = next(p for p in year.schedules if p.strategy == strategy)
        kwh, kw = np.zeros(HOURS_PER_DAY), np.zeros(HOURS_PER_DAY)
        days = 0
        for season, d in zip(year.seasons, plan.dispatch, strict=True):
            days += int(season.days.sum())
            slots = (season.days[:, :, None] * d.grid).sum(axis=(0, 1))
            kwh += slots.reshape(HOURS_PER_DAY, PARTS_PER_HOUR).sum(axis=1)
            for hour in range(HOURS_PER_DAY):
                inside = np.zeros((len(KINDS), SLOTS), dtype=bool)
                inside[:, hour * PARTS_PER_HOUR : (hour + 1) * PARTS_PER_HOUR] = True
                kw[hour] = max(kw[hour], peak_kw(season, d.grid, inside))
        placed = year.lon is not None and year.lat is not None
        own = {
            "demand_id": year.site.site_id,
            "lon": year.lon,
            "lat": year.lat,
            "place": None if placed else year.site.site_id,
            "year": year_of,
            "kind": "depot" if year.kind == "depot" else "en_route",
            "stream": "urban_bus",
            "min_kw": _least_power_kw(year.hardest),
        }
        hours = pl.DataFrame({"hour": np.arange(HOURS_PER_DAY), "kwh_per_day": kwh / max(days, 1), "kw": kw})
        parts.append(hours.select(*(_given(k, v) for k, v in own.items()), pl.all()))
    return pl.concat(parts)


def _least_power_kw(stays: Stays) -> float:
    """Return the power that a charger must have so that every need fits into its stay, grid side."""
    hours = (stays.sessions["leave_s"] - stays.sessions["arrive_s"]).to_numpy().astype(np.float64) / S_PER_H
    return float((stays.asked_kwh / np.maximum(hours, SLOT_H / SLOTS)).max(initial=0.0))


def _given(name: str, value: object) -> pl.Expr:
    kinds = {"lon": pl.Float64, "lat": pl.Float64, "min_kw": pl.Float64, "year": pl.Int64}
    return pl.lit(value, dtype=kinds.get(name, pl.String)).alias(name)
