"""Figures that change with the years: interpolated points, and capital that falls with experience."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.economics.money import Price, packaged_levels
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.plan.economics import Learning


@dataclass(frozen=True)
class Curve:
    """Figures by year: linear between two years, held before the first and after the last."""

    points: tuple[tuple[int, float], ...]

    def at(self, year: int) -> float:
        """Return the figure of a year; 0 where there are none at all."""
        if not self.points:
            return 0.0
        years, values = zip(*self.points, strict=True)
        return float(np.interp(year, years, values))

    @property
    def known(self) -> bool:
        """Whether there is any figure."""
        return bool(self.points)


def curve_of(values: Mapping[str, float]) -> Curve:
    """Return the curve of a plan's figures by year."""
    return Curve(tuple(sorted((int(year), value) for year, value in values.items())))


@cache
def _packaged(name: str, column: str = "value") -> Curve:
    """Return a packaged curve in US dollars of 2024."""
    rows = reference_table(name).iter_rows(named=True)
    levels = packaged_levels()
    return Curve(
        tuple(
            (int(r["of_year"]), levels.inside(float(r[column]), Price(r["currency"], r["price_year"]), name))
            for r in rows
        )
    )


def battery_price() -> Curve:
    """Return what a kWh of a vehicle's battery costs by year, US$ 2024."""
    return _packaged("battery_price.csv")


def social_carbon(column: str = "value") -> Curve:
    """Return the social cost of a tonne of CO2 by year of emission, US$ 2024; ``low`` and ``high`` are its range."""
    return _packaged("social_carbon.csv", column)


def wright(per_doubling: float, doublings: float, floor: float = 0.0) -> float:
    """Return the share of its cost that a product keeps after doublings of what was built: (1 - LR)^d (Wright's law).

    Parameters
    ----------
    per_doubling
        The learning rate LR.
    doublings
        Of the cumulative number built.
    floor
        The share is never lower.
    """
    return max(floor, float((1.0 - per_doubling) ** doublings))


def learnt_share(learning: Learning | None, year: int, base_year: int) -> float:
    """Return a measure's capital in a year over that of the base year, as the plan says; 1 where it says nothing.

    Points by year are shares of today's capital: where the plan names no figure for the base year, it is the first's.
    """
    if learning is None:
        return 1.0
    if learning.by_year:
        curve = curve_of(learning.by_year)
        return max(learning.floor, curve.at(max(year, base_year)))
    assert learning.doubling_years is not None
    return wright(learning.per_doubling, max(year - base_year, 0) / learning.doubling_years, learning.floor)


def capital_in(capital: float, battery_kwh: float, learning: Learning | None, year: int, base_year: int) -> float:
    """Return a measure's capital per vehicle in a year.

    Without a curve in the plan the battery's part falls with the price of batteries and the rest stays:
    ``K(y) = K - kWh (p(base) - p(y))``, never below a tenth of K.

    Parameters
    ----------
    capital
        Of the base year, US$ 2024.
    battery_kwh
        Bought with the vehicle; 0 without a battery.
    learning
        The plan's curve of the measure.
    year, base_year
        Of the purchase and of the plan.
    """
    return float(capitals_in(np.array(capital), battery_kwh, learning, year, base_year))


def capitals_in(
    capital: NDArray[np.float64], battery_kwh: float, learning: Learning | None, year: int, base_year: int
) -> NDArray[np.float64]:
    """Return `capital_in` for many figures of one measure's capital, of any shape."""
    if learning is not None:
        return np.asarray(capital * learnt_share(learning, year, base_year))
    if battery_kwh == 0.0:
        return capital
    pack = battery_price()
    fallen = capital - battery_kwh * (pack.at(base_year) - pack.at(year))
    return np.asarray(np.maximum(fallen, np.minimum(0.1 * capital, capital)))


def whole(value: float) -> int:
    """Return a number of years as an integer, at least 1."""
    return max(1, math.ceil(value - 1e-9))
