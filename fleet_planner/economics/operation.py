"""What measures in operation cost a year, in US dollars of 2024."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_planner.economics.costs import fuel_usd_per_mj
from fleet_planner.economics.finance import capital_recovery_factor
from fleet_planner.economics.money import usd2024

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.plan.economics import EconomicsSection
    from fleet_planner.scenarios.operation.model import Outcome

Row = tuple[str, str, str, str, float, float, float, float, float, float, str]


def operation_cost(
    scenario: str,
    titles: tuple[str, str],
    outcome: Outcome,
    fuel_change_mj: Mapping[str, float],
    power_change_kwh: float,
    section: EconomicsSection,
) -> Row:
    """Return a row of `costs.SCHEMA` for a measure in operation.

    What is given up or takes longer (trips not made, time) has no price here.

    Parameters
    ----------
    scenario, titles
        Names: of the scenario; English and Chinese of the measure.
    outcome
        What the measure did.
    fuel_change_mj, power_change_kwh
        Change of the energy used a year, by fuel in the tank.
    section
        Prices and discount rate.
    """
    capex = annual = opex = 0.0
    for money in outcome.costs:
        amount = usd2024(money.amount, money.currency, money.year)
        if money.life_years > 0.0:
            capex += amount
            annual += amount * capital_recovery_factor(section.discount_rate, money.life_years)
        else:
            opex += amount
    prices = fuel_usd_per_mj(section)
    energy = sum(mj * prices.get(fuel, prices["diesel"]) for fuel, mj in fuel_change_mj.items())
    energy += power_change_kwh * section.electricity_usd_per_kwh
    checked = "yes" if outcome.checked else "no"
    money_row = (capex, annual, opex, energy, annual + opex + energy)
    return (scenario, outcome.measure_id, *titles, outcome.vehicles, *money_row, checked)
