"""The owner's cash flow of a scenario: capital, incentives, debts, savings, and whether they serve the debts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.economics.finance import (
    added,
    bond_schedule,
    debt_service_cover,
    lease_schedule,
    loan_schedule,
)
from fleet_planner.economics.programme import CAPITAL, RUNNING

if TYPE_CHECKING:
    from fleet_planner.economics.finance import Schedule
    from fleet_planner.economics.programme import Ledger
    from fleet_planner.plan.economics import Debt, EconomicsSection

Float = NDArray[np.float64]


@dataclass(frozen=True)
class CashFlow:
    """Money by year against the baseline, US dollars of 2024; all arrays have a figure per year.

    Parameters
    ----------
    years
        Of the costs.
    capital
        Bought: vehicles, devices, batteries, chargers, the grid, taxes on purchases.
    incentives
        Received.
    savings
        Saved on energy with its taxes, maintenance, insurance, carbon; negative where running costs more.
    debts
        All debts together, in constant prices.
    cover
        Savings over debt service; NaN in years without any.
    public_purse
        What the public purse loses by incentives and gains by taxes.
    """

    years: range
    capital: Float
    incentives: Float
    savings: Float
    debts: Schedule
    cover: Float
    public_purse: Float

    @property
    def net(self) -> Float:
        """What is left each year."""
        return np.asarray(self.savings + self.incentives - self.capital + self.debts.net_cash)


def schedule_of(debt: Debt, amount: float) -> Schedule:
    """Return the payments of a debt of an amount, in money of the day."""
    if debt.kind == "loan":
        return loan_schedule(
            amount,
            debt.rate,
            debt.years,
            grace_years=debt.grace_years,
            repayment=debt.repayment,
            fee_share=debt.fee_share,
        )
    if debt.kind == "bond":
        return bond_schedule(
            amount,
            debt.rate,
            debt.years,
            issue_cost_share=debt.fee_share,
            sinking_fund_rate=debt.sinking_fund_rate,
        )
    return lease_schedule(amount, debt.rate, debt.years, residual_share=debt.residual_share, fee_share=debt.fee_share)


def cash_flow(scenario: str, book: Ledger, section: EconomicsSection, base_year: int) -> CashFlow:
    """Return the cash flow of a scenario.

    Debts have nominal rates: each is drawn in money of its year and its payments are brought back to constant prices
    with the general inflation.

    Parameters
    ----------
    scenario
        Its name: some debts are for some scenarios.
    book
        Its private costs by year.
    section
        With debts and inflation.
    base_year
        Whose prices are constant.
    """
    lines = book.lines
    capital = np.sum([lines[line] for line in (*CAPITAL, "purchase_taxes")], axis=0)
    incentives = 0.0 - lines["incentives"]
    savings = -np.sum([lines[line] for line in (*RUNNING, "energy_taxes")], axis=0)
    to_pay = np.maximum(capital - incentives, 0.0)
    parts = []
    for debt in section.finance:
        if debt.scenarios and scenario not in debt.scenarios:
            continue
        for k, amount in enumerate(to_pay * debt.share):
            if amount > 0.0:
                drawn = (1.0 + section.inflation) ** (book.years.start + k - base_year)
                parts.append((k, schedule_of(debt, float(amount) * drawn)))
    debts = _in_constant_prices(added(parts, len(book.years)), section.inflation, book.years.start - base_year)
    taxes = lines["energy_taxes"] + lines["purchase_taxes"]
    cover = debt_service_cover(savings, debts.service)
    return CashFlow(book.years, capital, incentives, savings, debts, cover, taxes - incentives)


def debt_cash(scenario: str, years: range, section: EconomicsSection, base_year: int) -> Float:
    """Return what all debts bring and take by year per unit that is to pay in each year, in constant prices.

    Returns
    -------
    Shape (years to pay, years): what is to pay in the first is drawn at once and served after.
    """
    out = np.zeros((len(years), len(years)))
    for debt in section.finance:
        if debt.scenarios and scenario not in debt.scenarios:
            continue
        for k in range(len(years)):
            amounts = np.zeros(len(years))
            amounts[k] = debt.share
            out[k] += drawn_and_paid(debt, amounts, section.inflation, years.start - base_year).net_cash
    return out


def drawn_and_paid(debt: Debt, amounts: Float, inflation: float, since: int) -> Schedule:
    """Return what a debt brings and takes by year when it is drawn every year, in constant prices.

    Parameters
    ----------
    debt
        Its terms; nominal.
    amounts
        Drawn in each year, constant prices, shape (years,).
    inflation
        General, a year.
    since
        Years from the one whose prices are constant to the first.
    """
    parts = [
        (k, schedule_of(debt, amount * (1.0 + inflation) ** (since + k)))
        for k, amount in enumerate(amounts.tolist())
        if amount > 0.0
    ]
    return _in_constant_prices(added(parts, amounts.size), inflation, since)


def _in_constant_prices(debts: Schedule, inflation: float, since: int) -> Schedule:
    level = (1.0 + inflation) ** -(since + np.arange(len(debts.drawn)))
    return type(debts)(*(getattr(debts, name) * level for name in type(debts).__dataclass_fields__))
