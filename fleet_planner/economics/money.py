"""Currencies: exchange rates and price indices by year, and amounts from one into another."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.plan.economics import EconomicsSection

DOLLAR = "USD"
INSIDE_YEAR = 2024
"""All figures inside are US dollars of this year."""


@dataclass(frozen=True, order=True)
class Price:
    """A currency at the prices of a year."""

    currency: str
    year: int


INSIDE = Price(DOLLAR, INSIDE_YEAR)


@dataclass(frozen=True)
class Levels:
    """Exchange rates and price indices.

    Parameters
    ----------
    per_usd
        Units of a currency per US dollar, mean of a year, by currency and year.
    deflator
        Price index of a currency's country, by currency and year.
    unchecked
        Which of them were not read in a source: ``rate`` or ``deflator``, currency, year.
    """

    per_usd: Mapping[Price, float]
    deflator: Mapping[Price, float]
    unchecked: frozenset[tuple[str, Price]] = field(default_factory=frozenset)

    def rate(self, price: Price, key: str) -> float:
        """Return units per US dollar; ``key`` is the plan's that asks for them.

        Raises
        ------
        PlanError
            The currency or the year is unknown.
        """
        return 1.0 if price.currency == DOLLAR else self._found(self.per_usd, price, "exchange rate", key)

    def index(self, price: Price, key: str) -> float:
        """Return the price index; ``key`` is the plan's that asks for it.

        Raises
        ------
        PlanError
            The currency or the year is unknown.
        """
        return self._found(self.deflator, price, "deflator", key)

    def _found(self, table: Mapping[Price, float], price: Price, what: str, key: str) -> float:
        if price in table:
            return table[price]
        years = sorted(p.year for p in table if p.currency == price.currency)
        where = "economics.exchange_rates" if what == "exchange rate" else "economics.deflators"
        if not years:
            known = {p.currency for p in table} | {DOLLAR}
            raise PlanError(
                f"no {what} is known for the currency {price.currency}",
                f"{use_one_of(price.currency, known)} Or give {where}.{price.currency} by year.",
                column=key,
                value=price.currency,
            )
        raise PlanError(
            f"no {what} of {price.currency} is known for {price.year}",
            f"Use a year of {years[0]}..{years[-1]}, or give {where}.{price.currency}.{price.year}.",
            column=key,
            value=price.year,
        )

    def factor(self, given: Price, wanted: Price, key: str, *, deflate_first: bool = False) -> float:
        """Return what 1 of a currency and year is in another.

        Parameters
        ----------
        given, wanted
            From and to.
        key
            The plan's key that asks for it, for the message.
        deflate_first
            Move to the wanted year with the prices of the given currency's country, then exchange; else exchange in
            the given year, then move with the prices of the United States.

        Raises
        ------
        PlanError
            A currency or year is unknown.
        """
        if given.currency == wanted.currency and given.year == wanted.year:
            return 1.0
        carried = given.currency if deflate_first else DOLLAR
        risen = 1.0
        if given.year != wanted.year:
            risen = self.index(Price(carried, wanted.year), key) / self.index(Price(carried, given.year), key)
        bought = Price(given.currency, wanted.year if deflate_first else given.year)
        return risen * self.rate(wanted, key) / self.rate(bought, key)

    def inside(self, amount: float, given: Price, key: str, *, deflate_first: bool = False) -> float:
        """Return an amount in US dollars of 2024."""
        return amount * self.factor(given, INSIDE, key, deflate_first=deflate_first)


@cache
def packaged_levels() -> Levels:
    """Return the packaged exchange rates and price indices."""
    tables: dict[str, dict[Price, float]] = {"rate": {}, "deflator": {}}
    unchecked = set()
    for row in reference_table("price_levels.csv").iter_rows(named=True):
        kind, price = row["kind"], Price(row["currency"], row["year"])
        tables[kind][price] = float(row["value"])
        if row["checked"] == "no":
            unchecked.add((kind, price))
    return Levels(tables["rate"], tables["deflator"], frozenset(unchecked))


def levels_of(section: EconomicsSection) -> Levels:
    """Return the packaged levels with those of a plan before them."""
    packaged = packaged_levels()
    rates = {Price(c, int(y)): v for c, values in section.exchange_rates.items() for y, v in values.items()}
    indices = {Price(c, int(y)): v for c, values in section.deflators.items() for y, v in values.items()}
    whole = {p.currency for p in indices}
    # an index has a base of its own: the plan's takes the place of the packaged one whole
    kept = {p: v for p, v in packaged.deflator.items() if p.currency not in whole}
    given = {("rate", p) for p in rates} | {(kind, p) for kind, p in packaged.unchecked if p.currency in whole}
    return Levels({**packaged.per_usd, **rates}, {**kept, **indices}, packaged.unchecked - given)


@dataclass(frozen=True)
class Shown:
    """The currency and year in which costs are shown, and what a US dollar of 2024 is in it."""

    price: Price
    per_usd2024: float

    @property
    def unit(self) -> str:
        """Return such as ``CNY 2023``."""
        return f"{self.price.currency} {self.price.year}"


def shown_in(section: EconomicsSection) -> Shown:
    """Return in what costs are shown.

    Raises
    ------
    PlanError
        The currency or year has no rate or index.
    """
    wanted = Price(section.currency, section.price_year)
    levels = levels_of(section)
    levels_needed = "economics.currency" if not _known(levels, section.currency) else "economics.price_year"
    return Shown(wanted, levels.factor(INSIDE, wanted, levels_needed))


def _known(levels: Levels, currency: str) -> bool:
    return currency == DOLLAR or any(p.currency == currency for p in levels.per_usd)


def usd2024(amount: float, currency: str, year: int) -> float:
    """Convert an amount of a currency and year to US dollars of 2024, by exchange rate, then US prices.

    Raises
    ------
    PlanError
        The year or currency has no row in ``price_levels.csv``.
    """
    return packaged_levels().inside(amount, Price(currency, year), "economics.exchange_rates")
