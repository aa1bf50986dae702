"""Where hydrogen and electricity come from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fleet_planner.plan.base import Fraction, Section

Amount = Annotated[float, Field(ge=0.0)]


class ImpactsUpstream(Section):
    """Making hydrogen and batteries, and what power plants emit."""

    hydrogen: Literal["", "grey", "green", "coal", "by_product", "grid"] = Field(
        default="",
        description="colour of the hydrogen: grey (of gas), green (of wind), coal, by_product, grid (electrolysis with "
        "the city's electricity); empty: the usual of the region",
    )
    thermal_share: Fraction | None = Field(
        default=None, description="share of thermal power in the electricity; empty: packaged by region"
    )
    plant_g_per_kwh: dict[Literal["NOx", "SO2", "PM2.5"], Amount] = Field(
        default={}, description="what thermal plants emit per kWh of theirs; those not named as packaged"
    )
    battery_manufacturing: bool = Field(
        default=False, description="greenhouse gases of making batteries count: when bought, and over their life"
    )
    battery_chemistry: Literal["lfp", "nmc"] = Field(
        default="lfp", description="whose packaged figure counts: lithium iron phosphate or nickel manganese cobalt"
    )
    battery_kg_per_kwh: Amount | None = Field(
        default=None, description="kg CO2e per kWh of capacity; empty: packaged, by chemistry"
    )
