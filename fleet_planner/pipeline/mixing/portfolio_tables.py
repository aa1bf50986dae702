"""A solved mix as tables (``tables/columns/portfolio*.csv``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.pipeline.mixing.limit_tables import in_conflict
from fleet_planner.pipeline.mixing.portfolio_check import check_table
from fleet_planner.portfolio.figures import in_force

if TYPE_CHECKING:
    from fleet_planner.pipeline.mixing.portfolio import Portfolio
    from fleet_planner.pipeline.prepare import Prepared

PLAN = "plan"
MET, MISSED = "met", "missed"
YEARS = {
    "year": pl.Int64,
    "option": pl.String,
    "new_vehicles": pl.Float64,
    "vehicles_in_force": pl.Float64,
    "capital_usd2024": pl.Float64,
    "cost_usd2024": pl.Float64,
}
TARGETS = {
    "target": pl.String,
    "year": pl.Int64,
    "pollutant": pl.String,
    "unit": pl.String,
    "without_measures_per_year": pl.Float64,
    "allowed_per_year": pl.Float64,
    "required_per_year": pl.Float64,
    "avoided_per_year": pl.Float64,
    "shortfall_per_year": pl.Float64,
    "usd2024_per_unit": pl.Float64,
    "verdict": pl.String,
    "conflict": pl.String,
}


def mix_table(found: Portfolio) -> pl.DataFrame:
    """Return the mix: vehicles by group, option and year, those that are treated only."""
    ground = found.ground
    place = np.argwhere(found.mix.x > 0.0)
    base = found.mix.x[tuple(place.T)] if place.size else np.zeros(0)
    living = base * ground.figures.alive[place[:, 0], place[:, 2]] if place.size else base
    rows: pl.DataFrame = ground.groups[place[:, 0].tolist()].drop("group", "vehicles", "age_years", "km_a_vehicle")
    return rows.with_columns(
        sold=pl.when(pl.col("sold") > 0).then(pl.col("sold")),
        option=pl.Series([ground.options[k].name for k in place[:, 1].tolist()], dtype=pl.String),
        year=pl.Series([ground.years[k] for k in place[:, 2].tolist()], dtype=pl.Int64),
        vehicles=pl.Series(living, dtype=pl.Float64),
    ).sort("year", "option", "stream")


def years_table(found: Portfolio) -> pl.DataFrame:
    """Return, by year and option, vehicles treated and in force, capital spent and cost (undiscounted)."""
    ground, x = found.ground, found.mix.x
    figures = ground.figures
    acts = in_force(figures)
    new = np.einsum("got,gt->ot", x, figures.alive)
    force = np.einsum("got,oty,gy->oy", x, acts, figures.alive)
    capital = np.einsum("got,gt,go->ot", x, figures.alive, figures.capital)
    per_year = figures.capital_per_year + figures.running_per_year
    cost = np.einsum("got,oty,gy,go->oy", x, acts, figures.alive, per_year)
    rows = [
        (year, option.name, new[o, y], force[o, y], capital[o, y], cost[o, y])
        for y, year in enumerate(ground.years)
        for o, option in enumerate(ground.options)
        if force[o, y] > 0.0
    ]
    return pl.DataFrame([tuple(map(_plain, r)) for r in rows], schema=YEARS, orient="row")


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value


def targets_table(found: Portfolio) -> pl.DataFrame:
    """Return every target: what is asked, what the mix avoids, and what one unit more would cost."""
    rows = []
    for (aim, year, allowed, without), aimed in zip(found.targets, found.aims, strict=True):
        row = next(r for r in found.problem.rows if r.name == aimed.name)
        avoided = found.problem.total(found.mix.x, row.coefficients)
        short = found.mix.shortfalls[aimed.name]
        price = found.mix.prices[aimed.name]
        told = MET if short == 0.0 else MISSED
        what = (aim.name, year, aim.pollutant, aim.unit, without, allowed, aimed.required)
        rows.append((*what, avoided, short, price, told, in_conflict(found, aimed.name)))
    return pl.DataFrame(rows, schema=TARGETS, orient="row")


def check_of(ready: Prepared, found: Portfolio) -> pl.DataFrame:
    """Return the mix held against the inventory."""
    return check_table(ready, found)


def front_table(found: Portfolio) -> pl.DataFrame:
    """Return the front: what is asked of the varied target, cost, bound and gap at each point."""
    rows = [(p.asked, p.mix.cost, p.mix.bound, p.mix.gap, p.mix.status) for p in found.front]
    schema = {
        "avoided_per_year": pl.Float64,
        "cost_usd2024": pl.Float64,
        "bound_usd2024": pl.Float64,
        "gap": pl.Float64,
        "status": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _names(found: Portfolio) -> list[str]:
    return [PLAN if f is None else f.name for f in found.futures]


def regret_table(found: Portfolio) -> pl.DataFrame:
    """Return how the mix of each future fares under every future: cost, targets missed, regret, worst regret."""
    assert found.regret is not None
    names = _names(found)
    rows = [
        (
            *(mix, future),
            *(float(a[i, j]) for a in (found.regret.cost, found.regret.missed, found.regret.regret)),
            float(found.regret.worst[i]),
        )
        for i, mix in enumerate(names)
        for j, future in enumerate(names)
    ]
    schema = {"mix": pl.String, "future": pl.String} | dict.fromkeys(
        ("cost_usd2024", "targets_missed", "regret_usd2024", "worst_regret_usd2024"), pl.Float64
    )
    return pl.DataFrame(rows, schema=schema, orient="row")


LINEAR = ("electric_capex_factor", "battery_price_factor", "electricity_price_factor", "fuel_price_factor")
"""Keys of a future that costs are linear in: on the way to it each has a value at the switching point."""


def switching_table(found: Portfolio) -> pl.DataFrame:
    """Return where, on the way from the plan to a future, that future's mix becomes the cheaper one.

    Costs are linear on the way where the future changes prices only, so that the point is exact: 0 is the plan, 1 the
    future; none where they do not cross, or where the future changes what is sold or what counts.
    """
    assert found.regret is not None
    rows = []
    for j, future in enumerate(found.futures[1:], start=1):
        assert future is not None
        cost = found.regret.cost
        at_plan, at_future = cost[j, 0] - cost[0, 0], cost[j, j] - cost[0, j]
        point = at_plan / (at_plan - at_future) if at_plan > 0.0 > at_future and not future.changes_sales else None
        misses = float(found.regret.missed[0, j])
        moved = [(k, float(getattr(future, k))) for k in LINEAR if getattr(future, k) != 1.0]
        for key, there in moved or ((None, None),):
            value = None if point is None or there is None else 1.0 + point * (there - 1.0)
            rows.append((future.name, key, there, float(at_plan), float(at_future), misses, point, value))
    schema = {
        "future": pl.String,
        "parameter": pl.String,
        "value_in_future": pl.Float64,
        "extra_cost_today_usd2024": pl.Float64,
        "extra_cost_then_usd2024": pl.Float64,
        "plan_misses_then": pl.Float64,
        "switching_point": pl.Float64,
        "switching_value": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
