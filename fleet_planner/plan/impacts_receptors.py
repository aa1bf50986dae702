"""What the city's emissions do elsewhere, by the coefficients of a model of the air."""

from __future__ import annotations

from pydantic import Field

from fleet_planner.plan.base import Section


class ImpactsReceptors(Section):
    """Source-receptor coefficients of the user's own."""

    coefficients: str = Field(
        default="",
        description="CSV of what a tonne a year brings to receptors (see the data dictionary, source_receptor)",
    )
    region: str = Field(default="", description="region of the coefficients; rows without a region hold for all")
