"""Traction of a vehicle between its stops, in closed form per piece of road."""

import math

import numba
import numpy as np

from fleet_planner.kernels.loops import LOOPS

BLOCKS = 64
GRAVITY = 9.80665
"""Standard gravity, m/s2 (3rd CGPM, 1901)."""


@numba.njit(cache=True)
def cruise_j(force, air, speed, metres, drive_eff, regen_eff, regen_w, regen_least):
    """Return energy drawn and given back (J, battery side) at even speed.

    ``F = force + air v2``: rolling, grade and air; what pushes is divided by the efficiency, what holds back is
    multiplied by that of braking, up to ``regen_w``.
    """
    if metres <= 0.0 or speed <= 0.0:
        return 0.0, 0.0
    pull = force + air * speed * speed
    if pull >= 0.0:
        return pull * metres / drive_eff, 0.0
    if speed < regen_least:
        return 0.0, 0.0
    return 0.0, min(-pull * speed * regen_eff, regen_w) * metres / speed


@numba.njit(cache=True)
def gather_j(inertia, force, air, slow, fast, accelerate, drive_eff, regen_eff):
    """Return energy drawn and given back (J, battery side) when speed rises from ``slow`` to ``fast``.

    ``W = m (v2^2 - v1^2) / 2 + F (v2^2 - v1^2) / 2a + air (v2^4 - v1^4) / 4a``, the integral of the force over the
    way at an even acceleration ``a``.
    """
    square = fast * fast - slow * slow
    fourth = fast**4 - slow**4
    work = 0.5 * inertia * square + force * square / (2.0 * accelerate) + air * fourth / (4.0 * accelerate)
    if work >= 0.0:
        return work / drive_eff, 0.0
    return 0.0, -work * regen_eff


@numba.njit(cache=True)
def brake_j(inertia, force, air, fast, slow, brake, drive_eff, regen_eff, regen_w, regen_least):
    """Return energy drawn and given back (J, battery side) when speed falls from ``fast`` to ``slow``.

    The brakes hold ``K - air v2`` with ``K = m b - F``. Above the speed at which their power times the efficiency
    reaches ``regen_w`` only that much comes back; below ``regen_least`` nothing does.
    """
    hold = inertia * brake - force
    fourth = fast**4 - slow**4
    work = (0.5 * hold * (fast * fast - slow * slow) - 0.25 * air * fourth) / brake
    if work <= 0.0:
        return -work / drive_eff, 0.0
    low = max(slow, min(regen_least, fast))
    if hold <= 0.0 or fast <= low:
        return 0.0, 0.0
    if regen_eff * (hold - air * fast * fast) * fast <= regen_w:
        knee = fast
    else:
        # power grows with speed and less than linearly: Newton's steps come to the knee from below
        knee = regen_w / (regen_eff * hold)
        for _ in range(6):
            knee += (regen_w / regen_eff - (hold - air * knee * knee) * knee) / (hold - 3.0 * air * knee * knee)
        knee = min(max(knee, low), fast)
    free = (0.5 * hold * (knee * knee - low * low) - 0.25 * air * (knee**4 - low**4)) / brake
    return 0.0, regen_eff * free + regen_w * (fast - knee) / brake


@numba.njit(cache=True)
def _pieces(length, cruise, rise, n, total, legs, scale, top, out_m, out_ms, out_rise, ends):
    """Cut the links of a way at ``legs - 1`` even stops; return the number of pieces, the last with a stop."""
    count = 0
    stop = 1
    at = 0.0
    for i in range(n):
        left = length[i]
        while left > 0.0:
            to_stop = total * stop / legs - at if stop < legs else np.inf
            step = min(left, to_stop)
            halt = to_stop <= left
            if step > 1e-9 * total:
                out_m[count] = step
                out_ms[count] = min(cruise[i] * scale, top)
                out_rise[count] = rise[i]
                ends[count] = halt
                count += 1
            elif halt and count > 0:
                ends[count - 1] = True
            at += step
            left -= step
            if halt:
                stop += 1
    ends[count - 1] = True
    return count


@numba.njit(cache=True)
def _profile(piece_m, piece_ms, ends, count, a, b, enter, peak):
    """Fill the speed at the start of each piece (and after the last) and the highest on it; return the seconds.

    From rest to rest: accelerating and braking at even rates, as fast as pieces allow.
    """
    enter[0] = 0.0
    for i in range(count):
        reach = math.sqrt(enter[i] ** 2 + 2.0 * a * piece_m[i])
        enter[i + 1] = 0.0 if ends[i] else min(reach, piece_ms[i], piece_ms[i + 1])
    seconds = 0.0
    for i in range(count - 1, -1, -1):
        enter[i] = min(enter[i], math.sqrt(enter[i + 1] ** 2 + 2.0 * b * piece_m[i]))
        u0, u1 = enter[i] ** 2, enter[i + 1] ** 2
        peak[i] = min(piece_ms[i], math.sqrt((2.0 * a * b * piece_m[i] + b * u0 + a * u1) / (a + b)))
    for i in range(count):
        # rounding must not leave a peak below the ends
        peak[i] = max(peak[i], enter[i], enter[i + 1])
        w2 = peak[i] ** 2
        even = piece_m[i] - (w2 - enter[i] ** 2) / (2.0 * a) - (w2 - enter[i + 1] ** 2) / (2.0 * b)
        seconds += (peak[i] - enter[i]) / a + (peak[i] - enter[i + 1]) / b + max(even, 0.0) / peak[i]
    return seconds


@numba.njit(cache=True, parallel=LOOPS)
def traction(
    first,
    link,
    link_m,
    cruise_ms,
    grade,
    way,
    hour,
    metres,
    seconds,
    legs,
    dwell_s,
    wait_s,
    most_extra_per_m,
    slowest,
    most_passed,
    most_faster,
    vehicle,
    mass_kg,
    inertia_kg,
    rolling,
    air,
    regen_w,
    accelerate,
    brake,
    top_ms,
    drive_eff,
    regen_eff,
    regen_least_ms,
    plain_ms,
):
    """Return the traction of movements in cases of weather.

    A movement starts and ends at rest and stops ``legs - 1`` times between, evenly along its way. It drives each link
    at the link's cruising speed, as far as its acceleration and braking allow. Where the timetable gives more time
    than that needs, traffic takes it: cruising slows by the ratio of free to scheduled time (not below ``slowest``),
    and what time is then left goes into extra stops of ``wait_s`` each, up to ``most_extra_per_m``; the rest is
    standing. A broken number of stops is a mean of the whole numbers beside it. Where the timetable gives less time,
    stops are passed by, up to the share ``most_passed`` of those within; if that is not enough, cruising is faster by
    the root of ``A / s + B s = T`` (driving through, lost by stops), up to ``most_faster``; what is then missing is
    late.

    Parameters
    ----------
    first : (ways + 1,) int64
        Way ``w`` is ``link[first[w]:first[w + 1]]``.
    link : int64
        Row of ``cruise_ms``; -1 off the network: ``plain_ms`` of the vehicle, flat.
    link_m : float64
        Metres on each; a way is stretched to the movement's length.
    cruise_ms : (links, hours) float64
    grade : (links,) float64
        Rise over run.
    way, hour, legs, vehicle : (movements,) int64
        ``way`` -1: one piece off the network.
    metres, seconds, dwell_s : (movements,) float64
        ``dwell_s`` is all standing at served stops.
    mass_kg, inertia_kg : (movements,) float64
        With passengers; ``inertia_kg`` with rotating parts.
    rolling, air, regen_w : (movements, cases) float64
        Coefficient of rolling resistance, half density times drag area (kg/m), limit of braking power.
    accelerate, brake, top_ms, drive_eff, regen_eff, regen_least_ms, plain_ms : (vehicles,) float64

    Returns
    -------
    drawn_j, returned_j : (movements, cases) float64
        Battery side.
    free_s : (movements,) float64
        Time without other traffic, stops included.
    extra : (movements,) float64
        Stops that traffic adds; below zero: stops passed by.
    late_s : (movements,) float64
        By how much the vehicle cannot keep the timetable.
    """
    n_m, n_c = rolling.shape
    drawn = np.zeros((n_m, n_c))
    returned = np.zeros((n_m, n_c))
    free_s = np.zeros(n_m)
    extra = np.zeros(n_m)
    late_s = np.zeros(n_m)
    most = 1
    for w in range(first.size - 1):
        most = max(most, first[w + 1] - first[w])
    room = most
    for m in range(n_m):
        room = max(room, most + legs[m] + int(most_extra_per_m * metres[m]) + 4)
    for block in numba.prange(BLOCKS):
        length = np.empty(most)
        cruise = np.empty(most)
        rise = np.empty(most)
        piece_m = np.empty(room)
        piece_ms = np.empty(room)
        piece_rise = np.empty(room)
        ends = np.empty(room, dtype=np.bool_)
        enter = np.empty(room + 1)
        peak = np.empty(room)
        for m in range(block * n_m // BLOCKS, (block + 1) * n_m // BLOCKS):
            total = metres[m]
            if total <= 0.0:
                continue
            k = vehicle[m]
            a, b = accelerate[k], brake[k]
            n = 0
            known = 0.0
            if way[m] >= 0:
                for e in range(first[way[m]], first[way[m] + 1]):
                    if link_m[e] > 0.0:
                        on = link[e] >= 0
                        length[n] = link_m[e]
                        cruise[n] = min(cruise_ms[link[e], hour[m]], top_ms[k]) if on else plain_ms[k]
                        rise[n] = grade[link[e]] if on else 0.0
                        known += link_m[e]
                        n += 1
            if n == 0:
                n = 1
                length[0], cruise[0], rise[0] = total, plain_ms[k], 0.0
                known = total
            through = 0.0
            for i in range(n):
                length[i] *= total / known
                through += length[i] / cruise[i]
            # how fast, and how often from rest
            served = legs[m]
            count = _pieces(
                length, cruise, rise, n, total, served, 1.0, top_ms[k], piece_m, piece_ms, piece_rise, ends
            )  # fmt: skip
            drive = _profile(piece_m, piece_ms, ends, count, a, b, enter, peak)
            free = drive + dwell_s[m]
            free_s[m] = free
            have = seconds[m]
            scale = 1.0
            if have > free:
                scale = max(free / have, slowest)
                lost = (0.5 / a + 0.5 / b) * scale * total / through
                spare = have - dwell_s[m] - drive / scale
                extra[m] = min(max(spare, 0.0) / (wait_s + lost), most_extra_per_m * total)
            elif have < free:
                lost = (0.5 / a + 0.5 / b) * total / through
                short = free - have
                if served > 1:
                    one = dwell_s[m] / (served - 1) + lost
                    extra[m] = -min(short / one, most_passed * (served - 1))
                    short += extra[m] * one
                left = have - dwell_s[m] * (1.0 + extra[m] / max(served - 1, 1))
                if short > 0.0:
                    lost *= served + extra[m]
                    inside = left * left - 4.0 * through * lost
                    kept = left > 0.0 and inside > 0.0
                    scale = 2.0 * through / (left + math.sqrt(inside)) if kept else most_faster
                    scale = min(max(scale, 1.0), most_faster)
                late_s[m] = -left
            driven = 0.0
            whole = math.floor(extra[m])
            for part in range(2):
                share = extra[m] - whole if part == 1 else 1.0 - (extra[m] - whole)
                if share <= 0.0:
                    continue
                count = _pieces(
                    length, cruise, rise, n, total, served + whole + part, scale, top_ms[k],
                    piece_m, piece_ms, piece_rise, ends,
                )  # fmt: skip
                drive = _profile(piece_m, piece_ms, ends, count, a, b, enter, peak)
                driven += share * drive
                for i in range(count):
                    u0, u1, w = enter[i], enter[i + 1], peak[i]
                    even = piece_m[i] - (w * w - u0 * u0) / (2.0 * a) - (w * w - u1 * u1) / (2.0 * b)
                    steep = math.sqrt(1.0 + piece_rise[i] * piece_rise[i])
                    for c in range(n_c):
                        force = mass_kg[m] * GRAVITY * (rolling[m, c] + piece_rise[i]) / steep
                        drag = air[m, c]
                        out, back = cruise_j(
                            force, drag, w, even, drive_eff[k], regen_eff[k], regen_w[m, c], regen_least_ms[k]
                        )  # fmt: skip
                        if w > u0:
                            up, down = gather_j(inertia_kg[m], force, drag, u0, w, a, drive_eff[k], regen_eff[k])
                            out += up
                            back += down
                        if w > u1:
                            up, down = brake_j(
                                inertia_kg[m], force, drag, w, u1, b,
                                drive_eff[k], regen_eff[k], regen_w[m, c], regen_least_ms[k],
                            )  # fmt: skip
                            out += up
                            back += down
                        drawn[m, c] += share * out
                        returned[m, c] += share * back
            late_s[m] = max(0.0, late_s[m] + driven) if have < free else 0.0
    return drawn, returned, free_s, extra, late_s
