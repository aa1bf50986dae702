"""What things cost and who pays: prices, owning vehicles, incentives, debts, currencies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from fleet_planner.plan.base import Fraction, Positive, Section

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
PriceYear = Annotated[int, Field(ge=1990, le=2060)]


NotNegative = Annotated[float, Field(ge=0.0)]
Rate = Annotated[float, Field(ge=0.0, le=0.5)]
Years = Annotated[int, Field(ge=1, le=60)]
VehicleClass = Literal["car", "van", "motorcycle", "rigid", "articulated", "bus", "coach"]


def _by_year(values: dict[str, float]) -> dict[str, float]:
    if wrong := [y for y in values if not (y.isdecimal() and len(y) == 4)]:
        raise ValueError(f"years are needed as keys (found: {', '.join(wrong)})")
    return values


YearValues = Annotated[dict[str, Positive], AfterValidator(_by_year)]
"""Figures by year; keys of a TOML table are text."""

FractionsByYear = Annotated[dict[str, Fraction], AfterValidator(_by_year)]
CostsByYear = Annotated[dict[str, NotNegative], AfterValidator(_by_year)]


class OwnershipClass(Section):
    """What owning a vehicle of a class costs, US$ 2024; what is not given comes from the packaged table."""

    price: Positive | None = Field(default=None, description="price of a new conventional vehicle without taxes")
    holding_years: Years | None = Field(default=None, description="years that the vehicle is held")
    maintenance_per_km: NotNegative | None = Field(
        default=None, description="maintenance of a conventional one, per km"
    )
    insurance_per_year: NotNegative | None = Field(default=None, description="insurance of a conventional one a year")
    insurance_extra_share: Fraction | None = Field(
        default=None, description="insurance of what a vehicle costs above a conventional one, share of it a year"
    )
    driver_per_h: NotNegative | None = Field(default=None, description="wage and charges of a driver, per hour")
    speed_kmh: Positive | None = Field(default=None, description="mean speed that drivers' hours follow from, km/h")
    battery_kwh: Positive | None = Field(default=None, description="battery of an electric one, kWh")
    battery_life_years: Years | None = Field(default=None, description="life of a battery")
    charger_kw: NotNegative | None = Field(default=None, description="charging power installed per vehicle, kW")
    charger_per_kw: NotNegative | None = Field(default=None, description="price of chargers, per kW")
    charger_life_years: Years | None = Field(default=None, description="life of a charger")
    charger_maintenance_share: Fraction | None = Field(
        default=None, description="upkeep of chargers a year as a share of their price"
    )
    grid_per_kw: NotNegative | None = Field(default=None, description="connection to the grid, per kW")
    grid_life_years: Years | None = Field(default=None, description="life of the connection")


class Incentive(Section):
    """Money that somebody adds to the capital of measures; it ends where the capital is covered."""

    name: str = Field(description="short name")
    measures: list[str] = Field(default=[], description="measures that it is for; empty: all that cost capital")
    streams: list[str] = Field(default=[], description="streams that it is for; empty: all")
    share_of_capital: Fraction = Field(default=0.0, description="share of the capital that is paid")
    per_vehicle_usd: NotNegative = Field(default=0.0, description="fixed amount per vehicle, US$ 2024, beside it")
    max_per_vehicle_usd: Positive | None = Field(default=None, description="cap per vehicle, US$ 2024")
    budget_usd_per_year: NotNegative | None = Field(
        default=None,
        description="most that is paid in a year, US$ 2024; if more is asked, all get the same share of it",
    )
    first_year: PriceYear | None = Field(default=None, description="first year")
    last_year: PriceYear | None = Field(default=None, description="last year")
    phase_out: FractionsByYear = Field(
        default={}, description="share of it that is left by year, such as 2026 = 1.0, 2030 = 0.0; interpolated"
    )

    @model_validator(mode="after")
    def _pays(self) -> Incentive:
        if self.share_of_capital == 0.0 and self.per_vehicle_usd == 0.0:
            raise ValueError("an incentive needs share_of_capital or per_vehicle_usd")
        if self.first_year and self.last_year and self.first_year > self.last_year:
            raise ValueError("first_year must not be after last_year")
        return self


class Debt(Section):
    """A loan, bond or lease that pays a share of the capital of each year."""

    name: str = Field(description="short name")
    kind: Literal["loan", "bond", "lease"] = Field(description="loan, bond or lease")
    scenarios: list[str] = Field(default=[], description="scenarios that it is for; empty: all")
    share: Fraction = Field(default=1.0, description="share of the year's capital after incentives that it pays")
    rate: Rate = Field(description="nominal interest a year: of the loan, coupon of the bond, rate of the lessor")
    years: Years = Field(description="term")
    grace_years: Annotated[int, Field(ge=0, le=30)] = Field(default=0, description="loan: years without repayment")
    repayment: Literal["annuity", "equal_principal"] = Field(default="annuity", description="loan: how it is repaid")
    fee_share: Fraction = Field(default=0.0, description="fee or cost of issue as a share of the amount")
    residual_share: Fraction = Field(default=0.0, description="lease: share of the price that is paid at the end")
    sinking_fund_rate: Rate | None = Field(
        default=None, description="bond: what the deposits of a sinking fund earn; none: no fund"
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Debt:
        of_kind = {"grace_years": "loan", "repayment": "loan", "residual_share": "lease", "sinking_fund_rate": "bond"}
        if wrong := [k for k, kind in of_kind.items() if k in self.model_fields_set and kind != self.kind]:
            raise ValueError(f"{', '.join(wrong)} goes with a {of_kind[wrong[0]]}, not with a {self.kind}")
        if self.grace_years >= self.years:
            raise ValueError("grace_years must be fewer than years")
        return self


class Learning(Section):
    """How the capital cost of a measure falls: by year, or by doublings of what has been built."""

    by_year: YearValues = Field(
        default={}, description="capital as a share of today's by year, such as 2030 = 0.8; interpolated"
    )
    per_doubling: Fraction = Field(default=0.0, description="share by which each doubling of the stock lowers it")
    doubling_years: Positive | None = Field(default=None, description="years in which the stock doubles")
    floor: Fraction = Field(default=0.0, description="share of today's capital that it never falls below")

    @model_validator(mode="after")
    def _one_form(self) -> Learning:
        if bool(self.by_year) == (self.doubling_years is not None):
            raise ValueError("give either by_year, or per_doubling with doubling_years")
        return self


class Charging(Section):
    """The grid behind the chargers of measures."""

    upgrade_lead_years: Annotated[int, Field(ge=0, le=15)] = Field(
        default=2, description="years from the order of a utility's upgrade to its use (own estimate, to be checked)"
    )
    headroom_kw: NotNegative = Field(default=0.0, description="charging power that the grid can serve as it is, kW")
    wait: bool = Field(
        default=False, description="electric vehicles of measures wait for the upgrade; else those ahead of it are told"
    )


class Taxes(Section):
    """Taxes within what owners pay, US$ 2024; they leave the public view. Not given: packaged ones of the country."""

    diesel_usd_per_l: NotNegative | None = Field(default=None, description="tax within the diesel price")
    petrol_usd_per_l: NotNegative | None = Field(default=None, description="tax within the petrol price")
    electricity_usd_per_kwh: NotNegative | None = Field(default=None, description="tax within the electricity price")
    purchase_share: Fraction = Field(default=0.0, description="tax on vehicles and devices over their price")
    electric_purchase_share: Fraction | None = Field(
        default=None, description="the same of electric and fuel-cell vehicles; none: as the others"
    )


class EconomicsSection(Section):
    """Prices; they are in US dollars of 2024, as are the costs of measures."""

    discount_rate: Fraction = Field(default=0.06, description="real discount rate a year")
    diesel_usd_per_l: Positive = Field(default=1.05, description="diesel price, US$ 2024 per litre")
    electricity_usd_per_kwh: Positive = Field(default=0.14, description="electricity price, US$ 2024 per kWh")
    cng_usd_per_kg: Positive = Field(
        default=0.71,
        description="natural gas price, US$ 2024 per kg (US Pacific 2025, 1.824 US$ per gasoline gallon of 2.567 kg)",
    )
    hydrogen_usd_per_kg: Positive = Field(
        default=7.0,
        description="hydrogen price, US$ 2024 per kg (US Pacific 2025, optimistic; retail there reached 36 in 2024)",
    )
    other_fuel_usd_per_kg: dict[Literal["petrol", "lpg", "lng", "biodiesel", "ethanol"], Positive] = Field(
        default={}, description="price of other fuels, US$ 2024 per kg; those not named cost per MJ what diesel does"
    )
    fuel_premium_usd_per_l: dict[str, float] = Field(
        default={
            "b5": 0.03,
            "b10": 0.05,
            "b20": 0.1,
            "b30": 0.14,
            "b50": 0.22,
            "b100": 0.4,
            "rd99": 0.5,
            "gtl": 0.3,
            "emulsion": 0.1,
            "ulsd_10": 0.02,
            "ulsd_50": 0.01,
            "ulsd_10_mee": 0.02,
            "ulsd_50_mee": 0.01,
        },
        description="what a litre of a clean fuel costs above diesel, US$ 2024, by measure",
    )
    currency: Currency = Field(
        default="USD", description="currency in which costs over the years and of ownership are shown"
    )
    price_year: PriceYear = Field(default=2024, description="year of whose prices they are")
    conversion: Literal["exchange_first", "deflate_first"] = Field(
        default="exchange_first",
        description="amounts of another currency and year: first dollars of their year, then US prices; or first "
        "prices of their country, then dollars",
    )
    exchange_rates: dict[Currency, YearValues] = Field(
        default={}, description="units of a currency per US$ by year, before the packaged ones: CLP = { 2026 = 950 }"
    )
    deflators: dict[Currency, YearValues] = Field(
        default={}, description="price index of a currency's country by year, before the packaged ones"
    )
    social_discount_rate: Fraction = Field(
        default=0.03, description="real discount rate a year of the public view; discount_rate is the private one"
    )
    inflation: Rate = Field(default=0.02, description="general inflation, for debts with nominal rates")
    real_price_change_per_year: dict[
        Literal["petrol", "diesel", "lpg", "cng", "lng", "biodiesel", "ethanol", "hydrogen", "electricity"],
        Annotated[float, Field(gt=-0.2, lt=0.2)],
    ] = Field(default={}, description="change of energy prices a year beyond inflation, such as electricity = 0.01")
    carbon_usd_per_t: CostsByYear = Field(
        default={}, description="price that owners pay on top of fuel, US$ 2024 per t CO2 by year; interpolated"
    )
    social_carbon_usd_per_t: CostsByYear = Field(
        default={}, description="cost of CO2 in the public view, US$ 2024 per t by year; empty: US EPA 2023"
    )
    horizon_years: Years = Field(
        default=12, description="years of costs and cash flow where the plan has no [turnover]"
    )
    differences_grid: Literal["marginal", "average"] = Field(
        default="marginal", description="electricity factor of differences between scenarios: long-run marginal or mean"
    )
    marginal_grid_kg_per_kwh: NotNegative | None = Field(
        default=None, description="long-run marginal CO2 of electricity; none: packaged, by region"
    )
    taxes: Taxes = Taxes()
    charging: Charging = Charging()
    ownership: dict[VehicleClass, OwnershipClass] = Field(
        default={}, description="costs of owning by class of vehicle, such as bus = { price = 300000.0 }"
    )
    learning: dict[str, Learning] = Field(default={}, description="how the capital of measures falls, by measure")
    incentive: list[Incentive] = Field(default=[], description="incentives, in the order in which they are paid")
    finance: list[Debt] = Field(default=[], description="loans, bonds and leases")

    @model_validator(mode="after")
    def _debts_pay_no_more_than_all(self) -> EconomicsSection:
        names = {s for debt in self.finance for s in debt.scenarios} | {""}
        for name in names:
            whole = sum(d.share for d in self.finance if not d.scenarios or name in d.scenarios)
            if whole > 1.0 + 1e-9:
                raise ValueError(f"the shares of finance add up to {whole:g} of the capital: lower them to 1 at most")
        return self
