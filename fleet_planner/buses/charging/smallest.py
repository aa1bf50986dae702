"""The least that serves a site: grid limit, chargers, and what is missed where there is less."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.charging.least_cost import season_rows
from fleet_planner.buses.charging.linear import Programme, solve
from fleet_planner.buses.charging.slots import HORIZON, SLOT_S, SLOTS
from fleet_planner.buses.charging.steps import on_days, steps_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.buses.charging.least_cost import Columns
    from fleet_planner.buses.charging.site import Site
    from fleet_planner.buses.charging.stays import Stays
    from fleet_planner.buses.charging.steps import Steps
    from fleet_planner.buses.charging.terms import Season

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]

WHOLE = 1e-6
"""A number of chargers this close above a whole one is that one."""


@dataclass(frozen=True)
class Plugs:
    """Numbers of chargers of a site.

    Parameters
    ----------
    whole_stay
        Each bus keeps its own as long as it stays: most buses at the site at a time.
    fewest
        With which all needs can be met when buses take turns, as often as it takes.
    proof
        Lower bound of that number before it was rounded up, from the prices of the linear programme.
    """

    whole_stay: int
    fewest: int
    proof: float


def smallest_cap_kw(stays: Stays, site: Site, seasons: Sequence[Season]) -> float:
    """Return the least grid limit with which all needs are met, with the site's chargers, sun and battery.

    The sun is the least of any season slot by slot, so that the limit holds all year.
    """
    season = _darkest(site, seasons)
    frame = _feasible(stays, replace(site, cap_kw=np.inf), season)
    programme, grid = frame.programme, frame.columns.grid
    top = programme.add_columns(np.ones(1), np.array([float(stays.power_kw.sum()) + 1.0]))
    rows = programme.add_rows(np.full(grid.size, -np.inf), np.zeros(grid.size)).reshape(grid.shape)
    programme.put(rows, grid, 1.0 / frame.hours)
    programme.put(rows, top, -1.0)
    found = solve(programme)
    return float(found.values[top[0]]) if found.values.size else np.inf


def missed_kwh(stays: Stays, site: Site, seasons: Sequence[Season]) -> Float:
    """Return what each stay misses where the site's limits do not let all be served, grid side, shape (S,).

    Of the sum the least, under the least sun of any season. What the stay itself is too short for is not in it.
    """
    frame = _feasible(stays, site, _darkest(site, seasons))
    programme = frame.programme
    miss = programme.add_columns(np.ones(stays.count), stays.need_kwh)
    programme.put(frame.columns.needs, miss, 1.0)
    found = solve(programme)
    return found.values[miss] if found.values.size else np.zeros(stays.count)


def plugs_of(stays: Stays, site: Site, seasons: Sequence[Season]) -> Plugs:
    """Return numbers of chargers with which the needs can be met under the site's grid limit."""
    season = _darkest(site, seasons)
    frame = _feasible(stays, replace(site, chargers=None), season)
    programme, hours = frame.programme, frame.hours
    most = whole_stays(stays, season.days > 0)
    count = programme.add_columns(np.ones(1), np.array([float(stays.count)]))

    def put(own: Int, _: int) -> None:
        rows = programme.add_rows(np.full(hours.size, -np.inf), np.zeros(hours.size))
        programme.put(rows[frame.steps.step[own]], frame.columns.x[own], frame.steps.hours_per_kwh(stays)[own])
        programme.put(rows, count, -hours)

    on_days(stays, frame.steps, season, put)
    found = solve(programme)
    if found.values.size == 0:
        return Plugs(most, most, np.nan)
    return Plugs(most, int(np.ceil(found.value - WHOLE)), found.bound)


def whole_stays(stays: Stays, follows: Bool) -> int:
    """Return most buses that stay at a time, to the second."""
    arrive = stays.sessions["arrive_s"].to_numpy().astype(np.float64)
    leave = stays.sessions["leave_s"].to_numpy().astype(np.float64)
    return _most(stays.kind, arrive, leave, follows)


def once_plugged(stays: Stays, kwh: Float, follows: Bool) -> int:
    """Return the fewest chargers for a schedule in which a bus keeps its plug from its first to its last slot."""
    used = kwh > WHOLE
    first = np.full(stays.count, HORIZON)
    last = np.full(stays.count, -1)
    np.minimum.at(first, stays.stay[used], stays.slot[used])
    np.maximum.at(last, stays.stay[used], stays.slot[used])
    there = last >= 0
    begin = np.maximum(stays.sessions["arrive_s"].to_numpy().astype(np.float64), first * float(SLOT_S))
    end = np.minimum(stays.sessions["leave_s"].to_numpy().astype(np.float64), (last + 1.0) * SLOT_S)
    return _most(stays.kind[there], begin[there], end[there], follows)


def _most(kind: Int, begin: Float, end: Float, follows: Bool) -> int:
    """Return the largest number of overlapping intervals on any calendar day; intervals that touch do not overlap."""
    most, day = 0, float(SLOTS * SLOT_S)
    for before, own in np.argwhere(follows):
        starts = np.concatenate([begin[kind == own], begin[kind == before] - day])
        ends = np.concatenate([end[kind == own], end[kind == before] - day])
        inside = (ends > 0.0) & (starts < day)
        starts, ends = np.sort(np.maximum(starts[inside], 0.0)), np.sort(np.minimum(ends[inside], day))
        at_once = np.arange(1, starts.size + 1) - np.searchsorted(ends, starts, side="right")
        most = max(most, int(at_once.max(initial=0)))
    return most


def _darkest(site: Site, seasons: Sequence[Season]) -> Season:
    """Return all kinds of day of the year under the least sun of each slot."""
    sun = np.min([s.sun for s in seasons], axis=0) if site.solar_kwp > 0.0 else np.zeros(SLOTS)
    return replace(seasons[0], days=np.sum([s.days for s in seasons], axis=0), sun=sun)


@dataclass(frozen=True)
class _Frame:
    """The rows of a season without any cost."""

    programme: Programme
    columns: Columns
    steps: Steps
    hours: Float


def _feasible(stays: Stays, site: Site, season: Season) -> _Frame:
    steps = steps_of(stays, [season])
    programme = Programme()
    battery = site.battery
    size = programme.add_columns(np.zeros(1), np.array([battery.kwh if battery.there else 0.0]))
    columns = season_rows(programme, stays, replace(site, feedback=None, least_kw=0.0), season, steps, size)
    programme.cost = [np.zeros(c.size) for c in programme.cost]
    return _Frame(programme, columns, steps, steps.hours)
