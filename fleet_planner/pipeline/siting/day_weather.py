"""What a cold or hot day does to the working day of electric vans and trucks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.buses.duty.figures import DutyFigures, duty_streams
from fleet_planner.buses.energy.cold import charge_power, usable_capacity
from fleet_planner.buses.energy.duty import duty_energy, vehicle_types
from fleet_planner.buses.energy.weather import MEAN, cases
from fleet_planner.economics.vehicle_costs import vehicle_costs
from fleet_planner.fleet.use import usual

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_planner.plan.models import Plan

KG_PER_T, LOADED = 1000.0, 0.5
"""Half of the largest payload is aboard: loaded one way, empty back."""
CATEGORY = {"van": "light_commercial", "rigid_truck": "heavy_truck", "articulated_truck": "heavy_truck"}
"""Category of the registry of a type of the energy model."""


@dataclass(frozen=True)
class DayWeather:
    """A day against the mean day of the year.

    Parameters
    ----------
    name, celsius
        ``mean``, ``coldest`` or ``hottest``, and its mean temperature.
    use
        kWh per km against the mean day, by stream of vans and trucks.
    held, charge
        What the battery holds and takes against the mean day, 1 at most as a rule.
    """

    name: str
    celsius: float
    use: Mapping[str, float]
    held: float = 1.0
    charge: float = 1.0


def day_weather(plan: Plan, base: Path) -> DayWeather:
    """Return the day that ``chargers.day.weather`` names.

    Use per km is that of the energy model of electric buses for vans and trucks: traction, cabin, heaters of the
    battery. The mean day is 1 by definition, so that its kWh per km are those of the inventory.

    Raises
    ------
    InputError
        The table of daily temperatures cannot be used.
    """
    section = plan.buses.energy
    days = cases(plan, base)
    names = [case.name for case in days]
    at, mean = names.index(plan.chargers.day.weather), names.index(MEAN)
    chosen = days[at]
    if chosen.name == MEAN:
        return DayWeather(MEAN, chosen.mean_c, dict.fromkeys(duty_streams(), 1.0))
    types, costs = vehicle_types(), vehicle_costs(plan.economics)
    figures = DutyFigures(plan.buses.duty, plan.city.country)
    rows = []
    for kind, vehicle_class in duty_streams().values():
        k = types.names.index(kind)
        category = CATEGORY[kind]
        trip, payload = (usual(n, kind, category, plan.city.country) for n in ("trip_km", "payload_t"))
        stops = figures.figure("stops_per_km", kind) + (1.0 / trip[0] if trip else 0.0)
        load = payload[0] * KG_PER_T * LOADED if payload else 0.0
        rows.append(
            (kind, 100.0, costs[vehicle_class].speed_kmh, stops, load, float(types.empty_kg[k]),
             float(types.battery_kwh[k]))
        )  # fmt: skip
    columns = ["vehicle_type", "km", "mean_speed_kmh", "stops_per_km", "payload_kg", "empty_kg", "battery_kwh"]
    per_km = duty_energy(
        pl.DataFrame(rows, schema=columns, orient="row"), days, section, altitude_m=plan.climate.altitude_m
    ).kwh_per_km
    ratio = per_km[:, at] / per_km[:, mean]
    held = usable_capacity([d.mean_c for d in days], section)
    charge = charge_power([d.mean_c for d in days], section)
    return DayWeather(
        chosen.name,
        chosen.mean_c,
        dict(zip(duty_streams(), ratio.tolist(), strict=True)),
        float(held[at] / held[mean]),
        float(charge[at] / charge[mean]),
    )
