"""State of charge of buses over their blocks: events, no time steps; charge curves integrated in closed form.

A bus stands at state of charge ``s`` (1 is full, below 0 is energy that it lacked). At a plug the battery takes
``P(s) = min(curve(s), limit, plug - load)`` kW, where the curve is piecewise linear, the limit is that of a cold
battery, and the load (cabin, auxiliaries) is served by the plug first. Of it ``efficiency`` is stored:

    ds/dt = efficiency * P(s) / capacity

On a level piece of ``P`` the state rises evenly; on a piece of slope ``k`` it is ``s0 + r0 * expm1(b t) / b`` with
``r0 = efficiency * P(s0) / capacity`` and ``b = efficiency * k / capacity``. A plug weaker than the load leaves the
rest to the battery. Power at the plug is the load plus what the battery takes; the charger's own loss comes on top.
"""

import math

import numba
import numpy as np

from fleet_planner.kernels.loops import LOOPS


@numba.njit(cache=True)
def _along(soc, left, end, power, slope, per_kwh):
    """Return (state, hours spent) on one piece, up to ``end`` or for ``left`` hours; ``power`` holds at ``soc``."""
    rate = power * per_kwh
    if rate <= 0.0:
        return soc, left
    bend = slope * per_kwh
    gap = end - soc
    if abs(bend * gap) <= 1e-12 * rate:
        needed = gap / rate
        if needed > left:
            return soc + rate * left, left
        return end, needed
    ratio = bend * gap / rate
    needed = math.log1p(ratio) / bend if ratio > -1.0 else math.inf
    if needed > left:
        return min(soc + rate * math.expm1(bend * left) / bend, end), left
    return end, needed


@numba.njit(cache=True)
def charge(soc, hours, until, capacity_kwh, curve_soc, curve_kw, limit_kw, plug_kw, load_kw, efficiency):
    """Charge for some hours, at most up to a state.

    Parameters
    ----------
    soc : float
        State at the start.
    hours : float
        At the plug.
    until : float
        State at which charging ends, at most 1.
    capacity_kwh : float
        From empty to full.
    curve_soc, curve_kw : (points,) float64
        Rising states from 0 to 1 and the most power that the battery takes there; below 0 the first holds.
    limit_kw, plug_kw, load_kw : float
        Limit of the battery in the cold, power of the plug, auxiliaries while it stands.
    efficiency : float
        Share of the battery's power that is stored.

    Returns
    -------
    (float, float)
        State at the end, and hours until charging ended: ``hours`` where ``until`` was not reached.
    """
    offer = plug_kw - load_kw
    if offer <= 0.0:
        return soc + offer * hours / capacity_kwh, hours
    cap = min(limit_kw, offer)
    if soc >= until:
        return soc, 0.0
    per_kwh = efficiency / capacity_kwh
    spent = 0.0
    if soc < curve_soc[0]:
        end = min(curve_soc[0], until)
        soc, took = _along(soc, hours, end, min(curve_kw[0], cap), 0.0, per_kwh)
        spent += took
    for i in range(curve_soc.size - 1):
        high = min(curve_soc[i + 1], until)
        if soc >= high:
            continue
        if spent >= hours:
            return soc, hours
        a, pa, pb = curve_soc[i], curve_kw[i], curve_kw[i + 1]
        slope = (pb - pa) / (curve_soc[i + 1] - a)
        turn = high
        if (pa - cap) * (pb - cap) < 0.0:
            turn = min(max(a + (cap - pa) / slope, soc), high)
        for part in range(2):
            end = turn if part == 0 else high
            if end <= soc or spent >= hours:
                continue
            middle = pa + slope * (0.5 * (soc + end) - a)
            if middle >= cap:
                soc, took = _along(soc, hours - spent, end, cap, 0.0, per_kwh)
            else:
                soc, took = _along(soc, hours - spent, end, pa + slope * (soc - a), slope, per_kwh)
            spent += took
    return soc, min(spent, hours)


@numba.njit(cache=True)
def _stand(soc, hours, buffer_h, capacity_kwh, curve_soc, curve_kw, limit_kw, plug_kw, load_kw, efficiency):
    """Return (state, kWh from the plug, state when the plug is in) of a stay at a free charger."""
    dock = min(buffer_h, hours)
    docked = soc - load_kw * dock / capacity_kwh
    plugged = hours - dock
    if plugged <= 0.0:
        return docked, 0.0, docked
    after, _ = charge(docked, plugged, 1.0, capacity_kwh, curve_soc, curve_kw, limit_kw, plug_kw, load_kw, efficiency)
    if plug_kw <= load_kw:
        return after, plug_kw * plugged, docked
    return after, load_kw * plugged + (after - docked) * capacity_kwh / efficiency, docked


@numba.njit(cache=True, parallel=LOOPS)
def replay_blocks(
    first,
    kwh,
    rest_h,
    standing_kw,
    site,
    plug_kw,
    buffer_h,
    capacity_kwh,
    curve_of,
    curve_first,
    curve_soc,
    curve_kw,
    limit_kw,
    efficiency,
    start_soc,
    days,
    tolerance,
    keep,
):
    """Drive every block in every case of weather, each site with a charger for every bus.

    Blocks share nothing, so each runs on its own. With more than one day the bus starts each day with what the night
    left in it, until the start no longer changes by more than ``tolerance``.

    Parameters
    ----------
    first : (blocks + 1,) int64
        Movements of block ``b`` are ``first[b]`` to ``first[b + 1]``.
    kwh : (cases, movements) float64
        From the battery, start to end of each movement; below 0 where braking wins.
    rest_h : (movements,) float64
        From its end to the start of the next; of the last one to the next day's start.
    standing_kw : (cases, movements) float64
        Load in that rest.
    site : (movements,) int64
        Charging site of the rest, -1 for none.
    plug_kw, buffer_h : (sites,) float64
        Power of a plug, and time lost to docking.
    capacity_kwh : (cases, blocks) float64
    curve_of : (blocks,) int64
    curve_first : (curves + 1,) int64
    curve_soc, curve_kw : (points,) float64
        See `charge`.
    limit_kw : (cases, blocks) float64
    efficiency : (blocks,) float64
    start_soc : (blocks,) float64
        Of the first day.
    days : int
        At most driven.
    tolerance : float
    keep : bool
        Also return the course of the last day.

    Returns
    -------
    lowest : (cases, blocks) float64
        Lowest state of the last day.
    started, ended, rested : (cases, blocks) float64
        State at the start, at the last pull-in, and after the night.
    plugged_kwh : (cases, blocks) float64
        From plugs on the last day, the night after it counted.
    spilled_kwh : (cases, blocks) float64
        Braking energy that a full battery could not take.
    needed_days : (cases, blocks) int64
        Days driven; ``days`` where the start still changed.
    arrive, leave, stay_kwh : (cases, movements) float64, or (0, 0)
        State at the end of each movement and of the rest after it, and energy from the plug in that rest.
    """
    cases, blocks = capacity_kwh.shape
    lowest = np.empty((cases, blocks))
    started = np.empty((cases, blocks))
    ended = np.empty((cases, blocks))
    rested = np.empty((cases, blocks))
    plugged_kwh = np.empty((cases, blocks))
    spilled_kwh = np.empty((cases, blocks))
    needed_days = np.empty((cases, blocks), dtype=np.int64)
    kept = (cases, kwh.shape[1]) if keep else (0, 0)
    arrive, leave, stay_kwh = np.empty(kept), np.empty(kept), np.empty(kept)
    for job in numba.prange(cases * blocks):
        c, b = job // blocks, job % blocks
        curve_a, curve_z = curve_first[curve_of[b]], curve_first[curve_of[b] + 1]
        xs, ps = curve_soc[curve_a:curve_z], curve_kw[curve_a:curve_z]
        full, last = capacity_kwh[c, b], first[b + 1] - 1
        begin = start_soc[b]
        for day in range(days):
            soc = begin
            low, total, spilled, end = soc, 0.0, 0.0, soc
            for m in range(first[b], first[b + 1]):
                soc -= kwh[c, m] / full
                if soc > 1.0:
                    spilled += (soc - 1.0) * full
                    soc = 1.0
                low = min(low, soc)
                end = soc
                s = site[m]
                got = 0.0
                if rest_h[m] > 0.0:
                    if s >= 0:
                        soc, got, docked = _stand(
                            soc,
                            rest_h[m],
                            buffer_h[s],
                            full,
                            xs,
                            ps,
                            limit_kw[c, b],
                            plug_kw[s],
                            standing_kw[c, m],
                            efficiency[b],
                        )
                        if m < last:
                            low = min(low, docked)
                    else:
                        soc -= standing_kw[c, m] * rest_h[m] / full
                    if m < last:
                        low = min(low, soc)
                total += got
                if keep:
                    arrive[c, m], leave[c, m], stay_kwh[c, m] = end, soc, got
            started[c, b], lowest[c, b], ended[c, b], rested[c, b] = begin, low, end, soc
            plugged_kwh[c, b], spilled_kwh[c, b], needed_days[c, b] = total, spilled, day + 1
            if abs(soc - begin) <= tolerance:
                break
            begin = soc
    return lowest, started, ended, rested, plugged_kwh, spilled_kwh, needed_days, arrive, leave, stay_kwh
