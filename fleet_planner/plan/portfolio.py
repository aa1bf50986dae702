"""What the least-cost mix may use and has to reach."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleet_planner.plan.base import Fraction, Positive, Section
from fleet_planner.plan.economics import VehicleClass  # noqa: TC001  # pydantic reads the annotation

NotNegative = Annotated[float, Field(ge=0.0)]
Headroom = Literal["low", "central", "high"]


class Future(Section):
    """A way in which the future may differ from the plan; mixes are judged under each of them."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,30}$", description="short name, used in tables")
    title: str = Field(default="", description="title on the report; empty: the name")
    title_zh: str = Field(default="", description="title in Chinese")
    electric_capex_factor: Positive = Field(default=1.0, description="capital of electric vehicles against the plan's")
    electricity_price_factor: Positive = Field(default=1.0, description="price of electricity against the plan's")
    fuel_price_factor: Positive = Field(default=1.0, description="prices of fuels against the plan's")
    grid_factor: NotNegative = Field(default=1.0, description="CO2 of electricity against the plan's")
    effect_factor: Positive = Field(default=1.0, description="what measures avoid against the plan's")
    battery_price_factor: NotNegative = Field(default=1.0, description="price of batteries against the packaged path")
    grid_factor_by_year: dict[str, NotNegative] = Field(
        default={}, description="CO2 of electricity against the plan's by year, such as 2030 = 0.7; interpolated"
    )
    grid_delay_years: Annotated[int, Field(ge=-5, le=15)] = Field(
        default=0, description="years that new connections of sites come later than planned; below 0: earlier"
    )
    headroom: Headroom | None = Field(default=None, description="scenario of the sites' headroom; none: the plan's")
    range_factor: Positive = Field(default=1.0, description="range of electric vehicles against portfolio.range_km")
    visiting_factor: NotNegative = Field(
        default=1.0, description="emission of visiting vehicles after the base year against the plan's"
    )
    rules: dict[str, bool] = Field(
        default={}, description="rules on sales switched on or off against those of [turnover], such as act = true"
    )
    zero_emission_share: dict[str, dict[str, Fraction]] | None = Field(
        default=None, description="as that of [turnover], in its place; {}: no such sales are asked for"
    )

    @property
    def changes_sales(self) -> bool:
        """Whether other vehicles are sold than in the plan."""
        return bool(self.rules) or self.zero_emission_share is not None

    @model_validator(mode="after")
    def _years_are_years(self) -> Future:
        if wrong := [y for y in self.grid_factor_by_year if not (y.isdecimal() and len(y) == 4)]:
            raise ValueError(f"grid_factor_by_year needs years as keys (found: {', '.join(wrong)})")
        return self


class PortfolioSites(Section):
    """Depots, chargers and the grid behind them as limits of the mix."""

    file: str = Field(default="", description="table of sites (site_capacity.csv of the data dictionary)")
    headroom: Headroom = Field(default="central", description="scenario of what the grid can give: low, central, high")
    unknown_headroom_kw: dict[Headroom, NotNegative] = Field(
        default={"low": 0.0, "central": 100.0, "high": 400.0},
        description="headroom of a site of which nothing is known, by scenario, kW (own estimate, to be checked)",
    )
    charging_hours: Annotated[float, Field(gt=0.0, le=24.0)] = Field(
        default=8.0, description="hours of a day in which the vehicles of a site charge (own estimate, to be checked)"
    )

    @model_validator(mode="after")
    def _headroom_grows(self) -> PortfolioSites:
        kw = [self.unknown_headroom_kw.get(s) for s in ("low", "central", "high")]
        if any(v is None for v in kw) or kw != sorted(kw, key=lambda v: v or 0.0):
            raise ValueError("unknown_headroom_kw needs low, central and high, none below the one before")
        return self


class WeightedTarget(Section):
    """A cut of emissions times the weights of the places where they arise: exposure, damage."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,30}$", description="short name, used in tables")
    title: str = Field(default="", description="title on the report; empty: the name")
    title_zh: str = Field(default="", description="title in Chinese")
    pollutants: list[str] = Field(default=[], description="pollutants of the weights that count; empty: all")
    cut_pct: Annotated[float, Field(gt=0.0, le=100.0)] = Field(description="cut against the plan's year, %")
    year: int = Field(description="year by which it is reached")


class PortfolioSection(Section):
    """The least-cost mix of measures by group of vehicles and year."""

    to_year: int | None = Field(
        default=None, description="last year; none: that of the turnover, else of the last target"
    )
    objective: Literal["cost", "benefit"] = Field(
        default="cost", description="least cost under the targets, or most net benefit under the budget"
    )
    measures: list[str] = Field(default=[], description="measures that may be used; empty: those that are compared")
    budget_usd_per_year: NotNegative | None = Field(
        default=None, description="capital that may be spent a year, US$ 2024"
    )
    supply_per_year: dict[str, NotNegative] = Field(
        default={}, description="vehicles a year by measure that makers and workshops can deliver"
    )
    weights: str = Field(
        default="", description="what a kg does where it is emitted (emission_weights.csv of the data dictionary)"
    )
    weights_unit: str = Field(default="people·µg/m3", description="unit of a weight times kg")
    weights_in_usd: bool = Field(
        default=False, description="weights are US$ of 2024 per kg, and count as damage where benefit is sought"
    )
    weighted_target: list[WeightedTarget] = Field(default=[], description="targets on the weighted sum")
    range_km: dict[VehicleClass, Positive] = Field(
        default={}, description="range of electric vehicles by class, such as bus = 250.0: longer days stay diesel"
    )
    sites: PortfolioSites = PortfolioSites()
    time_limit_s: Positive = Field(default=60.0, description="seconds for the integer solve")
    gap: Positive = Field(default=1e-4, description="gap to the proved bound at which the solve may stop")
    front: str = Field(default="", description="target whose cut is varied for the front of cost against tonnes")
    front_points: Annotated[int, Field(ge=3, le=200)] = Field(default=11, description="points of the front")
    probability: Fraction = Field(
        default=0.0, description="probability with which the targets are to be met; 0: on central figures"
    )
    samples: Annotated[int, Field(ge=20, le=5000)] = Field(default=400, description="draws behind the probability")
    seed: int = Field(default=1, description="of the draws")
    future: list[Future] = Field(default=[], description="other futures under which mixes are judged (regret)")

    @model_validator(mode="after")
    def _names_differ(self) -> PortfolioSection:
        names = ["plan", *(f.name for f in self.future)]
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise ValueError(f"names of futures must differ, and 'plan' is taken: {', '.join(twice)}")
        if self.weighted_target and not self.weights:
            raise ValueError("a weighted_target needs weights: name their table in portfolio.weights")
        if not self.range_km and (short := [f.name for f in self.future if f.range_factor != 1.0]):
            raise ValueError(f"range_factor of {short[0]} needs portfolio.range_km, the range that it changes")
        if not self.sites.file and (idle := [f.name for f in self.future if f.grid_delay_years or f.headroom]):
            raise ValueError(f"grid_delay_years and headroom of {idle[0]} need portfolio.sites.file")
        if self.probability >= 1.0:
            raise ValueError("a probability of 1 cannot be promised: name one below 1, such as 0.9")
        return self
