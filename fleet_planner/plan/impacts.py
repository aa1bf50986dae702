"""What emissions mean beyond the tonnes: the air near roads and who breathes it, the climate."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fleet_planner.plan.base import Positive, Section
from fleet_planner.plan.impacts_benefit import ImpactsBenefit
from fleet_planner.plan.impacts_climate import ImpactsClimate
from fleet_planner.plan.impacts_equity import ImpactsEquity
from fleet_planner.plan.impacts_health import ImpactsHealth
from fleet_planner.plan.impacts_receptors import ImpactsReceptors
from fleet_planner.plan.impacts_upstream import ImpactsUpstream

AirPollutant = Literal["PM2.5", "PM_exhaust", "NOx", "BC", "CO", "SO2", "NH3"]


class ImpactsSection(Section):
    """What emissions do: to the air near roads, asked for by `pollutants`, to the climate and to people."""

    pollutants: list[AirPollutant] = Field(
        default=[], description="primary pollutants that are followed; empty: the air is not computed"
    )
    meteorology: str = Field(
        default="",
        description="CSV of weather (see the data dictionary, meteorology); empty: a made-up example, marked so",
    )
    wind_height_m: Positive = Field(default=10.0, description="height at which the wind speeds were measured")
    calm_m_s: Positive = Field(default=0.5, description="weaker winds are taken to be so strong")
    roughness_m: Annotated[float, Field(gt=0.0, le=1.5)] = Field(
        default=0.5, description="roughness length of the city; towns 0.3 to 1"
    )
    release_height_m: Positive | None = Field(default=None, description="height of the release; empty: packaged, 1.3")
    initial_spread_m: Positive | None = Field(
        default=None, description="vertical spread in the wake of traffic; empty: packaged, 1.2"
    )
    receptor_height_m: Annotated[float, Field(ge=0.0, le=50.0)] = Field(
        default=1.5, description="height at which people breathe"
    )
    reach_m: Annotated[float, Field(ge=100.0, le=10_000.0)] = Field(
        default=2000.0, description="roads farther from a point are left out"
    )
    finest_m: Annotated[float, Field(ge=10.0)] = Field(default=100.0, description="cells of the grid beside busy roads")
    coarsest_m: Annotated[float, Field(ge=10.0)] = Field(default=800.0, description="cells far from busy roads")
    background_ug_m3: dict[str, Annotated[float, Field(ge=0.0)]] = Field(
        default={}, description="by pollutant: what is in the air without the city's traffic"
    )
    ozone_ug_m3: Annotated[float, Field(ge=0.0)] | None = Field(
        default=None, description="annual mean ozone of the background; with it NO2 is told beside NOx"
    )
    buildings: str = Field(
        default="",
        description="buildings with heights, an OpenStreetMap file or a layer of polygons, that tell street canyons; "
        "empty: told by the density of people, marked so",
    )
    canyon_aspect: Positive | None = Field(
        default=None,
        description="height of the buildings over the width between them from which a street is a canyon; empty: "
        "packaged, 0.5",
    )
    monitors: str = Field(
        default="", description="CSV of annual means at monitors (see the data dictionary, monitors), to compare with"
    )
    climate: ImpactsClimate = Field(default=ImpactsClimate(), description="greenhouse gases, budget, neutrality")
    health: ImpactsHealth = Field(default=ImpactsHealth(), description="deaths, years of life, cases and their value")
    equity: ImpactsEquity = Field(default=ImpactsEquity(), description="who breathes what, and who gains")
    benefit: ImpactsBenefit = Field(default=ImpactsBenefit(), description="benefits against costs")
    upstream: ImpactsUpstream = Field(default=ImpactsUpstream(), description="making hydrogen and electricity")
    receptors: ImpactsReceptors = Field(default=ImpactsReceptors(), description="what is brought elsewhere")
