"""Costs of the scenarios of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics import EnergyChange, empty_costs, scenario_costs
from fleet_planner.factors.processes.fuels import tank
from fleet_planner.pipeline.computing.operation_tables import operation_costs
from fleet_planner.scenarios.effects import energy_factors
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.inventory import Inventory
    from fleet_planner.pipeline.computing.inventories import Computed
    from fleet_planner.plan.models import Plan
    from fleet_planner.scenarios import ScenarioFleet


def costs_of(
    now: tuple[ScenarioFleet, Inventory],
    start: tuple[ScenarioFleet, Inventory] | None,
    measures: pl.DataFrame,
    plan: Plan,
    computed: Computed,
) -> pl.DataFrame:
    """Return the costs of a scenario by measure, those in operation after those on vehicles.

    Parameters
    ----------
    now, start
        Fleet and inventory of the scenario and of the baseline; the baseline itself has no costs.
    measures, plan, computed
        Of the run.
    """
    if start is None:
        return empty_costs()
    done = computed.operated.get(now[0].name)
    factors = energy_factors(measures)
    if done is None:
        return scenario_costs(now[0], measures, plan.economics, energy_changes(now, start, factors))
    on_vehicles = scenario_costs(
        done.on_vehicles[0], measures, plan.economics, energy_changes(done.on_vehicles, start, factors)
    )
    return pl.concat([on_vehicles, operation_costs(now[0].name, done, plan.economics)])


def energy_changes(
    now: tuple[ScenarioFleet, Inventory],
    start: tuple[ScenarioFleet, Inventory],
    factors: Mapping[str, float],
) -> dict[str, EnergyChange]:
    """Return the energy of each measure's vehicles, all their kilometres, against the baseline.

    ``factors`` say by what a device or tyres multiply it: of a vehicle's last measure first, each takes its part, and
    the first measure what is left.
    """
    (state, inventory), (base, first) = now, start
    rows = state.vehicles.select("baseline_row", "measures", "share_inside", "count")
    whole = np.bincount(rows["baseline_row"].to_numpy(), weights=rows["count"].to_numpy())
    before = rows["baseline_row"].to_numpy()
    part = rows["count"].to_numpy() / np.maximum(whole[before], 1e-300)
    inside = np.maximum(rows["share_inside"].to_numpy(), 1e-9)
    year = DAYS_PER_YEAR / inside
    fuel, power = (inventory.pollutants.index(n) for n in ("energy_MJ", "electricity_kwh"))
    fuel_now = inventory.vehicle[:, fuel] * year
    fuel_before = first.vehicle[before, fuel] * part * year
    tank_now = [tank(f) for f in state.vehicles["fuel"]]
    tank_before = [tank(f) for f in base.vehicles["fuel"].gather(before)]
    power_now = inventory.vehicle[:, power] * year
    power_before = first.vehicle[before, power] * part * year
    out: dict[str, EnergyChange] = {}
    for i, listed in enumerate(rows["measures"].to_list()):
        if not listed:
            continue
        named = listed.split(",")
        fuel_left, power_left = float(fuel_now[i]), float(power_now[i])
        for place, measure in reversed(list(enumerate(named))):
            had = out.get(measure, EnergyChange())
            change = dict(had.fuel_change_mj)
            fuel_start = float(fuel_before[i]) if place == 0 else fuel_left / factors.get(measure, 1.0)
            power_start = float(power_before[i]) if place == 0 else power_left / factors.get(measure, 1.0)
            tank_start = tank_before[i] if place == 0 else tank_now[i]
            for burnt, mj in ((tank_now[i], fuel_left), (tank_start, -fuel_start)):
                change[burnt] = change.get(burnt, 0.0) + mj
            kwh = had.electricity_change_kwh + power_left - power_start
            out[measure] = EnergyChange(change, kwh, had.fuel_used_mj + float(fuel_now[i]))
            fuel_left, power_left = fuel_start, power_start
    return out
