"""Where the day of an electric vehicle is charged: at its base, at stops, or on the way.

A day is a chain of legs and stops that repeats. The vehicle leaves its base with what the night gave, at most full. On
a leg on which the battery runs empty, what lacks is charged on the way, no sooner and no more. At stops it takes what
the charger gives while it stands and the battery holds. Then what the night can give instead is taken from the stops
again, the last ones first, as far as the battery never runs empty for it. All energies are at the plug.
"""

import math

import numba
import numpy as np

HOURS = 24
HALVINGS = 60


@numba.njit(cache=True)
def _driven(start, battery, leg, most, taken, short, dry, trough):
    """Return the energy left at the end of the day; fill in what is taken at stops and what lacks on legs."""
    soc = start
    last = leg.size - 1
    for i in range(leg.size):
        short[i], dry[i] = 0.0, math.nan
        if leg[i] > soc:
            short[i] = leg[i] - soc
            dry[i] = soc / leg[i]
            soc = 0.0
        else:
            soc -= leg[i]
        trough[i] = soc
        taken[i] = 0.0
        if i < last:
            taken[i] = min(most[i], battery - soc)
            soc += taken[i]
    return soc


@numba.njit(cache=True)
def charge_days(first, leg, most, battery, night_most, taken, short, dry, night):
    """Fill in what each day takes at its stops, on its legs and at night, kWh at the plug.

    Parameters
    ----------
    first
        First leg of each chain, and their number, shape (C + 1,), int64.
    leg
        Energy of each leg, shape (S,); leg ``i`` leads to stop ``i``, the last one of a chain to its base.
    most
        What can be taken at each stop, shape (S,); of the last one of a chain nothing is read.
    battery, night_most
        What the battery holds, above 0; what the night can give; shape (C,).
    taken, short, dry
        Out, shape (S,): taken at the stop; taken on the leg to it; share of the leg after which the battery is empty,
        ``nan`` where it is not.
    night
        Out, shape (C,): taken at night.
    """
    for c in range(first.size - 1):
        a, b = first[c], first[c + 1]
        trough = np.empty(b - a)
        own = leg[a:b], most[a:b], taken[a:b], short[a:b], dry[a:b], trough
        start = battery[c]
        left = _driven(start, battery[c], *own)
        if left + night_most[c] < start:
            # the most that the vehicle can leave with every day: it must be back in the battery the next morning
            low, high = 0.0, start
            for _ in range(HALVINGS):
                start = 0.5 * (low + high)
                left = _driven(start, battery[c], *own)
                if min(battery[c], left + night_most[c]) >= start:
                    low = start
                else:
                    high = start
            start = low
            left = _driven(start, battery[c], *own)
            night[c] = start - left
            continue
        spare = night_most[c] - (start - left)
        lowest = left
        given = 0.0
        for i in range(b - 2, a - 1, -1):
            lowest = min(lowest, trough[i + 1 - a])
            back = min(taken[i], lowest, spare - given)
            if back > 0.0:
                taken[i] -= back
                lowest -= back
                given += back
        night[c] = start - left + given


@numba.njit(cache=True)
def add_hours(row, start_h, hours, kwh, out):
    """Add energies to the hours of the day in which they are taken, each evenly over its time.

    Parameters
    ----------
    row
        Row of ``out`` of each energy, shape (N,), int64.
    start_h, hours
        When it begins (any number of days on), and how long it takes, shape (N,); 0: all in the hour.
    kwh
        Shape (N,).
    out
        Added to, shape (rows, 24).
    """
    for n in range(row.size):
        if kwh[n] <= 0.0:
            continue
        at = start_h[n] % HOURS
        span = min(hours[n], float(HOURS))
        if span <= 1e-9:
            out[row[n], int(at) % HOURS] += kwh[n]
            continue
        done, left = 0.0, span
        while left > 1e-12:
            hour = math.floor(at + done + 1e-12)
            part = min(hour + 1.0 - (at + done), left)
            out[row[n], hour % HOURS] += kwh[n] * part / span
            done += part
            left -= part
