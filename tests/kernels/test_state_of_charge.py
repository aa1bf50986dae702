"""Charging in closed form against small steps, and what must never get worse."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.kernels.state_of_charge import charge, replay_blocks

Curve = tuple[Any, Any]

TAPER = (np.array([0.0, 0.8, 1.0]), np.array([150.0, 150.0, 15.0]))
HUMP = (np.array([0.0, 0.1, 0.5, 0.55, 0.9, 1.0]), np.array([40.0, 160.0, 160.0, 90.0, 60.0, 0.0]))


def stepped(
    soc: float,
    hours: float,
    capacity: float,
    curve: Curve,
    limit: float,
    plug: float,
    load: float,
    efficiency: float,
    steps: int = 20_000,
) -> Any:
    """Runge-Kutta of fourth order over ``steps`` steps."""
    xs, ps = curve
    dt = hours / steps

    def rate(s: float) -> Any:
        if plug <= load:
            return (plug - load) / capacity
        return efficiency * min(np.interp(s, xs, ps), limit, plug - load) / capacity if s < 1.0 else 0.0

    for _ in range(steps):
        a = rate(soc)
        b = rate(soc + 0.5 * dt * a)
        c = rate(soc + 0.5 * dt * b)
        d = rate(soc + dt * c)
        soc = min(soc + dt * (a + 2 * b + 2 * c + d) / 6.0, max(soc, 1.0))
    return soc


@pytest.mark.parametrize(
    ("soc", "hours", "curve", "limit", "plug", "load"),
    [
        (0.2, 1.0, TAPER, math.inf, 500.0, 0.0),
        (0.7, 3.0, TAPER, math.inf, 500.0, 4.0),
        (0.5, 2.0, TAPER, math.inf, 80.0, 10.0),
        (-0.1, 0.6, HUMP, math.inf, 500.0, 0.0),
        (0.02, 5.0, HUMP, 100.0, 110.0, 20.0),
        (0.4, 30.0, HUMP, 70.0, 500.0, 5.0),
        (0.4, 1.0, TAPER, math.inf, 5.0, 12.0),
    ],
)
def test_closed_form_is_that_of_fine_steps(
    soc: float, hours: float, curve: Curve, limit: float, plug: float, load: float
) -> None:
    found, _ = charge(soc, hours, 1.0, 220.0, *curve, limit, plug, load, 0.93)
    assert found == pytest.approx(stepped(soc, hours, 220.0, curve, limit, plug, load, 0.93), abs=1e-6)


def test_taper_by_hand() -> None:
    # 100 kWh, 100 kW at empty to 0 kW at full, nothing lost: the gap to full falls by exp(-t)
    xs, ps = np.array([0.0, 1.0]), np.array([100.0, 0.0])
    found, spent = charge(0.2, 1.5, 1.0, 100.0, xs, ps, math.inf, 1000.0, 0.0, 1.0)
    assert found == pytest.approx(1.0 - 0.8 * math.exp(-1.5), rel=1e-12)
    assert spent == 1.5
    found, spent = charge(0.2, 9.0, 0.9, 100.0, xs, ps, math.inf, 1000.0, 0.0, 1.0)
    assert found == 0.9
    assert spent == pytest.approx(math.log(8.0), rel=1e-12)


@settings(max_examples=200, deadline=None)
@given(
    soc=st.floats(-0.5, 1.0),
    a=st.floats(0.0, 3.0),
    b=st.floats(0.0, 3.0),
    plug=st.floats(0.0, 400.0),
    load=st.floats(0.0, 30.0),
    hump=st.booleans(),
)
def test_two_stays_are_one(soc: float, a: float, b: float, plug: float, load: float, hump: bool) -> None:
    curve = HUMP if hump else TAPER
    rest = (1.0, 250.0, *curve, 120.0, plug, load, 0.9)
    middle, _ = charge(soc, a, *rest)
    apart, _ = charge(middle, b, *rest)
    whole, _ = charge(soc, a + b, *rest)
    assert apart == pytest.approx(whole, abs=1e-9)
    if plug > load:
        assert soc - 1e-12 <= whole <= max(1.0, soc)


def blocks_of(
    kwh: list[float],
    rest_h: list[float],
    site: list[int],
    *,
    capacity: float = 200.0,
    plug: float = 150.0,
    load: float = 2.0,
    start: float = 1.0,
    days: int = 1,
    limit: float = math.inf,
    keep: bool = True,
) -> Any:
    many = len(kwh)
    return replay_blocks(
        np.array([0, many]), np.array([kwh], dtype=float), np.array(rest_h, dtype=float), np.full((1, many), load),
        np.array(site), np.array([plug]), np.array([1.0 / 60.0]), np.full((1, 1), capacity), np.array([0]),
        np.array([0, 3]), *TAPER, np.full((1, 1), limit), np.array([0.95]), np.array([start]), days, 1e-9, keep,
    )  # fmt: skip


legs = st.lists(
    st.tuples(st.floats(-5.0, 40.0), st.floats(0.0, 1.0), st.sampled_from([-1, 0])), min_size=1, max_size=14
)


@settings(max_examples=150, deadline=None)
@given(legs=legs, capacity=st.floats(80.0, 400.0), more=st.floats(1.0, 1.8), plug=st.floats(10.0, 400.0))
def test_energy_is_kept_and_more_is_never_worse(legs: list[Any], capacity: float, more: float, plug: float) -> None:
    kwh, rest, site = map(list, zip(*legs, strict=True))
    out = blocks_of(kwh, rest, site, capacity=capacity, plug=plug)
    lowest, started, _, rested, plugged, spilled, _, arrive, leave, stay = out
    # what was in, came in and went out
    load_off_plug = sum(2.0 * r for r, s in zip(rest, site, strict=True) if s < 0)
    docking = sum(2.0 * min(r, 1.0 / 60.0) for r, s in zip(rest, site, strict=True) if s == 0)
    on_plug = sum(max(r - 1.0 / 60.0, 0.0) for r, s in zip(rest, site, strict=True) if s == 0)
    stored = 0.95 * (plugged[0, 0] - 2.0 * on_plug)
    left = capacity * started[0, 0] - sum(kwh) - load_off_plug - docking + stored - spilled[0, 0]
    assert left == pytest.approx(capacity * rested[0, 0], abs=1e-6)
    assert plugged[0, 0] == pytest.approx(stay.sum(), abs=1e-9)
    assert lowest[0, 0] <= min(arrive.min(), leave[0, :-1].min(initial=1.0)) + 1e-12

    def energy(**change: Any) -> Any:
        changed = blocks_of(**({"kwh": kwh, "rest_h": rest, "site": site, "capacity": capacity, "plug": plug} | change))
        full = change.get("capacity", capacity)
        return changed[0][0, 0] * full

    base = energy()
    assert energy(capacity=capacity * more) >= base - 1e-7  # a larger battery
    assert energy(plug=plug * more) >= base - 1e-7  # more power
    assert energy(kwh=[k / more if k > 0.0 else k for k in kwh]) >= base - 1e-7  # a milder day
    assert energy(limit=30.0) <= base + 1e-7  # a battery that is cold
    assert energy(site=[-1 for _ in site]) <= base + 1e-7  # no charger
    assert energy(start=0.9) <= base + 1e-7


def test_a_short_night_lowers_the_next_morning() -> None:
    kwh, rest = [50.0, 30.0, 20.0], [0.1, 0.1, 0.9]
    lowest, started, ended, rested, plugged, _, days, *_ = blocks_of(
        kwh, rest, [-1, -1, 0], load=0.0, days=60, keep=False
    )
    assert 1 < days[0, 0] < 60
    assert started[0, 0] == pytest.approx(rested[0, 0], abs=1e-8)
    assert 0.5 < started[0, 0] < 1.0
    # in the steady state the night stores what the day took
    assert 0.95 * plugged[0, 0] == pytest.approx(100.0, abs=1e-5)
    assert lowest[0, 0] == pytest.approx(ended[0, 0], abs=1e-12)


def test_a_night_that_never_suffices_is_told() -> None:
    found = blocks_of([50.0, 50.0, 50.0], [0.1, 0.1, 3.0], [-1, -1, 0], plug=30.0, load=0.0, days=9)
    assert found[6][0, 0] == 9
    assert found[3][0, 0] < found[1][0, 0]
    assert found[0][0, 0] < 0.0
