"""Charging without a plan: as soon as a bus comes, or evenly over its stay; closed form, and by a rule under a cap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.charging.slots import HORIZON, KINDS, SLOT_H, SLOTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.buses.charging.stays import Stays

    Float = NDArray[np.float64]
    Bool = NDArray[np.bool_]

PASSES = 12
"""Rounds in which the night of each kind of day finds what the next day leaves it; three are usual."""

SETTLED = 1e-9


def unmanaged(stays: Stays) -> Float:
    """Return kWh per entry as fast as the battery takes it from the arrival until the need is met."""
    return stays.fast_kwh


def balanced(stays: Stays) -> Float:
    """Return kWh per entry at constant power over the whole stay."""
    possible = stays.summed(stays.limit_kwh)
    share = np.divide(stays.need_kwh, possible, out=np.zeros(stays.count), where=possible > 0.0)
    return stays.limit_kwh * share[stays.stay]


def plug_hours(stays: Stays, kwh: Float, *, even: bool) -> Float:
    """Return the hours that each entry keeps a plug: those at full power, or all that it charges in with ``even``."""
    power = stays.power_kw[stays.stay]
    full = np.divide(kwh, power, out=np.zeros(kwh.size), where=power > 0.0)
    stayed = np.divide(stays.limit_kwh, power, out=np.zeros(kwh.size), where=power > 0.0)
    return np.where(kwh > SETTLED, stayed, 0.0) if even else full


def under_limits(stays: Stays, room_kwh: Float, plugs: float, follows: Bool, *, even: bool) -> Float:
    """Return kWh per entry where the site gives no more than it has; a need may stay unmet.

    First come, first served: in each slot buses are served in the order of their arrival, yesterday's before today's.
    With ``even`` each asks for the constant power that its remaining stay needs, and those that can wait least are
    served first.

    Parameters
    ----------
    stays
        Of the site.
    room_kwh
        Most that all may draw in a slot by kind of the calendar day, shape (3, 96).
    plugs
        Most buses that charge at a time; infinite where each has its own.
    follows
        Whether a kind of day comes after a kind, shape (3 before, 3).
    even
        Whether the power is balanced.
    """
    room = np.stack([room_kwh, np.full(room_kwh.shape, plugs * SLOT_H)])
    night = np.zeros((2, len(KINDS), SLOTS))
    kwh = np.zeros(stays.stay.size)
    for turn in range(PASSES):
        for kind in range(len(KINDS)):
            earlier = night[:, follows[:, kind]].max(axis=1, initial=0.0)
            own = np.maximum(room[:, kind] - earlier, 0.0)
            after = room[:, follows[kind]].min(axis=1, initial=np.inf)
            _serve(stays, kind, np.concatenate([own, after], axis=1), kwh, even=even)
        hours = plug_hours(stays, kwh, even=even)
        found = np.stack([stays.load_kwh(kwh)[:, SLOTS:], stays.load_kwh(hours)[:, SLOTS:]])
        if turn and np.abs(found - night).max(initial=0.0) <= SETTLED:
            break
        # a night that swings from round to round keeps the most it ever took, so that no slot is given twice
        night = found if turn < PASSES // 2 else np.maximum(night, found)
    return kwh


def _serve(stays: Stays, kind: int, room: Float, kwh: Float, *, even: bool) -> None:
    """Fill ``kwh`` for the stays of one kind of day, slot by slot; ``room``: kWh and plug hours, shape (2, 192)."""
    mine = np.flatnonzero(stays.kind[stays.stay] == kind)
    order = mine[np.argsort(stays.slot[mine], kind="stable")]
    edges = np.searchsorted(stays.slot[order], np.arange(HORIZON + 1))
    left = stays.need_kwh.copy()
    ahead = stays.summed(stays.limit_kwh)
    came = stays.sessions["arrive_s"].to_numpy()
    for slot in range(HORIZON):
        entries = order[edges[slot] : edges[slot + 1]]
        if entries.size == 0:
            continue
        buses, limit = stays.stay[entries], stays.limit_kwh[entries]
        share = np.divide(left[buses], ahead[buses], out=np.zeros(buses.size), where=ahead[buses] > 0.0)
        wanted = np.minimum(left[buses], limit * np.minimum(share, 1.0) if even else limit)
        first = np.argsort(-share if even else came[buses], kind="stable")
        power = stays.power_kw[buses]
        # at constant power a bus keeps its plug for all the time that it stays; else it leaves when it is served
        held = np.divide(limit if even else wanted, power, out=np.zeros(buses.size), where=power > 0.0)
        part = np.ones(buses.size)
        for k, use in enumerate((wanted, held)):
            before = np.cumsum(use[first]) - use[first]
            free = np.divide(room[k, slot] - before, use[first], out=np.ones(buses.size), where=use[first] > 0.0)
            # a plug that is kept for the whole slot cannot be had in part
            free = np.floor(free + SETTLED) if even and k == 1 else free
            part[first] = np.minimum(part[first], np.clip(free, 0.0, 1.0))
        given = wanted * part
        kwh[entries] = given
        left[buses] -= given
        ahead[buses] -= limit
