"""Heat balance of the cabin, and what heating and cooling draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.buses.energy.cold import curve
from fleet_planner.units import S_PER_H

if TYPE_CHECKING:
    from fleet_planner.buses.energy.vehicles import Vehicles
    from fleet_planner.plan.buses_energy import BusEnergyPlan

Float = NDArray[np.float64]
Int = NDArray[np.int64]
HEATINGS = ("heat_pump", "resistive", "diesel")
W_PER_KW = 1e3


@dataclass(frozen=True)
class Power:
    """Power of the cabin, each (movements, cases).

    Parameters
    ----------
    electric_kw
        Drawn from the battery.
    fuel_kw
        Heat of the fuel that a heater burns.
    """

    electric_kw: Float
    fuel_kw: Float


def heating_modes(vehicles: Vehicles, section: BusEnergyPlan) -> Int:
    """Return the index into `HEATINGS` of each type."""
    return np.array([HEATINGS.index(section.heating_by_type.get(n, section.heating)) for n in vehicles.names])


def cabin_need_kw(
    vehicles: Vehicles,
    section: BusEnergyPlan,
    kind: Int,
    outside_c: Float,
    sun_w_m2: Float,
    people: Float,
    open_doors: Float,
) -> tuple[Float, Float]:
    """Return the heat and the cold that keep the cabin at its set temperatures, kW, (movements, cases) each.

    ``heat = G (T_heat - T) - people - sun`` and ``cold = people + sun + (G + hatches) (T - T_cool)``, neither below
    zero, with ``G`` = walls and windows + fresh air + open doors; hatches count below the set temperature of cooling
    only, and cold is scaled by the fitted ``cooling_scale`` (moist air, fans).

    Parameters
    ----------
    kind
        Type of each movement, (movements,).
    outside_c, sun_w_m2
        (movements, cases).
    people, open_doors
        Persons aboard with the driver; doors open in the mean of the time, (movements,).
    """
    figure = vehicles.figure
    conductance = (
        vehicles.ua_w_per_k[kind]
        + figure["fresh_air_w_per_k"] * vehicles.places[kind]
        + figure["door_w_per_k"] * open_doors
    )[:, None]
    gains = figure["person_w"] * people[:, None] + vehicles.glass_m2[kind][:, None] * sun_w_m2
    heat = conductance * (section.cabin_heat_c - outside_c) - gains
    above = outside_c - section.cabin_cool_c
    hatches = (figure["free_air_w_per_k"] * vehicles.places[kind])[:, None]
    cold = gains + np.where(above < 0.0, conductance + hatches, conductance) * above
    scale = figure["cooling_scale"] if section.cooling else 0.0
    return np.maximum(heat, 0.0) / W_PER_KW, scale * np.maximum(cold, 0.0) / W_PER_KW


def cabin_power(
    vehicles: Vehicles, section: BusEnergyPlan, kind: Int, outside_c: Float, need: tuple[Float, Float]
) -> Power:
    """Return what the need of heat and cold draws: by heat pump (up to its size), resistance or burner.

    What a heat pump cannot give comes from resistance; a burner needs no electricity beyond the auxiliaries.
    """
    heat, cold = need
    mode = heating_modes(vehicles, section)[kind][:, None]
    pumped = np.minimum(heat, vehicles.heat_pump_kw[kind][:, None])
    by_pump = pumped / curve("heat_pump_cop", outside_c) + heat - pumped
    electric = np.where(mode == HEATINGS.index("heat_pump"), by_pump, heat)
    burned = mode == HEATINGS.index("diesel")
    return Power(
        np.where(burned, 0.0, electric) + cold / curve("cooling_cop", outside_c),
        np.where(burned, heat / vehicles.figure["burner_efficiency"], 0.0),
    )


def first_warmth(vehicles: Vehicles, section: BusEnergyPlan, kind: Int, outside_c: Float) -> tuple[Float, Float]:
    """Return the electricity (kWh) and fuel (MJ) that bring a cold or hot cabin to its set temperature, once."""
    mass = (vehicles.figure["cabin_kj_per_k_kg"] * vehicles.empty_kg[kind])[:, None]
    heat = mass * np.maximum(section.cabin_heat_c - outside_c, 0.0) / S_PER_H
    cold = mass * np.maximum(outside_c - section.cabin_cool_c, 0.0) / S_PER_H * (1.0 if section.cooling else 0.0)
    mode = heating_modes(vehicles, section)[kind][:, None]
    cop = np.where(mode == HEATINGS.index("heat_pump"), curve("heat_pump_cop", outside_c), 1.0)
    burned = mode == HEATINGS.index("diesel")
    fuel_mj = np.where(burned, heat / vehicles.figure["burner_efficiency"], 0.0) * S_PER_H / W_PER_KW
    return np.where(burned, 0.0, heat / cop) + cold / curve("cooling_cop", outside_c), fuel_mj
