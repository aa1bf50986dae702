"""Is it worth it: net present value and benefit-cost ratio of a scenario, with bands.

Costs are those of the public view without carbon; benefits are harm to health and climate that is avoided. Both are
brought to the base year at the social rate. The band takes low benefits with high costs and the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.finance import discount_factors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMA = {
    "scenario": pl.String,
    "first_year": pl.Int64,
    "last_year": pl.Int64,
    "rate": pl.Float64,
    "costs": pl.Float64,
    "health": pl.Float64,
    "climate": pl.Float64,
    "net_present_value": pl.Float64,
    "net_low": pl.Float64,
    "net_high": pl.Float64,
    "benefit_cost_ratio": pl.Float64,
    "ratio_low": pl.Float64,
    "ratio_high": pl.Float64,
    "verdict": pl.String,
    "unit": pl.String,
    "checked": pl.String,
}
WORTH_IT, NOT_WORTH_IT, OPEN = "worth_it", "not_worth_it", "open"


@dataclass(frozen=True)
class Band:
    """An amount and its range."""

    value: float
    low: float
    high: float

    def plus(self, other: Band) -> Band:
        """Return the sum, low with low and high with high."""
        return Band(self.value + other.value, self.low + other.low, self.high + other.high)


@dataclass(frozen=True)
class Stream:
    """What a scenario costs and spares, by year, in the money that is shown; benefits are positive.

    Parameters
    ----------
    scenario, unit
        Whose, and the currency and year.
    costs
        Of the public view without carbon.
    health, climate
        Harm that is avoided.
    checked
        Whether all figures behind were checked.
    """

    scenario: str
    unit: str
    costs: Mapping[int, float]
    health: Mapping[int, Band]
    climate: Mapping[int, Band]
    checked: bool


def present(amounts: Mapping[int, float], rate: float, base_year: int) -> float:
    """Return the value in the base year of amounts by year."""
    years = list(amounts)
    return float(discount_factors(rate, years, base_year) @ np.array([amounts[y] for y in years]))


def present_band(bands: Mapping[int, Band], rate: float, base_year: int) -> Band:
    """Return the value in the base year of bands by year."""
    ends = [
        present({year: getattr(band, bound) for year, band in bands.items()}, rate, base_year)
        for bound in ("value", "low", "high")
    ]
    return Band(*ends)


def benefit_table(streams: Sequence[Stream], rate: float, base_year: int, cost_error: float) -> pl.DataFrame:
    """Return ``tables/columns/benefits.csv``.

    Parameters
    ----------
    streams
        By scenario.
    rate, base_year
        Social discount rate, 1/year, and the year of the values.
    cost_error
        Share by which costs may be lower or higher.
    """
    return pl.DataFrame([_row(s, rate, base_year, cost_error) for s in streams], schema=SCHEMA, orient="row")


def _row(stream: Stream, rate: float, base_year: int, cost_error: float) -> tuple[object, ...]:
    costs = present(stream.costs, rate, base_year)
    spread = cost_error * abs(costs)
    health, climate = (present_band(b, rate, base_year) for b in (stream.health, stream.climate))
    gain = health.plus(climate)
    low, net, high = gain.low - costs - spread, gain.value - costs, gain.high - costs + spread
    ratios: tuple[float | None, ...] = (None, None, None)
    if costs - spread > 0.0:
        ratios = (gain.value / costs, gain.low / (costs + spread), gain.high / (costs - spread))
    told = WORTH_IT if low > 0.0 else NOT_WORTH_IT if high < 0.0 else OPEN
    span = (min(stream.costs), max(stream.costs))
    return (
        *(stream.scenario, *span, rate, costs, health.value, climate.value, net, low, high),
        *(*ratios, told, stream.unit, "yes" if stream.checked else "no"),
    )
