"""What things cost and who pays: prices, currencies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from fleet_planner.plan.base import Fraction, Positive, Section

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
PriceYear = Annotated[int, Field(ge=1990, le=2060)]


def _by_year(values: dict[str, float]) -> dict[str, float]:
    if wrong := [y for y in values if not (y.isdecimal() and len(y) == 4)]:
        raise ValueError(f"years are needed as keys (found: {', '.join(wrong)})")
    return values


YearValues = Annotated[dict[str, Positive], AfterValidator(_by_year)]
"""Figures by year; keys of a TOML table are text."""


class EconomicsSection(Section):
    """Prices; they are in US dollars of 2024, as are the costs of measures."""

    discount_rate: Fraction = Field(default=0.06, description="real discount rate a year")
    diesel_usd_per_l: Positive = Field(default=1.05, description="diesel price, US$ 2024 per litre")
    electricity_usd_per_kwh: Positive = Field(default=0.14, description="electricity price, US$ 2024 per kWh")
    cng_usd_per_kg: Positive = Field(
        default=0.71,
        description="natural gas price, US$ 2024 per kg (US Pacific 2025, 1.824 US$ per gasoline gallon of 2.567 kg)",
    )
    hydrogen_usd_per_kg: Positive = Field(
        default=7.0,
        description="hydrogen price, US$ 2024 per kg (US Pacific 2025, optimistic; retail there reached 36 in 2024)",
    )
    other_fuel_usd_per_kg: dict[Literal["petrol", "lpg", "lng", "biodiesel", "ethanol"], Positive] = Field(
        default={}, description="price of other fuels, US$ 2024 per kg; those not named cost per MJ what diesel does"
    )
    fuel_premium_usd_per_l: dict[str, float] = Field(
        default={
            "b5": 0.03,
            "b10": 0.05,
            "b20": 0.1,
            "b30": 0.14,
            "b50": 0.22,
            "b100": 0.4,
            "rd99": 0.5,
            "gtl": 0.3,
            "emulsion": 0.1,
            "ulsd_10": 0.02,
            "ulsd_50": 0.01,
            "ulsd_10_mee": 0.02,
            "ulsd_50_mee": 0.01,
        },
        description="what a litre of a clean fuel costs above diesel, US$ 2024, by measure",
    )
    currency: Currency = Field(
        default="USD", description="currency in which costs over the years and of ownership are shown"
    )
    price_year: PriceYear = Field(default=2024, description="year of whose prices they are")
    conversion: Literal["exchange_first", "deflate_first"] = Field(
        default="exchange_first",
        description="amounts of another currency and year: first dollars of their year, then US prices; or first "
        "prices of their country, then dollars",
    )
    exchange_rates: dict[Currency, YearValues] = Field(
        default={}, description="units of a currency per US$ by year, before the packaged ones: CLP = { 2026 = 950 }"
    )
    deflators: dict[Currency, YearValues] = Field(
        default={}, description="price index of a currency's country by year, before the packaged ones"
    )
