"""Prices of credits in US dollars of 2024, and the plan's costs with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.money import Price, levels_of
from fleet_planner.errors import PlanError
from fleet_planner.findings import Finding
from fleet_planner.markets.prices import known_years, price_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.economics.money import Levels
    from fleet_planner.markets.prices import PricePath
    from fleet_planner.plan.economics import EconomicsSection
    from fleet_planner.plan.market import MarketSection
    from fleet_planner.plan.models import Plan

KEY = "market.price_path"
PRICES = {"year": pl.Int64, "price_usd2024_per_t": pl.Float64, "basis": pl.String}
CITY_KEY = "market.city.price_path"
PUBLISHED = {
    "city": pl.String,
    "market": pl.String,
    "year": pl.Int64,
    "price": pl.Float64,
    "currency": pl.String,
    "price_usd2024_per_t": pl.Float64,
    "checked": pl.String,
}


def credit_prices(plan: Plan, years: Sequence[int]) -> tuple[dict[int, float], list[Finding]]:
    """Return the price of a credit by year, US$ 2024 per t, and what it rests on; see `price_table`."""
    table, findings = price_table(plan, years)
    return dict(table.select("year", "price_usd2024_per_t").iter_rows()), findings


def price_table(plan: Plan, years: Sequence[int]) -> tuple[pl.DataFrame, list[Finding]]:
    """Return the price of a credit by year with what it rests on: the plan's own, beyond them the packaged path.

    After the last published year the price is kept (``hold_last``) or grows by ``forward_pct``: what a contract for
    delivery in that year costs where storing is free and money earns that rate.

    Returns
    -------
    ``tables/columns/market_prices.csv``, and the findings.

    Raises
    ------
    PlanError
        There is no price, the market is unknown, or years have no price.
    """
    market = plan.market
    own = {int(y): v for y, v in market.price_usd_per_t.items()}
    if not market.has_price:
        raise PlanError(
            "credits have no price", "Set market.price_path, such as 'bj_ets', or market.price_usd_per_t.", column=KEY
        )
    covered = [y for y in years if own and (not market.price_path or min(own) <= y <= max(own))]
    known = sorted(own)
    rows = {y: (y, float(np.interp(y, known, [own[k] for k in known])), "plan") for y in covered}
    others = [y for y in years if y not in rows]
    findings: list[Finding] = []
    if others:
        carry = market.forward_pct
        path = price_path(market.price_path, others, KEY, hold=market.hold_last or carry is not None)
        levels, first = levels_of(plan.economics), plan.economics.conversion == "deflate_first"
        for year, amount in path.price.items():
            given = Price(path.currency, path.last if year in path.held else year)
            grown = 1.0 if carry is None else (1.0 + carry / 100.0) ** max(year - path.last, 0)
            basis = "published" if year not in path.held else "held" if carry is None else "forward"
            rows[year] = (year, grown * levels.inside(amount, given, KEY, deflate_first=first), basis)
        findings = _price_findings(market, path, levels)
    table = pl.DataFrame([rows[y] for y in sorted(rows)], schema=PRICES, orient="row")
    return table, findings


def _price_findings(market: MarketSection, path: PricePath, levels: Levels) -> list[Finding]:
    given = {Price(path.currency, path.last if y in path.held else y) for y in path.price}
    unchecked = set(path.unchecked) | {g.year for g in given if ("rate", g) in levels.unchecked}
    named: dict[str, str | int | float] = {"market": market.price_path}
    findings = []
    if unchecked:
        listed = ", ".join(map(str, sorted(unchecked)))
        findings.append(Finding("economics.market_price_unchecked", "assumption", {**named, "years": listed}))
    if path.held:
        held: dict[str, str | int | float] = {"last": path.last, "from": min(path.held), "to": max(path.held)}
        if market.forward_pct is None:
            findings.append(Finding("economics.market_price_held", "assumption", {**named, **held}, len(path.held)))
        else:
            held["rate"] = market.forward_pct
            findings.append(Finding("economics.market_price_forward", "assumption", {**named, **held}, len(path.held)))
    return findings


def with_credits(plan: Plan) -> tuple[EconomicsSection, list[Finding]]:
    """Return the plan's costs with the price of credits as what owners pay for CO2, if the plan says so.

    Every tonne less saves the price: the credit is in the cost of ownership once. The public view leaves it out, for
    it is paid from one to another.
    """
    if not plan.market.credits_in_ownership:
        return plan.economics, []
    first = plan.city.year
    last = plan.turnover.to_year or first + plan.economics.horizon_years
    prices, findings = credit_prices(plan, range(first, last + 1))
    paid = {str(year): price for year, price in prices.items()}
    told: dict[str, str | int | float] = {
        "first": first,
        "last": last,
        "low": f"{min(prices.values()):.4g}",
        "high": f"{max(prices.values()):.4g}",
    }
    return (
        plan.economics.model_copy(update={"carbon_usd_per_t": paid}),
        [*findings, Finding("economics.market_credits", "info", told)],
    )


def published_prices(plan: Plan) -> tuple[pl.DataFrame | None, list[Finding]]:
    """Return what was paid in the cities' own markets (``tables/columns/market_published.csv``); none without paths.

    Raises
    ------
    PlanError
        A city names a market that is not packaged.
    """
    levels, first = levels_of(plan.economics), plan.economics.conversion == "deflate_first"
    rows = []
    for city in plan.market.city:
        if city.price_path:
            years = known_years(city.price_path, CITY_KEY)
            path = price_path(city.price_path, years, CITY_KEY)
            for year in years:
                given = Price(path.currency, year)
                usd = levels.inside(path.price[year], given, CITY_KEY, deflate_first=first)
                checked = "no" if year in path.unchecked else "yes"
                rows.append((city.name, city.price_path, year, path.price[year], path.currency, usd, checked))
    if not rows:
        return None, []
    table = pl.DataFrame(rows, schema=PUBLISHED, orient="row")
    last = table.filter(pl.col("year") == pl.col("year").max().over("city"))
    recalled = last.filter(checked="no")["city"].to_list()
    told = {"cities": ", ".join(recalled)}
    return table, [
        Finding("economics.market_published_unchecked", "assumption", told, len(recalled))
    ] if recalled else []
