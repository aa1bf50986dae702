"""What the carbon price moves out of each city, reported beside the cut and never netted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.costs import diesel_co2_kg_per_l
from fleet_planner.findings import Finding
from fleet_planner.markets.leakage import KG_PER_T, leaving_share
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from fleet_planner.plan.market import MarketSection
    from fleet_planner.plan.models import Plan

TABLE = "carbon_market.csv"
ELASTICITY = "border_fuel_elasticity"
OBSERVED_PCT = 30.0
"""Differences of fuel prices across borders, %, beyond which the elasticity is an extrapolation; own judgement."""


def elasticity_of(section: MarketSection) -> float:
    """Return the plan's elasticity, or the packaged one."""
    if section.leakage.elasticity is not None:
        return section.leakage.elasticity
    return float(reference_table(TABLE).filter(figure=ELASTICITY)["value"].item())


def leakage_table(plan: Plan, market: pl.DataFrame, ledger: pl.DataFrame) -> pl.DataFrame | None:
    """Return leakage by city, year and form (``tables/columns/market_leakage.csv``); none without a movable share.

    Parameters
    ----------
    plan
        With ``non_local_pct`` of cities; diesel at ``economics.diesel_usd_per_l``.
    market, ledger
        The cleared market, rows alike.
    """
    section = plan.market
    shares = {c.name: c.non_local_pct / 100.0 for c in section.city if c.non_local_pct is not None}
    if not shares:
        return None
    elasticity, litre = elasticity_of(section), diesel_co2_kg_per_l()
    joined = market.join(ledger.select("city", "year", "form", "verified_t"), on=["city", "year", "form"])
    # every city of the market is a place to go to, those without a movable share too
    cheapest = pl.col("price_usd_per_t").min().over("year", "form").alias("cheapest")
    table = joined.with_columns(cheapest).filter(pl.col("city").is_in(list(shares)))
    movable = np.array([shares[c] for c in table["city"]]) * table["verified_t"].to_numpy()

    def moved(price: str, elsewhere: float | str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        away = table[elsewhere].to_numpy() if isinstance(elsewhere, str) else elsewhere
        share = leaving_share(table[price].to_numpy(), away, elasticity, litre, plan.economics.diesel_usd_per_l)
        out: np.ndarray[tuple[int], np.dtype[np.float64]] = movable * share
        return out

    outside = section.leakage.outside_usd_per_t
    leaves = moved("price_usd_per_t", outside)
    return table.select("city", "year", "form", "price_usd_per_t").with_columns(
        movable_t=pl.Series(movable),
        leakage_t=pl.Series(leaves),
        between_t=pl.Series(moved("price_usd_per_t", "cheapest")),
        abated_t=table["abated_t"],
        net_cut_t=table["abated_t"] - pl.Series(leaves),
    )


def leakage_findings(plan: Plan, market: pl.DataFrame) -> list[Finding]:
    """Say which cities have no movable share, which shares have no source, and where prices leave what was observed."""
    section = plan.market
    given = [c for c in section.city if c.non_local_pct is not None]
    if not given:
        return []
    out = []
    if silent := [c.name for c in section.city if c.non_local_pct is None]:
        told = {"cities": ", ".join(silent)}
        out.append(Finding("economics.market_no_leakage", "assumption", told, len(silent)))
    if assumed := [c.name for c in given if not c.non_local_source]:
        told = {"cities": ", ".join(assumed)}
        out.append(Finding("economics.market_leakage_assumed", "assumption", told, len(assumed)))
    if section.leakage.elasticity is None:
        named: dict[str, str | int | float] = {"elasticity": elasticity_of(section)}
        out.append(Finding("economics.market_leakage_elasticity", "assumption", named))
    own = market.filter(pl.col("city").is_in([c.name for c in given]))["price_usd_per_t"].to_numpy()
    dearer = (own.max() - section.leakage.outside_usd_per_t) * diesel_co2_kg_per_l() / KG_PER_T
    rise = 100.0 * float(dearer) / plan.economics.diesel_usd_per_l
    if rise > OBSERVED_PCT:
        far: dict[str, str | int | float] = {"rise": round(rise), "observed": round(OBSERVED_PCT)}
        out.append(Finding("economics.market_leakage_far", "warning", far))
    return out
