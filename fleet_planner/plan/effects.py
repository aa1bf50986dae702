"""Keys of a measure's entry that say which effects it has, where they are not the table's own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from fleet_planner.plan.base import Section

LARGEST_PCT = 100.0


class EffectKeys(Section):
    """Which end of the published range, or effects of the city's own."""

    effect: Literal["central", "low", "high"] = Field(
        default="central",
        description="end of the published range of the effects: low is the strongest cut, high the weakest",
    )
    effect_pct: dict[str, Annotated[float, Field(strict=True)]] = Field(
        default={},
        description="own effects by pollutant, percent of the exhaust factor, such as { PM_exhaust = -90 }",
    )

    @field_validator("effect_pct")
    @classmethod
    def _possible(cls, given: dict[str, float]) -> dict[str, float]:
        for pollutant, change in given.items():
            if not -LARGEST_PCT <= change <= LARGEST_PCT:
                raise ValueError(
                    f"{pollutant} = {change:g} is not possible: a measure takes away at most -100 (nothing is left) "
                    "and adds at most 100 (twice as much); cuts have a minus sign"
                )
        return given
