"""Prices of a market under shocks to how much is driven."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import PlanError
from fleet_planner.markets import Linking, clear
from fleet_planner.markets.volatility import concentration, shocks
from fleet_planner.pipeline.market.market_cities import city_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from fleet_planner.markets import Cleared, Pool
    from fleet_planner.markets.clearing import Form
    from fleet_planner.plan.market import MarketSection

TRADED_T = 1e-6


def shocked_prices(
    section: MarketSection, years: Sequence[int], curves: Mapping[str, pl.DataFrame], pool: Mapping[int, Pool]
) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    """Return mean and spread of prices by city and form in one year with the concentration of sellers, and every draw.

    Parameters
    ----------
    section
        With ``shocks``; none where it asks for no draw.
    years, curves, pool
        Of the market.

    Raises
    ------
    PlanError
        There is no ceiling price, so that a shock may leave a cap out of reach, or the year is not of the market.
    """
    asked = section.shocks
    if not asked.draws:
        return None, None
    year = years[-1] if asked.year is None else asked.year
    if year not in years:
        raise PlanError(
            f"the year of the shocks is not one of the market, {years[0]} to {years[-1]}",
            "Name one of them.",
            column="market.shocks.year",
            value=year,
        )
    if section.ceiling_usd_per_t is None:
        raise PlanError(
            "under shocks a cap may be out of reach, and there is no ceiling price",
            "Set market.ceiling_usd_per_t.",
            column="market.shocks",
        )
    factors = shocks(asked.draws, len(section.city), asked.spread_pct / 100.0, asked.correlation, asked.seed)
    full = section.full_year if section.full_year is not None else years[-1]
    drawn = [[city_of(c, year, curves, float(f)) for c, f in zip(section.city, draw, strict=True)] for draw in factors]
    forms: list[Form] = ["none", *section.forms]
    out, log = [], []
    for form in forms:
        linking = Linking(form, years[0], full, section.ceiling_usd_per_t, section.floor_usd_per_t)
        cleared = [clear(cities, year, linking, pool[year]) for cities in drawn]
        prices = np.array([c.price for c in cleared])
        log.append(_draws(section, year, form, factors, cleared))
        traded = [concentration(c.sold_units) for c in cleared if c.sold_units.sum() > TRADED_T]
        out.append(
            pl.DataFrame(
                {
                    "city": [c.name for c in section.city],
                    "year": year,
                    "form": form,
                    "draws": asked.draws,
                    "price_mean_usd_per_t": prices.mean(axis=0),
                    "price_sd_usd_per_t": prices.std(axis=0, ddof=1),
                    "sellers_hhi": float(np.mean(traded)) if traded else None,
                },
                schema_overrides={"sellers_hhi": pl.Float64},
            )
        )
    return pl.concat(out), pl.concat(log)


def _draws(
    section: MarketSection, year: int, form: str, factors: NDArray[np.float64], cleared: Sequence[Cleared]
) -> pl.DataFrame:
    """Return what was drawn and cleared: a row per draw and city."""
    draws, cities = factors.shape
    return pl.DataFrame(
        {
            "year": year,
            "form": form,
            "draw": np.repeat(np.arange(1, draws + 1), cities),
            "city": [c.name for c in section.city] * draws,
            "driving_factor": factors.ravel(),
            "price_usd_per_t": np.concatenate([c.price for c in cleared]),
            "abated_t": np.concatenate([c.abated for c in cleared]),
            "traded_units": np.concatenate([c.bought_units - c.sold_units for c in cleared]),
        }
    )
