"""Traction in closed form against a simulation in small steps, and what physics demands of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.kernels.bus_energy import GRAVITY, brake_j, cruise_j, gather_j, traction

J_PER_KWH = 3.6e6
BUS: dict[str, float] = {
    "mass": 15000.0, "inertia": 16000.0, "rolling": 0.008, "air": 3.2, "regen_w": 140e3, "a": 0.9, "b": 0.9,
    "top": 22.0, "drive": 0.8, "regen": 0.55, "least": 1.5, "plain": 12.5,
}  # fmt: skip
NO_LIMIT = {"drive": 1.0, "regen": 1.0, "regen_w": 1e12, "least": 0.0}


def drive(
    length: list[float],
    cruise: list[float],
    grade: list[float],
    seconds: float,
    legs: int,
    dwell: float = 0.0,
    cases: int = 1,
    **own: float,
) -> tuple[np.ndarray, ...]:
    """One movement over links of its own."""
    bus = BUS | own
    n = len(length)
    one = np.ones((1, cases))
    out: Any = traction(
        np.array([0, n]), np.arange(n), np.array(length), np.repeat(np.array(cruise)[:, None], 24, axis=1),
        np.array(grade), np.array([0]), np.array([8]), np.array([float(sum(length))]), np.array([float(seconds)]),
        np.array([legs]), np.array([float(dwell)]), 15.0, 3e-3, 0.5, 0.5, 1.25, np.array([0]),
        np.array([bus["mass"]]), np.array([bus["inertia"]]), bus["rolling"] * one, bus["air"] * one, bus["regen_w"] * one,
        *(np.array([bus[k]]) for k in ("a", "b", "top", "drive", "regen", "least", "plain")),
    )  # fmt: skip
    return tuple(np.asarray(x) for x in out)


def simulate(
    length: list[float], cruise: list[float], grade: list[float], legs: int, step_s: float = 0.02, **own: float
) -> tuple[float, float, float]:
    """Drive in small steps: look ahead to every lower limit and stop, accelerate or brake, count the battery's joules.

    Written apart from the kernel: no closed form, no shared helper.
    """
    bus = BUS | own
    ends = np.cumsum(length)
    total = float(ends[-1])
    limits = [(float(e), float(v)) for e, v in zip(ends[:-1], cruise[1:], strict=True)]
    limits += [(total * k / legs, 0.0) for k in range(1, legs + 1)]
    limits.sort()
    x = v = t = out = back = 0.0
    while x < total - 0.02:
        here = min(int(np.searchsorted(ends, x, side="right")), len(length) - 1)
        most = min(cruise[here], bus["top"])
        for place, limit in limits:
            if place > x + 1e-6:
                most = min(most, math.sqrt(limit**2 + 2.0 * bus["b"] * (place - x)))
        # a stop is reached when the bus creeps up to it
        if v < 0.2 and any(lim == 0.0 and 0.0 < p - x < 0.05 for p, lim in limits):
            x = next(p for p, lim in limits if lim == 0.0 and 0.0 < p - x < 0.05) + 2e-6
            v = 0.0
            continue
        new = min(v + bus["a"] * step_s, most) if most > v else max(most, 0.0)
        mean = 0.5 * (v + new)
        if mean < 0.02:
            new = mean = 0.05
        slope = grade[here]
        steep = math.sqrt(1.0 + slope * slope)
        pull = (
            bus["inertia"] * (new - v) / step_s
            + bus["air"] * mean**2
            + bus["mass"] * GRAVITY * (bus["rolling"] + slope) / steep
        )
        power = pull * mean
        if power >= 0.0:
            out += power * step_s / bus["drive"]
        elif mean >= bus["least"]:
            back += min(-power * bus["regen"], bus["regen_w"]) * step_s
        x += mean * step_s
        v = new
        t += step_s
    return out, back, t


ROUTES = [
    ([4000.0], [12.5], [0.0], 10),
    ([900.0, 300.0, 1500.0, 80.0, 700.0], [13.9, 8.3, 16.7, 5.6, 11.1], [0.0, 0.03, -0.02, 0.0, 0.05], 9),
    ([2500.0, 2500.0], [13.9, 13.9], [0.05, -0.05], 12),
    ([8000.0, 400.0], [21.0, 8.0], [0.0, -0.06], 3),
]


@pytest.mark.parametrize(("length", "cruise", "grade", "legs"), ROUTES)
@pytest.mark.parametrize("regen_w", [140e3, 40e3])
def test_closed_form_is_the_simulation_in_steps_of_a_fiftieth_second(
    length: list[float], cruise: list[float], grade: list[float], legs: int, regen_w: float
) -> None:
    free = float(drive(length, cruise, grade, 1e9, legs)[2][0])
    drawn, returned, _, extra, late = drive(length, cruise, grade, free, legs, regen_w=regen_w)
    out, back, seconds = simulate(length, cruise, grade, legs, regen_w=regen_w)
    assert extra[0] == pytest.approx(0.0, abs=1e-6)
    assert late[0] == pytest.approx(0.0, abs=1e-6)
    assert seconds == pytest.approx(free, rel=0.01)
    assert drawn[0, 0] == pytest.approx(out, rel=0.01)
    assert returned[0, 0] == pytest.approx(back, rel=0.01)


def test_slow_timetables_are_the_simulation_with_slower_cruising_and_more_stops() -> None:
    length, cruise, grade, legs = [3000.0, 2000.0], [13.9, 11.1], [0.01, -0.01], 12
    free = float(drive(length, cruise, grade, 1e9, legs)[2][0])
    have = 1.5 * free
    drawn, returned, _, extra, _ = drive(length, cruise, grade, have, legs)
    slow = free / have
    through = 3000.0 / 13.9 + 2000.0 / 11.1
    lost = slow * 5000.0 / through / 0.9
    assert extra[0] == pytest.approx((have - free / slow) / (15.0 + lost), abs=1e-6)  # no dwell: all is driving
    part = extra[0] - math.floor(extra[0])
    slower = [slow * v for v in cruise]
    low = simulate(length, slower, grade, legs + math.floor(extra[0]))
    high = simulate(length, slower, grade, legs + math.floor(extra[0]) + 1)
    assert drawn[0, 0] == pytest.approx((1.0 - part) * low[0] + part * high[0], rel=0.01)
    assert returned[0, 0] == pytest.approx((1.0 - part) * low[1] + part * high[1], rel=0.01)


lengths = st.lists(st.floats(20.0, 2000.0), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(lengths, st.data())
def test_energy_is_conserved(length: list[float], data: st.DataObject) -> None:
    n = len(length)
    cruise = data.draw(st.lists(st.floats(3.0, 20.0), min_size=n, max_size=n))
    grade = data.draw(st.lists(st.floats(-0.08, 0.08), min_size=n, max_size=n))
    legs = data.draw(st.integers(1, 12))
    slack = data.draw(st.floats(0.5, 2.5))
    free = float(drive(length, cruise, grade, 1e9, legs)[2][0])
    drawn, returned, *_ = drive(length, cruise, grade, slack * free, legs, air=0.0, **NO_LIMIT)
    force = sum(m * (BUS["rolling"] + g) / math.sqrt(1.0 + g * g) for m, g in zip(length, grade, strict=True))
    assert drawn[0, 0] - returned[0, 0] == pytest.approx(BUS["mass"] * GRAVITY * force, rel=1e-9, abs=1.0)


@settings(max_examples=40, deadline=None)
@given(lengths, st.data())
def test_a_round_trip_over_a_hill_costs_what_friction_and_losses_take(length: list[float], data: st.DataObject) -> None:
    n = len(length)
    cruise = data.draw(st.lists(st.floats(5.0, 20.0), min_size=n, max_size=n))
    grade = data.draw(st.lists(st.floats(0.0, 0.05), min_size=n, max_size=n))
    both = length + length[::-1]
    speeds = cruise + cruise[::-1]
    over, level = grade + [-g for g in grade[::-1]], [0.0] * (2 * n)

    def net(slope: list[float], **own: float) -> float:
        drawn, returned, *_ = drive(both, speeds, slope, 1e9, 4, **own)
        return float(drawn[0, 0] - returned[0, 0])

    assert net(over, rolling=0.0, air=0.0, **NO_LIMIT) == pytest.approx(0.0, abs=1.0 + 1e-9 * net(level))
    friction = net(over, **NO_LIMIT)
    assert friction == pytest.approx(net(level, **NO_LIMIT), rel=2e-3)  # a slope of 5 % presses a thousandth less
    # not more than on the level always: climbing into a stop spares the brakes
    assert net(over) >= friction


@pytest.mark.parametrize(("name", "up"), [("mass", 1.2), ("rolling", 1.2), ("air", 1.5)])
def test_heavier_rougher_and_larger_takes_more(name: str, up: float) -> None:
    length, cruise, grade = [2000.0, 1000.0], [13.9, 8.0], [0.01, -0.01]
    base = drive(length, cruise, grade, 700.0, 8)
    more = drive(length, cruise, grade, 700.0, 8, **{name: BUS[name] * up})
    assert more[0][0, 0] - more[1][0, 0] > base[0][0, 0] - base[1][0, 0]


def test_less_regeneration_gives_less_back() -> None:
    length, cruise, grade = [3000.0], [13.9], [-0.02]
    back = [float(drive(length, cruise, grade, 700.0, 8, regen_w=w)[1][0, 0]) for w in (0.0, 30e3, 80e3, 200e3)]
    assert back[0] == 0.0
    assert back == sorted(back)


def test_a_timetable_that_is_too_fast_passes_stops_then_hurries_then_is_late() -> None:
    length, cruise, grade, legs = [6000.0], [11.1], [0.0], 15
    free = float(drive(length, cruise, grade, 1e9, legs, 140.0)[2][0])
    some = drive(length, cruise, grade, 0.85 * free, legs, 140.0)
    assert -7.0 < some[3][0] < 0.0
    assert some[4][0] == pytest.approx(0.0, abs=2.0)
    worse = drive(length, cruise, grade, 0.3 * free, legs, 140.0)
    assert worse[3][0] == pytest.approx(-7.0)
    assert worse[4][0] > 30.0
    assert np.isfinite(worse[0]).all()


def test_nothing_moves_where_there_is_no_way() -> None:
    drawn, returned, *_ = drive([0.0], [10.0], [0.0], 60.0, 1)
    assert drawn[0, 0] == returned[0, 0] == 0.0


def test_the_knee_of_braking_power_is_met_exactly() -> None:
    inertia, force, air, fast, b, eff, cap = 16000.0, 1200.0, 3.2, 14.0, 0.9, 0.55, 40e3
    got = brake_j(inertia, force, air, fast, 0.0, b, 0.8, eff, cap, 1.5)
    v = np.linspace(1.5, fast, 2_000_001)
    power = np.minimum(eff * (inertia * b - force - air * v * v) * v, cap)
    assert got[0] == 0.0
    assert got[1] == pytest.approx(np.trapezoid(power, v) / b, rel=1e-6)


def test_parts_by_hand() -> None:
    assert cruise_j(1000.0, 2.0, 10.0, 50.0, 0.8, 0.5, 1e9, 1.0) == (pytest.approx(1200.0 * 50.0 / 0.8), 0.0)
    assert cruise_j(-2000.0, 2.0, 10.0, 50.0, 0.8, 0.5, 1e9, 1.0) == (0.0, pytest.approx(1800.0 * 50.0 * 0.5))
    assert cruise_j(-2000.0, 2.0, 10.0, 50.0, 0.8, 0.5, 4000.0, 1.0) == (0.0, pytest.approx(4000.0 * 5.0))
    drawn, _ = gather_j(10000.0, 0.0, 0.0, 0.0, 10.0, 1.0, 0.8, 0.5)
    assert drawn == pytest.approx(0.5 * 10000.0 * 100.0 / 0.8)
