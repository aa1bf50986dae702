"""The model beside measured figures: what it was fitted on, what it is tested on, and published ranges."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.energy.moves import MS_PER_KMH, Moves, Roads, energies
from fleet_planner.buses.energy.vehicles import bus_types
from fleet_planner.buses.energy.weather import Case
from fleet_planner.plan.buses_energy import BusEnergyPlan
from fleet_planner.reference import reference_table
from fleet_planner.units import S_PER_H

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from fleet_planner.buses.energy.vehicles import Vehicles

SAMPLE_KM = 20.0
NOON = 12
MEAN_DAY_SUN_W_M2 = 100.0
"""Sun on the glass in the mean of the service hours, where buses are cooled."""

MILD_C = 12.0
INSIDE, OUTSIDE, NO_RANGE = "inside", "failed", "no_range"


def measured_rows(figure: Mapping[str, float] | None = None) -> pl.DataFrame:
    """Return the measured rows with what the model says of each.

    Columns of ``reference/bus_energy_measured.csv``, then ``model_kwh_per_km`` and ``error_pct``. Each row is driven
    as its conditions say: mean speed, stops, load, temperature, heating (our reading where the source is silent).

    Parameters
    ----------
    figure
        Figures that replace the packaged ones of the same name, for fitting.
    """
    table = reference_table("bus_energy_measured.csv")
    vehicles = bus_types()
    vehicles = replace(vehicles, figure={**vehicles.figure, **(figure or {})})
    model = [_modelled(vehicles, row) for row in table.iter_rows(named=True)]
    return table.with_columns(model_kwh_per_km=pl.Series(model, dtype=pl.Float64)).with_columns(
        error_pct=100.0 * (pl.col("model_kwh_per_km") / pl.col("kwh_per_km") - 1.0)
    )


def _modelled(vehicles: Vehicles, row: Mapping[str, Any]) -> float:
    kind = np.array([vehicles.names.index(row["bus_type"])])
    if row["empty_kg"] is not None:
        empty = vehicles.empty_kg.copy()
        empty[kind] = row["empty_kg"]
        vehicles = replace(vehicles, empty_kg=empty)
    section = BusEnergyPlan(heating=row["heating"], cooling=row["cooling"] == "yes")
    legs = max(round(row["stops_per_km"] * SAMPLE_KM), 1)
    moves = Moves(
        kind=kind,
        way=np.array([-1]),
        hour=np.array([NOON]),
        metres=np.array([SAMPLE_KM * 1e3]),
        seconds=np.array([SAMPLE_KM / row["speed_kmh"] * S_PER_H]),
        legs=np.array([legs]),
        people=1.0 + row["load"] * vehicles.places[kind],
        cargo_kg=np.zeros(1),
        dwell_s=np.array([section.dwell_s * (legs - 1)]),
    )
    plain = np.full(len(vehicles.names), row["cruise_kmh"] * MS_PER_KMH)
    case = Case.level(row["temperature_c"], MEAN_DAY_SUN_W_M2 if section.cooling else 0.0)
    out = energies(vehicles, section, Roads.none(), moves, [case], plain_ms=plain)
    return float(out.kwh[0, 0]) / SAMPLE_KM


def published_range(bus_type: str, temperature_c: float, heating: str = "") -> tuple[float, float] | None:
    """Return the lowest and highest published use of a size of bus at a temperature, kWh/km at the battery.

    A bus with a burner draws no heat from its battery: in the cold it is held against the range of mild days.
    """
    at = max(temperature_c, MILD_C) if heating == "diesel" else temperature_c
    table = reference_table("bus_energy_ranges.csv").filter(
        (pl.col("bus_type") == bus_type) & (pl.col("from_c") <= at) & (at < pl.col("to_c"))
    )
    if not table.height:
        return None
    row = table.row(0, named=True)
    return float(row["low"]), float(row["high"])


def range_status(bus_type: str, temperature_c: float, kwh_per_km: float, heating: str = "") -> str:
    """Return ``inside``, ``failed`` (outside the published range) or ``no_range``."""
    found = published_range(bus_type, temperature_c, heating)
    if found is None:
        return NO_RANGE
    return INSIDE if found[0] <= kwh_per_km <= found[1] else OUTSIDE
