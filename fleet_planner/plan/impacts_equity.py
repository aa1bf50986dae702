"""By what people are ranked, to tell who breathes what and who gains."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fleet_planner.plan.base import Section


class ImpactsEquity(Section):
    """Exposure by how well off people are; needs `pollutants` and zones."""

    column: str = Field(
        default="", description="column of the zones with an income or an index of disadvantage; empty: not told"
    )
    worse_off: Literal["low", "high"] = Field(
        default="low", description="low: who has less of it is worse off, as of income; high: an index of disadvantage"
    )
