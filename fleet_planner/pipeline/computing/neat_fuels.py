"""Vehicles on a fuel that takes the place of all their diesel do not burn the diesel that the city sells."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.processes.fuels import SO2_PER_SULPHUR
from fleet_planner.findings import Finding
from fleet_planner.inventory.weights import km_per_day
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.factors.processes.fuels import FuelFactors

ACTS_ON = {"CO": ("CO",), "VOC": ("VOC",), "NOx": ("NOx",), "PM_exhaust": ("PM_exhaust", "BC")}
"""Columns of multipliers by the pollutant that the quality of diesel acts on."""


@cache
def load_neat_fuels() -> Mapping[str, tuple[str, float]]:
    """Return the fuel and its highest sulphur, ppm by mass, by measure that brings it neat."""
    rows = reference_table("neat_fuels.csv").iter_rows(named=True)
    return {r["measure_id"]: (r["fuel"], float(r["sulphur_ppm"])) for r in rows}


def so2_ratio(measure: str, fuels: FuelFactors) -> float:
    """Return SO2 of a neat fuel over that of the city's diesel, per MJ; never above 1."""
    fuel, ppm = load_neat_fuels()[measure]
    own = SO2_PER_SULPHUR * ppm / 1000.0 / fuels.mj_per_kg[fuel]
    sold = fuels.so2["diesel"]
    return min(1.0, own / sold) if sold > 0.0 else 1.0


def on_neat_fuels(
    vehicles: pl.DataFrame, multipliers: pl.DataFrame, factors: FactorTable, fuels: FuelFactors
) -> pl.DataFrame:
    """Return multipliers without the effect of the city's diesel where vehicles burn another fuel whole.

    The measure's effect is against ordinary diesel. The factors hold the quality of the diesel sold (EPEFE) for all
    diesel vehicles: dividing by it keeps one of the two effects, not both. SO2 follows the fuel's own sulphur.

    Parameters
    ----------
    vehicles, multipliers
        Of one scenario, same rows.
    factors
        Compiled for their technologies.
    fuels
        Of the city.
    """
    neat = vehicles["fuel_blend"].is_in(list(load_neat_fuels())).to_numpy()
    if not neat.any():
        return multipliers
    place = {key: t for t, key in enumerate(factors.technologies.select(TECHNOLOGY).iter_rows())}
    quality = [factors.quality[place[key]] for key in vehicles.select(TECHNOLOGY).filter(neat).iter_rows()]
    changed = []
    for pollutant, columns in ACTS_ON.items():
        factor = np.ones(vehicles.height)
        factor[neat] = [1.0 / q.get(pollutant, 1.0) for q in quality]
        changed += [pl.Series(column, multipliers[column].to_numpy() * factor) for column in columns]
    sulphur = np.ones(vehicles.height)
    sulphur[neat] = [so2_ratio(m, fuels) for m in vehicles["fuel_blend"].filter(neat)]
    changed.append(pl.Series("SO2", multipliers["SO2"].to_numpy() * sulphur))
    return multipliers.with_columns(changed)


def neat_fuel_findings(vehicles: pl.DataFrame, scenario: str, *, quality_given: bool) -> list[Finding]:
    """Count the vehicles of a scenario whose fuel is not the diesel sold, where its quality is given."""
    neat = vehicles["fuel_blend"].is_in(list(load_neat_fuels())).to_numpy()
    if not (quality_given and neat.any()):
        return []
    km, count = km_per_day(vehicles), vehicles["count"].to_numpy()
    share = float(km[neat].sum() / max(km.sum(), 1e-300))
    return [Finding("inventory.neat_fuel", "info", {"scenario": scenario}, round(count[neat].sum()), share)]
