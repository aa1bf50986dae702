"""Slots between which nothing changes are one step: the mean over them keeps every constraint and costs no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.charging.slots import SLOT_H, SLOTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from fleet_planner.buses.charging.stays import Stays
    from fleet_planner.buses.charging.terms import Season

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]


@dataclass(frozen=True)
class Steps:
    """Steps of a day and the entries of stays over them.

    Parameters
    ----------
    of_slot
        Step of each slot of the day, shape (96,).
    wide
        Slots of each step, shape (T,).
    first
        First slot of each step, shape (T,).
    of_entry
        Column (stay over a step, of the service day or of the morning after) of each entry, shape (E,).
    stay, step, next_day
        Of each column: its stay, its step and whether it is the morning after, shape (N,).
    limit_kwh
        Of each column, shape (N,).
    """

    of_slot: Int
    wide: Int
    first: Int
    of_entry: Int
    stay: Int
    step: Int
    next_day: Int
    limit_kwh: Float

    def hours_per_kwh(self, stays: Stays) -> Float:
        """Return the time at full power that a kWh of each column takes, h/kWh."""
        power = stays.power_kw[self.stay]
        return np.divide(1.0, power, out=np.zeros(power.size), where=power > 0.0)

    @property
    def hours(self) -> Float:
        """Length of each step, h, shape (T,)."""
        return self.wide.astype(np.float64) * SLOT_H

    def spread(self, kwh: Float, stays: Stays) -> Float:
        """Return a value per column as values per entry, in proportion to what each can take."""
        share = np.divide(kwh, self.limit_kwh, out=np.zeros(kwh.size), where=self.limit_kwh > 0.0)
        return share[self.of_entry] * stays.limit_kwh


def steps_of(stays: Stays, seasons: Sequence[Season], *, merge: bool = True) -> Steps:
    """Cut the day where a bus comes or goes, or where a price, the damage or the sun changes.

    Parameters
    ----------
    stays
        Of the site.
    seasons
        Whose terms hold.
    merge
        Whether slots are joined at all.
    """
    cut = np.ones(SLOTS, dtype=bool)
    if merge:
        cut = _changes(seasons)
        # an entry unlike the one before it, of the same stay, begins a step; so does the slot after a stay
        same = np.zeros(stays.stay.size, dtype=bool)
        same[1:] = (stays.stay[1:] == stays.stay[:-1]) & np.isclose(stays.limit_kwh[1:], stays.limit_kwh[:-1])
        cut[stays.slot[~same] % SLOTS] = True
        last = np.ones(stays.stay.size, dtype=bool)
        last[:-1] = stays.stay[1:] != stays.stay[:-1]
        cut[(stays.slot[last] + 1) % SLOTS] = True
        # where the curve binds before departure the slots stay apart
        binds = np.isfinite(stays.rest_kwh) & (stays.rest_kwh < 0.999 * stays.need_kwh[stays.stay])
        cut[(stays.slot[binds] + 1) % SLOTS] = True
        cut[0] = True
    of_slot = np.cumsum(cut) - 1
    first = np.flatnonzero(cut)
    wide = np.diff(np.append(first, SLOTS))
    after = stays.slot // SLOTS
    key = (stays.stay * 2 + after) * SLOTS + of_slot[stays.slot % SLOTS]
    names, of_entry = np.unique(key, return_inverse=True)
    limit = np.bincount(of_entry, stays.limit_kwh, minlength=names.size).astype(np.float64)
    rest, step = np.divmod(names, SLOTS)
    stay, next_day = np.divmod(rest, 2)
    return Steps(of_slot, wide, first, of_entry, stay, step, next_day, limit)


def _changes(seasons: Sequence[Season]) -> NDArray[np.bool_]:
    out = np.zeros(SLOTS, dtype=bool)
    for season in seasons:
        peaks = [p.slots.astype(np.float64) for p in season.peaks]
        for table in (season.price, season.export, season.damage_usd, season.sun[None], *peaks):
            out |= (table != np.roll(table, 1, axis=-1)).any(axis=0)
    return out


def on_days(stays: Stays, steps: Steps, season: Season, put: Callable[[Int, int], None]) -> None:
    """Call ``put`` with the columns that fall on each kind of calendar day of a season, and its number."""
    of = stays.kind[steps.stay]
    for c, (before, kind) in enumerate(zip(*season.pairs, strict=True)):
        own = np.flatnonzero(((of == kind) & (steps.next_day == 0)) | ((of == before) & (steps.next_day == 1)))
        put(own, c)
