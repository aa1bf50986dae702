"""The diesel heater of an electric bus: it burns by the hour, so slow buses pay more per km.

``litres per h = min(most, a (T_balance - T))`` where the air is colder than ``T_on``, else nothing (a step at
``T_on``); emission factors per kg of fuel in ``reference/fuel_heater.csv``. The heater has no aftertreatment. A bus
with heat pump or electric heating has none of it: the plan says which buses burn fuel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.factors.ranges import three
from fleet_planner.reference import reference_table
from fleet_planner.units import G_PER_KG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.factors.conditions import Conditions
    from fleet_planner.factors.ranges import Bound

    Array = NDArray[np.float64]

POLLUTANTS = ("NOx", "PM_exhaust", "CO", "VOC")
LITRES_PER_M3 = 1e3


@dataclass(frozen=True)
class Heater:
    """Figures of the heater by name and bound, and the properties of its fuel."""

    figures: Mapping[str, Mapping[Bound, float]]
    density_kg_per_l: float
    heating_mj_per_kg: float
    co2_kg_per_kg: float


@cache
def load_heater() -> Heater:
    """Read the packaged figures; the fuel is diesel."""
    rows = reference_table("fuel_heater.csv").iter_rows(named=True)
    diesel = reference_table("fuels.csv").filter(pl.col("fuel") == "diesel").row(0, named=True)
    return Heater(
        {row["quantity"]: three(row) for row in rows},
        diesel["density_kg_m3"] / LITRES_PER_M3,
        diesel["lower_heating_mj_kg"],
        diesel["co2_kg_per_kg"],
    )


def heater_size(segment: str) -> float:
    """Return the fuel use of a bus over that of a 12 m bus, from the words of its segment."""
    figures = load_heater().figures
    if "Articulated" in segment:
        return figures["size_articulated"]["value"]
    return figures["size_midi"]["value"] if "Midi" in segment else 1.0


def heater_litres_per_h(temperature_c: Array, *, size: float = 1.0, bound: Bound = "value") -> Array:
    """Return the fuel burned per hour of service, shape of ``temperature_c``.

    Parameters
    ----------
    temperature_c
        Outside air.
    size
        See `heater_size`.
    bound
        Ends of the ranges of threshold, slope and full power together.
    """
    figures = {name: by_bound[bound] for name, by_bound in load_heater().figures.items()}
    need = figures["litres_per_h_per_k"] * (figures["balance_c"] - np.asarray(temperature_c, dtype=np.float64))
    burned = np.clip(need, 0.0, figures["max_litres_per_h"])
    return np.asarray(np.where(temperature_c < figures["on_below_c"], size * burned, 0.0))


def heater_g_per_h(temperature_c: Array, *, size: float = 1.0, bound: Bound = "value") -> dict[str, Array]:
    """Return what the heater emits per hour, g (``energy_MJ``: MJ), by pollutant, shape of ``temperature_c``."""
    heater = load_heater()
    fuel_kg = heater_litres_per_h(temperature_c, size=size, bound=bound) * heater.density_kg_per_l
    out = {pollutant: fuel_kg * heater.figures[pollutant][bound] for pollutant in POLLUTANTS}
    return out | {"CO2": fuel_kg * heater.co2_kg_per_kg * G_PER_KG, "energy_MJ": fuel_kg * heater.heating_mj_per_kg}


def heater_curves(
    speed_kmh: Array, conditions: Conditions, *, size: float = 1.0, bound: Bound = "value"
) -> dict[str, Array]:
    """Return the curves of the heater by pollutant, averaged over the hours of each class, shape (classes, S)."""
    mean = conditions.mean(
        lambda t, _: np.stack([*heater_g_per_h(t, size=size, bound=bound).values()], axis=1)
    )  # (classes, pollutants)
    names = list(heater_g_per_h(np.zeros(1)))
    return {name: mean[:, p, None] / speed_kmh[None, :] for p, name in enumerate(names)}
