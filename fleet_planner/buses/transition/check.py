"""Every rule of a replacement checked again in numpy, without the solver's rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.transition.account import account, peak_kw
from fleet_planner.buses.transition.model import (
    CAPITAL,
    EXISTING,
    HYDROGEN,
    LINES,
    POWERTRAINS,
    STATION,
    ZERO_EMISSION,
    in_service,
    new_stock,
    stock,
)

if TYPE_CHECKING:
    from fleet_planner.buses.transition.model import Decision, Float, Problem

CLOSE = 1e-6


@dataclass(frozen=True)
class Breach:
    """A rule that a decision does not keep: which, in which year, where, what it has, what it should, by how much."""

    rule: str
    year: int
    where: str
    value: float
    limit: float
    gap: float


HARD = (
    *("service", "vehicles", "life", "spares_least", "spares_most", "power", "hydrogen", "chargers", "grid"),
    *("stations", "block_cannot", "not_sold"),
)
"""Rules that a plan never misses; those of `programme.SOFT` are told with year and gap."""


def breaches(problem: Problem, decision: Decision) -> list[Breach]:
    """Return every rule that is not kept, hard and soft ones."""
    return [
        *_service(problem, decision),
        *_life(problem, decision),
        *_sites(problem, decision),
        *_bought(problem, decision),
    ]


def required(problem: Problem, decision: Decision) -> tuple[Float, Float, Float]:
    """Return by year the buses bought that count, the zero-emission ones asked for among them, and those bought.

    The number asked for is the share rounded to the nearest whole bus, halves up.
    """
    counted = np.where(problem.rules.counts[:, None, :], decision.bought, 0).astype(np.float64)
    total = counted.sum(axis=(0, 1))
    clean = counted[:, ZERO_EMISSION].sum(axis=(0, 1))
    return total, np.floor(problem.rules.share * total + 0.5), clean


def _named(problem: Problem, pool: int) -> str:
    return f"{problem.pools.depots[problem.pools.depot[pool]]} {problem.pools.bus_type[pool]}"


def _service(problem: Problem, decision: Decision) -> list[Breach]:
    needs, years, rules = problem.needs, problem.figures.years, problem.rules
    out = []
    covered = decision.served.sum(axis=1)
    for c, t in np.argwhere(covered != needs.blocks[:, None]):
        where = _named(problem, int(needs.pool[c]))
        value, limit = float(covered[c, t]), float(needs.blocks[c])
        out.append(Breach("service", int(years[t]), where, value, limit, limit - value))
    for c, p, t in np.argwhere((decision.served > 0) & (needs.buses == 0.0)[:, :, None]):
        value = float(decision.served[c, p, t])
        out.append(Breach("block_cannot", int(years[t]), _named(problem, int(needs.pool[c])), value, 0.0, value))
    fleet, used = stock(problem, decision), in_service(problem, decision)
    for lot, p, t in np.argwhere(used > fleet + CLOSE):
        value, limit = float(used[lot, p, t]), float(fleet[lot, p, t])
        out.append(Breach("vehicles", int(years[t]), _named(problem, int(lot)), value, limit, value - limit))
    least = (1.0 + rules.spare_min) * used.sum(axis=1) - rules.spare_short[:, None]
    for lot, t in np.argwhere(fleet.sum(axis=1) < least - CLOSE):
        value, limit = float(fleet[lot, :, t].sum()), float(least[lot, t])
        out.append(Breach("spares_least", int(years[t]), _named(problem, int(lot)), value, limit, limit - value))
    most = (1.0 + rules.spare_max) * used.sum(axis=(0, 1)) + rules.spare_excess
    for (t,) in np.argwhere(fleet.sum(axis=(0, 1)) > most + CLOSE):
        value, limit = float(fleet[:, :, t].sum()), float(most[t])
        out.append(Breach("spares_most", int(years[t]), "", value, limit, value - limit))
    return out


def _life(problem: Problem, decision: Decision) -> list[Breach]:
    cohorts, years = problem.cohorts, problem.figures.years
    out = []
    gone = np.cumsum(decision.retired, axis=1)
    for g in range(cohorts.count.size):
        where = f"{_named(problem, int(cohorts.pool[g]))} {int(cohorts.model_year[g])}"
        early = decision.retired[g] * (years < cohorts.free_year[g])
        for (t,) in np.argwhere(early > 0):
            value = float(early[t])
            out.append(Breach("life", int(years[t]), where, value, 0.0, value))
        if gone[g, -1] > cohorts.count[g]:
            value, limit = float(gone[g, -1]), float(cohorts.count[g])
            out.append(Breach("life", int(years[-1]), where, value, limit, value - limit))
        due = int(cohorts.due_year[g])
        if years[0] <= due <= years[-1]:
            left = float(cohorts.count[g] - gone[g, int(np.searchsorted(years, due))])
            if left > 0.0:
                out.append(Breach("overdue", due, where, left, 0.0, left))
    return out


def _sites(problem: Problem, decision: Decision) -> list[Breach]:
    pools, needs, figures = problem.pools, problem.needs, problem.figures
    years, depots = figures.years, problem.pools.depots
    out = []
    has_power = figures.powered[:, None] | (np.cumsum(decision.powered, axis=1) > 0)
    early = (decision.powered > 0) & ((years[None, :] < figures.ready[:, None]) | figures.powered[:, None])
    new = new_stock(decision.bought, figures.bus_life)
    electric = pools.by_depot(new[:, :3].sum(axis=1))
    for d, t in np.argwhere(((electric > CLOSE) & ~has_power) | early):
        out.append(Breach("power", int(years[t]), depots[d], float(electric[d, t]), 0.0, float(electric[d, t])))
    cells = pools.by_depot(new[:, HYDROGEN])
    has_cells = np.cumsum(decision.hydrogen, axis=1) > 0
    early = (decision.hydrogen > 0) & (years[None, :] < years[0] + figures.lead[:, None])
    for d, t in np.argwhere(((cells > CLOSE) & ~has_cells) | early):
        out.append(Breach("hydrogen", int(years[t]), depots[d], float(cells[d, t]), 0.0, float(cells[d, t])))
    served = np.cumsum(decision.chargers, axis=1) * figures.buses_per_charger
    for d, t in np.argwhere(electric > served + CLOSE):
        value, limit = float(electric[d, t]), float(served[d, t])
        out.append(Breach("chargers", int(years[t]), depots[d], value, limit, value - limit))
    drawn = peak_kw(problem, decision)
    for d, t in np.argwhere(drawn > figures.grid_cap_kw[:, None] + CLOSE):
        value, limit = float(drawn[d, t]), float(figures.grid_cap_kw[d])
        out.append(Breach("grid", int(years[t]), depots[d], value, limit, value - limit))
    early_stations = (decision.stations > 0) & (years < figures.station_ready)[None, :]
    for _, t in np.argwhere(early_stations):
        out.append(Breach("stations", int(years[t]), "", 1.0, 0.0, 1.0))
    stands = np.cumsum(decision.stations, axis=1) > 0
    for c, t in np.argwhere(decision.served[:, STATION] > 0):
        if not stands[needs.stations[c], t].all():
            value = float(decision.served[c, STATION, t])
            out.append(Breach("stations", int(years[t]), _named(problem, int(needs.pool[c])), value, 0.0, value))
    return out


def _bought(problem: Problem, decision: Decision) -> list[Breach]:
    rules, years = problem.rules, problem.figures.years
    out = []
    wrong = decision.bought.sum(axis=0) * ~rules.buyable
    wrong[EXISTING] = decision.bought[:, EXISTING].sum(axis=0)
    for p, t in np.argwhere(wrong > 0):
        out.append(Breach("not_sold", int(years[t]), POWERTRAINS[p], float(wrong[p, t]), 0.0, float(wrong[p, t])))
    _, asked, clean = required(problem, decision)
    for (t,) in np.argwhere(clean < asked - CLOSE):
        value, limit = float(clean[t]), float(asked[t])
        out.append(Breach("purchase_share", int(years[t]), "", value, limit, limit - value))
    fleet = stock(problem, decision)[:, :, -1]
    value, limit = float(fleet[:, ZERO_EMISSION].sum()), rules.target_share * float(fleet.sum())
    if value < limit - CLOSE:
        out.append(Breach("target", int(years[-1]), "", value, limit, limit - value))
    lines = account(problem, decision)
    paid = lines[[LINES.index(name) for name in CAPITAL]].sum(axis=(0, 1))
    for (t,) in np.argwhere(paid > rules.budget * (1.0 + CLOSE)):
        value, limit = float(paid[t]), float(rules.budget[t])
        out.append(Breach("budget", int(years[t]), "", value, limit, value - limit))
    total = decision.bought.sum(axis=0)
    for p, t in np.argwhere(total > rules.supply + CLOSE):
        value, limit = float(total[p, t]), float(rules.supply[p, t])
        out.append(Breach("supply", int(years[t]), POWERTRAINS[p], value, limit, value - limit))
    return out
