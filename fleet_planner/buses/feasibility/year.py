"""A year of temperatures: every block on every day, its worst one and the days on which it fails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.feasibility.replay import replay

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_planner.buses.feasibility.load import Load
    from fleet_planner.buses.feasibility.model import Batteries, Float, Int, Rules, Sites

AT_ONCE = 24
"""Days driven in one call, for memory."""


@dataclass(frozen=True)
class Year:
    """What a year does to each block; arrays by block.

    Parameters
    ----------
    failing_days
        Days of a year on which the reserve is not kept.
    lowest
        Lowest state of charge of the year.
    worst_c
        Mean temperature of the day on which it is reached.
    """

    failing_days: Float
    lowest: Float
    worst_c: Float


def drive_year(
    load: Load,
    load_c: Float,
    days_c: Float,
    weight: Float,
    batteries_at: Callable[[Float], Batteries],
    sites: Sites,
    rules: Rules,
) -> Year:
    """Drive every block on every day of a year.

    Parameters
    ----------
    load
        In some cases of weather.
    load_c
        Mean temperature of each case, all different; between them what buses draw is taken to change evenly.
    days_c, weight
        Mean temperature of each day, and how many days of a year it stands for.
    batteries_at
        Batteries at some mean temperatures.
    sites, rules
        As if every site had a charger for every bus.
    """
    order = np.argsort(load_c)
    known = load_c[order]
    blocks = len(load.ground.block_ids)
    failing, lowest, worst = np.zeros(blocks), np.full(blocks, np.inf), np.full(blocks, np.nan)
    for begin in range(0, days_c.size, AT_ONCE):
        temperatures = days_c[begin : begin + AT_ONCE]
        share = weight[begin : begin + AT_ONCE]
        low, part = _between(known, temperatures)
        high = np.minimum(low + 1, known.size - 1)
        own = replace(
            load,
            kwh=_mixed(load.kwh[order], low, high, part),
            drive_kwh=_mixed(load.drive_kwh[order], low, high, part),
            standing_kw=_mixed(load.standing_kw[order], low, high, part),
        )
        run = replay(own, batteries_at(temperatures), sites, rules)
        failing += (~run.feasible * share[:, None]).sum(axis=0)
        day = run.lowest.argmin(axis=0)
        found = run.lowest[day, np.arange(blocks)]
        better = found < lowest
        worst = np.where(better, temperatures[day], worst)
        lowest = np.minimum(found, lowest)
    return Year(failing, lowest, worst)


def _between(known: Float, wanted: Float) -> tuple[Int, Float]:
    """Return the case below each temperature and the way to the next one, held at the ends."""
    if known.size == 1:
        return np.zeros(wanted.size, dtype=np.int64), np.zeros(wanted.size)
    held = np.clip(wanted, known[0], known[-1])
    low = np.clip(np.searchsorted(known, held, side="right") - 1, 0, known.size - 2).astype(np.int64)
    return low, (held - known[low]) / (known[low + 1] - known[low])


def _mixed(values: Float, low: Int, high: Int, part: Float) -> Float:
    return np.ascontiguousarray(values[low] * (1.0 - part[:, None]) + values[high] * part[:, None])
