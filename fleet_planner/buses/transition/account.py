"""What a decision costs, line by line, depot and year; and what it emits in the weights of the objective."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.transition.model import BATTERY, ELECTRIC, LINES, in_service, stock

if TYPE_CHECKING:
    from fleet_planner.buses.transition.model import Decision, Float, Problem


def payments(lead: int, opened: int, years: int) -> Float:
    """Return the shares of a site's cost by year: evenly over the years before it opens, at its opening without any.

    Parameters
    ----------
    lead
        Years from order to use.
    opened
        Index of the first year of use.
    years
        Number of years T; what would be paid before the first is paid in the first.

    Returns
    -------
    Shape (T,), sums to 1.
    """
    out = np.zeros(years)
    if lead <= 0:
        out[opened] = 1.0
        return out
    for k in range(opened - lead, opened):
        out[max(k, 0)] += 1.0 / lead
    return out


def straight_line_left(life: int, bought: int, years: int) -> float:
    """Return the share of a cost that is left at the end of the last year, in equal parts over a life."""
    return max(life - (years - bought), 0) / life


def account(problem: Problem, decision: Decision) -> Float:
    """Return what is paid by line, depot and year, US$ 2024, not discounted, shape (lines, D, T).

    ``residual`` is what vehicles, chargers, sites and stations have left at the end of the last year, below 0.
    """
    pools, needs, figures = problem.pools, problem.needs, problem.figures
    years, end = problem.years, problem.years - 1
    out = {line: np.zeros((len(pools.depots), years)) for line in LINES}
    bought = decision.bought.astype(np.float64)
    out["vehicles"] += pools.by_depot((bought * figures.price).sum(axis=1))
    for age in range(figures.battery_life, figures.bus_life, figures.battery_life):
        if age < years:
            # a bus that goes with its life gets no new battery; price of the year of the renewal
            renewed = bought[:, :, :-age] * figures.pack[:, :, age:]
            out["batteries"][:, age:] += pools.by_depot(renewed.sum(axis=1))
    for year in range(years):
        share = figures.residual_share[years - year] if years - year < figures.bus_life else 0.0
        value = (bought[:, :, year] * figures.price[:, :, year]).sum(axis=1) * share
        out["residual"][:, end] -= pools.by_depot(value)
    chargers = decision.chargers.astype(np.float64)
    out["chargers"] += chargers * figures.charger
    out["charger_upkeep"] += np.cumsum(chargers, axis=1) * figures.charger * figures.charger_upkeep_share
    left = np.array([straight_line_left(figures.charger_life, t, years) for t in range(years)])
    out["residual"][:, end] -= (chargers * left).sum(axis=1) * figures.charger
    for d in range(len(pools.depots)):
        for built, cost in ((decision.powered, figures.site), (decision.hydrogen, figures.hydrogen_site)):
            for t in np.flatnonzero(built[d]).tolist():
                out["sites"][d] += cost[d] * payments(int(figures.lead[d]), t, years)
                out["residual"][d, end] -= cost[d] * left[t]
    out["stations"], rest = _stations(problem, decision, left)
    out["residual"][:, end] -= rest
    buses = needs.buses[:, :, None] * decision.served
    km = needs.km[:, None, None] * decision.served
    upkeep = figures.upkeep[needs.pool]
    out["maintenance"] += _by_depot(problem, (km * upkeep[:, :, None]).sum(axis=1))
    out["energy"] += _by_depot(problem, (figures.energy * decision.served).sum(axis=1))
    electric = decision.served[:, ELECTRIC].sum(axis=1)
    out["demand_charge"] += _by_depot(problem, needs.peak_kw[:, None] * electric) * figures.demand_per_kw
    more = np.maximum(buses - decision.served, 0.0).sum(axis=1)
    out["operators"] += _by_depot(problem, needs.extra_cost[:, None] * more)
    lost = problem.cohorts.loss * decision.retired
    by_pool = np.zeros((len(pools.bus_type), years))
    np.add.at(by_pool, problem.cohorts.pool, lost)
    out["early_retirement"] += pools.by_depot(by_pool)
    return np.stack([out[line] for line in LINES])


def _stations(problem: Problem, decision: Decision, left: Float) -> tuple[Float, Float]:
    """Return what stations cost by depot and year and what is left of it, shared by the blocks that use each."""
    needs, figures = problem.needs, problem.figures
    paid = np.zeros((len(problem.pools.depots), problem.years))
    rest = np.zeros(len(problem.pools.depots))
    for k in range(decision.stations.shape[0]):
        users = _by_depot(problem, (needs.blocks * needs.stations[:, k]).astype(np.float64)[:, None])[:, 0]
        share = users / users.sum() if users.sum() > 0.0 else np.full(users.size, 1.0 / users.size)
        for t in np.flatnonzero(decision.stations[k]).tolist():
            paid[:, t] += figures.station[k] * share
            rest += figures.station[k] * share * left[t]
    return paid, rest


def _by_depot(problem: Problem, of_need: Float) -> Float:
    """Add up needs, shape (C, T), by depot."""
    by_pool = np.zeros((len(problem.pools.bus_type), of_need.shape[1]))
    np.add.at(by_pool, problem.needs.pool, of_need)
    return problem.pools.by_depot(by_pool)


def discounted(problem: Problem, lines: Float) -> float:
    """Return the present value of an account."""
    return float((lines.sum(axis=(0, 1)) * problem.figures.discount).sum())


def harm(problem: Problem, decision: Decision) -> Float:
    """Return the weighted emissions of each year, shape (T,): km of each powertrain times its emissions and weight."""
    needs = problem.needs
    per_block = problem.figures.harm[needs.pool] * (needs.km * needs.weight)[:, None]
    return np.asarray((per_block[:, :, None] * decision.served).sum(axis=(0, 1)))


def electric_buses(problem: Problem, decision: Decision) -> Float:
    """Return the battery buses of each depot and year, shape (D, T)."""
    return problem.pools.by_depot(stock(problem, decision)[:, ELECTRIC].sum(axis=1))


def peak_kw(problem: Problem, decision: Decision) -> Float:
    """Return the charging peak of each depot and year, shape (D, T)."""
    electric = decision.served[:, ELECTRIC].sum(axis=1)
    return _by_depot(problem, problem.needs.peak_kw[:, None] * electric)


def split_buses(problem: Problem, decision: Decision) -> Float:
    """Return the buses above one a block that split blocks take, by year, shape (T,)."""
    served = in_service(problem, decision)[:, BATTERY].sum(axis=0)
    return np.asarray(served - decision.served[:, BATTERY].sum(axis=0))
