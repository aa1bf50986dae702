"""Draws of what measures cost a year: vehicles, upkeep and energy, at drawn costs, prices and use of energy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.economics.costs import energy_usd_parts
from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.pipeline.costing.scenario_costs import energy_changes
from fleet_planner.pipeline.drawing.bands import Figure
from fleet_planner.scenarios.effects import energy_factors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.pipeline.drawing.emitted import Emitted
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.pipeline.telling.results import ScenarioResult
    from fleet_planner.uncertainty.design import Collector, Drawer

Array = NDArray[np.float64]
COST, USD = "cost", "US$ 2024/year"
PREMIUM = "premium"
"""What a litre of another fuel costs above diesel: a price of its own."""
FUELS = ("diesel", "petrol", "cng", "lpg", "hydrogen", PREMIUM)
OTHER = "diesel"
"""Price of fuels without one of their own."""


def collect_money(collector: Collector, results: Sequence[ScenarioResult]) -> None:
    """Add the inputs of costs and prices of the measures of a run."""
    for measure in dict.fromkeys(m for r in results for m in r.costs["measure_id"].to_list()):
        collector.add("costs.capex", measure)
        collector.add("costs.opex", measure)
    if any(r.costs.height for r in results):
        for fuel in FUELS:
            collector.add("prices.fuel", fuel)
        collector.add("prices.electricity")


def cost_figures(
    ready: Prepared, results: Sequence[ScenarioResult], drawer: Drawer, emissions: Emitted
) -> list[Figure]:
    """Return what each measure and each scenario costs a year in all draws.

    The use of fuel follows the drawn fuel of the baseline, that of electricity the drawn electricity of the scenario.
    """
    year, first = ready.plan.city.year, results[0]
    start = (first.fleet, first.inventory)
    fuel_used = ratio(emissions, first.fleet.name, year, "energy_MJ")
    factors = energy_factors(ready.run.measures)
    out = []
    for result in results[1:]:
        name = result.fleet.name
        power_used = ratio(emissions, name, year, "electricity_kwh")
        done = ready.computed.operated.get(name)
        changes = energy_changes(done.on_vehicles if done else (result.fleet, result.inventory), start, factors)
        whole, value = np.zeros(fuel_used.shape), 0.0
        for row in result.costs.iter_rows(named=True):
            measure, paid = row["measure_id"], row["energy_cost_usd2024_per_year"]
            fuels, power = energy_usd_parts(changes[measure], ready.plan.economics) if measure in changes else ({}, 0.0)
            premium = paid - sum(fuels.values()) - power
            energy = (power * drawer.of("prices.electricity")) * power_used
            for fuel, usd in {**fuels, PREMIUM: premium}.items():
                energy = energy + usd * drawer.of(f"prices.fuel:{fuel if fuel in FUELS else OTHER}") * fuel_used
            draws = (
                row["annualised_capex_usd2024"] * drawer.of(f"costs.capex:{measure}")
                + row["opex_usd2024_per_year"] * drawer.of(f"costs.opex:{measure}")
                + energy
            )
            out.append(Figure(COST, name, year, "", measure, USD, row["total_usd2024_per_year"], draws))
            whole, value = whole + draws, value + row["total_usd2024_per_year"]
        if result.costs.height:
            out.append(Figure(COST, name, year, "", "", USD, value, whole))
    return out


def ratio(emissions: Emitted, scenario: str, year: int, pollutant: str) -> Array:
    """Return a total of a state over the run's in all draws; 1 where the run has none."""
    p = POLLUTANTS.index(pollutant)
    draws, central = emissions.totals[scenario, year][:, p], float(emissions.central[scenario, year][p])
    return draws / central if central > 0.0 else np.ones(draws.shape)
