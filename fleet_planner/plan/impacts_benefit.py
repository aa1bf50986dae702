"""How sure costs are, where they are held against benefits."""

from __future__ import annotations

from pydantic import Field

from fleet_planner.plan.base import Fraction, Section


class ImpactsBenefit(Section):
    """Net present value and benefit-cost ratio; needs routes under `health`."""

    cost_error: Fraction = Field(default=0.25, description="share by which costs may come out lower or higher")
