"""The stays of buses at the chargers of one site, as arrays over slots."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.charging.curve import curve_of, filling
from fleet_planner.buses.charging.slots import HORIZON, KINDS, SLOT_H, SLOT_S, SLOTS
from fleet_planner.units import S_PER_H

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.buses.charging.curve import Filling

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]

TIGHT = 1e-4
"""Slack of what the curve still lets in, for stays that it fills to the last minute."""

UNMET = 1e-9
"""A need is met when no more than this is missing, kWh."""


@dataclass(frozen=True)
class Stays:
    """Stays at one site; energy and power on the grid side of the chargers.

    Parameters
    ----------
    sessions
        Their rows, in the order of the arrays.
    kind
        Index into `KINDS`, shape (S,).
    asked_kwh, need_kwh
        What the battery asks over the charger's efficiency, and what of it the stay can give at full power, shape (S,).
    power_kw
        Highest, shape (S,).
    stay
        Entries are the slots of a stay, stay by stay: index of the stay, shape (E,).
    slot
        Of the entry, 0 to 191 from midnight of the service day, shape (E,).
    limit_kwh
        Most that the bus can draw in it, shape (E,); less at the ends where only a part of the slot is stayed.
    fast_kwh
        What it draws in it if it charges as fast as it can from its arrival until its need is met, shape (E,).
    rest_kwh
        Most that may be missing after it so that the charge curve still lets it in by departure, shape (E,).
    """

    sessions: pl.DataFrame
    kind: Int
    asked_kwh: Float
    need_kwh: Float
    power_kw: Float
    stay: Int
    slot: Int
    limit_kwh: Float
    fast_kwh: Float
    rest_kwh: Float

    @property
    def count(self) -> int:
        """Number of stays."""
        return self.kind.size

    def summed(self, kwh: Float) -> Float:
        """Add a value per entry up by stay, shape (S,)."""
        return np.bincount(self.stay, kwh, minlength=self.count).astype(np.float64)

    def load_kwh(self, kwh: Float) -> Float:
        """Add a value per entry up by kind and slot from midnight of the service day, shape (3, 192)."""
        place = self.kind[self.stay] * HORIZON + self.slot
        summed = np.bincount(place, kwh, minlength=len(KINDS) * HORIZON).astype(np.float64)
        return summed.reshape(len(KINDS), HORIZON)


def stays_of(sessions: pl.DataFrame) -> Stays:
    """Return the stays of one site.

    Parameters
    ----------
    sessions
        Rows of `fleet_planner.buses.model.Charging`; a stay beyond the end of the next day is cut there. Stays that
        tell ``battery_kwh`` and ``charge_curve`` take less as their batteries fill.
    """
    kind = np.array([KINDS.index(k) for k in sessions["kind_of_day"].to_list()], dtype=np.int64)
    efficiency = sessions["charger_efficiency"].to_numpy().astype(np.float64)
    asked = sessions["need_battery_kwh"].to_numpy().astype(np.float64) / efficiency
    power = sessions["max_battery_kw"].to_numpy().astype(np.float64) / efficiency
    arrive = sessions["arrive_s"].to_numpy().astype(np.float64)
    leave = np.minimum(sessions["leave_s"].to_numpy().astype(np.float64), float(HORIZON * SLOT_S))
    first = np.floor_divide(arrive, SLOT_S).astype(np.int64)
    last = np.maximum(np.ceil(leave / SLOT_S).astype(np.int64), first + 1)
    many = last - first
    stay = np.repeat(np.arange(kind.size), many)
    start = np.concatenate([[0], np.cumsum(many)[:-1]]).astype(np.int64) if kind.size else many
    slot = np.arange(stay.size) - start[stay] + first[stay]
    inside_s = np.minimum(leave[stay], (slot + 1.0) * SLOT_S) - np.maximum(arrive[stay], slot * float(SLOT_S))
    limit = np.maximum(inside_s, 0.0) / S_PER_H * power[stay]
    need = np.minimum(asked, np.bincount(stay, limit, minlength=kind.size))
    begun = np.cumsum(limit) - limit
    since = begun - begun[start][stay] if kind.size else begun
    fast = np.clip(need[stay] - since, 0.0, limit)
    found = Stays(sessions, kind, asked, need, power, stay, slot, limit, fast, np.full(stay.size, np.inf))
    return _curved(found, leave) if "charge_curve" in sessions.columns else found


def _curved(stays: Stays, leave_s: Float) -> Stays:
    """Return stays whose power falls as their batteries fill."""
    names = ("arrive_soc", "leave_soc", "battery_kwh", "charger_efficiency", "arrive_s")
    here = [pl.col(n) if n in stays.sessions.columns else pl.lit(None).alias(n) for n in names]
    frame = stays.sessions.select("charge_curve", *(column.cast(pl.Float64) for column in here))
    need, fast, rest = stays.need_kwh.copy(), stays.fast_kwh.copy(), stays.rest_kwh.copy()
    edges = np.searchsorted(stays.stay, np.arange(stays.count + 1))
    known: dict[tuple[str, float, float], Filling] = {}
    for k, (text, soc, end_soc, battery, e, arrive) in enumerate(frame.iter_rows()):
        if text is None or battery is None or not battery > 0.0 or need[k] <= 0.0:
            continue
        key = (str(text), float(battery), float(stays.power_kw[k] * e))
        if key not in known:
            known[key] = filling(curve_of(key[0]), key[1], key[2])
        fills = known[key]
        own = slice(edges[k], edges[k + 1])
        ends = np.minimum((stays.slot[own] + 1.0) * SLOT_S, leave_s[k])
        begin = soc * battery
        # what does not stay in the battery is the load of the standing bus: it is served at any time
        full = battery if end_soc is None else end_soc * battery
        beside = min(max(begin + need[k] * e - full, 0.0), need[k] * e)
        gained = fills.after(begin, np.maximum(ends - arrive, 0.0) / S_PER_H) - begin
        top = min(gained[-1], need[k] * e - beside)
        need[k] = min(need[k], (top + beside) / e * (1.0 + TIGHT))
        into = np.minimum(np.diff(np.minimum(gained, top), prepend=0.0) / e, stays.limit_kwh[own])
        room = stays.limit_kwh[own] - into
        lacks = need[k] - into.sum()
        fast[own] = into + (room * min(lacks / max(room.sum(), UNMET), 1.0) if lacks > UNMET else 0.0)
        left = fills.rest(begin + top, (leave_s[k] - ends) / S_PER_H, SLOT_H)
        # who charges as fast as the battery takes it is never too late
        behind = need[k] - np.cumsum(fast[own])
        rest[own] = np.maximum((left + beside) / e, behind) * (1.0 + TIGHT) + UNMET
    return replace(stays, need_kwh=need, fast_kwh=fast, rest_kwh=rest)


def by_calendar(load_kwh: Float) -> Float:
    """Return what falls on a calendar day by kind of the day before, its own kind and slot.

    Parameters
    ----------
    load_kwh
        From midnight of the service day, shape (3, 192).

    Returns
    -------
    Shape (3, 3, 96): the own day's sum and what is left of the day before after midnight.
    """
    return load_kwh[None, :, :SLOTS] + load_kwh[:, None, SLOTS:]


def two_ways(stays: Stays) -> Float:
    """Return what comes back of a kWh that goes through the charger into the battery and out again."""
    return stays.sessions["charger_efficiency"].to_numpy().astype(np.float64) ** 2
