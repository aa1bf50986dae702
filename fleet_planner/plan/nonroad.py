"""Diesel machines beside the road fleet."""

from __future__ import annotations

from pydantic import Field

from fleet_planner.plan.base import Fraction, Section


class NonRoadSection(Section):
    """Machines of construction, port and airport that work at a site."""

    file: str = Field(
        default="", description="CSV of machines (see the data dictionary, machines); empty: none are counted"
    )
    country: str = Field(
        default="",
        description="whose dates hold for machines without a stage (EU, US, CN); empty: the city's country",
    )
    load_adjustment: bool = Field(
        default=True, description="low and high loads change the factors of engines up to Stage IIIA"
    )
    ageing: bool = Field(default=True, description="factors rise with the hours run")
    max_rejected_share: Fraction = Field(default=0.01, description="stop when more of the rows than this are wrong")
