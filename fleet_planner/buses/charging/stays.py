"""The stays of buses at the chargers of one site, as arrays over slots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.charging.slots import HORIZON, KINDS, SLOT_S, SLOTS
from fleet_planner.units import S_PER_H

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]

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
    """

    sessions: pl.DataFrame
    kind: Int
    asked_kwh: Float
    need_kwh: Float
    power_kw: Float
    stay: Int
    slot: Int
    limit_kwh: Float

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
        Rows of `fleet_planner.buses.model.Charging`; a stay beyond the end of the next day is cut there.
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
    possible = np.bincount(stay, limit, minlength=kind.size)
    return Stays(sessions, kind, asked, np.minimum(asked, possible), power, stay, slot, limit)


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
