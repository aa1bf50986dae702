"""Parts of a plan's carbon market beside its cities: small owners, shocks, leakage."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from fleet_planner.plan.base import Fraction, Section

FIRST_YEAR, LAST_YEAR = 1990, 2150
Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]
NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


def _by_year(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError(f"figures go by year: write {{ 2030 = {value} }}")  # noqa: TRY004  # pydantic tells it
    return value


def _tonnes(values: dict[str, float]) -> dict[str, float]:
    if wrong := [y for y in values if not (y.isdecimal() and FIRST_YEAR <= int(y) <= LAST_YEAR)]:
        raise ValueError(
            f"years of {FIRST_YEAR} to {LAST_YEAR} are needed as keys, such as {{ 2030 = 80000.0 }} "
            f"(found: {', '.join(wrong)})"
        )
    if wrong := [y for y, value in values.items() if not 0.0 <= value < math.inf]:
        raise ValueError(f"the figure of {wrong[0]} must be 0 or more (found: {values[wrong[0]]:g})")
    return values


def percent(value: float) -> float:
    """Refuse what is no share of 0 to 100."""
    if not 0.0 <= value <= 100.0:
        raise ValueError("a quota is a share of what must be cut: give 0 to 100")
    return value


ByYear = Annotated[dict[str, float], BeforeValidator(_by_year), AfterValidator(_tonnes)]
"""Figures of 0 or more by year; between the years they are interpolated, beyond them the nearest is kept."""


class SmallOwners(Section):
    """Credits of small owners (carbon inclusion): baseline-and-credit with a floor per owner."""

    file: str = Field(
        default="", description="table of owners: owner, year, and baseline_t with actual_t, ev_km or scrapped"
    )
    baseline_g_per_km: NotNegative | None = Field(
        default=None, description="CO2 of a km that an electric one takes the place of, g; of the column ev_km"
    )
    actual_g_per_km: NotNegative = Field(
        default=0.0, description="CO2 of a km driven electrically, g; of the column ev_km"
    )
    t_per_scrapped: NotNegative | None = Field(
        default=None, description="CO2 that a scrapped vehicle would still have emitted in the year, t; of scrapped"
    )
    additionality: Fraction = Field(default=1.0, description="share of the cut that would not have come anyway")
    floor_t: NotNegative = Field(default=0.0, description="credits of an owner and year below it are not issued, t")


class Shocks(Section):
    """Shocks to how much is driven, for the swing of prices."""

    draws: Annotated[int, Field(ge=0, le=5000)] = Field(default=0, description="draws; 0: no shocks")
    spread_pct: Annotated[float, Field(gt=0.0, le=100.0)] = Field(
        default=10.0, description="standard deviation of a city's driving, %"
    )
    correlation: Fraction = Field(default=0.0, description="between any two cities")
    year: Year | None = Field(default=None, description="year that is shocked; none: the last")
    seed: Annotated[int, Field(ge=0)] = Field(default=1, description="of the draws")

    @model_validator(mode="after")
    def _draws_suffice(self) -> Shocks:
        if self.draws == 1:
            raise ValueError("one draw has no spread: give 2 or more draws")
        return self


class Leakage(Section):
    """Emissions that move out of a city when its price rises: vehicles registered or refuelled elsewhere."""

    elasticity: Positive | None = Field(
        default=None,
        description="% of movable emissions that leave per % of fuel price; none: that of fuel bought across borders",
    )
    outside_usd_per_t: NotNegative = Field(
        default=0.0, description="carbon price where vehicles may move to, US$ 2024 per t"
    )


class Orders(Section):
    """Orders on an exchange, replayed beside the cleared market."""

    file: str = Field(default="", description="table of orders: order_id, time, city, side, units, limit_usd_per_unit")
    generate: bool = Field(default=False, description="make the orders of the cities' curves, in random sequence")
    form: str = Field(default="", description="form to compare with; empty: direct, or the first of market.forms")
    year: Year | None = Field(default=None, description="year of the orders that are made; none: the last")
    lots: Annotated[int, Field(ge=1, le=100)] = Field(default=4, description="orders that each step is cut into")
    spread_pct: Annotated[float, Field(ge=0.0, le=100.0)] = Field(
        default=0.0, description="how far limits of made orders lie off the cost of the step, standard deviation, %"
    )
    seed: Annotated[int, Field(ge=0)] = Field(default=1, description="of sequence and spread")
