"""Emissions that leave when the price rises: by hand, and what holds for any price."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.economics.costs import diesel_co2_kg_per_l
from fleet_planner.markets.leakage import leaving_share
from fleet_planner.reference import reference_table


def test_leaving_share_by_hand() -> None:
    # 100 US$/t x 2.5 kg/l = 0.25 US$ on a litre of 1 US$: 25 % dearer, of elasticity 2: 1 - 1 / 1.25^2 = 36 %
    assert leaving_share(np.array([100.0]), 0.0, 2.0, 2.5, 1.0) == pytest.approx([0.36])
    assert leaving_share(np.array([100.0]), 60.0, 2.0, 2.5, 1.0) == pytest.approx([1.0 - 1.1**-2])


def test_a_litre_of_diesel_is_that_of_the_guidebook() -> None:
    # EMEP/EEA 2019: 3.1695 kg CO2 per kg, 840 kg/m3
    assert diesel_co2_kg_per_l() == pytest.approx(3.1695 * 0.84)


def test_the_elasticity_is_as_published() -> None:
    # Banfi, Filippini and Hunt 2005: 10 % cheaper, 17.5 % more
    assert reference_table("carbon_market.csv").filter(figure="border_fuel_elasticity")["value"].item() == 1.75


@given(st.floats(0.0, 5000.0), st.floats(0.0, 5000.0), st.floats(0.1, 5.0))
def test_a_higher_price_moves_more_and_never_all(low: float, more: float, elasticity: float) -> None:
    first, second = leaving_share(np.array([low, low + more]), 0.0, elasticity, 2.66, 1.05)
    assert 0.0 <= first <= second < 1.0
    assert leaving_share(np.array([low]), low + more, elasticity, 2.66, 1.05)[0] == 0.0
