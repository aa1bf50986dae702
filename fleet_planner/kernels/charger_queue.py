"""Buses that share scarce chargers: one queue per site, all blocks in the order of time.

Events are kept in a heap. A bus is ready when it has docked; it takes a free charger or waits. A charger goes on when
its bus leaves, or when its bus is full and another waits, to the bus that was ready first, or to the one that is
lowest, by the rule asked for (on a tie, to the block that comes first). A bus that is not full is never unplugged for
another. A bus leaves on time, charged or not, unless waiting is allowed: then it leaves when it has what it needs to
the next charging site above its reserve, at most ``wait_h`` late.
"""

import math

import numba
import numpy as np

from fleet_planner.kernels.events import pop_event, push_event
from fleet_planner.kernels.loops import LOOPS
from fleet_planner.kernels.state_of_charge import charge

FREED, LEAVING, READY = 0, 1, 2


@numba.njit(cache=True)
def _settle(soc, hours, plugged, full, xs, ps, limit_kw, plug_kw, load_kw, efficiency):
    """Return (state, kWh from the plug) after some hours of a stay, plugged in or not."""
    if hours <= 0.0:
        return soc, 0.0
    if not plugged:
        return soc - load_kw * hours / full, 0.0
    after, _ = charge(soc, hours, 1.0, full, xs, ps, limit_kw, plug_kw, load_kw, efficiency)
    if plug_kw <= load_kw:
        return after, plug_kw * hours
    return after, load_kw * hours + (after - soc) * full / efficiency


@numba.njit(cache=True)
def _needed(m, last, kwh, standing_kw, start_h, end_h, site, full, reserve):
    """Return the state in which a bus must leave after movement ``m`` to come to the next site above its reserve."""
    drawn, most = 0.0, 0.0
    for n in range(m + 1, last + 1):
        drawn += kwh[n]
        most = max(most, drawn)
        if site[n] >= 0 or n == last:
            break
        drawn += standing_kw[n] * max(start_h[n + 1] - end_h[n], 0.0)
        most = max(most, drawn)
    return min(reserve + most / full, 1.0)


@numba.njit(cache=True)
def _next_in_line(s, at, site, waiting, ready, soc, since, standing_kw, capacity_kwh, now, lowest_first):
    """Return the waiting bus that gets the charger, -1 for none."""
    best, best_key = -1, math.inf
    for b in range(at.size):
        if not waiting[b] or site[at[b]] != s:
            continue
        key = ready[b]
        if lowest_first:
            key = soc[b] - standing_kw[at[b]] * (now - since[b]) / capacity_kwh[b]
        if key < best_key:
            best, best_key = b, key
    return best


@numba.njit(cache=True)
def _full_one(s, at, site, plugged, full_at, now):
    """Return the bus at a site that has been full for longest, -1 for none."""
    best, best_at = -1, math.inf
    for b in range(at.size):
        if plugged[b] and site[at[b]] == s and full_at[b] <= now and full_at[b] < best_at:
            best, best_at = b, full_at[b]
    return best


@numba.njit(cache=True)
def _replay_case(
    first,
    start_h,
    end_h,
    period_h,
    kwh,
    standing_kw,
    site,
    chargers,
    plug_kw,
    buffer_h,
    capacity_kwh,
    curve_of,
    curve_first,
    curve_soc,
    curve_kw,
    limit_kw,
    efficiency,
    reserve_soc,
    start_soc,
    days,
    told,
    lowest_first,
    wait_h,
    of_block,
    of_movement,
):
    """Fill the rows of one case: ``of_block`` (8, blocks) and ``of_movement`` (5, movements), see `replay_queues`."""
    blocks, sites = capacity_kwh.size, plug_kw.size
    room = 6 * blocks + 16
    time, kind, who = np.empty(room), np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    size = 0
    soc, since, due = start_soc.copy(), np.zeros(blocks), np.zeros(blocks)
    at, day = np.full(blocks, -1), np.zeros(blocks, dtype=np.int64)
    plugged, waiting = np.zeros(blocks, dtype=np.bool_), np.zeros(blocks, dtype=np.bool_)
    ready, full_at, latest = np.zeros(blocks), np.full(blocks, math.inf), np.zeros(blocks)
    expected = np.full(blocks, np.nan)
    busy, in_line = np.zeros(sites, dtype=np.int64), np.zeros(sites, dtype=np.int64)
    for b in range(blocks):
        due[b] = start_h[first[b]]
        size = push_event(time, kind, who, size, due[b], LEAVING, b)
    while size > 0:
        if size + 4 > time.size:
            time, kind, who = np.append(time, time), np.append(kind, kind), np.append(who, who)
        size = pop_event(time, kind, who, size)
        now, what, b = time[size], kind[size], who[size]
        xs = curve_soc[curve_first[curve_of[b]] : curve_first[curve_of[b] + 1]]
        ps = curve_kw[curve_first[curve_of[b]] : curve_first[curve_of[b] + 1]]
        full, m = capacity_kwh[b], at[b]
        last = first[b + 1] - 1
        if (
            (what == LEAVING and due[b] != now)
            or (what == READY and expected[b] != now)
            or (what == FREED and not (plugged[b] and full_at[b] == now))
        ):
            continue  # overtaken by a later event
        s, off, on = -1, -1, -1
        if m >= 0:
            s = site[m]
            if what == FREED and in_line[s] == 0:
                continue
            before = soc[b]
            soc[b], got = _settle(
                before, now - since[b], plugged[b], full, xs, ps, limit_kw[b], plug_kw[s], standing_kw[m], efficiency[b]
            )
            since[b] = now
            if day[b] == told:
                of_block[4, b] += got
                of_movement[2, m] += got
                if m < last:
                    of_block[0, b] = min(of_block[0, b], soc[b])
        if what == FREED:
            off = b
        elif what == READY:
            ready[b], expected[b] = now, np.nan
            if busy[s] < chargers[s]:
                on = b
            else:
                off = _full_one(s, at, site, plugged, full_at, now)
                if off >= 0:
                    on = b
                else:
                    waiting[b] = True
                    in_line[s] += 1
        else:
            if m >= 0 and m < last and wait_h > 0.0 and now < latest[b]:
                target = _needed(m, last, kwh, standing_kw, start_h, end_h, site, full, reserve_soc[b])
                if soc[b] < target:
                    due[b] = latest[b]
                    if plugged[b]:
                        _, hours = charge(
                            soc[b], latest[b] - now, target, full, xs, ps, limit_kw[b],
                            plug_kw[s], standing_kw[m], efficiency[b],
                        )  # fmt: skip
                        due[b] = min(now + hours, latest[b])
                    if due[b] > now:
                        size = push_event(time, kind, who, size, due[b], LEAVING, b)
                        continue
            if m >= 0:
                if plugged[b]:
                    off = b
                if waiting[b]:
                    waiting[b] = False
                    in_line[s] -= 1
                    if day[b] == told:
                        of_block[7, b] += now - ready[b]
                if day[b] == told:
                    of_movement[1, m] = soc[b]
        if off >= 0:
            n = at[off]
            o_xs = curve_soc[curve_first[curve_of[off]] : curve_first[curve_of[off] + 1]]
            o_ps = curve_kw[curve_first[curve_of[off]] : curve_first[curve_of[off] + 1]]
            soc[off], got = _settle(
                soc[off], now - since[off], True, capacity_kwh[off], o_xs, o_ps, limit_kw[off],
                plug_kw[s], standing_kw[n], efficiency[off],
            )  # fmt: skip
            since[off] = now
            plugged[off] = False
            busy[s] -= 1
            if day[off] == told:
                of_block[4, off] += got
                of_movement[2, n] += got
                of_movement[4, n] = now - day[off] * period_h[off]
            if on < 0:
                on = _next_in_line(
                    s, at, site, waiting, ready, soc, since, standing_kw, capacity_kwh, now, lowest_first
                )
        if on >= 0:
            n = at[on]
            load = standing_kw[n]
            soc[on] -= load * (now - since[on]) / capacity_kwh[on]
            since[on] = now
            if waiting[on]:
                waiting[on] = False
                in_line[s] -= 1
                if day[on] == told:
                    of_block[7, on] += now - ready[on]
            plugged[on] = True
            busy[s] += 1
            n_xs = curve_soc[curve_first[curve_of[on]] : curve_first[curve_of[on] + 1]]
            n_ps = curve_kw[curve_first[curve_of[on]] : curve_first[curve_of[on] + 1]]
            _, hours = charge(
                soc[on], 1000.0, 1.0, capacity_kwh[on], n_xs, n_ps, limit_kw[on], plug_kw[s], load, efficiency[on]
            )
            full_at[on] = now + hours if hours < 1000.0 else math.inf
            if full_at[on] < due[on]:
                size = push_event(time, kind, who, size, full_at[on], FREED, on)
            if day[on] == told:
                if n < first[on + 1] - 1:
                    of_block[0, on] = min(of_block[0, on], soc[on])
                if np.isnan(of_movement[3, n]):
                    of_movement[3, n] = now - day[on] * period_h[on]
            if wait_h > 0.0 and n < first[on + 1] - 1 and now > start_h[n + 1] + day[on] * period_h[on]:
                # late already: it leaves as soon as it has what it needs
                target = _needed(
                    n, first[on + 1] - 1, kwh, standing_kw, start_h, end_h, site, capacity_kwh[on], reserve_soc[on]
                )
                _, hours = charge(
                    soc[on], 1000.0, target, capacity_kwh[on], n_xs, n_ps, limit_kw[on],
                    plug_kw[s], load, efficiency[on],
                )  # fmt: skip
                due[on] = min(now + hours, latest[on])
                size = push_event(time, kind, who, size, due[on], LEAVING, on)
        if what != LEAVING:
            continue
        # on the road until the next rest at a site
        t, expected[b] = now, np.nan
        if m == last:
            if day[b] == told:
                of_block[3, b] = soc[b]
            day[b] += 1
            m = -1
        m = first[b] if m < 0 else m + 1
        while day[b] < days:
            shift = day[b] * period_h[b]
            here = day[b] == told
            if here and m == first[b]:
                of_block[0, b], of_block[1, b] = soc[b], soc[b]
            if here:
                of_block[6, b] = max(of_block[6, b], t - start_h[m] - shift)
            t += end_h[m] - start_h[m]
            soc[b] -= kwh[m] / full
            if soc[b] > 1.0:
                if here:
                    of_block[5, b] += (soc[b] - 1.0) * full
                soc[b] = 1.0
            if here:
                of_block[0, b] = min(of_block[0, b], soc[b])
                of_block[2, b] = soc[b]
                of_movement[0, m] = soc[b]
            following = start_h[first[b]] + shift + period_h[b] if m == last else start_h[m + 1] + shift
            due[b] = max(t, following)
            at[b], since[b] = m, t
            if site[m] >= 0:
                latest[b] = due[b] + wait_h if m == last or wait_h == 0.0 else max(following + wait_h, t)
                size = push_event(time, kind, who, size, due[b], LEAVING, b)
                if t + buffer_h[site[m]] < due[b] or (wait_h > 0.0 and m < last):
                    expected[b] = t + buffer_h[site[m]]
                    size = push_event(time, kind, who, size, expected[b], READY, b)
                break
            soc[b] -= standing_kw[m] * (due[b] - t) / full
            t = due[b]
            if here:
                of_movement[1, m] = soc[b]
                if m < last:
                    of_block[0, b] = min(of_block[0, b], soc[b])
                else:
                    of_block[3, b] = soc[b]
            if m == last:
                day[b] += 1
            m = first[b] if m == last else m + 1


@numba.njit(cache=True, parallel=LOOPS)
def replay_queues(
    first,
    start_h,
    end_h,
    period_h,
    kwh,
    standing_kw,
    site,
    chargers,
    plug_kw,
    buffer_h,
    capacity_kwh,
    curve_of,
    curve_first,
    curve_soc,
    curve_kw,
    limit_kw,
    efficiency,
    reserve_soc,
    start_soc,
    days,
    told,
    lowest_first,
    wait_h,
):
    """Drive all blocks through some days on one clock, queueing at the sites.

    Parameters
    ----------
    first : (blocks + 1,) int64
        Movements of each block.
    start_h, end_h : (movements,) float64
        On the first day, in the block's order.
    period_h : (blocks,) float64
        From one start of a block to the next, at least as long as the block.
    kwh, standing_kw : (cases, movements) float64
        See `state_of_charge.replay_blocks`.
    site : (movements,) int64
        Of the rest after the movement, -1 for none.
    chargers : (sites,) int64
        Plugs at each site.
    plug_kw, buffer_h : (sites,) float64
    capacity_kwh, limit_kw : (cases, blocks) float64
    curve_of : (blocks,) int64
    curve_first : (curves + 1,) int64
    curve_soc, curve_kw : (points,) float64
    efficiency, reserve_soc, start_soc : (blocks,) float64
    days : int
        Driven one after the other.
    told : int
        Day whose figures are returned, counted from 0. While it is not the last, the night after it is shared with
        the next day's buses.
    lowest_first : bool
        Rule of the queue; else first come, first served.
    wait_h : float
        How late a bus may leave a charger to have what it needs; 0: never.

    Returns
    -------
    of_block : (cases, 8, blocks) float64
        Lowest state, state at the start, at the last pull-in, after the night, kWh from plugs (the night counted),
        kWh of braking that a full battery could not take, latest departure behind the timetable in hours, hours
        spent waiting for a charger.
    of_movement : (cases, 5, movements) float64
        State at the end of each movement, at the end of the rest after it, kWh from the plug in that rest, and the
        hours at which the plug went in and out (on the first day's clock; NaN where it never did).
    """
    cases, blocks = capacity_kwh.shape
    of_block = np.zeros((cases, 8, blocks))
    of_movement = np.zeros((cases, 5, site.size))
    of_movement[:, 3:] = np.nan
    for c in numba.prange(cases):
        _replay_case(
            first,
            start_h,
            end_h,
            period_h,
            kwh[c],
            standing_kw[c],
            site,
            chargers,
            plug_kw,
            buffer_h,
            capacity_kwh[c],
            curve_of,
            curve_first,
            curve_soc,
            curve_kw,
            limit_kw[c],
            efficiency,
            reserve_soc,
            start_soc,
            days,
            told,
            lowest_first,
            wait_h,
            of_block[c],
            of_movement[c],
        )
    return of_block, of_movement
