"""The Carl Moyer form against a worked example."""

from __future__ import annotations

import numpy as np
import pytest

from fleet_planner.economics.moyer import (
    cost_effectiveness_usd,
    largest_grant,
    moyer_rules,
    surplus_shares,
    weighted_short_tons,
)
from fleet_planner.errors import PlanError


def test_worked_example() -> None:
    """A repower: 0.5 short tons of NOx, 0.05 of ROG, 0.02 of PM a year, grant 40,000, 7 years at 2 %.

    CRF = 0.02 / (1 - 1.02^-7) = 0.154512; weighted 0.5 + 0.05 + 20 x 0.02 = 0.95; 40,000 x 0.154512 / 0.95 = 6,506.
    """
    t = 1.0 / 1.1023113
    weighted = weighted_short_tons(0.5 * t, 0.05 * t, 0.02 * t, 20.0)
    assert weighted == pytest.approx(0.95)
    assert cost_effectiveness_usd(40_000.0, 0.02, 7, weighted) == pytest.approx(6505.8, abs=0.5)


def test_the_largest_grant_stops_at_the_limit_and_at_the_cost() -> None:
    # 0.95 t x 17,080 / 0.154512 = 105,014
    grant = largest_grant(((0.95, 17_080.0),), 0.02, 7, 500_000.0)
    assert grant.largest_usd == pytest.approx(105_014, abs=5)
    assert grant.cost_effectiveness_usd == pytest.approx(17_080.0)
    assert largest_grant(((0.95, 17_080.0),), 0.02, 7, 60_000.0).largest_usd == 60_000.0


def test_two_steps_count_each_at_its_own_limit() -> None:
    # 0.6 t up to the required standard at 33,000, 0.1 t beyond it at 500,000; 10 years at 1 %: CRF 0.105582
    grant = largest_grant(((0.6, 33_000.0), (0.1, 500_000.0)), 0.01, 10, 1e9)
    assert grant.within_limits_usd == pytest.approx((0.6 * 33_000 + 0.1 * 500_000) / 0.1055821, rel=1e-5)


def test_surplus_ends_where_the_old_vehicle_would_have_been_replaced() -> None:
    alive, after = surplus_shares(np.array([1.0, 0.5, 0.0, 0.0]), np.array([1.0, 0.9, 0.8, 0.7]))
    assert alive == pytest.approx((1.0 + 0.45) / 4)
    assert after == pytest.approx((0.45 + 0.8 + 0.7) / 4)


def test_nothing_reduced_is_no_project() -> None:
    assert cost_effectiveness_usd(1.0, 0.01, 5, 0.0) == float("inf")


@pytest.mark.parametrize(
    ("year", "limit", "rate"), [(2012, 17_080.0, 0.02), (2014, 17_720.0, 0.01), (2022, 33_000.0, 0.01)]
)
def test_rules_by_guideline_year(year: int, limit: float, rate: float) -> None:
    rules = moyer_rules(year)
    assert (rules.base_limit_usd, rules.discount_rate, rules.pm_weight) == (limit, rate, 20.0)
    assert "pm_weight" in rules.unchecked


def test_a_year_without_rules_is_named() -> None:
    with pytest.raises(PlanError, match="2012, 2014, 2022") as error:
        moyer_rules(1999)
    assert error.value.column == "comparison.moyer_guideline"
