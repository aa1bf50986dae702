"""Costs by year, their present value and the cash flow of all scenarios as tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.cash_flow import cash_flow
from fleet_planner.economics.finance import capital_recovery_factor, discount_factors
from fleet_planner.economics.ownership import TOTAL
from fleet_planner.economics.programme import LINES, costs_by_year
from fleet_planner.economics.programme_checked import line_sound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.economics.cash_flow import CashFlow
    from fleet_planner.economics.ownership_table import Outlook
    from fleet_planner.economics.programme import Ledger, Programme

BY_YEAR = {
    "scenario": pl.String,
    "year": pl.Int64,
    "line": pl.String,
    "private": pl.Float64,
    "public": pl.Float64,
    "unit": pl.String,
}
WORTH = {
    "scenario": pl.String,
    "line": pl.String,
    "first_year": pl.Int64,
    "last_year": pl.Int64,
    "private_rate": pl.Float64,
    "private": pl.Float64,
    "private_per_year": pl.Float64,
    "public_rate": pl.Float64,
    "public": pl.Float64,
    "public_per_year": pl.Float64,
    "unit": pl.String,
    "checked": pl.String,
}
CASH = {
    "scenario": pl.String,
    "year": pl.Int64,
    **dict.fromkeys(
        (
            *("capital", "incentives", "savings", "drawn", "interest", "principal", "fees", "set_aside"),
            *("net", "cumulative", "outstanding", "cover", "public_purse"),
        ),
        pl.Float64,
    ),
    "unit": pl.String,
}


@dataclass(frozen=True)
class ProgrammeTables:
    """Tables of all scenarios.

    Parameters
    ----------
    by_year
        ``tables/columns/costs_by_year.csv``.
    worth
        ``tables/columns/present_value.csv``.
    cash
        ``tables/columns/cash_flow.csv``.
    flows
        The cash flow by scenario.
    """

    by_year: pl.DataFrame
    worth: pl.DataFrame
    cash: pl.DataFrame
    flows: dict[str, CashFlow]


def no_programmes() -> ProgrammeTables:
    """Return the tables without a row."""
    return ProgrammeTables(pl.DataFrame(schema=BY_YEAR), pl.DataFrame(schema=WORTH), pl.DataFrame(schema=CASH), {})


def programme_tables(programmes: Sequence[Programme], outlook: Outlook) -> ProgrammeTables:
    """Return the costs of scenarios over the years."""
    by_year, worth, cash = [], [], []
    flows = {}
    for programme in programmes:
        books = {view.name: costs_by_year(programme, outlook, view) for view in outlook.views}
        private, public = books["private"], books["public"]
        by_year += _year_rows(programme.scenario, private, public, outlook)
        worth += _worth_rows(programme, private, public, outlook)
        flow = cash_flow(programme.scenario, private, outlook.section, outlook.prices.base_year)
        flows[programme.scenario] = flow
        cash += _cash_rows(programme.scenario, flow, outlook)
    return ProgrammeTables(
        pl.DataFrame(by_year, schema=BY_YEAR, orient="row"),
        pl.DataFrame(worth, schema=WORTH, orient="row"),
        pl.DataFrame(cash, schema=CASH, orient="row"),
        flows,
    )


def _year_rows(name: str, private: Ledger, public: Ledger, outlook: Outlook) -> list[tuple[object, ...]]:
    shown, unit = outlook.shown.per_usd2024, outlook.shown.unit
    rows: list[tuple[object, ...]] = []
    for k, year in enumerate(private.years):
        cells = [(line, private.lines[line][k] * shown, public.lines[line][k] * shown) for line in LINES]
        cells.append((TOTAL, sum(c[1] for c in cells), sum(c[2] for c in cells)))
        rows += [(name, year, *cell, unit) for cell in cells]
    return rows


def _worth_rows(programme: Programme, private: Ledger, public: Ledger, outlook: Outlook) -> list[tuple[object, ...]]:
    """Return the present value of each line in the base year, and the equal yearly amount that is worth the same."""
    shown, years = outlook.shown.per_usd2024, private.years
    sides = []
    for view, book in zip(outlook.views, (private, public), strict=True):
        factors = discount_factors(view.rate, years, outlook.prices.base_year)
        per_year = capital_recovery_factor(view.rate, len(years))
        values = {line: float(np.sum(book.lines[line] * factors)) * shown for line in LINES}
        values[TOTAL] = sum(values.values())
        sides.append((view.rate, values, per_year))
    (rate, worth, level), (social, public_worth, public_level) = sides
    span = (years.start, years.stop - 1)
    sound = {
        line: line_sound(line, programme, outlook) or not (private.lines[line].any() or public.lines[line].any())
        for line in LINES
    }
    sound[TOTAL] = all(sound.values())
    return [
        (
            *(programme.scenario, line, *span, rate, worth[line], worth[line] * level),
            *(social, public_worth[line], public_worth[line] * public_level, outlook.shown.unit),
            "yes" if sound[line] else "no",
        )
        for line in (*LINES, TOTAL)
    ]


def _cash_rows(name: str, flow: CashFlow, outlook: Outlook) -> list[tuple[object, ...]]:
    shown = outlook.shown.per_usd2024
    debts, net = flow.debts, flow.net
    money = [
        *(flow.capital, flow.incentives, flow.savings, debts.drawn, debts.interest, debts.principal, debts.fees),
        *(debts.set_aside, net, np.cumsum(net), debts.outstanding),
    ]
    return [
        (
            *(name, year, *(float(column[k]) * shown for column in money)),
            None if math.isnan(flow.cover[k]) else float(flow.cover[k]),
            float(flow.public_purse[k]) * shown,
            outlook.shown.unit,
        )
        for k, year in enumerate(flow.years)
    ]
