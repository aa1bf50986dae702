"""The carbon market of a plan: curves, caps and prices read, every year cleared alone and linked, the ledger kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import PlanError
from fleet_planner.findings import Finding
from fleet_planner.markets import Cleared, Linking, Pool, clear, ledger
from fleet_planner.pipeline.market.market_bands import market_bands
from fleet_planner.pipeline.market.market_cities import allowance_t, at, city_of, credit_findings, surplus_findings
from fleet_planner.pipeline.market.market_curves import curves_of
from fleet_planner.pipeline.market.market_leakage import leakage_findings, leakage_table
from fleet_planner.pipeline.market.market_orders import Exchange, exchange_of
from fleet_planner.pipeline.market.market_owners import owners_of
from fleet_planner.pipeline.market.market_places import CityPlace, places_of
from fleet_planner.pipeline.market.market_prices import credit_prices, price_table, published_prices
from fleet_planner.pipeline.market.market_shocks import shocked_prices
from fleet_planner.pipeline.market.market_trades import trades

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.markets.clearing import Form
    from fleet_planner.plan.market import MarketCity, MarketSection
    from fleet_planner.plan.models import Plan

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Market:
    """A market over the years.

    Parameters
    ----------
    market
        ``city, year, form, price_usd_per_t, ...``: see ``tables/columns/market.csv``.
    ledger
        See ``tables/columns/market_ledger.csv``.
    trades
        Units by pair of cities: see ``tables/columns/market_trades.csv``.
    leakage
        What the price moves out of each city; none without ``non_local_pct``.
    owners
        Credits of small owners; none without a table of owners.
    volatility
        Mean and spread of prices under shocks; none without draws.
    draws
        Every draw of the shocks in sequence; none without draws.
    bands
        Prices and gains with their bands; none without ``[uncertainty]``.
    exchange
        Orders replayed; none without orders.
    places
        Cities that the plan puts on the map.
    published
        Prices of the cities' own markets; none where the plan names none.
    prices
        What a credit costs by year; none where the plan has no price.
    findings
        What rests on defaults.
    """

    market: pl.DataFrame
    ledger: pl.DataFrame
    trades: pl.DataFrame
    leakage: pl.DataFrame | None
    owners: pl.DataFrame | None
    volatility: pl.DataFrame | None
    draws: pl.DataFrame | None
    bands: pl.DataFrame | None
    exchange: Exchange | None
    places: tuple[CityPlace, ...]
    published: pl.DataFrame | None
    prices: pl.DataFrame | None
    findings: tuple[Finding, ...]


def market_of(plan: Plan, base: Path) -> Market:
    """Clear the market of a plan.

    Parameters
    ----------
    plan
        With ``[market]``.
    base
        Folder of the plan; its files are named from there.

    Raises
    ------
    UserError
        The section is not complete, a file is wrong, prices are missing, or a cap is out of reach.
    """
    section = plan.market
    if len(section.city) < 1:
        raise PlanError("the plan has no market", "Add [market] and a [[market.city]] for each city.")
    years = _years(section)
    curves = curves_of(plan, base)
    owners, findings = owners_of(plan, base)
    pool, told = _pools(plan, years, owners)
    findings += told
    findings += [*_damage_findings(section, curves), *credit_findings(section.city)]
    places, told = places_of(section, base)
    findings += told
    prices, told = price_table(plan, years) if section.has_price else (None, [])
    findings += told
    published, told = published_prices(plan)
    findings += told
    tables, books, moved = [], [], []
    ceiling, floor = section.ceiling_usd_per_t, section.floor_usd_per_t
    full = section.full_year if section.full_year is not None else years[-1]
    findings += surplus_findings(section.city, years)
    for year in years:
        cities = [city_of(c, year, curves) for c in section.city]
        allocated = np.array([allowance_t(c, year) for c in section.city])
        baseline = np.array([at(c.baseline_t, year) for c in section.city])
        alone = clear(cities, year, Linking("none", ceiling_usd_per_t=ceiling, floor_usd_per_t=floor))
        forms: list[Form] = ["none", *section.forms]
        for form in forms:
            linking = Linking(form, years[0], full, ceiling, floor)
            linked = alone if form == "none" else clear(cities, year, linking, pool[year])
            tables.append(_rows(section.city, year, form, alone, linked))
            moved.append(trades(cities, year, form, linked))
            lines = ledger(allocated, baseline, linked, adjustment=section.corresponding_adjustment)
            names = {"city": [c.name for c in section.city], "year": year, "form": form}
            kinds = {"cap_kind": [c.cap_kind for c in section.city]}
            books.append(pl.DataFrame(names | kinds | lines))
    swing, draws = shocked_prices(section, years, curves, pool)
    bands, told = market_bands(plan, years, curves, pool)
    findings += told
    market, book = _clean(pl.concat(tables)), _clean(pl.concat(books))
    findings += leakage_findings(plan, market)
    leaks, units = leakage_table(plan, market, book), pl.concat(moved)
    return Market(
        market,
        book,
        _clean(units),
        None if leaks is None else _clean(leaks),
        owners,
        None if swing is None else _clean(swing),
        None if draws is None else _clean(draws),
        None if bands is None else _clean(bands),
        exchange_of(section, base, years, curves, units),
        places,
        None if published is None else _clean(published),
        None if prices is None else _clean(prices),
        _once(findings),
    )


def _once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(f for k, f in enumerate(findings) if f not in findings[:k])


def _years(section: MarketSection) -> list[int]:
    known = [int(y) for c in section.city for y in (*c.baseline_t, *c.cap_t, *c.activity)]
    first = section.from_year if section.from_year is not None else min(known)
    last = section.to_year if section.to_year is not None else max(known)
    if last < first:
        raise PlanError(f"the market's last year, {last}, is before its first, {first}", "Set market.to_year.")
    if section.full_year is not None and section.full_year < first:
        raise PlanError(
            f"the incremental form would be one market before the market's first year, {first}",
            "Raise market.full_year, or leave incremental out of market.forms.",
            column="market.full_year",
            value=section.full_year,
        )
    return list(range(first, last + 1))


def _damage_findings(section: MarketSection, curves: Mapping[str, pl.DataFrame]) -> list[Finding]:
    """Say which cities have no local damage, and where that of the run's steps is used."""
    out = []
    given = {c.name for c in section.city if c.damage_usd_per_t is not None}
    own = {n for n, curve in curves.items() if curve["damage_usd_per_t"].null_count() == 0}
    if silent := [c.name for c in section.city if c.name not in given | own]:
        out.append(Finding("economics.market_no_damage", "assumption", {"cities": ", ".join(silent)}, len(silent)))
    if used := sorted(own):
        out.append(Finding("economics.market_step_damage", "info", {"cities": ", ".join(used)}, len(used)))
    return out


def _pools(plan: Plan, years: Sequence[int], owners: pl.DataFrame | None) -> tuple[dict[int, Pool], list[Finding]]:
    """Return the common supply by year: offsets and the credits of small owners, at the market's price."""
    section = plan.market
    if "indirect" not in section.forms:
        return dict.fromkeys(years, Pool()), []
    issued = {} if owners is None else dict(owners.group_by("year").agg(pl.col("credit_t").sum()).iter_rows())
    if not section.offsets_t_per_year and not any(issued.get(y) for y in years):
        raise PlanError(
            "the indirect form has no common supply",
            "Set market.offsets_t_per_year, or name market.small_owners.file.",
            column="market.forms",
            value="indirect",
        )
    prices, findings = credit_prices(plan, years)
    amounts = {y: section.offsets_t_per_year + issued.get(y, 0.0) for y in years}
    return {y: Pool(np.array([amounts[y]]), np.array([prices[y]])) for y in years}, findings


def _rows(cities: Sequence[MarketCity], year: int, form: str, alone: Cleared, linked: Cleared) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "city": [c.name for c in cities],
            "year": year,
            "form": form,
            "price_usd_per_t": linked.price,
            "price_unlinked_usd_per_t": alone.price,
            "abated_t": linked.abated,
            "abated_unlinked_t": alone.abated,
            "traded_units": linked.bought_units - linked.sold_units,
            "cost_usd": linked.cost,
            "cost_unlinked_usd": alone.cost,
            "benefit_moved_usd": linked.damage_avoided - alone.damage_avoided,
            "held_by": list(linked.binding),
        }
    )


def _clean(table: pl.DataFrame) -> pl.DataFrame:
    """Round off what the solver leaves of zero, below a gram and a thousandth of a cent."""
    return table.with_columns(pl.selectors.float().round(6) + 0.0)
