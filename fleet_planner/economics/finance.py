"""Paying over time: discounting, loans, bonds, leases and whether the debt can be served.

All amounts of a schedule are of the same prices as its rate: a nominal rate with money of the day, a real rate with
constant prices. Payments are at the end of a year; year 0 is when the money is drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Float = NDArray[np.float64]
Repayment = Literal["annuity", "equal_principal"]


def capital_recovery_factor(discount_rate: float, life_years: float) -> float:
    """Return the yearly payment that repays 1 over the life at a real discount rate: r / (1 - (1 + r)^-n)."""
    if discount_rate == 0.0:
        return 1.0 / life_years
    return -discount_rate / math.expm1(-life_years * math.log1p(discount_rate))


def discount_factors(rate: float, years: Sequence[int], base_year: int) -> Float:
    """Return what 1 paid in each of the years is worth in the base year: (1 + r)^-(year - base year)."""
    return np.asarray((1.0 + rate) ** -(np.asarray(years, dtype=np.float64) - base_year))


def present_value(flows: Sequence[float] | Float, rate: float, first_year: int = 0) -> float:
    """Return the value in year 0 of flows of consecutive years from ``first_year`` on."""
    values = np.asarray(flows, dtype=np.float64)
    return float(np.sum(values * discount_factors(rate, range(first_year, first_year + values.size), 0)))


def real_rate(nominal: float, inflation: float) -> float:
    """Return the real rate behind a nominal one: (1 + i) / (1 + p) - 1 (Fisher)."""
    return (1.0 + nominal) / (1.0 + inflation) - 1.0


@dataclass(frozen=True)
class Schedule:
    """A debt year by year, from the year it is drawn (0) to the last payment.

    Parameters
    ----------
    drawn, interest, principal, fees
        What comes in and what is paid, by year; ``(years + 1,)``.
    outstanding
        Debt left at the end of each year.
    set_aside
        Deposits less withdrawals of a sinking fund, by year; zero without one. They are no debt service of their own
        kind: what was set aside pays the principal at maturity.
    """

    drawn: Float
    interest: Float
    principal: Float
    fees: Float
    outstanding: Float
    set_aside: Float

    @property
    def service(self) -> Float:
        """What leaves the purse each year for the debt: interest, principal, fees, and what is set aside for it."""
        return np.asarray(self.interest + self.principal + self.fees + self.set_aside)

    @property
    def net_cash(self) -> Float:
        """What the debt brings or takes each year."""
        return np.asarray(self.drawn - self.service)


def loan_schedule(
    amount: float,
    rate: float,
    years: int,
    *,
    grace_years: int = 0,
    repayment: Repayment = "annuity",
    fee_share: float = 0.0,
) -> Schedule:
    """Return a loan: interest alone in the grace years, then equal payments or equal parts of the principal.

    Parameters
    ----------
    amount
        Drawn in year 0.
    rate
        Interest a year on what is outstanding.
    years
        Term, the grace years among them.
    grace_years
        Years at the start without repayment; fewer than ``years``.
    repayment
        ``annuity``: interest and principal together are the same each year.
    fee_share
        Of the amount, paid in year 0.
    """
    terms = years - grace_years
    payment = amount * capital_recovery_factor(rate, terms)
    left = amount
    interest, principal, outstanding = np.zeros(years + 1), np.zeros(years + 1), np.zeros(years + 1)
    outstanding[0] = amount
    for year in range(1, years + 1):
        interest[year] = left * rate
        if year > grace_years:
            part = payment - interest[year] if repayment == "annuity" else amount / terms
            principal[year] = left if year == years else part
        left -= principal[year]
        outstanding[year] = left
    return Schedule(*_start(years, amount, amount * fee_share, interest, principal, outstanding), np.zeros(years + 1))


def _start(
    years: int, amount: float, fee: float, interest: Float, principal: Float, outstanding: Float
) -> tuple[Float, Float, Float, Float, Float]:
    drawn, fees = np.zeros(years + 1), np.zeros(years + 1)
    drawn[0], fees[0] = amount, fee
    return drawn, interest, principal, fees, outstanding


def bond_schedule(
    amount: float,
    coupon: float,
    years: int,
    *,
    issue_cost_share: float = 0.0,
    sinking_fund_rate: float | None = None,
) -> Schedule:
    """Return a bond: the coupon each year, the face value at maturity.

    Parameters
    ----------
    amount
        Face value, raised in year 0.
    coupon
        Interest a year on the face value.
    years
        To maturity.
    issue_cost_share
        Of the face value, paid in year 0.
    sinking_fund_rate
        What the deposits of a sinking fund earn. Equal deposits s at the end of each year grow to the face value:
        s ((1 + i)^n - 1) / i = face. None: no fund, the face value is paid from that year's purse.
    """
    interest, principal = np.full(years + 1, amount * coupon), np.zeros(years + 1)
    interest[0] = 0.0
    principal[years] = amount
    outstanding = np.full(years + 1, amount)
    outstanding[years] = 0.0
    aside = np.zeros(years + 1)
    if sinking_fund_rate is not None:
        aside[1:] = sinking_deposit(amount, sinking_fund_rate, years)
        aside[years] -= amount
    cost = amount * issue_cost_share
    return Schedule(*_start(years, amount, cost, interest, principal, outstanding), aside)


def sinking_deposit(amount: float, rate: float, years: int) -> float:
    """Return the equal deposits at the ends of years that grow to an amount: A i / ((1 + i)^n - 1)."""
    return amount / years if rate == 0.0 else amount * rate / math.expm1(years * math.log1p(rate))


def lease_schedule(
    amount: float, rate: float, years: int, *, residual_share: float = 0.0, fee_share: float = 0.0
) -> Schedule:
    """Return a finance lease: equal payments at the start of each year, the residual at the end.

    The payments P of years 0 to n - 1 and the residual R of year n are worth the amount at the lessor's rate:
    ``A = P (1 - (1 + r)^-n) / r (1 + r) + R (1 + r)^-n``.

    Parameters
    ----------
    amount
        Price of what is leased.
    rate
        The lessor's rate a year.
    years
        Term.
    residual_share
        Of the price, paid at the end to keep what was leased (0: nothing is left to pay).
    fee_share
        Of the price, paid in year 0.
    """
    residual = amount * residual_share
    worth = amount - residual * (1.0 + rate) ** -years
    payment = worth * capital_recovery_factor(rate, years) / (1.0 + rate)
    interest, principal, outstanding = np.zeros(years + 1), np.zeros(years + 1), np.zeros(years + 1)
    left = amount
    for year in range(years + 1):
        interest[year] = left * rate if year else 0.0
        principal[year] = left if year == years else payment - interest[year]
        left -= principal[year]
        outstanding[year] = left
    fee = amount * fee_share
    return Schedule(*_start(years, amount, fee, interest, principal, outstanding), np.zeros(years + 1))


def added(parts: Sequence[tuple[int, Schedule]], length: int) -> Schedule:
    """Return debts drawn in different years as one.

    Parameters
    ----------
    parts
        Year, counted from 0, in which each debt is drawn, and the debt.
    length
        Years of the result; payments after the last one are left out.
    """
    names = ("drawn", "interest", "principal", "fees", "outstanding", "set_aside")
    sums = {name: np.zeros(length) for name in names}
    for start, schedule in parts:
        for name in names:
            values = getattr(schedule, name)[: max(length - start, 0)]
            sums[name][start : start + values.size] += values
    return Schedule(**sums)


def debt_service_cover(available: Sequence[float] | Float, service: Sequence[float] | Float) -> Float:
    """Return what is available for the debt over what it takes, by year; NaN in years without debt service.

    A billionth of the largest year's service is rounding, no service.
    """
    cash, due = np.asarray(available, dtype=np.float64), np.asarray(service, dtype=np.float64)
    least = 1e-9 * float(due.max(initial=0.0))
    return np.asarray(np.divide(cash, due, out=np.full(due.shape, np.nan), where=due > least))
