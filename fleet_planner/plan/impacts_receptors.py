"""What the city's emissions do elsewhere, by the coefficients of a model of the air."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fleet_planner.plan.base import Fraction, Section


class ImpactsReceptors(Section):
    """Source-receptor coefficients of the user's own."""

    coefficients: str = Field(
        default="",
        description="CSV of what a tonne a year brings to receptors (see the data dictionary, source_receptor)",
    )
    region: str = Field(default="", description="region of the coefficients; rows without a region hold for all")
    exported_share: dict[Literal["PM2.5", "NOx", "SO2", "NH3", "NMVOC", "BC"], Fraction] = Field(
        default={}, description="share of each pollutant that leaves the city's air for elsewhere; not named: 0"
    )
