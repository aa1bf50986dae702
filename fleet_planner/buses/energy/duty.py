"""The same physics for vans and trucks, by duty instead of timetable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.buses.energy.moves import M_PER_KM, MS_PER_KMH, Moves, Roads, energies
from fleet_planner.buses.energy.vehicles import NUMBERS, Vehicles, bus_types, duty_types
from fleet_planner.plan.buses_energy import BusEnergyPlan
from fleet_planner.units import S_PER_H

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.buses.energy.weather import Case

Float = NDArray[np.float64]
NOON = 12
CRUISE_OVER_MEAN, CRUISE_MORE_KMH = 1.25, 15.0
"""Cruising speed where a duty names none: own estimate, 46 km/h at a mean of 25, the top speed on motorways."""


@dataclass(frozen=True)
class DutyEnergy:
    """Energy of duties, (duties, cases) each.

    Parameters
    ----------
    kwh
        All that leaves the battery.
    drive_kwh, auxiliary_kwh, cabin_kwh
        Its parts: traction less what braking gives back, auxiliaries with the battery's heaters, heating and cooling.
    heater_fuel_mj
        Fuel of a heater that burns.
    km
        Length of each duty, (duties,).
    battery_kwh
        Battery of each, (duties,).
    """

    kwh: Float
    drive_kwh: Float
    auxiliary_kwh: Float
    cabin_kwh: Float
    heater_fuel_mj: Float
    km: Float
    battery_kwh: Float

    @property
    def kwh_per_km(self) -> Float:
        """Use per km, zero without km."""
        km = self.km[:, None]
        return np.divide(self.kwh, km, out=np.zeros_like(self.kwh), where=km > 0.0)


def vehicle_types() -> Vehicles:
    """Return all types that a duty may name: those of bus, then van and trucks."""
    parts = (bus_types(), duty_types())
    joined = {name: np.concatenate([getattr(p, name) for p in parts]) for name in NUMBERS}
    names = parts[0].names + parts[1].names
    return Vehicles(names, **joined, figure=parts[0].figure, unchecked=parts[0].unchecked + parts[1].unchecked)


def duty_energy(
    duties: pl.DataFrame,
    weather: Sequence[Case],
    section: BusEnergyPlan | None = None,
    *,
    altitude_m: float = 0.0,
) -> DutyEnergy:
    """Return the energy of working days by duty.

    Parameters
    ----------
    duties
        A row per duty: ``vehicle_type`` (see `vehicle_types`), ``km``, ``mean_speed_kmh`` (driving, standing at
        customers left out), ``stops_per_km``, ``payload_kg``; optional, and the type's own where missing or empty:
        ``cruise_kmh``, ``empty_kg``, ``battery_kwh`` (more or less battery than the type's changes the mass),
        ``standing_h`` (auxiliaries and cabin beyond driving).
    weather
        Cases, the second axis of the result.
    section
        Heating and temperatures; the defaults of the plan where none is given.
    altitude_m
        Height above the sea.
    """
    section = section or BusEnergyPlan()
    types = vehicle_types()
    kind = types.index(duties["vehicle_type"])
    n = kind.size
    own = replace(types, names=tuple(str(i) for i in range(n)), **{f: getattr(types, f)[kind] for f in NUMBERS})
    battery = _given(duties, "battery_kwh", own.battery_kwh)
    heavier = own.figure["battery_kg_per_kwh"] * (battery - own.battery_kwh)
    own = replace(own, empty_kg=_given(duties, "empty_kg", own.empty_kg) + heavier, battery_kwh=battery)
    km = duties["km"].to_numpy().astype(np.float64)
    mean = duties["mean_speed_kmh"].to_numpy().astype(np.float64)
    cruise = _given(duties, "cruise_kmh", CRUISE_OVER_MEAN * mean + CRUISE_MORE_KMH)
    legs = np.maximum(np.rint(duties["stops_per_km"].to_numpy() * km).astype(np.int64), 1)
    moves = Moves(
        kind=np.arange(n),
        way=np.full(n, -1),
        hour=np.full(n, NOON),
        metres=km * M_PER_KM,
        seconds=np.divide(km, mean, out=np.zeros(n), where=mean > 0.0) * S_PER_H,
        legs=legs,
        people=np.ones(n),
        cargo_kg=duties["payload_kg"].to_numpy().astype(np.float64),
        dwell_s=np.zeros(n),
    )
    plain = np.minimum(cruise, own.top_kmh) * MS_PER_KMH
    out = energies(own, section, Roads.none(), moves, weather, altitude_m=altitude_m, plain_ms=plain)
    standing = _given(duties, "standing_h", np.zeros(n))[:, None]
    cabin = out.cabin_kwh + out.standing.electric_kw * standing
    auxiliary = out.auxiliary_kwh + (out.standing_kw - out.standing.electric_kw) * standing
    drive = out.drawn_kwh - out.returned_kwh
    fuel = out.fuel_mj + out.standing.fuel_kw * standing * S_PER_H / 1e3
    return DutyEnergy(drive + auxiliary + cabin, drive, auxiliary, cabin, fuel, km, battery)


def _given(duties: pl.DataFrame, name: str, otherwise: Float) -> Float:
    if name not in duties.columns:
        return otherwise
    values = duties[name].cast(pl.Float64).to_numpy()
    return np.where(np.isnan(values), otherwise, values)
