"""A solved replacement as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.transition.account import account, peak_kw
from fleet_planner.buses.transition.assign import blocks_by_year, first_clean
from fleet_planner.buses.transition.check import breaches, required
from fleet_planner.buses.transition.model import (
    CAPITAL,
    ELECTRIC,
    HYDROGEN,
    LINES,
    POWERTRAINS,
    ZERO_EMISSION,
    in_service,
    stock,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.buses.transition.model import Decision, Problem

STAFF = ("mechanics", "operators")


def purchases(problem: Problem, decision: Decision) -> pl.DataFrame:
    """Return the buses bought by year, depot, size and powertrain."""
    pools, figures = problem.pools, problem.figures
    rows = [
        (
            int(figures.years[t]),
            pools.depots[int(pools.depot[lot])],
            pools.bus_type[lot],
            POWERTRAINS[p],
            int(decision.bought[lot, p, t]),
            float(figures.price[lot, p, t]),
            float(figures.price[lot, p, t] * decision.bought[lot, p, t]),
        )
        for t, lot, p in np.argwhere(decision.bought.transpose(2, 0, 1) > 0).tolist()
    ]
    names = ["year", "depot_id", "bus_type", "powertrain", "buses", "price_usd2024", "usd2024"]
    types = [pl.Int64, pl.String, pl.String, pl.String, pl.Int64, pl.Float64, pl.Float64]
    return pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")


def fleet_by_year(problem: Problem, decision: Decision) -> pl.DataFrame:
    """Return buses and those in service by year, depot, size and powertrain."""
    pools = problem.pools
    have, used = stock(problem, decision), in_service(problem, decision)
    lot, p, t = np.indices(have.shape)
    frame = pl.DataFrame(
        {
            "year": problem.figures.years[t.ravel()],
            "depot_id": [pools.depots[int(pools.depot[k])] for k in lot.ravel()],
            "bus_type": [pools.bus_type[k] for k in lot.ravel()],
            "powertrain": [POWERTRAINS[k] for k in p.ravel()],
            "buses": have.ravel(),
            "in_service": used.ravel(),
        }
    )
    return frame.filter((pl.col("buses") > 0) | (pl.col("in_service") > 0)).sort(
        "year", "depot_id", "bus_type", "powertrain"
    )


def compliance(problem: Problem, decision: Decision, rules: Sequence[str]) -> pl.DataFrame:
    """Return by year the buses bought that count, the zero-emission ones asked for, those bought and the gap."""
    total, asked, clean = required(problem, decision)
    fleet = stock(problem, decision)
    share = fleet[:, ZERO_EMISSION].sum(axis=(0, 1)) / np.maximum(fleet.sum(axis=(0, 1)), 1.0)
    gap = np.maximum(asked - clean, 0.0)
    return pl.DataFrame(
        {
            "year": problem.figures.years,
            "rules": " + ".join(rules),
            "bought": total.astype(np.int64),
            "required_share": problem.rules.share,
            "required": asked.astype(np.int64),
            "zero_emission": clean.astype(np.int64),
            "gap": gap.astype(np.int64),
            "verdict": np.where(gap > 0.0, "missed", "kept"),
            "fleet_zero_emission_share": share,
        }
    )


def rules_checked(problem: Problem, decision: Decision, names: Sequence[str]) -> pl.DataFrame:
    """Return every rule with its verdict, and the years and places in which it is missed.

    Parameters
    ----------
    names
        All rules that are checked; a rule that is kept has one row.
    """
    found = breaches(problem, decision)
    missed = {b.rule for b in found}
    rows: list[tuple[str, str, int | None, str, float | None, float | None, float | None]] = [
        (name, "kept", None, "", None, None, None) for name in names if name not in missed
    ]
    rows += [(b.rule, "missed", b.year, b.where, b.value, b.limit, b.gap) for b in found]
    return pl.DataFrame(
        rows,
        schema={
            "rule": pl.String,
            "verdict": pl.String,
            "year": pl.Int64,
            "where": pl.String,
            "value": pl.Float64,
            "limit": pl.Float64,
            "gap": pl.Float64,
        },
        orient="row",
    )


def costs(problem: Problem, decision: Decision) -> pl.DataFrame:
    """Return what is paid by year, depot and line, and its present value."""
    lines = account(problem, decision)
    line, depot, year = np.indices(lines.shape)
    frame = pl.DataFrame(
        {
            "year": problem.figures.years[year.ravel()],
            "depot_id": [problem.pools.depots[d] for d in depot.ravel()],
            "line": [LINES[k] for k in line.ravel()],
            "usd2024": lines.ravel(),
            "present_usd2024": (lines * problem.figures.discount).ravel(),
        }
    ).with_columns(capital=pl.col("line").is_in(CAPITAL))
    return frame.filter(pl.col("usd2024") != 0.0).sort("year", "depot_id", "line")


def facilities(problem: Problem, decision: Decision) -> pl.DataFrame:
    """Return chargers, peak, energy and power of each depot and year."""
    pools, needs = problem.pools, problem.needs
    electric = decision.served[:, ELECTRIC].sum(axis=1) * needs.kwh[:, None]
    by_pool = np.zeros((len(pools.bus_type), problem.years))
    np.add.at(by_pool, needs.pool, electric)
    energy = pools.by_depot(by_pool) / 1e3
    fleet = pools.by_depot(stock(problem, decision))
    has_power = problem.figures.powered[:, None] | (np.cumsum(decision.powered, axis=1) > 0)
    depot, year = np.indices(energy.shape)

    def flat(values: np.ndarray) -> np.ndarray:
        return np.asarray(values).ravel()

    return pl.DataFrame(
        {
            "year": problem.figures.years[year.ravel()],
            "depot_id": [pools.depots[d] for d in depot.ravel()],
            "powered": flat(has_power),
            "opens": flat(decision.powered > 0),
            "hydrogen_opens": flat(decision.hydrogen > 0),
            "battery_buses": flat(fleet[:, ELECTRIC].sum(axis=1)).astype(np.int64),
            "hydrogen_buses": flat(fleet[:, HYDROGEN]).astype(np.int64),
            "new_chargers": flat(decision.chargers),
            "chargers": flat(np.cumsum(decision.chargers, axis=1)),
            "peak_kw": flat(peak_kw(problem, decision)),
            "electricity_mwh": flat(energy),
        }
    ).sort("year", "depot_id")


def stations_by_year(problem: Problem, decision: Decision, stations: Sequence[str]) -> pl.DataFrame:
    """Return the stations and the year from which each stands."""
    rows = [
        (stations[k], int(problem.figures.years[t]), float(problem.figures.station[k]))
        for k, t in np.argwhere(decision.stations > 0).tolist()
    ]
    return pl.DataFrame(rows, schema={"station": pl.String, "year": pl.Int64, "usd2024": pl.Float64}, orient="row")


def block_table(problem: Problem, decision: Decision, blocks: pl.DataFrame) -> pl.DataFrame:
    """Return each block with the year from which it is zero-emission, what runs it, and the check of its battery.

    ``short_kwh`` is what the worst day asks above the usable battery; 0 where a bus without opportunity charging runs
    it, by `check_batteries`.
    """
    powertrain = blocks_by_year(problem, decision, blocks)
    first = first_clean(powertrain, problem.figures.years)
    last = powertrain[:, -1]
    buses = problem.needs.buses[blocks["need"].to_numpy(), last]
    usable = np.where(last == POWERTRAINS.index("battery_large"), blocks["usable_large_kwh"], blocks["usable_kwh"])
    return blocks.select(
        "block_id", "depot_id", "bus_type", "route", "km", "km_per_year", "ways", "need_kwh", "weight"
    ).with_columns(
        zero_emission_from=pl.Series([None if np.isnan(f) else int(f) for f in first], dtype=pl.Int64),
        powertrain=pl.Series([POWERTRAINS[k] for k in last]),
        buses=pl.Series(buses.astype(np.int64)),
        usable_kwh=pl.Series(usable),
        opportunity=pl.Series(last == POWERTRAINS.index("battery_station")),
    )


def check_batteries(table: pl.DataFrame) -> pl.DataFrame:
    """Return the blocks whose worst day asks more of each bus than its usable battery, without opportunity charging."""
    battery = pl.col("powertrain").is_in(["battery", "battery_large"])
    return table.filter(battery & (pl.col("need_kwh") / pl.col("buses") > pl.col("usable_kwh") * (1.0 + 1e-9)))


def workforce(
    problem: Problem, decision: Decision, per_bus: Mapping[str, float], hours: Mapping[str, float]
) -> pl.DataFrame:
    """Return the staff to be retrained by year and depot: those of each zero-emission bus above the most there were.

    Parameters
    ----------
    per_bus, hours
        Staff per bus, and hours of training per person, by group of staff.
    """
    clean = problem.pools.by_depot(stock(problem, decision)[:, ZERO_EMISSION].sum(axis=1))
    cohorts = problem.cohorts
    trained = np.zeros(len(problem.pools.depots))
    is_clean = np.isin(cohorts.powertrain, ZERO_EMISSION)
    np.add.at(trained, problem.pools.depot[cohorts.pool[is_clean]], cohorts.count[is_clean])
    rows = []
    most = trained.copy()
    for t, year in enumerate(problem.figures.years.tolist()):
        more = np.maximum(clean[:, t] - most, 0.0)
        for d, depot in enumerate(problem.pools.depots):
            for staff in STAFF:
                each = per_bus.get(staff, 0.0)
                # people are whole: what is trained by a year is the rounded-up need so far
                before, after = (np.ceil(each * (v - trained[d]) - 1e-9) for v in (most[d], most[d] + more[d]))
                number = int(after - before)
                rows.append((year, depot, staff, number, int(after), number * hours.get(staff, 0.0)))
        most += more
    return pl.DataFrame(
        rows,
        schema={
            "year": pl.Int64,
            "depot_id": pl.String,
            "staff": pl.String,
            "to_retrain": pl.Int64,
            "retrained_so_far": pl.Int64,
            "training_hours": pl.Float64,
        },
        orient="row",
    )
