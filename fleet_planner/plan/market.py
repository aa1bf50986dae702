"""Carbon markets: cities with caps and curves, how they are linked, prices of credits, small owners."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from fleet_planner.plan.base import Fraction, Section
from fleet_planner.plan.market_parts import (
    ByYear,
    Leakage,
    NotNegative,
    Orders,
    Positive,
    Shocks,
    SmallOwners,
    Year,
    percent,
)

UnitKind = Literal["allowance", "credit"]
Form = Literal["indirect", "incremental", "restricted", "reciprocal", "direct"]


class MarketCity(Section):
    """A city with a cap on the CO2 of its fleet."""

    name: str = Field(min_length=1, description="name, as in the table of curves")
    name_zh: str = Field(default="", description="Chinese name for the page; empty: name")
    price_path: str = Field(
        default="", description="packaged prices of the city's own market, shown beside the cleared ones; none: no"
    )
    curve: str = Field(
        default="", description="abatement_curve.csv of a run of this city; takes the place of market.curves"
    )
    baseline_t: ByYear = Field(min_length=1, description="emission without abatement by year, t")
    cap_kind: Literal["absolute", "intensity", "baseline_and_credit"] = Field(
        default="absolute",
        description="tonnes; tonnes per unit of activity; or credits for what is cut below the baseline",
    )
    cap_t: ByYear = Field(default={}, description="allowance by year, t; of absolute caps")
    intensity_t: NotNegative | None = Field(default=None, description="allowance per unit of activity; of intensity")
    activity: ByYear = Field(default={}, description="activity by year, such as vehicle-km; of intensity")
    credited_share: Fraction | None = Field(
        default=None,
        description="share of the cut that becomes credits, of baseline_and_credit; none: by uncertainty_pct",
    )
    uncertainty_pct: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = Field(
        default=100.0,
        description="how far the cut may be off, %; sets the conservative share of credits where none is given",
    )
    quota_pct: Annotated[float, AfterValidator(percent)] = Field(
        default=100.0, description="most that units from elsewhere may cover of what must be cut, %"
    )
    unit_worth_t: Positive = Field(default=1.0, description="exchange rate: tonnes that a unit of this city stands for")
    discount: Fraction = Field(default=0.0, description="share by which units from elsewhere are marked down here")
    accepts: list[str] | None = Field(default=None, description="cities whose units count here; none: of all")
    enters: Year | None = Field(default=None, description="year from which the city is linked; none: from the first")
    accepts_kinds: list[UnitKind] | None = Field(
        default=None,
        description="kinds of units that count here: allowance (of a cap), credit (below a baseline); none: both",
    )
    damage_usd_per_t: NotNegative | None = Field(
        default=None, description="local damage to health that goes with a tonne of CO2 of the fleet, US$ 2024"
    )
    non_local_pct: Annotated[float, AfterValidator(percent)] | None = Field(
        default=None,
        description="share of the emission by vehicles that may be registered or refuelled elsewhere, %; "
        "none: leakage is not reckoned",
    )
    non_local_source: str = Field(default="", description="where non_local_pct comes from; empty: marked as assumed")
    lon: Annotated[float, Field(ge=-180.0, le=180.0)] | None = Field(
        default=None, description="longitude of the city, degrees; with lat puts it on the map"
    )
    lat: Annotated[float, Field(ge=-90.0, le=90.0)] | None = Field(default=None, description="latitude, degrees")
    area: str = Field(default="", description="GIS file of the city's area (polygons); draws it on the map")

    @model_validator(mode="after")
    def _cap_is_complete(self) -> MarketCity:
        if self.cap_kind == "absolute" and not self.cap_t:
            raise ValueError(f"the cap of {self.name} is missing: give cap_t by year")
        if self.cap_kind == "intensity" and (self.intensity_t is None or not self.activity):
            raise ValueError(f"the cap of {self.name} is not complete: give intensity_t and activity by year")
        if (self.lon is None) != (self.lat is None):
            raise ValueError(f"the place of {self.name} is not complete: give lon and lat, or neither")
        if self.cap_kind != "baseline_and_credit" and self.credited_share is not None:
            raise ValueError(f"credited_share of {self.name} is of baseline_and_credit only: remove it")
        return self


class MarketSection(Section):
    """Carbon market of several cities."""

    forms: list[Form] = Field(default=["direct"], min_length=1, description="forms of linking, each cleared")
    from_year: Year | None = Field(default=None, description="first year; none: the first of the baselines")
    to_year: Year | None = Field(default=None, description="last year; none: the last of the baselines")
    curves: str = Field(default="", description="abatement curves: city, year, avoided_t, usd_per_t")
    own_curve: str = Field(default="", description="abatement_curve.csv of a run of this plan: steps of GHG")
    own_city: str = Field(default="", description="city that own_curve belongs to; empty: city.name")
    full_year: Year | None = Field(
        default=None, description="year in which the incremental form is one market; none: the last year"
    )
    ceiling_usd_per_t: Positive | None = Field(
        default=None, description="price at which cities may pay instead, US$ 2024 per t; none: they may not"
    )
    floor_usd_per_t: NotNegative | None = Field(
        default=None, description="price at which the authority takes units off the market, US$ 2024 per t; none: no"
    )
    corresponding_adjustment: bool = Field(
        default=True, description="units sold abroad are added back to the seller's reported emission, once"
    )
    price_path: str = Field(
        default="", description="packaged prices: bj_ets, cn_ets, tokyo, kau, ca_ct or lcfs; none: price_usd_per_t"
    )
    hold_last: bool = Field(default=False, description="keep the last published price in later years")
    forward_pct: Annotated[float, Field(gt=-20.0, lt=20.0)] | None = Field(
        default=None,
        description="let the last published price grow by so much a year beyond inflation, %, as forward contracts do; "
        "none: no",
    )
    price_usd_per_t: ByYear = Field(
        default={}, description="own prices of credits by year, US$ 2024 per t, before those of price_path"
    )
    credits_in_ownership: bool = Field(
        default=False, description="owners pay the price of credits for their CO2, so that every tonne less earns it"
    )
    offsets_t_per_year: NotNegative = Field(
        default=0.0, description="credits of the common supply at the market's price; of the indirect form"
    )
    small_owners: SmallOwners = SmallOwners()
    shocks: Shocks = Shocks()
    leakage: Leakage = Leakage()
    orders: Orders = Orders()
    city: list[MarketCity] = Field(default_factory=list[MarketCity], description="cities")

    @model_validator(mode="after")
    def _cities_are_known(self) -> MarketSection:
        if doubled := sorted({str(f) for f in self.forms if self.forms.count(f) > 1}):
            raise ValueError(f"market.forms names {doubled[0]} twice: name each form once")
        names = [c.name for c in self.city]
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise ValueError(f"names of market.city must differ: rename one of {', '.join(twice)}")
        for city in self.city:
            if wrong := sorted(set(city.accepts or []) - set(names)):
                raise ValueError(
                    f"market.city {city.name} accepts an unknown city {wrong[0]!r}; cities are {', '.join(names)}"
                )
        if self.hold_last and self.forward_pct is not None:
            raise ValueError("market.hold_last and forward_pct exclude each other: remove one")
        if self.from_year is not None and self.to_year is not None and self.to_year < self.from_year:
            raise ValueError(f"market.to_year is before from_year, {self.from_year} (found: {self.to_year})")
        if None not in (floor := self.floor_usd_per_t, ceiling := self.ceiling_usd_per_t) and floor >= ceiling:  # type: ignore[operator]  # neither is None
            raise ValueError(
                f"market.floor_usd_per_t is not below ceiling_usd_per_t, {ceiling:g} (found: {floor:g}): lower it"
            )
        return self

    @property
    def has_price(self) -> bool:
        """Whether credits have a price of their own."""
        return bool(self.price_path or self.price_usd_per_t)
