"""Chargers that give a least power or nothing: an integer programme with a start of our own and a proved bound.

Its relaxation is the schedule without least powers, solved first; from it each bus is given the slots that it uses
most, as many as its need can fill. A linear programme over these slots is a schedule that keeps the rule, and HiGHS may
better it within the time given. What is found is told with the bound of the relaxation or of the search, the higher.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.charging.linear import STOPPED, Answer, Programme, solve
from fleet_planner.highs import INFEASIBLE, OPTIMAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.buses.charging.stays import Stays
    from fleet_planner.buses.charging.steps import Steps

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]

    Switches = tuple[Int, Int, Int]
    """Columns of the energy, of whether a charger is on, and of the one slot in which a bus may draw less."""


def least_kwh(stays: Stays, steps: Steps, least_kw: float) -> Float:
    """Return what a charger that is on gives at least in each column, kWh."""
    time = steps.limit_kwh * steps.hours_per_kwh(stays)
    return np.minimum(least_kw * time, np.minimum(steps.limit_kwh, stays.need_kwh[steps.stay]))


def switch_rows(programme: Programme, stays: Stays, steps: Steps, x: Int, least_kw: float) -> Switches:
    """Add that a charger gives its least power or nothing; in one slot, the last of it, a bus may draw less."""
    least = least_kwh(stays, steps, least_kw)
    on = programme.add_columns(np.zeros(x.size), np.ones(x.size), whole=True)
    part = programme.add_columns(np.zeros(x.size), np.ones(x.size), whole=True)
    most = programme.add_rows(np.full(x.size, -np.inf), np.zeros(x.size))
    programme.put(most, x, 1.0)
    programme.put(most, on, -steps.limit_kwh)
    fewest = programme.add_rows(np.zeros(x.size), np.full(x.size, np.inf))
    programme.put(fewest, x, 1.0)
    programme.put(fewest, on, -least)
    programme.put(fewest, part, least)
    once = programme.add_rows(np.full(stays.count, -np.inf), np.ones(stays.count))
    programme.put(once[steps.stay], part, 1.0)
    return x, on, part


def solve_switched(
    programme: Programme,
    stays: Stays,
    steps: Steps,
    switches: Sequence[Switches],
    least_kw: float,
    *,
    seconds: float,
    gap: float,
) -> Answer:
    """Solve a programme with the rows of `switch_rows`.

    Parameters
    ----------
    programme, stays, steps
        The programme and what its columns are.
    switches
        By season.
    least_kw
        Least power of a charger that is on.
    seconds, gap
        When the search may end.
    """
    relaxed = solve(programme, relax=True)
    if relaxed.status == INFEASIBLE or not relaxed.values.size:
        return relaxed
    least = least_kwh(stays, steps, least_kw)
    held: dict[int, tuple[float, float]] = {}
    for x, on, part in switches:
        chosen, last = _slots(relaxed.values[x], stays, steps, least)
        held |= {int(c): (float(v), float(v)) for c, v in zip(on, chosen, strict=True)}
        held |= {int(c): (float(v), float(v)) for c, v in zip(part, last, strict=True)}
    start = solve(programme, relax=True, held=held)
    values = start.values if start.status == OPTIMAL else np.zeros(0)
    found = solve(programme, seconds=seconds, gap=gap, start=values)
    bound = max(relaxed.bound, found.bound if np.isfinite(found.bound) else -np.inf)
    best = [a for a in (found, start) if a.values.size and a.status != INFEASIBLE and np.isfinite(a.value)]
    if not best:
        return Answer(found.status, np.zeros(0), found.value, bound, found.seconds)
    answer = min(best, key=lambda a: a.value)
    done = found.status == OPTIMAL or answer.value - bound <= gap * max(abs(answer.value), 1e-9)
    return Answer(OPTIMAL if done else STOPPED, answer.values, answer.value, bound, found.seconds)


def _slots(x: Float, stays: Stays, steps: Steps, least: Float) -> tuple[Bool, Bool]:
    """Return in which slots each bus is served, and in which of them it may draw less than the least."""
    on, last = np.zeros(x.size, dtype=bool), np.zeros(x.size, dtype=bool)
    edges = np.searchsorted(steps.stay, np.arange(stays.count + 1))
    for bus, need in enumerate(stays.need_kwh.tolist()):
        own = np.arange(edges[bus], edges[bus + 1])
        if need <= 0.0 or own.size == 0:
            continue
        order = own[np.argsort(-x[own], kind="stable")]
        enough = int(np.searchsorted(np.cumsum(steps.limit_kwh[order]), need * (1.0 - 1e-12))) + 1
        filled = int((np.cumsum(least[order]) <= need).sum())
        used = int((x[own] >= 0.5 * least[own]).sum())
        many = min(max(enough, min(used, filled)), own.size)
        on[order[:many]] = True
        last[order[many - 1]] = True
    return on, last
