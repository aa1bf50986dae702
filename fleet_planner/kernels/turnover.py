"""Carry a stock of vehicles by technology and age from year to year, in whole units."""

from __future__ import annotations

import numba
import numpy as np

SCRAPPED, EARLY, LEFT, USED, SOLD = range(5)
"""Places of the flows on the last axis; of the first three, vehicles go, of the last two, they come."""

FLOWS = 5


@numba.njit(cache=True)
def project(
    stock,
    keep,
    retire,
    leave,
    target,
    stream_of,
    new_share,
    plain_share,
    zero_emission,
    most_zero_emission,
    used_part,
    used_age,
    used_share,
):
    """Return the stock of each year and what came and went.

    A year's order: vehicles get a year older and a part of them is scrapped (``keep``), a part of what is left is
    scrapped early (``retire``) and a part of the rest leaves the city (``leave``); used and new vehicles then fill
    the stream up to ``target``. Everything is counted in whole units (integers), each part rounded to the
    nearest unit, so that

        stock[y] + sold + used - scrapped - scrapped early - left = stock[y + 1]

    holds exactly for every technology. A stream whose vehicles are more than its target is left as it is.

    Parameters
    ----------
    stock
        Vehicles at the start by technology and age, units, shape (T, A), int64; the last age is that and more.
    keep
        Share of the vehicles of an age that live to the next, shape (T, A).
    retire
        Share of the survivors that is scrapped early, shape (Y, T).
    leave
        Share of the survivors that leaves the city by age, shape (T, A).
    target
        Vehicles wanted at the end of each year, units, shape (Y, S), int64.
    stream_of
        Stream of each technology, shape (T,), int64.
    new_share, plain_share, used_share
        Share of a technology in the new vehicles of its stream, the same without zero-emission vehicles, and in the
        used ones, shape (Y, T); each adds up to 1 over a stream.
    zero_emission
        Whether a technology counts against ``most_zero_emission``, shape (T,), bool.
    most_zero_emission
        Most zero-emission vehicles that can be had new in a year, units, shape (Y, S), int64; negative: no bound.
    used_part, used_age
        Share of the vehicles needed that come used, and their age, shape (S,).

    Returns
    -------
    stocks
        Units, shape (Y + 1, T, A), int64.
    flows
        Units by year, technology and kind, shape (Y, T, 5), int64.
    elsewhere
        Vehicles that left and still live, units, shape (Y + 1, T, A), int64.
    """
    years, streams = target.shape
    technologies, ages = stock.shape
    stocks = np.zeros((years + 1, technologies, ages), np.int64)
    elsewhere = np.zeros((years + 1, technologies, ages), np.int64)
    flows = np.zeros((years, technologies, FLOWS), np.int64)
    stocks[0] = stock
    for y in range(years):
        now = stocks[y + 1]
        away = elsewhere[y + 1]
        held = np.zeros(streams, np.int64)
        for t in range(technologies):
            for a in range(ages):
                older = min(a + 1, ages - 1)
                before = stocks[y, t, a]
                if before > 0:
                    left = np.int64(np.floor(before * keep[t, a] + 0.5))
                    flows[y, t, SCRAPPED] += before - left
                    early = np.int64(np.floor(left * retire[y, t] + 0.5))
                    flows[y, t, EARLY] += early
                    left -= early
                    gone = np.int64(np.floor(left * leave[t, older] + 0.5))
                    flows[y, t, LEFT] += gone
                    now[t, older] += left - gone
                    away[t, older] += gone
                    held[stream_of[t]] += left - gone
                if elsewhere[y, t, a] > 0:
                    away[t, older] += np.int64(np.floor(elsewhere[y, t, a] * keep[t, a] + 0.5))
        need = np.maximum(target[y] - held, 0)
        used = np.zeros(streams, np.int64)
        new = np.zeros(streams, np.int64)
        zero = np.zeros(streams)
        for t in range(technologies):
            if zero_emission[t]:
                zero[stream_of[t]] += new_share[y, t]
        part = np.ones(streams)
        for s in range(streams):
            used[s] = np.int64(np.floor(need[s] * used_part[s] + 0.5))
            new[s] = need[s] - used[s]
            bound = most_zero_emission[y, s]
            # a unit for each technology is kept back: shares are rounded to whole units
            if bound >= 0 and zero[s] * new[s] > bound - technologies:
                part[s] = max(bound - technologies, 0) / (zero[s] * new[s])
        # running sums are rounded, so that the units of a stream add up to what it needs
        shared_new = np.zeros(streams)
        shared_used = np.zeros(streams)
        given_new = np.zeros(streams, np.int64)
        given_used = np.zeros(streams, np.int64)
        for t in range(technologies):
            s = stream_of[t]
            shared_new[s] += part[s] * new_share[y, t] + (1.0 - part[s]) * plain_share[y, t]
            upto = np.int64(np.floor(min(shared_new[s], 1.0) * new[s] + 0.5))
            flows[y, t, SOLD] = max(upto - given_new[s], 0)
            now[t, 0] += flows[y, t, SOLD]
            given_new[s] += flows[y, t, SOLD]
            shared_used[s] += used_share[y, t]
            upto = np.int64(np.floor(min(shared_used[s], 1.0) * used[s] + 0.5))
            flows[y, t, USED] = max(upto - given_used[s], 0)
            now[t, used_age[s]] += flows[y, t, USED]
            given_used[s] += flows[y, t, USED]
    return stocks, flows, elsewhere
