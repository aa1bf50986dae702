"""What cold (and heat) takes from a battery: usable capacity, charging power, braking power; curves of heat pumps."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from fleet_planner.plan.buses_energy import BusEnergyPlan

Float = NDArray[np.float64]


@cache
def _curve(name: str) -> tuple[Float, Float]:
    rows = reference_table("bus_curves.csv").filter(pl.col("curve") == name).sort("temperature_c")
    return rows["temperature_c"].to_numpy().astype(np.float64), rows["value"].to_numpy().astype(np.float64)


def curve(name: str, temperature_c: ArrayLike) -> Float:
    """Return a curve of ``reference/bus_curves.csv``: straight between its points, level beyond them."""
    return np.asarray(np.interp(np.asarray(temperature_c, dtype=np.float64), *_curve(name)))


def battery_c(outside_c: ArrayLike, section: BusEnergyPlan) -> Float:
    """Return the temperature of the battery: that of the air, but held at ``battery_least_c`` by its heaters."""
    return np.maximum(np.asarray(outside_c, dtype=np.float64), section.battery_least_c)


def usable_capacity(outside_c: ArrayLike, section: BusEnergyPlan) -> Float:
    """Return the usable share of the rated capacity in the weather ``outside_c``, 0..1."""
    return curve("usable_capacity", battery_c(outside_c, section))


def charge_power(outside_c: ArrayLike, section: BusEnergyPlan) -> Float:
    """Return the share of the rated charging power that the battery takes in the weather ``outside_c``, 0..1."""
    return curve("charge_power", battery_c(outside_c, section))


def regen_power(outside_c: ArrayLike, section: BusEnergyPlan) -> Float:
    """Return the share of the rated braking power that the battery takes in the weather ``outside_c``, 0..1."""
    return curve("regen_power", battery_c(outside_c, section))
