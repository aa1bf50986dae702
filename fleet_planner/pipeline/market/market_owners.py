"""Credits of small owners (碳普惠): baseline less actual, per electric km or per scrapped vehicle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.errors import PlanError
from fleet_planner.findings import Finding
from fleet_planner.markets import owner_credits
from fleet_planner.pipeline.market.market_prices import credit_prices

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.plan.market_parts import SmallOwners
    from fleet_planner.plan.models import Plan

OWNERS = "market_owners"
KEY = "market.small_owners.file"
G_PER_T = 1e6


def owners_of(plan: Plan, base: Path) -> tuple[pl.DataFrame | None, list[Finding]]:
    """Return the credits of small owners with their revenue, and what they rest on; none without a table.

    Raises
    ------
    UserError
        The file is wrong, a key that a column needs is missing, or credits have no price.
    """
    scheme = plan.market.small_owners
    if not scheme.file:
        return None, []
    path = base / scheme.file
    table = _emissions(typed(read_cells(path, KEY), OWNERS, path), scheme, path)
    baseline, actual = table["baseline_t"].to_numpy(), table["actual_t"].to_numpy()
    issued = owner_credits(baseline, actual, scheme.additionality, scheme.floor_t)
    prices, findings = credit_prices(plan, sorted(set(table["year"].to_list())))
    below = int(((scheme.additionality * (baseline - actual) > 0.0) & (issued == 0.0)).sum())
    if below:
        findings.append(Finding("economics.market_owners_below", "info", {"floor": scheme.floor_t}, below))
    if scheme.additionality >= 1.0:
        findings.append(Finding("economics.market_owners_additional", "assumption"))
    price = np.array([prices[y] for y in table["year"]])
    return (
        table.with_columns(
            credit_t=pl.Series(issued), price_usd_per_t=pl.Series(price), revenue_usd=pl.Series(issued * price)
        ),
        findings,
    )


def _emissions(table: pl.DataFrame, scheme: SmallOwners, path: Path) -> pl.DataFrame:
    """Return ``owner, year, baseline_t, actual_t`` with what electric km and scrapped vehicles add to them."""
    half = pl.col("baseline_t").is_null() != pl.col("actual_t").is_null()
    refuse(table, half, "baseline_t", path, "baseline_t and actual_t go together", "Fill both or neither.")
    given = pl.col("baseline_t").is_not_null() | pl.col("ev_km").is_not_null() | pl.col("scrapped").is_not_null()
    remedy = "Fill baseline_t with actual_t, ev_km or scrapped."
    refuse(table, ~given, "owner", path, "this owner has nothing to reckon a credit from", remedy)
    for column, key in (("ev_km", "baseline_g_per_km"), ("scrapped", "t_per_scrapped")):
        if table[column].is_not_null().any() and getattr(scheme, key) is None:
            raise PlanError(
                f"the table of small owners has {column}, which needs a baseline",
                f"Set market.small_owners.{key}.",
                column=f"market.small_owners.{key}",
            )
    km, scrapped = pl.col("ev_km").fill_null(0.0), pl.col("scrapped").fill_null(0.0)
    replaced = km * (scheme.baseline_g_per_km or 0.0) / G_PER_T
    return table.select(
        "owner",
        "year",
        baseline_t=pl.col("baseline_t").fill_null(0.0) + replaced + scrapped * (scheme.t_per_scrapped or 0.0),
        actual_t=pl.col("actual_t").fill_null(0.0) + km * scheme.actual_g_per_km / G_PER_T,
    )
