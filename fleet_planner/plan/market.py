"""Carbon markets: cities with caps and curves, how they are linked, prices of credits, small owners."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from fleet_planner.plan.base import Fraction, Section

NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Form = Literal["indirect", "incremental", "restricted", "reciprocal", "direct"]


def _tonnes(values: dict[str, float]) -> dict[str, float]:
    if wrong := [y for y in values if not (y.isdecimal() and len(y) == 4)]:
        raise ValueError(f"years are needed as keys, such as {{ 2030 = 80000.0 }} (found: {', '.join(wrong)})")
    if wrong := [y for y, value in values.items() if not 0.0 <= value < math.inf]:
        raise ValueError(f"the figure of {wrong[0]} must be 0 or more")
    return values


def _percent(value: float) -> float:
    if not 0.0 <= value <= 100.0:
        raise ValueError("a quota is a share of what must be cut: give 0 to 100")
    return value


ByYear = Annotated[dict[str, float], AfterValidator(_tonnes)]
"""Figures of 0 or more by year; between the years they are interpolated, beyond them the nearest is kept."""


class MarketCity(Section):
    """A city with a cap on the CO2 of its fleet."""

    name: str = Field(min_length=1, description="name, as in the table of curves")
    baseline_t: ByYear = Field(min_length=1, description="emission without abatement by year, t")
    cap_kind: Literal["absolute", "intensity", "baseline_and_credit"] = Field(
        default="absolute",
        description="tonnes; tonnes per unit of activity; or credits for what is cut below the baseline",
    )
    cap_t: ByYear = Field(default={}, description="allowance by year, t; of absolute caps")
    intensity_t: NotNegative | None = Field(default=None, description="allowance per unit of activity; of intensity")
    activity: ByYear = Field(default={}, description="activity by year, such as vehicle-km; of intensity")
    credited_share: Fraction = Field(
        default=1.0, description="share of the cut that becomes credits; of baseline_and_credit"
    )
    quota_pct: Annotated[float, AfterValidator(_percent)] = Field(
        default=100.0, description="most that units from elsewhere may cover of what must be cut, %"
    )
    unit_worth_t: Positive = Field(default=1.0, description="exchange rate: tonnes that a unit of this city stands for")
    discount: Fraction = Field(default=0.0, description="share by which units from elsewhere are marked down here")
    accepts: list[str] | None = Field(default=None, description="cities whose units count here; none: of all")
    enters: int | None = Field(default=None, description="year from which the city is linked; none: from the first")
    damage_usd_per_t: NotNegative | None = Field(
        default=None, description="local damage to health that goes with a tonne of CO2 of the fleet, US$ 2024"
    )

    @model_validator(mode="after")
    def _cap_is_complete(self) -> MarketCity:
        if self.cap_kind == "absolute" and not self.cap_t:
            raise ValueError(f"the cap of {self.name} is missing: give cap_t by year")
        if self.cap_kind == "intensity" and (self.intensity_t is None or not self.activity):
            raise ValueError(f"the cap of {self.name} is not complete: give intensity_t and activity by year")
        if self.cap_kind != "baseline_and_credit" and self.credited_share != 1.0:
            raise ValueError(f"credited_share of {self.name} is of baseline_and_credit only: remove it")
        return self


class SmallOwners(Section):
    """Credits of small owners (carbon inclusion): baseline-and-credit with a floor per owner."""

    file: str = Field(default="", description="table of owners: owner, year, baseline_t, actual_t")
    additionality: Fraction = Field(default=1.0, description="share of the cut that would not have come anyway")
    floor_t: NotNegative = Field(default=0.0, description="credits of an owner and year below it are not issued, t")


class Shocks(Section):
    """Shocks to how much is driven, for the swing of prices."""

    draws: Annotated[int, Field(ge=0, le=5000)] = Field(default=0, description="draws; 0: no shocks")
    spread_pct: Annotated[float, Field(gt=0.0, le=100.0)] = Field(
        default=10.0, description="standard deviation of a city's driving, %"
    )
    correlation: Fraction = Field(default=0.0, description="between any two cities")
    year: int | None = Field(default=None, description="year that is shocked; none: the last")
    seed: Annotated[int, Field(ge=0)] = Field(default=1, description="of the draws")

    @model_validator(mode="after")
    def _draws_suffice(self) -> Shocks:
        if self.draws == 1:
            raise ValueError("one draw has no spread: give 2 or more draws")
        return self


class MarketSection(Section):
    """Carbon market of several cities."""

    forms: list[Form] = Field(default=["direct"], min_length=1, description="forms of linking, each cleared")
    from_year: int | None = Field(default=None, description="first year; none: the first of the baselines")
    to_year: int | None = Field(default=None, description="last year; none: the last of the baselines")
    curves: str = Field(default="", description="abatement curves: city, year, avoided_t, usd_per_t")
    own_curve: str = Field(default="", description="abatement_curve.csv of a run of this plan: steps of GHG")
    own_city: str = Field(default="", description="city that own_curve belongs to; empty: city.name")
    full_year: int | None = Field(
        default=None, description="year in which the incremental form is one market; none: the last year"
    )
    ceiling_usd_per_t: Positive | None = Field(
        default=None, description="price at which cities may pay instead, US$ 2024 per t; none: they may not"
    )
    price_path: str = Field(
        default="", description="packaged prices: bj_ets, cn_ets, tokyo, kau, ca_ct or lcfs; none: price_usd_per_t"
    )
    hold_last: bool = Field(default=False, description="keep the last published price in later years")
    price_usd_per_t: ByYear = Field(
        default={}, description="own prices of credits by year, US$ 2024 per t, before those of price_path"
    )
    credits_in_ownership: bool = Field(
        default=False, description="owners pay the price of credits for their CO2, so that every tonne less earns it"
    )
    offsets_t_per_year: NotNegative = Field(
        default=0.0, description="credits of the common supply at the market's price; of the indirect form"
    )
    small_owners: SmallOwners = SmallOwners()
    shocks: Shocks = Shocks()
    city: list[MarketCity] = Field(default_factory=list[MarketCity], description="cities")

    @model_validator(mode="after")
    def _cities_are_known(self) -> MarketSection:
        if doubled := sorted({str(f) for f in self.forms if self.forms.count(f) > 1}):
            raise ValueError(f"market.forms names {doubled[0]} twice: name each form once")
        names = [c.name for c in self.city]
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise ValueError(f"names of market.city must differ: {', '.join(twice)}")
        for city in self.city:
            if wrong := sorted(set(city.accepts or []) - set(names)):
                raise ValueError(
                    f"market.city {city.name} accepts an unknown city {wrong[0]!r}; cities are {', '.join(names)}"
                )
        if self.from_year is not None and self.to_year is not None and self.to_year < self.from_year:
            raise ValueError(f"market.to_year is before from_year, {self.from_year} (found: {self.to_year})")
        return self

    @property
    def has_price(self) -> bool:
        """Whether credits have a price of their own."""
        return bool(self.price_path or self.price_usd_per_t)
