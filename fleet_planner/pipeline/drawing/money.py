"""Draws of what measures cost a year: vehicles, upkeep and energy, at drawn costs, prices and use of energy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.economics.costs import energy_usd_parts
from fleet_planner.economics.effectiveness import LEAST_T
from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.pipeline.costing.scenario_costs import energy_changes
from fleet_planner.pipeline.drawing.bands import Figure
from fleet_planner.pipeline.drawing.prices import PREMIUM, fuel_price
from fleet_planner.scenarios.effects import energy_factors
from fleet_planner.uncertainty.ratios import ratio_draws

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.pipeline.drawing.emitted import Emitted
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.pipeline.telling.results import ScenarioResult
    from fleet_planner.uncertainty.design import Drawer

Array = NDArray[np.float64]
COST, USD = "cost", "US$ 2024/year"
PER_T, USD_PER_T = "cost_per_t", "US$ 2024/t"
CUTS = {"NOx": ("NOx",), "PM_exhaust": ("PM_exhaust",), "CO2_total": ("CO2", "CO2_grid")}
"""What the cost of a scenario is set against: pollutants by the name of their sum."""


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
                energy = energy + usd * fuel_price(drawer, fuel) * fuel_used
            draws = (
                row["annualised_capex_usd2024"] * drawer.of(f"costs.capex:{measure}")
                + row["opex_usd2024_per_year"] * drawer.of(f"costs.opex:{measure}")
                + energy
            )
            out.append(Figure(COST, name, year, "", measure, USD, row["total_usd2024_per_year"], draws))
            whole, value = whole + draws, value + row["total_usd2024_per_year"]
        if result.costs.height:
            out.append(Figure(COST, name, year, "", "", USD, value, whole))
            out += _per_tonne((name, year), (value, whole), emissions)
    return out


def _per_tonne(key: tuple[str, int], cost: tuple[float, Array], emissions: Emitted) -> list[Figure]:
    """Return the cost of a tonne that a scenario cuts on the roads, by pollutant; no value where nothing is cut."""
    first = next(iter(emissions.totals))
    out = []
    for name, summed in CUTS.items():
        which = [POLLUTANTS.index(p) for p in summed]
        cut = float((emissions.central[first] - emissions.central[key])[which].sum())
        drawn = (emissions.totals[first] - emissions.totals[key])[:, which].sum(axis=1)
        value = cost[0] / cut if cut > LEAST_T else None
        out.append(Figure(PER_T, *key, name, "", USD_PER_T, value, ratio_draws(cost[1], drawn, LEAST_T)))
    return out


def ratio(emissions: Emitted, scenario: str, year: int, pollutant: str) -> Array:
    """Return a total of a state over the run's in all draws; 1 where the run has none."""
    p = POLLUTANTS.index(pollutant)
    draws, central = emissions.totals[scenario, year][:, p], float(emissions.central[scenario, year][p])
    return draws / central if central > 0.0 else np.ones(draws.shape)
