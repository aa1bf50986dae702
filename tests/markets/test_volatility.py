"""Links steady prices where shocks are not correlated; concentration of sellers."""

from __future__ import annotations

import numpy as np
import pytest

from fleet_planner.markets import City, Linking, clear
from fleet_planner.markets.volatility import concentration, shocks


def test_shocks_have_their_mean_spread_and_correlation() -> None:
    drawn = shocks(20000, 3, 0.2, 0.5, 7)
    assert drawn.mean(axis=0) == pytest.approx([1.0] * 3, abs=0.01)
    logs = np.log(drawn)
    assert logs.std(axis=0) == pytest.approx([0.2] * 3, rel=0.03)
    assert np.corrcoef(logs.T)[0, 1] == pytest.approx(0.5, abs=0.03)
    np.testing.assert_array_equal(drawn, shocks(20000, 3, 0.2, 0.5, 7))


def test_one_price_swings_less_than_prices_alone() -> None:
    slopes, baseline, cap = (0.5, 1.0, 2.0), 200.0, 150.0
    alone, linked = [], []
    for factors in shocks(60, 3, 0.1, 0.0, 1):
        cities = [
            City(f"c{k}", np.ones(200), slope * (np.arange(200) + 0.5), float(max(f * baseline - cap, 0.0)))
            for k, (slope, f) in enumerate(zip(slopes, factors, strict=True))
        ]
        alone.append(clear(cities, 2030, Linking("none")).price)
        linked.append(clear(cities, 2030, Linking("direct")).price[0])
    assert np.var(linked, ddof=1) < 0.5 * np.var(alone, axis=0, ddof=1).mean()


def test_concentration_by_hand() -> None:
    assert concentration(np.array([0.0, 5.0])) == 10000.0
    assert concentration(np.array([50.0, 30.0, 20.0])) == pytest.approx(2500.0 + 900.0 + 400.0)
    assert concentration(np.zeros(3)) == 0.0
