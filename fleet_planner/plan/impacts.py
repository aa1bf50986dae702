"""What emissions mean beyond the tonnes."""

from __future__ import annotations

from pydantic import Field

from fleet_planner.plan.base import Section
from fleet_planner.plan.impacts_climate import ImpactsClimate


class ImpactsSection(Section):
    """What emissions do to the climate."""

    climate: ImpactsClimate = Field(default=ImpactsClimate(), description="greenhouse gases, budget, neutrality")
