"""Rows of what only some sites have: plugs, panels, a stationary battery, buses that feed back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.charging.stays import two_ways
from fleet_planner.buses.charging.steps import on_days

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.buses.charging.linear import Programme
    from fleet_planner.buses.charging.site import Feedback, Site
    from fleet_planner.buses.charging.stays import Stays
    from fleet_planner.buses.charging.steps import Steps
    from fleet_planner.buses.charging.terms import Season

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]


def plugs_rows(
    programme: Programme, stays: Stays, site: Site, steps: Steps, flows: tuple[Int, Int], season: Season
) -> None:
    """No more hours at plugs than there are."""
    if site.chargers is None or site.chargers >= stays.count:
        return
    x, back = flows
    hours, per_kwh = steps.hours, steps.hours_per_kwh(stays)
    most = site.chargers * hours

    def put(own: Int, _: int) -> None:
        rows = programme.add_rows(np.full(hours.size, -np.inf), most)
        programme.put(rows[steps.step[own]], x[own], per_kwh[own])
        if site.feedback is not None:
            programme.put(rows[steps.step[own]], back[own], 1.0 / site.feedback.kw)

    on_days(stays, steps, season, put)


def curve_rows(programme: Programme, stays: Stays, steps: Steps, flows: tuple[Int, Int]) -> None:
    """Add that no more is left to charge after a step than the charge curve lets in by departure."""
    if not np.isfinite(stays.rest_kwh).any():
        return
    x, back = flows
    # of the entries of a column the last one tells what may be left
    rest = np.full(x.size, np.inf)
    rest[steps.of_entry] = stays.rest_kwh
    edges = np.searchsorted(steps.stay, np.arange(stays.count + 1))
    later = np.cumsum(steps.limit_kwh[::-1])[::-1] - steps.limit_kwh
    later -= np.append(later, 0.0)[np.maximum(edges[1:] - 1, 0)][steps.stay]
    binding = np.flatnonzero(rest < np.minimum(later, stays.need_kwh[steps.stay]) * (1.0 - 1e-9))
    if binding.size == 0:
        return
    rows = programme.add_rows(np.full(binding.size, -np.inf), rest[binding])
    many = edges[1:][steps.stay[binding]] - binding - 1
    of_row = np.repeat(rows, many)
    start = np.repeat(np.cumsum(many) - many, many)
    column = np.repeat(binding, many) + 1 + np.arange(of_row.size) - start
    programme.put(of_row, x[column], 1.0)
    if back.size:
        programme.put(of_row, back[column], -1.0 / two_ways(stays)[steps.stay[column]])


def panels_rows(programme: Programme, season: Season, sun: Float, paid: Float, balance: Int) -> tuple[Int, Int]:
    """Add the sun that is used or fed in, and what is fed in where that is paid."""
    most = np.broadcast_to(sun, balance.shape).ravel()
    used = programme.add_columns(np.zeros(balance.size), most).reshape(balance.shape)
    programme.put(balance, used, 1.0)
    if not (season.export > 0.0).any():
        return used, np.zeros((0, 0), dtype=np.int64)
    export = programme.add_columns(-paid.ravel(), most).reshape(balance.shape)
    programme.put(balance, export, -1.0)
    rows = programme.add_rows(np.full(most.size, -np.inf), np.zeros(most.size)).reshape(balance.shape)
    programme.put(rows, export, 1.0)
    programme.put(rows, used, -1.0)
    return used, export


def feedback_rows(programme: Programme, stays: Stays, feedback: Feedback, steps: Steps, x: Int, season: Season) -> Int:
    """Let buses feed back, grid side, what they keep above the reserve and get back before they leave.

    What is in the battery after each step lies between the reserve (or what the bus came with, if less) and its
    capacity.
    """
    efficiency = stays.sessions["charger_efficiency"].to_numpy().astype(np.float64)
    capacity = stays.sessions["battery_kwh"].to_numpy().astype(np.float64)
    start = stays.sessions["arrive_soc"].to_numpy().astype(np.float64) * capacity
    time = steps.limit_kwh * steps.hours_per_kwh(stays)
    days = season.days.sum(axis=0)[stays.kind[steps.stay]].astype(np.float64)
    back = programme.add_columns(feedback.usd_per_kwh * days, feedback.kw * time)
    begins = np.searchsorted(steps.stay, np.arange(stays.count))
    place = np.arange(steps.stay.size) - begins[steps.stay]
    low = np.minimum(start, feedback.reserve * capacity) - start
    # one plug: charging and feeding back take turns
    turns = programme.add_rows(np.full(x.size, -np.inf), time)
    programme.put(turns, x, steps.hours_per_kwh(stays))
    programme.put(turns, back, 1.0 / feedback.kw)
    most = np.maximum(capacity - start, stays.need_kwh * efficiency)
    rows = programme.add_rows(low[steps.stay], most[steps.stay])
    for ahead in range(int(place.max(initial=-1)) + 1):
        later = np.flatnonzero(place >= ahead)
        e = efficiency[steps.stay[later]]
        programme.put(rows[later], x[later - ahead], e)
        programme.put(rows[later], back[later - ahead], -1.0 / e)
    return back


def battery_rows(programme: Programme, site: Site, shape: tuple[int, int], hours: Float, size: Int) -> tuple[Int, Int]:
    """Add a stationary battery: the same state at every midnight of the season."""
    battery = site.battery
    flow = np.broadcast_to(battery.kw * hours, shape).ravel()
    charge = programme.add_columns(np.zeros(flow.size), flow).reshape(shape)
    discharge = programme.add_columns(np.zeros(flow.size), flow).reshape(shape)
    state = programme.add_columns(np.zeros(shape[0] * (shape[1] - 1)), np.array(battery.kwh))
    midnight = programme.add_columns(np.zeros(1), np.array([battery.kwh]))
    ends = np.broadcast_to(midnight, (shape[0], 1))
    level = np.concatenate([ends, state.reshape(shape[0], shape[1] - 1), ends], axis=1)
    rows = programme.add_rows(np.zeros(flow.size), np.zeros(flow.size)).reshape(shape)
    root = float(np.sqrt(battery.efficiency))
    programme.put(rows, level[:, 1:], 1.0)
    programme.put(rows, level[:, :-1], -1.0)
    programme.put(rows, charge, -root)
    programme.put(rows, discharge, 1.0 / root)
    if battery.chosen:
        for index, per_kwh in ((charge, hours), (discharge, hours)):
            held = programme.add_rows(np.full(flow.size, -np.inf), np.zeros(flow.size)).reshape(shape)
            programme.put(held, index, 1.0)
            programme.put(held, size, -battery.kw / battery.kwh * np.broadcast_to(per_kwh, shape))
        inside = np.unique(level)
        held = programme.add_rows(np.full(inside.size, -np.inf), np.zeros(inside.size))
        programme.put(held, inside, 1.0)
        programme.put(held, size, -1.0)
    return charge, discharge
