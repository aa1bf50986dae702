"""How sure prices and gains of a market are: costs and baselines of every city drawn, each draw cleared again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.findings import Finding
from fleet_planner.markets import Linking, clear
from fleet_planner.pipeline.market.market_cities import at, city_of
from fleet_planner.uncertainty.inputs import spreads_of
from fleet_planner.uncertainty.sampling import cube, sampler
from fleet_planner.uncertainty.told import few_or_unchecked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from fleet_planner.markets import City, Pool
    from fleet_planner.markets.clearing import Form
    from fleet_planner.plan.market import MarketCity
    from fleet_planner.plan.models import Plan

    Array = NDArray[np.float64]

COSTS, BASELINE = "market.costs", "market.baseline"
SEED_APART = 5
SCHEMA = {
    "city": pl.String,
    "year": pl.Int64,
    "form": pl.String,
    "price_usd_per_t": pl.Float64,
    "price_low_usd_per_t": pl.Float64,
    "price_high_usd_per_t": pl.Float64,
    "gain_usd": pl.Float64,
    "gain_low_usd": pl.Float64,
    "gain_high_usd": pl.Float64,
    "gain_share": pl.Float64,
    "ceiling_share": pl.Float64,
    "level_pct": pl.Float64,
    "draws": pl.Int64,
}
NOTHING = 1e-6
"""Gains below this, in US$, and tonnes paid at the ceiling below this, are what the solver leaves of nought."""


def market_bands(
    plan: Plan, years: Sequence[int], curves: Mapping[str, pl.DataFrame], pool: Mapping[int, Pool]
) -> tuple[pl.DataFrame | None, list[Finding]]:
    """Return prices and gains of linking with their bands by city, year and form, and what was assumed.

    A draw is the same in every year and form, so that gains compare a market linked and alone on the same costs.

    Parameters
    ----------
    plan
        With ``[uncertainty]``; none where it asks for no draw, or where there is no ceiling price: a cap may then be
        out of reach, and such a draw has no price.
    years, curves, pool
        Of the market.

    Raises
    ------
    PlanError
        The plan's distributions are none.
    """
    section, asked = plan.market, plan.uncertainty
    if not asked.draws:
        return None, []
    if section.ceiling_usd_per_t is None:
        return None, [Finding("economics.market_bands_ceiling", "warning")]
    costs, baselines = _drawn(plan)
    full = section.full_year if section.full_year is not None else years[-1]
    forms: list[Form] = ["none", *section.forms]
    ends = [0.5 - asked.level / 2.0, 0.5 + asked.level / 2.0]
    rows: list[tuple[object, ...]] = []
    for year in years:
        central = [city_of(c, year, curves) for c in section.city]
        drawn = [
            [
                _drawn_city(each, year, curves, float(b), float(k))
                for each, b, k in zip(section.city, *both, strict=True)
            ]
            for both in zip(baselines, costs, strict=True)
        ]
        alone: tuple[Array, Array] | None = None
        for form in forms:
            linking = Linking(form, years[0], full, section.ceiling_usd_per_t, section.floor_usd_per_t)
            run = clear(central, year, linking, pool[year])
            cleared = [clear(cities, year, linking, pool[year]) for cities in drawn]
            price, cost = np.stack([c.price for c in cleared]), np.stack([c.cost for c in cleared])
            alone = (run.cost, cost) if alone is None else alone
            value, gain = alone[0] - run.cost, alone[1] - cost
            paid = np.stack([c.ceiling for c in cleared]) > NOTHING
            low, high = np.quantile(price, ends, axis=0)
            least, most = np.quantile(gain, ends, axis=0)
            for k, city in enumerate(section.city):
                prices = (float(run.price[k]), float(low[k]), float(high[k]))
                gains = (float(value[k]), float(least[k]), float(most[k]), float((gain[:, k] > NOTHING).mean()))
                told = (float(paid[:, k].mean()), 100.0 * asked.level, asked.draws)
                rows.append((city.name, year, form, *prices, *gains, *told))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row"), _findings(plan)


def _drawn(plan: Plan) -> tuple[Array, Array]:
    """Return multipliers of the costs and of the baselines of the cities, shape (draws, cities) each."""
    asked, names = plan.uncertainty, [c.name for c in plan.market.city]
    spreads = spreads_of(asked)
    made = sampler([spreads.make(name, city) for name in (COSTS, BASELINE) for city in names], ())
    values = made.values(cube(asked.draws, made.dimensions, asked.method, asked.seed + SEED_APART))
    return values[:, : len(names)], values[:, len(names) :]


def _drawn_city(city: MarketCity, year: int, curves: Mapping[str, pl.DataFrame], baseline: float, cost: float) -> City:
    """Return a city that emits ``baseline`` times as much and whose steps cost ``cost`` times as much; caps stay.

    Credits are of what is cut below the baseline, whatever that is.
    """
    own = city_of(city, year, curves)
    more = 0.0 if city.cap_kind == "baseline_and_credit" else (baseline - 1.0) * at(city.baseline_t, year)
    return replace(own, required_t=own.required_t + more, step_usd_per_t=own.step_usd_per_t * cost)


def _findings(plan: Plan) -> list[Finding]:
    spreads = spreads_of(plan.uncertainty)
    known = [spreads.of(name) for name in (COSTS, BASELINE)]
    values: dict[str, str | int | float] = {
        "draws": f"{plan.uncertainty.draws:,}",
        "level": f"{100.0 * plan.uncertainty.level:g}",
        "seed": plan.uncertainty.seed,
    }
    return [Finding("economics.market_bands", "info", values), *few_or_unchecked(plan.uncertainty, known)]
