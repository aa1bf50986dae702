"""Total cost of owning a vehicle, line by line, as its owner and as the public see it.

The present value, per vehicle, of what is paid from the purchase (year 0) until the vehicle is sold; payments of a year
are at its end. What lasts another time than the vehicle is held (devices, chargers, the connection to the grid) is
charged by its yearly payment, ``K r / (1 - (1 + r)^-n)``, for as long as the vehicle is held.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_planner.economics.finance import capital_recovery_factor
from fleet_planner.economics.learning import battery_price, whole
from fleet_planner.economics.vehicle_costs import residual_share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.economics.prices import Prices
    from fleet_planner.economics.terms import MeasureTerms
    from fleet_planner.economics.vehicle_costs import VehicleCosts

KG_PER_T = 1000.0
LINES = (
    *("purchase", "equipment", "residual", "energy", "maintenance", "battery", "chargers", "grid"),
    *("labour", "insurance", "carbon", "taxes", "incentives"),
)
TOTAL = "total"
PREMIUM = "premium"
OfYear = Callable[[int], float]


@dataclass(frozen=True)
class View:
    """Who looks at the costs.

    Parameters
    ----------
    name
        ``private`` (the owner: taxes, incentives and the carbon price count) or ``public`` (transfers do not count,
        the social cost of carbon does).
    rate
        Real discount rate a year.
    """

    name: str
    rate: float

    @property
    def is_private(self) -> bool:
        """Whether transfers count."""
        return self.name == "private"


@dataclass(frozen=True)
class Use:
    """What a vehicle does and uses a year, all its kilometres.

    Parameters
    ----------
    km
        Driven.
    fuel_mj
        By fuel in the tank.
    electricity_kwh
        At the plug.
    premium_mj
        Fuel that a clean fuel's premium is paid on, by measure.
    co2_t
        Fossil CO2 of the vehicle itself.
    """

    km: float
    fuel_mj: Mapping[str, float] = field(default_factory=dict)
    electricity_kwh: float = 0.0
    premium_mj: Mapping[str, float] = field(default_factory=dict)
    co2_t: float = 0.0


@dataclass(frozen=True)
class Option:
    """A way to own a vehicle.

    Parameters
    ----------
    costs
        Of its class.
    use
        Per year.
    measures
        What is added to a conventional vehicle; none: nothing.
    grant
        What incentives pay per vehicle.
    purchase_tax
        Over the price of vehicle and devices.
    """

    costs: VehicleCosts
    use: Use
    measures: tuple[MeasureTerms, ...] = ()
    grant: float = 0.0
    purchase_tax: float = 0.0

    @property
    def price(self) -> float:
        """Of the vehicle, without taxes and devices."""
        return self.costs.price + sum(m.capital for m in self.measures if m.replaces)

    @property
    def devices(self) -> tuple[MeasureTerms, ...]:
        """What is bolted to it."""
        return tuple(m for m in self.measures if not m.replaces)

    @property
    def electric(self) -> bool:
        """Whether it has a battery and a charger."""
        return any(m.electric for m in self.measures)


def ownership(option: Option, prices: Prices, view: View) -> dict[str, float]:
    """Return the present value of every line, US dollars of 2024 per vehicle; they add up to the total cost.

    Parameters
    ----------
    option
        Vehicle, its use and measures.
    prices
        Of energy and carbon, by year.
    view
        Private or public.
    """
    costs, base = option.costs, prices.base_year
    held = whole(costs.holding_years)
    annual = _annual(held, view.rate, base)
    level = annual(lambda _: 1.0)
    out = dict.fromkeys(LINES, 0.0)
    out["purchase"] = option.price
    out["equipment"] = sum(m.capital * capital_recovery_factor(view.rate, m.life_years) for m in option.devices) * level
    out["residual"] = -option.price * residual_share(held) * (1.0 + view.rate) ** -held
    out["energy"] = annual(lambda year: energy_cost(option.use, prices, year))
    running = sum(m.running for m in option.measures)
    out["maintenance"] = (option.use.km * costs.maintenance_per_km + running) * level
    if option.electric:
        out |= _electric_lines(costs, view, held, level, base)
    out["labour"] = option.use.km / costs.speed_kmh * costs.driver_per_h * level
    dearer = option.price - costs.price
    out["insurance"] = (costs.insurance_per_year + costs.insurance_extra_share * dearer) * level
    out["carbon"] = annual(lambda year: carbon_cost(option.use, prices, view, year))
    if view.is_private:
        devices = sum(m.capital for m in option.devices)
        taxed = annual(lambda _: energy_taxes(option.use, prices))
        out["taxes"] = taxed + option.purchase_tax * (option.price + devices)
        out["incentives"] = -option.grant
    return out


def _annual(held: int, rate: float, base: int) -> Callable[[OfYear], float]:
    def worth(of_year: OfYear) -> float:
        return sum(of_year(base + k) * (1.0 + rate) ** -k for k in range(1, held + 1))

    return worth


def energy_cost(use: Use, prices: Prices, year: int) -> float:
    """Return what the energy of a year costs without taxes."""
    fuel = sum(mj * prices.fuel(tank, year) for tank, mj in use.fuel_mj.items())
    premium = sum(mj * prices.premium_per_mj.get(measure, 0.0) for measure, mj in use.premium_mj.items())
    return fuel + premium + use.electricity_kwh * prices.power(year)


def energy_taxes(use: Use, prices: Prices) -> float:
    """Return the taxes on the energy of a year."""
    fuel = sum(mj * prices.fuel_tax(tank) for tank, mj in use.fuel_mj.items())
    return fuel + use.electricity_kwh * prices.electricity_tax_per_kwh


def carbon_cost(use: Use, prices: Prices, view: View, year: int) -> float:
    """Return what the CO2 of a year costs: to the owner that of the fuel, to the public electricity's too."""
    if view.is_private:
        return use.co2_t * prices.carbon_paid.at(year)
    electricity_t = use.electricity_kwh * prices.grid_kg_per_kwh(year) / KG_PER_T
    return (use.co2_t + electricity_t) * prices.carbon_social.at(year)


def _electric_lines(costs: VehicleCosts, view: View, held: int, level: float, base: int) -> dict[str, float]:
    chargers = costs.charger_kw * costs.charger_per_kw
    yearly = capital_recovery_factor(view.rate, costs.charger_life_years) + costs.charger_maintenance_share
    grid = costs.charger_kw * costs.grid_per_kw * capital_recovery_factor(view.rate, costs.grid_life_years)
    return {
        "battery": battery_renewals(costs, view.rate, held, base),
        "chargers": chargers * yearly * level,
        "grid": grid * level,
    }


def battery_renewals(costs: VehicleCosts, rate: float, held: int, base: int) -> float:
    """Return the present value of the batteries after the first, less what the last has left when the vehicle is sold.

    Each costs what batteries cost in its year. The part of the last one's life that is left is credited at its price.
    """
    price, life = battery_price(), whole(costs.battery_life_years)
    out, last = 0.0, 0
    for age in range(life, held, life):
        out += costs.battery_kwh * price.at(base + age) * (1.0 + rate) ** -age
        last = age
    if last:
        left = (last + life - held) / life
        out -= left * costs.battery_kwh * price.at(base + last) * (1.0 + rate) ** -held
    return out


FIGURES: Mapping[str, tuple[str, ...]] = {
    "purchase": ("price",),
    "equipment": (),
    "residual": ("price", "holding_years"),
    "energy": (),
    "maintenance": ("maintenance_per_km",),
    "battery": ("battery_kwh", "battery_life_years"),
    "chargers": ("charger_kw", "charger_per_kw", "charger_life_years", "charger_maintenance_share"),
    "grid": ("charger_kw", "grid_per_kw", "grid_life_years"),
    "labour": ("driver_per_h", "speed_kmh"),
    "insurance": ("insurance_per_year",),
    "carbon": (),
    "taxes": (),
    "incentives": (),
}
"""Which figures of the class a line rests on."""


def line_checked(line: str, option: Option, prices: Prices) -> bool:
    """Return whether every figure behind a line was read in a source or given by the plan."""
    if any(figure in option.costs.unchecked for figure in FIGURES[line]):
        return False
    if line == "insurance" and any(m.replaces for m in option.measures):
        return "insurance_extra_share" not in option.costs.unchecked and all(m.checked for m in option.measures)
    if line in {"purchase", "residual"}:
        return all(m.checked for m in option.measures if m.replaces)
    if line in {"equipment", "maintenance"}:
        return all(m.checked for m in option.measures)
    return not _figures_of_use(line, option.use) & prices.unchecked


def _figures_of_use(line: str, use: Use) -> set[str]:
    """Return which prices, taxes and factors a line of what is used rests on."""
    used = {tank for tank, mj in use.fuel_mj.items() if mj > 0.0}
    used |= {"electricity"} if use.electricity_kwh > 0.0 else set()
    if line == "energy":
        return used | ({PREMIUM} if use.premium_mj else set())
    if line == "taxes":
        return {f"tax_{name}" for name in used}
    return {"grid"} if line == "carbon" and "electricity" in used else set()
