"""The integer programme of a plan or of one of its futures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.economics.effectiveness import ELECTRICITY_CO2
from fleet_planner.economics.learning import battery_price
from fleet_planner.economics.vehicle_costs import vehicle_class, vehicle_costs
from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.fleet.use import usual
from fleet_planner.pipeline.mixing.mix_targets import aimed_of
from fleet_planner.pipeline.mixing.portfolio_sites import rows_of_sites
from fleet_planner.pipeline.telling.duty import days_of
from fleet_planner.plan.portfolio import Future
from fleet_planner.portfolio.coefficients import problem_of
from fleet_planner.portfolio.problem import AT_MOST, Row
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.pipeline.mixing.ground import Ground
    from fleet_planner.pipeline.mixing.mix_targets import Asked
    from fleet_planner.pipeline.mixing.portfolio_sites import PlanSites
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.plan.portfolio import PortfolioSection
    from fleet_planner.portfolio import Problem
    from fleet_planner.portfolio.coefficients import Aimed
    from fleet_planner.portfolio.figures import Figures
    from fleet_planner.portfolio.sites import SiteRows

    Array = NDArray[np.float64]

RANGE, AS_PLANNED = "range", "as_planned"


@dataclass(frozen=True)
class Programme:
    """What is solved: groups, targets, rows."""

    ground: Ground
    aims: tuple[Aimed, ...]
    problem: Problem
    site_rows: SiteRows | None


def programme_of(
    ready: Prepared, ground: Ground, targets: tuple[Asked, ...], sites: PlanSites | None, future: Future | None
) -> Programme:
    """Return the programme of a plan, or of a future with its own targets and groups.

    Raises
    ------
    PlanError
        A supply is named of a measure that the mix does not use.
    """
    section: PortfolioSection = ready.plan.portfolio
    aims = tuple(aimed_of(ground, *t) for t in targets)
    figures = ground.figures
    if future is not None or ready.priced.grid.course.changes:
        figures, aims = _under(ready, ground, aims, targets, future or Future(name=AS_PLANNED))
    rate = ready.plan.economics.discount_rate
    discount = (1.0 + rate) ** -np.arange(1.0, len(ground.years) + 1.0)
    rows = None
    if sites is not None:
        headroom, delay = (None, 0) if future is None else (future.headroom, future.grid_delay_years)
        rows = rows_of_sites(ready, ground, sites, figures, headroom, delay)
    problem = problem_of(
        figures,
        aims,
        discount,
        budget=section.budget_usd_per_year,
        supply=_supply(section, ground),
        benefit=ground.damage_usd if section.objective == "benefit" else None,
        sites=rows,
        more=_ranges(ready, ground, 1.0 if future is None else future.range_factor),
    )
    return Programme(ground, aims, problem, rows)


def _supply(section: PortfolioSection, ground: Ground) -> dict[tuple[int, ...], tuple[str, float]]:
    known = {m for o in ground.options for m in o.measures}
    out = {}
    for name, most in section.supply_per_year.items():
        if name not in known:
            raise PlanError(
                "a supply is named of a measure that the mix does not use",
                use_one_of(name, sorted(known)),
                column="portfolio.supply_per_year",
                value=name,
            )
        which = tuple(k for k, o in enumerate(ground.options) if name in o.measures)
        out[which] = (f"supply {name}", most)
    return out


def share_within_range(ready: Prepared, ground: Ground, factor: float) -> Array:
    """Return the share of each group's days that a charge lasts for, shape (G,); 1 where the plan names no range.

    Days scatter about the vehicle's mean as those of ``duty.csv``.
    """
    out = np.ones(ground.groups.height)
    ranges, country = ready.plan.portfolio.range_km, ready.plan.city.country
    for g, (stream, category, km) in enumerate(ground.groups.select("stream", "category", "km_a_vehicle").iter_rows()):
        own = vehicle_class(stream)
        if own is None or own not in ranges or km <= 0.0:
            continue
        days, spread = (usual(name, stream, category, country) for name in ("days_per_year", "km_day_spread"))
        mean = km / (days[0] if days else DAYS_PER_YEAR)
        reach = ranges[own] * factor
        if spread is None:
            out[g] = float(mean <= reach)
        else:
            out[g] = days_of(np.array([mean]), np.ones(1), spread[0]).share_within(reach)
    return out


def _ranges(ready: Prepared, ground: Ground, factor: float) -> tuple[Row, ...]:
    """Return rows that keep the vehicles of days beyond the range from batteries."""
    if not ready.plan.portfolio.range_km:
        return ()
    options, years = ground.figures.able.shape[1], len(ground.years)
    shares = share_within_range(ready, ground, factor)
    rows = []
    for g, share in enumerate(shares.tolist()):
        fits = np.flatnonzero(ground.battery & ground.figures.able[g])
        most = float(np.round(share * round(float(ground.figures.count[g]))))
        if fits.size:
            columns = ((g * options + fits)[:, None] * years + np.arange(years)[None, :]).ravel()
            rows.append(Row(f"{RANGE} {g}", AT_MOST, most, np.ones(columns.size), columns, hard=True))
    return tuple(rows)


def _under(
    ready: Prepared, ground: Ground, aims: tuple[Aimed, ...], targets: tuple[Asked, ...], future: Future
) -> tuple[Figures, tuple[Aimed, ...]]:
    """Return figures and targets under a future; CO2 of electricity counts by the grid's factor in a target's year."""
    figures = ground.figures
    capital = figures.capital * np.where(ground.electric, future.electric_capex_factor, 1.0)[None, :]
    capital = np.maximum(capital + _batteries(ready, ground) * (future.battery_price_factor - 1.0), 0.0)
    ratio = np.divide(capital, figures.capital, out=np.ones_like(capital), where=figures.capital > 0.0)
    energy = ground.electricity_usd * (future.electricity_price_factor - 1.0)
    energy = energy + ground.fuel_usd * (future.fuel_price_factor - 1.0)
    avoided = {name: a * future.effect_factor for name, a in figures.avoided.items()}
    own = []
    for aimed, (aim, year, *_) in zip(aims, targets, strict=True):
        key, weight = aimed.name, aim.weights.get(ELECTRICITY_CO2, 0.0)
        avoided[key] = avoided[aimed.pollutant] + weight * ground.grid_t * (
            electricity_against_base(ready, future, year) - 1.0
        )
        own.append(replace(aimed, pollutant=key))
    under = replace(
        figures,
        capital=capital,
        capital_per_year=figures.capital_per_year * ratio,
        running_per_year=figures.running_per_year + energy,
        avoided=avoided,
    )
    return under, tuple(own)


def electricity_against_base(ready: Prepared, future: Future, year: int) -> float:
    """Return the CO2 of electricity in a year of a future against the plan's of the base year."""
    path = {int(y): v for y, v in future.grid_factor_by_year.items()}
    along = float(np.interp(year, sorted(path), [path[y] for y in sorted(path)])) if path else 1.0
    grid = ready.priced.grid
    planned = grid.of_differences_in(year) / grid.of_differences if grid.of_differences > 0.0 else 1.0
    return future.grid_factor * along * planned


def _batteries(ready: Prepared, ground: Ground) -> Array:
    """Return what the battery of a vehicle costs that an option buys, shape (G, O)."""
    costs = vehicle_costs(ready.plan.economics)
    price = battery_price().at(ground.years[0])
    classes = [vehicle_class(stream) for stream in ground.groups["stream"].to_list()]
    kwh = np.array([costs[c].battery_kwh if c is not None else 0.0 for c in classes])
    bought = ground.battery[None, :] & (ground.figures.capital > 0.0)
    return np.where(bought, kwh[:, None] * price, 0.0)
