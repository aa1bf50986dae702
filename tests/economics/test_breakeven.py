"""Break-evens against figures worked out by hand, and against the net benefits on both sides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.economics.breakeven import REACH, Setting, Way, break_even, net_benefit_usd_per_year

ELECTRIC = Way(20_000.0, -0.2, 0.1, 1.2, 1.0)
FILTER = Way(3_000.0, 0.01, 0.05, -0.02, 0.0)
NOW = Setting(50_000.0, 100.0, 0.5)


def test_net_benefit_by_hand() -> None:
    # 50,000 km x (0.1 damage + 0.1 USD/kg x (1.2 - 0.5) kg + 0.2 saved) - 20,000 = -1,500
    assert net_benefit_usd_per_year(ELECTRIC, NOW) == pytest.approx(50_000 * (0.1 + 0.07 + 0.2) - 20_000)
    assert net_benefit_usd_per_year(FILTER, NOW) == pytest.approx(50_000 * (0.05 - 0.002 - 0.01) - 3_000)


def test_borders_by_hand() -> None:
    # ahead where 50 p (1.2 - 0.5 + 0.02) + 50,000 (0.3 - 0.04) - 17,000 >= 0, p per t
    carbon = break_even(ELECTRIC, FILTER, NOW, "carbon_usd_per_t")
    assert carbon.verdict == "above"
    assert carbon.value == pytest.approx((17_000 - 50_000 * 0.26) / (50.0 * 0.72))
    km = break_even(ELECTRIC, FILTER, NOW, "km_per_year")
    assert (km.verdict, km.value) == ("above", pytest.approx(17_000 / (0.26 + 0.1 * 0.72)))


def test_a_dirty_grid_turns_the_sign() -> None:
    """With 0.9 kg/kWh electric is behind, with none ahead; the border lies where the net benefits meet."""
    cheap = replace(ELECTRIC, fixed_usd_per_year=15_000.0)
    dear_carbon = replace(NOW, carbon_usd_per_t=200.0)
    border = break_even(cheap, FILTER, dear_carbon, "grid_kg_per_kwh")
    assert border.verdict == "below"
    assert border.value is not None
    at = [replace(dear_carbon, grid_kg_per_kwh=g) for g in (0.0, border.value, 5.0)]
    gap = [net_benefit_usd_per_year(cheap, s) - net_benefit_usd_per_year(FILTER, s) for s in at]
    assert gap[0] > 0.0
    assert gap[1] == pytest.approx(0.0, abs=1e-6)
    assert gap[2] < 0.0


def test_it_may_never_overtake() -> None:
    hopeless = Way(90_000.0, 0.5, 0.0, 0.0, 1.0)
    for variable in ("carbon_usd_per_t", "grid_kg_per_kwh", "km_per_year"):
        assert break_even(hopeless, FILTER, NOW, variable).verdict == "never"
        assert break_even(FILTER, hopeless, NOW, variable).verdict == "always"


AMOUNT = st.floats(-2.0, 2.0)
WAY = st.builds(Way, st.floats(0.0, 5e4), AMOUNT, AMOUNT, AMOUNT, st.floats(0.0, 3.0))


@settings(max_examples=150, deadline=None)
@given(first=WAY, second=WAY, variable=st.sampled_from(["carbon_usd_per_t", "grid_kg_per_kwh", "km_per_year"]))
def test_the_verdict_holds_on_both_sides_of_the_border(first: Way, second: Way, variable: str) -> None:
    found = break_even(first, second, NOW, variable)
    values = (
        [0.0, REACH[variable] / 2, REACH[variable]] if found.value is None else [found.value * 0.5, found.value * 2.0]
    )
    ahead = []
    for value in values:
        at = replace(NOW, **{variable: value})
        ahead.append(net_benefit_usd_per_year(first, at) - net_benefit_usd_per_year(second, at))
    slack = 1e-6 * (1.0 + max(map(abs, ahead)))
    if found.value is not None:
        assert found.value <= REACH[variable]
    if found.verdict == "always":
        assert min(ahead) >= -slack
    elif found.verdict == "never":
        assert max(ahead) <= slack
    else:
        low, high = ahead
        assert (low >= -slack >= high - 2 * slack) if found.verdict == "below" else (low <= slack <= high + 2 * slack)
