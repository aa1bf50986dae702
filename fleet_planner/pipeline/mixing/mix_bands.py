"""How sure a chosen mix is: the chance that it reaches each target, and the band of what it costs.

The mix stays as it is; what its options bring and cost is drawn. The emissions that the targets are held against stay
at the run's: errors of vehicle-km and factors move what is emitted and what is allowed alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.portfolio.figures import in_force
from fleet_planner.uncertainty.inputs import spreads_of
from fleet_planner.uncertainty.sampling import cube, sampler
from fleet_planner.uncertainty.told import few_or_unchecked

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from fleet_planner.findings import Finding
    from fleet_planner.pipeline.mixing.ground import Ground
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.plan.uncertainty import UncertaintySection
    from fleet_planner.portfolio import Mix, Problem
    from fleet_planner.portfolio.coefficients import Aimed

    Array = NDArray[np.float64]
    Multiplier = Callable[[str], Array]

DRAWN = ("effects", "costs.capex", "costs.opex", "prices.fuel", "prices.electricity")
"""Names of the distributions that a mix is drawn with."""
AVOIDED, ALL_TARGETS, COST = "avoided", "all_targets", "cost"
USD = "US$ 2024"
SITES = "sites"
SEED_APART = 6
EXACT = 1e-9
SCHEMA = {
    "figure": pl.String,
    "target": pl.String,
    "unit": pl.String,
    "required": pl.Float64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "met_probability": pl.Float64,
    "level_pct": pl.Float64,
    "draws": pl.Int64,
}


def mix_bands(
    ready: Prepared, ground: Ground, problem: Problem, mix: Mix, aims: tuple[tuple[Aimed, str], ...], effect: Array
) -> pl.DataFrame | None:
    """Return the bands of a mix (``tables/columns/portfolio_bands.csv``); nothing where the plan asks for no draw.

    Parameters
    ----------
    ready, ground, problem, mix
        What was solved.
    aims
        The targets, each with its unit.
    effect
        Low and high of what each option brings, as multiples of the run's, shape (2, O).

    Raises
    ------
    PlanError
        The plan's distributions are none.
    """
    section = ready.plan.uncertainty
    if not section.draws:
        return None
    of = _drawn(ready, ground, effect)
    ends = [0.5 - section.level / 2.0, 0.5 + section.level / 2.0]
    told = (100.0 * section.level, section.draws)
    factor = np.stack([of(f"effects:{option.name}") for option in ground.options], axis=1)
    rows: list[tuple[object, ...]] = []
    met = np.ones(section.draws, dtype=np.bool_)
    for aim, unit in aims:
        row = next(r for r in problem.rows if r.name == aim.name)
        by_option = (mix.x * row.coefficients).sum(axis=(0, 2))
        draws = factor @ by_option
        reached = draws >= aim.required * (1.0 - EXACT)
        met &= reached
        what = (AVOIDED, aim.name, unit, aim.required, float(by_option.sum()))
        rows.append((*what, *np.quantile(draws, ends).tolist(), float(reached.mean()), *told))
    if aims:
        rows.append((ALL_TARGETS, None, None, None, None, None, None, float(met.mean()), *told))
    costs = cost_draws(ready, ground, problem, mix, of)
    rows.append((COST, None, USD, None, mix.cost, *np.quantile(costs, ends).tolist(), None, *told))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def band_findings(section: UncertaintySection) -> list[Finding]:
    """Return what the bands of a mix rest on; nothing where the plan asks for no draw."""
    if not section.draws:
        return []
    spreads = spreads_of(section)
    return few_or_unchecked(section, [spreads.of(name) for name in DRAWN])


def _drawn(ready: Prepared, ground: Ground, effect: Array) -> Multiplier:
    """Return what gives the multipliers of an input by name, shape (draws,)."""
    section = ready.plan.uncertainty
    spreads = spreads_of(section)
    made = [spreads.make("prices.fuel", "diesel"), spreads.make("prices.electricity", "")]
    for k, option in enumerate(ground.options):
        low, high = float(effect[0, k]), float(effect[1, k])
        ends = (low, high) if high - low > EXACT else (1.0, 1.0)
        made += [spreads.make("effects", option.name, *ends)]
        made += [spreads.make(name, option.name) for name in ("costs.capex", "costs.opex")]
    made.append(spreads.make("costs.capex", SITES))
    draws_of = sampler(made, spreads.correlations)
    values = draws_of.values(cube(section.draws, draws_of.dimensions, section.method, section.seed + SEED_APART))
    place = {one.name: k for k, one in enumerate(made)}
    return lambda name: values[:, place[name]]


def cost_draws(ready: Prepared, ground: Ground, problem: Problem, mix: Mix, of: Multiplier) -> Array:
    """Return the discounted cost of a mix in all draws, shape (draws,): capital, upkeep, fuel, electricity, sites.

    Parameters
    ----------
    ready, ground, problem, mix
        What was solved.
    of
        Gives the multipliers of an input.
    """
    figures = ground.figures
    rate = ready.plan.economics.discount_rate
    discount = (1.0 + rate) ** -np.arange(1.0, len(ground.years) + 1.0)
    driven = np.einsum("got,gy,oty,y->go", mix.x, figures.alive, in_force(figures), discount)
    upkeep = figures.running_per_year - ground.fuel_usd - ground.electricity_usd
    capital, kept, fuel, power = (
        (driven * each).sum(axis=0)
        for each in (figures.capital_per_year, upkeep, ground.fuel_usd, ground.electricity_usd)
    )
    out = np.full(of("prices.electricity").shape, mix.cost)
    out += fuel.sum() * (of("prices.fuel:diesel") - 1.0) + power.sum() * (of("prices.electricity") - 1.0)
    for k, option in enumerate(ground.options):
        out += capital[k] * (of(f"costs.capex:{option.name}") - 1.0)
        out += kept[k] * (of(f"costs.opex:{option.name}") - 1.0)
    if mix.built.size:
        out += float(mix.built @ problem.builds.cost) * (of(f"costs.capex:{SITES}") - 1.0)
    return out
