"""Cities of a market as a plan has them, by year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.markets import Allowance, City
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.plan.market import MarketCity

NEGLIGIBLE_T = 1e-9
TABLE = "carbon_market.csv"
CONSERVATIVENESS = "conservativeness"


def at(values: Mapping[str, float], year: int) -> float:
    """Return a figure of a year: interpolated between the given years, the nearest beyond them."""
    known = sorted((int(y), v) for y, v in values.items())
    return float(np.interp(year, [y for y, _ in known], [v for _, v in known]))


def allowance_t(city: MarketCity, year: int, factor: float = 1.0) -> float:
    """Return a city's allowance, t; ``factor`` is how much more is driven, which moves all but absolute caps."""
    allowance = Allowance(
        city.cap_kind,
        cap_t=at(city.cap_t, year) if city.cap_t else 0.0,
        intensity_t=city.intensity_t or 0.0,
        activity=factor * at(city.activity, year) if city.activity else 0.0,
    )
    return allowance.tonnes(factor * at(city.baseline_t, year))


def city_of(city: MarketCity, year: int, curves: Mapping[str, pl.DataFrame], factor: float = 1.0) -> City:
    """Return a city's market in a year, with ``factor`` times the driving.

    Raises
    ------
    InputError
        The city has no curve for the year, or one that avoids more than it emits.
    """
    steps = _steps_of(curves[city.name], city.name, year)
    baseline = at(city.baseline_t, year)
    if steps["avoided_t"].sum() > baseline * (1.0 + 1e-6) + NEGLIGIBLE_T:
        raise InputError(
            f"the curve of {city.name} in {year} avoids {steps['avoided_t'].sum():,.6g} t, more than the city emits "
            f"({baseline:,.6g} t)",
            "Raise market.city.baseline_t (a run's steps are well to wheel, so it must be), or check the curve.",
        )
    return City(
        name=city.name,
        step_t=steps["avoided_t"].to_numpy(),
        step_usd_per_t=steps["usd_per_t"].to_numpy(),
        required_t=factor * baseline - allowance_t(city, year, factor),
        quota=city.quota_pct / 100.0,
        unit_worth_t=city.unit_worth_t,
        discount=city.discount,
        accepts=None if city.accepts is None else frozenset(city.accepts),
        enters=city.enters or 0,
        credited=credited_share(city),
        kind="credit" if city.cap_kind == "baseline_and_credit" else "allowance",
        accepts_kinds=None if city.accepts_kinds is None else frozenset(city.accepts_kinds),
        step_damage_usd_per_t=steps["damage_usd_per_t"].fill_null(city.damage_usd_per_t or 0.0).to_numpy(),
    )


def credited_share(city: MarketCity) -> float:
    """Return the share of a city's cut that becomes units: with credits the plan's, or a conservative one."""
    if city.cap_kind != "baseline_and_credit":
        return 1.0
    return conservative(city.uncertainty_pct)[0] if city.credited_share is None else city.credited_share


def conservative(uncertainty_pct: float) -> tuple[float, bool]:
    """Return the packaged conservativeness factor of an uncertainty, and whether it was read in its source."""
    factors = reference_table(TABLE).filter(pl.col("figure") == CONSERVATIVENESS)
    row = factors.filter((pl.col("over_pct") < uncertainty_pct) | (pl.col("over_pct") == 0.0)).sort("over_pct").tail(1)
    return float(row["value"].item()), row["checked"].item() == "yes"


def credit_findings(cities: Sequence[MarketCity]) -> list[Finding]:
    """Say which cities' credits rest on a packaged conservative share."""
    out = []
    for city in cities:
        if city.cap_kind == "baseline_and_credit" and city.credited_share is None:
            factor, checked = conservative(city.uncertainty_pct)
            told: dict[str, str | int | float] = {
                "city": city.name,
                "factor": factor,
                "uncertainty": city.uncertainty_pct,
            }
            code = "economics.market_conservative" if checked else "economics.market_conservative_unchecked"
            out.append(Finding(code, "assumption", told))
    return out


def surplus_findings(cities: Sequence[MarketCity], years: Sequence[int]) -> list[Finding]:
    """Say which cities have allowances above what they emit without abatement: units that no cut stands behind."""
    out = []
    for city in cities:
        over = {y: allowance_t(city, y) - at(city.baseline_t, y) for y in years}
        worst = max(over, key=lambda y: over[y])
        if over[worst] > NEGLIGIBLE_T * max(at(city.baseline_t, worst), 1.0):
            told: dict[str, str | int | float]
            told = {"city": city.name, "tonnes": f"{over[worst]:,.6g}", "year": worst}
            out.append(Finding("economics.market_surplus", "warning", told))
    return out


def _steps_of(curve: pl.DataFrame, name: str, year: int) -> pl.DataFrame:
    """Return the steps in force: those of the last year of the table up to ``year``, or those of every year."""
    dated = curve.filter(pl.col("year") <= year)
    if dated.height:
        return dated.filter(pl.col("year") == pl.col("year").max())
    if (every := curve.filter(pl.col("year").is_null())).height:
        return every
    raise InputError(
        f"{name} has no abatement curve for {year}: its first is of {curve['year'].min()!r}",
        "Add rows of that year or with an empty year, or raise market.from_year.",
    )
