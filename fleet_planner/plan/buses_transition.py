"""By when which bus is replaced, by what, from which depot: `[buses.transition]`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleet_planner.plan.base import Fraction, Positive, Section
from fleet_planner.plan.economics import CostsByYear, FractionsByYear  # noqa: TC001  # pydantic reads them

NotNegative = Annotated[float, Field(ge=0.0)]
Years = Annotated[int, Field(ge=1, le=40)]
PlanYear = Annotated[int, Field(ge=1990, le=2100)]
Powertrain = Literal["battery", "battery_large", "battery_station", "hydrogen", "diesel_hybrid", "conventional"]


class PowertrainCosts(Section):
    """What a bus of a powertrain costs, US$ 2024; what is not given comes from the packaged table."""

    price: Positive | None = Field(default=None, description="price of a standard bus, without its traction battery")
    battery_kwh: NotNegative | None = Field(default=None, description="traction battery of a standard bus, kWh")
    maintenance_per_km: NotNegative | None = Field(default=None, description="maintenance per km")
    price_change_per_year: Annotated[float, Field(gt=-0.2, lt=0.2)] | None = Field(
        default=None, description="real change of the price without battery a year, such as -0.01"
    )


class TransitionDepot(Section):
    """What the plan knows of a depot."""

    depot_id: str = Field(description="id of the depot, as in blocks and registry")
    name: str = Field(default="", description="name on the report; empty: the id")
    ready_year: PlanYear | None = Field(
        default=None, description="first year with power for electric buses; none: lead_years after the first year"
    )
    lead_years: Annotated[int, Field(ge=0, le=15)] | None = Field(
        default=None, description="years from the order of the connection to its use; none: as for all"
    )
    grid_cap_kw: NotNegative | None = Field(default=None, description="most power that the grid gives the depot, kW")
    site_cost_usd: NotNegative | None = Field(
        default=None, description="connection, transformer and works, US$ 2024; none: packaged figures"
    )
    weight: NotNegative = Field(default=1.0, description="weight of the depot's emissions, such as people beside it")
    utility: str = Field(default="", description="who supplies its power, for the forms")
    address: str = Field(default="", description="for the forms")


class TransitionSection(Section):
    """The replacement of buses, vehicle by vehicle, to a target year."""

    blocks: str = Field(
        default="", description="CSV of blocks and what they need; empty: those of the timetable of [buses]"
    )
    streams: list[str] = Field(default=["urban_bus"], description="streams of the registry that drive the blocks")
    from_year: PlanYear | None = Field(default=None, description="first year of purchases; none: after the base year")
    to_year: PlanYear = Field(default=2040, description="year by which the target share is zero-emission")
    target_share: Fraction = Field(default=1.0, description="share of the fleet that is zero-emission by to_year")
    objective: Literal["cost", "emissions"] = Field(
        default="cost", description="least discounted cost, or emissions removed earliest where their weight is most"
    )
    pollutant: Literal["damage", "NOx", "PM_exhaust", "CO2"] = Field(
        default="damage", description="what is removed earliest; damage: of all, US$ at the city's values per tonne"
    )
    order: Literal["oldest", "dirtiest"] = Field(
        default="oldest", description="which buses of a depot and size go first, among those that may go"
    )
    powertrains: list[Powertrain] = Field(
        default=["battery", "battery_large", "battery_station", "hydrogen", "diesel_hybrid", "conventional"],
        description="powertrains that may be bought",
    )
    last_combustion_year: PlanYear | None = Field(
        default=None, description="last year in which a bus with an engine may be bought; none: any"
    )
    purchase_rules: list[str] = Field(
        default=[], description="packaged rules on the share of purchases, such as ict_large; empty: those in force"
    )
    purchase_share: FractionsByYear = Field(
        default={},
        description="own least share of zero-emission buses bought by year; a step holds until the next",
    )
    spare_ratio_min: Fraction = Field(
        default=0.1, description="least spare buses over those in service, by depot and size (own default)"
    )
    spare_ratio_max: Fraction = Field(
        default=0.2, description="most spare buses over those in service, whole operator (US federal policy)"
    )
    spare_rule_from_buses: Annotated[int, Field(ge=0)] = Field(
        default=50, description="buses in service from which spare_ratio_max holds (US federal policy)"
    )
    minimum_life_years: Years = Field(default=12, description="least years in service (US federal: large heavy-duty)")
    minimum_life_km: Positive = Field(
        default=804672.0, description="or so many km, whichever comes first (US federal: 500,000 miles)"
    )
    early_retirement: Literal["forbidden", "allowed"] = Field(
        default="forbidden", description="whether buses may go before the minimum life; their remaining value is lost"
    )
    funded: str = Field(
        default="",
        description="CSV of vehicle_id, funded_until: buses that funding keeps until a year",
    )
    maximum_life_years: Years = Field(default=18, description="age by which a bus of today is replaced (own default)")
    overdue_years: Years = Field(
        default=3, description="years in which buses older than that today are replaced (own default)"
    )
    new_life_years: Years = Field(default=14, description="years that a new bus runs")
    capital_budget_usd_per_year: NotNegative | None = Field(
        default=None, description="capital that may be spent a year, US$ 2024; none: no limit"
    )
    capital_budget_by_year: CostsByYear = Field(default={}, description="the same by year; a step holds until the next")
    supply_per_year: dict[Powertrain, NotNegative] = Field(
        default={}, description="buses a year that makers can deliver, by powertrain"
    )
    lead_years: Annotated[int, Field(ge=0, le=15)] | None = Field(
        default=None, description="years until a depot is energised; none: economics.charging.upgrade_lead_years"
    )
    buses_per_charger: Positive = Field(default=2.0, description="electric buses on one depot charger")
    blocks_per_station_charger: Positive = Field(
        default=8.0, description="blocks on one charger of a station on the way, where no simulation says (own default)"
    )
    charger_kw: Positive = Field(default=100.0, description="power of a depot charger, kW")
    charging_window_h: Annotated[float, Field(gt=0.0, le=24.0)] = Field(
        default=8.0, description="hours over which a depot spreads the night's charging; sets its peak"
    )
    demand_charge_usd_per_kw_month: NotNegative | None = Field(
        default=None, description="price of the monthly peak, US$ 2024 per kW; none: packaged"
    )
    service_days: Annotated[float, Field(gt=0.0, le=366.0)] = Field(
        default=300.0, description="days a year that a block of the table of blocks runs, where it does not say"
    )
    extra_hours_per_split: NotNegative = Field(
        default=1.0, description="driver's hours a day that each extra bus of a split block adds (own default)"
    )
    hydrogen_range_km: Positive = Field(default=450.0, description="longest block of a hydrogen bus (own default)")
    route_weight: dict[str, NotNegative] = Field(
        default={}, description="weight of emissions on a route, such as people along it; 1 where not named"
    )
    workforce_per_bus: dict[Literal["mechanics", "operators"], NotNegative] = Field(
        default={"mechanics": 0.25, "operators": 2.0},
        description="staff per bus, for the count of those to be trained (own default)",
    )
    costs: dict[Powertrain, PowertrainCosts] = Field(default={}, description="costs by powertrain")
    depot: list[TransitionDepot] = Field(default_factory=list[TransitionDepot], description="what is known of depots")
    compare_charging: bool = Field(
        default=False, description="also solve with chargers at depots only and on the way only; objective cost"
    )
    time_limit_s: Positive = Field(default=60.0, description="seconds for the integer solve")
    gap: Positive = Field(default=2e-3, description="gap to the proved bound at which the solve may stop")

    @model_validator(mode="after")
    def _fits(self) -> TransitionSection:
        if self.from_year is not None and self.to_year < self.from_year:
            raise ValueError(f"to_year is before from_year, {self.from_year} (found: {self.to_year})")
        if self.compare_charging and self.objective != "cost":
            raise ValueError('compare_charging compares costs: set objective = "cost"')
        if self.spare_ratio_max < self.spare_ratio_min:
            raise ValueError("spare_ratio_max is below spare_ratio_min")
        if self.maximum_life_years < self.minimum_life_years:
            raise ValueError("maximum_life_years is below minimum_life_years")
        if not self.powertrains:
            raise ValueError("powertrains is empty: name at least one that may be bought")
        ids = [d.depot_id for d in self.depot]
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise ValueError(f"buses.transition.depot names {twice[0]} twice: name each depot once")
        return self
