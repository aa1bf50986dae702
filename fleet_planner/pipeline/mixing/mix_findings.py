"""What a mix rests on and what is odd about what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.valuation import valuation
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from fleet_planner.pipeline.mixing.ground import Ground
    from fleet_planner.pipeline.mixing.worth import Worth
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.portfolio import Mix

BENEFIT = "benefit"
MOST_NAMES = 8


def mix_findings(ready: Prepared, ground: Ground, mix: Mix) -> tuple[Finding, ...]:
    """Return what was assumed, and budgets, costs and benefits that bound nothing or everything."""
    sold = float(ground.groups.filter(pl.col("sold") > 0)["vehicles"].sum())
    values: dict[str, str | int | float] = {"sold": f"{sold:,.0f}", "years": f"{ground.years[0]}-{ground.years[-1]}"}
    out = [Finding("economics.portfolio_vehicles", "info", values)]
    if ready.later is None:
        out.append(Finding("economics.portfolio_no_turnover", "assumption", {}))
    if ground.weights is not None and ground.weights.covered < 1.0:
        key = ground.weights.key
        out.append(Finding("economics.weights_missing", "warning", {"key": key}, share=1.0 - ground.weights.covered))
    return (*out, *_of_money(ready, ground, mix))


def _of_money(ready: Prepared, ground: Ground, mix: Mix) -> list[Finding]:
    section, out = ready.plan.portfolio, []
    if section.budget_usd_per_year == 0.0:
        out.append(Finding("economics.portfolio_zero_budget", "warning", {}))
    if free := _free(ground):
        named = ", ".join(free[:MOST_NAMES])
        out.append(Finding("economics.portfolio_free", "warning", {"options": named}, len(free)))
    if section.objective != BENEFIT:
        return out
    if section.budget_usd_per_year is None:
        out.append(Finding("economics.portfolio_no_budget", "warning", {}))
    if ground.worth is not None:
        out.append(_worth(ready, ground.worth))
    known = valuation(ready.plan.city.country, ground.years[-1], ready.plan.comparison).damages
    if ground.worth is None and not known and not section.weights_in_usd:
        out.append(Finding("economics.portfolio_only_carbon", "warning", {}))
    if mix.x.sum() == 0.0:
        out.append(Finding("economics.portfolio_nothing_pays", "info", {}))
    return out


def _worth(ready: Prepared, worth: Worth) -> Finding:
    routes = ", ".join(f"{p}: {r}" for p, r in ready.plan.impacts.health.routes.items())
    per_t = ", ".join(f"{p} {v:,.0f}" for p, v in worth.per_t.items()) or "-"
    return Finding("economics.portfolio_worth", "assumption", {"routes": routes, "per_t": per_t})


def _free(ground: Ground) -> list[str]:
    """Return the options that cost nothing, or save, on every vehicle that can take them."""
    figures = ground.figures
    cost = figures.capital_per_year + figures.running_per_year
    some = np.asarray(figures.able.any(axis=0))
    dearest = np.where(figures.able, cost, -np.inf).max(axis=0)
    return [o.name for k, o in enumerate(ground.options) if some[k] and dearest[k] <= 0.0]
