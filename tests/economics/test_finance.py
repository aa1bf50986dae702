"""Schedules of debts: they repay what was lent, and cost what their rate says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.economics.finance import (
    Repayment,
    Schedule,
    added,
    bond_schedule,
    capital_recovery_factor,
    debt_service_cover,
    discount_factors,
    lease_schedule,
    loan_schedule,
    present_value,
    real_rate,
    sinking_deposit,
)

amounts = st.floats(1.0, 1e9)
rates = st.one_of(st.just(0.0), st.floats(1e-4, 0.3))
terms = st.integers(1, 40)


def worth(schedule: Schedule, rate: float) -> float:
    """Present value of what the borrower pays, without fees."""
    return present_value(schedule.service - schedule.fees, rate)


def check_repaid(schedule: Schedule, amount: float) -> None:
    assert schedule.drawn.sum() == amount
    assert schedule.principal.sum() == pytest.approx(amount, rel=1e-9)
    assert schedule.outstanding[-1] == pytest.approx(0.0, abs=1e-9 * amount)
    assert (schedule.interest >= -1e-9 * amount).all()
    paid = (schedule.service - schedule.fees - schedule.set_aside).sum()
    assert paid == pytest.approx(amount + schedule.interest.sum(), rel=1e-9)


def test_capital_recovery_factor() -> None:
    # 6 % over 10 years: 0.1359 (the standard annuity table)
    assert capital_recovery_factor(0.06, 10) == pytest.approx(0.135868, abs=1e-6)
    assert capital_recovery_factor(0.0, 8) == 0.125


@given(amounts, rates, terms, st.integers(0, 39), st.sampled_from(["annuity", "equal_principal"]))
def test_a_loan_is_paid_by_principal_and_interest_and_is_worth_what_was_lent(
    amount: float, rate: float, years: int, grace: int, kind: Repayment
) -> None:
    schedule = loan_schedule(amount, rate, years, grace_years=grace % years, repayment=kind)
    check_repaid(schedule, amount)
    assert worth(schedule, rate) == pytest.approx(amount, rel=1e-7)
    assert not schedule.principal[: grace % years + 1].any()


@given(amounts, rates, terms, st.floats(0.0, 0.5))
def test_a_lease_is_worth_the_price(amount: float, rate: float, years: int, residual: float) -> None:
    schedule = lease_schedule(amount, rate, years, residual_share=residual)
    check_repaid(schedule, amount)
    assert worth(schedule, rate) == pytest.approx(amount, rel=1e-7)
    assert schedule.service[-1] == pytest.approx(amount * residual, rel=1e-6, abs=1e-6 * amount)
    assert np.allclose(schedule.service[:-1], schedule.service[0], rtol=1e-9)


@given(amounts, rates, terms, st.one_of(st.none(), rates))
def test_a_bond_is_paid_whole_with_or_without_a_sinking_fund(
    amount: float, rate: float, years: int, fund_rate: float | None
) -> None:
    schedule = bond_schedule(amount, rate, years, sinking_fund_rate=fund_rate)
    check_repaid(schedule, amount)
    if fund_rate is None:
        assert worth(schedule, rate) == pytest.approx(amount, rel=1e-7)
    else:
        deposit = sinking_deposit(amount, fund_rate, years)
        grown = sum(deposit * (1.0 + fund_rate) ** (years - y) for y in range(1, years + 1))
        assert grown == pytest.approx(amount, rel=1e-7)
        assert np.allclose(schedule.service[1:], deposit + amount * rate)


def test_a_loan_by_hand() -> None:
    """1,000 at 10 % over 3 years: 402.11 a year; interest 100.00, 69.79, 36.56."""
    schedule = loan_schedule(1000.0, 0.10, 3, fee_share=0.02)
    assert schedule.service.tolist() == pytest.approx([20.0, 402.1148, 402.1148, 402.1148], abs=1e-4)
    assert schedule.interest.tolist() == pytest.approx([0.0, 100.0, 69.7885, 36.5559], abs=1e-4)
    assert schedule.net_cash[0] == 980.0


def test_a_loan_with_a_grace_year_by_hand() -> None:
    schedule = loan_schedule(900.0, 0.10, 4, grace_years=1, repayment="equal_principal")
    assert schedule.principal.tolist() == pytest.approx([0.0, 0.0, 300.0, 300.0, 300.0])
    assert schedule.interest.tolist() == pytest.approx([0.0, 90.0, 90.0, 60.0, 30.0])


def test_debts_of_different_years_add_up_and_stop_at_the_last_year() -> None:
    one = loan_schedule(100.0, 0.0, 2)
    both = added([(0, one), (2, one), (7, one)], 4)
    assert both.service.tolist() == [0.0, 50.0, 50.0, 50.0]
    assert both.drawn.tolist() == [100.0, 0.0, 100.0, 0.0]


def test_cover_of_the_debt_service() -> None:
    cover = debt_service_cover([5.0, 12.0, -3.0], [0.0, 10.0, 10.0])
    assert math.isnan(cover[0])
    assert cover[1:].tolist() == [1.2, -0.3]
    rounding = debt_service_cover([5.0, 5.0], [10.0, 1e-12])
    assert math.isnan(rounding[1])


def test_discounting() -> None:
    assert discount_factors(0.05, [2024, 2025], 2024).tolist() == pytest.approx([1.0, 1.0 / 1.05])
    assert present_value([110.0, 121.0], 0.1, first_year=1) == pytest.approx(200.0)
    assert real_rate(0.0506, 0.03) == pytest.approx(0.02)
