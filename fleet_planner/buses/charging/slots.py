"""Time at a site: slots of 15 minutes, kinds of day, and how often each follows each.

All times are local clock times of the service day; a day has 24 hours, also the two of the year that have 23 or 25.
What a bus still draws after midnight falls on the next day, so a calendar day is told by its own kind and by that of
the day before.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.units import MINUTES_PER_HOUR, S_PER_H

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    Int = NDArray[np.int64]

KINDS = ("weekday", "saturday", "sunday")
SLOTS = 96
"""Slots of a day."""

SLOT_S = 900
SLOT_H = SLOT_S / S_PER_H
SLOT_MINUTES = int(SLOT_H * MINUTES_PER_HOUR)
HORIZON = 2 * SLOTS
"""Slots from midnight of the service day to the end of the next one: a stay may last that long."""

MONTHS = 12


def days_of_year(year: int, holidays: Collection[date] = ()) -> Int:
    """Count the days of a year by month, kind of the day before and kind of the day.

    Parameters
    ----------
    year
        Of the calendar.
    holidays
        Days that are as Sundays.

    Returns
    -------
    Shape (12, 3, 3), indices as in `KINDS`; the sum is 365 or 366.
    """
    out = np.zeros((MONTHS, len(KINDS), len(KINDS)), dtype=np.int64)
    day = date(year, 1, 1)
    before = _kind(day - timedelta(days=1), holidays)
    while day.year == year:
        kind = _kind(day, holidays)
        out[day.month - 1, before, kind] += 1
        before, day = kind, day + timedelta(days=1)
    return out


def _kind(day: date, holidays: Collection[date]) -> int:
    if day in holidays:
        return 2
    return max(day.weekday() - 4, 0)


def clock(slot: int) -> str:
    """Return the time that a slot begins, such as ``18:15``."""
    minutes = slot * SLOT_MINUTES
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
