"""Costs over the years in all draws: by line and year, their present value, the owner's cash flow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.economics.cash_flow import debt_cash
from fleet_planner.economics.finance import discount_factors
from fleet_planner.economics.ownership import KG_PER_T, TOTAL, Use, carbon_cost
from fleet_planner.economics.programme import CAPITAL, LINES, RUNNING, Errors, costs_without_use
from fleet_planner.pipeline.drawing.bands import band
from fleet_planner.pipeline.drawing.prices import PREMIUM, fuel_price
from fleet_planner.pipeline.drawing.uses import by_year

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.economics.ownership import View
    from fleet_planner.economics.ownership_table import Outlook
    from fleet_planner.economics.prices import Prices
    from fleet_planner.economics.programme import Programme
    from fleet_planner.pipeline.drawing.uses import UseDraws
    from fleet_planner.uncertainty.design import Drawer

Array = NDArray[np.float64]
PRIVATE, PUBLIC = "private", "public"


@dataclass(frozen=True)
class MoneyDraws:
    """What money is drawn with: the draws of inputs, and the multipliers of the value of carbon, shape (draws,)."""

    drawer: Drawer
    carbon: Array

    @property
    def size(self) -> int:
        """Number of draws."""
        return int(self.carbon.size)


@dataclass(frozen=True)
class BookDraws:
    """The costs of a scenario in all draws, US dollars of 2024.

    Parameters
    ----------
    scenario, years
        Whose, and of which years.
    lines
        By view and line, shape (draws, years); `TOTAL` is the sum of the others.
    net
        What is left to the owner each year, shape (draws, years).
    """

    scenario: str
    years: range
    lines: Mapping[str, Mapping[str, Array]]
    net: Array


def errors_of(programme: Programme, money: MoneyDraws) -> Errors:
    """Return the multipliers of what a programme's measures cost."""
    drawer = money.drawer
    capital, running = (
        {name: drawer.of(f"costs.{of}:{name}") for name in programme.terms if drawer.has(f"costs.{of}:{name}")}
        for of in ("capex", "opex")
    )
    return Errors(money.size, capital, running)


def book_draws(programme: Programme, outlook: Outlook, change: Mapping[int, UseDraws], money: MoneyDraws) -> BookDraws:
    """Return the costs of a programme in all draws.

    Parameters
    ----------
    programme, outlook
        As the run has them.
    change
        What it uses above the baseline in the years known.
    money
        The draws.
    """
    drawn = replace(programme, errors=errors_of(programme, money))
    used = by_year(programme, change)
    lines = {view.name: _lines(drawn, outlook, view, used, money) for view in outlook.views}
    return BookDraws(programme.scenario, programme.years, lines, _net(programme, lines[PRIVATE], outlook))


def _lines(
    programme: Programme, outlook: Outlook, view: View, used: Mapping[int, UseDraws], money: MoneyDraws
) -> dict[str, Array]:
    book, prices = costs_without_use(programme, outlook, view), outlook.prices
    lines = {line: np.array(values.T) for line, values in book.lines.items()}
    for k, (year, use) in enumerate(used.items()):
        lines["energy"][:, k] += drawn_energy(use, prices, year, money.drawer)
        lines["carbon"][:, k] += drawn_carbon(use, prices, view, year, money)
        if view.is_private:
            lines["energy_taxes"][:, k] += drawn_taxes(use, prices)
    lines[TOTAL] = np.sum([lines[line] for line in LINES], axis=0)
    return lines


def drawn_energy(use: UseDraws, prices: Prices, year: int, drawer: Drawer) -> Array:
    """Return what energy costs without taxes in all draws: a price is drawn with its tax, the tax stays."""
    free = replace(prices, fuel_per_mj=dict.fromkeys(prices.fuel_per_mj, 0.0), electricity_per_kwh=0.0)
    total = np.zeros(use.co2_t.shape)
    for tank, mj in use.fuel_mj.items():
        untaxed = free.fuel(tank, year)
        total = total + mj * (untaxed + (prices.fuel(tank, year) - untaxed) * fuel_price(drawer, tank))
    for measure, mj in use.premium_mj.items():
        total = total + mj * prices.premium_per_mj.get(measure, 0.0) * fuel_price(drawer, PREMIUM)
    untaxed = free.power(year)
    power = untaxed + (prices.power(year) - untaxed) * drawer.of("prices.electricity")
    return np.asarray(total + use.electricity_kwh * power)


def drawn_taxes(use: UseDraws, prices: Prices) -> Array:
    """Return the taxes on energy in all draws."""
    total = use.electricity_kwh * prices.electricity_tax_per_kwh
    for tank, mj in use.fuel_mj.items():
        total = total + mj * prices.fuel_tax(tank)
    return np.asarray(total)


def drawn_carbon(use: UseDraws, prices: Prices, view: View, year: int, money: MoneyDraws) -> Array:
    """Return what CO2 costs in all draws: its social cost and the CO2 of electricity are drawn, a price paid is not."""
    per_t = carbon_cost(Use(0.0, co2_t=1.0), prices, view, year)
    if view.is_private:
        return np.asarray(use.co2_t * per_t)
    grid_t = use.electricity_kwh * prices.grid_kg_per_kwh(year) / KG_PER_T * money.drawer.of("grid")
    return np.asarray((use.co2_t + grid_t) * per_t * money.carbon)


def _net(programme: Programme, lines: Mapping[str, Array], outlook: Outlook) -> Array:
    """Return the owner's net cash by year: as `economics.cash_flow.cash_flow` has it, debts go with what is to pay."""
    capital = np.sum([lines[line] for line in (*CAPITAL, "purchase_taxes")], axis=0)
    incentives = -lines["incentives"]
    savings = -np.sum([lines[line] for line in (*RUNNING, "energy_taxes")], axis=0)
    per_unit = debt_cash(programme.scenario, programme.years, outlook.section, outlook.prices.base_year)
    return np.asarray(savings + incentives - capital + np.maximum(capital - incentives, 0.0) @ per_unit)


def present(amounts: Array, rate: float, years: range, base_year: int) -> Array:
    """Return the present value of amounts in all draws, shape (draws, years) to (draws,)."""
    return np.asarray(amounts @ discount_factors(rate, years, base_year))


def banded_worth(table: pl.DataFrame, books: Mapping[str, BookDraws], outlook: Outlook, level: float) -> pl.DataFrame:
    """Return ``tables/columns/present_value.csv`` with bands."""
    rows: list[tuple[float, ...]] = []
    for row in table.iter_rows(named=True):
        book = books[row["scenario"]]
        ends: list[float] = []
        for view in outlook.views:
            of = present(book.lines[view.name][row["line"]], view.rate, book.years, outlook.prices.base_year)
            ends += band(of * outlook.shown.per_usd2024, level)
        rows.append(tuple(ends))
    return _beside(table, rows, ("private_low", "private_high", "public_low", "public_high"))


def banded_costs(table: pl.DataFrame, books: Mapping[str, BookDraws], outlook: Outlook, level: float) -> pl.DataFrame:
    """Return ``tables/columns/costs_by_year.csv`` with bands."""
    rows: list[tuple[float, ...]] = []
    for scenario, year, line in table.select("scenario", "year", "line").iter_rows():
        book, shown = books[scenario], outlook.shown.per_usd2024
        of = [book.lines[view][line][:, year - book.years.start] * shown for view in (PRIVATE, PUBLIC)]
        rows.append((*band(of[0], level), *band(of[1], level)))
    return _beside(table, rows, ("private_low", "private_high", "public_low", "public_high"))


def banded_cash(table: pl.DataFrame, books: Mapping[str, BookDraws], outlook: Outlook, level: float) -> pl.DataFrame:
    """Return ``tables/columns/cash_flow.csv`` with bands of the net cash and of its sum."""
    rows: list[tuple[float, ...]] = []
    for scenario, year in table.select("scenario", "year").iter_rows():
        book = books[scenario]
        k, net = year - book.years.start, book.net * outlook.shown.per_usd2024
        rows.append((*band(net[:, k], level), *band(net[:, : k + 1].sum(axis=1), level)))
    return _beside(table, rows, ("net_low", "net_high", "cumulative_low", "cumulative_high"))


def _beside(table: pl.DataFrame, rows: list[tuple[float, ...]], names: tuple[str, ...]) -> pl.DataFrame:
    return table.hstack(pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Float64), orient="row"))
