"""Counts to single buses and blocks: oldest first among those that may go; blocks of most weight become clean first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.transition.model import EXISTING, POWERTRAINS, ZERO_EMISSION

if TYPE_CHECKING:
    from fleet_planner.buses.transition.model import Decision, Float, Int, Problem


def oldest_first(problem: Problem, decision: Decision, *, dirtiest: bool = False) -> Decision:
    """Move the retirements of each pool, powertrain and year to its oldest (or dirtiest) buses that may go.

    The numbers by pool, powertrain and year stay, so that service, spares, budget and purchases do; only buses whose
    minimum life and funding allow it go; those that are overdue in the year go before all.
    """
    cohorts, years = problem.cohorts, problem.figures.years
    retired = np.zeros_like(decision.retired)
    for pool, powertrain in {*zip(cohorts.pool.tolist(), cohorts.powertrain.tolist(), strict=True)}:
        own = np.flatnonzero((cohorts.pool == pool) & (cohorts.powertrain == powertrain))
        rank = -cohorts.harm[own] if dirtiest else cohorts.model_year[own].astype(np.float64)
        left = cohorts.count[own].copy()
        numbers = decision.retired[own].sum(axis=0)
        for t in range(years.size):
            number = int(numbers[t])
            overdue = np.where(cohorts.due_year[own] <= years[t], 0, 1)
            for k in np.lexsort((cohorts.model_year[own], rank, overdue)):
                if number == 0:
                    break
                if cohorts.free_year[own[k]] <= years[t]:
                    go = min(number, int(left[k]))
                    retired[own[k], t] = go
                    left[k] -= go
                    number -= go
            assert number == 0, "a bus that may go in the programme may not go here"
    return replace(decision, retired=retired)


def vehicle_plan(problem: Problem, decision: Decision, vehicles: pl.DataFrame) -> pl.DataFrame:
    """Return today's buses with the year in which each goes and what takes its place, depot by depot.

    Parameters
    ----------
    problem, decision
        Solved; see `oldest_first`.
    vehicles
        Of `today.cohorts_of`, with ``cohort`` and ``pool``, oldest first.

    Returns
    -------
    ``vehicle_id, depot_id, bus_type, powertrain, fuel, standard, model_year, age, odometer_km, life_year, funded_until,
    retired_year`` (null: it stays), ``new_vehicle_id, new_powertrain`` (null: none takes its place).
    """
    years = problem.figures.years
    gone = np.full(vehicles.height, 0, dtype=np.int64)
    cohort = vehicles["cohort"].to_numpy()
    starts = np.searchsorted(cohort, np.arange(problem.cohorts.count.size))
    for g in range(problem.cohorts.count.size):
        at = int(starts[g])
        for t in np.flatnonzero(decision.retired[g]).tolist():
            number = int(decision.retired[g, t])
            gone[at : at + number] = years[t]
            at += number
    planned = vehicles.with_columns(retired_year=pl.when(pl.Series(gone) > 0).then(pl.Series(gone)))
    new = new_vehicles(problem, decision)
    key = ["pool", "year"]
    ranked = planned.with_columns(
        year=pl.col("retired_year"), place=pl.int_range(pl.len()).over("pool", "retired_year")
    )
    takes = new.with_columns(place=pl.int_range(pl.len()).over(key)).rename(
        {"vehicle_id": "new_vehicle_id", "powertrain": "new_powertrain"}
    )
    joined = ranked.join(
        takes.select(*key, "place", "new_vehicle_id", "new_powertrain"),
        on=[*key, "place"],
        how="left",
        maintain_order="left",
    )
    return joined.drop("year", "place")


def new_vehicles(problem: Problem, decision: Decision) -> pl.DataFrame:
    """Return the buses bought: ``vehicle_id, pool, depot_id, bus_type, powertrain, year, price_usd2024``."""
    pools, figures = problem.pools, problem.figures
    rows = []
    for t, lot, p in np.argwhere(decision.bought.transpose(2, 0, 1) > 0).tolist():
        depot = pools.depots[int(pools.depot[lot])]
        year = int(figures.years[t])
        for k in range(int(decision.bought[lot, p, t])):
            name = f"{year}-{depot}-{pools.bus_type[lot]}-{POWERTRAINS[p]}-{k + 1}"
            price = float(figures.price[lot, p, t])
            rows.append((name, lot, depot, pools.bus_type[lot], POWERTRAINS[p], year, price))
    return pl.DataFrame(
        rows,
        schema={
            "vehicle_id": pl.String,
            "pool": pl.Int64,
            "depot_id": pl.String,
            "bus_type": pl.String,
            "powertrain": pl.String,
            "year": pl.Int64,
            "price_usd2024": pl.Float64,
        },
        orient="row",
    )


def blocks_by_year(problem: Problem, decision: Decision, blocks: pl.DataFrame) -> Int:
    """Return the powertrain of every block and year, shape (blocks, T).

    Within a need, blocks keep their powertrain while the numbers allow it; blocks of most weight times km become
    zero-emission first.

    Parameters
    ----------
    problem, decision
        Solved.
    blocks
        Of `needs.needs_of`, with ``need, weight, km_per_year``.
    """
    need = blocks["need"].to_numpy()
    value = (blocks["weight"] * blocks["km_per_year"]).to_numpy()
    out = np.full((blocks.height, problem.years), EXISTING, dtype=np.int64)
    order = [*ZERO_EMISSION, *(p for p in range(len(POWERTRAINS)) if p not in ZERO_EMISSION)]
    for c in range(problem.needs.pool.size):
        own = np.flatnonzero(need == c)
        own = own[np.argsort(-value[own], kind="stable")]
        before = np.full(own.size, EXISTING)
        for t in range(problem.years):
            left = decision.served[c, :, t].copy()
            now = np.full(own.size, -1)
            for k in range(own.size):  # who can keeps what it has
                if left[before[k]] > 0 and (before[k] in ZERO_EMISSION):
                    now[k] = before[k]
                    left[before[k]] -= 1
            for p in order:
                for k in np.flatnonzero(now < 0)[: int(left[p])]:
                    now[k] = p
            out[own, t] = now
            before = now
    return out


def first_clean(powertrain: Int, years: Int) -> Float:
    """Return the first year from which a block stays zero-emission, NaN where it never does; shape (blocks,)."""
    clean = np.isin(powertrain, ZERO_EMISSION)
    stays = np.cumprod(clean[:, ::-1], axis=1)[:, ::-1].astype(bool)
    first = np.argmax(stays, axis=1)
    return np.where(stays.any(axis=1), years[first].astype(np.float64), np.nan)
