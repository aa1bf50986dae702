"""Where chargers go."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleet_planner.plan.base import Fraction, Positive, Section

NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Model = Literal["maximal_covering", "set_covering", "p_median", "p_centre"]
Level = Literal["low", "central", "high"]


class ChargersSection(Section):
    """Sites of chargers for the electric fleet."""

    demand: str = Field(default="", description="table of energy asked for: demand_id, lon, lat, kwh_per_day, ...")
    candidates: str = Field(default="", description="table of sites that may be built: site_id, lon, lat, ...")
    years: list[Annotated[int, Field(ge=1990, le=2150)]] = Field(
        default=[], description="years that are planned; none: the years of the demand, else city.year"
    )
    cut_off_km: Positive = Field(default=5.0, description="longest way by road from demand to a site")
    diagnostics: list[Model] = Field(
        default=["maximal_covering", "p_median"], description="coverage and median models shown beside the plan"
    )
    sites: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="number of sites of the diagnostics; none: a tenth of the candidates"
    )
    far_factor: Annotated[float, Field(ge=1.0)] = Field(
        default=2.0, description="demand that no open site reaches counts this many cut-offs in the p-median"
    )
    seconds: NotNegative = Field(default=60.0, description="time limit of the solver for each model")
    gap: Fraction = Field(default=0.0, description="relative gap at which the solver stops")

    @model_validator(mode="after")
    def _years_rise(self) -> ChargersSection:
        if self.years != sorted(set(self.years)):
            raise ValueError("chargers.years must rise, each year once")
        if len(set(self.diagnostics)) < len(self.diagnostics):
            raise ValueError("chargers.diagnostics names a model twice: name each once")
        return self
